use std::collections::HashSet;
use std::net::Ipv4Addr;

use axum::http::HeaderValue;
use tokio::sync::OwnedSemaphorePermit;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The cheapest that bcrypt allows.
const COST: u32 = 4;

fn users(pairs: &[(&str, &str)]) -> Users {
    let hash = |password| bcrypt::hash(password, COST).unwrap();
    Users(
        pairs
            .iter()
            .map(|(user, password)| ((*user).to_owned(), hash(password)))
            .collect(),
    )
}

fn header(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(value).unwrap())])
}

async fn ask(auth: &BasicAuth, users: &Users, user: &str, password: &str) -> bool {
    let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    auth.authenticate(users, &header(&value), HERE).await == Ok(true)
}

fn auth() -> Arc<BasicAuth> {
    Arc::new(BasicAuth::new().unwrap())
}

#[tokio::test]
async fn fields_that_make_the_same_text_are_not_the_same_login() {
    let users = users(&[("ab", "c"), ("a", "other")]);
    for _ in 0..2 {
        let auth = auth();
        assert!(ask(&auth, &users, "ab", "c").await);
        assert!(!ask(&auth, &users, "a", "bc").await);
        assert!(ask(&auth, &users, "ab", "c").await);
        assert!(!ask(&auth, &users, "abc", "").await);
        assert!(ask(&auth, &users, "a", "other").await);
    }
    let auth = auth();
    let prints: HashSet<_> = [["ab", "c"], ["a", "bc"], ["", "abc"], ["abc", ""]]
        .iter()
        .map(|fields| auth.fingerprint(&fields.map(str::as_bytes)))
        .collect();
    assert_eq!(prints.len(), 4);
}

#[tokio::test]
async fn a_stranger_costs_a_comparison_and_never_comes_in() {
    let users = users(&[("alice", "wonder")]);
    let auth = auth();
    // The stranger is compared with alice's hash; even her password is no good.
    assert!(!ask(&auth, &users, "mallory", "wonder").await);
    assert_eq!(auth.recent.iter().count(), 1, "a verdict was reached");
    assert_eq!(auth.good.iter().count(), 0);
    let (known, hash) = auth.hash_for(&users, b"mallory").unwrap();
    assert!(!known && *hash == users.0["alice"]);
    assert_eq!(auth.hash_for(&users, b"\xff").unwrap().1, hash);

    // Later that name is given the very same hash.
    let mut more = users.clone();
    more.0
        .insert("mallory".to_owned(), users.0["alice"].clone());
    assert!(ask(&auth, &more, "mallory", "wonder").await);
}

#[tokio::test]
async fn a_verdict_falls_with_its_hash() {
    let auth = auth();
    let old = users(&[("alice", "wonder")]);
    assert!(ask(&auth, &old, "alice", "wonder").await);
    assert_eq!(auth.good.iter().count(), 1);
    let new = users(&[("alice", "land")]);
    assert!(!ask(&auth, &new, "alice", "wonder").await);
    assert!(ask(&auth, &new, "alice", "land").await);
    assert!(!ask(&auth, &Users::default(), "alice", "land").await);
}

#[tokio::test]
async fn guesses_do_not_push_the_right_password_out() {
    let users = users(&[("alice", "wonder")]);
    let auth = auth();
    assert!(ask(&auth, &users, "alice", "wonder").await);
    for number in 0..2 * MOST_REMEMBERED {
        let mut fingerprint = [0; 32];
        fingerprint[..8].copy_from_slice(&number.to_le_bytes());
        let (_, refused) = watch::channel(Some(false));
        auth.recent.insert(fingerprint, refused).await;
    }
    auth.recent.run_pending_tasks().await;
    assert_eq!(auth.recent.entry_count(), MOST_REMEMBERED);
    let _turns = hold(&auth).await;
    assert!(ask(&auth, &users, "alice", "wonder").await);
}

/// Lets nothing be compared while it is kept.
async fn hold(auth: &BasicAuth) -> OwnedSemaphorePermit {
    let all = u32::try_from(auth.turn.available_permits()).unwrap();
    auth.turn.clone().acquire_many_owned(all).await.unwrap()
}

async fn until_waiting(auth: &BasicAuth, count: usize) {
    while auth.waiting.lock().len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_hangs_up_keeps_the_place_and_leaves_the_verdict() {
    let users = users(&[("alice", "wonder")]);
    let auth = auth();
    let held = hold(&auth).await;
    let asked: Vec<_> = (0..100)
        .map(|_| {
            let (auth, users) = (auth.clone(), users.clone());
            tokio::spawn(async move { ask(&auth, &users, "alice", "wonder").await })
        })
        .collect();
    until_waiting(&auth, 1).await;
    for asked in asked {
        asked.abort();
        assert!(asked.await.is_err());
    }
    // A crowd that hangs up leaves nothing but the one comparison.
    let tasks = tokio::runtime::Handle::current().metrics();
    assert_eq!(tasks.num_alive_tasks(), 1);
    assert_eq!(auth.waiting.lock().len(), 1);
    drop(held);
    let mut verdict = auth.recent.iter().next().unwrap().1;
    verdict.wait_for(Option::is_some).await.unwrap();
    // No bcrypt is needed any more.
    let _turns = hold(&auth).await;
    assert!(ask(&auth, &users, "alice", "wonder").await);
}

#[tokio::test]
async fn those_who_ask_the_same_share_a_verdict_and_a_crowd_is_told_to_come_again() {
    let users = users(&[("alice", "wonder")]);
    let auth = auth();
    let held = hold(&auth).await;
    let ask = |host: u8, user: String, password: &'static str| {
        let (auth, users) = (auth.clone(), users.clone());
        let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        let from = IpAddr::V4(Ipv4Addr::new(192, 0, 2, host));
        tokio::spawn(async move { auth.authenticate(&users, &header(&value), from).await })
    };
    let same: Vec<_> = (0..500)
        .map(|_| ask(1, "alice".to_owned(), "wonder"))
        .collect();
    until_waiting(&auth, 1).await;
    // A host that guesses leaves places for others.
    let mut strangers: Vec<_> = (0..MOST_FROM_ONE + 9)
        .map(|number| ask(2, format!("user{number}"), "x"))
        .collect();
    until_waiting(&auth, 1 + MOST_FROM_ONE).await;
    strangers.extend((0..20).map(|number| ask(3, format!("other{number}"), "x")));
    until_waiting(&auth, MOST_WAITING).await;
    drop(held);
    for answer in same {
        assert_eq!(answer.await.unwrap(), Ok(true));
    }
    let mut busy = 0;
    for answer in strangers {
        busy += usize::from(answer.await.unwrap() == Err(Busy));
    }
    assert_eq!(
        busy,
        9 + 5,
        "the queue holds alice, 48 strangers and 15 others"
    );
}

#[test]
fn headers_that_are_a_login() {
    let read = |value: &str| {
        let [user, password] = login(&header(value))?;
        Some((user.to_vec(), password.to_vec()))
    };
    let pair = |user: &str, password: &str| Some((user.into(), password.into()));
    assert_eq!(read("Basic YTpi"), pair("a", "b"));
    assert_eq!(read("bAsIc YTpi"), pair("a", "b"));
    assert_eq!(read("Basic YTpiOmM="), pair("a", "b:c"));
    assert_eq!(read("Basic Og=="), pair("", ""));
    for bad in [
        "",
        "Basic",
        "Basic ",
        "Bearer YTpi",
        "Basic YWI=",
        "Basic YTpi!",
        "Basicé YTpi",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
    assert!(login(&HeaderMap::new()).is_none());
}

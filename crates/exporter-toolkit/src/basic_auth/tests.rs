use axum::http::HeaderValue;

use super::*;

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

async fn ask(gate: &Arc<Gate>, users: &Users, user: &str, password: &str) -> bool {
    let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    gate.admit(users, &header(&value)).await == Admission::Granted
}

fn gate() -> Arc<Gate> {
    Arc::new(Gate::new().unwrap())
}

#[tokio::test]
async fn fields_that_make_the_same_text_are_not_the_same_login() {
    let users = users(&[("ab", "c"), ("a", "other")]);
    for _ in 0..2 {
        let gate = gate();
        assert!(ask(&gate, &users, "ab", "c").await);
        assert!(!ask(&gate, &users, "a", "bc").await);
        assert!(ask(&gate, &users, "ab", "c").await);
        assert!(!ask(&gate, &users, "abc", "").await);
        assert!(ask(&gate, &users, "a", "other").await);
    }
    let gate = gate();
    let prints: HashSet<_> = [["ab", "c"], ["a", "bc"], ["", "abc"], ["abc", ""]]
        .iter()
        .map(|fields| gate.fingerprint(&fields.map(str::as_bytes)))
        .collect();
    assert_eq!(prints.len(), 4);
}

#[tokio::test]
async fn a_stranger_costs_a_comparison_and_never_comes_in() {
    let users = users(&[("alice", "wonder")]);
    let gate = gate();
    // The stranger is compared with alice's hash; even her password is no good.
    assert!(!ask(&gate, &users, "mallory", "wonder").await);
    assert_eq!(gate.memory().bad.known.len(), 1, "a verdict was reached");
    let (known, hash) = gate.hash_for(&users, b"mallory").unwrap();
    assert!(!known && *hash == users.0["alice"]);
    assert_eq!(gate.hash_for(&users, b"\xff").unwrap().1, hash);

    // Later that name is given the very same hash.
    let mut more = users.clone();
    more.0
        .insert("mallory".to_owned(), users.0["alice"].clone());
    assert!(ask(&gate, &more, "mallory", "wonder").await);
}

#[tokio::test]
async fn a_verdict_falls_with_its_hash() {
    let gate = gate();
    let old = users(&[("alice", "wonder")]);
    assert!(ask(&gate, &old, "alice", "wonder").await);
    assert!(gate.memory().good.known.len() == 1);
    let new = users(&[("alice", "land")]);
    assert!(!ask(&gate, &new, "alice", "wonder").await);
    assert!(ask(&gate, &new, "alice", "land").await);
    assert!(!ask(&gate, &Users::default(), "alice", "land").await);
}

#[tokio::test]
async fn guesses_do_not_push_the_right_password_out() {
    let mut recent = Recent::default();
    for number in 0..2 * MOST_REMEMBERED {
        let mut fingerprint = [0; 32];
        fingerprint[..8].copy_from_slice(&number.to_le_bytes());
        recent.insert(fingerprint);
        recent.insert(fingerprint);
    }
    assert_eq!(recent.known.len(), MOST_REMEMBERED);
    assert_eq!(recent.order.len(), MOST_REMEMBERED);

    let users = users(&[("alice", "wonder")]);
    let gate = gate();
    assert!(ask(&gate, &users, "alice", "wonder").await);
    gate.memory().bad = recent;
    // Nobody gets a turn at bcrypt any more.
    gate.turn.close();
    assert!(ask(&gate, &users, "alice", "wonder").await);
}

#[tokio::test]
async fn those_who_ask_the_same_share_a_verdict_and_a_crowd_is_told_to_come_again() {
    let users = users(&[("alice", "wonder")]);
    let gate = gate();
    let held = gate.turn.clone().acquire_owned().await.unwrap();
    let ask = |user: String, password: &'static str| {
        let (gate, users) = (gate.clone(), users.clone());
        let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        tokio::spawn(async move { gate.admit(&users, &header(&value)).await })
    };
    let same: Vec<_> = (0..500)
        .map(|_| ask("alice".to_owned(), "wonder"))
        .collect();
    while gate.memory().waiting.is_empty() {
        tokio::task::yield_now().await;
    }
    let strangers: Vec<_> = (0..MOST_WAITING + 9)
        .map(|number| ask(format!("user{number}"), "x"))
        .collect();
    while gate.memory().waiting.len() < MOST_WAITING {
        tokio::task::yield_now().await;
    }
    drop(held);
    for answer in same {
        assert_eq!(answer.await.unwrap(), Admission::Granted);
    }
    let mut busy = 0;
    for answer in strangers {
        busy += usize::from(answer.await.unwrap() == Admission::Busy);
    }
    assert_eq!(busy, 10, "the queue holds alice and 63 strangers");
}

#[test]
fn headers_that_are_a_login() {
    let read = |value: &str| {
        let login = login(&header(value))?;
        Some((login.user.to_vec(), login.password.to_vec()))
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

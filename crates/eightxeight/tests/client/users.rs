//! What is learnt of an 8x8 user outlives the client that learnt it, and is shared by all clients of that user.

use std::time::Duration;

use eightxeight::clock::Clock;
use eightxeight::credentials::Source;
use eightxeight::{Error, Settings, Users};
use eightxeight_simulator::{Fault, Rule};
use tokio::task::JoinSet;

use super::{PASSWORD, hour, logins, of, pass, reports, settings, simulator};

fn right() -> Source {
    Source::text("password", PASSWORD)
}

fn wrong() -> Source {
    Source::text("password", "wrong")
}

#[tokio::test]
async fn ten_accounts_of_one_user_with_a_wrong_password_are_one_login() {
    let simulator = simulator().await;
    let users = Users::new(Clock::System);
    let mut asking = JoinSet::new();
    for _ in 0..10 {
        let client = of(&users, settings(&simulator, wrong()));
        asking.spawn(async move { client.company_summary(hour()).await.is_err() });
    }
    assert!(asking.join_all().await.into_iter().all(|failed| failed));
    // Renamed, removed, added again: a new client each time.
    for _ in 0..10 {
        users.prune();
        let client = of(&users, settings(&simulator, wrong()));
        let result = client.company_summary(hour()).await;
        assert!(matches!(result, Err(Error::Refused { .. })), "{result:?}");
        assert!(client.status().credentials_refused.is_some());
    }
    assert_eq!(logins(&simulator), 1);
}

#[tokio::test]
async fn a_login_on_its_way_is_learnt_of_although_its_client_is_gone() {
    let simulator = simulator().await;
    let users = Users::new(Clock::System);
    let slow = Fault::none().delayed(Duration::from_millis(300));
    simulator.faults().add(Rule::token(slow));
    for _ in 0..8 {
        let client = of(&users, settings(&simulator, wrong()));
        let asking = tokio::spawn(async move { client.company_summary(hour()).await });
        while logins(&simulator) == 0 {
            tokio::task::yield_now().await;
        }
        asking.abort();
        let _ = asking.await;
    }
    let client = of(&users, settings(&simulator, wrong()));
    let result = client.company_summary(hour()).await;
    assert!(matches!(result, Err(Error::Refused { .. })), "{result:?}");
    assert_eq!(logins(&simulator), 1);
}

#[tokio::test]
async fn the_budget_is_the_users_whoever_asks() {
    let simulator = simulator().await;
    let users = Users::new(Clock::System);
    let narrow = || Settings {
        max_requests_per_minute: 3,
        ..settings(&simulator, right())
    };
    let first = of(&users, narrow());
    first.company_summary(hour()).await.unwrap();
    let second = of(&users, narrow());
    assert_eq!(second.status().budget_remaining, 1);
    second.company_summary(hour()).await.unwrap();
    assert_eq!((logins(&simulator), reports(&simulator)), (1, 2));
    let third = of(&users, narrow());
    let waiting = tokio::time::timeout(Duration::from_millis(200), third.company_summary(hour()));
    assert!(waiting.await.is_err(), "the budget is spent");
    assert_eq!(reports(&simulator), 2);
}

#[tokio::test]
async fn another_retry_interval_holds_at_once() {
    let simulator = simulator().await;
    let users = Users::new(Clock::System);
    let with = |login_retry_interval| Settings {
        login_retry_interval,
        ..settings(&simulator, wrong())
    };
    let patient = of(&users, with(Duration::from_hours(2)));
    assert!(patient.company_summary(hour()).await.is_err());
    pass(Duration::from_mins(11)).await;
    assert!(matches!(
        patient.company_summary(hour()).await,
        Err(Error::Refused { .. })
    ));
    let quick = of(&users, with(Duration::from_mins(10)));
    assert!(matches!(
        quick.company_summary(hour()).await,
        Err(Error::Refused { .. })
    ));
    assert_eq!(logins(&simulator), 2);
}

#[tokio::test]
async fn a_rate_limit_is_the_users_and_no_new_settings_end_it() {
    let simulator = simulator().await;
    let users = Users::new(Clock::System);
    let limited = Fault::too_many_requests(Some("600"));
    simulator.faults().add(Rule::compsum(limited).times(1));
    let first = of(&users, settings(&simulator, right()));
    assert!(first.company_summary(hour()).await.is_err());
    let second = of(&users, settings(&simulator, right()));
    second.take_over(&first);
    assert!(matches!(
        second.company_summary(hour()).await,
        Err(Error::Held { .. })
    ));
    pass(Duration::from_secs(601)).await;
    simulator
        .faults()
        .add(Rule::token(Fault::unavailable()).times(1));
    simulator.tokens().revoke_all();
    assert!(second.company_summary(hour()).await.is_err());
    assert!(second.status().hold.is_some());
    let third = of(&users, settings(&simulator, right()));
    third.take_over(&second);
    assert!(
        third.status().hold.is_none(),
        "other settings may be the cure"
    );
}

#[tokio::test]
async fn what_fails_under_settings_that_were_replaced_meanwhile_holds_nobody() {
    let simulator = simulator().await;
    let users = Users::new(Clock::System);
    for (fault, holds) in [
        (Fault::unavailable(), false),
        (Fault::too_many_requests(None), true),
    ] {
        simulator.faults().clear();
        let slow = fault.delayed(Duration::from_millis(300));
        simulator.faults().add(Rule::token(slow));
        let before = logins(&simulator);
        let [old, new] = [right(), right()].map(|right| of(&users, settings(&simulator, right)));
        // One logs in, the other waits for that.
        let asking = [(); 2].map(|()| {
            let old = old.clone();
            tokio::spawn(async move { old.company_summary(hour()).await })
        });
        while logins(&simulator) == before {
            tokio::task::yield_now().await;
        }
        new.take_over(&old);
        for asking in asking {
            assert!(asking.await.unwrap().is_err());
        }
        assert_eq!(new.status().hold.is_some(), holds);
    }
}

#[tokio::test]
async fn a_token_is_used_only_with_the_secrets_that_it_was_made_with() {
    let simulator = simulator().await;
    let users = Users::new(Clock::System);
    let client = of(&users, settings(&simulator, right()));
    client.company_summary(hour()).await.unwrap();
    let mut other_key = settings(&simulator, right());
    other_key.credentials.key = Source::text("key", "another-key");
    for other in [other_key, settings(&simulator, wrong())] {
        let stranger = of(&users, other);
        assert!(stranger.status().token_expiry.is_none());
        assert!(stranger.company_summary(hour()).await.is_err());
        assert!(stranger.status().credentials_refused.is_some());
        // The stranger's refusal is not the other's.
        assert!(client.status().credentials_refused.is_none());
        client.company_summary(hour()).await.unwrap();
    }
    assert_eq!(logins(&simulator), 3);
}

#[tokio::test]
async fn a_pipe_in_place_of_a_secret_holds_up_nothing() {
    let simulator = simulator().await;
    let users = Users::new(Clock::System);
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("password");
    std::fs::write(&path, PASSWORD).unwrap();
    let password = Source::file("password", &path);
    let client = of(&users, settings(&simulator, password));
    client.company_summary(hour()).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    pass(Duration::from_mins(30)).await;
    let result = client.company_summary(hour()).await;
    assert!(matches!(result, Err(Error::Secrets(_))), "{result:?}");
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, PASSWORD).unwrap();
    client.company_summary(hour()).await.unwrap();
}

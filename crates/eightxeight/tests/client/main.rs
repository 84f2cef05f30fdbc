//! The client against the simulator, with the clock moved on where a test needs hours to pass.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod storm;
mod users;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use eightxeight::answer::Snapshot;
use eightxeight::clock::Clock;
use eightxeight::credentials::{Credentials, Source};
use eightxeight::window::{Period, Window};
use eightxeight::{Cause, Client, Error, Reason, Settings, Status, Users};
use eightxeight_simulator::{self as simulator, Endpoint as Path, Fault, Rule, Simulator};

const KEY: &str = "key";
const USERNAME: &str = "user@example.org";
const PASSWORD: &str = "pass&word+%^=";

async fn simulator() -> Simulator {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let credentials = simulator::Credentials {
        api_key: KEY.to_owned(),
        username: USERNAME.to_owned(),
        password: PASSWORD.to_owned(),
    };
    Simulator::start(simulator::Settings::new(credentials))
        .await
        .unwrap()
}

fn settings(simulator: &Simulator, password: Source) -> Settings {
    Settings {
        url: simulator.url().parse().unwrap(),
        credentials: Credentials {
            key: Source::text("key", KEY),
            username: Source::text("username", USERNAME),
            password,
        },
        pbx_ids: vec!["allpbxes".to_owned()],
        timeout: Duration::from_secs(30),
        ca_file: None,
        max_requests_per_minute: 10,
        login_retry_interval: Duration::from_mins(15),
        interval: Duration::from_secs(50),
        user_agent: "tests".to_owned(),
    }
}

fn of(users: &Arc<Users>, settings: Settings) -> Client {
    Client::new(users, settings, Arc::new(|_| {})).unwrap()
}

fn with_password(simulator: &Simulator, password: Source) -> Client {
    of(&Users::new(Clock::System), settings(simulator, password))
}

fn client(simulator: &Simulator) -> Client {
    with_password(simulator, Source::text("password", PASSWORD))
}

fn hour() -> Period {
    let window: Window = "1h".parse().unwrap();
    window.period(
        Clock::System.now().wall,
        Duration::ZERO,
        &jiff::tz::TimeZone::UTC,
    )
}

/// Moves the steady clock on while nothing is under way.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

fn logins(simulator: &Simulator) -> u64 {
    simulator.requests().count(Path::Token)
}

fn reports(simulator: &Simulator) -> u64 {
    simulator.requests().count(Path::Compsum)
}

fn reason(result: Result<Snapshot, Error>) -> Option<Reason> {
    result.err().and_then(|error| error.reason())
}

#[tokio::test]
async fn a_token_is_shared_and_the_password_arrives_as_it_is() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let both = tokio::join!(
        client.company_summary(hour()),
        client.company_summary(hour())
    );
    assert_eq!(both.0.unwrap().answer.rows.len(), 4);
    assert!(both.1.is_ok());
    assert_eq!((logins(&simulator), reports(&simulator)), (1, 2));
    let status = client.status();
    assert_eq!(status.budget_remaining, 7);
    assert!(status.token_expiry.is_some() && status.hold.is_none() && status.next_login.is_none());
}

#[tokio::test]
async fn an_old_token_that_is_refused_costs_one_login_and_one_retry() {
    let simulator = simulator().await;
    let client = client(&simulator);
    client.company_summary(hour()).await.unwrap();
    pass(Duration::from_secs(61)).await;
    simulator.tokens().revoke_all();
    client.company_summary(hour()).await.unwrap();
    assert_eq!((logins(&simulator), reports(&simulator)), (2, 3));
}

#[tokio::test]
async fn two_windows_that_find_the_token_refused_share_the_new_login() {
    let simulator = simulator().await;
    let client = client(&simulator);
    client.company_summary(hour()).await.unwrap();
    pass(Duration::from_secs(61)).await;
    simulator.tokens().revoke_all();
    let both = tokio::join!(
        client.company_summary(hour()),
        client.company_summary(hour())
    );
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!((logins(&simulator), reports(&simulator)), (2, 5));
}

#[tokio::test]
async fn a_refused_token_is_not_used_again_although_the_login_fails() {
    let simulator = simulator().await;
    let client = client(&simulator);
    client.company_summary(hour()).await.unwrap();
    simulator.tokens().revoke_all();
    let refused = Rule::token(Fault::status(403, "application/json", "{}"));
    simulator.faults().add(refused);
    for _ in 0..3 {
        pass(Duration::from_secs(61)).await;
        let result = client.company_summary(hour()).await;
        assert!(matches!(result, Err(Error::Refused { .. })), "{result:?}");
    }
    assert_eq!((logins(&simulator), reports(&simulator)), (2, 2));
    assert!(client.status().token_expiry.is_none());
}

#[tokio::test]
async fn a_zone_is_a_part_of_the_question_only_where_there_are_days() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let same = |window: &str| {
        let window: Window = window.parse().unwrap();
        let [here, there] = ["Europe/London", "Asia/Tokyo"].map(|zone| {
            let zone = jiff::tz::TimeZone::get(zone).unwrap();
            client.question(&window, &zone, Duration::ZERO)
        });
        here == there
    };
    assert!(same("1h") && !same("today"));
}

#[tokio::test]
async fn a_refused_young_token_holds_the_account() {
    let simulator = simulator().await;
    let client = client(&simulator);
    simulator
        .faults()
        .add(Rule::compsum(Fault::token_expired()));
    assert_eq!(
        reason(client.company_summary(hour()).await),
        Some(Reason::Unauthorized)
    );
    assert!(matches!(
        client.company_summary(hour()).await,
        Err(Error::Held { .. })
    ));
    assert_eq!((logins(&simulator), reports(&simulator)), (1, 1));
    simulator.faults().clear();
    pass(Duration::from_secs(56)).await;
    client.company_summary(hour()).await.unwrap();
    assert_eq!((logins(&simulator), reports(&simulator)), (2, 2));
    assert!(client.status().hold.is_none());
}

#[tokio::test]
async fn an_old_token_refused_for_ever_is_one_login_and_then_a_hold() {
    let simulator = simulator().await;
    let client = client(&simulator);
    client.company_summary(hour()).await.unwrap();
    simulator
        .faults()
        .add(Rule::compsum(Fault::token_expired()));
    pass(Duration::from_secs(61)).await;
    let both = tokio::join!(
        client.company_summary(hour()),
        client.company_summary(hour())
    );
    assert!(both.0.is_err() && both.1.is_err());
    assert_eq!(logins(&simulator), 2);
    assert!(reports(&simulator) <= 1 + 4);
    assert!(client.status().next_login.is_some());
}

#[tokio::test]
async fn rate_limits_and_failed_logins_hold_the_account_and_other_failures_do_not() {
    let [token, compsum]: [fn(Fault) -> Rule; 2] = [Rule::token, Rule::compsum];
    for (rule, fault, holds) in [
        (compsum, Fault::too_many_requests(None), true),
        (compsum, Fault::too_many_requests(Some("600")), true),
        (compsum, Fault::apigee_quota(), true),
        (token, Fault::unavailable(), true),
        (token, Fault::drop_connection(), true),
        (token, Fault::status(408, "text/plain", ""), true),
        (token, Fault::json("{}"), true),
        (compsum, Fault::unavailable(), false),
        (compsum, Fault::json("{}"), false),
    ] {
        let simulator = simulator().await;
        let client = client(&simulator);
        let shown = format!("{fault:?}");
        simulator.faults().add(rule(fault).times(1));
        assert!(client.company_summary(hour()).await.is_err());
        let second = client.company_summary(hour()).await;
        assert_eq!(
            matches!(second, Err(Error::Held { .. })),
            holds,
            "{shown}: {second:?}"
        );
        assert_eq!(client.status().hold.is_some(), holds, "{shown}");
    }
}

#[tokio::test]
async fn retry_after_holds_the_account_for_as_long_as_8x8_says() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let limited = Fault::too_many_requests(Some("600"));
    simulator.faults().add(Rule::compsum(limited).times(1));
    assert_eq!(
        reason(client.company_summary(hour()).await),
        Some(Reason::RateLimited)
    );
    pass(Duration::from_secs(595)).await;
    assert!(matches!(
        client.company_summary(hour()).await,
        Err(Error::Held { .. })
    ));
    pass(Duration::from_secs(6)).await;
    client.company_summary(hour()).await.unwrap();
}

/// The logins of a day on which they are answered by `refusal`, and somebody asks each minute.
async fn logins_of_a_day(refusal: Option<Fault>) -> u64 {
    let simulator = simulator().await;
    let client = with_password(&simulator, Source::text("password", "wrong"));
    if let Some(fault) = refusal {
        simulator.faults().add(Rule::token(fault));
    }
    for _ in 0..24 * 60 {
        let failure = match client.company_summary(hour()).await {
            Err(Error::Refused { failure, .. }) => failure,
            other => panic!("{other:?}"),
        };
        let Status {
            credentials_refused,
            next_login,
            ..
        } = client.status();
        let is_8x8s = failure.cause != Cause::ForeignRefusal;
        assert_eq!(credentials_refused.is_some(), is_8x8s);
        assert!(next_login.is_some());
        pass(Duration::from_mins(1)).await;
    }
    assert_eq!(reports(&simulator), 0);
    logins(&simulator)
}

#[tokio::test]
async fn a_day_of_tries_with_a_wrong_password_is_seven_logins() {
    let json = |status, body: &'static str| Some(Fault::status(status, "application/json", body));
    let locked = r#"{"error":"invalid_grant","error_description":"USER_LOCKED"}"#;
    for refusal in [
        None,
        json(403, "{}"),
        json(200, r#"{"error":"invalid_grant"}"#),
        json(500, locked),
        Some(Fault::status(200, "text/plain", "error=access_denied")),
    ] {
        assert_eq!(logins_of_a_day(refusal).await, 7);
    }
}

#[tokio::test]
async fn a_page_that_is_not_8x8s_waits_without_doubling() {
    let page = || Fault::status(403, "text/html", "<html>blocked</html>");
    assert_eq!(logins_of_a_day(Some(page())).await, 24 * 4);
    let hourly = page().header("retry-after", "3600");
    assert_eq!(logins_of_a_day(Some(hourly)).await, 24);
}

#[tokio::test]
async fn a_changed_secret_is_tried_at_once_and_a_touched_one_is_not() {
    let simulator = simulator().await;
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("password");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write("wrong");
    let client = with_password(&simulator, Source::file("--api.password-file", &path));
    assert_eq!(
        reason(client.company_summary(hour()).await),
        Some(Reason::BadCredentials)
    );

    write("wrong\n");
    assert!(matches!(
        client.company_summary(hour()).await,
        Err(Error::Refused { .. })
    ));
    write("");
    assert!(matches!(
        client.company_summary(hour()).await,
        Err(Error::Secrets(_))
    ));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        client.company_summary(hour()).await,
        Err(Error::Secrets(_))
    ));
    assert_eq!(logins(&simulator), 1);

    write(PASSWORD);
    client.company_summary(hour()).await.unwrap();
    assert_eq!(logins(&simulator), 2);
    assert!(client.status().credentials_refused.is_none());
}

#[tokio::test]
async fn a_key_that_8x8_no_longer_knows_is_read_again() {
    let simulator = simulator().await;
    let client = client(&simulator);
    client.company_summary(hour()).await.unwrap();
    let changed = simulator::Credentials {
        api_key: "new".to_owned(),
        ..simulator.credentials()
    };
    simulator.customer().set_credentials(changed);
    assert_eq!(
        reason(client.company_summary(hour()).await),
        Some(Reason::BadApiKey)
    );
    assert_eq!(
        reason(client.company_summary(hour()).await),
        Some(Reason::BadApiKey)
    );
    assert_eq!(
        logins(&simulator),
        2,
        "the second try logs in with the key as it is now"
    );
    assert!(client.status().credentials_refused.is_some());
}

#[tokio::test]
async fn the_budget_holds_logins_and_reports_alike() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let asked = tokio::spawn({
        let client = client.clone();
        async move {
            for _ in 0..12 {
                client.company_summary(hour()).await.unwrap();
            }
        }
    });
    simulator
        .requests()
        .until(|log| log.iter().filter(|entry| entry.status.is_some()).count() == 10)
        .await;
    assert_eq!(client.status().budget_remaining, 0);
    pass(Duration::from_secs(61)).await;
    asked.await.unwrap();
    assert_eq!((logins(&simulator), reports(&simulator)), (1, 12));
}

#[tokio::test]
async fn the_clock_skew_is_that_of_the_date_header() {
    let simulator = simulator().await;
    let client = client(&simulator);
    client.company_summary(hour()).await.unwrap();
    assert!(client.status().clock_skew.unwrap().abs() <= 1.0);
    let ahead = Fault::none().date_offset(jiff::SignedDuration::from_hours(3));
    simulator.faults().add(Rule::any(ahead));
    client.company_summary(hour()).await.unwrap();
    let skew = client.status().clock_skew.unwrap();
    assert!((-10_801.0..=-10_799.0).contains(&skew), "{skew}");
}

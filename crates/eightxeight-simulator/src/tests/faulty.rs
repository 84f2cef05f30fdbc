//! Scripted faults, and the log of requests.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use jiff::SignedDuration;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_fault_strikes_its_endpoint_as_often_as_told() {
    let sim = start().await;
    let token = token(&sim).await;
    let faults = sim.faults();
    faults.add(Rule::compsum(Fault::status(418, "text/plain", "no")).times(2));
    faults.add(Rule::compsum(Fault::unavailable()).times(1));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(ask(&sim, &token, &HOUR_QUERY).await.status().as_u16());
    }
    assert_eq!(statuses, [418, 418, 503, 200]);
    assert_eq!(log_in(&sim.url(), &credentials()).await.status(), 200);

    let all = faults.add(Rule::any(Fault::unavailable()));
    assert_eq!(log_in(&sim.url(), &credentials()).await.status(), 503);
    assert_eq!(ask(&sim, &token, &HOUR_QUERY).await.status(), 503);
    faults.remove(all);
    faults.add(Rule::token(Fault::unavailable()));
    assert_eq!(ask(&sim, &token, &HOUR_QUERY).await.status(), 200);
    assert_eq!(log_in(&sim.url(), &credentials()).await.status(), 503);
    faults.clear();
    assert_eq!(log_in(&sim.url(), &credentials()).await.status(), 200);
}

#[tokio::test]
async fn a_fault_can_depend_on_the_request() {
    let sim = start().await;
    let token = token(&sim).await;
    let whole = Rule::compsum(Fault::unavailable());
    sim.faults()
        .add(whole.when(|request, _| request.query.contains("09%3A00%3A00")));
    sim.faults()
        .add(Rule::any(Fault::unavailable()).for_account("other"));
    assert_eq!(ask(&sim, &token, &HOUR_QUERY).await.status(), 503);
    let odd = with("startTime", "2024-06-04 09:00:07");
    let odd: Vec<_> = odd
        .into_iter()
        .map(|(name, value)| {
            (
                name,
                if name == "endTime" {
                    "2024-06-04 09:59:59"
                } else {
                    value
                },
            )
        })
        .collect();
    assert_eq!(ask(&sim, &token, &odd).await.status(), 200);
}

#[tokio::test]
async fn a_body_can_stand_in_for_the_rows_but_not_for_the_checks() {
    let sim = start().await;
    let body = r#"[{"pbxId":"a\"b","inboundTotal":"7"}]"#;
    sim.faults().add(Rule::compsum(Fault::json(body)));
    assert_eq!(ask(&sim, "none", &HOUR_QUERY).await.status(), 401);
    let token = token(&sim).await;
    let response = ask(&sim, &token, &HOUR_QUERY).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().await.unwrap(), body);
}

#[tokio::test]
async fn a_connection_can_be_dropped_and_a_body_cut() {
    let sim = start().await;
    let token = token(&sim).await;
    sim.faults()
        .add(Rule::compsum(Fault::drop_connection()).times(1));
    assert!(try_ask(&sim, &token, &HOUR_QUERY).await.is_err());

    sim.faults()
        .add(Rule::compsum(Fault::none().truncated(100)).times(1));
    let mut response = ask(&sim, &token, &HOUR_QUERY).await;
    assert_eq!(response.status(), 200);
    let announced = response.content_length().unwrap();
    let mut got = 0;
    let error = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got += chunk.len(),
            Ok(None) => panic!("the body is whole"),
            Err(error) => break error,
        }
    };
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert!(announced > 1000 && got <= 100);
    assert_eq!(ask(&sim, &token, &HOUR_QUERY).await.status(), 200);
    let statuses: Vec<_> = sim
        .requests()
        .all()
        .iter()
        .map(|logged| logged.status)
        .collect();
    assert_eq!(statuses, [Some(200), None, Some(200), Some(200)]);
}

#[tokio::test]
async fn who_speaks_no_http_is_told_so() {
    let sim = start().await;
    let mut stream = tokio::net::TcpStream::connect(sim.address()).await.unwrap();
    stream.write_all(b"\x16\x03\x01\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn answers_can_be_late_slow_or_never_come() {
    let sim = start().await;
    let token = token(&sim).await;
    let least = Duration::from_millis(300);
    let small = || Fault::json("[]");
    for fault in [
        small().delayed(least),
        small().slow_head(Duration::from_millis(4)),
        small().slow_body(Duration::from_millis(150)),
    ] {
        let shown = format!("{fault:?}");
        sim.faults().add(Rule::compsum(fault).times(1));
        let began = Instant::now();
        let response = ask(&sim, &token, &HOUR_QUERY).await;
        assert_eq!(response.text().await.unwrap(), "[]");
        assert!(began.elapsed() >= least, "{shown}");
    }

    sim.faults().add(Rule::compsum(Fault::hang()).times(1));
    let hanging = try_ask(&sim, &token, &HOUR_QUERY);
    let arrived = sim.requests().until(|log| log.len() == 5);
    tokio::select! {
        _ = hanging => panic!("there was an answer"),
        () = arrived => {}
    }
    assert_eq!(sim.requests().all().last().unwrap().status, None);
    assert_eq!(ask(&sim, &token, &HOUR_QUERY).await.status(), 200);
}

#[tokio::test]
async fn a_bomb_unpacks_to_what_was_asked_for() {
    let sim = start().await;
    let token = token(&sim).await;
    sim.faults().add(Rule::compsum(Fault::gzip_bomb(3_000_000)));
    let response = ask(&sim, &token, &HOUR_QUERY).await;
    let rows = response.bytes().await.unwrap();
    assert_eq!(rows.len(), 3_000_000);
    assert!(
        serde_json::from_slice::<Vec<Value>>(&rows)
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn headers_and_the_date_can_be_bent() {
    let sim = start().await;
    let fault = Fault::none().date_offset(SignedDuration::from_hours(-3));
    sim.faults().add(Rule::any(fault.header("x-odd", "1")));
    let response = log_in(&sim.url(), &credentials()).await;
    assert_eq!(response.headers()["date"], "Tue, 04 Jun 2024 07:00:00 GMT");
    assert_eq!(response.headers()["x-odd"], "1");
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn faults_that_do_not_exclude_each_other_act_together() {
    let sim = start().await;
    let token = token(&sim).await;
    sim.faults()
        .add(Rule::any(Fault::none().header("x-odd", "1")));
    sim.faults().add(Rule::compsum(Fault::token_expired()));
    sim.faults().add(Rule::compsum(Fault::unavailable()));
    let response = ask(&sim, &token, &HOUR_QUERY).await;
    assert_eq!(response.headers()["x-odd"], "1");
    let (status, body) = refused(response).await;
    assert_eq!(status, 401);
    let description = format!("Access token expired: {token}");
    assert_eq!(body["error_description"], description);
}

#[tokio::test]
async fn a_quota_lets_some_through_and_says_when_to_come_back() {
    let sim = start().await;
    let token = token(&sim).await;
    let minute = Duration::from_mins(1);
    for (answer, status) in [
        (QuotaAnswer::Seconds, 429),
        (QuotaAnswer::Date, 429),
        (QuotaAnswer::Bare, 429),
        (QuotaAnswer::Apigee, 500),
    ] {
        let rule = sim.faults().add(Rule::quota(2, minute, answer));
        for _ in 0..2 {
            assert_eq!(ask(&sim, &token, &HOUR_QUERY).await.status(), 200);
        }
        let response = ask(&sim, &token, &HOUR_QUERY).await;
        assert_eq!(response.status(), status);
        let hint = response.headers().get("retry-after");
        let hint = hint.map(|hint| hint.to_str().unwrap().to_owned());
        match answer {
            QuotaAnswer::Seconds => {
                let seconds: u64 = hint.unwrap().parse().unwrap();
                assert!((50..=60).contains(&seconds));
            }
            QuotaAnswer::Date => assert!(hint.unwrap().starts_with("Tue, 04 Jun 2024 10:01:")),
            QuotaAnswer::Bare => assert_eq!(hint, None),
            QuotaAnswer::Apigee => {
                let body: Value = read(response).await;
                let code = &body["fault"]["detail"]["errorcode"];
                assert_eq!(*code, json!("policies.ratelimit.QuotaViolation"));
            }
        }
        sim.faults().remove(rule);
    }
    let short = Duration::from_millis(1);
    sim.faults().add(Rule::quota(1, short, QuotaAnswer::Bare));
    ask(&sim, &token, &HOUR_QUERY).await;
    tokio::time::sleep(short).await;
    assert_eq!(ask(&sim, &token, &HOUR_QUERY).await.status(), 200);
}

#[tokio::test]
async fn random_faults_are_the_same_for_a_seed() {
    let mut runs = Vec::new();
    for seed in [3, 3, 4] {
        let mut rule = Rule::random(seed, 500);
        let run: Vec<String> = (0..200)
            .map(|number| {
                let request = request(Endpoint::Token, number);
                format!("{:?}", rule.judge(&request, Duration::ZERO, false))
            })
            .collect();
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let struck = runs[0].iter().filter(|fault| *fault != "None").count();
    // Another number would be another soak for the same seed.
    assert_eq!(struck, 101);
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_answered() {
    let sim = start().await;
    let token = token(&sim).await;
    ask(&sim, &token, &HOUR_QUERY).await;
    let bad = with("timeZone", "Nowhere");
    ask(&sim, &token, &bad).await;
    let requests = sim.requests();
    assert_eq!(requests.count(Endpoint::Token), 1);
    assert_eq!(requests.count(Endpoint::Compsum), 2);
    let compsums = requests.of(Endpoint::Compsum);
    assert_eq!(compsums[0].account.as_deref(), Some("acme"));
    assert_eq!(compsums[0].number, 2);
    assert!(compsums[1].query.contains("Nowhere"));
    assert_eq!(compsums[1].status, Some(400));
    let text = format!("{:?} {sim:?}", requests.all());
    for secret in ["key-1", "p&s", "ann@", token.as_str()] {
        assert!(!text.contains(secret), "{secret}");
    }
}

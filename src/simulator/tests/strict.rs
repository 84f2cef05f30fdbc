//! Login, tokens and queries: as strict as 8x8.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_login_gives_a_token_and_a_token_the_truth() {
    let sim = start().await;
    let answer: Value = read(log_in(&sim.url(), &credentials()).await).await;
    assert_eq!(answer["token_type"], "bearer");
    assert_eq!(answer["expires_in"], 1800);
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(token.split('.').count(), 3);

    let response = ask(&sim, token, &HOUR_QUERY).await;
    assert_eq!(response.headers()["date"], "Tue, 04 Jun 2024 10:00:00 GMT");
    let answer: Vec<Value> = read(response).await;
    let hour = period("2024-06-04T09:00:00Z", "2024-06-04T10:00:00Z");
    let truth = sim
        .truth(sim.customer(), &Selection::All, hour, sim.now())
        .unwrap();
    assert_eq!(answer.len(), 4);
    for (row, truth) in answer.iter().zip(&truth) {
        assert_eq!(row["pbxId"], *truth.pbx_id);
        assert_eq!(row.as_object().unwrap().len(), Field::COUNT + 1);
        for field in Field::ALL {
            assert!(row[field.spec().key].is_u64());
            assert_eq!(row[field.spec().key].as_f64(), truth.values.get(field));
        }
    }
    assert!(truth[3].values.get(Field::InboundTotal).unwrap() > 200.0);
}

#[tokio::test]
async fn the_api_is_found_at_the_root_too() {
    let sim = start().await;
    let root = format!("http://{}", sim.address());
    assert_eq!(log_in(&root, &credentials()).await.status(), 200);
    let elsewhere = client()
        .get(format!("{root}/v2/compsum"))
        .send()
        .await
        .unwrap();
    assert_eq!(elsewhere.status(), 404);
}

#[tokio::test]
async fn a_wrong_key_is_refused_by_both_endpoints() {
    let sim = start().await;
    let documented = json!({
        "status": 400,
        "message": "Invalid 8x8-apikey",
        "code": "SHA001",
        "details": ["Invalid 8x8-apikey"],
    });
    let wrong = Credentials {
        api_key: "key-2".to_owned(),
        ..credentials()
    };
    let (status, body) = refused(log_in(&sim.url(), &wrong).await).await;
    assert_eq!((status.as_u16(), body), (400, documented.clone()));

    let token = token(&sim).await;
    for key in ["", "key-2"] {
        let request = client().get(format!("{}/v1/compsum", sim.url()));
        let request = request.query(&HOUR_QUERY).bearer_auth(&token);
        let response = request.header("8x8-apikey", key).send().await.unwrap();
        let (status, body) = refused(response).await;
        assert_eq!((status.as_u16(), body), (400, documented.clone()));
    }
}

#[tokio::test]
async fn a_wrong_user_and_a_wrong_password_are_told_apart() {
    let sim = start().await;
    let right = credentials();
    let wrong_user = Credentials {
        username: "bob".to_owned(),
        ..right.clone()
    };
    let wrong_password = Credentials {
        password: "p&s s%^=".to_owned(),
        ..right.clone()
    };
    for (wrong, description) in [
        (wrong_user, "USER_NOTFOUND_ERROR"),
        (wrong_password, "Bad credentials"),
    ] {
        let (status, body) = refused(log_in(&sim.url(), &wrong).await).await;
        assert_eq!(status, 400);
        assert_eq!(
            body,
            json!({"error": "invalid_grant", "error_description": description})
        );
    }
    let logins = sim.customer().logins();
    assert_eq!((logins.granted, logins.refused), (0, 2));
}

#[tokio::test]
async fn a_login_must_be_a_whole_form() {
    let sim = start().await;
    let url = format!("{}/v1/oauth/token", sim.url());
    let post = || client().post(&url).header("8x8-apikey", "key-1");
    let json = post()
        .header("content-type", "application/json")
        .body(r#"{"username":"ann@acme.example","password":"x"}"#);
    assert_eq!(json.send().await.unwrap().status(), 415);
    let half = post().form(&[("username", "ann@acme.example")]);
    assert_eq!(half.send().await.unwrap().status(), 400);
    let get = client().get(&url).header("8x8-apikey", "key-1");
    assert_eq!(get.send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_token_runs_out_can_be_taken_back_and_is_echoed() {
    let sim = start().await;
    let lasting = token(&sim).await;
    sim.tokens().set_life(Duration::ZERO);
    let expired = token(&sim).await;
    let (status, body) = refused(ask(&sim, &expired, &HOUR_QUERY).await).await;
    assert_eq!(status, 401);
    assert_eq!(
        body,
        json!({
            "error": "invalid_token",
            "error_description": format!("Access token expired: {expired}"),
        })
    );
    assert_eq!(ask(&sim, &lasting, &HOUR_QUERY).await.status(), 200);
    sim.tokens().revoke_all();
    let (status, body) = refused(ask(&sim, &lasting, &HOUR_QUERY).await).await;
    assert_eq!(
        (status.as_u16(), &body["error"]),
        (401, &json!("invalid_token"))
    );

    let request = client().get(format!("{}/v1/compsum", sim.url()));
    let request = request.query(&HOUR_QUERY).header("8x8-apikey", "key-1");
    assert_eq!(request.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn what_a_login_says_of_a_token_s_life_can_be_bent() {
    let sim = start().await;
    let cases = [
        (Announced::Value(json!("1800")), json!("1800")),
        (Announced::Value(json!(-5)), json!(-5)),
        (Announced::Nothing, Value::Null),
        (Announced::Life, json!(1800)),
    ];
    for (announced, expected) in cases {
        sim.tokens().announce(announced);
        let answer: Value = read(log_in(&sim.url(), &credentials()).await).await;
        assert_eq!(answer["expires_in"], expected);
    }
}

#[tokio::test]
async fn a_user_without_the_permission_is_refused_by_code() {
    let sim = start().await;
    let token = token(&sim).await;
    sim.customer().set_permitted(false);
    let (status, body) = refused(ask(&sim, &token, &HOUR_QUERY).await).await;
    assert_eq!(status, 400);
    assert_eq!(body["code"], "105-400-038");
    assert_eq!(
        body["message"],
        "user(ann@acme.example) does not have access to api category(CDR) for pbxId([allpbxes])."
    );
    sim.customer().set_permitted(true);
    assert_eq!(ask(&sim, &token, &HOUR_QUERY).await.status(), 200);
}

#[tokio::test]
async fn an_unknown_pbx_is_refused_in_the_user_s_name() {
    let sim = start().await;
    let token = token(&sim).await;
    for (list, unknown) in [
        ("acmecorp,nobody", "nobody"),
        ("", ""),
        ("acmecorp, acmecorp2", " acmecorp2"),
        ("AcmeCorp", "AcmeCorp"),
    ] {
        let (status, body) = refused(ask(&sim, &token, &with("pbxId", list)).await).await;
        assert_eq!(status, 403, "{list}");
        let text = format!(
            "user(ann@acme.example) does not have access to pbxId({unknown}) to make this request."
        );
        assert_eq!(
            body,
            json!({
                "timeStamp": 1_717_495_200_000_i64 + body["timeStamp"].as_i64().unwrap() % 60_000,
                "status": 403,
                "error": "Access Denied",
                "exception": text,
                "message": text,
                "path": "/analytics/work/v1/compsum",
            })
        );
    }
}

#[tokio::test]
async fn a_list_gets_the_rows_it_names() {
    let sim = start().await;
    let token = token(&sim).await;
    let query = with("pbxId", "acme-support,acmecorp,acmecorp");
    let rows: Vec<Value> = read(ask(&sim, &token, &query).await).await;
    let names: Vec<_> = rows
        .iter()
        .map(|row| row["pbxId"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["acmecorp", "acme-support"]);
}

#[tokio::test]
async fn a_query_must_be_whole_and_exact() {
    let sim = start().await;
    let token = token(&sim).await;
    for missing in HOUR_QUERY.map(|(name, _)| name) {
        let query: Vec<_> = HOUR_QUERY
            .into_iter()
            .filter(|(name, _)| *name != missing)
            .collect();
        let (status, body) = refused(ask(&sim, &token, &query).await).await;
        assert_eq!(status, 400, "{missing}");
        assert!(body["message"].as_str().unwrap().contains(missing));
    }
    for (name, bad) in [
        ("startTime", "2024-06-04T09:00:00"),
        ("startTime", "2024-06-04 09:00"),
        ("startTime", "2024-6-4 9:00:00"),
        ("startTime", "2024-06-04 09:00:00Z"),
        ("startTime", "2024-02-30 09:00:00"),
        ("startTime", "2024-06-04 10:00:01"),
        ("endTime", "2024-06-04 09:59:60"),
        ("endTime", "2024-06-04 24:00:00"),
        ("endTime", ""),
        ("timeZone", "Europe/Londn"),
        ("timeZone", "europe/london"),
        ("timeZone", "Etc/Unknown"),
        ("timeZone", ""),
    ] {
        let response = ask(&sim, &token, &with(name, bad)).await;
        assert_eq!(response.status(), 400, "{name}={bad}");
    }
}

/// The sum that a query finds.
async fn calls(sim: &Simulator, token: &str, zone: &str, start: &str, end: &str) -> u64 {
    let query = [
        ("pbxId", "acme-support"),
        ("startTime", start),
        ("endTime", end),
        ("timeZone", zone),
    ];
    let rows: Vec<Value> = read(ask(sim, token, &query).await).await;
    rows.iter()
        .map(|row| row["totalCall"].as_u64().unwrap())
        .sum()
}

#[tokio::test]
async fn wall_clock_times_are_read_in_their_zone() {
    let sim = start().await;
    let token = token(&sim).await;
    let truth = |start: &str, end: &str| {
        let selection = Selection::parse("acme-support");
        let rows = sim
            .truth(sim.customer(), &selection, period(start, end), sim.now())
            .unwrap();
        rows[0].values.get(Field::TotalCall).unwrap()
    };
    for (zone, start, end, instants) in [
        (
            "Asia/Kolkata",
            "2024-06-04 09:00:00",
            "2024-06-04 10:00:00",
            ["2024-06-04T03:30:00Z", "2024-06-04T04:30:00Z"],
        ),
        (
            "GMT",
            "2024-06-04 09:00:00",
            "2024-06-04 10:00:00",
            ["2024-06-04T09:00:00Z", "2024-06-04T10:00:00Z"],
        ),
        // 02:30 is skipped on this day: it is read as 03:30.
        (
            "America/New_York",
            "2024-03-10 02:30:00",
            "2024-03-10 04:00:00",
            ["2024-03-10T07:30:00Z", "2024-03-10T08:00:00Z"],
        ),
        // 01:30 comes twice: it is read as the first.
        (
            "America/New_York",
            "2023-11-05 01:30:00",
            "2023-11-05 03:00:00",
            ["2023-11-05T05:30:00Z", "2023-11-05T08:00:00Z"],
        ),
        // A day of 23 hours.
        (
            "America/New_York",
            "2024-03-10 00:00:00",
            "2024-03-11 00:00:00",
            ["2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z"],
        ),
    ] {
        let found = calls(&sim, &token, zone, start, end).await;
        let [from, to] = instants;
        assert!(found > 0);
        assert_eq!(
            found.to_string(),
            truth(from, to).to_string(),
            "{zone} {start}"
        );
    }
}

#[tokio::test]
async fn nothing_has_happened_after_now_or_before_two_years_ago() {
    let sim = start().await;
    let token = token(&sim).await;
    let utc = async |start, end| calls(&sim, &token, "UTC", start, end).await;
    // The clock says 10:00:00 and runs on; the last second may or may not be over.
    let past = utc("2024-06-04 09:00:00", "2024-06-04 10:00:00").await;
    let beyond = utc("2024-06-04 09:00:00", "2024-06-05 10:00:00").await;
    assert!((past..past + 30).contains(&beyond), "{past} {beyond}");
    assert_eq!(utc("2024-06-05 09:00:00", "2024-06-05 10:00:00").await, 0);

    // 730 days before.
    let kept = utc("2022-06-05 10:01:00", "2022-06-05 11:00:00").await;
    let cut = utc("2022-06-04 00:00:00", "2022-06-05 11:00:00").await;
    assert!(kept > 0 && (kept..kept + 40).contains(&cut), "{kept} {cut}");
    let rows: Vec<Value> = read(
        ask(
            &sim,
            &token,
            &[
                ("pbxId", "allpbxes"),
                ("startTime", "2022-06-04 00:00:00"),
                ("endTime", "2022-06-05 10:00:00"),
                ("timeZone", "UTC"),
            ],
        )
        .await,
    )
    .await;
    assert!(rows.is_empty());
}

#[tokio::test]
async fn a_pbx_without_calls_is_there_or_not_as_set() {
    for omit_idle in [false, true] {
        let sim = Simulator::start(Settings {
            omit_idle,
            ..settings()
        });
        let sim = sim.await.unwrap();
        let token = token(&sim).await;
        // On a Sunday nobody calls the branch.
        let query = [
            ("pbxId", "acmecorp2"),
            ("startTime", "2024-06-02 03:00:00"),
            ("endTime", "2024-06-02 04:00:00"),
            ("timeZone", "UTC"),
        ];
        let rows: Vec<Value> = read(ask(&sim, &token, &query).await).await;
        assert_eq!(rows.is_empty(), omit_idle);
        let sunday = period("2024-06-02T03:00:00Z", "2024-06-02T04:00:00Z");
        let selection = Selection::parse("acmecorp2");
        let truth = sim
            .truth(sim.customer(), &selection, sunday, sim.now())
            .unwrap();
        assert_eq!(truth.is_empty(), omit_idle);
    }
}

#[tokio::test]
async fn bad_passwords_lock_a_user_out_for_a_while() {
    let policy = Lockout {
        after: 3,
        lasting: Duration::from_mins(30),
    };
    let sim = Simulator::start(Settings {
        lockout: Some(policy),
        ..settings()
    });
    let sim = sim.await.unwrap();
    let wrong = Credentials {
        password: "no".to_owned(),
        ..credentials()
    };
    for _ in 0..2 {
        assert_eq!(log_in(&sim.url(), &wrong).await.status(), 400);
    }
    assert_eq!(log_in(&sim.url(), &credentials()).await.status(), 200);
    for _ in 0..3 {
        assert_eq!(log_in(&sim.url(), &wrong).await.status(), 400);
    }
    let (status, body) = refused(log_in(&sim.url(), &credentials()).await).await;
    assert_eq!(status, 400);
    assert_eq!(body["error_description"], "USER_LOCKED_ERROR");
    let logins = sim.customer().logins();
    assert_eq!((logins.granted, logins.refused, logins.lockouts), (1, 6, 1));
    sim.customer().set_lockout(None);
    assert_eq!(log_in(&sim.url(), &credentials()).await.status(), 200);
}

#[tokio::test]
async fn each_account_has_its_own_key_user_and_company() {
    let account = |number: usize| Account {
        name: format!("customer-{number}"),
        credentials: Credentials {
            api_key: format!("key-{number}"),
            ..credentials()
        },
        permitted: true,
        company: Company::synthetic(number, 7),
    };
    let settings = Settings {
        clock: settings().clock,
        ..Settings::with_accounts((1..=3).map(account).collect())
    };
    let sim = Simulator::start(settings).await.unwrap();
    let mut tokens = Vec::new();
    for number in 1..=3 {
        let customer = sim.customer_named(&format!("customer-{number}")).unwrap();
        let answer: Value = read(log_in(&sim.url(), &customer.credentials()).await).await;
        let token = answer["access_token"].as_str().unwrap().to_owned();
        let request = client()
            .get(format!("{}/v1/compsum", sim.url()))
            .query(&HOUR_QUERY);
        let request = request.header("8x8-apikey", format!("key-{number}"));
        let rows: Vec<Value> = read(request.bearer_auth(&token).send().await.unwrap()).await;
        assert_eq!(rows.len(), number);
        assert_eq!(rows[0]["pbxId"], "pbx-0001");
        tokens.push(token);
    }
    // The first key with another customer's token.
    assert_eq!(ask(&sim, &tokens[1], &HOUR_QUERY).await.status(), 401);
    assert!(
        Simulator::start(Settings::with_accounts(Vec::new()))
            .await
            .is_err()
    );
}

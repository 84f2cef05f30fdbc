//! Keys, users, passwords, tokens and accounts: as strict as 8x8.

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
    let truth = sim.truth(hour, sim.now());
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
async fn bad_passwords_lock_a_user_out_for_a_while() {
    let policy = Lockout {
        after: 3,
        lasting: Duration::from_mins(30),
    };
    let mut settings = settings();
    settings.customers[0].lockout = Some(policy);
    let sim = Simulator::start(settings).await.unwrap();
    let wrong = Credentials {
        password: "no".to_owned(),
        ..credentials()
    };
    // A good password in between resets the count.
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(log_in(&sim.url(), &wrong).await.status(), 400);
        }
        assert_eq!(log_in(&sim.url(), &credentials()).await.status(), 200);
    }
    for _ in 0..3 {
        assert_eq!(log_in(&sim.url(), &wrong).await.status(), 400);
    }
    let (status, body) = refused(log_in(&sim.url(), &credentials()).await).await;
    assert_eq!(status, 400);
    assert_eq!(body["error_description"], "USER_LOCKED_ERROR");
    let logins = sim.customer().logins();
    assert_eq!((logins.granted, logins.refused, logins.lockouts), (2, 8, 1));
}

#[tokio::test]
async fn each_account_has_its_own_key_user_and_company() {
    let settings = Settings {
        clock: settings().clock,
        ..Settings::many(3, 2)
    };
    let sim = Simulator::start(settings).await.unwrap();
    let ask = async |key: &str, token: &str| {
        let request = client()
            .get(format!("{}/v1/compsum", sim.url()))
            .query(&HOUR_QUERY);
        let request = request.header("8x8-apikey", key).bearer_auth(token);
        request.send().await.unwrap()
    };
    let mut tokens = Vec::new();
    let mut answers = Vec::new();
    for number in 1..=3 {
        let customer = sim.customer_named(&format!("account-{number:04}")).unwrap();
        let answer: Value = read(log_in(&sim.url(), &customer.credentials()).await).await;
        let token = answer["access_token"].as_str().unwrap().to_owned();
        let rows: Vec<Value> = read(ask(&format!("key-{number:04}"), &token).await).await;
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0]["pbxId"], "pbx-0001");
        tokens.push(token);
        answers.push(rows);
    }
    assert!(answers[0] != answers[1] && answers[1] != answers[2]);
    assert_eq!(ask("key-0001", &tokens[1]).await.status(), 401);
}

#[tokio::test]
async fn a_simulator_needs_an_account() {
    let none = Settings::with_customers(Vec::new());
    assert!(Simulator::start(none).await.is_err());
}

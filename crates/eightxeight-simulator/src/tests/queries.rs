//! Queries: as strict as 8x8, and read as a server would.

use serde_json::json;

use super::*;

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
        let rows = sim.truth(period(start, end), sim.now());
        rows[3].values.get(Field::TotalCall).unwrap()
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
async fn a_pbx_without_calls_has_a_row() {
    let sim = start().await;
    let token = token(&sim).await;
    // On a Sunday nobody calls the branch.
    let query = [
        ("pbxId", "acmecorp2"),
        ("startTime", "2024-06-02 03:00:00"),
        ("endTime", "2024-06-02 04:00:00"),
        ("timeZone", "UTC"),
    ];
    let rows: Vec<Value> = read(ask(&sim, &token, &query).await).await;
    assert_eq!(rows[0]["totalCall"], 0);
}

#[tokio::test]
async fn an_answer_of_a_seed_never_changes() {
    let sim = start().await;
    let token = token(&sim).await;
    let mut hashes = Vec::new();
    for (start, end) in [
        ("2024-06-03 00:00:00", "2024-06-04 00:00:00"),
        ("2024-03-31 00:30:17", "2024-04-02 07:12:59"),
    ] {
        let query = [
            ("pbxId", "allpbxes"),
            ("startTime", start),
            ("endTime", end),
            ("timeZone", "Europe/London"),
        ];
        let body = ask(&sim, &token, &query).await.text().await.unwrap();
        hashes.push(crate::dice::hash(&body));
    }
    assert_eq!(
        hashes,
        [3_947_760_799_321_235_660, 8_114_835_164_291_878_874]
    );
}

#[tokio::test]
async fn a_refusal_s_members_come_in_8x8_s_order() {
    let sim = start().await;
    let token = token(&sim).await;
    let texts = async |token: &str, query: &[(&str, &str)]| {
        ask(&sim, token, query).await.text().await.unwrap()
    };
    assert_eq!(
        texts("none", &HOUR_QUERY).await,
        r#"{"error":"invalid_token","error_description":"Invalid access token: none"}"#
    );
    let text = texts(&token, &with("pbxId", "b")).await;
    let (stamp, rest) = text.split_at(r#"{"timeStamp":1717495200250"#.len());
    assert!(stamp.starts_with(r#"{"timeStamp":17174952"#), "{text}");
    assert_eq!(
        rest,
        r#","status":403,"error":"Access Denied","exception":"user(ann@acme.example) does not have access to pbxId(b) to make this request.","message":"user(ann@acme.example) does not have access to pbxId(b) to make this request.","path":"/analytics/work/v1/compsum"}"#
    );
    let text = texts(&token, &with("timeZone", "b")).await;
    assert_eq!(
        &text[stamp.len()..],
        r#","status":400,"error":"Bad Request","exception":"Unknown time-zone ID: b","message":"Unknown time-zone ID: b","path":"/analytics/work/v1/compsum"}"#
    );
    sim.customer().set_permitted(false);
    assert_eq!(
        texts(&token, &HOUR_QUERY).await,
        r#"{"status":400,"message":"user(ann@acme.example) does not have access to api category(CDR) for pbxId([allpbxes]).","code":"105-400-038","details":["user(ann@acme.example) does not have access to api category(CDR) for pbxId([allpbxes])."]}"#
    );
    let granted = log_in(&sim.url(), &credentials()).await.text().await;
    let granted = granted.unwrap();
    assert!(granted.starts_with(r#"{"access_token":"eyJhbGciOiJSUzI1NiJ9.eyJ"#));
    assert!(granted.ends_with(r#"","token_type":"bearer","expires_in":1800}"#));
}

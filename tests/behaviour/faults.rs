//! The page after each fault: 200, `eightxeight_up 0`, the old samples, then none.

use std::time::Duration;

use eightxeight_exporter::simulator::{Fault, Rule};

use crate::fixture::{Exporter, simulator};

#[tokio::test]
async fn the_last_good_answer_is_served_and_then_left_out() {
    // At the same time: each waits most of the time.
    let tests = tokio::task::LocalSet::new();
    for fault in [
        Fault::unavailable(),
        Fault::apigee_quota(),
        Fault::drop_connection(),
        Fault::json("[{"),
        Fault::token_expired(),
        Fault::hang(),
        Fault::none().truncated(20),
        Fault::status(
            403,
            "application/json",
            r#"{"status":403,"error":"Access Denied"}"#,
        ),
    ] {
        tests.spawn_local(async move {
            let what = format!("{fault:?}");
            let simulator = simulator().await;
            let options = [
                "--collect.interval",
                "500ms",
                "--collect.max-staleness",
                "3s",
                "--api.timeout",
                "1s",
                "--api.max-requests-per-minute",
                "1000",
                "--collect.window",
                "1h",
            ];
            let exporter = Exporter::serve(&simulator, &options).await;
            let good = exporter.page().await;
            assert_eq!(good.company().0.len(), 4 * 41);

            simulator.faults().add(Rule::compsum(fault));
            let failing = exporter
                .page_where(&format!("{what}: up 0"), |page| {
                    page.value("eightxeight_up") == 0.0
                })
                .await;
            assert_eq!(failing.company().0.len(), 4 * 41, "{what}");
            let stale = exporter
                .page_where(&format!("{what}: no samples"), |page| {
                    page.company().0.is_empty()
                })
                .await;
            assert_eq!(stale.value("eightxeight_up"), 0.0);
            assert_eq!(
                stale.get(r#"eightxeight_window_end_timestamp_seconds{window="1h"}"#),
                None
            );
            let received = r#"eightxeight_collection_last_success_timestamp_seconds{window="1h"}"#;
            assert!(stale.value(received) >= good.value(received));

            simulator.faults().clear();
            let healed = exporter
                .page_where(&format!("{what}: healed"), |page| {
                    page.value("eightxeight_up") == 1.0
                })
                .await;
            assert_eq!(healed.company().0.len(), 4 * 41, "{what}");
        });
    }
    tests.await;
}

#[tokio::test]
async fn a_pbx_that_leaves_the_answer_leaves_the_page() {
    let simulator = simulator().await;
    let body = |names: &[&str]| {
        let rows: Vec<_> = names
            .iter()
            .map(|n| format!(r#"{{"pbxId":{n:?},"totalCall":1}}"#))
            .collect();
        Rule::compsum(Fault::json(format!("[{}]", rows.join(","))))
    };
    let both = simulator.faults().add(body(&["a", "b\\\"\nc"]));
    let options = [
        "--collect.interval",
        "200ms",
        "--collect.window",
        "1h",
        "--api.max-requests-per-minute",
        "1000",
    ];
    let exporter = Exporter::serve(&simulator, &options).await;
    let page = exporter.page().await;
    let odd = r#"eightxeight_company_calls{pbx_id="b\\\"\nc",window="1h"}"#;
    assert_eq!(page.company().0.len(), 2);
    assert_eq!(page.value(odd), 1.0);
    simulator.faults().add(body(&["a"]));
    simulator.faults().remove(both);
    tokio::time::sleep(Duration::ZERO).await;
    exporter
        .page_where("one PBX less", |page| page.company().0.len() == 1)
        .await;
}

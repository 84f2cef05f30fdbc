//! The page after each fault: 200, `eightxeight_up 0`, the old samples, then none.

use eightxeight_simulator::{Fault, Rule};
use serde_json::{Value, json};

use crate::fixture::{Exporter, Page, simulator, words};

const DENIED: &str = r#"{"status":403,"error":"Access Denied"}"#;

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
        Fault::status(403, "application/json", DENIED),
    ] {
        tests.spawn_local(async move {
            let what = format!("{fault:?}");
            let simulator = simulator().await;
            let options = "--collect.interval 500ms --collect.max-staleness 3s \
                --collect.window 1h --api.timeout 1s --api.max-requests-per-minute 1000";
            let exporter = Exporter::serve(&simulator, &words(options)).await;
            let good = exporter.page().await;
            assert_eq!(good.company().0.len(), 4 * 41);

            simulator.faults().add(Rule::compsum(fault));
            let failing = exporter.page_with("eightxeight_up", 0.0).await;
            assert_eq!(failing.company().0.len(), 4 * 41, "{what}");
            let is_empty = |page: &Page| page.company().0.is_empty();
            let stale = exporter.page_where(&what, is_empty).await;
            assert_eq!(stale.value("eightxeight_up"), 0.0);
            let end = r#"eightxeight_window_end_timestamp_seconds{window="1h"}"#;
            assert_eq!(stale.get(end), None);
            let received = r#"eightxeight_collection_last_success_timestamp_seconds{window="1h"}"#;
            assert!(stale.value(received) >= good.value(received));

            simulator.faults().clear();
            let healed = exporter.page_with("eightxeight_up", 1.0).await;
            assert_eq!(healed.company().0.len(), 4 * 41, "{what}");
        });
    }
    tests.await;
}

#[tokio::test]
async fn a_pbx_that_leaves_the_answer_leaves_the_page() {
    let simulator = simulator().await;
    let body = |names: &[&str]| {
        let row = |name: &&str| json!({"pbxId": name, "totalCall": 1});
        let rows: Value = names.iter().map(row).collect();
        Rule::compsum(Fault::json(rows.to_string()))
    };
    let both = simulator.faults().add(body(&["a", "b\\\"\nc"]));
    let options = "--collect.interval 200ms --collect.window 1h \
        --api.max-requests-per-minute 1000";
    let exporter = Exporter::serve(&simulator, &words(options)).await;
    let page = exporter.page().await;
    let odd = r#"eightxeight_company_calls{pbx_id="b\\\"\nc",window="1h"}"#;
    assert_eq!(page.company().0.len(), 2);
    assert_eq!(page.value(odd), 1.0);
    simulator.faults().add(body(&["a"]));
    simulator.faults().remove(both);
    exporter
        .page_where("one PBX less", |page| page.company().0.len() == 1)
        .await;
}

//! The budget under storms: whatever 8x8 and the network answer, no minute has more requests than allowed.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{client, hour, pass, simulator};
use eightxeight_simulator::{Fault, Rule};

/// That of the client under test.
const BUDGET: usize = 10;

const WEATHER: usize = 8;

fn weather(kind: usize) -> Option<Rule> {
    Some(match kind {
        0 => Rule::any(Fault::too_many_requests(None)),
        1 => Rule::compsum(Fault::too_many_requests(Some(&u64::MAX.to_string()))),
        2 => Rule::any(Fault::too_many_requests(Some("-1"))),
        3 => Rule::any(Fault::unavailable()),
        4 => Rule::compsum(Fault::unavailable()),
        5 => Rule::compsum(Fault::token_expired()),
        6 => Rule::any(Fault::hang()),
        _ => return None,
    })
}

/// Two windows that ask again and again, without the collector's patience, while the weather changes.
async fn storm(changes: &[(usize, u64)]) -> usize {
    let mut simulator = simulator().await;
    let client = client(&simulator);
    let mut asking: Vec<tokio::task::JoinHandle<()>> = Vec::new();
    for (kind, seconds) in changes {
        simulator.faults().clear();
        let refused = *kind == WEATHER;
        if refused {
            simulator.hang_up().await;
        } else if let Some(rule) = weather(*kind) {
            simulator.faults().add(rule);
        }
        for _ in 0..*seconds {
            asking.retain(|task| !task.is_finished());
            while asking.len() < 2 {
                let client = client.clone();
                asking.push(tokio::spawn(async move {
                    let _ = client.company_summary(hour()).await;
                }));
            }
            // Lets requests reach the simulator; what is still on its way comes a second later.
            tokio::time::sleep(Duration::from_millis(2)).await;
            pass(Duration::from_secs(1)).await;
        }
        if refused {
            simulator.listen().await.unwrap();
        }
    }
    for task in asking {
        task.abort();
    }
    let times: Vec<_> = simulator
        .requests()
        .all()
        .iter()
        .map(|entry| entry.at)
        .collect();
    for group in times.windows(BUDGET + 1) {
        let apart = group[BUDGET].since(group[0]);
        assert!(apart >= Duration::from_mins(1), "{apart:?} in {changes:?}");
    }
    times.len()
}

#[test]
fn no_minute_has_more_requests_than_the_budget_whatever_the_weather() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let weathers = prop::collection::vec((0..=WEATHER, 20u64..150), 1..6);
    let mut runner = TestRunner::new(Config {
        cases: 6,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&weathers, |changes| {
            runtime.block_on(storm(&changes));
            Ok(())
        })
        .unwrap();
    // Storms that hold nothing but a window are those that spend the budget.
    let asked = runtime.block_on(storm(&[(4, 130), (7, 130)]));
    assert!(asked > 3 * BUDGET, "{asked}");
}

//! A simulated 8x8 with so many customers and PBXs, for `bench/run`.
//!
//! It prints the API's base URL and runs until its standard input ends; then it prints how the requests came, as JSON. Keys and passwords are those of [`Settings::many`].

use std::collections::HashMap;
use std::time::Duration;

use eightxeight_simulator::{Endpoint, Logged, Settings, Simulator};
use tokio::runtime::Runtime;

use crate::Outcome;

/// Runs it with so many customers, of so many PBXs each.
pub(crate) fn run(accounts: &str, pbxs: &str) -> Outcome {
    let settings = Settings::many(accounts.parse()?, pbxs.parse()?);
    Runtime::new()?.block_on(simulate(settings))
}

async fn simulate(settings: Settings) -> Outcome {
    let simulator = Simulator::start(settings).await?;
    println!("{}", simulator.url());
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()))
        .await??;
    let requests = simulator.requests().all();
    let refused = requests
        .iter()
        .filter(|request| request.status != Some(200));
    let mut by_account: HashMap<_, Vec<&Logged>> = HashMap::new();
    for request in &requests {
        let account = request.account.as_deref();
        by_account.entry(account).or_default().push(request);
    }
    let minute = Duration::from_mins(1);
    let report = serde_json::json!({
        "logins": simulator.requests().count(Endpoint::Token),
        "reports": simulator.requests().count(Endpoint::Compsum),
        "refused": refused.count(),
        "accounts": by_account.len(),
        "most_in_a_minute_by_account": by_account.values().map(|own| most_within(minute, own)).max(),
        "most_in_a_second": most_within(Duration::from_secs(1), &requests.iter().collect::<Vec<_>>()),
    });
    println!("{report}");
    Ok(true)
}

/// The largest number of requests in any span of this length.
fn most_within(span: Duration, requests: &[&Logged]) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (last, request) in requests.iter().enumerate() {
        while request.at.since(requests[first].at) >= span {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most
}

//! Scenarios, and switching them.

use std::net::SocketAddr;

use jiff::{SignedDuration, Timestamp};

use super::*;

fn truth(sim: &Simulator, seconds_ago: i64, now: Timestamp) -> Vec<Row> {
    let end = Timestamp::from_second(now.as_second()).unwrap();
    let start = Timestamp::from_second(end.as_second() - seconds_ago).unwrap();
    let period = Period { start, end };
    sim.truth(period, now)
}

/// The abandon rate of the support line.
fn rate(sim: &Simulator, seconds_ago: i64, now: Timestamp) -> f64 {
    let rows = truth(sim, seconds_ago, now);
    let [abandoned, inbound] = [Field::InboundAbandoned, Field::InboundTotal]
        .map(|field| rows[3].values.get(field).unwrap());
    abandoned / inbound
}

fn later(sim: &Simulator, seconds: u64) -> Timestamp {
    sim.now() + Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_spike_has_been_going_on_and_ends_soon() {
    let sim = Simulator::start(Settings {
        scenario: Scenario::AbandonSpike,
        ..settings()
    });
    let sim = sim.await.unwrap();
    let now = sim.now();
    assert!(rate(&sim, 2300, now) > 0.3);
    assert!(rate(&sim, 3600, now) > 0.25);
    assert!(rate(&sim, 60, later(&sim, 295)) > 0.3);
    assert!(rate(&sim, 600, later(&sim, 905)) < 0.05);
    let before = now - SignedDuration::from_mins(41);
    assert!(rate(&sim, 600, before) < 0.1);
    sim.set_scenario(Scenario::Calm);
    assert!(rate(&sim, 200, later(&sim, 202)) < 0.1);
    assert!(rate(&sim, 2300, now) > 0.3);
}

#[tokio::test]
async fn switching_changes_nothing_that_was() {
    let sim = start().await;
    let now = sim.now();
    let before = truth(&sim, 7200, now);
    sim.set_scenario(Scenario::AbandonSpike);
    assert_eq!(truth(&sim, 7200, now), before);
    assert!(rate(&sim, 60, later(&sim, 100)) > 0.3);
    assert!(rate(&sim, 60, later(&sim, 2690)) > 0.3);
    assert!(rate(&sim, 60, later(&sim, 2770)) < 0.1);
    assert_eq!(sim.scenario(), Scenario::AbandonSpike);
}

#[tokio::test]
async fn a_running_simulator_is_switched_by_a_request() {
    let sim = start().await;
    let url = format!("http://{}/simulator/scenario", sim.address());
    let get = async || {
        client()
            .get(&url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    assert_eq!(get().await, "calm\n");
    let put = async |name| client().put(&url).body(name).send().await.unwrap();
    for scenario in Scenario::ALL {
        assert_eq!(put(scenario.name()).await.status(), 200);
        assert_eq!(get().await, format!("{scenario}\n"));
    }
    let wrong = put("storm").await;
    assert_eq!(wrong.status(), 400);
    let text = wrong.text().await.unwrap();
    for scenario in Scenario::ALL {
        assert!(text.contains(scenario.name()), "{text}");
    }
    assert_eq!(sim.scenario(), Scenario::RateLimited);
    assert_eq!(put("calm\n").await.status(), 200);
}

#[tokio::test]
async fn one_question_a_minute_while_rate_limited() {
    let sim = start().await;
    let token = token(&sim).await;
    sim.set_scenario(Scenario::RateLimited);
    sim.faults().clear();
    assert_eq!(ask(&sim, &token, &HOUR_QUERY).await.status(), 200);
    let response = ask(&sim, &token, &HOUR_QUERY).await;
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(log_in(&sim.url(), &credentials()).await.status(), 200);
    // A test's own rules outlast the scenario's.
    sim.faults().add(Rule::token(Fault::unavailable()));
    sim.set_scenario(Scenario::Calm);
    assert_eq!(ask(&sim, &token, &HOUR_QUERY).await.status(), 200);
    assert_eq!(log_in(&sim.url(), &credentials()).await.status(), 503);
}

#[test]
fn an_outage_comes_and_goes() {
    let mut rules = Scenario::Outage.rules();
    let mut struck = |seconds, number| {
        let request = request(Endpoint::Compsum, number);
        let in_force = Duration::from_secs(seconds);
        rules
            .iter_mut()
            .any(|rule| rule.judge(&request, in_force, false).is_some())
    };
    let minute = 60;
    for number in 1..=3 {
        for cycle in 0..3 {
            let start = 15 + cycle * 17 * minute;
            assert!(!struck(start - 1, number));
            assert!(struck(start, number));
            assert!(struck(start + 12 * minute - 1, number));
            assert!(!struck(start + 12 * minute, number));
            assert!(!struck(start + 17 * minute - 1, number));
        }
    }
}

#[tokio::test]
async fn a_stopped_simulator_frees_its_port_and_drops_its_clients() {
    let sim = start().await;
    let token = token(&sim).await;
    let address: SocketAddr = sim.address();
    sim.faults().add(Rule::compsum(Fault::hang()));
    let url = format!("{}/v1/compsum", sim.url());
    let request = client()
        .get(url)
        .query(&HOUR_QUERY)
        .header("8x8-apikey", "key-1");
    let hanging = tokio::spawn(request.bearer_auth(token).send());
    sim.requests().until(|log| log.len() == 2).await;
    sim.shutdown().await;
    // Without waiting for anything.
    assert!(std::net::TcpStream::connect(address).is_err());
    assert!(hanging.await.unwrap().is_err());
    assert!(std::net::TcpListener::bind(address).is_ok());
}

#[tokio::test]
async fn connections_can_be_refused_for_a_while() {
    let mut sim = start().await;
    let token = token(&sim).await;
    // A client of its own for each request would hide a connection that stays open.
    let client = client();
    let url = format!("{}/v1/compsum", sim.url());
    let ask = async || {
        let request = client.get(&url).query(&HOUR_QUERY);
        request
            .header("8x8-apikey", "key-1")
            .bearer_auth(&token)
            .send()
            .await
    };
    assert_eq!(ask().await.unwrap().status(), 200);
    sim.hang_up().await;
    assert!(ask().await.unwrap_err().is_connect());
    sim.listen().await.unwrap();
    assert_eq!(ask().await.unwrap().status(), 200);
}

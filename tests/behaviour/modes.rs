//! Who asks 8x8 when: single flight, scrape and timer mode, deadlines.

use std::time::{Duration, Instant};

use eightxeight_simulator::{Endpoint, Fault, Rule};

use crate::fixture::{Exporter, Page, pause, simulator, simulator_with, words};

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_scrapes_on_a_cold_cache_are_one_login_and_a_request_per_window() {
    let simulator =
        simulator_with(Rule::any(Fault::none().delayed(Duration::from_millis(300)))).await;
    let exporter = Exporter::serve(&simulator, &["--web.max-requests", "500"]).await;
    let scrapes: Vec<_> = (0..200)
        .map(|_| tokio::spawn(exporter.request("GET", "/metrics").send()))
        .collect();
    let mut pages = Vec::new();
    for scrape in scrapes {
        let response = scrape.await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        pages.push(Page::parse(&response.text().await.unwrap()).company());
    }
    assert_eq!(pages[0].0.len(), 4 * 41 * 2);
    assert!(pages.iter().all(|page| *page == pages[0]));
    assert_eq!(simulator.requests().count(Endpoint::Token), 1);
    assert_eq!(simulator.requests().count(Endpoint::Compsum), 2);
    let asked = simulator.requests().of(Endpoint::Compsum);
    assert_ne!(asked[0].query, asked[1].query);
}

#[tokio::test]
async fn beyond_the_places_to_wait_a_scrape_is_answered_at_once() {
    let simulator = simulator_with(Rule::token(Fault::hang())).await;
    let exporter = Exporter::serve(&simulator, &["--web.max-requests", "2"]).await;
    let start = Instant::now();
    let scrapes = [(); 5].map(|()| {
        let patient = exporter.scrape("/metrics", "5");
        tokio::spawn(async move {
            let response = patient.await.unwrap();
            assert_eq!(response.status(), 200);
            let page = Page::parse(&response.text().await.unwrap());
            assert_eq!(page.value("eightxeight_up"), 0.0);
            start.elapsed() > Duration::from_secs(4)
        })
    });
    simulator.requests().until(|log| !log.is_empty()).await;
    assert_eq!(exporter.get("/-/healthy").await.status(), 200);
    let head = exporter.request("HEAD", "/metrics").send().await;
    assert_eq!(head.unwrap().status(), 200);
    let mut waited = 0;
    for scrape in scrapes {
        waited += u32::from(scrape.await.unwrap());
    }
    assert_eq!(waited, 2);
}

#[tokio::test]
async fn a_scraper_that_hangs_up_early_does_not_end_the_collection() {
    let simulator =
        simulator_with(Rule::compsum(Fault::none().delayed(Duration::from_secs(1)))).await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    let early = exporter
        .request("GET", "/metrics")
        .timeout(Duration::from_millis(200))
        .send();
    assert!(early.await.unwrap_err().is_timeout());
    simulator
        .requests()
        .until(|log| log.iter().filter(|entry| entry.status == Some(200)).count() == 3)
        .await;
    let page = exporter.page().await;
    assert_eq!(page.company().0.len(), 4 * 41 * 2);
    assert_eq!(simulator.requests().count(Endpoint::Compsum), 2);
}

#[tokio::test]
async fn a_scrape_answers_within_prometheus_timeout() {
    let simulator = simulator().await;
    let hang = simulator
        .faults()
        .add(Rule::compsum(Fault::none().delayed(Duration::from_secs(6))));
    let exporter = Exporter::serve(&simulator, &["--collect.interval", "1s"]).await;
    let start = Instant::now();
    let response = exporter.scrape("/metrics", "2").await.unwrap();
    let page = Page::parse(&response.text().await.unwrap());
    // Two seconds less the offset; the upper bound only says that it didn't wait for 8x8.
    let took = start.elapsed().as_secs_f64();
    assert!((1.4..6.0).contains(&took), "{took}");
    assert_eq!(page.company().0.len(), 0);
    assert_eq!(page.value("eightxeight_up"), 0.0);
    simulator.faults().remove(hang);
    // The collection went on.
    exporter.page_with("eightxeight_up", 1.0).await;
}

#[tokio::test]
async fn without_a_scrape_nothing_is_asked_and_head_collects_nothing() {
    let simulator = simulator().await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    for path in ["/", "/-/healthy", "/-/ready"] {
        assert_eq!(exporter.get(path).await.status(), 200);
    }
    for _ in 0..20 {
        let head = exporter.request("HEAD", "/metrics").send().await.unwrap();
        assert_eq!(head.status(), 200);
        pause().await;
    }
    assert_eq!(simulator.requests().all().len(), 0);
    exporter.page().await;
    assert_eq!(simulator.requests().all().len(), 3);
}

#[tokio::test]
async fn a_timer_keeps_its_period_and_a_scrape_asks_nothing() {
    let simulator = simulator().await;
    let options = "--collect.mode timer --collect.interval 500ms --collect.window 1h \
        --api.max-requests-per-minute 1000";
    let start = Instant::now();
    let exporter = Exporter::serve(&simulator, &words(options)).await;
    simulator.requests().until(|log| log.len() == 1 + 8).await;
    assert!(start.elapsed() >= 7 * Duration::from_millis(500));
    let page = exporter.page().await;
    assert_eq!(page.value("eightxeight_up"), 1.0);
    assert_eq!(page.value("eightxeight_cache_requests_total"), 1.0);
    assert_eq!(page.value("eightxeight_cache_hits_total"), 1.0);
}

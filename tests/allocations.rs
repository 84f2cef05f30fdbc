//! What a scrape of an unchanged page allocates doesn't depend on how many PBXs stand on it.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::alloc::System;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use eightxeight::clock::Clock;
use eightxeight_exporter::app::demo_account;
use eightxeight_exporter::collect;
use eightxeight_exporter::config::Web;
use eightxeight_exporter::exporter::Exporter;
use eightxeight_exporter::web::{App, router};
use eightxeight_simulator::{Settings, Simulator};
use http_body::Body as _;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The fewest allocations and bytes of a hundred scrapes: those at the turn of a second render the exporter's
/// own metrics again.
async fn allocated_by_a_scrape(pbxes: usize, encoding: &str) -> (usize, usize) {
    let simulator = Simulator::start(Settings::many(1, pbxes)).await.unwrap();
    let exporter = Exporter::start(
        vec![demo_account(&simulator, collect())],
        &Web::default(),
        String::new(),
        None,
        Clock::System,
    )
    .unwrap();
    let app = App::new(exporter, Web::default(), CancellationToken::new());
    let mut router = router(app);
    let mut fewest = (usize::MAX, usize::MAX);
    // The first collects and renders.
    for _ in 0..100 {
        let request = Request::get("/metrics").header("accept-encoding", encoding);
        let request = request.body(Body::empty()).unwrap();
        let region = Region::new(ALLOCATOR);
        let response = router.call(request).await.unwrap();
        let mut body = std::pin::pin!(response.into_body());
        while let Some(chunk) =
            std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await
        {
            drop(chunk.unwrap());
        }
        let change = region.change();
        fewest = fewest.min((change.allocations, change.bytes_allocated));
    }
    fewest
}

fn collect() -> collect::Settings {
    let interval = Duration::from_hours(1);
    collect::Settings {
        mode: collect::Mode::Scrape,
        interval,
        windows: vec!["1h".parse().unwrap(), "2h".parse().unwrap()],
        zone: jiff::tz::TimeZone::UTC,
        delay: Duration::ZERO,
        max_staleness: 2 * interval,
    }
}

#[test]
fn an_unchanged_page_costs_the_same_whatever_its_size() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // One thread, so that nothing else runs while a scrape is measured.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for encoding in ["gzip", "identity"] {
        let costs = [10, 100, 1_000].map(|pbxes| {
            (
                pbxes,
                runtime.block_on(allocated_by_a_scrape(pbxes, encoding)),
            )
        });
        for (pbxes, (allocations, bytes)) in costs {
            println!("{encoding} {pbxes} PBXs: {allocations} allocations, {bytes} bytes");
        }
        let (_, (fewest, least)) = costs[0];
        for (_, (allocations, bytes)) in costs {
            assert_eq!(allocations, fewest, "{costs:?}");
            // A longer page takes a few more digits to say how long.
            assert!(bytes < least + 16, "{costs:?}");
        }
    }
}

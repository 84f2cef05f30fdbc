//! What the status page costs, through the whole router, for 10, 100, 1,000 and 10,000 PBXs, two windows. It shows the worst
//! hundred of each, so what grows is finding those.
//!
//! `cargo bench --bench status`

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use eightxeight::clock::Clock;
use eightxeight_exporter::app::demo_account;
use eightxeight_exporter::collect;
use eightxeight_exporter::config::Web;
use eightxeight_exporter::exporter::Exporter;
use eightxeight_exporter::web::{App, router};
use eightxeight_simulator::{Settings, Simulator};
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

/// An exporter that has collected, and will not again for an hour. The simulator is needed no longer.
async fn collected(pbxes: usize) -> Router {
    let simulator = Simulator::start(Settings::many(1, pbxes)).await.unwrap();
    let interval = Duration::from_hours(1);
    let collect = collect::Settings {
        mode: collect::Mode::Scrape,
        interval,
        windows: vec!["1h".parse().unwrap(), "today".parse().unwrap()],
        zone: jiff::tz::TimeZone::UTC,
        delay: Duration::ZERO,
        max_staleness: 2 * interval,
    };
    let accounts = vec![demo_account(&simulator, collect)];
    let web = Web::default();
    let exporter = Exporter::start(accounts, &web, String::new(), None, Clock::System);
    let app = App::new(exporter.unwrap(), web, CancellationToken::new());
    let mut router = router(app);
    get(&mut router, "/metrics").await;
    router
}

async fn get(router: &mut Router, path: &str) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    assert!(router.call(request).await.unwrap().status().is_success());
}

fn status(criterion: &mut Criterion) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("status page");
    for size in [10, 100, 1_000, 10_000] {
        let router = runtime.block_on(collected(size));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| async { get(&mut router.clone(), "/").await });
        });
    }
    group.finish();
}

criterion_group!(benches, status);
criterion_main!(benches);

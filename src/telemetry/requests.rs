//! Counts of the requests to 8x8, kept in a registry of the account's own.

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};

use eightxeight::{Cause, Endpoint, Exchange};

/// From a quick answer to the default of `--api.timeout` and beyond, in seconds.
const BUCKETS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0];

/// Requests, failures and durations of one account.
#[derive(Clone, Debug)]
pub(crate) struct RequestMetrics {
    requests: IntCounterVec,
    failures: IntCounterVec,
    durations: HistogramVec,
}

impl RequestMetrics {
    /// Counters at 0 for every endpoint and reason there is.
    ///
    /// # Errors
    ///
    /// Never: the names are good.
    pub(crate) fn new() -> prometheus::Result<RequestMetrics> {
        let metrics = RequestMetrics {
            requests: IntCounterVec::new(
                Opts::new("eightxeight_api_requests_total", "Requests to 8x8"),
                &["endpoint"],
            )?,
            failures: IntCounterVec::new(
                Opts::new(
                    "eightxeight_api_request_failures_total",
                    "Requests to 8x8 that failed",
                ),
                &["endpoint", "reason"],
            )?,
            durations: HistogramVec::new(
                HistogramOpts::new(
                    "eightxeight_api_request_duration_seconds",
                    "Time that requests to 8x8 took, from connect to the decoded answer",
                )
                .buckets(BUCKETS.to_vec()),
                &["endpoint"],
            )?,
        };
        for endpoint in Endpoint::ALL.map(Endpoint::label) {
            metrics.requests.with_label_values(&[endpoint]);
            metrics.durations.with_label_values(&[endpoint]);
            for reason in Cause::all().map(Cause::reason) {
                metrics
                    .failures
                    .with_label_values(&[endpoint, reason.label()]);
            }
        }
        Ok(metrics)
    }

    /// Counts a request.
    pub(crate) fn observe(&self, exchange: Exchange) {
        let endpoint = exchange.endpoint.label();
        self.requests.with_label_values(&[endpoint]).inc();
        self.durations
            .with_label_values(&[endpoint])
            .observe(exchange.took.as_secs_f64());
        if let Some(reason) = exchange.failure {
            self.failures
                .with_label_values(&[endpoint, reason.label()])
                .inc();
        }
    }

    /// The families as they are now, samples sorted by their labels.
    pub(crate) fn gather(&self) -> Vec<MetricFamily> {
        let mut families = self.requests.collect();
        families.extend(self.failures.collect());
        families.extend(self.durations.collect());
        for family in &mut families {
            let labels = |metric: &prometheus::proto::Metric| -> Vec<String> {
                metric
                    .get_label()
                    .iter()
                    .map(|label| label.value().to_owned())
                    .collect()
            };
            family.mut_metric().sort_by_key(labels);
        }
        families
    }
}

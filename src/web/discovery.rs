//! Service discovery for Prometheus' `http_sd_configs`: a target for each account.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use serde_json::{Value, json};

use super::App;
use crate::account::Account;

/// `GET /sd`. The address is `--web.external-url`, or the one by which the client reached the exporter.
pub(super) async fn discovery(State(app): State<Arc<App>>, headers: HeaderMap) -> Json<Value> {
    let reached = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost:10888");
    let external = app.web.external_url.as_ref();
    let address = external.and_then(|url| {
        let host = url.host_str()?;
        Some(format!("{host}:{}", url.port_or_known_default()?))
    });
    let address = address.as_deref().unwrap_or(reached);
    let prefix = external.map_or(app.web.prefixes()[0], |url| {
        url.path().trim_end_matches('/')
    });
    let scheme = external.map(url::Url::scheme);
    let accounts = app.exporter.accounts();
    let entry = |account: &Arc<Account>| {
        let mut labels = json!({});
        let config = account.config();
        let path = match &config.name {
            Some(name) => {
                labels["__param_account"] = json!(name);
                labels["account"] = json!(name);
                "/probe"
            }
            None => &app.web.telemetry_path,
        };
        labels["__metrics_path__"] = json!(format!("{prefix}{path}"));
        if let Some(scheme) = scheme {
            labels["__scheme__"] = json!(scheme);
        }
        for (name, value) in &config.labels {
            labels[name] = json!(value);
        }
        json!({ "targets": [address], "labels": labels })
    };
    Json(accounts.iter().map(entry).collect())
}

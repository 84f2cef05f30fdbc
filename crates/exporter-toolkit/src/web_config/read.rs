//! Reads the settings from the YAML tree of a web configuration.

use std::str::FromStr as _;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};

use super::go_names::HEADERS;
use super::reader::{Field, Reader};
use super::{RateLimit, Settings, Users, go_duration};
use crate::yaml::Node;

impl Reader {
    pub(super) fn settings(&mut self, root: &Node) -> Settings {
        let keys = [
            "tls_server_config",
            "http_server_config",
            "basic_auth_users",
            "rate_limit",
        ];
        let root = self.map(Field::root(root), &keys);
        let [tls, http, users, rate_limit] = keys.map(|key| root.get(key));
        Settings {
            tls: tls.and_then(|field| self.tls(field)),
            headers: http.map_or(Vec::new(), |field| self.headers(field)),
            users: users.map_or(Users::default(), |field| self.users(&field)),
            rate_limit: rate_limit.and_then(|field| self.rate_limit(field)),
            is_empty: root.given.is_empty(),
            // What the lines above have found.
            warnings: std::mem::take(&mut self.warnings),
        }
    }

    fn headers(&mut self, http: Field<'_>) -> Vec<(HeaderName, HeaderValue)> {
        let map = self.map(http, &["http2", "headers"]);
        self.switch(map.get("http2"));
        let Some(headers) = map.get("headers") else {
            return Vec::new();
        };
        let headers = self.map(headers, &HEADERS.map(|(name, _)| name));
        let mut found = Vec::new();
        for (name, allowed) in HEADERS {
            let Some(field) = headers.written(name) else {
                continue;
            };
            let Some(text) = self.text(&field) else {
                continue;
            };
            if !allowed.is_empty() && !allowed.contains(&text) {
                let allowed = allowed.join(" and ");
                self.problem(&field, &format!("allowed is {allowed}"));
                continue;
            }
            match (HeaderName::from_str(name), HeaderValue::from_str(text)) {
                (Ok(name), Ok(value)) => found.push((name, value)),
                _ => self.problem(&field, "a header can't hold these characters"),
            }
        }
        found
    }

    fn users(&mut self, field: &Field<'_>) -> Users {
        let mut users = Users::default();
        for (name, node) in self.entries(field) {
            let field = field.at(node);
            let hash = self.text(&field).unwrap_or_default();
            let good = bcrypt::HashParts::from_str(hash)
                .is_ok_and(|parts| (4..=31).contains(&parts.get_cost()));
            if !good {
                let problem =
                    "a user's value is not a bcrypt hash such as `htpasswd -nBC 10 \"\"` makes";
                self.problem(&field, problem);
            } else if name.contains(':') {
                self.problem(
                    &field,
                    "a user's name with a colon in it could never be sent",
                );
            } else {
                users.0.insert(name.to_owned(), hash.to_owned());
            }
        }
        users
    }

    fn rate_limit(&mut self, field: Field<'_>) -> Option<RateLimit> {
        let map = self.map(field, &["interval", "burst"]);
        let interval = map.get("interval").and_then(|field| {
            let problem = "not a duration such as 1s, 100ms or 1m30s";
            self.parsed(&field, problem, go_duration::parse)
        });
        let burst = map.get("burst").map_or(Some(0), |field| {
            let problem = "not a whole number of at least 1";
            self.parsed(&field, problem, |text| text.parse().ok())
        })?;
        // As in the toolkit: no interval, no limit.
        let interval = interval.filter(|interval| !interval.is_zero())?;
        if burst == 0 {
            self.problem(&map.field, "with an interval and a burst of 0 everything would be refused: give a burst of at least 1");
            return None;
        }
        if interval < Duration::from_millis(1) {
            let place = map.place_of("interval");
            self.warnings.push(format!(
                "{place}: {interval:?} limits nothing; a number without a unit is nanoseconds"
            ));
        }
        Some(RateLimit { interval, burst })
    }
}

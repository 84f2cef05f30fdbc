//! Reads the settings from the YAML tree of a web configuration.

use std::str::FromStr as _;

use axum::http::{HeaderName, HeaderValue};

use super::go_names::HEADERS;
use super::reader::{Reader, THE_FILE};
use super::{RateLimit, Settings, Users, go_duration};
use crate::yaml::{self, Node, Value};

pub(super) fn settings(text: &str) -> Result<Settings, Vec<String>> {
    let mut root = yaml::parse(text).map_err(|problem| vec![problem])?;
    let mut reader = Reader::default();
    let settings = reader.settings(&root);
    root.wipe();
    if reader.problems.is_empty() {
        Ok(Settings {
            warnings: reader.warnings,
            ..settings
        })
    } else {
        Err(reader.problems)
    }
}

impl Reader {
    fn settings(&mut self, root: &Node) -> Settings {
        let keys = [
            "tls_server_config",
            "http_server_config",
            "basic_auth_users",
            "rate_limit",
        ];
        let root = self.map(Some(root), THE_FILE, &keys);
        Settings {
            tls: self.tls(root.get("tls_server_config")),
            headers: self.http(root.get("http_server_config")),
            users: self.users(root.get("basic_auth_users")),
            rate_limit: self.rate_limit(root.get("rate_limit")),
            warnings: Vec::new(),
            is_empty: root.given.is_empty(),
        }
    }

    fn http(&mut self, node: Option<&Node>) -> Vec<(HeaderName, HeaderValue)> {
        let map = self.map(node, "http_server_config", &["http2", "headers"]);
        self.switch(&map, "http2");
        let place = "http_server_config.headers";
        let names = HEADERS.map(|(name, _)| name);
        let headers = self.map(map.get("headers"), place, &names);
        let mut found = Vec::new();
        for (name, node) in &headers.given {
            let Some((_, allowed)) = HEADERS.iter().find(|(known, _)| known == name) else {
                continue;
            };
            let place = format!("{place}.{name}");
            let text = match &node.value {
                Value::Null => Some(""),
                _ => self.text(node, &place),
            };
            let Some(text) = text else { continue };
            if !allowed.is_empty() && !allowed.contains(&text) {
                let allowed = allowed.join(" and ");
                self.problem(node.line, &place, &format!("allowed is {allowed}"));
                continue;
            }
            match (HeaderName::from_str(name), HeaderValue::from_str(text)) {
                (Ok(name), Ok(value)) => found.push((name, value)),
                _ => self.problem(node.line, &place, "a header can't hold these characters"),
            }
        }
        found
    }

    fn users(&mut self, node: Option<&Node>) -> Users {
        let place = "basic_auth_users";
        let mut users = Users::default();
        for (name, node) in self.entries(node, place) {
            let hash = self.text(node, place).unwrap_or_default();
            let good = bcrypt::HashParts::from_str(hash)
                .is_ok_and(|parts| (4..=31).contains(&parts.get_cost()));
            if !good {
                self.problem(
                    node.line,
                    place,
                    "a user's value is not a bcrypt hash such as `htpasswd -nBC 10 \"\"` makes",
                );
            } else if name.contains(':') {
                self.problem(
                    node.line,
                    place,
                    "a user's name with a colon in it could never be sent",
                );
            } else {
                users.0.insert(name.to_owned(), hash.to_owned());
            }
        }
        users
    }

    fn rate_limit(&mut self, node: Option<&Node>) -> Option<RateLimit> {
        let place = "rate_limit";
        let map = self.map(node, place, &["interval", "burst"]);
        let interval = map.get("interval").and_then(|node| {
            let interval = go_duration::parse(self.text(node, "rate_limit.interval")?);
            if interval.is_none() {
                self.problem(
                    node.line,
                    "rate_limit.interval",
                    "not a duration such as 1s, 100ms or 1m30s",
                );
            }
            interval
        });
        let burst = map.get("burst").map_or(Some(0), |node| {
            let burst = self.text(node, "rate_limit.burst")?.parse().ok();
            if burst.is_none() {
                self.problem(
                    node.line,
                    "rate_limit.burst",
                    "not a whole number of at least 1",
                );
            }
            burst
        })?;
        // As in the toolkit: no interval, no limit.
        let interval = interval.filter(|interval| !interval.is_zero())?;
        if burst == 0 {
            self.problem(
                map.line,
                place,
                "with an interval and a burst of 0 everything would be refused: give a burst of at least 1",
            );
            return None;
        }
        Some(RateLimit { interval, burst })
    }
}

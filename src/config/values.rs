//! From texts to values. Each error says what is allowed.

use std::collections::HashSet;
use std::time::Duration;

use jiff::tz::TimeZone;
use url::{Host, Url};

use crate::collect::Mode;
use crate::telemetry::log::{Format, Level};
use eightxeight::answer::ALL_PBXES;
use eightxeight::window::{Span, Window};
use eightxeight_simulator::Scenario;
use exporter_toolkit::listen::ListenAddress;

/// All paths but that of the metrics, which is configured and must differ from these.
pub(crate) const OTHER_PATHS: [&str; 13] = [
    "/",
    "/style.css",
    "/status.js",
    "/icon.svg",
    "/dashboards/overview.json",
    "/dashboards/pbx.json",
    "/dashboards/exporter.json",
    "/probe",
    "/sd",
    "/config",
    "/-/healthy",
    "/-/ready",
    "/-/reload",
];

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| format!("`{text}` is not a duration such as `90s`, `15m` or `1h 30m`"))
}

fn within(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
    let value = duration(text)?;
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let [least, most] = [least, most].map(humantime::format_duration);
    Err(format!(
        "`{text}` is out of range: allowed is {least} to {most}"
    ))
}

pub(super) fn interval(text: &str) -> Result<Duration, String> {
    within(text, Duration::from_millis(100), Duration::from_hours(24))
}

pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    within(text, Duration::from_millis(100), Duration::from_hours(1))
}

pub(super) fn delay(text: &str) -> Result<Duration, String> {
    within(text, Duration::ZERO, Duration::from_hours(24))
}

pub(super) fn positive(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("`{text}` is not a whole number of at least 1")),
        Ok(number) => Ok(number),
    }
}

/// One of a few names. What is given in their place isn't shown: it may be anything, a secret too.
pub(crate) fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    choices
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            format!("not one of {}", names.join(", "))
        })
}

pub(super) fn mode(text: &str) -> Result<Mode, String> {
    choice(text, &Mode::ALL.map(|mode| (mode.name(), mode)))
}

pub(super) fn scenario(text: &str) -> Result<Scenario, String> {
    choice(
        text,
        &Scenario::ALL.map(|scenario| (scenario.name(), scenario)),
    )
}

pub(super) fn level(text: &str) -> Result<Level, String> {
    let levels = [
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
        ("trace", Level::TRACE),
    ];
    choice(text, &levels)
}

pub(super) fn format(text: &str) -> Result<Format, String> {
    choice(text, &[("logfmt", Format::Logfmt), ("json", Format::Json)])
}

pub(super) fn windows(texts: &[String]) -> Result<Vec<Window>, String> {
    let mut windows: Vec<Window> = Vec::new();
    let mut seen: Vec<Span> = Vec::new();
    for text in texts {
        let window: Window = text.parse().map_err(|error| format!("{error}"))?;
        if let Some(twin) = seen.iter().position(|span| *span == window.span()) {
            return Err(format!(
                "`{window}` is as long as `{}`: give it once",
                windows[twin]
            ));
        }
        seen.push(window.span());
        windows.push(window);
    }
    Ok(windows)
}

pub(super) fn zone(text: &str) -> Result<TimeZone, String> {
    /// What the system's list has besides: a setting of this machine, or no place at all.
    const NO_ZONES: [&str; 3] = ["localtime", "posixrules", "Factory"];
    let is_zone = |zone: &TimeZone| {
        let name = zone.iana_name();
        name.is_some_and(|name| !NO_ZONES.contains(&name))
    };
    let known = TimeZone::get(text).ok().filter(is_zone);
    known.ok_or_else(|| {
        let names: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.to_string())
            .filter(|name| !NO_ZONES.contains(&&**name))
            .collect();
        let meant = nearest(text, names.iter().map(String::as_str));
        let meant = meant.map(|name| format!("; did you mean {name}?"));
        format!(
            "`{text}` is not an IANA time zone such as Europe/London or UTC{}",
            meant.unwrap_or_default()
        )
    })
}

/// The name that `text` may have been meant for. The last part of a path alone is enough.
pub(super) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.75;
    let text = text.replace([' ', '-'], "_").to_lowercase();
    let likeness = |name: &str| {
        let name = name.to_lowercase();
        if name.starts_with(&text) && text.len() * 3 >= name.len() * 2 {
            return 1.0;
        }
        let last = name.rsplit('/').next().unwrap_or_default();
        let whole = strsim::normalized_damerau_levenshtein(&text, &name);
        whole.max(strsim::normalized_damerau_levenshtein(&text, last))
    };
    names
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, one), (b, other)| a.total_cmp(b).then(other.len().cmp(&one.len())))
        .map(|(_, name)| name)
}

/// Whether Prometheus takes it as the name of a label.
pub(crate) fn is_label_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(is_letter) && text.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

/// Names, or `allpbxes` alone.
pub(super) fn pbx_ids(names: &[String]) -> Result<Vec<String>, String> {
    let mut seen = HashSet::new();
    for name in names {
        if name.is_empty() {
            return Err("an empty name in the list".to_owned());
        }
        if name
            .chars()
            .any(|letter| letter.is_control() || letter == ',')
        {
            return Err("a comma or a control character in a name".to_owned());
        }
        if !seen.insert(name) {
            return Err(format!("`{name}` twice"));
        }
    }
    if names.len() > 1 && names.iter().any(|name| name == ALL_PBXES) {
        return Err("`allpbxes` stands alone: it means all of them".to_owned());
    }
    Ok(names.to_vec())
}

/// https, or http to this machine. The text isn't shown: it can hold a password.
pub(crate) fn url(text: &str) -> Result<Url, String> {
    let allowed = "allowed is https://HOST/PATH, or http:// to a loopback address";
    let url = Url::parse(text).map_err(|error| format!("not a URL ({error}); {allowed}"))?;
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return Err(format!("no host in it; {allowed}")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "a user or password doesn't belong in it; {allowed}"
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "a query or fragment doesn't belong in it; {allowed}"
        ));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        "http" => Err(format!(
            "http would send the password in clear text; {allowed}"
        )),
        _ => Err(format!("neither https nor http; {allowed}")),
    }
}

/// http or https, with any path.
pub(super) fn external_url(text: &str) -> Result<Url, String> {
    let allowed = "allowed is http:// or https:// with a host and, behind a proxy, a path";
    let url = Url::parse(text).map_err(|error| format!("not a URL ({error}); {allowed}"))?;
    let plain = url.username().is_empty() && url.password().is_none();
    let bare = url.query().is_none() && url.fragment().is_none();
    if ["http", "https"].contains(&url.scheme()) && url.has_host() && plain && bare {
        Ok(url)
    } else {
        Err(allowed.to_owned())
    }
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    choice(text, &[("true", true), ("false", false)])
}

pub(super) fn listen(texts: &[String]) -> Result<Vec<ListenAddress>, String> {
    let mut addresses = Vec::new();
    for text in texts {
        let address = listen_one(text)?;
        if address.port() != 0 && addresses.contains(&address) {
            return Err(format!("`{text}` twice"));
        }
        addresses.push(address);
    }
    Ok(addresses)
}

pub(super) fn listen_one(text: &str) -> Result<ListenAddress, String> {
    text.parse().map_err(|_| {
        format!("`{text}` is not an address such as `:10888`, `127.0.0.1:10888` or `[::1]:10888`")
    })
}

pub(super) fn path(text: &str) -> Result<String, String> {
    if !text.starts_with('/') {
        return Err(format!("`{text}` doesn't start with `/`"));
    }
    if text.contains(['{', '}', '*', '?', '#']) {
        return Err(format!("`{text}` holds one of {{}}*?#"));
    }
    if !text.bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
        return Err("a space or a character that isn't ASCII in the path".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_that_keep_the_password_safe() {
        for good in [
            "https://api.8x8.com/analytics/work",
            "http://127.0.0.1:1/x",
            "http://[::1]:1",
            "http://localhost:8",
        ] {
            assert!(url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "api.8x8.com",
            "http://api.8x8.com",
            "ftp://127.0.0.1",
            "https://user:hunter2@host/",
            "https://hunter2@host/",
            "https://host/?hunter2",
            "https://host/#hunter2",
            "file:///hunter2",
            "http://127.0.0.1.hunter2.com/",
        ] {
            let error = url(bad).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_same_length_twice_is_refused_whatever_it_is_called() {
        let parse =
            |texts: &[&str]| windows(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(parse(&["1h", "today", "15m"]).is_ok());
        assert!(
            parse(&["1h", "60m"])
                .unwrap_err()
                .contains("`60m` is as long as `1h`")
        );
        assert!(parse(&["today", "today"]).is_err());
        for bad in ["", "0s", "500ms", "60", "3years", "yesterday", "-1h"] {
            assert!(parse(&[bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_is_one_for_the_router() {
        for good in ["/metrics", "/8x8/metrics", "/m", "/:m"] {
            assert!(path(good).is_ok(), "{good}");
        }
        for bad in ["", "metrics", "/a{b}", "/a*", "/a?b", "/a#b", "/a b", "/ä"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }
}

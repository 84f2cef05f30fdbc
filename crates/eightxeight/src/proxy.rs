//! The proxy that the environment names for 8x8's host. What can't be used is an error: a login must not go round a proxy
//! that was asked for.

use std::env;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

/// The variables that name a proxy, the more important ones first. Of a pair only the first that is set counts.
const PROXY: [[&str; 2]; 2] = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];

const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Why a variable's proxy can't be used. Its value isn't shown: it may hold a password.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{variable}: {why}; its value isn't shown, it may hold a password")]
pub struct ProxyError {
    variable: &'static str,
    why: &'static str,
}

/// The proxy for `base`, if it isn't on this machine or exempt from it.
pub(crate) fn find(base: &Url) -> Result<Option<Url>, ProxyError> {
    // Plain HTTP only goes to this machine.
    if base.scheme() == "http" {
        return Ok(None);
    }
    let exempt = first(NO_PROXY).map(|(_, list)| list.to_string_lossy().into_owned());
    if is_exempt(&exempt.unwrap_or_default(), base) {
        return Ok(None);
    }
    for (variable, value) in PROXY.into_iter().filter_map(first) {
        let error = |why| ProxyError { variable, why };
        let value = value.to_str().ok_or_else(|| error("it isn't UTF-8 text"))?;
        if !value.trim().is_empty() {
            return parse(value).map(Some).map_err(error);
        }
    }
    Ok(None)
}

fn first(names: [&'static str; 2]) -> Option<(&'static str, std::ffi::OsString)> {
    let mut values = names.into_iter().map(|name| (name, env::var_os(name)));
    values.find_map(|(name, value)| Some((name, value?)))
}

/// Reads the value of a variable that names a proxy.
///
/// # Errors
///
/// What is wrong with it, without a part of it.
pub fn parse(value: &str) -> Result<Url, &'static str> {
    let text = value.trim();
    if text.starts_with(['"', '\'']) {
        return Err("leave the quotes out");
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    if !["http", "https"].contains(&&*scheme.to_ascii_lowercase()) {
        return Err("only http:// and https:// proxies work");
    }
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    // In a URL these would end the user's part, and some of a password would pass for the proxy's host.
    if user.contains(['/', '\\', '?', '#', '@']) || user.contains(char::is_whitespace) {
        return Err(
            "percent-encode the special characters of the user and the password, as in %40 for @",
        );
    }
    let url = Url::parse(&format!("{scheme}://{rest}"));
    // Tabs and line ends are left out of URLs.
    let url = url.ok().filter(|_| !text.contains(char::is_control));
    url.ok_or("it is no URL such as http://HOST:PORT")
}

/// Whether a list such as `.example.com, 10.0.0.0/8` names the host, as curl and Go read it.
#[must_use]
pub fn is_exempt(list: &str, base: &Url) -> bool {
    let entries = list.split(|letter: char| letter == ',' || letter.is_whitespace());
    let entries = entries.filter_map(|entry| {
        let entry = entry.split_once("://").map_or(entry, |(_, host)| host);
        let (host, port) = split_port(entry);
        let is_port = port.is_none_or(|port| port.parse().ok() == base.port_or_known_default());
        let host = host.trim_end_matches('.');
        // `*.example.com` is all below `example.com`, but not that itself. `*` alone is every host.
        let host = match host.strip_prefix("*.") {
            Some(domain) if base.host_str() == Some(domain) => return None,
            Some(domain) => domain,
            None => host,
        };
        is_port.then(|| host.to_owned())
    });
    let exempt = entries.collect::<Vec<_>>().join(",");
    let matcher = Matcher::builder().all("http://proxy").no(exempt).build();
    let target = base.as_str().parse().ok();
    target.is_some_and(|target| matcher.intercept(&target).is_none())
}

/// The host and, where there is one, the port.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    let (host, port) = match entry.rsplit_once(':') {
        // An IPv6 address with a port stands in brackets.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (entry, None),
    };
    (host.trim_matches(['[', ']']), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_names_a_proxy_is_read() {
        for (value, expected) in [
            ("http://127.0.0.1:3128", "http://127.0.0.1:3128/"),
            (" http://127.0.0.1:3128 \n", "http://127.0.0.1:3128/"),
            ("127.0.0.1:3128", "http://127.0.0.1:3128/"),
            ("proxy:3128", "http://proxy:3128/"),
            ("HTTP://proxy:3128/", "http://proxy:3128/"),
            ("https://[::1]:3128", "https://[::1]:3128/"),
            ("http://a:b%40c@proxy:3128", "http://a:b%40c@proxy:3128/"),
            ("a:b@proxy", "http://a:b@proxy/"),
            ("http://a:100%^x!@proxy", "http://a:100%%5Ex!@proxy/"),
        ] {
            assert_eq!(parse(value).unwrap().as_str(), expected, "{value}");
        }
    }

    #[test]
    fn a_value_that_names_none_is_an_error_without_a_part_of_it() {
        for value in [
            "\"http://127.0.0.1:3128\"",
            "'http://127.0.0.1:3128'",
            "socks5://127.0.0.1:1080",
            "socks5h://svc:hunter2@127.0.0.1",
            "ftp://proxy",
            "http://CORP\\svc:hunter2@proxy:3128",
            "http://svc:hunter2 x@proxy:3128",
            "http://svc:x@hunter2/9@127.0.0.1:3128",
            "http://svc:hunter2#x@proxy",
            "http://svc:hunter2?x@proxy",
            "http://proxy:99999",
            "http://proxy:hunter2",
            "http://",
            "http://pro xy",
            "http://pro\nxy",
        ] {
            let why = parse(value).expect_err(value);
            assert!(!why.contains("hunter2"), "{value}: {why}");
        }
    }

    #[test]
    fn hosts_are_exempt_as_curl_and_go_have_it() {
        let api: Url = "https://api.8x8.com/analytics/work".parse().unwrap();
        for list in [
            "*",
            "api.8x8.com",
            "API.8X8.COM",
            "8x8.com",
            ".8x8.com",
            "*.8x8.com",
            "api.8x8.com:443",
            "*.8x8.com:443",
            "api.8x8.com.",
            "https://api.8x8.com",
            "localhost 127.0.0.1 .8x8.com",
            "localhost,\t*.8x8.com ,",
        ] {
            assert!(is_exempt(list, &api), "{list}");
        }
        for list in [
            "",
            " , ",
            "x8.com",
            "other.8x8.com",
            "*.api.8x8.com",
            "api.8x8.com:8443",
            "api.8x8.com:x",
            "10.0.0.0/8",
        ] {
            assert!(!is_exempt(list, &api), "{list}");
        }
        let address = |text: &str| text.parse::<Url>().unwrap();
        for (list, url) in [
            ("10.0.0.0/8", "https://10.1.2.3/"),
            ("10.1.2.3:8443", "https://10.1.2.3:8443/"),
            ("::1", "https://[::1]/"),
            ("[::1]", "https://[::1]/"),
            ("[::1]:8443", "https://[::1]:8443/"),
            ("fd00::/8", "https://[fd00::2]/"),
        ] {
            assert!(is_exempt(list, &address(url)), "{list} {url}");
        }
        assert!(!is_exempt("[::1]:8443", &address("https://[::1]/")));
    }
}

//! The variables that name a proxy, and the hosts that need none.

use eightxeight::proxy::{is_exempt, parse};
use url::Url;

/// The first line is the value of `HTTPS_PROXY`, the rest that of `NO_PROXY`.
pub(crate) fn proxy(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (value, list) = text.split_once('\n').unwrap_or((text, ""));
    match parse(value) {
        Ok(url) => {
            assert!(["http", "https"].contains(&url.scheme()), "{url}");
            let host = url.host_str().unwrap();
            // A password's characters never pass for the host.
            let after_user = value.rsplit('@').next().unwrap().to_lowercase();
            let is_plain =
                host.is_ascii() && after_user.is_ascii() && !after_user.contains(['%', '\t']);
            assert!(
                !is_plain
                    || after_user.contains(host)
                    || host.parse::<std::net::IpAddr>().is_ok()
                    || host.starts_with('['),
                "{value}: {host}"
            );
        }
        // Our own words, which are the same whatever stands there.
        Err(why) => assert!(why.is_ascii() && !why.is_empty()),
    }
    let api: Url = "https://api.8x8.com/analytics/work".parse().unwrap();
    let exempt = is_exempt(list, &api);
    assert_eq!(exempt, is_exempt(&list.to_uppercase(), &api));
    assert_eq!(exempt, is_exempt(&list.replace(',', " "), &api));
    assert!(is_exempt(&format!("{list},api.8x8.com"), &api));
    if !list.contains('*') && !list.to_lowercase().contains("com") {
        assert!(!exempt, "{list}");
    }
}

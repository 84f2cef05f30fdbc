//! What is allowed and hardly meant.

use std::collections::HashSet;

use eightxeight::credentials::{Credentials, is_quoted};

use super::Account;
use super::file::AccountEntry;
use super::given::Raw;
use super::options::{OPTIONS, Opt};
use super::values::nearest;
use crate::collect;

/// How the names of variables go on that can only be meant for this program. Kubernetes sets others, such as
/// `EIGHTXEIGHT_EXPORTER_PORT`.
const PREFIXES: [&str; 6] = ["API", "COLLECT", "WEB", "LOG", "CONFIG", "DEMO"];

/// How all of them begin.
const PROGRAM: &str = "EIGHTXEIGHT_";

/// Variables that hold a secret rather than name one.
const SECRETS: [&str; 2] = ["EIGHTXEIGHT_API_KEY", "EIGHTXEIGHT_API_PASSWORD"];

/// Variables of this process that look like options and are none.
pub(super) fn environment(raw: &Raw, accounts: Option<&[AccountEntry]>) -> Vec<String> {
    let options = OPTIONS.iter().filter(|option| !option.file_only);
    let known: Vec<String> = options
        .map(Opt::variable)
        .chain(SECRETS.map(str::to_owned))
        .collect();
    // The configuration file can name others that hold a secret.
    let own = accounts
        .unwrap_or_default()
        .iter()
        .map(|account| &account.options);
    let named: HashSet<&str> = own
        .chain([&raw.given])
        .flat_map(|given| given.iter())
        .filter(|(name, _)| name.ends_with("-env"))
        .map(|(_, given)| given.value())
        .collect();
    let mut unknown: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| {
            let rest = name.strip_prefix(PROGRAM);
            let group = rest.and_then(|rest| Some(rest.split_once('_')?.0));
            let is_near = |rest| nearest(rest, known.iter().map(|name| &name[PROGRAM.len()..]));
            group.is_some_and(|group| PREFIXES.contains(&group))
                || rest.is_some_and(|rest| is_near(rest).is_some())
        })
        .filter(|name| !known.contains(name) && !named.contains(&**name))
        .collect();
    unknown.sort();
    let warning = |name: &String| {
        let nearest = nearest(name, known.iter().map(String::as_str));
        let meant = nearest.map(|nearest| format!("; did you mean {nearest}?"));
        format!(
            "{name}: no such option, so the variable does nothing{}",
            meant.unwrap_or_default()
        )
    };
    unknown.iter().map(warning).collect()
}

/// A password may begin and end with quotation marks, so this is no error.
pub(super) fn quoted_password() -> Option<String> {
    let name = "EIGHTXEIGHT_API_PASSWORD";
    let is_quoted = std::env::var(name).is_ok_and(|text| is_quoted(&text));
    is_quoted.then(|| {
        format!(
            "{name}: the password is sent with its quotation marks, which \
             `docker run --env-file` does not remove"
        )
    })
}

/// A password may begin and end with blanks, too.
pub(super) fn blank(credentials: &Credentials) -> Option<String> {
    let source = &credentials.password;
    source.is_padded().then(|| {
        format!(
            "{}: the password begins or ends with a space, which is sent to 8x8; remove it unless it is intended",
            source.origin()
        )
    })
}

impl Account {
    /// What a user should know of the account although it isn't wrong.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let budget = self.api.max_requests_per_minute;
        [
            excess(&self.collect, budget),
            long_query(&self.api.pbx_ids),
            zone_warning(&self.collect),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn excess(collect: &collect::Settings, budget: u32) -> Option<String> {
    let needed = requests_per_minute(collect);
    (needed > f64::from(budget)).then(|| {
        format!(
            "{} windows every {} need {needed:.1} requests a minute with logins, and the budget \
             (--api.max-requests-per-minute) is {budget}: collections will wait for their turn; \
             take a longer --collect.interval or fewer windows",
            collect.windows.len(),
            humantime::format_duration(collect.interval),
        )
    })
}

/// Many servers take no request line of more than 8 KiB.
fn long_query(pbx_ids: &[String]) -> Option<String> {
    const LONG: usize = 8000;
    let names = pbx_ids.join(",");
    let encoded = url::form_urlencoded::byte_serialize(names.as_bytes());
    let length: usize = encoded.map(str::len).sum();
    (length > LONG).then(|| {
        format!(
            "the {} names of --api.pbx-id take {length} bytes of one request, and 8x8 may refuse more than \
             some {LONG}: ask for fewer PBXs, for allpbxes, or in several accounts",
            pbx_ids.len()
        )
    })
}

/// How many requests a minute a collection needs, logins included.
pub(crate) fn requests_per_minute(collect: &collect::Settings) -> f64 {
    /// A token of the documented life is renewed after 29 minutes.
    const LOGINS: f64 = 1.0 / 29.0;
    let windows = f64::from(u32::try_from(collect.windows.len()).unwrap_or(u32::MAX));
    windows * 60.0 / collect.interval.as_secs_f64() + LOGINS
}

/// A zone whose clocks aren't those that its name makes people think of.
pub(crate) fn zone_warning(collect: &collect::Settings) -> Option<String> {
    /// Names from before there were names of places, and the places that are meant.
    const OLD: [(&str, &str); 7] = [
        ("EST", "America/New_York"),
        ("EST5EDT", "America/New_York"),
        ("CST6CDT", "America/Chicago"),
        ("MST", "America/Denver"),
        ("MST7MDT", "America/Denver"),
        ("PST8PDT", "America/Los_Angeles"),
        ("HST", "Pacific/Honolulu"),
    ];
    let name = collect.zone.iana_name()?;
    if let Some((_, place)) = OLD.iter().find(|(old, _)| *old == name) {
        return Some(format!(
            "--collect.time-zone: `{name}` is an old name, and some such zones have no summer time; \
             name a place, such as {place}"
        ));
    }
    let offset = name.strip_prefix("Etc/GMT")?;
    let side = match offset.as_bytes() {
        [b'+', ..] => "behind",
        [b'-', ..] => "ahead of",
        _ => return None,
    };
    let hours = &offset[1..];
    Some(format!(
        "--collect.time-zone: `{name}` is {hours} h {side} UTC, since the signs of these names are \
         reversed; name a place, such as Europe/London, unless that is meant"
    ))
}

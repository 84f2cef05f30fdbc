//! Finds where the three secrets of an account come from.

use std::cmp::Reverse;
use std::ffi::OsString;

use eightxeight::credentials::{Credentials, Source};

use super::file::AccountEntry;
use super::given::{Layer, Raw};
use super::sources::Environment;

/// One of the three and the ways to give it.
struct Secret {
    what: &'static str,
    where_from: &'static str,
    /// The option that names a file.
    file: &'static str,
    /// The option that names a variable; only in the configuration file.
    env: &'static str,
    /// The option that holds it: only the user's name may stand on a command line.
    flag: Option<&'static str>,
    /// The variable that holds it.
    variable: Option<&'static str>,
}

const KEY: Secret = Secret {
    what: "an API key",
    where_from: "made in 8x8 Admin Console under API Keys; its Secret isn't needed",
    file: "api.key-file",
    env: "api.key-env",
    flag: None,
    variable: Some("EIGHTXEIGHT_API_KEY"),
};

const USERNAME: Secret = Secret {
    what: "a user's name",
    where_from: "a user with access to Work Analytics who has opened it in a browser once",
    file: "api.username-file",
    env: "api.username-env",
    flag: Some("api.username"),
    variable: None,
};

const PASSWORD: Secret = Secret {
    what: "that user's password",
    where_from: "the one for 8x8's web pages",
    file: "api.password-file",
    env: "api.password-env",
    flag: None,
    variable: Some("EIGHTXEIGHT_API_PASSWORD"),
};

/// The sources of the three, each of which can be read now.
pub(super) fn find(
    raw: &Raw,
    environment: Environment,
    account: Option<&AccountEntry>,
    problems: &mut Vec<String>,
) -> Option<Credentials> {
    problems.extend(lone_half(raw));
    let found = [&KEY, &USERNAME, &PASSWORD]
        .map(|secret| source(raw, environment, account, secret, problems));
    if let [Some(key), Some(username), Some(password)] = found {
        let credentials = Credentials {
            key,
            username,
            password,
        };
        let errors = credentials.read().err().unwrap_or_default();
        problems.extend(errors.iter().map(ToString::to_string));
        return Some(credentials);
    }
    let errors = found.iter().flatten().filter_map(|one| one.read().err());
    problems.extend(errors.map(|error| error.to_string()));
    problems.push(format!(
        "{}8x8's API needs all three: an API key, a user's name, that user's password; \
         `eightxeight-exporter demo` needs none of them",
        place(account)
    ));
    None
}

/// Where an account is in the file, before a problem that names nothing else.
fn place(account: Option<&AccountEntry>) -> String {
    account.map_or_else(String::new, |account| format!("{}: ", account.origin))
}

fn source(
    raw: &Raw,
    environment: Environment,
    account: Option<&AccountEntry>,
    secret: &Secret,
    problems: &mut Vec<String>,
) -> Option<Source> {
    let mut found = Vec::new();
    if let Some(given) = raw.given(secret.file) {
        found.push((given.layer, Source::file(&given.origin, given.value())));
    }
    if let Some(given) = secret.flag.and_then(|flag| raw.given(flag)) {
        found.push((given.layer, Source::text(&given.origin, given.value())));
    }
    let named = raw
        .given(secret.env)
        .map(|given| (given.layer, &*given.origin, given.value()));
    let usual = secret.variable.map(|name| (Layer::Environment, name, name));
    for (layer, origin, variable) in named.into_iter().chain(usual) {
        match environment(variable)
            .filter(|text| !text.is_empty())
            .map(OsString::into_string)
        {
            Some(Ok(text)) => found.push((layer, Source::text(origin, text))),
            Some(Err(_)) => problems.push(format!("{origin}: the variable's value isn't UTF-8")),
            // The usual one is just not used; one that the file names is a mistake.
            None if origin == variable => {}
            None => problems.push(format!(
                "{origin}: the environment has no such variable, or an empty one"
            )),
        }
    }
    found.sort_by_key(|(layer, _)| Reverse(*layer));
    if let [(a, one), (b, other), ..] = &*found
        && a == b
    {
        problems.push(format!(
            "{} and {} both give {}: take one away",
            one.origin(),
            other.origin(),
            secret.what
        ));
    }
    if found.is_empty() {
        let ways = if let Some(account) = account {
            let [file, env] = [secret.file, secret.env].map(|name| name.replace('-', "_"));
            format!(
                "accounts.{name}.{file} or accounts.{name}.{env}",
                name = account.name
            )
        } else {
            let other = secret.flag.map(|flag| format!("--{flag}"));
            let other = other.or(secret.variable.map(str::to_owned));
            format!("--{} or {}", secret.file, other.unwrap_or_default())
        };
        problems.push(format!(
            "{}{} is missing ({}): give it with {ways}",
            place(account),
            secret.what,
            secret.where_from,
        ));
    }
    found.into_iter().next().map(|(_, source)| source)
}

/// A user's name from one place and a password from another are hardly a pair.
fn lone_half(raw: &Raw) -> Option<String> {
    let own = |names: &[&str]| {
        let mut given = names.iter().filter_map(|name| raw.given(name));
        given.find(|given| given.layer == Layer::Account)
    };
    let name = own(&["api.username", "api.username-file", "api.username-env"]);
    let password = own(&["api.password-file", "api.password-env"]);
    match (name, password) {
        (Some(name), None) => Some(format!(
            "{name}: an account with a user of its own needs that user's password too"
        )),
        (None, Some(password)) => Some(format!(
            "{password}: an account with a password of its own needs its user's name too"
        )),
        _ => None,
    }
}

//! Finds where the three secrets of an account come from.

use std::ffi::OsString;

use eightxeight::credentials::{Credentials, Source};

use super::raw::{Environment, Given, Layer};
use super::read::Reader;

/// One of the three and the ways to give it.
struct Need {
    what: &'static str,
    where_from: &'static str,
    file: &'static str,
    /// Names a variable; only in the configuration file.
    env: &'static str,
    /// Only the user's name may stand on a command line.
    flag: Option<&'static str>,
    variable: Option<&'static str>,
}

const KEY: Need = Need {
    what: "an API key",
    where_from: "made in 8x8 Admin Console under API Keys; its Secret isn't needed",
    file: "api.key-file",
    env: "api.key-env",
    flag: None,
    variable: Some("EIGHTXEIGHT_API_KEY"),
};

const USERNAME: Need = Need {
    what: "a user's name",
    where_from: "a user with access to Work Analytics who has opened it in a browser once",
    file: "api.username-file",
    env: "api.username-env",
    flag: Some("api.username"),
    variable: None,
};

const PASSWORD: Need = Need {
    what: "that user's password",
    where_from: "the one for 8x8's web pages",
    file: "api.password-file",
    env: "api.password-env",
    flag: None,
    variable: Some("EIGHTXEIGHT_API_PASSWORD"),
};

/// The sources of the three, each of which can be read now.
pub(super) fn find(reader: &mut Reader, environment: Environment) -> Option<Credentials> {
    together_or_not_at_all(reader);
    let key = source(reader, environment, &KEY);
    let username = source(reader, environment, &USERNAME);
    let password = source(reader, environment, &PASSWORD);
    let (Some(key), Some(username), Some(password)) = (&key, &username, &password) else {
        let found = [key, username, password].into_iter().flatten();
        for error in found.filter_map(|source| source.read().err()) {
            reader.complain(error.to_string());
        }
        reader.complain(
            "8x8's API needs all three: an API key, a user's name, that user's password; \
             `eightxeight-exporter demo` needs none of them"
                .to_owned(),
        );
        return None;
    };
    let credentials = Credentials {
        key: key.clone(),
        username: username.clone(),
        password: password.clone(),
    };
    if let Err(errors) = credentials.read() {
        for error in errors {
            reader.complain(error.to_string());
        }
    }
    Some(credentials)
}

fn source(reader: &mut Reader, environment: Environment, need: &Need) -> Option<Source> {
    let mut found = Vec::new();
    let first = |given: &Given| given.values.first().cloned().unwrap_or_default();
    if let Some(given) = reader.given(need.file) {
        let source = Source::file(given.to_string(), first(given));
        found.push((given.layer, given.to_string(), source));
    }
    if let Some(given) = need.flag.and_then(|flag| reader.given(flag)) {
        let source = Source::text(given.to_string(), first(given));
        found.push((given.layer, given.to_string(), source));
    }
    let named = reader
        .given(need.env)
        .map(|given| (given.layer, given.to_string(), first(given)));
    let usual = need
        .variable
        .map(|name| (Layer::Environment, name.to_owned(), name.to_owned()));
    for (layer, origin, variable) in named.into_iter().chain(usual) {
        // An unset variable that the file names is a mistake; the usual ones are just not used.
        let usual = origin == variable;
        match environment(&variable)
            .filter(|text| !text.is_empty())
            .map(OsString::into_string)
        {
            Some(Ok(text)) => {
                let source = Source::text(origin.clone(), text);
                found.push((layer, origin, source));
            }
            Some(Err(_)) => reader.complain(format!("{origin}: the variable's value isn't UTF-8")),
            None if usual => {}
            None => {
                reader.complain(format!(
                    "{origin}: the environment has no such variable, or an empty one"
                ));
            }
        }
    }
    found.sort_by_key(|(layer, ..)| std::cmp::Reverse(*layer));
    if let [(a, one, _), (b, other, _), ..] = &*found
        && a == b
    {
        reader.complain(format!(
            "{one} and {other} both give {}: take one away",
            need.what
        ));
    }
    if found.is_empty() {
        let other = need.flag.map(|flag| format!("--{flag}"));
        let other = other
            .or(need.variable.map(str::to_owned))
            .unwrap_or_default();
        reader.complain(format!(
            "{} is missing ({}): give it with --{} or {other}",
            need.what, need.where_from, need.file
        ));
    }
    found.into_iter().next().map(|(.., source)| source)
}

/// A user's name from one place and a password from another are hardly a pair.
fn together_or_not_at_all(reader: &mut Reader) {
    let own = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| reader.given(name))
            .find(|given| given.layer == Layer::Account)
    };
    let name = own(&["api.username", "api.username-file", "api.username-env"]);
    let password = own(&["api.password-file", "api.password-env"]);
    let problem = match (name, password) {
        (Some(name), None) => {
            format!("{name}: an account with a user of its own needs that user's password too")
        }
        (None, Some(password)) => {
            format!("{password}: an account with a password of its own needs its user's name too")
        }
        _ => return,
    };
    reader.complain(problem);
}

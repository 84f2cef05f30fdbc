//! Finds where the three secrets of an account come from.

use crate::secret::{Credentials, Source};

use super::raw::{Environment, Layer};
use super::read::Reader;

/// One of the three and the ways to give it.
struct Need {
    what: &'static str,
    where_from: &'static str,
    file: &'static str,
    /// Only the user's name may stand on a command line.
    flag: Option<&'static str>,
    variable: Option<&'static str>,
}

const KEY: Need = Need {
    what: "an API key",
    where_from: "made in 8x8 Admin Console under API Keys; its Secret isn't needed",
    file: "api.key-file",
    flag: None,
    variable: Some("EIGHTXEIGHT_API_KEY"),
};

const USERNAME: Need = Need {
    what: "a user's name",
    where_from: "a user with access to Work Analytics who has opened it in a browser once",
    file: "api.username-file",
    flag: Some("api.username"),
    variable: None,
};

const PASSWORD: Need = Need {
    what: "that user's password",
    where_from: "the one for 8x8's web pages",
    file: "api.password-file",
    flag: None,
    variable: Some("EIGHTXEIGHT_API_PASSWORD"),
};

/// The sources of the three, each of which can be read now.
pub(super) fn find(reader: &mut Reader, environment: &Environment) -> Option<Credentials> {
    let key = source(reader, environment, &KEY);
    let username = source(reader, environment, &USERNAME);
    let password = source(reader, environment, &PASSWORD);
    let (Some(key), Some(username), Some(password)) = (key, username, password) else {
        reader.complain(
            "8x8's API needs all three: an API key, a user's name, that user's password; \
             `eightxeight-exporter demo` needs none of them"
                .to_owned(),
        );
        return None;
    };
    let credentials = Credentials {
        key,
        username,
        password,
    };
    if let Err(errors) = credentials.read() {
        for error in errors {
            reader.complain(error.to_string());
        }
    }
    Some(credentials)
}

fn source(reader: &mut Reader, environment: &Environment, need: &Need) -> Option<Source> {
    let mut found = Vec::new();
    if let Some(given) = reader.given(need.file) {
        let path = given.values.first().map_or("", String::as_str);
        found.push((
            given.layer,
            given.to_string(),
            Source::file(given.to_string(), path),
        ));
    }
    if let Some(given) = need.flag.and_then(|flag| reader.given(flag)) {
        let text = given.values.first().map_or("", String::as_str);
        found.push((
            given.layer,
            given.to_string(),
            Source::text(given.to_string(), text),
        ));
    }
    if let Some(variable) = need.variable
        && let Some(text) = environment(variable).filter(|text| !text.is_empty())
    {
        match text.into_string() {
            Ok(text) => {
                let source = Source::text(variable, text);
                found.push((Layer::Environment, variable.to_owned(), source));
            }
            Err(_) => reader.complain(format!("{variable}: the value isn't UTF-8")),
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

//! From arguments to matches, reporting everything that is wrong with them at once.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Exit;
use super::definition::{COMMANDS, command};

/// Parses until clap has no complaint left: each is noted and the argument that caused it removed, so that one
/// run reports all.
pub(super) fn parse(mut arguments: Vec<OsString>) -> Result<(ArgMatches, Vec<String>), Exit> {
    let mut problems = Vec::new();
    loop {
        let error = match command().try_get_matches_from(&arguments) {
            Ok(matches) => return Ok((matches, problems)),
            Err(error) => error,
        };
        let context = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let offending = context(ContextKind::InvalidArg).unwrap_or_default();
        let name = offending.split([' ', '=', '[']).next().unwrap_or_default();
        let command = arguments
            .get(1)
            .and_then(|command| command.to_str())
            .unwrap_or("serve");
        let problem = match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                return Err(Exit::output(error.render().to_string()));
            }
            ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand => {
                let names = COMMANDS.map(|(name, _)| name).join(", ");
                let suggestion = match error.get(ContextKind::SuggestedSubcommand) {
                    Some(ContextValue::Strings(near)) => near.first(),
                    _ => None,
                };
                let meant = suggestion.map(|name| format!("; did you mean {name}?"));
                format!(
                    "unknown command{}; there are {names}",
                    meant.unwrap_or_default()
                )
            }
            ErrorKind::UnknownArgument if is_option_like(name) => {
                let suggestion = context(ContextKind::SuggestedArg)
                    .map(|argument| format!("; did you mean {argument}?"))
                    .unwrap_or_default();
                format!("{name}: no such option of `{command}`{suggestion}; see `{command} --help`")
            }
            ErrorKind::UnknownArgument => {
                "a value without an option, not shown since it may be a secret; options stand after the command".to_owned()
            }
            ErrorKind::ArgumentConflict => format!("{name}: given twice"),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
                format!("{name}: a value is missing")
            }
            ErrorKind::InvalidUtf8 => "an argument isn't UTF-8".to_owned(),
            other => format!("{name}: {other}"),
        };
        problems.push(problem);
        // Nothing can be parsed without what others than these blame.
        let removable = matches!(
            error.kind(),
            ErrorKind::UnknownArgument
                | ErrorKind::ArgumentConflict
                | ErrorKind::InvalidValue
                | ErrorKind::ValueValidation
        );
        if !removable || !remove_arg(&mut arguments, offending, name) {
            return Err(Exit::failed(2, problems));
        }
    }
}

/// Whether somebody meant an option and not a value that begins with a dash.
fn is_option_like(name: &str) -> bool {
    let is_of_names = |letter: char| letter.is_ascii_lowercase() || "-._".contains(letter);
    name.starts_with("--") && name.chars().all(is_of_names)
}

/// Removes the last argument that is `name`, with its value, or that is `offending` as a whole.
fn remove_arg(arguments: &mut Vec<OsString>, offending: &str, name: &str) -> bool {
    let is_offending = |argument: &OsString| {
        let text = argument.to_string_lossy();
        text == offending || text.split('=').next() == Some(name)
    };
    let mut options = arguments.iter().skip(2);
    let Some(at) = options.rposition(is_offending).map(|at| at + 2) else {
        return false;
    };
    let removed = arguments.remove(at);
    let with_value = removed.to_string_lossy().contains('=') || !name.starts_with('-');
    let next_is_value = arguments
        .get(at)
        .is_some_and(|next| !next.to_string_lossy().starts_with("--"));
    if !with_value && next_is_value {
        arguments.remove(at);
    }
    true
}

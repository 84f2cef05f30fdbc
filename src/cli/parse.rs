//! From arguments to matches, telling all that is wrong with them at once.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Exit;
use super::definition::{COMMANDS, command};

/// Parses until nothing is left that clap complains of: each complaint is noted and what caused it taken
/// away, so that one run tells of all.
pub(super) fn parse(mut arguments: Vec<OsString>) -> Result<(ArgMatches, Vec<String>), Exit> {
    let mut problems = Vec::new();
    loop {
        let error = match command().try_get_matches_from(&arguments) {
            Ok(matches) => return Ok((matches, problems)),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                return Err(Exit::output(error.render().to_string()));
            }
            _ => {}
        }
        let culprit = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(text)) => text.clone(),
            _ => String::new(),
        };
        let name = culprit.split([' ', '=', '[']).next().unwrap_or_default();
        let suggestion = match error.get(ContextKind::SuggestedArg) {
            Some(ContextValue::String(text)) => format!("; did you mean {text}?"),
            _ => String::new(),
        };
        let command = arguments
            .get(1)
            .and_then(|command| command.to_str())
            .unwrap_or("serve");
        let (problem, end) = match error.kind() {
            ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand => {
                let names: Vec<_> = COMMANDS.iter().map(|(name, _)| *name).collect();
                (
                    format!("unknown command; there are {}", names.join(", ")),
                    true,
                )
            }
            ErrorKind::UnknownArgument if name.starts_with('-') => (
                format!(
                    "{name}: no such option of `{command}`{suggestion}; see `{command} --help`"
                ),
                false,
            ),
            ErrorKind::UnknownArgument => (
                "a value without an option; options stand after the command".to_owned(),
                false,
            ),
            ErrorKind::ArgumentConflict => (format!("{name}: given twice"), false),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
                (format!("{name}: a value is missing"), false)
            }
            ErrorKind::InvalidUtf8 => ("an argument isn't UTF-8".to_owned(), true),
            _ => (format!("{name}: {}", error.kind()), true),
        };
        problems.push(problem);
        if end || !take_away(&mut arguments, &culprit, name) {
            return Err(Exit::failed(2, problems));
        }
    }
}

/// Takes away the last argument that is `name`, with its value, or that is `culprit` as a whole.
fn take_away(arguments: &mut Vec<OsString>, culprit: &str, name: &str) -> bool {
    let is_culprit = |argument: &OsString| {
        let text = argument.to_string_lossy();
        text == culprit || text.split('=').next() == Some(name)
    };
    let Some(at) = arguments
        .iter()
        .skip(2)
        .rposition(is_culprit)
        .map(|at| at + 2)
    else {
        return false;
    };
    let removed = arguments.remove(at);
    let with_value = removed.to_string_lossy().contains('=') || !name.starts_with('-');
    let next_is_value = arguments
        .get(at)
        .is_some_and(|next| !next.to_string_lossy().starts_with('-'));
    if !with_value && next_is_value {
        arguments.remove(at);
    }
    true
}

//! One account out of all, for the commands that ask 8x8 and serve nothing.

use super::raw::Sources;
use super::read::Reader;
use super::{Account, Origin, Problems, file, log_settings};
use crate::telemetry::log;

/// The configuration of such a command.
#[derive(Debug)]
pub struct AccountConfig {
    /// The account to collect.
    pub account: Account,
    /// How to log.
    pub log: log::Settings,
}

impl Origin {
    /// Loads and checks one account: the one of this name, or the only one.
    ///
    /// # Errors
    ///
    /// All problems at once.
    pub fn load_account(&self, name: Option<&str>) -> Result<AccountConfig, Problems> {
        let Sources {
            raw,
            accounts: entries,
            mut problems,
        } = self.sources()?;
        let mut reader = Reader::new(&raw);
        let log = log_settings(&mut reader);
        problems.extend(reader.into_problems());
        let account = match choose(entries.as_deref(), name) {
            Ok(entry) => {
                let (mut accounts, more) = self.accounts(&raw, entry.map(std::slice::from_ref));
                problems.extend(more);
                accounts.pop()
            }
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        match account {
            Some(account) if problems.is_empty() => Ok(AccountConfig { account, log }),
            _ => Err(Problems(problems)),
        }
    }
}

/// The account of this name, or the only one; `None` where the file has none and none is named.
fn choose<'a>(
    entries: Option<&'a [file::AccountEntry]>,
    name: Option<&str>,
) -> Result<Option<&'a file::AccountEntry>, String> {
    let entries = match (entries, name) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return Err(
                "--account: there is no configuration file with accounts: leave it out".to_owned(),
            );
        }
        (Some(entries), _) => entries,
    };
    let names = || {
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        names.join(", ")
    };
    match (entries, name) {
        ([only], None) => Ok(Some(only)),
        (_, None) => Err(format!(
            "there are several accounts: name one with --account ({})",
            names()
        )),
        (entries, Some(name)) => entries
            .iter()
            .find(|entry| entry.name == name)
            .map(Some)
            .ok_or_else(|| format!("--account: `{name}` is none of {}", names())),
    }
}

//! The exporter's own configuration file.

use std::collections::HashMap;
use std::ffi::OsString;

use eightxeight_exporter::config::{Origin, Purpose};

use super::{CANARY, are_lines, hides_a_value};

/// Options whose bad values aren't repeated, and one that doesn't exist. The others' are: a window or a
/// duration is told apart from its neighbours by what it is.
const SECRETIVE: [&str; 8] = [
    "passwort: ",
    "_file: ",
    "mode: ",
    "level: ",
    "format: ",
    "enable_lifecycle: ",
    "systemd_socket: ",
    "url: ",
];

/// All that is wrong is said in lines that hold no secret, and neither does the configuration as it is shown.
pub(crate) fn config_file(input: &[u8]) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), input).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let origin = Origin {
        flags: HashMap::from([("config.file", vec![path])]),
        environment: secrets,
    };
    let text = String::from_utf8_lossy(input);
    match origin.load(Purpose::Serve) {
        Ok(config) => {
            assert!(!config.accounts.is_empty());
            let shown = format!("{} {config:?}", config.shown);
            assert!(
                text.contains("canary-") || !shown.contains("canary-"),
                "{shown}"
            );
        }
        Err(problems) => {
            are_lines(&problems.0);
            assert_eq!(problems.0, origin.load(Purpose::Serve).unwrap_err().0);
            if hides_a_value(&text, &SECRETIVE) {
                assert!(!problems.0.concat().contains(CANARY), "{problems:?}");
            }
        }
    }
}

/// So that good files are read to their end.
fn secrets(variable: &str) -> Option<OsString> {
    let secret = match variable {
        "EIGHTXEIGHT_API_KEY" => "canary-key",
        "EIGHTXEIGHT_API_USERNAME" => "canary-user",
        "EIGHTXEIGHT_API_PASSWORD" => "canary-password",
        _ => return None,
    };
    Some(secret.into())
}

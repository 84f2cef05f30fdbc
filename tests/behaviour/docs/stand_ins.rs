//! What the documents say, and what the test puts in its place: all of it stands here.

use std::path::Path;

use crate::fixture::{KEY, PASSWORD};

/// What a text of the documents becomes while a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// The address of the exporter that runs; without one a demo is started.
    Exporter,
    /// The address of that demo's simulator, which its log names.
    Simulator,
    /// A day of last week: the one in the documents will be too old for 8x8 some time.
    LastWeek,
    /// The file that the last backfill wrote.
    History,
    /// This.
    Text(&'static str),
}

/// The texts in commands, and in the files for them.
pub(super) const STAND_INS: [(&str, Value); 8] = [
    ("localhost:10888", Value::Exporter),
    ("127.0.0.1:PORT", Value::Simulator),
    ("--from 2025-06-01 --to 2025-09-01", Value::LastWeek),
    ("history/eightxeight-2025-06.om", Value::History),
    (" DATA", Value::Text(" data")),
    (
        // One that each reader has.
        "--config.file=FILE",
        Value::Text("--config.file=config.yml"),
    ),
    // Nobody waits a minute for a scrape.
    ("scrape_interval: 1m", Value::Text("scrape_interval: 1s")),
    ("scrape_timeout: 30s", Value::Text("scrape_timeout: 1s")),
];

/// Programs that come before those of the system. Each finds `EXPORTER`, the program under test, in its environment.
pub(super) const PROGRAMS: [(&str, &str); 3] = [
    // On a port of its own and with the simulator as its 8x8. Where a command names no credentials, the prose says
    // that they are those of the exporter's environment.
    (
        "eightxeight-exporter",
        r#"export EIGHTXEIGHT_WEB_LISTEN_ADDRESS=127.0.0.1:0
export EIGHTXEIGHT_API_URL="$SIMULATOR" EIGHTXEIGHT_API_MAX_REQUESTS_PER_MINUTE=100000
case " $* " in
*--api.key-file*) ;;
*)
  export EIGHTXEIGHT_API_KEY_FILE="$SECRETS/key" EIGHTXEIGHT_API_PASSWORD_FILE="$SECRETS/password"
  export EIGHTXEIGHT_API_USERNAME_FILE="$SECRETS/user"
  ;;
esac
exec "$EXPORTER" "$@"
"#,
    ),
    // What it would build is built already.
    (
        "cargo",
        r#"case "$1" in
build) mkdir -p target/release && ln -sf "$(command -v eightxeight-exporter)" target/release/eightxeight-exporter ;;
run)
  while [ "$1" != -- ]; do shift; done
  shift
  exec eightxeight-exporter "$@"
  ;;
*)
  echo "there is no stand-in for: cargo $*" >&2
  exit 1
  ;;
esac
"#,
    ),
    // On a port of its own.
    (
        "prometheus",
        r#"PATH="${PATH#*:}" exec prometheus --web.listen-address="$PROMETHEUS" "$@"
"#,
    ),
];

/// The secret files that a text has exporter options or keys for, with what has to be in them.
pub(super) fn secret_files(text: &str, username: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (key, secret) in [("key", KEY), ("username", username), ("password", PASSWORD)] {
        for option in [format!("--api.{key}-file "), format!("{key}_file: ")] {
            for (at, _) in text.match_indices(&option) {
                let name: String = text[at + option.len()..]
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || "._-/".contains(*c))
                    .collect();
                // `cert_file`'s key is a key of another kind, and comes with its certificate.
                let of_tls = name.contains("server") || name.contains("client");
                if !name.is_empty() && !name.starts_with('/') && !of_tls {
                    found.push((name, format!("{secret}\n")));
                }
            }
        }
    }
    found
}

/// Writes secrets where there are none yet.
pub(super) fn write_missing(folder: &Path, files: &[(String, String)]) {
    for (name, secret) in files {
        let path = folder.join(name);
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        if there.is_empty() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, secret).unwrap();
        }
    }
}

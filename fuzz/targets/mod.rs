//! What is fuzzed: each function takes anything at all and panics when a promise is broken. The tests
//! run the checked-in seeds through the same functions.

mod accept;
mod answer;
mod config_file;
mod error_body;
mod proxy;
mod retry_after;
mod web_config;
mod window;

pub(crate) use accept::accept;
pub(crate) use answer::answer;
pub(crate) use config_file::config_file;
pub(crate) use error_body::error_body;
pub(crate) use proxy::proxy;
pub(crate) use retry_after::retry_after;
pub(crate) use web_config::web_config;
pub(crate) use window::window;

/// Stands for a secret in the seeds.
const CANARY: &str = "hunter2";

/// Whether the canary stands in a YAML text as the value of one of these keys alone. Keys are shown in messages,
/// so nothing is promised of a text in which it could be one: where there are quotes, anchors and the like.
fn hides_a_value(yaml: &str, keys: &[&str]) -> bool {
    let plain = !yaml.contains(['"', '\'', '?', '|', '>', '&', '*', '!', '%']);
    let mut before = yaml.match_indices(CANARY).map(|(at, _)| &yaml[..at]);
    plain && before.all(|before| keys.iter().any(|key| before.ends_with(key)))
}

/// Problems are lines, at least one, without a text's own control characters.
fn are_lines(problems: &[String]) {
    assert!(!problems.is_empty());
    for line in problems {
        assert!(
            !line.is_empty() && !line.contains(char::is_control),
            "{line:?}"
        );
    }
}

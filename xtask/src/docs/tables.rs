//! The parts of the documentation that follow from the program: the options and the metrics.

use std::fmt::Write as _;

use eightxeight_exporter::config::options::{Group, OPTIONS, Opt};
use eightxeight_exporter::fields::{Format, table};

/// All files.
pub(crate) fn files() -> Vec<(String, String)> {
    vec![
        ("docs/configuration.md".to_owned(), configuration()),
        ("docs/metrics.md".to_owned(), metrics()),
    ]
}

fn options(text: &mut String, of: &dyn Fn(&Opt) -> bool) {
    let mut group: Option<Group> = None;
    for option in OPTIONS.iter().filter(|option| of(option)) {
        if group != Some(option.group()) {
            group = Some(option.group());
            let _ = write!(
                text,
                "\n{}\n\n| Option | Default | Meaning |\n| --- | --- | --- |\n",
                option.group().heading()
            );
        }
        let default = match option.default {
            "" => "–".to_owned(),
            default => format!("`{default}`"),
        };
        let name = match (option.is_switch(), option.file_only) {
            (true, _) => option.flag(),
            (_, true) => format!("{} {}", option.name.replace('-', "_"), option.value),
            _ => format!("{} {}", option.flag(), option.value),
        };
        let _ = writeln!(text, "| `{name}` | {default} | {} |", option.help);
    }
}

fn configuration() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         <!-- Written by `cargo xtask docs`. -->\n\n\
         Options stand after the command. Each can also be set by environment, `--collect.interval` as\n\
         `EIGHTXEIGHT_COLLECT_INTERVAL`, and in the YAML file of `--config.file`. A flag beats the environment, which\n\
         beats the file. Durations are written as `90s`, `15m` or `1h 30m`; a repeatable option takes several values,\n\
         separated by commas.\n\n\
         Everything that is wrong is told at once, and the program ends with exit code 2: it has started nothing. The value\n\
         of an option or key that the exporter doesn't know is never shown, since it may be a secret.\n",
    );
    options(&mut text, &|option| !option.file_only);
    text.push_str(
        "\n## Secrets\n\n\
         No option takes a secret as its value. The API key and the password come from a file\n\
         (`--api.key-file`, `--api.password-file`) or from the environment (`EIGHTXEIGHT_API_KEY`,\n\
         `EIGHTXEIGHT_API_PASSWORD`). A file is read again at each login, without its trailing line end, so a new password\n\
         needs no restart.\n\n\
         ## The file\n\n\
         The YAML mirrors the options: `--collect.max-staleness` is `collect: {max_staleness: 10m}`, and a repeatable option is\n\
         a list. Paths are relative to the file. Under `accounts:` each name has an `api` and a `collect` map of its own, and\n\
         `labels` for its entry in service discovery; what it leaves out comes from the top level, user and password\n\
         together or not at all. Flags and environment set the top level only.\n\n\
         ```yaml\n\
         collect: {window: [1h, today], time_zone: Europe/London}\n\
         accounts:\n  acme:\n    api: {key_file: acme.key, username_file: acme.user, password_file: acme.pass, pbx_id: [acmecorp]}\n    labels: {customer: acme}\n\
         ```\n\n\
         Only in the file:\n",
    );
    options(&mut text, &|option| option.file_only);
    text.push_str(
        "\n`--config.check` checks everything and ends. SIGHUP, or `POST /-/reload` with `--web.enable-lifecycle`, loads the\n\
         file again: accounts come, go and change, and one that hasn't changed keeps its token, its cache and its lock-out\n\
         guard. A bad file changes nothing; the log and the answer say why. The options of the web server and of the log\n\
         take effect at the next start.\n",
    );
    text
}

fn metrics() -> String {
    format!(
        "# Metrics from 8x8\n\n\
         <!-- Written by `cargo xtask docs`. -->\n\n\
         A gauge for each field of 8x8's company summary, with the labels `pbx_id`, the PBX's name, and `window`, the\n\
         period as it was configured. 8x8's milliseconds become seconds and its percents shares from 0 to 1. A field that\n\
         8x8 leaves out has no sample. `eightxeight-exporter fields` prints this table.\n\n{}",
        table(Format::Markdown)
    )
}

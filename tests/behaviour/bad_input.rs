//! Wrong usage: exit 2, a clear line for each problem, all at once, and never the value of what nobody
//! knows.

use crate::fixture::{clean_command, secret_files};

fn refused(arguments: &[&str]) -> Vec<String> {
    refused_with(arguments, &[])
}

fn refused_with(arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    let output = clean_command()
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty());
    said.lines()
        .map(|line| {
            line.strip_prefix("error: ")
                .unwrap_or_else(|| panic!("{said}"))
                .to_owned()
        })
        .collect()
}

#[test]
fn each_bad_value_has_a_line_that_names_it() {
    for (option, value, says) in [
        ("--collect.interval", "soon", "not a duration"),
        ("--collect.interval", "0s", "out of range"),
        ("--collect.interval", "60", "not a duration"),
        ("--collect.interval", "6m", "--collect.max-staleness"),
        ("--collect.window", "1h,60m", "as long as"),
        ("--collect.window", "yesterday", "today"),
        ("--collect.window", "", "missing"),
        ("--collect.mode", "push", "scrape, timer"),
        ("--collect.time-zone", "Mars/Olympus", "Europe/London"),
        ("--collect.delay", "48h", "out of range"),
        ("--web.listen-address", "10888", ":10888"),
        ("--web.listen-address", "127.0.0.1:99999", "127.0.0.1:10888"),
        ("--web.telemetry-path", "metrics", "start with"),
        ("--web.telemetry-path", "/-/healthy", "taken"),
        ("--web.telemetry-path", "/dashboards/pbx.json", "taken"),
        ("--web.max-requests", "0", "at least 1"),
        ("--web.timeout-offset", "1", "not a duration"),
        ("--log.level", "loud", "error, warn, info, debug, trace"),
        ("--log.format", "xml", "logfmt, json"),
        (
            "--demo.scenario",
            "panic",
            "calm, abandon-spike, outage, rate-limited",
        ),
    ] {
        let lines = refused(&["demo", option, value]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].contains(option) || lines[0].contains(says),
            "{lines:?}"
        );
        assert!(lines[0].contains(says), "{lines:?}");
    }
}

#[test]
fn all_problems_come_at_once() {
    let files = secret_files();
    let key = files.path().join("key");
    let lines = refused(&[
        "serve",
        "--api.url",
        "http://example.org/",
        "--api.pbx-id",
        "a,,b",
        "--api.timeout",
        "0s",
        "--api.max-requests-per-minute",
        "0",
        "--collect.window",
        "1h,60m",
        "--api.pasword",
        "hunter2",
        "--collect.interval",
        "1m",
        "--collect.interval",
        "2m",
        "--api.key-file",
        key.to_str().unwrap(),
    ]);
    for says in [
        "--api.url: ",
        "--api.pbx-id: ",
        "--api.timeout: ",
        "--api.max-requests-per-minute: ",
        "--collect.window: ",
        "--api.pasword: ",
        "--collect.interval: given twice",
        "a user's name is missing",
        "that user's password is missing",
        "demo` needs none",
    ] {
        assert!(
            lines.iter().any(|line| line.contains(says)),
            "{says} in {lines:#?}"
        );
    }
    assert!(
        lines.iter().all(|line| !line.contains("hunter2")),
        "{lines:#?}"
    );
}

#[test]
fn the_value_of_an_unknown_option_is_not_shown() {
    for arguments in [
        &["demo", "--api.password", "hunter2"][..],
        &["demo", "--api.password=hunter2"],
        &["demo", "hunter2"],
        &["--api.password", "hunter2"],
        &["serve", "-p", "hunter2"],
        &["hunter2"],
        &["demo", "--", "hunter2"],
        &["demo", "-phunter2"],
    ] {
        let lines = refused(arguments);
        assert!(
            lines.iter().all(|line| !line.contains("hunter2")),
            "{arguments:?}: {lines:#?}"
        );
        assert!(!lines.is_empty());
    }
}

#[test]
fn a_near_miss_is_named() {
    let lines = refused(&["demo", "--collect.intervall", "1m"]);
    assert!(lines[0].contains("--collect.interval?"), "{lines:?}");
}

#[test]
fn without_credentials_it_says_which_three_are_needed_and_where_to_get_them() {
    for arguments in [&[][..], &["serve"]] {
        let text = refused(arguments).join("\n");
        for says in [
            "an API key",
            "Admin Console",
            "--api.key-file",
            "EIGHTXEIGHT_API_KEY",
            "a user's name",
            "--api.username",
            "password",
            "--api.password-file",
            "EIGHTXEIGHT_API_PASSWORD",
            "`eightxeight-exporter demo`",
        ] {
            assert!(text.contains(says), "{says} in {text}");
        }
    }
}

#[test]
fn secrets_that_cannot_be_read_or_are_empty() {
    let files = secret_files();
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(files.path().join("empty"), "\n").unwrap();
    let lines = refused(&[
        "serve",
        "--api.key-file",
        &path("empty"),
        "--api.username",
        "u",
        "--api.password-file",
        "hunter2",
    ]);
    assert!(
        lines
            .iter()
            .any(|line| line.contains("--api.key-file") && line.contains("empty")),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("--api.password-file") && line.contains("no such file")),
        "{lines:?}"
    );
    assert!(
        lines.iter().all(|line| !line.contains("hunter2")),
        "{lines:?}"
    );
    let both = refused_with(
        &["serve"],
        &[
            ("EIGHTXEIGHT_API_KEY", "hunter2"),
            ("EIGHTXEIGHT_API_KEY_FILE", &path("key")),
            ("EIGHTXEIGHT_API_USERNAME", "u"),
            ("EIGHTXEIGHT_API_PASSWORD", "hunter2"),
        ],
    );
    assert!(
        both.iter()
            .any(|line| line.contains("EIGHTXEIGHT_API_KEY_FILE and EIGHTXEIGHT_API_KEY both")),
        "{both:?}"
    );
    assert!(
        both.iter().all(|line| !line.contains("hunter2")),
        "{both:?}"
    );
}

#[test]
fn the_environment_is_named_when_it_is_to_blame() {
    let lines = refused_with(&["demo"], &[("EIGHTXEIGHT_COLLECT_INTERVAL", "soon")]);
    assert!(
        lines[0].starts_with("EIGHTXEIGHT_COLLECT_INTERVAL: "),
        "{lines:?}"
    );
    // What Kubernetes sets for a Service of that name is nobody's option.
    let lines = refused_with(
        &["demo", "--log.level", "loud"],
        &[
            ("EIGHTXEIGHT_EXPORTER_PORT", "tcp://10.0.0.1:10888"),
            ("EIGHTXEIGHT_LOG_LEVEL", "louder"),
        ],
    );
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].starts_with("--log.level: "),
        "a flag beats the environment: {lines:?}"
    );
}

#[test]
fn help_and_version_read_well() {
    let say = |arguments: &[&str]| {
        let output = clean_command().args(arguments).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let help = say(&["--help"]);
    for says in ["serve", "demo", "fields", "http://localhost:10888/"] {
        assert!(help.contains(says), "{help}");
    }
    let options = say(&["serve", "--help"]);
    for says in [
        "--api.url",
        "--collect.interval",
        "[default: 50s]",
        "EIGHTXEIGHT_COLLECT_INTERVAL",
        "--web.listen-address",
    ] {
        assert!(options.contains(says), "{options}");
    }
    assert!(!say(&["demo", "--help"]).contains("--api."));
    let version = say(&["--version"]);
    assert!(
        version.starts_with("eightxeight-exporter 0.1.0 (revision ") && version.contains("rust 1."),
        "{version}"
    );
}

//! Wrong usage: exit 2, a clear line for each problem, all at once, and never the value of what nobody
//! knows.

use crate::fixture::{
    Exporter, assert_says, assert_silent, clean_command, finish, secret_files, words,
};

fn refused(arguments: &[&str]) -> Vec<String> {
    refused_with(arguments, &[])
}

fn refused_with(arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    let mut command = clean_command();
    let variables = variables.iter().copied();
    let ended = finish(command.args(arguments).envs(variables));
    assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
    assert_eq!(ended.output, "");
    assert_silent(&ended.errors, &["hunter2"]);
    let lines = ended.errors.lines();
    let problems = lines.map(|line| line.strip_prefix("error: ").expect(line).to_owned());
    problems.collect()
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
        ("--collect.delay", "-1m", "`-1m` is not a duration"),
        ("--collect.delay", "--log.level=info", "a value is missing"),
        ("--web.listen-address", "10888", ":10888"),
        ("--web.listen-address", "127.0.0.1:99999", "127.0.0.1:10888"),
        ("--web.telemetry-path", "metrics", "start with"),
        ("--web.telemetry-path", "/", "taken"),
        ("--web.route-prefix", "eight", "start with"),
        ("--web.route-prefix", "/{eight}", "holds one of"),
        ("--web.telemetry-path", "/-/healthy", "taken"),
        ("--web.telemetry-path", "/dashboards/pbx.json", "taken"),
        ("--web.external-url", "http://x.example/sd", "taken"),
        ("--web.external-url", "http://x.example/metrics", "taken"),
        ("--web.max-requests", "0", "at least 1"),
        ("--web.max-requests", "-1", "at least 1"),
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
        assert_says(&lines[0], &[says]);
    }
    let twice = "demo --collect.delay 1m --collect.delay -2m --log.level loud";
    let lines = refused(&words(twice));
    assert_eq!(lines.len(), 2, "{lines:?}");
    for path in ["/eight", "/eight/", "/eight/sd"] {
        let behind = words("demo --web.external-url http://x.example/eight/ --web.telemetry-path");
        let lines = refused(&[&behind[..], &[path]].concat());
        assert_says(&lines.concat(), &["--web.telemetry-path", path, "taken"]);
    }
}

#[test]
fn all_problems_come_at_once() {
    let files = secret_files();
    let key = files.path().join("key");
    let bad = "serve --api.url http://example.org/ --api.pbx-id a,,b --api.timeout 0s \
        --api.max-requests-per-minute 0 --collect.window 1h,60m --api.pasword hunter2 \
        --collect.interval 1m --collect.interval 2m --api.key-file";
    let arguments = [&words(bad)[..], &[key.to_str().unwrap()]].concat();
    let expected = [
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
    ];
    assert_says(&refused(&arguments).join("\n"), &expected);
}

#[test]
fn the_value_of_an_unknown_option_is_not_shown() {
    for arguments in [
        &["demo", "--api.password", "hunter2"][..],
        &["demo", "--api.password=hunter2"],
        &["demo", "--api.password", "--hunter2"],
        &["demo", "hunter2"],
        &["--api.password", "hunter2"],
        &["serve", "-p", "hunter2"],
        &["hunter2"],
        &["demo", "--", "hunter2"],
        &["demo", "-phunter2"],
    ] {
        assert!(!refused(arguments).is_empty());
    }
}

#[test]
fn a_near_miss_is_named() {
    let lines = refused(&["demo", "--collect.intervall", "1m"]);
    assert_says(&lines[0], &["--collect.interval?"]);
    assert_says(&refused(&["chekc"])[0], &["did you mean check?"]);
}

#[test]
fn without_credentials_it_says_which_three_are_needed_and_where_to_get_them() {
    for arguments in [&[][..], &["serve"]] {
        let expected = [
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
        ];
        assert_says(&refused(arguments).join("\n"), &expected);
    }
}

#[test]
fn secrets_that_cannot_be_read_or_are_empty() {
    let files = secret_files();
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(files.path().join("empty"), "\n").unwrap();
    let (empty, key) = (path("empty"), path("key"));
    let none = ["--api.username", "u", "--api.password-file", "hunter2"];
    let lines = refused(&[&["serve", "--api.key-file", &empty], &none[..]].concat());
    let line = |option: &str| lines.iter().find(|line| line.contains(option)).unwrap();
    assert_says(line("--api.key-file"), &["empty"]);
    let here = "there is no such file in the working directory";
    assert_says(line("--api.password-file"), &[here]);
    let directory = files.path().to_str().unwrap();
    for (path, place) in [
        (path("hunter2"), format!("no such file in {directory};")),
        (
            path("mounts/hunter2"),
            format!("no such file, nor its directory below {directory};"),
        ),
        (directory.to_owned(), "it is a directory in ".to_owned()),
    ] {
        let lines = refused(&[&["serve", "--api.key-file", &path], &none[..]].concat());
        let line = lines.iter().find(|line| line.contains("--api.key-file"));
        assert_says(line.unwrap(), &[&place]);
    }
    let variables = [
        ("EIGHTXEIGHT_API_KEY", "hunter2"),
        ("EIGHTXEIGHT_API_KEY_FILE", &key),
        ("EIGHTXEIGHT_API_USERNAME", "u"),
        ("EIGHTXEIGHT_API_PASSWORD", "hunter2"),
    ];
    let both = refused_with(&["serve"], &variables);
    let expected = "EIGHTXEIGHT_API_KEY_FILE and EIGHTXEIGHT_API_KEY both";
    assert_says(&both.concat(), &[expected]);
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
        let ended = finish(clean_command().args(arguments));
        assert_eq!(ended.code, Some(0));
        ended.output
    };
    let expected = ["serve", "demo", "fields", "http://localhost:10888/"];
    assert_says(&say(&["--help"]), &expected);
    assert_says(&say(&["help"]), &expected);
    let expected = [
        "--api.url",
        "--collect.interval",
        "[default: 50s]",
        "EIGHTXEIGHT_COLLECT_INTERVAL",
        "--web.listen-address",
    ];
    assert_says(&say(&["serve", "--help"]), &expected);
    assert_silent(&say(&["demo", "--help"]), &["--api."]);
    let version = say(&["--version"]);
    assert!(version.starts_with("eightxeight-exporter 0.1.0 (revision "));
    assert_says(&version, &["rust 1."]);
}

#[test]
fn an_unreadable_file_is_told_together_with_what_is_missing() {
    let lines = refused(&["serve", "--api.key-file", "/nonexistent/hunter2"]).join("\n");
    let expected = [
        "--api.key-file: ",
        "no such file",
        "a user's name is missing",
        "that user's password is missing",
    ];
    assert_says(&lines, &expected);
}

/// The three secrets as variables.
fn secrets<'a>(key: &'a str, username: &'a str, password: &'a str) -> [(&'static str, &'a str); 3] {
    [
        ("EIGHTXEIGHT_API_KEY", key),
        ("EIGHTXEIGHT_API_USERNAME", username),
        ("EIGHTXEIGHT_API_PASSWORD", password),
    ]
}

/// What a check of the configuration warns of.
fn warnings(arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    let mut command = clean_command();
    command
        .args(arguments)
        .arg("--config.check")
        .envs(variables.iter().copied());
    let ended = finish(&mut command);
    assert_eq!(
        (ended.code, &*ended.output),
        (Some(0), "the configuration is good\n"),
        "{ended:?}"
    );
    let lines = ended.errors.lines();
    lines
        .map(|line| line.strip_prefix("warning: ").expect(line).to_owned())
        .collect()
}

#[test]
fn a_check_of_the_configuration_says_what_serve_would_say() {
    let secrets = secrets("k3y", "me@example.org", "secret");
    assert!(warnings(&["serve"], &secrets).is_empty());
    let often = warnings(&["serve", "--collect.interval", "1s"], &secrets);
    let expected = ["--api.max-requests-per-minute", "collections will wait"];
    assert_says(&often.concat(), &expected);
    let wrong = "--config.check --api.ca-file nope.pem --web.health-listen-address [::]:10888";
    let said = refused_with(&words(wrong), &secrets).concat();
    let taken = "--web.health-listen-address: `[::]:10888` is taken";
    assert_says(&said, &["--api.ca-file: ", taken]);
    let said = refused(&words("--config.file nope.yml --log.level loud"));
    assert_eq!(said.len(), 2, "{said:?}");
    assert_says(&said.concat(), &["--config.file: ", "--log.level: "]);
}

#[test]
fn zones_that_are_not_what_they_seem_are_warned_of_and_misspelt_ones_named() {
    for (zone, place) in [
        ("EST", "America/New_York"),
        ("MST", "America/Denver"),
        ("HST", "Pacific/Honolulu"),
        ("EST5EDT", "America/New_York"),
        ("Etc/GMT+5", "5 h behind UTC"),
    ] {
        let said = warnings(&["demo", "--collect.time-zone", zone], &[]);
        assert_says(&said.concat(), &["--collect.time-zone", zone, place]);
    }
    for zone in ["UTC", "Etc/UTC", "Europe/London", "GMT", "Etc/GMT"] {
        assert!(
            warnings(&["demo", "--collect.time-zone", zone], &[]).is_empty(),
            "{zone}"
        );
    }
    for (zone, meant) in [
        ("America/New York", "America/New_York"),
        ("Europe/Londn", "Europe/London"),
        ("london", "Europe/London"),
        ("Asia/Tokio", "Asia/Tokyo"),
    ] {
        let said = refused(&["demo", "--collect.time-zone", zone]);
        assert_says(&said.concat(), &[&format!("did you mean {meant}?")]);
    }
    for file in ["localtime", "posixrules", "Etc/Unknown"] {
        let said = refused(&["demo", "--config.check", "--collect.time-zone", file]);
        assert_silent(&said.concat(), &[&format!("mean {file}?")]);
    }
}

#[test]
fn blanks_around_secrets_are_told_without_a_login() {
    let said = warnings(&["serve"], &secrets("k3y", "me@example.org", "hunter2 "));
    assert_says(&said.concat(), &["EIGHTXEIGHT_API_PASSWORD: ", "a space"]);
    assert_silent(&said.concat(), &["hunter2"]);
    for (username, password, name) in [
        ("me@example.org ", "hunter2", "EIGHTXEIGHT_API_USERNAME: "),
        ("me@example.org", "  ", "EIGHTXEIGHT_API_PASSWORD: "),
    ] {
        let said = refused_with(&["serve"], &secrets("k3y", username, password));
        assert_says(&said.concat(), &[name]);
    }
}

/// As `docker run --env-file` hands them on.
#[test]
fn secrets_in_quotation_marks_are_told_without_being_shown() {
    let said = warnings(&["serve"], &secrets("k3y", "me@example.org", "'hunter2'"));
    assert_says(
        &said.concat(),
        &["EIGHTXEIGHT_API_PASSWORD: ", "--env-file"],
    );
    assert_silent(&said.concat(), &["hunter2"]);
    assert!(warnings(&["serve"], &secrets("k3y", "me@example.org", "hunter2'")).is_empty());
    let mut command = clean_command();
    let variables = secrets("\"k3y\"", "'me@example.org'", "hunter2");
    let ended = finish(command.args(["serve", "--config.check"]).envs(variables));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let expected = [
        "EIGHTXEIGHT_API_KEY: ",
        "EIGHTXEIGHT_API_USERNAME: ",
        "leave them out",
    ];
    assert_says(&ended.errors, &expected);
    assert_silent(&ended.errors, &["k3y", "me@example.org", "hunter2"]);
}

#[tokio::test]
async fn variables_that_look_like_options_and_are_none_are_warned_of() {
    let variables = [
        ("EIGHTXEIGHT_COLLECT_TIMEZONE", "hunter2"),
        ("EIGHTXEIGHT_COLLECT_WINDOWS", "hunter2"),
        ("EIGHTXEIGHT_COLECT_INTERVAL", "hunter2"),
        ("EIGHTXEIGHT_API_PASSWORT", "hunter2"),
        ("EIGHTXEIGHT_API_USER", "hunter2"),
        ("EIGHTXEIGHT_DEMO_SCENARIO", "calm"),
        // Kubernetes sets these.
        ("EIGHTXEIGHT_EXPORTER_PORT", "tcp://10.0.0.1:10888"),
        ("EIGHTXEIGHT_COLLECTOR_SERVICE_HOST", "10.0.0.1"),
        ("EIGHTXEIGHT_COLLECTOR_PORT_10888_TCP_PROTO", "tcp"),
    ];
    let said = warnings(&["demo"], &variables);
    let meant = "API_PASSWORD? API_USERNAME? COLLECT_INTERVAL? COLLECT_TIME_ZONE? COLLECT_WINDOW?";
    let meant = words(meant);
    assert_eq!(said.len(), meant.len(), "{said:#?}");
    for (line, meant) in said.iter().zip(meant) {
        assert_says(line, &[&format!("did you mean EIGHTXEIGHT_{meant}")]);
        assert_silent(line, &["hunter2"]);
    }
    let mut command = clean_command();
    command.arg("demo").envs(variables);
    let exporter = Exporter::start(&mut command, secret_files()).await;
    let log = exporter.running.log().concat();
    assert_says(&log, &["EIGHTXEIGHT_COLLECT_WINDOWS"]);
    assert_silent(&log, &["hunter2"]);
}

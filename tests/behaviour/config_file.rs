//! The configuration file: all problems are reported at once, with line and key and without a
//! value that might be a secret.

use std::fs;

use eightxeight_simulator::Endpoint;

use crate::fixture::{
    Ended, Exporter, assert_says, assert_silent, clean_command, finish, secret_files, simulator,
};

/// What a check of this configuration says; the file is called FILE, and nothing says `hunter2`.
fn check(text: impl AsRef<[u8]>, arguments: &[&str]) -> Ended {
    let files = secret_files();
    let path = files.path().join("config.yml");
    fs::write(&path, text).unwrap();
    let mut command = clean_command();
    command.args(["--config.check", "--config.file"]).arg(&path);
    command.env("ACME_KEY", "hunter2");
    command.env("ACME_PASSWORD", "hunter2");
    let mut ended = finish(command.args(arguments));
    ended.errors = ended.errors.replace(path.to_str().unwrap(), "FILE");
    assert_silent(&ended.errors, &["hunter2"]);
    ended
}

fn refused(text: &str) -> String {
    let ended = check(text, &[]);
    assert_eq!((ended.code, &*ended.output), (Some(2), ""), "{text}");
    ended.errors
}

const ACME: &str =
    "accounts: {acme: {api: {key_file: key, username_file: user, password_file: password}}}\n";

#[test]
fn good_files() {
    for text in [
        ACME,
        "api: {key_file: key, username_file: user, password_file: password}\n",
        "api: {key_file: key}\naccounts:\n  a: {api: {username: u, password_file: password}}\n  b: {api: {username: v, password_file: password, pbx_id: [x, y], max_requests_per_minute: 5}}\n",
        "accounts: {acme: {api: {key_env: ACME_KEY, username: u, password_env: ACME_PASSWORD}, labels: {customer: acme}}}\n",
        "collect: {window: [1h, today], time_zone: Europe/London, interval: 1m}\nweb: {telemetry_path: /m, enable_lifecycle: true, listen_address: ':1'}\nlog: {level: debug}\naccounts: {a: {api: {key_file: key, username_file: user, password_file: password}}}\n",
    ] {
        let ended = check(text, &[]);
        assert_eq!((ended.code, &*ended.errors), (Some(0), ""), "{text}");
        assert_eq!(ended.output, "the configuration is good\n");
    }
}

#[test]
fn a_key_that_comes_twice_is_named() {
    let text = "api: {key_file: , key_file: }\naccounts: {site2: {}, site2: {}}\n";
    let expected = [
        "line 1, api.key_file: the same key twice",
        "line 2, accounts.site2: the same key twice",
    ];
    assert_says(&refused(text), &expected);
}

#[test]
fn a_file_that_is_no_text_is_told_what_to_do() {
    let ended = check(b"log: {level: \xff}\n", &[]);
    assert_eq!(ended.code, Some(2));
    assert_says(&ended.errors, &["--config.file: ", "save it as UTF-8"]);
}

#[test]
fn the_demo_has_an_account_of_its_own() {
    let files = secret_files();
    let path = files.path().join("config.yml");
    fs::write(&path, ACME).unwrap();
    let mut demo = clean_command();
    demo.args(["demo", "--config.check", "--config.file"]);
    let ended = finish(demo.arg(&path));
    assert_eq!(ended.code, Some(0));
    assert_says(&ended.errors, &["warning: accounts: the demo uses"]);
}

#[test]
fn an_empty_list_of_accounts_gets_a_warning() {
    for text in ["accounts: {}\n", "# nothing\naccounts:\n"] {
        let ended = check(text, &[]);
        let warning =
            "warning: accounts: the configuration file lists none, so nothing is collected\n";
        assert_eq!((ended.code, &*ended.errors), (Some(0), warning), "{text}");
    }
}

#[test]
fn everything_wrong_is_told_at_once_with_line_and_key() {
    let text = "api:\n  timeout: soon\n  password: hunter2\n  pasword_file: hunter2\ncollect: {interval: 0s, interval: 1m}\nwebb: {}\naccounts:\n  acme:\n    api: {key: hunter2, key_file: hunter2, ca_file: hunter2}\n    web: {}\n    labels: {job: x, 1a: y, fine: [z]}\n  acme:\n    api: {}\nweb: {config: {file: nope}}\n";
    let expected = [
        "FILE: line 3, api.password: a secret doesn't belong in this file",
        "FILE: line 4, api.pasword_file: no such key; there are url, key_file,",
        "FILE: line 5, collect.interval: the same key twice",
        "FILE: line 6, webb: no such key; there are api, collect, web, log, accounts",
        "FILE: line 9, accounts.acme.api.key: a secret doesn't belong in this file",
        "FILE: line 10, accounts.acme.web: no such key; there are api, collect, labels",
        "FILE: line 11, accounts.acme.labels.job: this label is taken",
        "FILE: line 11, accounts.acme.labels: a label's name has",
        "FILE: line 11, accounts.acme.labels.fine: a label has a single value",
        "FILE: line 12, accounts.acme: the same key twice",
        "FILE: line 2, api.timeout: `soon` is not a duration",
        "FILE: line 5, collect.interval: `0s` is out of range",
        "FILE: line 8, accounts.acme: a user's name is missing",
        "FILE: line 9, accounts.acme.api.ca_file: can't read the file",
        "FILE: line 14, web.config.file: can't read the file",
    ];
    assert_says(&refused(text), &expected);
}

#[test]
fn bad_values_name_their_line_and_a_flag_beats_the_file() {
    let text = format!("collect:\n  interval: soon\n  window: [1h, 60m]\n{ACME}");
    let errors = refused(&text);
    let lines: Vec<_> = errors.lines().collect();
    let [interval, window] = lines[..] else {
        panic!("{errors}");
    };
    let expected = "FILE: line 2, collect.interval: `soon` is not a duration";
    assert_says(interval, &[expected]);
    assert_says(window, &["line 3, collect.window: "]);
    let flags = ["--collect.interval", "1m", "--collect.window", "1h"];
    assert_eq!(check(&text, &flags).code, Some(0));
}

#[test]
fn an_outermost_key_is_one_word_and_a_value_that_every_account_replaces_is_checked_too() {
    let text = format!("web.config: {{file: hunter2}}\ncollect.interval: 1m\n{ACME}");
    let expected = [
        "FILE: line 1, web.config: no such key; there are api, collect, web, log, accounts",
        "FILE: line 2, collect.interval: no such key; there are api, collect, web, log, accounts",
    ];
    assert_says(&refused(&text), &expected);
    let text = ACME.replace("{key_file", "{timeout: 1s, key_file");
    let errors = refused(&format!("api: {{timeout: soon}}\n{text}"));
    assert_says(&errors, &["FILE: line 1, api.timeout: `soon` is not"]);
}

#[test]
fn an_empty_list_is_a_mistake() {
    for key in ["collect.window", "api.pbx_id", "web.listen_address"] {
        let (group, name) = key.split_once('.').unwrap();
        let errors = refused(&format!("{group}: {{{name}: []}}\n{ACME}"));
        let expected = format!("line 1, {key}: an empty list");
        assert_says(errors.lines().next().unwrap(), &[&expected]);
    }
}

#[test]
fn an_account_needs_a_pair_of_user_and_password_and_its_own_secrets_to_be_readable() {
    let errors = refused(
        "api: {key_file: key, username_file: user, password_file: password}\naccounts:\n  a: {api: {username: u}}\n  b: {api: {password_file: password}}\n  c: {api: {key_file: hunter2}}\n  d: {api: {key_env: NO_SUCH}}\n",
    );
    let expected = [
        "line 3, accounts.a.api.username: ",
        "line 4, accounts.b.api.password_file: ",
        "line 5, accounts.c.api.key_file: can't read",
        "line 6, accounts.d.api.key_env: the environment has no such variable",
    ];
    assert_says(&errors, &expected);
    let errors = refused("accounts: {globex: {api: {key_file: key, username: foo}}}\n");
    let expected = "accounts.globex.api.password_file or accounts.globex.api.password_env";
    assert_says(&errors, &[expected]);
    assert_silent(&errors, &["--api.password-file"]);
}

#[test]
fn what_is_no_yaml_or_no_file() {
    for text in [
        "api: {",
        "- a\n- b\n",
        "api: [x]\n",
        "just text\n",
        "a: b: c\n",
        "accounts: {x: &a {api: *a}}\n",
        "\t\n x",
    ] {
        assert_says(&refused(text), &["line "]);
    }
    for (text, mistake) in [
        (
            "collect:\n\tinterval: hunter2\n",
            "line 2: invalid YAML: a tab",
        ),
        (
            "collect:\n  window: [hunter2\n",
            "`[` or `{` that is never closed",
        ),
        ("collect: {mode: timer\n", "`[` or `{` that is never closed"),
        (
            "collect:\n  interval: 1m\n window: hunter2\n",
            "line 3: invalid YAML: the indentation",
        ),
        (
            "collect:\n  interval 1m\n  window: 1h\n",
            "a `:` where none can stand",
        ),
        (
            "collect:\n  mode: \"hunter2\n",
            "a quotation mark that is never closed",
        ),
        ("api: @hunter2\n", "a reserved character"),
        ("api: *hunter2\n", "an alias without its anchor"),
    ] {
        let errors = refused(text);
        assert_says(&errors, &[mistake]);
        assert_silent(&errors, &["hunter2"]);
    }
    let missing = finish(clean_command().args(["--config.file", "/no/such/file.yml"]));
    assert_eq!(missing.code, Some(2));
    assert_says(&missing.errors, &["--config.file: can't read"]);
    let variable = "EIGHTXEIGHT_CONFIG_FILE";
    let missing = finish(clean_command().env(variable, "/no/such/file.yml"));
    assert_says(&missing.errors, &["EIGHTXEIGHT_CONFIG_FILE: can't read"]);
    // It might be a secret in the wrong place.
    assert_silent(&missing.errors, &["/no/such/file.yml"]);
}

#[test]
fn the_annotated_example_is_good() {
    let files = tempfile::tempdir().unwrap();
    let text = include_str!("../../deploy/example.yml");
    let path = files.path().join("example.yml");
    fs::write(&path, text).unwrap();
    let options = ["--config.check", "--config.file"];
    let check = || finish(clean_command().args(options).arg(&path));
    let without = check();
    assert_eq!(without.code, Some(2));
    let words = text.split_whitespace();
    let secrets: Vec<_> = words.filter(|word| word.starts_with("secrets/")).collect();
    let errors = without.errors.lines().count();
    assert_eq!((secrets.len(), errors), (5, 5), "{without:?}");
    fs::create_dir(files.path().join("secrets")).unwrap();
    for secret in secrets {
        fs::write(files.path().join(secret), "secret\n").unwrap();
    }
    let with = check();
    assert_eq!((with.code, &*with.errors), (Some(0), ""));
}

#[tokio::test]
async fn scalars_are_used_as_they_are_written() {
    let files = secret_files();
    let simulator = simulator().await;
    let text = format!(
        "collect: {{window: 1h}}\naccounts:\n  acme:\n    labels: {{customer: 007, site: no}}\n    api: \
         {{url: '{}', key_file: key, username_file: user, password_file: password, pbx_id: [0123, 1.10, yes, 1e3]}}\n",
        simulator.url()
    );
    let path = files.path().join("config.yml");
    fs::write(&path, text).unwrap();
    let mut command = clean_command();
    command.arg("--config.file").arg(path);
    let exporter = Exporter::start(&mut command, files).await;
    let expected = ["\"customer\":\"007\"", "\"site\":\"no\""];
    assert_says(&exporter.text("/sd").await, &expected);
    exporter.page().await;
    let reports = simulator.requests().of(Endpoint::Compsum);
    assert!(
        reports[0].query.contains("pbxId=0123%2C1.10%2Cyes%2C1e3&"),
        "{}",
        reports[0].query
    );
}

#[test]
fn accounts_that_ask_too_often_together_are_warned_of() {
    let warnings = |pbx_id: fn(char) -> char| {
        let accounts =
            ('a'..='e').map(|name| format!("  {name}: {{api: {{pbx_id: {}}}}}\n", pbx_id(name)));
        let api = "api: {key_file: key, username_file: user, password_file: password}\n";
        let text = format!("{api}accounts:\n{}", accounts.collect::<String>());
        let ended = check(&text, &[]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.errors
    };
    let expected =
        "the accounts a, b, c, d, e of one 8x8 user need 12.0 requests a minute together";
    assert_says(&warnings(|name| name), &[expected]);
    assert_eq!(warnings(|_| 'x'), "", "they share one answer");
}

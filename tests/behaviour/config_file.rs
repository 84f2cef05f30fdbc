//! The configuration file: what is wrong with it is told with line and key, all at once, and without a
//! value that might be a secret.

use std::fs;

use crate::fixture::{clean_command, secret_files};

fn check(text: &str, arguments: &[&str]) -> (Option<i32>, String, Vec<String>) {
    let files = secret_files();
    let path = files.path().join("config.yml");
    fs::write(&path, text).unwrap();
    let output = clean_command()
        .arg("--config.file")
        .arg(&path)
        .arg("--config.check")
        .args(arguments)
        .env("ACME_KEY", "hunter2")
        .env("ACME_PASSWORD", "hunter2")
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stderr).unwrap();
    let lines = lines
        .lines()
        .map(|line| line.replace(path.to_str().unwrap(), "FILE"));
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        lines.collect(),
    )
}

const ACME: &str =
    "accounts: {acme: {api: {key_file: key, username_file: user, password_file: password}}}\n";

#[test]
fn good_files() {
    for text in [
        ACME,
        "accounts: {}\n",
        "# nothing\naccounts: {}\n",
        "api: {key_file: key, username_file: user, password_file: password}\n",
        "api: {key_file: key}\naccounts:\n  a: {api: {username: u, password_file: password}}\n  b: {api: {username: v, password_file: password, pbx_id: [x, y], max_requests_per_minute: 5}}\n",
        "accounts: {acme: {api: {key_env: ACME_KEY, username: u, password_env: ACME_PASSWORD}, labels: {customer: acme}}}\n",
        "collect: {window: [1h, today], time_zone: Europe/London, interval: 1m}\nweb: {telemetry_path: /m, enable_lifecycle: true, listen_address: ':1'}\nlog: {level: debug}\naccounts: {}\n",
    ] {
        let (code, said, errors) = check(text, &[]);
        assert_eq!((code, errors.len()), (Some(0), 0), "{text}: {errors:#?}");
        assert_eq!(said, "the configuration is good\n");
    }
}

#[test]
fn everything_wrong_is_told_at_once_with_line_and_key() {
    let text = "api:\n  timeout: soon\n  password: hunter2\n  pasword_file: hunter2\ncollect: {interval: 0s, interval: 1m}\nwebb: {}\naccounts:\n  acme:\n    api: {key: hunter2, key_file: hunter2}\n    web: {}\n    labels: {job: x, 1a: y, fine: [z]}\n  acme:\n    api: {}\n";
    let (code, said, errors) = check(text, &[]);
    assert_eq!((code, said.as_str()), (Some(2), ""));
    for expected in [
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
    ] {
        assert!(
            errors.iter().any(|line| line.contains(expected)),
            "{expected} in {errors:#?}"
        );
    }
    assert!(
        errors.iter().all(|line| !line.contains("hunter2")),
        "{errors:#?}"
    );
}

#[test]
fn bad_values_name_their_line_and_a_flag_beats_the_file() {
    let text = format!("collect:\n  interval: soon\n  window: [1h, 60m]\n{ACME}");
    let (code, _, errors) = check(&text, &[]);
    assert_eq!(code, Some(2));
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert!(
        errors[0].contains("FILE: line 2, collect.interval: `soon` is not a duration"),
        "{errors:#?}"
    );
    assert!(
        errors[1].contains("line 3, collect.window: "),
        "{errors:#?}"
    );
    let (code, ..) = check(
        &text,
        &["--collect.interval", "1m", "--collect.window", "1h"],
    );
    assert_eq!(code, Some(0));
}

#[test]
fn an_empty_list_is_a_mistake() {
    for (key, text) in [
        ("collect.window", format!("collect: {{window: []}}\n{ACME}")),
        ("api.pbx_id", format!("api: {{pbx_id: []}}\n{ACME}")),
        (
            "web.listen_address",
            format!("web: {{listen_address: []}}\n{ACME}"),
        ),
    ] {
        let (code, _, errors) = check(&text, &[]);
        assert_eq!(code, Some(2), "{key}");
        let expected = format!("line 1, {key}: an empty list");
        assert!(errors[0].contains(&expected), "{errors:#?}");
    }
}

#[test]
fn an_account_needs_a_pair_of_user_and_password_and_its_own_secrets_to_be_readable() {
    let (code, _, errors) = check(
        "api: {key_file: key, username_file: user, password_file: password}\naccounts:\n  a: {api: {username: u}}\n  b: {api: {password_file: password}}\n  c: {api: {key_file: hunter2}}\n  d: {api: {key_env: NO_SUCH}}\n",
        &[],
    );
    assert_eq!(code, Some(2));
    for expected in [
        "line 3, accounts.a.api.username: ",
        "line 4, accounts.b.api.password_file: ",
        "line 5, accounts.c.api.key_file: can't read",
        "line 6, accounts.d.api.key_env: the environment has no such variable",
    ] {
        assert!(
            errors.iter().any(|line| line.contains(expected)),
            "{expected} in {errors:#?}"
        );
    }
    assert!(
        errors.iter().all(|line| !line.contains("hunter2")),
        "{errors:#?}"
    );
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
        let (code, _, errors) = check(text, &[]);
        assert_eq!(code, Some(2), "{text}");
        assert!(
            errors.iter().any(|line| line.contains("line ")),
            "{text}: {errors:#?}"
        );
    }
    let output = clean_command()
        .args(["--config.file", "/no/such/file.yml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--config.file: can't read"), "{said}");
    assert!(
        !said.contains("/no/such/file.yml"),
        "it might be a secret in the wrong place: {said}"
    );
}

#[test]
fn the_annotated_example_is_good() {
    let files = tempfile::tempdir().unwrap();
    let text = include_str!("../../deploy/example.yml");
    let path = files.path().join("example.yml");
    fs::write(&path, text).unwrap();
    let check = || {
        let arguments = ["--config.file", path.to_str().unwrap(), "--config.check"];
        clean_command().args(arguments).output().unwrap()
    };
    let without = check();
    let errors = String::from_utf8(without.stderr).unwrap();
    assert_eq!(without.status.code(), Some(2));
    let mut secrets = 0;
    fs::create_dir(files.path().join("secrets")).unwrap();
    for word in text.split_whitespace() {
        if word.starts_with("secrets/") {
            fs::write(files.path().join(word), "stand-in\n").unwrap();
            secrets += 1;
        }
    }
    assert_eq!((secrets, errors.lines().count()), (5, 5), "{errors}");
    let with = check();
    let errors = String::from_utf8(with.stderr).unwrap();
    assert_eq!((with.status.code(), &*errors), (Some(0), ""));
}

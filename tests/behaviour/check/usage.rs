//! How it is called, and where.

use std::process::Command;

use super::output;
use crate::fixture::{clean_command, command, secret_files, simulator};

#[tokio::test]
async fn wrong_usage() {
    for (options, says) in [
        (&["--format", "xml"][..], "--format: not one of text, json"),
        (
            &["--account", "acme"],
            "--account: there is no configuration file",
        ),
        (
            &["--web.listen-address", ":0"],
            "--web.listen-address: no such option of `check`",
        ),
        (
            &["--api.ca-file", "/no/such/file"],
            "--api.ca-file: can't read the file",
        ),
    ] {
        let files = secret_files();
        let mut command = command("check", "http://127.0.0.1:1", files.path());
        command.args(options);
        let output = output(command).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{said}");
        assert!(output.stdout.is_empty());
    }
}

/// Runs a command on a terminal; what it showed there.
async fn on_terminal(command: &Command, variables: &[(&str, &str)]) -> String {
    let program = command.get_program().to_str().unwrap();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_str().unwrap());
    let line: Vec<_> = std::iter::once(program)
        .chain(arguments)
        .map(|word| format!("'{word}'"))
        .collect();
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line.join(" "), "/dev/null"]);
    terminal.env_remove("NO_COLOR").env("TERM", "xterm");
    terminal.envs(variables.iter().copied());
    String::from_utf8(output(terminal).await.stdout).unwrap()
}

#[tokio::test]
async fn colour_only_on_a_terminal_that_takes_it() {
    let simulator = simulator().await;
    let files = secret_files();
    let command = command("check", &simulator.url(), files.path());
    let said = on_terminal(&command, &[]).await;
    assert!(said.contains("\u{1b}[32mok"), "{said}");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let said = on_terminal(&command, &[(name, value)]).await;
        assert!(said.contains("All worked."), "{said}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
    // An empty one counts as unset.
    let said = on_terminal(&command, &[("NO_COLOR", "")]).await;
    assert!(said.contains('\u{1b}'), "{said}");
}

#[tokio::test]
async fn one_account_of_several() {
    let simulator = simulator().await;
    let files = secret_files();
    let text = format!(
        "api: {{url: '{}', key_file: key, username_file: user, password_file: password}}\n\
         collect: {{window: 2h}}\n\
         accounts: {{acme: {{collect: {{window: 3h}}}}, other: {{api: {{key_file: none}}}}}}\n",
        simulator.url()
    );
    let path = files.path().join("config.yml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    for (account, code, says) in [
        (Some("acme"), 0, "Window 3h"),
        (
            Some("nobody"),
            2,
            "--account: `nobody` is none of acme, other",
        ),
        (None, 2, "name one with --account (acme, other)"),
        (Some("other"), 2, "no such file"),
    ] {
        let mut command = clean_command();
        command.args(["check", "--config.file", path]);
        command.args(account.map(|name| format!("--account={name}")));
        let output = output(command).await;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(says), "{says}: {said}");
    }
}

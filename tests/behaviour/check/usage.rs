//! How it is called, and where.

use super::check;
use crate::fixture::{
    assert_says, clean_command, command, finished, on_terminal, secret_files, simulator,
};

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
        let ended = check("http://127.0.0.1:1", options, &[]).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert_says(&ended.errors, &[says]);
        assert_eq!(ended.output, "");
    }
}

#[tokio::test]
async fn colour_only_on_a_terminal_that_takes_it() {
    let simulator = simulator().await;
    let files = secret_files();
    let check = command("check", &simulator.url(), files.path());
    for (name, value, has_colour) in [
        // An empty one counts as unset.
        ("NO_COLOR", "", true),
        ("TERM", "xterm", true),
        ("NO_COLOR", "1", false),
        ("TERM", "dumb", false),
    ] {
        let mut terminal = on_terminal(&check);
        terminal.env(name, value);
        let said = finished(terminal).await.said();
        assert_says(&said, &["All worked."]);
        assert_eq!(said.contains("\u{1b}[32mok"), has_colour, "{said}");
        assert_eq!(said.contains('\u{1b}'), has_colour, "{said}");
    }
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
        let ended = finished(command).await;
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert_says(&ended.said(), &[says]);
    }
}

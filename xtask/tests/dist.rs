//! What is installed beside the program tells all of it, and of this version.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use eightxeight_exporter::cli::command;
use eightxeight_exporter::config::options::OPTIONS;

/// What `cargo xtask dist` writes.
static FILES: LazyLock<PathBuf> = LazyLock::new(|| {
    let files = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dist");
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let status = xtask.arg("dist").arg(&files).status().unwrap();
    assert!(status.success());
    files
});

fn file(name: &str) -> String {
    std::fs::read_to_string(FILES.join(name)).unwrap()
}

/// The commands, each with its options.
fn commands() -> Vec<(String, Vec<String>)> {
    let command = command();
    let commands = command.get_subcommands().map(|subcommand| {
        let options = subcommand.get_arguments().filter_map(|one| one.get_long());
        let options = options.map(str::to_owned).collect();
        (subcommand.get_name().to_owned(), options)
    });
    commands.collect()
}

/// Whether `name` stands in `text` with nothing after it that would make it another name.
fn names(text: &str, name: &str) -> bool {
    let continues = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    text.split(name)
        .skip(1)
        .any(|rest| !rest.starts_with(continues))
}

#[test]
fn the_manual_page_has_every_command_option_and_variable() {
    let page = file("man/eightxeight-exporter.1").replace("\\-", "-");
    for (command, options) in commands() {
        assert!(
            page.contains(&format!(".TP\n\\fB{command}\\fR\n")),
            "{command}"
        );
        for option in options {
            let told = page.matches(&format!(".TP\n\\fB--{option}\\fR")).count();
            // Those of two commands are told for each.
            let expected = match option.as_str() {
                "account" | "format" => 2,
                _ => 1,
            };
            assert_eq!(told, expected, "--{option}");
        }
    }
    for section in [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "COMMANDS",
        "OPTIONS",
        "ENVIRONMENT",
        "FILES",
        "SIGNALS",
        "EXIT STATUS",
        "SECURITY",
        "EXAMPLES",
        "SEE ALSO",
    ] {
        let heading = [
            format!("\n.SH {section}\n"),
            format!("\n.SH \"{section}\"\n"),
        ];
        assert!(
            heading.iter().any(|heading| page.contains(heading)),
            "{section}"
        );
    }
    let typed = OPTIONS
        .iter()
        .filter(|option| !option.file_only && !option.is_switch());
    for option in typed {
        let text = page.split(&format!("\\fB{}\\fR", option.flag())).nth(1);
        let text = text.unwrap().split(".TP").next().unwrap();
        assert!(text.contains(option.default), "{}", option.flag());
    }
    assert!(page.contains(&format!(
        "eightxeight-exporter {}",
        env!("CARGO_PKG_VERSION")
    )));
}

#[test]
fn the_shells_complete_every_command_and_option() {
    let bash = file("completions/eightxeight-exporter.bash");
    let zsh = file("completions/_eightxeight-exporter");
    let fish = file("completions/eightxeight-exporter.fish");
    for (command, options) in commands() {
        let bash = bash
            .split(&format!("eightxeight__exporter__subcmd__{command})\n"))
            .nth(1)
            .and_then(|rest| rest.split("\n            ;;\n        eightxeight").next())
            .unwrap_or_else(|| panic!("bash: {command}"));
        let zsh = zsh
            .split(&format!("({command})\n_arguments"))
            .nth(1)
            .and_then(|rest| rest.split("\n;;\n").next())
            .unwrap_or_else(|| panic!("zsh: {command}"));
        let seen = format!("_using_subcommand {command}\"");
        let fish: Vec<_> = fish.lines().filter(|line| line.contains(&seen)).collect();
        let fish = fish.join("\n");
        for option in options {
            let flag = format!("--{option}");
            assert!(names(bash, &flag), "bash: {command} {flag}");
            assert!(names(zsh, &flag), "zsh: {command} {flag}");
            assert!(
                names(&fish, &format!("-l {option}")),
                "fish: {command} {flag}"
            );
        }
    }
}

#[test]
fn bash_offers_what_fits() {
    let script = FILES.join("completions/eightxeight-exporter.bash");
    let ask = r#"
        . "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        function=$(complete -p "$1" | sed 's/.* -F \([^ ]*\) .*/\1/')
        "$function" "$1" "${@: -1}" "${@: -2:1}" 2>/dev/null
        echo "${COMPREPLY[*]}""#;
    for (typed, offered) in [
        (["backf"].as_slice(), "backfill"),
        (&["--api.ke"], "--api.key-file"),
        (&["check", "--api.ke"], "--api.key-file"),
        (&["backfill", "--res"], "--resume"),
        (&["demo", "--demo.s"], "--demo.scenario"),
        (&["serve", "--config.file", "Cargo.to"], "Cargo.toml"),
    ] {
        let mut bash = Command::new("bash");
        bash.current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["-c", ask, "bash"])
            .arg(&script)
            .arg("eightxeight-exporter")
            .args(typed);
        let output = bash.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.trim(), offered, "{typed:?}");
    }
}

#[test]
fn the_changelog_is_of_this_version() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let changelog = std::fs::read_to_string(root.join("CHANGELOG.md")).unwrap();
    let newest = changelog
        .lines()
        .find_map(|line| line.strip_prefix("## [")?.split_once("] - "));
    let (version, day) = newest.expect("a release");
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    assert!(day.parse::<jiff::civil::Date>().is_ok(), "{day}");
    // What Debian shows of it.
    let debian = file("debian-changelog");
    assert!(debian.starts_with(&format!("eightxeight-exporter ({version}-1) ")));
}

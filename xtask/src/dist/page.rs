//! The manual page.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use eightxeight_exporter::cli::command;

use super::NAME;
use super::changelog;
use super::options::{groups, taken};

/// A term and what is said about it.
type Entry<'a> = (&'a str, &'a str);

const DESCRIPTION: [&str; 3] = [
    "8x8's Work Analytics has a Company Summary: for each PBX, the phone system of a company, 41 numbers on the calls of a \
     period, such as inbound, answered, abandoned and missed calls and talk time. The exporter asks for it and serves each \
     number as a gauge on http://localhost:10888/metrics; http://localhost:10888/ is a page for people.",
    "By default 8x8 is asked when Prometheus scrapes, once for each window and at most once in 50 seconds, however many \
     scrape. While 8x8 fails, eightxeight_up is 0 and the last good answer is served for ten minutes; then its series are \
     left out.",
    "It needs an API key and the name and the password of a user with access to Work Analytics. That user has to open \
     Analytics for Work in a browser once before the API answers.",
];

const OPTIONS: &str = "Options stand after the command. A switch also takes =false, to overrule the environment or the \
     configuration file. Durations are written as 90s, 15m or 1h 30m; a repeatable option takes several values, separated by \
     commas.";

const ENVIRONMENT: [Entry; 5] = [
    (
        "EIGHTXEIGHT_*",
        "Each option can also be set by environment, --collect.interval as EIGHTXEIGHT_COLLECT_INTERVAL, but for those of one \
         command alone. An option on the command line beats the environment, which beats the configuration file.",
    ),
    (
        "EIGHTXEIGHT_API_KEY",
        "The API key itself, in place of --api.key-file.",
    ),
    (
        "EIGHTXEIGHT_API_PASSWORD",
        "The password itself, in place of --api.password-file.",
    ),
    (
        "HTTPS_PROXY, NO_PROXY",
        "The proxy to 8x8, and what is reached without it. demo and health use none.",
    ),
    ("NO_COLOR", "Keeps check from colouring what it says."),
];

const FILES: [Entry; 4] = [
    (
        "/etc/eightxeight-exporter/environment",
        "Variables for the systemd service, as above.",
    ),
    (
        "/etc/eightxeight-exporter/secrets/",
        "What the systemd service hands to the exporter, one secret in each file: api-key, username, password. They belong to \
         root, mode 0600.",
    ),
    (
        "/etc/eightxeight-exporter/config.yml",
        "Where the documentation puts the file of --config.file. Nothing reads it unless it is named.",
    ),
    (
        "/usr/share/doc/eightxeight-exporter/",
        "The documentation, rules for Prometheus, dashboards for Grafana, and examples.",
    ),
];

const SIGNALS: [Entry; 2] = [
    (
        "SIGHUP",
        "Reads the configuration file again. A bad one changes nothing; the log says why.",
    ),
    (
        "SIGTERM, SIGINT",
        "Answers the scrapes that wait and ends, within 5 s.",
    ),
];

const EXIT_STATUS: [Entry; 3] = [
    (
        "0",
        "Done; for check, that all worked; for health, that the exporter is healthy.",
    ),
    ("1", "Failed while running."),
    (
        "2",
        "Wrong usage or configuration: nothing was started. All that is wrong is told at once.",
    ),
];

const SECURITY: [&str; 3] = [
    "No option takes a secret as its value. A file with a secret is read again at each login, without its trailing line end; \
     let only the exporter's user read it. A variable of the environment can be read in /proc by that user and root.",
    "No secret, token or user name stands in a log, a page, a metric or an error. The numbers of calls and the PBXs' names can \
     be read by whoever reaches the port, unless --web.config.file sets up TLS and users.",
    "8x8 locks a user out after a few bad logins. After a refused one the exporter doesn't try the same credentials again for \
     15 minutes, then 30, and so on up to a day.",
];

const EXAMPLES: [Entry; 4] = [
    (
        "See it with the numbers of a simulated 8x8:",
        "eightxeight-exporter demo",
    ),
    (
        "Try the way to 8x8 before anything is deployed:",
        "eightxeight-exporter check --api.key-file key.txt --api.username analytics@example.org --api.password-file password.txt",
    ),
    (
        "Serve, with days that begin at midnight in London:",
        "eightxeight-exporter --api.key-file key.txt --api.username analytics@example.org --api.password-file password.txt \
         --collect.time-zone Europe/London",
    ),
    (
        "Start the service once the secrets are in place:",
        "systemctl enable --now eightxeight-exporter",
    ),
];

const SEE_ALSO: [(&str, &str); 4] = [
    ("prometheus", "1"),
    ("promtool", "1"),
    ("systemctl", "1"),
    ("systemd.exec", "5"),
];

/// The page.
pub(super) fn text() -> String {
    let command = command();
    let groups = groups(&command);
    let mut page = Page(head(&command));

    page.section("SYNOPSIS", |roff| {
        for (n, subcommand) in command.get_subcommands().enumerate() {
            if n > 0 {
                roff.control("br", []);
            }
            let name = subcommand.get_name();
            let name = match name {
                "serve" => vec![roman("["), bold(name), roman("]")],
                _ => vec![bold(name)],
            };
            let options = [roman(" ["), italic("OPTION"), roman("]...")];
            roff.text([vec![bold(NAME), roman(" ")], name, options.into()].concat());
        }
    });
    page.section("DESCRIPTION", |roff| paragraphs(roff, &DESCRIPTION));
    page.section("COMMANDS", |roff| {
        for subcommand in command.get_subcommands() {
            term(roff, [bold(subcommand.get_name())]);
            let about = subcommand.get_about().map(ToString::to_string);
            let taken = taken(subcommand, &groups);
            roff.text([roman(format!("{}.", about.unwrap_or_default()))]);
            roff.control("br", []);
            roff.text([roman(format!("Options: {}.", taken.join("; ")))]);
        }
    });
    page.section("OPTIONS", |roff| {
        paragraphs(roff, &[OPTIONS]);
        term(roff, [bold("-h"), roman(", "), bold("--help")]);
        roff.text([roman("Print help, also on one command.")]);
        term(roff, [bold("-V"), roman(", "), bold("--version")]);
        roff.text([roman(
            "Print version, revision and compiler; without a command.",
        )]);
    });
    for group in &groups {
        page.subsection(&group.heading, &group.roff());
    }
    page.section("ENVIRONMENT", |roff| entries(roff, &ENVIRONMENT));
    page.section("FILES", |roff| entries(roff, &FILES));
    page.section("SIGNALS", |roff| entries(roff, &SIGNALS));
    page.section("EXIT STATUS", |roff| entries(roff, &EXIT_STATUS));
    page.section("SECURITY", |roff| paragraphs(roff, &SECURITY));
    page.section("EXAMPLES", |roff| {
        for (n, (what, typed)) in EXAMPLES.into_iter().enumerate() {
            if n > 0 {
                roff.control("PP", []);
            }
            roff.text([roman(what)]);
            roff.control("IP", []);
            roff.text([bold(typed)]);
        }
    });
    page.section("SEE ALSO", |roff| {
        let last = SEE_ALSO.len() - 1;
        for (n, (name, section)) in SEE_ALSO.into_iter().enumerate() {
            let end = if n == last { "" } else { "," };
            roff.text([bold(name), roman(format!("({section}){end}"))]);
        }
    });
    page.0
}

/// The title and NAME.
fn head(command: &Command) -> String {
    let release = changelog::newest();
    let page = Man::new(command.clone())
        .title(NAME.to_uppercase())
        .date(release.date)
        .source(format!("{NAME} {}", release.version))
        .manual("User Commands");
    let mut text = Vec::new();
    // Writing to memory doesn't fail.
    let _ = page.render_title(&mut text);
    let _ = page.render_name_section(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The page so far.
struct Page(String);

impl Page {
    fn section(&mut self, heading: &str, write: impl FnOnce(&mut Roff)) {
        let mut roff = Roff::new();
        roff.control("SH", [heading]);
        write(&mut roff);
        self.0.push_str(&roff.to_roff());
    }

    fn subsection(&mut self, heading: &str, text: &str) {
        let mut roff = Roff::new();
        roff.control("SS", [heading]);
        self.0.push_str(&roff.to_roff());
        self.0.push_str(text);
    }
}

fn paragraphs(roff: &mut Roff, texts: &[&str]) {
    for (n, text) in texts.iter().enumerate() {
        if n > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*text)]);
    }
}

fn entries(roff: &mut Roff, entries: &[Entry]) {
    for (name, text) in entries {
        term(roff, [bold(*name)]);
        roff.text([roman(*text)]);
    }
}

fn term(roff: &mut Roff, term: impl Into<Vec<Inline>>) {
    roff.control("TP", []);
    roff.text(term);
}

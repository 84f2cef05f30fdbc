//! Tells the program which commit and compiler it was built from.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=EIGHTXEIGHT_REVISION");
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/logs/HEAD");
    // An image is built without .git: it hands the revision over.
    let given = std::env::var("EIGHTXEIGHT_REVISION")
        .ok()
        .filter(|text| !text.is_empty());
    let revision = given.or_else(|| output("git", &["rev-parse", "--short=12", "HEAD"]));
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = output(&compiler, &["--version"]);
    let version = version.as_deref().and_then(|text| text.split(' ').nth(1));
    println!(
        "cargo::rustc-env=EIGHTXEIGHT_BUILD_REVISION={}",
        revision.as_deref().unwrap_or("unknown")
    );
    println!(
        "cargo::rustc-env=EIGHTXEIGHT_BUILD_RUSTVERSION={}",
        version.unwrap_or("unknown")
    );
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| output.status.success() && !text.is_empty())
}

//! Tells the program which commit and compiler it was built from, and packs the dashboards for it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=EIGHTXEIGHT_REVISION");
    // Cargo runs this at every build when a path that it watches isn't there: in a linked worktree `.git` is a file, in
    // a tarball there is none.
    if let Some(directory) = output("git", &["rev-parse", "--git-dir"]) {
        for file in ["HEAD", "logs/HEAD"].map(|name| Path::new(&directory).join(name)) {
            if file.exists() {
                println!("cargo::rerun-if-changed={}", file.display());
            }
        }
    }
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
    let output = std::env::var("OUT_DIR").map_err(io::Error::other)?;
    for name in ["overview", "pbx", "exporter"] {
        pack(&format!("grafana/dashboards/{name}.json"), &output)?;
    }
    Ok(())
}

/// Plain, the dashboards would be a fortieth of the program.
fn pack(file: &str, into: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed={file}");
    let name = Path::new(file).file_name().unwrap_or_default();
    let target = Path::new(into).join(name).with_extension("json.gz");
    let mut packer = GzEncoder::new(File::create(target)?, Compression::best());
    io::copy(&mut File::open(file)?, &mut packer)?;
    packer.finish()?;
    Ok(())
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| output.status.success() && !text.is_empty())
}

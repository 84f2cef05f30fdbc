//! The fuzzer's seeds, replayed without a fuzzer.

use std::path::{Path, PathBuf};

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 8] = [
    ("accept", targets::accept),
    ("answer", targets::answer),
    ("config_file", targets::config_file),
    ("error_body", targets::error_body),
    ("proxy", targets::proxy),
    ("retry_after", targets::retry_after),
    ("web_config", targets::web_config),
    ("window", targets::window),
];

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(folder);
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn each_seed_keeps_its_promises() {
    for (name, target) in TARGETS {
        let seeds = files(&format!("seeds/{name}"));
        assert!(seeds.len() >= 5, "{name}");
        for path in seeds {
            let seed = std::fs::read(&path).unwrap();
            if let Err(panic) = std::panic::catch_unwind(|| target(&seed)) {
                println!("{} broke a promise", path.display());
                std::panic::resume_unwind(panic);
            }
        }
    }
}

#[test]
fn each_target_is_fuzzed() {
    let names = TARGETS.map(|(name, _)| name);
    let fuzzed = files("fuzz_targets");
    assert!(
        fuzzed
            .iter()
            .map(|path| path.file_stem().unwrap())
            .eq(names)
    );
    let makefile = include_str!("../../Makefile");
    let line = format!("FUZZ_TARGETS = {}", names.join(" "));
    assert!(makefile.lines().any(|found| found == line), "{line}");
}

//! The fuzzer's seeds, replayed without a fuzzer.

use std::path::Path;

#[path = "../../fuzz/targets.rs"]
mod targets;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(name);
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        target(&std::fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count >= 3, "{name}: {count} seeds");
}

#[test]
fn each_seed_keeps_its_promises() {
    replay("answer", targets::answer);
    replay("error_body", targets::error_body);
    replay("accept", targets::accept);
    replay("window", targets::window);
    replay("config_file", targets::config_file);
}

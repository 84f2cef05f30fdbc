//! The order of the rooms in `src/`: each uses only those below it. Between crates the compiler sees to that.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

/// From top to bottom. Rooms on one line may not use each other.
const ROOMS: [&[&str]; 10] = [
    &["main", "lib", "cli"],
    &["app"],
    &["web", "commands"],
    &["exporter"],
    &["account"],
    &["config"],
    &["telemetry"],
    &["collect"],
    &["page"],
    &["names"],
];

/// The room of a file, and the rooms that it uses.
fn used(path: &Path) -> (String, Vec<String>) {
    let inside = path.strip_prefix("src").unwrap();
    let first = inside.iter().next().unwrap().to_str().unwrap();
    let text = fs::read_to_string(path).unwrap();
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut rooms = Vec::new();
    for line in product
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        for after in line.split("crate::").skip(1) {
            let list = after
                .strip_prefix('{')
                .and_then(|list| list.split('}').next());
            let paths = list.map_or(vec![after], |list| list.split(", ").collect());
            let name = |path: &str| path.chars().take_while(char::is_ascii_lowercase).collect();
            rooms.extend(paths.into_iter().map(name));
        }
    }
    (first.trim_end_matches(".rs").to_owned(), rooms)
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            files(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            into.push(path);
        }
    }
}

fn level(room: &str) -> Option<usize> {
    ROOMS.iter().position(|rooms| rooms.contains(&room))
}

#[test]
fn each_room_uses_only_those_below_it() {
    let mut all = Vec::new();
    files(Path::new("src"), &mut all);
    assert!(all.len() > 30, "{all:?}");
    for path in all {
        let (room, used) = used(&path);
        let own = level(&room).unwrap_or_else(|| panic!("{room} has no place in the order"));
        for other in used.into_iter().filter(|other| *other != room) {
            let is_below = level(&other).is_some_and(|other| other > own);
            assert!(is_below, "{} uses {other}", path.display());
        }
    }
}

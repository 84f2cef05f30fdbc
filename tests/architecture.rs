//! The order of the rooms in `src/`: each uses only those below it. And in no crate does a file lead back to itself
//! through those that it uses. Between crates the compiler sees to that.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

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

/// The modules of a crate, such as `web::status`, each with the paths that it names below `crate` and `super`.
type Modules = BTreeMap<String, Vec<String>>;

fn modules(folder: &str) -> Modules {
    let mut modules = Modules::new();
    add(Path::new(folder), "", &mut modules);
    modules
}

fn add(folder: &Path, above: &str, modules: &mut Modules) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let module = match name {
            "mod" => above.to_owned(),
            "tests" => continue,
            _ => format!("{above}::{name}"),
        };
        if path.is_dir() {
            add(&path, &module, modules);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            modules.insert(module.clone(), paths(&module, &text));
        }
    }
}

fn paths(module: &str, text: &str) -> Vec<String> {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = product.lines().map(str::trim);
    let code: Vec<_> = lines.filter(|line| !line.starts_with("//")).collect();
    let code = code.join(" ");
    let above = module.rsplit_once("::").map_or("", |(above, _)| above);
    let below = |word, base: &str| {
        let ends = |letter: char| !(letter.is_alphanumeric() || "_:".contains(letter));
        let path = |name: &str| format!("{base}::{}", name.trim().split(ends).next().unwrap());
        let after = code.split(word).skip(1);
        let named = after.flat_map(|after| match after.strip_prefix('{') {
            Some(list) => list
                .split('}')
                .next()
                .unwrap()
                .split(',')
                .map(path)
                .collect(),
            None => vec![path(after)],
        });
        named.collect::<Vec<_>>()
    };
    [below("crate::", ""), below("super::", above)].concat()
}

/// The modules that one uses, other than itself and those that it is in.
fn used<'m>(module: &str, modules: &'m Modules) -> Vec<&'m str> {
    let is_in = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let named = |path: &String| {
        let names = modules.keys().filter(|name| is_in(path, name));
        names.max_by_key(|name| name.len())
    };
    let used = modules[module].iter().filter_map(named);
    used.filter(|name| !is_in(module, name))
        .map(String::as_str)
        .collect()
}

fn level(module: &str) -> usize {
    let room = module.split("::").nth(1).unwrap();
    let level = ROOMS.iter().position(|rooms| rooms.contains(&room));
    level.unwrap_or_else(|| panic!("{room} has no place in the order"))
}

#[test]
fn each_room_uses_only_those_below_it() {
    let modules = modules("src");
    assert!(modules.len() > 30, "{modules:?}");
    for module in modules.keys() {
        let room = |name: &str| name.split("::").nth(1).map(str::to_owned);
        let others = used(module, &modules).into_iter();
        for other in others.filter(|other| room(other) != room(module)) {
            assert!(level(other) > level(module), "{module} uses {other}");
        }
    }
}

#[test]
fn no_file_leads_back_to_itself() {
    for folder in [
        "src",
        "crates/eightxeight/src",
        "crates/eightxeight-simulator/src",
        "crates/exporter-toolkit/src",
        "crates/exposition/src",
    ] {
        let modules = modules(folder);
        let mut left: Vec<_> = modules
            .keys()
            .map(|name| (&**name, used(name, &modules)))
            .collect();
        // Whoever uses nothing that is left is in no circle.
        while let Some(free) = left.iter().position(|(_, used)| {
            used.iter()
                .all(|other| left.iter().all(|(name, _)| name != other))
        }) {
            left.remove(free);
        }
        assert!(
            left.is_empty(),
            "{folder}: some of these lead back to themselves: {left:?}"
        );
    }
}

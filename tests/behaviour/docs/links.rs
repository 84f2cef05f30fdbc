//! Where links lead.

use std::path::Path;

use super::document::{Document, root};

#[test]
fn every_link_leads_somewhere() {
    let documents = Document::all();
    let mut links = 0;
    for document in &documents {
        let inside = document.links.iter();
        for target in inside.filter(|target| !target.starts_with("http")) {
            links += 1;
            let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
            let folder = Path::new(&document.name).parent().unwrap();
            let file = if path.is_empty() {
                root().join(&document.name)
            } else {
                root().join(folder).join(path)
            };
            let file = file
                .canonicalize()
                .unwrap_or_else(|error| panic!("{}: {target}: {error}", document.name));
            if !fragment.is_empty() {
                let same = |one: &&Document| root().join(&one.name).canonicalize().unwrap() == file;
                let there = documents.iter().find(same);
                let anchors = there.map_or(&[][..], |there| &there.anchors);
                assert!(
                    anchors.iter().any(|anchor| anchor == fragment),
                    "{}: {target}: the headings there are {anchors:?}",
                    document.name
                );
            }
        }
    }
    assert!(links > 30, "{links} links");
}

#[test]
fn the_readme_leads_to_every_page() {
    let documents = Document::all();
    let readme = documents
        .iter()
        .find(|one| one.name == "README.md")
        .unwrap();
    for document in &documents {
        let name = &document.name;
        assert!(
            name == "README.md" || readme.links.contains(name),
            "README.md has no link to {name}"
        );
    }
}

//! The arrows of `ARCHITECTURE.md`: no room of `src/` uses one above it.

use std::path::Path;

/// A room and the rooms it may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &[]),
    ("crash", &[]),
    ("signing", &[]),
    ("regimes", &["domain"]),
    ("connectors", &["domain", "clock"]),
    ("datamap", &["domain", "connectors"]),
    ("store", &["domain", "clock", "crash"]),
    ("mail", &["domain"]),
    ("packaging", &["domain", "connectors", "crash", "clock"]),
    ("sign_in", &["domain"]),
    ("sending", &["domain", "signing"]),
    ("fulfilment", &["domain", "connectors", "datamap", "crash", "clock"]),
    ("config", &["domain", "connectors", "mail"]),
    (
        "usecases",
        &[
            "domain",
            "clock",
            "crash",
            "regimes",
            "connectors",
            "datamap",
            "store",
            "mail",
            "packaging",
            "fulfilment",
            "signing",
            "sign_in",
            "sending",
        ],
    ),
    ("web", &["domain", "fulfilment", "sign_in", "signing", "store", "usecases"]),
    ("worker", &["connectors", "domain", "fulfilment", "store", "usecases"]),
];

#[test]
fn the_arrows_run_downwards() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut files = 0;
    for (room, allowed) in ROOMS {
        for file in rust_files(&src, room) {
            files += 1;
            let text = std::fs::read_to_string(&file).unwrap();
            // What a file's tests use is theirs.
            let text = text.split("#[cfg(test)]\nmod").next().unwrap();
            for used in text.split("crate::").skip(1) {
                let name: String = used.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                let known = ROOMS.iter().any(|(other, _)| *other == name) || name == "cli";
                if known && name != *room && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{} uses {name}", file.strip_prefix(&src).unwrap().display()));
                }
            }
        }
    }
    assert!(files > 100, "the rooms were found: {files} files");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The tests that `CONTRIBUTING.md` names for what the peer gets wrong are there.
#[test]
fn the_tests_against_the_peers_defects_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let lines = table.lines().skip_while(|line| !line.starts_with("| the peer")).skip(2);
    let named: Vec<&str> = lines
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| line.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2))
        .collect();
    assert!(named.len() > 9, "{named:?}");
    let files = rust_files(root, "tests");
    let tests: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let there = |name: &&&str| tests.contains(&format!("fn {name}(")) || root.join(name).exists();
    let missing: Vec<&&str> = named.iter().filter(|name| !there(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// In the room where a person's rows are found: the search knows nothing of what is done with it, and what is done nothing of
/// what else is.
#[test]
fn export_erasure_and_correction_stand_beside_each_other_on_the_search() {
    const PARTS: [&str; 4] = ["search", "export", "erasure", "correction"];
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for part in PARTS {
        let files = rust_files(&src, &format!("fulfilment/{part}"));
        assert!(files.len() > 2, "{part} was found");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for other in PARTS.iter().filter(|other| **other != part && **other != "search") {
                assert!(!text.contains(&format!("super::{other}")), "{} uses {other}", file.display());
            }
        }
    }
}

/// The files of a room, tests left out.
pub fn rust_files(src: &Path, room: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![src.join(room)];
    let file = src.join(format!("{room}.rs"));
    found.extend(file.exists().then_some(file));
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }
    found
}

//! The rules of the house, checked by reading the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may import besides itself. `ARCHITECTURE.md` shows the same table.
const ROOMS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("engine", &["base"]),
    ("model", &["base"]),
    ("store", &["base", "model"]),
    ("actor", &["base", "model", "store", "api"]),
    ("api", &["base", "model", "store", "actor", "manifest"]),
    ("manifest", &["base", "model", "store", "api", "actor"]),
    ("scheduler", &["base", "model", "store", "api", "actor", "manifest"]),
    ("controllers", &["base", "model", "store", "api", "actor"]),
    ("kubelet", &["base", "model", "store", "api", "actor"]),
    ("network", &["base", "model", "store", "api", "actor"]),
    ("faults", &["base", "model", "store", "actor"]),
    ("kubectl", &["base", "model", "store", "api", "actor", "manifest"]),
    ("metrics", &["base", "model", "store", "actor", "api", "manifest"]),
    ("report", &["base", "metrics"]),
    ("workload", &["base", "model"]),
    (
        "scenario",
        &[
            "base",
            "model",
            "store",
            "api",
            "actor",
            "manifest",
            "kubectl",
            "kubelet",
            "scheduler",
            "controllers",
            "faults",
            "metrics",
            "network",
            "workload",
            "sim",
        ],
    ),
    ("lab", &["base", "model", "store", "actor", "manifest", "scheduler", "metrics", "scenario", "report", "workload", "world"]),
    ("check", &["base", "engine", "model", "store", "api", "actor", "manifest", "controllers", "faults", "scenario", "sim", "world"]),
    ("sim.rs", &["base", "engine", "model", "store", "api", "actor"]),
    ("sim", &["base", "engine", "model", "store", "api", "actor"]),
];

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

/// The part of a file that is not a test.
fn code(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

/// Lines without comments.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    code(text).lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn room_of(path: &Path) -> String {
    let inside = relative(path);
    let inside = inside.strip_prefix("src/").unwrap();
    inside.split('/').next().unwrap().to_string()
}

fn is_test_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs" || name == "roundtrip.rs" || name == "testing.rs")
}

#[test]
fn rooms_import_what_they_may() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> = ROOMS.iter().map(|(room, may)| (*room, may.iter().copied().collect())).collect();
    let mut faults = Vec::new();
    for path in sources(&root().join("src")) {
        let room = room_of(&path);
        let Some(may) = allowed.get(room.as_str()).filter(|_| !is_test_file(&path)) else { continue };
        let text = fs::read_to_string(&path).unwrap();
        for line in lines(&text) {
            for part in line.split("crate::").skip(1) {
                let names: Vec<&str> = match part.strip_prefix('{') {
                    Some(list) => list.split(',').map(str::trim).collect(),
                    None => vec![part],
                };
                for name in names {
                    let other: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    let is_room = root().join("src").join(&other).is_dir() || other == "sim" || other == "world";
                    if is_room && other != room && !may.contains(other.as_str()) {
                        faults.push(format!("{}: {room} may not import {other}", relative(&path)));
                    }
                }
            }
        }
    }
    faults.dedup();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_the_api_commits() {
    for path in sources(&root().join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        let room = room_of(&path);
        if room != "api" && room != "store" && !is_test_file(&path) {
            assert!(
                !lines(&text).any(|line| line.contains(".commit(at") || line.contains("store.commit(")),
                "{} commits to the store",
                relative(&path)
            );
        }
    }
}

#[test]
fn worlds_are_closed() {
    let inside = [
        "base",
        "engine",
        "model",
        "store",
        "actor",
        "api",
        "scheduler",
        "controllers",
        "kubelet",
        "faults",
        "kubectl",
        "network",
        "metrics",
        "sim.rs",
        "sim",
    ];
    let forbidden = [
        "std::fs",
        "std::env",
        "std::net::Tcp",
        "std::net::Udp",
        "Instant::now",
        "SystemTime",
        "thread_rng",
        "rand::rng()",
        "std::process",
    ];
    for path in sources(&root().join("src")) {
        if !inside.contains(&room_of(&path).as_str()) || is_test_file(&path) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for word in forbidden {
            assert!(!lines(&text).any(|line| line.contains(word)), "{} uses {word}", relative(&path));
        }
    }
}

#[test]
fn files_say_what_they_are_and_stay_small() {
    const LINES_MAX: usize = 800;
    let mut faults = Vec::new();
    for dir in ["src", "tests", "benches"] {
        if !root().join(dir).exists() {
            continue;
        }
        for path in sources(&root().join(dir)) {
            let text = fs::read_to_string(&path).unwrap();
            if !text.starts_with("//!") {
                faults.push(format!("{} does not begin with what it is", relative(&path)));
            }
            if text.lines().count() > LINES_MAX {
                faults.push(format!("{} has more than {LINES_MAX} lines", relative(&path)));
            }
            for mark in ["TODO", "FIXME", "todo!(", "unimplemented!(", "#[ignore]"] {
                let here = path.file_name().is_some_and(|name| name == "tidy.rs");
                if !here && text.contains(mark) {
                    faults.push(format!("{} holds a left-over {mark}", relative(&path)));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_incident_has_its_source_its_question_and_two_halves() {
    const INCIDENTS_MIN: usize = 11;
    let told = fs::read_to_string(root().join("docs/incidents.md")).unwrap();
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root().join("scenarios/incidents")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= INCIDENTS_MIN, "{folders:?}");
    for folder in folders {
        let name = relative(&folder);
        let [broken, fixed] = ["broken", "fixed"].map(|half| {
            let text = fs::read_to_string(folder.join(half).with_extension("yaml")).unwrap();
            let line = |start: &str| text.lines().find_map(|line| line.trim_start().strip_prefix(start)).unwrap_or_default().to_string();
            assert!(line("name: ").starts_with("incident-") && line("name: ").ends_with(half), "{name}: a name that says what it is");
            assert!(line("question: ").ends_with('?'), "{name}: a question for a class");
            assert!(
                line("Source: ").starts_with("https://") && told.contains(&line("Source: ")),
                "{name}: a source, here and in the table"
            );
            assert!(!line("Simplified: ").is_empty(), "{name}: what is simplified");
            assert!(
                told.contains(&format!("kubesim run {name}/{half}.yaml")),
                "docs/incidents.md does not show how to run {name}/{half}.yaml"
            );
            text
        });
        assert!(
            broken.contains("  What happened: ") && broken.contains("  Look at: ") && !broken.contains("  Answer: "),
            "{name}/broken.yaml"
        );
        assert!(fixed.contains("  Answer: "), "{name}/fixed.yaml has no answer");
        let demands = |text: &str| text.split_once("\nexpect:\n").unwrap_or_else(|| panic!("{name} expects nothing")).1.to_string();
        assert_eq!(demands(&broken), demands(&fixed), "{name}: one expectation for both halves");
    }
}

#[test]
fn every_plugin_and_scenario_is_documented_and_tested() {
    let fidelity = fs::read_to_string(root().join("docs/fidelity.md")).unwrap();
    for path in sources(&root().join("src/scheduler/plugins")) {
        let text = fs::read_to_string(&path).unwrap();
        for name in text.split("pub const NAME: &str = \"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(fidelity.contains(name), "docs/fidelity.md does not say how {name} is modelled");
        }
    }
    for scenario in fs::read_dir(root().join("scenarios/weather")).unwrap() {
        let path = scenario.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            let name = text.lines().find_map(|line| line.strip_prefix("name: ")).unwrap();
            let golden = root().join("tests/golden/scenarios").join(format!("{}.txt", name.trim()));
            assert!(golden.exists(), "{} has no golden", relative(&path));
        }
    }
}

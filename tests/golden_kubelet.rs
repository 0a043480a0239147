//! Replays what a real kubelet 1.37 did over a scripted container runtime, and compares fact by fact.
//!
//! `tests/golden/kubelet/cases.json.gz` holds for each scenario its manifest, its script and the facts on which three recorded
//! runs agree. `KUBESIM_GOLDEN_KUBELET` names a folder of scenarios in their original form instead; `KUBESIM_ONLY` picks some by
//! their beginning and prints what differs.

mod golden {
    pub mod kubelet_facts;
    pub mod kubelet_world;
}

use golden::{kubelet_facts, kubelet_world};
use serde_json::Value;
use std::io::Read;
use std::path::Path;

/// Facts that must be equal; raised whenever more are.
const EQUAL_MIN: usize = 2_700;

struct Case {
    name: String,
    manifest: String,
    script: Value,
    facts: Value,
}

fn from_archive() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/kubelet/cases.json.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let Value::Object(cases) = serde_json::from_str(&text).unwrap() else { panic!("a map of cases") };
    let case = |(name, case): (String, Value)| Case {
        name,
        manifest: case["manifest"].as_str().unwrap().to_string(),
        script: case["script"].clone(),
        facts: case["expected"]["facts"].clone(),
    };
    cases.into_iter().map(case).collect()
}

fn from_folder(folder: &str) -> Vec<Case> {
    let mut names: Vec<String> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let read = |name: &str, file: &str| std::fs::read_to_string(Path::new(folder).join(name).join(file)).unwrap();
    let json = |name: &str, file: &str| -> Value { serde_json::from_str(&read(name, file)).unwrap() };
    names.retain(|name| Path::new(folder).join(name).join("script.json").exists());
    let case = |name: String| Case {
        manifest: read(&name, "manifest.yaml"),
        script: json(&name, "script.json"),
        facts: json(&name, "expected.json")["facts"].clone(),
        name,
    };
    names.into_iter().map(case).collect()
}

#[test]
fn the_recorded_kubelet() {
    let mut cases = match std::env::var("KUBESIM_GOLDEN_KUBELET") {
        Ok(folder) => from_folder(&folder),
        Err(_) => from_archive(),
    };
    let only = std::env::var("KUBESIM_ONLY").ok();
    if let Some(only) = &only {
        cases.retain(|case| case.name.starts_with(only));
    }
    let (mut equal, mut all) = (0, 0);
    for case in &cases {
        let record = kubelet_world::run(&case.name, &case.manifest, &case.script);
        let facts = kubelet_facts::reduce(&record);
        let outcome = kubelet_facts::compare(&case.name, &case.facts, &facts);
        println!("{:32} {:4} of {:4}", case.name, outcome.equal, outcome.all);
        for line in &outcome.differing {
            println!("    {line}");
        }
        (equal, all) = (equal + outcome.equal, all + outcome.all);
    }
    println!("facts equal: {equal} of {all} in {} scenarios", cases.len());
    assert!(only.is_some() || equal >= EQUAL_MIN.min(all), "{equal} facts equal, at least {EQUAL_MIN} were before");
}

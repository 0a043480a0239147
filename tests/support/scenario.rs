//! Scenarios of the recordings: from a folder, or from the selection that this project carries.

use flate2::read::GzDecoder;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// One scenario.
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Its manifest, YAML.
    pub manifest: String,
    /// Its actions.
    pub actions: Value,
    /// The facts that all recordings share.
    pub facts: Value,
}

/// The scenarios of a folder: one folder each, or one compressed file of lines `{name, manifest, actions, facts}`.
pub fn load(folder: &Path) -> Vec<Scenario> {
    let packed = folder.join("scenarios.jsonl.gz");
    if packed.is_file() {
        let file = std::fs::File::open(&packed).expect("the packed scenarios");
        return BufReader::new(GzDecoder::new(file)).lines().map(|line| unpack(&line.expect("a line"))).collect();
    }
    let mut scenarios: Vec<Scenario> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .flatten()
        .filter(|entry| entry.path().join("actions.json").is_file())
        .map(|entry| read(&entry.path()))
        .collect();
    scenarios.sort_by(|a, b| a.name.cmp(&b.name));
    scenarios
}

fn unpack(line: &str) -> Scenario {
    let mut json: Value = serde_json::from_str(line).expect("a packed scenario");
    Scenario {
        name: json["name"].as_str().expect("name").into(),
        manifest: json["manifest"].as_str().expect("manifest").into(),
        actions: json["actions"].take(),
        facts: json["facts"].take(),
    }
}

fn read(folder: &Path) -> Scenario {
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let json = |name: &str| serde_json::from_str::<Value>(&text(name)).unwrap_or(Value::Null);
    Scenario {
        name: folder.file_name().expect("a name").to_string_lossy().into_owned(),
        manifest: text("manifest.yaml"),
        actions: json("actions.json"),
        facts: json("expected.json")["facts"].take(),
    }
}

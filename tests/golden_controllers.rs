//! Replays what a real control plane was recorded doing and compares the facts, scenario by scenario.
//!
//! `KUBESIM_GOLDEN_CONTROLLERS` names another folder of recordings, `KUBESIM_GOLDEN_ONLY` picks scenarios by a part of their
//! name, `KUBESIM_GOLDEN_VERBOSE=1` shows each fact that differs, `KUBESIM_GOLDEN_DIFF` names a file that gets the list of
//! them, `KUBESIM_SEED`, `KUBESIM_LATE_MS` and `KUBESIM_LATENCY_MS` (median and 99th percentile of a request's way and of a
//! watch's, `20,200,40,400`) give other runs, `KUBESIM_GOLDEN_OUT` names a folder for watch streams and results, and
//! `UPDATE=1` rewrites the table of how many facts are equal.

mod support;

use kubesim::base::{Dist, Span};
use kubesim::sim::Latency;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use support::facts::{Names, reduce, tracks};
use support::play::{NAMESPACE, Outcome, play};
use support::stream::{self, Line};
use support::typed;
use support::{compare::compare, scenario::load};

const HOME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/controllers");

/// How long a write of the recordings' kubelets takes at most: their machine was shared. A calibrated value, see
/// `docs/fidelity.md`.
const LATE: Span = Span::from_ms(30);

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Scenario to number of facts that are equal, as it is checked in.
fn table() -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(Path::new(HOME).join("equal.txt")).unwrap_or_default();
    let row = |line: &str| {
        let (name, counts) = line.split_once(' ')?;
        Some((name.to_string(), counts.split('/').next()?.trim().parse().ok()?))
    };
    text.lines().filter_map(row).collect()
}

/// The latencies asked for, else the simulator's own.
fn latency() -> Latency {
    let Some(text) = variable("KUBESIM_LATENCY_MS") else { return Latency::default() };
    let ms: Vec<Span> = text.split(',').map(|part| Span::from_ms(part.trim().parse().expect("milliseconds"))).collect();
    let [request, request_p99, watch, watch_p99] = ms[..] else { panic!("four numbers, not {text}") };
    Latency { request: Dist::LogNormal { p50: request, p99: request_p99 }, watch: Dist::LogNormal { p50: watch, p99: watch_p99 } }
}

fn write_out(folder: &Path, name: &str, outcome: &Outcome) {
    std::fs::create_dir_all(folder).expect("the folder for results");
    let stream: String = outcome.lines.iter().map(|line| line.to_json().to_string() + "\n").collect();
    std::fs::write(folder.join(format!("{name}.jsonl")), stream).expect("a stream");
    let results = json!({"manifest_results": outcome.manifest_results, "action_results": outcome.action_results});
    std::fs::write(folder.join(format!("{name}.results.json")), results.to_string()).expect("results");
}

#[test]
fn the_controllers_do_what_the_real_ones_did() {
    let folder = variable("KUBESIM_GOLDEN_CONTROLLERS").map_or(PathBuf::from(HOME), PathBuf::from);
    let (only, verbose, out) = (variable("KUBESIM_GOLDEN_ONLY"), variable("KUBESIM_GOLDEN_VERBOSE"), variable("KUBESIM_GOLDEN_OUT"));
    let table = table();
    let (mut equal_all, mut total_all, mut rows, mut worse, mut losses) = (0, 0, String::new(), Vec::new(), Vec::new());
    let mut different: Vec<String> = Vec::new();
    let late = variable("KUBESIM_LATE_MS").and_then(|text| text.parse().ok()).map_or(LATE, Span::from_ms);
    let latency = latency();
    let seed = variable("KUBESIM_SEED").and_then(|text| text.parse().ok()).unwrap_or(1);
    for scenario in load(&folder).into_iter().filter(|scenario| only.as_ref().is_none_or(|part| scenario.name.contains(part))) {
        // A scenario of a new kind must not keep the others from being replayed.
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(&scenario, seed, late, latency)));
        let outcome = played.unwrap_or_else(|_| {
            println!("{}: cannot be replayed", scenario.name);
            Outcome::default()
        });
        let (total, differences) = compare(&scenario.facts, &outcome.facts);
        let equal = total - differences.len();
        different.extend(differences.iter().map(|difference| format!("{}: {}", scenario.name, difference.fact)));
        println!("{} {equal}/{total}", scenario.name);
        if verbose.is_some() {
            for difference in &differences {
                println!("  {}\n    expected {}\n    got      {}", difference.fact, difference.expected, difference.got);
            }
        }
        let (mut lost, objects) = typed::losses(&outcome.lines);
        assert!(objects > 0 || outcome.lines.is_empty());
        losses.append(&mut lost);
        if let Some(out) = &out {
            write_out(Path::new(out), &scenario.name, &outcome);
        }
        if table.get(&scenario.name).is_some_and(|known| equal < *known) {
            worse.push(format!("{}: {equal} facts equal, {} before", scenario.name, table[&scenario.name]));
        }
        let _ = writeln!(rows, "{} {equal}/{total}", scenario.name);
        (equal_all, total_all) = (equal_all + equal, total_all + total);
    }
    println!("all {equal_all}/{total_all}");
    if let Some(file) = variable("KUBESIM_GOLDEN_DIFF") {
        std::fs::write(file, different.join("\n") + "\n").expect("the list of facts that differ");
    }
    losses.sort();
    losses.dedup();
    assert!(losses.is_empty(), "Kubernetes' own types lose something of the objects:\n{}", losses[..losses.len().min(40)].join("\n"));
    if variable("UPDATE").is_some() && only.is_none() {
        std::fs::write(Path::new(HOME).join("equal.txt"), rows).expect("the table");
        return;
    }
    assert!(worse.is_empty(), "fewer facts are equal than before:\n{}", worse.join("\n"));
}

/// The recorded streams that this project carries whole.
fn recorded() -> Vec<(String, Vec<Line>)> {
    let folder = Path::new(HOME).join("raw");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).expect("recorded streams").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().replace(".jsonl.gz", "");
    files.iter().map(|path| (name(path), stream::read(path))).collect()
}

#[test]
fn the_facts_of_a_recorded_stream_are_the_recorded_facts() {
    let scenarios = load(Path::new(HOME));
    for (name, lines) in recorded() {
        let mut facts = scenarios.iter().find(|scenario| scenario.name == name).expect("its facts").facts.clone();
        let map = facts.as_object_mut().expect("facts by object");
        map.remove("manifest_results");
        map.remove("action_results");
        let names = Names::of(&lines, NAMESPACE, "cell");
        let (_, differences) = compare(&facts, &reduce(&lines, &names));
        let shown: Vec<String> = differences.iter().map(|d| format!("{}: {} {}", d.fact, d.expected, d.got)).collect();
        assert!(shown.is_empty(), "{name}:\n{}", shown.join("\n"));
    }
}

/// What differs between runs becomes a word; times, versions, addresses and the choice of nodes play no part.
fn plain(value: &Value, names: &Names, key: &str) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| *key != "resourceVersion")
            .map(|(key, value)| (key.clone(), plain(value, names, key)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| plain(item, names, key)).collect(),
        Value::String(_) if key == "nodeName" => "node".into(),
        // Ends in the name of the machine.
        Value::String(_) if key == "reportingInstance" => "instance".into(),
        Value::String(text) if key.ends_with("Timestamp") || key.ends_with("Time") || key.ends_with("At") => {
            assert!(text.ends_with('Z'), "{key}: {text} is no time");
            "time".into()
        }
        Value::String(text) => names.text(text).into(),
        other => other.clone(),
    }
}

/// Fields that say how far a run has come: which values of theirs are seen together depends on when they were written.
const PROGRESS: &[&str] = &[
    ".spec.replicas",
    ".metadata.generation",
    ".status.observedGeneration",
    ".status.replicas",
    ".status.readyReplicas",
    ".status.availableReplicas",
    ".status.unavailableReplicas",
    ".status.updatedReplicas",
    ".status.currentReplicas",
    ".status.fullyLabeledReplicas",
    ".status.terminatingReplicas",
    ".status.currentRevision",
    ".status.updateRevision",
    ".status.conditions",
    ".count",
];

/// Versions of each object, by kind and new name; Events go by what they say.
fn versions(lines: &[Line], names: &Names) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for track in tracks(lines, names) {
        for version in &track.versions {
            let mut shown = plain(version, names, "");
            let mut name = format!("{} {}", track.kind, track.name);
            if track.kind == "Event" {
                shown["metadata"]["name"] = "event".into();
                let message = shown["message"].as_str().unwrap_or_default();
                shown["message"] = message.split(" to node-").next().unwrap_or_default().into();
                name = format!("Event {} {} {}", shown["involvedObject"], shown["reason"], shown["message"]);
            }
            all.entry(name).or_default().push(shown);
        }
    }
    all
}

fn differing_paths(path: &str, a: &Value, b: &Value, out: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let null = Value::Null;
                differing_paths(&format!("{path}.{key}"), a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null), out);
            }
        }
        (a, b) if a != b => out.push(format!("{path}: {a} recorded, {b} here")),
        _ => {}
    }
}

/// The differences to the version here that is most like the recorded one.
fn least_differences(recorded: &Value, ours: &[Value]) -> Vec<String> {
    let differences = ours.iter().map(|version| {
        let mut out = Vec::new();
        differing_paths("", recorded, version, &mut out);
        out
    });
    // Fields that are no progress weigh more.
    let weight = |paths: &Vec<String>| (paths.iter().filter(|path| !is_progress(path)).count(), paths.len());
    differences.min_by_key(weight).unwrap_or_else(|| vec!["no version of it".into()])
}

fn is_progress(path: &str) -> bool {
    let field = path.split(": ").next().unwrap_or("");
    PROGRESS.contains(&field)
}

/// Recorded versions of objects that have no equal here because other numbers were written together, of all.
const UNEQUAL_MAX: usize = 6;

#[test]
fn objects_look_as_the_real_api_server_shows_them() {
    let scenarios = load(Path::new(HOME));
    let (mut out, mut total, mut unequal) = (Vec::new(), 0, Vec::new());
    for (name, recorded) in recorded() {
        let scenario = scenarios.iter().find(|scenario| scenario.name == name).expect("its scenario");
        let outcome = play(scenario, 1, LATE, Latency::default());
        let (theirs, ours) = (Names::of(&recorded, NAMESPACE, "cell"), Names::of(&outcome.lines, NAMESPACE, "cell"));
        let ours = versions(&outcome.lines, &ours);
        for (object, recorded) in versions(&recorded, &theirs) {
            let Some(mine) = ours.get(&object) else {
                out.push(format!("{name} {object}: not here"));
                continue;
            };
            for version in recorded {
                let paths = least_differences(&version, mine);
                total += 1;
                // A pod goes through the same versions everywhere.
                let (progress, others): (Vec<String>, Vec<String>) =
                    paths.into_iter().partition(|path| is_progress(path) && !object.starts_with("Pod "));
                out.extend(others.iter().map(|path| format!("{name} {object} {path}")));
                if !progress.is_empty() {
                    unequal.push(format!("{name} {object} {}", progress.join(", ")));
                }
            }
        }
    }
    println!("{} of {total} recorded versions have an equal here", total - unequal.len());
    assert!(out.is_empty(), "{}", out.join("\n"));
    assert!(unequal.len() <= UNEQUAL_MAX, "{}", unequal.join("\n"));
}

//! What the real kube-scheduler decided, record by record, against what this one decides.
//!
//! `KUBESIM_GOLDEN_SCHEDULER` names a folder with more vectors than the ones that are kept here.

use flate2::read::GzDecoder;
use kubesim::scheduler::vectors::run_golden;
use rayon::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

/// Records that the real scheduler itself leaves open, as `SCENARIO POD ATTEMPT`, with the reason. None at present.
const OPEN: &[(&str, &str)] = &[];

/// The first place at which two values differ.
fn difference(path: &str, want: &Value, got: &Value) -> Option<String> {
    match (want, got) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            keys.into_iter().find_map(|key| {
                difference(&format!("{path}.{key}"), a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| difference(&format!("{path}[{at}]"), a, b))
        }
        _ if want == got => None,
        _ => Some(format!("{path}: want {want}, got {got}")),
    }
}

#[derive(Default)]
struct Tally {
    same: usize,
    all: usize,
}

/// Compares one scenario; gives back the records that differ.
fn compare(line: &str) -> (Tally, Vec<String>) {
    let mut tally = Tally::default();
    let golden: Value = serde_json::from_str(line).expect("a line is JSON");
    let name = golden["scenario"]["name"].as_str().unwrap_or_default().to_owned();
    let want = golden["records"].as_array().expect("a line has records");
    tally.all += want.len();
    let got = match run_golden(&golden["scenario"]) {
        Ok(got) => got,
        Err(error) => return (tally, vec![format!("{name}: {error}")]),
    };
    let mut out = vec![];
    if golden["nodeOrder"] != serde_json::json!(got.node_order) {
        out.push(format!("{name}: nodeOrder"));
    }
    for (at, want) in want.iter().enumerate() {
        let missing = Value::Null;
        let found = got.records.get(at).unwrap_or(&missing);
        match difference("", want, found) {
            None => tally.same += 1,
            Some(text) => {
                let id = format!("{name} {} {}", want["pod"].as_str().unwrap_or_default(), want["attempt"]);
                if !OPEN.iter().any(|(open, _)| *open == id) {
                    out.push(format!("{id}: {text}"));
                }
            }
        }
    }
    (tally, out)
}

#[test]
fn decides_as_the_real_one() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/scheduler");
    let folder = std::env::var_os("KUBESIM_GOLDEN_SCHEDULER").map_or(own, PathBuf::from);
    let only = std::env::var("KUBESIM_GOLDEN_FAMILY").unwrap_or_default();
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("the folder is there").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".jsonl.gz") && path.to_string_lossy().contains(&only));
    files.sort();
    assert!(!files.is_empty(), "no vectors in {}", folder.display());
    let (mut families, mut different): (BTreeMap<String, Tally>, Vec<String>) = Default::default();
    for path in &files {
        let family = path.file_name().expect("a file has a name").to_string_lossy().replace(".jsonl.gz", "");
        let tally = families.entry(family).or_default();
        let reader = BufReader::new(GzDecoder::new(std::fs::File::open(path).expect("the file opens")));
        let lines: Vec<String> = reader.lines().map(|line| line.expect("text")).collect();
        let results: Vec<_> = lines.par_iter().map(|line| compare(line)).collect();
        let mut here = vec![];
        for (part, texts) in results {
            tally.same += part.same;
            tally.all += part.all;
            here.extend(texts);
        }
        let (same, all) = (tally.same, tally.all);
        println!("{:<24} {same:>6} of {all:>6} identical", path.file_name().unwrap().to_string_lossy().replace(".jsonl.gz", ""));
        here.iter().take(3).for_each(|text| println!("    {text}"));
        different.extend(here);
    }
    let (same, all) = families.values().fold((0, 0), |(same, all), tally| (same + tally.same, all + tally.all));
    println!("{:<24} {same:>6} of {all:>6} identical, {:.2} %", "total", 100.0 * same as f64 / all.max(1) as f64);
    assert!(different.is_empty(), "{} records differ, the first: {}", different.len(), different[0]);
}

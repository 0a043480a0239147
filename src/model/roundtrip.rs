//! Objects as Kubernetes prints them come out of the model unchanged (see tests/model/README.md).

use super::*;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Reads and prints all objects of a file; gives back their kinds.
fn check(file: &Path) -> BTreeSet<Kind> {
    let packed = std::fs::File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut seen = BTreeSet::new();
    for (at, line) in BufReader::new(GzDecoder::new(packed)).lines().enumerate() {
        let place = format!("{} line {}", file.display(), at + 1);
        let want: Value = serde_json::from_str(&line.unwrap()).unwrap_or_else(|error| panic!("{place}: {error}"));
        let object = Object::from_json(want.clone()).unwrap_or_else(|error| panic!("{place}: {error}"));
        seen.insert(object.kind());
        let got = object.to_json();
        assert!(got == want, "{place}: {}", json_patch::diff(&want, &got));
    }
    seen
}

#[test]
fn objects_come_out_as_they_went_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model");
    let all: BTreeSet<Kind> = Kind::ALL.iter().copied().collect();
    assert_eq!(check(&folder.join("filled.jsonl.gz")), all);
    let recorded = check(&folder.join("recorded.jsonl.gz"));
    assert!(recorded.contains(&Kind::Pod) && recorded.contains(&Kind::Deployment) && recorded.contains(&Kind::Event));
}

#[test]
fn null_is_empty_and_unknown_fields_stay() {
    let json = serde_json::json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "labels": {"a": null}, "annotations": null, "ownerReferences": null},
        "spec": {"containers": [{"name": "c", "args": null, "resources": null, "newField": [1]}], "nodeSelector": null, "hostNetwork": null},
        "status": null,
    });
    let printed = Object::from_json(json).unwrap().to_json();
    let want = serde_json::json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "labels": {"a": ""}},
        "spec": {"containers": [{"name": "c", "resources": {}, "newField": [1]}]},
        "status": {"phase": "Pending"},
    });
    assert_eq!(printed, want);
}

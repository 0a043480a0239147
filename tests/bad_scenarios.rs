//! Bad input: each file of `tests/bad_scenarios` must be refused with the text beside it. `UPDATE=1` writes the texts.

use kubesim::scenario::{Overrides, load, parse};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn each_bad_file_gets_its_text() {
    let mut cases: Vec<String> = std::fs::read_dir("tests/bad_scenarios")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().unwrap().strip_suffix(".yaml").map(str::to_string))
        .collect();
    cases.sort();
    assert!(cases.len() > 40);
    let mut wrong = Vec::new();
    for case in cases {
        let file = format!("tests/bad_scenarios/{case}.yaml");
        let shown = match load(&file, &Overrides::default(), &mut std::io::empty()) {
            Ok(_) => "it was taken".to_string(),
            Err(error) => error.to_string() + "\n",
        };
        let beside = Path::new("tests/bad_scenarios").join(format!("{case}.txt"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&beside, &shown).unwrap();
        }
        let wanted = std::fs::read_to_string(&beside).unwrap_or_default();
        if shown != wanted {
            wrong.push(format!("{case}:\n{shown}instead of\n{wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_of_100_mb_in_one_line_is_refused_at_once() {
    let path = std::env::temp_dir().join(format!("kubesim-100mb-{}.yaml", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(100 << 20).unwrap();
    let error = load(&path.to_string_lossy(), &Overrides::default(), &mut std::io::empty()).unwrap_err();
    std::fs::remove_file(&path).unwrap();
    assert!(error.message.contains("too large (100 MiB): the limit is 64 MiB"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let error = load("tests/bad_scenarios/emty.yaml", &Overrides::default(), &mut std::io::empty()).unwrap_err();
    assert_eq!(error.to_string(), "error: the path \"tests/bad_scenarios/emty.yaml\" does not exist\n  hint: did you mean \"empty.yaml\"?");
}

/// Pieces of which scenario files are made, so that random ones come far into the reader.
const PIECES: &[&str] = &[
    "cluster:",
    "nodes:",
    "- ",
    "count: 2",
    "name: 'a-#'",
    "zone: a",
    "taints: ['a=b:NoSchedule']",
    "timeline:",
    "at: 5m",
    "when: \"now > 3\"",
    "kubectl: scale deploy/web --replicas=3",
    "fault: node-crash",
    "node: a-1",
    "expect:",
    "always: \"1 < 2\"",
    "between: [1m, 2m]",
    "{",
    "}",
    "[",
    "]",
    "\n",
    "  ",
    "    ",
    ": ",
    ", ",
    "containers:",
    "image: x*",
    "start: {uniform: {min: 1s, max: 2s}}",
    "ready: never",
    "network:",
    "registry: {bandwidth: 50Mi/s}",
    "&a",
    "*a",
    "-1",
    "1e999",
    "\u{e9}",
    "null",
    "~",
    "!!str",
    "|",
    ">",
    "#",
    "\"",
    "'",
    "metric: kube_node_info",
    "threshold: 'p(99) < 2'",
    "for: 3s",
    "every: 1s",
    "scheduler:",
    "controllerManager: {kubeAPIQPS: 3}",
    "kubelet: {maxPods: 3}",
    "manifests: []",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_loader_panic(pieces in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        let _ = parse("x.yaml", &format!("apiVersion: kubesim/v1alpha1\nkind: Scenario\n{text}"));
        let _ = parse("x.yaml", &text);
    }

    #[test]
    fn no_bytes_make_the_loader_panic(text in "\\PC{0,80}") {
        let _ = parse("x.yaml", &text);
        let _ = parse("x.yaml", &format!("apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: {text}"));
        let _ = parse("x.yaml", &format!("{{apiVersion: kubesim/v1alpha1, kind: Scenario, timeline: [{{at: 1s, kubectl: {text:?}}}]}}"));
    }
}

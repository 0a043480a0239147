//! No input panics: each kind of input on the seeds of its fuzz target, on what fuzzing has found, and on random changes of both.

#[path = "inputs/mod.rs"]
mod inputs;

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// Words that stand where something else was expected.
const WORDS: &[&str] = &[
    "null",
    "true",
    "~",
    "-1",
    "0",
    "1e999",
    "9223372036854775807",
    "18446744073709551616",
    "-0.5",
    "0x7fffffff",
    "NaN",
    ".inf",
    "''",
    "[]",
    "{}",
    "{a: b}",
    "[1, x]",
    "*a",
    "&a ",
    "!!binary ",
    "1Ei",
    "100000000000Gi",
    "-1m",
    "1h",
    "292y",
    "2026-13-01T00:00:00Z",
    "99999-01-01T00:00:00Z",
    "\u{0}",
    "\u{feff}",
    "ä",
    "\t",
    "\r\n",
    "---\n",
    ": ",
    "- ",
    "'",
    "\"",
    "#",
    "|",
    ">",
    "%",
    "150%",
    "default",
    "kube-system",
    "a-1",
    "x/web:1",
    "Always",
    "items",
    "List",
];

/// The files of a folder of inputs.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/inputs").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).map(|dir| dir.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    files.sort();
    files.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
}

/// A change: where (in a thousandth of the text), how much of it goes, and what comes there.
type Change = (u16, u8, Comes);

#[derive(Clone, Debug)]
enum Comes {
    Word(usize),
    Bytes(Vec<u8>),
    /// A piece of a seed: which, from where, how long.
    Piece(usize, u16, u8),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let comes = prop_oneof![
        4 => (0..WORDS.len()).prop_map(Comes::Word),
        1 => prop::collection::vec(any::<u8>(), 0..6).prop_map(Comes::Bytes),
        3 => (any::<usize>(), 0..1000u16, any::<u8>()).prop_map(|(seed, from, length)| Comes::Piece(seed, from, length)),
    ];
    prop::collection::vec((0..1000u16, prop_oneof![Just(0u8), 1..12u8, any::<u8>()], comes), 1..5)
}

fn changed(text: &[u8], changes: &[Change], seeds: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut text = text.to_vec();
    for (at, gone, comes) in changes {
        let begin = text.len() * *at as usize / 1000;
        let end = (begin + *gone as usize).min(text.len());
        let piece = match comes {
            Comes::Word(word) => WORDS[*word].as_bytes(),
            Comes::Bytes(bytes) => bytes,
            Comes::Piece(seed, from, length) => {
                let seed = &seeds[seed % seeds.len()].1;
                let from = seed.len() * *from as usize / 1000;
                &seed[from..(from + *length as usize).min(seed.len())]
            }
        };
        text.splice(begin..end, piece.iter().copied());
    }
    text
}

fn try_all(name: &str, read: fn(&[u8]), cases: u32) {
    let seeds = files(&format!("seeds/{name}"));
    assert!(seeds.len() >= 10, "{name} has {} seeds", seeds.len());
    for (file, bytes) in seeds.iter().chain(&files(&format!("found/{name}"))) {
        catch_unwind(AssertUnwindSafe(|| read(bytes))).unwrap_or_else(|_| panic!("{file}"));
    }
    let config = ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let strategy = (0..seeds.len(), changes());
    let tried = runner.run(&strategy, |(seed, changes)| {
        let input = changed(&seeds[seed].1, &changes, &seeds);
        catch_unwind(|| read(&input)).map_err(|_| TestCaseError::fail(format!("panics: {:?}", String::from_utf8_lossy(&input))))
    });
    tried.unwrap_or_else(|error| panic!("{name}: {error}"));
    runner = TestRunner::new(ProptestConfig { cases: cases / 2, failure_persistence: None, ..ProptestConfig::default() });
    let random = prop_oneof![prop::collection::vec(any::<u8>(), 0..200), "\\PC{0,80}".prop_map(String::into_bytes)];
    runner.run(&random, |bytes| catch_unwind(|| read(&bytes)).map_err(|_| TestCaseError::fail(format!("panics: {bytes:?}")))).unwrap();
}

#[test]
fn manifests() {
    try_all("manifests", inputs::manifests, 300);
}

#[test]
fn scenarios() {
    try_all("scenarios", inputs::scenarios, 60);
}

#[test]
fn scheduler_configurations() {
    try_all("scheduler_config", inputs::scheduler_config, 400);
}

#[test]
fn traces() {
    try_all("traces", inputs::traces, 1_000);
}

#[test]
fn golden_lines() {
    try_all("golden_lines", inputs::golden_lines, 300);
}

#[test]
fn kubectl_lines() {
    try_all("kubectl_lines", inputs::kubectl_lines, 60);
}

#[test]
fn each_kind_of_input_has_a_fuzz_target() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
    for (name, _) in inputs::ALL {
        assert!(root.join(format!("fuzz/fuzz_targets/{name}.rs")).is_file() && manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

//! A process that is killed at any moment leaves no output folder or a whole one, and the next one is not disturbed by what it left.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often each command is killed.
const KILLS: u32 = 12;

const SCENARIO: &str = r#"apiVersion: kubesim/v1alpha1
kind: Scenario
name: killed
duration: 3m
cluster: {nodes: [{count: 2, name: "n-#", cpu: 4, memory: 8Gi}]}
manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 3
      selector: {matchLabels: {app: web}}
      template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "x/web:1"}]}}
expect:
  - {name: never, at: 1m, holds: "deployment('web').status.readyReplicas == 9"}
"#;

/// All files below a folder with their bytes, in order.
fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else {
                found.push((path.strip_prefix(dir).unwrap().to_path_buf(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Starts it, kills it after each of many spans, and compares what is left with what a whole run leaves.
#[allow(clippy::disallowed_methods)] // When to kill is measured; what must hold does not depend on it.
fn is_whole_or_nothing(name: &str, args: &[&str], status: i32) {
    let home = std::env::temp_dir().join(format!("kubesim-killed-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("killed.yaml"), SCENARIO).unwrap();
    let start = |out: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubesim"));
        command.current_dir(&home).args(args).args(["--out", out]).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let begin = Instant::now();
    assert_eq!(start("out").wait().unwrap().code(), Some(status));
    let lasts = begin.elapsed();
    // Reports name the folder that they are in.
    fs::rename(home.join("out"), home.join("whole")).unwrap();
    let whole = contents(&home.join("whole"));
    assert!(!whole.is_empty());
    let out = home.join("out");
    // Most moments lie near the end, where files are written; half of the runs meet a former report.
    for kill in 0..KILLS {
        if kill % 2 == 0 {
            let _ = fs::remove_dir_all(&out);
        }
        let mut process = start("out");
        std::thread::sleep(lasts * (KILLS / 2 + kill) / (KILLS + KILLS / 4) + Duration::from_micros(u64::from(kill * 977)));
        let _ = process.kill();
        process.wait().unwrap();
        if out.exists() {
            assert!(contents(&out) == whole, "kill {kill} of {name} left half a folder");
        }
    }
    assert_eq!(start("out").wait().unwrap().code(), Some(status));
    assert!(contents(&out) == whole, "{name} after a kill");
    let mut left: Vec<String> =
        fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    left.sort();
    assert_eq!(left, ["killed.yaml", "out", "whole"], "what a killed process left beside is cleared away");
    fs::remove_dir_all(&home).unwrap();
}

#[test]
fn run() {
    is_whole_or_nothing("run", &["run", "killed.yaml"], 1);
}

#[test]
fn check() {
    is_whole_or_nothing("check", &["check", "killed.yaml", "--seeds", "3", "--settle", "2m"], 1);
}

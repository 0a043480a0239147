//! Bad input, as a user would make it: each gets one clear error with its place and a hint, exit status 2, and leaves nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Case {
    name: &'static str,
    /// What replaces what in a good scenario.
    change: (&'static str, &'static str),
    /// What the error says.
    says: &'static [&'static str],
}

const GOOD: &str = r#"apiVersion: kubesim/v1alpha1
kind: Scenario
name: good
duration: 1m
cluster:
  nodes:
    - {count: 2, name: "n-#", cpu: 4, memory: 8Gi}
manifests: [web.yaml]
containers:
  - image: web:*
    start: 1s
timeline:
  - {at: 30s, kubectl: "scale deployment/web --replicas=3"}
expect:
  - {name: three, at: 1m, holds: "deployment('web').status.readyReplicas == 3"}
"#;

const WEB: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1
          resources: {requests: {cpu: 100m}}
"#;

const CASES: &[Case] = &[
    Case { name: "unknown key", change: ("duration:", "durration:"), says: &["scenario.yaml:4:1", "durration", "duration"] },
    Case { name: "wrong type", change: ("count: 2", "count: two"), says: &["scenario.yaml:7:"] },
    Case { name: "missing file", change: ("web.yaml", "wep.yaml"), says: &["scenario.yaml:8:", "wep.yaml"] },
    Case { name: "unknown behaviour", change: ("start: 1s", "strat: 1s"), says: &["scenario.yaml:11:", "strat", "start"] },
    Case { name: "bad quantity", change: ("8Gi", "8Gib"), says: &["scenario.yaml:7:", "8Gib"] },
    Case { name: "kubectl typo", change: ("scale deployment", "scal deployment"), says: &["scenario.yaml:13:", "scal", "scale"] },
    Case { name: "kubectl flag", change: ("--replicas", "--replcas"), says: &["scenario.yaml:13:", "--replcas"] },
    Case {
        name: "duplicate names",
        change: ("manifests:", "    - {count: 2, name: \"n-#\", cpu: 1, memory: 1Gi}\nmanifests:"),
        says: &["scenario.yaml", "n-1"],
    },
    Case { name: "negative count", change: ("count: 2", "count: -2"), says: &["scenario.yaml:7:", "-2"] },
    Case { name: "bad expression", change: ("readyReplicas == 3", "readyReplicas == "), says: &["scenario.yaml:15:"] },
    Case { name: "bad duration", change: ("duration: 1m", "duration: 1 minute"), says: &["scenario.yaml:4:", "1 minute"] },
    Case {
        name: "load on no Service",
        change: ("timeline:", "load:\n  - {service: web, rps: 10}\ntimeline:"),
        says: &["scenario.yaml:13:15", "there is no Service \"web\""],
    },
    Case { name: "no mapping", change: (GOOD, "just a text\n"), says: &["scenario.yaml:1:"] },
    Case { name: "empty", change: (GOOD, ""), says: &["scenario.yaml", "empty"] },
];

fn workshop(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bad-input-{}", name.replace(' ', "-")));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn run(dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kubesim")).args(["run", "scenario.yaml"]).current_dir(dir).env("NO_COLOR", "1").output().unwrap()
}

fn refused(dir: &Path, says: &[&str]) {
    let output = run(dir);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(2), "{}\n{stdout}\n{stderr}", dir.display());
    assert_eq!(stdout, "", "{}", dir.display());
    for word in says {
        assert!(stderr.contains(word), "{}: no \"{word}\" in\n{stderr}", dir.display());
    }
    assert!(stderr.lines().count() <= 12, "one clear error, not\n{stderr}");
    assert!(!dir.join("reports").exists(), "{} left a report", dir.display());
}

#[test]
fn the_good_scenario_is_good() {
    let dir = workshop("good");
    fs::write(dir.join("scenario.yaml"), GOOD).unwrap();
    fs::write(dir.join("web.yaml"), WEB).unwrap();
    let output = run(&dir);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(dir.join("reports/good-0/summary.json").exists() || fs::read_dir(dir.join("reports")).unwrap().count() == 1);
}

#[test]
fn bad_scenarios_are_refused() {
    for case in CASES {
        let dir = workshop(case.name);
        assert!(GOOD.contains(case.change.0), "{}", case.name);
        fs::write(dir.join("scenario.yaml"), GOOD.replacen(case.change.0, case.change.1, 1)).unwrap();
        fs::write(dir.join("web.yaml"), WEB).unwrap();
        refused(&dir, case.says);
    }
}

#[test]
fn bad_manifests_are_refused() {
    for (name, (from, to), says) in [
        ("manifest typo", ("image: web:1", "imge: web:1"), &["web.yaml:12:", "imge"][..]),
        ("manifest quantity", ("100m", "100x"), &["web.yaml:13:", "100x"][..]),
        ("manifest type", ("replicas: 1", "replicas: one"), &["web.yaml:5:"][..]),
        ("manifest negative", ("replicas: 1", "replicas: -1"), &["web.yaml", "must be greater than or equal to 0"][..]),
        ("manifest selector", ("{app: web}}\n    spec", "{app: wob}}\n    spec"), &["web.yaml", "selector"][..]),
        ("manifest kind", ("kind: Deployment", "knd: Deployment"), &["web.yaml"][..]),
    ] {
        let dir = workshop(name);
        fs::write(dir.join("scenario.yaml"), GOOD).unwrap();
        assert!(WEB.contains(from), "{name}");
        fs::write(dir.join("web.yaml"), WEB.replacen(from, to, 1)).unwrap();
        refused(&dir, says);
    }
}

#[test]
fn a_cycle_of_owners_is_refused() {
    let owned = |name: &str, owner: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  uid: uid-{name}\n  ownerReferences:\n    - {{apiVersion: v1, kind: ConfigMap, name: {owner}, uid: uid-{owner}}}\n"
        )
    };
    let dir = workshop("owner cycle");
    fs::write(dir.join("scenario.yaml"), GOOD).unwrap();
    fs::write(dir.join("web.yaml"), format!("{}---\n{}", owned("a", "b"), owned("b", "a"))).unwrap();
    refused(&dir, &["web.yaml", "cycle"]);
}

#[test]
fn files_that_are_no_text_or_far_too_large_are_refused() {
    for (name, bytes) in [("not utf-8", b"name: \xff\xfe\n".to_vec()), ("one long line", vec![b'a'; 100 << 20])] {
        let dir = workshop(name);
        fs::write(dir.join("scenario.yaml"), bytes).unwrap();
        refused(&dir, &["scenario.yaml"]);
        let _ = fs::remove_dir_all(&dir);
    }
}

//! `kubesim diff`: where two runs part, and what follows in each.

use std::process::Command;

const SCENARIO: &str = r#"apiVersion: kubesim/v1alpha1
kind: Scenario
name: parting
duration: 3m
cluster: {nodes: [{count: 2, name: "n-#", cpu: 4, memory: 8Gi}]}
manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 2
      selector: {matchLabels: {app: web}}
      template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "x/web:1"}]}}
timeline:
  - {at: 1m, kubectl: scale deployment/web --replicas=3}
"#;

/// Exit status and standard output of a comparison in a folder of its own.
fn diff(name: &str, other: &str, args: &[&str]) -> (i32, String) {
    let home = std::env::temp_dir().join(format!("kubesim-diff-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("a.yaml"), SCENARIO).unwrap();
    std::fs::write(home.join("b.yaml"), other).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_kubesim")).current_dir(&home).arg("diff").args(args).output().unwrap();
    std::fs::remove_dir_all(&home).unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// The lines about the step in which they part.
fn parting(told: &str) -> Vec<&str> {
    told.lines().take(3).collect()
}

#[test]
fn equal_runs_are_equal() {
    let (status, told) = diff("equal", SCENARIO, &["a.yaml", "b.yaml"]);
    assert_eq!(status, 0, "{told}");
    assert!(told.starts_with("the runs are equal: ") && told.ends_with(" steps\n"), "{told}");
}

#[test]
fn two_seeds_part_where_something_can_be_seen() {
    let (status, told) = diff("seeds", SCENARIO, &["a.yaml", "--seed-a", "1", "--seed-b", "2", "--lines", "4"]);
    assert_eq!(status, 1);
    let lines = parting(&told);
    // That the namespaces' uids differ is nothing to be told: names are.
    assert!(lines[1].starts_with("  parting (seed 1) at ") && lines[2].starts_with("  parting (seed 2) at "), "{told}");
    assert_ne!(lines[1].split_once(": ").unwrap().1, lines[2].split_once(": ").unwrap().1, "{told}");
    assert!(told.contains("both, until then:\n"));
    assert!(told.contains("Pod default/web-"));
}

#[test]
fn two_manifests_part_where_the_first_object_differs_and_say_in_what() {
    let (status, told) = diff("manifests", &SCENARIO.replace("x/web:1", "x/web:2"), &["a.yaml", "b.yaml"]);
    assert_eq!(status, 1);
    let lines = parting(&told);
    for (line, tag) in lines[1..].iter().zip([1, 2]) {
        let image = format!("; spec.template.spec.containers[0].image is \"x/web:{tag}\"");
        assert!(line.contains(": Deployment default/web is created as version ") && line.ends_with(&image), "{told}");
    }
}

#[test]
fn a_changed_value_of_the_same_file_is_a_second_run() {
    let (status, told) = diff("set", SCENARIO, &["a.yaml", "--set-b", "timeline[0].at=2m"]);
    assert_eq!(status, 1);
    assert!(told.contains("$ kubectl scale deployment/web --replicas=3"), "{told}");
    let lines = parting(&told);
    assert!(lines[1].contains(" at 1m: "), "{told}");
}

//! `kubectl rollout undo` after a restart takes the restart's mark off again, for all three kinds of workloads.

use kubesim::base::{Span, Time};
use kubesim::model::Kind;
use kubesim::scenario;
use kubesim::world::{Options, World};

const SCENARIO: &str = "apiVersion: kubesim/v1alpha1
kind: Scenario
duration: 10m
cluster: {nodes: [{count: 2, name: \"a-#\", cpu: 4, memory: 8Gi}]}
manifests: [w.yaml]
";

/// A workload of two pods.
fn manifest(kind: &str) -> String {
    let replicas = if kind == "DaemonSet" { "" } else { "replicas: 2, " };
    let service = if kind == "StatefulSet" { "serviceName: w, " } else { "" };
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: w}}\nspec: {{{replicas}{service}selector: {{matchLabels: {{app: w}}}}, \
         template: {{metadata: {{labels: {{app: w}}}}, spec: {{containers: [{{name: c, image: web}}]}}}}}}\n"
    )
}

fn marked(kind: Kind, lines: &[(&str, String)]) -> bool {
    let folder = std::env::temp_dir().join(format!("kubesim-undo-{}-{}", std::process::id(), kind.name()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("w.yaml"), manifest(kind.name())).unwrap();
    let steps: String = lines.iter().map(|(at, line)| format!("  - {{at: {at}, kubectl: \"{line}\"}}\n")).collect();
    let text = format!("{SCENARIO}timeline:\n{steps}");
    let file = folder.join("undo.yaml").display().to_string();
    let scenario = scenario::parse(&file, &text).unwrap_or_else(|error| panic!("{error}"));
    let mut world = World::new(&scenario, Options::default()).unwrap();
    world.run_until(Time::ZERO + Span::from_s(300));
    std::fs::remove_dir_all(&folder).unwrap();
    let object = world.sim.store().now().find(kind, "default", "w").expect("the workload").to_json();
    !object["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].is_null()
}

#[test]
fn undo_takes_a_restart_back() {
    for (kind, word) in [(Kind::Deployment, "deployment"), (Kind::StatefulSet, "statefulset"), (Kind::DaemonSet, "daemonset")] {
        let restart = ("1m", format!("rollout restart {word}/w"));
        assert!(marked(kind, std::slice::from_ref(&restart)), "{word}");
        assert!(!marked(kind, &[restart, ("2m", format!("rollout undo {word}/w"))]), "{word}");
    }
}

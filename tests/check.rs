//! Worlds that `kubesim check` once judged wrongly, or that showed what was wrong in the simulator: played as it plays them.

use kubesim::base::Span;
use kubesim::check::document::Document;
use kubesim::check::{self, Plan, Trial};
use kubesim::controllers::settings::Wrong;

/// What broke in each of the seeds, if anything did.
fn failures(document: Document, first: u64, seeds: u64, chaos: bool) -> Vec<(u64, String, String)> {
    let trial = Trial { wrong: Wrong::Nothing, settle: Span::from_s(1_800), ..Trial::default() };
    let plan = Plan { document, first, seeds, chaos, trial, failures_max: usize::MAX };
    let tally = check::run(&plan, &mut |_| {}).unwrap();
    tally.failures.into_iter().map(|failure| (failure.seed, failure.law, failure.detail)).collect()
}

fn shipped(name: &str) -> Document {
    let path = format!("{}/scenarios/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let overrides = kubesim::scenario::Overrides::default();
    Document::load(&path, &overrides, &mut std::io::empty()).unwrap_or_else(|error| panic!("{error}"))
}

/// Pods come and go faster than the API server answers: the place that a pod had in the kubelets' table is another pod's, on another
/// node, when the answer about the first one comes. The node that had asked waited for it for ever, and wrote no status any more.
#[test]
fn an_answer_about_a_pod_that_has_gone_reaches_the_node_that_asked() {
    assert_eq!(failures(shipped("lessons/05-rolling-update"), 168, 3, true), []);
}

/// Queries that are tried again after the end of the scenario.
#[test]
fn loads_end_with_the_scenario() {
    let broken = failures(shipped("incidents/zalando-2019-dns/broken"), 42, 1, true);
    assert_eq!(broken, []);
}

/// A CronJob begins a run at the very instant at which everything is looked at.
#[test]
fn what_is_under_way_at_the_end_is_no_fault() {
    assert_eq!(failures(shipped("controllers/cronjob-pile-up"), 22, 3, true), []);
}

/// Processes that use more memory than their machine has, without any fault.
#[test]
fn a_machine_that_is_short_by_its_own_use_is_no_fault() {
    assert_eq!(failures(shipped("traffic/oom-loop"), 49, 2, true), []);
}

/// A StatefulSet's member is made anew while its new machine is cut off, and the machine of its namesake has lost power.
#[test]
fn a_namesake_of_a_pod_on_a_dead_machine_is_taken_up_behind_a_partition() {
    let text = "apiVersion: kubesim/v1alpha1
kind: Scenario
name: namesake
duration: 20m
cluster: {nodes: [{count: 2, name: \"n-#\", cpu: 4, memory: 8Gi}]}
manifests:
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: db}
    spec:
      replicas: 2
      serviceName: db
      selector: {matchLabels: {app: db}}
      template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: \"x/db:1\"}]}}
timeline:
  - {at: 3m, fault: node-crash, node: NODE}
  - {at: 14m39s, fault: node-partition, nodes: [n-1, n-2], for: 50s}
  - {at: 15m, kubectl: \"taint nodes NODE node.kubernetes.io/out-of-service=nodeshutdown:NoExecute\"}
";
    for node in ["n-1", "n-2"] {
        let document = Document::from_text("namesake.yaml", &text.replace("NODE", node)).unwrap();
        assert_eq!(failures(document, 1, 1, false), [], "{node}");
    }
}

//! Faults put into controllers on purpose, which no file and no flag can ask for: each must be found within 200 seeds, and what
//! finds it must become a small scenario of at most 5 faults that breaks the same law, and breaks none once the controller is right.

use kubesim::base::Span;
use kubesim::check::document::Document;
use kubesim::check::{self, Plan, Tally, Trial, shrink};
use kubesim::controllers::settings::Wrong;

/// A Deployment that is rolled out and scaled, and a StatefulSet, on four machines in two zones.
const SCENARIO: &str = r#"apiVersion: kubesim/v1alpha1
kind: Scenario
name: wrong
duration: DURATION
cluster:
  nodes: [{count: 2, name: "a-#", zone: za, cpu: 4, memory: 8Gi}, {count: 2, name: "b-#", zone: zb, cpu: 4, memory: 8Gi}]
manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 4
      strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 1}}
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec: {terminationGracePeriodSeconds: 5, containers: [{name: c, image: "x/web:v1", resources: {requests: {cpu: 100m}}}]}
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: db}
    spec:
      serviceName: db
      replicas: 2
      selector: {matchLabels: {app: db}}
      template:
        metadata: {labels: {app: db}}
        spec: {terminationGracePeriodSeconds: 5, containers: [{name: c, image: "x/db:v1", resources: {requests: {cpu: 100m}}}]}
containers:
  - {image: "x/*", start: 2s, ready: {after: 3s}, stop: {drains: 1s}}
timeline:
  - {at: 40s, kubectl: "set image deployment/web c=x/web:v2"}
  - {at: 80s, kubectl: "scale deployment/web --replicas=7"}
MORE"#;

/// Members that are told to go again and again, also when nobody hears it.
const LEAVING: &str = "  - {at: 2m, every: 40s, kubectl: delete pod db-0 db-1 --wait=false}\n";

/// ReplicaSets that grow and shrink again and again, and grow in two steps, the second one before all pods of the first can be seen.
const SCALING: &str = "  - {at: 95s, every: 30s, kubectl: scale deployment/web --replicas=2}
  - {at: 110s, every: 30s, kubectl: scale deployment/web --replicas=9}
  - {at: 110500ms, every: 30s, kubectl: scale deployment/web --replicas=10}
";

fn scenario(duration: &str, more: &str) -> String {
    SCENARIO.replace("DURATION", duration).replace("MORE", more)
}

/// Seeds that are tried before it is asked whether one has failed.
const AT_ONCE: u64 = 8;

fn plan(document: Document, wrong: Wrong, first: u64) -> Plan {
    let trial = Trial { wrong, settle: Span::from_s(600), ..Trial::default() };
    Plan { document, first, seeds: AT_ONCE, chaos: true, trial, failures_max: 1 }
}

/// The first seeds that fail. Counted from 1, the controllers are found at the seeds that the tests name; the hunt begins a little
/// before, so that it is short.
fn hunt(wrong: Wrong, text: &str, from: u64) -> (Plan, Tally) {
    let document = Document::from_text("wrong.yaml", text).unwrap();
    for first in (from..=200).step_by(AT_ONCE as usize) {
        let plan = plan(document.clone(), wrong, first);
        let tally = check::run(&plan, &mut |_| {}).unwrap();
        if !tally.failures.is_empty() {
            return (plan, tally);
        }
    }
    panic!("{wrong:?} was not found within 200 seeds");
}

fn is_found_and_made_small(wrong: Wrong, law: &str, text: &str, from: u64) {
    let (plan, tally) = hunt(wrong, text, from);
    let failure = &tally.failures[0];
    assert_eq!(failure.law, law, "{failure:?}");
    assert!(!failure.last.is_empty());
    let document = check::written_out(&plan, failure.seed).unwrap();
    let before = document.faults();
    let small = shrink::shrink(&plan.trial, document, failure);
    println!(
        "{wrong:?}: seed {}, {before} faults became {} in {} tries\n{}",
        failure.seed,
        small.document.faults(),
        small.tries,
        small.document.text()
    );
    assert!(small.document.faults() <= 5, "{} faults are left", small.document.faults());
    // The file that is written fails in the same way, and by the controller's fault alone.
    let again = Document::from_text("small.yaml", &small.document.text()).unwrap();
    let scenario = again.parse().unwrap();
    let failed = plan.trial.play(&scenario).unwrap().failure.expect("it fails again");
    assert_eq!((&*failed.law, failed.at, &failed.detail), (law, small.failure.at, &small.failure.detail));
    let right = Trial { wrong: Wrong::Nothing, ..plan.trial.clone() };
    assert_eq!(right.play(&scenario).unwrap().failure, None);
}

#[test]
fn a_replica_set_controller_without_expectations() {
    is_found_and_made_small(Wrong::NoExpectations, "replicas", &scenario("3m", SCALING), 1);
}

#[test]
fn a_stateful_set_controller_that_removes_lost_members_by_force() {
    is_found_and_made_small(Wrong::ForceDeletes, "one-identity", &scenario("8m", LEAVING), 1);
}

#[test]
fn a_deployment_controller_that_takes_every_pod_for_available() {
    is_found_and_made_small(Wrong::TrustsPods, "rollout-bounds", &scenario("3m", ""), 1);
}

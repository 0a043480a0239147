//! Work that was counted once must not grow unseen: events, commits and requests of a run, and how often the scheduler looks at a node.
//! The figures are exact on any machine. `UPDATE=1 cargo test --test work` records them anew.

use kubesim::model::{Obj, Object};
use kubesim::scenario;
use kubesim::scheduler::config::SchedulerConfiguration;
use kubesim::scheduler::{Outcome, Scheduler};
use kubesim::world::{Options, World};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/work.txt");

fn read(value: Value) -> Obj {
    Arc::new(Object::from_json(value).expect("the object is fine"))
}

fn node(at: usize) -> Obj {
    let (name, amounts) = (format!("node-{at:05}"), json!({"cpu": "32", "memory": "256Gi", "pods": "110"}));
    let labels = json!({"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": format!("zone-{}", at % 3)});
    read(
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": {"capacity": amounts, "allocatable": amounts}}),
    )
}

fn template(kind: &str) -> Obj {
    let mut spec = json!({"schedulerName": "default-scheduler",
        "containers": [{"name": "main", "image": "pause:1", "resources": {"requests": {"cpu": "100m", "memory": "500Mi"}}}]});
    let selector = json!({"matchLabels": {"app": "work"}});
    match kind {
        "spread" => {
            spec["topologySpreadConstraints"] = json!([{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector}]);
        }
        "affinity" => {
            let term = json!({"weight": 1, "podAffinityTerm": {"labelSelector": selector, "topologyKey": "kubernetes.io/hostname"}});
            spec["affinity"] = json!({"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [term]}});
        }
        _ => {}
    }
    read(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "default", "labels": {"app": "work"}}, "spec": spec}))
}

fn pod(template: &Obj, at: usize, node: &str) -> Obj {
    let mut object = (**template).clone();
    let name = format!("pod-{at}");
    (object.meta.name, object.meta.uid) = (name.as_str().into(), name.as_str().into());
    object.as_pod_mut().expect("it is a pod").node_name = node.into();
    Arc::new(object)
}

/// Schedules pods of one kind one after the other; says how often a node was looked at.
fn evaluations(nodes: usize, pods: usize, kind: &str, no_cache: bool) -> u64 {
    let mut scheduler = Scheduler::new(&SchedulerConfiguration::default()).expect("the default configuration is fine");
    scheduler.no_cache = no_cache;
    (0..nodes).for_each(|at| scheduler.add_object(&node(at)));
    let template = template(kind);
    for at in 0..pods {
        let info = scheduler.pod_info(&pod(&template, at, ""));
        let mut decision = scheduler.schedule_one(&info);
        let Outcome::Node(id) = decision.outcome else { panic!("{}", decision.message()) };
        let assumed = pod(&template, at, &scheduler.world.cache.node(id).name.clone());
        let assumed = scheduler.pod_info(&assumed);
        scheduler.assume(assumed, &mut decision).expect("nothing objects");
    }
    scheduler.node_evaluations()
}

fn counters(file: &str) -> String {
    let path = format!("{}/scenarios/{file}", env!("CARGO_MANIFEST_DIR"));
    let scenario = scenario::load(&path, &scenario::Overrides::default(), &mut std::io::empty()).expect("a shipped scenario");
    let mut world = World::new(&scenario, Options { metrics: false, ..Options::default() }).expect("a shipped scenario");
    world.run_until(scenario.end());
    let counters = world.sim.counters();
    format!("{} events, {} commits, {} requests", counters.events, counters.commits, counters.requests)
}

#[test]
fn as_much_work_as_recorded() {
    let mut out = String::new();
    for kind in ["plain", "spread", "affinity"] {
        for (nodes, pods) in [(100, 200), (1_000, 200)] {
            let (known, anew) = (evaluations(nodes, pods, kind, false), evaluations(nodes, pods, kind, true));
            writeln!(out, "{kind}, {nodes} nodes, {pods} pods: {known} looks at a node, {anew} without caches").unwrap();
        }
    }
    for file in ["weather/rollout.yaml", "weather/zone-outage.yaml", "controllers/sts-partition.yaml"] {
        writeln!(out, "{file}: {}", counters(file)).unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        return std::fs::write(GOLDEN, out).expect("the golden can be written");
    }
    assert_eq!(
        out,
        std::fs::read_to_string(GOLDEN).expect("the golden is there"),
        "the work has changed; if it may: UPDATE=1 cargo test --test work"
    );
}

//! What is kept about pods of one kind changes no decision: random clusters, with and without it.

use kubesim::model::{Obj, Object};
use kubesim::scheduler::config::SchedulerConfiguration;
use kubesim::scheduler::decision::Detail;
use kubesim::scheduler::record::describe;
use kubesim::scheduler::{Outcome, Scheduler};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const HOST: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

fn read(value: Value) -> Obj {
    Arc::new(Object::from_json(value).expect("the object is fine"))
}

fn pick<'a>(of: &[&'a str], by: u64) -> &'a str {
    of[(by % of.len() as u64) as usize]
}

fn node(at: usize, seed: u64) -> Obj {
    let bit = |n: u32| (seed >> n) & 1 == 1;
    let mut labels = Map::new();
    labels.insert(HOST.into(), format!("n{at}").into());
    if !(bit(0) && bit(1)) {
        labels.insert(ZONE.into(), format!("z{}", (seed >> 2) % 3).into());
    }
    if bit(4) {
        labels.insert("disk".into(), if bit(5) { "ssd" } else { "" }.into());
    }
    let effect = ["NoSchedule", "PreferNoSchedule", "NoExecute"][(seed >> 6) as usize % 3];
    let taints = if bit(9) && bit(10) { json!([{"key": "t", "value": "1", "effect": effect}]) } else { json!([]) };
    let images = if bit(11) { json!([{"names": ["a:1"], "sizeBytes": 900_000_000_u64}]) } else { json!([]) };
    read(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("n{at}"), "labels": labels},
        "spec": {"taints": taints, "unschedulable": bit(12) && bit(13) && bit(14)},
        "status": {"allocatable": {"cpu": (2 + (seed >> 15) % 5).to_string(), "memory": format!("{}Gi", 4 + (seed >> 18) % 9), "pods": (2 + (seed >> 22) % 6).to_string()}, "images": images}}))
}

fn term(seed: u64) -> Value {
    let app = pick(&["a", "b", "c"], seed);
    let mut term = json!({"topologyKey": pick(&[HOST, ZONE, "disk"], seed >> 2), "labelSelector": {"matchLabels": {"app": app}}});
    match (seed >> 4) % 4 {
        0 => term["namespaces"] = json!(["ns0", "ns1"]),
        1 => term["namespaceSelector"] = json!({}),
        2 => term["namespaceSelector"] = json!({"matchLabels": {"team": "x"}}),
        _ => {}
    }
    term
}

/// A template: what its pods ask for, and how they stand to others.
fn template(at: usize, seed: u64) -> Obj {
    let bit = |n: u32| (seed >> n) & 1 == 1;
    let mut spec = json!({"containers": [{"name": "c", "image": "a:1"}]});
    if !bit(0) {
        spec["containers"][0]["resources"] = json!({"requests": {"cpu": format!("{}m", 100 + (seed >> 1) % 5 * 150), "memory": "300Mi"}});
    }
    if bit(4) {
        spec["tolerations"] = json!([{"key": "t", "operator": "Exists"}]);
    }
    if bit(5) && bit(6) {
        spec["nodeSelector"] = json!({"disk": "ssd"});
    }
    if bit(7) && bit(8) {
        spec["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 8000 + (seed >> 9) % 2}]);
    }
    let constraint = |n: u64| {
        json!({"maxSkew": 1 + n % 2, "topologyKey": pick(&[ZONE, HOST, "disk"], n), "whenUnsatisfiable": if n & 4 == 0 { "DoNotSchedule" } else { "ScheduleAnyway" },
            "nodeTaintsPolicy": if n & 8 == 0 { "Ignore" } else { "Honor" }, "labelSelector": {"matchLabels": {"app": pick(&["a", "b", "c"], n >> 4)}}})
    };
    match (seed >> 12) % 4 {
        0 => spec["topologySpreadConstraints"] = json!([constraint(seed >> 14)]),
        1 => spec["topologySpreadConstraints"] = json!([constraint(seed >> 14), constraint(seed >> 20)]),
        _ => {}
    }
    let mut affinity = Map::new();
    for (n, kind) in [(26, "podAffinity"), (36, "podAntiAffinity")] {
        let mut part = Map::new();
        if bit(n) && bit(n + 1) {
            part.insert("requiredDuringSchedulingIgnoredDuringExecution".into(), json!([term(seed >> (n + 2))]));
        }
        if bit(n + 5) {
            let weighted = json!([{"weight": 1 + (seed >> n) % 50, "podAffinityTerm": term(seed >> (n + 3))}]);
            part.insert("preferredDuringSchedulingIgnoredDuringExecution".into(), weighted);
        }
        if !part.is_empty() {
            affinity.insert(kind.into(), part.into());
        }
    }
    if bit(46) {
        let preference = json!([{"weight": 7, "preference": {"matchExpressions": [{"key": "disk", "operator": "Exists"}]}}]);
        affinity.insert("nodeAffinity".into(), json!({"preferredDuringSchedulingIgnoredDuringExecution": preference}));
    }
    spec["affinity"] = affinity.into();
    spec["schedulerName"] = "default-scheduler".into();
    let labels = json!({"app": pick(&["a", "b", "c"], seed >> 47)});
    read(
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("t{at}"), "namespace": format!("ns{}", (seed >> 49) % 2), "labels": labels}, "spec": spec}),
    )
}

fn world(cached: bool, detail: Detail, percentage: i32, nodes: &[u64]) -> Scheduler {
    let config = SchedulerConfiguration { percentage_of_nodes_to_score: percentage, ..SchedulerConfiguration::default() };
    let mut scheduler = Scheduler::new(&config).expect("the default configuration is fine");
    (scheduler.no_cache, scheduler.detail) = (!cached, detail);
    scheduler.add_object(&read(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns0", "labels": {"team": "x"}}})));
    scheduler.add_object(&read(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns1"}})));
    scheduler.add_object(&read(
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "ns1"}, "spec": {"selector": {"app": "b"}}}),
    ));
    nodes.iter().enumerate().for_each(|(at, seed)| scheduler.add_object(&node(at, *seed)));
    scheduler
}

/// Does one thing to a cluster and says what came of it.
fn act(scheduler: &mut Scheduler, templates: &[Obj], alive: &mut Vec<Obj>, nodes: usize, at: usize, op: u64) -> Value {
    match op % 16 {
        0 if !alive.is_empty() => {
            let gone = alive.swap_remove((op >> 4) as usize % alive.len());
            scheduler.remove_object(&gone);
            return json!("removed");
        }
        1 => {
            scheduler.add_object(&node((op >> 4) as usize % nodes, op >> 10));
            return json!("node changed");
        }
        2 if op & 0x30 == 0 => {
            scheduler.add_object(&node(nodes + (op >> 6) as usize % 2, op >> 10));
            return json!("node added");
        }
        3 if op & 0x70 == 0 => {
            scheduler.remove_object(&node((op >> 8) as usize % nodes, 0));
            return json!("node removed");
        }
        _ => {}
    }
    let mut object = (*templates[(op >> 4) as usize % templates.len()]).clone();
    object.meta.name = format!("p{at}").into();
    object.meta.uid = object.meta.name.clone();
    let info = scheduler.pod_info(&Arc::new(object.clone()));
    let mut decision = scheduler.schedule_one(&info);
    let mut out = Map::new();
    describe(&mut out, &scheduler.world, &decision, Detail::Full);
    let mut result = json!({"record": out, "message": decision.message(), "next": scheduler.next_start_node_index(), "node": ""});
    if let Outcome::Node(id) = decision.outcome {
        let name = scheduler.world.cache.node(id).name.clone();
        result["node"] = (&*name).into();
        object.as_pod_mut().expect("it is a pod").node_name = name;
        let object = Arc::new(object);
        let assumed = scheduler.pod_info(&object);
        scheduler.assume(assumed, &mut decision).expect("nothing objects");
        alive.push(object);
    }
    result
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_kept_changes_a_decision(
        nodes in prop::collection::vec(any::<u64>(), 1..14),
        templates in prop::collection::vec(any::<u64>(), 1..7),
        ops in prop::collection::vec(any::<u64>(), 1..60),
        percentage in prop::sample::select(vec![0, 100]),
    ) {
        compare(nodes, templates, ops, percentage)?;
    }

    /// Many pods of a few kinds: what is kept over many pods is used.
    #[test]
    fn nothing_kept_for_long_changes_a_decision(
        nodes in prop::collection::vec(any::<u64>(), 3..24),
        templates in prop::collection::vec(any::<u64>(), 1..3),
        ops in prop::collection::vec(any::<u64>(), 40..120),
    ) {
        compare(nodes, templates, ops, 100)?;
    }
}

/// Does the same with all caches, with brief answers, and without caches.
fn compare(nodes: Vec<u64>, templates: Vec<u64>, ops: Vec<u64>, percentage: i32) -> Result<(), TestCaseError> {
    let templates: Vec<Obj> = templates.iter().enumerate().map(|(at, seed)| template(at, *seed)).collect();
    let [mut cached, mut brief, mut plain] = [(true, Detail::Full), (true, Detail::Brief), (false, Detail::Full)]
        .map(|(cached, detail)| world(cached, detail, percentage, &nodes));
    let (mut here, mut hence, mut there) = (vec![], vec![], vec![]);
    for (at, op) in ops.into_iter().enumerate() {
        let got = act(&mut cached, &templates, &mut here, nodes.len(), at, op);
        let want = act(&mut plain, &templates, &mut there, nodes.len(), at, op);
        prop_assert_eq!(&got, &want);
        let short = act(&mut brief, &templates, &mut hence, nodes.len(), at, op);
        for part in ["node", "message", "next"] {
            prop_assert_eq!(&short[part], &want[part]);
        }
        for count in ["feasibleCount", "rejectedCount"] {
            prop_assert_eq!(&short["record"][count], &want["record"][count]);
        }
    }
    Ok(())
}

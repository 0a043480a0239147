//! DaemonSets in a small world, and laws that hold whatever happens to their pods and nodes.

use super::*;
use crate::controllers::testing::{TinyKubelet, World};
use crate::model::{Obj, Object, PodPhase};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn describe(object: &Object) -> String {
    match object.as_daemon_set() {
        Some(set) => {
            let status = &set.status;
            format!(
                "{}/{}/{}/{}",
                status.desired_number_scheduled, status.number_ready, status.updated_number_scheduled, status.number_misscheduled
            )
        }
        None => object.meta.name.to_string(),
    }
}

fn world(nodes: usize, extra: Value) -> World {
    let mut world = World::new(nodes, describe).with(DaemonSets::of(&ControllerManager::default()));
    world.sim.add_actor(Box::new(TinyKubelet));
    (1..=nodes).for_each(|node| join(&mut world, &format!("n{node}")));
    let mut spec = json!({"selector": {"matchLabels": {"app": "a"}},
        "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "app:1"}]}}});
    json_patch::merge(&mut spec, &extra);
    world.create(json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"}, "spec": spec}));
    world
}

/// Takes away what every node is born with until its kubelet reports.
fn join(world: &mut World, node: &str) {
    world.merge(Kind::Node, node, json!({"spec": {"taints": null}}));
}

fn update(world: &mut World, image: &str) {
    world.merge(Kind::DaemonSet, "agent", json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}}));
}

fn image(pod: &Obj) -> &str {
    &pod.as_pod().unwrap().spec.containers[0].image
}

/// Node to images of the pods there that stay.
fn placed(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut placed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pod in world.list(Kind::Pod).iter().filter(|pod| !pod.meta.is_deleting()) {
        let node = crate::controllers::daemonset_nodes::target_node(pod).expect("aimed at a node").to_string();
        placed.entry(node).or_default().push(image(pod).to_string());
    }
    placed
}

fn ready(world: &World) -> usize {
    world.list(Kind::Pod).iter().filter(|pod| !pod.meta.is_deleting() && pod.as_pod().unwrap().is_ready()).count()
}

#[test]
fn each_node_gets_one_and_new_nodes_too() {
    let mut world = world(3, json!({}));
    world.run(3_000);
    assert_eq!(placed(&world).keys().map(String::as_str).collect::<Vec<_>>(), ["n1", "n2", "n3"]);
    assert_eq!(world.lines(Kind::DaemonSet).last().unwrap(), "3/3/3/0");
    world.create(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n4"}}));
    join(&mut world, "n4");
    world.run(3_000);
    assert_eq!(world.lines(Kind::DaemonSet).last().unwrap(), "4/4/4/0");
}

#[test]
fn taints_decide_who_stays() {
    let mut world = world(2, json!({}));
    world.run(3_000);
    assert_eq!(world.lines(Kind::DaemonSet).last().unwrap(), "2/2/2/0");
    // What keeps new pods away leaves those that are there; such a node is no reason to look at the DaemonSet.
    world.merge(Kind::Node, "n1", json!({"spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}}));
    world.run(2_000);
    assert_eq!((placed(&world).len(), world.lines(Kind::DaemonSet).last()), (2, None));
    // When it is looked at for another reason, the pod counts as one that should not be there.
    world.merge(Kind::DaemonSet, "agent", json!({"spec": {"minReadySeconds": 1}}));
    world.run(3_000);
    assert_eq!((placed(&world).len(), world.lines(Kind::DaemonSet).last().unwrap().as_str()), (2, "1/1/1/1"));
    world.merge(Kind::Node, "n1", json!({"spec": {"taints": [{"key": "k", "effect": "NoExecute"}]}}));
    world.run(3_000);
    assert_eq!((placed(&world).len(), world.lines(Kind::DaemonSet).last().unwrap().as_str()), (1, "1/1/1/0"));
    // A cordon is no reason to stay away.
    world.merge(
        Kind::Node,
        "n1",
        json!({"spec": {"taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}], "unschedulable": true}}),
    );
    world.run(3_000);
    assert_eq!(placed(&world).len(), 2);
}

#[test]
fn a_rollout_takes_as_many_away_as_may_be_missing() {
    for (unavailable, least) in [(json!(1), 3), (json!(2), 2), (json!("50%"), 2)] {
        let mut world = world(4, json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable}}}));
        world.run(3_000);
        update(&mut world, "app:2");
        let mut fewest = 4;
        for _ in 0..120 {
            world.run(100);
            fewest = fewest.min(ready(&world));
        }
        assert_eq!(fewest, least, "{unavailable}");
        assert!(placed(&world).values().all(|images| images == &["app:2"]));
    }
}

#[test]
fn with_surge_the_new_pod_comes_first() {
    let rolling = json!({"maxSurge": 1, "maxUnavailable": 0});
    let mut world = world(2, json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}));
    world.run(3_000);
    update(&mut world, "app:2");
    let mut most = 0;
    for _ in 0..100 {
        world.run(100);
        assert!(ready(&world) >= 2);
        most = most.max(placed(&world).values().map(Vec::len).sum());
    }
    assert_eq!(most, 3);
    assert!(placed(&world).values().all(|images| images == &["app:2"]));
}

#[test]
fn a_failed_daemon_is_deleted_and_comes_back() {
    let mut world = world(1, json!({}));
    world.run(3_000);
    let before = world.list(Kind::Pod)[0].meta.name.to_string();
    world.pod_state(&before, "n1", PodPhase::Failed, false);
    world.run(5_000);
    let after = world.list(Kind::Pod);
    assert!(after.len() == 1 && *after[0].meta.name != before);
    assert!(
        world.events("agent").iter().any(|event| event.starts_with("FailedDaemonPod Found failed daemon pod ns/")),
        "{:?}",
        world.events("agent")
    );
}

#[derive(Clone, Debug)]
enum Blow {
    Image(u8),
    Delete(usize),
    Fail(usize),
    Taint(usize, bool),
    Wait(u64),
}

fn blow() -> impl Strategy<Value = Blow> {
    prop_oneof![
        (1u8..4).prop_map(Blow::Image),
        (0..4usize).prop_map(Blow::Delete),
        (0..4usize).prop_map(Blow::Fail),
        (1..4usize, any::<bool>()).prop_map(|(node, on)| Blow::Taint(node, on)),
        (1u64..3_000).prop_map(Blow::Wait),
    ]
}

fn strike(world: &mut World, blow: &Blow) {
    let nth = |world: &World, at: &usize| world.list(Kind::Pod).get(*at).filter(|pod| pod.as_pod().unwrap().is_bound()).cloned();
    match blow {
        Blow::Image(version) => update(world, &format!("app:{version}")),
        Blow::Delete(at) => {
            if let Some(pod) = nth(world, at) {
                world.delete(Kind::Pod, &pod.meta.name);
            }
        }
        Blow::Fail(at) => {
            if let Some(pod) = nth(world, at).filter(|pod| !pod.as_pod().unwrap().is_terminal()) {
                let node = pod.as_pod().unwrap().node_name.to_string();
                world.pod_state(&pod.meta.name, &node, PodPhase::Failed, false);
            }
        }
        Blow::Taint(node, on) => {
            let taints = if *on { json!([{"key": "k", "effect": "NoExecute"}]) } else { Value::Null };
            world.merge(Kind::Node, &format!("n{node}"), json!({"spec": {"taints": taints}}));
        }
        Blow::Wait(ms) => world.run(*ms),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens: never two on a node for long, and once nothing happens any more, one of the last template on each that may have one.
    #[test]
    fn one_a_node_and_all_converges(blows in prop::collection::vec(blow(), 1..12)) {
        let mut world = world(3, json!({}));
        world.run(2_000);
        for blow in &blows {
            strike(&mut world, blow);
            world.run(100);
            prop_assert!(placed(&world).values().all(|images| images.len() <= 1), "{:?}", placed(&world));
        }
        // A daemon that failed again and again comes back after a back-off of up to 15 minutes.
        world.run(1_800_000);
        let template = world.get(Kind::DaemonSet, "agent").unwrap().as_daemon_set().unwrap().spec.template.spec.containers[0].image.clone();
        let free: Vec<String> = world.list(Kind::Node).iter().filter(|node| node.as_node().unwrap().spec.taints.is_empty()).map(|node| node.meta.name.to_string()).collect();
        let wanted: BTreeMap<String, Vec<String>> = free.into_iter().map(|node| (node, vec![template.clone()])).collect();
        prop_assert_eq!(placed(&world), wanted);
        prop_assert_eq!(ready(&world), placed(&world).len());
    }
}

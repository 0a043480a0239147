//! Stories of nodes that fall silent, in a small world without kubelets.

use super::*;
use crate::actor::Clock;
use crate::actor::controller::ControllerActor;
use crate::api::Subresource;
use crate::base::Seed;
use crate::controllers::{node_taints::NodeTaints, taint_eviction::TaintEviction};
use crate::model::{MicroTime, Object};
use crate::sim::{Latency, Settings, Sim};
use serde_json::{Value, json};

const START_US: i64 = 1_774_767_300_000_000;

fn create(sim: &mut Sim, object: Value) {
    sim.request_now(Verb::Create(Box::new(Object::from_json(object).unwrap()))).unwrap();
}

fn lease_key(node: &str) -> Key {
    Key { kind: Kind::Lease, group_kind: Str::default(), namespace: LEASE_NAMESPACE.into(), name: node.into() }
}

fn node_key(node: &str) -> Key {
    Key { kind: Kind::Node, group_kind: Str::default(), namespace: Str::default(), name: node.into() }
}

/// A world of ready nodes (name, zone) whose leases renew themselves, one pod each.
fn world(nodes: &[(&str, &str)]) -> Sim {
    let clock = Clock { start_us: START_US };
    let mut sim = Sim::new(Settings { seed: Seed(1), clock, latency: Latency::default() });
    for name in ["default", LEASE_NAMESPACE] {
        create(&mut sim, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    }
    for (name, zone) in nodes {
        let ready = json!({"type": "Ready", "status": "True", "reason": "KubeletReady"});
        create(
            &mut sim,
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}},
                   "status": {"conditions": [ready]}}),
        );
        create(
            &mut sim,
            json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name, "namespace": LEASE_NAMESPACE}}),
        );
        set_lease(&mut sim, name, 0, Some(Span::from_s(10)));
        let tolerations = json!([{"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute",
            "tolerationSeconds": 300}]);
        create(
            &mut sim,
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("pod-{name}"), "namespace": "default"},
                   "spec": {"nodeName": name, "tolerations": tolerations, "containers": [{"name": "c", "image": "i"}]}}),
        );
        let pod = Key { kind: Kind::Pod, group_kind: Str::default(), namespace: "default".into(), name: format!("pod-{name}").into() };
        let ready = PodCondition { r#type: "Ready".into(), status: "True".into(), ..PodCondition::default() };
        sim.request_now(Verb::edit_status(pod, move |pod| {
            Arc::make_mut(&mut pod.as_pod_mut().unwrap().status).conditions.push(ready.clone());
        }))
        .unwrap();
    }
    let settings = ControllerManager::default();
    sim.add_actor(Box::new(ControllerActor::new(NodeTaints::new(None))));
    sim.add_actor(Box::new(NodeLifecycle::new(&settings)));
    sim.add_actor(Box::new(TaintEviction::new(&settings)));
    sim
}

fn set_lease(sim: &mut Sim, node: &str, renewed_s: i64, every: Option<Span>) {
    let renewed = MicroTime(START_US + renewed_s * 1_000_000);
    let write = Verb::edit(lease_key(node), move |lease| {
        let spec = Arc::make_mut(&mut lease.as_lease_mut().unwrap().spec);
        (spec.renew_time, spec.renewed_every) = (Some(renewed), every);
    });
    sim.request_now(write).unwrap();
}

fn set_ready(sim: &mut Sim, node: &str) {
    let write = Verb::Patch {
        target: node_key(node),
        subresource: Subresource::Status,
        patch: crate::api::Patch::Edit(crate::api::Edit::new(|node| {
            let status = Arc::make_mut(&mut node.as_node_mut().unwrap().status);
            status.conditions.retain(|condition| &*condition.r#type == "Ready");
            for condition in &mut status.conditions {
                (condition.status, condition.last_heartbeat_time) = ("True".into(), Some(Timestamp(START_US / 1_000_000 + 999)));
            }
        })),
    };
    sim.request_now(write).unwrap();
}

fn taints(sim: &Sim, node: &str) -> Vec<String> {
    let object = sim.store().now().find(Kind::Node, "", node).unwrap();
    let short = |taint: &Taint| format!("{}:{}", taint.key.replace("node.kubernetes.io/", ""), taint.effect);
    object.as_node().unwrap().spec.taints.iter().map(short).collect()
}

fn ready(sim: &Sim, kind: Kind, name: &str) -> String {
    let namespace = if kind == Kind::Pod { "default" } else { "" };
    let json = sim.store().now().find(kind, namespace, name).unwrap().to_json();
    let conditions = json["status"]["conditions"].as_array().unwrap().clone();
    conditions.iter().find(|c| c["type"] == "Ready").unwrap()["status"].as_str().unwrap().to_string()
}

fn events(sim: &Sim) -> Vec<String> {
    let all = sim.store().now().list(Kind::Event);
    all.map(|(_, o)| o.as_event().unwrap()).map(|e| format!("{} {}: {}", e.about_name, e.origin.reason, e.message)).collect()
}

#[test]
fn an_idle_fleet_costs_nothing() {
    let mut sim = world(&[("n1", "a"), ("n2", "a")]);
    sim.run_until(Time::from_s(10));
    let before = sim.counters().events;
    sim.run_until(Time::from_s(86_400));
    assert_eq!(sim.counters().events, before);
    assert_eq!(events(&sim)[0], "n1 RegisteredNode: Node n1 event: Registered Node n1 in Controller");
}

#[test]
fn a_silent_node_loses_its_pods_after_grace_and_toleration() {
    let mut sim = world(&[("n1", "a"), ("n2", "a")]);
    sim.run_until(Time::from_s(103));
    set_lease(&mut sim, "n1", 101, None);
    // The renewal at 101 s counts from the tick at 105 s.
    sim.run_until(Time::from_ms(154_999));
    assert_eq!((ready(&sim, Kind::Node, "n1"), ready(&sim, Kind::Pod, "pod-n1")), ("True".into(), "True".into()));
    sim.run_until(Time::from_ms(155_200));
    assert_eq!((ready(&sim, Kind::Node, "n1"), ready(&sim, Kind::Pod, "pod-n1")), ("Unknown".into(), "False".into()));
    assert_eq!(taints(&sim, "n1"), ["unreachable:NoSchedule", "unreachable:NoExecute"]);
    assert!(taints(&sim, "n2").is_empty());
    sim.run_until(Time::from_s(455));
    assert!(sim.store().now().find(Kind::Pod, "default", "pod-n1").unwrap().meta.deletion_timestamp.is_none());
    sim.run_until(Time::from_s(456));
    let pod = sim.store().now().find(Kind::Pod, "default", "pod-n1").unwrap();
    assert!(pod.meta.is_deleting());
    assert_eq!(&*pod.as_pod().unwrap().condition("DisruptionTarget").unwrap().reason, "DeletionByTaintManager");
    assert_eq!(
        events(&sim)[2..],
        [
            "n1 NodeNotReady: Node n1 status is now: NodeNotReady",
            "pod-n1 NodeNotReady: Node is not ready",
            "pod-n1 TaintManagerEviction: Marking for deletion Pod default/pod-n1",
        ]
    );
}

#[test]
fn a_node_that_comes_back_in_time_keeps_its_pods() {
    let mut sim = world(&[("n1", "a"), ("n2", "a")]);
    sim.run_until(Time::from_s(103));
    set_lease(&mut sim, "n1", 101, None);
    sim.run_until(Time::from_s(200));
    set_lease(&mut sim, "n1", 200, Some(Span::from_s(10)));
    set_ready(&mut sim, "n1");
    sim.run_until(Time::from_s(206));
    assert!(taints(&sim, "n1").is_empty());
    sim.run_until(Time::from_s(900));
    assert!(!sim.store().now().find(Kind::Pod, "default", "pod-n1").unwrap().meta.is_deleting());
    assert_eq!(events(&sim).last().unwrap(), "pod-n1 TaintManagerEviction: Cancelling deletion of Pod default/pod-n1");
}

#[test]
fn a_whole_zone_goes_one_node_in_ten_seconds() {
    let mut sim = world(&[("n1", "a"), ("n2", "a"), ("n3", "b")]);
    sim.run_until(Time::from_s(103));
    set_lease(&mut sim, "n1", 101, None);
    set_lease(&mut sim, "n2", 101, None);
    sim.run_until(Time::from_s(156));
    assert_eq!((taints(&sim, "n1").len(), taints(&sim, "n2").len()), (2, 1));
    sim.run_until(Time::from_s(166));
    assert_eq!((taints(&sim, "n1").len(), taints(&sim, "n2").len()), (2, 2));
}

#[test]
fn when_all_nodes_are_silent_nobody_is_evicted() {
    let mut sim = world(&[("n1", "a"), ("n2", "b")]);
    sim.run_until(Time::from_s(103));
    set_lease(&mut sim, "n1", 101, None);
    set_lease(&mut sim, "n2", 101, None);
    sim.run_until(Time::from_s(2_000));
    assert_eq!((taints(&sim, "n1"), ready(&sim, Kind::Node, "n2")), (vec!["unreachable:NoSchedule".to_string()], "Unknown".into()));
    assert!(!sim.store().now().find(Kind::Pod, "default", "pod-n1").unwrap().meta.is_deleting());
}

#[test]
fn a_node_that_is_gone_is_noted() {
    let mut sim = world(&[("n1", "a")]);
    sim.run_until(Time::from_s(7));
    sim.request_now(Verb::delete(node_key("n1"))).unwrap();
    sim.run_until(Time::from_s(11));
    assert_eq!(events(&sim).last().unwrap(), "n1 RemovingNode: Node n1 event: Removing Node n1 from Controller");
}

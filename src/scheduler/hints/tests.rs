//! Hints one by one: what was rejected, what happened, does it matter.

use super::*;
use crate::model::Object;
use crate::scheduler::config::SchedulerConfiguration;
use serde_json::{Value, json};
use std::sync::Arc;

fn object(kind: &str, json: Value) -> Obj {
    let api = crate::model::Kind::ALL.iter().find(|own| own.name() == kind).expect("a kind").api_version();
    let mut whole = json!({"apiVersion": api, "kind": kind, "metadata": {"name": "x", "namespace": "ns", "uid": "u"}});
    json_patch::merge(&mut whole, &json);
    Arc::new(Object::from_json(whole).unwrap())
}

/// Whether the plugin hopes for a pod with this spec.
fn hopes(plugin: &str, spec: Value, event: ClusterEvent, kind: &str, old: Option<Value>, new: Option<Value>) -> bool {
    let pod = PodInfo::new(object("Pod", json!({"metadata": {"name": "p", "uid": "p"}, "spec": spec})));
    let (old, new) = (old.map(|json| object(kind, json)), new.map(|json| object(kind, json)));
    let config = SchedulerConfiguration::default();
    let question = Question { pod: &pod, old: old.as_ref(), new: new.as_ref() };
    ask(&World::default(), &config.profiles[0], plugin, &event, &question)
}

const TAINTED: ClusterEvent = ClusterEvent::new(Resource::Node, ActionType::UPDATE_NODE_TAINT);

#[test]
fn every_plugin_that_rejects_listens_to_something() {
    let listening = Listening::new(&SchedulerConfiguration::default());
    for plugin in crate::scheduler::config::points::PLUGINS {
        use crate::scheduler::config::Point;
        let rejects = plugin.implements(Point::Filter) || plugin.implements(Point::PreEnqueue);
        assert_eq!(!registrations(plugin.name).is_empty(), rejects, "{}", plugin.name);
    }
    assert!(listening.listens("NodePorts", &ClusterEvent::NODE_ADD));
    assert!(!listening.listens("NodePorts", &TAINTED));
    assert!(listening.watches(Resource::VolumeAttachment, ActionType::DELETE));
    assert!(!listening.watches(Resource::VolumeAttachment, ActionType::ADD));
    assert!(listening.is_of_interest(&ClusterEvent::UNSCHEDULABLE_TIMEOUT));
}

#[test]
fn a_node_must_become_tolerable() {
    let tainted = json!({"spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}});
    let free = json!({});
    let asks = |old: &Value, new: &Value| hopes("TaintToleration", json!({}), TAINTED, "Node", Some(old.clone()), Some(new.clone()));
    assert!(asks(&tainted, &free) && !asks(&free, &tainted) && !asks(&free, &free));
    let cordoned = json!({"spec": {"unschedulable": true}});
    assert!(hopes("NodeUnschedulable", json!({}), TAINTED, "Node", Some(cordoned.clone()), Some(free.clone())));
    assert!(!hopes("NodeUnschedulable", json!({}), ClusterEvent::NODE_ADD, "Node", None, Some(cordoned)));
    assert!(!hopes("DefaultPreemption", json!({}), ClusterEvent::ASSIGNED_POD_DELETE, "Pod", Some(json!({})), None));
}

#[test]
fn a_node_must_match_and_have_room() {
    let labelled = |zone: &str| json!({"metadata": {"labels": {"zone": zone}}});
    let label = ClusterEvent::new(Resource::Node, ActionType::UPDATE_NODE_LABEL);
    let wants = json!({"nodeSelector": {"zone": "a"}});
    assert!(hopes("NodeAffinity", wants.clone(), label, "Node", Some(labelled("b")), Some(labelled("a"))));
    assert!(!hopes("NodeAffinity", wants, label, "Node", Some(labelled("a")), Some(labelled("a"))));
    let offer = |cpu: &str| json!({"status": {"allocatable": {"cpu": cpu, "pods": "9"}}});
    let event = ClusterEvent::new(Resource::Node, ActionType::UPDATE_NODE_ALLOCATABLE);
    let asks = json!({"containers": [{"name": "c", "resources": {"requests": {"cpu": "2"}}}]});
    assert!(hopes("NodeResourcesFit", asks.clone(), event, "Node", Some(offer("1")), Some(offer("2"))));
    assert!(!hopes("NodeResourcesFit", asks.clone(), event, "Node", Some(offer("3")), Some(offer("2"))));
    assert!(!hopes("NodeResourcesFit", asks, ClusterEvent::NODE_ADD, "Node", None, Some(offer("1"))));
}

#[test]
fn a_pod_that_goes_must_have_been_in_the_way() {
    let gone = |port: i32, node: &str| json!({"spec": {"nodeName": node, "containers": [{"name": "c", "ports": [{"hostPort": port}]}]}});
    let wants = json!({"containers": [{"name": "c", "ports": [{"hostPort": 80}]}]});
    let asks = |gone: Value| hopes("NodePorts", wants.clone(), ClusterEvent::ASSIGNED_POD_DELETE, "Pod", Some(gone), None);
    assert!(asks(gone(80, "n")) && !asks(gone(81, "n")) && !asks(gone(80, "")));
    let apart = json!({"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "db"}}}]}}});
    let labelled = |app: &str| json!({"metadata": {"labels": {"app": app}}, "spec": {"nodeName": "n"}});
    let asks = |gone: Value| hopes("InterPodAffinity", apart.clone(), ClusterEvent::ASSIGNED_POD_DELETE, "Pod", Some(gone), None);
    assert!(asks(labelled("db")) && !asks(labelled("web")));
    let spread = json!({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "db"}}}]});
    let asks = |gone: Value| hopes("PodTopologySpread", spread.clone(), ClusterEvent::ASSIGNED_POD_DELETE, "Pod", Some(gone), None);
    assert!(asks(labelled("db")) && !asks(labelled("web")));
}

#[test]
fn volumes_must_be_the_pods_own() {
    let claim = ClusterEvent::new(Resource::PersistentVolumeClaim, ActionType::ADD);
    let wants = |name: &str| json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": name}}]});
    for plugin in ["VolumeRestrictions", "NodeVolumeLimits", "VolumeBinding", "VolumeZone"] {
        assert!(hopes(plugin, wants("x"), claim, "PersistentVolumeClaim", None, Some(json!({}))), "{plugin}");
        assert!(!hopes(plugin, wants("y"), claim, "PersistentVolumeClaim", None, Some(json!({}))), "{plugin}");
    }
    let limit =
        |count: i32| json!({"spec": {"drivers": [{"name": "d", "nodeID": "n", "topologyKeys": [], "allocatable": {"count": count}}]}});
    let event = ClusterEvent::new(Resource::CSINode, ActionType::UPDATE);
    assert!(hopes("NodeVolumeLimits", json!({}), event, "CSINode", Some(limit(1)), Some(limit(2))));
    assert!(!hopes("NodeVolumeLimits", json!({}), event, "CSINode", Some(limit(2)), Some(limit(2))));
    assert!(!hopes("VolumeBinding", json!({}), event, "CSINode", Some(limit(1)), Some(limit(2))));
}

#[test]
fn a_class_must_stand_for_a_resource_that_is_asked_for() {
    let event = ClusterEvent::new(Resource::DeviceClass, ActionType::ADD);
    let asks = json!({"containers": [{"name": "c", "resources": {"requests": {"example.com/gpu": "1"}}}]});
    let class = |name: &str| json!({"spec": {"extendedResourceName": name}});
    assert!(hopes("NodeResourcesFit", asks.clone(), event, "DeviceClass", None, Some(class("example.com/gpu"))));
    assert!(!hopes("NodeResourcesFit", asks, event, "DeviceClass", None, Some(class("example.com/other"))));
    let claim = ClusterEvent::new(Resource::ResourceClaim, ActionType::DELETE);
    let allocated = json!({"status": {"allocation": {}}});
    assert!(hopes("DynamicResources", json!({}), claim, "ResourceClaim", Some(allocated), None));
    assert!(!hopes("DynamicResources", json!({}), claim, "ResourceClaim", Some(json!({})), None));
}

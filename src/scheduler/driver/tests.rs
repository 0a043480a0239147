//! The driver step by step.

use super::*;
use crate::model::{Kind, Object, Timestamp};
use crate::scheduler::events::{ActionType, ClusterEvent, Resource};
use crate::scheduler::queue::Place;
use serde_json::{Value, json};

fn object(json: Value) -> Obj {
    Arc::new(Object::from_json(json).unwrap())
}

fn node(name: &str, cpu: &str) -> Obj {
    object(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"allocatable": {"cpu": cpu, "pods": "110"}}}))
}

fn pod(name: &str, cpu: &str, priority: i32) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "ns", "uid": name},
        "spec": {"priority": priority, "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]}})
}

fn bound(name: &str, cpu: &str, priority: i32, node: &str) -> Obj {
    let mut json = pod(name, cpu, priority);
    json["spec"]["nodeName"] = node.into();
    object(json)
}

fn driver() -> SchedulerDriver {
    let mut driver = SchedulerDriver::new(&SchedulerConfiguration::default()).unwrap();
    driver.record();
    driver
}

fn cycle(driver: &mut SchedulerDriver, ms: u64) -> Conclusion {
    let Some(Popped::Attempt(mut attempt)) = driver.pop() else { panic!("no pod waits") };
    driver.decide(&mut attempt);
    driver.conclude(attempt, Time::from_ms(ms))
}

fn key(name: &str) -> PodKey {
    ("ns".into(), name.into())
}

#[test]
fn a_pod_that_does_not_fit_comes_back_with_a_node() {
    let mut driver = driver();
    driver.set(&node("small", "1"), Time::ZERO);
    driver.set(&object(pod("p", "2", 0)), Time::ZERO);
    let Conclusion::Failed(failure) = cycle(&mut driver, 100) else { panic!("it does not fit") };
    assert_eq!((failure.reason, failure.requeued), ("Unschedulable", true));
    assert!(failure.plugins.contains("NodeResourcesFit") && failure.message.starts_with("0/1 nodes are available: 1 Insufficient cpu."));
    let written = failure.updated_pod(Timestamp(5)).expect("the condition is new");
    driver.set(&written, Time::from_ms(110));
    let again = with_failure(&written, failure.reason, &failure.message, None, Timestamp(9));
    assert!(again.is_none(), "the status says so already");
    driver.set(&node("large", "4"), Time::from_ms(200));
    assert_eq!(driver.queue().place(&key("p")), Some(Place::Backoff));
    assert_eq!(driver.next_flush(), Some(Time::from_s(2)));
    driver.advance(Time::from_ms(2_500));
    assert_eq!(driver.queue().place(&key("p")), Some(Place::Active));
    let Conclusion::Bind(binding) = cycle(&mut driver, 2_600) else { panic!("it fits now") };
    assert_eq!(&*binding.node, "large");
    assert!(driver.world().cache.is_assumed("p"));
    driver.set(&bound("p", "2", 0, "large"), Time::from_ms(2_700));
    assert!(!driver.world().cache.is_assumed("p"));
    assert_eq!(driver.take_events().last().map(String::as_str), Some("UnscheduledPodDelete"));
    assert!(driver.take_moves().iter().any(|own| own.event == "BackoffComplete" && own.at == Time::from_s(2)));
}

#[test]
fn a_failed_binding_frees_what_the_pod_took() {
    let mut driver = driver();
    driver.set(&node("n", "1"), Time::ZERO);
    driver.set(&object(pod("p", "1", 0)), Time::ZERO);
    let Conclusion::Bind(binding) = cycle(&mut driver, 10) else { panic!("it fits") };
    let failure = driver.bind_failed(binding, "the server is busy", Time::from_ms(20));
    assert_eq!(failure.reason, "SchedulerError");
    assert_eq!(&*failure.message, "running Bind plugin \"DefaultBinder\": the server is busy");
    assert_eq!(driver.queue().place(&key("p")), Some(Place::ErrorBackoff));
    assert_eq!(driver.world().cache.node_named("n").unwrap().requested.milli_cpu, 0);
}

#[test]
fn a_binding_that_only_seemed_to_fail_stays() {
    let mut driver = driver();
    driver.set(&node("n", "1"), Time::ZERO);
    driver.set(&object(pod("p", "1", 0)), Time::ZERO);
    let Conclusion::Bind(binding) = cycle(&mut driver, 10) else { panic!("it fits") };
    driver.set(&bound("p", "1", 0, "n"), Time::from_ms(15));
    let failure = driver.bind_failed(binding, "no answer in time", Time::from_ms(20));
    assert!(!failure.requeued && driver.queue().is_empty());
    assert_eq!(driver.world().cache.node_named("n").unwrap().requested.milli_cpu, 1000);
    let heard = driver.take_events();
    assert!(!heard.contains(&"AssignedPodDelete".to_string()), "{heard:?}");
}

#[test]
fn a_preemptor_is_held_back_until_the_last_eviction_has_begun() {
    let mut driver = driver();
    driver.set(&node("n", "2"), Time::ZERO);
    for name in ["low-1", "low-2"] {
        driver.set(&bound(name, "1", 1, "n"), Time::ZERO);
    }
    driver.set(&object(pod("high", "2", 9)), Time::ZERO);
    let Conclusion::Failed(failure) = cycle(&mut driver, 10) else { panic!("it does not fit") };
    let eviction = failure.eviction.as_ref().expect("others have to go");
    assert_eq!(eviction.to_evict().count(), 2);
    assert_eq!(eviction.condition_message(), "default-scheduler: preempting to accommodate a higher priority pod");
    assert_eq!(driver.nominated_to("n").len(), 1);
    driver.delete(&bound("low-1", "1", 1, "n"), Time::from_ms(20));
    assert_eq!(driver.queue().place(&key("high")), Some(Place::Gated));
    assert!(driver.is_preempting("high"));
    driver.last_eviction(eviction);
    assert!(driver.is_preempting("high"));
    driver.delete(&bound("low-2", "1", 1, "n"), Time::from_ms(30));
    assert_eq!(driver.queue().place(&key("high")), Some(Place::Backoff));
    driver.evicted(eviction, true, Time::from_ms(40));
    assert!(!driver.is_preempting("high"));
}

#[test]
fn a_failed_eviction_activates_the_preemptor() {
    let mut driver = driver();
    driver.set(&node("n", "1"), Time::ZERO);
    driver.set(&bound("low", "1", 1, "n"), Time::ZERO);
    driver.set(&object(pod("high", "1", 9)), Time::ZERO);
    let Conclusion::Failed(failure) = cycle(&mut driver, 10) else { panic!("it does not fit") };
    driver.evicted(&failure.eviction.expect("another has to go"), false, Time::from_ms(20));
    assert_eq!(driver.queue().place(&key("high")), Some(Place::Active));
}

#[test]
fn pods_that_end_and_pods_of_other_schedulers_are_nothing_to_it() {
    let mut driver = driver();
    let mut other = pod("other", "1", 0);
    other["spec"]["schedulerName"] = "someone-else".into();
    driver.set(&object(other), Time::ZERO);
    assert!(driver.queue().is_empty() && driver.listed(&key("other")).is_some());
    driver.set(&object(pod("p", "1", 0)), Time::ZERO);
    let mut ended = pod("p", "1", 0);
    ended["status"] = json!({"phase": "Succeeded"});
    driver.set(&object(ended), Time::ZERO);
    assert!(driver.queue().is_empty() && driver.listed(&key("p")).is_none());
    let mut going = pod("g", "1", 0);
    going["metadata"]["deletionTimestamp"] = "2026-06-01T00:00:00Z".into();
    driver.set(&object(going), Time::ZERO);
    assert!(matches!(driver.pop(), Some(Popped::Skipped(..))));
}

#[test]
fn only_kinds_that_plugins_listen_to_make_events() {
    let mut driver = driver();
    let object = |kind: &str, api: &str| object(json!({"apiVersion": api, "kind": kind, "metadata": {"name": "x", "namespace": "ns"}}));
    for (kind, api) in [("VolumeAttachment", "storage.k8s.io/v1"), ("Service", "v1"), ("CSINode", "storage.k8s.io/v1")] {
        let own = object(kind, api);
        driver.set(&own, Time::ZERO);
        driver.delete(&own, Time::ZERO);
    }
    assert_eq!(driver.take_events(), ["storage.k8s.io/VolumeAttachmentDelete", "storage.k8s.io/CSINodeAdd"]);
    let event = ClusterEvent::new(Resource::CSINode, ActionType::DELETE);
    assert!(!Listening::new(driver.config()).is_of_interest(&event));
    assert!(driver.world().listers.all(Kind::CSINode).next().is_none());
}

#[test]
fn a_binding_waits_for_its_volumes() {
    let mut driver = driver();
    driver.set(&node("n", "1"), Time::ZERO);
    let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "late"}, "provisioner": "csi.example.com",
        "volumeBindingMode": "WaitForFirstConsumer"});
    driver.set(&object(class), Time::ZERO);
    let claim = |version: u32, patch: Value| {
        let mut json = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "ns", "uid": "d",
            "resourceVersion": version.to_string()}, "spec": {"storageClassName": "late", "resources": {"requests": {"storage": "1Gi"}}}});
        json_patch::merge(&mut json, &patch);
        object(json)
    };
    let selected = |node: &str| json!({"metadata": {"annotations": {"volume.kubernetes.io/selected-node": node}}});
    driver.set(&claim(1, json!({})), Time::ZERO);
    let mut json = pod("p", "1", 0);
    json["spec"]["volumes"] = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]);
    driver.set(&object(json), Time::ZERO);
    let Conclusion::Bind(binding) = cycle(&mut driver, 10) else { panic!("it fits") };
    let [written] = binding.volume_writes() else { panic!("the claim is to be marked") };
    assert_eq!(written.meta.annotations.get("volume.kubernetes.io/selected-node"), Some("n"));
    assert_eq!(driver.volume_bind_timeout(&binding), Span::from_s(600));
    assert_eq!(driver.volumes_ready(&binding), Readiness::Waiting);
    driver.set(&claim(2, selected("n")), Time::ZERO);
    assert_eq!(driver.volumes_ready(&binding), Readiness::Waiting);
    let mut done = selected("n");
    json_patch::merge(
        &mut done,
        &json!({"spec": {"volumeName": "pv"}, "metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}}}),
    );
    driver.set(&claim(3, done), Time::ZERO);
    assert_eq!(driver.volumes_ready(&binding), Readiness::Ready);
    driver.set(&claim(4, json!({})), Time::ZERO);
    assert_eq!(driver.volumes_ready(&binding), Readiness::Failed("provisioning failed for PVC \"data\"".into()));
    let failure = driver.volumes_failed(binding, "binding volumes: no", Time::from_ms(20));
    assert_eq!(&*failure.message, "running PreBind plugin \"VolumeBinding\": binding volumes: no");
}

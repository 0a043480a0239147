//! Budgets and evictions in a small world of one ReplicaSet's pods.

use super::*;
use crate::actor::Clock;
use crate::actor::controller::ControllerActor;
use crate::api::{ApiError, DeleteOptions};
use crate::base::{Seed, Time};
use crate::sim::{Latency, Settings, Sim};
use crate::store::Key;
use proptest::prelude::*;
use serde_json::{Value, json};

fn create(sim: &mut Sim, object: Value) -> Obj {
    sim.request_now(Verb::Create(Box::new(Object::from_json(object).unwrap()))).unwrap()
}

fn key(kind: Kind, name: &str) -> Key {
    Key { kind, group_kind: Str::default(), namespace: "default".into(), name: name.into() }
}

fn set_ready(sim: &mut Sim, pod: &str, ready: bool) -> bool {
    let condition = PodCondition { r#type: "Ready".into(), status: if ready { "True" } else { "False" }.into(), ..PodCondition::default() };
    sim.request_now(Verb::edit_status(key(Kind::Pod, pod), move |pod| {
        let status = Arc::make_mut(&mut pod.as_pod_mut().unwrap().status);
        status.phase = PodPhase::Running;
        status.update_condition(condition.clone(), Timestamp(0));
    }))
    .is_ok()
}

/// Budgets with these specs over `pods` running pods of one ReplicaSet of that size.
fn world(pods: usize, budgets: &[Value]) -> Sim {
    let mut sim = Sim::new(Settings { seed: Seed(7), clock: Clock { start_us: 0 }, latency: Latency::default() });
    create(&mut sim, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}));
    let selector = json!({"matchLabels": {"app": "web"}});
    let set = create(
        &mut sim,
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web", "namespace": "default"},
               "spec": {"replicas": pods, "selector": selector, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}}),
    );
    for at in 0..pods {
        let owner = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": &*set.meta.uid, "controller": true});
        create(
            &mut sim,
            json!({"apiVersion": "v1", "kind": "Pod",
                   "metadata": {"name": format!("p{at}"), "namespace": "default", "labels": {"app": "web"}, "ownerReferences": [owner]},
                   "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}}),
        );
        set_ready(&mut sim, &format!("p{at}"), true);
    }
    for (at, spec) in budgets.iter().enumerate() {
        let mut spec = spec.clone();
        spec["selector"] = selector.clone();
        create(
            &mut sim,
            json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": format!("b{at}"), "namespace": "default"}, "spec": spec}),
        );
    }
    sim.add_actor(Box::new(ControllerActor::new(Disruption::new(&ControllerManager::default()))));
    sim
}

fn evict(sim: &mut Sim, pod: &str) -> Result<(), ApiError> {
    sim.request_now(Verb::Evict { pod: key(Kind::Pod, pod), options: DeleteOptions::default() }).map(|_| ())
}

fn status(sim: &Sim, name: &str) -> (i32, i32, i32, i32) {
    let object = sim.store().now().find(Kind::PodDisruptionBudget, "default", name).unwrap();
    let status = &object.as_pod_disruption_budget().unwrap().status;
    (status.expected_pods, status.desired_healthy, status.current_healthy, status.disruptions_allowed)
}

#[test]
fn budgets_count_as_their_specs_say() {
    for (spec, want) in [
        (json!({"minAvailable": 3}), (4, 3, 4, 1)),
        (json!({"minAvailable": "50%"}), (4, 2, 4, 2)),
        (json!({"minAvailable": "30%"}), (4, 2, 4, 2)),
        (json!({"maxUnavailable": 1}), (4, 3, 4, 1)),
        (json!({"maxUnavailable": "30%"}), (4, 2, 4, 2)),
        (json!({"maxUnavailable": 9}), (4, 0, 4, 4)),
    ] {
        let mut sim = world(4, std::slice::from_ref(&spec));
        sim.run_until(Time::from_s(1));
        assert_eq!(status(&sim, "b0"), want, "{spec}");
    }
}

#[test]
fn an_eviction_is_granted_once_and_then_refused_with_the_cause() {
    let mut sim = world(4, &[json!({"minAvailable": 3})]);
    sim.run_until(Time::from_s(1));
    evict(&mut sim, "p0").unwrap();
    assert_eq!(status(&sim, "b0"), (4, 3, 4, 0));
    let pod = sim.store().now().find(Kind::Pod, "default", "p0").unwrap().clone();
    assert!(pod.meta.is_deleting());
    assert_eq!(&*pod.as_pod().unwrap().condition("DisruptionTarget").unwrap().reason, "EvictionByEvictionAPI");
    let error = evict(&mut sim, "p1").unwrap_err();
    assert_eq!((error.code(), error.message.as_str()), (429, "Cannot evict pod as it would violate the pod's disruption budget."));
    sim.run_until(Time::from_s(2));
    let error = evict(&mut sim, "p1").unwrap_err();
    assert_eq!(error.details.unwrap().causes[0].message, "The disruption budget b0 needs 3 healthy pods and has 3 currently");
}

#[test]
fn two_budgets_over_one_pod_are_an_error() {
    let mut sim = world(2, &[json!({"minAvailable": 1}), json!({"minAvailable": 1})]);
    sim.run_until(Time::from_s(1));
    let error = evict(&mut sim, "p0").unwrap_err();
    assert_eq!((error.code(), error.reason.to_string().as_str()), (500, ""));
    assert_eq!(error.kubectl_text().split(':').next(), Some("Error from server"));
}

#[test]
fn unready_pods_go_if_the_policy_says_so() {
    for (policy, want) in [(None, 429), (Some("IfHealthyBudget"), 429), (Some("AlwaysAllow"), 0)] {
        let mut sim = world(3, &[json!({"minAvailable": 3, "unhealthyPodEvictionPolicy": policy})]);
        set_ready(&mut sim, "p0", false);
        sim.run_until(Time::from_s(1));
        assert_eq!(evict(&mut sim, "p0").map_or_else(|error| error.code(), |()| 0), want, "{policy:?}");
    }
    // Where enough others are healthy, an unready pod may go by default too.
    let mut sim = world(3, &[json!({"minAvailable": 2})]);
    set_ready(&mut sim, "p0", false);
    sim.run_until(Time::from_s(1));
    evict(&mut sim, "p0").unwrap();
    assert_eq!(status(&sim, "b0"), (3, 2, 2, 0));
}

#[test]
fn pods_without_controller_spoil_a_percentage() {
    let mut sim = world(1, &[json!({"minAvailable": "50%"})]);
    create(
        &mut sim,
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": "default", "labels": {"app": "web"}},
               "spec": {"containers": [{"name": "c", "image": "i"}]}}),
    );
    sim.run_until(Time::from_s(1));
    assert_eq!(status(&sim, "b0"), (1, 1, 1, 0));
    let text = sim
        .store()
        .now()
        .list(Kind::Event)
        .find_map(|(_, e)| e.as_event().filter(|e| &*e.origin.reason == "UnmanagedPods").map(|e| e.message.to_string()));
    assert!(
        text.unwrap().contains(
            "(selector: &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},})"
        )
    );
}

#[test]
fn a_stale_target_is_taken_back() {
    let mut sim = world(1, &[]);
    sim.request_now(Verb::edit_status(key(Kind::Pod, "p0"), |pod| {
        let condition =
            PodCondition { r#type: "DisruptionTarget".into(), status: "True".into(), reason: "x".into(), ..PodCondition::default() };
        Arc::make_mut(&mut pod.as_pod_mut().unwrap().status).update_condition(condition, Timestamp(0));
    }))
    .unwrap();
    sim.run_until(Time::from_s(119));
    let target = |sim: &Sim| {
        sim.store().now().find(Kind::Pod, "default", "p0").unwrap().as_pod().unwrap().condition("DisruptionTarget").unwrap().status.clone()
    };
    assert_eq!(&*target(&sim), "True");
    sim.run_until(Time::from_s(121));
    assert_eq!(&*target(&sim), "False");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is evicted and whenever, and whatever else befalls the pods: a granted eviction of a healthy pod leaves as
    /// many healthy ones as the budget demands.
    #[test]
    fn evictions_never_violate_a_budget(least in 0i32..6, steps in prop::collection::vec((0usize..6, 0u8..4, 0u64..8), 1..60)) {
        let mut sim = world(6, &[json!({"minAvailable": least})]);
        sim.run_until(Time::from_ms(100));
        let healthy = |sim: &Sim| {
            let pods = sim.store().now().list(Kind::Pod).filter(|(_, pod)| !pod.meta.is_deleting() && pod.as_pod().unwrap().is_ready());
            pods.count() as i32
        };
        for (pod, act, wait_ms) in steps {
            let name = format!("p{pod}");
            // Only evictions race; what the kubelet says has reached the controller before the next eviction.
            match act {
                0 => { set_ready(&mut sim, &name, false); let at = sim.now() + Span::from_ms(50); sim.run_until(at); }
                1 => { set_ready(&mut sim, &name, true); }
                _ => {
                    let was_ready = sim.store().now().find(Kind::Pod, "default", &name).is_some_and(|pod| !pod.meta.is_deleting() && pod.as_pod().unwrap().is_ready());
                    if evict(&mut sim, &name).is_ok() && was_ready {
                        prop_assert!(healthy(&sim) >= least, "{} healthy, {least} needed", healthy(&sim));
                    }
                }
            }
            let at = sim.now() + Span::from_ms(wait_ms);
            sim.run_until(at);
        }
    }
}

//! Proposals and limits as data, and an autoscaler at work in a small world.

use super::replicas::{Sample, Samples, propose};
use super::*;
use crate::actor::Clock;
use crate::actor::controller::ControllerActor;
use crate::base::{Seed, Span};
use crate::sim::{Latency, Settings, Sim};
use crate::store::Key;
use serde_json::{Value, json};

/// A pod: `ready`, `unready`, `pending`, `failed` or `leaving`; started long ago.
fn pod(name: &str, state: &str, request: Option<&str>) -> Obj {
    let ready = if state == "unready" { "False" } else { "True" };
    let phase = match state {
        "pending" => "Pending",
        "failed" => "Failed",
        _ => "Running",
    };
    let requests = request.map_or(json!({}), |amount| json!({"cpu": amount}));
    let mut object = Object::from_json(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": requests}}]},
        "status": {"phase": phase, "startTime": "1970-01-01T00:00:00Z",
                   "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": "1970-01-01T00:00:01Z"}]}
    }))
    .unwrap();
    if state == "leaving" {
        object.meta.deletion_timestamp = Some(Timestamp(1));
    }
    Obj::new(object)
}

#[test]
fn proposals_dampen_what_is_not_known() {
    // Current size, the pods with their samples in thousandths (none: missing), and what is proposed at a target of 50 %.
    let cases: [(i32, &[(&str, Option<i64>)], Result<i32, &str>); 10] = [
        (2, &[("ready", Some(100)), ("ready", Some(100))], Ok(4)),
        (2, &[("ready", Some(52)), ("ready", Some(50))], Ok(2)),
        (4, &[("ready", Some(10)), ("ready", Some(10)), ("ready", Some(10)), ("ready", Some(10))], Ok(1)),
        // Growing: the unready one counts as idle.
        (2, &[("ready", Some(150)), ("unready", Some(900))], Ok(3)),
        (2, &[("ready", Some(80)), ("pending", None)], Ok(2)),
        // Growing: the missing one counts as idle. Shrinking: as all of its request.
        (2, &[("ready", Some(300)), ("ready", None)], Ok(6)),
        (3, &[("ready", Some(10)), ("ready", Some(10)), ("ready", None)], Ok(3)),
        (2, &[("ready", Some(100)), ("failed", Some(900)), ("leaving", Some(900))], Ok(2)),
        (1, &[("unready", Some(100))], Err("did not receive metrics for targeted pods (pods might be unready)")),
        (0, &[], Err("no pods returned by selector while calculating replica count")),
    ];
    for (current, list, want) in cases {
        let names: Vec<String> = (0..list.len()).map(|at| format!("p{at}")).collect();
        let pods: Vec<Obj> = list.iter().zip(&names).map(|((state, _), name)| pod(name, state, Some("100m"))).collect();
        let taken = |milli| Sample { timestamp: Timestamp(3_000), window: Span::from_s(15), milli };
        let samples: Samples = list.iter().zip(&names).filter_map(|((_, milli), name)| Some((name.clone(), taken((*milli)?)))).collect();
        let ask = Question {
            resource: "cpu",
            container: "",
            tolerance: (0.1, 0.1),
            current,
            cpu_initialization: Span::from_s(300),
            readiness_delay: Span::from_s(30),
            clock: Clock { start_us: 0 },
            now: Time::from_s(3_600),
        };
        let pods: Vec<&Obj> = pods.iter().collect();
        let got = propose(&pods, samples, Target::Utilization(50), &ask).map(|proposal| proposal.replicas);
        assert_eq!(got, want.map_err(String::from), "{list:?}");
    }
}

#[test]
fn recommendations_are_stabilised_and_limited() {
    let bounds = |current, at_s| Bounds { current, min: 1, max: 20, downscale_window: Span::from_s(300), now: Time::from_s(at_s) };
    let mut memory = Memory::default();
    memory.begin(2, Time::ZERO);
    let first = memory.normalize(16, &bounds(2, 0));
    assert_eq!((first.replicas, first.limited, first.limit.0), (4, true, "ScaleUpLimit"));
    let down = memory.normalize(1, &bounds(4, 100));
    assert_eq!((down.replicas, down.able.0), (8, "ScaleDownStabilized"));
    let later = memory.normalize(1, &bounds(4, 500));
    assert_eq!((later.replicas, later.limit.0), (1, "DesiredWithinRange"));

    let behavior: HorizontalPodAutoscalerBehavior = serde_json::from_value(json!({
        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [{"type": "Pods", "value": 1, "periodSeconds": 10}]},
        "scaleDown": {"stabilizationWindowSeconds": 0, "selectPolicy": "Min",
                      "policies": [{"type": "Pods", "value": 3, "periodSeconds": 10}, {"type": "Percent", "value": 50, "periodSeconds": 10}]},
    }))
    .unwrap();
    let mut memory = Memory::default();
    let up = memory.normalize_with(&behavior, 9, &bounds(2, 0));
    assert_eq!((up.replicas, up.limit.0), (3, "ScaleUpLimit"));
    memory.scaled(Some(&behavior), 2, 3, Time::ZERO);
    assert_eq!(memory.normalize_with(&behavior, 9, &bounds(3, 5)).replicas, 3);
    assert_eq!(memory.normalize_with(&behavior, 9, &bounds(3, 11)).replicas, 4);
    let mut memory = Memory::default();
    let down = memory.normalize_with(&behavior, 1, &bounds(10, 0));
    assert_eq!((down.replicas, down.limit.0), (7, "ScaleDownLimit"));
    assert_eq!(Memory::default().normalize_with(&behavior, 1, &bounds(4, 0)).replicas, 2);
}

fn create(sim: &mut Sim, object: Value) {
    sim.request_now(Verb::Create(Box::new(Object::from_json(object).unwrap()))).unwrap();
}

fn world(metrics: Value, usage: Option<&str>) -> Sim {
    let mut sim = Sim::new(Settings { seed: Seed(3), clock: Clock { start_us: 3_600_000_000 }, latency: Latency::default() });
    create(&mut sim, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}));
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    create(
        &mut sim,
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
               "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}}),
    );
    for name in ["a", "b"] {
        create(&mut sim, pod(name, "ready", Some("100m")).to_json());
        let status = pod(name, "ready", None).as_pod().unwrap().status.clone();
        let key = Key { kind: Kind::Pod, group_kind: Str::default(), namespace: "default".into(), name: name.into() };
        sim.request_now(Verb::edit_status(key, move |pod| pod.as_pod_mut().unwrap().status = status.clone())).unwrap();
        if let Some(usage) = usage {
            create(
                &mut sim,
                json!({"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "metadata": {"name": name, "namespace": "default"},
                       "timestamp": "1970-01-01T00:59:00Z", "window": "15s", "containers": [{"name": "c", "usage": {"cpu": usage}}]}),
            );
        }
    }
    create(
        &mut sim,
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web", "namespace": "default"},
               "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "minReplicas": 1, "maxReplicas": 10,
                        "metrics": metrics}}),
    );
    sim.add_actor(Box::new(ControllerActor::new(Autoscaler::new(&ControllerManager::default()))));
    sim
}

fn cpu(utilization: i32) -> Value {
    json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": utilization}}}])
}

fn conditions(sim: &Sim) -> Vec<String> {
    let hpa = sim.store().now().find(Kind::HorizontalPodAutoscaler, "default", "web").unwrap();
    let status = &hpa.as_horizontal_pod_autoscaler().unwrap().status;
    status.conditions.iter().map(|c| format!("{}={}/{}", c.r#type, c.status, c.reason)).collect()
}

fn replicas(sim: &Sim) -> i32 {
    let deployment = sim.store().now().find(Kind::Deployment, "default", "web").unwrap();
    deployment.as_deployment().unwrap().spec.replicas.unwrap()
}

fn messages(sim: &Sim) -> Vec<String> {
    sim.store().now().list(Kind::Event).map(|(_, e)| e.as_event().unwrap().message.to_string()).collect()
}

#[test]
fn load_above_target_scales_up_at_once() {
    let mut sim = world(cpu(50), Some("100m"));
    sim.run_until(Time::from_s(1));
    assert_eq!(replicas(&sim), 4);
    assert_eq!(
        conditions(&sim),
        [
            "AbleToScale=True/SucceededRescale",
            "ScalingActive=True/ValidMetricFound",
            "ScalingLimited=False/DesiredWithinRange",
            "ScaledToZero=False/NotScaledToZero"
        ]
    );
    assert_eq!(messages(&sim), ["New size: 4; reason: cpu resource utilization (percentage of request) above target"]);
}

#[test]
fn evaluations_come_each_period_and_cost_nothing_between() {
    let mut sim = world(cpu(100), Some("100m"));
    sim.run_until(Time::from_s(600));
    let before = sim.counters().requests;
    sim.run_until(Time::from_s(660));
    // Four evaluations of two requests each: the scale and the metrics.
    assert_eq!(sim.counters().requests - before, 8);
    assert_eq!(replicas(&sim), 2);
}

#[test]
fn failures_are_told_in_the_real_words() {
    let mut sim = world(cpu(50), None);
    sim.run_until(Time::from_s(1));
    let cause = "failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API";
    let whole = format!("invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: {cause}");
    assert_eq!(messages(&sim), [cause.to_string(), whole]);
    assert_eq!(conditions(&sim), ["AbleToScale=True/SucceededGetScale", "ScalingActive=False/FailedGetResourceMetric"]);

    let mut sim = world(cpu(50), Some("100m"));
    let key = Key { kind: Kind::Deployment, group_kind: Str::default(), namespace: "default".into(), name: "web".into() };
    sim.request_now(Verb::delete(key)).unwrap();
    sim.run_until(Time::from_s(1));
    assert_eq!(messages(&sim), ["deployments/scale.apps \"web\" not found"]);

    let external = json!([{"type": "External", "external": {"metric": {"name": "q"}, "target": {"type": "Value", "value": "1"}}}]);
    let mut sim = world(external, Some("100m"));
    sim.run_until(Time::from_s(1));
    assert_eq!(conditions(&sim)[1], "ScalingActive=False/FailedGetExternalMetric");
}

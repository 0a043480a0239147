//! Stories of a small fleet, and what it costs.

use super::behaviours::{Behaviour, Behaviours, Exit, Ready, Uses};
use super::{Fleet, Settings};
use crate::actor::{Actor, Clock, Ctx, Kinds, Signal};
use crate::api::{Verb, defaulting};
use crate::base::{Dist, Seed, Span, Time};
use crate::model::{Body, Kind, Meta, Namespace, Node, Object, ResourceList};
use crate::sim::{self, Latency, Sim};
use crate::store::Change;
use serde_json::{Value, json};
use std::sync::Arc;

/// Sends signals at their times.
struct Fate(Vec<(Time, Signal)>);

impl Actor for Fate {
    fn name(&self) -> &str {
        "fate"
    }
    fn watches(&self) -> Kinds {
        Kinds::NONE
    }
    fn start(&mut self, cx: &mut Ctx<'_>) {
        for (at, (time, _)) in self.0.iter().enumerate() {
            cx.wake_at(*time, at as u64);
        }
    }
    fn changed(&mut self, _change: Change<'_>, _cx: &mut Ctx<'_>) {}
    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        cx.signal(self.0[token as usize].1.clone());
    }
}

fn world(entries: Vec<Behaviour>, nodes: u32, fate: Vec<(Time, Signal)>) -> Sim {
    let clock = Clock { start_us: 1_774_767_300_000_000 };
    let mut sim = Sim::new(sim::Settings { seed: Seed(3), clock, latency: Latency::default() });
    let meta = Meta { name: "default".into(), ..Meta::default() };
    sim.request_now(Verb::Create(Box::new(Object { meta, body: Body::Namespace(Namespace::default()) }))).unwrap();
    for number in 0..nodes {
        let amounts = [("cpu", "8"), ("memory", "32Gi"), ("pods", "110")];
        let capacity: ResourceList = amounts.iter().map(|(name, amount)| (name.to_string(), amount.parse().unwrap())).collect();
        let mut node = Node::default();
        Arc::make_mut(&mut node.status).capacity = capacity;
        let meta = Meta { name: format!("n{number}").into(), ..Meta::default() };
        sim.request_now(Verb::Create(Box::new(Object { meta, body: Body::Node(node) }))).unwrap();
    }
    let behaviours = Behaviours { entries, ..Behaviours::default() };
    sim.add_actor(Box::new(Fleet::new(Settings { behaviours, ..Settings::default() })));
    sim.add_actor(Box::new(Fate(fate)));
    sim
}

fn pod(name: &str, node: &str, mut container: Value) -> Object {
    container["name"] = "app".into();
    let json = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"nodeName": node, "containers": [container]}});
    let mut object = Object::from_json(json).unwrap();
    defaulting::apply(&mut object);
    object
}

fn add(sim: &mut Sim, object: Object) {
    sim.request_now(Verb::Create(Box::new(object))).unwrap();
}

fn show(sim: &Sim, name: &str) -> String {
    let view = sim.store().now();
    let Some(object) = view.find(Kind::Pod, "default", name) else { return "gone".into() };
    let pod = object.as_pod().unwrap();
    let status = &pod.status.container_statuses.first();
    let (restarts, ready) = status.map_or((0, false), |status| (status.restart_count, status.ready));
    format!("{} ready={ready} restarts={restarts}", pod.status.phase)
}

#[test]
fn a_pod_becomes_ready_after_its_start_and_readiness() {
    let behaviour = Behaviour {
        image: "web:*".into(),
        start: Some(Dist::Constant(Span::from_s(4))),
        ready: Some(Ready::After(Dist::Constant(Span::from_s(2)))),
        size: Some("50Mi".parse().unwrap()),
        ..Behaviour::default()
    };
    let mut sim = world(vec![behaviour], 1, Vec::new());
    let probe = json!({"httpGet": {"port": 80, "path": "/"}, "periodSeconds": 1});
    add(&mut sim, pod("probed", "n0", json!({"image": "web:1", "readinessProbe": probe})));
    add(&mut sim, pod("plain", "n0", json!({"image": "web:1"})));
    // 50 MiB at 50 MiB/s and half a second for the registry; then 6 s, seen by the next probe.
    sim.run_until(Time::from_s(1));
    assert_eq!(show(&sim, "plain"), "Pending ready=false restarts=0");
    sim.run_until(Time::from_s(4));
    assert_eq!(
        (show(&sim, "plain"), show(&sim, "probed")),
        ("Running ready=true restarts=0".into(), "Running ready=false restarts=0".into())
    );
    sim.run_until(Time::from_ms(9_500));
    assert_eq!(show(&sim, "probed"), "Running ready=true restarts=0");
    let object = sim.store().now().find(Kind::Pod, "default", "plain").unwrap().clone();
    let status = &object.as_pod().unwrap().status;
    assert!(status.pod_ip.starts_with("10.244.0.") && &*status.host_ip == "172.18.0.1", "{} {}", status.pod_ip, status.host_ip);
    let node = sim.store().now().find(Kind::Node, "", "n0").unwrap().clone();
    assert_eq!(node.as_node().unwrap().status.conditions.last().unwrap().reason.to_string(), "KubeletReady");
    assert_eq!(node.as_node().unwrap().spec.pod_cidr, "10.244.0.0/24");
    sim.run_until(Time::from_s(12));
    let node = sim.store().now().find(Kind::Node, "", "n0").unwrap().clone();
    assert_eq!(node.as_node().unwrap().status.images[0].names, ["web:1"]);
}

#[test]
fn containers_of_a_crashed_node_start_again_after_it_boots() {
    let fate = vec![
        (Time::from_s(20), Signal::NodeCrash("n0".into())),
        (Time::from_s(50), Signal::NodeBoot("n0".into())),
        (Time::from_s(80), Signal::KubeletStop("n0".into())),
        (Time::from_s(110), Signal::KubeletStart("n0".into())),
    ];
    let mut sim = world(Vec::new(), 1, fate);
    add(&mut sim, pod("a", "n0", json!({"image": "web:1"})));
    sim.run_until(Time::from_s(40));
    assert_eq!(show(&sim, "a"), "Running ready=true restarts=0", "nobody says otherwise");
    let lease = |sim: &Sim| {
        let object = sim.store().now().find(Kind::Lease, "kube-node-lease", "n0").unwrap().clone();
        let at = sim.clock().micro(sim.now());
        (at.0 - object.as_lease().unwrap().spec.renewed_at(at).unwrap().0) / 1_000_000
    };
    assert!((20..31).contains(&lease(&sim)), "renewed {} s ago", lease(&sim));
    sim.run_until(Time::from_s(60));
    assert_eq!(show(&sim, "a"), "Running ready=true restarts=1");
    assert!(lease(&sim) <= 10);
    sim.run_until(Time::from_s(120));
    assert_eq!(show(&sim, "a"), "Running ready=true restarts=1", "a kubelet's restart leaves containers alone");
}

#[test]
fn a_container_over_its_limit_is_killed_and_a_job_ends() {
    let exit = Exit { code: 0, after: Dist::Constant(Span::from_s(5)), message: "".into() };
    let job = Behaviour { image: "job".into(), exit: Some(exit), ..Behaviour::default() };
    let mut sim = world(vec![job], 1, Vec::new());
    let limit = json!({"image": "web:1", "resources": {"limits": {"memory": "16Mi"}}});
    add(&mut sim, pod("fat", "n0", limit));
    let mut done = pod("done", "n0", json!({"image": "job"}));
    Arc::make_mut(&mut done.as_pod_mut().unwrap().spec).restart_policy = "Never".into();
    add(&mut sim, done);
    sim.run_until(Time::from_s(15));
    assert_eq!(show(&sim, "done"), "Succeeded ready=false restarts=0");
    let object = sim.store().now().find(Kind::Pod, "default", "fat").unwrap().clone();
    let status = &object.as_pod().unwrap().status.container_statuses[0];
    let end = status.last_state.terminated.as_ref().or(status.state.terminated.as_ref()).unwrap();
    assert_eq!((&*end.reason, end.exit_code), ("OOMKilled", 137));
}

#[test]
fn pressure_evicts_the_greediest_and_refuses_best_effort() {
    let fate = vec![
        (Time::from_s(30), Signal::MemoryPressure { node: "n0".into(), on: true }),
        (Time::from_s(38), Signal::MemoryPressure { node: "n0".into(), on: false }),
    ];
    let mut sim = world(Vec::new(), 1, fate);
    let fair = json!({"image": "web:1", "resources": {"requests": {"memory": "64Mi"}}});
    add(&mut sim, pod("fair", "n0", fair));
    add(&mut sim, pod("greedy", "n0", json!({"image": "web:1"})));
    sim.run_until(Time::from_s(39));
    assert_eq!(show(&sim, "fair"), "Running ready=true restarts=0");
    let object = sim.store().now().find(Kind::Pod, "default", "greedy").unwrap().clone();
    let status = object.as_pod().unwrap().status.clone();
    assert_eq!((status.phase.as_str(), &*status.reason), ("Failed", "Evicted"), "{status:?}");
    assert!(status.message.contains("Container app was using 32Mi, request is 0"), "{}", status.message);
    assert!(status.conditions.iter().any(|condition| &*condition.r#type == "DisruptionTarget"));
    add(&mut sim, pod("late", "n0", json!({"image": "web:1"})));
    sim.run_until(Time::from_s(60));
    assert_eq!(show(&sim, "late"), "Failed ready=false restarts=0");
    let node = |sim: &Sim| sim.store().now().find(Kind::Node, "", "n0").unwrap().as_node().unwrap().status.conditions[0].status.to_string();
    assert_eq!(node(&sim), "True");
    sim.run_until(Time::from_s(400));
    assert_eq!(node(&sim), "False");
}

#[test]
fn processes_that_use_too_much_make_a_node_short_of_memory() {
    let amount = |text: &str| text.parse().unwrap();
    let uses = |memory: &str, growth: &str| Some(Uses { cpu: amount("10m"), memory: amount(memory), memory_growth_per_s: amount(growth) });
    let leak = Behaviour { image: "leak:*".into(), uses: uses("1Gi", "512Mi"), ..Behaviour::default() };
    let big = Behaviour { image: "big:*".into(), uses: uses("4Gi", "0"), ..Behaviour::default() };
    let mut sim = world(vec![leak, big], 1, Vec::new());
    let asks = |image: &str, memory: &str| json!({"image": image, "resources": {"requests": {"memory": memory}}});
    add(&mut sim, pod("big", "n0", asks("big:1", "4Gi")));
    add(&mut sim, pod("leak", "n0", asks("leak:1", "1Gi")));
    // Of 32 GiB 27 are left for the leak: that lasts for less than a minute.
    sim.run_until(Time::from_s(50));
    assert_eq!(show(&sim, "leak"), "Running ready=true restarts=0");
    sim.run_until(Time::from_s(75));
    assert_eq!((show(&sim, "big"), show(&sim, "leak")), ("Running ready=true restarts=0".into(), "Failed ready=false restarts=0".into()));
    let object = sim.store().now().find(Kind::Pod, "default", "leak").unwrap().clone();
    let message = object.as_pod().unwrap().status.message.to_string();
    assert!(message.contains("Threshold quantity: 100Mi, available: ") && message.contains("request is 1Gi, has larger"), "{message}");
    let condition = |sim: &Sim| sim.store().now().find(Kind::Node, "", "n0").unwrap().as_node().unwrap().status.conditions[0].clone();
    assert_eq!((&*condition(&sim).r#type, &*condition(&sim).status), ("MemoryPressure", "True"));
    sim.run_until(Time::from_s(400));
    assert_eq!(&*condition(&sim).status, "False");
}

#[test]
fn a_registry_that_is_down_makes_pods_wait_until_it_is_back() {
    let down = (Time::from_s(1), Signal::Registry { slowness: 0 });
    let kill = Signal::ContainerKill { namespace: "default".into(), pod: "a".into(), container: "".into(), oom: true };
    let mut sim = world(Vec::new(), 1, vec![down, (Time::from_s(60), Signal::Registry { slowness: 1 }), (Time::from_s(150), kill)]);
    sim.run_until(Time::from_s(5));
    add(&mut sim, pod("a", "n0", json!({"image": "web:1"})));
    let reason = |sim: &Sim| {
        let object = sim.store().now().find(Kind::Pod, "default", "a").unwrap().clone();
        let status = &object.as_pod().unwrap().status.container_statuses[0];
        status.state.waiting.as_ref().map(|waiting| waiting.reason.to_string())
    };
    sim.run_until(Time::from_s(58));
    assert!(matches!(reason(&sim).as_deref(), Some("ErrImagePull" | "ImagePullBackOff")), "{:?}", reason(&sim));
    sim.run_until(Time::from_s(140));
    assert_eq!(show(&sim, "a"), "Running ready=true restarts=0");
    sim.run_until(Time::from_s(160));
    assert_eq!(show(&sim, "a"), "Running ready=true restarts=1");
}

#[test]
fn layers_that_are_there_are_not_pulled_again() {
    let layers = |own: &str| ["base", own].map(|name| (name.into(), "100Mi".parse().unwrap())).to_vec();
    let image = |image: &str, own: &str| Behaviour { image: image.into(), layers: layers(own), ..Behaviour::default() };
    let plain = Behaviour { image: "plain".into(), size: Some("100Mi".parse().unwrap()), ..Behaviour::default() };
    let mut sim = world(vec![image("a:1", "one"), image("a:2", "two"), plain], 1, Vec::new());
    // 500 ms, and 2 s for each 100 MiB.
    let mut begins = 10;
    let mut took = |name: &str, image: &str, policy: &str| {
        sim.run_until(Time::from_s(begins));
        add(&mut sim, pod(name, "n0", json!({"image": image, "imagePullPolicy": policy})));
        sim.run_until(Time::from_s(begins + 9));
        begins += 10;
        let events = sim.store().now().list(Kind::Event).map(|(_, object)| object.to_json());
        let pulled = events.filter(|event| event["involvedObject"]["name"] == name && event["reason"] == "Pulled");
        let text = pulled.map(|event| event["message"].as_str().unwrap().to_string()).collect::<Vec<_>>().join("; ");
        text.split(" in ").nth(1).map_or(text.clone(), |rest| rest.split(' ').next().unwrap().to_string())
    };
    assert_eq!(took("a", "a:1", "IfNotPresent"), "4.5s");
    assert_eq!(took("b", "a:2", "IfNotPresent"), "2.5s");
    assert_eq!(took("c", "a:2", "Always"), "500ms");
    assert!(took("d", "a:2", "IfNotPresent").contains("already present"));
    assert_eq!((took("e", "plain", "Always"), took("f", "plain", "Always")), ("2.5s".into(), "500ms".into()));
}

#[test]
fn an_idle_fleet_costs_nothing_and_a_pod_little() {
    let mut sim = world(Vec::new(), 50, Vec::new());
    sim.run_until(Time::from_s(60));
    let idle = sim.counters();
    sim.run_until(Time::from_s(3_600));
    assert_eq!(sim.counters(), idle, "an hour of heartbeats");
    for number in 0..500 {
        let node = format!("n{}", number % 50);
        add(&mut sim, pod(&format!("p{number}"), &node, json!({"image": "web:1", "readinessProbe": {"exec": {"command": ["ready"]}}})));
    }
    sim.run_until(Time::from_s(3_700));
    let after = sim.counters();
    let (events, requests) = ((after.events - idle.events) / 500, (after.requests - idle.requests) / 500);
    // Events of the engine and requests of a start, its Kubernetes Events included.
    println!("{events} events and {requests} requests a pod");
    assert!(events <= 40 && requests <= 12, "{events} events and {requests} requests a pod");
    sim.run_until(Time::from_s(7_200));
    let later = sim.counters();
    // Timers that were set before all was well still go off, at most one a pod, and find nothing to do.
    assert_eq!((later.commits, later.requests), (after.commits, after.requests), "pods at rest");
    assert!(later.events - after.events <= 500, "{} events of pods at rest", later.events - after.events);
}

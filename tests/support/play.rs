//! Replays a scenario: nodes, manifest, actions, timed or step by step.

use super::kubelet::{FakeKubelets, Switch, make_ready};
use super::metrics::FakeMetrics;
use super::scenario::Scenario;
use super::stream::{Line, Recorder, Tape};
use super::{facts, kubectl};
use kubesim::actor::Clock;
use kubesim::api::{Answer, ApiError, DeleteOptions, Patch, Propagation, Subresource, Verb};
use kubesim::base::{Seed, Span, Time};
use kubesim::controllers::{self, ControllerManager};
use kubesim::manifest::Source;
use kubesim::model::{Kind, Obj, Object, Selector, Str};
use kubesim::scheduler::actor::{SchedulerActor, Settings as SchedulerSettings};
use kubesim::scheduler::config::SchedulerConfiguration;
use kubesim::sim::{Latency, Settings, Sim};
use kubesim::store::Key;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The namespace of every scenario.
pub const NAMESPACE: &str = "golden";
/// Prefix of the names of a scenario's own nodes, and their pool.
const OWN_POOL: &str = "cell";
/// Pool of the five nodes that scenarios without own nodes share.
const SHARED_POOL: &str = "general";
/// The name of the node beside the scenario's own.
const ELSEWHERE: &str = "elsewhere";
/// The world exists for so long before the scenario starts.
const BEFORE_MS: u64 = 20_000;
/// Midnight in UTC: a multiple of every alignment.
const MIDNIGHT_S: i64 = 1_795_478_400;
/// A serial scenario is settled when nothing has changed for so long.
const QUIET_MS: u64 = 800;
/// The objects of a manifest were created one after the other, each as soon as the one before was answered.
const ANSWER_MS: u64 = 8;
/// No scenario is longer.
const LENGTH_MS_MAX: u64 = 3_600_000;

/// What a replay leaves.
#[derive(Default)]
pub struct Outcome {
    /// Every change.
    pub lines: Vec<Line>,
    /// Kind, name, status code and message of each object of the manifest.
    pub manifest_results: Value,
    /// Verb, status code, reason and message of each action.
    pub action_results: Value,
    /// Facts of all that.
    pub facts: facts::Facts,
}

/// A replay under way.
pub struct Player {
    /// The world.
    pub sim: Sim,
    /// The kubectl line that is typed.
    pub desk: Rc<RefCell<kubectl::Desk>>,
    tape: Rc<RefCell<Tape>>,
    start_ms: u64,
    pool: &'static str,
    readied: u64,
}

/// Replays a scenario with a seed; the kubelets' stages come late by up to `late`, as they did on the recordings' machine.
pub fn play(scenario: &Scenario, seed: u64, late: Span, latency: Latency) -> Outcome {
    let (nodes, objects) = objects_of(scenario);
    let pool = if nodes.is_empty() { SHARED_POOL } else { OWN_POOL };
    let actions = scenario.actions["actions"].as_array().map_or(&[][..], Vec::as_slice);
    let mut player = Player::new(scenario, Settings { seed: Seed(seed), clock: Clock { start_us: 0 }, latency }, late, pool, actions);
    player.prepare(if nodes.is_empty() { shared_nodes() } else { nodes.into_iter().chain([elsewhere()]).collect() });
    player.run_to(0);
    let mut manifest_results = Vec::new();
    for (at, json) in objects.into_iter().enumerate() {
        player.run_to(at as u64 * ANSWER_MS);
        let (kind, name) = (json["kind"].clone(), json["metadata"]["name"].clone());
        let (code, _, message) = outcome(player.create(json), 201);
        manifest_results.push((kind, name, code, message));
    }
    let mut action_results = Vec::new();
    let serial = scenario.actions["mode"] == "serial";
    for action in actions {
        if serial {
            player.step_until(action);
        } else {
            player.run_to(action["at_ms"].as_u64().unwrap_or_else(|| player.now_ms()));
        }
        if action["do"] == "end" {
            break;
        }
        let (code, reason, message) = player.act(action);
        action_results.push((action["do"].clone(), code, reason, message));
    }
    player.finish(json!(manifest_results), action_results)
}

fn fill(text: &str, pool: &str) -> String {
    text.replace("{ns}", NAMESPACE).replace("{pool}", pool)
}

/// The manifest's nodes, and its other objects.
fn objects_of(scenario: &Scenario) -> (Vec<Value>, Vec<Value>) {
    // The recordings' own reader took these letters for texts, not for truth values as kubectl does.
    let manifest = fill(&scenario.manifest, OWN_POOL).replace(": y\n", ": 'y'\n").replace(": n\n", ": 'n'\n");
    let source = Source::new("manifest.yaml", &manifest);
    let documents = source.documents().unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
    let all = documents.iter().map(|node| node.to_value()).filter(|json| json["kind"].is_string());
    let (mut nodes, objects): (Vec<Value>, Vec<Value>) = all.partition(|json| json["kind"] == "Node");
    for node in &mut nodes {
        own_node(node);
    }
    (nodes, objects)
}

/// A node of the scenario's own cluster.
fn own_node(node: &mut Value) {
    let short = node["metadata"]["name"].as_str().expect("a name").to_string();
    let name = if short.starts_with(&format!("{OWN_POOL}-")) { short } else { format!("{OWN_POOL}-{short}") };
    let labels = &mut node["metadata"]["labels"];
    labels["pool"] = OWN_POOL.into();
    labels["kubernetes.io/hostname"] = name.clone().into();
    if labels.get("topology.kubernetes.io/zone").is_none() {
        labels["topology.kubernetes.io/zone"] = OWN_POOL.into();
    }
    node["metadata"]["name"] = name.into();
}

fn shared_nodes() -> Vec<Value> {
    let resources = json!({"cpu": "64", "memory": "256Gi", "pods": "500"});
    (1..=5)
        .map(|number| {
            let name = format!("node-{number}");
            let labels = json!({"pool": SHARED_POOL, "topology.kubernetes.io/zone": SHARED_POOL, "kubernetes.io/hostname": name});
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
                "status": {"capacity": resources, "allocatable": resources}})
        })
        .collect()
}

/// A node that goes on living when all of a scenario's own nodes die, as the recorded cluster had; its taint keeps pods away.
fn elsewhere() -> Value {
    let resources = json!({"cpu": "64", "memory": "256Gi", "pods": "500"});
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": ELSEWHERE, "labels": {"pool": SHARED_POOL, "topology.kubernetes.io/zone": SHARED_POOL}},
        "spec": {"taints": [{"key": ELSEWHERE, "effect": "NoExecute"}, {"key": ELSEWHERE, "effect": "NoSchedule"}]},
        "status": {"capacity": resources, "allocatable": resources}})
}

/// Status code, reason and message of an answer.
fn outcome(answer: Answer, good: u16) -> (u16, String, String) {
    match answer {
        Ok(_) => (good, String::new(), String::new()),
        Err(error) => {
            // A plain internal error of the recordings carries no reason.
            let reason = if error.code() == 500 { String::new() } else { error.to_status()["reason"].as_str().unwrap_or("").into() };
            (error.code(), reason, error.to_status()["message"].as_str().unwrap_or("").into())
        }
    }
}

fn causes(error: &ApiError) -> String {
    let status = error.to_status();
    let causes = status["details"]["causes"].as_array().cloned().unwrap_or_default();
    if causes.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = causes
        .iter()
        .map(|cause| {
            let field = |name: &str| cause.get(name).map(|value| format!("\"{name}\": {value}"));
            format!("{{{}}}", ["reason", "message", "field"].into_iter().filter_map(field).collect::<Vec<_>>().join(", "))
        })
        .collect();
    format!(" | causes: [{}]", shown.join(", "))
}

impl Player {
    fn new(scenario: &Scenario, settings: Settings, late: Span, pool: &'static str, actions: &[Value]) -> Player {
        let start_s = scenario.actions["start_s"].as_f64().unwrap_or(0.0);
        let start_us = MIDNIGHT_S * 1_000_000 + (start_s * 1e6) as i64 - BEFORE_MS as i64 * 1_000;
        let mut sim = Sim::new(Settings { clock: Clock { start_us }, ..settings });
        let settings = ControllerManager {
            kube_api_qps: 0.0,
            node_monitor_period: Span::from_s(1),
            node_monitor_grace_period: Span::from_s(10),
            node_startup_grace_period: Span::from_s(20),
            horizontal_pod_autoscaler_sync_period: Span::from_s(5),
            ..ControllerManager::default()
        };
        let switches = actions.iter().filter_map(|action| {
            let on = match action["do"].as_str()? {
                "kubelet_stop" => false,
                "kubelet_resume" => true,
                _ => return None,
            };
            let at = Time::from_ms(BEFORE_MS + action["at_ms"].as_u64()?);
            Some(Switch { at, group: action["group"].as_str()?.to_string(), on })
        });
        for actor in controllers::all(&settings, true) {
            sim.add_actor(actor);
        }
        let scheduler = SchedulerSettings { client: None, ..SchedulerSettings::new(SchedulerConfiguration::default()) };
        sim.add_actor(Box::new(SchedulerActor::new(scheduler).expect("a scheduler")));
        sim.add_actor(Box::new(FakeKubelets::new(switches.collect(), late)));
        sim.add_actor(Box::new(FakeMetrics));
        let desk = Rc::new(RefCell::new(kubectl::Desk::default()));
        sim.add_actor(Box::new(kubectl::Typist::new(desk.clone())));
        sim.add_observer(Box::new(kubectl::Reader(desk.clone())));
        let tape = Rc::new(RefCell::new(Tape::default()));
        sim.add_observer(Box::new(Recorder { tape: tape.clone(), start_ms: BEFORE_MS, pool: pool.into() }));
        Player { sim, desk, tape, start_ms: BEFORE_MS, pool, readied: 0 }
    }

    /// Namespaces and nodes, which exist before the start.
    fn prepare(&mut self, nodes: Vec<Value>) {
        for name in ["default", "kube-system", "kube-node-lease", NAMESPACE] {
            let json = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            self.create(json).expect("a namespace");
        }
        self.sim.run_until(Time::from_ms(100));
        for node in nodes {
            self.create(node).expect("a node");
        }
    }

    /// Runs until so many milliseconds after the start.
    pub fn run_to(&mut self, ms: u64) {
        self.sim.run_until(Time::from_ms(self.start_ms + ms));
    }

    /// Milliseconds since the start.
    pub fn now_ms(&self) -> u64 {
        self.sim.now().as_ms().saturating_sub(self.start_ms)
    }

    /// Sends a request that is answered at once.
    pub fn ask(&mut self, verb: Verb) -> Answer {
        self.sim.request_now(verb)
    }

    fn create(&mut self, mut json: Value) -> Answer {
        let kind = json["kind"].as_str().unwrap_or("").to_string();
        let known = Kind::ALL.iter().find(|known| known.name() == kind);
        let namespaced = known.is_none_or(|kind| kind.scope() == kubesim::model::Scope::Namespaced);
        if namespaced && json["metadata"].get("namespace").is_none() {
            json["metadata"]["namespace"] = NAMESPACE.into();
        }
        match Object::from_json(json) {
            Ok(object) => self.ask(Verb::Create(Box::new(object))),
            Err(error) => Err(ApiError::bad_request(error.to_string())),
        }
    }

    /// The key of an object of the scenario.
    pub fn key(&self, kind: &str, name: &str) -> Key {
        let kind = *Kind::ALL.iter().find(|known| known.name() == kind).unwrap_or_else(|| panic!("unknown kind {kind}"));
        let namespace = if kind.scope() == kubesim::model::Scope::Cluster { "" } else { NAMESPACE };
        Key { kind, group_kind: Str::default(), namespace: namespace.into(), name: name.into() }
    }

    /// The scenario's objects of a kind, in order of creation.
    pub fn list(&self, kind: Kind) -> Vec<Obj> {
        self.sim.store().now().list(kind).map(|(_, object)| object.clone()).collect()
    }

    fn pod_name(&self, name: &Value) -> String {
        if let Some(name) = name.as_str() {
            return name.to_string();
        }
        let wanted: BTreeMap<&str, &str> =
            name["pods"].as_str().unwrap_or_default().split(',').filter_map(|pair| pair.split_once('=')).collect();
        let labels = kubesim::model::Labels::from_pairs(wanted);
        let selector = Selector::from_map(&labels);
        let node = name["node"].as_str().map(|node| fill(node, self.pool));
        let found = self.list(Kind::Pod).into_iter().filter(|pod| {
            let on = |node: &String| *pod.as_pod().expect("a pod").node_name == **node;
            selector.matches(&pod.meta.labels) && !pod.meta.is_deleting() && node.as_ref().is_none_or(on)
        });
        let index = name["index"].as_u64().unwrap_or(0) as usize;
        let mut found: Vec<Obj> = found.collect();
        found.sort_by_key(|pod| pod.meta.creation_timestamp);
        found.get(index).map_or_else(|| "no-such-pod".into(), |pod| pod.meta.name.to_string())
    }

    fn act(&mut self, action: &Value) -> (u16, String, String) {
        let action: Value = serde_json::from_str(&fill(&action.to_string(), self.pool)).expect("still JSON");
        let kind = action["kind"].as_str().unwrap_or("Pod");
        if Kind::ALL.iter().all(|known| known.name() != kind) {
            return (404, "NotFound".into(), "the server could not find the requested resource".into());
        }
        let target = || self.key(kind, &self.pod_name(&action["name"]));
        let options = || delete_options(&action["options"]);
        let (verb, good) = match action["do"].as_str().unwrap_or_default() {
            "patch" => {
                let patch = action["patch"].clone();
                let patch = match action["type"].as_str() {
                    Some("merge") => Patch::Merge(patch),
                    Some("json") => Patch::Json(patch),
                    _ => Patch::Strategic(patch),
                };
                (Verb::Patch { target: target(), subresource: Subresource::Main, patch }, 200)
            }
            "scale" => {
                let patch = Patch::Merge(json!({"spec": {"replicas": action["replicas"]}}));
                (Verb::Patch { target: target(), subresource: Subresource::Scale, patch }, 200)
            }
            "create" => {
                let mut object = action["object"].clone();
                if object["kind"] == "Node" {
                    own_node(&mut object);
                }
                return outcome(self.create(object), 201);
            }
            "delete" => {
                let name = self.pod_name(&action["name"]);
                let own = kind == "Node" && !name.starts_with(OWN_POOL);
                let name = if own { format!("{OWN_POOL}-{name}") } else { name };
                (Verb::Delete { target: self.key(kind, &name), options: options() }, 200)
            }
            "evict" => (Verb::Evict { pod: target(), options: options() }, 201),
            "kubectl" => {
                let args: Vec<&str> = action["args"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let (code, text) = kubectl::run(self, &args);
                return (code, String::new(), text);
            }
            "kubelet_stop" | "kubelet_resume" => return (0, String::new(), String::new()),
            other => return (400, "BadRequest".into(), format!("unknown action {other:?}")),
        };
        let answer = self.ask(verb);
        let causes = answer.as_ref().err().map(causes).unwrap_or_default();
        let (code, reason, message) = outcome(answer, good);
        (code, reason, message + &causes)
    }

    /// Lets pods turn Ready one at a time until it is an action's turn.
    fn step_until(&mut self, action: &Value) {
        while self.now_ms() < LENGTH_MS_MAX {
            self.run_to(self.now_ms() + 100);
            if !self.settled() {
                continue;
            }
            let reached = action["after_ready"].as_u64().is_some_and(|wanted| self.readied >= wanted);
            let next = self.list(Kind::Pod).into_iter().find(|object| {
                let pod = object.as_pod().expect("a pod");
                pod.status.phase == kubesim::model::PodPhase::Running && !pod.is_ready()
            });
            let Some(pod) = next.filter(|_| !reached) else { return };
            let now = self.sim.clock().timestamp(self.sim.now());
            self.ask(Verb::edit_status(Key::of(&pod), move |object| make_ready(object, now))).expect("a step");
            self.readied += 1;
        }
    }

    fn settled(&self) -> bool {
        if self.sim.now().as_ms() < self.tape.borrow().last_change_ms.max(self.start_ms) + QUIET_MS {
            return false;
        }
        let quiet = self.list(Kind::Pod).iter().all(|object| {
            let pod = object.as_pod().expect("a pod");
            pod.status.phase != kubesim::model::PodPhase::Pending && !object.meta.is_deleting()
        });
        let kinds = [Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet];
        quiet
            && kinds.iter().flat_map(|kind| self.list(*kind)).all(|object| {
                let json = object.to_json();
                let number = |path: &str| facts::int(&json, path);
                number("metadata.generation") == number("status.observedGeneration")
                    && number("status.readyReplicas") == number("status.availableReplicas")
                    && number("status.numberReady") == number("status.numberAvailable")
            })
    }

    fn finish(self, manifest_results: Value, action_results: Vec<(Value, u16, String, String)>) -> Outcome {
        let mut lines = std::mem::take(&mut self.tape.borrow_mut().lines);
        if self.pool == SHARED_POOL {
            lines.retain(|line| line.kind != "Node" && line.object["involvedObject"]["kind"] != "Node");
        }
        lines.retain(|line| line.object["metadata"]["name"] != ELSEWHERE && line.object["involvedObject"]["name"] != ELSEWHERE);
        let names = facts::Names::of(&lines, NAMESPACE, OWN_POOL);
        let mut all = facts::reduce(&lines, &names);
        let word = |text: &str| facts::any_pod(&names.text(text));
        let shown: Vec<Value> =
            action_results.iter().map(|(verb, code, reason, message)| json!([verb, code, reason, word(message)])).collect();
        let mut manifest = manifest_results;
        for row in manifest.as_array_mut().into_iter().flatten() {
            let name = names.text(row[1].as_str().unwrap_or(""));
            // The recordings cut the namespace off the names of these only.
            row[1] = if row[0] == "PriorityClass" { name.trim_start_matches("ns-").into() } else { name.into() };
            row[3] = word(row[3].as_str().unwrap_or("")).into();
        }
        all.insert("manifest_results".into(), manifest);
        all.insert("action_results".into(), shown.into());
        let result = |name: &str| all.get(name).cloned().unwrap_or_default();
        Outcome { lines, manifest_results: result("manifest_results"), action_results: result("action_results"), facts: all }
    }
}

fn delete_options(json: &Value) -> DeleteOptions {
    let propagation = match json["propagationPolicy"].as_str() {
        Some("Orphan") => Some(Propagation::Orphan),
        Some("Foreground") => Some(Propagation::Foreground),
        Some("Background") => Some(Propagation::Background),
        _ => None,
    };
    DeleteOptions { grace_period_seconds: json["gracePeriodSeconds"].as_i64(), propagation, ..DeleteOptions::default() }
}

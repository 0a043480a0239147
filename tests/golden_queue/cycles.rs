//! The whole scheduler on a clock that only the script moves.

use crate::shared::{Api, names, put};
use kubesim::base::Time;
use kubesim::model::{Obj, Object, PodCondition, Timestamp};
use kubesim::scheduler::config::SchedulerConfiguration;
use kubesim::scheduler::driver::{Conclusion, Eviction, Failure, Popped, SchedulerDriver};
use kubesim::scheduler::queue::{Move, Place, QueuedPodInfo, shown};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// 2026-06-01T00:00:00Z, when the clock starts.
const START: i64 = 1_780_272_000;

struct Replay {
    driver: SchedulerDriver,
    api: Api,
    objects: BTreeMap<(String, String), Obj>,
    now_ms: u64,
    state: Value,
    held: Vec<Obj>,
}

/// Replays a script; one record for each step.
pub fn replay(script: &Value) -> Vec<Value> {
    let config = SchedulerConfiguration { percentage_of_nodes_to_score: 100, ..SchedulerConfiguration::default() };
    let mut driver = SchedulerDriver::new(&config).expect("the default configuration is valid");
    driver.record();
    let mut replay = Replay { driver, api: Api::default(), objects: BTreeMap::new(), now_ms: 0, state: Value::Null, held: Vec::new() };
    for object in script["objects"].as_array().expect("objects") {
        replay.create(object);
    }
    replay.driver.take_events();
    replay.driver.take_moves();
    let steps = script["steps"].as_array().expect("steps").iter().enumerate();
    steps.map(|(at, step)| replay.record(at, step)).collect()
}

fn name_of(object: &Object) -> String {
    match object.meta.namespace.as_ref() {
        "" => object.meta.name.to_string(),
        namespace => format!("{namespace}/{}", object.meta.name),
    }
}

/// Seconds as a number: whole ones without a point.
fn seconds(ms: u64) -> Value {
    if ms.is_multiple_of(1000) { (ms / 1000).into() } else { (ms as f64 / 1000.0).into() }
}

fn place_name(place: Place) -> &'static str {
    match place {
        Place::Active => "active",
        Place::Backoff => "backoff",
        Place::ErrorBackoff => "errorBackoff",
        Place::Unschedulable => "unschedulable",
        Place::Gated => "gated",
        Place::InFlight => "inFlight",
    }
}

impl Replay {
    fn now(&self) -> Time {
        Time::from_ms(self.now_ms)
    }

    fn timestamp(&self) -> Timestamp {
        Timestamp(START + (self.now_ms / 1000) as i64)
    }

    fn record(&mut self, at: usize, step: &Value) -> Value {
        let mut record = Map::new();
        record.insert("step".into(), at.into());
        let cycle = self.step(step);
        record.insert("t".into(), seconds(self.now_ms));
        put(&mut record, "cycle", cycle);
        put(&mut record, "events", self.driver.take_events().into());
        put(&mut record, "moves", self.driver.take_moves().iter().map(moved).collect());
        let state = self.observe();
        if state != self.state {
            record.insert("state".into(), state.clone());
            self.state = state;
        }
        Value::Object(record)
    }

    /// Carries a step out; gives back the cycle, if it was one.
    fn step(&mut self, step: &Value) -> Value {
        let key = || (step["kind"].as_str().unwrap_or_default().to_string(), step["name"].as_str().unwrap_or_default().to_string());
        match step["op"].as_str().expect("a step") {
            "create" => self.create(&step["object"]),
            "patch" => self.patch(&key(), &step["patch"]),
            "delete" => self.delete(&key()),
            "advance" => {
                self.now_ms += (step["seconds"].as_f64().expect("seconds") * 1000.0).round() as u64;
                self.driver.advance(self.now());
            }
            "schedule" => return self.schedule(step),
            "confirm" => {
                for pod in std::mem::take(&mut self.held) {
                    self.set(pod);
                }
            }
            other => panic!("step {other}"),
        }
        Value::Null
    }

    fn steps(&mut self, steps: &Value) {
        for step in steps.as_array().into_iter().flatten() {
            self.step(step);
        }
    }

    fn create(&mut self, json: &Value) {
        let object = self.api.read(json, "");
        let key = (object.kind_name().to_string(), name_of(&object));
        if self.objects.contains_key(&key) {
            return;
        }
        self.set(object);
    }

    fn patch(&mut self, key: &(String, String), patch: &Value) {
        let Some(object) = self.objects.get(key) else { return };
        let mut json = object.to_json();
        json_patch::merge(&mut json, patch);
        let object = Object::from_json(json).expect("the patched object is one of the API");
        let object = self.api.store(object);
        self.set(object);
    }

    fn delete(&mut self, key: &(String, String)) {
        if let Some(object) = self.objects.remove(key) {
            self.driver.delete(&object, self.now());
        }
    }

    /// The API has a new version of an object, and the watch reports it.
    fn set(&mut self, object: Obj) {
        self.objects.insert((object.kind_name().to_string(), name_of(&object)), object.clone());
        self.driver.set(&object, self.now());
    }

    /// Changes the current version of a pod, if it is still there.
    fn change_pod(&mut self, name: &str, change: impl FnOnce(&mut Object)) {
        let Some(pod) = self.objects.get(&("Pod".into(), name.into())) else { return };
        let mut object = (**pod).clone();
        change(&mut object);
        let object = self.api.store(object);
        self.set(object);
    }

    fn schedule(&mut self, step: &Value) -> Value {
        let mut cycle = Map::new();
        let mut attempt = match self.driver.pop() {
            None => return json!({"result": "empty"}),
            Some(Popped::Skipped(info, from)) => {
                start(&mut cycle, &info, from);
                cycle.insert("result".into(), "skipped".into());
                return Value::Object(cycle);
            }
            Some(Popped::Attempt(attempt)) => attempt,
        };
        start(&mut cycle, &attempt.info, attempt.from);
        match step["outcome"].as_str() {
            Some("error") => self.driver.decide_error(&mut attempt, "scripted error"),
            _ => self.driver.decide(&mut attempt),
        }
        self.steps(&step["during"]);
        match self.driver.conclude(attempt, self.now()) {
            Conclusion::Failed(failure) => self.failed(&mut cycle, *failure, step),
            Conclusion::Bind(binding) => {
                self.steps(&step["binding"]);
                let name = binding.pod.key();
                let there = self.objects.contains_key(&("Pod".into(), name.clone()));
                if step["bind"] == "fail" || !there {
                    let cause = match there {
                        true => "scripted binding failure".to_string(),
                        false => format!("pods {:?} not found", &*binding.pod.object.meta.name),
                    };
                    let failure = self.driver.bind_failed(binding, &cause, self.now());
                    self.failed(&mut cycle, *failure, step);
                    cycle.insert("result".into(), "bindingFailed".into());
                } else {
                    cycle.insert("result".into(), "scheduled".into());
                    cycle.insert("node".into(), (&*binding.node).into());
                    let start_time = self.timestamp();
                    self.change_pod(&name, |object| {
                        let pod = object.as_pod_mut().expect("a pod");
                        pod.node_name = binding.node.clone();
                        Arc::make_mut(&mut pod.status).start_time = Some(start_time);
                    });
                }
            }
        }
        Value::Object(cycle)
    }

    fn failed(&mut self, cycle: &mut Map<String, Value>, failure: Failure, step: &Value) {
        let result = if failure.reason == "Unschedulable" { "unschedulable" } else { "error" };
        cycle.insert("result".into(), result.into());
        put(cycle, "plugins", names(&failure.plugins));
        put(cycle, "message", (&*failure.message).into());
        put(cycle, "nominated", failure.nominate.as_deref().unwrap_or_default().into());
        if let Some(updated) = failure.updated_pod(self.timestamp()) {
            let status = updated.as_pod().expect("a pod").status.clone();
            self.change_pod(&failure.popped.key(), |object| object.as_pod_mut().expect("a pod").status = status);
        }
        if let Some(eviction) = &failure.eviction {
            put(cycle, "victims", eviction.victims.iter().map(|victim| victim.key()).collect());
            let mut cleared: Vec<String> = eviction.cleared.iter().map(|pod| pod.key()).collect();
            cleared.sort();
            put(cycle, "cleared", cleared.clone().into());
            self.evict(eviction, &cleared, step);
        }
    }

    fn evict(&mut self, eviction: &Eviction, cleared: &[String], step: &Value) {
        let to_evict: BTreeSet<String> = eviction.to_evict().map(|victim| victim.key()).collect();
        self.steps(&step["preempting"]);
        self.driver.last_eviction(eviction);
        self.driver.evicted(eviction, true, self.now());
        for name in cleared {
            self.change_pod(name, |object| {
                Arc::make_mut(&mut object.as_pod_mut().expect("a pod").status).nominated_node_name = "".into();
            });
        }
        for victim in &eviction.victims {
            let name = victim.key();
            if to_evict.contains(&name) {
                let (now, message) = (self.timestamp(), eviction.condition_message());
                self.change_pod(&name, |object| disrupt(object, &message, now));
                self.change_pod(&name, |object| object.meta.deletion_timestamp = Some(now));
            }
            if step["victims"] != "stay" {
                self.delete(&("Pod".into(), name));
            }
        }
    }

    fn observe(&self) -> Value {
        let queue = self.driver.queue();
        let mut out = Map::new();
        for place in [Place::Active, Place::Backoff, Place::ErrorBackoff, Place::Unschedulable, Place::Gated] {
            put(&mut out, place_name(place), queue.pods_at(place).iter().map(entry).collect());
        }
        let mut in_flight: Vec<String> = queue.in_flight().map(|pod| name_of(pod)).collect();
        in_flight.sort();
        put(&mut out, "inFlight", in_flight.into());
        let nodes = self.objects.keys().filter(|(kind, _)| kind == "Node").map(|(_, name)| name);
        let nominated = |node: &String| {
            let pods: Vec<String> = self.driver.nominated_to(node).iter().map(|pod| pod.key()).collect();
            (!pods.is_empty()).then(|| (node.clone(), Value::from(pods)))
        };
        put(&mut out, "nominated", Value::Object(nodes.filter_map(nominated).collect()));
        Value::Object(out)
    }
}

/// Gives a victim its condition.
fn disrupt(object: &mut Object, message: &str, now: Timestamp) {
    let status = Arc::make_mut(&mut object.as_pod_mut().expect("a pod").status);
    status.conditions.retain(|condition| &*condition.r#type != "DisruptionTarget");
    status.conditions.push(PodCondition {
        r#type: "DisruptionTarget".into(),
        status: "True".into(),
        reason: "PreemptionByScheduler".into(),
        message: message.into(),
        last_transition_time: Some(now),
        ..PodCondition::default()
    });
}

fn start(cycle: &mut Map<String, Value>, info: &QueuedPodInfo, from: Place) {
    cycle.insert("pod".into(), info.pod.key().into());
    cycle.insert("attempts".into(), info.attempts.into());
    cycle.insert("from".into(), place_name(from).into());
}

fn moved(own: &Move) -> Value {
    let mut out = Map::new();
    out.insert("t".into(), seconds(own.at.as_ms()));
    out.insert("event".into(), (&*own.event).into());
    out.insert("pod".into(), shown(&own.pod).into());
    put(&mut out, "from", own.from.map(place_name).into());
    put(&mut out, "to", own.to.map(place_name).into());
    Value::Object(out)
}

fn entry(info: &QueuedPodInfo) -> Value {
    let mut out = Map::new();
    out.insert("pod".into(), info.pod.key().into());
    out.insert("timestamp".into(), seconds(info.timestamp.as_ms()));
    put(&mut out, "priority", info.pod.priority().into());
    put(&mut out, "attempts", info.attempts.into());
    put(&mut out, "failures", info.unschedulable_count.into());
    put(&mut out, "errors", info.consecutive_errors_count.into());
    put(&mut out, "expiry", seconds(info.backoff_expiration.map_or(0, Time::as_ms)));
    put(&mut out, "plugins", names(&info.unschedulable_plugins));
    put(&mut out, "pending", names(&info.pending_plugins));
    put(&mut out, "gate", json!(info.gating_plugin));
    put(&mut out, "flushed", info.was_flushed_from_unschedulable.into());
    Value::Object(out)
}

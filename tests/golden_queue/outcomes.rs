//! The queue with scripted outcomes.

use crate::shared::{Api, names, plugin, put};
use kubesim::base::Time;
use kubesim::model::{Obj, Object};
use kubesim::scheduler::config::SchedulerConfiguration;
use kubesim::scheduler::driver::{Popped, SchedulerDriver};
use kubesim::scheduler::queue::{Place, QueuedPodInfo};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

struct Replay {
    driver: SchedulerDriver,
    api: Api,
    pods: BTreeMap<String, Obj>,
    nodes: BTreeMap<String, Obj>,
    popped: BTreeMap<String, Box<QueuedPodInfo>>,
}

/// Replays a script; one record for each operation.
pub fn replay(script: &Value) -> Vec<Value> {
    let driver = SchedulerDriver::new(&SchedulerConfiguration::default()).expect("the default configuration is valid");
    let mut replay = Replay { driver, api: Api::default(), pods: BTreeMap::new(), nodes: BTreeMap::new(), popped: BTreeMap::new() };
    for namespace in script["namespaces"].as_array().into_iter().flatten() {
        let namespace = replay.api.read(namespace, "Namespace");
        replay.driver.set(&namespace, Time::ZERO);
    }
    script["ops"].as_array().expect("operations").iter().map(|op| replay.apply(op)).collect()
}

fn name_of(object: &Obj) -> String {
    match object.meta.namespace.as_ref() {
        "" => object.meta.name.to_string(),
        namespace => format!("{namespace}/{}", object.meta.name),
    }
}

impl Replay {
    fn apply(&mut self, op: &Value) -> Value {
        let now = Time::from_ms(op["at"].as_u64().expect("a time"));
        let name = op["name"].as_str().unwrap_or_default();
        let list = |key: &str| op[key].as_array().into_iter().flatten().map(plugin).collect();
        let mut record = Map::new();
        match op["op"].as_str().expect("an operation") {
            "addPod" | "updatePod" => {
                let pod = self.api.read(&op["pod"], "Pod");
                self.driver.set(&pod, now);
                self.pods.insert(name_of(&pod), pod);
            }
            "deletePod" => {
                let pod = self.pods.remove(name).expect("the pod is there");
                self.driver.delete(&pod, now);
            }
            "addNode" | "updateNode" => {
                let node = self.api.read(&op["node"], "Node");
                self.driver.set(&node, now);
                self.nodes.insert(name_of(&node), node);
            }
            "deleteNode" => {
                let node = self.nodes.remove(name).expect("the node is there");
                self.driver.delete(&node, now);
            }
            "pop" => match self.driver.pop() {
                None => put(&mut record, "empty", true.into()),
                Some(Popped::Skipped(..)) => panic!("a pod was skipped"),
                Some(Popped::Attempt(attempt)) => {
                    put(&mut record, "popped", attempt.info.pod.key().into());
                    self.popped.insert(attempt.info.pod.key(), attempt.info);
                }
            },
            "fail" | "error" => {
                let info = self.popped.remove(name).expect("the pod is in flight");
                self.driver.fail_with(info, list("plugins"), list("pending"), now);
            }
            "bind" => {
                let info = self.popped.remove(name).expect("the pod is in flight");
                self.driver.release(&info);
                let mut pod: Object = (**self.pods.get(name).expect("the pod is there")).clone();
                pod.as_pod_mut().expect("a pod").node_name = op["target"].as_str().expect("a node").into();
                let pod = self.api.store(pod);
                self.driver.set(&pod, now);
                self.pods.insert(name.into(), pod);
            }
            "activate" => {
                let pod = self.pods[name].clone();
                self.driver.activate(&pod, now);
            }
            "flushBackoff" => self.driver.flush_backoff(now),
            "flushUnschedulable" => self.driver.flush_unschedulable(now),
            other => panic!("operation {other}"),
        }
        self.observe(&mut record);
        Value::Object(record)
    }

    fn observe(&self, record: &mut Map<String, Value>) {
        let queue = self.driver.queue();
        let list = |place| queue.pods_at(place).iter().map(|info| entry(info, place)).collect::<Vec<_>>();
        let mut errors = queue.pods_at(Place::ErrorBackoff);
        errors.sort_by_key(|info| (info.backoff_expiration, -info.pod.priority(), info.timestamp));
        let mut backoff = list(Place::Backoff);
        backoff.extend(errors.iter().map(|info| entry(info, Place::ErrorBackoff)));
        put(record, "active", list(Place::Active).into());
        put(record, "backoff", backoff.into());
        put(record, "unschedulable", list(Place::Unschedulable).into());
        put(record, "gated", list(Place::Gated).into());
        let mut in_flight: Vec<String> = queue.in_flight().map(name_of).collect();
        in_flight.sort();
        put(record, "inFlight", in_flight.into());
    }
}

fn entry(info: &QueuedPodInfo, place: Place) -> Value {
    let mut out = Map::new();
    out.insert("pod".into(), info.pod.key().into());
    out.insert("timestamp".into(), info.timestamp.as_ms().into());
    put(&mut out, "priority", info.pod.priority().into());
    put(&mut out, "attempts", info.attempts.into());
    put(&mut out, "unschedulableCount", info.unschedulable_count.into());
    put(&mut out, "errorCount", info.consecutive_errors_count.into());
    put(&mut out, "plugins", names(&info.unschedulable_plugins));
    put(&mut out, "pending", names(&info.pending_plugins));
    put(&mut out, "gate", json!(info.gating_plugin));
    if matches!(place, Place::Backoff | Place::ErrorBackoff) {
        out.insert("expires".into(), info.backoff_expiration.map_or(0, Time::as_ms).into());
        put(&mut out, "errorBackoff", (place == Place::ErrorBackoff).into());
    }
    Value::Object(out)
}

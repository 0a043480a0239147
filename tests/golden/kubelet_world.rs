//! A world with kubelets over a scripted runtime: runs a scenario and records what a watch would see.

use kubesim::actor::{Clock, Observer, Record};
use kubesim::api::{DeleteOptions, Patch, Subresource, Verb, defaulting};
use kubesim::base::{Dist, Seed, Span, Time};
use kubesim::kubelet::behaviours::{Behaviours, Script};
use kubesim::kubelet::settings::{Configuration, RuntimeTimes};
use kubesim::kubelet::{Fleet, Settings};
use kubesim::manifest::{Source, read};
use kubesim::model::{Body, Kind, Meta, Namespace, Node, Object, ResourceList};
use kubesim::sim::{self, Latency, Sim};
use kubesim::store::{Key, LogEntry};
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// When the scenario begins: long after the kubelets.
const BEGIN: Span = Span::from_s(600);

/// What was seen.
#[derive(Default)]
pub struct Recording {
    /// Changes of objects of the scenario's namespace: ms since its start, the object after (`None`: gone), and its key.
    pub changes: Vec<(i64, Key, Option<Value>)>,
    /// Calls to the runtime by pod.
    pub calls: Vec<(i64, String, String)>,
    /// Results of creating the manifest and of the actions.
    pub manifest: Vec<Value>,
    pub actions: Vec<Value>,
}

struct Watcher(Rc<RefCell<Recording>>);

fn ms(at: Time) -> i64 {
    (at.0 as i64 - BEGIN.0 as i64) / 1_000_000
}

impl Observer for Watcher {
    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        if &*key.namespace == "ns" {
            let after = entry.after.as_ref().map(|object| object.to_json());
            self.0.borrow_mut().changes.push((ms(entry.at), key.clone(), after));
        }
    }

    fn record(&mut self, at: Time, record: &Record) {
        if let Record::Runtime { pod, call } = record {
            let pod = pod.strip_prefix("ns/").unwrap_or(pod).to_string();
            self.0.borrow_mut().calls.push((ms(at), pod, call.clone()));
        }
    }
}

fn namespace(name: &str) -> Object {
    let meta = Meta { name: name.into(), ..Meta::default() };
    Object { meta, body: Body::Namespace(Namespace::default()) }
}

fn node(name: &str, pods: &str) -> Object {
    let amounts = [("cpu", "2"), ("memory", "25171652608"), ("ephemeral-storage", "100Gi"), ("pods", pods)];
    let capacity: ResourceList = amounts.iter().map(|(name, amount)| (name.to_string(), amount.parse().unwrap())).collect();
    let mut node = Node::default();
    let status = Arc::make_mut(&mut node.status);
    (status.capacity, status.allocatable) = (capacity.clone(), capacity);
    Object { meta: Meta { name: name.into(), ..Meta::default() }, body: Body::Node(node) }
}

fn object(json: Value) -> Object {
    let mut object = Object::from_json(json).unwrap();
    object.meta.namespace = "ns".into();
    defaulting::apply(&mut object);
    object
}

/// Runs a scenario to its end.
pub fn run(name: &str, manifest: &str, script: &Value) -> Recording {
    let clock = Clock { start_us: 1_774_767_300_000_000 };
    let ms = |ms: u64| Dist::Constant(Span::from_ms(ms));
    let latency = Latency { request: ms(3), watch: ms(2) };
    // What is left to chance: where in its second a node's relist and its sync loop's tick lie.
    let seed = std::env::var("KUBESIM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut sim = Sim::new(sim::Settings { seed: Seed(seed), clock, latency });
    let behaviours = Behaviours { script: Some(Arc::new(Script::from_json(script.clone()).unwrap())), ..Behaviours::default() };
    let settings = Settings {
        configuration: Configuration { max_pods: 500, ..Configuration::default() },
        runtime: RuntimeTimes { sandbox: ms(6), create: ms(2), start: ms(1), mount: ms(0) },
        behaviours,
        parallel_pulls_on: vec!["n3".into()],
        trace_runtime: true,
        // The recording's three runs drew three jitters each time; the middle one is nearest to all.
        steady: true,
        ..Settings::default()
    };
    for name in ["default", "ns"] {
        sim.request_now(Verb::Create(Box::new(namespace(name)))).unwrap();
    }
    for (name, pods) in [("n1", "500"), ("n2", "500"), ("n3", "500"), ("n4", "2")] {
        sim.request_now(Verb::Create(Box::new(node(name, pods)))).unwrap();
    }
    let recording = Rc::new(RefCell::new(Recording::default()));
    sim.add_actor(Box::new(Fleet::new(settings)));
    sim.add_observer(Box::new(Watcher(recording.clone())));
    let begin = Time(BEGIN.0);
    sim.run_until(begin);
    // The recorder read `y` as text, where kubectl reads a boolean.
    let text = manifest.replace("{ns}", "ns").replace("name: Y\n      value: y", "name: 'Y'\n      value: 'y'");
    for (number, item) in read::items(&Source::new(name, &text)).unwrap().into_iter().enumerate() {
        sim.run_until(begin + Span::from_ms(3 * number as u64));
        let mut json = item.node.to_value();
        json["metadata"]["namespace"] = "ns".into();
        let (kind, object_name) = (item.kind().to_string(), item.name().to_string());
        let done = result(sim.request_now(Verb::Create(Box::new(object(json)))), 201);
        recording.borrow_mut().manifest.push(serde_json::json!([kind, object_name, done.0, done.1]));
    }
    for action in script["actions"].as_array().unwrap() {
        let at = begin + Span::from_ms(action["at_ms"].as_u64().unwrap());
        sim.run_until(at);
        if action["do"] != "end" {
            let done = act(&mut sim, action);
            recording.borrow_mut().actions.push(done);
        }
    }
    // The recording went on until its end was noticed.
    sim.run_until(sim.now() + Span::from_ms(50));
    drop(sim);
    Rc::try_unwrap(recording).ok().unwrap().into_inner()
}

fn result(answer: kubesim::api::Answer, well: u16) -> (u16, String) {
    match answer {
        Ok(_) => (well, String::new()),
        Err(error) => (error.code(), error.to_string()),
    }
}

fn act(sim: &mut Sim, action: &Value) -> Value {
    let what = action["do"].as_str().unwrap();
    if what == "create" {
        let text = action["object"].to_string().replace("{ns}", "ns");
        let object = object(serde_json::from_str(&text).unwrap());
        let name = object.meta.name.to_string();
        let done = result(sim.request_now(Verb::Create(Box::new(object))), 201);
        let kind = action["object"]["kind"].clone();
        return serde_json::json!([kind, name, done.0, done.1]);
    }
    let name = action["name"].as_str().unwrap();
    let kind = *Kind::ALL.iter().find(|kind| kind.name() == action["kind"]).unwrap();
    let target = Key { kind, group_kind: "".into(), namespace: "ns".into(), name: name.into() };
    let verb = match what {
        "delete" => {
            let grace = action["options"]["gracePeriodSeconds"].as_i64();
            Verb::Delete { target, options: DeleteOptions { grace_period_seconds: grace, ..DeleteOptions::default() } }
        }
        "patch" => patch(target, action),
        other => panic!("unknown action {other}"),
    };
    let done = result(sim.request_now(verb), 200);
    serde_json::json!([what, name, done.0, done.1])
}

/// The patches of the scenarios, as changes in code: they do not depend on how patches are applied.
fn patch(target: Key, action: &Value) -> Verb {
    let change = action["patch"].clone();
    let status = action["subresource"] == "status";
    let edit = kubesim::api::Edit::new(move |object: &mut Object| {
        let mut json = object.to_json();
        if status {
            for new in change["status"]["conditions"].as_array().unwrap() {
                let list = json["status"]["conditions"].as_array_mut().unwrap();
                list.retain(|old| old["type"] != new["type"]);
                list.insert(0, new.clone());
            }
        } else {
            let mut change = change.clone();
            if let Some(strings) = change.get("stringData").cloned() {
                change = serde_json::json!({"stringData": strings});
            }
            json_patch::merge(&mut json, &change);
        }
        let version = object.meta.resource_version;
        *object = Object::from_json(json).unwrap();
        object.meta.resource_version = version;
    });
    let subresource = if status { Subresource::Status } else { Subresource::Main };
    Verb::Patch { target, subresource, patch: Patch::Edit(edit) }
}

//! A small world for tests of controllers: objects as JSON in, summaries out.

use crate::actor::controller::{Controller, ControllerActor};
use crate::actor::{Clock, Observer, Record};
use crate::api::{Answer, Verb};
use crate::base::{Dist, Seed, Span, Time};
use crate::model::{Kind, Obj, Object, PodPhase};
use crate::sim::{Latency, Settings, Sim};
use crate::store::{Key, LogEntry};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// Commits, as lines of text.
#[derive(Clone, Default)]
pub struct Lines(Rc<RefCell<Vec<(Kind, String)>>>);

type Describe = fn(&Object) -> String;

struct Recorder {
    lines: Lines,
    describe: Describe,
}

impl Observer for Recorder {
    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        let what = match (&entry.before, &entry.after) {
            (_, Some(object)) => (self.describe)(object),
            _ => format!("{} gone", key.name),
        };
        self.lines.0.borrow_mut().push((key.kind, what));
    }

    fn record(&mut self, _at: Time, _record: &Record) {}
}

/// A world with a namespace `ns` and the nodes `n1`, `n2`, ...
pub struct World {
    /// The world itself.
    pub sim: Sim,
    lines: Lines,
    now: Time,
}

impl World {
    /// With so many nodes; commits are described by `describe`.
    pub fn new(nodes: usize, describe: Describe) -> World {
        World::slow(nodes, describe, Span::from_ms(2))
    }

    /// The same, with requests that take so long to the API server, and their answers as long back.
    pub fn slow(nodes: usize, describe: Describe, request: Span) -> World {
        let latency = Latency { request: Dist::Constant(request), ..Latency::default() };
        let settings = Settings { seed: Seed(1), clock: Clock { start_us: 1_774_767_300_000_000 }, latency };
        let mut world = World { sim: Sim::new(settings), lines: Lines::default(), now: Time::ZERO };
        world.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns"}}));
        for node in 1..=nodes {
            let zone = format!("z{}", node % 2);
            world.create(json!({"apiVersion": "v1", "kind": "Node",
                "metadata": {"name": format!("n{node}"), "labels": {"topology.kubernetes.io/zone": zone}},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]}}));
        }
        let lines = world.lines.clone();
        world.sim.add_observer(Box::new(Recorder { lines, describe }));
        world
    }

    /// Adds a controller; before the first `run`.
    pub fn with<C: Controller + 'static>(mut self, controller: C) -> World {
        self.sim.add_actor(Box::new(ControllerActor::new(controller)));
        self
    }

    /// Adds all controllers; before the first `run`.
    pub fn with_all(mut self, settings: &super::ControllerManager) -> World {
        super::all(settings, true).into_iter().for_each(|actor| self.sim.add_actor(actor));
        self
    }

    /// Sends a request at once.
    pub fn send(&mut self, verb: Verb) -> Answer {
        self.sim.request_now(verb)
    }

    /// Creates an object.
    pub fn create(&mut self, mut json: Value) -> Obj {
        let kind = json["kind"].as_str().unwrap_or_default().to_string();
        if !matches!(&*kind, "Namespace" | "Node") {
            json["metadata"]["namespace"] = "ns".into();
        }
        if kind == "Pod" && json["spec"]["containers"].is_null() {
            json["spec"]["containers"] = serde_json::json!([{"name": "c", "image": "i"}]);
        }
        let object = Object::from_json(json).expect("a proper object");
        self.send(Verb::Create(Box::new(object))).expect("created")
    }

    /// Changes an object.
    pub fn edit(&mut self, kind: Kind, name: &str, change: impl Fn(&mut Object) + Send + Sync + 'static) -> Obj {
        let target = self.key(kind, name);
        self.send(Verb::edit(target, change)).expect("changed")
    }

    /// A merge patch, in code.
    pub fn merge(&mut self, kind: Kind, name: &str, patch: Value) -> Obj {
        self.edit(kind, name, move |object| {
            let mut json = object.to_json();
            json_patch::merge(&mut json, &patch);
            *object = Object::from_json(json).expect("a proper object");
        })
    }

    /// Changes an object's status by a merge patch.
    pub fn status(&mut self, kind: Kind, name: &str, patch: Value) -> Obj {
        let target = self.key(kind, name);
        let change = move |object: &mut Object| {
            let mut json = object.to_json();
            json_patch::merge(&mut json, &json!({"status": patch}));
            *object = Object::from_json(json).expect("a proper object");
        };
        self.send(Verb::edit_status(target, change)).expect("changed")
    }

    /// Deletes an object.
    pub fn delete(&mut self, kind: Kind, name: &str) {
        let target = self.key(kind, name);
        self.send(Verb::delete(target)).expect("deleted");
    }

    fn key(&self, kind: Kind, name: &str) -> Key {
        let namespace = if matches!(kind, Kind::Node | Kind::Namespace | Kind::PersistentVolume) { "" } else { "ns" };
        Key { kind, group_kind: "".into(), namespace: namespace.into(), name: name.into() }
    }

    /// Runs for so many milliseconds.
    pub fn run(&mut self, ms: u64) {
        self.now = Time::from_ms(self.now.as_ms() + ms);
        self.sim.run_until(self.now);
    }

    /// What was committed of a kind since the last call.
    pub fn lines(&mut self, kind: Kind) -> Vec<String> {
        let mut lines = self.lines.0.borrow_mut();
        let (wanted, rest): (Vec<_>, Vec<_>) = lines.drain(..).partition(|(other, _)| *other == kind);
        *lines = rest;
        wanted.into_iter().map(|(_, line)| line).collect()
    }

    /// The present object.
    pub fn get(&self, kind: Kind, name: &str) -> Option<Obj> {
        let key = self.key(kind, name);
        self.sim.store().now().find(kind, &key.namespace, name).cloned()
    }

    /// All objects of a kind.
    pub fn list(&self, kind: Kind) -> Vec<Obj> {
        self.sim.store().now().list(kind).map(|(_, object)| object.clone()).collect()
    }

    /// Event messages about an object, in order of first appearance.
    pub fn events(&self, about: &str) -> Vec<String> {
        let of = |event: &Obj| {
            let event = event.as_event()?;
            (&*event.about_name == about).then(|| format!("{} {}", event.origin.reason, event.message))
        };
        self.list(Kind::Event).iter().filter_map(of).collect()
    }

    /// Binds a pod if it has no node yet, and sets its phase and readiness, with address 10.0.0.`ip`.
    pub fn pod_state(&mut self, name: &str, node: &str, phase: PodPhase, ready: bool) {
        let pod = self.get(Kind::Pod, name).expect("a pod");
        if !pod.as_pod().expect("a pod").is_bound() {
            self.send(Verb::Bind { pod: Key::of(&pod), uid: pod.meta.uid.clone(), node: node.into(), annotations: vec![] }).expect("bound");
        }
        let (ip, at) = (
            format!("10.0.{}", &crate::controllers::endpoints_util::fnv128a(pod.meta.uid.as_bytes()).to_string()[..5]),
            self.sim.clock().timestamp(self.now),
        );
        let status = if ready { "True" } else { "False" };
        self.send(Verb::edit_status(Key::of(&pod), move |object| {
            let pod = object.as_pod_mut().expect("a pod");
            let state = Arc::make_mut(&mut pod.status);
            state.phase = phase;
            state.pod_ip = ip.as_str().into();
            state.pod_ips = serde_json::from_value(json!([{"ip": ip}])).expect("addresses");
            if state.conditions.iter().any(|condition| &*condition.r#type == "Ready" && &*condition.status == status) {
                return;
            }
            state.conditions.retain(|condition| &*condition.r#type != "Ready");
            state
                .conditions
                .push(serde_json::from_value(json!({"type": "Ready", "status": status, "lastTransitionTime": at})).expect("a condition"));
        }))
        .expect("changed");
    }

    /// What the kubelet does at a pod's end: it goes for good.
    pub fn finish_deletion(&mut self, name: &str) {
        let key = self.key(Kind::Pod, name);
        let options = crate::api::DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
        self.send(Verb::Delete { target: key, options }).expect("gone");
    }
}

/// A kubelet and scheduler for tests: pods get a node and an address at once, are Ready a second later, and go a second after
/// they were told to. Annotations of a pod: `broken` (never Ready), `ends` with `well` or `badly` (a second after it was Ready).
pub struct TinyKubelet;

const READY: u64 = 1 << 40;
const END: u64 = 2 << 40;
const GONE: u64 = 3 << 40;

impl TinyKubelet {
    fn set(cx: &mut crate::actor::Ctx<'_>, pod: &Obj, phase: PodPhase, ready: bool) {
        let now = cx.timestamp();
        let ip = format!("10.1.{}.{}", pod.meta.resource_version / 250, pod.meta.resource_version % 250);
        cx.request(Verb::edit_status(Key::of(pod), move |object| {
            let Some(pod) = object.as_pod_mut() else { return };
            let status = Arc::make_mut(&mut pod.status);
            status.phase = phase;
            if status.pod_ip.is_empty() {
                status.pod_ip = ip.as_str().into();
                status.pod_ips = serde_json::from_value(json!([{"ip": ip}])).expect("addresses");
            }
            let flag = if ready { "True" } else { "False" };
            status.conditions.retain(|condition| &*condition.r#type != "Ready");
            let condition = json!({"type": "Ready", "status": flag, "lastTransitionTime": now});
            status.conditions.push(serde_json::from_value(condition).expect("a condition"));
        }));
    }
}

impl crate::actor::Actor for TinyKubelet {
    fn name(&self) -> &str {
        "tiny-kubelet"
    }

    fn watches(&self) -> crate::actor::Kinds {
        crate::actor::Kinds::of(&[Kind::Pod])
    }

    fn changed(&mut self, change: crate::store::Change<'_>, cx: &mut crate::actor::Ctx<'_>) {
        let Some(pod) = change.after else { return };
        let (body, id) = (pod.as_pod().expect("a pod"), u64::from(change.id.0));
        let was_deleting = change.before.is_some_and(|before| before.meta.is_deleting());
        if pod.meta.is_deleting() {
            if !was_deleting {
                cx.wake_in(crate::base::Span::from_s(1), GONE | id);
            }
        } else if !body.is_bound() {
            let node = crate::controllers::daemonset_nodes::target_node(pod).unwrap_or_else(|| "n1".into());
            cx.request(Verb::Bind { pod: Key::of(pod), uid: pod.meta.uid.clone(), node, annotations: vec![] });
        } else if body.status.phase == PodPhase::Pending {
            Self::set(cx, pod, PodPhase::Running, false);
        } else if body.status.phase == PodPhase::Running {
            let before_ready = change.before.and_then(|before| before.as_pod()).is_some_and(|before| before.is_ready());
            let began = change.before.and_then(|before| before.as_pod()).is_none_or(|before| before.status.phase != PodPhase::Running);
            if began && !pod.meta.annotations.contains("broken") {
                cx.wake_in(crate::base::Span::from_s(1), READY | id);
            }
            if body.is_ready() && !before_ready && pod.meta.annotations.contains("ends") {
                cx.wake_in(crate::base::Span::from_s(1), END | id);
            }
        }
    }

    fn wake(&mut self, token: u64, cx: &mut crate::actor::Ctx<'_>) {
        let Some(pod) = cx.view.get(crate::store::Id(token as u32)).cloned() else { return };
        let running = pod.as_pod().is_some_and(|pod| pod.status.phase == PodPhase::Running);
        match token & (7 << 40) {
            READY if running && !pod.meta.is_deleting() => Self::set(cx, &pod, PodPhase::Running, true),
            END if running => {
                let well = pod.meta.annotations.get("ends") == Some("well");
                Self::set(cx, &pod, if well { PodPhase::Succeeded } else { PodPhase::Failed }, false);
            }
            GONE if pod.meta.is_deleting() => {
                if running {
                    Self::set(cx, &pod, PodPhase::Failed, false);
                }
                let options = crate::api::DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
                cx.request(Verb::Delete { target: Key::of(&pod), options });
            }
            _ => {}
        }
    }
}

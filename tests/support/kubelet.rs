//! The fake kubelets and nodes of the recordings: stages that pods and nodes go through, each after a delay, as KWOK plays
//! them. A change of the object before the delay is over begins the delay anew.

use kubesim::actor::{Actor, Ctx, Kinds};
use kubesim::api::{Answer, DeleteOptions, Verb};
use kubesim::base::{Span, Time};
use kubesim::model::*;
use kubesim::store::{Change, Id, Key};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const LEASES: &str = "kube-node-lease";
const LEASE_EVERY: Span = Span::from_s(2);
const LEASE_DURATION_S: i32 = 8;
/// Timers that renew a node's lease, and those that stop or resume a group of kubelets.
const LEASE_TIMER: u64 = 1 << 60;
const SWITCH_TIMER: u64 = 1 << 61;
/// Timers of stages that are being written.
const WRITE_TIMER: u64 = 1 << 59;

/// A group of kubelets stops or resumes at an instant.
#[derive(Clone, Debug)]
pub struct Switch {
    /// When.
    pub at: Time,
    /// Which kubelets: nodes with this value of the label `kubelet`.
    pub group: String,
    /// Whether they work from then on.
    pub on: bool,
}

/// What a pod is to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Run,
    Ready,
    Unready,
    Complete,
    Fail,
    Terminate,
    Remove,
}

/// All fake kubelets.
pub struct FakeKubelets {
    switches: Vec<Switch>,
    stopped: BTreeSet<String>,
    /// Which timer of an object counts: later changes outdate earlier ones.
    turns: BTreeMap<Id, (u64, Stage)>,
    next_turn: u64,
    addresses: u32,
    leases: BTreeSet<Id>,
    /// Writes come one after the other, and each takes up to this.
    write_max: Span,
    /// When the last write under way is done.
    busy_until: Time,
}

impl FakeKubelets {
    /// Kubelets that stop and resume as told, and whose writes take up to `write_max` each.
    pub fn new(switches: Vec<Switch>, write_max: Span) -> FakeKubelets {
        let (turns, leases, busy_until) = (BTreeMap::new(), BTreeSet::new(), Time::ZERO);
        FakeKubelets { switches, stopped: BTreeSet::new(), turns, next_turn: 0, addresses: 0, leases, write_max, busy_until }
    }

    fn works(&self, node: &Object) -> bool {
        node.meta.labels.get("kubelet").is_none_or(|group| !self.stopped.contains(group))
    }

    fn node_changed(&mut self, id: Id, node: &Object, cx: &mut Ctx<'_>) {
        if !self.works(node) {
            return;
        }
        let ready = node.as_node().is_some_and(|n| n.status.conditions.iter().any(|c| &*c.r#type == "Ready" && &*c.status == "True"));
        if !ready {
            let now = cx.timestamp();
            cx.request(Verb::edit_status(Key::of(node), move |object| initialise(object, now)));
        }
        if self.leases.insert(id) {
            self.renew(id, node, cx);
        }
    }

    fn renew(&mut self, id: Id, node: &Object, cx: &mut Ctx<'_>) {
        let now = cx.micro();
        let key = Key { kind: Kind::Lease, group_kind: Str::default(), namespace: LEASES.into(), name: node.meta.name.clone() };
        if cx.view.find(Kind::Lease, LEASES, &node.meta.name).is_some() {
            cx.request(Verb::edit(key, move |object| {
                if let Some(lease) = object.as_lease_mut() {
                    Arc::make_mut(&mut lease.spec).renew_time = Some(now);
                }
            }));
        } else {
            let spec = LeaseSpec {
                holder_identity: Some(node.meta.name.clone()),
                lease_duration_seconds: Some(LEASE_DURATION_S),
                renew_time: Some(now),
                ..LeaseSpec::default()
            };
            let meta = Meta { name: key.name, namespace: key.namespace, ..Meta::default() };
            let lease = Lease { spec: Arc::new(spec), ..Lease::default() };
            cx.request(Verb::Create(Box::new(Object { meta, body: Body::Lease(lease) })));
        }
        cx.wake_in(LEASE_EVERY, LEASE_TIMER | u64::from(id.0));
    }

    fn pod_changed(&mut self, id: Id, object: &Object, cx: &mut Ctx<'_>) {
        self.turns.remove(&id);
        let Some(pod) = object.as_pod() else { return };
        let Some(node) = cx.view.find(Kind::Node, "", &pod.node_name) else { return };
        if !self.works(node) {
            return;
        }
        let Some((stage, delay)) = next_stage(object, pod) else { return };
        self.next_turn += 1;
        self.turns.insert(id, (self.next_turn, stage));
        cx.wake_in(delay, self.next_turn << 32 | u64::from(id.0));
    }

    /// A stage is due: its write takes its place behind those before it.
    fn due(&mut self, token: u64, cx: &mut Ctx<'_>) {
        let takes = Span(cx.rng.below(self.write_max.0.max(1)));
        self.busy_until = self.busy_until.max(cx.now) + takes;
        cx.wake_at(self.busy_until, WRITE_TIMER | token);
    }

    fn play(&mut self, id: Id, stage: Stage, cx: &mut Ctx<'_>) {
        let Some(object) = cx.view.get(id) else { return };
        let (key, now) = (Key::of(object), cx.timestamp());
        if stage == Stage::Remove {
            let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
            cx.request(Verb::Delete { target: key, options });
            return;
        }
        self.addresses += 1;
        let address: Str = format!("10.{}.{}.{}", self.addresses >> 16 & 255, self.addresses >> 8 & 255, self.addresses & 255).into();
        let uid = object.meta.uid.clone();
        cx.request(Verb::edit_status(key, move |object| {
            if object.meta.uid == uid {
                show(object, stage, now, &address);
            }
        }));
    }
}

impl Actor for FakeKubelets {
    fn name(&self) -> &str {
        "kwok"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Pod, Kind::Node, Kind::Lease])
    }

    fn start(&mut self, cx: &mut Ctx<'_>) {
        for (at, switch) in self.switches.iter().enumerate() {
            cx.wake_at(switch.at, SWITCH_TIMER | at as u64);
        }
    }

    fn changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
        let Some(object) = change.after else {
            self.turns.remove(&change.id);
            self.leases.remove(&change.id);
            return;
        };
        match object.kind() {
            Kind::Node => self.node_changed(change.id, object, cx),
            Kind::Pod => self.pod_changed(change.id, object, cx),
            _ => {}
        }
    }

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        let id = Id(token as u32);
        if token & SWITCH_TIMER != 0 {
            let switch = self.switches[id.0 as usize].clone();
            if switch.on {
                self.stopped.remove(&switch.group)
            } else {
                self.stopped.insert(switch.group)
            };
            self.turns.clear();
            self.leases.clear();
            for (id, node) in cx.view.list(Kind::Node) {
                self.node_changed(id, node, cx);
            }
            for (id, pod) in cx.view.list(Kind::Pod) {
                self.pod_changed(id, pod, cx);
            }
            return;
        }
        if token & LEASE_TIMER != 0 {
            if self.leases.contains(&id)
                && let Some(node) = cx.view.get(id)
                && self.works(node)
            {
                self.renew(id, node, cx);
            }
            return;
        }
        let (number, writes) = ((token & !WRITE_TIMER) >> 32, token & WRITE_TIMER != 0);
        match self.turns.get(&id) {
            Some(&(turn, stage)) if turn == number && writes => {
                self.turns.remove(&id);
                self.play(id, stage, cx);
            }
            Some(&(turn, Stage::Remove)) if turn == number => {
                self.turns.remove(&id);
                self.play(id, Stage::Remove, cx);
            }
            Some(&(turn, _)) if turn == number => self.due(token, cx),
            _ => {}
        }
    }

    fn answered(&mut self, _ticket: kubesim::actor::Ticket, _answer: Answer, _cx: &mut Ctx<'_>) {}
}

/// The stage whose selector matches a pod, and its delay.
fn next_stage(object: &Object, pod: &Pod) -> Option<(Stage, Span)> {
    let annotation = |name: &str| object.meta.annotations.get(name);
    let delay = |name: &str, default_ms: u64| annotation(name).and_then(|text| Span::parse(text).ok()).unwrap_or(Span::from_ms(default_ms));
    let phase = pod.status.phase;
    if object.meta.is_deleting() {
        return match phase {
            PodPhase::Running | PodPhase::Pending => Some((Stage::Terminate, delay("fake/delete-delay", 1_000))),
            PodPhase::Succeeded | PodPhase::Failed => Some((Stage::Remove, Span::ZERO)),
            PodPhase::Unknown => None,
        };
    }
    if phase == PodPhase::Pending && pod.status.pod_ip.is_empty() {
        return Some((Stage::Run, Span::ZERO));
    }
    if phase != PodPhase::Running {
        return None;
    }
    let held = annotation("fake/hold-unready").is_some();
    if !pod.is_ready() {
        let never = annotation("fake/never-ready").is_some() || annotation("fake/serial").is_some() || held;
        return (!never).then(|| (Stage::Ready, delay("fake/ready-delay", 2_000)));
    }
    if held {
        return Some((Stage::Unready, Span::ZERO));
    }
    annotation("fake/run-for")?;
    let index = annotation("batch.kubernetes.io/job-completion-index");
    let fails = annotation("fake/fail") == Some("true") || annotation("fake/fail-index").is_some_and(|wanted| index == Some(wanted));
    if fails {
        return Some((Stage::Fail, delay("fake/run-for", 3_000)));
    }
    annotation("fake/fail").is_none().then(|| (Stage::Complete, delay("fake/run-for", 3_000)))
}

fn initialise(object: &mut Object, now: Timestamp) {
    let name = object.meta.name.to_string();
    let Some(node) = object.as_node_mut() else { return };
    let status = Arc::make_mut(&mut node.status);
    let rows = [
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("NetworkUnavailable", "False", "RouteCreated", "RouteController created a route"),
    ];
    status.conditions = rows
        .iter()
        .map(|(kind, status, reason, message)| NodeCondition {
            r#type: (*kind).into(),
            status: (*status).into(),
            reason: (*reason).into(),
            message: (*message).into(),
            last_heartbeat_time: Some(now),
            last_transition_time: Some(now),
        })
        .collect();
    let address = |kind: &str, address: &str| serde_json::json!({"type": kind, "address": address});
    let addresses = serde_json::json!([address("InternalIP", "10.250.0.1"), address("Hostname", &name)]);
    status.addresses = serde_json::from_value(addresses).expect("addresses");
    status.phase = "Running".into();
}

/// Sets conditions as a strategic merge does: known types in place, new ones before all others.
fn merge_conditions(status: &mut PodStatus, rows: &[(&str, &str, &str, &str)], now: Timestamp) {
    let mut fresh = Vec::new();
    for (kind, value, reason, message) in rows {
        let condition = PodCondition {
            r#type: (*kind).into(),
            status: (*value).into(),
            reason: (*reason).into(),
            message: (*message).into(),
            last_transition_time: Some(now),
            ..PodCondition::default()
        };
        match status.conditions.iter_mut().find(|old| &*old.r#type == *kind) {
            Some(old) => *old = condition,
            None => fresh.push(condition),
        }
    }
    fresh.append(&mut status.conditions);
    status.conditions = fresh.into();
}

/// What the kubelet of a recording writes at a stage.
fn show(object: &mut Object, stage: Stage, now: Timestamp, address: &Str) {
    let exit_code = object.meta.annotations.get("fake/exit-code").and_then(|code| code.parse().ok()).unwrap_or(1);
    let Some(pod) = object.as_pod_mut() else { return };
    let spec = pod.spec.clone();
    let job = spec.restart_policy == "Never";
    let status = Arc::make_mut(&mut pod.status);
    let names: Vec<&str> = spec.containers.iter().map(|container| container.name.as_str()).collect();
    let waiting = format!("containers with unready status: [{}]", names.join(" "));
    let both = |value: &'static str, reason: &'static str, message: &str| {
        [("Ready", value, reason, message.to_string()), ("ContainersReady", value, reason, message.to_string())]
    };
    let (conditions, phase, end) = match stage {
        Stage::Run => (both("False", "ContainersNotReady", &waiting), PodPhase::Running, None),
        Stage::Ready => (both("True", "", ""), PodPhase::Running, None),
        Stage::Unready => (both("False", "ContainersNotReady", &waiting), PodPhase::Running, None),
        Stage::Complete => (both("False", "PodCompleted", ""), PodPhase::Succeeded, Some((0, "Completed"))),
        Stage::Fail => (both("False", "PodFailed", ""), PodPhase::Failed, Some((exit_code, "Error"))),
        Stage::Terminate if job => (both("False", "PodFailed", ""), PodPhase::Failed, Some((143, "Error"))),
        Stage::Terminate | Stage::Remove => (both("False", "PodCompleted", ""), PodPhase::Succeeded, Some((0, "Completed"))),
    };
    let mut rows: Vec<(&str, &str, &str, &str)> = Vec::new();
    if stage == Stage::Run {
        rows.extend([("PodReadyToStartContainers", "True", "", ""), ("Initialized", "True", "", "")]);
    }
    if stage == Stage::Complete {
        rows.push(("Initialized", "True", "PodCompleted", ""));
    }
    rows.extend(conditions.iter().map(|(kind, value, reason, message)| (*kind, *value, *reason, message.as_str())));
    merge_conditions(status, &rows, now);
    status.phase = phase;
    let ready = stage == Stage::Ready;
    status.container_statuses = spec.containers.iter().map(|container| container_status(container, ready, end, now)).collect();
    if stage == Stage::Run {
        status.host_ip = "10.250.0.1".into();
        status.host_ips = vec![HostIP { ip: "10.250.0.1".into() }];
        status.pod_ip = address.clone();
        status.pod_ips = vec![PodIP { ip: address.clone() }];
        status.start_time = Some(now);
    }
}

fn container_status(container: &Container, ready: bool, end: Option<(i32, &str)>, now: Timestamp) -> ContainerStatus {
    let state = match end {
        None => ContainerState { running: Some(ContainerStateRunning { started_at: Some(now) }), ..ContainerState::default() },
        Some((exit_code, reason)) => {
            let terminated = ContainerStateTerminated {
                exit_code,
                reason: reason.into(),
                started_at: Some(now),
                finished_at: Some(now),
                ..ContainerStateTerminated::default()
            };
            ContainerState { terminated: Some(Box::new(terminated)), ..ContainerState::default() }
        }
    };
    ContainerStatus {
        name: container.name.as_str().into(),
        image: container.image.as_str().into(),
        state,
        ready,
        started: Some(end.is_none()),
        ..ContainerStatus::default()
    }
}

/// Makes a pod Ready at once, as the steps of a serial scenario do.
pub fn make_ready(object: &mut Object, now: Timestamp) {
    show(object, Stage::Ready, now, &Str::default());
}

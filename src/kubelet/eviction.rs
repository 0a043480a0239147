//! Pressure on a node's memory or disk: the condition, the refusal of new pods, and the eviction of one pod a round, worst
//! first. Real: pkg/kubelet/eviction/{eviction_manager.go,helpers.go} @ v1.37.2. The cause is a fault of the scenario, or that the
//! processes of the machine use more memory than it can spare (`memory`); a container over its own limit is killed by the kernel.

use super::fleet::Fleet;
use super::node::NodeState;
use super::pod::{self, Eviction, PodState, Slot, State};
use super::worker::Kubelet;
use super::{resources, word};
use crate::actor::{Ctx, EventNote, EventType, Signal};
use crate::api::Verb;
use crate::base::{Span, Time};
use crate::model::{Kind, NodeCondition, Object, Quantity, Str, Taint, Timestamp, Toleration};
use crate::store::Key;
use std::cmp::Reverse;
use std::sync::Arc;

/// How often the monitor looks.
const ROUND: Span = Span::from_s(10);
/// Pods of this priority and above are critical. Real: SystemCriticalPriority in pkg/apis/scheduling/types.go.
const CRITICAL: i32 = 2_000_000_000;
/// What an evicted pod gets. Real: immediateEvictionGracePeriodSeconds.
const GRACE_S: i64 = 1;

/// What a node can be short of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shortage {
    Memory,
    Disk,
}

/// One kind of shortage on one node.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Pressure {
    /// The cause is there now.
    cause: bool,
    /// The condition is shown.
    shown: bool,
    /// When the cause was last seen.
    seen: Time,
}

impl Shortage {
    const ALL: [Shortage; 2] = [Shortage::Memory, Shortage::Disk];

    fn condition(self) -> &'static str {
        match self {
            Shortage::Memory => "MemoryPressure",
            Shortage::Disk => "DiskPressure",
        }
    }

    /// Reason and message of the condition, and the reason of the node's Event.
    fn words(self, on: bool) -> (&'static str, &'static str, &'static str) {
        match (self, on) {
            (Shortage::Memory, true) => {
                ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available", "NodeHasInsufficientMemory")
            }
            (Shortage::Memory, false) => {
                ("KubeletHasSufficientMemory", "kubelet has sufficient memory available", "NodeHasSufficientMemory")
            }
            (Shortage::Disk, true) => ("KubeletHasDiskPressure", "kubelet has disk pressure", "NodeHasDiskPressure"),
            (Shortage::Disk, false) => ("KubeletHasNoDiskPressure", "kubelet has no disk pressure", "NodeHasNoDiskPressure"),
        }
    }
}

impl Kubelet<'_, '_> {
    /// Why a node under pressure refuses the pod, if it does.
    pub fn refused_under_pressure(&self) -> Option<String> {
        let shown: Vec<&str> =
            Shortage::ALL.into_iter().filter(|what| self.node.pressure[*what as usize].shown).map(Shortage::condition).collect();
        let pod = self.pod.pod();
        let only_memory = shown == ["MemoryPressure"];
        let stands_it = || &*pod.status.qos_class != "BestEffort" || pod.spec.tolerations.iter().any(tolerates_memory_pressure);
        if shown.is_empty() || pod.priority() >= CRITICAL || only_memory && stands_it() {
            return None;
        }
        Some(format!("The node had condition: [{}]. ", shown.join(" ")))
    }

    fn evict(&mut self, what: Shortage, threshold: Quantity, available: Quantity) {
        let message = self.eviction_message(what, threshold, available);
        self.event(None, EventType::Warning, "Evicted", message.clone());
        self.pod.eviction = Some(Box::new(Eviction { reason: word!("Evicted"), message: message.into(), grace_s: Some(GRACE_S) }));
        self.update(false);
        self.drive();
    }

    fn eviction_message(&self, what: Shortage, threshold: Quantity, available: Quantity) -> String {
        if what == Shortage::Disk {
            return "The node was low on resource: ephemeral-storage. ".into();
        }
        let mut message = format!("The node was low on resource: memory. Threshold quantity: {threshold}, available: {available}. ");
        let spec = &self.pod.pod().spec;
        for live in self.pod.lives.iter().filter(|live| live.seen.state == State::Running) {
            let container = pod::spec_of(spec, live.seen.which);
            let request = resources::amount(&container.resources.requests, "memory");
            let usage = Quantity::from_binary(live.memory_at(self.cx.now));
            if usage > request {
                let name = &container.name;
                message.push_str(&format!("Container {name} was using {usage}, request is {request}, has larger consumption of memory. "));
            }
        }
        message
    }
}

/// Whether a toleration covers node.kubernetes.io/memory-pressure:NoSchedule.
fn tolerates_memory_pressure(toleration: &Toleration) -> bool {
    let taint = Taint { key: "node.kubernetes.io/memory-pressure".into(), effect: "NoSchedule".into(), ..Taint::default() };
    toleration.bears(&taint)
}

/// How soon a pod goes: those above their request first, then low priority, then who is furthest above. Of disk each pod uses a
/// little, so that the ones without a request are above it.
fn rank(pod: &PodState, what: Shortage, now: Time) -> (bool, i32, Reverse<i64>) {
    if what == Shortage::Disk {
        let request = resources::amount(&resources::requests(&pod.pod().spec), "ephemeral-storage").value();
        return (request > 0, pod.pod().priority(), Reverse(-request));
    }
    let request = resources::amount(&resources::requests(&pod.pod().spec), "memory").value();
    let usage: i64 = pod.lives.iter().filter(|live| live.seen.state == State::Running).map(|live| live.memory_at(now)).sum();
    (usage <= request, pod.pod().priority(), Reverse(usage - request))
}

impl Fleet {
    /// A shortage begins or ends.
    pub(crate) fn pressure(&mut self, name: &Str, what: Shortage, on: bool, cx: &mut Ctx<'_>) {
        let Some(number) = self.number_of(name) else { return };
        let node = self.node_mut(number);
        node.pressure[what as usize].cause = on;
        let round = next_round(node, cx.now);
        cx.wake_at(round, Self::node_token(number));
    }

    /// A new process knows of no shortage until it looks for the first time.
    pub(super) fn forget_pressures(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let threshold = self.configuration().eviction_memory_available.value();
        let node = self.node_mut(number);
        node.pressure.iter_mut().for_each(|pressure| (pressure.shown, pressure.seen) = (false, Time::ZERO));
        let starved = node.pressure.iter().any(|pressure| pressure.cause).then(|| next_round(node, cx.now));
        if let Some(round) = starved.or_else(|| node.look_anew(threshold, cx.now)) {
            cx.wake_at(round, Self::node_token(number));
        }
    }

    /// The eviction monitor looks.
    pub(crate) fn eviction_round(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let configuration = self.configuration().clone();
        let node = self.node_mut(number);
        if !node.up || node.booked.looked == Some(cx.now) {
            return;
        }
        let name = node.name.clone();
        let threshold = configuration.eviction_memory_available;
        let short = self.memory_short(number, threshold.value(), cx);
        let node = self.node_mut(number);
        let causes = Shortage::ALL.map(|what| node.pressure[what as usize].cause || what == Shortage::Memory && short.is_some());
        let mut next: Option<Time> = None;
        let mut turned = Vec::new();
        for what in Shortage::ALL {
            let pressure = &mut node.pressure[what as usize];
            let cause = causes[what as usize];
            if cause {
                pressure.seen = cx.now;
            }
            let lasts = pressure.seen + configuration.eviction_pressure_transition_period;
            let shown = cause || pressure.shown && cx.now < lasts;
            if shown != pressure.shown {
                pressure.shown = shown;
                turned.push((what, shown));
            }
            if shown {
                let again = if cause { cx.now + ROUND } else { lasts };
                next = Some(next.map_or(again, |at| at.min(again)));
            }
        }
        let online = node.online;
        for (what, on) in turned.into_iter().filter(|_| online) {
            tell(&name, what, on, cx);
            self.write_condition(number, what, on, cx);
        }
        let starved = Shortage::ALL.into_iter().find(|what| causes[*what as usize]);
        if let Some(what) = starved
            && let Some(slot) = self.victim(number, what, cx.now)
        {
            let available = Quantity::from_binary(short.unwrap_or(threshold.value() / 2));
            self.with(slot, cx, |kubelet| kubelet.evict(what, threshold, available));
        }
        let node = self.node_mut(number);
        if starved.is_some() && node.images_changed {
            let round = node.status_round(cx.now);
            cx.wake_at(round, Self::images_token(number));
        }
        if let Some(next) = next {
            cx.wake_at(next, Self::node_token(number));
        }
    }

    /// Tells of what the node's report shows when the control plane is there again.
    pub(super) fn tell_pressures(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let node = self.node_mut(number);
        let name = node.name.clone();
        node.shortages().into_iter().for_each(|what| tell(&name, what, true, cx));
    }

    fn write_condition(&mut self, number: u32, what: Shortage, on: bool, cx: &mut Ctx<'_>) {
        let (key, now) = (node_key(&self.node_mut(number).name), cx.timestamp());
        self.beat(number, Verb::edit_status(key, move |object| set_condition(object, what, on, now)), cx);
    }

    /// The API has taken a report. Requests may overtake each other: what then is not as it should be is written again, as the real
    /// one does with its next report.
    pub(super) fn reported(&mut self, number: u32, object: &Object, cx: &mut Ctx<'_>) {
        let Some(body) = object.as_node() else { return };
        let node = self.node_mut(number);
        if !node.is_talking() {
            return;
        }
        let shown = node.shortages();
        let differ = |what: &Shortage| {
            let says = body.condition(what.condition()).is_some_and(|condition| &*condition.status == "True");
            says != shown.contains(what)
        };
        for what in Shortage::ALL.into_iter().filter(differ) {
            self.write_condition(number, what, shown.contains(&what), cx);
        }
    }

    /// Who goes next. Under disk pressure images that nobody uses go first.
    fn victim(&mut self, number: u32, what: Shortage, now: Time) -> Option<Slot> {
        let slots: Vec<Slot> = self.node_mut(number).slots.iter().copied().collect();
        if what == Shortage::Disk {
            let used: Vec<Str> =
                slots.iter().flat_map(|slot| self.pod_ref(*slot).lives.iter().map(|live| live.seen.image.clone())).collect();
            if self.remove_images(number, &used, now) {
                return None;
            }
        }
        let alive = slots.into_iter().filter(|slot| {
            let pod = self.pod_ref(*slot);
            !pod.terminating && !pod.rejected && !pod.pod().is_terminal() && pod.pod().priority() < CRITICAL
        });
        alive.min_by_key(|slot| rank(self.pod_ref(*slot), what, now))
    }

    /// Takes images off a machine that none of its containers needs, with their layers; says whether there were any.
    fn remove_images(&mut self, number: u32, used: &[Str], now: Time) -> bool {
        let unused = |image: &Str| !used.contains(image);
        let gone: Vec<Str> = self.node_mut(number).images.iter().filter(|image| unused(image)).cloned().collect();
        let node = self.node_mut(number);
        node.images_changed |= !gone.is_empty();
        for image in &gone {
            node.owners.forget(image);
            node.images.shift_remove(image);
        }
        let kept: Vec<Str> = node.images.iter().cloned().collect();
        let behaviours = &self.shared.settings.behaviours;
        let layers = kept.iter().flat_map(|image| behaviours.image_layers(image)).map(|(name, _)| name.clone());
        let kept: Vec<Str> = layers.chain(kept.iter().cloned()).collect();
        // What is on its way stays.
        self.node_mut(number).layers.retain(|name, came| *came > now || kept.contains(name));
        !gone.is_empty()
    }

    /// A fault ends the processes of a pod, or of one of its containers.
    pub(crate) fn kill_containers(&mut self, signal: &Signal, cx: &mut Ctx<'_>) {
        let Signal::ContainerKill { namespace, pod, container, oom } = signal else { return };
        let Some(slot) = cx.view.find_id(Kind::Pod, namespace, pod).and_then(|id| self.slot_of(id)) else { return };
        self.with(slot, cx, |kubelet| {
            let (spec, now) = (kubelet.pod.pod().spec.clone(), kubelet.cx.now);
            for live in kubelet.pod.lives.iter_mut().filter(|live| live.seen.state == State::Running) {
                let name = &pod::spec_of(&spec, live.seen.which).name;
                if container.is_empty() && !pod::is_init(&spec, live.seen.which) || *name == **container {
                    let reason = if *oom { word!("OOMKilled") } else { word!("Error") };
                    live.end = Some(Box::new(super::runtime::End { at: now, code: 137, reason, message: word!("") }));
                }
            }
            kubelet.runtime_event();
        });
    }
}

fn node_key(name: &Str) -> Key {
    Key { kind: Kind::Node, group_kind: Str::default(), namespace: Str::default(), name: name.clone() }
}

impl NodeState {
    /// What the node says it is short of.
    pub fn shortages(&self) -> Vec<Shortage> {
        Shortage::ALL.into_iter().filter(|what| self.pressure[*what as usize].shown).collect()
    }
}

fn next_round(node: &NodeState, now: Time) -> Time {
    node.status_round(now)
}

/// Notes the Event.
fn tell(name: &Str, what: Shortage, on: bool, cx: &mut Ctx<'_>) {
    let Some(object) = cx.view.find(Kind::Node, "", name).cloned() else { return };
    let (_, _, event) = what.words(on);
    let note = EventNote::new(&object, EventType::Normal, event, format!("Node {name} status is now: {event}"));
    cx.note(note.from(word!("kubelet"), name.clone()));
}

/// Writes what the node says of a shortage.
pub(super) fn set_condition(object: &mut Object, what: Shortage, on: bool, now: Timestamp) {
    let Some(node) = object.as_node_mut() else { return };
    let (reason, message, _) = what.words(on);
    let new = NodeCondition {
        r#type: what.condition().into(),
        status: if on { word!("True") } else { word!("False") },
        last_heartbeat_time: Some(now),
        last_transition_time: Some(now),
        reason: reason.into(),
        message: message.into(),
    };
    let conditions = &mut Arc::make_mut(&mut node.status).conditions;
    match conditions.iter_mut().find(|condition| condition.r#type == new.r#type) {
        Some(present) => *present = new,
        None => conditions.insert(0, new),
    }
}

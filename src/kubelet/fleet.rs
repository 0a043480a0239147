//! The fleet: every kubelet of the cluster in one table, and the one actor that drives them.
//! Real: syncLoop and the Handle… functions in pkg/kubelet/kubelet.go @ v1.37.2.

use super::eviction::Shortage;
use super::manager::Write;
use super::node::NodeState;
use super::pod::{Due, Dues, PodState, Slot};
use super::settings::Settings;
use super::table::Table;
use super::worker::{Kubelet, Mounts, Shared};
use crate::actor::{Actor, Ctx, Kinds, Signal, Ticket};
use crate::api::{Answer, Verb};
use crate::base::collections::Map;
use crate::base::pool::Pool;
use crate::model::{Body, Kind, Meta, Namespace, Obj, Object, Str};
use crate::store::{Change, Id};
use std::cell::RefCell;

/// Where leases of nodes live.
pub(super) const LEASES: &str = "kube-node-lease";
/// Bits of a token that hold the slot; above them the kind of timer.
pub(super) const SLOT_BITS: u32 = 32;
/// The kind of timer that is a node's, not a pod's.
const NODE_TIMER: u64 = 64;
/// The timer at which a node reports its images.
const IMAGES_TIMER: u64 = 65;
/// The timer at which a node has found the control plane again.
const ONLINE_TIMER: u64 = 66;

/// A pod of which a node told the API server. By the time of the answer its slot may be another pod's, on another node.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Said {
    pub node: u32,
    pub slot: Slot,
    pub uid: Str,
    pub version: u32,
    pub finished: bool,
}

/// What an answer belongs to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Asked {
    Namespace,
    Status(Said),
    Removal(Said),
    /// A node's lease or status: its heartbeat.
    Heartbeat {
        number: u32,
    },
}

/// All kubelets of a cluster.
pub struct Fleet {
    pub(super) shared: Shared,
    pub(super) nodes: Vec<NodeState>,
    pub(super) numbers: Map<Str, u32>,
    pub(super) pods: Table<PodState>,
    pub(super) free: Vec<Slot>,
    pub(super) slots: Map<Id, Slot>,
    pub(super) leases_ready: bool,
}

impl Fleet {
    /// A fleet for all nodes that there are and will be.
    pub fn new(settings: Settings) -> Fleet {
        Fleet {
            shared: Shared {
                settings,
                tickets: Map::default(),
                touched: Vec::new(),
                wake_pulls: Vec::new(),
                mounts: Mounts::default(),
                specs: super::resources::KnownSpecs::default(),
                conditions: Pool::default(),
                usage_wanted: false,
                server_gone: false,
                registry_slowness: 1,
                reasons: Vec::new(),
                image_ids: RefCell::default(),
            },
            nodes: Vec::new(),
            numbers: Map::default(),
            pods: Table::default(),
            free: Vec::new(),
            slots: Map::default(),
            leases_ready: false,
        }
    }

    /// The token of a node's timer.
    pub(super) fn node_token(number: u32) -> u64 {
        NODE_TIMER << SLOT_BITS | u64::from(number)
    }

    /// The token of the timer at which a node reports its images.
    pub(super) fn images_token(number: u32) -> u64 {
        IMAGES_TIMER << SLOT_BITS | u64::from(number)
    }

    /// The token of the timer at which a node has found the control plane again.
    pub(super) fn online_token(number: u32) -> u64 {
        ONLINE_TIMER << SLOT_BITS | u64::from(number)
    }

    /// A node by name.
    pub(super) fn number_of(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// A node's state.
    pub(super) fn node_mut(&mut self, number: u32) -> &mut NodeState {
        &mut self.nodes[number as usize]
    }

    /// A pod's state.
    pub(super) fn pod_ref(&self, slot: Slot) -> &PodState {
        &self.pods[slot]
    }

    /// The slot of a pod.
    pub(super) fn slot_of(&self, id: Id) -> Option<Slot> {
        self.slots.get(&id).copied()
    }

    /// KubeletConfiguration.
    pub(super) fn configuration(&self) -> &super::settings::Configuration {
        &self.shared.settings.configuration
    }

    /// Lets a kubelet act on one of its pods.
    pub(super) fn with(&mut self, slot: Slot, cx: &mut Ctx<'_>, act: impl FnOnce(&mut Kubelet<'_, '_>)) {
        let pod = &mut self.pods[slot];
        let node = &mut self.nodes[pod.node as usize];
        if !node.up {
            return;
        }
        let clock = cx.clock;
        cx.clock = clock.skewed(node.offset_ms);
        let mut kubelet = Kubelet { pod, slot, node, shared: &mut self.shared, cx };
        act(&mut kubelet);
        kubelet.cx.clock = clock;
        if kubelet.pod.terminated || kubelet.pod.status.as_ref().is_some_and(|status| status.phase.is_terminal()) {
            kubelet.release();
        }
        let done = pod.gone_from_api && (pod.finished || pod.rejected) && pod.running.is_none();
        if done {
            self.forget(slot);
        }
    }

    pub(super) fn forget(&mut self, slot: Slot) {
        let pod = &mut self.pods[slot];
        if self.slots.get(&pod.id) == Some(&slot) {
            self.slots.remove(&pod.id);
        }
        let node = &mut self.nodes[pod.node as usize];
        if std::mem::take(&mut pod.counted) {
            let spec = pod.pod().spec.clone();
            node.give_back(&spec);
        }
        node.forget(slot);
        node.status_queue.retain(|other| *other != slot);
        pod.due = Dues::default();
        pod.status = None;
        pod.lives = Vec::new();
        self.free.push(slot);
    }

    pub(super) fn place(&mut self, id: Id, node: u32, object: &Obj) -> Slot {
        let pod = PodState::new(id, node, object.clone());
        let slot = match self.free.pop() {
            Some(slot) => {
                self.pods[slot] = pod;
                slot
            }
            None => self.pods.push(pod),
        };
        self.slots.insert(id, slot);
        self.nodes[node as usize].slots.insert(slot);
        slot
    }

    pub(super) fn pod_changed(&mut self, id: Id, before: Option<&Obj>, after: Option<&Obj>, cx: &mut Ctx<'_>) {
        let known = self.slots.get(&id).copied();
        if self.is_unheard(known, after) {
            return;
        }
        let Some(after) = after else {
            if let Some(slot) = known {
                self.pod_gone(slot, cx);
            }
            return;
        };
        // A namesake of a pod that has gone.
        if let Some(slot) = known.filter(|&slot| self.pods[slot].uid != after.meta.uid) {
            self.leave(id, slot, cx);
        }
        if let Some(&slot) = self.slots.get(&id) {
            self.with(slot, cx, |kubelet| kubelet.changed(after));
            return;
        }
        let pod = after.as_pod().expect("asked for pods");
        if !pod.is_bound() || before.is_some_and(|before| before.as_pod().is_some_and(|pod| pod.is_bound())) {
            return;
        }
        let Some(&node) = self.numbers.get(&pod.node_name) else { return };
        if !self.nodes[node as usize].present {
            return;
        }
        let slot = self.place(id, node, after);
        self.with(slot, cx, |kubelet| kubelet.added());
    }

    /// A pod has gone, and its name may be another one's. A node that is cut off does not hear of it.
    pub(super) fn leave(&mut self, id: Id, slot: Slot, cx: &mut Ctx<'_>) {
        if self.nodes[self.pods[slot].node as usize].online {
            self.pod_gone(slot, cx);
        }
        if self.slots.get(&id) == Some(&slot) {
            self.slots.remove(&id);
        }
    }

    fn pod_gone(&mut self, slot: Slot, cx: &mut Ctx<'_>) {
        let pod = &mut self.pods[slot];
        pod.gone_from_api = true;
        // Removed at once: the last message of the API shows a grace period of zero.
        if !pod.object.meta.is_deleting() {
            let mut last = (*pod.object).clone();
            (last.meta.deletion_timestamp, last.meta.deletion_grace_period_seconds) = (Some(cx.timestamp()), Some(0));
            pod.object = Obj::new(last);
        }
        if !self.nodes[pod.node as usize].powered {
            self.forget(slot);
            return;
        }
        self.with(slot, cx, |kubelet| {
            kubelet.update(true);
            kubelet.drive();
        });
    }

    /// Sends what is to be written, and lets pods go on whose turn has come.
    fn flush(&mut self, cx: &mut Ctx<'_>) {
        // Each round hands on turns or sends writes; both come to an end.
        for _round in 0..100_000 {
            let turns = std::mem::take(&mut self.shared.wake_pulls);
            let touched = std::mem::take(&mut self.shared.touched);
            if turns.is_empty() && touched.is_empty() {
                return;
            }
            for slot in turns {
                self.with(slot, cx, |kubelet| kubelet.drive());
            }
            for number in touched {
                self.send_next(number, cx);
            }
        }
    }

    /// Sends the next status of a node, if none is under way.
    fn send_next(&mut self, number: u32, cx: &mut Ctx<'_>) {
        if self.nodes[number as usize].batch.is_empty()
            && self.nodes[number as usize].sending.is_none()
            && self.nodes[number as usize].online
        {
            for slot in std::mem::take(&mut self.nodes[number as usize].status_queue) {
                let pod = &mut self.pods[slot];
                let node = &mut self.nodes[number as usize];
                let write = Kubelet { pod, slot, node, shared: &mut self.shared, cx }.status_write();
                self.nodes[number as usize].batch.extend(write);
            }
        }
        while self.nodes[number as usize].is_talking() && self.nodes[number as usize].sending.is_none() {
            let Some(write) = self.nodes[number as usize].batch.pop_front() else { return };
            let pod = &mut self.pods[write.slot];
            if pod.uid != write.uid {
                continue;
            }
            let node = &mut self.nodes[number as usize];
            node.sending = Some(write.slot);
            let verb = Kubelet { pod, slot: write.slot, node, shared: &mut self.shared, cx }.status_verb(&write);
            let ticket = cx.request(verb);
            let Write { slot, version, uid, finished, .. } = write;
            self.shared.tickets.insert(ticket, Asked::Status(Said { node: number, slot, uid, version, finished }));
        }
    }

    fn status_answered(&mut self, said: Said, answer: Answer, cx: &mut Ctx<'_>) {
        let node = &mut self.nodes[said.node as usize];
        node.has_sent(said.slot);
        // What a cut-off node was answered, it never heard.
        let answer = if node.online { answer } else { Err(crate::api::ApiError::unreachable()) };
        let pod = &mut self.pods[said.slot];
        if pod.uid == said.uid && node.up {
            let mut kubelet = Kubelet { pod, slot: said.slot, node, shared: &mut self.shared, cx };
            match answer {
                Ok(object) => {
                    if let Some(verb) = kubelet.status_written(said.version, said.finished, &object) {
                        kubelet.node.sending = Some(said.slot);
                        let ticket = kubelet.cx.request(verb);
                        self.shared.tickets.insert(ticket, Asked::Removal(said.clone()));
                    }
                }
                // The API could not take it now: the next round tries again.
                Err(error) if error.code() != 404 => kubelet.write_again(),
                Err(_) => {}
            }
        }
        self.shared.touched.push(said.node);
    }

    fn removal_answered(&mut self, said: Said, answer: &Answer, cx: &mut Ctx<'_>) {
        if answer.as_ref().is_err_and(|error| !matches!(error.code(), 404 | 409)) && self.pods[said.slot].uid == said.uid {
            // The last status is written again, and the removal follows.
            self.with(said.slot, cx, |kubelet| kubelet.write_again());
        }
        self.nodes[said.node as usize].has_sent(said.slot);
        self.shared.touched.push(said.node);
    }
}

impl Actor for Fleet {
    fn name(&self) -> &str {
        "kubelet"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Pod, Kind::Node, Kind::ConfigMap, Kind::Secret, Kind::HorizontalPodAutoscaler])
    }

    fn start(&mut self, cx: &mut Ctx<'_>) {
        self.ask_namespace(cx);
    }

    fn minds(&self, change: Change<'_>) -> bool {
        let is_bound = |object: &Obj| object.as_pod().is_some_and(|pod| pod.is_bound());
        change.kind() != Kind::Pod || change.before.is_some_and(is_bound) || change.after.is_some_and(is_bound)
    }

    fn changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
        let kind = change.after.or(change.before).map(|object| object.kind());
        match kind {
            Some(Kind::Pod) => self.pod_changed(change.id, change.before, change.after, cx),
            Some(Kind::Node) => self.node_changed(change.after, change.before, cx),
            Some(Kind::HorizontalPodAutoscaler) if !self.shared.usage_wanted => {
                self.shared.usage_wanted = true;
                for slot in 0..self.pods.len() as Slot {
                    if self.slots.get(&self.pods[slot].id) == Some(&slot) {
                        self.with(slot, cx, |kubelet| kubelet.report_usage());
                    }
                }
            }
            Some(Kind::ConfigMap | Kind::Secret) => {
                let meta = &change.after.or(change.before).expect("one of both is there").meta;
                for slot in self.shared.mounts.of(&meta.namespace, &meta.name) {
                    if (slot as usize) < self.pods.len() && self.nodes[self.pods[slot].node as usize].online {
                        self.with(slot, cx, |kubelet| kubelet.inputs_changed());
                    }
                }
            }
            _ => {}
        }
    }

    fn settled(&mut self, cx: &mut Ctx<'_>) {
        self.flush(cx);
    }

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        let slot = token as Slot;
        match token >> SLOT_BITS {
            NODE_TIMER => self.eviction_round(slot, cx),
            IMAGES_TIMER => self.report_images(slot, cx),
            ONLINE_TIMER => self.found(slot, cx),
            _ => return self.pod_timer(slot, token >> SLOT_BITS, cx),
        }
        self.flush(cx);
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        self.take_answer(ticket, answer, cx);
    }

    fn signalled(&mut self, signal: &Signal, cx: &mut Ctx<'_>) {
        self.take_signal(signal, cx);
    }
}

impl Fleet {
    fn pod_timer(&mut self, slot: Slot, kind: u64, cx: &mut Ctx<'_>) {
        let due = match kind {
            0 => Due::Runtime,
            1 => Due::Step,
            2 => Due::Relist,
            3 => Due::Resync,
            4 => Due::Probe,
            5 => Due::Deadline,
            6 => Due::Reconcile,
            7 => Due::Files,
            _ => Due::Usage,
        };
        let now = cx.now;
        if self.pods[slot].due.take_if_at(due, now) {
            self.with(slot, cx, |kubelet| kubelet.woken(due));
            self.flush(cx);
        }
    }

    fn ask_namespace(&mut self, cx: &mut Ctx<'_>) {
        let meta = Meta { name: LEASES.into(), ..Meta::default() };
        let ticket = cx.request(Verb::Create(Box::new(Object { meta, body: Body::Namespace(Namespace::default()) })));
        self.shared.tickets.insert(ticket, Asked::Namespace);
    }

    fn take_answer(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        match self.shared.tickets.remove(&ticket) {
            Some(Asked::Namespace) if answer.as_ref().is_err_and(|error| error.code() != 409) => self.ask_namespace(cx),
            Some(Asked::Namespace) => {
                self.leases_ready = true;
                for number in 0..self.nodes.len() as u32 {
                    if self.nodes[number as usize].up && self.nodes[number as usize].present {
                        self.renew(number, cx);
                    }
                }
            }
            Some(Asked::Status(said)) => self.status_answered(said, answer, cx),
            Some(Asked::Removal(said)) => self.removal_answered(said, &answer, cx),
            Some(Asked::Heartbeat { number }) => match answer {
                Ok(object) => self.reported(number, &object, cx),
                Err(error) => self.heartbeat_failed(number, &error, cx),
            },
            None => {}
        }
        self.flush(cx);
    }

    fn take_signal(&mut self, signal: &Signal, cx: &mut Ctx<'_>) {
        match signal {
            Signal::NodeCrash(name) => self.stop(name, true, cx),
            Signal::NodeBoot(name) => self.begin(name, true, cx),
            Signal::KubeletStop(name) => self.stop(name, false, cx),
            Signal::KubeletStart(name) => self.begin(name, false, cx),
            Signal::MemoryPressure { node, on } => self.pressure(node, Shortage::Memory, *on, cx),
            Signal::DiskPressure { node, on } => self.pressure(node, Shortage::Disk, *on, cx),
            Signal::ContainerKill { .. } => self.kill_containers(signal, cx),
            Signal::Busy(pods) => pods.iter().for_each(|(namespace, pod, cpu_milli)| self.busy(namespace, pod, *cpu_milli, cx)),
            Signal::Process(_) => {}
            Signal::Registry { slowness } => self.shared.registry_slowness = *slowness,
            Signal::Partition { node, on } => self.partition(node, *on, cx),
            Signal::Server(trouble) => self.server(*trouble, cx),
            Signal::NodeClock { node, offset_ms } => self.set_clock(node, *offset_ms),
            _ => {}
        }
        self.flush(cx);
    }
}

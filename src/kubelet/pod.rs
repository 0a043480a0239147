//! What a kubelet knows of one pod: the worker that drives it, its containers in the runtime, what the last relist saw of them,
//! the status last computed, its probes.
//! Real: podSyncStatus in pkg/kubelet/pod_workers.go, PodStatus in pkg/kubelet/container/runtime.go @ v1.37.2.

use super::backoff::Backoff;
use super::prober::Prober;
use super::runtime::{Live, Sandbox};
use super::sync::Running;
use crate::actor::traffic::Process;
use crate::base::Time;
use crate::model::{Container as Spec, Obj, Pod, PodCondition, PodPhase, PodSpec, PodStatus, Str, Timestamp};
use crate::store::Id;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Number of a pod in the fleet's table.
pub(crate) type Slot = u32;
/// Number of a container in its pod: init containers first, then the others.
pub(crate) type Which = u16;

/// Where a container stands in the runtime.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Created,
    Running,
    Exited,
}

/// One life of a container, as a relist sees it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Container {
    pub which: Which,
    /// How many lives came before.
    pub number: i32,
    /// The attempt of the sandbox it belongs to.
    pub sandbox: u32,
    /// Unique in the pod, rising.
    pub serial: u32,
    pub state: State,
    /// The image it was made from.
    pub image: Str,
    pub started: Option<Time>,
    pub finished: Time,
    pub exit: i32,
    pub reason: Str,
    pub message: Str,
}

/// What the kubelet's cache holds of the runtime: newest first.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Seen {
    pub sandboxes: Vec<Sandbox>,
    pub containers: Vec<Container>,
    pub ip: Str,
}

impl Seen {
    /// The newest life of a container.
    pub fn find(&self, which: Which) -> Option<&Container> {
        self.containers.iter().find(|container| container.which == which)
    }

    /// The newest life within the present sandbox, if that is ready.
    pub fn find_active(&self, which: Which) -> Option<&Container> {
        let sandbox = self.sandboxes.first().filter(|sandbox| sandbox.ready)?;
        self.containers.iter().find(|container| container.which == which && container.sandbox == sandbox.attempt)
    }

    /// Whether the present sandbox will not do, and why.
    pub fn sandbox_changed(&self) -> Option<Str> {
        match self.sandboxes.first() {
            None => Some(super::word!("no pod sandbox exists")),
            Some(sandbox) if !sandbox.ready => Some(super::word!("pod sandbox is not ready")),
            Some(_) => None,
        }
    }
}

/// What the worker does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    Sync,
    Terminating,
    Terminated,
}

/// What a pod that is killed by its kubelet shows.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Eviction {
    pub reason: Str,
    pub message: Str,
    pub grace_s: Option<i64>,
}

impl Eviction {
    /// Marks a status as that of an evicted pod.
    pub fn apply(&self, status: &mut PodStatus, now: Timestamp, generation: i64) {
        (status.phase, status.reason, status.message) = (PodPhase::Failed, self.reason.clone(), self.message.clone());
        status.conditions.retain(|condition| &*condition.r#type != "DisruptionTarget");
        let disrupted = PodCondition {
            r#type: super::word!("DisruptionTarget"),
            status: super::word!("True"),
            reason: super::word!("TerminationByKubelet"),
            message: self.message.clone(),
            observed_generation: generation,
            last_transition_time: Some(now),
            ..PodCondition::default()
        };
        status.conditions.insert(0, disrupted);
    }
}

/// Why a container waits, as the last sync found it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Waiting {
    pub which: Which,
    pub reason: Str,
    pub message: Str,
}

/// What a timer of a pod is for. One of each kind can be set; the due time says which is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Due {
    /// Something happens in the runtime by itself.
    Runtime,
    /// The sync under way goes on.
    Step,
    /// The relist that all pods of the node share.
    Relist,
    /// The sync loop looks for pods whose time has come.
    Resync,
    /// A probe.
    Probe,
    /// The pod's active deadline.
    Deadline,
    /// The status manager compares with the API.
    Reconcile,
    /// Mounted files are brought up to date.
    Files,
    /// The pod's usage changes.
    Usage,
}

/// Kinds of timers.
const DUES: usize = 9;

/// When the timers of a pod are due.
#[derive(Clone, Copy)]
pub(crate) struct Dues([Time; DUES]);

impl Default for Dues {
    fn default() -> Self {
        Dues([Time::MAX; DUES])
    }
}

impl Dues {
    /// When a timer is due, if it is set.
    pub fn get(&self, due: Due) -> Option<Time> {
        Some(self.0[due as usize]).filter(|&at| at != Time::MAX)
    }

    /// Sets a timer.
    pub fn set(&mut self, due: Due, at: Time) {
        self.0[due as usize] = at;
    }

    /// Forgets a timer.
    pub fn clear(&mut self, due: Due) {
        self.0[due as usize] = Time::MAX;
    }

    /// Whether the timer was set for this instant; it is not any more.
    pub fn take_if_at(&mut self, due: Due, now: Time) -> bool {
        let is_now = self.get(due) == Some(now);
        if is_now {
            self.clear(due);
        }
        is_now
    }
}

/// One pod on one node.
pub(crate) struct PodState {
    pub id: Id,
    pub uid: Str,
    pub node: u32,
    /// The pod as last seen.
    pub object: Obj,
    pub gone_from_api: bool,
    pub rejected: bool,

    pub terminating: bool,
    pub terminated: bool,
    pub finished: bool,
    pub grace_s: i64,
    pub eviction: Option<Box<Eviction>>,
    /// A sync is wanted.
    pub pending: bool,
    /// A relist of this pod alone is wanted.
    pub relist_wanted: bool,
    pub running: Option<Box<Running>>,
    pub last_sync_end: Option<Time>,
    /// Earliest time of the next regular sync, before the tick of the loop; and how often one was drawn.
    pub resync_at: Option<Time>,
    pub resyncs: u32,

    pub sandboxes: Vec<Sandbox>,
    pub lives: Vec<Live>,
    pub next_serial: u32,
    /// The runtime differs from what the cache holds.
    pub dirty: bool,
    pub seen: Seen,
    /// When the pod alone was last relisted.
    pub observed: Option<Time>,
    pub waiting: Vec<Waiting>,
    pub backoff: Vec<(Str, Backoff)>,
    /// The pod has taken its part of the node.
    pub counted: bool,
    pub mounted: bool,
    pub mount_next: Option<Time>,
    pub mount_done: Option<Time>,
    pub files: BTreeMap<String, BTreeMap<String, String>>,
    pub mount_failures: u32,

    pub status: Option<Arc<PodStatus>>,
    pub version: u32,
    pub api_version: u32,
    pub status_finished: bool,
    pub status_queued: bool,

    pub prober: Prober,
    /// What each running container uses, as last written: CPU in thousandths, memory in bytes.
    pub usage: Vec<(Which, i64, i64)>,
    /// CPU that requests make it use, in thousandths.
    pub busy_milli: i64,
    /// What those who send requests were told last.
    pub told: Vec<Arc<Process>>,
    pub due: Dues,
}

impl PodState {
    pub fn new(id: Id, node: u32, object: Obj) -> PodState {
        PodState {
            id,
            uid: object.meta.uid.clone(),
            node,
            object,
            gone_from_api: false,
            rejected: false,
            terminating: false,
            terminated: false,
            finished: false,
            grace_s: 0,
            eviction: None,
            pending: false,
            relist_wanted: false,
            running: None,
            last_sync_end: None,
            resync_at: None,
            resyncs: 0,
            sandboxes: Vec::new(),
            lives: Vec::new(),
            next_serial: 0,
            dirty: false,
            seen: Seen::default(),
            observed: None,
            waiting: Vec::new(),
            backoff: Vec::new(),
            counted: false,
            mounted: false,
            mount_next: None,
            mount_done: None,
            files: BTreeMap::new(),
            mount_failures: 0,
            status: None,
            version: 0,
            api_version: 0,
            status_finished: false,
            status_queued: false,
            prober: Prober::default(),
            usage: Vec::new(),
            busy_milli: 0,
            told: Vec::new(),
            due: Dues::default(),
        }
    }

    /// The pod itself.
    pub fn pod(&self) -> &Pod {
        self.object.as_pod().expect("a pod's object is a pod")
    }

    /// What comes next for the worker.
    pub fn work(&self) -> Work {
        match (self.terminating, self.terminated) {
            (_, true) => Work::Terminated,
            (true, false) => Work::Terminating,
            (false, false) => Work::Sync,
        }
    }

    /// `name_namespace(uid)`, as messages have it.
    pub fn text(&self) -> String {
        format!("{}_{}({})", self.object.meta.name, self.object.meta.namespace, self.uid)
    }
}

/// The spec of a container by its number.
pub(crate) fn spec_of(spec: &PodSpec, which: Which) -> &Spec {
    let at = which as usize;
    let init = spec.init_containers.len();
    if at < init { &spec.init_containers[at] } else { &spec.containers[at - init] }
}

/// How many containers a pod has, init containers included.
pub(crate) fn count(spec: &PodSpec) -> Which {
    (spec.init_containers.len() + spec.containers.len()) as Which
}

/// Whether the number is that of an init container (sidecars included).
pub(crate) fn is_init(spec: &PodSpec, which: Which) -> bool {
    (which as usize) < spec.init_containers.len()
}

/// Whether an init container is a sidecar.
pub(crate) fn is_sidecar(container: &Spec) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

/// The numbers of the containers that are no init containers.
pub(crate) fn regular(spec: &PodSpec) -> std::ops::Range<Which> {
    spec.init_containers.len() as Which..count(spec)
}

/// The path of a container in Events.
pub(crate) fn field_path(spec: &PodSpec, which: Which) -> String {
    let list = if is_init(spec, which) { "initContainers" } else { "containers" };
    format!("spec.{list}{{{}}}", spec_of(spec, which).name)
}

/// The place of a container among all of a spec, init containers first.
pub(crate) fn place(spec: &PodSpec, name: &str) -> Option<usize> {
    spec.init_containers.iter().chain(&spec.containers).position(|container| container.name == name)
}

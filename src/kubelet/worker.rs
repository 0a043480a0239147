//! One kubelet at work on one pod: what it has at hand, what it does when the pod changes or a timer fires, and what all kubelets
//! of the fleet share. Real: HandlePodAdditions and its like in pkg/kubelet/kubelet.go @ v1.37.2.

use super::fleet::{Asked, SLOT_BITS};
use super::node::NodeState;
use super::pod::{self, Due, PodState, Slot, Which};
use super::settings::Settings;
use super::word;
use crate::actor::{Ctx, EventNote, EventType, Record, Ticket};
use crate::base::collections::Map;
use crate::base::pool::Pool;
use crate::base::{Span, Time};
use crate::model::{Obj, PodCondition, PodSpec, Str};
use std::cell::RefCell;
use std::sync::Arc;

/// Which pods mount which objects.
#[derive(Default)]
pub(crate) struct Mounts(Map<(Str, Str), Vec<Slot>>);

impl Mounts {
    /// Notes what a pod mounts.
    pub fn add(&mut self, spec: &PodSpec, namespace: &Str, slot: Slot) {
        let projected = spec.volumes.iter().flat_map(|volume| &volume.projected).flat_map(|projected| &projected.sources);
        let direct = spec.volumes.iter().flat_map(|volume| {
            let map = volume.config_map.as_ref().map(|source| &source.name);
            let secret = volume.secret.as_ref().map(|source| &source.secret_name);
            [map, secret]
        });
        let nested = projected
            .flat_map(|source| [source.config_map.as_ref().map(|source| &source.name), source.secret.as_ref().map(|source| &source.name)]);
        for name in direct.chain(nested).flatten() {
            let slots = self.0.get_or_insert_with((namespace.clone(), name.as_str().into()), Vec::new);
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        }
    }

    pub fn of(&self, namespace: &Str, name: &Str) -> Vec<Slot> {
        self.0.get(&(namespace.clone(), name.clone())).cloned().unwrap_or_default()
    }
}

/// What all kubelets of the fleet share.
pub(crate) struct Shared {
    pub settings: Settings,
    pub tickets: Map<Ticket, Asked>,
    /// Nodes with something to write.
    pub touched: Vec<u32>,
    /// Pods whose turn to pull may have come.
    pub wake_pulls: Vec<Slot>,
    pub mounts: Mounts,
    /// What statuses show of resources.
    pub specs: super::resources::KnownSpecs,
    /// Conditions that many pods have.
    pub conditions: Pool<crate::model::Shared<Vec<PodCondition>>>,
    /// Whether anybody asks for the usage of pods.
    pub usage_wanted: bool,
    /// Whether the control plane takes no writes.
    pub server_gone: bool,
    /// How many times as long as usual pulls take; 0: the registry is down.
    pub registry_slowness: u32,
    pub(super) reasons: Vec<&'static str>,
    pub(super) image_ids: RefCell<Map<Str, Str>>,
}

impl Shared {
    /// The identity of an image.
    pub fn image_id(&self, image: &Str) -> Str {
        let make = || {
            let (a, b) = (xxhash_rust::xxh3::xxh3_128(image.as_bytes()), xxhash_rust::xxh3::xxh3_128_with_seed(image.as_bytes(), 1));
            format!("sha256:{a:032x}{b:032x}").into()
        };
        self.image_ids.borrow_mut().get_or_insert_with(image.clone(), make).clone()
    }

    /// A reason of Events that is made up at run time.
    pub fn static_reason(&mut self, reason: String) -> &'static str {
        if let Some(known) = self.reasons.iter().find(|known| **known == reason) {
            return known;
        }
        // As many as there are names of resources.
        let leaked: &'static str = Box::leak(reason.into_boxed_str());
        self.reasons.push(leaked);
        leaked
    }
}

/// One kubelet at work on one pod.
pub(crate) struct Kubelet<'a, 'c> {
    pub pod: &'a mut PodState,
    pub slot: Slot,
    pub node: &'a mut NodeState,
    pub shared: &'a mut Shared,
    pub cx: &'a mut Ctx<'c>,
}

impl Kubelet<'_, '_> {
    /// Sets a timer of the pod; a former one of the kind counts no more.
    pub fn set_due(&mut self, due: Due, at: Time) {
        let at = at.max(self.cx.now);
        if self.pod.due.get(due) == Some(at) {
            return;
        }
        self.pod.due.set(due, at);
        self.cx.wake_at(at, (due as u64) << SLOT_BITS | u64::from(self.slot));
    }

    /// Notes an Event about the pod or one of its containers.
    pub fn event(&mut self, which: Option<Which>, kind: EventType, reason: &'static str, message: impl Into<String>) {
        let mut note = EventNote::new(&self.pod.object, kind, reason, Into::<String>::into(message));
        if let Some(which) = which {
            note = note.field(pod::field_path(&self.pod.pod().spec, which));
        }
        let note = note.from(word!("kubelet"), self.node.name.clone());
        if self.node.online {
            self.cx.note(note);
        } else {
            self.node.hold_back(self.cx.now, note);
        }
    }

    /// Tells observers of a call to the runtime, if they want to know.
    pub fn call(&mut self, what: &str, container: Option<(Which, i32)>, more: &str) {
        if !self.shared.settings.trace_runtime {
            return;
        }
        let container = container.map(|(which, number)| format!(" {}#{number}", pod::spec_of(&self.pod.pod().spec, which).name));
        let call = format!("{what}{}{more}", container.unwrap_or_default());
        let pod = format!("{}/{}", self.pod.object.meta.namespace, self.pod.object.meta.name);
        self.cx.record(Record::Runtime { pod, call });
    }

    /// Tells observers of a file's content.
    pub fn note_file(&mut self, volume: &str, path: &str, value: &str) {
        self.call(&format!("File {volume}/{path}={value}"), None, "");
    }

    /// Tells observers of a container's environment.
    pub fn note_env(&mut self, container: &str, number: i32, env: &std::collections::BTreeMap<String, String>) {
        if self.shared.settings.trace_runtime {
            let pairs: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
            self.call(&format!("Env {container}#{number} {}", pairs.join(" ")), None, "");
        }
    }

    /// Whether the pod has been active for too long.
    pub fn past_deadline(&self) -> bool {
        let Some(deadline) = self.pod.pod().spec.active_deadline_seconds else { return false };
        let status = self.pod.status.as_ref().unwrap_or(&self.pod.pod().status);
        status.start_time.is_some_and(|start| self.cx.clock.age_ns(start, self.cx.now) >= i128::from(deadline) * 1_000_000_000)
    }

    /// Sets the timer of the active deadline.
    pub fn arm_deadline(&mut self, start: Option<crate::model::Timestamp>) {
        if let Some((deadline, start)) = self.pod.pod().spec.active_deadline_seconds.zip(start) {
            let at = self.cx.clock.time(start) + Span::from_s(deadline.max(0) as u64);
            let tick = self.node.sync_tick(at);
            if tick > self.cx.now {
                self.set_due(Due::Deadline, tick);
            }
        }
    }

    /// A pod that the kubelet has not seen before.
    pub(super) fn added(&mut self) {
        let over = self.pod.pod().is_terminal();
        if over && !self.pod.any_running() && self.pod.sandboxes.iter().all(|sandbox| !sandbox.ready) {
            (self.pod.terminating, self.pod.terminated) = (true, true);
        } else if !over && !self.pod.object.meta.is_deleting() && !self.admit() {
            return;
        }
        self.update(false);
        self.drive();
    }

    /// The pod changed in the API.
    pub(super) fn changed(&mut self, object: &Obj) {
        let before = std::mem::replace(&mut self.pod.object, object.clone());
        let (old, new) = (before.as_pod().expect("a pod"), object.as_pod().expect("a pod"));
        let meta = before.meta.labels == object.meta.labels
            && before.meta.annotations == object.meta.annotations
            && before.meta.deletion_timestamp == object.meta.deletion_timestamp
            && before.meta.deletion_grace_period_seconds == object.meta.deletion_grace_period_seconds;
        if !meta || !Arc::ptr_eq(&old.spec, &new.spec) && old.spec != new.spec {
            self.update(false);
            self.drive();
            return;
        }
        if !new.spec.readiness_gates.is_empty() && self.gate_changed() {
            self.update(false);
            self.drive();
        }
        self.check_reconcile();
    }

    /// Whether the Ready condition would differ by what the readiness gates say now.
    fn gate_changed(&self) -> bool {
        let pod = self.pod.pod();
        let ready = super::conditions::ready(pod, &pod.status, self.pod.object.meta.generation);
        pod.condition("Ready").is_none_or(|present| present.status != ready.status || present.message != ready.message)
    }

    /// A timer of the pod.
    pub(super) fn woken(&mut self, due: Due) {
        match due {
            Due::Runtime => self.runtime_event(),
            Due::Step => self.drive(),
            Due::Relist => self.relist(),
            Due::Resync => self.resync(),
            Due::Probe => self.probes_due(),
            Due::Deadline => self.resync(),
            Due::Reconcile => {
                self.pod.version += 1;
                self.queue_status();
            }
            Due::Files => self.refresh_files(),
            Due::Usage => self.report_usage(),
        }
    }
}

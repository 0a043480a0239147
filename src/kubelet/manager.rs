//! The status manager: keeps the last status of each pod and writes it to the API, one pod at a time; at the end of a deleted pod,
//! removes it there. Real: pkg/kubelet/status/status_manager.go @ v1.37.2.

use super::conditions::is_kubelets;
use super::pod::{self, Due, Slot};
use super::word;
use super::worker::Kubelet;
use crate::api::{DeleteOptions, Preconditions, Verb};
use crate::model::{ContainerStateTerminated, ContainerStatus, Obj, Object, PodCondition, PodPhase, PodStatus, Str, Timestamp};
use crate::store::Key;
use std::sync::Arc;

/// A status on its way to the API.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Write {
    pub slot: Slot,
    pub version: u32,
    pub uid: Str,
    pub finished: bool,
    pub status: Arc<PodStatus>,
}

impl Kubelet<'_, '_> {
    /// Takes a newly generated status, and lets probes run that it asked for.
    pub fn set_status(&mut self, mut status: PodStatus, finished: bool) {
        status.observed_generation = self.pod.object.meta.generation;
        let force = self.pod.object.meta.is_deleting();
        self.put_status(status, force, finished);
        self.run_triggers();
    }

    /// Takes a status.
    pub fn put_status(&mut self, mut status: PodStatus, force: bool, finished: bool) {
        let now = self.cx.clock.timestamp(self.cx.now);
        let cached = self.pod.status.is_some();
        let old = self.pod.status.clone().unwrap_or_else(|| self.pod.pod().status.clone());
        for condition in &mut status.conditions {
            let before = old.conditions.iter().find(|before| before.r#type == condition.r#type && before.status == condition.status);
            condition.last_transition_time = before.map_or(Some(now), |before| before.last_transition_time);
        }
        status.start_time = old.start_time.or(status.start_time).or(Some(now));
        status.observed_generation = status.observed_generation.max(old.observed_generation);
        if status.start_time.is_some() && self.pod.due.get(Due::Deadline).is_none() {
            self.arm_deadline(status.start_time);
        }
        if cached && !force && *old == status {
            return;
        }
        self.shared.conditions.share(&mut status.conditions);
        self.pod.status = Some(Arc::new(status));
        self.pod.status_finished |= finished;
        self.pod.version += 1;
        self.queue_status();
    }

    /// Puts the pod in line for writing.
    pub fn queue_status(&mut self) {
        if !std::mem::replace(&mut self.pod.status_queued, true) {
            self.node.status_queue.push_back(self.slot);
        }
        self.shared.touched.push(self.pod.node);
    }

    /// The sandbox is ready: said at once, ahead of the next sync.
    pub fn sandbox_ready_condition(&mut self) {
        let mut status = (*self.pod.status.clone().unwrap_or_else(|| self.pod.pod().status.clone())).clone();
        status.conditions.retain(|condition| is_kubelets(&condition.r#type));
        let ready = PodCondition {
            r#type: word!("PodReadyToStartContainers"),
            status: word!("True"),
            observed_generation: self.pod.object.meta.generation,
            ..PodCondition::default()
        };
        match status.conditions.iter_mut().find(|present| present.r#type == ready.r#type) {
            Some(present) => *present = ready,
            None => status.conditions.push(ready),
        }
        let force = self.pod.object.meta.is_deleting();
        self.put_status(status, force, false);
    }

    /// The last status of a pod that has ended.
    pub fn terminate_status(&mut self) {
        let Some(old) = self.pod.status.clone() else { return };
        let mut status = (*old).clone();
        let spec = self.pod.pod().spec.clone();
        let shown = self.pod.pod().status.clone();
        let regular = |status: &ContainerStatus| status.last_state.terminated.is_some() || status.state.waiting.is_none();
        let initialized = spec.init_containers.is_empty()
            || shown.container_statuses.iter().any(regular)
            || spec.init_containers.last().zip(shown.init_container_statuses.last()).is_some_and(|(container, status)| {
                if pod::is_sidecar(container) {
                    status.state.running.is_some() && status.started == Some(true)
                } else {
                    let ends = [&status.state.terminated, &status.last_state.terminated];
                    ends.into_iter().flatten().any(|end| end.exit_code == 0)
                }
            });
        if initialized {
            status.container_statuses.iter_mut().for_each(lost);
        }
        let last = status.init_container_statuses.iter().rposition(|s| s.state.waiting.is_none() || s.last_state.terminated.is_some());
        let known = last.map_or(1, |last| last + 1).min(status.init_container_statuses.len());
        status.init_container_statuses[..known].iter_mut().for_each(lost);
        if !status.phase.is_terminal() {
            status.phase = PodPhase::Failed;
        }
        self.put_status(status, true, true);
    }

    /// What the next batch of writes takes of the pod.
    pub fn status_write(&mut self) -> Option<Write> {
        self.pod.status_queued = false;
        let (slot, version, uid) = (self.slot, self.pod.version, self.pod.uid.clone());
        Some(Write { slot, version, uid, finished: self.pod.status_finished, status: self.pod.status.clone()? })
    }

    /// The request of a write; whether anything can still run is asked when it leaves.
    pub fn status_verb(&self, write: &Write) -> Verb {
        let could_run = !self.pod.terminated && !self.pod.finished && !self.pod.rejected;
        let (uid, status) = (write.uid.clone(), write.status.clone());
        let now = self.cx.clock.timestamp(self.cx.now);
        Verb::edit_status(Key::of(&self.pod.object), move |object| merge(object, &uid, &status, could_run, now))
    }

    /// The API has taken the status of this version: `object` is the pod as it is there now. Of a pod that is to go nothing is left
    /// once it has ended, and of one that was refused nothing ever ran.
    pub fn status_written(&mut self, version: u32, finished: bool, object: &Obj) -> Option<Verb> {
        self.pod.api_version = self.pod.api_version.max(version);
        let over = object.as_pod().is_some_and(|pod| pod.status.phase.is_terminal());
        if object.meta.uid != self.pod.uid || !object.meta.is_deleting() || !over || !(finished || self.pod.rejected) {
            return None;
        }
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            preconditions: Preconditions { uid: Some(self.pod.uid.clone()), ..Preconditions::default() },
            ..DeleteOptions::default()
        };
        Some(Verb::Delete { target: Key::of(object), options })
    }

    /// The status in the API differs from the one that was written: it is written again, at the next round.
    pub fn check_reconcile(&mut self) {
        let Some(own) = &self.pod.status else { return };
        if self.pod.status_queued || self.pod.api_version < self.pod.version || self.node.sending.is_some() {
            return;
        }
        let ready = |status: &PodStatus| status.conditions.iter().find(|c| &*c.r#type == "Ready").map(|c| c.status.clone());
        let shown = &self.pod.pod().status;
        if shown.phase != own.phase || ready(shown) != ready(own) {
            let round = self.node.status_round(self.cx.now);
            self.set_due(Due::Reconcile, round);
        }
    }
}

/// A container that nobody can find any more.
fn lost(status: &mut ContainerStatus) {
    if status.state.terminated.is_some() {
        return;
    }
    status.state = crate::model::ContainerState {
        terminated: Some(Box::new(ContainerStateTerminated {
            exit_code: 137,
            reason: word!("ContainerStatusUnknown"),
            message: word!("The container could not be located when the pod was terminated"),
            ..ContainerStateTerminated::default()
        })),
        ..crate::model::ContainerState::default()
    };
}

/// Puts the kubelet's status into the pod as it is at the server: others' conditions stay, and the phase becomes final only when
/// nothing can run any more.
fn merge(object: &mut Object, uid: &Str, new: &Arc<PodStatus>, could_run: bool, now: Timestamp) {
    if object.meta.uid != *uid {
        return;
    }
    let Some(pod) = object.as_pod_mut() else { return };
    let old = pod.status.clone();
    let all_own = |status: &PodStatus| status.conditions.iter().all(|condition| is_kubelets(&condition.r#type));
    let no_claims = |status: &PodStatus| status.resource_claim_statuses.is_empty() && status.extended_resource_claim_status.is_none();
    if !new.phase.is_terminal() && all_own(&old) && all_own(new) && no_claims(&old) && no_claims(new) {
        // Nobody else has a word in it: what the kubelet knows and what the server keeps are one.
        if old != *new {
            pod.status = new.clone();
        }
        return;
    }
    let mut merged = (**new).clone();
    let mut conditions: Vec<PodCondition> = old.conditions.iter().filter(|c| !is_kubelets(&c.r#type)).cloned().collect();
    let becomes_final = !old.phase.is_terminal() && new.phase.is_terminal();
    for condition in &new.conditions {
        if is_kubelets(&condition.r#type) {
            conditions.push(condition.clone());
        } else if &*condition.r#type == "DisruptionTarget" && becomes_final && !could_run {
            conditions.retain(|present| present.r#type != condition.r#type);
            conditions.push(condition.clone());
        }
    }
    conditions.shrink_to_fit();
    merged.conditions = conditions.into();
    merged.resource_claim_statuses = old.resource_claim_statuses.clone();
    merged.extended_resource_claim_status = old.extended_resource_claim_status.clone();
    if becomes_final && could_run {
        (merged.phase, merged.reason, merged.message) = (old.phase, old.reason.clone(), old.message.clone());
    }
    if merged.phase.is_terminal() {
        let reason = if merged.phase == PodPhase::Failed { word!("PodFailed") } else { word!("PodCompleted") };
        let generation = object.meta.generation;
        for condition in &mut merged.conditions {
            if matches!(&*condition.r#type, "Ready" | "ContainersReady") && &*condition.status == "True" {
                (condition.status, condition.reason, condition.message) = (word!("False"), reason.clone(), word!(""));
                (condition.observed_generation, condition.last_transition_time) = (generation, Some(now));
            }
        }
    }
    if *old != merged
        && let Some(pod) = object.as_pod_mut()
    {
        pod.status = Arc::new(merged);
    }
}

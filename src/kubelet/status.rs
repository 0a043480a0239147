//! From what the runtime shows to the status that the API shows: states of containers, phase, conditions.
//! Real: generateAPIPodStatus, convertToAPIContainerStatuses and getPhase in pkg/kubelet/kubelet_pods.go,
//! pkg/kubelet/status/generate.go @ v1.37.2.

use super::conditions;
use super::pod::{self, Container, Seen, State, Which};
use super::policy;
use super::word;
use super::worker::Kubelet;
use crate::actor::EventType;
use crate::base::Time;
use crate::model::{
    Container as Spec, ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus, HostIP,
    PodIP, PodPhase, PodSpec, PodStatus, Str, Timestamp,
};
use serde_json::json;
use std::sync::Arc;

/// Reason of containers that go because the whole pod starts afresh.
pub(crate) const RESTARTING_ALL: &str = "RestartingAllContainers";
const RESTARTING_ALL_MESSAGE: &str = "The container is removed because RestartAllContainers in place";

impl Kubelet<'_, '_> {
    /// The status of the pod as the runtime was seen.
    pub fn generate(&mut self, seen: &Seen, terminal: bool) -> PodStatus {
        let spec = self.pod.pod().spec.clone();
        let api = self.pod.pod().status.clone();
        let old = self.pod.status.clone().unwrap_or_else(|| api.clone());
        let restarting = policy::all_restart(&spec, seen, &old);
        let mut status =
            PodStatus { qos_class: api.qos_class.clone(), observed_generation: self.pod.object.meta.generation, ..PodStatus::default() };
        let init = spec.init_containers.len() as Which;
        status.container_statuses = self.containers(&spec, seen, &old.container_statuses, init..pod::count(&spec), restarting);
        // The real kubelet sorts these by name.
        status.container_statuses.sort_by(|a, b| a.name.cmp(&b.name));
        status.init_container_statuses = self.containers(&spec, seen, &old.init_container_statuses, 0..init, restarting);
        let shown = self.shared.specs.of(&spec);
        (status.allocated_resources, status.resources) = shown.pod.clone();
        for status in status.init_container_statuses.iter_mut().chain(&mut status.container_statuses) {
            let with_life = !status.container_id.is_empty();
            if let Some(place) = pod::place(&spec, &status.name).filter(|_| with_life) {
                (status.allocated_resources, status.resources) = shown.containers[place].clone();
            }
        }
        let has_started = pod::regular(&spec).any(|which| seen.find_active(which).is_some());
        status.phase = phase(&spec, &status, terminal, has_started);
        if !status.phase.is_terminal() {
            if old.phase.is_terminal() {
                status.phase = old.phase;
            } else if api.phase.is_terminal() {
                status.phase = api.phase;
            }
        }
        if status.phase == old.phase {
            let either = |a: &Str, b: &Str| if a.is_empty() { b.clone() } else { a.clone() };
            status.reason = either(&old.reason, &api.reason);
            status.message = either(&old.message, &api.message);
        }
        if self.past_deadline() {
            let message = "Pod was active on the node longer than the specified deadline";
            self.event(None, EventType::Normal, "DeadlineExceeded", message);
            (status.phase, status.reason, status.message) = (PodPhase::Failed, word!("DeadlineExceeded"), message.into());
        }
        if api.phase.is_terminal() {
            status.phase = api.phase;
        }
        self.ask_probes(&spec, &mut status);
        conditions::add(&self.pod.object, &old, seen, &mut status);
        self.add_addresses(&spec, seen, &mut status);
        status
    }

    fn add_addresses(&self, spec: &PodSpec, seen: &Seen, status: &mut PodStatus) {
        let host = &self.node.address;
        if !seen.ip.is_empty() {
            (status.pod_ip, status.pod_ips) = (seen.ip.clone(), vec![PodIP { ip: seen.ip.clone() }]);
        }
        (status.host_ip, status.host_ips) = (host.clone(), vec![HostIP { ip: host.clone() }]);
        if spec.host_network && status.pod_ip.is_empty() {
            (status.pod_ip, status.pod_ips) = (host.clone(), vec![PodIP { ip: host.clone() }]);
        }
    }

    fn stamp(&self, at: Time) -> Option<Timestamp> {
        Some(self.cx.clock.timestamp(at))
    }

    fn containers(
        &self,
        spec: &PodSpec,
        seen: &Seen,
        old: &[ContainerStatus],
        range: std::ops::Range<Which>,
        restarting: bool,
    ) -> Vec<ContainerStatus> {
        range.map(|which| self.container(spec, seen, old, which, restarting)).collect()
    }

    fn container(&self, spec: &PodSpec, seen: &Seen, old: &[ContainerStatus], which: Which, restarting: bool) -> ContainerStatus {
        let container = pod::spec_of(spec, which);
        let previous = old.iter().find(|status| *status.name == *container.name);
        let mut lives = seen.containers.iter().filter(|life| life.which == which);
        let mut status = match lives.next() {
            Some(newest) => {
                let mut status = self.of_life(container, newest, previous);
                if let Some(older) = lives.next() {
                    status.last_state = self.of_life(container, older, previous).state;
                }
                status
            }
            None => self.without_life(spec, container, previous, restarting),
        };
        let is_init = pod::is_init(spec, which);
        let newest = seen.find(which);
        if is_init {
            if newest.is_some_and(|life| life.state == State::Exited && life.exit == 0) && !pod::is_sidecar(container) {
                return status;
            }
            if newest.is_none() && !pod::is_sidecar(container) && status.state.waiting.is_some() && regular_created(spec, seen) {
                status.state = terminated(ContainerStateTerminated {
                    reason: word!("Completed"),
                    message: word!(
                        "Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally"
                    ),
                    ..ContainerStateTerminated::default()
                });
                return status;
            }
        }
        if policy::should_restart(spec, container, newest, self.pod.object.meta.is_deleting())
            && let Some(why) = self.pod.waiting.iter().find(|waiting| waiting.which == which)
        {
            if status.state.terminated.is_some() {
                status.last_state = status.state;
            }
            status.state = waiting(why.reason.clone(), why.message.clone());
        }
        status
    }

    /// The status of a container that the runtime does not know.
    fn without_life(&self, spec: &PodSpec, container: &Spec, previous: Option<&ContainerStatus>, restarting: bool) -> ContainerStatus {
        let reason = if spec.init_containers.is_empty() { word!("ContainerCreating") } else { word!("PodInitializing") };
        let mut status = ContainerStatus {
            name: container.name.as_str().into(),
            image: container.image.as_str().into(),
            state: waiting(reason, word!("")),
            ..ContainerStatus::default()
        };
        add_mounts(container, &mut status);
        let Some(previous) = previous else { return status };
        if previous.state.terminated.is_some() {
            status = previous.clone();
        } else {
            (status.restart_count, status.last_state) = (previous.restart_count, previous.last_state.clone());
        }
        if restarting && previous.state.waiting.is_none() {
            status.state = waiting(word!("RestartingAllContainers"), RESTARTING_ALL_MESSAGE.into());
            status.last_state = terminated(ContainerStateTerminated {
                exit_code: 137,
                reason: RESTARTING_ALL.into(),
                message: RESTARTING_ALL_MESSAGE.into(),
                ..ContainerStateTerminated::default()
            });
            status.restart_count = previous.restart_count + 1;
            return status;
        }
        if previous.state.running.is_some() && status.state.waiting.is_some() && status.last_state.terminated.is_none() {
            status.last_state = terminated(ContainerStateTerminated {
                exit_code: 137,
                reason: word!("ContainerStatusUnknown"),
                message: word!("The container could not be located when the pod was deleted.  The container used to be Running"),
                ..ContainerStateTerminated::default()
            });
            if !self.pod.object.meta.is_deleting() {
                status.restart_count += 1;
            }
        }
        status
    }

    fn of_life(&self, container: &Spec, life: &Container, previous: Option<&ContainerStatus>) -> ContainerStatus {
        let id = self.container_id(life.serial);
        let mut status = ContainerStatus {
            name: container.name.as_str().into(),
            restart_count: life.number,
            image: life.image.clone(),
            image_id: self.shared.image_id(&life.image),
            container_id: id.clone(),
            ..ContainerStatus::default()
        };
        add_mounts(container, &mut status);
        if let Some(previous) = previous {
            status.restart_count = status.restart_count.max(previous.restart_count);
            if previous.container_id != id && previous.state.terminated.is_some() {
                status.last_state.terminated = previous.state.terminated.clone();
            } else if previous.last_state.terminated.is_some() {
                status.last_state.terminated = previous.last_state.terminated.clone();
            }
        }
        match life.state {
            State::Created => status.state = waiting(word!(""), word!("")),
            State::Running => {
                status.state.running = Some(ContainerStateRunning { started_at: life.started.and_then(|at| self.stamp(at)) });
                if let Some(previous) = previous
                    && previous.state.terminated.is_some()
                    && previous.restart_count >= life.number
                {
                    status.restart_count = previous.restart_count + 1;
                }
                status.started = previous.and_then(|previous| previous.started);
            }
            State::Exited => {
                status.state = terminated(ContainerStateTerminated {
                    exit_code: life.exit,
                    reason: life.reason.clone(),
                    message: life.message.clone(),
                    started_at: life.started.and_then(|at| self.stamp(at)),
                    finished_at: self.stamp(life.finished),
                    container_id: id,
                    ..ContainerStateTerminated::default()
                });
            }
        }
        status
    }

    /// The identity of a life: unique for pod and serial number, which are its last eight digits.
    pub fn container_id(&self, serial: u32) -> Str {
        let high = xxhash_rust::xxh3::xxh3_128(self.pod.uid.as_bytes());
        let low = xxhash_rust::xxh3::xxh3_64(self.pod.uid.as_bytes());
        format!("containerd://{high:032x}{low:016x}{:08x}{serial:08x}", serial ^ 0x5bd1_e995).into()
    }
}

/// The serial number in an identity.
pub(crate) fn serial_of(id: &str) -> Option<u32> {
    id.get(id.len().checked_sub(8)?..).and_then(|digits| u32::from_str_radix(digits, 16).ok())
}

fn waiting(reason: Str, message: Str) -> ContainerState {
    ContainerState { waiting: Some(Box::new(ContainerStateWaiting { reason, message })), ..ContainerState::default() }
}

fn terminated(how: ContainerStateTerminated) -> ContainerState {
    ContainerState { terminated: Some(Box::new(how)), ..ContainerState::default() }
}

fn add_mounts(container: &Spec, status: &mut ContainerStatus) {
    if container.volume_mounts.is_empty() {
        return;
    }
    let mounts: Vec<_> = container
        .volume_mounts
        .iter()
        .map(|mount| {
            let mut shown = json!({"name": mount.name, "mountPath": mount.mount_path});
            if mount.read_only {
                shown["readOnly"] = true.into();
                let recursive = matches!(mount.recursive_read_only.as_deref(), Some("Enabled" | "IfPossible"));
                shown["recursiveReadOnly"] = if recursive { "Enabled" } else { "Disabled" }.into();
            }
            shown
        })
        .collect();
    status.rest.set("volumeMounts", mounts.into());
}

fn regular_created(spec: &PodSpec, seen: &Seen) -> bool {
    pod::regular(spec).any(|which| seen.find(which).is_some())
}

/// Counts of containers by what their status says.
#[derive(Default)]
struct Counts {
    pending_init: u32,
    pending_sidecars: u32,
    failed_init: u32,
    unknown: u32,
    running: u32,
    waiting: u32,
    stopped: u32,
    stopped_for_good: u32,
    succeeded: u32,
}

fn restartable(spec: &PodSpec, container: &Spec, end: &ContainerStateTerminated) -> bool {
    policy::restarts_after(spec, container, end.exit_code) || &*end.reason == RESTARTING_ALL
}

impl Counts {
    fn add_init(&mut self, spec: &PodSpec, container: &Spec, status: Option<&ContainerStatus>) {
        let Some(status) = status else {
            self.pending_init += 1;
            return;
        };
        let end = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref());
        match end {
            Some(end) if status.state.running.is_none() => {
                if end.exit_code != 0 && !restartable(spec, container, end) {
                    self.failed_init += 1;
                }
            }
            _ => self.pending_init += 1,
        }
    }

    fn add_sidecar(&mut self, status: Option<&ContainerStatus>) {
        let Some(status) = status else {
            self.unknown += 1;
            return;
        };
        if status.state.running.is_some() {
            self.pending_sidecars += u32::from(status.started != Some(true));
            self.running += 1;
        } else if status.state.waiting.is_some() && status.last_state.terminated.is_none() {
            self.pending_sidecars += 1;
            self.waiting += 1;
        }
    }

    fn add_regular(&mut self, spec: &PodSpec, container: &Spec, status: Option<&ContainerStatus>) {
        let Some(status) = status else {
            self.unknown += 1;
            return;
        };
        if status.state.running.is_some() {
            self.running += 1;
        } else if let Some(end) = &status.state.terminated {
            self.stopped += 1;
            self.succeeded += u32::from(end.exit_code == 0);
            self.stopped_for_good += u32::from(!restartable(spec, container, end));
        } else if let Some(end) = &status.last_state.terminated {
            self.stopped += 1;
            self.stopped_for_good += u32::from(!restartable(spec, container, end));
        } else {
            self.waiting += 1;
        }
    }
}

/// The phase of a pod by the statuses of its containers.
pub(crate) fn phase(spec: &PodSpec, status: &PodStatus, terminal: bool, has_started: bool) -> PodPhase {
    let mut counts = Counts::default();
    let find = |list: &'_ [ContainerStatus], name: &str| list.iter().position(|status| *status.name == *name);
    for container in &spec.init_containers {
        let found = find(&status.init_container_statuses, &container.name).map(|at| &status.init_container_statuses[at]);
        if pod::is_sidecar(container) { counts.add_sidecar(found) } else { counts.add_init(spec, container, found) }
    }
    for container in &spec.containers {
        let found = find(&status.container_statuses, &container.name).map(|at| &status.container_statuses[at]);
        counts.add_regular(spec, container, found);
    }
    if counts.failed_init > 0 {
        return PodPhase::Failed;
    }
    if counts.pending_init > 0 || (counts.pending_sidecars > 0 && !has_started) || counts.waiting > 0 {
        return PodPhase::Pending;
    }
    if counts.running > 0 && counts.unknown == 0 {
        return PodPhase::Running;
    }
    if counts.running == 0 && counts.stopped > 0 && counts.unknown == 0 {
        let all_well = if counts.stopped == counts.succeeded { PodPhase::Succeeded } else { PodPhase::Failed };
        if terminal || counts.stopped == counts.stopped_for_good {
            return all_well;
        }
        return PodPhase::Running;
    }
    PodPhase::Pending
}

/// What a rejected pod shows.
pub(crate) fn rejected(reason: &str, message: &str, qos: &Str, generation: i64) -> Arc<PodStatus> {
    Arc::new(PodStatus {
        phase: PodPhase::Failed,
        reason: reason.into(),
        message: format!("Pod was rejected: {message}").into(),
        qos_class: qos.clone(),
        observed_generation: generation,
        ..PodStatus::default()
    })
}

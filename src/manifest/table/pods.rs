//! A pod's row: how many containers are ready, what state it is in, how often it restarted.
//! Real: pkg/printers/internalversion/printers.go (printPod) @ v1.37.2.

use super::since;
use crate::model::*;

/// What the row of a pod says.
pub struct Summary {
    /// Ready containers.
    pub ready: usize,
    /// Containers that may be ready.
    pub total: usize,
    /// The state: a phase or a reason.
    pub status: String,
    /// Restarts of all containers together.
    pub restarts: i32,
    last_restart: Option<Timestamp>,
}

impl Summary {
    /// `3 (5m ago)`
    pub fn restarts_shown(&self, now: MicroTime) -> String {
        match self.last_restart {
            Some(_) if self.restarts != 0 => format!("{} ({} ago)", self.restarts, since(self.last_restart, now)),
            _ => self.restarts.to_string(),
        }
    }
}

fn is_sidecar(pod: &Pod, name: &str) -> bool {
    let found = pod.spec.init_containers.iter().find(|container| container.name == name);
    found.is_some_and(|container| container.restart_policy.as_deref() == Some("Always"))
}

fn ended(terminated: &ContainerStateTerminated) -> String {
    match (&*terminated.reason, terminated.signal) {
        ("", 0) => format!("ExitCode:{}", terminated.exit_code),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_string(),
    }
}

fn last_end(status: &ContainerStatus) -> Option<Timestamp> {
    status.last_state.terminated.as_ref().and_then(|terminated| terminated.finished_at)
}

/// The state of a pod in a row.
pub fn summary(meta: &Meta, pod: &Pod) -> Summary {
    let status = &pod.status;
    let sidecars = pod.spec.init_containers.iter().filter(|container| is_sidecar(pod, &container.name)).count();
    let reason = if status.reason.is_empty() { status.phase.to_string() } else { status.reason.to_string() };
    let mut sum = Summary { ready: 0, total: pod.spec.containers.len() + sidecars, status: reason, restarts: 0, last_restart: None };
    if pod.condition("PodScheduled").is_some_and(|condition| &*condition.reason == "SchedulingGated") {
        sum.status = "SchedulingGated".into();
    }
    let (initializing, of_sidecars) = initial(pod, &mut sum);
    if !initializing || pod.condition("Initialized").is_some_and(|condition| &*condition.status == "True") {
        (sum.restarts, sum.last_restart) = of_sidecars;
        regular(pod, &mut sum);
    }
    if meta.is_deleting() && &*status.reason == "NodeLost" {
        sum.status = "Unknown".into();
    } else if meta.is_deleting() && !status.phase.is_terminal() {
        sum.status = "Terminating".into();
    }
    sum
}

type Restarts = (i32, Option<Timestamp>);

/// Looks at the init containers; says whether they are still at it, and how often sidecars restarted.
fn initial(pod: &Pod, sum: &mut Summary) -> (bool, Restarts) {
    let mut of_sidecars: Restarts = (0, None);
    for (index, container) in pod.status.init_container_statuses.iter().enumerate() {
        sum.restarts += container.restart_count;
        sum.last_restart = sum.last_restart.max(last_end(container));
        let sidecar = is_sidecar(pod, &container.name);
        if sidecar {
            of_sidecars.0 += container.restart_count;
            of_sidecars.1 = of_sidecars.1.max(last_end(container));
        }
        let state = &container.state;
        if state.terminated.as_ref().is_some_and(|terminated| terminated.exit_code == 0) {
            continue;
        }
        if sidecar && container.started == Some(true) {
            sum.ready += usize::from(container.ready);
            continue;
        }
        sum.status = match (&state.terminated, &state.waiting) {
            (Some(terminated), _) => format!("Init:{}", ended(terminated)),
            (_, Some(waiting)) if !matches!(&*waiting.reason, "" | "PodInitializing") => format!("Init:{}", waiting.reason),
            _ => format!("Init:{index}/{}", pod.spec.init_containers.len()),
        };
        return (true, of_sidecars);
    }
    (false, of_sidecars)
}

fn regular(pod: &Pod, sum: &mut Summary) {
    let (mut running, mut error) = (false, String::new());
    for container in pod.status.container_statuses.iter().rev() {
        sum.restarts += container.restart_count;
        sum.last_restart = sum.last_restart.max(last_end(container));
        let state = &container.state;
        match (&state.waiting, &state.terminated) {
            (Some(waiting), _) if !waiting.reason.is_empty() => sum.status = waiting.reason.to_string(),
            (_, Some(terminated)) => {
                sum.status = ended(terminated);
                if terminated.exit_code != 0 {
                    error = sum.status.clone();
                }
            }
            _ if container.ready && state.running.is_some() => {
                running = true;
                sum.ready += 1;
            }
            _ => {}
        }
    }
    if sum.status == "Completed" {
        if running && pod.is_ready() {
            sum.status = "Running".into();
        } else if !error.is_empty() {
            sum.status = error;
        } else if running {
            sum.status = "NotReady".into();
        }
    }
}

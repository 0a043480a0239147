//! The conditions of a pod that its kubelet sets, in the order in which it sets them.
//! Real: pkg/kubelet/status/generate.go @ v1.37.2.

use super::pod::{self, Seen};
use super::{policy, word};
use crate::model::{ContainerStatus, Object, Pod, PodCondition, PodPhase, PodSpec, PodStatus, Str};

/// Whether a kubelet owns this condition.
pub(crate) fn is_kubelets(kind: &str) -> bool {
    matches!(
        kind,
        "PodReadyToStartContainers"
            | "Initialized"
            | "Ready"
            | "ContainersReady"
            | "PodScheduled"
            | "PodResizePending"
            | "PodResizeInProgress"
            | "AllContainersRestarting"
    )
}

/// A condition that holds.
fn yes(kind: Str, generation: i64) -> PodCondition {
    PodCondition { r#type: kind, status: word!("True"), observed_generation: generation, ..PodCondition::default() }
}

/// A condition that does not.
fn no(kind: Str, generation: i64, reason: Str, message: Str) -> PodCondition {
    PodCondition { r#type: kind, status: word!("False"), observed_generation: generation, reason, message, ..PodCondition::default() }
}

/// Adds all conditions to a status that has everything else.
pub(crate) fn add(object: &Object, old: &PodStatus, seen: &Seen, status: &mut PodStatus) {
    let pod = object.as_pod().expect("a pod's object is a pod");
    let generation = object.meta.generation;
    let mut list = Vec::with_capacity(5);
    if let Some(disrupted) = old.conditions.iter().find(|condition| &*condition.r#type == "DisruptionTarget") {
        list.push(disrupted.clone());
    }
    list.push(match seen.sandbox_changed() {
        None => yes(word!("PodReadyToStartContainers"), generation),
        Some(why) => no(word!("PodReadyToStartContainers"), generation, word!("PodSandboxNotReady"), why),
    });
    list.push(initialized(&pod.spec, old, status, generation));
    list.push(ready(pod, status, generation));
    list.push(containers_ready(&pod.spec, status, generation));
    list.push(yes(word!("PodScheduled"), generation));
    if policy::all_could_restart(&pod.spec) {
        list.push(all_restarting(&pod.spec, old, seen, status));
    }
    status.conditions = list.into();
}

fn find<'a>(statuses: &'a [ContainerStatus], name: &str) -> Option<&'a ContainerStatus> {
    statuses.iter().find(|status| *status.name == *name)
}

fn names(list: &[&str]) -> String {
    format!("[{}]", list.join(" "))
}

fn when_over(kind: Str, phase: PodPhase, generation: i64) -> PodCondition {
    let reason = if phase == PodPhase::Failed { word!("PodFailed") } else { word!("PodCompleted") };
    no(kind, generation, reason, word!(""))
}

/// ContainersReady: every container and every sidecar is ready.
pub(crate) fn containers_ready(spec: &PodSpec, status: &PodStatus, generation: i64) -> PodCondition {
    let kind = word!("ContainersReady");
    let sidecars = spec.init_containers.iter().filter(|container| pod::is_sidecar(container));
    let mut unready = Vec::new();
    let mut unknown = Vec::new();
    for (container, statuses) in
        sidecars.map(|c| (c, &status.init_container_statuses)).chain(spec.containers.iter().map(|c| (c, &status.container_statuses)))
    {
        match find(statuses, &container.name) {
            Some(status) if status.ready => {}
            Some(_) => unready.push(container.name.as_str()),
            None => unknown.push(container.name.as_str()),
        }
    }
    if status.phase == PodPhase::Failed || status.phase == PodPhase::Succeeded && unknown.is_empty() {
        return when_over(kind, status.phase, generation);
    }
    let mut parts = Vec::new();
    if !unknown.is_empty() {
        parts.push(format!("containers with unknown status: {}", names(&unknown)));
    }
    if !unready.is_empty() {
        parts.push(format!("containers with unready status: {}", names(&unready)));
    }
    if parts.is_empty() { yes(kind, generation) } else { no(kind, generation, word!("ContainersNotReady"), parts.join(", ").into()) }
}

/// Ready: the containers are, and so say all readiness gates.
pub(crate) fn ready(pod: &Pod, status: &PodStatus, generation: i64) -> PodCondition {
    let containers = containers_ready(&pod.spec, status, generation);
    if &*containers.status != "True" {
        return PodCondition { r#type: word!("Ready"), ..containers };
    }
    let gates = pod.spec.readiness_gates.iter().filter_map(|gate| {
        let kind = &gate.condition_type;
        match pod.condition(kind) {
            None => Some(format!("corresponding condition of pod readiness gate \"{kind}\" does not exist.")),
            Some(found) if &*found.status == "True" => None,
            Some(found) => Some(format!("the status of pod readiness gate \"{kind}\" is not \"True\", but {}", found.status)),
        }
    });
    let failing: Vec<String> = gates.collect();
    if failing.is_empty() {
        return yes(word!("Ready"), generation);
    }
    no(word!("Ready"), generation, word!("ReadinessGatesNotReady"), failing.join(", ").into())
}

fn initialized(spec: &PodSpec, old: &PodStatus, status: &PodStatus, generation: i64) -> PodCondition {
    let kind = word!("Initialized");
    let mut incomplete = Vec::new();
    for container in &spec.init_containers {
        let found = find(&status.init_container_statuses, &container.name);
        let done = found.is_some_and(|found| if pod::is_sidecar(container) { found.started == Some(true) } else { found.ready });
        if !done {
            incomplete.push(container.name.as_str());
        }
    }
    if status.phase == PodPhase::Succeeded {
        return PodCondition { reason: word!("PodCompleted"), ..yes(kind, generation) };
    }
    let started = status.container_statuses.iter().any(|c| c.state.running.is_some() || c.state.terminated.is_some());
    let was = old.conditions.iter().any(|condition| &*condition.r#type == "Initialized" && &*condition.status == "True");
    if started || incomplete.is_empty() || was {
        return yes(kind, generation);
    }
    let message = format!("containers with incomplete status: {}", names(&incomplete));
    no(kind, generation, word!("ContainersNotInitialized"), message.into())
}

fn all_restarting(spec: &PodSpec, old: &PodStatus, seen: &Seen, status: &PodStatus) -> PodCondition {
    let kind = word!("AllContainersRestarting");
    match status.phase {
        PodPhase::Succeeded => return no(kind, 0, word!("PodCompleted"), word!("")),
        PodPhase::Failed => return no(kind, 0, word!("PodFailed"), word!("")),
        _ => {}
    }
    let cleaned = (0..pod::count(spec)).all(|which| seen.find(which).is_none());
    if !policy::all_restart(spec, seen, old) || cleaned {
        return no(kind, 0, word!(""), word!(""));
    }
    PodCondition {
        reason: word!("RestartAllContainersStarted"),
        message: word!("container exited with restart policy rule"),
        ..yes(kind, 0)
    }
}

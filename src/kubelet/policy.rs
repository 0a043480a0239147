//! Whether an ended container starts again: policies of pod and container, rules by exit code.
//! Real: ContainerShouldRestart in pkg/api/v1/pod/util.go, pkg/kubelet/container/helpers.go @ v1.37.2.

use super::pod::{self, Container, Seen, State};
use crate::model::{Container as Spec, ContainerRestartRule, PodSpec, PodStatus};

const RESTART_ALL: &str = "RestartAllContainers";

fn matching_rule(container: &Spec, code: i32) -> Option<&ContainerRestartRule> {
    container.restart_policy_rules.iter().find(|rule| {
        rule.exit_codes.as_ref().is_some_and(|codes| match codes.operator.as_str() {
            "In" => codes.values.contains(&code),
            "NotIn" => !codes.values.contains(&code),
            _ => false,
        })
    })
}

/// Whether the container starts again after this exit code.
pub(crate) fn restarts_after(spec: &PodSpec, container: &Spec, code: i32) -> bool {
    let by_name = |policy: &str| match policy {
        "OnFailure" => code != 0,
        "Never" => false,
        _ => true,
    };
    match &container.restart_policy {
        Some(policy) => {
            matching_rule(container, code).is_some_and(|rule| matches!(rule.action.as_str(), "Restart" | RESTART_ALL)) || by_name(policy)
        }
        None => by_name(&spec.restart_policy),
    }
}

/// Whether a container is to be started, by its newest life.
pub(crate) fn should_restart(spec: &PodSpec, container: &Spec, newest: Option<&Container>, deleting: bool) -> bool {
    if deleting {
        return false;
    }
    match newest {
        None => true,
        Some(life) => match life.state {
            State::Running => false,
            State::Created => true,
            State::Exited => restarts_after(spec, container, life.exit),
        },
    }
}

/// Whether a failed pod's containers are restarted at all.
pub(crate) fn restarts_on_failure(spec: &PodSpec) -> bool {
    spec.restart_policy != "Never"
}

/// Whether an ended container demands that the whole pod starts afresh.
pub(crate) fn demands_restart_of_all(container: &Spec, code: i32) -> bool {
    matching_rule(container, code).is_some_and(|rule| rule.action == RESTART_ALL)
}

/// Whether the pod has any rule of that kind.
pub(crate) fn all_could_restart(spec: &PodSpec) -> bool {
    spec.init_containers.iter().chain(&spec.containers).any(|c| c.restart_policy_rules.iter().any(|rule| rule.action == RESTART_ALL))
}

/// Whether the whole pod is to start afresh.
pub(crate) fn all_restart(spec: &PodSpec, seen: &Seen, old: &PodStatus) -> bool {
    if !all_could_restart(spec) {
        return false;
    }
    if old.conditions.iter().any(|condition| &*condition.r#type == "AllContainersRestarting" && &*condition.status == "True") {
        return true;
    }
    let shown = |name: &str| {
        let all = old.init_container_statuses.iter().chain(&old.container_statuses);
        all.filter(|status| *status.name == *name).find_map(|status| status.state.terminated.as_ref()).map(|end| end.exit_code)
    };
    (0..pod::count(spec)).any(|which| {
        let container = pod::spec_of(spec, which);
        let Some(life) = seen.find(which).filter(|life| life.state == State::Exited) else { return false };
        demands_restart_of_all(container, life.exit) || shown(&container.name).is_some_and(|code| demands_restart_of_all(container, code))
    })
}

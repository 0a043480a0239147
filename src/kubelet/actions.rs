//! What a sync has to do, by comparing what is wanted with what the cache shows.
//! Real: computePodActions, computeInitContainerActions and doBackOff in pkg/kubelet/kuberuntime @ v1.37.2.

use super::kill::{Cause, Kill};
use super::pod::{self, Container, Seen, State, Which};
use super::policy;
use super::prober::{Kind, Outcome};
use super::sync::{Running, Stage};
use super::worker::Kubelet;
use crate::actor::EventType;
use crate::model::PodSpec;

/// What a sync has to do.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Actions {
    pub kill_pod: bool,
    pub create_sandbox: bool,
    pub attempt: u32,
    pub start: Vec<Which>,
    pub kill: Vec<(Which, u32, String, Cause)>,
    /// Containers to stop (if the flag says so) and remove, because the whole pod starts afresh.
    pub reset: Vec<(Which, u32, bool)>,
}

impl Kubelet<'_, '_> {
    /// Finds out what is to be done and begins with it.
    pub fn act(&mut self, running: &mut Running) {
        let spec = running.object.as_pod().expect("a pod's object is a pod").spec.clone();
        let seen = self.pod.seen.clone();
        let restart_all = self.pod.status.as_ref().is_some_and(|status| {
            status.conditions.iter().any(|condition| &*condition.r#type == "AllContainersRestarting" && &*condition.status == "True")
        });
        let actions = self.compute(&spec, &seen, restart_all);
        if actions.create_sandbox && !seen.sandboxes.is_empty() {
            self.event(None, EventType::Normal, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
        }
        running.starts = actions.start.iter().copied().collect();
        if actions.kill_pod {
            running.kills = self.kills_of_running(None);
            running.stage = Stage::KillPod;
        } else {
            let mut kills: Vec<Kill> = Vec::new();
            for (which, serial, message, cause) in &actions.kill {
                kills.push(self.kill_of(*which, *serial, message.clone(), *cause, None));
            }
            for (which, serial, stop) in &actions.reset {
                let grace_s = if *stop { 0 } else { -1 };
                kills.push(Kill { remove: true, ..self.kill_of(*which, *serial, "killing".into(), Cause::Other, Some(grace_s)) });
            }
            running.kills = kills.into();
            running.stage = Stage::Kill;
        }
        running.actions = actions;
    }

    fn compute(&self, spec: &PodSpec, seen: &Seen, restart_all: bool) -> Actions {
        let changed = seen.sandbox_changed().is_some();
        let attempt = seen.sandboxes.first().map_or(0, |sandbox| sandbox.attempt + u32::from(changed));
        let mut actions = Actions { kill_pod: changed, create_sandbox: changed, attempt, ..Actions::default() };
        if restart_all {
            actions.reset = resets(spec, seen);
            (actions.kill_pod, actions.create_sandbox) = (false, false);
            return actions;
        }
        if changed {
            self.compute_afresh(spec, seen, &mut actions);
            return actions;
        }
        let initialized = self.compute_init(spec, seen, &mut actions);
        if actions.kill_pod || !initialized {
            return actions;
        }
        self.compute_regular(spec, seen, &mut actions);
        actions
    }

    /// A pod without a sandbox.
    fn compute_afresh(&self, spec: &PodSpec, seen: &Seen, actions: &mut Actions) {
        if !policy::restarts_on_failure(spec) && actions.attempt != 0 && !seen.containers.is_empty() {
            actions.create_sandbox = false;
            return;
        }
        let succeeded = |which: Which| seen.find(which).is_some_and(|life| life.state == State::Exited && life.exit == 0);
        let start: Vec<Which> = pod::regular(spec)
            .filter(|&which| {
                let own = pod::spec_of(spec, which).restart_policy.as_deref();
                !(own.unwrap_or(&spec.restart_policy) == "OnFailure" && succeeded(which))
            })
            .collect();
        if start.is_empty() && pod::regular(spec).any(|which| seen.find(which).is_some()) {
            actions.create_sandbox = false;
            return;
        }
        actions.start = if spec.init_containers.is_empty() { start } else { vec![0] };
    }

    /// Init containers and sidecars; says whether all is ready for the others.
    fn compute_init(&self, spec: &PodSpec, seen: &Seen, actions: &mut Actions) -> bool {
        let count = spec.init_containers.len() as Which;
        if count == 0 {
            return true;
        }
        let mut initialized = pod::regular(spec).any(|which| seen.find_active(which).is_some());
        let mut previously = initialized;
        let mut start = Vec::new();
        for which in (0..count).rev() {
            let container = pod::spec_of(spec, which);
            let sidecar = pod::is_sidecar(container);
            let Some(life) = seen.find_active(which) else {
                if previously && sidecar {
                    start.push(which);
                }
                continue;
            };
            if previously && !sidecar {
                continue;
            }
            let done = match (life.state, sidecar) {
                (State::Created, _) | (State::Exited, true) => {
                    start.push(which);
                    false
                }
                (State::Running, false) => false,
                (State::Running, true) => self.compute_sidecar(spec, which, life, actions, &mut start),
                (State::Exited, false) if life.exit == 0 => true,
                (State::Exited, false) => {
                    if !policy::should_restart(spec, container, Some(life), self.pod.object.meta.is_deleting()) {
                        actions.kill_pod = true;
                        return false;
                    }
                    start.push(which);
                    false
                }
            };
            if done {
                if which == count - 1 {
                    initialized = true;
                } else if !previously || !sidecar {
                    start.push(which + 1);
                }
            }
            previously = true;
        }
        if !previously {
            start.push(0);
        }
        start.reverse();
        actions.start = start;
        initialized
    }

    /// A running sidecar: whether it has started; and whether a probe wants it restarted.
    fn compute_sidecar(&self, spec: &PodSpec, which: Which, life: &Container, actions: &mut Actions, start: &mut Vec<Which>) -> bool {
        let container = pod::spec_of(spec, which);
        let name = &container.name;
        if container.startup_probe.is_some() {
            match self.pod.prober.result(which, Kind::Startup, life.serial) {
                Some(Outcome::Success) => {}
                Some(Outcome::Failure) => {
                    actions.kill.push((which, life.serial, format!("Init container {name} failed startup probe"), Cause::Startup));
                    start.push(which);
                    return false;
                }
                _ => return false,
            }
        }
        if *life.image != *container.image {
            actions.kill.push((which, life.serial, format!("Init container {name} definition changed"), Cause::Other));
            start.push(which);
        } else if self.pod.prober.result(which, Kind::Liveness, life.serial) == Some(Outcome::Failure) {
            actions.kill.push((which, life.serial, format!("Init container {name} failed liveness probe"), Cause::Liveness));
            start.push(which);
        }
        true
    }

    fn compute_regular(&self, spec: &PodSpec, seen: &Seen, actions: &mut Actions) {
        let mut kept = 0;
        let mut start = std::mem::take(&mut actions.start);
        let sidecars = start.len();
        for which in pod::regular(spec) {
            let container = pod::spec_of(spec, which);
            let newest = seen.find(which);
            let Some(life) = newest.filter(|life| life.state == State::Running) else {
                if policy::should_restart(spec, container, newest, self.pod.object.meta.is_deleting()) {
                    start.push(which);
                }
                continue;
            };
            let mut restart = container.restart_policy.as_deref().map_or(policy::restarts_on_failure(spec), |policy| policy != "Never");
            let failed = |kind| self.pod.prober.result(which, kind, life.serial) == Some(Outcome::Failure);
            let (what, cause) = if *life.image != *container.image {
                restart = true;
                ("definition changed", Cause::Other)
            } else if failed(Kind::Liveness) {
                ("failed liveness probe", Cause::Liveness)
            } else if failed(Kind::Startup) {
                ("failed startup probe", Cause::Startup)
            } else {
                kept += 1;
                continue;
            };
            let mut message = format!("Container {} {what}", container.name);
            if restart {
                message.push_str(", will be restarted");
                start.push(which);
            }
            actions.kill.push((which, life.serial, message, cause));
        }
        if kept == 0 && start.len() == sidecars {
            actions.kill_pod = true;
            start.clear();
        }
        actions.start = start;
    }

    /// After the containers to be stopped have stopped.
    pub fn after_kills(&mut self, running: &mut Running) {
        self.prune_init(1);
        running.stage = Stage::Next;
    }

    /// After the whole pod has been stopped within a sync: a new sandbox, or nothing.
    pub fn after_pod_kill(&mut self, running: &mut Running) {
        if !running.actions.create_sandbox {
            running.stage = Stage::Done;
            return;
        }
        self.prune_init(0);
        let error = self.begin_sandbox(running);
        running.stage = Stage::Sandbox(error);
    }

    /// Removes dead lives of init containers beyond the newest `keep`.
    fn prune_init(&mut self, keep: usize) {
        for which in 0..self.pod.pod().spec.init_containers.len() as Which {
            for serial in self.pod.old_lives(Some(which), keep) {
                self.remove_life(serial);
            }
        }
    }
}

/// Containers to remove when a pod starts afresh: first the others, last those that demanded it.
fn resets(spec: &PodSpec, seen: &Seen) -> Vec<(Which, u32, bool)> {
    let mut sources = Vec::new();
    let mut targets = Vec::new();
    let init = spec.init_containers.len() as Which;
    for which in (init..pod::count(spec)).chain(0..init) {
        let container = pod::spec_of(spec, which);
        for life in seen.containers.iter().filter(|life| life.which == which) {
            match life.state {
                State::Exited if policy::demands_restart_of_all(container, life.exit) => sources.push((which, life.serial, false)),
                state => targets.push((which, life.serial, state != State::Exited)),
            }
        }
    }
    targets.extend(sources);
    targets
}

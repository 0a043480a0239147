//! Stopping containers: hook, turn, SIGTERM, SIGKILL; sidecars last, in reverse order.
//! Real: killContainer in pkg/kubelet/kuberuntime/kuberuntime_container.go, kuberuntime_termination_order.go @ v1.37.2.

use super::pod::{self, Due, State, Which};
use super::sync::{Running, Stage};
use super::worker::Kubelet;
use crate::actor::EventType;
use crate::base::{Span, Time};
use crate::model::{Container as Spec, PodSpec};
use std::collections::VecDeque;

/// The least time that a container gets. Real: minimumGracePeriodInSeconds.
const GRACE_MIN_S: i64 = 2;

/// Why a container is stopped, as far as its grace period depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    Liveness,
    Startup,
    Other,
}

/// How far the stopping of one container is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Phase {
    /// Not begun.
    New,
    /// The preStop hook runs until then; it fails if the flag says so.
    Hook(Time, bool),
    /// Others have to end first.
    Turn(Time),
    /// SIGTERM was sent.
    Stopping,
    /// It has ended.
    Ended,
}

/// A container that is being stopped.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Kill {
    pub which: Which,
    pub serial: u32,
    pub message: String,
    pub grace_s: i64,
    pub ordered: bool,
    /// It is removed once it has ended.
    pub remove: bool,
    pub phase: Phase,
    pub began: Time,
}

impl Kubelet<'_, '_> {
    /// The stopping of a container; the grace period is its own unless given.
    pub fn kill_of(&self, which: Which, serial: u32, message: String, cause: Cause, grace_s: Option<i64>) -> Kill {
        let spec = &self.pod.pod().spec;
        let container = pod::spec_of(spec, which);
        let message = if message.is_empty() { format!("Stopping container {}", container.name) } else { message };
        let grace_s = grace_s.unwrap_or_else(|| self.own_grace(spec, container, cause));
        Kill { which, serial, message, grace_s, ordered: false, remove: false, phase: Phase::New, began: self.cx.now }
    }

    fn own_grace(&self, spec: &PodSpec, container: &Spec, cause: Cause) -> i64 {
        if let Some(deletion) = self.pod.object.meta.deletion_grace_period_seconds {
            return deletion;
        }
        let probe = match cause {
            Cause::Liveness => &container.liveness_probe,
            Cause::Startup => &container.startup_probe,
            Cause::Other => &None,
        };
        let own = probe.as_ref().and_then(|probe| probe.termination_grace_period_seconds);
        own.or(spec.termination_grace_period_seconds).unwrap_or(GRACE_MIN_S)
    }

    /// The stopping of all containers that the cache shows running.
    pub fn kills_of_running(&self, grace_s: Option<i64>) -> VecDeque<Kill> {
        let spec = &self.pod.pod().spec;
        let ordered = spec.init_containers.iter().any(pod::is_sidecar);
        let running = self.pod.seen.containers.iter().filter(|container| container.state == State::Running);
        let kill = |which, serial| Kill { ordered, ..self.kill_of(which, serial, String::new(), Cause::Other, grace_s) };
        let mut kills: VecDeque<Kill> = running.map(|life| kill(life.which, life.serial)).collect();
        // Newest first, but of the goroutines that do it, the one started last runs first.
        kills.rotate_right(usize::from(kills.len() > 1));
        kills
    }

    /// Goes on with one stopping; gives back when to look again, `None` when it has ended.
    fn advance_kill(&mut self, kills: &[Kill], kill: &mut Kill) -> Option<Time> {
        loop {
            let now = self.cx.now;
            match kill.phase {
                Phase::New => {
                    let message = kill.message.clone();
                    self.event(Some(kill.which), EventType::Normal, "Killing", message);
                    kill.began = now;
                    kill.phase = match self.pre_stop(kill) {
                        Some((until, fails)) => Phase::Hook(until, fails),
                        None => Phase::Turn(now),
                    };
                }
                Phase::Hook(until, fails) => {
                    if now < until {
                        return Some(until);
                    }
                    if fails {
                        self.event(Some(kill.which), EventType::Warning, "FailedPreStopHook", "PreStopHook failed");
                    }
                    kill.grace_s -= now.since(kill.began).as_s() as i64;
                    kill.phase = Phase::Turn(now);
                }
                Phase::Turn(since) => {
                    if kill.ordered && kill.grace_s > 0 {
                        let limit = since + Span::from_s(kill.grace_s as u64);
                        if now < limit && self.waits_for_others(kills, kill) {
                            return Some(limit);
                        }
                        kill.grace_s -= now.since(since).as_s() as i64;
                    }
                    self.send_stop(kill);
                    kill.phase = Phase::Stopping;
                }
                Phase::Stopping => {
                    let running = self.pod.live(kill.serial).filter(|live| live.seen.state == State::Running);
                    if let Some(live) = running {
                        return Some(live.end.as_ref().map_or(Time::MAX, |end| end.at));
                    }
                    kill.phase = Phase::Ended;
                }
                Phase::Ended => return None,
            }
        }
    }

    /// Whether containers that must end before this one still run.
    fn waits_for_others(&self, kills: &[Kill], kill: &Kill) -> bool {
        let spec = &self.pod.pod().spec;
        if !pod::is_init(spec, kill.which) || !pod::is_sidecar(pod::spec_of(spec, kill.which)) {
            return false;
        }
        kills.iter().any(|other| {
            let sidecar = pod::is_init(spec, other.which) && pod::is_sidecar(pod::spec_of(spec, other.which));
            let before = !pod::is_init(spec, other.which) || sidecar && other.which > kill.which;
            other.serial != kill.serial && before && other.phase != Phase::Ended
        })
    }

    fn send_stop(&mut self, kill: &Kill) {
        let grace_s = kill.grace_s.max(GRACE_MIN_S);
        let now = self.cx.now;
        let Some(live) = self.pod.live_mut(kill.serial) else { return };
        let number = live.seen.number;
        if live.seen.state == State::Running {
            live.stop(now, Span::from_s(grace_s as u64));
        }
        self.call("StopContainer", Some((kill.which, number)), &format!(" timeout={grace_s}"));
        self.look_at_stopping(kill.which);
        self.pod.run_runtime(now);
        self.note_runtime();
    }

    /// The preStop hook: until when it holds up the stopping, and whether it fails by then.
    fn pre_stop(&mut self, kill: &Kill) -> Option<(Time, bool)> {
        let spec = self.pod.pod().spec.clone();
        let hook = pod::spec_of(&spec, kill.which).lifecycle.as_ref()?.pre_stop.as_ref()?;
        if kill.grace_s <= 0 {
            return None;
        }
        let limit = self.cx.now + Span::from_s(kill.grace_s as u64);
        let (took, failure) = self.run_hook(kill.which, kill.serial, hook);
        let until = self.cx.now + took;
        Some(if until <= limit { (until, failure.is_some()) } else { (limit, false) })
    }

    /// Stops all side by side; gives back whether all have ended.
    fn advance_kills(&mut self, kills: &mut VecDeque<Kill>) -> bool {
        // One that ends lets others begin: as many rounds as there are containers.
        for _round in 0..=kills.len() {
            let mut next: Option<Time> = None;
            let mut ended = 0;
            for at in 0..kills.len() {
                let before = kills[at].phase;
                let all: Vec<Kill> = kills.iter().cloned().collect();
                if let Some(due) = self.advance_kill(&all, &mut kills[at]) {
                    next = Some(next.map_or(due, |present| present.min(due)));
                }
                ended += usize::from(kills[at].phase == Phase::Ended && before != Phase::Ended);
            }
            if kills.iter().all(|kill| kill.phase == Phase::Ended) {
                return true;
            }
            if ended == 0 {
                if let Some(at) = next.filter(|at| *at < Time::MAX) {
                    self.set_due(Due::Step, at);
                }
                return false;
            }
        }
        false
    }

    /// Stops everything, then the sandbox.
    pub fn kill_all(&mut self, running: &mut Running) -> bool {
        let mut kills = std::mem::take(&mut running.kills);
        let done = self.advance_kills(&mut kills);
        running.kills = kills;
        if !done {
            return false;
        }
        running.results += running.kills.len() as u32;
        running.kills.clear();
        self.stop_sandboxes();
        self.after_kill_all(running);
        true
    }

    fn stop_sandboxes(&mut self) {
        let attempts: Vec<u32> = self.pod.sandboxes.iter().filter(|sandbox| sandbox.ready).map(|sandbox| sandbox.attempt).collect();
        for attempt in attempts {
            self.call("StopPodSandbox", None, &format!(" #{attempt}"));
        }
        for sandbox in &mut self.pod.sandboxes {
            self.pod.dirty |= std::mem::replace(&mut sandbox.ready, false);
        }
        self.note_runtime();
    }

    /// Stops containers one after another, then goes on with the sync.
    pub fn kill_in_turn(&mut self, running: &mut Running) -> bool {
        while let Some(first) = running.kills.pop_front() {
            let mut one = VecDeque::from([first]);
            let ended = one[0].grace_s < 0;
            if !ended && !self.advance_kills(&mut one) {
                running.kills.push_front(one.remove(0).expect("one is there"));
                return false;
            }
            running.results += 1;
            let kill = &one[0];
            if kill.remove {
                self.remove_life(kill.serial);
            }
        }
        self.after_kills(running);
        true
    }

    /// Stops the container whose postStart hook failed.
    pub fn hook_killed(&mut self, running: &mut Running, which: Which, message: String) -> bool {
        let mut kills = std::mem::take(&mut running.kills);
        let done = self.advance_kills(&mut kills);
        running.kills = kills;
        if done {
            running.kills.clear();
            self.fail_start(running, which, crate::kubelet::word!("PostStartHookError"), message.into());
            running.stage = Stage::Next;
        }
        done
    }
}

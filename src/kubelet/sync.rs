//! The pod worker: takes what is wanted of a pod, waits for a fresh look at the runtime, and makes it so, step by step.
//! Real: pkg/kubelet/pod_workers.go, SyncPod, SyncTerminatingPod and SyncTerminatedPod in pkg/kubelet/kubelet.go @ v1.37.2.
//!
//! One sync is under way at a time. Each step that takes time sets a timer and returns; the timer goes on from there.

use super::actions::Actions;
use super::kill::Kill;
use super::pod::{Due, Seen, State, Which, Work};
use super::runtime::Sandbox;
use super::worker::Kubelet;
use crate::actor::EventType;
use crate::base::{Span, Time};
use crate::model::{Obj, PodPhase, Str};
use std::collections::VecDeque;

/// How long a sync waits for its volumes. Real: podAttachAndMountTimeout in pkg/kubelet/volumemanager/volume_manager.go.
const MOUNT_TIMEOUT: Span = Span::from_s(123);
/// How often it looks whether they are there.
pub(crate) const MOUNT_POLL: Span = Span::from_ms(300);
/// The wait after an error that names none of its own.
const ERROR_WAIT: Span = Span::from_s(10);

/// Where a sync stands.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Stage {
    /// Needs a look at the runtime that is newer than the last sync.
    Cache,
    /// Waits for its volumes.
    Mount,
    /// Stops containers one after another, then goes on.
    Kill,
    /// Stops everything, the sandbox last.
    KillPod,
    /// Makes the sandbox; the error that it will end with.
    Sandbox(Option<Str>),
    /// Takes the next container to start.
    Next,
    /// Waits for its turn or for the end of a pull.
    Pull { which: Which, since: Time, begun: Option<Time>, took: Span, error: Option<Str> },
    /// Creates and starts a container.
    Create(Which),
    /// Has it created, starts it now.
    Start(Which, u32),
    /// Runs the postStart hook.
    Hook { which: Which, serial: u32, failure: Option<String> },
    /// Stops the container whose hook failed.
    HookKill { which: Which, message: String },
    /// All containers of a pod that ends are stopped.
    Unmount,
    /// Over.
    Done,
}

/// A sync under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub work: Work,
    /// The pod as it was when the sync was taken up.
    pub object: Obj,
    pub stage: Stage,
    pub began: Time,
    /// What the cache showed when the sync began: it goes by this to its end.
    pub seen: Seen,
    pub cancelled: bool,
    pub kills: VecDeque<Kill>,
    pub starts: VecDeque<Which>,
    pub actions: Actions,
    /// Steps that had a result.
    pub results: u32,
    pub failed: bool,
    /// When the first back-off among the failures ends.
    pub retry_at: Option<Time>,
    pub pull_failed: bool,
    /// Which run of a script the container being started follows.
    pub script: u32,
    pub terminal: bool,
}

impl Kubelet<'_, '_> {
    /// Wants a sync, because the pod changed, a probe spoke, a relist saw something, or its time has come.
    /// `kill`: the pod has left the API.
    pub fn update(&mut self, kill: bool) {
        if self.pod.finished || self.pod.rejected {
            return;
        }
        let deleting = self.pod.object.meta.is_deleting();
        let over = self.pod.pod().is_terminal();
        let mut cancel = false;
        if !self.pod.terminating && (deleting || over || kill || self.pod.eviction.is_some()) {
            self.pod.terminating = true;
            cancel = true;
        }
        if self.pod.terminating && !self.pod.terminated {
            cancel |= self.take_grace();
        }
        self.pod.pending = true;
        if cancel && let Some(running) = &mut self.pod.running {
            running.cancelled = true;
        }
    }

    /// The grace period that counts; says whether it became shorter.
    fn take_grace(&mut self) -> bool {
        let before = self.pod.grace_s;
        let mut grace_s = before;
        let mut overridden = false;
        let evicted = self.pod.eviction.as_ref().and_then(|eviction| eviction.grace_s);
        for wish in [self.pod.object.meta.deletion_grace_period_seconds, evicted].into_iter().flatten() {
            if grace_s == 0 || wish < grace_s {
                (grace_s, overridden) = (wish, true);
            }
        }
        if !overridden && grace_s == 0 {
            grace_s = self.pod.pod().spec.termination_grace_period_seconds.unwrap_or(0);
        }
        self.pod.grace_s = grace_s.max(1);
        before != 0 && before != self.pod.grace_s
    }

    /// Does what can be done now.
    pub fn drive(&mut self) {
        // Each turn ends a sync or leaves; a sync that finds nothing to do wants no other.
        for _turn in 0..1_000 {
            if self.pod.running.is_none() {
                if self.pod.relist_wanted && !self.pod.pending {
                    self.pod.relist_wanted = false;
                    self.relist_now();
                }
                if !std::mem::take(&mut self.pod.pending) {
                    return;
                }
                let running = Running {
                    work: self.pod.work(),
                    object: self.pod.object.clone(),
                    stage: Stage::Cache,
                    began: self.cx.now,
                    seen: Seen::default(),
                    cancelled: false,
                    kills: VecDeque::new(),
                    starts: VecDeque::new(),
                    actions: Actions::default(),
                    results: 0,
                    failed: false,
                    retry_at: None,
                    pull_failed: false,
                    script: 0,
                    terminal: false,
                };
                self.pod.running = Some(Box::new(running));
            }
            // The next sync is taken up before the relist that the last one asked for: what that finds wants one more.
            if std::mem::take(&mut self.pod.relist_wanted) {
                self.relist_now();
            }
            let mut running = self.pod.running.take().expect("a sync is under way");
            let done = self.advance(&mut running);
            if !done {
                self.pod.running = Some(running);
                return;
            }
            self.complete(*running);
        }
        panic!("the syncs of pod {} have no end at {}", self.pod.text(), self.cx.now);
    }

    /// Goes as far as the moment allows; says whether the sync is over.
    fn advance(&mut self, running: &mut Running) -> bool {
        loop {
            let go_on = match running.stage.clone() {
                Stage::Cache => self.await_cache(running),
                Stage::Mount => self.await_mounts(running),
                Stage::Kill => self.kill_in_turn(running),
                Stage::KillPod => self.kill_all(running),
                Stage::Sandbox(error) => self.sandbox_made(running, error),
                Stage::Next => self.start_next(running),
                Stage::Pull { which, since, begun, took, error } => self.pull(running, which, since, begun, took, error),
                Stage::Create(which) => self.create(running, which),
                Stage::Start(which, serial) => self.begin(running, which, serial),
                Stage::Hook { which, serial, failure } => self.hook_done(running, which, serial, failure),
                Stage::HookKill { which, message } => self.hook_killed(running, which, message),
                Stage::Unmount => self.unmounted(running),
                Stage::Done => return true,
            };
            if !go_on {
                return false;
            }
        }
    }

    /// Pauses the sync; true when the time has already come.
    pub fn pause(&mut self, until: Time) -> bool {
        if until <= self.cx.now {
            return true;
        }
        self.set_due(Due::Step, until);
        false
    }

    fn await_cache(&mut self, running: &mut Running) -> bool {
        if let Some(last) = self.pod.last_sync_end {
            let global = self.node.last_relist(self.cx.now);
            if self.pod.observed.max(global).is_none_or(|seen| seen <= last) {
                let next = self.node.next_relist(self.cx.now);
                self.set_due(Due::Relist, next);
                return false;
            }
            // Another timer of the same instant may have come before that of the relist.
            if self.pod.dirty && global == Some(self.cx.now) {
                self.look_again();
            }
        }
        running.began = self.cx.now;
        running.seen = self.pod.seen.clone();
        match running.work {
            Work::Sync => self.begin_sync(running),
            Work::Terminating => self.begin_terminating(running),
            Work::Terminated => self.begin_terminated(running),
        }
        true
    }

    fn begin_sync(&mut self, running: &mut Running) {
        let seen = self.pod.seen.clone();
        let status = self.generate(&seen, false);
        let over = matches!(status.phase, PodPhase::Succeeded | PodPhase::Failed);
        self.set_status(status, false);
        if over {
            running.terminal = true;
            running.stage = Stage::Done;
            return;
        }
        running.stage = Stage::Mount;
    }

    fn await_mounts(&mut self, running: &mut Running) -> bool {
        let mounted = self.mounted(running);
        if running.cancelled && !mounted {
            running.failed = true;
            running.stage = Stage::Done;
            return true;
        }
        if !mounted {
            let deadline = running.began + MOUNT_TIMEOUT;
            if self.cx.now >= deadline {
                let missing = self.unmounted_text();
                self.event(None, EventType::Warning, "FailedMount", format!("Unable to attach or mount volumes: {missing}"));
                running.failed = true;
                running.stage = Stage::Done;
                return true;
            }
            let next = self.next_mount_poll(running).min(deadline);
            return self.pause(next);
        }
        self.add_probes();
        self.act(running);
        true
    }

    fn begin_terminating(&mut self, running: &mut Running) {
        let seen = self.pod.seen.clone();
        let mut status = self.generate(&seen, false);
        if let Some(eviction) = &self.pod.eviction {
            eviction.apply(&mut status, self.cx.clock.timestamp(self.cx.now), self.pod.object.meta.generation);
        }
        self.set_status(status, false);
        self.stop_liveness_and_startup();
        running.kills = self.kills_of_running(Some(self.pod.grace_s));
        running.stage = Stage::KillPod;
    }

    /// All containers and the sandbox have stopped.
    pub fn after_kill_all(&mut self, running: &mut Running) {
        if running.work != Work::Terminating {
            running.results += 1;
            self.after_pod_kill(running);
            return;
        }
        self.remove_probes();
        let ip = self.pod.seen.ip.clone();
        let mut seen = self.pod.look();
        seen.ip = ip;
        let status = self.generate(&seen, true);
        self.set_status(status, false);
        running.stage = Stage::Done;
    }

    fn begin_terminated(&mut self, running: &mut Running) {
        let seen = self.pod.seen.clone();
        let status = self.generate(&seen, true);
        self.set_status(status, false);
        running.stage = Stage::Unmount;
        let until = self.unmount_at(running.began);
        self.pause(until);
    }

    fn unmounted(&mut self, running: &mut Running) -> bool {
        let until = self.unmount_at(running.began);
        if !self.pause(until) {
            return false;
        }
        self.terminate_status();
        running.stage = Stage::Done;
        true
    }

    /// A sync has ended: what follows from it, and when the next is due.
    fn complete(&mut self, running: Running) {
        let now = self.cx.now;
        self.pod.last_sync_end = self.pod.observed.max(Some(now));
        self.pod.due.clear(Due::Step);
        if running.pull_failed {
            self.tell_missing_secrets();
        }
        if running.cancelled && running.failed && running.results == 0 {
            self.finish_work(now, true, None);
            return;
        }
        let mut transition = false;
        match running.work {
            Work::Terminated if !running.failed => {
                self.pod.finished = true;
                self.pod.pending = false;
                return;
            }
            Work::Terminating if !running.failed => {
                self.pod.terminated = true;
                self.pod.pending = true;
                transition = true;
            }
            Work::Sync if running.terminal => {
                self.pod.terminating = true;
                self.take_grace();
                self.pod.pending = true;
                transition = true;
            }
            _ => {}
        }
        if running.results > 0 && !running.failed && running.work == Work::Sync {
            self.pod.relist_wanted = true;
        }
        if !transition {
            self.finish_work(now, running.failed, running.retry_at);
        }
    }

    /// A wait with up to half as much again. Real: wait.Jitter with workerResyncIntervalJitterFactor and its like, 0.5.
    pub fn jittered(&mut self, wait: Span) -> Span {
        self.pod.resyncs += 1;
        let share = match self.shared.settings.steady {
            true => 0.5,
            false => self.cx.seed.draw("resync", &self.pod.uid, u64::from(self.pod.resyncs)).unit(),
        };
        wait + Span((wait.0 as f64 * share / 2.0) as u64)
    }

    /// Puts the pod into the work queue.
    fn finish_work(&mut self, now: Time, failed: bool, retry_at: Option<Time>) {
        let longest = self.shared.settings.configuration.sync_frequency;
        let wait = match (failed, retry_at) {
            (false, _) => longest,
            (true, Some(at)) => at.since(now).min(longest),
            (true, None) => ERROR_WAIT.min(longest),
        };
        let at = now + self.jittered(wait);
        self.pod.resync_at = Some(at);
        // A sync that would change nothing need not happen: only failures, probes that keep failing, and files ask for it.
        if failed || self.pod.prober.wants_resync() {
            let tick = self.node.sync_tick(at);
            self.set_due(Due::Resync, tick);
        } else {
            self.pod.due.clear(Due::Resync);
        }
    }

    /// The pod's time in the work queue has come.
    pub fn resync(&mut self) {
        self.update(false);
        self.drive();
    }

    /// Runs the relist that all pods share.
    pub fn relist(&mut self) {
        if self.pod.dirty {
            self.look_again();
        }
        self.drive();
    }

    /// Looks at this pod alone, right after a sync.
    fn relist_now(&mut self) {
        let last = self.pod.last_sync_end.unwrap_or(Time::ZERO);
        self.pod.observed = Some(self.cx.now.max(last) + Span(1));
        if self.pod.dirty {
            self.look_again();
        }
    }

    /// Takes what the runtime shows into the cache, and wants a sync if any container changed.
    fn look_again(&mut self) {
        self.pod.dirty = false;
        let seen = self.pod.look();
        let before = std::mem::replace(&mut self.pod.seen, seen);
        let mut worthy = self.pod.seen.sandboxes != before.sandboxes;
        let mut died = Vec::new();
        let went = |old: &Sandbox| old.ready && self.pod.seen.sandboxes.iter().any(|new| new.attempt == old.attempt && !new.ready);
        let sandbox_died = before.sandboxes.iter().any(went);
        for container in &self.pod.seen.containers {
            let old = before.containers.iter().find(|old| old.serial == container.serial).map(|old| old.state);
            if old == Some(container.state) || container.state == State::Created {
                continue;
            }
            worthy = true;
            if container.state == State::Exited {
                died.push(container.which);
            }
        }
        let present = |serial| self.pod.seen.containers.iter().any(|c| c.serial == serial);
        worthy |= before.containers.iter().any(|old| old.state != State::Exited && !present(old.serial));
        if !worthy {
            return;
        }
        if !self.pod.gone_from_api || !self.pod.finished {
            self.update(false);
        }
        if sandbox_died && self.content_may_go() {
            died.push(0);
        }
        for which in died {
            self.clean_up(which);
        }
    }

    /// Whether nothing of the pod needs to be kept: it has ended and is being deleted.
    fn content_may_go(&self) -> bool {
        self.pod.terminated && (self.pod.object.meta.is_deleting() || self.pod.gone_from_api)
    }

    /// Removes old lives of a container that died: all of them once the pod is done with, all but one else.
    fn clean_up(&mut self, which: Which) {
        let old = if self.content_may_go() { self.pod.old_lives(None, 0) } else { self.pod.old_lives(Some(which), 1) };
        for serial in old {
            self.remove_life(serial);
        }
    }

    /// Takes a dead container out of the runtime.
    pub fn remove_life(&mut self, serial: u32) {
        let Some(live) = self.pod.live(serial) else { return };
        let (which, number) = (live.seen.which, live.seen.number);
        self.call("RemoveContainer", Some((which, number)), "");
        self.pod.remove_container(serial);
        if self.pod.dirty {
            let next = self.node.next_relist(self.cx.now);
            self.set_due(Due::Relist, next);
        }
    }

    /// The runtime changed by itself, or was changed: the next relist will see it.
    pub fn note_runtime(&mut self) {
        self.report_usage();
        self.tell_processes();
        if let Some(next) = self.pod.next_in_runtime() {
            self.set_due(Due::Runtime, next);
        }
        if self.pod.dirty {
            let next = self.node.next_relist(self.cx.now);
            self.set_due(Due::Relist, next);
        }
    }

    /// Something happens in the runtime by itself.
    pub fn runtime_event(&mut self) {
        let now = self.cx.now;
        self.pod.run_runtime(now);
        self.note_runtime();
        // A sync that waits for the end of a container goes on.
        if self.pod.running.is_some() {
            self.drive();
        }
    }
}

//! Probes: one worker per container and kind of probe, its phase, its thresholds, and what follows from its findings.
//! Real: pkg/kubelet/prober/{worker.go,prober_manager.go,prober.go} @ v1.37.2.
//!
//! A worker whose container answers well sleeps until the answer may change, so that healthy pods cost nothing.

use super::conditions;
use super::pod::{self, Due, Which};
use super::policy;
use super::status::serial_of;
use super::worker::Kubelet;
use crate::actor::EventType;
use crate::base::{Span, Time};
use crate::model::{ContainerStatus, PodSpec, PodStatus, Probe};

/// The kinds of probes, in the order in which their workers are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Startup,
    Readiness,
    Liveness,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Startup => "Startup",
            Kind::Readiness => "Readiness",
            Kind::Liveness => "Liveness",
        }
    }

    fn initial(self) -> Outcome {
        match self {
            Kind::Startup => Outcome::Unknown,
            Kind::Readiness => Outcome::Failure,
            Kind::Liveness => Outcome::Success,
        }
    }
}

/// What a worker holds of its container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Unknown,
    Failure,
    Success,
}

/// What a probe or a hook got.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Answer {
    pub took: Span,
    /// 0 is well.
    pub exit: i32,
    pub output: String,
    /// Until when the answer stays the same; `None`: as long as the container lives.
    pub until: Option<Time>,
}

#[derive(Clone, PartialEq, Debug)]
struct Worker {
    which: Which,
    kind: Kind,
    base: Time,
    next: Option<Time>,
    on: Option<u32>,
    outcome: Option<Outcome>,
    last: Option<Outcome>,
    run: i32,
    hold: bool,
    stopped: bool,
    triggered: bool,
    /// A probe under way: when it ends and what it will have got.
    busy: Option<(Time, Answer)>,
    /// The answer is good and known to stay so until then.
    settled: Option<Option<Time>>,
}

/// The workers of a pod.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Prober {
    workers: Vec<Worker>,
    made: bool,
}

impl Prober {
    /// What the worker of a container holds of this life.
    pub fn result(&self, which: Which, kind: Kind, serial: u32) -> Option<Outcome> {
        let worker = self.workers.iter().find(|worker| worker.which == which && worker.kind == kind)?;
        if worker.on == Some(serial) { worker.outcome } else { None }
    }

    fn exists(&self, which: Which, kind: Kind) -> bool {
        self.workers.iter().any(|worker| worker.which == which && worker.kind == kind && !worker.stopped)
    }

    /// Whether a regular sync would make a probe run: readiness that has not succeeded is tried again at each.
    pub fn wants_resync(&self) -> bool {
        self.workers.iter().any(|worker| worker.kind == Kind::Readiness && !worker.stopped && worker.outcome != Some(Outcome::Success))
    }
}

fn probe_of(spec: &PodSpec, which: Which, kind: Kind) -> Option<&Probe> {
    let container = pod::spec_of(spec, which);
    match kind {
        Kind::Startup => container.startup_probe.as_ref(),
        Kind::Readiness => container.readiness_probe.as_ref(),
        Kind::Liveness => container.liveness_probe.as_ref(),
    }
}

fn find<'a>(status: &'a PodStatus, name: &str) -> Option<&'a ContainerStatus> {
    let mut all = status.container_statuses.iter().chain(&status.init_container_statuses);
    all.find(|status| *status.name == *name && !status.container_id.is_empty())
}

fn period(probe: &Probe) -> Span {
    Span::from_s(probe.period_seconds.max(1) as u64)
}

impl Kubelet<'_, '_> {
    /// Makes the workers of a pod.
    pub fn add_probes(&mut self) {
        if std::mem::replace(&mut self.pod.prober.made, true) {
            return;
        }
        let spec = self.pod.pod().spec.clone();
        let now = self.cx.now;
        let init = spec.init_containers.len() as Which;
        let sidecars = (0..init).filter(|&which| pod::is_sidecar(pod::spec_of(&spec, which)));
        for which in pod::regular(&spec).chain(sidecars) {
            for kind in [Kind::Startup, Kind::Readiness, Kind::Liveness] {
                let Some(probe) = probe_of(&spec, which, kind) else { continue };
                let period = period(probe);
                // Right after the start of a kubelet, its workers spread over their first period.
                let fresh = self.node.started.is_some_and(|started| now.since(started) < period);
                let part = self.cx.seed.draw("probe", &self.pod.uid, u64::from(which) * 4 + kind as u64).unit();
                let base = if fresh { now + Span((period.0 as f64 * part) as u64) } else { now };
                self.pod.prober.workers.push(Worker {
                    which,
                    kind,
                    base,
                    next: None,
                    on: None,
                    outcome: None,
                    last: None,
                    run: 0,
                    hold: false,
                    stopped: false,
                    triggered: false,
                    busy: None,
                    settled: None,
                });
            }
        }
    }

    /// Fills in `started` and `ready` of a new status.
    pub fn ask_probes(&mut self, spec: &PodSpec, status: &mut PodStatus) {
        let init = spec.init_containers.len() as Which;
        for which in pod::regular(spec).chain(0..init) {
            let container = pod::spec_of(spec, which);
            let list = if which < init { &mut status.init_container_statuses } else { &mut status.container_statuses };
            let Some(own) = list.iter_mut().find(|status| *status.name == *container.name) else { continue };
            let serial = serial_of(&own.container_id);
            let running = own.state.running.is_some();
            let started = running && self.is_started(which, serial, own.started == Some(true));
            own.started = Some(started);
            if which < init && !pod::is_sidecar(container) {
                own.ready |= own.state.terminated.as_ref().is_some_and(|end| end.exit_code == 0);
                continue;
            }
            if !started {
                continue;
            }
            let prober = &mut self.pod.prober;
            own.ready = serial.and_then(|serial| prober.result(which, Kind::Readiness, serial)) == Some(Outcome::Success);
            if !own.ready {
                let worker = prober.workers.iter_mut().find(|worker| worker.which == which && worker.kind == Kind::Readiness);
                match worker.filter(|worker| !worker.stopped) {
                    Some(worker) => worker.triggered = true,
                    None => own.ready = true,
                }
                let id = own.container_id.clone();
                own.ready |= self.ready_before_restart(which, &id);
            }
        }
    }

    fn is_started(&self, which: Which, serial: Option<u32>, was: bool) -> bool {
        match serial.and_then(|serial| self.pod.prober.result(which, Kind::Startup, serial)) {
            Some(outcome) => outcome == Outcome::Success,
            None => was || !self.pod.prober.exists(which, Kind::Startup),
        }
    }

    /// After a restart of the kubelet, a container that was ready stays so until its probe says otherwise.
    fn ready_before_restart(&self, which: Which, id: &str) -> bool {
        let Some(serial) = serial_of(id) else { return false };
        let Some(started) = self.pod.live(serial).and_then(|live| live.seen.started) else { return false };
        self.node.started.is_some_and(|kubelet| started + Span::from_s(10) < kubelet)
            && self.pod.prober.result(which, Kind::Readiness, serial).is_none()
            && self.pod.pod().is_ready()
    }

    /// Runs the probes that were asked for by the last status.
    pub fn run_triggers(&mut self) {
        for at in 0..self.pod.prober.workers.len() {
            if self.pod.prober.workers[at].busy.is_none() && std::mem::take(&mut self.pod.prober.workers[at].triggered) {
                self.pod.prober.workers[at].base = self.cx.now;
                self.probe(at);
            }
        }
        self.arm_probes();
    }

    /// Probes whose time has come.
    pub fn probes_due(&mut self) {
        let now = self.cx.now;
        for at in 0..self.pod.prober.workers.len() {
            let worker = &mut self.pod.prober.workers[at];
            if worker.next.is_none_or(|next| next > now) {
                continue;
            }
            worker.next = None;
            match worker.busy.take_if(|(until, _)| *until <= now) {
                Some((_, answer)) => {
                    self.finish_probe(at, &answer);
                    // A tick that came meanwhile was kept.
                    let worker = &mut self.pod.prober.workers[at];
                    if std::mem::take(&mut worker.triggered) {
                        worker.base = now;
                        self.probe(at);
                        continue;
                    }
                    let (spec, worker) = (self.pod.pod().spec.clone(), &self.pod.prober.workers[at]);
                    let every = probe_of(&spec, worker.which, worker.kind).map_or(Span::from_s(10), period);
                    let begun = now - answer.took;
                    if (now.since(worker.base).0 / every.0) > (begun.since(worker.base).0 / every.0) {
                        self.probe(at);
                    }
                }
                None => self.probe(at),
            }
        }
        self.arm_probes();
        self.drive();
    }

    /// Sets the timer for the next tick that can find anything.
    pub fn arm_probes(&mut self) {
        if self.pod.prober.workers.is_empty() {
            return;
        }
        let now = self.cx.now;
        let spec = self.pod.pod().spec.clone();
        let Some(status) = self.pod.status.clone() else { return };
        let mut first: Option<Time> = None;
        for worker in &mut self.pod.prober.workers {
            if worker.stopped {
                continue;
            }
            let Some(probe) = probe_of(&spec, worker.which, worker.kind) else { continue };
            let own = find(&status, &pod::spec_of(&spec, worker.which).name);
            worker.next = match (&worker.busy, own) {
                (Some((until, _)), _) => Some(*until),
                (None, Some(own)) => worker.next_tick(own, period(probe), now),
                (None, None) => None,
            };
            first = [first, worker.next].into_iter().flatten().min();
        }
        if let Some(first) = first {
            self.set_due(Due::Probe, first);
        }
    }

    fn probe(&mut self, at: usize) {
        let now = self.cx.now;
        let spec = self.pod.pod().spec.clone();
        let Some(status) = self.pod.status.clone() else { return };
        let worker = &mut self.pod.prober.workers[at];
        if worker.stopped {
            return;
        }
        if status.phase.is_terminal() {
            worker.stopped = true;
            return;
        }
        let (which, kind) = (worker.which, worker.kind);
        let container = pod::spec_of(&spec, which);
        let Some(own) = find(&status, &container.name) else { return };
        let serial = serial_of(&own.container_id);
        if worker.on != serial {
            (worker.on, worker.outcome, worker.hold, worker.settled) = (serial, None, false, None);
            self.set_outcome(at, kind.initial());
        }
        let worker = &mut self.pod.prober.workers[at];
        if worker.hold {
            return;
        }
        let Some(running) = &own.state.running else {
            if let Some(end) = &own.state.terminated {
                worker.stopped = !policy::restarts_after(&spec, container, end.exit_code) && !policy::all_could_restart(&spec);
            }
            self.set_outcome(at, Outcome::Failure);
            return;
        };
        if self.pod.object.meta.is_deleting() && kind != Kind::Readiness {
            worker.stopped = true;
            self.set_outcome(at, Outcome::Success);
            return;
        }
        let probe = probe_of(&spec, which, kind).expect("a worker has a probe").clone();
        let age_ns = running.started_at.map_or(0, |started| self.cx.clock.age_ns(started, now));
        if age_ns / 1_000_000_000 < i128::from(probe.initial_delay_seconds) || (own.started == Some(true)) == (kind == Kind::Startup) {
            return;
        }
        let answer = self.ask(which, kind, &probe, serial);
        if answer.took.is_zero() {
            self.finish_probe(at, &answer);
        } else {
            self.pod.prober.workers[at].busy = Some((now + answer.took, answer));
        }
    }

    /// Asks the container.
    fn ask(&mut self, which: Which, kind: Kind, probe: &Probe, serial: Option<u32>) -> Answer {
        let name = pod::spec_of(&self.pod.pod().spec, which).name.clone();
        let ip = self.pod.seen.ip.clone();
        let live = serial.and_then(|serial| self.pod.live(serial));
        let number = live.map_or(0, |live| live.seen.number);
        let answer = self.shared.probe(&self.pod.object, which, kind, probe, live, &ip, self.cx.now);
        let what = match (&probe.exec, &probe.http_get) {
            (Some(exec), _) => format!("ExecSync {name}#{number} [{}]", exec.command.join(" ")),
            (_, Some(get)) => format!("GET {name}#{number} {}{}", get.port, get.path),
            _ => return answer,
        };
        let shown = self.shared.shown_answer(&self.pod.object, which, probe, live, &answer, self.cx.now);
        if let Some(shown) = shown {
            self.call(&what, None, &format!(" {shown}"));
        }
        answer
    }

    /// A probe has its answer.
    fn finish_probe(&mut self, at: usize, answer: &Answer) {
        let spec = self.pod.pod().spec.clone();
        let worker = &mut self.pod.prober.workers[at];
        let (which, kind) = (worker.which, worker.kind);
        let Some(probe) = probe_of(&spec, which, kind) else { return };
        let outcome = if answer.exit == 0 { Outcome::Success } else { Outcome::Failure };
        worker.run = if worker.last == Some(outcome) { worker.run + 1 } else { 1 };
        worker.last = Some(outcome);
        worker.settled = None;
        let threshold = if outcome == Outcome::Success { probe.success_threshold } else { probe.failure_threshold };
        let passed = worker.run >= threshold.max(1);
        if outcome == Outcome::Failure {
            self.event(Some(which), EventType::Warning, "Unhealthy", format!("{} probe failed: {}", kind.name(), answer.output));
        }
        if !passed {
            return;
        }
        let worker = &mut self.pod.prober.workers[at];
        if outcome == Outcome::Success {
            worker.settled = Some(answer.until);
        }
        if kind == Kind::Startup || kind == Kind::Liveness && outcome == Outcome::Failure {
            (worker.hold, worker.run) = (true, 0);
        }
        self.set_outcome(at, outcome);
    }

    /// Keeps a finding; a new one has consequences.
    fn set_outcome(&mut self, at: usize, outcome: Outcome) {
        let worker = &mut self.pod.prober.workers[at];
        if worker.outcome == Some(outcome) {
            return;
        }
        worker.outcome = Some(outcome);
        let (kind, on, which) = (worker.kind, worker.on, worker.which);
        let well = outcome == Outcome::Success;
        match kind {
            Kind::Liveness if well => return,
            Kind::Liveness => {}
            Kind::Readiness => self.set_flag(which, on, |status| std::mem::replace(&mut status.ready, well) != well, true),
            Kind::Startup => self.set_flag(which, on, |status| status.started.replace(well) != Some(well), false),
        }
        self.update(false);
    }

    /// Changes a flag of a container's status at once, ahead of the next sync.
    fn set_flag(&mut self, which: Which, serial: Option<u32>, change: impl Fn(&mut ContainerStatus) -> bool, conditions: bool) {
        let Some(old) = self.pod.status.clone() else { return };
        let name = pod::spec_of(&self.pod.pod().spec, which).name.clone();
        let mut status = (*old).clone();
        let mut all = status.container_statuses.iter_mut().chain(&mut status.init_container_statuses);
        let own = all.find(|status| *status.name == *name && serial_of(&status.container_id) == serial && !status.container_id.is_empty());
        if !own.is_some_and(change) {
            return;
        }
        if conditions {
            let generation = self.pod.object.meta.generation;
            let ready = conditions::ready(self.pod.pod(), &status, generation);
            let containers = conditions::containers_ready(&self.pod.pod().spec, &status, generation);
            for new in [ready, containers] {
                if let Some(present) = status.conditions.iter_mut().find(|present| present.r#type == new.r#type) {
                    *present = new;
                }
            }
        }
        self.put_status(status, false, false);
    }

    /// A container was told to stop and goes on for a while: what was known of its answers does not hold any more.
    pub fn look_at_stopping(&mut self, which: Which) {
        if self.shared.settings.behaviours.script.is_some() {
            return;
        }
        let mut any = false;
        for worker in self.pod.prober.workers.iter_mut().filter(|worker| worker.which == which && !worker.stopped) {
            any |= worker.settled.take().is_some();
        }
        if any {
            self.arm_probes();
        }
    }

    /// Liveness and startup are of no interest any more.
    pub fn stop_liveness_and_startup(&mut self) {
        let init = self.pod.pod().spec.init_containers.len() as Which;
        for worker in &mut self.pod.prober.workers {
            worker.stopped |= worker.kind != Kind::Readiness && worker.which >= init;
        }
    }

    /// No probes any more.
    pub fn remove_probes(&mut self) {
        self.pod.prober.workers.iter_mut().for_each(|worker| worker.stopped = true);
    }
}

impl Worker {
    /// The next tick that can find anything, by what the status shows.
    fn next_tick(&self, own: &ContainerStatus, period: Span, now: Time) -> Option<Time> {
        let known = self.on == serial_of(&own.container_id);
        let idle =
            known && (self.hold || own.state.running.is_none() && self.outcome == Some(Outcome::Failure) && own.state.terminated.is_none());
        let out_of_turn = known && own.state.running.is_some() && (own.started == Some(true)) == (self.kind == Kind::Startup);
        if idle || out_of_turn {
            return None;
        }
        let from = match self.settled {
            Some(None) if known && own.state.running.is_some() => return None,
            Some(Some(until)) if known && own.state.running.is_some() => until.max(now + Span(1)),
            _ => now + Span(1),
        };
        let ticks = from.since(self.base).0.div_ceil(period.0).max(1);
        Some(self.base + period * ticks)
    }
}

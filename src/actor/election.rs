//! Leader election of the scheduler and of the controller manager: who holds the Lease works; who cannot renew it ends.
//! Real: staging/src/k8s.io/client-go/tools/leaderelection/leaderelection.go @ v1.37.2, with its defaults (lease 15 s, renewal
//! deadline 10 s, retry 2 s with a jitter of 1.2).
//!
//! Renewals are a closed form (`renewed_every`), as the heartbeats of nodes are: they are written down when they end. One process
//! of each component is modelled: it is started again where it runs, and is then another holder, so it waits the lease out.

use super::{Actor, Ctx, Kinds, Signal, Ticket, Trouble};
use crate::api::{Answer, Verb};
use crate::base::{Draw, Span};
use crate::model::{Body, Kind, Lease, LeaseSpec, Meta, MicroTime, Object, Str};
use crate::store::{Change, Key};
use std::sync::Arc;

/// Where the leases are.
const NAMESPACE: &str = "kube-system";
const LEASE: Span = Span::from_s(15);
const RENEW_DEADLINE: Span = Span::from_s(10);
const RETRY: Span = Span::from_s(2);
/// The longest jitter of a retry, as a share of it in percent.
const JITTER_PERCENT: u64 = 120;
/// A process that has ended because it lost its lease is started again after this. Real: the kubelet restarts its container.
const RESTART: Span = Span::from_s(1);

/// Timers: of which component, what for, and in which of its lives.
const LOST: u64 = 1 << 32;
const RESTARTED: u64 = 2 << 32;
const TRY: u64 = 3 << 32;

#[derive(Clone, PartialEq, Debug)]
enum State {
    /// It leads. Whether it can renew its lease.
    Leads { renews: bool },
    /// Its process is not there.
    Down,
    /// It waits for the lease: what it last saw of it, and since when that has not changed.
    Waits { observed: Option<(Option<Str>, Option<MicroTime>, crate::base::Time)> },
}

struct Candidate {
    component: Str,
    lease: &'static str,
    state: State,
    /// Counts its lives: timers and answers of earlier ones mean nothing.
    life: u32,
    /// The request under way, and whether it is the one that takes the lease.
    asked: Option<(Ticket, bool)>,
}

/// The elections of all components.
pub struct Elections {
    candidates: Vec<Candidate>,
    trouble: Trouble,
}

impl Default for Elections {
    fn default() -> Self {
        Elections::new()
    }
}

impl Elections {
    /// Both components lead from the start.
    pub fn new() -> Elections {
        let candidate = |component: &str, lease| Candidate {
            component: component.into(),
            lease,
            state: State::Leads { renews: true },
            life: 0,
            asked: None,
        };
        let candidates = vec![candidate("scheduler", "kube-scheduler"), candidate("controller-manager", "kube-controller-manager")];
        Elections { candidates, trouble: Trouble::default() }
    }

    /// Whether a leader's renewals come through within their deadline.
    fn can_renew(&self) -> bool {
        let typical = |latency: Option<crate::base::Dist>| latency.map_or(Span::ZERO, |latency| latency.at(Draw(u64::MAX / 2)));
        let takes = typical(self.trouble.latency) + typical(self.trouble.write_latency);
        !self.trouble.down && !self.trouble.leaderless && self.trouble.errors_percent < 100 && takes < RENEW_DEADLINE
    }

    fn end(&mut self, at: usize, cx: &mut Ctx<'_>) {
        let candidate = &mut self.candidates[at];
        let led = std::mem::replace(&mut candidate.state, State::Down) == State::Leads { renews: true };
        candidate.life += 1;
        candidate.asked = None;
        if led {
            stop_renewing(candidate.lease, cx);
        }
    }

    fn server(&mut self, trouble: Trouble, cx: &mut Ctx<'_>) {
        let before = self.can_renew();
        self.trouble = trouble;
        let after = self.can_renew();
        if before == after {
            return;
        }
        for (at, candidate) in self.candidates.iter_mut().enumerate() {
            let State::Leads { renews } = &mut candidate.state else { continue };
            *renews = after;
            if after {
                let spec = held_since(candidate, cx);
                write_lease(candidate.lease, spec, cx);
            } else {
                stop_renewing(candidate.lease, cx);
                // The renewal that fails first is tried again until the deadline.
                let jitter = Span(cx.rng.below(RETRY.0));
                cx.wake_in(jitter + RENEW_DEADLINE, LOST | u64::from(candidate.life) << 36 | at as u64);
            }
        }
    }

    fn retry(&self, at: usize, cx: &mut Ctx<'_>) {
        let jitter = Span(cx.rng.below(RETRY.0 * JITTER_PERCENT / 100));
        cx.wake_in(RETRY + jitter, TRY | u64::from(self.candidates[at].life) << 36 | at as u64);
    }

    fn ask(&mut self, at: usize, cx: &mut Ctx<'_>) {
        let ticket = cx.request(Verb::Get(key(self.candidates[at].lease)));
        self.candidates[at].asked = Some((ticket, false));
    }

    fn seen(&mut self, at: usize, answer: Answer, cx: &mut Ctx<'_>) {
        let own = identity(&self.candidates[at], cx);
        let taken = match answer {
            Ok(lease) => {
                let spec = &lease.as_lease().expect("asked for a lease").spec;
                let (holder, renewed) = (spec.holder_identity.clone(), spec.renewed_at(cx.micro()));
                let State::Waits { observed } = &mut self.candidates[at].state else { return };
                if observed.as_ref().is_none_or(|(before, at, _)| (before, at) != (&holder, &renewed)) {
                    *observed = Some((holder.clone(), renewed, cx.now));
                }
                // It may be its own already: then only the answer was lost.
                let owned = holder.as_ref() == Some(&own);
                let free = owned || holder.is_none() || observed.as_ref().is_some_and(|(_, _, since)| *since + LEASE <= cx.now);
                if free {
                    let mut after = (*lease).clone();
                    let spec = taken_once(&self.candidates[at], spec.lease_transitions.unwrap_or(0) + i32::from(!owned), cx);
                    if let Some(lease) = after.as_lease_mut() {
                        lease.spec = Arc::new(spec);
                    }
                    Some(Verb::Update(Box::new(after)))
                } else {
                    None
                }
            }
            Err(error) if error.code() == 404 => {
                let lease = Lease { spec: Arc::new(taken_once(&self.candidates[at], 0, cx)), ..Lease::default() };
                let meta = Meta { name: self.candidates[at].lease.into(), namespace: NAMESPACE.into(), ..Meta::default() };
                Some(Verb::Create(Box::new(Object { meta, body: Body::Lease(lease) })))
            }
            Err(_) => None,
        };
        match taken {
            Some(verb) => {
                let ticket = cx.request(verb);
                self.candidates[at].asked = Some((ticket, true));
            }
            None => self.retry(at, cx),
        }
    }
}

fn key(lease: &str) -> Key {
    Key { kind: Kind::Lease, group_kind: Str::default(), namespace: NAMESPACE.into(), name: lease.into() }
}

/// The identity of a component's process in its present life.
fn identity(candidate: &Candidate, cx: &Ctx<'_>) -> Str {
    let draw = |n: u64| cx.seed.draw("election", &candidate.component, u64::from(candidate.life) * 2 + n).0;
    let (a, b) = (draw(0), draw(1));
    format!(
        "control-plane_{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48 & 0x3fff | 0x8000,
        b & 0xffff_ffff_ffff
    )
    .into()
}

/// A lease that is taken now and renewed from now on.
fn fresh(candidate: &Candidate, transitions: i32, cx: &Ctx<'_>) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(identity(candidate, cx)),
        lease_duration_seconds: Some((LEASE.0 / 1_000_000_000) as i32),
        acquire_time: Some(cx.micro()),
        renew_time: Some(cx.micro()),
        lease_transitions: Some(transitions),
        renewed_every: Some(RETRY),
        ..LeaseSpec::default()
    }
}

/// A lease that is taken now. Whether it will be renewed is seen when the answer comes: the process may have ended by then.
fn taken_once(candidate: &Candidate, transitions: i32, cx: &Ctx<'_>) -> LeaseSpec {
    LeaseSpec { renewed_every: None, ..fresh(candidate, transitions, cx) }
}

/// The lease of a leader that renews again.
fn held_since(candidate: &Candidate, cx: &Ctx<'_>) -> LeaseSpec {
    let present = cx.view.find(Kind::Lease, NAMESPACE, candidate.lease).and_then(|lease| Some(lease.as_lease()?.spec.clone()));
    let before = present.unwrap_or_default();
    LeaseSpec { acquire_time: before.acquire_time, ..fresh(candidate, before.lease_transitions.unwrap_or(0), cx) }
}

fn write_lease(lease: &str, spec: LeaseSpec, cx: &mut Ctx<'_>) {
    cx.settle(Verb::edit(key(lease), move |object| {
        if let Some(lease) = object.as_lease_mut() {
            lease.spec = Arc::new(spec.clone());
        }
    }));
}

/// Renewals begin.
fn start_renewing(lease: &str, cx: &mut Ctx<'_>) {
    cx.settle(Verb::edit(key(lease), |object| {
        if let Some(lease) = object.as_lease_mut() {
            Arc::make_mut(&mut lease.spec).renewed_every = Some(RETRY);
        }
    }));
}

/// Renewals end: the lease shows the last one.
fn stop_renewing(lease: &str, cx: &mut Ctx<'_>) {
    let now = cx.micro();
    cx.settle(Verb::edit(key(lease), move |object| {
        if let Some(lease) = object.as_lease_mut()
            && lease.spec.renewed_every.is_some()
        {
            let last = lease.spec.renewed_at(now);
            let spec = Arc::make_mut(&mut lease.spec);
            (spec.renew_time, spec.renewed_every) = (last, None);
        }
    }));
}

impl Actor for Elections {
    fn name(&self) -> &str {
        "leader-election"
    }

    fn watches(&self) -> Kinds {
        Kinds::NONE
    }

    fn start(&mut self, cx: &mut Ctx<'_>) {
        for candidate in &self.candidates {
            let lease = Lease { spec: Arc::new(fresh(candidate, 0, cx)), ..Lease::default() };
            let meta = Meta { name: candidate.lease.into(), namespace: NAMESPACE.into(), ..Meta::default() };
            cx.settle(Verb::Create(Box::new(Object { meta, body: Body::Lease(lease) })));
        }
    }

    fn changed(&mut self, _change: Change<'_>, _cx: &mut Ctx<'_>) {}

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        let (at, what, life) = ((token & 0xffff_ffff) as usize, token & (0xf << 32), (token >> 36) as u32);
        let candidate = &mut self.candidates[at];
        if candidate.life != life {
            return;
        }
        match (what, &candidate.state) {
            (LOST, State::Leads { renews: false }) => {
                let component = candidate.component.clone();
                cx.signal(Signal::ProcessCrash(component));
                cx.wake_in(RESTART, RESTARTED | u64::from(life + 1) << 36 | at as u64);
            }
            (RESTARTED, State::Down) => cx.signal(Signal::ProcessStart(candidate.component.clone())),
            (TRY, State::Waits { .. }) if candidate.asked.is_none() => self.ask(at, cx),
            _ => {}
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        let Some(at) = self.candidates.iter().position(|candidate| candidate.asked.is_some_and(|(asked, _)| asked == ticket)) else {
            return;
        };
        let taking = self.candidates[at].asked.take().is_some_and(|(_, taking)| taking);
        match answer {
            answer if !taking => self.seen(at, answer, cx),
            Ok(_) => {
                let renews = self.can_renew();
                self.candidates[at].state = State::Leads { renews };
                if renews {
                    start_renewing(self.candidates[at].lease, cx);
                } else {
                    cx.wake_in(RENEW_DEADLINE, LOST | u64::from(self.candidates[at].life) << 36 | at as u64);
                }
                cx.signal(Signal::ProcessLead(self.candidates[at].component.clone()));
            }
            Err(_) => self.retry(at, cx),
        }
    }

    fn signalled(&mut self, signal: &Signal, cx: &mut Ctx<'_>) {
        match signal {
            Signal::Server(trouble) => self.server(*trouble, cx),
            Signal::ProcessCrash(component) => {
                if let Some(at) = self.candidates.iter().position(|candidate| candidate.component == *component) {
                    self.end(at, cx);
                }
            }
            Signal::ProcessStart(component) => {
                let found =
                    self.candidates.iter().position(|candidate| candidate.component == *component && candidate.state == State::Down);
                if let Some(at) = found {
                    self.candidates[at].state = State::Waits { observed: None };
                    self.ask(at, cx);
                }
            }
            _ => {}
        }
    }
}

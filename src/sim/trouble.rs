//! The edge of the API server when something is wrong: requests that are refused, lost, slow or fail, watches that break off.
//! Real: staging/src/k8s.io/client-go/tools/cache/reflector.go (back-off of 800 ms, doubled up to 30 s, with jitter),
//! staging/src/k8s.io/client-go/tools/record/event.go (12 tries, 10 s apart) @ v1.37.2.

use super::{InFlight, Sim};
use crate::actor::{Signal, Trouble};
use crate::api::{Answer, ApiError, Verb};
use crate::base::{Seed, Span, Stream, Time};
use crate::engine::Event;

/// The server's own limit: a request that takes longer gets a timeout. Real: --request-timeout.
const REQUEST_TIMEOUT: Span = Span::from_s(60);
/// How long a request waits for an etcd that has no leader. Real: etcd's ReqTimeout, 5 s and two election timeouts of 1 s.
const ETCD_TIMEOUT: Span = Span::from_s(7);
/// Longest wait of a watch until it tries to connect again.
const RECONNECT_MAX: Span = Span::from_s(30);
/// How often an Event is sent again, and how long between. Real: maxTriesPerEvent, defaultSleepDuration.
const EVENT_TRIES: u32 = 12;
const EVENT_PAUSE: Span = Span::from_s(10);

/// What becomes of a request that has arrived.
pub(super) enum Fate {
    /// It is carried out now.
    CarriedOut,
    /// It is still on its way into etcd.
    Later(Time),
    /// It is not carried out.
    Fails(ApiError),
}

/// What is wrong, and since when.
pub(super) struct Edge {
    trouble: Trouble,
    since: Time,
    random: Stream,
}

impl Edge {
    pub(super) fn new(seed: Seed) -> Edge {
        Edge { trouble: Trouble::default(), since: Time::ZERO, random: seed.stream("trouble") }
    }

    pub(super) fn is_down(&self) -> bool {
        self.trouble.down
    }

    /// How much longer than usual a request is on its way.
    pub(super) fn delay(&mut self) -> Span {
        self.trouble.latency.map_or(Span::ZERO, |latency| latency.at(self.random.draw()))
    }

    pub(super) fn admit(&mut self, flight: &mut InFlight, now: Time) -> Fate {
        if self.trouble == Trouble::default() {
            return Fate::CarriedOut;
        }
        if self.trouble.down {
            return Fate::Fails(refused());
        }
        let percent = u64::from(self.trouble.errors_percent);
        if percent > 0 && !flight.committing && self.random.below(100) < percent {
            return Fate::Fails(ApiError::unavailable("the server is currently unable to handle the request"));
        }
        if self.trouble.leaderless {
            return Fate::Fails(ApiError::without_reason("etcdserver: request timed out"));
        }
        let is_write = !matches!(flight.verb, Some(Verb::Get(_) | Verb::DryRunCreate(_) | Verb::PodMetrics { .. }) | None);
        match self.trouble.write_latency {
            Some(latency) if is_write && !flight.committing => {
                flight.committing = true;
                Fate::Later(now + latency.at(self.random.draw()))
            }
            _ => Fate::CarriedOut,
        }
    }

    /// The answer and when it comes: no client gets one later than the server's own limit allows.
    pub(super) fn answer(&self, answer: Answer, left: Time, at: Time) -> (Answer, Time) {
        if self.trouble == Trouble::default() {
            return (answer, at);
        }
        let at = if self.trouble.leaderless && answer.is_err() { at + ETCD_TIMEOUT } else { at };
        if at > left + REQUEST_TIMEOUT {
            let text = "request did not complete within requested timeout - context deadline exceeded";
            return (Err(ApiError::timeout(text, 0)), at);
        }
        (answer, at)
    }

    /// What of an answer is received: nothing, when the server went down meanwhile.
    pub(super) fn received(&self, answer: Answer) -> Answer {
        if self.trouble.down { Err(refused()) } else { answer }
    }
}

/// What a client's dialer says.
fn refused() -> ApiError {
    ApiError::unreachable()
}

/// Whether the writer of Events sends this one again: it was never carried out, and not for its own fault.
pub(super) fn is_tried_again(flight: &InFlight) -> bool {
    flight.verb.is_some() && flight.tries + 1 < EVENT_TRIES
}

impl Sim {
    pub(super) fn take_signal(&mut self, signal: &Signal) {
        match signal {
            Signal::Server(trouble) => self.set_trouble(*trouble),
            Signal::WatchLag { component, lag } => {
                for slot in self.slots.iter_mut().filter(|slot| slot.process == *component) {
                    slot.lag = *lag;
                }
            }
            Signal::ComponentClock { component, offset_ms } => {
                let clock = self.settings.clock.skewed(*offset_ms);
                if &**component == "apiserver" {
                    self.server.clock = clock;
                }
                for slot in self.slots.iter_mut().filter(|slot| slot.process == *component) {
                    slot.clock = clock;
                }
            }
            Signal::ProcessCrash(process) => self.kill(process),
            Signal::ProcessLead(process) => self.revive(process),
            _ => {}
        }
    }

    fn set_trouble(&mut self, trouble: Trouble) {
        let was = std::mem::replace(&mut self.edge.trouble, trouble);
        if trouble.down && !was.down {
            self.edge.since = self.now;
        }
        if was.down && !trouble.down {
            // Each client tries again when its back-off ends: the longer it lasted, the later that may be.
            let longest = (self.now - self.edge.since).min(RECONNECT_MAX);
            for at in 0..self.slots.len() {
                let slot = &mut self.slots[at];
                slot.reconnects = self.now + Span(slot.network.below(longest.0.max(1)));
                if std::mem::take(&mut slot.stalled) && slot.up {
                    let event = Event::Deliver { actor: crate::engine::ActorId(at as u16), life: slot.life };
                    self.queue.push(slot.reconnects, event);
                }
            }
        }
    }

    /// An Event that could not be written is sent again after a while.
    pub(super) fn send_again(&mut self, mut flight: InFlight) {
        flight.tries += 1;
        flight.committing = false;
        // The first pause is drawn, so that not all writers come back at once.
        let pause = if flight.tries == 1 { Span(self.edge.random.below(EVENT_PAUSE.0)) } else { EVENT_PAUSE };
        flight.left = self.now + pause;
        let latency = self.settings.latency.request.at(self.slots[flight.actor.0 as usize].network.draw());
        let arrives = flight.left + latency;
        self.put_under_way(flight, arrives);
    }
}

//! The contract of a component: what it is told, what it may read, what it may ask for.
//!
//! An actor sees the world through its own `View` only, which lags behind the API server, and acts through requests, which
//! take their time and may be refused. It never meets another actor.

pub mod client;
pub mod controller;
pub mod election;
pub mod expectations;
pub mod record;
pub mod recorder;
pub mod script;
pub mod traffic;
pub mod workqueue;

use crate::api::{Answer, Verb};
use crate::base::{Dist, Seed, Span, Stream, Time};
use crate::model::{Kind, MicroTime, Object, Str, Timestamp};
use crate::store::{Change, View};
pub use record::{Observer, Record};
pub use recorder::{EventNote, EventType};
use std::sync::Arc;

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kinds(u64);

impl Kinds {
    /// No kind.
    pub const NONE: Kinds = Kinds(0);
    /// Every kind.
    pub const ALL: Kinds = Kinds(u64::MAX);

    /// These kinds.
    pub const fn of(kinds: &[Kind]) -> Kinds {
        let mut bits = 0;
        let mut at = 0;
        while at < kinds.len() {
            bits |= 1 << kinds[at] as u64;
            at += 1;
        }
        Kinds(bits)
    }

    /// Those of both.
    pub const fn union(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Whether the kind is among them.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u64) != 0
    }
}

// A bit for each kind.
const _: () = assert!((Kind::Other as u64) < 64);

/// Ties an answer to its request; counted per actor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);

/// What happens to the physical world (machines, networks), told to every actor at once. Not an API matter: components learn
/// of it from its effects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Signal {
    /// A machine loses power: its containers die, its kubelet falls silent.
    NodeCrash(Str),
    /// A crashed machine starts again.
    NodeBoot(Str),
    /// The kubelet's process stops: containers go on, nobody looks after them.
    KubeletStop(Str),
    /// The kubelet's process starts again.
    KubeletStart(Str),
    /// A machine runs short of memory (`on`), or no longer does.
    MemoryPressure {
        /// Which one.
        node: Str,
        /// Whether it is short now.
        on: bool,
    },
    /// A machine runs short of disk (`on`), or no longer does.
    DiskPressure {
        /// Which one.
        node: Str,
        /// Whether it is short now.
        on: bool,
    },
    /// The processes of a pod's containers are killed.
    ContainerKill {
        /// Namespace of the pod.
        namespace: Str,
        /// Its name.
        pod: Str,
        /// Which container; all but init containers when empty.
        container: Str,
        /// Whether the kernel does it for want of memory.
        oom: bool,
    },
    /// The network space of a pod comes or goes, or a process in it begins, changes its plans, or ends. Told only where
    /// somebody sends requests.
    Process(Arc<traffic::Process>),
    /// What requests make pods' processes use, beside what they use when idle: of those of which it changed, namespace, name, and
    /// CPU in thousandths.
    Busy(Arc<[(Str, Str, i64)]>),
    /// How the image registry is: pulls take so many times as long as usual, or fail when it is zero.
    Registry {
        /// Times as long; 1 is as usual, 0 is down.
        slowness: u32,
    },
    /// A machine is cut off from the control plane (`on`), or no longer is.
    Partition {
        /// Which one.
        node: Str,
        /// Whether it is cut off now.
        on: bool,
    },
    /// How the API server and its etcd are from now on.
    Server(Trouble),
    /// The watches of a component are late by so much from now on.
    WatchLag {
        /// Whose.
        component: Str,
        /// By how much, beside the usual.
        lag: Span,
    },
    /// The process of a control plane component ends, and what it knew is gone.
    ProcessCrash(Str),
    /// The process is started again. It does nothing before it leads.
    ProcessStart(Str),
    /// The process has become the leader: it begins with a fresh view.
    ProcessLead(Str),
    /// A machine's clock goes ahead by so much from now on (negative: behind).
    NodeClock {
        /// Which machine.
        node: Str,
        /// Milliseconds.
        offset_ms: i64,
    },
    /// The same of a component of the control plane.
    ComponentClock {
        /// Which one.
        component: Str,
        /// Milliseconds.
        offset_ms: i64,
    },
}

/// What is wrong with the API server and its etcd.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Trouble {
    /// No request is taken.
    pub down: bool,
    /// No write is committed, and nothing is read that must be the newest.
    pub leaderless: bool,
    /// How much longer a request takes.
    pub latency: Option<Dist>,
    /// How much longer a write takes beside that.
    pub write_latency: Option<Dist>,
    /// How many of a hundred requests fail.
    pub errors_percent: u32,
}

/// A component of the simulated cluster.
pub trait Actor {
    /// Its name: the stream of its random numbers, the source of its Events.
    fn name(&self) -> &str;

    /// The kinds whose changes it is told.
    fn watches(&self) -> Kinds;

    /// Whether a change of a watched kind can mean anything to it. Asked when the change is committed: one that nobody minds costs
    /// no message. `false` only where `changed` would do nothing, whatever the actor is told before; it may be told all the same.
    fn minds(&self, _change: Change<'_>) -> bool {
        true
    }

    /// Limits of each of its API clients, if it has any.
    fn client_limits(&self) -> Option<client::Limits> {
        None
    }

    /// Which of its clients sends a request, counted from 0: each has a bucket of its own.
    fn client(&self, _verb: &Verb) -> usize {
        0
    }

    /// Which of its clients writes its Events. A controller has one for all: a burst of work delays the Events about it.
    fn event_client(&self) -> usize {
        0
    }

    /// Called once, before anything else. Objects that exist already come as changes right after.
    fn start(&mut self, _cx: &mut Ctx<'_>) {}

    /// A watched object changed. The view already shows all changes of the same delivery.
    fn changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>);

    /// All changes of a delivery have been told.
    fn settled(&mut self, _cx: &mut Ctx<'_>) {}

    /// A timer set with `Ctx::wake_at` fires.
    fn wake(&mut self, _token: u64, _cx: &mut Ctx<'_>) {}

    /// An answer to one of its requests.
    fn answered(&mut self, _ticket: Ticket, _answer: Answer, _cx: &mut Ctx<'_>) {}

    /// The physical world changed.
    fn signalled(&mut self, _signal: &Signal, _cx: &mut Ctx<'_>) {}
}

/// Turns simulated time into the wall-clock times that objects show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
    /// Microseconds since 1970 at the start of the run.
    pub start_us: i64,
}

impl Clock {
    /// A clock that goes ahead by so much (negative: behind).
    pub fn skewed(self, offset_ms: i64) -> Clock {
        Clock { start_us: self.start_us.saturating_add(offset_ms.saturating_mul(1_000)) }
    }

    /// The moment in whole seconds, as most fields have it.
    pub fn timestamp(self, at: Time) -> Timestamp {
        Timestamp(self.micro(at).0.div_euclid(1_000_000))
    }

    /// The moment in microseconds.
    pub fn micro(self, at: Time) -> MicroTime {
        MicroTime(self.start_us + (at.0 / 1_000) as i64)
    }

    /// The instant of a wall-clock moment; the start for earlier ones.
    pub fn time(self, moment: Timestamp) -> Time {
        Time(u64::try_from(i128::from(moment.0) * 1_000_000_000 - i128::from(self.start_us) * 1_000).unwrap_or(0))
    }

    /// How long a wall-clock moment is ago, in nanoseconds; negative when it lies ahead.
    pub fn age_ns(self, moment: Timestamp, now: Time) -> i128 {
        i128::from(now.0) - (i128::from(moment.0) * 1_000_000_000 - i128::from(self.start_us) * 1_000)
    }
}

/// What an actor wants to happen; the run carries it out when the actor has finished its step.
#[derive(Default)]
pub struct Outbox {
    pub(crate) next_ticket: u64,
    pub(crate) requests: Vec<(Ticket, Verb)>,
    pub(crate) wakes: Vec<(Time, u64)>,
    pub(crate) notes: Vec<EventNote>,
    pub(crate) records: Vec<Record>,
    pub(crate) signals: Vec<Signal>,
    pub(crate) settled: Vec<Verb>,
}

/// What an actor has at hand during one step.
pub struct Ctx<'a> {
    /// The present instant.
    pub now: Time,
    /// The cluster as this actor knows it.
    pub view: View<'a>,
    /// Wall-clock times.
    pub clock: Clock,
    /// The run's seed, for keyed draws.
    pub seed: Seed,
    /// The actor's own stream of random numbers.
    pub rng: &'a mut Stream,
    pub(crate) out: &'a mut Outbox,
}

impl Ctx<'_> {
    /// Sends a request to the API server; the answer comes to `Actor::answered`.
    pub fn request(&mut self, verb: Verb) -> Ticket {
        let ticket = Ticket(self.out.next_ticket);
        self.out.next_ticket += 1;
        self.out.requests.push((ticket, verb));
        ticket
    }

    /// Writes down what has been true all along, at once and whatever becomes of the API server: where a heartbeat that was kept
    /// as a closed form ends. Not a request; nothing is answered.
    pub fn settle(&mut self, verb: Verb) {
        self.out.settled.push(verb);
    }

    /// Asks for `Actor::wake` with this token at an instant (now, if that has passed). Timers cannot be taken back: an actor
    /// checks by its own state whether one still means something.
    pub fn wake_at(&mut self, at: Time, token: u64) {
        self.out.wakes.push((at.max(self.now), token));
    }

    /// Asks for `Actor::wake` after a while.
    pub fn wake_in(&mut self, span: Span, token: u64) {
        self.wake_at(self.now + span, token);
    }

    /// Notes a Kubernetes Event about an object. The actor's recorder writes it, merged with its like.
    pub fn event(&mut self, about: &Object, kind: EventType, reason: &'static str, message: impl Into<String>) {
        self.note(EventNote::new(about, kind, reason, Into::<String>::into(message)));
    }

    /// Notes an Event with details of its own.
    pub fn note(&mut self, note: EventNote) {
        self.out.notes.push(note);
    }

    /// Tells the observers (metrics, reports) something that no object shows. Never comes back.
    pub fn record(&mut self, record: Record) {
        self.out.records.push(record);
    }

    /// Changes the physical world: every actor is told.
    pub fn signal(&mut self, signal: Signal) {
        self.out.signals.push(signal);
    }

    /// The present moment as whole seconds of wall-clock time.
    pub fn timestamp(&self) -> Timestamp {
        self.clock.timestamp(self.now)
    }

    /// The present moment in microseconds of wall-clock time.
    pub fn micro(&self) -> MicroTime {
        self.clock.micro(self.now)
    }
}

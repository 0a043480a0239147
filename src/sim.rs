//! A world: the one place that knows engine, store, API server and actors, and runs them.

mod processes;
mod steps;
mod trouble;

use crate::actor::client::{Limits, Throttle};
use crate::actor::{Actor, Clock, Ctx, Kinds, Observer, Outbox, Signal, Ticket, recorder::Recorder};
use crate::api::{Answer, Server, Verb};
use crate::base::collections::Map;
use crate::base::pool::Pool;
use crate::base::{Dist, Seed, Span, Stream, Time};
use crate::engine::{ActorId, Event, EventQueue, RequestId, TraceHash};
use crate::model::Str;
use crate::store::{Change, Store, fingerprint};
use smallvec::SmallVec;
use std::mem;
pub use steps::Step;
use trouble::Edge;

/// How long messages take.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Latency {
    /// From a component to the API server, and the same again for the answer.
    pub request: Dist,
    /// From a commit until a component's view shows it.
    pub watch: Dist,
}

impl Default for Latency {
    fn default() -> Self {
        Latency { request: Dist::Constant(Span::from_ms(2)), watch: Dist::Constant(Span::from_ms(3)) }
    }
}

/// What a world is made with.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// Seed of all randomness.
    pub seed: Seed,
    /// Wall-clock time at the start.
    pub clock: Clock,
    /// How long messages take.
    pub latency: Latency,
}

/// More events than this at one instant: the world is stuck.
const EVENTS_PER_INSTANT_MAX: u64 = 50_000_000;
/// The log is pruned each time it has grown by this many entries.
const PRUNE_EVERY: usize = 4_096;

struct Slot {
    actor: Box<dyn Actor>,
    name: Str,
    watches: Kinds,
    /// The resourceVersion up to which the actor has seen the log, while a delivery is pending.
    seen: u64,
    delivery_pending: bool,
    rng: Stream,
    network: Stream,
    outbox: Outbox,
    /// The limits of its API clients, and a bucket for each client that it has used.
    limits: Option<Limits>,
    throttles: SmallVec<[Throttle; 1]>,
    recorders: Map<Str, Recorder>,
    /// The process that it is a part of.
    process: Str,
    /// Which of its lives this is: what was set and asked in an earlier one counts no more.
    life: u16,
    /// Whether its process is there and leads.
    up: bool,
    /// How much later than usual it sees changes.
    lag: Span,
    /// A delivery waits until the API server is back.
    stalled: bool,
    /// Its watches are broken off until then.
    reconnects: Time,
    clock: Clock,
}

enum Sender {
    /// An actor's own request.
    Own(Ticket),
    /// The actor's recorder of Events on this host.
    Recorder(Str),
}

struct InFlight {
    actor: ActorId,
    life: u16,
    sender: Sender,
    /// Until it has been carried out.
    verb: Option<Verb>,
    answer: Option<Answer>,
    /// When it left its client.
    left: Time,
    /// etcd is at work on it.
    committing: bool,
    /// How often it was sent before.
    tries: u32,
}

/// Figures of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Events taken from the queue.
    pub events: u64,
    /// Commits to the store.
    pub commits: u64,
    /// Requests to the API server.
    pub requests: u64,
    /// Requests that were refused.
    pub refused: u64,
}

/// A simulated cluster.
pub struct Sim {
    settings: Settings,
    now: Time,
    queue: EventQueue,
    store: Store,
    server: Server,
    slots: Vec<Slot>,
    requests: Vec<Option<InFlight>>,
    free_requests: Vec<u32>,
    observers: Vec<Box<dyn Observer>>,
    trace: TraceHash,
    counters: Counters,
    /// The resourceVersion up to which commits have been told to observers and readers.
    announced: u64,
    signals: Vec<Signal>,
    /// What is wrong with the API server.
    edge: Edge,
    /// How the actors of each process are made anew.
    processes: Vec<processes::Process>,
    /// The steps in words, if somebody wants them.
    steps: Option<steps::Steps>,
    started: bool,
    /// Texts that many Events have.
    texts: Pool<Str>,
    /// The bytes of a commit on their way into the trace.
    scratch: Vec<u8>,
}

impl Sim {
    /// An empty world.
    pub fn new(settings: Settings) -> Sim {
        Sim {
            settings,
            now: Time::ZERO,
            queue: EventQueue::default(),
            store: Store::default(),
            server: Server::new(settings.seed, settings.clock),
            slots: Vec::new(),
            requests: Vec::new(),
            free_requests: Vec::new(),
            observers: Vec::new(),
            trace: TraceHash::default(),
            counters: Counters::default(),
            announced: 0,
            signals: Vec::new(),
            edge: Edge::new(settings.seed),
            processes: Vec::new(),
            steps: None,
            started: false,
            texts: Pool::default(),
            scratch: Vec::new(),
        }
    }

    /// Adds a component. All components come before the first step.
    pub fn add_actor(&mut self, actor: Box<dyn Actor>) {
        let process: Str = actor.name().into();
        self.add(actor, process);
    }

    fn add(&mut self, actor: Box<dyn Actor>, process: Str) {
        assert!(!self.started, "components are there from the start");
        let seed = self.settings.seed;
        let name: Str = actor.name().into();
        assert!(self.slots.iter().all(|slot| slot.name != name), "two components named {name}");
        self.slots.push(Slot {
            watches: actor.watches(),
            seen: 0,
            delivery_pending: false,
            rng: seed.stream(&name),
            network: seed.stream(&format!("network/{name}")),
            outbox: Outbox::default(),
            limits: actor.client_limits(),
            throttles: SmallVec::new(),
            recorders: Map::default(),
            process,
            life: 0,
            up: true,
            lag: Span::ZERO,
            stalled: false,
            reconnects: Time::ZERO,
            clock: self.settings.clock,
            name,
            actor,
        });
    }

    /// Whether the event is for the present life of a living actor.
    fn concerns(&self, actor: ActorId, life: u16) -> bool {
        let slot = &self.slots[actor.0 as usize];
        slot.up && slot.life == life
    }

    /// The components by name, and what they watch.
    pub fn components(&self) -> impl Iterator<Item = (&str, Kinds)> {
        self.slots.iter().map(|slot| (&*slot.name, slot.watches))
    }

    /// Switches off what is only there for speed.
    pub fn without_caches(&mut self) {
        self.server.without_caches();
    }

    /// Adds somebody who looks on.
    pub fn add_observer(&mut self, observer: Box<dyn Observer>) {
        self.observers.push(observer);
    }

    /// Carries out a request at once, without latency: for what exists before the run begins.
    pub fn request_now(&mut self, verb: Verb) -> Answer {
        let answer = self.server.handle(&mut self.store, self.now, verb);
        self.announce();
        answer
    }

    /// The store, to look at.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Wall-clock times.
    pub fn clock(&self) -> Clock {
        self.settings.clock
    }

    /// Figures so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The fingerprint of the run so far.
    pub fn trace(&self) -> &TraceHash {
        &self.trace
    }

    /// The store alone, when the run is over.
    pub fn into_store(self) -> Store {
        self.store
    }

    /// The observers, when the run is over.
    pub fn into_observers(self) -> Vec<Box<dyn Observer>> {
        self.observers
    }

    /// When the next event happens, if any is left.
    pub fn next_time(&self) -> Option<Time> {
        self.queue.next_time()
    }

    /// Runs up to and including `until`, or until nothing is left to happen.
    pub fn run_until(&mut self, until: Time) {
        self.start();
        let (mut instant, mut at_instant) = (Time::MAX, 0u64);
        while let Some((at, event)) = self.queue.pop_until(until) {
            at_instant = if at == instant { at_instant + 1 } else { 0 };
            instant = at;
            assert!(at_instant < EVENTS_PER_INSTANT_MAX, "time stands still at {at}: {event:?}");
            self.now = at;
            self.counters.events += 1;
            self.trace.add(at, &event.bytes());
            self.keep_event(at, event);
            self.dispatch(event);
        }
        self.now = self.now.max(until.min(self.queue.next_time().unwrap_or(until)));
    }

    fn dispatch(&mut self, event: Event) {
        match event {
            Event::Wake { actor, life, .. } | Event::Deliver { actor, life } if !self.concerns(actor, life) => {}
            Event::Wake { actor, token, .. } => self.step(actor, |actor, cx| actor.wake(token, cx)),
            Event::Deliver { actor, .. } => self.deliver(actor),
            Event::Arrive { request } => self.arrive(request),
            Event::Answer { request } => self.answer(request),
        }
    }

    fn start(&mut self) {
        if mem::replace(&mut self.started, true) {
            return;
        }
        for actor in 0..self.slots.len() as u16 {
            self.begin(ActorId(actor));
        }
    }

    /// An actor begins: it lists everything.
    fn begin(&mut self, id: ActorId) {
        self.slots[id.0 as usize].seen = self.store.version();
        self.step(id, |actor, cx| actor.start(cx));
        self.step(id, |actor, cx| {
            let watches = actor.watches();
            for &kind in crate::model::Kind::ALL.iter().chain([&crate::model::Kind::Other]) {
                if watches.contains(kind) {
                    for (id, object) in cx.view.list(kind) {
                        actor.changed(Change { id, before: None, after: Some(object) }, cx);
                    }
                }
            }
            actor.settled(cx);
        });
    }

    /// Lets an actor act, and carries out what it wants.
    fn step(&mut self, id: ActorId, act: impl FnOnce(&mut dyn Actor, &mut Ctx<'_>)) {
        self.act(id, act);
        // The physical world changes for all at once, in the order of the components.
        let mut rounds = 0;
        while !self.signals.is_empty() {
            rounds += 1;
            assert!(rounds < 1_000, "signals beget signals without end");
            for signal in mem::take(&mut self.signals) {
                self.take_signal(&signal);
                for actor in 0..self.slots.len() as u16 {
                    if self.slots[actor as usize].up {
                        self.act(ActorId(actor), |actor, cx| actor.signalled(&signal, cx));
                    }
                }
            }
        }
    }

    fn act(&mut self, id: ActorId, act: impl FnOnce(&mut dyn Actor, &mut Ctx<'_>)) {
        let slot = &mut self.slots[id.0 as usize];
        let version = if slot.delivery_pending { slot.seen } else { self.store.version() };
        let mut cx = Ctx {
            now: self.now,
            view: self.store.view(version),
            clock: slot.clock,
            seed: self.settings.seed,
            rng: &mut slot.rng,
            out: &mut slot.outbox,
        };
        act(&mut *slot.actor, &mut cx);
        self.flush(id);
    }

    fn flush(&mut self, id: ActorId) {
        let slot = &mut self.slots[id.0 as usize];
        let mut outbox = mem::take(&mut slot.outbox);
        for (at, token) in outbox.wakes.drain(..) {
            self.queue.push(at, Event::Wake { actor: id, life: slot.life, token });
        }
        for verb in outbox.settled.drain(..) {
            // Whatever it is about may have gone.
            let _ = self.server.handle(&mut self.store, self.now, verb);
            self.announce();
        }
        for record in outbox.records.drain(..) {
            for observer in &mut self.observers {
                observer.record(self.now, &record);
            }
        }
        for (ticket, verb) in outbox.requests.drain(..) {
            self.send(id, Sender::Own(ticket), verb);
        }
        for mut note in outbox.notes.drain(..) {
            let slot = &mut self.slots[id.0 as usize];
            if note.component.is_empty() {
                note.component = slot.name.clone();
            }
            let host = note.host.clone();
            slot.recorders.get_or_insert_with(host.clone(), Recorder::default).add(self.now, note);
            self.write_events(id, host);
        }
        self.signals.append(&mut outbox.signals);
        self.slots[id.0 as usize].outbox = outbox;
    }

    fn send(&mut self, actor: ActorId, sender: Sender, verb: Verb) {
        let slot = &mut self.slots[actor.0 as usize];
        let leaves = slot.limits.map_or(self.now, |limits| {
            let client = match &sender {
                Sender::Own(_) => slot.actor.client(&verb),
                Sender::Recorder(_) => slot.actor.event_client(),
            };
            while slot.throttles.len() <= client {
                slot.throttles.push(Throttle::new(limits));
            }
            slot.throttles[client].reserve(self.now)
        });
        let flight = InFlight { actor, life: slot.life, sender, verb: Some(verb), answer: None, left: leaves, committing: false, tries: 0 };
        let arrives = leaves + self.settings.latency.request.at(slot.network.draw());
        self.put_under_way(flight, arrives);
    }

    /// A request is under way; it arrives then, or later if the API server is slow.
    fn put_under_way(&mut self, flight: InFlight, arrives: Time) {
        let request = match self.free_requests.pop() {
            Some(free) => {
                self.requests[free as usize] = Some(flight);
                RequestId(free)
            }
            None => {
                self.requests.push(Some(flight));
                RequestId((self.requests.len() - 1) as u32)
            }
        };
        self.counters.requests += 1;
        let arrives = arrives + self.edge.delay();
        self.queue.push(arrives, Event::Arrive { request });
    }

    /// A request reaches the API server.
    fn arrive(&mut self, request: RequestId) {
        let flight = self.requests[request.0 as usize].as_mut().expect("a request under way");
        let (actor, left) = (flight.actor, flight.left);
        let named = flight.verb.as_ref().map_or("", Verb::name);
        let answer = match self.edge.admit(flight, self.now) {
            trouble::Fate::CarriedOut => {
                let verb = flight.verb.take().expect("carried out once");
                self.server.handle(&mut self.store, self.now, verb)
            }
            trouble::Fate::Later(at) => return self.queue.push(at, Event::Arrive { request }),
            trouble::Fate::Fails(error) => Err(error),
        };
        self.counters.refused += u64::from(answer.is_err());
        for observer in &mut self.observers {
            observer.request(self.now, &self.slots[actor.0 as usize].name, named, &answer);
        }
        let back = self.settings.latency.request.at(self.slots[actor.0 as usize].network.draw());
        let (answer, at) = self.edge.answer(answer, left, self.now + back);
        let flight = self.requests[request.0 as usize].as_mut().expect("a request under way");
        flight.answer = Some(answer);
        self.queue.push(at, Event::Answer { request });
        self.announce();
    }

    /// An answer reaches the one who asked.
    fn answer(&mut self, request: RequestId) {
        let mut flight = self.requests[request.0 as usize].take().expect("a request under way");
        self.free_requests.push(request.0);
        if !self.concerns(flight.actor, flight.life) {
            return;
        }
        let answer = self.edge.received(flight.answer.take().expect("answered by the server"));
        match flight.sender {
            Sender::Own(ticket) => self.step(flight.actor, |actor, cx| actor.answered(ticket, answer, cx)),
            Sender::Recorder(_) if trouble::is_tried_again(&flight) => self.send_again(flight),
            Sender::Recorder(host) => {
                let slot = &mut self.slots[flight.actor.0 as usize];
                slot.recorders.get_mut(&host).expect("it asked").answered(&answer);
                self.write_events(flight.actor, host);
            }
        }
    }

    fn write_events(&mut self, actor: ActorId, host: Str) {
        let slot = &mut self.slots[actor.0 as usize];
        if let Some(recorder) = slot.recorders.get_mut(&host)
            && let Some(verb) = recorder.next(self.now, self.settings.clock, &mut self.texts)
        {
            self.send(actor, Sender::Recorder(host), verb);
        }
    }

    /// Tells trace, observers and readers of new commits.
    fn announce(&mut self) {
        while self.announced < self.store.version() {
            self.announced += 1;
            let entry = self.store.entry(self.announced).expect("the newest entries are there");
            self.counters.commits += 1;
            self.scratch.clear();
            fingerprint::of(entry, &mut self.scratch);
            self.trace.add(entry.at, &self.scratch);
            self.keep_commit(self.announced);
            let entry = self.store.entry(self.announced).expect("the newest entries are there");
            let key = self.store.key(entry.id);
            for observer in &mut self.observers {
                observer.commit(key, entry);
            }
            let kind = entry.kind();
            if !self.started {
                continue;
            }
            for (at, slot) in self.slots.iter_mut().enumerate() {
                if slot.up && slot.watches.contains(kind) && !slot.delivery_pending && slot.actor.minds(entry.as_change()) {
                    slot.delivery_pending = true;
                    slot.seen = self.announced - 1;
                    let lag = self.settings.latency.watch.at(slot.network.draw()) + slot.lag;
                    let at_time = (self.now + lag).max(slot.reconnects);
                    self.queue.push(at_time, Event::Deliver { actor: ActorId(at as u16), life: slot.life });
                }
            }
        }
        if self.store.log_len() > PRUNE_EVERY {
            self.prune();
        }
    }

    /// Changes reach an actor: all that were committed by the time the message left.
    fn deliver(&mut self, id: ActorId) {
        let slot = &mut self.slots[id.0 as usize];
        if self.edge.is_down() {
            slot.stalled = true;
            return;
        }
        let from = slot.seen;
        let left_at = self.store.entry(from + 1).map_or(self.now, |entry| entry.at);
        let lag = self.now - left_at;
        let mut upto = from;
        let mut more = None;
        for version in from + 1..=self.store.version() {
            let entry = self.store.entry(version).expect("unseen entries are kept");
            if entry.at + lag > self.now {
                if slot.watches.contains(entry.kind()) {
                    more = Some(entry);
                    break;
                }
                continue;
            }
            upto = version;
        }
        slot.seen = upto;
        match more {
            // The next message has a lag of its own, counted from the first change that it carries: what lies between is not
            // for this actor, and must not make it later.
            Some(first) => {
                slot.seen = first.version - 1;
                let lag = self.settings.latency.watch.at(slot.network.draw()) + slot.lag;
                self.queue.push((first.at + lag).max(self.now), Event::Deliver { actor: id, life: slot.life });
            }
            None => slot.delivery_pending = false,
        }
        let watches = slot.watches;
        for observer in &mut self.observers {
            observer.delivered(self.now, &slot.name, upto);
        }
        self.step(id, |actor, cx| {
            for entry in cx.view.entries(from + 1, upto) {
                if watches.contains(entry.kind()) {
                    actor.changed(entry.as_change(), cx);
                }
            }
            actor.settled(cx);
        });
    }

    fn prune(&mut self) {
        let pending = self.slots.iter().filter(|slot| slot.delivery_pending).map(|slot| slot.seen);
        let floor = pending.min().unwrap_or(self.store.version());
        self.store.prune(floor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::controller::{Controller, ControllerActor, Step, Sync, Work};
    use crate::model::{Body, ConfigMap, Kind, Meta, Namespace, Object};
    use crate::store::{Id, Key};

    /// Copies each ConfigMap `x` that has no owner to `x-copy`.
    #[derive(Default)]
    struct Copier;

    impl Controller for Copier {
        type Progress = ();
        fn name(&self) -> &'static str {
            "copier"
        }
        fn watches(&self) -> Kinds {
            Kinds::of(&[Kind::ConfigMap])
        }
        fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, _cx: &mut Ctx<'_>) {
            work.add(change.id);
        }
        fn sync(&mut self, key: Id, sync: &mut Sync<()>, cx: &mut Ctx<'_>) -> Step {
            let Some(map) = cx.view.get(key) else { return Step::Done };
            let copy = format!("{}-copy", map.meta.name);
            if sync.turn == 1 || map.meta.name.ends_with("-copy") || cx.view.find(Kind::ConfigMap, &map.meta.namespace, &copy).is_some() {
                return Step::Done;
            }
            cx.event(map, crate::actor::EventType::Normal, "Copied", format!("to {copy}"));
            Step::call(Verb::Create(Box::new(config_map(&copy))))
        }
    }

    fn config_map(name: &str) -> Object {
        let meta = Meta { name: name.into(), namespace: "default".into(), ..Meta::default() };
        Object { meta, body: Body::ConfigMap(ConfigMap::default()) }
    }

    fn world(seed: u64) -> Sim {
        let clock = Clock { start_us: 1_774_767_300_000_000 };
        let mut sim = Sim::new(Settings { seed: Seed(seed), clock, latency: Latency::default() });
        let meta = Meta { name: "default".into(), ..Meta::default() };
        sim.request_now(Verb::Create(Box::new(Object { meta, body: Body::Namespace(Namespace::default()) }))).unwrap();
        sim.add_actor(Box::new(ControllerActor::new(Copier)));
        sim.request_now(Verb::Create(Box::new(config_map("a")))).unwrap();
        sim
    }

    #[test]
    fn a_controller_acts_on_what_it_sees_after_latency() {
        let mut sim = world(1);
        sim.run_until(Time::from_ms(1));
        assert_eq!(sim.store().now().list(Kind::ConfigMap).count(), 1);
        sim.run_until(Time::from_s(1));
        let names: Vec<_> = sim.store().now().list(Kind::ConfigMap).map(|(_, o)| o.meta.name.to_string()).collect();
        assert_eq!(names, ["a", "a-copy"]);
        let events: Vec<_> = sim.store().now().list(Kind::Event).map(|(_, o)| o.as_event().unwrap().message.to_string()).collect();
        assert_eq!(events, ["to a-copy"]);
        assert!(sim.next_time().is_none());
        assert_eq!(sim.now(), Time::from_s(1));
    }

    #[test]
    fn equal_seeds_give_equal_runs_and_others_do_not() {
        let hash = |seed: u64| {
            let mut sim = world(seed);
            sim.run_until(Time::from_s(1));
            (sim.trace().hash(), sim.store().now().find(Kind::ConfigMap, "default", "a-copy").unwrap().meta.uid.clone())
        };
        assert_eq!(hash(1), hash(1));
        assert_ne!(hash(1).1, hash(2).1);
    }

    #[test]
    fn a_write_from_a_stale_view_conflicts() {
        let mut sim = world(1);
        let key = Key::of(&config_map("a"));
        let stale = sim.request_now(Verb::Get(key.clone())).unwrap();
        sim.request_now(Verb::edit(key.clone(), |o| o.meta.labels.set("x", "1"))).unwrap();
        let error = sim.request_now(Verb::Update(Box::new((*stale).clone()))).unwrap_err();
        assert_eq!(error.code(), 409);
        let gone = sim.request_now(Verb::delete(key.clone())).unwrap();
        assert_eq!(gone.meta.labels.get("x"), Some("1"));
        assert_eq!(sim.request_now(Verb::Get(key)).unwrap_err().code(), 404);
    }

    /// Notes how late each ConfigMap, named by the millisecond of its creation, is seen.
    struct Watcher(std::rc::Rc<std::cell::RefCell<Vec<u64>>>);

    impl Actor for Watcher {
        fn name(&self) -> &str {
            "watcher"
        }
        fn watches(&self) -> Kinds {
            Kinds::of(&[Kind::ConfigMap])
        }
        fn changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
            let name = &change.object().meta.name;
            let made_ms: u64 = name.strip_prefix("at-").and_then(|text| text.parse().ok()).unwrap();
            self.0.borrow_mut().push(cx.now.as_ms() - made_ms);
        }
    }

    #[test]
    fn what_others_watch_makes_nobody_late() {
        let late = std::rc::Rc::default();
        let latency = Latency { watch: Dist::Constant(Span::from_ms(10)), ..Latency::default() };
        let mut sim = Sim::new(Settings { seed: Seed(1), clock: Clock { start_us: 0 }, latency });
        let meta = Meta { name: "default".into(), ..Meta::default() };
        sim.request_now(Verb::Create(Box::new(Object { meta, body: Body::Namespace(Namespace::default()) }))).unwrap();
        sim.add_actor(Box::new(Watcher(std::rc::Rc::clone(&late))));
        for ms in 0..300 {
            sim.run_until(Time::from_ms(ms));
            let mut object = config_map(&format!("at-{ms}"));
            if ms % 3 != 0 {
                object.body = Body::Secret(crate::model::Secret::default());
            }
            sim.request_now(Verb::Create(Box::new(object))).unwrap();
        }
        sim.run_until(Time::from_s(1));
        assert_eq!((late.borrow().len(), late.borrow().iter().max()), (100, Some(&10)));
    }
}

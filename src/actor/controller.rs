//! A controller: changes become keys, keys are reconciled by a few workers, one worker a key.
//! Real: the loops around every sync function of pkg/controller/* @ v1.37.2.

use super::client::Limits;
use super::workqueue::{Backoff, WorkQueue};
use super::{Actor, Ctx, Kinds, Signal, Ticket};
use crate::api::{Answer, Verb};
use crate::base::Span;
use crate::model::{Kind, Obj};
use crate::store::{Change, Id};
use std::collections::BTreeMap;

/// How one turn of a reconciliation ends.
#[derive(Debug)]
pub enum Step {
    /// The key is done; its failures are forgotten.
    Done,
    /// Done; look again after a while.
    After(Span),
    /// It failed: again after the key's back-off. The text is for messages.
    Retry(String),
    /// These requests are sent at once, side by side; when all are answered, `sync` is called again with the answers.
    Call(Vec<Verb>),
}

impl Step {
    /// One request.
    pub fn call(verb: Verb) -> Step {
        Step::Call(vec![verb])
    }
}

/// A reconciliation under way.
#[derive(Debug)]
pub struct Sync<P> {
    /// How often `sync` was called before in this reconciliation.
    pub turn: u32,
    /// What the controller keeps between turns; fresh in turn 0.
    pub progress: P,
    /// The answers to the last `Step::Call`, in its order; empty in turn 0.
    pub answers: Vec<Answer>,
    /// When the key is wanted again, whatever becomes of this reconciliation: of all such wishes the earliest counts.
    pub again: Vec<Span>,
}

/// A controller in the sense of Kubernetes.
pub trait Controller {
    /// What one reconciliation keeps between its turns.
    type Progress: Default;

    /// Name: random stream, and source of Events.
    fn name(&self) -> &'static str;

    /// The kinds it is told of.
    fn watches(&self) -> Kinds;

    /// As [`Actor::minds`].
    fn minds(&self, _change: Change<'_>) -> bool {
        true
    }

    /// How many keys are reconciled at a time (`--concurrent-…-syncs`).
    fn workers(&self) -> usize {
        5
    }

    /// Limits of each of its API clients.
    fn client_limits(&self) -> Option<Limits> {
        None
    }

    /// As [`Actor::client`].
    fn client(&self, _verb: &Verb) -> usize {
        0
    }

    /// Kinds whose objects are its keys, all of which come again with each resync of the informers.
    fn resyncs(&self) -> Kinds {
        Kinds::NONE
    }

    /// How failing keys wait.
    fn backoff(&self) -> Backoff {
        Backoff::default()
    }

    /// Called once at the start.
    fn start(&mut self, _work: &mut Work<'_>, _cx: &mut Ctx<'_>) {}

    /// A change: which keys need work? Expectations are lowered here.
    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>);

    /// Reconciles a key. Only what the view, the answers and `self`'s expectations say may decide.
    fn sync(&mut self, key: Id, sync: &mut Sync<Self::Progress>, cx: &mut Ctx<'_>) -> Step;

    /// A key comes again with the resync.
    fn resynced(&mut self, key: Id, _object: &Obj, work: &mut Work<'_>, _cx: &mut Ctx<'_>) {
        work.add(key);
    }

    /// A timer of the controller's own (`Work::wake_in`), for periodic jobs beside the keys.
    fn woken(&mut self, _token: u32, _work: &mut Work<'_>, _cx: &mut Ctx<'_>) {}
}

/// How often the informer of a controller's keys hands out all it holds once more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Resync {
    /// Never.
    #[default]
    Never,
    /// With this period; zero: never.
    Every(Span),
    /// With a period between once and twice this, drawn when the process starts: the same for all controllers in it.
    AtLeast(Span),
}

impl Resync {
    fn period(self, cx: &Ctx<'_>) -> Span {
        match self {
            Resync::Never => Span::ZERO,
            Resync::Every(span) => span,
            Resync::AtLeast(min) => {
                min + Span((min.0 as f64 * cx.seed.draw("resync period", "controller-manager", cx.now.0).unit()) as u64)
            }
        }
    }
}

/// The tokens of a controller's timers: its own, the resync, and keys to be added.
const OWN_TIMER: u64 = 1 << 32;
const RESYNC_TIMER: u64 = 1 << 33;

/// Longest sequence of turns of one reconciliation: a bug otherwise.
const TURNS_MAX: u32 = 100_000;

/// The queue, as `changed` may use it.
pub struct Work<'a> {
    queue: &'a mut WorkQueue,
}

impl Work<'_> {
    /// Asks for work on a key.
    pub fn add(&mut self, key: Id) {
        self.queue.add(key);
    }

    /// Asks for work on a key after a while.
    pub fn add_after(&mut self, key: Id, span: Span, cx: &mut Ctx<'_>) {
        if span.is_zero() {
            self.queue.add(key);
        } else if self.queue.add_at(key, cx.now + span) {
            cx.wake_in(span, u64::from(key.0));
        }
    }

    /// Asks for `Controller::woken` with this token after a while.
    pub fn wake_in(&mut self, span: Span, token: u32, cx: &mut Ctx<'_>) {
        cx.wake_in(span, OWN_TIMER | u64::from(token));
    }
}

struct Job<P> {
    sync: Sync<P>,
    answers: Vec<Option<Answer>>,
    missing: usize,
}

/// Runs a controller as an actor.
pub struct ControllerActor<C: Controller> {
    controller: C,
    queue: WorkQueue,
    jobs: BTreeMap<Id, Job<C::Progress>>,
    /// Whose answer a ticket brings, and which in the list.
    tickets: BTreeMap<Ticket, (Id, usize)>,
    resync: Resync,
    /// How often all keys come again; zero: never.
    resync_period: Span,
}

impl<C: Controller> ControllerActor<C> {
    /// The controller as an actor.
    pub fn new(controller: C) -> Self {
        let queue = WorkQueue::with_backoff(controller.backoff());
        ControllerActor {
            controller,
            queue,
            jobs: BTreeMap::new(),
            tickets: BTreeMap::new(),
            resync: Resync::Never,
            resync_period: Span::ZERO,
        }
    }

    /// The same, with a resync of its informers.
    pub fn resynced(mut self, resync: Resync) -> Self {
        self.resync = resync;
        self
    }

    /// An informer hands out all it holds once more.
    fn resync(&mut self, cx: &mut Ctx<'_>) {
        let kinds = self.controller.resyncs();
        let view = cx.view;
        for kind in Kind::ALL.iter().filter(|kind| kinds.contains(**kind)) {
            for (id, object) in view.list(*kind) {
                self.controller.resynced(id, object, &mut Work { queue: &mut self.queue }, cx);
            }
        }
        cx.wake_in(self.resync_period, RESYNC_TIMER);
    }

    /// Gives free workers their keys.
    fn pump(&mut self, cx: &mut Ctx<'_>) {
        // Keys added by this very loop (a retry without delay) wait for the next step: each key at most once a step.
        let mut turns = self.queue.len();
        while turns > 0 && self.jobs.len() < self.controller.workers() {
            let Some(key) = self.queue.take() else { return };
            turns -= 1;
            let sync = Sync { turn: 0, progress: C::Progress::default(), answers: Vec::new(), again: Vec::new() };
            self.turn(key, Job { sync, answers: Vec::new(), missing: 0 }, cx);
        }
    }

    fn turn(&mut self, key: Id, mut job: Job<C::Progress>, cx: &mut Ctx<'_>) {
        loop {
            assert!(job.sync.turn < TURNS_MAX, "{} never ends with {:?}", self.controller.name(), cx.view.key(key));
            let step = self.controller.sync(key, &mut job.sync, cx);
            job.sync.turn += 1;
            for span in std::mem::take(&mut job.sync.again) {
                self.add_after(key, span, cx);
            }
            match step {
                Step::Call(verbs) if verbs.is_empty() => job.sync.answers = Vec::new(),
                Step::Call(verbs) => {
                    job.missing = verbs.len();
                    job.answers = verbs.iter().map(|_| None).collect();
                    for (place, verb) in verbs.into_iter().enumerate() {
                        self.tickets.insert(cx.request(verb), (key, place));
                    }
                    self.jobs.insert(key, job);
                    return;
                }
                end => return self.end(key, end, cx),
            }
        }
    }

    fn add_after(&mut self, key: Id, span: Span, cx: &mut Ctx<'_>) {
        Work { queue: &mut self.queue }.add_after(key, span, cx);
    }

    fn end(&mut self, key: Id, step: Step, cx: &mut Ctx<'_>) {
        match step {
            Step::Done => self.queue.forget(key),
            Step::After(span) => {
                self.queue.forget(key);
                self.add_after(key, span, cx);
            }
            Step::Retry(_) if self.queue.failures(key) >= self.queue.limits().retries_max => self.queue.forget(key),
            Step::Retry(_) => {
                let backoff = self.queue.backoff(key, cx.now);
                self.add_after(key, backoff, cx);
            }
            Step::Call(_) => unreachable!("a call does not end a reconciliation"),
        }
        self.queue.done(key);
    }
}

impl<C: Controller> Actor for ControllerActor<C> {
    fn name(&self) -> &str {
        self.controller.name()
    }

    fn watches(&self) -> Kinds {
        self.controller.watches()
    }

    fn minds(&self, change: Change<'_>) -> bool {
        self.controller.minds(change)
    }

    fn client_limits(&self) -> Option<Limits> {
        self.controller.client_limits()
    }

    fn client(&self, verb: &Verb) -> usize {
        self.controller.client(verb)
    }

    fn start(&mut self, cx: &mut Ctx<'_>) {
        self.resync_period = self.resync.period(cx);
        if !self.resync_period.is_zero() && self.controller.resyncs() != Kinds::NONE {
            cx.wake_in(self.resync_period, RESYNC_TIMER);
        }
        self.controller.start(&mut Work { queue: &mut self.queue }, cx);
    }

    fn changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
        self.controller.changed(change, &mut Work { queue: &mut self.queue }, cx);
    }

    fn settled(&mut self, cx: &mut Ctx<'_>) {
        self.pump(cx);
    }

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        if token == RESYNC_TIMER {
            self.resync(cx);
        } else if token & OWN_TIMER != 0 {
            self.controller.woken(token as u32, &mut Work { queue: &mut self.queue }, cx);
        } else {
            self.queue.ripe(Id(token as u32), cx.now);
        }
        self.pump(cx);
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        let (key, place) = self.tickets.remove(&ticket).expect("each answer belongs to a request");
        let job = self.jobs.get_mut(&key).expect("a request belongs to a reconciliation");
        job.answers[place] = Some(answer);
        job.missing -= 1;
        if job.missing == 0 {
            let mut job = self.jobs.remove(&key).expect("found above");
            job.sync.answers = job.answers.drain(..).flatten().collect();
            self.turn(key, job, cx);
            self.pump(cx);
        }
    }

    fn signalled(&mut self, _signal: &Signal, _cx: &mut Ctx<'_>) {}
}

//! One world, played under the eyes of the laws: faults first, then peace, then a look at everything.

use super::laws::End;
use super::mirror::{Copy, Mirror};
use super::watchdog::{Breach, Shared, Watchdog};
use crate::base::{Dist, Span, Time};
use crate::controllers::settings::Wrong;
use crate::scenario::{Action, Check, Scenario};
use crate::world::{Options, World};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Laws are looked at each so much simulated time.
const STEP: Span = Span::from_s(5);
/// How long after the time to come to rest it is looked again and again for a moment at which all agrees.
const LOOKS: Span = Span::from_s(3 * 60);
/// How old a component's knowledge may be when nothing is wrong.
const STALE: Span = Span::from_s(60);

/// How worlds are played.
#[derive(Clone, Debug)]
pub struct Trial {
    /// How long everything has time to come to rest after the faults.
    pub settle: Span,
    /// Whether the scenario's expectations are laws too. Under chaos they are only counted.
    pub expect: bool,
    /// Whether events at equal times come in an order drawn from the seed.
    pub shuffle: bool,
    /// Whether what is only there for speed is used.
    pub caches: bool,
    /// Whether requests are booked in runs instead of one by one.
    pub aggregate: bool,
    /// A wrong controller that is put in on purpose, to see whether it is found.
    #[doc(hidden)]
    pub wrong: Wrong,
}

/// Time to come to rest: longer than the longest back-off of a work queue (1,000 s) and twice an eviction.
pub const SETTLE: Span = Span::from_s(30 * 60);

impl Default for Trial {
    fn default() -> Self {
        Trial { settle: SETTLE, expect: false, shuffle: false, caches: true, aggregate: true, wrong: Wrong::default() }
    }
}

/// A law that was broken in the world of a seed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// When.
    pub at: Time,
    /// Which law.
    pub law: String,
    /// How.
    pub detail: String,
    /// What happened before, the newest last.
    pub last: Vec<String>,
}

/// What came of one world.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The law that was broken, if any was.
    pub failure: Option<Failure>,
    /// Whether each expectation held.
    pub expectations: Vec<bool>,
    /// Faults that struck.
    pub faults: u64,
    /// Kinds of faults that were switched on.
    pub kinds: Vec<String>,
    /// Simulated time.
    pub simulated: Span,
    /// Events.
    pub events: u64,
    /// The run's fingerprint.
    pub hash: u64,
}

impl Trial {
    /// Plays a scenario. The error says what of it the cluster refuses.
    pub fn play(&self, scenario: &Scenario) -> Result<Outcome, String> {
        let mut scenario = scenario.clone();
        scenario.settle = self.settle;
        scenario.cluster.controller_manager.wrong = self.wrong;
        let played = catch_unwind(AssertUnwindSafe(|| self.run(&scenario)));
        played.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()));
            let failure = Failure {
                seed: scenario.seed.0,
                at: Time::ZERO,
                law: "no-panic".into(),
                detail: text.unwrap_or_else(|| "the simulator panicked".into()),
                last: Vec::new(),
            };
            let expectations = vec![false; scenario.expectations.len()];
            Ok(Outcome { failure: Some(failure), expectations, faults: 0, kinds: Vec::new(), simulated: Span::ZERO, events: 0, hash: 0 })
        })
    }

    fn run(&self, scenario: &Scenario) -> Result<Outcome, String> {
        let metrics = scenario.expectations.iter().any(|expectation| matches!(expectation.check, Check::Metric { .. }));
        let options = Options {
            metrics,
            caches: self.caches,
            aggregate: self.aggregate,
            shuffle: self.shuffle.then_some(scenario.seed.0),
            ..Options::default()
        };
        let watchdog = Shared(Rc::new(RefCell::new(Watchdog::new(stale(scenario)))));
        let mut world = World::observed(scenario, options, vec![Box::new(watchdog.clone())])?;
        let copy = Rc::new(RefCell::new(Copy::default()));
        world.sim.add_actor(Box::new(Mirror(copy.clone())));
        let mut expectations = vec![false; scenario.expectations.len()];
        if advance(&mut world, &watchdog, scenario.end()) {
            let cases = world.verdicts();
            expectations = cases.iter().map(|case| case.passed).collect();
            if let Some(case) = cases.iter().find(|case| self.expect && !case.passed) {
                watchdog.0.borrow_mut().broken(case.at, &format!("expect: {}", case.name), case.detail.clone());
            } else {
                self.settle(&mut world, scenario, &watchdog, &copy);
            }
        }
        let watchdog = watchdog.0.borrow();
        let failure =
            watchdog.breach.clone().map(|Breach { at, law, detail, last }| Failure { seed: scenario.seed.0, at, law, detail, last });
        Ok(Outcome {
            failure,
            expectations,
            faults: watchdog.faults,
            kinds: Vec::new(),
            simulated: world.sim.now() - Time::ZERO,
            events: world.sim.counters().events,
            hash: world.sim.trace().hash(),
        })
    }

    /// Lets everything come to rest. Does it agree then? What is on its way at that very instant (a CronJob may have begun a run) is
    /// no fault: only what is still wrong at every look of some minutes is one.
    fn settle(&self, world: &mut World, scenario: &Scenario, watchdog: &Shared, copy: &RefCell<Copy>) {
        let mut end = scenario.end() + self.settle;
        let last = end + LOOKS;
        let mut first = None;
        while advance(world, watchdog, end) {
            let Some((law, detail)) = look(world, scenario, watchdog, &copy.borrow()) else { return };
            first.get_or_insert((world.sim.now(), law, detail));
            if end >= last {
                break;
            }
            end += STEP;
        }
        if let Some((at, law, detail)) = first {
            watchdog.0.borrow_mut().broken(at, &law, detail);
        }
    }
}

/// What of the whole does not agree.
fn look(world: &World, scenario: &Scenario, watchdog: &Shared, copy: &Copy) -> Option<(String, String)> {
    let (now, view) = (world.sim.now(), world.sim.store().now());
    if let Some(fault) = copy.compare(view) {
        return Some(("watches".into(), fault));
    }
    let collects_garbage = scenario.cluster.controller_manager.enable_garbage_collector;
    watchdog.0.borrow_mut().end(view, &End { at: now, clock: scenario.clock, collects_garbage })
}

/// Runs up to `end`; says whether nothing was broken.
fn advance(world: &mut World, watchdog: &Shared, end: Time) -> bool {
    let mut now = world.sim.now();
    while now < end {
        now = (now + STEP).min(end);
        world.run_until(now);
        if watchdog.0.borrow().breach.is_some() {
            return false;
        }
    }
    true
}

/// How old a component's knowledge may be with the faults of this scenario.
fn stale(scenario: &Scenario) -> Span {
    let longest = |dist: Dist| match dist {
        Dist::Constant(span) => span,
        Dist::Uniform { max, .. } => max,
        Dist::Normal { mean, sd, .. } => mean + sd * 4,
        Dist::Exponential { mean } => mean * 10,
        Dist::LogNormal { p99, .. } => p99 * 3,
    };
    let late = scenario.timeline.iter().filter_map(|step| match &step.action {
        Action::Fault { fault, options, .. } => {
            let lag = if fault.options.contains(&"lag") { options.lag } else { Span::ZERO };
            let latency = if fault.options.contains(&"latency") { longest(options.latency) } else { Span::ZERO };
            Some(lag.max(latency * 2))
        }
        Action::Kubectl { .. } => None,
    });
    STALE + late.max().unwrap_or_default() + longest(scenario.cluster.latency.watch)
}

//! Deterministic simulation testing of a scenario: many worlds side by side, each with latencies and, if wanted, faults of its own
//! drawing, watched over by laws. First faults may strike, and what must never happen must not happen; then they stop, and
//! everything must come to rest in bounded simulated time. What fails is shrunk to a small scenario that fails in the same way.
//!
//! After TigerBeetle's VOPR (swarm testing: each seed switches a random part of the faults on) and Turso's simulators (shrinking).

pub mod diff;
pub mod document;
pub mod laws;
pub mod shrink;
pub mod swarm;
pub mod tell;
pub mod trial;

mod mirror;
mod watchdog;

use crate::base::Span;
use crate::scenario::Scenario;
use document::Document;
use rayon::prelude::*;
use std::collections::BTreeMap;
pub use trial::{Failure, Outcome, Trial};

/// Seeds are run in blocks of this many, whatever the number of threads; after each block it is decided whether to go on.
const BLOCK: u64 = 64;

/// What is to be checked.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario as a document.
    pub document: Document,
    /// The first seed.
    pub first: u64,
    /// How many.
    pub seeds: u64,
    /// Whether each seed draws faults.
    pub chaos: bool,
    /// How each world is run.
    pub trial: Trial,
    /// No further seeds are tried once so many have failed.
    pub failures_max: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Seeds that were run.
    pub seeds: u64,
    /// Faults that struck in all of them.
    pub faults: u64,
    /// Simulated seconds of all of them.
    pub simulated_s: u64,
    /// Events of all of them.
    pub events: u64,
    /// Seeds in which each kind of fault was switched on.
    pub kinds: BTreeMap<String, u64>,
    /// How often each expectation of the scenario held, if it was judged or counted.
    pub expectations: Vec<(String, u64)>,
    /// The failures, in order of their seeds.
    pub failures: Vec<Failure>,
    /// A hash over all runs: equal for equal checks, however many threads ran them.
    pub hash: u64,
}

/// Runs all seeds. `progress` is told how many are done. The error says what of the scenario the cluster refuses.
pub fn run(plan: &Plan, progress: &mut dyn FnMut(u64)) -> Result<Tally, String> {
    let base = plan.document.parse().map_err(|error| error.to_string())?;
    let mut tally = Tally { expectations: base.expectations.iter().map(|e| (e.name.clone(), 0)).collect(), ..Tally::default() };
    while tally.seeds < plan.seeds && tally.failures.len() < plan.failures_max {
        let begin = plan.first.wrapping_add(tally.seeds);
        let block = BLOCK.min(plan.seeds - tally.seeds);
        let outcomes: Vec<Result<Outcome, String>> =
            (0..block).into_par_iter().map(|at| one(plan, &base, begin.wrapping_add(at))).collect();
        for outcome in outcomes {
            tally.add(outcome?);
        }
        progress(tally.seeds);
    }
    Ok(tally)
}

/// The world of one seed.
fn one(plan: &Plan, base: &Scenario, seed: u64) -> Result<Outcome, String> {
    let drawn = swarm::draw(seed, base, plan.chaos, plan.document.names_latencies());
    let mut scenario = base.clone();
    drawn.apply(&mut scenario)?;
    let mut outcome = plan.trial.play(&scenario)?;
    outcome.kinds = drawn.kinds();
    Ok(outcome)
}

/// The document of one seed: with its faults and latencies written out, it needs no drawing.
pub fn written_out(plan: &Plan, seed: u64) -> Result<Document, String> {
    let base = plan.document.parse().map_err(|error| error.to_string())?;
    let drawn = swarm::draw(seed, &base, plan.chaos, plan.document.names_latencies());
    Ok(plan.document.with(&drawn))
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        self.faults += outcome.faults;
        self.simulated_s += outcome.simulated.0 / Span::from_s(1).0;
        self.events += outcome.events;
        for kind in outcome.kinds {
            *self.kinds.entry(kind).or_default() += 1;
        }
        for ((_, held), passed) in self.expectations.iter_mut().zip(&outcome.expectations) {
            *held += u64::from(*passed);
        }
        self.hash = xxhash_rust::xxh3::xxh3_64_with_seed(&outcome.hash.to_le_bytes(), self.hash);
        self.failures.extend(outcome.failure);
    }
}

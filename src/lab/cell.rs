//! One cell of a comparison: a scenario under a policy with a seed.

use super::curve::{Curve, Curves};
use super::fgd::Experiment;
use super::fgd::columns::{LAST, read_back};
use super::fgd::run::Rule;
use super::figure::{CellResult, FGD, Figure, SCENARIO, Value};
use super::meter::{Measured, SharedMeter};
use super::policy::Policy;
use crate::base::Seed;
use crate::base::input_error::InputError;
use crate::scenario::{Scenario, Workload};
use crate::world::{Options, World};

/// A scenario with everything read that its cells share.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The scenario.
    pub scenario: Scenario,
    experiment: Option<Experiment>,
}

impl Bench {
    /// Reads what the scenario's workload still names.
    pub fn new(scenario: Scenario) -> Result<Bench, InputError> {
        let experiment = match &scenario.workload {
            Some(Workload::Fgd(files)) => Some(Experiment::read(&files.nodes, &files.pods, files.orders.as_deref())?),
            _ => None,
        };
        Ok(Bench { scenario, experiment })
    }

    /// What tables call the workload.
    pub fn workload(&self) -> &str {
        self.experiment.as_ref().map_or(&self.scenario.name, |experiment| &experiment.workload)
    }

    /// The figures of its cells.
    pub fn figures(&self) -> &'static [Figure] {
        if self.experiment.is_some() { FGD } else { SCENARIO }
    }

    /// The policies to compare when nobody says which: those that can take part in the experiment, or the stock scheduler's strategies.
    pub fn usual_policies(&self) -> Vec<Policy> {
        let names: Vec<&str> = match self.experiment {
            Some(_) => Rule::ALL.iter().map(|(name, _)| *name).collect(),
            None => vec!["Default", "LeastAllocated", "MostAllocated"],
        };
        names.into_iter().map(|name| Policy::named(name).expect("shipped policies are known")).collect()
    }

    /// Whether the policy can take part.
    pub fn admits(&self, policy: &Policy) -> Result<(), InputError> {
        if self.experiment.is_none() || policy.rule().is_some() {
            return Ok(());
        }
        let message = format!("policy \"{}\" takes no part in the experiment of {}", policy.name, self.scenario.file);
        let rules: Vec<&str> = Rule::ALL.iter().map(|(name, _)| *name).collect();
        Err(InputError::new(message).with_hint(format!("policies of this experiment: {}", rules.join(", "))))
    }

    /// Plays one cell. The error says what of the scenario the cluster refuses.
    pub fn run_cell(&self, policy: &Policy, seed: u64) -> Result<CellResult, String> {
        self.run_cell_with_curves(policy, seed).map(|(result, _)| result)
    }

    /// The same with curves for charts.
    pub fn run_cell_with_curves(&self, policy: &Policy, seed: u64) -> Result<(CellResult, Curves), String> {
        self.admits(policy).map_err(|error| error.to_string())?;
        let (values, curves) = match self.experiment.as_ref().zip(policy.rule()) {
            Some((experiment, rule)) => experiment_cell(experiment, rule, seed),
            None => scenario_cell(&self.scenario, policy, seed)?,
        };
        let value = |figure: &Figure| Value {
            name: figure.name.into(),
            value: values.iter().find(|(name, _)| *name == figure.name).and_then(|(_, value)| *value),
        };
        let figures = self.figures().iter().map(value).collect();
        Ok((CellResult { workload: self.workload().into(), policy: policy.name.clone(), seed, figures }, curves))
    }
}

type Values = Vec<(&'static str, Option<f64>)>;

fn experiment_cell(experiment: &Experiment, rule: Rule, seed: u64) -> (Values, Curves) {
    let columns = experiment.run(rule, seed);
    let value = |figure: &Figure| {
        let (kind, percent) = figure.name.split_once('_').expect("the names of these figures have two parts");
        let percent = percent.parse().expect("the second part is a number");
        (figure.name, if kind == "alloc" { columns.allocation(percent) } else { columns.fragmentation(percent).map(read_back) })
    };
    let curve = |of: &dyn Fn(usize) -> Option<f64>| Curve((0..=LAST).filter_map(|percent| Some((percent as f64, of(percent)?))).collect());
    let curves = Curves {
        allocation: curve(&|percent| columns.allocation(percent)),
        fragmentation: curve(&|percent| columns.fragmentation(percent)),
        ..Curves::default()
    };
    (FGD.iter().map(value).collect(), curves)
}

/// The same scenario with another scheduler and another seed. Everything that is drawn for the workload depends on the seed and on what it
/// is drawn for, so every policy meets the same.
fn scenario_cell(scenario: &Scenario, policy: &Policy, seed: u64) -> Result<(Values, Curves), String> {
    let mut scenario = scenario.clone();
    scenario.seed = Seed(seed);
    scenario.cluster.scheduler = policy.configuration.clone();
    let end = scenario.end();
    let mut world = World::new(&scenario, Options { metrics: true, ..Options::default() })?;
    let meter = SharedMeter::new(end);
    world.observe(Box::new(meter.clone()));
    world.run_until(end);
    let Measured { mut values, curves } = meter.0.borrow().measured(end);
    let broken = world.verdicts().iter().filter(|case| !case.passed).count();
    values.push(("expectations_broken", (!scenario.expectations.is_empty()).then_some(broken as f64)));
    Ok((values, curves))
}

/// Plays one cell of a scenario. For several cells of one scenario a [`Bench`] reads its files only once.
pub fn run_cell(scenario: &Scenario, policy: &Policy, seed: u64) -> Result<CellResult, String> {
    Bench::new(scenario.clone()).map_err(|error| error.to_string())?.run_cell(policy, seed)
}

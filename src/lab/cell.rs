//! One cell of a comparison: a scenario under a policy with a seed.

use super::fgd::Experiment;
use super::figure::{CellResult, FGD, Figure, Value};
use super::policy::Policy;
use crate::base::input_error::InputError;
use crate::scenario::{Scenario, Workload};

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
        FGD
    }

    /// Whether the policy can take part.
    pub fn admits(&self, policy: &Policy) -> Result<(), InputError> {
        if self.experiment.is_none() || policy.rule().is_some() {
            return Ok(());
        }
        let message = format!("policy \"{}\" takes no part in the experiment of {}", policy.name, self.scenario.file);
        let rules: Vec<&str> = super::fgd::run::Rule::ALL.iter().map(|(name, _)| *name).collect();
        Err(InputError::new(message).with_hint(format!("policies of this experiment: {}", rules.join(", "))))
    }

    /// Plays one cell. The error says what of the scenario the cluster refuses.
    pub fn run_cell(&self, policy: &Policy, seed: u64) -> Result<CellResult, String> {
        self.admits(policy).map_err(|error| error.to_string())?;
        let Some((experiment, rule)) = self.experiment.as_ref().zip(policy.rule()) else {
            return Err("error: only experiments are compared so far".into());
        };
        let columns = experiment.run(rule, seed);
        let value = |figure: &Figure| {
            let (kind, percent) = figure.name.split_once('_').expect("the names of these figures have two parts");
            let percent = percent.parse().expect("the second part is a number");
            let value = if kind == "alloc" { columns.allocation(percent) } else { columns.fragmentation(percent) };
            Value { name: figure.name.into(), value }
        };
        let figures = FGD.iter().map(value).collect();
        Ok(CellResult { workload: self.workload().into(), policy: policy.name.clone(), seed, figures })
    }
}

/// Plays one cell of a scenario. For several cells of one scenario a [`Bench`] reads its files only once.
pub fn run_cell(scenario: &Scenario, policy: &Policy, seed: u64) -> Result<CellResult, String> {
    Bench::new(scenario.clone()).map_err(|error| error.to_string())?.run_cell(policy, seed)
}

//! What several subcommands take: a scenario, with its seed and settings overridden, played up to an instant.

use crate::base::{Span, Time};
use crate::scenario::{self, Overrides, Scenario};
use crate::world::{Options, World};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// What manifests are run on when no scenario is named.
const DEFAULT: &str = "apiVersion: kubesim/v1alpha1
kind: Scenario
name: manifests
question: What becomes of these manifests on three nodes in three zones?
duration: 10m
cluster:
  nodes:
    - {name: node-a, zone: a, cpu: 8, memory: 32Gi}
    - {name: node-b, zone: b, cpu: 8, memory: 32Gi}
    - {name: node-c, zone: c, cpu: 8, memory: 32Gi}
";

/// Options of every subcommand that plays a scenario.
#[derive(clap::Args, Clone, Debug)]
pub struct ScenarioArgs {
    /// Seed of all randomness, instead of the scenario's own.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Change a value of the scenario, such as `cluster.nodes[0].count=5`; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Further manifests to apply at the start; `-` is standard input.
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub filename: Vec<String>,
    /// Evaluate everything anew, without what is only there for speed. The result is the same.
    #[arg(long)]
    pub no_cache: bool,
    /// Look at each request of `load:` by itself instead of booking runs of them. The result is the same.
    #[arg(long)]
    pub no_aggregate: bool,
}

impl ScenarioArgs {
    /// What the command line adds to the file.
    pub fn overrides(&self, until: Option<Span>) -> Overrides {
        Overrides { set: self.set.clone(), manifests: self.filename.clone(), seed: self.seed, until }
    }

    /// Reads and checks the scenario; without a file, a small default cluster takes the manifests of `-f`.
    pub fn load(&self, file: Option<&str>, until: Option<Span>) -> Result<Scenario, String> {
        let overrides = self.overrides(until);
        let scenario = match file {
            Some(file) => scenario::load(file, &overrides, &mut std::io::stdin()),
            None => scenario::parse_with("default scenario", DEFAULT, &overrides, &mut std::io::stdin()),
        };
        scenario.map_err(|error| error.to_string())
    }

    /// Plays the scenario up to `at`, or to its end.
    pub fn play(&self, scenario: &Scenario, at: Option<Time>) -> Result<World, String> {
        let mut world = World::new(scenario, Options { caches: !self.no_cache, aggregate: !self.no_aggregate, ..Options::default() })?;
        run_with_progress(&mut world, at.unwrap_or(scenario.end()));
        Ok(world)
    }
}

/// Reads a duration such as `7m` for clap.
pub fn span(text: &str) -> Result<Span, String> {
    Span::parse(text)
}

/// Runs up to `end`, with a progress bar on standard error if that is a terminal and it takes long.
pub fn run_with_progress(world: &mut World, end: Time) {
    const STEPS: u64 = 200;
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(STEPS) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{wide_bar} {msg} simulated, {elapsed} so far, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    for step in 1..=STEPS {
        let until = Time((u128::from(end.0) * u128::from(step) / u128::from(STEPS)) as u64);
        world.run_until(until);
        bar.set_position(step);
        bar.set_message(until.to_string());
    }
    bar.finish_and_clear();
}

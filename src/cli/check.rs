//! `kubesim check SCENARIO --seeds N`: many worlds, each with latencies and faults of its own, under the eyes of the laws.

use super::Outcome;
use super::load::{ScenarioArgs, span};
use crate::base::Span;
use crate::check::document::{Document, duration};
use crate::check::{self, Failure, Plan, Tally, Trial, shrink, trial};
use crate::controllers::settings::Wrong;
use indicatif::ProgressBar;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// The file that tells a report from other folders.
const MARK: &str = "check.json";

/// Check a scenario in many worlds: different latencies, and with `--chaos` different faults.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file; `-` is standard input.
    scenario: String,
    #[command(flatten)]
    common: ScenarioArgs,
    /// How many seeds are tried, from the scenario's own (or `--seed`) on.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Each seed draws faults too. The scenario's expectations are then counted, not demanded.
    #[arg(long)]
    chaos: bool,
    /// Simulated time after the scenario's duration in which, with all faults healed, everything must come to rest.
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "30m")]
    settle: Span,
    /// Events at equal times come in an order drawn from the seed, to find what depends on their order by chance.
    #[arg(long)]
    shuffle: bool,
    /// End the scenario at this instant instead of at its duration.
    #[arg(long, value_name = "TIME", value_parser = span)]
    until: Option<Span>,
    /// Stop once so many seeds have failed.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    failures: u64,
    /// Report failures as they are, without making them small.
    #[arg(long)]
    no_shrink: bool,
    /// Threads; the result does not depend on it [default: one per core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: Option<u64>,
    /// Folder for the report [default: reports/check-NAME].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Checks it.
pub fn run(args: Args) -> Outcome {
    let overrides = args.common.overrides(args.until);
    let document = Document::load(&args.scenario, &overrides, &mut std::io::stdin()).map_err(|error| error.to_string())?;
    let scenario = document.parse().map_err(|error| error.to_string())?;
    let trial = Trial {
        settle: args.settle,
        expect: !args.chaos,
        shuffle: args.shuffle,
        caches: !args.common.no_cache,
        aggregate: !args.common.no_aggregate,
        wrong: Wrong::Nothing,
    };
    let plan = Plan {
        document,
        first: scenario.seed.0,
        seeds: args.seeds,
        chaos: args.chaos,
        trial,
        failures_max: usize::try_from(args.failures).unwrap_or(usize::MAX),
    };
    let dir = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(format!("check-{}", scenario.name)));
    let unwritten = |error: std::io::Error| format!("error: the report cannot be written: {error}");
    crate::report::may_be_written(&dir, MARK).map_err(unwritten)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads.unwrap_or(0) as usize).build();
    let pool = pool.map_err(|error| format!("error: no threads: {error}"))?;
    let wall = super::stopwatch();
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(args.seeds) } else { ProgressBar::hidden() };
    let tally = pool.install(|| check::run(&plan, &mut |done| bar.set_position(done)))?;
    bar.finish_and_clear();
    print!("{}", summary(&scenario.name, &plan, &tally));
    let given = given(&args);
    let mut reports = Vec::new();
    let mut laws: BTreeSet<&str> = BTreeSet::new();
    // Of each broken law the first seed is looked at closely.
    for failure in tally.failures.iter().filter(|failure| laws.insert(&failure.law)) {
        let report = report(&plan, &given, failure, &dir, args.no_shrink)?;
        print!("\n{}", report.text);
        reports.push(report);
    }
    write(&dir, &plan, &given, &tally, &reports).map_err(unwritten)?;
    eprintln!("{} worlds, {} s simulated, in {}", tally.seeds, tally.simulated_s, wall());
    Ok(u8::from(!tally.failures.is_empty()))
}

/// A failure's report and its scenario.
struct Report {
    name: String,
    text: String,
    scenario: String,
}

fn report(plan: &Plan, given: &str, failure: &Failure, dir: &Path, no_shrink: bool) -> Result<Report, String> {
    let document = check::written_out(plan, failure.seed)?;
    let law: String = failure.law.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = format!("{}-{}", law.trim_matches('-'), failure.seed);
    let faults = document.faults();
    let small = if no_shrink {
        shrink::Shrunk { document, failure: failure.clone(), tries: 0 }
    } else {
        shrink::shrink(&plan.trial, document, failure)
    };
    let file = dir.join(format!("{name}.yaml"));
    let mut text = format!("seed {}: {} is broken at {}\n  {}\n", failure.seed, failure.law, failure.at, failure.detail);
    text += "  the last events before it:\n";
    for line in &failure.last {
        text += &format!("    {line}\n");
    }
    text += &format!("  again: {}\n", line(plan, given, failure.seed));
    if small.tries > 0 {
        let (small_faults, at) = (small.document.faults(), small.failure.at);
        text += &format!(
            "  made small in {} tries: {faults} faults became {small_faults}, broken at {at}: {}\n",
            small.tries, small.failure.detail
        );
    }
    text += &format!("  small: {}\n", small_line(plan, &file));
    Ok(Report { name, text, scenario: header(&small, plan) + &small.document.text() })
}

/// The command that does it again.
fn line(plan: &Plan, given: &str, seed: u64) -> String {
    let chaos = if plan.chaos { " --chaos" } else { "" };
    format!("kubesim check {}{given} --seed {seed} --seeds 1{chaos}{}", word(&plan.document.file), flags(plan))
}

/// What the command line adds to the scenario file, to be said again.
fn given(args: &Args) -> String {
    let files = args.common.filename.iter().map(|file| format!(" -f {}", word(file)));
    let set = args.common.set.iter().map(|set| format!(" --set {}", word(set)));
    let until = args.until.map(|until| format!(" --until {}", duration(until)));
    files.chain(set).chain(until).collect()
}

/// A word as a shell reads it.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.into() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// The command that runs the small scenario: what was drawn is written in it.
fn small_line(plan: &Plan, file: &Path) -> String {
    format!("kubesim check {} --seeds 1{}", word(&file.display().to_string()), flags(plan))
}

fn flags(plan: &Plan) -> String {
    let shuffle = if plan.trial.shuffle { " --shuffle" } else { "" };
    let settle = if plan.trial.settle == trial::SETTLE { String::new() } else { format!(" --settle {}", duration(plan.trial.settle)) };
    let caches = if plan.trial.caches { "" } else { " --no-cache" };
    let aggregate = if plan.trial.aggregate { "" } else { " --no-aggregate" };
    format!("{shuffle}{settle}{caches}{aggregate}")
}

fn header(small: &shrink::Shrunk, plan: &Plan) -> String {
    let failure = &small.failure;
    let detail = failure.detail.replace('\n', " ");
    format!(
        "# {} is broken at {}: {detail}\n# From {} with seed {}. Run: kubesim check THIS-FILE --seeds 1{}\n",
        failure.law,
        failure.at,
        plan.document.file,
        failure.seed,
        flags(plan)
    )
}

fn summary(name: &str, plan: &Plan, tally: &Tally) -> String {
    let last = plan.first.wrapping_add(tally.seeds - 1);
    let mut text = format!("{name}: seeds {} to {last}, {} worlds, {} faults\n", plan.first, tally.seeds, tally.faults);
    if plan.chaos {
        let kinds: Vec<String> = tally.kinds.iter().map(|(kind, seeds)| format!("{kind} {seeds}")).collect();
        text += &format!("  faults, and in how many worlds each was switched on: {}\n", kinds.join(", "));
    }
    for (expectation, held) in &tally.expectations {
        text += &format!("  {expectation}: held in {held} of {} worlds\n", tally.seeds);
    }
    text += &match tally.failures.len() {
        0 => "  no law was broken\n".to_string(),
        1 => "  1 world broke a law\n".to_string(),
        many => format!("  {many} worlds broke a law\n"),
    };
    text + &format!("  check hash               {:016x}\n", tally.hash)
}

fn write(dir: &Path, plan: &Plan, given: &str, tally: &Tally, reports: &[Report]) -> std::io::Result<()> {
    crate::report::write_whole(dir, MARK, |dir| {
        let failures: Vec<_> = tally
            .failures
            .iter()
            .map(|failure| {
                json!({"seed": failure.seed, "law": failure.law, "at": failure.at.to_string(), "detail": failure.detail, "again": line(plan, given, failure.seed)})
            })
            .collect();
        let expectations: Vec<_> = tally.expectations.iter().map(|(name, held)| json!({"name": name, "held": held})).collect();
        let whole = json!({
            "scenario": plan.document.file, "firstSeed": plan.first, "seeds": tally.seeds, "chaos": plan.chaos, "shuffle": plan.trial.shuffle,
            "settleSeconds": plan.trial.settle.0 / 1_000_000_000, "faults": tally.faults, "faultKinds": tally.kinds,
            "simulatedSeconds": tally.simulated_s, "events": tally.events, "hash": format!("{:016x}", tally.hash),
            "expectations": expectations, "failures": failures, "version": env!("CARGO_PKG_VERSION"),
        });
        fs::write(dir.join(MARK), serde_json::to_string_pretty(&whole).expect("plain data") + "\n")?;
        for report in reports {
            fs::write(dir.join(format!("{}.txt", report.name)), &report.text)?;
            fs::write(dir.join(format!("{}.yaml", report.name)), &report.scenario)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_line_that_does_it_again_says_all_that_was_given() {
        let text = include_str!("../../scenarios/weather/rollout.yaml");
        let document = Document::from_text("scenarios/weather/rollout.yaml", text).unwrap();
        let words = "check my.yaml --chaos --shuffle --until 90s --settle 5m --set cluster.nodes[0].count=5 --set a='b -f x.yaml";
        let args = Command::parse_from(words.split(' ')).args;
        let trial = Trial { settle: args.settle, shuffle: args.shuffle, aggregate: false, ..Trial::default() };
        let plan = Plan { document, first: 1, seeds: 9, chaos: args.chaos, trial, failures_max: 1 };
        assert_eq!(
            line(&plan, &given(&args), 7),
            "kubesim check scenarios/weather/rollout.yaml -f x.yaml --set 'cluster.nodes[0].count=5' --set 'a='\\''b' --until 90s \
             --seed 7 --seeds 1 --chaos --shuffle --settle 5m --no-aggregate"
        );
        assert_eq!(small_line(&plan, Path::new("a b/x.yaml")), "kubesim check 'a b/x.yaml' --seeds 1 --shuffle --settle 5m --no-aggregate");
    }
}

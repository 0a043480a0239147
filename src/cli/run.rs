//! `kubesim run SCENARIO`: plays a scenario, tells its story, leaves its report.

use super::Outcome;
use super::load::{ScenarioArgs, run_with_progress, span};
use super::watch::WatchFile;
use crate::base::Span;
use crate::report::{self, Run, story};
use crate::scenario::show_defaults;
use crate::world::{Options, World};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// Run a scenario file and write its report.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file; `-` is standard input. With `-f` and no scenario, a small default cluster runs the manifests.
    #[arg(required_unless_present_any = ["show_defaults", "filename"])]
    scenario: Option<String>,
    #[command(flatten)]
    common: ScenarioArgs,
    /// End the run at this instant, such as `7m`, instead of at the scenario's duration.
    #[arg(long, value_name = "TIME", value_parser = span)]
    until: Option<Span>,
    /// Folder for the report [default: reports/NAME-SEED].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Also write every change as the API server's watch shows it, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    watch: Option<PathBuf>,
    /// Collect no metrics and write no report (the run and its hash are the same).
    #[arg(long)]
    no_report: bool,
    /// Print no story, only the summary.
    #[arg(short, long)]
    quiet: bool,
    /// List every default with its value and origin, and run nothing.
    #[arg(long)]
    show_defaults: bool,
}

/// Plays it.
pub fn run(args: Args) -> Outcome {
    if args.show_defaults {
        return print_defaults();
    }
    let scenario = args.common.load(args.scenario.as_deref(), args.until)?;
    let (caches, aggregate) = (!args.common.no_cache, !args.common.no_aggregate);
    let options = Options { metrics: !args.no_report, caches, aggregate, explain: None, replay: !args.no_report };
    let mut world = World::new(&scenario, options)?;
    if let Some(path) = &args.watch {
        world.observe(Box::new(WatchFile::create(path)?));
    }
    let wall = super::stopwatch();
    run_with_progress(&mut world, scenario.end());
    let cases = world.verdicts();
    let not_ready = world.not_ready();
    let collector = world.collector.0.borrow();
    let result = Run {
        name: &scenario.name,
        question: &scenario.question,
        seed: scenario.seed.0,
        simulated: Span(scenario.end().0),
        trace_hash: world.sim.trace().hash(),
        events: world.sim.counters().events,
        commits: world.sim.counters().commits,
        collector: &collector,
        cases: &cases,
        not_ready: &not_ready,
    };
    print(&result, args.quiet).map_err(|error| error.to_string())?;
    if !args.no_report {
        let dir = args.out.unwrap_or_else(|| report::default_dir(&scenario.name, scenario.seed.0));
        report::write(&dir, &result).map_err(|error| format!("error: the report cannot be written: {error}"))?;
        println!("  report                   {}", dir.join("report.html").display());
    }
    eprintln!("{} simulated in {}", result.simulated, wall());
    drop(collector);
    // The process ends anyway: taking a large world apart would only take time.
    std::mem::forget(world);
    Ok(u8::from(cases.iter().any(|case| !case.passed)))
}

fn print(result: &Run<'_>, quiet: bool) -> std::io::Result<()> {
    let palette = super::palette(std::io::stdout().is_terminal());
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: {}", result.name, result.question)?;
    if !quiet {
        for line in &result.collector.story.lines {
            writeln!(out, "{}", story::line(line, palette))?;
        }
        if result.collector.story.left_out > 0 {
            writeln!(out, "           ... and {} lines more", result.collector.story.left_out)?;
        }
    }
    writeln!(out)?;
    write!(out, "{}", story::summary(result, palette))
}

fn print_defaults() -> Outcome {
    for default in show_defaults() {
        println!("{:<58} {:<44} {}", default.key, default.value, default.origin);
    }
    Ok(0)
}

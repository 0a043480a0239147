//! `kubesim run SCENARIO`: plays a scenario, tells its story, leaves its report.

use super::Outcome;
use super::load::{ScenarioArgs, run_with_progress, span};
use super::watch::WatchFile;
use crate::base::Span;
use crate::report::{self, Draft, Run, narrative, story};
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
    /// Tell what happened as a text to read, chapter by chapter, instead of line by line.
    #[arg(long, conflicts_with = "quiet")]
    story: bool,
    /// Print no story, only the summary.
    #[arg(short, long)]
    quiet: bool,
    /// Let events at equal times come in another order than that of their arrival, drawn from the seed and this number: a result
    /// that changes its meaning with it depends on an order that nothing promises. The report goes to NAME-SEED-shuffle-N.
    #[arg(long, value_name = "N")]
    shuffle: Option<u64>,
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
    let (metrics, replay) = (!args.no_report || args.story, !args.no_report);
    let options = Options { metrics, caches, aggregate, explain: None, replay, shuffle: args.shuffle };
    let unwritten = |error: std::io::Error| format!("error: the report cannot be written: {error}");
    let name = |number| format!("{}-{}-shuffle-{number}", scenario.name, scenario.seed.0);
    let usual = || report::default_dir(&scenario.name, scenario.seed.0);
    let dir = args.out.unwrap_or_else(|| args.shuffle.map_or_else(usual, |number| usual().with_file_name(name(number))));
    if !args.no_report {
        report::may_be_written(&dir, report::MARK).map_err(unwritten)?;
    }
    let mut world = World::new(&scenario, options)?;
    if let Some(path) = &args.watch {
        world.observe(Box::new(WatchFile::create(path)?));
    }
    let mut draft = None;
    if !args.no_report {
        draft = Some(Draft::begin(&dir, &mut world.collector.0.borrow_mut(), args.story).map_err(unwritten)?);
    }
    let wall = super::stopwatch();
    run_with_progress(&mut world, scenario.end());
    let cases = world.verdicts();
    let not_ready = world.not_ready();
    world.collector.0.borrow_mut().events.end_stream().map_err(unwritten)?;
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
    let told = if args.story {
        Told::Prose(&scenario.text)
    } else if args.quiet {
        Told::Nothing
    } else {
        Told::Lines(&scenario.text)
    };
    print(&result, &told).map_err(|error| error.to_string())?;
    if let Some(draft) = draft {
        draft.finish(&result).map_err(unwritten)?;
        println!("  report                   {}", dir.join("report.html").display());
    }
    eprintln!("{} simulated in {}", result.simulated, wall());
    drop(collector);
    // The process ends anyway: taking a large world apart would only take time.
    std::mem::forget(world);
    Ok(u8::from(cases.iter().any(|case| !case.passed)))
}

/// How the story is told; with what the scenario says about itself.
enum Told<'a> {
    Prose(&'a str),
    Lines(&'a str),
    Nothing,
}

fn print(result: &Run<'_>, told: &Told<'_>) -> std::io::Result<()> {
    let palette = super::palette(std::io::stdout().is_terminal());
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: {}", result.name, result.question)?;
    if let Told::Prose(text) = told {
        writeln!(out)?;
        return write!(out, "{}", narrative::tell(result, text, palette));
    }
    if let Told::Lines(text) = told {
        if !text.is_empty() {
            writeln!(out, "\n{text}\n")?;
        }
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

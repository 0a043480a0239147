//! `kubesim sweep SCENARIO... --out DIR`: a grid of runs, in shards that can run anywhere; `kubesim sweep merge DIR` makes one table.

use super::Outcome;
use super::compare::{Seeds, seeds};
use crate::lab::Policy;
use crate::lab::merge::{Merged, merge};
use crate::lab::shard::{self, Shard};
use crate::lab::sweep::{Grid, Plan, Run, read_run, run_path, write_whole};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Run a grid of scenarios, policies, seeds and settings, each run once; and merge what came of it.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    grid: Option<GridArgs>,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    Merge(MergeArgs),
}

#[derive(clap::Args, Debug)]
struct GridArgs {
    /// Scenario files.
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Names of shipped policies or KubeSchedulerConfiguration files, separated by commas.
    #[arg(long, value_name = "NAME|FILE,...", value_delimiter = ',', default_value = "Default")]
    policies: Vec<String>,
    /// Seeds, such as `42`, `42..51` (both ends count) or `1,5,9` [default: each scenario's own].
    #[arg(long, value_name = "SEEDS", value_parser = seeds)]
    seeds: Option<Seeds>,
    /// A value of the scenarios, such as `cluster.nodes[0].count=5`. Several of one path are alternatives; paths are combined.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Folder for the runs; all shards share it, and a run that is there already is not run again.
    #[arg(long, value_name = "DIR", default_value = "sweep")]
    out: PathBuf,
    /// The part of the grid to run, such as `2/8`; `auto`: what an array job of Slurm, Kubernetes, AWS Batch, Grid Engine or PBS says.
    #[arg(long, value_name = "I/N|auto", default_value = "1/1")]
    shard: String,
    /// List the runs of the shard (id, state, scenario, policy, seed, settings) and run nothing.
    #[arg(long)]
    list: bool,
    /// Runs at once [default: as many as there are cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

/// Make one table of all runs of a sweep, sorted by run id. Nothing is written while a run is missing.
#[derive(clap::Args, Debug)]
struct MergeArgs {
    /// The sweep's folder.
    dir: PathBuf,
    /// The table [default: DIR/merged.csv]; `-`: standard output. A name that ends in .parquet needs the feature `parquet`.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs or merges.
pub fn run(args: Args) -> Outcome {
    match (args.command, args.grid) {
        (Some(Command::Merge(args)), _) => merged(args),
        (None, Some(args)) => grid(args),
        (None, None) => Err("error: a sweep needs a scenario\n  hint: kubesim sweep SCENARIO... --out DIR".into()),
    }
}

fn grid(args: GridArgs) -> Outcome {
    let text = |error: crate::base::input_error::InputError| error.to_string();
    let shard = match args.shard.as_str() {
        "auto" => shard::auto(|name| std::env::var(name).ok())?,
        text => Shard::parse(text).map_err(|message| format!("error: --shard: {message}"))?,
    };
    if args.scenarios.iter().any(|file| file == "-") {
        return Err("error: a sweep reads its scenarios from files, not from standard input".into());
    }
    let policies = args.policies.iter().map(|word| Policy::find(word.trim())).collect::<Result<Vec<_>, _>>().map_err(text)?;
    if let Some((_, twice)) = policies.iter().enumerate().find(|(at, one)| policies[..*at].iter().any(|other| other.name == one.name)) {
        return Err(format!("error: policy \"{}\" is there twice", twice.name));
    }
    let plan = Plan { scenarios: args.scenarios, set: args.set, policies, seeds: args.seeds.map(|seeds| seeds.0) };
    let grid = Grid::new(&plan).map_err(text)?;
    let mine: Vec<&Run> = grid.runs.iter().enumerate().filter(|(place, _)| shard.holds(*place)).map(|(_, run)| run).collect();
    if args.list {
        return list(&mine, &args.out);
    }
    grid.enter(&args.out).map_err(text)?;
    let wall = super::stopwatch();
    let bar = progress(mine.len());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.jobs.map_or(0, usize::from)).build();
    let pool = pool.map_err(|error| format!("error: no threads: {error}"))?;
    let played = AtomicUsize::new(0);
    let outcome = pool.install(|| {
        mine.par_iter().try_for_each(|run| {
            let fresh = run.play(&args.out).map_err(|error| format!("{error}\n  in the run {} ({})", run.listed.id, run.listed.shown()))?;
            played.fetch_add(usize::from(fresh), Ordering::Relaxed);
            bar.inc(1);
            Ok::<(), String>(())
        })
    });
    bar.finish_and_clear();
    outcome?;
    let played = played.into_inner();
    let part = if shard == Shard::ALL { String::new() } else { format!(" (shard {}/{} of {})", shard.number, shard.of, grid.runs.len()) };
    eprintln!("{} runs{part}: {played} played in {}, {} were there", mine.len(), wall(), mine.len() - played);
    Ok(0)
}

fn list(runs: &[&Run], dir: &std::path::Path) -> Outcome {
    let mut out = std::io::stdout().lock();
    for run in runs {
        let state = match read_run(&run_path(dir, &run.listed.id), &run.listed) {
            Ok(_) => "done",
            Err(why) if why == "missing" => "open",
            Err(_) => "bad",
        };
        if writeln!(out, "{} {state} {}", run.listed.id, run.listed.shown()).is_err() {
            break;
        }
    }
    Ok(0)
}

fn progress(runs: usize) -> ProgressBar {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(runs as u64) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} runs, {elapsed} so far, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn merged(args: MergeArgs) -> Outcome {
    let merged = merge(&args.dir).map_err(|error| error.to_string())?;
    let path = args.output.unwrap_or_else(|| args.dir.join("merged.csv"));
    if path.as_os_str() == "-" {
        std::io::stdout().lock().write_all(merged.csv().as_bytes()).map_err(|error| format!("error: standard output: {error}"))?;
        eprintln!("{} runs, hash {}", merged.rows.len(), merged.hash());
        return Ok(0);
    }
    let bytes = if path.extension().is_some_and(|ending| ending == "parquet") { packed(&merged)? } else { merged.csv().into_bytes() };
    write_whole(&path, &bytes).map_err(|error| format!("error: {}: cannot be written: {error}", path.display()))?;
    println!("{}  {} runs  hash {}", path.display(), merged.rows.len(), merged.hash());
    Ok(0)
}

#[cfg(not(feature = "parquet"))]
fn packed(_: &Merged) -> Result<Vec<u8>, String> {
    Err("error: this kubesim was built without Parquet\n  hint: cargo install kubesim --features parquet; or a name that ends in .csv"
        .into())
}

#[cfg(feature = "parquet")]
fn packed(merged: &Merged) -> Result<Vec<u8>, String> {
    crate::lab::parquet_file::to_parquet(merged).map_err(|error| format!("error: Parquet: {error}"))
}

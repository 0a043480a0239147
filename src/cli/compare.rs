//! `kubesim compare SCENARIO --policies A,B --seeds 1..10`: one workload under several scheduling policies.

use super::Outcome;
use crate::lab::{Bench, Comparison, Policy, charts, compare};
use crate::scenario::{self, Overrides};
use clap::ValueEnum;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Seeds of one comparison at most.
const SEEDS_MAX: u64 = 100_000;

/// Compare scheduling policies on one scenario: same workload, same luck, every seed under every policy.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file; `-` is standard input.
    scenario: String,
    /// Names of shipped policies or KubeSchedulerConfiguration files, separated by commas [default: Default,LeastAllocated,MostAllocated;
    /// those of the experiment, if the scenario is one].
    #[arg(long, value_name = "NAME|FILE,...", value_delimiter = ',')]
    policies: Vec<String>,
    /// Seeds, such as `42`, `42..51` (both ends count) or `1,5,9` [default: the scenario's own].
    #[arg(long, value_name = "SEEDS", value_parser = seeds)]
    seeds: Option<Seeds>,
    /// Change a value of the scenario, such as `workload.nodes=traces/nodes.csv`; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Further manifests to apply at the start; `-` is standard input.
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    filename: Vec<String>,
    /// What is printed on standard output.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
    /// Also draw charts (SVG) into this folder.
    #[arg(long, value_name = "DIR")]
    charts: Option<PathBuf>,
    /// Runs at once [default: as many as there are cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    /// Mean and spread of each figure under each policy, and who is best.
    Table,
    /// One row a run.
    Csv,
    /// Everything, with the figures' units and meanings.
    Json,
}

/// Seeds in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seeds(pub Vec<u64>);

/// Reads seeds: numbers and ranges `a..b`, both ends included, separated by commas.
pub fn seeds(text: &str) -> Result<Seeds, String> {
    let number = |word: &str| word.trim().parse::<u64>().map_err(|_| format!("\"{word}\" is no seed; seeds are `7`, `42..51` or `1,5,9`"));
    let mut all = Vec::new();
    for part in text.split(',') {
        let (first, last) = match part.split_once("..") {
            Some((first, last)) => (number(first)?, number(last.trim_start_matches('='))?),
            None => (number(part)?, number(part)?),
        };
        if last < first {
            return Err(format!("{part}: the last seed is below the first"));
        }
        if last - first >= SEEDS_MAX || all.len() as u64 + (last - first) >= SEEDS_MAX {
            return Err(format!("{text}: more than {SEEDS_MAX} seeds"));
        }
        all.extend(first..=last);
    }
    let mut sorted = all.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("seed {} is there twice", pair[0])),
        None => Ok(Seeds(all)),
    }
}

/// Compares.
pub fn run(args: Args) -> Outcome {
    let text = |error: crate::base::input_error::InputError| error.to_string();
    let mut policies = args.policies.iter().map(|word| Policy::find(word.trim())).collect::<Result<Vec<_>, _>>().map_err(text)?;
    if let Some(twice) = policies.iter().enumerate().find(|(at, policy)| policies[..*at].iter().any(|other| other.name == policy.name)) {
        return Err(format!("error: policy \"{}\" is there twice", twice.1.name));
    }
    let overrides = Overrides { set: args.set, manifests: args.filename, seed: None, until: None };
    let scenario = scenario::load(&args.scenario, &overrides, &mut std::io::stdin()).map_err(text)?;
    let seeds = args.seeds.map_or_else(|| vec![scenario.seed.0], |seeds| seeds.0);
    let bench = Bench::new(scenario).map_err(text)?;
    if policies.is_empty() {
        policies = bench.usual_policies();
    }
    policies.iter().try_for_each(|policy| bench.admits(policy)).map_err(text)?;
    if let Some(folder) = &args.charts {
        std::fs::create_dir_all(folder).map_err(|error| no_charts(folder, &error))?;
    }
    let wall = super::stopwatch();
    let bar = progress(policies.len() * seeds.len());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.jobs.map_or(0, usize::from)).build();
    let pool = pool.map_err(|error| format!("error: no threads: {error}"))?;
    let comparison = pool.install(|| compare(&bench, &policies, &seeds, || bar.inc(1)));
    bar.finish_and_clear();
    let comparison = comparison?;
    let shown = match args.output {
        Format::Csv => comparison.csv(),
        Format::Json => serde_json::to_string_pretty(&comparison.json()).expect("plain data") + "\n",
        Format::Table => table(&comparison),
    };
    if let Some(folder) = &args.charts {
        draw(&comparison, folder).map_err(|error| no_charts(folder, &*error))?;
    }
    std::io::stdout().lock().write_all(shown.as_bytes()).map_err(|error| format!("error: standard output: {error}"))?;
    let count = comparison.cells.len();
    eprintln!("{count} {} in {}", if count == 1 { "run" } else { "runs" }, wall());
    Ok(0)
}

fn no_charts(folder: &Path, error: &dyn std::fmt::Display) -> String {
    format!(
        "error: the charts cannot be written into {}: {error}\n  hint: `--charts` names a folder that is there or can be made",
        folder.display()
    )
}

fn draw(comparison: &Comparison, folder: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    for chart in charts(comparison)? {
        let path = folder.join(format!("{}.svg", chart.file));
        std::fs::write(&path, chart.svg)?;
        eprintln!("{}: {}", path.display(), chart.title);
    }
    Ok(())
}

fn progress(cells: usize) -> ProgressBar {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(cells as u64) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} runs, {elapsed} so far, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Figures by policy: mean and standard deviation, and who is best.
fn table(comparison: &Comparison) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let mut header = vec!["FIGURE".to_string(), "UNIT".into()];
    header.extend(comparison.policies.iter().cloned());
    header.push("BEST (SEEDS)".into());
    table.set_header(header);
    for figure in comparison.figures {
        let spreads: Vec<_> = (0..comparison.policies.len()).map(|policy| comparison.spread(policy, figure)).collect();
        if spreads.iter().all(Option::is_none) {
            continue;
        }
        let mut row = vec![figure.name.to_string(), figure.unit.into()];
        row.extend(spreads.iter().map(|spread| match spread {
            None => "-".into(),
            Some(spread) if comparison.seeds.len() == 1 => figure.print(Some(spread.mean)),
            Some(spread) => format!("{} ± {}", figure.print_mean(spread.mean), figure.print_mean(spread.sd)),
        }));
        row.push(comparison.winner(figure).map_or(String::new(), |winner| match winner.policies.as_slice() {
            [one] => format!("{} ({}/{})", comparison.policies[*one], winner.seeds, comparison.seeds.len()),
            all if all.len() == comparison.policies.len() => "all alike".into(),
            several => several.iter().map(|&policy| comparison.policies[policy].as_str()).collect::<Vec<_>>().join(", "),
        }));
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(2).take(comparison.policies.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let seeds: Vec<String> = comparison.seeds.iter().map(u64::to_string).collect();
    let seeds = if seeds.len() > 3 { format!("{} to {}", seeds[0], seeds[seeds.len() - 1]) } else { seeds.join(", ") };
    format!("{}, seeds {seeds}: mean ± standard deviation over seeds\n\n{table}\n", comparison.workload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_numbers_and_ranges() {
        assert_eq!(seeds("42..44,7").unwrap().0, [42, 43, 44, 7]);
        assert_eq!(seeds("3..=4").unwrap().0, [3, 4]);
        for (text, message) in [
            ("x", "\"x\" is no seed"),
            ("", "is no seed"),
            ("9..3", "the last seed is below the first"),
            ("1,1", "seed 1 is there twice"),
            ("0..18446744073709551615", "more than 100000 seeds"),
            ("-3", "is no seed"),
        ] {
            assert!(seeds(text).unwrap_err().contains(message), "{text}");
        }
    }
}

//! `kubesim diff A B`: where two runs part, and what follows, side by side.

use super::Outcome;
use super::load::span;
use crate::base::{Span, Time};
use crate::check::diff::{Difference, Parting, compare};
use crate::scenario::{self, Overrides, Scenario};

/// Show the first step in which two runs differ, and what follows from it.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A scenario file.
    a: String,
    /// Another one, or the same with another seed. Without it: the first one with `--seed-b`.
    b: Option<String>,
    /// Seed of the first run, instead of the scenario's own.
    #[arg(long, value_name = "N")]
    seed_a: Option<u64>,
    /// Seed of the second run.
    #[arg(long, value_name = "N")]
    seed_b: Option<u64>,
    /// Change a value of the second scenario, such as `cluster.nodes[0].count=5`; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set_b: Vec<String>,
    /// End both runs at this instant.
    #[arg(long, value_name = "TIME", value_parser = span)]
    until: Option<Span>,
    /// How many lines of what follows are shown.
    #[arg(long, value_name = "N", default_value_t = 20)]
    lines: usize,
}

/// Compares them. Exit status 1 if they differ, as `diff` has it.
pub fn run(args: Args) -> Outcome {
    if args.b.is_none() && args.seed_b.is_none() && args.set_b.is_empty() {
        return Err("error: name a second scenario, or what is different: --seed-b or --set-b".into());
    }
    let load = |file: &str, seed: Option<u64>, set: &[String]| -> Result<Scenario, String> {
        let overrides = Overrides { seed, set: set.to_vec(), until: args.until, ..Overrides::default() };
        scenario::load(file, &overrides, &mut std::io::stdin()).map_err(|error| error.to_string())
    };
    let a = load(&args.a, args.seed_a, &[])?;
    let b = load(args.b.as_deref().unwrap_or(&args.a), args.seed_b, &args.set_b)?;
    match compare(&a, &b, args.lines)? {
        Difference::None { steps } => {
            println!("the runs are equal: {steps} steps");
            Ok(0)
        }
        Difference::Parting(parting) => {
            print!("{}", shown(&title(&a), &title(&b), &parting));
            Ok(1)
        }
    }
}

fn title(scenario: &Scenario) -> String {
    format!("{} (seed {})", scenario.name, scenario.seed.0)
}

/// Width of a column.
const WIDTH: usize = 76;

fn shown(a: &str, b: &str, parting: &Parting) -> String {
    let at = |time: Option<Time>| time.map_or("-".into(), |time| time.to_string());
    let mut text = format!("they part in step {}\n", parting.step);
    for (name, time, event) in [(a, parting.at[0], &parting.event[0]), (b, parting.at[1], &parting.event[1])] {
        text += &format!("  {name} at {}: {event}\n", at(time));
    }
    if !parting.before.is_empty() {
        text += "both, until then:\n";
        for line in &parting.before {
            text += &format!("  {line}\n");
        }
    }
    text += &format!("{:WIDTH$} | {b}\n", cut(a));
    let [mut left, mut right] = [parting.after[0].iter().peekable(), parting.after[1].iter().peekable()];
    // Line by line in order of time, what happens in both at the same instant in one line.
    while left.peek().is_some() || right.peek().is_some() {
        let (l, r) = (left.peek().map(|line| line.0), right.peek().map(|line| line.0));
        let (take_left, take_right) = match (l, r) {
            (Some(l), Some(r)) => (l <= r, r <= l),
            (l, r) => (l.is_some(), r.is_some()),
        };
        let side = |take: bool, lines: &mut std::iter::Peekable<std::slice::Iter<'_, (Time, String)>>| {
            let line = if take { lines.next() } else { None };
            line.map_or(String::new(), |(time, line)| crate::check::tell::at(*time, line))
        };
        let (l, r) = (side(take_left, &mut left), side(take_right, &mut right));
        text += format!("{:WIDTH$} | {r}", cut(&l)).trim_end();
        text.push('\n');
    }
    text
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WIDTH { text.into() } else { text.chars().take(WIDTH - 3).collect::<String>() + "..." }
}

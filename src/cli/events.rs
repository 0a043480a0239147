//! `kubesim events SCENARIO`: the Kubernetes Events of a run, each time one was written.

use super::Outcome;
use super::load::{ScenarioArgs, span};
use crate::base::{Span, Time};
use std::io::Write;

/// Show the Kubernetes Events of a run.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file.
    scenario: String,
    #[command(flatten)]
    common: ScenarioArgs,
    /// Up to this instant, such as `7m` [default: to the end].
    #[arg(long, value_name = "TIME", value_parser = span)]
    at: Option<Span>,
    /// Only Events about this object, such as `pod/web-1`.
    #[arg(long = "for", value_name = "KIND/NAME")]
    about: Option<String>,
    /// Only Events of this type.
    #[arg(long = "type", value_name = "TYPE", value_parser = ["Normal", "Warning"])]
    kind: Option<String>,
    /// `json` prints one JSON object a line.
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    output: String,
}

/// Shows them.
pub fn run(args: Args) -> Outcome {
    let scenario = args.common.load(Some(&args.scenario), None)?;
    let world = args.common.play(&scenario, args.at.map(|span| Time(span.0)))?;
    let collector = world.collector.0.borrow();
    let wanted = collector.events.lines().filter(|line| {
        args.about.as_ref().is_none_or(|about| line.object == *about) && args.kind.as_ref().is_none_or(|kind| &*line.kind == kind.as_str())
    });
    let mut out = std::io::stdout().lock();
    let write = |result: std::io::Result<()>| result.map_err(|error| error.to_string());
    if args.output == "json" {
        for line in wanted {
            write(writeln!(out, "{}", serde_json::to_string(&line).expect("plain data")))?;
        }
        return Ok(0);
    }
    write(writeln!(out, "{:>10}  {:<8} {:<24} {:<44} MESSAGE", "TIME", "TYPE", "REASON", "OBJECT"))?;
    for line in wanted {
        let count = if line.count > 1 { format!(" (x{})", line.count) } else { String::new() };
        let time = crate::report::story::clock(Span::from_ms(line.t));
        write(writeln!(out, "{time:>10}  {:<8} {:<24} {:<44} {}{count}", line.kind, line.reason, line.object, line.message))?;
    }
    Ok(0)
}

//! The command line: one file a subcommand. Data goes to standard output, progress and wall-clock figures to standard error.
//! Exit status: 0 fine, 1 an expectation broke, 2 bad input.

pub mod check;
pub mod compare;
pub mod completion;
pub mod describe;
pub mod diff;
pub mod events;
pub mod explain;
pub mod get;
pub mod load;
pub mod run;
pub mod schedule;
pub mod schema;
pub mod sweep;
pub mod top;
pub mod watch;

use crate::report::story::Palette;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A deterministic discrete-event simulator of a Kubernetes cluster.
#[derive(Parser, Debug)]
#[command(name = "kubesim", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Run(run::Args),
    Compare(compare::Args),
    Check(check::Args),
    Diff(diff::Args),
    Get(get::Args),
    Describe(describe::Args),
    Events(events::Args),
    Explain(explain::Args),
    Schema(schema::Args),
    Sweep(sweep::Args),
    Top(top::Args),
    Completion(completion::Args),
    Schedule(schedule::Args),
}

/// What a subcommand came to: its exit status, or a message for standard error and exit status 2.
pub type Outcome = Result<u8, String>;

/// Colours, unless the output is no terminal or the user does not want any (`NO_COLOR`).
pub fn palette(is_terminal: bool) -> Palette {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if is_terminal && wanted { Palette::Ansi } else { Palette::Plain }
}

/// Measures wall-clock time: the figure is for standard error alone.
#[allow(clippy::disallowed_methods)]
pub fn stopwatch() -> impl Fn() -> String {
    let begin = std::time::Instant::now();
    move || format!("{:.2} s", begin.elapsed().as_secs_f64())
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(args) => run::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Check(args) => check::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Get(args) => get::run(args),
        Command::Describe(args) => describe::run(args),
        Command::Events(args) => events::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Sweep(args) => sweep::run(args),
        Command::Top(args) => top::run(args),
        Command::Completion(args) => completion::run(args),
        Command::Schedule(args) => schedule::run(args),
    };
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

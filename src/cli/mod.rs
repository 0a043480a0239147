//! The command line: one file a subcommand. Data goes to standard output, progress and wall-clock figures to standard error.
//! Exit status: 0 fine, 1 an expectation broke, 2 bad input.

pub mod completion;
pub mod schedule;

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
    Completion(completion::Args),
    Schedule(schedule::Args),
}

/// What a subcommand came to: its exit status, or a message for standard error and exit status 2.
pub type Outcome = Result<u8, String>;

/// Runs the command line.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
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

//! `kubesim completion SHELL`: completions for the user's shell.

use super::{Cli, Outcome};
use clap::CommandFactory;
use clap_complete::Shell;

/// Print shell completions.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// For which shell.
    shell: Shell,
}

/// Prints them.
pub fn run(args: Args) -> Outcome {
    clap_complete::generate(args.shell, &mut Cli::command(), "kubesim", &mut std::io::stdout());
    Ok(0)
}

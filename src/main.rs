//! The command `kubesim`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kubesim::cli::main()
}

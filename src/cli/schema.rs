//! `kubesim schema`: the JSON Schema of scenario files, for editors.

use super::Outcome;

/// Print the JSON Schema of scenario files.
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Prints it.
pub fn run(_args: Args) -> Outcome {
    let schema = crate::scenario::json_schema();
    println!("{}", serde_json::to_string_pretty(&schema).expect("a schema is JSON"));
    Ok(0)
}

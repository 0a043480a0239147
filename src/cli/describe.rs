//! `kubesim describe TYPE [NAME...] SCENARIO`: objects in full, as `kubectl describe` shows them, at any instant of a run.

use super::Outcome;
use super::get::Place;
use crate::manifest::describe::describe_all;

/// Describe objects as kubectl does, at any instant of a run.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    place: Place,
}

/// Describes them.
pub fn run(args: Args) -> Outcome {
    let found = args.place.find()?;
    if found.objects.is_empty() {
        eprintln!("{}", args.place.nothing());
        return Ok(0);
    }
    print!("{}", describe_all(found.objects.iter().map(|object| &**object), found.world.sim.store().now(), found.now));
    Ok(0)
}

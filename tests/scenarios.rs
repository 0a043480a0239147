//! Every shipped scenario against what it was recorded to do: story, figures, verdicts, and fingerprint.
//! `UPDATE=1 cargo test --test scenarios` records anew. Of an incident the broken half must break an expectation (exit status 1),
//! the fixed half none.

use kubesim::base::Span;
use kubesim::report::Run;
use kubesim::report::story::{Palette, line, summary};
use kubesim::scenario::{self, Overrides};
use kubesim::world::{Options, World};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let arguments = Arguments::from_args();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let trials = scenarios(&root.join("scenarios")).into_iter().map(|path| {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        Trial::test(name, move || play(&path))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// Scenario files: those that say so.
fn scenarios(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(scenarios(&path));
        } else if fs::read_to_string(&path).is_ok_and(|text| text.contains("kind: Scenario")) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn play(path: &Path) -> Result<(), Failed> {
    let scenario = scenario::load(&path.display().to_string(), &Overrides::default(), &mut std::io::empty())?;
    let mut world = World::new(&scenario, Options::default())?;
    world.run_until(scenario.end());
    judge_incident(path, &world)?;
    let told = tell(&scenario, &world);
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/scenarios").join(format!("{}.txt", scenario.name));
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(golden.parent().unwrap())?;
        fs::write(&golden, &told)?;
        return Ok(());
    }
    let expected = fs::read_to_string(&golden).map_err(|error| format!("{}: {error}", golden.display()))?;
    match expected.lines().zip(told.lines()).enumerate().find(|(_, (expected, got))| expected != got) {
        None if expected.len() == told.len() => Ok(()),
        None => Err(format!("{} lines were expected, {} came", expected.lines().count(), told.lines().count()).into()),
        Some((number, (expected, got))) => Err(format!("line {}\n expected: {expected}\n      got: {got}", number + 1).into()),
    }
}

/// Whether a half of an incident ends as its file's name says.
fn judge_incident(path: &Path, world: &World) -> Result<(), Failed> {
    let wanted = match path.file_stem().and_then(|stem| stem.to_str()) {
        _ if !path.components().any(|part| part.as_os_str() == "incidents") => return Ok(()),
        Some("broken") => true,
        Some("fixed") => false,
        _ => return Err("an incident has a broken.yaml and a fixed.yaml".into()),
    };
    let broken: Vec<String> = world.verdicts().into_iter().filter(|case| !case.passed).map(|case| case.name).collect();
    match broken.is_empty() == wanted {
        true => Err(format!("broken expectations: {broken:?}").into()),
        false => Ok(()),
    }
}

fn tell(scenario: &scenario::Scenario, world: &World) -> String {
    let collector = world.collector.0.borrow();
    let (cases, not_ready) = (world.verdicts(), world.not_ready());
    let run = Run {
        name: &scenario.name,
        question: &scenario.question,
        seed: scenario.seed.0,
        simulated: Span(scenario.end().0),
        trace_hash: world.sim.trace().hash(),
        events: world.sim.counters().events,
        commits: world.sim.counters().commits,
        collector: &collector,
        cases: &cases,
        not_ready: &not_ready,
    };
    let story: String = collector.story.lines.iter().map(|told| line(told, Palette::Plain) + "\n").collect();
    format!("{}\n{story}\n{}", scenario.question, summary(&run, Palette::Plain))
}

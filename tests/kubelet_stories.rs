//! What a kubelet does beyond the recorded cases: small scenarios in `tests/kubelet/`, each of which says what must hold.

use kubesim::scenario::{self, Overrides};
use kubesim::world::{Options, World};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kubelet");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("scenario.yaml")).collect();
    paths.sort();
    let name = |path: &Path| path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let trials = paths.into_iter().map(|path| Trial::test(name(&path), move || play(&path)));
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn play(path: &Path) -> Result<(), Failed> {
    let scenario = scenario::load(&path.display().to_string(), &Overrides::default(), &mut std::io::empty())?;
    let mut world = World::new(&scenario, Options::default())?;
    world.run_until(scenario.end());
    let verdicts = world.verdicts();
    let broken: Vec<String> = verdicts.iter().filter(|case| !case.passed).map(|case| format!("{}: {}", case.name, case.detail)).collect();
    if verdicts.is_empty() || !broken.is_empty() {
        return Err(format!("of {} expectations broken:\n  {}", verdicts.len(), broken.join("\n  ")).into());
    }
    Ok(())
}

//! Nothing hangs on the order in which events at one instant happen to arrive: in whatever order they come, the verdicts of the
//! shipped scenarios are the same.

use kubesim::scenario::{self, Overrides};
use kubesim::world::{Options, World};
use std::fs;
use std::path::PathBuf;

/// Orders that are tried.
const ORDERS: u64 = 2;
/// Folders of scenarios whose expectations are about what must be, not about figures of one run.
const FOLDERS: &[&str] = &["weather", "controllers", "lessons"];

/// Each expectation and whether it held.
fn verdicts(path: &str, shuffle: Option<u64>) -> (u64, Vec<(String, bool)>) {
    let scenario = scenario::load(path, &Overrides::default(), &mut std::io::empty()).unwrap();
    let mut world = World::new(&scenario, Options { shuffle, ..Options::default() }).unwrap();
    world.run_until(scenario.end());
    (world.sim.trace().hash(), world.verdicts().into_iter().map(|case| (case.name, case.passed)).collect())
}

#[test]
fn scenarios_end_alike_in_whatever_order_equal_times_come() {
    let mut other_runs = 0;
    for folder in FOLDERS {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(folder);
        let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "yaml")) {
            let path = file.display().to_string();
            let (hash, usual) = verdicts(&path, None);
            for order in 1..=ORDERS {
                let (other, shuffled) = verdicts(&path, Some(order));
                assert_eq!(shuffled, usual, "{path} with --shuffle {order}");
                other_runs += u64::from(other != hash);
            }
        }
    }
    assert!(other_runs > 0, "nothing was shuffled");
}

//! A run is a pure function of scenario, seed and version: not of the build, of what is measured, or of what is cached.

use kubesim::scenario::{self, Overrides};
use kubesim::world::{Options, World};

const SCENARIOS: [&str; 3] = ["rollout", "broken-v2-rollback", "node-crash"];

fn hash(name: &str, seed: Option<u64>, options: Options) -> u64 {
    let file = format!("{}/scenarios/weather/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let overrides = Overrides { seed, ..Overrides::default() };
    let scenario = scenario::load(&file, &overrides, &mut std::io::empty()).unwrap();
    let mut world = World::new(&scenario, options).unwrap();
    world.run_until(scenario.end());
    world.sim.trace().hash()
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_another() {
    for name in SCENARIOS {
        let first = hash(name, Some(7), Options::default());
        assert_eq!(first, hash(name, Some(7), Options::default()), "{name}");
        assert_ne!(first, hash(name, Some(8), Options::default()), "{name}");
    }
}

#[test]
fn metrics_change_nothing() {
    for name in SCENARIOS {
        let without = Options { metrics: false, ..Options::default() };
        assert_eq!(hash(name, None, Options::default()), hash(name, None, without), "{name}");
        let replayed = Options { replay: true, ..Options::default() };
        assert_eq!(hash(name, None, Options::default()), hash(name, None, replayed), "{name}");
    }
}

#[test]
fn caches_change_nothing() {
    for name in SCENARIOS {
        let without = Options { caches: false, ..Options::default() };
        assert_eq!(hash(name, None, Options::default()), hash(name, None, without), "{name}");
    }
}

#[test]
fn running_in_slices_changes_nothing() {
    let file = format!("{}/scenarios/weather/rollout.yaml", env!("CARGO_MANIFEST_DIR"));
    let scenario = scenario::load(&file, &Overrides::default(), &mut std::io::empty()).unwrap();
    let mut world = World::new(&scenario, Options::default()).unwrap();
    for part in 1..=97 {
        world.run_until(kubesim::base::Time(scenario.end().0 / 97 * part));
    }
    world.run_until(scenario.end());
    assert_eq!(world.sim.trace().hash(), hash("rollout", None, Options::default()));
}

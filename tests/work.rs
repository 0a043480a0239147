//! Work that was counted once must not grow unseen: events, commits and requests of a run, and how often the scheduler looks at a node.
//! The figures are exact on any machine. `UPDATE=1 cargo test --test work` records them anew.

#[path = "support/scheduling.rs"]
mod scheduling;

use kubesim::scenario;
use kubesim::scheduler::config::SchedulerConfiguration;
use kubesim::scheduler::{Outcome, Scheduler};
use kubesim::world::{Options, World};
use scheduling::{node, pod, template};
use std::fmt::Write;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/work.txt");

/// Schedules pods of one kind one after the other; says how often a node was looked at.
fn evaluations(nodes: usize, pods: usize, kind: &str, no_cache: bool) -> u64 {
    let mut scheduler = Scheduler::new(&SchedulerConfiguration::default()).expect("the default configuration is fine");
    scheduler.no_cache = no_cache;
    (0..nodes).for_each(|at| scheduler.add_object(&node(at)));
    let template = template(kind);
    for at in 0..pods {
        let info = scheduler.pod_info(&pod(&template, at, ""));
        let mut decision = scheduler.schedule_one(&info);
        let Outcome::Node(id) = decision.outcome else { panic!("{}", decision.message()) };
        let assumed = pod(&template, at, &scheduler.world.cache.node(id).name.clone());
        let assumed = scheduler.pod_info(&assumed);
        scheduler.assume(assumed, &mut decision).expect("nothing objects");
    }
    scheduler.node_evaluations()
}

fn counters(file: &str) -> String {
    let path = format!("{}/scenarios/{file}", env!("CARGO_MANIFEST_DIR"));
    let scenario = scenario::load(&path, &scenario::Overrides::default(), &mut std::io::empty()).expect("a shipped scenario");
    let mut world = World::new(&scenario, Options { metrics: false, ..Options::default() }).expect("a shipped scenario");
    world.run_until(scenario.end());
    let counters = world.sim.counters();
    format!("{} events, {} commits, {} requests", counters.events, counters.commits, counters.requests)
}

#[test]
fn as_much_work_as_recorded() {
    let mut out = String::new();
    for kind in ["plain", "spread", "affinity"] {
        for (nodes, pods) in [(100, 200), (1_000, 200)] {
            let (known, anew) = (evaluations(nodes, pods, kind, false), evaluations(nodes, pods, kind, true));
            writeln!(out, "{kind}, {nodes} nodes, {pods} pods: {known} looks at a node, {anew} without caches").unwrap();
        }
    }
    for file in ["weather/rollout.yaml", "weather/zone-outage.yaml", "controllers/sts-partition.yaml"] {
        writeln!(out, "{file}: {}", counters(file)).unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        return std::fs::write(GOLDEN, out).expect("the golden can be written");
    }
    assert_eq!(
        out,
        std::fs::read_to_string(GOLDEN).expect("the golden is there"),
        "the work has changed; if it may: UPDATE=1 cargo test --test work"
    );
}

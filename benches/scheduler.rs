//! How many pods a second the scheduling cycle decides and assumes, in one thread, at several sizes of cluster: no queue, no binding.
//!
//! `cargo bench --bench scheduler -- [NODES,...] [SECONDS]`

#[path = "../tests/support/scheduling.rs"]
mod scheduling;

use kubesim::model::Obj;
use kubesim::scheduler::config::SchedulerConfiguration;
use kubesim::scheduler::decision::Detail;
use kubesim::scheduler::{Outcome, Scheduler};
use scheduling::{node, pod, template};
use std::sync::Arc;
use std::time::Instant;

const PODS_MAX: usize = 200_000;

/// Milliseconds of this process in user mode, as Linux counts them.
fn user_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(11)?.parse::<f64>().ok());
    ticks.unwrap_or(0.0) * 10.0
}

#[allow(clippy::disallowed_methods)] // A benchmark measures wall time.
fn measure(nodes: usize, kind: &str, percentage: i32, no_cache: bool, seconds: f64) -> (usize, f64, f64) {
    let config = SchedulerConfiguration { percentage_of_nodes_to_score: percentage, ..SchedulerConfiguration::default() };
    let mut scheduler = Scheduler::new(&config).expect("the default configuration is fine");
    (scheduler.no_cache, scheduler.detail) = (no_cache, Detail::Brief);
    let simple = template("simple");
    for at in 0..nodes {
        scheduler.add_object(&node(at));
        scheduler.add_object(&pod(&simple, 1_000_000 + at, &format!("node-{at:05}")));
    }
    let template = template(kind);
    let queue: Vec<Obj> = (0..PODS_MAX.min(nodes * 60)).map(|at| pod(&template, at, "")).collect();
    let (before, start, mut done) = (user_ms(), Instant::now(), 0);
    for object in &queue {
        let info = scheduler.pod_info(object);
        let mut decision = scheduler.schedule_one(&info);
        let Outcome::Node(id) = decision.outcome else { panic!("{}", decision.message()) };
        let mut assumed = (**object).clone();
        assumed.as_pod_mut().expect("it is a pod").node_name = scheduler.world.cache.node(id).name.clone();
        let assumed = scheduler.pod_info(&Arc::new(assumed));
        scheduler.assume(assumed, &mut decision).expect("nothing objects");
        done += 1;
        if start.elapsed().as_secs_f64() > seconds {
            break;
        }
    }
    (done, start.elapsed().as_secs_f64(), user_ms() - before)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let sizes: Vec<usize> = args.first().map_or(vec![5000], |text| text.split(',').filter_map(|size| size.parse().ok()).collect());
    let seconds = args.get(1).and_then(|text| text.parse().ok()).unwrap_or(2.0);
    println!("| nodes | pods | percentage | cache | pods scheduled | pods/s (wall) | user CPU ms/pod |");
    println!("|---|---|---|---|---|---|---|");
    for &nodes in &sizes {
        for kind in ["simple", "spread", "affinity"] {
            for (percentage, name) in [(0, "adaptive"), (100, "100")] {
                for no_cache in [false, true] {
                    let (done, wall, user) = measure(nodes, kind, percentage, no_cache, seconds);
                    let cache = if no_cache { "off" } else { "on" };
                    println!("| {nodes} | {kind} | {name} | {cache} | {done} | {:.0} | {:.4} |", done as f64 / wall, user / done as f64);
                }
            }
        }
    }
}

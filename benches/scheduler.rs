//! How many pods a second the scheduling cycle decides and assumes, in one thread, at several sizes of cluster: no queue, no binding.
//!
//! `cargo bench --bench scheduler -- [NODES,...] [SECONDS] [KIND,...]`. The kinds:
//! - `simple`: a container with requests; `spread`: over zones, required; `affinity`: preferably on hosts with others of its kind;
//! - `apart`: required anti-affinity by host name. Once half the nodes have one of them, all go and others come;
//! - `preemption`: the cluster is full of pods of half a node; each pod pushes one out and is tried again;
//! - `overfull`: the cluster is full; of twenty pods tried nineteen fit nowhere, then one ends and the twentieth takes its place.

#[path = "../tests/support/scheduling.rs"]
mod scheduling;

use kubesim::model::Obj;
use kubesim::scheduler::config::SchedulerConfiguration;
use kubesim::scheduler::decision::{Decision, Detail};
use kubesim::scheduler::{Outcome, Scheduler};
use scheduling::{node, pod, template};
use std::sync::Arc;
use std::time::Instant;

const PODS_MAX: usize = 200_000;
const KINDS: [&str; 6] = ["simple", "spread", "affinity", "apart", "preemption", "overfull"];
/// Attempts for one that ends, when the cluster is overfull.
const ATTEMPTS_A_PLACE: usize = 20;

/// Milliseconds of this process in user mode, as Linux counts them.
fn user_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(11)?.parse::<f64>().ok());
    ticks.unwrap_or(0.0) * 10.0
}

struct Bench {
    scheduler: Scheduler,
    /// Pods that were there from the start, or were bound.
    bound: Vec<Obj>,
    /// The first of `bound` that has not ended.
    next: usize,
}

impl Bench {
    fn new(nodes: usize, kind: &str, percentage: i32, no_cache: bool) -> Self {
        let config = SchedulerConfiguration { percentage_of_nodes_to_score: percentage, ..SchedulerConfiguration::default() };
        let mut scheduler = Scheduler::new(&config).expect("the default configuration is fine");
        (scheduler.no_cache, scheduler.detail) = (no_cache, Detail::Brief);
        let (first, each) = if matches!(kind, "preemption" | "overfull") { (template("half"), 2) } else { (template("simple"), 1) };
        let mut bound = vec![];
        for at in 0..nodes {
            scheduler.add_object(&node(at));
            for half in 0..each {
                let object = pod(&first, 1_000_000 + at * each + half, &format!("node-{at:05}"));
                scheduler.add_object(&object);
                bound.push(object);
            }
        }
        Self { scheduler, bound, next: 0 }
    }

    fn decide(&mut self, object: &Obj) -> Decision {
        let info = self.scheduler.pod_info(object);
        self.scheduler.schedule_one(&info)
    }

    fn assume(&mut self, object: &Obj, mut decision: Decision) {
        let Outcome::Node(id) = decision.outcome else { panic!("{}", decision.message()) };
        let mut assumed = (**object).clone();
        assumed.as_pod_mut().expect("it is a pod").node_name = self.scheduler.world.cache.node(id).name.clone();
        let assumed = Arc::new(assumed);
        self.bound.push(assumed.clone());
        let assumed = self.scheduler.pod_info(&assumed);
        self.scheduler.assume(assumed, &mut decision).expect("nothing objects");
    }

    fn end(&mut self) {
        let ended = self.bound[self.next].clone();
        self.scheduler.remove_object(&ended);
        self.next += 1;
    }

    /// One pod of the benchmark.
    fn step(&mut self, kind: &str, nodes: usize, at: usize, object: &Obj) {
        match kind {
            "overfull" if at.is_multiple_of(ATTEMPTS_A_PLACE) => self.end(),
            "overfull" => {
                let decision = self.decide(object);
                assert!(decision.outcome == Outcome::Unschedulable && decision.preemption.is_none());
                return;
            }
            "preemption" => {
                let decision = self.decide(object);
                for victim in &decision.preemption.expect("there is somebody less important").best().victims {
                    self.scheduler.remove_object(&victim.object);
                }
            }
            "apart" if at > 0 && at.is_multiple_of(nodes / 2) => {
                self.next = nodes.max(self.next);
                while self.next < self.bound.len() {
                    self.end();
                }
            }
            _ => {}
        }
        let decision = self.decide(object);
        self.assume(object, decision);
    }
}

#[allow(clippy::disallowed_methods)] // A benchmark measures wall time.
fn measure(nodes: usize, kind: &str, percentage: i32, no_cache: bool, seconds: f64) -> (usize, f64, f64) {
    let mut bench = Bench::new(nodes, kind, percentage, no_cache);
    let template = template(match kind {
        "preemption" => "urgent",
        "overfull" => "half",
        other => other,
    });
    let most = if kind == "preemption" { nodes } else { nodes * 60 };
    let queue: Vec<Obj> = (0..PODS_MAX.min(most)).map(|at| pod(&template, at, "")).collect();
    let (before, start, mut done) = (user_ms(), Instant::now(), 0);
    for object in &queue {
        bench.step(kind, nodes, done, object);
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
    let kinds: Vec<&str> = args.get(2).map_or(KINDS.to_vec(), |text| text.split(',').collect());
    println!("| nodes | pods | percentage | cache | pods scheduled | pods/s (wall) | user CPU ms/pod |");
    println!("|---|---|---|---|---|---|---|");
    for &nodes in &sizes {
        for &kind in &kinds {
            assert!(KINDS.contains(&kind), "no such kind: {kind}");
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

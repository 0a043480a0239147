//! The whole pipeline, measured: many pods until all are ready, a quiet day, memory a pod. Figures go to standard output;
//! `docs/performance.md` keeps those of record.
//!
//! `cargo bench --bench pipeline` runs all; `cargo bench --bench pipeline -- rollout 1000 10000` runs one of them with its sizes.

use kubesim::scenario::{self, Overrides};
use kubesim::world::{Options, World};
use std::fmt::Write;
use std::time::Instant;

const REPLICAS: usize = 100;

fn scenario_text(nodes: usize, duration: &str, manifests: &str) -> String {
    format!(
        "apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: bench\nduration: {duration}\ncluster:\n  nodes:\n    \
         - {{count: {nodes}, name: \"n-#\", zone: z1, cpu: 32, memory: 256Gi}}\n  controllerManager: {{kubeAPIQPS: 1000, kubeAPIBurst: 2000}}\n\
         {manifests}containers:\n  - image: \"*\"\n    size: 50Mi\n    start: 1s\n"
    )
}

fn deployments(pods: usize) -> String {
    let mut text = String::new();
    for number in 0..pods / REPLICAS {
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{number}}}\nspec:\n  replicas: {REPLICAS}\n  selector: {{matchLabels: {{app: d{number}}}}}\n  \
             template:\n    metadata: {{labels: {{app: d{number}}}}}\n    spec:\n      containers:\n        - {{name: c, image: \"app:1\", resources: {{requests: {{cpu: 100m, memory: 128Mi}}}}}}\n"
        );
    }
    text
}

/// Resident memory of this process in KiB (Linux).
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn world(name: &str, text: &str, manifest: &str) -> (World, kubesim::base::Time) {
    let dir = std::env::temp_dir().join(format!("kubesim-bench-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("deployments.yaml"), manifest).unwrap();
    std::fs::write(dir.join("scenario.yaml"), text).unwrap();
    let scenario = scenario::load(&dir.join("scenario.yaml").display().to_string(), &Overrides::default(), &mut std::io::empty()).unwrap();
    let _ = std::fs::remove_dir_all(&dir);
    let world = World::new(&scenario, Options { metrics: false, replay: false, ..Options::default() }).unwrap();
    (world, scenario.end())
}

#[allow(clippy::disallowed_methods)]
fn rollout(nodes: usize, pods: usize) {
    let begin = Instant::now();
    let before_kib = resident_kib();
    let (mut world, end) = world("rollout", &scenario_text(nodes, "2h", "manifests: [deployments.yaml]\n"), &deployments(pods));
    let ready =
        |world: &World| world.sim.store().now().list(kubesim::model::Kind::Pod).filter(|(_, o)| o.as_pod().unwrap().is_ready()).count();
    let mut until = kubesim::base::Time::ZERO;
    while until < end && ready(&world) < pods {
        until += kubesim::base::Span::from_s(5);
        world.run_until(until);
    }
    let wall = begin.elapsed().as_secs_f64();
    let counters = world.sim.counters();
    println!(
        "rollout: {nodes} nodes, {pods} pods: {} ready after {until} of simulated time, {wall:.2} s wall, {} events, {} commits, {} requests, {:.0} KiB resident more ({:.2} KiB a pod)",
        ready(&world),
        counters.events,
        counters.commits,
        counters.requests,
        resident_kib() as f64 - before_kib as f64,
        (resident_kib() as f64 - before_kib as f64) / pods as f64,
    );
}

#[allow(clippy::disallowed_methods)]
fn quiet(nodes: usize, hours: u64) {
    let begin = Instant::now();
    let (mut world, end) = world("quiet", &scenario_text(nodes, &format!("{hours}h"), ""), "");
    world.run_until(end);
    println!("quiet: {nodes} nodes, {hours} h: {:.3} s wall, {} events", begin.elapsed().as_secs_f64(), world.sim.counters().events);
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let number = |at: usize, default: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(default);
    match words.first().map(String::as_str) {
        Some("rollout") => rollout(number(1, 1_000), number(2, 10_000)),
        Some("quiet") => quiet(number(1, 1_000), number(2, 24) as u64),
        _ => {
            quiet(1_000, 24);
            rollout(1_000, 10_000);
        }
    }
}

//! What a pod costs in the store: the heap that becomes free when all pods are taken out of the store of a finished run.
//!
//! `cargo bench --bench memory` (`-- 300 6000`: nodes and pods). Exact: every allocation is counted.

use kubesim::base::Time;
use kubesim::model::Kind;
use kubesim::scenario::{self, Overrides};
use kubesim::world::{Options, World};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const REPLICAS: usize = 100;

fn live_bytes() -> usize {
    dhat::HeapStats::get().curr_bytes
}

fn world(nodes: usize, pods: usize) -> (World, Time) {
    let dir = std::env::temp_dir().join(format!("kubesim-memory-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let deployment = |number: usize| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{number}}}\nspec:\n  replicas: {REPLICAS}\n  selector: {{matchLabels: {{app: d{number}}}}}\n  \
             template:\n    metadata: {{labels: {{app: d{number}}}}}\n    spec:\n      containers:\n        - {{name: c, image: \"app:1\", resources: {{requests: {{cpu: 100m, memory: 128Mi}}}}}}\n"
        )
    };
    std::fs::write(dir.join("deployments.yaml"), (0..pods / REPLICAS).map(deployment).collect::<String>()).unwrap();
    let text = format!(
        "apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: memory\nduration: 30m\ncluster:\n  nodes:\n    - {{count: {nodes}, name: \"n-#\", zone: z1, cpu: 32, memory: 256Gi}}\n  \
         controllerManager: {{kubeAPIQPS: 1000, kubeAPIBurst: 2000}}\nmanifests: [deployments.yaml]\ncontainers:\n  - image: \"*\"\n    size: 50Mi\n    start: 1s\n"
    );
    std::fs::write(dir.join("scenario.yaml"), text).unwrap();
    let scenario = scenario::load(&dir.join("scenario.yaml").display().to_string(), &Overrides::default(), &mut std::io::empty()).unwrap();
    let _ = std::fs::remove_dir_all(&dir);
    let options = Options { metrics: false, replay: false, ..Options::default() };
    (World::new(&scenario, options).unwrap(), scenario.end())
}

fn main() {
    let words: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let (nodes, pods) = (words.first().copied().unwrap_or(300), words.get(1).copied().unwrap_or(6_000));
    let _profiler = dhat::Profiler::builder().testing().build();
    let (mut world, end) = world(nodes, pods);
    world.run_until(end);
    let whole = live_bytes();
    let mut store = world.sim.into_store();
    store.prune(store.version());
    let with_pods = live_bytes();
    let ids: Vec<_> = store.now().list(Kind::Pod).filter(|(_, object)| object.as_pod().unwrap().is_ready()).map(|(id, _)| id).collect();
    let count = ids.len();
    for id in ids {
        store.commit(end, id, None);
    }
    store.prune(store.version());
    let without = live_bytes();
    let (each, rows) = ((with_pods - without) as f64 / count as f64, store.log_len());
    println!(
        "memory: {count} ready pods on {nodes} nodes: {each:.0} B of the store a pod; the store of all kinds {:.1} MiB, the whole world {:.1} MiB; {rows} entries of the log",
        with_pods as f64 / 1048576.0,
        whole as f64 / 1048576.0
    );
}

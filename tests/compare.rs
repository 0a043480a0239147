//! Comparisons: the same whatever runs side by side, and the same luck for every policy.

use kubesim::base::Seed;
use kubesim::lab::{Bench, Comparison, Policy, compare};
use kubesim::scenario::{self, Overrides, Scenario};
use kubesim::world::{Options, World};

fn comparison(threads: usize) -> Comparison {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/traces/batch.yaml");
    let scenario = scenario::load(path, &Overrides::default(), &mut std::io::empty()).unwrap();
    let policies: Vec<Policy> = ["Default", "MostAllocated"].map(|name| Policy::named(name).unwrap()).into();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| compare(&Bench::new(scenario).unwrap(), &policies, &[1, 2], || {})).unwrap()
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let one = comparison(1);
    assert_eq!(one, comparison(3));
    assert_eq!(one.csv().lines().count(), 5);
    let arrived: Vec<Option<f64>> = one.cells.iter().map(|cell| cell.get("pods_arrived")).collect();
    assert!(arrived.iter().all(|pods| *pods == arrived[0] && pods.is_some()), "{arrived:?}");
    let curves = &one.curves[0];
    assert!(!curves.allocation.0.is_empty() && curves.pending.0.len() == 101 && !curves.utilisation.0.is_empty());
    assert!(kubesim::lab::charts(&one).unwrap().len() >= 6);
}

fn shipped(file: &str) -> Scenario {
    let path = format!("{}/scenarios/{file}", env!("CARGO_MANIFEST_DIR"));
    scenario::load(&path, &Overrides::default(), &mut std::io::empty()).unwrap()
}

/// What came to the cluster: each pod's name, when it was created and how long it will run.
fn workload(scenario: &Scenario, policy: &str, seed: u64) -> Vec<String> {
    let mut scenario = scenario.clone();
    scenario.seed = Seed(seed);
    scenario.cluster.scheduler = Policy::named(policy).unwrap().configuration;
    let mut world = World::new(&scenario, Options::default()).unwrap();
    world.run_until(kubesim::base::Time::from_s(400));
    let view = world.sim.store().now();
    let pods = view.list(kubesim::model::Kind::Pod).filter(|(_, pod)| pod.meta.labels.get("app") == Some("small"));
    let mut told: Vec<String> = pods
        .map(|(_, pod)| {
            let exit = pod.meta.annotations.get("kubesim.io/exit-after").map(|span| span.to_string());
            format!("{} {:?} {exit:?}", pod.meta.name, pod.meta.creation_timestamp)
        })
        .collect();
    told.sort();
    told
}

#[test]
fn every_policy_meets_the_same_workload_and_every_seed_another() {
    let mut scenario = shipped("traces/big-and-small.yaml");
    scenario.expectations.clear();
    let first = workload(&scenario, "Default", 1);
    assert!(first.len() > 60 && first.iter().all(|pod| pod.contains("Some(")), "{:?}", first.first());
    for policy in ["MostAllocated", "Random"] {
        assert_eq!(workload(&scenario, policy, 1), first, "{policy}");
    }
    assert_ne!(workload(&scenario, "Default", 2), first);
}

#[test]
fn spreading_makes_big_jobs_wait_and_packing_does_not() {
    let policies: Vec<Policy> = ["Default", "MostAllocated"].map(|name| Policy::named(name).unwrap()).into();
    let result = compare(&Bench::new(shipped("traces/big-and-small.yaml")).unwrap(), &policies, &[1, 2], || {}).unwrap();
    let mean =
        |policy: usize, name: &str| result.spread(policy, result.figures.iter().find(|figure| figure.name == name).unwrap()).unwrap().mean;
    assert!(mean(0, "pending_max") > 10.0 && mean(1, "pending_max") < 1.0);
    assert!(mean(0, "nodes_used") > mean(1, "nodes_used") + 1.5);
    assert!(mean(0, "imbalance_cpu") < mean(1, "imbalance_cpu") / 2.0);
}

#[test]
fn gpus_that_a_node_offers_in_two_ways_count_once() {
    let text = "apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: g\nduration: 60s\nworkload:\n  trace: {format: csv, file: FILE, nodes: NODES, gpus: shared}\n";
    let folder = std::env::temp_dir().join(format!("kubesim-compare-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("pods.csv"), "at_s,cpu_milli,memory_mib,gpus,gpu_milli\n0,100,64,2,1000\n0,100,64,1,500\n").unwrap();
    std::fs::write(folder.join("nodes.csv"), "name,cpu_milli,memory_mib,gpus\nn,8000,8192,4\n").unwrap();
    let text = text
        .replace("FILE", &folder.join("pods.csv").display().to_string())
        .replace("NODES", &folder.join("nodes.csv").display().to_string());
    let scenario = scenario::parse("g.yaml", &text).unwrap();
    let result = compare(&Bench::new(scenario).unwrap(), &[Policy::named("FGD").unwrap()], &[1], || {}).unwrap();
    // Two and a half of four.
    assert_eq!(result.cells[0].get("alloc_max"), Some(62.5));
    std::fs::remove_dir_all(&folder).unwrap();
}

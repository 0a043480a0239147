//! Comparisons: the same whatever runs side by side, and the same luck for every policy.

use kubesim::lab::{Bench, Comparison, Policy, compare};
use kubesim::scenario::{self, Overrides};

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

//! In which order pods arrive and which node is preferred among equals: drawn from the seed with Go's generator, as the published
//! program draws them, or read from a file.

use super::go_rand::GoRand;
use super::rows::{NodeRow, OrderRow, PodRow, by_number};
use crate::base::input_error::InputError;
use std::path::Path;

/// Pods together ask for so many times the GPUs that there are.
const LOAD: f64 = 1.3;
/// Draws that background tasks of the published program take between the pods and the nodes.
const DRAWS_BETWEEN: usize = 10;
/// No workload is filled up with more copies.
const COPIES_MAX: usize = 10_000_000;

/// The orders of one run, as places in the trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Orders {
    /// Pods as they arrive; those beyond the trace's are copies.
    pub pods: Vec<u32>,
    /// Nodes, the most preferred first.
    pub nodes: Vec<u32>,
}

fn by_name<'n>(names: impl Iterator<Item = &'n str>) -> Vec<u32> {
    let names: Vec<&str> = names.collect();
    let mut places: Vec<u32> = (0..names.len() as u32).collect();
    places.sort_by_key(|&at| names[at as usize]);
    places
}

/// Draws the orders of a seed.
pub fn draw(seed: u64, nodes: &[NodeRow], pods: &[PodRow]) -> Orders {
    let mut rand = GoRand::new(seed as i64);
    rand.next_u64();
    let sorted = by_name(pods.iter().map(|pod| pod.name.as_str()));
    let mut arrivals = sorted.clone();
    rand.shuffle(&mut arrivals);
    let capacity: i64 = nodes.iter().map(|node| node.gpus as i64 * crate::scheduler::gpu_sharing::GPU_MILLI).sum();
    tune(&mut rand, capacity as f64 * LOAD, &sorted, &mut arrivals, pods);
    for _ in 0..DRAWS_BETWEEN {
        rand.next_u64();
    }
    let ranks = rand.permutation(nodes.len());
    let mut preferred = vec![0; nodes.len()];
    for (place, rank) in by_name(nodes.iter().map(|node| node.name.as_str())).into_iter().zip(ranks) {
        preferred[rank as usize] = place;
    }
    Orders { pods: arrivals, nodes: preferred }
}

/// Brings the sum of what pods ask for to the limit: copies of pods drawn at random, or pods drawn at random go.
fn tune(rand: &mut GoRand, limit: f64, sorted: &[u32], arrivals: &mut Vec<u32>, pods: &[PodRow]) {
    let ask = |at: u32| &pods[at as usize].ask;
    let mut sum: i64 = arrivals.iter().map(|&at| ask(at).total_gpu_milli()).sum();
    if (sum as f64) < limit {
        // Without any GPU pod the limit is never reached.
        while sum > 0 && arrivals.len() < sorted.len() + COPIES_MAX {
            let drawn = sorted[rand.below(sorted.len() as u32) as usize];
            if (sum + ask(drawn).gpu_milli) as f64 > limit {
                break;
            }
            arrivals.push(drawn);
            sum += ask(drawn).total_gpu_milli();
        }
        return;
    }
    while sum as f64 > limit {
        let gone = arrivals.remove(rand.below(arrivals.len() as u32) as usize);
        sum -= ask(gone).total_gpu_milli();
    }
}

/// The orders that a file gives for a seed.
pub fn from_file(path: &Path, order: &OrderRow, nodes: &[NodeRow], pods: &[PodRow]) -> Result<Orders, InputError> {
    let fault = |message: String| InputError { line: order.line, ..InputError::new(message).in_file(path.display().to_string()) };
    let (pods_at, nodes_at) = (by_number(pods.iter().map(|pod| pod.name.as_str())), by_number(nodes.iter().map(|node| node.name.as_str())));
    let find = |what: &str, number: &u64, at: Option<&u32>| at.copied().ok_or_else(|| fault(format!("there is no {what} number {number}")));
    let out = Orders {
        pods: order.pods.iter().map(|number| find("pod", number, pods_at.get(number))).collect::<Result<_, _>>()?,
        nodes: order.nodes.iter().map(|number| find("node", number, nodes_at.get(number))).collect::<Result<_, _>>()?,
    };
    let mut seen = vec![false; nodes.len()];
    out.nodes.iter().for_each(|&at| seen[at as usize] = true);
    if out.nodes.len() != nodes.len() || seen.contains(&false) {
        return Err(fault(format!("the order names {} nodes, there are {}, and each must be there once", out.nodes.len(), nodes.len())));
    }
    if out.pods.is_empty() {
        return Err(fault("the order has no pods".into()));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::gpu_sharing::Ask;

    fn trace(pods: usize, gpus: i64) -> (Vec<NodeRow>, Vec<PodRow>) {
        let node = |at| NodeRow { name: format!("n-{at:02}"), cpu_milli: 1, memory_mib: 1, gpus: 4, model: String::new() };
        let pod = |at| PodRow { name: format!("p-{at:03}"), ask: Ask { gpus, gpu_milli: 1000, ..Ask::default() } };
        ((0..10).map(node).collect(), (0..pods).map(pod).collect())
    }

    #[test]
    fn workloads_are_filled_up_or_thinned_out_to_the_limit() {
        // 40 GPUs, so 52 are to be asked for.
        for (pods, gpus, wanted) in [(10, 1, 52), (100, 1, 52), (10, 4, 13), (7, 0, 7)] {
            let (nodes, pods) = trace(pods, gpus);
            let orders = draw(42, &nodes, &pods);
            assert_eq!(orders.pods.len(), wanted);
            assert_eq!(orders, draw(42, &nodes, &pods));
            assert_ne!(orders, draw(43, &nodes, &pods));
            let mut nodes = orders.nodes;
            nodes.sort_unstable();
            assert_eq!(nodes, (0..10).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn orders_of_a_file_must_fit_the_trace() {
        let (nodes, pods) = trace(3, 1);
        let try_it = |pods_listed: Vec<u64>, nodes_listed: Vec<u64>| {
            let order = OrderRow { pods: pods_listed, nodes: nodes_listed, line: 3 };
            from_file(Path::new("x.txt"), &order, &nodes, &pods).map_err(|error| error.to_string())
        };
        assert_eq!(try_it(vec![2, 0, 2], (0..10).rev().collect()).unwrap().pods, [2, 0, 2]);
        assert_eq!(try_it(vec![7], (0..10).collect()).unwrap_err(), "error: x.txt:3: there is no pod number 7");
        assert!(try_it(vec![1], vec![0; 10]).unwrap_err().contains("each must be there once"));
        assert!(try_it(vec![], (0..10).collect()).unwrap_err().contains("no pods"));
    }
}

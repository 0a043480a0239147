//! FGD, Fragmentation Gradient Descent: the node (and the GPU on it) whose free GPUs become the least useless by the pod's coming,
//! for the pods that usually come.
//! Real: the paper "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent" (USENIX ATC
//! 2023) and its published simulator.

use crate::scheduler::gpu_sharing::fragmentation::Lens;
use crate::scheduler::gpu_sharing::{Ask, Free, Gpus};

/// The score of a node that the pod fits on, and for a share the GPU that it is to get. `before` is how much of the node's free GPUs is
/// fragmented without the pod.
pub fn score(lens: &Lens, free: &Free, before: f64, ask: &Ask) -> (i64, Option<usize>) {
    let cpu_milli = free.cpu_milli - ask.cpu_milli;
    let mut gpus: Gpus = free.gpus.clone();
    if !ask.is_share() {
        for gpu in free.whole(ask.gpus) {
            gpus[gpu] = 0;
        }
        return (gain(before, lens.fragmented(cpu_milli, &gpus)), None);
    }
    let mut best = (-1, None);
    for at in 0..gpus.len() {
        let milli = free.gpus[at];
        // A GPU that is as full as one before it makes no difference.
        if milli < ask.gpu_milli || free.gpus[..at].contains(&milli) {
            continue;
        }
        gpus[at] = milli - ask.gpu_milli;
        let score = gain(before, lens.fragmented(cpu_milli, &gpus));
        gpus[at] = milli;
        if score > best.0 {
            best = (score, Some(at));
        }
    }
    best
}

/// 0..=100; 50 if nothing changes.
fn gain(before: f64, after: f64) -> i64 {
    (100.0 * (1.0 / (1.0 + libm::exp(-(before - after) / 1000.0)))) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::gpu_sharing::fragmentation::Typical;

    #[test]
    fn a_share_goes_where_it_spoils_least() {
        let ask = |gpus, gpu_milli| Ask { cpu_milli: 1000, gpus, gpu_milli, ..Ask::default() };
        let usual = [vec![ask(1, 1000); 3], vec![ask(1, 500); 1]].concat();
        let lens = Typical::of(&usual).seen_by("T4");
        let free = Free { cpu_milli: 96_000, gpus: [1000, 500, 500].into_iter().collect(), ..Free::default() };
        let before = lens.fragmented(free.cpu_milli, &free.gpus);
        assert_eq!(score(&lens, &free, before, &ask(1, 500)), (59, Some(1)));
        assert_eq!(score(&lens, &free, before, &ask(1, 600)), (37, Some(0)));
        assert_eq!(score(&lens, &free, before, &ask(1, 1000)), (43, None));
        assert_eq!(score(&lens, &free, before, &ask(0, 0)), (50, None));
    }
}

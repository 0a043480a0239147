//! How much of what is free the pods of a workload could not use: of GPUs as the scheduler's policies reckon, of CPU, where there
//! is no GPU, by whether the pods fit.

use crate::scheduler::gpu_sharing::fragmentation::{Lens, Typical, TypicalPod};
use crate::scheduler::gpu_sharing::{Ask, Gpus};
use std::collections::BTreeMap;

/// What is free on a node.
#[derive(Clone, PartialEq, Debug)]
pub struct Machine {
    /// CPU in milli.
    pub cpu_milli: i64,
    /// Memory in bytes.
    pub memory: i64,
    /// How many more pods may come.
    pub pods: i64,
    /// Of each GPU, in milli.
    pub gpus: Gpus,
    /// Model of the GPUs.
    pub model: String,
}

/// Share of the free GPUs (of the free CPU, without any GPU) that pods of these kinds could not use, in percent, each kind weighted by
/// how many came. None: nothing is free, or no pod came.
pub fn fragmented_percent(kinds: &BTreeMap<Ask, u64>, machines: &[Machine]) -> Option<f64> {
    let total: u64 = kinds.values().sum();
    if machines.iter().any(|machine| !machine.gpus.is_empty()) {
        let weighted = |(ask, count): (&Ask, &u64)| TypicalPod {
            cpu_milli: ask.cpu_milli,
            gpu_milli: if ask.gpus == 0 { 0 } else { ask.gpu_milli },
            gpus: ask.gpus,
            models: ask.models.clone(),
            weight: *count as f64 / total as f64,
        };
        let typical = Typical(kinds.iter().map(weighted).collect());
        let mut lenses: BTreeMap<&str, Lens> = BTreeMap::new();
        let (mut lost, mut idle) = (0.0, 0.0);
        for machine in machines {
            let lens = lenses.entry(&machine.model).or_insert_with(|| typical.seen_by(&machine.model));
            let amounts = lens.amounts(machine.cpu_milli, &machine.gpus);
            lost += amounts.fragmented();
            idle += amounts.idle();
        }
        return (idle > 0.0).then(|| 100.0 * lost / idle);
    }
    let free: i64 = machines.iter().map(|machine| machine.cpu_milli.max(0)).sum();
    let mut lost = 0.0;
    for (ask, count) in kinds {
        let fits = |machine: &&Machine| machine.cpu_milli >= ask.cpu_milli && machine.memory >= ask.memory && machine.pods > 0;
        let useless: i64 = machines.iter().filter(|machine| !fits(machine)).map(|machine| machine.cpu_milli.max(0)).sum();
        lost += useless as f64 * (*count as f64 / total as f64);
    }
    (free > 0 && total > 0).then(|| 100.0 * lost / free as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(cpu_milli: i64, memory: i64, gpus: &[i64]) -> Machine {
        Machine { cpu_milli, memory, pods: 9, gpus: gpus.into(), model: String::new() }
    }

    #[test]
    fn cpu_is_lost_where_pods_do_not_fit() {
        let kinds = BTreeMap::from([
            (Ask { cpu_milli: 1000, memory: 10, ..Ask::default() }, 3),
            (Ask { cpu_milli: 3000, memory: 1, ..Ask::default() }, 1),
        ]);
        // The second machine has no memory for three of four pods, and too little CPU for the fourth.
        let found = fragmented_percent(&kinds, &[machine(4000, 20, &[]), machine(1000, 5, &[])]);
        assert_eq!(found, Some(20.0));
        assert_eq!(fragmented_percent(&kinds, &[machine(0, 0, &[])]), None);
        assert_eq!(fragmented_percent(&BTreeMap::new(), &[machine(1, 1, &[])]), None);
    }

    #[test]
    fn gpus_are_lost_as_the_policies_reckon() {
        let kinds = BTreeMap::from([(Ask { cpu_milli: 1000, gpus: 1, gpu_milli: 600, ..Ask::default() }, 2)]);
        assert_eq!(fragmented_percent(&kinds, &[machine(9000, 1, &[1000, 500]), machine(0, 0, &[500])]), Some(50.0));
    }
}

//! GPUs that pods share: fractions of a GPU, several whole GPUs, GPU models. The bare arithmetic of what fits where and which
//! GPUs a pod gets, without objects of the API, so that plugins and experiments use the same.
//!
//! Real: what the paper "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent"
//! (USENIX ATC 2023) describes; a GPU counts as 1000 milli.

pub mod fragmentation;
pub mod objects;

use smallvec::SmallVec;
use std::sync::Arc;

/// One whole GPU.
pub const GPU_MILLI: i64 = 1000;

/// What a pod asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ask {
    /// CPU, in thousandths of a core.
    pub cpu_milli: i64,
    /// Memory, in the unit of the nodes' memory.
    pub memory: i64,
    /// How many GPUs.
    pub gpus: i64,
    /// How much of each: less than a whole only of a single one.
    pub gpu_milli: i64,
    /// The models that will do, as written (`A|B`); empty: any.
    pub models: Arc<str>,
}

impl Ask {
    /// What it takes of all GPUs together.
    pub fn total_gpu_milli(&self) -> i64 {
        self.gpus * self.gpu_milli
    }

    /// Whether it asks for a part of one GPU.
    pub fn is_share(&self) -> bool {
        self.gpus == 1 && self.gpu_milli < GPU_MILLI
    }

    /// Whether a GPU model will do.
    pub fn allows(&self, model: &str) -> bool {
        allows(&self.models, model)
    }
}

/// Whether a list of models (`A|B`; empty: any) names a model.
pub fn allows(models: &str, model: &str) -> bool {
    models.is_empty() || models.split('|').any(|one| one == model)
}

/// What is free of each GPU of a node, in milli.
pub type Gpus = SmallVec<[i64; 8]>;

/// What is free on a node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Free {
    /// CPU, in thousandths of a core.
    pub cpu_milli: i64,
    /// Memory, in the unit of the pods' memory.
    pub memory: i64,
    /// How many more pods may come.
    pub pods: i64,
    /// GPUs.
    pub gpus: Gpus,
}

impl Free {
    /// All GPUs together, in milli.
    pub fn gpu_milli(&self) -> i64 {
        self.gpus.iter().sum()
    }

    /// Whether the GPUs suffice; models are not looked at.
    pub fn gpus_fit(&self, ask: &Ask) -> bool {
        if ask.gpus == 0 {
            return true;
        }
        if ask.is_share() {
            return self.gpus.iter().any(|&free| free >= ask.gpu_milli);
        }
        self.gpus.iter().filter(|&&free| free == GPU_MILLI).count() as i64 >= ask.gpus
    }

    /// Whether everything suffices; models are not looked at.
    pub fn fits(&self, ask: &Ask) -> bool {
        self.cpu_milli >= ask.cpu_milli && self.memory >= ask.memory && self.pods > 0 && self.gpus_fit(ask)
    }

    /// The fullest GPU that a share still fits on; the lowest index if several are as full.
    pub fn fullest_fitting(&self, gpu_milli: i64) -> Option<usize> {
        let fitting = self.gpus.iter().enumerate().filter(|(_, free)| **free >= gpu_milli);
        fitting.min_by_key(|(at, free)| (**free, *at)).map(|(at, _)| at)
    }

    /// The first entirely free GPUs, as many as are asked for.
    pub fn whole(&self, count: i64) -> SmallVec<[usize; 8]> {
        let free = self.gpus.iter().enumerate().filter(|(_, free)| **free == GPU_MILLI);
        free.map(|(at, _)| at).take(count.max(0) as usize).collect()
    }

    /// Takes what a pod asks for; `gpus` are those it gets.
    pub fn take(&mut self, ask: &Ask, gpus: &[usize]) {
        self.cpu_milli -= ask.cpu_milli;
        self.memory -= ask.memory;
        self.pods -= 1;
        for &gpu in gpus {
            self.gpus[gpu] -= ask.gpu_milli;
        }
    }

    /// Gives it back.
    pub fn give_back(&mut self, ask: &Ask, gpus: &[usize]) {
        self.cpu_milli += ask.cpu_milli;
        self.memory += ask.memory;
        self.pods += 1;
        for &gpu in gpus {
            self.gpus[gpu] += ask.gpu_milli;
        }
    }
}

/// Which kinds of GPU pods are on a node: shares (bit 0) and pods with so many whole GPUs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Affinities(u64);

impl Affinities {
    fn bit(ask: &Ask) -> u64 {
        match ask.gpus {
            0 => 0,
            _ if ask.is_share() => 1,
            gpus => 1 << gpus.min(63),
        }
    }

    /// Adds the kind of a pod.
    pub fn add(&mut self, ask: &Ask) {
        self.0 |= Self::bit(ask);
    }

    /// Whether pods of this pod's kind are there.
    pub fn has(self, ask: &Ask) -> bool {
        self.0 & Self::bit(ask) != 0
    }

    /// How many kinds are there.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(gpus: i64, gpu_milli: i64) -> Ask {
        Ask { cpu_milli: 100, memory: 1, gpus, gpu_milli, models: "".into() }
    }

    #[test]
    fn shares_fill_gpus_up_and_whole_ones_must_be_untouched() {
        let mut free = Free { cpu_milli: 1000, memory: 9, pods: 9, gpus: [1000, 400, 300, 400, 1000].into_iter().collect() };
        assert_eq!((free.fullest_fitting(301), free.fullest_fitting(401), free.fullest_fitting(1001)), (Some(1), Some(0), None));
        assert!(free.fits(&ask(2, 1000)) && !free.fits(&ask(3, 1000)) && free.fits(&ask(1, 500)));
        assert_eq!(free.whole(2).as_slice(), [0, 4]);
        free.take(&ask(2, 1000), &[0, 4]);
        assert_eq!((free.gpu_milli(), free.cpu_milli, free.pods), (1100, 900, 8));
        assert!(!free.fits(&ask(1, 500)) && free.fits(&ask(0, 0)));
        free.give_back(&ask(2, 1000), &[0, 4]);
        assert_eq!(free.gpu_milli(), 3100);
    }

    #[test]
    fn models_and_kinds() {
        assert!(allows("", "T4") && allows("P100|T4", "T4") && !allows("P100|T4", "T") && !allows("P100", ""));
        let mut kinds = Affinities::default();
        kinds.add(&ask(0, 0));
        assert_eq!(kinds.count(), 0);
        kinds.add(&ask(1, 300));
        kinds.add(&ask(1, 1000));
        kinds.add(&ask(1, 1000));
        assert!(kinds.has(&ask(1, 700)) && kinds.has(&ask(1, 1000)) && !kinds.has(&ask(2, 1000)));
        assert_eq!(kinds.count(), 2);
    }
}

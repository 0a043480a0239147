//! How much of a node's free GPUs the pods that usually come could not use.
//!
//! The amounts are sums of floating-point products in the order of the typical pods: results are compared with published ones
//! number by number, and scores cut them to integers, so the order of every sum counts.
//!
//! Real: section 3 of the paper "Beware of Fragmentation" (USENIX ATC 2023), as its published simulator computes it.

use super::{Ask, allows};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A kind of pod that usually comes.
#[derive(Clone, PartialEq, Debug)]
pub struct TypicalPod {
    /// CPU, in thousandths of a core.
    pub cpu_milli: i64,
    /// How much of each GPU.
    pub gpu_milli: i64,
    /// How many GPUs.
    pub gpus: i64,
    /// The models that will do, as written.
    pub models: Arc<str>,
    /// Its share of all pods.
    pub weight: f64,
}

/// The pods that usually come, the most frequent first.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Typical(pub Vec<TypicalPod>);

/// The most frequent kinds of pods that together make up this share, in percent, are typical.
const COVERED_PERCENT: f64 = 95.0;

impl Typical {
    /// The typical pods among these.
    pub fn of<'a>(pods: impl IntoIterator<Item = &'a Ask>) -> Typical {
        let mut counts: BTreeMap<(i64, i64, i64, &str), usize> = BTreeMap::new();
        for pod in pods {
            *counts.entry((pod.cpu_milli, pod.gpu_milli, pod.gpus, &*pod.models)).or_default() += 1;
        }
        let total: usize = counts.values().sum();
        let mut groups: Vec<_> = counts.into_iter().map(|(kind, count)| (count, kind)).collect();
        groups.sort_unstable_by(|a, b| b.cmp(a));
        let target = COVERED_PERCENT * total as f64 / 100.0;
        let (mut kept, mut covered) = (0, 0);
        while kept < groups.len() && (covered as f64) < target {
            covered += groups[kept].0;
            kept += 1;
        }
        let cut = kept < groups.len();
        let pod = |&(count, (cpu_milli, gpu_milli, gpus, models)): &(usize, (i64, i64, i64, &str))| {
            let weight = count as f64 / total as f64;
            let weight = if cut { weight / (covered as f64 / total as f64) } else { weight };
            TypicalPod { cpu_milli, gpu_milli, gpus, models: models.into(), weight }
        };
        Typical(groups[..kept].iter().map(pod).collect())
    }

    /// The typical pods as a node with GPUs of this model meets them.
    pub fn seen_by(&self, model: &str) -> Lens {
        let mut levels: Vec<i64> = self.0.iter().map(|pod| pod.gpu_milli).filter(|milli| *milli > 0).collect();
        levels.sort_unstable();
        levels.dedup();
        let entry = |pod: &TypicalPod| {
            let kind = match pod.gpu_milli {
                0 => EntryKind::NoGpu,
                _ if !allows(&pod.models, model) => EntryKind::WrongModel,
                milli => EntryKind::Gpu { level: levels.binary_search(&milli).expect("each level is listed"), gpus: pod.gpus },
            };
            Entry { cpu_milli: pod.cpu_milli, weight: pod.weight, kind }
        };
        let entries = self.0.iter().map(entry).collect();
        Lens { entries, levels }
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum EntryKind {
    NoGpu,
    WrongModel,
    /// So many GPUs with at least the level's milli free.
    Gpu {
        level: usize,
        gpus: i64,
    },
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Entry {
    cpu_milli: i64,
    weight: f64,
    kind: EntryKind,
}

/// The typical pods as nodes of one GPU model meet them.
#[derive(Clone, PartialEq, Debug)]
pub struct Lens {
    entries: Vec<Entry>,
    /// The different amounts that are asked of one GPU, ascending.
    levels: Vec<i64>,
}

/// What typical pods could do with the free GPUs of a node, in milli weighted by how usual they are.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Amounts {
    /// Lost on pods that neither GPUs nor CPU suffice for.
    pub q1: f64,
    /// Lost because what is free of a GPU is too little.
    pub q2: f64,
    /// Usable: the only amount that is not fragmented.
    pub q3: f64,
    /// Lost because the CPU is too little.
    pub q4: f64,
    /// Lost on pods without a GPU that fit.
    pub xl: f64,
    /// Lost on pods without a GPU that do not fit.
    pub xr: f64,
    /// Lost on pods that want another model.
    pub na: f64,
}

impl Amounts {
    /// Everything that is lost. The order of the sum counts.
    pub fn fragmented(&self) -> f64 {
        self.q1 + self.q2 + self.q4 + self.xl + self.xr + self.na
    }

    /// Everything.
    pub fn idle(&self) -> f64 {
        self.q1 + self.q2 + self.q3 + self.q4 + self.xl + self.xr + self.na
    }

    /// One amount after another, combined with those of another node.
    pub fn zip(self, other: Amounts, with: impl Fn(f64, f64) -> f64) -> Amounts {
        Amounts {
            q1: with(self.q1, other.q1),
            q2: with(self.q2, other.q2),
            q3: with(self.q3, other.q3),
            q4: with(self.q4, other.q4),
            xl: with(self.xl, other.xl),
            xr: with(self.xr, other.xr),
            na: with(self.na, other.na),
        }
    }
}

/// Different amounts asked of one GPU, of which the sums are kept at hand.
const LEVELS_AT_HAND: usize = 64;

impl Lens {
    /// What typical pods could do with the free GPUs of a node that has so much CPU free.
    pub fn amounts(&self, cpu_milli: i64, gpus: &[i64]) -> Amounts {
        let left: i64 = gpus.iter().sum();
        let left_f = left as f64;
        let mut sums = [(0, 0); LEVELS_AT_HAND];
        for (sum, &level) in sums.iter_mut().zip(&self.levels) {
            *sum = enough_and_scraps(gpus, level);
        }
        let mut out = Amounts::default();
        for entry in &self.entries {
            let enough_cpu = cpu_milli >= entry.cpu_milli;
            let all = entry.weight * left_f;
            match entry.kind {
                EntryKind::NoGpu if enough_cpu => out.xl += all,
                EntryKind::NoGpu => out.xr += all,
                EntryKind::WrongModel => out.na += all,
                EntryKind::Gpu { level, gpus: wanted } => {
                    let (enough, scraps) = match sums.get(level) {
                        Some(sum) => *sum,
                        None => enough_and_scraps(gpus, self.levels[level]),
                    };
                    match (enough >= wanted, enough_cpu) {
                        (true, true) => {
                            out.q2 += entry.weight * scraps as f64;
                            out.q3 += entry.weight * (left - scraps) as f64;
                        }
                        (true, false) => out.q4 += all,
                        (false, true) => out.q2 += all,
                        (false, false) => out.q1 += all,
                    }
                }
            }
        }
        out
    }

    /// How much of it is lost.
    pub fn fragmented(&self, cpu_milli: i64, gpus: &[i64]) -> f64 {
        self.amounts(cpu_milli, gpus).fragmented()
    }
}

/// On how many GPUs so much is free, and how much is free on the others together.
fn enough_and_scraps(gpus: &[i64], milli: i64) -> (i64, i64) {
    let mut out = (0, 0);
    for &free in gpus {
        if free >= milli {
            out.0 += 1;
        } else {
            out.1 += free;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(cpu_milli: i64, gpus: i64, gpu_milli: i64, models: &str) -> Ask {
        Ask { cpu_milli, memory: 7, gpus, gpu_milli, models: models.into() }
    }

    #[test]
    fn the_most_frequent_kinds_are_typical() {
        let mut pods = vec![ask(1, 1, 500, ""); 60];
        pods.extend(vec![ask(2, 1, 1000, "T4"); 18]);
        pods.extend(vec![ask(3, 0, 0, ""); 18]);
        pods.extend(vec![ask(4, 2, 1000, ""); 4]);
        let typical = Typical::of(&pods);
        let shown: Vec<_> = typical.0.iter().map(|pod| (pod.cpu_milli, pod.gpus, &*pod.models)).collect();
        assert_eq!(shown, [(1, 1, ""), (3, 0, ""), (2, 1, "T4")]);
        assert_eq!(typical.0[0].weight, 0.6 / 0.96);
        assert_eq!(Typical::of(&pods[..60]).0[0].weight, 1.0);
        assert!(Typical::of([]).0.is_empty());
    }

    #[test]
    fn each_case_adds_to_its_amount() {
        let one = |cpu_milli, gpus, gpu_milli, models: &str| {
            let pod = TypicalPod { cpu_milli, gpu_milli, gpus, models: models.into(), weight: 0.5 };
            Typical(vec![pod]).seen_by("T4").amounts(4000, &[1000, 300, 0])
        };
        assert_eq!(one(4000, 0, 0, ""), Amounts { xl: 650.0, ..Amounts::default() });
        assert_eq!(one(4001, 0, 0, ""), Amounts { xr: 650.0, ..Amounts::default() });
        assert_eq!(one(1, 1, 400, "P100|A10"), Amounts { na: 650.0, ..Amounts::default() });
        assert_eq!(one(1, 1, 400, "P100|T4"), Amounts { q2: 150.0, q3: 500.0, ..Amounts::default() });
        assert_eq!(one(4001, 1, 400, ""), Amounts { q4: 650.0, ..Amounts::default() });
        assert_eq!(one(1, 2, 1000, ""), Amounts { q2: 650.0, ..Amounts::default() });
        assert_eq!(one(4001, 2, 1000, ""), Amounts { q1: 650.0, ..Amounts::default() });
        let all = one(1, 1, 400, "");
        assert_eq!((all.fragmented(), all.idle()), (150.0, 650.0));
        assert_eq!(all.zip(all, |a, b| a + b).fragmented(), 300.0);
    }
}

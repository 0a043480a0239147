//! The figures that runs are compared by: name, unit, decimals, and whether less or more is better.

use serde::{Deserialize, Serialize};

/// Which values of a figure are better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// The greater ones.
    More,
    /// The smaller ones.
    Less,
    /// It only describes the run.
    Neither,
}

/// A figure of a run: a column of the tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Figure {
    /// Column name.
    pub name: &'static str,
    /// Unit, as in the documentation.
    pub unit: &'static str,
    /// Decimals that are printed.
    pub decimals: usize,
    /// Which values are better.
    pub better: Better,
    /// What it is.
    pub about: &'static str,
}

/// A value of a figure; none: the run has nothing to measure it by (no pod waited, no node has a GPU).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Value {
    /// The figure's name.
    pub name: String,
    /// The value.
    pub value: Option<f64>,
}

/// What one run came to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CellResult {
    /// The workload: an experiment's, or the scenario's name.
    pub workload: String,
    /// The policy's name.
    pub policy: String,
    /// The seed.
    pub seed: u64,
    /// The figures, in the order of their list.
    pub figures: Vec<Value>,
}

impl CellResult {
    /// The value of a figure.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name)?.value
    }
}

impl Figure {
    /// A value as tables print it.
    pub fn print(&self, value: Option<f64>) -> String {
        value.map_or(String::new(), |value| format!("{value:.*}", self.decimals))
    }

    /// A mean or a spread of several values as tables print it: counts have a decimal then.
    pub fn print_mean(&self, value: f64) -> String {
        format!("{value:.*}", self.decimals.max(1))
    }
}

const fn allocation(name: &'static str, about: &'static str) -> Figure {
    Figure { name, unit: "% of the GPUs", decimals: 2, better: Better::More, about }
}

const fn fragmentation(name: &'static str) -> Figure {
    let about = "share of the free GPUs that usual pods cannot use, when pods asking for so many percent of the GPUs have arrived";
    Figure { name, unit: "% of the free GPUs", decimals: 4, better: Better::Less, about }
}

/// Figures of the experiment `fgd`: the columns of the published tables.
pub const FGD: &[Figure] = &[
    allocation("alloc_100", "share of the GPUs that is allocated when pods asking for 100 % of them have arrived"),
    allocation("alloc_130", "the same at 130 %"),
    fragmentation("frag_10"),
    fragmentation("frag_20"),
    fragmentation("frag_30"),
    fragmentation("frag_40"),
    fragmentation("frag_50"),
    fragmentation("frag_60"),
    fragmentation("frag_70"),
    fragmentation("frag_80"),
    fragmentation("frag_90"),
    fragmentation("frag_100"),
];

const fn figure(name: &'static str, unit: &'static str, decimals: usize, better: Better, about: &'static str) -> Figure {
    Figure { name, unit, decimals, better, about }
}

/// Figures of ordinary scenarios. Pods of DaemonSets count as load of their nodes, and nowhere else.
pub const SCENARIO: &[Figure] = &[
    figure("pods_arrived", "pods", 0, Better::Neither, "pods created"),
    figure("pods_placed", "pods", 0, Better::More, "pods that were given a node"),
    figure("pods_waiting", "pods", 0, Better::Less, "pods that wait for a node at the end"),
    figure("pods_completed", "pods", 0, Better::More, "pods that have succeeded"),
    figure(
        "pending_p50",
        "s",
        3,
        Better::Less,
        "median time from creation to binding; a pod that still waits at the end has waited until then",
    ),
    figure("pending_p90", "s", 3, Better::Less, "90th percentile of it"),
    figure("pending_p99", "s", 3, Better::Less, "99th percentile of it"),
    figure("pending_max", "s", 3, Better::Less, "the longest"),
    figure("alloc_cpu", "% of the CPU", 2, Better::Neither, "allocated CPU of all nodes, mean over time"),
    figure("alloc_memory", "% of the memory", 2, Better::Neither, "allocated memory, mean over time"),
    figure("alloc_gpu", "% of the GPUs", 2, Better::Neither, "allocated GPUs, mean over time; empty without GPUs"),
    figure("alloc_max", "%", 2, Better::More, "most that was allocated at once, of the GPUs, or of the CPU where there is none"),
    figure(
        "imbalance_cpu",
        "percentage points",
        2,
        Better::Less,
        "standard deviation of the nodes' allocated share of CPU, mean over time",
    ),
    figure(
        "fragmented",
        "% of what is free",
        2,
        Better::Less,
        "free GPUs (or CPU) that the workload's pods could not use, mean over arrived demand",
    ),
    figure("preemptions", "pods", 0, Better::Less, "pods that had to go for one of higher priority"),
    figure("nodes_used", "nodes", 2, Better::Less, "nodes with a pod on them, mean over time"),
    figure("nodes_used_max", "nodes", 0, Better::Less, "most of them at once: as many are needed"),
    figure("expectations_broken", "expectations", 0, Better::Less, "expectations of the scenario that did not hold"),
];

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

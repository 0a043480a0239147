//! The charts of a comparison.

use super::compare::Comparison;
use super::curve::{Curve, Curves};
use crate::report::charts::comparison::{Bar, Named, Words, bars, curves};
use crate::report::charts::{Chart, DrawError};

/// Points of a drawn curve.
const POINTS: usize = 260;

/// A chart of curves: file, words, which curve, and whether its vertical axis begins at 0.
struct Curved {
    file: &'static str,
    words: Words<'static>,
    of: fn(&Curves) -> &Curve,
    from_zero: bool,
}

const CURVED: &[Curved] = &[
    Curved {
        file: "allocation",
        words: Words { title: "Allocation", right: "arrived demand, % of all GPUs (of the CPU without any)", up: "allocated, %" },
        of: |curves| &curves.allocation,
        from_zero: true,
    },
    Curved {
        file: "fragmentation",
        words: Words {
            title: "Fragmentation",
            right: "arrived demand, % of all GPUs (of the CPU without any)",
            up: "of what is free, unusable for usual pods, %",
        },
        of: |curves| &curves.fragmentation,
        from_zero: true,
    },
    Curved {
        file: "pending",
        words: Words { title: "Time from creation to binding", right: "percentile of the pods", up: "s" },
        of: |curves| &curves.pending,
        from_zero: true,
    },
    Curved {
        file: "utilisation",
        words: Words { title: "Allocated over time", right: "s since the start", up: "% of all GPUs (of the CPU without any)" },
        of: |curves| &curves.utilisation,
        from_zero: true,
    },
    Curved {
        file: "imbalance",
        words: Words { title: "Imbalance over time", right: "s since the start", up: "sd of the nodes' CPU allocation, percentage points" },
        of: |curves| &curves.imbalance,
        from_zero: true,
    },
];

/// Figures that get bars: name, title.
const BARRED: &[(&str, &str)] = &[
    ("alloc_100", "Allocated when 100 % has arrived"),
    ("preemptions", "Preempted pods"),
    ("nodes_used_max", "Nodes needed at once"),
    ("pending_p99", "99th percentile of the time from creation to binding"),
];

/// All charts for which there is something to show.
pub fn charts(comparison: &Comparison) -> Result<Vec<Chart>, DrawError> {
    let mut out = Vec::new();
    for curved in CURVED {
        let drawn: Vec<Named> = comparison
            .policies
            .iter()
            .enumerate()
            .map(|(policy, name)| Named { name: name.clone(), points: comparison.curve(policy, curved.of, POINTS).0 })
            .collect();
        if drawn.iter().all(|curve| curve.points.len() < 2) {
            continue;
        }
        let svg = curves(curved.words, &drawn, curved.from_zero)?;
        out.push(Chart { file: curved.file.into(), title: curved.words.title.into(), svg });
    }
    for (name, title) in BARRED {
        let Some(figure) = comparison.figures.iter().find(|figure| figure.name == *name) else { continue };
        let drawn: Vec<Bar> = comparison
            .policies
            .iter()
            .enumerate()
            .filter_map(|(policy, name)| {
                let spread = comparison.spread(policy, figure)?;
                Some(Bar { name: name.clone(), mean: spread.mean, sd: spread.sd })
            })
            .collect();
        if drawn.is_empty() {
            continue;
        }
        let words = Words { title, right: "", up: figure.unit };
        out.push(Chart { file: (*name).replace('_', "-"), title: (*title).into(), svg: bars(words, &drawn, figure.decimals.min(2))? });
    }
    Ok(out)
}

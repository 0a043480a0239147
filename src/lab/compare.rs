//! A comparison: every policy with every seed on one workload. The seed alone decides about luck, so all policies meet the very
//! same workload. Cells run side by side; the result does not depend on how many do.

use super::cell::Bench;
use super::curve::{Curve, Curves};
use super::figure::{Better, CellResult, Figure};
use super::policy::Policy;
use rayon::prelude::*;
use serde_json::{Value, json};

/// All cells, policy by policy and within one seed by seed.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// What tables call the workload.
    pub workload: String,
    /// The figures.
    pub figures: &'static [Figure],
    /// Names of the policies.
    pub policies: Vec<String>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The cells.
    pub cells: Vec<CellResult>,
    /// Their curves.
    pub curves: Vec<Curves>,
}

/// A figure of one policy over all seeds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
    /// The mean over the seeds that have a value.
    pub mean: f64,
    /// The standard deviation over them (n - 1); 0 for one seed.
    pub sd: f64,
    /// The least value.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

/// Who is best by a figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Winner {
    /// Places of the policies whose mean is best; several only if the means are equal as printed.
    pub policies: Vec<usize>,
    /// With how many seeds the first of them is as good as any.
    pub seeds: usize,
}

/// Runs all cells. `done` is told of each that has ended, in no particular order.
pub fn compare(bench: &Bench, policies: &[Policy], seeds: &[u64], done: impl Fn() + Sync) -> Result<Comparison, String> {
    let grid: Vec<(&Policy, u64)> = policies.iter().flat_map(|policy| seeds.iter().map(move |&seed| (policy, seed))).collect();
    let cells: Vec<Result<(CellResult, Curves), String>> = grid
        .par_iter()
        .map(|&(policy, seed)| {
            let cell = bench.run_cell_with_curves(policy, seed);
            done();
            cell
        })
        .collect();
    let (cells, curves) = cells.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    Ok(Comparison {
        workload: bench.workload().into(),
        figures: bench.figures(),
        policies: policies.iter().map(|policy| policy.name.clone()).collect(),
        seeds: seeds.to_vec(),
        cells,
        curves,
    })
}

impl Comparison {
    /// The values of a figure under a policy, seed by seed.
    fn values(&self, policy: usize, figure: &Figure) -> impl Iterator<Item = Option<f64>> + '_ {
        let name = figure.name;
        self.cells[policy * self.seeds.len()..][..self.seeds.len()].iter().map(move |cell| cell.get(name))
    }

    /// A curve under a policy, mean over the seeds.
    pub fn curve(&self, policy: usize, of: impl Fn(&Curves) -> &Curve, steps: usize) -> Curve {
        let curves: Vec<&Curve> = self.curves[policy * self.seeds.len()..][..self.seeds.len()].iter().map(of).collect();
        Curve::mean(&curves, steps)
    }

    /// Mean and spread of a figure under a policy; none if no run has a value.
    pub fn spread(&self, policy: usize, figure: &Figure) -> Option<Spread> {
        let values: Vec<f64> = self.values(policy, figure).flatten().collect();
        let count = values.len() as f64;
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let sd = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        let fold = |pick: fn(f64, f64) -> f64| values.iter().copied().reduce(pick).unwrap_or(mean);
        Some(Spread { mean, sd, min: fold(f64::min), max: fold(f64::max) })
    }

    /// Who is best by a figure; none if it says nothing about that, or nobody has a value.
    pub fn winner(&self, figure: &Figure) -> Option<Winner> {
        let worth = |value: f64| if figure.better == Better::Less { -value } else { value };
        if figure.better == Better::Neither {
            return None;
        }
        let means: Vec<Option<Spread>> = (0..self.policies.len()).map(|policy| self.spread(policy, figure)).collect();
        let best = means.iter().flatten().map(|spread| worth(spread.mean)).reduce(f64::max)?;
        let printed = |value: f64| figure.print_mean(value);
        let policies: Vec<usize> =
            (0..means.len()).filter(|&policy| means[policy].is_some_and(|spread| printed(worth(spread.mean)) == printed(best))).collect();
        let first: Vec<Option<f64>> = self.values(policies[0], figure).collect();
        let seeds = (0..self.seeds.len()).filter(|&seed| {
            let others = (0..self.policies.len()).filter_map(|policy| self.values(policy, figure).nth(seed).flatten());
            first[seed].is_some_and(|own| others.map(worth).all(|other| other <= worth(own)))
        });
        let seeds = seeds.count();
        Some(Winner { policies, seeds })
    }

    /// One row a run: `workload,policy,seed` and the figures.
    pub fn csv(&self) -> String {
        let mut out = String::from("workload,policy,seed");
        self.figures.iter().for_each(|figure| out.extend([",", figure.name]));
        out.push('\n');
        for cell in &self.cells {
            out.push_str(&format!("{},{},{}", quoted(&cell.workload), quoted(&cell.policy), cell.seed));
            self.figures.iter().for_each(|figure| out.extend([",", &figure.print(cell.get(figure.name))]));
            out.push('\n');
        }
        out
    }

    /// Everything, with what the figures are.
    pub fn json(&self) -> Value {
        let better = |figure: &Figure| match figure.better {
            Better::More => "more",
            Better::Less => "less",
            Better::Neither => "neither",
        };
        let figures = self.figures.iter().map(|figure| {
            let winners =
                self.winner(figure).map(|winner| winner.policies.iter().map(|&policy| &*self.policies[policy]).collect::<Vec<_>>());
            json!({"name": figure.name, "unit": figure.unit, "better": better(figure), "about": figure.about, "winners": winners})
        });
        let runs = self.cells.iter().map(|cell| {
            let values: serde_json::Map<String, Value> =
                cell.figures.iter().map(|figure| (figure.name.clone(), figure.value.into())).collect();
            json!({"policy": cell.policy, "seed": cell.seed, "figures": values})
        });
        let summary = self.policies.iter().enumerate().map(|(policy, name)| {
            let figures: serde_json::Map<String, Value> = self
                .figures
                .iter()
                .filter_map(|figure| {
                    let spread = self.spread(policy, figure)?;
                    Some((figure.name.into(), json!({"mean": spread.mean, "sd": spread.sd, "min": spread.min, "max": spread.max})))
                })
                .collect();
            json!({"policy": name, "figures": figures})
        });
        json!({
            "workload": self.workload,
            "version": env!("CARGO_PKG_VERSION"),
            "seeds": self.seeds,
            "figures": figures.collect::<Vec<_>>(),
            "summary": summary.collect::<Vec<_>>(),
            "runs": runs.collect::<Vec<_>>(),
        })
    }
}

/// A CSV field.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::super::figure::Value;
    use super::*;

    const FIGURES: &[Figure] = &[
        Figure { name: "a", unit: "%", decimals: 1, better: Better::More, about: "" },
        Figure { name: "b", unit: "s", decimals: 2, better: Better::Less, about: "" },
        Figure { name: "c", unit: "", decimals: 0, better: Better::Neither, about: "" },
    ];

    fn comparison() -> Comparison {
        let cell = |policy: &str, seed, a: f64, b: Option<f64>| {
            let value = |name: &str, value| Value { name: name.into(), value };
            let figures = vec![value("a", Some(a)), value("b", b), value("c", Some(7.0))];
            CellResult { workload: "w, x".into(), policy: policy.into(), seed, figures }
        };
        Comparison {
            workload: "w, x".into(),
            figures: FIGURES,
            policies: vec!["P".into(), "Q".into()],
            seeds: vec![1, 2],
            cells: vec![
                cell("P", 1, 1.0, Some(5.0)),
                cell("P", 2, 3.0, None),
                cell("Q", 1, 2.0, Some(4.0)),
                cell("Q", 2, 2.01, Some(6.004)),
            ],
            curves: vec![Curves::default(); 4],
        }
    }

    #[test]
    fn means_spreads_and_winners() {
        let comparison = comparison();
        assert_eq!(comparison.spread(0, &FIGURES[0]), Some(Spread { mean: 2.0, sd: 2.0_f64.sqrt(), min: 1.0, max: 3.0 }));
        assert_eq!(comparison.spread(0, &FIGURES[1]), Some(Spread { mean: 5.0, sd: 0.0, min: 5.0, max: 5.0 }));
        // 2.00 and 2.005 print alike; P is best with one seed.
        assert_eq!(comparison.winner(&FIGURES[0]), Some(Winner { policies: vec![0, 1], seeds: 1 }));
        assert_eq!(comparison.winner(&FIGURES[1]).map(|winner| winner.policies), Some(vec![0, 1]));
        assert_eq!(comparison.winner(&FIGURES[2]), None);
    }

    #[test]
    fn tables_hold_every_run() {
        let csv = comparison().csv();
        assert_eq!(
            csv,
            "workload,policy,seed,a,b,c\n\"w, x\",P,1,1.0,5.00,7\n\"w, x\",P,2,3.0,,7\n\"w, x\",Q,1,2.0,4.00,7\n\"w, x\",Q,2,2.0,6.00,7\n"
        );
        let json = comparison().json();
        assert_eq!(
            (json["runs"][3]["figures"]["b"].as_f64(), json["summary"][1]["figures"]["c"]["mean"].as_f64()),
            (Some(6.004), Some(7.0))
        );
        assert_eq!(json["figures"][1]["winners"], json!(["P", "Q"]));
    }
}

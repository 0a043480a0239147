//! Charts as SVG. Colours are those of Okabe and Ito, which colour-blind people can tell apart.

mod frame;
mod nodes;
mod rollout;
mod scheduling;

use super::Run;

/// A drawn chart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chart {
    /// File name without ending.
    pub file: String,
    /// What it shows.
    pub title: String,
    /// The picture.
    pub svg: String,
}

/// What went wrong in drawing.
pub type DrawError = Box<dyn std::error::Error + Send + Sync>;

/// At most so many Deployments get a chart of their own; those with most changes come first.
const ROLLOUTS_MAX: usize = 12;

/// All charts for which the run has something to show.
pub fn all(run: &Run<'_>) -> Result<Vec<Chart>, DrawError> {
    let mut charts = Vec::new();
    let mut rollouts: Vec<_> = run.collector.rollouts.0.iter().collect();
    rollouts.sort_by_key(|(_, rollout)| std::cmp::Reverse(rollout.available.points().len()));
    rollouts.truncate(ROLLOUTS_MAX);
    rollouts.sort_by_key(|(key, _)| *key);
    for ((namespace, name), rollout) in rollouts {
        let place = if &**namespace == "default" { name.to_string() } else { format!("{namespace}-{name}") };
        let svg = rollout::draw(run, name, rollout)?;
        charts.push(Chart { file: format!("rollout-{place}"), title: format!("Rollout of deployment {name}"), svg });
    }
    if !run.collector.nodes.0.is_empty() {
        charts.push(Chart { file: "nodes".into(), title: "Pods per node".into(), svg: nodes::draw(run)? });
    }
    if !run.collector.latency.scheduling.is_empty() {
        charts.push(Chart { file: "scheduling".into(), title: "Scheduling latency".into(), svg: scheduling::draw(run)? });
    }
    Ok(charts)
}

//! Charts as SVG. Colours are those of Okabe and Ito, which colour-blind people can tell apart.

pub mod comparison;
mod frame;
mod nodes;
mod rollout;
mod scheduling;
pub(super) mod traffic;

use super::Run;
use crate::metrics::traffic::LoadSeries;

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
    let mut charts = requests(run)?;
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

/// At most so many loads get a chart of their own.
const LOADS_MAX: usize = 8;

/// One load with what its Service has: what a chart of it shows.
pub(super) struct Load<'a> {
    /// Its name.
    pub name: &'a str,
    /// What users noticed.
    pub series: &'a LoadSeries,
    /// Endpoints and replicas behind the Service.
    pub pods: traffic::Pods<'a>,
}

/// The loads that sent anything, the first ones by name.
pub(super) fn loads<'a>(run: &Run<'a>) -> Vec<Load<'a>> {
    let registry = &run.collector.registry;
    let sent = registry.traffic.0.iter().filter(|(_, load)| load.totals.requests() > 0).take(LOADS_MAX);
    let shown = sent.map(|(name, series)| {
        let (namespace, service) = &series.service;
        let endpoints =
            registry.get("kube_endpointslice_endpoints", &format!("{{namespace=\"{namespace}\",service=\"{service}\",ready=\"true\"}}"));
        let of = run.collector.backends.of(&series.service);
        let labels = |name: &str| format!("{{namespace=\"{namespace}\",deployment=\"{name}\"}}");
        let wanted = of.first().and_then(|name| registry.get("kube_deployment_spec_replicas", &labels(name)));
        let of = of.first().map(|name| format!("deployment {name}")).unwrap_or_default();
        Load { name, series, pods: traffic::Pods { endpoints, wanted, of } }
    });
    shown.collect()
}

/// The charts of what users noticed: they come first.
fn requests(run: &Run<'_>) -> Result<Vec<Chart>, DrawError> {
    let chart = |load: Load<'_>| {
        let svg = traffic::draw(run, load.name, load.series, &load.pods)?;
        Ok(Chart { file: format!("requests-{}", load.name), title: format!("Requests to {}", load.name), svg })
    };
    loads(run).into_iter().map(chart).collect()
}

//! The experiment of "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent" (Weng et al.,
//! USENIX ATC 2023) on the openb traces: pods arrive on a cluster of GPU nodes until they have asked for 1.3 times its GPUs.
//! There is no time, no end of a pod and no second attempt.
//!
//! Scores and fragmentation are those of the scheduler's plugins.

pub mod columns;
pub mod go_rand;
pub mod orders;
pub mod rows;
pub mod run;

use crate::base::input_error::InputError;
use crate::scheduler::gpu_sharing::fragmentation::Typical;
use columns::Columns;
use orders::Orders;
use rows::{NodeRow, OrderRow, PodRow};
use run::{Decision, Rule};
use std::collections::BTreeMap;
use std::path::Path;

/// The experiment's input, read and checked.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// What the workload is called in tables.
    pub workload: String,
    nodes: Vec<NodeRow>,
    pods: Vec<PodRow>,
    typical: Typical,
    /// Orders from a file, by seed; others are drawn.
    orders: BTreeMap<u64, Orders>,
}

impl Experiment {
    /// Reads the files of an experiment.
    pub fn read(nodes: &Path, pods: &Path, orders: Option<&Path>) -> Result<Experiment, InputError> {
        let workload = workload_name(pods);
        let (node_rows, pod_rows) = (rows::nodes(nodes)?, rows::pods(pods)?);
        if node_rows.iter().all(|node| node.gpus == 0) {
            return Err(InputError::new("no node has a GPU").in_file(nodes.display().to_string()));
        }
        let mut experiment = Experiment {
            workload,
            typical: Typical::of(pod_rows.iter().map(|pod| &pod.ask)),
            nodes: node_rows,
            pods: pod_rows,
            orders: BTreeMap::new(),
        };
        if let Some(path) = orders {
            for (seed, order) in rows::orders(path)? {
                let order: OrderRow = order;
                experiment.orders.insert(seed, orders::from_file(path, &order, &experiment.nodes, &experiment.pods)?);
            }
        }
        Ok(experiment)
    }

    /// The orders of a seed.
    pub fn orders(&self, seed: u64) -> Orders {
        self.orders.get(&seed).cloned().unwrap_or_else(|| orders::draw(seed, &self.nodes, &self.pods))
    }

    /// The nodes.
    pub fn nodes(&self) -> &[NodeRow] {
        &self.nodes
    }

    /// The pods.
    pub fn pods(&self) -> &[PodRow] {
        &self.pods
    }

    /// The pods that usually come.
    pub fn typical(&self) -> &Typical {
        &self.typical
    }

    /// Names of a decision's pod and node.
    pub fn names(&self, decision: &Decision) -> (&str, &str) {
        let node = decision.node.map_or("", |node| self.nodes[node as usize].name.as_str());
        (&self.pods[decision.pod as usize].name, node)
    }

    /// One run.
    pub fn run(&self, rule: Rule, seed: u64) -> Columns {
        self.run_watched(rule, seed, |_| {})
    }

    /// One run; `each` is told of every decision.
    pub fn run_watched(&self, rule: Rule, seed: u64, each: impl FnMut(Decision)) -> Columns {
        run::run(rule, seed, (&self.nodes, &self.pods, &self.typical), &self.orders(seed), each)
    }
}

/// `openb_pod_list_W.csv.gz` is called W; other files are called by their own name.
fn workload_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let name = name.strip_suffix(".csv").unwrap_or(name);
    name.strip_prefix("openb_pod_list_").unwrap_or(name).to_string()
}

//! One run of the experiment: pods arrive one after another, each is placed at once or forgotten, and after each arrival the
//! cluster is measured.
//!
//! A run has some ten thousand arrivals on a thousand nodes, but only one node changes at a time, and pods come in a few hundred
//! kinds. So each kind keeps the score of every node, and looks again only at nodes that have changed since it last came.

use super::columns::{Columns, Record};
use super::orders::Orders;
use super::rows::{NodeRow, PodRow};
use crate::base::Seed;
use crate::base::collections::Map;
use crate::base::rng::Stream;
use crate::scheduler::gpu_sharing::fragmentation::{Amounts, Lens, Typical};
use crate::scheduler::gpu_sharing::{Affinities, Ask, Free, GPU_MILLI};
use crate::scheduler::plugins::{best_fit, dot_prod, fgd, gpu_clustering, gpu_packing, random};

/// How many pods a node takes.
const PODS_MAX: i64 = 1001;
/// The score of a node that the pod does not fit on.
const NO: i16 = i16::MIN;

/// A policy that takes part in the experiment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Any node, any GPU.
    Random,
    /// See [`dot_prod`].
    DotProd,
    /// See [`gpu_clustering`].
    GpuClustering,
    /// See [`gpu_packing`].
    GpuPacking,
    /// See [`best_fit`].
    BestFit,
    /// See [`fgd`].
    Fgd,
}

impl Rule {
    /// All, with the names of their plugins.
    pub const ALL: [(&'static str, Rule); 6] = [
        ("FGD", Rule::Fgd),
        ("BestFit", Rule::BestFit),
        ("GpuPacking", Rule::GpuPacking),
        ("GpuClustering", Rule::GpuClustering),
        ("DotProd", Rule::DotProd),
        ("Random", Rule::Random),
    ];

    /// By the name of its plugin.
    pub fn named(name: &str) -> Option<Rule> {
        Rule::ALL.iter().find(|(known, _)| *known == name).map(|(_, rule)| *rule)
    }
}

struct Node {
    free: Free,
    /// Its model, as a place in `Run::models`.
    model: usize,
    kinds: Affinities,
    amounts: Amounts,
    fragmented: f64,
}

/// What is kept for pods that ask for the same.
struct Kind {
    ask: Ask,
    /// By model: will it do?
    allowed: Vec<bool>,
    /// By node.
    scores: Vec<i16>,
    /// By node: the GPU that the policy wants, if it says so.
    gpu: Vec<u8>,
    /// How much of the log of changes these are true for; none: nothing has been looked at.
    seen: Option<usize>,
}

/// A decision, to compare with published ones.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// Place of the pod in the trace.
    pub pod: u32,
    /// Place of the node in the trace; none: the pod fitted nowhere.
    pub node: Option<u32>,
    /// The GPUs.
    pub gpus: Vec<usize>,
    /// What placed pods use of all GPUs.
    pub used_milli: i64,
    /// What arrived pods asked for.
    pub arrived_milli: i64,
    /// How much of the free GPUs is fragmented.
    pub fragmented_milli: f64,
}

struct Run<'r> {
    rule: Rule,
    /// In the order of preference.
    nodes: Vec<Node>,
    models: Vec<&'r str>,
    /// By model.
    lenses: Vec<Lens>,
    kinds: Vec<Kind>,
    /// Nodes that changed, in order.
    log: Vec<u32>,
    /// By node: the last refresh that looked at it.
    stamps: Vec<u32>,
    stamp: u32,
    sums: Amounts,
    luck: Stream,
}

/// Plays the experiment. `each` is told of every decision.
pub fn run(
    rule: Rule,
    seed: u64,
    (nodes, pods, typical): (&[NodeRow], &[PodRow], &Typical),
    orders: &Orders,
    mut each: impl FnMut(Decision),
) -> Columns {
    let mut run = Run::new(rule, seed, nodes, typical, orders);
    let kinds = run.sort_into_kinds(pods);
    let gpus: usize = nodes.iter().map(|node| node.gpus).sum();
    let mut columns = Columns::new(gpus as i64);
    let (mut used_milli, mut arrived_milli) = (0, 0);
    for &pod in &orders.pods {
        let kind = kinds[pod as usize] as usize;
        let total = run.kinds[kind].ask.total_gpu_milli();
        arrived_milli += total;
        let placed = run.place(kind);
        used_milli += if placed.is_some() { total } else { 0 };
        let (fragmented, idle) = (run.sums.fragmented(), run.sums.idle());
        columns.add(Record { arrived_milli, used_milli, fragmented_percent: if idle > 0.0 { 100.0 * fragmented / idle } else { 0.0 } });
        let (node, gpus) = placed.map_or((None, Vec::new()), |(at, gpus)| (Some(orders.nodes[at]), gpus));
        each(Decision { pod, node, gpus, used_milli, arrived_milli, fragmented_milli: fragmented });
    }
    columns
}

impl<'r> Run<'r> {
    fn new(rule: Rule, seed: u64, rows: &'r [NodeRow], typical: &Typical, orders: &Orders) -> Self {
        let mut models: Vec<&str> = Vec::new();
        let mut nodes = Vec::with_capacity(rows.len());
        let mut lenses: Vec<Lens> = Vec::new();
        let mut sums = Amounts::default();
        for &at in &orders.nodes {
            let row = &rows[at as usize];
            let model = models.iter().position(|model| *model == row.model).unwrap_or_else(|| {
                models.push(&row.model);
                lenses.push(typical.seen_by(&row.model));
                models.len() - 1
            });
            let free =
                Free { cpu_milli: row.cpu_milli, memory: row.memory_mib, pods: PODS_MAX, gpus: smallvec::smallvec![GPU_MILLI; row.gpus] };
            let amounts = lenses[model].amounts(free.cpu_milli, &free.gpus);
            sums = sums.zip(amounts, |a, b| a + b);
            nodes.push(Node { free, model, kinds: Affinities::default(), fragmented: amounts.fragmented(), amounts });
        }
        let luck = Seed(seed).stream("policy Random");
        let stamps = vec![0; nodes.len()];
        Run { rule, nodes, models, lenses, kinds: vec![], log: vec![], stamps, stamp: 0, sums, luck }
    }

    /// The kind of each pod of the trace.
    fn sort_into_kinds(&mut self, pods: &[PodRow]) -> Vec<u32> {
        let mut known: Map<&Ask, u32> = Map::default();
        let mut of_pod = Vec::with_capacity(pods.len());
        for pod in pods {
            let kinds = &mut self.kinds;
            let kind = *known.get_or_insert_with(&pod.ask, || {
                let ask = pod.ask.clone();
                kinds.push(Kind { ask, allowed: vec![], scores: vec![], gpu: vec![], seen: None });
                kinds.len() as u32 - 1
            });
            of_pod.push(kind);
        }
        of_pod
    }

    /// Places a pod: its node and its GPUs.
    fn place(&mut self, kind: usize) -> Option<(usize, Vec<usize>)> {
        self.refresh(kind);
        let kind = &self.kinds[kind];
        let at = match self.rule {
            Rule::Random => {
                let fitting = kind.scores.iter().filter(|score| **score != NO).count();
                let nth = (fitting > 0).then(|| random::pick(self.luck.draw().0, fitting))?;
                kind.scores.iter().enumerate().filter(|(_, score)| **score != NO).nth(nth)?.0
            }
            _ => {
                // A plain loop: this is most of a run's work, and it becomes a few wide instructions at every level of optimisation.
                let mut best = NO;
                for &score in &kind.scores {
                    best = if score > best { score } else { best };
                }
                if best == NO {
                    return None;
                }
                kind.scores.iter().position(|score| *score == best)?
            }
        };
        let node = &mut self.nodes[at];
        let gpus = if !kind.ask.is_share() {
            node.free.whole(kind.ask.gpus).to_vec()
        } else if self.rule == Rule::Random {
            let fitting: Vec<usize> = (0..node.free.gpus.len()).filter(|&gpu| node.free.gpus[gpu] >= kind.ask.gpu_milli).collect();
            vec![fitting[random::pick(self.luck.draw().0, fitting.len())]]
        } else if self.rule == Rule::Fgd {
            vec![usize::from(kind.gpu[at])]
        } else {
            node.free.fullest_fitting(kind.ask.gpu_milli).into_iter().collect()
        };
        node.free.take(&kind.ask, &gpus);
        node.kinds.add(&kind.ask);
        let before = node.amounts;
        node.amounts = self.lenses[node.model].amounts(node.free.cpu_milli, &node.free.gpus);
        node.fragmented = node.amounts.fragmented();
        self.sums = self.sums.zip(node.amounts.zip(before, |now, before| now - before), |sum, change| sum + change);
        self.log.push(at as u32);
        Some((at, gpus))
    }

    /// Brings the scores of a kind up to date.
    fn refresh(&mut self, kind: usize) {
        let Run { rule, nodes, models, lenses, kinds, log, stamps, stamp, .. } = self;
        let kind = &mut kinds[kind];
        let Some(seen) = kind.seen.replace(log.len()) else {
            kind.allowed = models.iter().map(|model| kind.ask.allows(model)).collect();
            kind.scores = vec![NO; nodes.len()];
            kind.gpu = vec![0; nodes.len()];
            for (at, node) in nodes.iter().enumerate() {
                kind.look(*rule, node, &lenses[node.model], at);
            }
            return;
        };
        *stamp += 1;
        for &at in &log[seen..] {
            let at = at as usize;
            if std::mem::replace(&mut stamps[at], *stamp) != *stamp {
                kind.look(*rule, &nodes[at], &lenses[nodes[at].model], at);
            }
        }
    }
}

impl Kind {
    /// Scores one node.
    fn look(&mut self, rule: Rule, node: &Node, lens: &Lens, at: usize) {
        self.scores[at] = NO;
        if !node.free.fits(&self.ask) || !self.allowed[node.model] {
            return;
        }
        let score = match rule {
            Rule::Random => 0,
            Rule::DotProd => dot_prod::score(&node.free, &self.ask),
            Rule::GpuClustering => gpu_clustering::score(&node.free, node.kinds, &self.ask),
            Rule::GpuPacking => gpu_packing::score(&node.free, &self.ask),
            Rule::BestFit => best_fit::score(&node.free, &self.ask),
            Rule::Fgd => {
                let (score, gpu) = fgd::score(lens, &node.free, node.fragmented, &self.ask);
                self.gpu[at] = gpu.unwrap_or(0) as u8;
                score
            }
        };
        // Only nodes far beyond the largest one that scores reckon with come near the ends; they keep their order there.
        self.scores[at] = score.clamp(i64::from(i16::MIN) + 2, i64::from(i16::MAX)) as i16;
    }
}

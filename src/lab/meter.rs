//! What the lab measures in a run of an ordinary scenario: how much of the machines is allocated when how much has arrived, how even,
//! how long pods waited, who was preempted, how many machines were needed. An observer: it cannot change the run.

use super::curve::{Curve, Curves};
use super::fragmented::{Machine, fragmented_percent};
use crate::actor::Observer;
use crate::base::{Span, Time};
use crate::model::requests::{Resource, pod_resource};
use crate::model::{Body, Obj, Object, Str};
use crate::scheduler::gpu_sharing::objects::{self, GPU_COUNT_KEY, NodeGpus};
use crate::scheduler::gpu_sharing::{Ask, GPU_MILLI};
use crate::store::{Key, LogEntry};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Snapshots by arrived demand that are kept; when there are more, every second one goes.
const SNAPSHOTS_MAX: usize = 128;
/// Samples over the time of the run.
const SAMPLES: u64 = 240;
/// Device plugins' resources that count as whole GPUs.
const WHOLE_GPUS: [&str; 2] = ["nvidia.com/gpu", "amd.com/gpu"];

/// Three resources: CPU in milli, memory in bytes, GPUs in milli.
type Amounts = [i64; 3];

/// A value over time, summed up.
#[derive(Clone, Copy, Debug, Default)]
struct OverTime {
    now: f64,
    since: Time,
    sum: f64,
    max: f64,
}

impl OverTime {
    fn set(&mut self, at: Time, value: f64) {
        self.sum += self.now * (at - self.since).as_s_f64();
        (self.now, self.since, self.max) = (value, at, self.max.max(value));
    }

    fn mean(mut self, end: Time) -> f64 {
        self.set(end, self.now);
        if end == Time::ZERO { self.now } else { self.sum / (end - Time::ZERO).as_s_f64() }
    }
}

#[derive(Clone, Debug, Default)]
struct Node {
    offers: Amounts,
    pods_max: i64,
    model: String,
    used: Amounts,
    pods: i64,
    /// Pods that are not of a DaemonSet.
    own_pods: i64,
    gpus: NodeGpus,
}

impl Node {
    fn cpu_share(&self) -> Option<f64> {
        (self.offers[0] > 0).then(|| self.used[0] as f64 / self.offers[0] as f64)
    }

    fn machine(&self) -> Machine {
        let count = self.offers[2] / GPU_MILLI;
        let mut gpus = self.gpus.free(count);
        // Whole GPUs of device plugins have no numbers: any that are free will do.
        let mut missing = gpus.iter().sum::<i64>() - (self.offers[2] - self.used[2]);
        for free in gpus.iter_mut().filter(|free| **free == GPU_MILLI) {
            if missing >= GPU_MILLI {
                *free = 0;
                missing -= GPU_MILLI;
            }
        }
        Machine {
            cpu_milli: self.offers[0] - self.used[0],
            memory: self.offers[1] - self.used[1],
            pods: self.pods_max - self.pods,
            gpus,
            model: self.model.clone(),
        }
    }
}

#[derive(Clone, Debug)]
struct Snapshot {
    arrived_percent: f64,
    allocated_percent: f64,
    machines: Vec<Machine>,
}

/// The measurements.
#[derive(Debug, Default)]
pub struct Meter {
    nodes: BTreeMap<Str, Node>,
    offers: Amounts,
    used: Amounts,
    arrived: Amounts,
    kinds: BTreeMap<Ask, u64>,
    waiting: BTreeMap<Str, Time>,
    waited: Vec<Span>,
    allocated: [OverTime; 3],
    imbalance: OverTime,
    nodes_used: OverTime,
    used_count: i64,
    pods_arrived: u64,
    preemptions: u64,
    completed: u64,
    snapshots: Vec<Snapshot>,
    /// Percent of arrived demand from one snapshot to the next.
    step: f64,
    samples: Vec<(f64, f64, f64)>,
    sample_every: Span,
}

/// What the measurements came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Measured {
    /// The figures by name; see [`super::figure::SCENARIO`].
    pub values: Vec<(&'static str, Option<f64>)>,
    /// What charts show.
    pub curves: Curves,
}

/// What a pod asks for, with shared GPUs and those of device plugins.
fn ask(object: &Object, request: &Resource) -> Ask {
    let mut ask = objects::ask_or_plain(&object.meta.annotations, request);
    let whole: i64 = WHOLE_GPUS.iter().map(|name| request.scalar(name)).sum();
    if ask.gpus == 0 && whole > 0 {
        (ask.gpus, ask.gpu_milli) = (whole, GPU_MILLI);
    }
    ask
}

fn amounts(ask: &Ask) -> Amounts {
    [ask.cpu_milli, ask.memory, ask.total_gpu_milli()]
}

fn is_daemon(object: &Object) -> bool {
    object.meta.controller().is_some_and(|owner| &*owner.kind == "DaemonSet")
}

/// The node on which a pod takes room.
fn place(pod: Option<&Obj>) -> Option<&Str> {
    let pod = pod?.as_pod()?;
    (pod.is_bound() && !pod.is_terminal()).then_some(&pod.node_name)
}

fn is_preempted(object: Option<&Obj>) -> bool {
    let condition = object.and_then(|object| object.as_pod()?.condition("DisruptionTarget"));
    condition.is_some_and(|condition| &*condition.reason == "PreemptionByScheduler")
}

impl Meter {
    /// For a run that ends then.
    pub fn new(end: Time) -> Meter {
        Meter { step: 1.0, sample_every: Span((end.0 / SAMPLES).max(1)), ..Meter::default() }
    }

    /// The resource that demand is told by: GPUs if there are any, else CPU.
    fn main(&self) -> usize {
        if self.offers[2] > 0 { 2 } else { 0 }
    }

    fn percent(&self, part: &Amounts, of: usize) -> f64 {
        if self.offers[of] > 0 { 100.0 * part[of] as f64 / self.offers[of] as f64 } else { 0.0 }
    }

    fn node(&mut self, at: Time, object: &Object, there: bool) {
        let Body::Node(spec) = &object.body else { return };
        let offered = Resource::from_list(&spec.status.allocatable);
        let whole: i64 = WHOLE_GPUS.iter().map(|name| offered.scalar(name)).sum();
        // A node may offer the same GPUs in both ways.
        let gpus = whole.max(offered.scalar(GPU_COUNT_KEY)) * GPU_MILLI;
        let offers = if there { [offered.milli_cpu, offered.memory, gpus] } else { [0; 3] };
        let node = self.nodes.entry(object.meta.name.clone()).or_default();
        (node.pods_max, node.model) = (offered.allowed_pod_number, object.meta.labels.get(objects::GPU_MODEL_KEY).unwrap_or("").into());
        let before = std::mem::replace(&mut node.offers, offers);
        if before != offers {
            (0..3).for_each(|resource| self.offers[resource] += offers[resource] - before[resource]);
            self.changed(at);
        }
    }

    fn pod(&mut self, entry: &LogEntry) {
        let object = entry.object();
        let Some(pod) = object.as_pod() else { return };
        let (before, after) = (place(entry.before.as_ref()), place(entry.after.as_ref()));
        self.preemptions += u64::from(!is_preempted(entry.before.as_ref()) && is_preempted(entry.after.as_ref()));
        let succeeded = |object: Option<&Obj>| {
            object.and_then(|object| object.as_pod()).is_some_and(|pod| pod.status.phase == crate::model::PodPhase::Succeeded)
        };
        self.completed += u64::from(!succeeded(entry.before.as_ref()) && succeeded(entry.after.as_ref()));
        let arrives = entry.before.is_none() && !is_daemon(object);
        if before == after && !arrives {
            if entry.after.is_none() {
                self.waiting.remove(&object.meta.uid);
            }
            return;
        }
        let ask = ask(object, &pod_resource(pod).resource);
        if arrives {
            self.pods_arrived += 1;
            *self.kinds.entry(ask.clone()).or_default() += 1;
            self.waiting.insert(object.meta.uid.clone(), entry.at);
            amounts(&ask).iter().zip(&mut self.arrived).for_each(|(amount, arrived)| *arrived += amount);
            self.snapshot();
        }
        self.occupy(before, entry.before.as_ref().unwrap_or(entry.object()), &ask, -1);
        self.occupy(after, entry.object(), &ask, 1);
        if after.is_some()
            && let Some(created) = self.waiting.remove(&object.meta.uid)
        {
            self.waited.push(entry.at - created);
        } else if entry.after.is_none() {
            self.waiting.remove(&object.meta.uid);
        }
        self.changed(entry.at);
    }

    fn occupy(&mut self, place: Option<&Str>, object: &Object, ask: &Ask, sign: i64) {
        let Some(name) = place else { return };
        let node = self.nodes.entry(name.clone()).or_default();
        for (resource, amount) in amounts(ask).into_iter().enumerate() {
            node.used[resource] += sign * amount;
            self.used[resource] += sign * amount;
        }
        node.pods += sign;
        let request = Resource { milli_cpu: ask.cpu_milli, memory: ask.memory, ..Resource::default() };
        node.gpus.count(&object.meta.annotations, &request, sign);
        if !is_daemon(object) {
            let before = node.own_pods;
            node.own_pods += sign;
            self.used_count += i64::from(node.own_pods > 0) - i64::from(before > 0);
        }
    }

    /// Takes note of what follows from a change.
    fn changed(&mut self, at: Time) {
        for resource in 0..3 {
            let percent = self.percent(&self.used, resource);
            self.allocated[resource].set(at, percent);
        }
        self.nodes_used.set(at, self.used_count as f64);
        let imbalance = self.spread_of_nodes();
        self.imbalance.set(at, imbalance);
        let due = self.samples.len() as u64 * self.sample_every.0;
        if at.0 >= due {
            let main = self.main();
            let sample = (at.as_s_f64(), self.allocated[main].now, imbalance);
            self.samples.push(sample);
        }
    }

    /// Standard deviation of the nodes' allocated share of CPU, in percentage points.
    fn spread_of_nodes(&self) -> f64 {
        let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for share in self.nodes.values().filter_map(Node::cpu_share) {
            (count, sum, squares) = (count + 1.0, sum + share, squares + share * share);
        }
        if count == 0.0 { 0.0 } else { 100.0 * (squares / count - sum / count * (sum / count)).max(0.0).sqrt() }
    }

    /// Keeps the cluster as it is, if so much has arrived since the last time.
    fn snapshot(&mut self) {
        let main = self.main();
        let arrived_percent = self.percent(&self.arrived, main);
        if self.snapshots.last().is_some_and(|last| arrived_percent < last.arrived_percent + self.step) {
            return;
        }
        let machines = self.nodes.values().filter(|node| node.offers[0] > 0).map(Node::machine).collect();
        let allocated_percent = self.percent(&self.used, main);
        self.snapshots.push(Snapshot { arrived_percent, allocated_percent, machines });
        if self.snapshots.len() > SNAPSHOTS_MAX {
            let mut at = 0_usize;
            self.snapshots.retain(|_| {
                at += 1;
                !at.is_multiple_of(2)
            });
            self.step *= 2.0;
        }
    }

    /// Adds everything up at the end of the run.
    pub fn measured(&self, end: Time) -> Measured {
        let mut waits: Vec<Span> = self.waited.clone();
        waits.extend(self.waiting.values().map(|created| end - *created));
        waits.sort_unstable();
        let rank = |percent: usize| waits.get((waits.len() * percent).div_ceil(100).saturating_sub(1)).map(|span| span.as_s_f64());
        let fragmented: Vec<(f64, f64)> = self
            .snapshots
            .iter()
            .filter_map(|snapshot| Some((snapshot.arrived_percent, fragmented_percent(&self.kinds, &snapshot.machines)?)))
            .collect();
        let mean = |points: &[(f64, f64)]| {
            let sum: f64 = points.iter().map(|(_, value)| value).sum();
            (!points.is_empty()).then(|| sum / points.len() as f64)
        };
        let main = self.main();
        let over_time = |resource: usize| (self.offers[resource] > 0).then(|| self.allocated[resource].mean(end));
        let values = vec![
            ("pods_arrived", Some(self.pods_arrived as f64)),
            ("pods_placed", Some(self.waited.len() as f64)),
            ("pods_waiting", Some(self.waiting.len() as f64)),
            ("pods_completed", Some(self.completed as f64)),
            ("pending_p50", rank(50)),
            ("pending_p90", rank(90)),
            ("pending_p99", rank(99)),
            ("pending_max", rank(100)),
            ("alloc_cpu", over_time(0)),
            ("alloc_memory", over_time(1)),
            ("alloc_gpu", over_time(2)),
            ("alloc_max", (self.offers[main] > 0).then_some(self.allocated[main].max)),
            ("imbalance_cpu", (self.offers[0] > 0).then(|| self.imbalance.mean(end))),
            ("fragmented", mean(&fragmented)),
            ("preemptions", Some(self.preemptions as f64)),
            ("nodes_used", Some(self.nodes_used.mean(end))),
            ("nodes_used_max", Some(self.nodes_used.max)),
        ];
        let curves = Curves {
            allocation: Curve(self.snapshots.iter().map(|snapshot| (snapshot.arrived_percent, snapshot.allocated_percent)).collect()),
            fragmentation: Curve(fragmented),
            pending: Curve((0..=100).filter_map(|percent| Some((percent as f64, rank(percent)?))).collect()),
            utilisation: Curve(self.samples.iter().map(|(at, allocated, _)| (*at, *allocated)).collect()),
            imbalance: Curve(self.samples.iter().map(|(at, _, imbalance)| (*at, *imbalance)).collect()),
        };
        Measured { values, curves }
    }
}

/// A meter that both the run and the one who reads it hold.
#[derive(Clone, Debug)]
pub struct SharedMeter(pub Rc<RefCell<Meter>>);

impl SharedMeter {
    /// For a run that ends then.
    pub fn new(end: Time) -> SharedMeter {
        SharedMeter(Rc::new(RefCell::new(Meter::new(end))))
    }
}

impl Observer for SharedMeter {
    fn commit(&mut self, _: &Key, entry: &LogEntry) {
        let mut meter = self.0.borrow_mut();
        match &entry.object().body {
            Body::Node(_) => meter.node(entry.at, entry.object(), entry.after.is_some()),
            Body::Pod(_) => meter.pod(entry),
            _ => {}
        }
    }
}

//! Pods that nobody wrote a manifest for: traces of real clusters, one file a format, and arrival processes. This room turns
//! them into times and pods; nothing here knows a simulation.

pub mod arrivals;
pub mod pods;
pub mod schedule;
pub mod traces;

use crate::base::Span;

/// Something that a trace says was submitted.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PodRow {
    /// Its name in the trace.
    pub name: String,
    /// When, since the trace's own beginning.
    pub at: Span,
    /// How long it ran; `None`: to the end.
    pub lasts: Option<Span>,
    /// How many alike came at once: more than one are numbered.
    pub count: u32,
    /// What one of them asks for.
    pub ask: Ask,
    /// Labels beside those of the template.
    pub labels: Vec<(&'static str, String)>,
    /// Its line in the file, from 1.
    pub line: u64,
}

/// What a pod asks for. Pods that ask for the same share one template.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ask {
    /// CPU, in thousandths of a core.
    pub cpu_milli: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// How many GPUs.
    pub gpus: u32,
    /// How much of each, in thousandths.
    pub gpu_milli: u32,
    /// GPU models that will do (`A|B`); empty: any.
    pub gpu_models: String,
    /// Priority, if the trace has one.
    pub priority: Option<i32>,
}

/// A machine of a trace.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct NodeRow {
    /// Its name in the trace.
    pub name: String,
    /// CPU, in thousandths of a core.
    pub cpu_milli: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// How many GPUs.
    pub gpus: u32,
    /// Their model; empty if it is not told.
    pub gpu_model: String,
    /// Its failure domain, if the trace has one.
    pub zone: String,
}

/// No machine and no pod has more CPU: a million cores.
pub(crate) const CPU_MILLI_MAX: f64 = 1e9;
/// No machine and no pod has more memory: 1 PiB.
pub(crate) const MEMORY_BYTES_MAX: f64 = (1u64 << 50) as f64;
/// No instant of a trace is later: a hundred years in seconds.
pub(crate) const SECONDS_MAX: f64 = 3.2e9;

/// Seconds of a trace as a span.
pub(crate) fn seconds(value: f64) -> Span {
    Span::from_s_f64(value)
}

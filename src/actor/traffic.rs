//! What the processes of pods and the requests to them know of each other: plain facts of the physical world.

use crate::base::{Dist, Histogram, Span, Time};
use crate::model::Str;

/// A process that may serve requests, and the network space it lives in, as things stand now. A later one of the same pod and
/// container replaces it.
#[derive(Clone, PartialEq, Debug)]
pub struct Process {
    /// Namespace of the pod.
    pub namespace: Str,
    /// Its name.
    pub pod: Str,
    /// Its identity.
    pub uid: Str,
    /// The node it is on.
    pub node: Str,
    /// Its address.
    pub ip: Str,
    /// Whether the address is reachable: the pod's network space is there.
    pub up: bool,
    /// A life of a container; `None`: this is about the network space alone.
    pub life: Option<Life>,
}

impl Eq for Process {}

/// One life of a container that may serve.
#[derive(Clone, PartialEq, Debug)]
pub struct Life {
    /// Unique in the pod, rising.
    pub serial: u32,
    /// The container's name.
    pub container: Str,
    /// Ports that the container declares.
    pub ports: Vec<i32>,
    /// Whether it takes the ports that no container declares.
    pub is_main: bool,
    /// When it begins to take connections.
    pub listens: Time,
    /// When it stops taking new ones.
    pub refuses: Time,
    /// When it ends, as far as that is known.
    pub ends: Time,
    /// CPU time of a request.
    pub cpu_per_request: Span,
    /// What a request takes when there is no queue.
    pub time: Dist,
    /// Requests served at a time; 0: no limit.
    pub concurrency: u32,
    /// CPU that it may use, in thousandths; 0: no limit.
    pub cpu_limit_milli: u64,
    /// Requests that may wait until the memory limit is reached, if waiting costs memory.
    pub waiting_max: Option<u64>,
}

/// Why a request failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Cause {
    /// Nobody listens at the address.
    Refused,
    /// The process ended while it served the request.
    Reset,
    /// No answer in time.
    TimeOut,
    /// The service had no endpoint.
    NoEndpoints,
    /// The address is no longer there.
    Unreachable,
    /// There is no such name, or DNS did not answer.
    Dns,
}

impl Cause {
    /// All of them.
    pub const ALL: [Cause; 6] = [Cause::Refused, Cause::Reset, Cause::TimeOut, Cause::NoEndpoints, Cause::Unreachable, Cause::Dns];

    /// As reports show it.
    pub fn label(self) -> &'static str {
        match self {
            Cause::Refused => "connection refused",
            Cause::Reset => "connection reset",
            Cause::TimeOut => "time-out",
            Cause::NoEndpoints => "no endpoints",
            Cause::Unreachable => "host unreachable",
            Cause::Dns => "name not resolved",
        }
    }
}

/// Counts of failures by cause.
pub type ByCause = [u64; Cause::ALL.len()];

/// The requests of one load that were first sent within a span of time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Window {
    /// The load's name.
    pub load: Str,
    /// They are the look-ups of another load's names.
    pub look_ups: bool,
    /// Namespace and name of the Service.
    pub service: (Str, Str),
    /// Where it begins.
    pub from: Time,
    /// Where it ends.
    pub until: Time,
    /// Requests answered.
    pub ok: u64,
    /// Requests that failed at last, by what the last attempt met.
    pub failed: ByCause,
    /// Attempts that failed and were followed by another.
    pub retried: ByCause,
    /// How long requests took, failed ones included.
    pub durations: Histogram,
}

impl Window {
    /// All requests.
    pub fn requests(&self) -> u64 {
        self.ok + self.failures()
    }

    /// All failures.
    pub fn failures(&self) -> u64 {
        self.failed.iter().sum()
    }
}

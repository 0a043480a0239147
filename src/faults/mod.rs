//! What can break: one file each. A fault does harm to its victims; the [`Ledger`] turns harm that begins and ends into signals
//! of the physical world; components learn of those from their effects.
//! Targets and modes are named as in Chaos Mesh (api/v1alpha1/selector.go).

mod apiserver_down;
mod apiserver_slow;
mod clock_skew;
mod component_crash;
mod container_crash;
mod container_oom;
mod disk_pressure;
mod etcd_leaderless;
mod etcd_slow;
mod harm;
mod kubelet_stop;
mod memory_pressure;
mod node_crash;
mod node_partition;
mod registry_down;
mod registry_slow;
mod target;
mod watch_lag;
mod zone_outage;

use crate::base::{Dist, Span};
use crate::model::Str;
pub use harm::{Harm, Ledger};
pub use target::{Among, Mode, Pods, Target, Victim};

/// Keys that aim at machines.
const MACHINES: &[&str] = &["node", "nodes", "selector", "zone"];
/// Keys that aim at pods.
const ON_PODS: &[&str] = &["pod", "pods", "selector", "node", "nodes", "zone"];

/// A kind of failure, as scenarios name it.
#[derive(Debug)]
pub struct Kind {
    /// Its name in scenarios.
    pub name: &'static str,
    /// What happens, in one line, for the documentation.
    pub about: &'static str,
    /// A line of a timeline that has it.
    pub example: &'static str,
    /// What it hits, if there is nothing to choose.
    pub subject: &'static str,
    /// Which keys aim it. None: it takes no target.
    pub targets: &'static [&'static str],
    /// Which components it can hit, if `component` is among its targets.
    pub components: &'static [&'static str],
    /// Which other keys it takes; see [`Options`].
    pub options: &'static [&'static str],
    /// When it heals if the scenario does not say; `None`: never, or it is over at once.
    pub lasts: Option<Span>,
    /// The harm that it does to one victim.
    pub harm: fn(&Victim, &Options) -> Harm,
}

/// What most kinds of failure have in common.
const COMMON: Kind = Kind {
    name: "",
    about: "",
    example: "",
    subject: "",
    targets: &[],
    components: &[],
    options: &[],
    lasts: None,
    harm: |_, _| Harm::None,
};

/// How bad a failure is, as far as its kind asks.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// `slowness`: how many times as long something takes.
    pub slowness: u32,
    /// `latency`: how much longer each request takes.
    pub latency: Dist,
    /// `errors`: the share of requests that fail, in percent.
    pub errors_percent: u32,
    /// `lag`: how much later changes are seen.
    pub lag: Span,
    /// `offset`: how far a clock goes ahead (negative: behind), in milliseconds.
    pub offset_ms: i64,
    /// `container`: only the container of this name; all but init containers when empty.
    pub container: Str,
    /// `namespace`: where the pods are.
    pub namespace: Str,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            slowness: 10,
            latency: Dist::Constant(Span::from_s(1)),
            errors_percent: 0,
            lag: Span::from_s(10),
            offset_ms: 0,
            container: Str::default(),
            namespace: Str::default(),
        }
    }
}

/// A failure: one of [`FAULTS`].
pub type Fault = &'static Kind;

/// All failures that are simulated.
pub const FAULTS: &[Fault] = &[
    &node_crash::FAULT,
    &kubelet_stop::FAULT,
    &node_partition::FAULT,
    &zone_outage::FAULT,
    &apiserver_down::FAULT,
    &apiserver_slow::FAULT,
    &etcd_slow::FAULT,
    &etcd_leaderless::FAULT,
    &watch_lag::FAULT,
    &component_crash::FAULT,
    &registry_slow::FAULT,
    &registry_down::FAULT,
    &container_crash::FAULT,
    &container_oom::FAULT,
    &disk_pressure::FAULT,
    &memory_pressure::FAULT,
    &clock_skew::FAULT,
];

impl Kind {
    /// Whether it is done the moment it happens, unless the scenario says how long it goes on.
    pub fn is_over_at_once(&self) -> bool {
        self.options.contains(&"container")
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.name == other.name
    }
}

/// The failure of a name.
pub fn find(name: &str) -> Option<Fault> {
    FAULTS.iter().find(|fault| fault.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_a_name_a_harm_and_an_example() {
        for (at, fault) in FAULTS.iter().enumerate() {
            assert_eq!(FAULTS.iter().position(|other| other.name == fault.name), Some(at), "{}", fault.name);
            assert_eq!(find(fault.name), Some(*fault));
            assert!(!fault.about.is_empty() && fault.example.contains(&format!("fault: {}", fault.name)), "{}", fault.name);
            assert_eq!(fault.subject.is_empty(), !fault.targets.is_empty(), "{}", fault.name);
            assert_eq!(fault.components.is_empty(), !fault.targets.contains(&"component"), "{}", fault.name);
        }
    }
}

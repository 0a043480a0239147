//! memory-pressure: a machine runs short of memory. Its kubelet says so, takes no BestEffort pods and evicts one pod after the
//! other until it is over. Real: pkg/kubelet/eviction/eviction_manager.go @ v1.37.2.

use super::{COMMON, Harm, Kind, MACHINES};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "memory-pressure",
    about: "a machine runs short of memory: condition, taint, pods are evicted one by one",
    example: "{at: 5m, fault: memory-pressure, node: a-1, for: 1m}",
    targets: MACHINES,
    harm: |victim, _| Harm::Memory(victim.name()),
    ..COMMON
};

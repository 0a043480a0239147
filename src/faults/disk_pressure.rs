//! disk-pressure: a machine runs short of disk. Its kubelet says so, refuses new pods, removes unused images and evicts one pod
//! after the other until it is over. Real: pkg/kubelet/eviction/eviction_manager.go @ v1.37.2.

use super::{COMMON, Harm, Kind, MACHINES};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "disk-pressure",
    about: "a machine runs short of disk: condition, taint, unused images go, pods are evicted one by one",
    example: "{at: 5m, fault: disk-pressure, node: a-1, for: 1m}",
    targets: MACHINES,
    harm: |victim, _| Harm::Disk(victim.name()),
    ..COMMON
};

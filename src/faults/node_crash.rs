//! node-crash: a machine loses power. Its containers die at once, its kubelet falls silent; after the grace period the node
//! turns NotReady, and its pods are evicted. Healed, it boots with the same name and starts what it finds bound to it.

use super::{COMMON, Harm, Kind, MACHINES};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "node-crash",
    about: "a machine loses power: containers die, the kubelet falls silent",
    example: "{at: 5m, fault: node-crash, node: a-1, for: 10m}",
    targets: MACHINES,
    harm: |victim, _| Harm::Crash(victim.name()),
    ..COMMON
};

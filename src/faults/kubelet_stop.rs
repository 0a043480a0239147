//! kubelet-stop: the kubelet's process ends. Containers go on and serve, but nobody probes, restarts or reports them, and the
//! node's lease is not renewed.

use super::{COMMON, Harm, Kind, MACHINES};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "kubelet-stop",
    about: "the kubelet's process ends: containers go on, nobody looks after them",
    example: "{at: 5m, fault: kubelet-stop, node: a-1, for: 3m}",
    targets: MACHINES,
    harm: |victim, _| Harm::KubeletStop(victim.name()),
    ..COMMON
};

//! kubelet-stop: the kubelet's process ends. Containers go on and serve, but nobody probes, restarts or reports them, and the
//! node's lease is not renewed.

use super::Kind;
use crate::actor::Signal;

/// The fault.
pub const FAULT: Kind = Kind {
    name: "kubelet-stop",
    about: "the kubelet's process ends: containers go on, nobody looks after them",
    targets: &["node", "nodes", "selector", "zone"],
    begins: |node| Signal::KubeletStop(node.clone()),
    ends: |node| Signal::KubeletStart(node.clone()),
};

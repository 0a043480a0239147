//! node-crash: a machine loses power. Its containers die at once, its kubelet falls silent; after the grace period the node
//! turns NotReady, and its pods are evicted. Healed, it boots with the same name and starts what it finds bound to it.

use super::Kind;
use crate::actor::Signal;

/// The fault.
pub const FAULT: Kind = Kind {
    name: "node-crash",
    about: "a machine loses power: containers die, the kubelet falls silent",
    targets: &["node", "nodes", "selector", "zone"],
    begins: |node| Signal::NodeCrash(node.clone()),
    ends: |node| Signal::NodeBoot(node.clone()),
};

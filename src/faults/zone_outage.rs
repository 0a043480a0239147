//! zone-outage: all machines of a zone lose power at once.

use super::Kind;
use crate::actor::Signal;

/// The fault.
pub const FAULT: Kind = Kind {
    name: "zone-outage",
    about: "all machines of a zone lose power",
    targets: &["zone"],
    begins: |node| Signal::NodeCrash(node.clone()),
    ends: |node| Signal::NodeBoot(node.clone()),
};

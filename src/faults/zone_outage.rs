//! zone-outage: all machines of a zone lose power at once.

use super::{COMMON, Harm, Kind};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "zone-outage",
    about: "all machines of a zone lose power",
    example: "{at: 5m, fault: zone-outage, zone: eu-1a, for: 20m}",
    targets: &["zone"],
    harm: |victim, _| Harm::Crash(victim.name()),
    ..COMMON
};

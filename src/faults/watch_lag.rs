//! watch-lag: a component's watches are late: it decides by what the cluster was `lag` ago, and its writes conflict more often.

use super::{COMMON, Harm, Kind};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "watch-lag",
    about: "a component sees changes `lag` later (10s unless given)",
    example: "{at: 5m, fault: watch-lag, component: scheduler, lag: 5s, for: 2m}",
    targets: &["component", "components"],
    components: &["scheduler", "controller-manager", "kubelet"],
    options: &["lag"],
    harm: |victim, options| Harm::WatchLag { component: victim.name(), lag: options.lag },
    ..COMMON
};

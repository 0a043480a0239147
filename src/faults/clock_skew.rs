//! clock-skew: a clock goes wrong by `offset`, as in Chaos Mesh's TimeChaos: of a machine (the times that its kubelet writes
//! and reads), of the controller manager (CronJobs start early or late, times of conditions), of the scheduler or of the API
//! server (creation and deletion times). Leases are judged by the observer's own clock and do not mind.

use super::{COMMON, Harm, Kind};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "clock-skew",
    about: "a clock is wrong by `offset`, such as 30s or -5m",
    example: "{at: 5m, fault: clock-skew, component: controller-manager, offset: -90s, for: 10m}",
    targets: &["node", "nodes", "selector", "zone", "component", "components"],
    components: &["scheduler", "controller-manager", "apiserver"],
    options: &["offset"],
    harm: |victim, options| Harm::Clock { who: victim.clone(), offset_ms: options.offset_ms },
    ..COMMON
};

//! container-oom: the kernel kills containers for want of memory: reason OOMKilled, exit code 137. With `for:` they are killed
//! again within a second whenever they run, until it heals.

use super::{COMMON, Harm, Kind, ON_PODS, Victim};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "container-oom",
    about: "containers of pods are killed for want of memory (OOMKilled); with `for:` again and again",
    example: "{at: 5m, fault: container-oom, pod: db-0, container: app}",
    targets: ON_PODS,
    options: &["container", "namespace"],
    harm: |victim, options| {
        let Victim::Pod { namespace, name } = victim else { return Harm::None };
        Harm::Kill { namespace: namespace.clone(), pod: name.clone(), container: options.container.clone(), oom: true }
    },
    ..COMMON
};

//! container-crash: processes of containers are killed (exit code 137), and are restarted as the pod's restart policy says.
//! With `for:` they are killed again within a second whenever they run, until it heals.

use super::{COMMON, Harm, Kind, ON_PODS, Victim};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "container-crash",
    about: "containers of pods are killed; with `for:` again and again",
    example: "{at: 5m, fault: container-crash, selector: app=web, mode: one}",
    targets: ON_PODS,
    options: &["container", "namespace"],
    harm: |victim, options| {
        let Victim::Pod { namespace, name } = victim else { return Harm::None };
        Harm::Kill { namespace: namespace.clone(), pod: name.clone(), container: options.container.clone(), oom: false }
    },
    ..COMMON
};

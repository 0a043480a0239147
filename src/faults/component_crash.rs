//! component-crash: a process of the control plane ends with all that it knew. Started again (after 1 s unless `for:` says
//! otherwise) it is somebody else to the leader election: it must wait until the lease of its predecessor has run out (15 s
//! after it first looked), then lists everything anew and works on. What was under way arrives; answers to it are lost.
//! Real: staging/src/k8s.io/client-go/tools/leaderelection/leaderelection.go @ v1.37.2.

use super::{COMMON, Harm, Kind};
use crate::base::Span;

/// The fault.
pub const FAULT: Kind = Kind {
    name: "component-crash",
    about: "the scheduler or the controller manager ends and starts anew: election, fresh view",
    example: "{at: 5m, fault: component-crash, component: controller-manager, for: 30s}",
    targets: &["component", "components"],
    components: &["scheduler", "controller-manager"],
    lasts: Some(Span::from_s(1)),
    harm: |victim, _| Harm::Process(victim.name()),
    ..COMMON
};

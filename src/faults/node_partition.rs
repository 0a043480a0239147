//! node-partition: the network between machines and the control plane is cut. Containers run on and the kubelet looks after
//! them with what it last knew, but it hears of no change, reports nothing and renews no lease. Aimed at a zone it is the
//! partition that the zone modes of the node lifecycle controller are for. Healed, the kubelet lists anew and reports.
//! Real: pkg/kubelet/kubelet_node_status.go, pkg/controller/nodelifecycle/node_lifecycle_controller.go @ v1.37.2.

use super::{COMMON, Harm, Kind, MACHINES};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "node-partition",
    about: "machines are cut off from the control plane: containers run on, the kubelet hears and reports nothing",
    example: "{at: 5m, fault: node-partition, zone: eu-1b, for: 5m}",
    targets: MACHINES,
    harm: |victim, _| Harm::Partition(victim.name()),
    ..COMMON
};

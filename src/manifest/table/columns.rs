//! The titles of the columns by kind: the usual ones, and those of `-o wide`.
//! Real: pkg/printers/internalversion/printers.go (…ColumnDefinitions) @ v1.37.2.

use crate::model::Kind;

type Titles = &'static [&'static str];

/// The titles of a kind. Events have their further columns in between: [`EVENTS_WIDE`].
pub fn of(kind: Kind) -> (Titles, Titles) {
    const CONTAINERS: Titles = &["CONTAINERS", "IMAGES", "SELECTOR"];
    const NONE: Titles = &[];
    match kind {
        Kind::Pod => (&["NAME", "READY", "STATUS", "RESTARTS", "AGE"], &["IP", "NODE", "NOMINATED NODE", "READINESS GATES"]),
        Kind::Node => (
            &["NAME", "STATUS", "ROLES", "AGE", "VERSION"],
            &["INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"],
        ),
        Kind::Deployment => (&["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"], CONTAINERS),
        Kind::ReplicaSet | Kind::ReplicationController => (&["NAME", "DESIRED", "CURRENT", "READY", "AGE"], CONTAINERS),
        Kind::StatefulSet => (&["NAME", "READY", "AGE"], &["CONTAINERS", "IMAGES"]),
        Kind::DaemonSet => (&["NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE"], CONTAINERS),
        Kind::Job => (&["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"], CONTAINERS),
        Kind::CronJob => (&["NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE", "AGE"], CONTAINERS),
        Kind::HorizontalPodAutoscaler => (&["NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE"], NONE),
        Kind::PodDisruptionBudget => (&["NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "AGE"], NONE),
        Kind::Service => (&["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"], &["SELECTOR"]),
        Kind::Endpoints => (&["NAME", "ENDPOINTS", "AGE"], NONE),
        Kind::EndpointSlice => (&["NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"], NONE),
        Kind::Event => (&["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], NONE),
        Kind::Namespace => (&["NAME", "STATUS", "AGE"], NONE),
        Kind::Secret => (&["NAME", "TYPE", "DATA", "AGE"], NONE),
        Kind::ConfigMap => (&["NAME", "DATA", "AGE"], NONE),
        Kind::PersistentVolume => (
            &[
                "NAME",
                "CAPACITY",
                "ACCESS MODES",
                "RECLAIM POLICY",
                "STATUS",
                "CLAIM",
                "STORAGECLASS",
                "VOLUMEATTRIBUTESCLASS",
                "REASON",
                "AGE",
            ],
            &["VOLUMEMODE"],
        ),
        Kind::PersistentVolumeClaim => {
            (&["NAME", "STATUS", "VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS", "VOLUMEATTRIBUTESCLASS", "AGE"], &["VOLUMEMODE"])
        }
        Kind::StorageClass => (&["NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE", "ALLOWVOLUMEEXPANSION", "AGE"], NONE),
        Kind::ResourceQuota => (&["NAME", "REQUEST", "LIMIT", "AGE"], NONE),
        Kind::LimitRange => (&["NAME", "CREATED AT"], NONE),
        Kind::PriorityClass => (&["NAME", "VALUE", "GLOBAL-DEFAULT", "AGE"], &["PREEMPTIONPOLICY"]),
        Kind::Lease => (&["NAME", "HOLDER", "AGE"], NONE),
        Kind::ControllerRevision => (&["NAME", "CONTROLLER", "REVISION", "AGE"], NONE),
        Kind::CSINode => (&["NAME", "DRIVERS", "AGE"], NONE),
        Kind::CSIDriver => {
            (&["NAME", "ATTACHREQUIRED", "PODINFOONMOUNT", "STORAGECAPACITY", "TOKENREQUESTS", "REQUIRESREPUBLISH", "MODES", "AGE"], NONE)
        }
        Kind::CSIStorageCapacity => (&["NAME", "STORAGECLASSNAME", "CAPACITY"], NONE),
        Kind::VolumeAttachment => (&["NAME", "ATTACHER", "PV", "NODE", "ATTACHED", "AGE"], NONE),
        Kind::ResourceClaim => (&["NAME", "STATE", "AGE"], NONE),
        Kind::ResourceSlice => (&["NAME", "NODE", "DRIVER", "POOL", "AGE"], NONE),
        Kind::ServiceAccount | Kind::ResourceClaimTemplate | Kind::DeviceClass | Kind::Other => (&["NAME", "AGE"], NONE),
    }
}

/// The titles of Events with `-o wide`.
pub const EVENTS_WIDE: Titles = &["LAST SEEN", "TYPE", "REASON", "OBJECT", "SUBOBJECT", "SOURCE", "MESSAGE", "FIRST SEEN", "COUNT", "NAME"];

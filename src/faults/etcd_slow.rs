//! etcd-slow: etcd's disk is slow: each write takes `latency` longer before it is committed. Reads and watches are as usual.
//! Real: etcd's own advice on disks; staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go @ v1.37.2.

use super::{COMMON, Harm, Kind};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "etcd-slow",
    about: "each write takes `latency` longer to commit (1s unless given)",
    example: "{at: 5m, fault: etcd-slow, latency: 800ms, for: 5m}",
    subject: "etcd",
    options: &["latency"],
    harm: |_, options| Harm::EtcdSlow { latency: options.latency },
    ..COMMON
};

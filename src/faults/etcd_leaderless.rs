//! etcd-leaderless: etcd has lost its quorum. The API server answers, but every write and every read of the newest state waits
//! 7 s and fails with `etcdserver: request timed out`; watches stay open and quiet.
//! Real: etcd server/etcdserver/v3_server.go (ReqTimeout: 5 s plus two election timeouts).

use super::{COMMON, Harm, Kind};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "etcd-leaderless",
    about: "no write succeeds: each waits and fails with `etcdserver: request timed out`",
    example: "{at: 5m, fault: etcd-leaderless, for: 30s}",
    subject: "etcd",
    harm: |_, _| Harm::EtcdLeaderless,
    ..COMMON
};

//! apiserver-down: the API server's process ends. Requests are refused, answers under way are lost (their writes are not),
//! watches break off. Back again, clients reconnect one by one as their back-offs end, at most 30 s later; leaders that could
//! not renew their lease for 10 s have ended and start anew. Real: staging/src/k8s.io/client-go/tools/cache/reflector.go @ v1.37.2.

use super::{COMMON, Harm, Kind};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "apiserver-down",
    about: "requests are refused, answers under way are lost, watches break off",
    example: "{at: 5m, fault: apiserver-down, for: 1m}",
    subject: "the API server",
    harm: |_, _| Harm::ServerDown,
    ..COMMON
};

//! registry-slow: the image registry sends a fraction of what it does usually: pulls that begin now take so many times as long.

use super::{COMMON, Harm, Kind};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "registry-slow",
    about: "image pulls take `slowness` times as long (10 unless given)",
    example: "{at: 5m, fault: registry-slow, slowness: 20, for: 10m}",
    subject: "the registry",
    options: &["slowness"],
    harm: |_, options| Harm::Registry { slowness: options.slowness },
    ..COMMON
};

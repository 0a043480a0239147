//! registry-down: the image registry does not answer. Pulls that begin now fail, and back off (ErrImagePull, ImagePullBackOff);
//! images that a node has are not asked for, except with `imagePullPolicy: Always`.

use super::{COMMON, Harm, Kind};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "registry-down",
    about: "image pulls fail",
    example: "{at: 5m, fault: registry-down, for: 10m}",
    subject: "the registry",
    harm: |_, _| Harm::Registry { slowness: 0 },
    ..COMMON
};

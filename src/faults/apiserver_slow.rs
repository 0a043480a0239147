//! apiserver-slow: each request takes `latency` longer, and `errors` percent of them fail (503). Whose answer would come later
//! than a client waits gets a timeout, though the write may have been carried out.

use super::{COMMON, Harm, Kind};

/// The fault.
pub const FAULT: Kind = Kind {
    name: "apiserver-slow",
    about: "requests take `latency` longer (1s unless given), `errors` percent of them fail",
    example: "{at: 5m, fault: apiserver-slow, latency: {uniform: {min: 200ms, max: 3s}}, errors: 5, for: 5m}",
    subject: "the API server",
    options: &["latency", "errors"],
    harm: |_, options| Harm::ServerSlow { latency: options.latency, errors_percent: options.errors_percent },
    ..COMMON
};

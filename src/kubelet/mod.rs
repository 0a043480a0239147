//! The kubelets of all nodes as one actor with a dense table: pods' lives, probes, images, node status and leases.
//! Real: pkg/kubelet @ v1.37.2.
//!
//! Everything happens at the next instant at which something can change: relists, ticks and probe periods are real in their
//! phases, but nobody ticks. A pod goes through `fleet` (what wants a sync), `sync` (the worker), `actions` (what is to be done),
//! `start` and `kill` (doing it), `status` and `conditions` (what it shows), `manager` (writing that to the API).

mod actions;
mod admission;
mod backoff;
pub mod behaviours;
mod conditions;
mod credentials;
mod environment;
mod eviction;
mod fleet;
mod kill;
mod machines;
mod manager;
mod memory;
mod node;
mod offline;
mod pod;
mod policy;
mod prober;
mod processes;
mod resources;
mod runtime;
pub mod settings;
mod start;
mod status;
mod sync;
mod table;
#[cfg(test)]
mod tests;
mod usage;
mod volumes;
mod word;
mod worker;

pub use fleet::Fleet;
pub use settings::Settings;
pub(crate) use word::word;

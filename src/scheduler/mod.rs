//! The scheduler: what kube-scheduler 1.37 decides, as a library without clock, store or actor.

pub mod actor;
pub mod cache;
pub mod claims;
mod classes;
pub mod config;
pub mod cycle;
pub mod decision;
pub mod device_selectors;
pub mod devices;
pub mod driver;
pub mod events;
pub mod explain;
pub mod framework;
pub mod gpu_sharing;
mod grouped;
pub mod hints;
pub mod listers;
pub mod node_info;
pub mod node_tree;
pub mod nominator;
pub mod plugins;
pub mod pod_groups;
pub mod pod_info;
pub mod preemption;
pub mod queue;
pub mod record;
pub mod registry;
pub mod runtime;
pub mod selection;
pub mod selectors;
pub mod status;
mod suitability;
pub mod topology;
pub mod vectors;

pub use cycle::Scheduler;
pub use decision::{Decision, Outcome};

//! A deterministic discrete-event simulator of a Kubernetes cluster.
//!
//! See `ARCHITECTURE.md` for the map of the house.

pub mod actor;
pub mod api;
pub mod base;
pub mod check;
pub mod cli;
pub mod controllers;
pub mod engine;
pub mod faults;
pub mod kubectl;
pub mod kubelet;
pub mod lab;
pub mod manifest;
pub mod metrics;
pub mod model;
pub mod network;
pub mod report;
pub mod scenario;
pub mod scheduler;
pub mod sim;
pub mod store;
pub mod workload;
pub mod world;

/// The examples of the documentation are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/write-a-policy.md")]
pub struct WriteAPolicy;

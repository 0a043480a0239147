//! The scheduler: what kube-scheduler 1.37 decides, as a library without clock, store or actor.

pub mod config;

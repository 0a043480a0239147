//! The API server: verbs on objects with defaulting, validation, admission and errors, and the only hand that writes the store.

pub mod addresses;
pub mod admission;
pub mod defaulting;
pub mod delete;
pub mod error;
mod eviction;
pub mod field;
pub mod metrics;
pub mod patch;
mod patching;
pub mod pod_cache;
pub mod pod_prepare;
pub mod pods;
pub mod qos;
mod quota;
pub mod request;
pub mod server;
pub mod strategy;
pub mod validation;

pub use error::ApiError;
pub use request::{Answer, DeleteOptions, Edit, Patch, Preconditions, Propagation, Subresource, Verb};
pub use server::Server;

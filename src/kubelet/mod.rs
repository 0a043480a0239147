//! The kubelets of all nodes as one actor with a dense table: pods' lives, probes, images, node status and leases.
//! Real: pkg/kubelet @ v1.37.2.

pub mod behaviours;
pub mod settings;

pub use settings::Settings;

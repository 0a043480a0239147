//! The controllers of the kube-controller-manager, one file each.
//! Real: cmd/kube-controller-manager/app/controllermanager.go @ v1.37.2.

pub mod control;
pub mod settings;

use crate::actor::Actor;
pub use settings::ControllerManager;

/// All controllers, as the kube-controller-manager runs them.
pub fn all(settings: &ControllerManager) -> Vec<Box<dyn Actor>> {
    let _ = settings;
    // One line each; the order decides who acts first at equal times.
    vec![]
}

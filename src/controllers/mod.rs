//! The controllers of the kube-controller-manager, one file each.
//! Real: cmd/kube-controller-manager/app/controllermanager.go @ v1.37.2.

pub mod consistency;
pub mod control;
pub mod controller_history;
pub mod cron;
pub mod cronjob;
pub mod daemonset;
pub mod daemonset_control;
pub mod daemonset_nodes;
pub mod deployment;
pub mod deployment_rollout;
pub mod deployment_run;
pub mod deployment_sets;
pub mod disruption;
pub mod endpoints;
pub mod endpoints_util;
pub mod endpointslice;
pub mod endpointslice_mirroring;
pub mod endpointslice_reconcile;
pub mod endpointslice_tracker;
pub mod garbage_collector;
pub mod hpa;
pub mod job;
pub mod job_control;
pub mod job_failures;
pub mod job_indexes;
pub mod job_pods;
pub mod namespace;
pub mod node_lifecycle;
pub mod node_taints;
pub mod pod_gc;
pub mod replica_set;
pub mod resource_quota;
pub mod select;
pub mod service_accounts;
pub mod settings;
pub mod statefulset;
pub mod statefulset_control;
mod statefulset_members;
pub mod statefulset_pods;
pub mod taint_eviction;
pub mod tally;
pub mod ttl_after_finished;
pub mod victims;
pub mod volume_binder;
pub mod volume_protection;

use crate::actor::Actor;
use crate::actor::controller::{ControllerActor, Resync};
pub use settings::ControllerManager;

/// All controllers, as the kube-controller-manager runs them.
pub fn all(settings: &ControllerManager, caches: bool) -> Vec<Box<dyn Actor>> {
    let resync = Resync::AtLeast(settings.min_resync_period);
    let namespaces = Resync::Every(settings.namespace_sync_period);
    // One line each; the order decides who acts first at equal times.
    let mut all: Vec<Box<dyn Actor>> = vec![
        Box::new(ControllerActor::new(cronjob::CronJobs::of(settings)).resynced(resync)),
        Box::new(ControllerActor::new(job::Jobs::of(settings)).resynced(resync)),
        Box::new(ControllerActor::new(ttl_after_finished::TtlAfterFinished::of(settings))),
        Box::new(ControllerActor::new(daemonset::DaemonSets::of(settings)).resynced(resync)),
        Box::new(ControllerActor::new(statefulset::StatefulSets::of(settings)).resynced(resync)),
        Box::new(ControllerActor::new(deployment::Deployments::new(settings)).resynced(resync)),
        Box::new(ControllerActor::new(replica_set::ReplicaSets::new(settings, caches)).resynced(resync)),
        Box::new(ControllerActor::new(replica_set::ReplicaSets::replication_controllers(settings, caches)).resynced(resync)),
        Box::new(ControllerActor::new(garbage_collector::GarbageCollector::new(settings))),
        Box::new(ControllerActor::new(namespace::Namespaces::new(settings)).resynced(namespaces)),
        Box::new(ControllerActor::new(endpointslice::EndpointSlices::of(settings)).resynced(resync)),
        Box::new(ControllerActor::new(endpoints::EndpointsController::of(settings)).resynced(resync)),
        Box::new(ControllerActor::new(endpointslice_mirroring::EndpointSliceMirroring::of(settings)).resynced(resync)),
        Box::new(ControllerActor::new(node_taints::NodeTaints::new(settings.client_limits()))),
        Box::new(node_lifecycle::NodeLifecycle::new(settings)),
        Box::new(taint_eviction::TaintEviction::new(settings)),
        Box::new(ControllerActor::new(disruption::Disruption::new(settings)).resynced(resync)),
        Box::new(ControllerActor::new(hpa::Autoscaler::new(settings))),
        Box::new(ControllerActor::new(resource_quota::ResourceQuotas::new(settings))),
        Box::new(pod_gc::PodGc::new(settings)),
        Box::new(ControllerActor::new(service_accounts::ServiceAccounts::new(settings))),
        Box::new(ControllerActor::new(volume_binder::VolumeBinder::new(settings))),
        Box::new(ControllerActor::new(volume_protection::VolumeProtection::new(settings))),
    ];
    all.retain(|actor| settings.enable_garbage_collector || actor.name() != garbage_collector::NAME);
    all
}

#[cfg(test)]
mod settings_tests;
#[cfg(test)]
pub(crate) mod testing;

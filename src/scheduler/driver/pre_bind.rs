//! Between the decision and the binding: volumes are tied to claims, or claims are marked for provisioning, and the binding
//! waits until the volume controller has done its part.
//! Real: BindPodVolumes and checkBindings in pkg/scheduler/framework/plugins/volumebinding/binder.go @ v1.37.2. Modelled: the
//! writes, the check each second, the time limit. Not modelled: the check of node affinity while waiting, device claims.

use super::{Binding, Failure, SchedulerDriver};
use crate::base::{Span, Time};
use crate::model::{Kind, Obj};
use crate::scheduler::plugins::volume_binding::volume_writes;
use crate::scheduler::queue::key_of;

/// How often a binding looks whether its volumes are there. The first look is after this time, too.
pub const VOLUME_CHECK_PERIOD: Span = Span::from_s(1);

/// Whether a binding can go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Readiness {
    /// All volumes are bound.
    Ready,
    /// Something is not there yet.
    Waiting,
    /// It will not come to anything; why.
    Failed(String),
}

impl Binding {
    /// Volumes and claims that have been changed for the pod and are to be written, in this order, before it is bound.
    pub fn volume_writes(&self) -> &[Obj] {
        volume_writes(&self.decision.state)
    }
}

impl SchedulerDriver {
    /// How long a binding may wait for its volumes.
    pub fn volume_bind_timeout(&self, binding: &Binding) -> Span {
        let args = self.profile_of(&binding.pod.object).map(|profile| &profile.args.volume_binding);
        Span::from_s(args.map_or(600, |args| u64::try_from(args.bind_timeout_seconds).unwrap_or(0)))
    }

    /// Whether all that was written for the pod's volumes has been carried out.
    pub fn volumes_ready(&self, binding: &Binding) -> Readiness {
        let key = key_of(&binding.pod);
        if self.listed(&key).is_none() {
            return Readiness::Failed(format!("pod does not exist any more: pod {:?} not found", &*key.1));
        }
        let mut ready = Readiness::Ready;
        for written in binding.volume_writes() {
            let state = match written.kind() {
                Kind::PersistentVolume => self.volume_ready(written),
                _ => self.claim_ready(written, &binding.node),
            };
            match state {
                Readiness::Ready => {}
                Readiness::Waiting => ready = Readiness::Waiting,
                failed => return failed,
            }
        }
        ready
    }

    fn api_object(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Obj> {
        self.world().listers.get_api(kind, namespace, name)
    }

    fn volume_ready(&self, written: &Obj) -> Readiness {
        let name = &*written.meta.name;
        let volume = self.api_object(Kind::PersistentVolume, "", name).and_then(|object| object.as_persistent_volume());
        let Some(volume) = volume else {
            return Readiness::Failed(format!("failed to check binding: persistentvolume {name:?} not found"));
        };
        match &volume.spec.claim_ref {
            Some(to) if !to.uid.is_empty() => match self.api_object(Kind::PersistentVolumeClaim, &to.namespace, &to.name) {
                Some(claim) if is_fully_bound(claim) => Readiness::Ready,
                Some(_) => Readiness::Waiting,
                None => Readiness::Failed(format!("failed to check binding: persistentvolumeclaim {:?} not found", &*to.name)),
            },
            // The write has not come back yet, or it was undone; only its version tells which.
            _ => Readiness::Waiting,
        }
    }

    fn claim_ready(&self, written: &Obj, node: &str) -> Readiness {
        let name = &*written.meta.name;
        let Some(claim) = self.api_object(Kind::PersistentVolumeClaim, &written.meta.namespace, name) else {
            return Readiness::Failed(format!("failed to check provisioning pvc: persistentvolumeclaim {name:?} not found"));
        };
        if claim.meta.resource_version <= written.meta.resource_version {
            return Readiness::Waiting;
        }
        if claim.meta.annotations.get("volume.kubernetes.io/selected-node") != Some(node) {
            return Readiness::Failed(format!("provisioning failed for PVC {name:?}"));
        }
        if is_fully_bound(claim) { Readiness::Ready } else { Readiness::Waiting }
    }

    /// The volumes of a binding could not be bound: as [`SchedulerDriver::bind_failed`], in other words.
    pub fn volumes_failed(&mut self, binding: Box<Binding>, cause: &str, now: Time) -> Box<Failure> {
        self.binding_failed(binding, format!("running PreBind plugin \"VolumeBinding\": {cause}"), now)
    }
}

fn is_fully_bound(claim: &Obj) -> bool {
    let bound = claim.as_persistent_volume_claim().is_some_and(|claim| !claim.spec.volume_name.is_empty());
    bound && claim.meta.annotations.contains("pv.kubernetes.io/bind-completed")
}

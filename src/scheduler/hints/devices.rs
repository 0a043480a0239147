//! Hints of DynamicResources.
//! Real: pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go @ v1.37.2.

use super::{Context, Question, Registration, always, any, on};
use crate::model::{Kind, Obj, ResourceClaim};
use crate::scheduler::events::{ActionType as A, Resource};
use crate::scheduler::framework::World;
use crate::scheduler::pod_info::PodInfo;

pub(super) const DYNAMIC_RESOURCES: &[Registration] = &[
    always(Resource::Node, any(&[A::ADD, A::UPDATE_NODE_LABEL, A::UPDATE_NODE_ALLOCATABLE])),
    on(Resource::ResourceClaim, any(&[A::ADD, A::UPDATE, A::DELETE]), claim_change),
    on(Resource::TargetPod, A::UPDATE_POD_GENERATED_RESOURCE_CLAIM, |c, q| {
        q.new.is_none_or(|new| claims_of(c.world, &PodInfo::new(new.clone())).is_some())
    }),
    always(Resource::DeviceClass, any(&[A::ADD, A::UPDATE])),
    always(Resource::ResourceSlice, any(&[A::ADD, A::UPDATE])),
];

/// The claims of a pod that exist; none if one is missing, going, or another pod's.
fn claims_of<'a>(world: &'a World, pod: &PodInfo) -> Option<Vec<&'a Obj>> {
    let mut out = Vec::new();
    for entry in &pod.spec().resource_claims {
        let (name, made_for_pod) = match (&entry.resource_claim_name, &entry.resource_claim_template_name) {
            (Some(name), _) => (name.as_str().into(), false),
            (None, Some(_)) => {
                let status = pod.pod().status.resource_claim_statuses.iter().find(|status| *status.name == *entry.name)?;
                // A claim that turned out not to be needed has no name.
                let Some(name) = status.resource_claim_name.clone() else { continue };
                (name, true)
            }
            (None, None) => return None,
        };
        let claim = world.listers.get(Kind::ResourceClaim, pod.namespace(), &name)?;
        let owned = || claim.meta.controller().is_some_and(|owner| owner.uid == *pod.uid());
        if claim.meta.is_deleting() || made_for_pod && !owned() {
            return None;
        }
        out.push(claim);
    }
    Some(out)
}

fn body(object: &Obj) -> &ResourceClaim {
    object.as_resource_claim().expect("the object is a claim")
}

fn claim_change(context: &Context, q: &Question) -> bool {
    let Some(new) = q.new else {
        return q.old.is_none_or(|old| body(old).status.allocation.is_some());
    };
    let Some(claims) = claims_of(context.world, q.pod) else { return false };
    let allocated = |claim: &Obj| body(claim).status.allocation.is_some();
    if q.old.is_some_and(allocated) && !allocated(new) {
        return true;
    }
    let uses = claims.iter().any(|claim| claim.meta.uid == new.meta.uid);
    uses && q.old.is_none_or(|old| body(old).status != body(new).status)
}

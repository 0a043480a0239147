//! DynamicResources: a pod goes only where the devices that it claims can be had.
//!
//! Claims that are met only now are kept as assumed until whoever drives the scheduler has written them ([`claim_writes`]). Meanwhile
//! other pods that share such a claim are rejected.
//!
//! Real: pkg/scheduler/framework/plugins/dynamicresources @ v1.37.2. Modelled: claims with structured parameters; of devices that stand
//! in for extended resources the count. Not modelled: binding conditions, deallocation by PostFilter on behalf of other pods' claims.

use crate::model::{AllocationResult, DeviceAllocationResult, DeviceRequest, ExactDeviceRequest, Kind, Obj, ResourceClaim, Str};
use crate::scheduler::device_selectors::Answers;
use crate::scheduler::devices::{Inventory, class_for_resource};
use crate::scheduler::framework::{
    CycleState, Diagnosis, Normalization, Plugin, PostFilterResult, PreFilterResult, Reach, World, default_normalize_score,
};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::runtime::Framework;
use crate::scheduler::selectors::NodeTerms;
use crate::scheduler::status::{Code, Status};
use std::sync::Arc;

/// At most this many consumers share a claim.
const RESERVED_FOR_MAX: usize = 256;
/// A request has at most this many alternatives.
const FIRST_AVAILABLE_MAX: i64 = 8;

/// The plugin.
#[derive(Default)]
pub struct DynamicResources {
    answers: Answers,
}

/// What PreFilter found.
#[derive(Clone, Default)]
struct Claims {
    /// Claims of the pod.
    all: Vec<Obj>,
    /// Devices in place of extended resources: resource, class, count.
    extended: Vec<(Str, Str, i64)>,
    inventory: Option<Arc<Inventory>>,
}

/// Claims that have been met for the pod and are to be written before it is bound.
#[derive(Clone, Default)]
struct Assumed(Vec<Obj>);

/// The claims that have been met for a pod and are to be written before it is bound.
pub fn claim_writes(state: &CycleState) -> &[Obj] {
    state.get::<Assumed>().map_or(&[], |assumed| &assumed.0)
}

fn body(object: &Obj) -> &ResourceClaim {
    object.as_resource_claim().expect("the object is a resource claim")
}

/// The pod's claims, or why they are not there.
fn claims_of(world: &World, pod: &PodInfo) -> Result<Vec<Obj>, String> {
    let mut out = vec![];
    for entry in &pod.spec().resource_claims {
        let (name, made_for_pod) = match (&entry.resource_claim_name, &entry.resource_claim_template_name) {
            (Some(name), _) => (Str::from(name.as_str()), false),
            (None, Some(_)) => {
                let status = pod.pod().status.resource_claim_statuses.iter().find(|status| *status.name == *entry.name);
                let status = status.ok_or_else(|| format!("pod \"{}\": ResourceClaim not created yet", pod.key()))?;
                match &status.resource_claim_name {
                    Some(name) => (Str::from(&**name), true),
                    None => continue,
                }
            }
            (None, None) => {
                return Err(format!("pod \"{}\", spec.resourceClaim {:?}: none of the supported fields are set", pod.key(), entry.name));
            }
        };
        let found = world.listers.get(Kind::ResourceClaim, pod.namespace(), &name);
        let claim = found.ok_or_else(|| format!("could not find ResourceClaim \"{}/{name}\"", pod.namespace()))?;
        if claim.meta.is_deleting() {
            return Err(format!("resourceclaim {name:?} is being deleted"));
        }
        if made_for_pod && claim.meta.controller().is_none_or(|owner| owner.uid != *pod.uid()) {
            return Err(format!("ResourceClaim {}/{name} was not created for pod {} (pod is not owner)", pod.namespace(), pod.key()));
        }
        out.push(claim.clone());
    }
    Ok(out)
}

/// Whether a claim has been met in the scheduler's mind only.
fn is_in_flight(world: &World, claim: &Obj) -> bool {
    let api = world.listers.get_api(Kind::ResourceClaim, &claim.meta.namespace, &claim.meta.name);
    body(claim).status.allocation.is_some() && api.is_some_and(|api| body(api).status.allocation.is_none())
}

fn check_classes(world: &World, claim: &Obj) -> Result<(), Status> {
    let known = |class: &str, name: &str| match world.listers.get(Kind::DeviceClass, "", class) {
        _ if class.is_empty() => Err(Status::error(format!("request {name}: unsupported request type"))),
        None => Err(Status::unresolvable(format!("request {name}: device class {class} does not exist"))),
        Some(_) => Ok(()),
    };
    for request in &body(claim).spec.devices.requests {
        match &request.exactly {
            Some(exactly) => known(&exactly.device_class_name, &request.name)?,
            None if request.first_available.is_empty() => {
                let (ns, name) = (&claim.meta.namespace, &claim.meta.name);
                return Err(Status::unresolvable(format!("resource claim {ns}/{name}, request {}: unknown request type", request.name)));
            }
            None => {
                for sub in &request.first_available {
                    known(&sub.device_class_name, &format!("{}/{}", request.name, sub.name))?;
                }
            }
        }
    }
    Ok(())
}

/// A claim for devices that stand in for extended resources which the node does not offer itself.
fn stand_in(claims: &Claims, node: &NodeInfo) -> Option<ResourceClaim> {
    let missing = claims.extended.iter().filter(|(resource, _, _)| node.allocatable.scalar(resource) == 0);
    let request = |(at, (_, class, count)): (usize, &(Str, Str, i64))| DeviceRequest {
        name: format!("request-{at}"),
        exactly: Some(ExactDeviceRequest { device_class_name: class.to_string(), count: *count, ..ExactDeviceRequest::default() }),
        ..DeviceRequest::default()
    };
    let requests: Vec<_> = missing.enumerate().map(request).collect();
    let mut claim = ResourceClaim::default();
    Arc::make_mut(&mut claim.spec).devices.requests = requests;
    (!claim.spec.devices.requests.is_empty()).then_some(claim)
}

impl DynamicResources {
    /// How the claims that are not met yet can be met on a node.
    fn allocate(&self, world: &World, claims: &Claims, node: &NodeInfo) -> Result<Vec<(Obj, AllocationResult)>, Status> {
        let open: Vec<&Obj> = claims.all.iter().filter(|claim| body(claim).status.allocation.is_none()).collect();
        let extra = stand_in(claims, node);
        let Some(inventory) = claims.inventory.as_ref().filter(|_| !open.is_empty() || extra.is_some()) else { return Ok(vec![]) };
        let bodies: Vec<&ResourceClaim> = open.iter().map(|claim| body(claim)).chain(&extra).collect();
        let results = inventory.allocate(world, &self.answers, node, &bodies).map_err(Status::error)?;
        let results = results.ok_or_else(|| Status::unresolvable("cannot allocate all claims"))?;
        let result =
            |results| AllocationResult { devices: DeviceAllocationResult { results, ..Default::default() }, ..AllocationResult::default() };
        Ok(open.into_iter().cloned().zip(results.into_iter().map(result)).collect())
    }
}

impl Plugin for DynamicResources {
    fn name(&self) -> &'static str {
        "DynamicResources"
    }

    fn reach(&self, world: &World, pod: &PodInfo) -> Reach {
        let extended = pod.traits.request.resource.scalars.iter().any(|(name, _)| class_for_resource(world, name).is_some());
        if extended || !pod.spec().resource_claims.is_empty() { Reach::World } else { Reach::Node }
    }

    fn normalization(&self) -> Normalization {
        Normalization::Default { reverse: false }
    }

    fn pre_enqueue(&self, world: &World, pod: &PodInfo) -> Result<(), Status> {
        claims_of(world, pod).map(|_| ()).map_err(Status::unresolvable)
    }

    fn pre_filter(&self, world: &World, state: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        state.put(Claims::default());
        let all = match claims_of(world, pod) {
            Ok(all) => all,
            Err(error) => return PreFilterResult::Fail(Status::unresolvable(error)),
        };
        let extended = |(name, count): &(Str, i64)| Some((name.clone(), class_for_resource(world, name)?.meta.name.clone(), *count));
        let extended: Vec<_> = pod.traits.request.resource.scalars.iter().filter(|(_, count)| *count > 0).filter_map(extended).collect();
        if all.is_empty() && extended.is_empty() {
            return PreFilterResult::Skip;
        }
        for claim in &all {
            let key = format!("{}/{}", claim.meta.namespace, claim.meta.name);
            if is_in_flight(world, claim) {
                return PreFilterResult::Fail(Status::unresolvable(format!("resource claim {key} is in the process of being allocated")));
            }
            let status = &body(claim).status;
            if status.allocation.is_none() {
                if let Err(status) = check_classes(world, claim) {
                    return PreFilterResult::Fail(status);
                }
            } else if status.reserved_for.len() >= RESERVED_FOR_MAX && !status.reserved_for.iter().any(|user| *user.uid == **pod.uid()) {
                return PreFilterResult::Fail(Status::unresolvable("resourceclaim in use"));
            }
        }
        state.put(Claims { all, extended, inventory: Some(Arc::new(Inventory::collect(world))) });
        PreFilterResult::Pass
    }

    fn filter(&self, world: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let claims = state.get::<Claims>().expect("PreFilter has run");
        let reachable = |claim: &Obj| {
            let selector = body(claim).status.allocation.as_ref().and_then(|allocation| allocation.node_selector.as_ref());
            selector.is_none_or(|selector| NodeTerms::compile(selector).matches(&node.name, &node.labels))
        };
        let unreachable = claims.all.iter().any(|claim| !reachable(claim));
        self.allocate(world, claims, node)?;
        if unreachable { Err(Status::unresolvable("resourceclaim not available on the node")) } else { Ok(()) }
    }

    fn post_filter(&self, _: &Framework, _: &World, state: &CycleState, _: &PodInfo, _: &Diagnosis) -> PostFilterResult {
        // The notes are missing if another plugin ended PreFilter before this one had its turn.
        let status = if state.get::<Claims>().is_some() { Status::bare(Code::Unschedulable) } else { Status::error("not found") };
        PostFilterResult { status: Some(status), ..PostFilterResult::default() }
    }

    fn score(&self, world: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let Some(claims) = state.get::<Claims>().filter(|claims| !claims.all.is_empty()) else { return Ok(0) };
        if !claims.all.iter().any(|claim| body(claim).spec.devices.requests.iter().any(|request| !request.first_available.is_empty())) {
            return Ok(0);
        }
        let mut score = 0;
        let met = self.allocate(world, claims, node)?;
        for claim in &claims.all {
            let now = met.iter().find(|(one, _)| one.meta.uid == claim.meta.uid).map(|(_, allocation)| allocation);
            let Some(allocation) = body(claim).status.allocation.as_ref().or(now) else { continue };
            for request in &body(claim).spec.devices.requests {
                let given =
                    |name: &str| allocation.devices.results.iter().any(|result| result.request == format!("{}/{name}", request.name));
                let points = request.first_available.iter().enumerate().filter(|(_, sub)| given(&sub.name));
                score += points.map(|(at, _)| FIRST_AVAILABLE_MAX - at as i64).sum::<i64>();
            }
        }
        Ok(score)
    }

    fn normalize_score(&self, _: &World, _: &CycleState, _: &PodInfo, _: &[NodeId], scores: &mut [i64]) {
        default_normalize_score(false, scores);
    }

    fn reserve(&self, world: &mut World, state: &mut CycleState, _: &PodInfo, node: &str) -> Result<(), Status> {
        let Some(claims) = state.get::<Claims>().filter(|claims| !claims.all.is_empty()) else { return Ok(()) };
        let Some(info) = world.cache.node_named(node) else { return Ok(()) };
        let met = self.allocate(world, claims, info)?;
        let assumed: Vec<Obj> = met.into_iter().map(|(claim, allocation)| with_allocation(&claim, allocation, node)).collect();
        assumed.iter().for_each(|claim| world.listers.assume(claim.clone()));
        state.put(Assumed(assumed));
        Ok(())
    }

    fn unreserve(&self, world: &mut World, state: &mut CycleState, _: &PodInfo, _: &str) {
        for claim in claim_writes(state) {
            world.listers.restore(Kind::ResourceClaim, &claim.meta.namespace, &claim.meta.name);
        }
        state.put(Assumed::default());
    }
}

/// The claim once it is met. Devices of one node tie it to that node.
fn with_allocation(claim: &Obj, mut allocation: AllocationResult, node: &str) -> Obj {
    let field = serde_json::json!({"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]});
    allocation.node_selector = serde_json::from_value(field).ok();
    let mut object = (**claim).clone();
    let body = object.as_resource_claim_mut().expect("the object is a resource claim");
    Arc::make_mut(&mut body.status).allocation = Some(allocation);
    Arc::new(object)
}

//! VolumeBinding: a pod goes only where its volumes are, or where they can be found or made; scored by the space that is left.
//!
//! Claims of classes that wait for a consumer get a volume only now: the smallest fitting one, or one to be made. What is chosen is
//! assumed at once, so that the next pod sees it, and written by whoever drives the scheduler ([`volume_writes`]).
//!
//! Real: pkg/scheduler/framework/plugins/volumebinding @ v1.37.2. Modelled; the topology of volumes in-tree is not translated to CSI.

use super::resource_allocation::Shape;
use crate::model::{CSIStorageCapacity, Kind, Labels, Obj, ObjectReference, Quantity, StorageClass, Str, TopologySelectorTerm};
use crate::scheduler::claims::{
    claim, claim_class, claim_is_for_pod, not_found, pod_claims, storage_class, volume_class, waits_for_consumer,
};
use crate::scheduler::config::VolumeBindingArgs;
use crate::scheduler::framework::{CycleState, Plugin, PreFilterResult, PreScoreResult, Reach, World};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::selectors::{NodeTerms, Selector};
use crate::scheduler::status::{Code, Status};
use std::collections::BTreeMap;
use std::sync::Arc;

const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";

/// The plugin.
pub struct VolumeBinding {
    shape: Shape,
}

/// The pod's claims.
#[derive(Clone, Debug, Default)]
struct Claims {
    bound: Vec<Obj>,
    /// Not bound yet, because they wait for the pod.
    waiting: Vec<Obj>,
    /// Volumes of the classes of the waiting claims.
    volumes: BTreeMap<String, Vec<Obj>>,
}

/// What would be done on one node.
#[derive(Clone, Debug, Default)]
struct Plan {
    /// Volumes to bind, with their claims.
    bindings: Vec<(Obj, Obj)>,
    /// Claims for which a volume is to be made, with the capacity that says it can be.
    provisions: Vec<(Obj, Option<CSIStorageCapacity>)>,
}

/// What has been assumed for the pod and is to be written before it is bound.
#[derive(Clone, Debug, Default)]
struct Assumed(Vec<Obj>);

/// The volumes and claims that have been changed for a pod and are to be written before it is bound.
pub fn volume_writes(state: &CycleState) -> &[Obj] {
    state.get::<Assumed>().map_or(&[], |assumed| &assumed.0)
}

fn size(object: &Obj) -> Quantity {
    claim(object).spec.resources.requests.get("storage").copied().unwrap_or_default()
}

fn is_fully_bound(object: &Obj) -> bool {
    !claim(object).spec.volume_name.is_empty() && object.meta.annotations.contains(BIND_COMPLETED)
}

impl VolumeBinding {
    /// With the profile's arguments.
    pub fn new(args: &VolumeBindingArgs) -> Self {
        Self { shape: Shape::new(&args.shape) }
    }
}

/// Whether the pod has claims; an error if one of them is missing, lost or on its way out.
fn has_claims(world: &World, pod: &PodInfo) -> Result<bool, String> {
    let wanted = pod_claims(pod);
    for claim_of_pod in &wanted {
        let name = &claim_of_pod.name;
        let Some(object) = world.listers.get_api(Kind::PersistentVolumeClaim, pod.namespace(), name) else {
            return Err(if claim_of_pod.ephemeral {
                format!("waiting for ephemeral volume controller to create the persistentvolumeclaim {name:?}")
            } else {
                not_found(Kind::PersistentVolumeClaim, name)
            });
        };
        let body = claim(object);
        if body.status.phase == "Lost" {
            return Err(format!("persistentvolumeclaim {name:?} bound to non-existent persistentvolume {:?}", body.spec.volume_name));
        }
        if object.meta.is_deleting() {
            return Err(format!("persistentvolumeclaim {name:?} is being deleted"));
        }
        if claim_of_pod.ephemeral {
            claim_is_for_pod(object, pod)?;
        }
    }
    Ok(!wanted.is_empty())
}

/// Sorts the claims. Some that should be bound at once and are not yet: none is given back.
fn sort_claims(world: &World, pod: &PodInfo) -> Option<Claims> {
    let mut out = Claims::default();
    for wanted in pod_claims(pod) {
        let object = world.listers.get(Kind::PersistentVolumeClaim, pod.namespace(), &wanted.name)?;
        if is_fully_bound(object) {
            out.bound.push(object.clone());
            continue;
        }
        let class = claim_class(object);
        let waits = storage_class(world, class).is_some_and(waits_for_consumer);
        if !waits || !claim(object).spec.volume_name.is_empty() {
            return None;
        }
        let of_class = || world.listers.all(Kind::PersistentVolume).filter(|volume| volume_class(volume) == class).cloned().collect();
        out.volumes.entry(class.to_owned()).or_insert_with(of_class);
        out.waiting.push(object.clone());
    }
    Some(out)
}

/// Whether a volume can be reached from a node with these labels.
fn is_reachable(volume: &Obj, labels: &Labels) -> bool {
    let affinity = volume.as_persistent_volume().and_then(|volume| volume.spec.node_affinity.as_ref());
    affinity.and_then(|affinity| affinity.required.as_ref()).is_none_or(|terms| NodeTerms::compile(terms).matches("", labels))
}

fn is_bound_to(volume: &Obj, claim: &Obj) -> bool {
    let reference = volume.as_persistent_volume().and_then(|volume| volume.spec.claim_ref.as_ref());
    reference.is_some_and(|to| {
        to.name == claim.meta.name && to.namespace == claim.meta.namespace && (to.uid.is_empty() || to.uid == claim.meta.uid)
    })
}

/// The smallest volume that suits a claim on a node, or the one that is meant for it.
fn matching_volume<'a>(wanted: &Obj, volumes: &'a [Obj], labels: &Labels, taken: &[(Obj, Obj)]) -> Option<&'a Obj> {
    let spec = &claim(wanted).spec;
    let (size, class) = (size(wanted), claim_class(wanted));
    let selector = spec.selector.as_ref().and_then(|selector| Selector::compile(Some(selector)).ok());
    let mode = |mode: &Option<String>| mode.clone().unwrap_or_else(|| "Filesystem".into());
    let mut best: Option<(&Obj, Quantity)> = None;
    for volume in volumes {
        let body = volume.as_persistent_volume().expect("the object is a volume");
        let capacity = body.spec.capacity.get("storage").copied().unwrap_or_default();
        let bound = is_bound_to(volume, wanted);
        let other = body.spec.claim_ref.is_some() && !bound;
        let attributes = body.spec.volume_attributes_class_name.as_deref().unwrap_or_default();
        if taken.iter().any(|(one, _)| one.meta.name == volume.meta.name)
            || other
            || capacity < size
            || mode(&spec.volume_mode) != mode(&body.spec.volume_mode)
            || spec.volume_attributes_class_name.as_deref().unwrap_or_default() != attributes
            || volume.meta.is_deleting()
        {
            continue;
        }
        let reachable = is_reachable(volume, labels);
        if bound {
            return reachable.then_some(volume);
        }
        if body.status.phase != "Available"
            || selector.as_ref().is_some_and(|selector| !selector.matches(&volume.meta.labels))
            || volume_class(volume) != class
            || !reachable
            || !spec.access_modes.iter().all(|mode| body.spec.access_modes.contains(mode))
        {
            continue;
        }
        if best.is_none_or(|(_, smallest)| smallest > capacity) {
            best = Some((volume, capacity));
        }
    }
    best.map(|(volume, _)| volume)
}

fn matches_topology(terms: &[TopologySelectorTerm], labels: &Labels) -> bool {
    let matches = |term: &TopologySelectorTerm| {
        let each = |wanted: &crate::model::TopologySelectorLabelRequirement| {
            labels.get(&wanted.key).is_some_and(|value| wanted.values.iter().any(|v| v == value))
        };
        !term.match_label_expressions.is_empty() && term.match_label_expressions.iter().all(each)
    };
    terms.is_empty() || terms.iter().any(matches)
}

/// Whether there is room for a new volume. The capacity that says so is given back, if the driver keeps track of it.
fn room(world: &World, wanted: &Obj, class_name: &str, class: &StorageClass, labels: &Labels) -> Result<Option<CSIStorageCapacity>, ()> {
    if !claim(wanted).spec.resources.requests.contains_key("storage") {
        return Ok(None);
    }
    let driver = world.listers.get(Kind::CSIDriver, "", &class.provisioner).and_then(|object| object.as_csi_driver());
    if driver.is_none_or(|driver| driver.spec.storage_capacity != Some(true)) {
        return Ok(None);
    }
    let bytes = size(wanted).value();
    let suits = |capacity: &&CSIStorageCapacity| {
        let limit = capacity.maximum_volume_size.or(capacity.capacity);
        let near = capacity.node_topology.as_ref().and_then(|selector| Selector::compile(Some(selector)).ok());
        capacity.storage_class_name == class_name
            && limit.is_some_and(|limit| limit.value() >= bytes)
            && near.is_some_and(|near| near.matches(labels))
    };
    let mut all = world.listers.all(Kind::CSIStorageCapacity).filter_map(|object| object.as_csi_storage_capacity());
    all.find(suits).cloned().map(Some).ok_or(())
}

/// What would be done on a node, or why it cannot be.
fn plan(world: &World, claims: &Claims, node: &NodeInfo) -> Result<Plan, Vec<&'static str>> {
    let (mut reasons, mut out) = (vec![], Plan::default());
    let mut missing = false;
    for object in &claims.bound {
        let Some(volume) = world.listers.get(Kind::PersistentVolume, "", &claim(object).spec.volume_name) else {
            missing = true;
            break;
        };
        if !is_reachable(volume, &node.labels) {
            reasons.push("node(s) didn't match PersistentVolume's node affinity");
            break;
        }
    }
    reasons.extend(plan_waiting(world, claims, node, &mut out).err());
    if missing {
        reasons.push("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
    }
    if reasons.is_empty() { Ok(out) } else { Err(reasons) }
}

fn plan_waiting(world: &World, claims: &Claims, node: &NodeInfo, out: &mut Plan) -> Result<(), &'static str> {
    const NONE: &str = "node(s) didn't find available persistent volumes to bind";
    let (mut to_make, mut to_match) = (vec![], vec![]);
    for object in &claims.waiting {
        match object.meta.annotations.get(SELECTED_NODE) {
            Some(selected) if *selected != *node.name => return Err(NONE),
            Some(_) => to_make.push(object),
            None => to_match.push(object),
        }
    }
    to_match.sort_by_key(|object| size(object));
    for object in to_match {
        let volumes = claims.volumes.get(claim_class(object)).map_or(&[][..], Vec::as_slice);
        match matching_volume(object, volumes, &node.labels, &out.bindings) {
            Some(volume) => out.bindings.push((volume.clone(), object.clone())),
            None => to_make.push(object),
        }
    }
    for object in to_make {
        let name = claim_class(object);
        let class = storage_class(world, name).ok_or(NONE)?;
        let cannot = class.provisioner.is_empty() || class.provisioner == "kubernetes.io/no-provisioner";
        if cannot || !matches_topology(&class.allowed_topologies, &node.labels) {
            return Err(NONE);
        }
        let capacity = room(world, object, name, class, &node.labels).map_err(|()| "node(s) did not have enough free storage")?;
        out.provisions.push((object.clone(), capacity));
    }
    Ok(())
}

impl Plugin for VolumeBinding {
    fn name(&self) -> &'static str {
        "VolumeBinding"
    }

    fn reach(&self, _: &World, pod: &PodInfo) -> Reach {
        if pod_claims(pod).is_empty() { Reach::Node } else { Reach::World }
    }

    fn pre_filter(&self, world: &World, state: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        match has_claims(world, pod) {
            Err(error) => return PreFilterResult::Fail(Status::unresolvable(error)),
            Ok(false) => return PreFilterResult::Skip,
            Ok(true) => {}
        }
        let Some(claims) = sort_claims(world, pod) else {
            return PreFilterResult::Fail(Status::unresolvable("pod has unbound immediate PersistentVolumeClaims"));
        };
        state.put(claims);
        PreFilterResult::Pass
    }

    fn filter(&self, world: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let claims = state.get::<Claims>().expect("PreFilter has run");
        plan(world, claims, node).map(|_| ()).map_err(|reasons| Status {
            reasons: reasons.into_iter().map(Into::into).collect(),
            ..Status::bare(Code::UnschedulableAndUnresolvable)
        })
    }

    fn pre_score(&self, _: &World, _: &mut CycleState, _: &PodInfo, _: &[NodeId]) -> PreScoreResult {
        PreScoreResult::Pass
    }

    fn score(&self, world: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let Some(claims) = state.get::<Claims>().filter(|claims| !claims.waiting.is_empty()) else { return Ok(0) };
        let Ok(plan) = plan(world, claims, node) else { return Ok(0) };
        let mut classes: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for (volume, claim) in &plan.bindings {
            let volume_spec = &volume.as_persistent_volume().expect("the object is a volume").spec;
            let (asked, there) = classes.entry(&volume_spec.storage_class_name).or_default();
            *asked += size(claim).value();
            *there += volume_spec.capacity.get("storage").copied().unwrap_or_default().value();
        }
        if plan.bindings.is_empty() {
            for (object, capacity) in plan.provisions.iter().filter_map(|(object, capacity)| Some((object, capacity.as_ref()?))) {
                let (asked, there) = classes.entry(claim(object).spec.storage_class_name.as_deref().unwrap_or_default()).or_default();
                *asked += size(object).value();
                *there = capacity.capacity.unwrap_or_default().value();
            }
        }
        if classes.is_empty() {
            return Ok(0);
        }
        let score = |&(asked, there): &(i64, i64)| self.shape.at(if there == 0 || asked > there { 100 } else { asked * 100 / there });
        let sum: i64 = classes.values().map(score).sum();
        Ok((sum as f64 / classes.len() as f64).round() as i64)
    }

    fn reserve(&self, world: &mut World, state: &mut CycleState, _: &PodInfo, node: &str) -> Result<(), Status> {
        let Some(claims) = state.get::<Claims>().filter(|claims| !claims.waiting.is_empty()) else { return Ok(()) };
        let Some(info) = world.cache.node_named(node) else { return Ok(()) };
        let Ok(plan) = plan(world, claims, info) else { return Ok(()) };
        let mut assumed = vec![];
        for (volume, claim) in &plan.bindings {
            assumed.extend(bind(volume, claim));
        }
        for (claim, _) in &plan.provisions {
            let mut object = (**claim).clone();
            object.meta.annotations.set(SELECTED_NODE, node);
            assumed.push(Arc::new(object));
        }
        assumed.iter().for_each(|object| world.listers.assume(object.clone()));
        state.put(Assumed(assumed));
        Ok(())
    }

    fn unreserve(&self, world: &mut World, state: &mut CycleState, _: &PodInfo, _: &str) {
        for object in volume_writes(state) {
            world.listers.restore(object.kind(), &object.meta.namespace, &object.meta.name);
        }
        state.put(Assumed::default());
    }
}

/// The volume with a reference to its claim; none if it has that already.
fn bind(volume: &Obj, claim: &Obj) -> Option<Obj> {
    let mut object = (**volume).clone();
    let was_bound = is_bound_to(volume, claim);
    let body = object.as_persistent_volume_mut().expect("the object is a volume");
    let (spec, mut changed) = (Arc::make_mut(&mut body.spec), false);
    if !spec.claim_ref.as_ref().is_some_and(|to| was_bound && to.uid == claim.meta.uid) {
        spec.claim_ref = Some(ObjectReference {
            kind: "PersistentVolumeClaim".into(),
            api_version: "v1".into(),
            namespace: claim.meta.namespace.clone(),
            name: claim.meta.name.clone(),
            uid: claim.meta.uid.clone(),
            resource_version: if claim.meta.resource_version == 0 {
                Str::default()
            } else {
                claim.meta.resource_version.to_string().into()
            },
            ..ObjectReference::default()
        });
        changed = true;
    }
    if !was_bound && !object.meta.annotations.contains(BOUND_BY_CONTROLLER) {
        object.meta.annotations.set(BOUND_BY_CONTROLLER, "yes");
        changed = true;
    }
    changed.then(|| Arc::new(object))
}

//! Claims and volumes: a claim is bound to the smallest volume that will do, or one is provisioned for it.
//! Real: pkg/controller/volume/persistentvolume/{pv_controller.go,index.go} @ v1.37.2.
//!
//! The class's provisioner, elsewhere a program of its own, is played here: its volume appears after a while.

use super::ControllerManager;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::{Ctx, EventType, Kinds};
use crate::api::Verb;
use crate::base::{Span, Time};
use crate::model::*;
use crate::store::{Change, Id, Key};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// How long the provisioner takes.
const PROVISIONING: Span = Span::from_s(2);
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
const PROVISIONER: &str = "volume.kubernetes.io/storage-provisioner";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const ZONE: &str = "topology.kubernetes.io/zone";

/// The controller.
pub struct VolumeBinder {
    limits: Option<Limits>,
    /// Claims without volume: looked at again when a volume or class comes.
    pending: BTreeSet<Id>,
    /// When a claim's volume will be there.
    provisioning: BTreeMap<Id, Time>,
}

impl VolumeBinder {
    /// With the kube-controller-manager's settings.
    pub fn new(settings: &ControllerManager) -> VolumeBinder {
        VolumeBinder { limits: settings.client_limits(), pending: BTreeSet::new(), provisioning: BTreeMap::new() }
    }
}

/// The requests of a reconciliation that are still to be sent, one after the other, and how it ends.
#[derive(Debug, Default)]
pub struct Progress {
    verbs: VecDeque<Verb>,
    wait: Option<Span>,
}

impl Controller for VolumeBinder {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "persistentvolume-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::StorageClass])
    }

    fn workers(&self) -> usize {
        1
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        match change.kind() {
            Kind::PersistentVolumeClaim if change.after.is_some() => work.add(change.id),
            Kind::PersistentVolumeClaim => {
                self.pending.remove(&change.id);
                self.provisioning.remove(&change.id);
                let volume = change.before.and_then(|claim| claim.as_persistent_volume_claim()).map(|claim| claim.spec.volume_name.clone());
                if let Some(id) = volume.and_then(|name| cx.view.find_id(Kind::PersistentVolume, "", &name)) {
                    work.add(id);
                }
            }
            Kind::PersistentVolume if change.after.is_some() => {
                work.add(change.id);
                let phase = |volume: Option<&Obj>| Some(volume?.as_persistent_volume()?.status.phase.clone());
                let free = phase(change.after).as_deref() == Some("Available") && phase(change.before) != phase(change.after);
                if free || change.before.is_none() {
                    self.pending.iter().for_each(|claim| work.add(*claim));
                }
            }
            Kind::StorageClass => self.pending.iter().for_each(|claim| work.add(*claim)),
            _ => {}
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        if let Some(Err(error)) = sync.answers.first() {
            return if error.code() == 404 { Step::Done } else { Step::Retry(error.to_string()) };
        }
        if sync.turn == 0 {
            let Some(object) = cx.view.get(key).cloned() else { return Step::Done };
            sync.progress = match object.kind() {
                Kind::PersistentVolume => self.volume(&object, cx),
                _ => self.claim(key, &object, cx),
            };
        }
        match sync.progress.verbs.pop_front() {
            Some(verb) => Step::call(verb),
            None => sync.progress.wait.map_or(Step::Done, Step::After),
        }
    }
}

impl VolumeBinder {
    fn volume(&mut self, object: &Obj, cx: &Ctx<'_>) -> Progress {
        let volume = object.as_persistent_volume().expect("a volume");
        let (phase, now) = (&*volume.status.phase, cx.timestamp());
        let mut verbs = VecDeque::new();
        let mut turn_to = |wanted: &'static str| {
            if phase != wanted {
                verbs.push_back(set_volume_phase(object, wanted, now));
            }
        };
        match &volume.spec.claim_ref {
            None => turn_to("Available"),
            Some(reference) if reference.uid.is_empty() => turn_to("Available"),
            Some(reference) => {
                let claim = cx.view.find(Kind::PersistentVolumeClaim, &reference.namespace, &reference.name);
                match claim.filter(|claim| claim.meta.uid == reference.uid) {
                    Some(claim) => {
                        let named = &claim.as_persistent_volume_claim().expect("a claim").spec.volume_name;
                        if **named == *object.meta.name {
                            turn_to("Bound");
                        }
                    }
                    None => {
                        turn_to("Released");
                        if volume.spec.persistent_volume_reclaim_policy == "Delete" && !object.meta.is_deleting() {
                            verbs.push_back(Verb::delete(Key::of(object)));
                        }
                    }
                }
            }
        }
        Progress { verbs, wait: None }
    }

    fn claim(&mut self, id: Id, object: &Obj, cx: &mut Ctx<'_>) -> Progress {
        let claim = object.as_persistent_volume_claim().expect("a claim");
        self.pending.remove(&id);
        if object.meta.annotations.contains(BIND_COMPLETED) && &*claim.status.phase == "Bound" || object.meta.is_deleting() {
            return Progress::default();
        }
        if let Some(volume) = self.match_volume(object, claim, cx) {
            self.provisioning.remove(&id);
            return Progress { verbs: bind(object, &volume, cx.timestamp()), wait: None };
        }
        self.pending.insert(id);
        let class_name = claim.spec.storage_class_name.clone().unwrap_or_default();
        if class_name.is_empty() {
            let text = "no persistent volumes available for this claim and no storage class is set";
            cx.event(object, EventType::Normal, "FailedBinding", text);
            return Progress::default();
        }
        let Some(class) = cx.view.find(Kind::StorageClass, "", &class_name).cloned() else {
            let text = format!("storageclass.storage.k8s.io {class_name:?} not found");
            cx.event(object, EventType::Warning, "ProvisioningFailed", text);
            return Progress::default();
        };
        let class = class.as_storage_class().expect("a class");
        let waits = class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer");
        if waits && !object.meta.annotations.contains(SELECTED_NODE) {
            cx.event(object, EventType::Normal, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
            return Progress::default();
        }
        if class.provisioner == "kubernetes.io/no-provisioner" {
            return Progress::default();
        }
        self.provision(id, object, class, cx)
    }

    /// The volume that is meant for the claim, or else the smallest free one that will do.
    fn match_volume(&self, object: &Obj, claim: &PersistentVolumeClaim, cx: &Ctx<'_>) -> Option<Obj> {
        if !claim.spec.volume_name.is_empty() {
            let named = cx.view.find(Kind::PersistentVolume, "", &claim.spec.volume_name)?;
            let reference = named.as_persistent_volume()?.spec.claim_ref.clone();
            return reference.is_none_or(|reference| refers(&reference, object)).then(|| named.clone());
        }
        let class = claim.spec.storage_class_name.as_deref().unwrap_or_default();
        let mode = cx.view.find(Kind::StorageClass, "", class).and_then(|class| class.as_storage_class()?.volume_binding_mode.clone());
        let delayed = mode.as_deref() == Some("WaitForFirstConsumer");
        let wanted = claim.spec.resources.requests.get("storage").copied().unwrap_or_default();
        let selector = claim.spec.selector.as_ref().and_then(|selector| Selector::from_label_selector(Some(selector)).ok());
        let mut best: Option<(Quantity, Obj)> = None;
        for (_, volume) in cx.view.list(Kind::PersistentVolume) {
            let body = volume.as_persistent_volume()?;
            let capacity = body.spec.capacity.get("storage").copied().unwrap_or_default();
            match &body.spec.claim_ref {
                Some(reference) if refers(reference, object) => return Some(volume.clone()),
                Some(_) => continue,
                None if delayed || volume.meta.is_deleting() => continue,
                None => {}
            }
            let modes = claim.spec.access_modes.iter().all(|mode| body.spec.access_modes.contains(mode));
            let block = |mode: &Option<String>| mode.as_deref() == Some("Block");
            let fits = capacity >= wanted && body.spec.storage_class_name == class && modes;
            let alike = block(&body.spec.volume_mode) == block(&claim.spec.volume_mode);
            let selected = selector.as_ref().is_none_or(|selector| selector.matches(&volume.meta.labels));
            if fits && alike && selected && best.as_ref().is_none_or(|(smallest, _)| capacity < *smallest) {
                best = Some((capacity, volume.clone()));
            }
        }
        best.map(|(_, volume)| volume)
    }

    fn provision(&mut self, id: Id, object: &Obj, class: &StorageClassFields, cx: &mut Ctx<'_>) -> Progress {
        let mut verbs = VecDeque::new();
        let provisioner: Str = class.provisioner.as_str().into();
        let Some(at) = self.provisioning.get(&id).copied() else {
            self.provisioning.insert(id, cx.now + PROVISIONING);
            if object.meta.annotations.get(PROVISIONER) != Some(&*provisioner) {
                let name = provisioner.clone();
                verbs.push_back(Verb::edit(Key::of(object), move |claim| claim.meta.annotations.set(PROVISIONER, name.clone())));
            }
            let text = format!(
                "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system \
                 administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
            );
            cx.event(object, EventType::Normal, "ExternalProvisioning", text);
            return Progress { verbs, wait: Some(PROVISIONING) };
        };
        if at > cx.now {
            return Progress::default();
        }
        verbs.push_back(Verb::Create(Box::new(new_volume(object, class, cx))));
        Progress { verbs, wait: None }
    }
}

fn refers(reference: &ObjectReference, claim: &Object) -> bool {
    let same = reference.namespace == claim.meta.namespace && reference.name == claim.meta.name;
    same && (reference.uid.is_empty() || reference.uid == claim.meta.uid)
}

fn reference_to(claim: &Object) -> ObjectReference {
    ObjectReference {
        kind: "PersistentVolumeClaim".into(),
        namespace: claim.meta.namespace.clone(),
        name: claim.meta.name.clone(),
        uid: claim.meta.uid.clone(),
        api_version: "v1".into(),
        resource_version: claim.meta.resource_version.to_string().into(),
        ..ObjectReference::default()
    }
}

fn set_volume_phase(volume: &Object, phase: &'static str, now: Timestamp) -> Verb {
    Verb::edit_status(Key::of(volume), move |object| {
        if let Some(volume) = object.as_persistent_volume_mut() {
            let status = Arc::make_mut(&mut volume.status);
            (status.phase, status.last_phase_transition_time) = (phase.into(), Some(now));
        }
    })
}

/// The four writes of a binding: volume, its status, claim, its status.
fn bind(claim: &Obj, volume: &Obj, now: Timestamp) -> VecDeque<Verb> {
    let mut verbs = VecDeque::new();
    let body = volume.as_persistent_volume().expect("a volume");
    let (claim_key, volume_key) = (Key::of(claim), Key::of(volume));
    if body.spec.claim_ref.as_ref().is_none_or(|reference| reference.uid.is_empty()) {
        let by_us = body.spec.claim_ref.is_none();
        let reference = reference_to(claim);
        verbs.push_back(Verb::edit(volume_key, move |object| {
            if let Some(volume) = object.as_persistent_volume_mut() {
                Arc::make_mut(&mut volume.spec).claim_ref = Some(reference.clone());
            }
            if by_us {
                object.meta.annotations.set(BOUND_BY_CONTROLLER, "yes");
            }
        }));
    }
    if &*body.status.phase != "Bound" {
        verbs.push_back(set_volume_phase(volume, "Bound", now));
    }
    let name = volume.meta.name.to_string();
    verbs.push_back(Verb::edit(claim_key.clone(), move |object| {
        let Some(claim) = object.as_persistent_volume_claim_mut() else { return };
        let by_us = claim.spec.volume_name.is_empty();
        Arc::make_mut(&mut claim.spec).volume_name = name.clone();
        if by_us {
            object.meta.annotations.set(BOUND_BY_CONTROLLER, "yes");
        }
        object.meta.annotations.set(BIND_COMPLETED, "yes");
    }));
    let (modes, capacity) = (body.spec.access_modes.clone(), body.spec.capacity.clone());
    verbs.push_back(Verb::edit_status(claim_key, move |object| {
        if let Some(claim) = object.as_persistent_volume_claim_mut() {
            let status = Arc::make_mut(&mut claim.status);
            (status.phase, status.access_modes, status.capacity) = ("Bound".into(), modes.clone(), capacity.clone());
        }
    }));
    verbs
}

/// What the class's provisioner makes for a claim.
fn new_volume(claim: &Object, class: &StorageClassFields, cx: &Ctx<'_>) -> Object {
    let body = claim.as_persistent_volume_claim().expect("a claim");
    let name: Str = format!("pvc-{}", claim.meta.uid).into();
    let node = claim.meta.annotations.get(SELECTED_NODE).and_then(|node| cx.view.find(Kind::Node, "", node));
    let zone = node.and_then(|node| node.meta.labels.get(ZONE)).map(|zone| {
        let demand = NodeSelectorRequirement { key: ZONE.into(), operator: "In".into(), values: vec![zone.into()] };
        let term = NodeSelectorTerm { match_expressions: vec![demand], ..NodeSelectorTerm::default() };
        VolumeNodeAffinity { required: Some(NodeSelector { node_selector_terms: vec![term] }), ..VolumeNodeAffinity::default() }
    });
    let capacity = body.spec.resources.requests.iter().filter(|(name, _)| *name == "storage").map(|(name, amount)| (name.clone(), *amount));
    let source = CSIPersistentVolumeSource { driver: class.provisioner.clone(), volume_handle: name.to_string(), ..Default::default() };
    let spec = PersistentVolumeSpec {
        capacity: capacity.collect(),
        csi: Some(source),
        access_modes: body.spec.access_modes.clone(),
        claim_ref: Some(reference_to(claim)),
        persistent_volume_reclaim_policy: class.reclaim_policy.clone().unwrap_or_else(|| "Delete".into()),
        storage_class_name: body.spec.storage_class_name.clone().unwrap_or_default(),
        mount_options: class.mount_options.clone(),
        volume_mode: body.spec.volume_mode.clone(),
        node_affinity: zone,
        ..PersistentVolumeSpec::default()
    };
    let annotations = Labels::from_pairs([(PROVISIONED_BY, class.provisioner.as_str())]);
    let meta = Meta { name, annotations, ..Meta::default() };
    Object { meta, body: Body::PersistentVolume(PersistentVolume { spec: Arc::new(spec), ..PersistentVolume::default() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Clock;
    use crate::actor::controller::ControllerActor;
    use crate::base::Seed;
    use crate::sim::{Latency, Settings, Sim};
    use serde_json::{Value, json};

    fn create(sim: &mut Sim, object: Value) {
        sim.request_now(Verb::Create(Box::new(Object::from_json(object).unwrap()))).unwrap();
    }

    fn claim(class: Option<&str>) -> Value {
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "default"},
               "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": "2Gi"}}}})
    }

    fn world() -> Sim {
        let mut sim = Sim::new(Settings { seed: Seed(1), clock: Clock { start_us: 0 }, latency: Latency::default() });
        sim.add_actor(Box::new(ControllerActor::new(VolumeBinder::new(&ControllerManager::default()))));
        create(&mut sim, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}));
        sim
    }

    fn bound(sim: &Sim) -> (String, String) {
        let object = sim.store().now().find(Kind::PersistentVolumeClaim, "default", "data").unwrap();
        let claim = object.as_persistent_volume_claim().unwrap();
        (claim.status.phase.to_string(), claim.spec.volume_name.to_string())
    }

    #[test]
    fn the_smallest_volume_that_will_do_is_bound_and_later_released() {
        let mut sim = world();
        for (name, size, class) in [("a", "9Gi", "s"), ("b", "3Gi", "s"), ("c", "1Gi", "s"), ("d", "2Gi", "t")] {
            create(
                &mut sim,
                json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
                       "spec": {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "storageClassName": class,
                                "hostPath": {"path": "/v"}}}),
            );
        }
        create(&mut sim, claim(Some("s")));
        sim.run_until(Time::from_s(1));
        assert_eq!(bound(&sim), ("Bound".into(), "b".into()));
        let phase = |sim: &Sim, name: &str| {
            sim.store().now().find(Kind::PersistentVolume, "", name).unwrap().as_persistent_volume().unwrap().status.phase.to_string()
        };
        assert_eq!((phase(&sim, "a"), phase(&sim, "b")), ("Available".into(), "Bound".into()));
        let key = Key { kind: Kind::PersistentVolumeClaim, group_kind: Str::default(), namespace: "default".into(), name: "data".into() };
        sim.request_now(Verb::edit(key.clone(), |claim| claim.meta.finalizers = [].into())).unwrap();
        sim.request_now(Verb::delete(key)).unwrap();
        sim.run_until(Time::from_s(2));
        assert_eq!(phase(&sim, "b"), "Released");
    }

    #[test]
    fn a_class_provisions_at_once_or_for_the_first_consumer() {
        for (mode, selected) in [("Immediate", false), ("WaitForFirstConsumer", true)] {
            let mut sim = world();
            create(
                &mut sim,
                json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"},
                       "provisioner": "csi.example.com", "volumeBindingMode": mode}),
            );
            create(&mut sim, claim(Some("fast")));
            sim.run_until(Time::from_s(10));
            if selected {
                assert_eq!(bound(&sim).0, "Pending");
                let key =
                    Key { kind: Kind::PersistentVolumeClaim, group_kind: Str::default(), namespace: "default".into(), name: "data".into() };
                sim.request_now(Verb::edit(key, |claim| claim.meta.annotations.set(SELECTED_NODE, "n1"))).unwrap();
                sim.run_until(Time::from_s(20));
            }
            let (phase, volume) = bound(&sim);
            assert!(phase == "Bound" && volume.starts_with("pvc-"), "{mode}: {phase} {volume}");
        }
    }
}

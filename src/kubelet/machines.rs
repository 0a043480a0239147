//! Nodes as machines: a kubelet registers its node, reports on it, renews its lease, falls silent, comes back, and takes up what it
//! finds. Real: pkg/kubelet/kubelet_node_status.go, pkg/kubelet/util/nodelease.go, HandlePodCleanups @ v1.37.2.

use super::eviction;
use super::fleet::{Asked, Fleet, LEASES};
use super::node::{self, NodeState};
use super::pod::{Dues, PodState, Slot};
use super::word;
use crate::actor::{Ctx, EventNote, EventType};
use crate::api::Verb;
use crate::base::Span;
use crate::model::{Body, ContainerImage, Kind, Lease, LeaseSpec, Meta, Obj, Object, Str};
use crate::store::{Id, Key};
use std::sync::Arc;

/// Images that a node reports at most. Real: nodeStatusMaxImages.
const IMAGES_MAX: usize = 50;

impl Fleet {
    pub(super) fn node_changed(&mut self, object: Option<&Obj>, before: Option<&Obj>, cx: &mut Ctx<'_>) {
        let Some(object) = object else {
            if let Some(number) = before.and_then(|before| self.numbers.get(&before.meta.name)) {
                self.nodes[*number as usize].present = false;
                self.nodes[*number as usize].registered = false;
            }
            return;
        };
        let name = object.meta.name.clone();
        let next = self.nodes.len() as u32;
        let number = *self.numbers.get_or_insert_with(name.clone(), || next);
        if number == next {
            self.nodes.push(NodeState::new(name.clone(), number, cx.seed));
        }
        let node = &mut self.nodes[number as usize];
        let body = object.as_node().expect("asked for nodes");
        let status = &body.status;
        node.taints = body.spec.taints.iter().filter(|taint| &*taint.effect == "NoExecute").cloned().collect();
        node.labels = object.meta.labels.clone();
        node.allocatable = status.capacity.clone();
        node.allocatable.extend(status.allocatable.clone());
        node.memory_bytes = status.capacity.get("memory").map(|memory| memory.value()).filter(|memory| *memory > 0);
        node.parallel_pulls = self.shared.settings.parallel_pulls_on.iter().any(|other| **other == *name).then_some(1_000);
        node.present = true;
        if !node.registered && node.up && node.online {
            node.registered = true;
            self.report(number, cx);
            self.renew(number, cx);
            self.adopt(number, cx);
        }
    }

    /// Takes up the pods that are bound to a node already.
    pub(super) fn adopt(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let name = self.nodes[number as usize].name.clone();
        let bound: Vec<(Id, Obj)> = cx.view.pods_on(&name).map(|(id, object)| (id, object.clone())).collect();
        for (id, object) in bound {
            // The name may still be that of a pod on a machine that has not been heard of since.
            if let Some(slot) = self.slot_of(id).filter(|&slot| self.pod_ref(slot).uid != object.meta.uid) {
                self.leave(id, slot, cx);
            }
            if self.slots.get(&id).is_none() {
                let slot = self.place(id, number, &object);
                self.with(slot, cx, |kubelet| kubelet.added());
            }
        }
    }

    /// Writes a node's status as its kubelet sees it, to be reported on without further writes.
    pub(super) fn report(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let node = &self.nodes[number as usize];
        let (address, boots, cidr, shortages) = (node.address.clone(), node.boots, node.pod_cidr(), node.shortages());
        let every = self.shared.settings.configuration.node_status_report_frequency;
        let now = cx.timestamp();
        let key = Key { kind: Kind::Node, group_kind: Str::default(), namespace: Str::default(), name: node.name.clone() };
        if let Some(object) = cx.view.find(Kind::Node, "", &node.name)
            && object.as_node().is_some_and(|node| node.spec.pod_cidr.is_empty())
        {
            let cidr = cidr.clone();
            let verb = Verb::edit(key.clone(), move |object| {
                if let Some(node) = object.as_node_mut() {
                    let spec = Arc::make_mut(&mut node.spec);
                    (spec.pod_cidr, spec.pod_cidrs) = (cidr.clone(), vec![cidr.clone()]);
                }
            });
            self.beat(number, verb, cx);
        }
        let verb = Verb::edit_status(key, move |object| {
            node::report(object, &address, boots, &cidr, now, every);
            shortages.iter().for_each(|what| eviction::set_condition(object, *what, true, now));
        });
        self.beat(number, verb, cx);
    }

    /// Writes the list of a node's images, as its status shows it from the next computation on.
    pub(super) fn report_images(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let node = &mut self.nodes[number as usize];
        if !node.up || !node.online || !std::mem::take(&mut node.images_changed) {
            return;
        }
        let mut images: Vec<ContainerImage> = node
            .images
            .iter()
            .map(|image| ContainerImage { names: vec![image.to_string()], size_bytes: self.shared.image_size(image) as i64 })
            .collect();
        images.sort_by(|a, b| b.size_bytes.cmp(&a.size_bytes).then_with(|| a.names.cmp(&b.names)));
        images.truncate(IMAGES_MAX);
        let key = Key { kind: Kind::Node, group_kind: Str::default(), namespace: Str::default(), name: node.name.clone() };
        cx.request(Verb::edit_status(key, move |object| {
            if let Some(node) = object.as_node_mut() {
                Arc::make_mut(&mut node.status).images = images.clone();
            }
        }));
    }

    /// Sends what keeps a node alive; if it fails it is sent again.
    pub(super) fn beat(&mut self, number: u32, verb: Verb, cx: &mut Ctx<'_>) {
        let ticket = cx.request(verb);
        self.shared.tickets.insert(ticket, Asked::Heartbeat { number });
    }

    /// Takes or renews a node's lease, to be renewed on without further writes.
    pub(super) fn renew(&mut self, number: u32, cx: &mut Ctx<'_>) {
        if !self.leases_ready {
            return;
        }
        let name = self.nodes[number as usize].name.clone();
        let seconds = self.shared.settings.configuration.node_lease_duration_seconds;
        let spec = LeaseSpec {
            holder_identity: Some(name.clone()),
            lease_duration_seconds: Some(seconds as i32),
            renew_time: Some(cx.micro()),
            renewed_every: Some(Span::from_ms(u64::from(seconds) * 250)),
            ..LeaseSpec::default()
        };
        let meta = Meta { name, namespace: LEASES.into(), ..Meta::default() };
        if let Some(present) = cx.view.find(Kind::Lease, LEASES, &meta.name) {
            let verb = Verb::edit(Key::of(present), move |object| {
                if let Some(lease) = object.as_lease_mut() {
                    lease.spec = Arc::new(spec.clone());
                }
            });
            return self.beat(number, verb, cx);
        }
        let lease = Lease { spec: Arc::new(spec), ..Lease::default() };
        self.beat(number, Verb::Create(Box::new(Object { meta, body: Body::Lease(lease) })), cx);
    }

    /// The heart of a node stops: what its lease and its status show is what was last said.
    pub(super) fn fall_silent(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let name = self.nodes[number as usize].name.clone();
        let now = cx.micro();
        let key = |kind, namespace: &str| Key { kind, group_kind: Str::default(), namespace: namespace.into(), name: name.clone() };
        cx.settle(Verb::edit(key(Kind::Lease, LEASES), move |object| {
            if let Some(lease) = object.as_lease_mut()
                && lease.spec.renewed_every.is_some()
            {
                let last = lease.spec.renewed_at(now);
                let spec = Arc::make_mut(&mut lease.spec);
                (spec.renew_time, spec.renewed_every) = (last, None);
            }
        }));
        cx.settle(Verb::edit_status(key(Kind::Node, ""), move |object| {
            if let Some(node) = object.as_node_mut()
                && node.status.reported_every.is_some()
            {
                let mut status = node.status.reported_at(now);
                status.reported_every = None;
                node.status = Arc::new(status);
            }
        }));
    }

    pub(super) fn stop(&mut self, name: &Str, power: bool, cx: &mut Ctx<'_>) {
        let Some(&number) = self.numbers.get(name) else { return };
        let was_up = self.nodes[number as usize].up;
        let node = &mut self.nodes[number as usize];
        node.up = false;
        // A machine that has booted, and whose kubelet only waited to find the control plane, has power.
        node.powered |= node.begins == Some(true);
        node.powered &= !power;
        node.status_queue.clear();
        node.batch.clear();
        node.sending = None;
        // What was on its way does not come any more.
        node.layers.retain(|_, came| *came <= cx.now);
        let slots: Vec<Slot> = node.slots.iter().copied().collect();
        for slot in slots {
            let pod = &mut self.pods[slot];
            pod.run_runtime(cx.now);
            if power {
                pod.lose_power(cx.now);
            }
            pod.due = Dues::default();
            (pod.running, pod.pending) = (None, false);
            self.nodes[number as usize].pulls.end(slot);
        }
        self.nodes[number as usize].begins = None;
        if was_up && self.nodes[number as usize].online {
            self.fall_silent(number, cx);
        }
    }

    pub(super) fn begin(&mut self, name: &Str, power: bool, cx: &mut Ctx<'_>) {
        let Some(&number) = self.numbers.get(name) else { return };
        let node = &mut self.nodes[number as usize];
        if node.up || !power && !node.powered {
            return;
        }
        if !node.online {
            node.begins = Some(power || node.begins == Some(true));
            node.rebooted |= power;
            return;
        }
        (node.up, node.powered, node.started) = (true, true, Some(cx.now));
        let power = std::mem::take(&mut node.rebooted) || power;
        node.boots += u32::from(power);
        if node.images_changed {
            cx.wake_at(node.status_round(cx.now), Self::images_token(number));
        }
        let boots = node.boots;
        if let Some(object) = cx.view.find(Kind::Node, "", name).cloned() {
            let note = EventNote::new(&object, EventType::Normal, "Starting", "Starting kubelet.");
            cx.note(note.from(word!("kubelet"), name.clone()));
            if power {
                let id = boots;
                let message = format!("Node {name} has been rebooted, boot id: {id}");
                cx.note(EventNote::new(&object, EventType::Warning, "Rebooted", message).from(word!("kubelet"), name.clone()));
            }
        }
        self.forget_pressures(number, cx);
        self.report(number, cx);
        self.renew(number, cx);
        self.restart(number, cx);
    }

    /// A new kubelet finds what the old one left: pods in the API, containers in the runtime.
    pub(super) fn restart(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let node = &mut self.nodes[number as usize];
        (node.pods, node.used) = (0, crate::model::ResourceList::new());
        node.ports.clear();
        let slots: Vec<Slot> = node.slots.iter().copied().collect();
        let mut found = Vec::new();
        for slot in slots {
            let old = &mut self.pods[slot];
            let object = cx.view.get(old.id).filter(|object| object.meta.uid == old.uid).cloned();
            let Some(object) = object else {
                self.forget(slot);
                continue;
            };
            let mut fresh = PodState::new(old.id, number, object);
            fresh.sandboxes = std::mem::take(&mut old.sandboxes);
            fresh.lives = std::mem::take(&mut old.lives);
            (fresh.next_serial, fresh.mounted) = (old.next_serial, old.mounted);
            (fresh.told, fresh.busy_milli) = (std::mem::take(&mut old.told), old.busy_milli);
            fresh.files = std::mem::take(&mut old.files);
            fresh.run_runtime(cx.now);
            fresh.seen = fresh.look();
            fresh.dirty = false;
            *old = fresh;
            found.push(slot);
        }
        for slot in found {
            self.with(slot, cx, |kubelet| {
                kubelet.note_runtime();
                kubelet.added();
            });
        }
        self.adopt(number, cx);
    }
}

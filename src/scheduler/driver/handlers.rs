//! What the watches report, and which events for the queue it makes.
//! Real: pkg/scheduler/eventhandlers.go @ v1.37.2.

use super::SchedulerDriver;
use super::environment::{Environment, environment};
use crate::base::Time;
use crate::model::{Kind, Obj, Str};
use crate::scheduler::events::{ActionType, ClusterEvent, Resource, node_events, pod_events};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::queue::{PodKey, joined_label, key_of};
use std::sync::Arc;

fn key(object: &Obj) -> PodKey {
    (object.meta.namespace.clone(), object.meta.name.clone())
}

fn is_assigned(pod: &Obj) -> bool {
    pod.as_pod().is_some_and(|pod| !pod.node_name.is_empty())
}

fn nominated(pod: &Obj) -> &Str {
    &pod.as_pod().expect("the object is a pod").status.nominated_node_name
}

fn priority(pod: &Obj) -> i32 {
    pod.as_pod().and_then(|pod| pod.spec.priority).unwrap_or(0)
}

/// The event resource of a kind other than Pod and Node, if there is one.
fn resource_of(kind: Kind) -> Option<Resource> {
    Some(match kind {
        Kind::PersistentVolume => Resource::PersistentVolume,
        Kind::PersistentVolumeClaim => Resource::PersistentVolumeClaim,
        Kind::StorageClass => Resource::StorageClass,
        Kind::CSINode => Resource::CSINode,
        Kind::CSIDriver => Resource::CSIDriver,
        Kind::CSIStorageCapacity => Resource::CSIStorageCapacity,
        Kind::VolumeAttachment => Resource::VolumeAttachment,
        Kind::ResourceClaim => Resource::ResourceClaim,
        Kind::ResourceSlice => Resource::ResourceSlice,
        Kind::DeviceClass => Resource::DeviceClass,
        _ => return None,
    })
}

impl SchedulerDriver {
    /// The watch reports a new or changed object of any kind.
    pub fn set(&mut self, object: &Obj, now: Time) {
        match object.kind() {
            Kind::Pod => self.set_pod(object, now),
            Kind::Node => self.set_node(object, now),
            kind => {
                let old = self.scheduler.world.listers.get_api(kind, &object.meta.namespace, &object.meta.name).cloned();
                self.scheduler.world.listers.set(object);
                let action = if old.is_some() { ActionType::UPDATE } else { ActionType::ADD };
                self.other(kind, action, old.as_ref(), Some(object), now);
            }
        }
    }

    /// The watch reports that an object is gone. What counts is its kind, namespace and name.
    pub fn delete(&mut self, object: &Obj, now: Time) {
        match object.kind() {
            Kind::Pod => {
                if let Some(old) = self.pods.remove(&key(object)) {
                    self.scheduler.world.pending.remove(&old.meta.uid);
                    self.pod_deleted(&old, now);
                }
            }
            Kind::Node => {
                let known = self.scheduler.world.cache.node_named(&object.meta.name).and_then(|info| info.node.clone());
                if let Some(node) = known {
                    self.raise(ClusterEvent::NODE_DELETE, Some(&node), None, None, now);
                    self.scheduler.world.cache.remove_node(&node.meta.name);
                }
            }
            kind => {
                let old = self.scheduler.world.listers.get_api(kind, &object.meta.namespace, &object.meta.name).cloned();
                if let Some(old) = old {
                    self.scheduler.world.listers.remove(&old);
                    self.other(kind, ActionType::DELETE, Some(&old), None, now);
                }
            }
        }
    }

    fn other(&mut self, kind: Kind, action: ActionType, old: Option<&Obj>, new: Option<&Obj>, now: Time) {
        // The real scheduler watches only what some plugin listens to.
        if let Some(resource) = resource_of(kind).filter(|resource| self.listening.watches(*resource, action)) {
            self.raise(ClusterEvent::new(resource, action), old, new, None, now);
        }
    }

    /// Puts an event to the queue.
    pub(super) fn raise(&mut self, event: ClusterEvent, old: Option<&Obj>, new: Option<&Obj>, max_priority: Option<i32>, now: Time) {
        self.hear(|| event.label().into_owned());
        let environment = environment!(self);
        self.queue.move_all(&environment, event, old, new, max_priority, now);
    }

    fn set_node(&mut self, node: &Obj, now: Time) {
        let old = self.scheduler.world.cache.node_named(&node.meta.name).and_then(|info| info.node.clone());
        self.scheduler.world.cache.set_node(node);
        match old {
            None => self.raise(ClusterEvent::NODE_ADD, None, Some(node), None, now),
            Some(old) => {
                for event in node_events(node, &old) {
                    self.raise(event, Some(&old), Some(node), None, now);
                }
            }
        }
    }

    fn set_pod(&mut self, pod: &Obj, now: Time) {
        // The watch leaves out pods that have ended: to the scheduler they are gone.
        if pod.as_pod().is_some_and(|pod| pod.is_terminal()) {
            return self.delete(pod, now);
        }
        let pending = &mut self.scheduler.world.pending;
        if is_assigned(pod) {
            pending.remove(&pod.meta.uid);
        } else {
            pending.insert(pod.meta.uid.clone(), pod.clone());
        }
        match self.pods.insert(key(pod), pod.clone()) {
            None => self.pod_added(pod, now),
            Some(old) if old.meta.uid != pod.meta.uid => {
                // A namesake: the old pod must have gone unseen.
                self.scheduler.world.pending.remove(&old.meta.uid);
                self.pod_deleted(&old, now);
                self.pod_added(pod, now);
            }
            Some(old) => self.pod_updated(&old, pod, now),
        }
    }

    fn pod_added(&mut self, pod: &Obj, now: Time) {
        if is_assigned(pod) {
            self.add_assigned(pod, now);
        } else if self.profile_of(pod).is_some() {
            self.hear(|| ClusterEvent::UNSCHEDULED_POD_ADD.label().into_owned());
            let info = Arc::new(self.scheduler.pod_info(pod));
            self.nominate(&info, nominated(pod));
            let environment = environment!(self);
            self.queue.add(&environment, info, now);
        }
    }

    fn add_assigned(&mut self, pod: &Obj, now: Time) {
        let info = self.info_for(pod);
        self.scheduler.world.cache.add_pod(info);
        self.raise(ClusterEvent::ASSIGNED_POD_ADD, None, Some(pod), None, now);
    }

    /// The pod with what follows from it, taken over from an earlier version where nothing that matters has changed.
    fn info_for(&mut self, pod: &Obj) -> Arc<PodInfo> {
        Arc::new(match self.scheduler.world.cache.pod(&pod.meta.uid) {
            Some(known) => PodInfo::renewed(pod.clone(), Some(known)),
            None => self.scheduler.pod_info(pod),
        })
    }

    fn pod_updated(&mut self, old: &Obj, new: &Obj, now: Time) {
        match (is_assigned(old), is_assigned(new)) {
            (true, _) => {
                let info = self.info_for(new);
                self.scheduler.world.cache.add_pod(info);
                for event in pod_events(new, old, false) {
                    self.raise(event, Some(old), Some(new), None, now);
                }
            }
            (false, true) => {
                self.add_assigned(new, now);
                if self.profile_of(old).is_some() {
                    self.drop_waiting(old, now);
                }
            }
            (false, false) if self.profile_of(old).is_some() => self.waiting_updated(old, new, now),
            (false, false) => {}
        }
    }

    /// Takes a pod out of the queue and its nomination with it.
    fn drop_waiting(&mut self, pod: &Obj, now: Time) {
        self.hear(|| ClusterEvent::UNSCHEDULED_POD_DELETE.label().into_owned());
        self.scheduler.world.nominator.remove(&pod.meta.uid);
        self.queue.delete(&key(pod), now);
    }

    fn waiting_updated(&mut self, old: &Obj, new: &Obj, now: Time) {
        let same = |old: &Obj, new: &Obj| old.meta.resource_version != 0 && old.meta.resource_version == new.meta.resource_version;
        if Arc::ptr_eq(old, new) || same(old, new) {
            return;
        }
        if self.scheduler.world.cache.is_assumed(&new.meta.uid) {
            if new.meta.is_deleting() && !old.meta.is_deleting() {
                self.assumed_deleted(new, now);
            }
            return;
        }
        self.hear(|| joined_label(&pod_events(new, old, true)).into_owned());
        let known = self.queue.get(&key(old)).map(|info| info.pod.clone());
        let info = Arc::new(PodInfo::renewed(new.clone(), known.as_deref()));
        let environment = environment!(self);
        if self.queue.update(&environment, old, info.clone(), now) {
            self.renominate(old, &info);
        }
        if !nominated(old).is_empty() && nominated(old) != nominated(new) {
            // To pods that matter no more than this one it was as good as on the node that it is no longer promised.
            self.raise(ClusterEvent::ASSIGNED_POD_DELETE, Some(old), None, Some(priority(old)), now);
        }
    }

    /// A waiting pod has changed: its nomination follows, but one that only the scheduler knows of stays.
    fn renominate(&mut self, old: &Obj, new: &Arc<PodInfo>) {
        let stated = nominated(&new.object).clone();
        let own = self.scheduler.world.nominator.node_of(new.uid()).cloned();
        let node = if nominated(old).is_empty() && stated.is_empty() { own.unwrap_or_default() } else { stated };
        self.nominate(new, &node);
    }

    /// A pod goes while its binding is under way: what it took is free at once.
    fn assumed_deleted(&mut self, pod: &Obj, now: Time) {
        if let Some(assumed) = self.scheduler.world.cache.remove_pod(&pod.meta.uid) {
            self.raise(ClusterEvent::ASSIGNED_POD_DELETE, Some(&assumed.object), None, None, now);
        }
    }

    fn pod_deleted(&mut self, pod: &Obj, now: Time) {
        if is_assigned(pod) {
            self.scheduler.world.cache.remove_pod(&pod.meta.uid);
            self.raise(ClusterEvent::ASSIGNED_POD_DELETE, Some(pod), None, None, now);
        } else if self.profile_of(pod).is_some() {
            self.drop_waiting(pod, now);
            if self.scheduler.world.cache.is_assumed(&pod.meta.uid) {
                self.assumed_deleted(pod, now);
            } else if !nominated(pod).is_empty() {
                self.raise(ClusterEvent::ASSIGNED_POD_DELETE, Some(pod), None, Some(priority(pod)), now);
            }
        }
    }

    /// The latest version of a pod that waits or is tried, if it is still there and unbound.
    pub(super) fn latest(&self, pod: &PodInfo) -> Option<&Obj> {
        self.pods.get(&key_of(pod))
    }
}

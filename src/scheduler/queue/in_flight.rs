//! Pods that are being scheduled, and the events that happen meanwhile: they are replayed for a pod that fails.
//! Real: pkg/scheduler/backend/queue/active_queue.go (inFlightPods, inFlightEvents) @ v1.37.2.

use crate::model::{Obj, Str};
use crate::scheduler::events::ClusterEvent;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An event with the objects that it is about.
#[derive(Clone, Debug)]
pub(super) struct HeldEvent {
    pub event: ClusterEvent,
    pub old: Option<Obj>,
    pub new: Option<Obj>,
}

/// Pods and events in one order.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight {
    next: u64,
    /// Position of each pod, by unique id, with the pod as it was popped.
    pods: BTreeMap<Str, (u64, Obj)>,
    positions: BTreeSet<u64>,
    events: VecDeque<(u64, HeldEvent)>,
}

impl InFlight {
    /// A pod was popped; says whether it was not in flight before.
    pub fn begin(&mut self, uid: &Str, pod: &Obj) -> bool {
        if self.pods.contains_key(uid) {
            return false;
        }
        self.pods.insert(uid.clone(), (self.next, pod.clone()));
        self.positions.insert(self.next);
        self.next += 1;
        true
    }

    /// Whether a pod is in flight.
    pub fn has(&self, uid: &str) -> bool {
        self.pods.contains_key(uid)
    }

    /// The pods, by unique id, as they were popped.
    pub fn pods(&self) -> impl Iterator<Item = &Obj> {
        self.pods.values().map(|(_, pod)| pod)
    }

    /// Keeps an event for whoever is in flight.
    pub fn note(&mut self, event: ClusterEvent, old: Option<&Obj>, new: Option<&Obj>) {
        if !self.pods.is_empty() {
            self.events.push_back((self.next, HeldEvent { event, old: old.cloned(), new: new.cloned() }));
            self.next += 1;
        }
    }

    /// What happened since a pod was popped; none if it is not in flight.
    pub fn events_since(&self, uid: &str) -> Option<impl Iterator<Item = &HeldEvent>> {
        let (position, _) = self.pods.get(uid)?;
        let start = self.events.partition_point(|(at, _)| at < position);
        Some(self.events.range(start..).map(|(_, event)| event))
    }

    /// A pod's attempt is over. Events that nobody needs any more are dropped.
    pub fn done(&mut self, uid: &str) {
        let Some((position, _)) = self.pods.remove(uid) else { return };
        self.positions.remove(&position);
        let oldest = self.positions.first().copied().unwrap_or(u64::MAX);
        while self.events.front().is_some_and(|(at, _)| *at < oldest) {
            self.events.pop_front();
        }
    }

    /// How many events are kept.
    pub fn held(&self) -> usize {
        self.events.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use std::sync::Arc;

    #[test]
    fn a_pod_sees_what_happened_after_it_was_popped() {
        let pod = Arc::new(Object::from_json(serde_json::json!({"apiVersion": "v1", "kind": "Pod"})).unwrap());
        let mut flights = InFlight::default();
        flights.note(ClusterEvent::NODE_ADD, None, None);
        assert_eq!(flights.held(), 0, "nobody is in flight");
        assert!(flights.begin(&"a".into(), &pod) && !flights.begin(&"a".into(), &pod));
        flights.note(ClusterEvent::NODE_ADD, None, None);
        flights.begin(&"b".into(), &pod);
        flights.note(ClusterEvent::NODE_DELETE, None, None);
        let seen = |flights: &InFlight, uid: &str| flights.events_since(uid).map(|events| events.count());
        assert_eq!((seen(&flights, "a"), seen(&flights, "b"), seen(&flights, "c")), (Some(2), Some(1), None));
        flights.done("a");
        assert_eq!((flights.held(), flights.has("a"), flights.pods().count()), (1, false, 1));
        flights.done("b");
        assert_eq!(flights.held(), 0);
    }
}

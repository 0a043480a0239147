//! Pod garbage collection: pods of nodes that are gone, pods that end on nodes out of service, pods that end without ever
//! having had a node, and ended pods beyond a threshold.
//! Real: pkg/controller/podgc/gc_controller.go @ v1.37.2.
//!
//! The real one looks at all pods every 20 s. Here such a look happens, on the same grid, only while something may be found.

use super::ControllerManager;
use crate::actor::client::Limits;
use crate::actor::{Actor, Ctx, Kinds, Ticket};
use crate::api::{Answer, DeleteOptions, Verb};
use crate::base::{Span, Time};
use crate::model::{Kind, Obj, Object, PodCondition, PodPhase, Str, Timestamp};
use crate::store::{Change, Id, Key};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Between two looks.
const PERIOD: Span = Span::from_s(20);
/// How long a node must be missing.
const QUARANTINE: Span = Span::from_s(40);
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// What an answer is for.
enum Wait {
    /// Whether a node is really gone.
    Node(Str),
    /// The mark before the deletion.
    Mark(Id),
    Delete,
}

/// The controller.
pub struct PodGc {
    limits: Option<Limits>,
    threshold: usize,
    /// Nodes that pods name and that are not there, and when to ask the server for them.
    missing: BTreeMap<Str, Option<Time>>,
    /// Pods that end and have no node.
    homeless: BTreeSet<Id>,
    /// Nodes out of service.
    out_of_service: BTreeSet<Str>,
    ended: BTreeSet<Id>,
    next: Option<Time>,
    waits: BTreeMap<Ticket, Wait>,
    /// Pods of nodes that are gone, deleted one after the other.
    orphans: VecDeque<Id>,
}

impl PodGc {
    /// With the kube-controller-manager's settings.
    pub fn new(settings: &ControllerManager) -> PodGc {
        PodGc {
            limits: settings.client_limits(),
            threshold: usize::try_from(settings.terminated_pod_gc_threshold).unwrap_or(0),
            missing: BTreeMap::new(),
            homeless: BTreeSet::new(),
            out_of_service: BTreeSet::new(),
            ended: BTreeSet::new(),
            next: None,
            waits: BTreeMap::new(),
            orphans: VecDeque::new(),
        }
    }

    fn too_many(&self) -> usize {
        if self.threshold == 0 { 0 } else { self.ended.len().saturating_sub(self.threshold) }
    }

    fn set_look(&mut self, cx: &mut Ctx<'_>) {
        let wanted = !self.missing.is_empty() || !self.homeless.is_empty() || !self.out_of_service.is_empty() || self.too_many() > 0;
        if wanted && self.next.is_none_or(|at| at <= cx.now) {
            let at = (cx.now + Span(1)).round_up(PERIOD);
            self.next = Some(at);
            cx.wake_at(at, 0);
        }
    }

    fn node_changed(&mut self, change: Change<'_>, cx: &Ctx<'_>) {
        let name = &change.object().meta.name;
        self.out_of_service.remove(name);
        let Some(node) = change.after.and_then(|node| node.as_node()) else {
            if cx.view.pods_on(name).next().is_some() {
                self.missing.insert(name.clone(), None);
            }
            return;
        };
        self.missing.remove(name);
        if node.spec.taints.iter().any(|taint| taint.key == OUT_OF_SERVICE) {
            self.out_of_service.insert(name.clone());
        }
    }

    fn pod_changed(&mut self, change: Change<'_>, cx: &Ctx<'_>) {
        self.homeless.remove(&change.id);
        self.ended.remove(&change.id);
        let Some(object) = change.after else { return };
        let Some(pod) = object.as_pod() else { return };
        if pod.is_terminal() {
            self.ended.insert(change.id);
        }
        let before = change.before.and_then(|before| before.as_pod());
        if !pod.is_bound() {
            if object.meta.is_deleting() {
                self.homeless.insert(change.id);
            }
        } else if before.is_none_or(|before| before.node_name != pod.node_name) && cx.view.find(Kind::Node, "", &pod.node_name).is_none() {
            self.missing.entry(pod.node_name.clone()).or_insert(None);
        }
    }

    fn look(&mut self, cx: &mut Ctx<'_>) {
        self.collect_ended(cx);
        self.collect_out_of_service(cx);
        self.quarantine(cx);
        let homeless: Vec<Id> = self.homeless.iter().copied().collect();
        homeless.into_iter().for_each(|id| self.collect(id, None, cx));
    }

    /// The oldest ended pods beyond the threshold; evicted ones first.
    fn collect_ended(&mut self, cx: &mut Ctx<'_>) {
        let count = self.too_many();
        if count == 0 {
            return;
        }
        let mut ended: Vec<(bool, Option<Timestamp>, Str, Id)> = Vec::new();
        for id in &self.ended {
            let Some(object) = cx.view.get(*id) else { continue };
            let status = object.as_pod().map(|pod| &pod.status);
            let evicted = status.is_some_and(|status| status.phase == PodPhase::Failed && &*status.reason == "Evicted");
            ended.push((!evicted, object.meta.creation_timestamp, object.meta.name.clone(), *id));
        }
        ended.sort();
        ended.into_iter().take(count).for_each(|(.., id)| self.collect(id, None, cx));
    }

    fn collect_out_of_service(&mut self, cx: &mut Ctx<'_>) {
        let mut ending = Vec::new();
        for name in &self.out_of_service {
            let ready = cx.view.find(Kind::Node, "", name).and_then(|node| node.as_node()).is_some_and(|node| node.is_ready());
            if !ready {
                ending.extend(cx.view.pods_on(name).filter(|(_, pod)| pod.meta.is_deleting()).map(|(id, _)| id));
            }
        }
        ending.into_iter().for_each(|id| self.collect(id, None, cx));
    }

    /// Nodes that have been missing for long enough are asked for at the server.
    fn quarantine(&mut self, cx: &mut Ctx<'_>) {
        let mut due = Vec::new();
        self.missing.retain(|name, at| {
            if cx.view.find(Kind::Node, "", name).is_some() || cx.view.pods_on(name).next().is_none() {
                return false;
            }
            match at {
                None => *at = Some(cx.now + QUARANTINE),
                Some(end) if *end <= cx.now => {
                    due.push(name.clone());
                    *at = Some(cx.now + QUARANTINE);
                }
                Some(_) => {}
            }
            true
        });
        for name in due {
            let key = Key { kind: Kind::Node, group_kind: Str::default(), namespace: Str::default(), name: name.clone() };
            self.waits.insert(cx.request(Verb::Get(key)), Wait::Node(name));
        }
    }

    /// Marks a pod as failed, unless it has ended, and removes it.
    fn collect(&mut self, id: Id, condition: Option<PodCondition>, cx: &mut Ctx<'_>) {
        let Some(object) = cx.view.get(id) else { return };
        let key = cx.view.key(id).clone();
        if object.as_pod().is_some_and(|pod| pod.is_terminal()) {
            self.waits.insert(cx.request(remove(key)), Wait::Delete);
            return;
        }
        let (uid, now) = (object.meta.uid.clone(), cx.timestamp());
        let mark = Verb::edit_status(key, move |object| fail(object, &uid, condition.clone(), now));
        self.waits.insert(cx.request(mark), Wait::Mark(id));
    }

    fn next_orphan(&mut self, cx: &mut Ctx<'_>) {
        while let Some(id) = self.orphans.pop_front() {
            let Some(object) = cx.view.get(id) else { continue };
            let condition = PodCondition {
                r#type: "DisruptionTarget".into(),
                observed_generation: object.meta.generation,
                status: "True".into(),
                reason: "DeletionByPodGC".into(),
                message: "PodGC: node no longer exists".into(),
                ..PodCondition::default()
            };
            return self.collect(id, Some(condition), cx);
        }
    }
}

fn remove(key: Key) -> Verb {
    Verb::Delete { target: key, options: DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() } }
}

fn fail(object: &mut Object, uid: &Str, condition: Option<PodCondition>, now: Timestamp) {
    let (same, generation) = (object.meta.uid == *uid, object.meta.generation);
    let Some(pod) = object.as_pod_mut().filter(|_| same) else { return };
    let status = Arc::make_mut(&mut pod.status);
    status.phase = PodPhase::Failed;
    status.observed_generation = generation;
    if let Some(condition) = condition {
        status.update_condition(condition, now);
    }
}

impl Actor for PodGc {
    fn name(&self) -> &str {
        "pod-garbage-collector"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Pod, Kind::Node])
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        let of = |object: Option<&Obj>, is: fn(&Object) -> bool| object.is_some_and(|object| is(object));
        let ends = |object: &Object| object.meta.is_deleting() || object.as_pod().is_some_and(|pod| pod.is_terminal());
        let is_bound = |object: &Object| object.as_pod().is_some_and(|pod| pod.is_bound());
        let (before, after) = (change.before, change.after);
        change.kind() != Kind::Pod || of(before, ends) || of(after, ends) || of(after, is_bound) && !of(before, is_bound)
    }

    fn changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
        match change.kind() {
            Kind::Node => self.node_changed(change, cx),
            Kind::Pod => self.pod_changed(change, cx),
            _ => return,
        }
        self.set_look(cx);
    }

    fn wake(&mut self, _token: u64, cx: &mut Ctx<'_>) {
        if self.next == Some(cx.now) {
            self.look(cx);
            self.set_look(cx);
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        match (self.waits.remove(&ticket).expect("each answer is waited for"), answer) {
            (Wait::Node(name), Err(error)) if error.code() == 404 => {
                let idle = self.orphans.is_empty();
                let pods: Vec<(Id, Obj)> = cx.view.pods_on(&name).map(|(id, pod)| (id, pod.clone())).collect();
                self.orphans.extend(pods.into_iter().map(|(id, _)| id));
                if idle {
                    self.next_orphan(cx);
                }
            }
            (Wait::Node(_), _) => {}
            (Wait::Mark(id), Ok(_)) => {
                self.waits.insert(cx.request(remove(cx.view.key(id).clone())), Wait::Delete);
            }
            (Wait::Mark(_) | Wait::Delete, _) => self.next_orphan(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Clock;
    use crate::base::Seed;
    use crate::sim::{Latency, Settings, Sim};
    use serde_json::{Value, json};

    fn create(sim: &mut Sim, object: Value) {
        sim.request_now(Verb::Create(Box::new(Object::from_json(object).unwrap()))).unwrap();
    }

    fn world(threshold: i64) -> Sim {
        let mut sim = Sim::new(Settings { seed: Seed(1), clock: Clock { start_us: 0 }, latency: Latency::default() });
        create(&mut sim, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}));
        create(&mut sim, json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}));
        for name in ["a", "b", "c"] {
            create(
                &mut sim,
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
                       "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}}),
            );
        }
        sim.add_actor(Box::new(PodGc::new(&ControllerManager { terminated_pod_gc_threshold: threshold, ..ControllerManager::default() })));
        sim
    }

    fn left(sim: &Sim) -> usize {
        sim.store().now().list(Kind::Pod).count()
    }

    #[test]
    fn pods_of_a_lost_node_go_after_its_quarantine() {
        let mut sim = world(0);
        sim.run_until(Time::from_s(7));
        let node = Key { kind: Kind::Node, group_kind: Str::default(), namespace: Str::default(), name: "n".into() };
        sim.request_now(Verb::delete(node)).unwrap();
        sim.run_until(Time::from_s(59));
        assert_eq!(left(&sim), 3);
        sim.run_until(Time::from_s(61));
        assert_eq!(left(&sim), 0);
        let before = sim.counters().events;
        sim.run_until(Time::from_s(86_400));
        assert!(sim.counters().events - before < 5, "idle again");
    }

    #[test]
    fn ended_pods_beyond_the_threshold_go() {
        let mut sim = world(1);
        for name in ["a", "b"] {
            let key = Key { kind: Kind::Pod, group_kind: Str::default(), namespace: "default".into(), name: name.into() };
            sim.request_now(Verb::edit_status(key, |pod| Arc::make_mut(&mut pod.as_pod_mut().unwrap().status).phase = PodPhase::Succeeded))
                .unwrap();
        }
        sim.run_until(Time::from_s(30));
        let names: Vec<String> = sim.store().now().list(Kind::Pod).map(|(_, pod)| pod.meta.name.to_string()).collect();
        assert_eq!(names, ["b", "c"]);
    }
}

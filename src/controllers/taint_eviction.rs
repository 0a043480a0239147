//! Taint eviction: pods that do not bear a node's NoExecute taints, or not for ever, are deleted in time.
//! Real: pkg/controller/tainteviction/{taint_eviction.go,timed_workers.go} @ v1.37.2.

use super::ControllerManager;
use crate::actor::client::Limits;
use crate::actor::{Actor, Ctx, EventNote, EventType, Kinds, Ticket};
use crate::api::{Answer, Verb};
use crate::base::{Span, Time};
use crate::model::{Kind, Obj, ObjectReference, PodCondition, Str, Taint, Timestamp, Toleration};
use crate::store::{Change, Id};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tries to delete a pod.
const TRIES_MAX: u32 = 5;
/// Between two of them.
const RETRY: Span = Span::from_ms(10);

/// A deletion that is set or under way.
#[derive(Debug)]
struct Work {
    created_at: Time,
    /// None: it has begun.
    fire_at: Option<Time>,
    tries: u32,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Waiting,
    Get,
    Condition,
    Delete,
}

/// The controller.
pub struct TaintEviction {
    limits: Option<Limits>,
    /// NoExecute taints of the nodes that have any.
    tainted: BTreeMap<Str, Vec<Taint>>,
    work: BTreeMap<Id, Work>,
    tickets: BTreeMap<Ticket, Id>,
}

impl TaintEviction {
    /// With the kube-controller-manager's settings.
    pub fn new(settings: &ControllerManager) -> TaintEviction {
        TaintEviction { limits: settings.client_limits(), tainted: BTreeMap::new(), work: BTreeMap::new(), tickets: BTreeMap::new() }
    }

    fn node_changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
        let of = |object: Option<&Obj>| object.map(no_execute).unwrap_or_default();
        let (before, after) = (of(change.before), of(change.after));
        if change.before.is_some() && change.after.is_some() && before == after {
            return;
        }
        let name = &change.object().meta.name;
        if change.after.is_none() {
            self.tainted.remove(name);
            return;
        }
        let had = if after.is_empty() { self.tainted.remove(name) } else { self.tainted.insert(name.clone(), after.clone()) };
        if after.is_empty() && had.is_none() {
            return;
        }
        let pods: Vec<(Id, Obj)> = cx.view.pods_on(name).map(|(id, pod)| (id, pod.clone())).collect();
        for (id, pod) in pods {
            if after.is_empty() {
                self.cancel(id, cx);
            } else {
                self.process(id, &pod, &after, cx);
            }
        }
    }

    fn pod_changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
        let Some(pod) = change.after else { return self.cancel(change.id, cx) };
        let Some(body) = pod.as_pod() else { return };
        if let Some(before) = change.before.and_then(|before| before.as_pod())
            && before.node_name == body.node_name
            && (Arc::ptr_eq(&before.spec, &body.spec) || before.spec.tolerations == body.spec.tolerations)
        {
            return;
        }
        if let Some(taints) = self.tainted.get(&body.node_name).cloned() {
            self.process(change.id, pod, &taints, cx);
        }
    }

    fn process(&mut self, id: Id, pod: &Obj, taints: &[Taint], cx: &mut Ctx<'_>) {
        let tolerations = &pod.as_pod().expect("pods are processed").spec.tolerations;
        let (mut created_at, delay) = match borne_for(taints, tolerations) {
            Borne::Not => {
                self.cancel(id, cx);
                (cx.now, Span::ZERO)
            }
            Borne::Forever => return self.cancel(id, cx),
            Borne::For(span) => (cx.now, span),
        };
        if !delay.is_zero()
            && let Some(set) = self.work.get(&id)
        {
            if set.fire_at.is_none() || set.created_at + delay < cx.now + delay {
                return;
            }
            created_at = set.created_at;
            self.cancel(id, cx);
        }
        if self.work.contains_key(&id) {
            return;
        }
        let fire_at = cx.now + delay;
        self.work.insert(id, Work { created_at, fire_at: Some(fire_at), tries: 0, stage: Stage::Waiting });
        if delay.is_zero() {
            self.fire(id, cx);
        } else {
            cx.wake_at(fire_at, u64::from(id.0));
        }
    }

    /// Calls a set deletion off; one that has begun goes on.
    fn cancel(&mut self, id: Id, cx: &mut Ctx<'_>) {
        if self.work.get(&id).is_some_and(|work| work.fire_at.is_some()) {
            self.work.remove(&id);
            note(id, "Cancelling deletion of Pod", cx);
        }
    }

    fn fire(&mut self, id: Id, cx: &mut Ctx<'_>) {
        note(id, "Marking for deletion Pod", cx);
        if let Some(work) = self.work.get_mut(&id) {
            work.fire_at = None;
        }
        let key = cx.view.key(id).clone();
        self.ask(id, Stage::Get, Verb::Get(key), cx);
    }

    fn ask(&mut self, id: Id, stage: Stage, verb: Verb, cx: &mut Ctx<'_>) {
        if let Some(work) = self.work.get_mut(&id) {
            work.stage = stage;
            self.tickets.insert(cx.request(verb), id);
        }
    }
}

impl Actor for TaintEviction {
    fn name(&self) -> &str {
        "taint-eviction-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Node, Kind::Pod])
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        change.kind() != Kind::Pod || !self.tainted.is_empty() || !self.work.is_empty()
    }

    fn changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
        match change.kind() {
            Kind::Node => self.node_changed(change, cx),
            Kind::Pod if self.tainted.is_empty() && self.work.is_empty() => {}
            Kind::Pod => self.pod_changed(change, cx),
            _ => {}
        }
    }

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        let id = Id(token as u32);
        match self.work.get(&id) {
            Some(work) if work.fire_at == Some(cx.now) => self.fire(id, cx),
            Some(work) if work.fire_at.is_none() && work.stage == Stage::Waiting => {
                let key = cx.view.key(id).clone();
                self.ask(id, Stage::Get, Verb::Get(key), cx);
            }
            _ => {}
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        let id = self.tickets.remove(&ticket).expect("each answer is waited for");
        let Some(work) = self.work.get_mut(&id) else { return };
        let key = cx.view.key(id).clone();
        match (work.stage, answer) {
            (Stage::Get, Ok(pod)) if !has_condition(&pod) => {
                let (now, uid) = (cx.timestamp(), pod.meta.uid.clone());
                let verb = Verb::edit_status(key, move |pod| mark(pod, &uid, now));
                self.ask(id, Stage::Condition, verb, cx);
            }
            (Stage::Get | Stage::Condition, Ok(_)) => self.ask(id, Stage::Delete, Verb::delete(key), cx),
            (_, Err(_)) if work.tries + 1 < TRIES_MAX => {
                work.tries += 1;
                work.stage = Stage::Waiting;
                cx.wake_in(RETRY, u64::from(id.0));
            }
            _ => {
                self.work.remove(&id);
            }
        }
    }
}

/// How long a pod bears the taints of its node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Borne {
    Not,
    For(Span),
    Forever,
}

fn borne_for(taints: &[Taint], tolerations: &[Toleration]) -> Borne {
    let mut shortest: Option<i64> = None;
    for taint in taints {
        // The first toleration that bears a taint is the one that counts.
        let Some(toleration) = tolerations.iter().find(|toleration| toleration.bears(taint)) else { return Borne::Not };
        if let Some(seconds) = toleration.toleration_seconds {
            shortest = Some(shortest.map_or(seconds, |least| least.min(seconds)));
        }
    }
    shortest.map_or(Borne::Forever, |seconds| Borne::For(Span::from_s(seconds.max(0) as u64)))
}

fn no_execute(node: &Obj) -> Vec<Taint> {
    let taints = node.as_node().map(|node| &node.spec.taints[..]).unwrap_or_default();
    taints.iter().filter(|taint| taint.effect == "NoExecute").cloned().collect()
}

fn condition(generation: i64) -> PodCondition {
    PodCondition {
        r#type: "DisruptionTarget".into(),
        observed_generation: generation,
        status: "True".into(),
        reason: "DeletionByTaintManager".into(),
        message: "Taint manager: deleting due to NoExecute taint".into(),
        ..PodCondition::default()
    }
}

fn has_condition(pod: &Obj) -> bool {
    let wanted = condition(0);
    let present = pod.as_pod().and_then(|pod| pod.condition(&wanted.r#type));
    present.is_some_and(|present| present.status == wanted.status && present.reason == wanted.reason && present.message == wanted.message)
}

fn mark(pod: &mut crate::model::Object, uid: &Str, now: Timestamp) {
    let (same, generation) = (pod.meta.uid == *uid, pod.meta.generation);
    if let Some(pod) = pod.as_pod_mut().filter(|_| same) {
        Arc::make_mut(&mut pod.status).update_condition(condition(generation), now);
    }
}

fn note(id: Id, what: &str, cx: &mut Ctx<'_>) {
    let key = cx.view.key(id);
    let message = format!("{what} {}/{}", key.namespace, key.name);
    let about = ObjectReference {
        kind: "Pod".into(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        api_version: "v1".into(),
        ..ObjectReference::default()
    };
    let (kind, reason) = (EventType::Normal, "TaintManagerEviction");
    cx.note(EventNote::of(about, kind, reason, message));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn taint(key: &str) -> Taint {
        Taint { key: key.into(), effect: "NoExecute".into(), ..Taint::default() }
    }

    #[test]
    fn taints_are_borne_as_long_as_the_shortest_toleration_says() {
        let cases = [
            (json!([]), Borne::Not),
            (json!([{"key": "a", "operator": "Exists"}]), Borne::Not),
            (json!([{"operator": "Exists"}]), Borne::Forever),
            (
                json!([{"key": "a", "operator": "Exists", "tolerationSeconds": 7}, {"key": "b", "operator": "Exists"}]),
                Borne::For(Span::from_s(7)),
            ),
            (
                json!([{"key": "a", "operator": "Exists", "tolerationSeconds": 7}, {"operator": "Exists", "tolerationSeconds": 3}]),
                Borne::For(Span::from_s(3)),
            ),
            (json!([{"operator": "Exists", "tolerationSeconds": -5}]), Borne::For(Span::ZERO)),
        ];
        for (tolerations, want) in cases {
            let list: Vec<Toleration> = serde_json::from_value(tolerations.clone()).unwrap();
            assert_eq!(borne_for(&[taint("a"), taint("b")], &list), want, "{tolerations}");
        }
    }
}

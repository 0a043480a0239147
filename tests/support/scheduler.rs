//! A simple scheduler: the node with the fewest pods among those that fit.

use kubesim::actor::{Actor, Ctx, EventNote, EventType, Kinds};
use kubesim::api::{Answer, Verb};
use kubesim::base::Span;
use kubesim::model::*;
use kubesim::store::{Change, Id, Key};
use std::collections::{BTreeMap, BTreeSet};

/// How long an unschedulable pod waits for another try.
const AGAIN: Span = Span::from_ms(500);

/// Binds pods to nodes.
#[derive(Default)]
pub struct SimpleScheduler {
    waiting: BTreeSet<Id>,
    /// Pods whose binding is under way, and to where.
    bound: BTreeMap<Id, Str>,
    told: BTreeSet<Id>,
    ticking: bool,
}

impl SimpleScheduler {
    fn schedule(&mut self, id: Id, cx: &mut Ctx<'_>) {
        let Some(object) = cx.view.get(id).cloned() else {
            self.waiting.remove(&id);
            return;
        };
        let Some(pod) = object.as_pod() else { return };
        let mut loads: Vec<(usize, Str)> = Vec::new();
        for (_, node) in cx.view.list(Kind::Node) {
            let there: Vec<Obj> = cx.view.pods_on(&node.meta.name).map(|(_, pod)| pod.clone()).collect();
            let coming =
                self.bound.iter().filter(|(pod, to)| **to == node.meta.name && !there.iter().any(|o| cx.view.get(**pod) == Some(o)));
            let coming: Vec<Obj> =
                coming.filter_map(|(pod, _)| cx.view.get(*pod).cloned()).filter(|o| !o.as_pod().unwrap().is_bound()).collect();
            let all: Vec<&Obj> = there.iter().chain(&coming).filter(|pod| !pod.as_pod().unwrap().is_terminal()).collect();
            if fits(&object, pod, node, &all) && claims_bound(&object, pod, cx) {
                loads.push((all.len(), node.meta.name.clone()));
            }
        }
        let Some((_, node)) = loads.into_iter().min() else {
            if self.told.insert(id) {
                let count = cx.view.list(Kind::Node).count();
                let message = if claims_bound(&object, pod, cx) {
                    format!("0/{count} nodes are available.")
                } else {
                    format!("0/{count} nodes are available: pod has unbound immediate PersistentVolumeClaims. not found")
                };
                cx.note(EventNote::new(&object, EventType::Warning, "FailedScheduling", message));
            }
            return;
        };
        self.waiting.remove(&id);
        self.bound.insert(id, node.clone());
        let message = format!("Successfully assigned {}/{} to {node}", object.meta.namespace, object.meta.name);
        cx.note(EventNote::new(&object, EventType::Normal, "Scheduled", message));
        cx.request(Verb::Bind { pod: Key::of(&object), uid: object.meta.uid.clone(), node });
    }
}

fn claims_bound(object: &Object, pod: &Pod, cx: &Ctx<'_>) -> bool {
    pod.spec.volumes.iter().all(|volume| {
        let json = serde_json::to_value(volume).unwrap_or_default();
        let Some(name) = json["persistentVolumeClaim"]["claimName"].as_str() else { return true };
        let claim = cx.view.find(Kind::PersistentVolumeClaim, &object.meta.namespace, name);
        claim.and_then(|claim| claim.as_persistent_volume_claim()).is_some_and(|claim| claim.status.phase.as_str() == "Bound")
    })
}

fn requests(pod: &Pod) -> (i64, i64) {
    let sum = |name: &str| pod.spec.containers.iter().filter_map(|c| c.resources.requests.get(name)).map(|q| q.milli_value()).sum();
    (sum("cpu"), sum("memory"))
}

fn fits(object: &Object, pod: &Pod, node: &Object, there: &[&Obj]) -> bool {
    let Some(body) = node.as_node() else { return false };
    let tolerated = |taint: &Taint| {
        pod.spec.tolerations.iter().any(|t| {
            (t.effect.is_empty() || t.effect == taint.effect)
                && (t.key.is_empty() && t.operator == "Exists" || t.key == taint.key && (t.operator == "Exists" || t.value == taint.value))
        })
    };
    let hard = |taint: &&Taint| taint.effect != "PreferNoSchedule";
    if body.spec.taints.iter().filter(hard).any(|taint| !tolerated(taint)) {
        return false;
    }
    if body.spec.unschedulable && !object.meta.owner_references.iter().any(|owner| &*owner.kind == "DaemonSet") {
        return false;
    }
    if pod.spec.node_selector.iter().any(|(key, value)| node.meta.labels.get(key) != Some(value)) {
        return false;
    }
    let json = serde_json::to_value(&pod.spec.affinity).unwrap_or_default();
    let terms = &json["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
    if let Some(terms) = terms.as_array() {
        let name = &terms[0]["matchFields"][0]["values"][0];
        if name.is_string() && *name != *node.meta.name {
            return false;
        }
    }
    let allocatable = |name: &str| body.status.allocatable.get(name).map_or(i64::MAX, |quantity| quantity.milli_value());
    let used = there.iter().filter_map(|pod| pod.as_pod()).map(requests).fold(requests(pod), |sum, more| (sum.0 + more.0, sum.1 + more.1));
    used.0 <= allocatable("cpu") && used.1 <= allocatable("memory") && (there.len() as i64 + 1) * 1000 <= allocatable("pods")
}

impl Actor for SimpleScheduler {
    fn name(&self) -> &str {
        "default-scheduler"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Pod, Kind::Node, Kind::PersistentVolumeClaim])
    }

    fn changed(&mut self, change: Change<'_>, _cx: &mut Ctx<'_>) {
        let pod = change.after.filter(|object| object.kind() == Kind::Pod);
        let wanted = pod.is_some_and(|object| {
            let pod = object.as_pod().expect("a pod");
            !pod.is_bound()
                && !object.meta.is_deleting()
                && pod.spec.scheduler_name == "default-scheduler"
                && pod.spec.scheduling_gates.is_empty()
        });
        if wanted && !self.bound.contains_key(&change.id) {
            self.waiting.insert(change.id);
        } else {
            self.waiting.remove(&change.id);
        }
        if change.after.is_none() {
            self.bound.remove(&change.id);
            self.told.remove(&change.id);
        }
    }

    fn settled(&mut self, cx: &mut Ctx<'_>) {
        for id in self.waiting.clone() {
            self.schedule(id, cx);
        }
        if !self.waiting.is_empty() && !self.ticking {
            self.ticking = true;
            cx.wake_in(AGAIN, 0);
        }
    }

    fn wake(&mut self, _token: u64, cx: &mut Ctx<'_>) {
        self.ticking = false;
        self.settled(cx);
    }

    fn answered(&mut self, _ticket: kubesim::actor::Ticket, _answer: Answer, _cx: &mut Ctx<'_>) {}
}

//! One node in one tick: is its heartbeat lost, what does that mean for its taints, and which pods are no longer ready.
//! Real: pkg/controller/nodelifecycle/node_lifecycle_controller.go (monitorNodeHealth) @ v1.37.2.

use super::health::{Look, Ready, silenced};
use super::{LEASE_NAMESPACE, NodeLifecycle, Wait, mark_not_ready, marked, node_reference, not_ready, unreachable};
use crate::actor::{Ctx, EventNote, EventType};
use crate::api::{Answer, Verb};
use crate::model::{Kind, Obj, Object, Str, Taint};
use crate::store::Key;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Tries to write a node's health in one tick.
const TRIES_MAX: u32 = 5;

/// A tick's work.
pub(super) struct Pass {
    pub(super) waiting: VecDeque<Str>,
    /// Nodes that are new.
    pub(super) fresh: BTreeSet<Str>,
    pub(super) procedures: BTreeMap<Str, Procedure>,
}

/// Where a node's procedure stands: which answer it waits for.
enum Stage {
    /// The lease, straight from the server; this version was believed.
    Lease(u64),
    /// The write of the node's status.
    Status,
    /// The node, straight from the server, after a failed write.
    Node,
    /// A change of taints.
    Taints,
    /// A pod's status.
    Pod(Obj),
}

/// A node's way through one tick.
pub(super) struct Procedure {
    node: Obj,
    fresh: bool,
    tries: u32,
    /// Ready before the controller changed it.
    observed: Ready,
    stage: Stage,
    verbs: VecDeque<Verb>,
    pods: VecDeque<Obj>,
    failed: bool,
}

impl Procedure {
    pub(super) fn new(node: Obj, fresh: bool) -> Procedure {
        Procedure {
            node,
            fresh,
            tries: 0,
            observed: Ready::Missing,
            stage: Stage::Taints,
            verbs: VecDeque::new(),
            pods: VecDeque::new(),
            failed: false,
        }
    }
}

/// The requests that take a node's NoExecute taints of this controller off, one after the other.
pub(super) fn pardons(node: &Object) -> Vec<Verb> {
    [unreachable(), not_ready()].into_iter().filter(|taint| has(node, taint)).map(|taint| remove(node, taint)).collect()
}

fn has(node: &Object, taint: &Taint) -> bool {
    node.as_node().is_some_and(|node| node.spec.taints.iter().any(|present| present.matches(taint)))
}

fn remove(node: &Object, taint: Taint) -> Verb {
    crate::controllers::node_taints::remove_taints(Key::of(node), vec![taint])
}

impl NodeLifecycle {
    /// Looks at a node; what takes requests goes on in `advance`.
    pub(super) fn begin(&mut self, name: Str, mut job: Procedure, cx: &mut Ctx<'_>) {
        if std::mem::take(&mut job.fresh) {
            // Whatever an earlier life of the node left is taken off first.
            job.verbs.extend(pardons(&job.node));
        }
        let Some(watched) = self.nodes.get_mut(&name) else { return };
        let lease = cx.view.find(Kind::Lease, LEASE_NAMESPACE, &name);
        job.observed = Ready::of(job.node.as_node().and_then(|node| node.condition("Ready")));
        watched.ready = job.observed;
        watched.due = None;
        match watched.health.look(&job.node, lease, &self.periods, cx.clock, cx.now) {
            Look::Well => {}
            Look::Again => {
                self.mark(name.clone(), cx);
            }
            Look::Until(at) if job.observed != Ready::Unknown => {
                watched.due = Some(at);
                self.due.insert((at, name.clone()));
                self.set_tick(at, cx);
            }
            Look::Until(_) => {}
            // Already marked: nothing would be written.
            Look::Lost(_) if job.observed == Ready::Unknown => {}
            Look::Lost(version) => {
                job.stage = Stage::Lease(version);
                let lease = Key { kind: Kind::Lease, group_kind: Str::default(), namespace: LEASE_NAMESPACE.into(), name: name.clone() };
                return self.ask(name, job, Verb::Get(lease), cx);
            }
        }
        self.decide(name, job, cx);
    }

    fn ask(&mut self, name: Str, job: Procedure, verb: Verb, cx: &mut Ctx<'_>) {
        self.waits.insert(cx.request(verb), Wait::Procedure(name.clone()));
        self.pass.as_mut().expect("procedures belong to a pass").procedures.insert(name, job);
    }

    /// An answer has come.
    pub(super) fn advance(&mut self, name: Str, answer: Answer, cx: &mut Ctx<'_>) {
        let pass = self.pass.as_mut().expect("procedures belong to a pass");
        let mut job = pass.procedures.remove(&name).expect("it asked");
        match (&job.stage, answer) {
            (Stage::Lease(believed), answer) => {
                let fresh = match answer {
                    Ok(lease) => lease.meta.resource_version != *believed,
                    Err(error) => error.code() != 404,
                };
                if fresh {
                    // The lease was renewed, and the view does not show it yet: look again at the next tick.
                    return self.mark(name, cx);
                }
                self.silence(name, job, cx);
            }
            (Stage::Status, Ok(node)) => {
                if let (Some(watched), Some(body)) = (self.nodes.get_mut(&name), node.as_node()) {
                    watched.health.wrote(&body.status);
                    watched.ready = Ready::Unknown;
                }
                job.node = node;
                self.decide(name, job, cx);
            }
            (Stage::Status, Err(_)) => {
                job.tries += 1;
                let target = Key::of(&job.node);
                job.stage = Stage::Node;
                self.ask(name, job, Verb::Get(target), cx);
            }
            (Stage::Node, Ok(node)) if job.tries < TRIES_MAX => {
                job.node = node;
                self.begin(name, job, cx);
            }
            (Stage::Node, _) => self.mark(name, cx),
            (Stage::Taints, answer) => {
                if answer.is_err() {
                    // What was to follow is left out; the next tick decides anew.
                    job.verbs.clear();
                    self.mark(name.clone(), cx);
                }
                self.go_on(name, job, cx);
            }
            (Stage::Pod(pod), answer) => {
                job.failed |= marked(&pod.clone(), &answer, cx);
                self.go_on(name, job, cx);
            }
        }
    }

    /// The node is lost: its kubelet's conditions become Unknown.
    fn silence(&mut self, name: Str, mut job: Procedure, cx: &mut Ctx<'_>) {
        match silenced(&job.node, cx.timestamp(), cx.micro()) {
            None => self.decide(name, job, cx),
            Some(after) => {
                job.stage = Stage::Status;
                self.ask(name, job, Verb::UpdateStatus(Box::new(after)), cx);
            }
        }
    }

    /// What the node's condition means for its taints and its pods.
    fn decide(&mut self, name: Str, mut job: Procedure, cx: &mut Ctx<'_>) {
        let Some(watched) = self.nodes.get_mut(&name) else { return };
        let (ready, retry) = (watched.ready, std::mem::take(&mut watched.retry));
        let zone = self.zones.get(&watched.zone);
        let mut swap = |add: Taint, opposite: Taint| {
            if has(&job.node, &opposite) {
                job.verbs.push_back(crate::controllers::node_taints::add_taints(Key::of(&job.node), vec![add], cx.timestamp()));
                job.verbs.push_back(remove(&job.node, opposite));
            } else if has(&job.node, &add) {
                zone.add(&name);
            } else {
                zone.renew(&name);
            }
        };
        match ready {
            Ready::Missing => {}
            Ready::False => swap(not_ready(), unreachable()),
            Ready::Unknown => swap(unreachable(), not_ready()),
            Ready::True => {
                job.verbs.extend(pardons(&job.node));
                zone.remove(&name);
            }
        }
        let lost = matches!(ready, Ready::False | Ready::Unknown) && job.observed == Ready::True;
        if lost {
            let (about, message) = (node_reference(&name, &job.node.meta.uid), format!("Node {name} status is now: NodeNotReady"));
            let (kind, reason) = (EventType::Normal, "NodeNotReady");
            cx.note(EventNote::of(about, kind, reason, message));
        }
        if lost || retry && job.observed != Ready::True {
            job.pods = cx.view.pods_on(&name).map(|(_, pod)| pod.clone()).collect();
        }
        self.set_taint_timer(cx);
        self.go_on(name, job, cx);
    }

    /// The next request of a node: taints, then pods, one after the other.
    fn go_on(&mut self, name: Str, mut job: Procedure, cx: &mut Ctx<'_>) {
        if let Some(verb) = job.verbs.pop_front() {
            job.stage = Stage::Taints;
            return self.ask(name, job, verb, cx);
        }
        while let Some(pod) = job.pods.pop_front() {
            if let Some(verb) = mark_not_ready(&pod, cx.timestamp()) {
                job.stage = Stage::Pod(pod);
                return self.ask(name, job, verb, cx);
            }
        }
        if job.failed {
            if let Some(watched) = self.nodes.get_mut(&name) {
                watched.retry = true;
            }
            self.mark(name, cx);
        }
    }
}

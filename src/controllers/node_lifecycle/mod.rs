//! Node lifecycle: nodes whose heartbeats stop become Unknown, their pods not ready, and, as fast as their zone's state
//! allows, they get the NoExecute taint that ends with the eviction of their pods.
//! Real: pkg/controller/nodelifecycle/node_lifecycle_controller.go, pkg/controller/util/node/controller_utils.go @ v1.37.2.
//!
//! The real one wakes each `nodeMonitorPeriod` and looks at all nodes. Here ticks lie on the same grid, but one happens only
//! when some node needs a look, and looks at those nodes only.

mod health;
mod pass;
#[cfg(test)]
mod tests;
mod zones;

use super::ControllerManager;
use crate::actor::client::Limits;
use crate::actor::{Actor, Ctx, EventNote, EventType, Kinds, Ticket};
use crate::api::{Answer, Verb};
use crate::base::{Span, Time};
use crate::model::{Kind, Obj, ObjectReference, PodCondition, Str, Taint, Timestamp, zone_key};
use crate::store::{Change, Key};
use health::{Health, Periods, Ready};
use pass::{Pass, Procedure};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use zones::{Rates, Zones};

/// Where the leases of nodes live.
const LEASE_NAMESPACE: &str = "kube-node-lease";
/// Label of nodes that do not count for the state of their zone.
const EXCLUDED: &str = "node.kubernetes.io/exclude-disruption";
/// How often nodes that wait for their taint are looked at.
const TAINT_PERIOD: Span = Span::from_ms(100);
/// Nodes worked on at a time.
const WORKERS: usize = 8;

const TICK: u64 = 0;
const TAINT: u64 = 1;

/// A node as the controller knows it.
#[derive(Debug, Default)]
struct Watched {
    uid: Str,
    zone: String,
    health: Health,
    ready: Ready,
    excluded: bool,
    /// Pods could not be marked: to be tried again.
    retry: bool,
    /// When to look at it without being told.
    due: Option<Time>,
}

/// What an answer is for.
enum Wait {
    /// A node's procedure in the present pass.
    Procedure(Str),
    /// The NoExecute taint of a node of this zone, and the opposite one to be taken off after.
    Taint { zone: String, node: Str, then: Option<Verb> },
    /// A pod that was bound to a node that is not ready.
    Pod(Obj),
    /// The opposite taint of a node of this zone, which was to be taken off after the new one was put on.
    Opposite { zone: String, node: Str },
    /// A NoExecute taint to be taken off a node, as no node of the cluster is ready.
    Pardon(Str),
}

/// The controller.
pub struct NodeLifecycle {
    periods: Periods,
    limits: Option<Limits>,
    nodes: BTreeMap<Str, Watched>,
    zones: Zones,
    /// Nodes to be looked at in the next tick.
    dirty: BTreeSet<Str>,
    /// Nodes to be looked at without being told, by time.
    due: BTreeSet<(Time, Str)>,
    /// Ticks that are set.
    ticks: BTreeSet<Time>,
    last_tick: Option<Time>,
    taint_at: Option<Time>,
    pass: Option<Pass>,
    waits: BTreeMap<Ticket, Wait>,
}

impl NodeLifecycle {
    /// With the kube-controller-manager's settings.
    pub fn new(settings: &ControllerManager) -> NodeLifecycle {
        let monitor = settings.node_monitor_period.max(Span::from_ms(1));
        NodeLifecycle {
            periods: Periods { monitor, grace: settings.node_monitor_grace_period, startup_grace: settings.node_startup_grace_period },
            limits: settings.client_limits(),
            nodes: BTreeMap::new(),
            zones: Zones::new(Rates {
                normal: settings.node_eviction_rate,
                secondary: settings.secondary_node_eviction_rate,
                large_zone: settings.large_cluster_size_threshold,
                unhealthy_share: settings.unhealthy_zone_threshold,
            }),
            dirty: BTreeSet::new(),
            due: BTreeSet::new(),
            ticks: BTreeSet::new(),
            last_tick: None,
            taint_at: None,
            pass: None,
            waits: BTreeMap::new(),
        }
    }

    fn mark(&mut self, node: Str, cx: &mut Ctx<'_>) {
        self.dirty.insert(node);
        self.set_tick(cx.now, cx);
    }

    /// Sees to it that there is a tick at or after an instant, on the grid.
    fn set_tick(&mut self, at: Time, cx: &mut Ctx<'_>) {
        let mut tick = at.max(cx.now).round_up(self.periods.monitor);
        if self.last_tick.is_some_and(|last| tick <= last) {
            tick = self.last_tick.unwrap_or_default() + self.periods.monitor;
        }
        if self.ticks.insert(tick) {
            cx.wake_at(tick, TICK);
        }
    }

    fn tick(&mut self, cx: &mut Ctx<'_>) {
        self.ticks = self.ticks.split_off(&(cx.now + Span(1)));
        if self.pass.is_some() {
            // The last pass takes longer than a period: the next one comes after it.
            return;
        }
        while let Some((at, node)) = self.due.first().cloned()
            && at <= cx.now
        {
            self.due.remove(&(at, node.clone()));
            if self.nodes.get(&node).is_some_and(|watched| watched.due == Some(at)) {
                self.dirty.insert(node);
            }
        }
        if self.dirty.is_empty() {
            return;
        }
        self.last_tick = Some(cx.now);
        let nodes = std::mem::take(&mut self.dirty);
        let (present, gone): (Vec<Str>, Vec<Str>) = nodes.into_iter().partition(|name| cx.view.find(Kind::Node, "", name).is_some());
        let mut fresh = BTreeSet::new();
        for name in &present {
            let Some(node) = cx.view.find(Kind::Node, "", name) else { continue };
            if !self.nodes.contains_key(name) {
                fresh.insert(name.clone());
                node_event(name, &node.meta.uid, "RegisteredNode", format!("Registered Node {name} in Controller"), cx);
            }
            let watched = self.nodes.entry(name.clone()).or_default();
            watched.uid = node.meta.uid.clone();
            watched.zone = zone_key(&node.meta.labels);
            watched.excluded = node.meta.labels.contains(EXCLUDED);
            self.zones.get(&watched.zone);
        }
        for name in gone {
            if let Some(watched) = self.nodes.remove(&name) {
                node_event(&name, &watched.uid, "RemovingNode", format!("Removing Node {name} from Controller"), cx);
            }
        }
        self.pass = Some(Pass { waiting: present.into(), fresh, procedures: BTreeMap::new() });
        self.pump(cx);
    }

    /// Gives free workers their nodes; ends the pass when none is left.
    fn pump(&mut self, cx: &mut Ctx<'_>) {
        while let Some(pass) = &mut self.pass {
            if pass.procedures.len() >= WORKERS {
                return;
            }
            let Some(name) = pass.waiting.pop_front() else {
                if pass.procedures.is_empty() {
                    self.end_pass(cx);
                }
                return;
            };
            let fresh = pass.fresh.remove(&name);
            let Some(node) = cx.view.find(Kind::Node, "", &name).cloned() else { continue };
            self.begin(name, Procedure::new(node, fresh), cx);
        }
    }

    fn end_pass(&mut self, cx: &mut Ctx<'_>) {
        self.pass = None;
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for watched in self.nodes.values().filter(|watched| !watched.excluded) {
            let (ready, not_ready) = counts.entry(watched.zone.clone()).or_default();
            *(if watched.ready == Ready::True { ready } else { not_ready }) += 1;
        }
        match self.zones.update(&counts, cx.now) {
            zones::Turn::None => {}
            zones::Turn::EnterMasterDisruption => self.pardon_all(cx),
            zones::Turn::ExitMasterDisruption => self.nodes.values_mut().for_each(|watched| watched.health.probe = cx.now),
        }
        self.set_taint_timer(cx);
        if !self.dirty.is_empty() || self.due.first().is_some_and(|(at, _)| *at <= cx.now) {
            self.set_tick(cx.now + Span(1), cx);
        }
    }

    /// No node is ready: it is rather the control plane that is cut off, so no pod shall be evicted.
    fn pardon_all(&mut self, cx: &mut Ctx<'_>) {
        for (name, watched) in &self.nodes {
            self.zones.get(&watched.zone).remove(name);
            let Some(node) = cx.view.find(Kind::Node, "", name) else { continue };
            for verb in pass::pardons(node) {
                self.waits.insert(cx.request(verb), Wait::Pardon(name.clone()));
            }
        }
    }

    fn set_taint_timer(&mut self, cx: &mut Ctx<'_>) {
        let Some(next) = self.zones.next() else { return };
        let at = next.max(cx.now + Span(1)).round_up(TAINT_PERIOD);
        if self.taint_at.is_none_or(|set| set <= cx.now || at < set) {
            self.taint_at = Some(at);
            cx.wake_at(at, TAINT);
        }
    }

    /// Puts the NoExecute taint on the nodes whose turn it is.
    fn taint(&mut self, cx: &mut Ctx<'_>) {
        for (key, zone) in self.zones.iter_mut() {
            while let Some(name) = zone.take(cx.now) {
                let Some(node) = cx.view.find(Kind::Node, "", &name) else { continue };
                let Some(body) = node.as_node() else { continue };
                let (add, opposite) = match Ready::of(body.condition("Ready")) {
                    Ready::False => (not_ready(), unreachable()),
                    Ready::Unknown => (unreachable(), not_ready()),
                    Ready::Missing => {
                        zone.put_back(name);
                        break;
                    }
                    // Ready again meanwhile.
                    Ready::True => continue,
                };
                let target = Key::of(node);
                let then = body.spec.taints.iter().any(|taint| taint.matches(&opposite));
                let then = then.then(|| super::node_taints::remove_taints(target.clone(), vec![opposite]));
                let ticket = cx.request(super::node_taints::add_taints(target, vec![add], cx.timestamp()));
                self.waits.insert(ticket, Wait::Taint { zone: key.clone(), node: name, then });
            }
        }
        self.set_taint_timer(cx);
    }

    fn tainted(&mut self, zone: String, node: Str, then: Option<Verb>, answer: &Answer, cx: &mut Ctx<'_>) {
        match (answer, then) {
            (Ok(_), Some(verb)) => {
                let ticket = cx.request(verb);
                self.waits.insert(ticket, Wait::Opposite { zone, node });
            }
            (Ok(_), None) => {}
            (Err(error), _) if error.code() == 404 => {}
            (Err(_), _) => {
                self.zones.get(&zone).put_back(node);
                self.set_taint_timer(cx);
            }
        }
    }

    /// A pod came to a node that is not ready: it cannot be ready either.
    fn pod_bound(&mut self, pod: &Obj, cx: &mut Ctx<'_>) {
        let Some(body) = pod.as_pod() else { return };
        let lost = self.nodes.get(&body.node_name).is_some_and(|watched| matches!(watched.ready, Ready::False | Ready::Unknown));
        if let Some(verb) = lost.then(|| mark_not_ready(pod, cx.timestamp())).flatten() {
            self.waits.insert(cx.request(verb), Wait::Pod(pod.clone()));
        }
    }
}

impl Actor for NodeLifecycle {
    fn name(&self) -> &str {
        "node-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Node, Kind::Lease, Kind::Pod])
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        let is_bound = |pod: &Obj| pod.as_pod().is_some_and(|pod| pod.is_bound());
        change.kind() != Kind::Pod || change.after.is_some_and(is_bound) && !change.before.is_some_and(is_bound)
    }

    fn changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
        let object = change.object();
        match object.kind() {
            Kind::Node => self.mark(object.meta.name.clone(), cx),
            Kind::Lease if &*object.meta.namespace == LEASE_NAMESPACE => {
                if cx.view.find(Kind::Node, "", &object.meta.name).is_some() {
                    self.mark(object.meta.name.clone(), cx);
                }
            }
            Kind::Pod => {
                let is_bound = |pod: &Obj| pod.as_pod().is_some_and(|pod| pod.is_bound());
                if change.after.is_some_and(is_bound) && !change.before.is_some_and(is_bound) {
                    self.pod_bound(object, cx);
                }
            }
            _ => {}
        }
    }

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        match token {
            TICK => self.tick(cx),
            _ if self.taint_at == Some(cx.now) => {
                self.taint_at = None;
                self.taint(cx);
            }
            _ => {}
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        match self.waits.remove(&ticket).expect("each answer is waited for") {
            Wait::Procedure(name) => {
                self.advance(name, answer, cx);
                self.pump(cx);
            }
            Wait::Taint { zone, node, then } => self.tainted(zone, node, then, &answer, cx),
            Wait::Pod(pod) => {
                marked(&pod, &answer, cx);
            }
            Wait::Opposite { zone, node } => self.tainted(zone, node, None, &answer, cx),
            // The next tick looks at it again, and takes the taint off if the node is ready by then.
            Wait::Pardon(node) if answer.is_err() => self.mark(node, cx),
            Wait::Pardon(_) => {}
        }
    }
}

fn unreachable() -> Taint {
    Taint { key: "node.kubernetes.io/unreachable".into(), effect: "NoExecute".into(), ..Taint::default() }
}

fn not_ready() -> Taint {
    Taint { key: "node.kubernetes.io/not-ready".into(), effect: "NoExecute".into(), ..Taint::default() }
}

fn node_reference(name: &Str, uid: &Str) -> ObjectReference {
    ObjectReference { kind: "Node".into(), name: name.clone(), uid: uid.clone(), api_version: "v1".into(), ..ObjectReference::default() }
}

fn node_event(name: &Str, uid: &Str, reason: &'static str, text: String, cx: &mut Ctx<'_>) {
    let message = format!("Node {name} event: {text}");
    let about = node_reference(name, uid);
    cx.note(EventNote::of(about, EventType::Normal, reason, message));
}

/// The write that makes a pod not ready; nothing if it is so already or has never said.
fn mark_not_ready(pod: &Obj, now: Timestamp) -> Option<Verb> {
    let mut after = (**pod).clone();
    let body = after.as_pod_mut()?;
    let ready = body.condition("Ready")?.clone();
    let condition = PodCondition { status: "False".into(), ..ready };
    Arc::make_mut(&mut body.status).update_condition(condition, now).then(|| Verb::UpdateStatus(Box::new(after)))
}

/// Notes the Event that follows the write. Says whether the write is to be tried again.
fn marked(pod: &Obj, answer: &Answer, cx: &mut Ctx<'_>) -> bool {
    if answer.as_ref().is_err_and(|error| error.code() == 404) {
        return false;
    }
    cx.event(pod, EventType::Warning, "NodeNotReady", "Node is not ready");
    answer.is_err()
}

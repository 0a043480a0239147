//! One reconciliation of a DaemonSet: its revision, a pod on each node that wants one, rolling update, status.
//! Real: pkg/controller/daemon/{daemon_controller.go,update.go} @ v1.37.2.

use super::consistency::Consistency;
use super::control::{controller_ref, is_available};
use super::controller_history::{self as history, number, same_data, template_patch};
use super::daemonset_nodes::*;
use super::endpointslice::{aggregate, is_namespace_ending};
use crate::actor::expectations::Expectations;
use crate::actor::script::{Run, Script, fail, outcome};
use crate::actor::{Ctx, EventType};
use crate::api::{Answer, Verb};
use crate::base::collections::Map;
use crate::base::{Span, Time};
use crate::model::{
    Body, ControllerRevision, ControllerRevisionFields, DaemonSet, DaemonSetStatus, IntOrString, Meta, Obj, Object, PodPhase, Str,
};
use crate::store::{Id, Key};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most pods created, and most deleted, in one reconciliation.
const BURST: usize = 250;
/// Back-off of failed pods: first and longest.
const FAILED_BACKOFF_MIN: Span = Span::from_s(1);
const FAILED_BACKOFF_MAX: Span = Span::from_s(15 * 60);

/// How long failed pods of a node are left alone.
#[derive(Default)]
pub struct FailedPods(Map<(Str, i64, Str), (Span, Time)>);

impl FailedPods {
    /// How long the pod on this node has still to be left alone; if not at all, its next failure will have to wait longer.
    fn wait(&mut self, set: &Object, node: &Str, now: Time) -> Option<Span> {
        let observed = set.as_daemon_set().map_or(0, |set| set.status.observed_generation);
        let key = (set.meta.uid.clone(), observed, node.clone());
        match self.0.get_mut(&key) {
            Some((backoff, since)) if now.since(*since) <= FAILED_BACKOFF_MAX * 2 => {
                if now.since(*since) < *backoff {
                    return Some(*backoff);
                }
                (*backoff, *since) = ((*backoff * 2).min(FAILED_BACKOFF_MAX), now);
            }
            _ => {
                self.0.insert(key, (FAILED_BACKOFF_MIN, now));
            }
        }
        None
    }
}

/// A node, and what the set wants of it.
#[derive(Debug)]
pub struct NodeWish {
    /// The node's name.
    pub name: Str,
    /// Whether a pod shall run there.
    pub run: bool,
    /// Whether a pod that is there may stay.
    pub keep: bool,
}

/// What a reconciliation works from.
#[derive(Debug)]
pub struct Snapshot {
    /// The set.
    pub set: Obj,
    /// Its pods.
    pub pods: Vec<Obj>,
    /// All nodes.
    pub nodes: Vec<NodeWish>,
    /// Its revisions and those it may adopt, oldest first.
    pub revisions: Vec<Obj>,
    /// When it was taken.
    pub now: Time,
    /// Whether all that was expected had been seen then.
    pub satisfied: bool,
}

/// What is to be created and deleted, decided once in a reconciliation.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    /// Nodes that need a pod.
    pub create: Vec<Str>,
    /// Pods to be deleted.
    pub delete: Vec<Obj>,
    /// When failed pods are looked at again.
    pub again: Option<Span>,
}

/// One reconciliation.
pub struct Reconcile<'a, 'c> {
    /// What it works from.
    pub given: &'a Snapshot,
    /// Decided in an earlier turn.
    pub moves: &'a mut Option<Moves>,
    /// The set's key.
    pub key: Id,
    /// What was written.
    pub consistency: &'a mut Consistency,
    /// What is to be seen before pods are created or deleted again.
    pub expectations: &'a mut Expectations,
    /// Failed pods.
    pub failed: &'a mut FailedPods,
    /// The world.
    pub cx: &'a mut Ctx<'c>,
}

type ByNode = BTreeMap<Str, Vec<Obj>>;

/// Pods by the node they are on or meant for. Those that have ended and only wait for their removal do not count.
fn by_node(pods: &[Obj]) -> ByNode {
    let mut nodes = ByNode::new();
    for pod in pods.iter().filter(|pod| !(pod.meta.is_deleting() && pod.as_pod().is_some_and(|pod| pod.is_terminal()))) {
        if let Some(node) = target_node(pod) {
            nodes.entry(node).or_default().push(pod.clone());
        }
    }
    nodes
}

/// Pods with a node first, then the oldest.
fn sort_pods(pods: &mut [Obj]) {
    pods.sort_by(|a, b| {
        let key = |pod: &Obj| (!pod.as_pod().is_some_and(|pod| pod.is_bound()), pod.meta.creation_timestamp);
        key(a).cmp(&key(b)).then_with(|| a.meta.name.cmp(&b.meta.name))
    });
}

impl Reconcile<'_, '_> {
    /// The whole; gives when to look again, if at all.
    pub fn run(&mut self, script: &mut Script<'_>) -> Run<Option<Span>> {
        let (current, old) = self.revision(script)?;
        let hash = current.meta.labels.get(HASH_LABEL).unwrap_or_default().to_string();
        if !self.given.satisfied {
            return self.write_status(script, &hash, false);
        }
        let updated = outcome(self.update(script, &hash, &old))?;
        let status = outcome(self.write_status(script, &hash, true))?;
        match (updated, status) {
            (Ok(()), Ok(again)) => Ok([again, self.moves.as_ref().and_then(|moves| moves.again)].into_iter().flatten().min()),
            (Err(error), _) | (_, Err(error)) => fail(error),
        }
    }

    fn body(&self) -> &DaemonSet {
        self.given.set.as_daemon_set().expect("a DaemonSet")
    }

    /// The revision of the present template, and the others.
    fn revision(&mut self, script: &mut Script<'_>) -> Run<(Obj, Vec<Obj>)> {
        let set = &self.given.set;
        let patch = template_patch(&self.body().spec.template);
        let holds = |revision: &Obj| revision.as_controller_revision().is_some_and(|revision| revision.data == patch);
        let (same, old): (Vec<Obj>, Vec<Obj>) = self.given.revisions.iter().cloned().partition(holds);
        let next = old.iter().map(|revision| number(revision)).max().unwrap_or(0) + 1;
        let Some(keep) = same.iter().max_by_key(|revision| number(revision)).cloned() else {
            return Ok((self.create_revision(script, patch, next)?, old));
        };
        if same.len() > 1 {
            let label = keep.meta.labels.get_str(HASH_LABEL).cloned().unwrap_or_default();
            for pod in self.given.pods.iter().filter(|pod| pod.meta.labels.get_str(HASH_LABEL) != Some(&label)) {
                let label = label.clone();
                script.call(Verb::edit(Key::of(pod), move |pod| pod.meta.labels.set(HASH_LABEL, label.clone())))?.or_else(fail)?;
            }
            for double in same.iter().filter(|double| double.meta.name != keep.meta.name) {
                script.call(Verb::delete(Key::of(double)))?.or_else(fail)?;
            }
        }
        if number(&keep) < next {
            history::renumber(script, &keep, next)?;
        }
        debug_assert!(keep.meta.owner_references.iter().any(|owner| owner.uid == set.meta.uid) || keep.meta.controller().is_none());
        Ok((keep, old))
    }

    fn create_revision(&mut self, script: &mut Script<'_>, patch: serde_json::Value, revision: i64) -> Run<Obj> {
        let (set, body) = (&self.given.set, self.body());
        let mut bytes = serde_json::to_vec(&patch).expect("JSON serialises");
        if let Some(collisions) = body.status.collision_count {
            bytes.extend(collisions.to_le_bytes());
        }
        let hash = history::safe_encode(&history::fnv32(&bytes).to_string());
        let mut labels = body.spec.template.metadata.labels.clone();
        labels.set(HASH_LABEL, hash.as_str());
        let meta = Meta {
            name: format!("{}-{hash}", set.meta.name).into(),
            namespace: set.meta.namespace.clone(),
            labels,
            annotations: set.meta.annotations.clone(),
            owner_references: Arc::from([controller_ref(set)]),
            ..Meta::default()
        };
        let fields = ControllerRevisionFields { data: patch, revision, ..ControllerRevisionFields::default() };
        let wanted = Object { meta, body: Body::ControllerRevision(ControllerRevision::from(fields)) };
        let error = match script.call(Verb::Create(Box::new(wanted.clone())))? {
            Ok(created) => return Ok(created),
            Err(error) if error.code() == 409 => error,
            Err(error) => return fail(error),
        };
        let present = script.call(Verb::Get(Key::of(&wanted)))?.or_else(fail)?;
        if same_data(&present, &wanted) {
            return Ok(present);
        }
        let known = body.status.collision_count.unwrap_or(0);
        let count = move |set: &mut Object| {
            if let Some(set) = set.as_daemon_set_mut() {
                Arc::make_mut(&mut set.status).collision_count = Some(known + 1);
            }
        };
        script.call(Verb::edit_status(Key::of(set), count))?.or_else(fail)?;
        fail(error)
    }

    fn update(&mut self, script: &mut Script<'_>, hash: &str, old: &[Obj]) -> Run<()> {
        if self.moves.is_none() {
            let moves = self.wanted_moves(hash);
            *self.moves = Some(moves);
        }
        let moves = self.moves.clone().unwrap_or_default();
        let idle = self.sync_nodes(script, &moves.delete, &moves.create, hash)? == 0;
        if idle && self.body().spec.update_strategy.r#type != "OnDelete" {
            let moves = self.rolling_moves(hash);
            self.sync_nodes(script, &moves.delete, &moves.create, hash)?;
        }
        let limit = self.body().spec.revision_history_limit.unwrap_or(10);
        let live: Vec<&str> = self.given.pods.iter().filter_map(|pod| pod.meta.labels.get(HASH_LABEL)).collect();
        let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        let dead = old.iter().filter(|revision| !revision.meta.labels.get(HASH_LABEL).is_some_and(|hash| live.contains(&hash)));
        for revision in dead.take(surplus) {
            if let Err(error) = script.call(Verb::delete(Key::of(revision)))? {
                return fail(format!("failed to clean up revisions of DaemonSet: {error}"));
            }
        }
        Ok(())
    }

    /// Which nodes need a pod, and which pods are too many, failed or unwanted.
    fn wanted_moves(&mut self, hash: &str) -> Moves {
        let mut moves = Moves::default();
        let mut pods = by_node(&self.given.pods);
        for node in &self.given.nodes {
            let on_node = pods.remove(&node.name);
            match on_node {
                None if node.run => moves.create.push(node.name.clone()),
                Some(on_node) if node.keep => self.moves_on_node(node, &on_node, hash, &mut moves),
                Some(on_node) => moves.delete.extend(on_node.into_iter().filter(|pod| !pod.meta.is_deleting())),
                None => {}
            }
        }
        // What is meant for a node that is gone will never be scheduled.
        let lost = pods.into_values().flatten().filter(|pod| pod.as_pod().is_some_and(|pod| !pod.is_bound()));
        moves.delete.extend(lost);
        moves
    }

    fn moves_on_node(&mut self, node: &NodeWish, pods: &[Obj], hash: &str, moves: &mut Moves) {
        let mut running: Vec<Obj> = Vec::new();
        for pod in pods.iter().filter(|pod| !pod.meta.is_deleting()) {
            let phase = pod.as_pod().map(|pod| pod.status.phase);
            let name = format!("{}/{}", pod.meta.namespace, pod.meta.name);
            match phase {
                Some(PodPhase::Failed) => {
                    if let Some(wait) = self.failed.wait(&self.given.set, &node.name, self.cx.now) {
                        moves.again = Some(moves.again.map_or(wait, |again| again.min(wait)));
                        continue;
                    }
                    let message = format!("Found failed daemon pod {name} on node {}, will try to kill it", node.name);
                    self.cx.event(&self.given.set, EventType::Warning, "FailedDaemonPod", message);
                    moves.delete.push(pod.clone());
                }
                Some(PodPhase::Succeeded) => {
                    let message = format!("Found succeeded daemon pod {name} on node {}, will try to delete it", node.name);
                    self.cx.event(&self.given.set, EventType::Normal, "SucceededDaemonPod", message);
                    moves.delete.push(pod.clone());
                }
                _ => running.push(pod.clone()),
            }
        }
        sort_pods(&mut running);
        if self.limits(1).0 == 0 {
            moves.delete.extend(running.into_iter().skip(1));
            return;
        }
        if running.is_empty() && node.run {
            moves.create.push(node.name.clone());
        }
        if running.len() > 1 {
            self.surplus_in_surge(running, hash, moves);
        }
    }

    /// Of several pods on a node one new and one old may stay, until the new one is available or the old one not ready.
    fn surplus_in_surge(&self, running: Vec<Obj>, hash: &str, moves: &mut Moves) {
        let (mut new, mut old): (Option<Obj>, Option<Obj>) = (None, None);
        for pod in running {
            let place = if pod.meta.labels.get(HASH_LABEL) == Some(hash) { &mut new } else { &mut old };
            match place {
                None => *place = Some(pod),
                Some(_) => moves.delete.push(pod),
            }
        }
        if let (Some(new), Some(old)) = (new, old)
            && (!old.as_pod().is_some_and(|pod| pod.is_ready()) || self.is_available(&new))
        {
            moves.delete.push(old);
        }
    }

    fn is_available(&self, pod: &Obj) -> bool {
        let min_ready = self.body().spec.min_ready_seconds;
        pod.as_pod().is_some_and(|pod| is_available(pod, min_ready, self.cx.clock, self.given.now))
    }

    /// maxSurge and maxUnavailable for so many nodes.
    fn limits(&self, desired: usize) -> (usize, usize) {
        let strategy = &self.body().spec.update_strategy;
        let Some(rolling) = strategy.rolling_update.as_ref().filter(|_| strategy.r#type != "OnDelete") else { return (0, 0) };
        let scaled = |wish: Option<&IntOrString>| wish.and_then(|wish| wish.scaled(desired as i32, true)).unwrap_or(0).max(0) as usize;
        (scaled(rolling.max_surge.as_ref()), scaled(rolling.max_unavailable.as_ref()))
    }

    /// The old and the new pod on a node, if there is at most one of each.
    fn pair(&self, pods: &[Obj], hash: &str) -> Option<(Option<Obj>, Option<Obj>)> {
        let (mut new, mut old) = (None, None);
        for pod in pods.iter().filter(|pod| !pod.meta.is_deleting()) {
            let place = if is_updated(&self.given.set, pod, hash) { &mut new } else { &mut old };
            if place.replace(pod.clone()).is_some() {
                return None;
            }
        }
        Some((new, old))
    }

    fn rolling_moves(&self, hash: &str) -> Moves {
        let mut pods = by_node(&self.given.pods);
        let wanted: Vec<&NodeWish> = self.given.nodes.iter().filter(|node| node.run).collect();
        for node in &wanted {
            pods.entry(node.name.clone()).or_default();
        }
        let (surge, mut unavailable) = self.limits(wanted.len());
        if !wanted.is_empty() && surge == 0 && unavailable == 0 {
            unavailable = 1;
        }
        // In the order of the nodes, as far as they are there.
        let known = self.given.nodes.iter().filter_map(|node| pods.remove(&node.name).map(|pods| (node.name.clone(), Some(node), pods)));
        let mut nodes: Vec<(Str, Option<&NodeWish>, Vec<Obj>)> = known.collect();
        nodes.extend(pods.into_iter().map(|(name, pods)| (name, None, pods)));
        if surge == 0 { self.replace_in_place(&nodes, unavailable, hash) } else { self.replace_beside(&nodes, surge, wanted.len(), hash) }
    }

    /// Without surge: old pods are deleted as long as not too many are unavailable.
    fn replace_in_place(&self, nodes: &[(Str, Option<&NodeWish>, Vec<Obj>)], max_unavailable: usize, hash: &str) -> Moves {
        let mut unavailable = 0;
        let (mut broken, mut working) = (Vec::new(), Vec::new());
        for (_, _, pods) in nodes {
            match self.pair(pods, hash) {
                Some((Some(new), None)) => unavailable += usize::from(!self.is_available(&new)),
                Some((None, Some(old))) if !self.is_available(&old) => {
                    broken.push(old);
                    unavailable += 1;
                }
                Some((None, Some(old))) => {
                    if unavailable < max_unavailable {
                        working.push(old);
                    }
                }
                _ => unavailable += 1,
            }
        }
        working.truncate(max_unavailable.saturating_sub(unavailable));
        broken.extend(working);
        Moves { delete: broken, ..Moves::default() }
    }

    /// With surge: new pods come beside old ones, which go once the new ones are available.
    fn replace_beside(&self, nodes: &[(Str, Option<&NodeWish>, Vec<Obj>)], max_surge: usize, desired: usize, hash: &str) -> Moves {
        let mut moves = Moves::default();
        let (mut unwanted, mut candidates) = (Vec::new(), Vec::new());
        let (mut surging, mut available) = (0, 0);
        for (name, node, pods) in nodes {
            let Some((new, old)) = self.pair(pods, hash) else {
                surging += 1;
                continue;
            };
            available += usize::from(old.as_ref().or(new.as_ref()).is_some_and(|pod| self.is_available(pod)));
            let run = node.is_some_and(|node| node.run);
            match (new, old) {
                (_, None) => {}
                (None, Some(old)) => match (self.is_available(&old), run) {
                    (false, false) => moves.delete.push(old),
                    (false, true) => moves.create.push(name.clone()),
                    (true, false) => unwanted.push(old),
                    (true, true) if surging < max_surge => candidates.push(name.clone()),
                    (true, true) => {}
                },
                (Some(new), Some(_)) if !self.is_available(&new) => surging += 1,
                (Some(_), Some(old)) => moves.delete.push(old),
            }
        }
        unwanted.truncate(available.saturating_sub(desired));
        moves.delete.extend(unwanted);
        candidates.truncate(max_surge.saturating_sub(surging));
        moves.create.extend(candidates);
        moves
    }

    /// Creates pods in growing batches, then deletes pods all at once. Gives how many were created and deleted.
    fn sync_nodes(&mut self, script: &mut Script<'_>, delete: &[Obj], create: &[Str], hash: &str) -> Run<usize> {
        let (create, delete) = (&create[..create.len().min(BURST)], &delete[..delete.len().min(BURST)]);
        if script.is_live() {
            self.expectations.expect(self.key, create.len(), delete.len(), self.cx.now);
        }
        let set = self.given.set.clone();
        let (created, mut errors) = script.slow_start(create.len(), BURST, |at, script| {
            let answer = script.call(Verb::Create(Box::new(new_pod(&set, hash, &create[at]))))?;
            if script.is_live() {
                self.created(&answer);
            }
            match answer {
                Err(error) if !is_namespace_ending(&error) => fail(error),
                _ => Ok(()),
            }
        })?;
        if script.is_live() {
            for _ in created + errors.len()..create.len() {
                self.expectations.creation_observed(self.key);
            }
        }
        let ends = script.side_by_side(delete.len(), |at, script| {
            let answer = script.call(Verb::delete(Key::of(&delete[at])))?;
            if script.is_live() {
                self.deleted(&delete[at], &answer);
            }
            match answer {
                Ok(_) => Ok(1),
                Err(error) if error.code() == 404 => Ok(0),
                Err(error) => fail(format!("unable to delete pods: {error}")),
            }
        })?;
        let deleted: usize = ends.iter().flatten().sum();
        errors.extend(ends.into_iter().filter_map(Result::err));
        if errors.is_empty() { Ok(created + deleted) } else { fail(aggregate(&errors)) }
    }

    fn created(&mut self, answer: &Answer) {
        match answer {
            Ok(pod) => {
                self.consistency.wrote(self.key, pod);
                self.cx.event(&self.given.set, EventType::Normal, "SuccessfulCreate", format!("Created pod: {}", pod.meta.name));
            }
            Err(error) if is_namespace_ending(error) => {}
            Err(error) => {
                self.cx.event(&self.given.set, EventType::Warning, "FailedCreate", format!("Error creating: {error}"));
                self.expectations.creation_observed(self.key);
            }
        }
    }

    fn deleted(&mut self, pod: &Obj, answer: &Answer) {
        match answer {
            Ok(_) => {
                self.cx.event(&self.given.set, EventType::Normal, "SuccessfulDelete", format!("Deleted pod: {}", pod.meta.name));
            }
            Err(error) => {
                if error.code() != 404 {
                    self.cx.event(&self.given.set, EventType::Warning, "FailedDelete", format!("Error deleting: {error}"));
                }
                self.expectations.deletion_observed(self.key, &pod.meta.uid);
            }
        }
    }

    /// The status that the pods give, as the view shows them by now.
    fn status(&self, hash: &str, observed: bool) -> DaemonSetStatus {
        let body = self.body();
        let own = self.cx.view.controlled_by(crate::model::Kind::Pod, &self.given.set.meta.uid);
        let pods: Vec<Obj> = own.map(|(_, pod)| pod.clone()).collect();
        let mut nodes = by_node(&pods);
        let mut status = DaemonSetStatus {
            observed_generation: if observed { self.given.set.meta.generation } else { body.status.observed_generation },
            collision_count: body.status.collision_count,
            conditions: body.status.conditions.clone(),
            rest: body.status.rest.clone(),
            ..DaemonSetStatus::default()
        };
        for node in &self.given.nodes {
            let pods = nodes.get_mut(&node.name);
            if !node.run {
                status.number_misscheduled += i32::from(pods.is_some());
                continue;
            }
            status.desired_number_scheduled += 1;
            let Some(pods) = pods else { continue };
            status.current_number_scheduled += 1;
            sort_pods(pods);
            if pods[0].as_pod().is_some_and(|pod| pod.is_ready()) {
                status.number_ready += 1;
                status.number_available += i32::from(self.is_available(&pods[0]));
            }
            status.updated_number_scheduled += i32::from(is_updated(&self.given.set, &pods[0], hash));
        }
        status.number_unavailable = status.desired_number_scheduled - status.number_available;
        status
    }

    fn write_status(&mut self, script: &mut Script<'_>, hash: &str, observed: bool) -> Run<Option<Span>> {
        let status = self.status(hash, observed);
        let min_ready = self.body().spec.min_ready_seconds;
        let again = (min_ready > 0 && status.number_ready != status.number_available).then(|| Span::from_s(min_ready as u64));
        let behind = self.body().status.observed_generation < self.given.set.meta.generation;
        // The view may show more by the time of the answer: what was sent before counts.
        if !script.is_answered() && status == *self.body().status && !behind {
            return Ok(again);
        }
        let mut set = (*self.given.set).clone();
        let status = Arc::new(status);
        set.as_daemon_set_mut().expect("a DaemonSet").status = status.clone();
        let mut answer = script.call(Verb::UpdateStatus(Box::new(set)))?;
        if answer.is_err() {
            let change = move |set: &mut Object| {
                if let Some(set) = set.as_daemon_set_mut() {
                    set.status = status.clone();
                }
            };
            answer = script.call(Verb::edit_status(Key::of(&self.given.set), change))?;
        }
        match answer {
            Ok(written) => {
                self.consistency.wrote(self.key, &written);
                Ok(again)
            }
            Err(error) => fail(format!("error storing status for daemon set {}: {error}", self.given.set.meta.name)),
        }
    }
}

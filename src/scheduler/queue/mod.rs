//! The scheduling queue: active pods by priority and age, pods in backoff, pods that nothing could make schedulable yet, and
//! pods in flight with the events that they miss. Which events bring which pods back is asked of the plugins' queueing hints.
//!
//! The queue has no clock: time comes in with each call. It knows nothing of plugins: it asks its [`Env`].
//!
//! Real: pkg/scheduler/backend/queue/{scheduling_queue,active_queue,backoff_queue,unschedulable_entities}.go @ v1.37.2, with
//! the default feature gates (pop from the backoff queue, hints, asynchronous preemption; no pod groups).

mod backoff;
mod heap;
mod in_flight;
mod info;
mod pool;

pub use info::{PodKey, QueuedPodInfo, key_of};

use super::events::{ClusterEvent, pod_events};
use super::pod_info::PodInfo;
use crate::base::{Span, Time};
use crate::model::{Obj, Str};
use backoff::BackoffQueue;
use heap::Heap;
use in_flight::InFlight;
use info::ActiveRank;
use pool::Pool;
use std::borrow::Cow;
use std::sync::Arc;

/// What the queue asks of the rest of the scheduler.
pub trait Env {
    /// The PreEnqueue plugins of the pod's profile are asked, `first` before the others: which one keeps the pod out?
    fn gate(&self, pod: &PodInfo, first: Option<&'static str>) -> Option<&'static str>;

    /// Whether any plugin of any profile listens to the event.
    fn is_of_interest(&self, event: &ClusterEvent) -> bool;

    /// Whether the plugin listens to the event.
    fn listens(&self, plugin: &str, event: &ClusterEvent) -> bool;

    /// Whether the plugin, which rejected the pod, thinks that the event may change that.
    fn hint(&self, plugin: &str, pod: &PodInfo, event: &ClusterEvent, old: Option<&Obj>, new: Option<&Obj>) -> bool;
}

/// Where a pod is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Place {
    /// About to be tried.
    Active,
    /// Waiting for its backoff after a rejection; may be popped when nothing is active.
    Backoff,
    /// Waiting for its backoff after an error.
    ErrorBackoff,
    /// Waiting for an event.
    Unschedulable,
    /// Kept out by a PreEnqueue plugin.
    Gated,
    /// Being scheduled.
    InFlight,
}

/// A pod went from one place to another.
#[derive(Clone, PartialEq, Debug)]
pub struct Move {
    /// When.
    pub at: Time,
    /// What caused it.
    pub event: Cow<'static, str>,
    /// Which pod.
    pub pod: PodKey,
    /// Where it was; none if it is new, or was nowhere.
    pub from: Option<Place>,
    /// Where it is; none if it is gone.
    pub to: Option<Place>,
}

/// How a pod is to come back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Strategy {
    /// Not at all.
    Skip,
    /// After its backoff.
    AfterBackoff,
    /// At once.
    Immediately,
}

/// The queue.
#[derive(Clone, Debug)]
pub struct SchedulingQueue {
    active: Heap<PodKey, Box<QueuedPodInfo>, ActiveRank>,
    backoff: BackoffQueue,
    /// Unschedulable and gated pods. Events are put to them by name; the real queue walks them in random order.
    unschedulable: Pool,
    in_flight: InFlight,
    max_in_unschedulable: Span,
    cycle: u64,
    moves: Option<Vec<Move>>,
}

impl SchedulingQueue {
    /// An empty queue with these backoffs and this limit on the stay in the unschedulable pool.
    pub fn new(initial_backoff: Span, max_backoff: Span, max_in_unschedulable: Span) -> Self {
        Self {
            active: Heap::new(info::active_rank),
            backoff: BackoffQueue::new(initial_backoff, max_backoff),
            unschedulable: Pool::default(),
            in_flight: InFlight::default(),
            max_in_unschedulable,
            cycle: 0,
            moves: None,
        }
    }

    /// From now on moves are written down.
    pub fn record_moves(&mut self) {
        self.moves = Some(Vec::new());
    }

    /// The moves since the last call; none are kept unless `record_moves` was called.
    pub fn take_moves(&mut self) -> Vec<Move> {
        self.moves.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn moved(&mut self, at: Time, event: Cow<'static, str>, pod: &PodKey, from: Option<Place>, to: Option<Place>) {
        if from != to
            && let Some(moves) = &mut self.moves
        {
            moves.push(Move { at, event, pod: pod.clone(), from, to });
        }
    }

    /// Where a pod waits; none if it is not in the queue (it may be in flight).
    pub fn place(&self, key: &PodKey) -> Option<Place> {
        if self.active.get(key).is_some() {
            return Some(Place::Active);
        }
        if self.backoff.rejected.get(key).is_some() {
            return Some(Place::Backoff);
        }
        if self.backoff.failed.get(key).is_some() {
            return Some(Place::ErrorBackoff);
        }
        self.unschedulable.get(key).map(|info| if info.is_gated() { Place::Gated } else { Place::Unschedulable })
    }

    /// A waiting pod.
    pub fn get(&self, key: &PodKey) -> Option<&QueuedPodInfo> {
        let active = self.active.get(key).map(|info| &**info);
        active.or_else(|| self.backoff.get(key)).or_else(|| self.unschedulable.get(key))
    }

    /// How many pods were popped so far.
    pub fn cycle(&self) -> u64 {
        self.cycle
    }

    /// Whether `pop` gives something.
    pub fn can_pop(&self) -> bool {
        !self.active.is_empty() || !self.backoff.rejected.is_empty()
    }

    /// Whether any pod is unschedulable or gated.
    pub fn has_unschedulable(&self) -> bool {
        self.unschedulable.len() > 0
    }

    /// How many pods wait, gated ones included.
    pub fn len(&self) -> usize {
        self.active.len() + self.backoff.rejected.len() + self.backoff.failed.len() + self.unschedulable.len()
    }

    /// Whether no pod waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pods of a place in the order in which they would be popped (active and backoff), else by name.
    pub fn pods_at(&self, place: Place) -> Vec<QueuedPodInfo> {
        fn drain<R: Copy + Ord>(heap: &Heap<PodKey, Box<QueuedPodInfo>, R>) -> Vec<QueuedPodInfo> {
            let mut heap = heap.clone();
            std::iter::from_fn(move || heap.pop()).map(|info| *info).collect()
        }
        match place {
            Place::Active => drain(&self.active),
            Place::Backoff => drain(&self.backoff.rejected),
            Place::ErrorBackoff => drain(&self.backoff.failed),
            Place::Unschedulable | Place::Gated => {
                let gated = place == Place::Gated;
                self.unschedulable.iter().filter(|info| info.is_gated() == gated).cloned().collect()
            }
            Place::InFlight => Vec::new(),
        }
    }

    /// How many pods are at a place.
    pub fn count_at(&self, place: Place) -> usize {
        match place {
            Place::Active => self.active.len(),
            Place::Backoff => self.backoff.rejected.len(),
            Place::ErrorBackoff => self.backoff.failed.len(),
            Place::Unschedulable => self.unschedulable.iter().filter(|info| !info.is_gated()).count(),
            Place::Gated => self.unschedulable.iter().filter(|info| info.is_gated()).count(),
            Place::InFlight => self.in_flight.pods().count(),
        }
    }

    /// Pods in flight as they were popped, by unique id.
    pub fn in_flight(&self) -> impl Iterator<Item = &Obj> {
        self.in_flight.pods()
    }

    /// Whether a pod is in flight.
    pub fn is_in_flight(&self, uid: &str) -> bool {
        self.in_flight.has(uid)
    }

    /// How many events are kept for pods in flight.
    pub fn held_events(&self) -> usize {
        self.in_flight.held()
    }

    /// A new pod to schedule.
    pub fn add(&mut self, env: &impl Env, pod: Arc<PodInfo>, now: Time) {
        let info = Box::new(QueuedPodInfo::new(pod, now));
        let label = ClusterEvent::UNSCHEDULED_POD_ADD.label();
        let from = self.place(&info.key());
        self.move_to_active(env, info, label, from, true, now);
    }

    /// A pod has changed. Says whether it waits in the queue under its new version (and is not in flight).
    pub fn update(&mut self, env: &impl Env, old: &Obj, new: Arc<PodInfo>, now: Time) -> bool {
        let key = key_of(&new);
        let events = pod_events(&new.object, old, true);
        if self.in_flight.has(new.uid()) {
            for event in events {
                self.in_flight.note(event, Some(old), Some(&new.object));
            }
            return false;
        }
        let set = |info: &mut Box<QueuedPodInfo>| info.pod = new.clone();
        if self.active.update(&key, set) || self.backoff.update(&key, set) {
            return true;
        }
        // All events of one update make one move.
        let (before, moves) = (self.place(&key), self.moves.take());
        match self.unschedulable.remove(&key) {
            Some(info) => self.update_unschedulable(env, info, old, new, &events, now),
            None => self.add(env, new, now),
        }
        self.moves = moves;
        self.moved(now, joined_label(&events), &key, before, self.place(&key));
        true
    }

    fn update_unschedulable(
        &mut self,
        env: &impl Env,
        mut info: Box<QueuedPodInfo>,
        old: &Obj,
        new: Arc<PodInfo>,
        events: &[ClusterEvent],
        now: Time,
    ) {
        let key = info.key();
        info.pod = new.clone();
        for event in events {
            let strategy = self.worth(env, &info, event, Some(old), Some(&new.object));
            let to = self.requeue(env, info, strategy, Cow::Borrowed(""), None, now);
            if matches!(to, Place::Active | Place::Backoff | Place::ErrorBackoff) {
                return;
            }
            info = self.unschedulable.remove(&key).expect("the pod stayed in the pool");
        }
        self.unschedulable.insert(info);
    }

    /// A pod is gone, or bound by someone.
    pub fn delete(&mut self, key: &PodKey, now: Time) {
        let from = self.place(key);
        let _ = self.active.remove(key).or_else(|| self.backoff.remove(key)).or_else(|| self.unschedulable.remove(key));
        self.moved(now, ClusterEvent::UNSCHEDULED_POD_DELETE.label(), key, from, None);
    }

    /// Takes a pod for an attempt: the first active one, or without any the first in backoff. It is in flight from now on.
    pub fn pop(&mut self) -> Option<(Box<QueuedPodInfo>, Place)> {
        loop {
            let (mut info, place) = match self.active.pop() {
                Some(info) => (info, Place::Active),
                None => (self.backoff.rejected.pop()?, Place::Backoff),
            };
            info.attempts += 1;
            // A pod that is in flight already (a namesake came back) is dropped.
            if self.in_flight.begin(info.pod.uid(), &info.pod.object) {
                self.cycle += 1;
                return Some((info, place));
            }
        }
    }

    /// The attempt of a pod is over; it will not come back for its sake.
    pub fn done(&mut self, uid: &str) {
        self.in_flight.done(uid);
    }

    /// A pod comes back from a failed attempt. Its rejecting plugins are set; `info.pod` is its latest version.
    pub fn add_unschedulable(&mut self, env: &impl Env, mut info: Box<QueuedPodInfo>, now: Time) {
        let key = info.key();
        let uid = info.pod.uid().clone();
        let from = self.in_flight.has(&uid).then_some(Place::InFlight);
        if self.place(&key).is_some() {
            self.in_flight.done(&uid);
            return;
        }
        if info.has_no_rejector() {
            info.consecutive_errors_count += 1;
        } else {
            info.unschedulable_count += 1;
            info.consecutive_errors_count = 0;
        }
        info.timestamp = now;
        info.backoff_expiration = None;
        info.was_flushed_from_unschedulable = false;
        info.flush_timestamp = None;
        let strategy = self.replay(env, &info);
        self.requeue(env, info, strategy, Cow::Borrowed("ScheduleAttemptFailure"), from, now);
        self.in_flight.done(&uid);
    }

    /// What the events during a pod's attempt are worth for it.
    fn replay(&self, env: &impl Env, info: &QueuedPodInfo) -> Strategy {
        if info.has_no_rejector() {
            return Strategy::AfterBackoff;
        }
        let Some(events) = self.in_flight.events_since(info.pod.uid()) else { return Strategy::AfterBackoff };
        let mut best = Strategy::Skip;
        for held in events {
            best = best.max(self.worth(env, info, &held.event, held.old.as_ref(), held.new.as_ref()));
            if best == Strategy::Immediately || best == Strategy::AfterBackoff && info.pending_plugins.is_empty() {
                break;
            }
        }
        best
    }

    /// A plugin asks for a pod to be tried: it becomes active, wherever it is. For a pod in flight it is kept in mind.
    pub fn activate(&mut self, env: &impl Env, pod: &PodInfo, now: Time) {
        let key = key_of(pod);
        let from = self.place(&key);
        let label = ClusterEvent::FORCE_ACTIVATE.label();
        if let Some(info) = self.unschedulable.remove(&key) {
            self.move_to_active(env, info, label, from, true, now);
        } else if let Some(info) = self.backoff.remove(&key) {
            self.move_to_active(env, info, label, from, false, now);
        } else if self.in_flight.has(pod.uid()) {
            self.in_flight.note(ClusterEvent::FORCE_ACTIVATE, None, Some(&pod.object));
        }
    }

    /// Something happened: pods whose plugins may now decide otherwise come back. With `max_priority` only pods of that
    /// priority or less are looked at.
    pub fn move_all(
        &mut self,
        env: &impl Env,
        event: ClusterEvent,
        old: Option<&Obj>,
        new: Option<&Obj>,
        max_priority: Option<i32>,
        now: Time,
    ) {
        if !env.is_of_interest(&event) {
            return;
        }
        let mut keys = self.unschedulable.rejected_by(|plugin| env.listens(plugin, &event));
        if let Some(max) = max_priority {
            keys.retain(|key| self.unschedulable.get(key).is_some_and(|info| info.pod.priority() <= max));
        }
        self.move_some(env, keys, event, old, new, now);
    }

    fn move_some(
        &mut self,
        env: &impl Env,
        keys: impl IntoIterator<Item = PodKey>,
        event: ClusterEvent,
        old: Option<&Obj>,
        new: Option<&Obj>,
        now: Time,
    ) {
        for key in keys {
            let Some(info) = self.unschedulable.get(&key) else { continue };
            if let Some(gate) = info.gating_plugin
                && !event.is_wildcard()
                && !env.listens(gate, &event)
            {
                continue;
            }
            let strategy = self.worth(env, info, &event, old, new);
            if strategy == Strategy::Skip {
                continue;
            }
            let from = if info.is_gated() { Place::Gated } else { Place::Unschedulable };
            let info = self.unschedulable.remove(&key).expect("the pod is in the pool");
            self.requeue(env, info, strategy, event.label(), Some(from), now);
        }
        self.in_flight.note(event, old, new);
    }

    /// Moves pods whose backoff is over to the active queue. The real queue does so at each whole second.
    pub fn flush_backoff(&mut self, env: &impl Env, now: Time) {
        let before = self.moves.as_ref().map_or(0, Vec::len);
        for info in self.backoff.pop_completed(now) {
            let from = if info.has_no_rejector() { Place::ErrorBackoff } else { Place::Backoff };
            self.move_to_active(env, info, Cow::Borrowed("BackoffComplete"), Some(from), false, now);
        }
        if let Some(moves) = &mut self.moves {
            moves[before..].sort_by(|a, b| a.pod.cmp(&b.pod));
        }
    }

    /// The first whole second at which `flush_backoff` moves something.
    pub fn next_backoff_completion(&self) -> Option<Time> {
        self.backoff.next_completion()
    }

    /// Brings back pods that have been unschedulable for too long, whatever their plugins say. The real queue looks every 30 s.
    pub fn flush_unschedulable(&mut self, env: &impl Env, now: Time) {
        let max = self.max_in_unschedulable;
        let keys = self.unschedulable.flush(|info| {
            let is_due = now - info.flush_timestamp.unwrap_or(Time::ZERO).max(info.timestamp) > max;
            if is_due {
                info.was_flushed_from_unschedulable = true;
                info.flush_timestamp = Some(now);
            }
            is_due
        });
        if !keys.is_empty() {
            self.move_some(env, keys, ClusterEvent::UNSCHEDULABLE_TIMEOUT, None, None, now);
        }
    }

    /// Whether an event may make a pod schedulable, and how soon it may come back.
    fn worth(&self, env: &impl Env, info: &QueuedPodInfo, event: &ClusterEvent, old: Option<&Obj>, new: Option<&Obj>) -> Strategy {
        if info.has_no_rejector() {
            return Strategy::AfterBackoff;
        }
        if event.is_wildcard() {
            // One with an object is for that pod alone.
            let for_other = new.is_some_and(|object| object.as_pod().is_none() || object.meta.uid != *info.pod.uid());
            return if for_other { Strategy::Skip } else { Strategy::AfterBackoff };
        }
        let asks = |plugin: &&&'static str| env.hint(plugin, &info.pod, event, old, new);
        if info.pending_plugins.iter().any(|plugin| asks(&plugin)) {
            return Strategy::Immediately;
        }
        if info.unschedulable_plugins.iter().any(|plugin| asks(&plugin)) { Strategy::AfterBackoff } else { Strategy::Skip }
    }

    /// Puts a pod, which is nowhere, where it belongs.
    fn requeue(
        &mut self,
        env: &impl Env,
        mut info: Box<QueuedPodInfo>,
        strategy: Strategy,
        label: Cow<'static, str>,
        from: Option<Place>,
        now: Time,
    ) -> Place {
        match strategy {
            Strategy::Skip => self.pool(info, label, from, now),
            Strategy::AfterBackoff if self.backoff.is_backing_off(&mut info, now) => {
                info.gating_plugin = env.gate(&info.pod, info.gating_plugin).inspect(|plugin| {
                    info.unschedulable_plugins.insert(plugin);
                });
                if info.is_gated() {
                    info.was_flushed_from_unschedulable = false;
                    return self.pool(info, label, from, now);
                }
                let to = if info.has_no_rejector() { Place::ErrorBackoff } else { Place::Backoff };
                self.moved(now, label, &info.key(), from, Some(to));
                self.backoff.add(info);
                to
            }
            Strategy::AfterBackoff | Strategy::Immediately => self.move_to_active(env, info, label, from, true, now),
        }
    }

    /// Makes a pod active unless a PreEnqueue plugin objects. From backoff the plugins are not asked again.
    fn move_to_active(
        &mut self,
        env: &impl Env,
        mut info: Box<QueuedPodInfo>,
        label: Cow<'static, str>,
        from: Option<Place>,
        ask: bool,
        now: Time,
    ) -> Place {
        if ask {
            info.gating_plugin = env.gate(&info.pod, info.gating_plugin).inspect(|plugin| {
                info.unschedulable_plugins.insert(plugin);
            });
        }
        if info.is_gated() {
            info.was_flushed_from_unschedulable = false;
            return self.pool(info, label, from, now);
        }
        info.initial_attempt_timestamp.get_or_insert(now);
        let key = info.key();
        self.unschedulable.remove(&key);
        self.moved(now, label, &key, from, Some(Place::Active));
        self.active.add_or_update(key, info);
        Place::Active
    }

    fn pool(&mut self, info: Box<QueuedPodInfo>, label: Cow<'static, str>, from: Option<Place>, now: Time) -> Place {
        let to = if info.is_gated() { Place::Gated } else { Place::Unschedulable };
        self.moved(now, label, &info.key(), from, Some(to));
        self.unschedulable.insert(info);
        to
    }
}

/// The labels of the events of one update.
pub(super) fn joined_label(events: &[ClusterEvent]) -> Cow<'static, str> {
    match events {
        [one] => one.label(),
        several => Cow::Owned(several.iter().map(|event| event.label().into_owned()).collect::<Vec<_>>().join("+")),
    }
}

/// The name of a pod as the records have it.
pub fn shown(key: &PodKey) -> String {
    let (namespace, name): (&Str, &Str) = (&key.0, &key.1);
    format!("{namespace}/{name}")
}

#[cfg(test)]
mod tests;

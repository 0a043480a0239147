//! The scheduler as a component: it watches, takes one pod at a time, and writes bindings, statuses and evictions. A decision
//! takes its time, during which nothing else is decided; bindings and evictions go on beside it.
//! Real: cmd/kube-scheduler, pkg/scheduler/{schedule_one,eventhandlers}.go @ v1.37.2.

use super::config::SchedulerConfiguration;
use super::decision::Detail;
use super::driver::{
    Attempt, Binding, Conclusion, Eviction, Failure, Popped, Readiness, SchedulerDriver, VOLUME_CHECK_PERIOD, with_failure,
};
use super::explain;
use super::queue::Move;
use crate::actor::client::Limits;
use crate::actor::{Actor, Ctx, EventNote, EventType, Kinds, Record, Ticket};
use crate::api::{Answer, Verb};
use crate::base::{Dist, Span, Time};
use crate::model::{Kind, Obj, PodCondition, Str};
use crate::store::{Change, Key};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A failed binding or eviction is not tried again by itself: the pod comes back through the queue.
const CONCLUDE: u64 = 1;
const FLUSH: u64 = 2;
const VOLUMES: u64 = 3;
/// Longest message in an Event.
const NOTE_MAX: usize = 1_024;

/// Which attempts the observers are told everything about. Says nothing about what is decided.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Explain {
    /// None.
    #[default]
    Nothing,
    /// Those of this pod (`namespace/name`).
    Pod(String),
    /// The first ones, and the first moves in the queue, as long as the limits last.
    First {
        /// Attempts.
        attempts: usize,
        /// Nodes that were there, summed over these attempts.
        nodes: usize,
        /// Moves in the queue.
        moves: usize,
    },
}

/// What the scheduler is set up with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Profiles, plugins, back-offs.
    pub config: SchedulerConfiguration,
    /// Limits of its API client; none for tests.
    pub client: Option<Limits>,
    /// How long one decision takes.
    pub decision: Dist,
    /// Whether what is only there for speed is used.
    pub caches: bool,
    /// Tell the observers everything about these attempts.
    pub explain: Explain,
}

impl Settings {
    /// The defaults with this configuration.
    pub fn new(config: SchedulerConfiguration) -> Settings {
        Settings {
            client: Some(config.client),
            config,
            decision: Dist::Constant(Span::from_ms(1)),
            caches: true,
            explain: Explain::Nothing,
        }
    }
}

enum Waiting {
    Binding(Box<Binding>),
    /// One of the writes that precede a binding, by its place.
    Volume(Box<Binding>, usize),
    Evicting(usize),
    Status,
}

/// An eviction under way.
struct Evicting {
    eviction: Eviction,
    /// Answers outstanding of this round.
    missing: usize,
    /// What comes next.
    stage: Stage,
    worked: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Conditions of all victims but the last.
    Mark,
    /// Deletion of all victims but the last.
    Delete,
    /// Condition of the last.
    MarkLast,
    /// Deletion of the last.
    DeleteLast,
}

/// The scheduler.
pub struct SchedulerActor {
    driver: SchedulerDriver,
    settings: Settings,
    /// The pod that is being decided on.
    attempt: Option<Box<Attempt>>,
    waiting: BTreeMap<Ticket, Waiting>,
    evictions: BTreeMap<usize, Evicting>,
    evictions_begun: usize,
    flush_at: Option<Time>,
    /// Moves in the queue of the pod to be explained, since its last attempt.
    moves: Vec<Move>,
    /// Bindings that wait for their volumes: when they are looked at next, and how long they may wait.
    volumes: Vec<(Box<Binding>, Time, Time)>,
}

impl SchedulerActor {
    /// A scheduler; the error says what of the configuration cannot be used.
    pub fn new(settings: Settings) -> Result<SchedulerActor, String> {
        let mut driver = SchedulerDriver::new(&settings.config)?;
        let scheduler = driver.scheduler();
        scheduler.no_cache = !settings.caches;
        scheduler.detail = if matches!(settings.explain, Explain::Pod(_)) { Detail::Full } else { Detail::Brief };
        if settings.explain != Explain::Nothing {
            driver.record_moves();
        }
        Ok(SchedulerActor {
            driver,
            settings,
            attempt: None,
            waiting: BTreeMap::new(),
            evictions: BTreeMap::new(),
            evictions_begun: 0,
            flush_at: None,
            moves: Vec::new(),
            volumes: Vec::new(),
        })
    }

    /// Begins with the next pod, if none is being decided on.
    fn pump(&mut self, cx: &mut Ctx<'_>) {
        self.driver.advance(cx.now);
        while self.attempt.is_none() {
            match self.driver.pop() {
                None => break,
                Some(Popped::Skipped(..)) => {}
                Some(Popped::Attempt(mut attempt)) => {
                    self.choose_detail();
                    self.driver.decide(&mut attempt);
                    self.attempt = Some(attempt);
                    let takes = self.settings.decision.at(cx.rng.draw());
                    cx.wake_in(takes, CONCLUDE);
                }
            }
        }
        let next = self.driver.next_flush();
        if let Some(at) = next
            && self.flush_at.is_none_or(|set| at < set || set <= cx.now)
        {
            self.flush_at = Some(at);
            cx.wake_at(at, FLUSH);
        }
        self.tell_moves(cx);
    }

    fn conclude(&mut self, cx: &mut Ctx<'_>) {
        let attempt = self.attempt.take().expect("a decision is concluded once");
        self.explain(&attempt, cx);
        let count = attempt.info.attempts;
        let waited_ns = attempt.info.initial_attempt_timestamp.map_or(0, |since| (cx.now - since).0);
        match self.driver.conclude(attempt, cx.now) {
            Conclusion::Bind(binding) => {
                let node = Some(binding.node.to_string());
                cx.record(Record::Attempt { pod: binding.pod.key(), attempt: count, node, message: String::new(), waited_ns });
                self.write_volumes(binding, 0, cx);
            }
            Conclusion::Failed(failure) => {
                let message = failure.message.to_string();
                cx.record(Record::Attempt { pod: failure.popped.key(), attempt: count, node: None, message, waited_ns });
                self.failed(*failure, cx);
            }
        }
    }

    /// Looks closely only as long as the observers want to be told everything: it costs time, and changes nothing.
    fn choose_detail(&mut self) {
        let Explain::First { attempts, nodes, .. } = &mut self.settings.explain else { return };
        let scheduler = self.driver.scheduler();
        let there = scheduler.world.cache.order().len();
        let told = *attempts > 0 && *nodes >= there;
        (*attempts, *nodes) = if told { (*attempts - 1, *nodes - there) } else { (0, 0) };
        scheduler.detail = if told { Detail::Full } else { Detail::Brief };
        scheduler.no_cache = told || !self.settings.caches;
    }

    /// Tells the observers about the attempt, if they asked for it.
    fn explain(&mut self, attempt: &Attempt, cx: &mut Ctx<'_>) {
        if self.settings.explain == Explain::Nothing {
            return;
        }
        let key = attempt.info.pod.key();
        let moves = match &self.settings.explain {
            Explain::Nothing => return,
            Explain::First { .. } if self.driver.scheduler().detail == Detail::Brief => return,
            Explain::First { .. } => Vec::new(),
            Explain::Pod(wanted) => {
                let moves = self.driver.take_moves();
                self.moves.extend(moves.into_iter().filter(|step| format!("{}/{}", step.pod.0, step.pod.1) == *wanted));
                if key != *wanted {
                    return;
                }
                std::mem::take(&mut self.moves)
            }
        };
        let record = explain::attempt(attempt, &moves, self.driver.world());
        cx.record(Record::Explained { pod: key, attempt: record });
    }

    /// Tells the observers about moves in the queue, as long as they want to be told.
    fn tell_moves(&mut self, cx: &mut Ctx<'_>) {
        let Explain::First { moves, .. } = &mut self.settings.explain else { return };
        for step in self.driver.take_moves() {
            if *moves == 0 {
                continue;
            }
            *moves -= 1;
            let (from, to) = (step.from.map_or("new", explain::place), step.to.map_or("gone", explain::place));
            let (pod, event) = (format!("{}/{}", step.pod.0, step.pod.1), step.event.into_owned());
            cx.record(Record::Queue { at: step.at, pod, from, to, event });
        }
    }

    /// Writes what precedes a binding, one after the other. Without any, or once they are done, the pod is bound.
    fn write_volumes(&mut self, binding: Box<Binding>, at: usize, cx: &mut Ctx<'_>) {
        match binding.volume_writes().get(at).cloned() {
            Some(object) => {
                self.waiting.insert(cx.request(Verb::Update(Box::new((*object).clone()))), Waiting::Volume(binding, at));
            }
            None if at == 0 => self.bind(binding, cx),
            None => {
                let (next, limit) = (cx.now + VOLUME_CHECK_PERIOD, cx.now + self.driver.volume_bind_timeout(&binding));
                self.volumes.push((binding, next, limit));
                cx.wake_at(next, VOLUMES);
            }
        }
    }

    fn bind(&mut self, binding: Box<Binding>, cx: &mut Ctx<'_>) {
        let object = &binding.pod.object;
        let verb = Verb::Bind {
            pod: Key::of(object),
            uid: object.meta.uid.clone(),
            node: binding.node.clone(),
            annotations: binding.annotations.clone(),
        };
        self.waiting.insert(cx.request(verb), Waiting::Binding(binding));
    }

    /// Looks at the bindings whose time has come.
    fn check_volumes(&mut self, cx: &mut Ctx<'_>) {
        for (binding, at, limit) in std::mem::take(&mut self.volumes) {
            if at > cx.now {
                self.volumes.push((binding, at, limit));
                continue;
            }
            let cause = match self.driver.volumes_ready(&binding) {
                Readiness::Ready => {
                    self.bind(binding, cx);
                    continue;
                }
                Readiness::Waiting if cx.now < limit => {
                    let next = cx.now + VOLUME_CHECK_PERIOD;
                    self.volumes.push((binding, next, limit));
                    cx.wake_at(next, VOLUMES);
                    continue;
                }
                Readiness::Waiting => "context deadline exceeded".to_string(),
                Readiness::Failed(cause) => cause,
            };
            let failure = self.driver.volumes_failed(binding, &format!("binding volumes: {cause}"), cx.now);
            self.failed(*failure, cx);
        }
    }

    fn failed(&mut self, failure: Failure, cx: &mut Ctx<'_>) {
        let mut said = failure.message.clone();
        if said.len() > NOTE_MAX {
            let mut text = said.to_string();
            let cut = (0..=NOTE_MAX - 4).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(cut);
            text.push_str(" ...");
            said = text.into();
        }
        cx.note(EventNote::new(&failure.pod, EventType::Warning, "FailedScheduling", said).doing("Scheduling"));
        let now = cx.timestamp();
        if failure.updated_pod(now).is_some() {
            let (reason, message, nominate) = (failure.reason, failure.message.clone(), failure.nominate.clone());
            let verb = Verb::edit_status(Key::of(&failure.pod), move |pod| {
                if let Some(changed) = with_failure(pod, reason, &message, nominate.as_ref(), now) {
                    *pod = changed;
                }
            });
            self.waiting.insert(cx.request(verb), Waiting::Status);
        }
        if let Some(eviction) = failure.eviction {
            self.begin_eviction(eviction, cx);
        }
    }

    fn begin_eviction(&mut self, eviction: Eviction, cx: &mut Ctx<'_>) {
        for pod in &eviction.cleared {
            let verb = Verb::edit_status(Key::of(&pod.object), |pod| {
                if let Some(pod) = pod.as_pod_mut() {
                    Arc::make_mut(&mut pod.status).nominated_node_name = Str::default();
                }
            });
            self.waiting.insert(cx.request(verb), Waiting::Status);
        }
        let number = self.evictions_begun;
        self.evictions_begun += 1;
        self.evictions.insert(number, Evicting { eviction, missing: 0, stage: Stage::Mark, worked: true });
        self.evict(number, cx);
    }

    /// Sends the requests of the present stage, or goes on to the next that has any.
    fn evict(&mut self, number: usize, cx: &mut Ctx<'_>) {
        loop {
            let evicting = self.evictions.get_mut(&number).expect("an eviction under way");
            let victims: Vec<Obj> = evicting.eviction.to_evict().map(|victim| victim.object.clone()).collect();
            let Some((last, others)) = victims.split_last() else { return self.end_eviction(number, cx) };
            if evicting.stage == Stage::MarkLast {
                self.driver.last_eviction(&evicting.eviction);
            }
            let message = evicting.eviction.condition_message();
            let verbs: Vec<Verb> = match evicting.stage {
                Stage::Mark => others.iter().map(|victim| mark(victim, &message, cx)).collect(),
                Stage::Delete => others.iter().map(|victim| Verb::delete(Key::of(victim))).collect(),
                Stage::MarkLast => vec![mark(last, &message, cx)],
                Stage::DeleteLast => vec![Verb::delete(Key::of(last))],
            };
            if matches!(evicting.stage, Stage::Delete | Stage::DeleteLast) {
                let gone = if evicting.stage == Stage::Delete { others } else { std::slice::from_ref(last) };
                let text = format!("Preempted by pod {} on node {}", evicting.eviction.preemptor.uid(), evicting.eviction.node);
                for victim in gone {
                    cx.note(EventNote::new(victim, EventType::Normal, "Preempted", text.clone()).doing("Preempting"));
                }
            }
            if verbs.is_empty() {
                if !next_stage(evicting) {
                    return self.end_eviction(number, cx);
                }
                continue;
            }
            evicting.missing = verbs.len();
            for verb in verbs {
                self.waiting.insert(cx.request(verb), Waiting::Evicting(number));
            }
            return;
        }
    }

    fn end_eviction(&mut self, number: usize, cx: &mut Ctx<'_>) {
        let evicting = self.evictions.remove(&number).expect("an eviction under way");
        self.driver.evicted(&evicting.eviction, evicting.worked, cx.now);
    }

    fn eviction_answered(&mut self, number: usize, answer: &Answer, cx: &mut Ctx<'_>) {
        let evicting = self.evictions.get_mut(&number).expect("an eviction under way");
        evicting.missing -= 1;
        // A victim that is gone already is as good as evicted.
        evicting.worked &= answer.as_ref().map_or_else(|error| error.code() == 404, |_| true);
        if evicting.missing == 0 {
            if evicting.worked && next_stage(evicting) {
                self.evict(number, cx);
            } else {
                self.end_eviction(number, cx);
            }
        }
    }
}

fn next_stage(evicting: &mut Evicting) -> bool {
    evicting.stage = match evicting.stage {
        Stage::Mark => Stage::Delete,
        Stage::Delete => Stage::MarkLast,
        Stage::MarkLast => Stage::DeleteLast,
        Stage::DeleteLast => return false,
    };
    true
}

/// Marks a victim as about to be disrupted.
fn mark(victim: &Obj, message: &str, cx: &Ctx<'_>) -> Verb {
    let condition = PodCondition {
        r#type: "DisruptionTarget".into(),
        status: "True".into(),
        reason: "PreemptionByScheduler".into(),
        message: message.into(),
        last_transition_time: Some(cx.timestamp()),
        observed_generation: victim.meta.generation,
        ..PodCondition::default()
    };
    Verb::edit_status(Key::of(victim), move |pod| {
        if let Some(pod) = pod.as_pod_mut() {
            let status = Arc::make_mut(&mut pod.status);
            status.conditions.retain(|present| present.r#type != condition.r#type);
            status.conditions.push(condition.clone());
        }
    })
}

impl Actor for SchedulerActor {
    fn name(&self) -> &str {
        "default-scheduler"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[
            Kind::Pod,
            Kind::Node,
            Kind::Namespace,
            Kind::Service,
            Kind::ReplicationController,
            Kind::ReplicaSet,
            Kind::StatefulSet,
            Kind::PodDisruptionBudget,
            Kind::PriorityClass,
            Kind::PersistentVolume,
            Kind::PersistentVolumeClaim,
            Kind::StorageClass,
            Kind::CSINode,
            Kind::CSIDriver,
            Kind::CSIStorageCapacity,
            Kind::VolumeAttachment,
            Kind::ResourceClaim,
            Kind::ResourceClaimTemplate,
            Kind::ResourceSlice,
            Kind::DeviceClass,
        ])
    }

    fn client_limits(&self) -> Option<Limits> {
        self.settings.client
    }

    fn event_client(&self) -> usize {
        // The scheduler writes its Events with a client of its own.
        1
    }

    fn changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
        self.driver.advance(cx.now);
        match (change.after, change.before) {
            (Some(object), _) => self.driver.set(object, cx.now),
            (None, Some(object)) => self.driver.delete(object, cx.now),
            (None, None) => unreachable!("a change has an object"),
        }
    }

    fn settled(&mut self, cx: &mut Ctx<'_>) {
        self.pump(cx);
    }

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        match token {
            CONCLUDE => self.conclude(cx),
            VOLUMES => self.check_volumes(cx),
            _ => self.flush_at = self.flush_at.filter(|at| *at > cx.now),
        }
        self.pump(cx);
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        self.driver.advance(cx.now);
        match (self.waiting.remove(&ticket).expect("each answer belongs to a request"), answer) {
            (Waiting::Binding(binding), Ok(pod)) => {
                let text = format!("Successfully assigned {} to {}", binding.pod.key(), binding.node);
                cx.note(EventNote::new(&pod, EventType::Normal, "Scheduled", text).doing("Binding"));
            }
            (Waiting::Binding(binding), Err(error)) => {
                let failure = self.driver.bind_failed(binding, &error.to_string(), cx.now);
                self.failed(*failure, cx);
            }
            (Waiting::Volume(binding, at), Ok(_)) => self.write_volumes(binding, at + 1, cx),
            (Waiting::Volume(binding, _), Err(error)) => {
                let failure = self.driver.volumes_failed(binding, &error.to_string(), cx.now);
                self.failed(*failure, cx);
            }
            (Waiting::Evicting(number), answer) => self.eviction_answered(number, &answer, cx),
            (Waiting::Status, _) => {}
        }
        self.pump(cx);
    }
}

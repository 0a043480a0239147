//! What a run is measured by: collectors that are fed by commits and records alone, and never reach back.

pub mod events;
pub mod figures;
pub mod latency;
pub mod nodes;
pub mod registry;
pub mod replay;
pub mod rollout;
pub mod series;
pub mod story;
pub mod traffic;

use crate::actor::{Clock, Observer, Record};
use crate::api::Answer;
use crate::base::Time;
use crate::store::{Key, LogEntry};
use std::cell::RefCell;
use std::rc::Rc;

/// Something a user or a failure did, marked in every chart.
#[derive(Clone, PartialEq, Debug)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// What, short enough for a chart.
    pub label: String,
    /// Whether it is a failure (or its end) and not a user's command.
    pub is_fault: bool,
}

/// All collectors of a run.
#[derive(Debug)]
pub struct Collector {
    /// Wall-clock times of the run.
    pub clock: Clock,
    /// Rollouts of Deployments.
    pub rollouts: rollout::Rollouts,
    /// Pods on each node.
    pub nodes: nodes::NodeLoads,
    /// How long pods took to be placed and to be ready.
    pub latency: latency::Latencies,
    /// Kubernetes Events.
    pub events: events::EventLog,
    /// The story in lines.
    pub story: story::Story,
    /// Series under the names of kube-state-metrics and kube-scheduler.
    pub registry: registry::Registry,
    /// Which Deployments are behind which Services.
    pub backends: traffic::Backends,
    /// Single figures.
    pub figures: figures::Figures,
    /// What users and failures did.
    pub marks: Vec<Mark>,
    /// What is stepped through afterwards, if that is wanted.
    pub replay: Option<replay::Replay>,
}

impl Collector {
    /// Empty collectors for a run whose clock this is.
    pub fn new(clock: Clock) -> Collector {
        Collector {
            clock,
            rollouts: rollout::Rollouts::default(),
            nodes: nodes::NodeLoads::default(),
            latency: latency::Latencies::default(),
            events: events::EventLog::new(clock),
            story: story::Story::default(),
            registry: registry::Registry::default(),
            backends: traffic::Backends::default(),
            figures: figures::Figures::default(),
            marks: Vec::new(),
            replay: None,
        }
    }

    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        let states = registry::PodState::of(entry);
        self.rollouts.commit(key, entry);
        self.nodes.commit(entry);
        self.latency.commit(entry, states[1].is_some_and(|state| state.ready));
        self.events.commit(entry);
        self.story.commit(key, entry);
        self.registry.commit(key, entry, states);
        self.figures.commit(entry);
        self.backends.commit(key, entry);
        if let Some(replay) = &mut self.replay {
            replay.commit(key, entry);
        }
    }

    fn record(&mut self, at: Time, record: &Record) {
        self.story.record(at, record);
        self.figures.record(record);
        self.registry.record(at, record);
        if let Some(replay) = &mut self.replay {
            replay.record(at, record);
        }
        let (label, is_fault) = match record {
            Record::Command { line, .. } => (format!("kubectl {line}"), false),
            Record::Fault { name, target, healed: false } => (format!("{name} {target}"), true),
            Record::Fault { name, target, healed: true } => (format!("{name} {target} ends"), true),
            _ => return,
        };
        self.marks.push(Mark { at, label, is_fault });
    }
}

/// A collector that both the run and the one who reads the results hold.
#[derive(Clone, Debug)]
pub struct SharedCollector(pub Rc<RefCell<Collector>>);

impl SharedCollector {
    /// Empty collectors.
    pub fn new(clock: Clock) -> SharedCollector {
        SharedCollector(Rc::new(RefCell::new(Collector::new(clock))))
    }
}

impl Observer for SharedCollector {
    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        self.0.borrow_mut().commit(key, entry);
    }

    fn record(&mut self, at: Time, record: &Record) {
        self.0.borrow_mut().record(at, record);
    }

    fn request(&mut self, at: Time, from: &str, verb: &'static str, answer: &Answer) {
        if let Some(replay) = &mut self.0.borrow_mut().replay {
            replay.request(at, from, verb, answer);
        }
    }

    fn delivered(&mut self, at: Time, to: &str, version: u64) {
        if let Some(replay) = &mut self.0.borrow_mut().replay {
            replay.delivered(at, to, version);
        }
    }
}

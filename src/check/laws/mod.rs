//! What must never be broken, one law a file. A law looks at commits and records as they come, keeps its own books, and at the
//! end, when all faults are over and the cluster had time to settle, looks once at everything.

mod agreement;
mod bound_once;
mod budgets;
mod finished_jobs;
mod healthy_nodes;
mod node_capacity;
mod one_identity;
mod owners;
mod replicas;
mod rollout_bounds;
mod versions;

use crate::actor::{Clock, Record};
use crate::base::{Span, Time};
use crate::store::{Key, LogEntry, View};

/// A law. Each answer is what was broken, in words.
pub trait Law {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// What it demands, in one line.
    fn about(&self) -> &'static str;

    /// A commit.
    fn commit(&mut self, _moment: &Moment, _key: &Key, _entry: &LogEntry) -> Result<(), String> {
        Ok(())
    }

    /// What observers are told beside commits.
    fn record(&mut self, _at: Time, _record: &Record) {}

    /// Everything has settled.
    fn end(&mut self, _view: View<'_>, _end: &End) -> Result<(), String> {
        Ok(())
    }
}

/// What is known about an instant.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When.
    pub at: Time,
    /// Answers may have been lost lately: a component may not know what it has done itself. Real components cannot keep some
    /// laws then, and nobody claims that they do.
    pub lossy: bool,
    /// How old a component's knowledge may be at most.
    pub stale: Span,
}

/// What is known about the end.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// When.
    pub at: Time,
    /// Wall-clock times.
    pub clock: Clock,
    /// Whether the garbage collector is on.
    pub collects_garbage: bool,
}

/// All laws, with fresh books.
pub fn all() -> Vec<Box<dyn Law>> {
    vec![
        Box::new(versions::Versions::default()),
        Box::new(bound_once::BoundOnce),
        Box::new(node_capacity::NodeCapacity::default()),
        Box::new(one_identity::OneIdentity::default()),
        Box::new(budgets::Budgets::default()),
        Box::new(replicas::Replicas::default()),
        Box::new(rollout_bounds::RolloutBounds::default()),
        Box::new(finished_jobs::FinishedJobs::default()),
        Box::new(owners::Owners),
        Box::new(agreement::Agreement),
        Box::new(healthy_nodes::HealthyNodes::default()),
    ]
}

/// A number and until when it was the newest: what somebody with old knowledge may believe.
#[derive(Clone, Debug, Default)]
struct Believed(Vec<(Time, i64)>);

impl Believed {
    /// The number is this from now on.
    fn set(&mut self, at: Time, value: i64) {
        if self.0.last().is_none_or(|(_, last)| *last != value) {
            self.0.push((at, value));
        }
    }

    /// Every value that somebody whose knowledge is at most so old may believe. Older ones are forgotten.
    fn values(&mut self, moment: &Moment) -> impl Iterator<Item = i64> + '_ {
        let since = Time(moment.at.0.saturating_sub(moment.stale.0));
        // The last one before the window still held when it began.
        let first = self.0.iter().rposition(|(at, _)| *at <= since).unwrap_or(0);
        self.0.drain(..first);
        self.0.iter().map(|(_, value)| *value)
    }

    fn max(&mut self, moment: &Moment) -> i64 {
        self.values(moment).max().unwrap_or(0)
    }

    fn min(&mut self, moment: &Moment) -> i64 {
        self.values(moment).min().unwrap_or(0)
    }
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_believed_reaches_back_as_far_as_knowledge_is_old() {
        let mut believed = Believed::default();
        for (at, value) in [(0, 3), (10, 5), (20, 4)] {
            believed.set(Time::from_s(at), value);
        }
        let moment = |at, stale| Moment { at: Time::from_s(at), lossy: false, stale: Span::from_s(stale) };
        assert_eq!((believed.max(&moment(21, 5)), believed.min(&moment(21, 5))), (5, 4));
        assert_eq!(believed.max(&moment(30, 5)), 4);
    }

    #[test]
    fn each_law_has_a_name_of_its_own() {
        let laws = all();
        for (at, law) in laws.iter().enumerate() {
            assert!(!law.about().is_empty() && laws[..at].iter().all(|other| other.name() != law.name()), "{}", law.name());
        }
    }
}

//! What the processes of a machine use of its memory, and when the kubelet has to look because it may be short.
//! Real: memory.available of pkg/kubelet/eviction/helpers.go @ v1.37.2 (capacity less the working set), against evictionHard.
//!
//! The kubelet's monitor looks every ten seconds. Here it sleeps until use can have passed the threshold: starts and leaks are
//! added up, ends are not, and only when that bound is passed all processes are counted.

use super::fleet::Fleet;
use super::node::NodeState;
use super::pod::State;
use super::runtime::Live;
use super::worker::Kubelet;
use crate::actor::Ctx;
use crate::base::{Span, Time};

/// Memory is given in pages.
const PAGE: i64 = 4_096;

/// What a machine's processes use at most, and how fast that grows at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Booked {
    bytes: i64,
    growth_per_s: i64,
    at: Time,
    /// The monitor looks then.
    due: Option<Time>,
    /// When it last looked.
    pub looked: Option<Time>,
}

impl Booked {
    /// The bound at an instant.
    fn at(&self, now: Time) -> i64 {
        self.bytes.saturating_add(grown(self.growth_per_s, now.since(self.at)))
    }

    /// When the bound passes an amount, as far as is known.
    fn passes(&self, room: i64, now: Time) -> Option<Time> {
        let left = room.saturating_sub(self.at(now));
        if left < 0 {
            return Some(now);
        }
        (self.growth_per_s > 0).then(|| now + Span::from_s_f64((left + 1) as f64 / self.growth_per_s as f64))
    }
}

fn grown(per_s: i64, span: Span) -> i64 {
    (i128::from(per_s) * i128::from(span.as_ms()) / 1_000) as i64
}

impl Live {
    /// What the process uses at an instant: half of it until it listens, and more from then on if it leaks.
    pub fn memory_at(&self, now: Time) -> i64 {
        match self.listens <= now {
            true => self.memory_bytes.saturating_add(grown(self.memory_growth_per_s, now.since(self.listens)) / PAGE * PAGE),
            false => self.memory_bytes / 2,
        }
    }
}

impl NodeState {
    /// When the monitor has to look next, if it does not look before.
    fn look_at(&mut self, room: i64, now: Time) -> Option<Time> {
        let round = self.status_round(self.booked.passes(room, now)?);
        if self.booked.due.is_some_and(|due| due <= round && due > now) {
            return None;
        }
        self.booked.due = Some(round);
        Some(round)
    }

    /// When the monitor of a new kubelet has to look for the first time, as far as is known.
    pub fn look_anew(&mut self, threshold: i64, now: Time) -> Option<Time> {
        self.booked.due = None;
        self.look_at(self.memory_bytes? - threshold, now)
    }
}

impl Kubelet<'_, '_> {
    /// A process begins to use memory.
    pub fn book_memory(&mut self, bytes: i64, growth_per_s: i64) {
        let now = self.cx.now;
        let threshold = self.shared.settings.configuration.eviction_memory_available.value();
        let booked = &mut self.node.booked;
        let bytes = booked.at(now).saturating_add(bytes);
        let growth_per_s = booked.growth_per_s.saturating_add(growth_per_s);
        (booked.bytes, booked.growth_per_s, booked.at) = (bytes, growth_per_s, now);
        let number = self.node.number;
        if let Some(room) = self.node.memory_bytes.map(|memory| memory - threshold)
            && let Some(round) = self.node.look_at(room, now)
        {
            self.cx.wake_at(round, Fleet::node_token(number));
        }
    }
}

impl Fleet {
    /// Counts what a machine's processes use; gives back what is available, if that is less than the threshold. Sets the next
    /// look otherwise.
    pub(super) fn memory_short(&mut self, number: u32, threshold: i64, cx: &mut Ctx<'_>) -> Option<i64> {
        let now = cx.now;
        let slots: Vec<_> = self.node_mut(number).slots.iter().copied().collect();
        let lives = slots.iter().flat_map(|slot| &self.pod_ref(*slot).lives).filter(|live| live.seen.state == State::Running);
        // Whoever does not listen yet will use all of it soon.
        let (mut used, mut bound, mut growth_per_s) = (0_i64, 0_i64, 0_i64);
        for live in lives {
            used = used.saturating_add(live.memory_at(now));
            bound = bound.saturating_add(live.memory_at(now).max(live.memory_bytes));
            growth_per_s = growth_per_s.saturating_add(live.memory_growth_per_s);
        }
        let node = self.node_mut(number);
        node.booked = Booked { bytes: bound, growth_per_s, at: now, due: None, looked: Some(now) };
        let memory = node.memory_bytes?;
        if memory - used < threshold {
            return Some((memory - used).max(0));
        }
        if let Some(round) = node.look_at(memory - threshold, now) {
            cx.wake_at(round, Self::node_token(number));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_says_when_to_look() {
        let booked = Booked { bytes: 1_000, growth_per_s: 10, at: Time::from_s(5), ..Booked::default() };
        assert_eq!((booked.at(Time::from_s(5)), booked.at(Time::from_s(15))), (1_000, 1_100));
        assert_eq!(booked.passes(1_099, Time::from_s(5)), Some(Time::from_s(15)));
        assert_eq!(booked.passes(900, Time::from_s(5)), Some(Time::from_s(5)));
        assert_eq!(Booked { growth_per_s: 0, ..booked }.passes(2_000, Time::from_s(5)), None);
    }
}

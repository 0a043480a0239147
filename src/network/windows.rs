//! What became of requests, by the second in which they were first sent. A second is told when the fate of all of its requests
//! is known.

use super::load::Load;
use super::times::{Times, Uses};
use crate::actor::traffic::{ByCause, Cause, Window};
use crate::base::{Histogram, Span, Time};
use std::collections::VecDeque;

/// Length of a window.
pub(super) const LENGTH: Span = Span::from_s(1);

#[derive(Debug, Default)]
pub(super) struct Open {
    pub ok: u64,
    failed: ByCause,
    retried: ByCause,
    durations: Histogram,
    uses: Vec<Uses>,
    /// Requests that will try again.
    pending: u64,
    /// When the last of its requests ends, as far as is known.
    latest: Time,
}

impl Open {
    /// A run of requests answered, each after the same wait and the time that a table gives it.
    pub fn run(&mut self, (table, wait, is_constant): (u32, Span, bool), first: u64, count: u64, latest: Time) {
        let at = self.uses.iter().position(|uses| (uses.table, uses.wait) == (table, wait)).unwrap_or_else(|| {
            self.uses.push(Uses::new(table, wait, is_constant));
            self.uses.len() - 1
        });
        self.uses[at].add(first, count);
        self.ok += count;
        self.latest = self.latest.max(latest);
    }

    /// One of a run did not get its answer after all.
    pub fn take_from_run(&mut self, (table, wait): (u32, Span), place: u64) {
        let uses = self.uses.iter_mut().find(|uses| (uses.table, uses.wait) == (table, wait)).expect("it was booked there");
        uses.take_back(place);
        self.ok -= 1;
    }

    /// A request answered.
    pub fn answered(&mut self, took: Span, ends: Time) {
        self.durations.add(took, 1);
        self.ok += 1;
        self.latest = self.latest.max(ends);
    }

    /// It was not answered after all.
    pub fn take_back(&mut self, took: Span) {
        self.durations.take_back(took);
        self.ok -= 1;
    }

    /// Requests that failed for good.
    pub fn failed(&mut self, cause: Cause, took: Span, count: u64, latest: Time) {
        self.durations.add(took, count);
        self.failed[cause as usize] += count;
        self.latest = self.latest.max(latest);
    }

    /// An attempt that failed and will be followed by another.
    pub fn retries(&mut self, cause: Cause) {
        self.retried[cause as usize] += 1;
        self.pending += 1;
    }

    /// A request that waits before its first attempt.
    pub fn waits(&mut self) {
        self.pending += 1;
    }

    /// The attempt that was waited for is made, or will never be.
    pub fn tries_again(&mut self) {
        self.pending -= 1;
    }

    fn is_empty(&self) -> bool {
        self.ok == 0 && self.failed.iter().all(|count| *count == 0) && self.pending == 0
    }
}

/// The windows of a load that are not told yet.
#[derive(Debug, Default)]
pub(super) struct Windows {
    first: u64,
    open: VecDeque<Open>,
}

impl Windows {
    /// The window of an instant.
    pub fn at(&mut self, at: Time) -> &mut Open {
        let index = at.0 / LENGTH.0;
        if self.open.is_empty() {
            self.first = index;
        }
        let place = index.checked_sub(self.first).expect("windows are told when nothing is under way") as usize;
        while self.open.len() <= place {
            self.open.push_back(Open::default());
        }
        &mut self.open[place]
    }

    /// Takes out, in order, the windows whose requests have all met their fate by now (`all`: every window).
    pub fn take_done(&mut self, load: &Load, look_ups: bool, now: Time, all: bool, tables: &[Times]) -> Vec<Window> {
        let mut done = Vec::new();
        while let Some(open) = self.open.front() {
            let until = Time((self.first + 1) * LENGTH.0);
            if !all && (until > now || open.pending > 0 || open.latest > now) {
                break;
            }
            let open = self.open.pop_front().expect("it is there");
            let from = Time(self.first * LENGTH.0);
            self.first += 1;
            if open.is_empty() {
                continue;
            }
            let mut durations = open.durations;
            open.uses.iter().for_each(|uses| uses.pour(&tables[uses.table as usize], &mut durations));
            let service = (load.namespace.clone(), load.service.clone());
            let (load, ok, failed, retried) = (load.name.clone(), open.ok, open.failed, open.retried);
            done.push(Window { load, look_ups, service, from, until, ok, failed, retried, durations });
        }
        done
    }
}

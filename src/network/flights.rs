//! Requests that a process is serving: kept in the form in which they came, so that those still under way can be found when it
//! ends before they do.

use super::servers::Queue;
use crate::base::Time;

/// Which requests of a load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Who {
    /// Of a client's requests those on one lane, `number` counting them there.
    Lane { client: u64, clients: u64, lane: u64, lanes: u64, offset: u64, salt: u64, number: u64, count: u64 },
    /// One attempt of one request: `n` of the load, first sent at `first`.
    One { n: u64, number: u64, place: u64, at: Time, first: Time, attempt: u32 },
}

/// One attempt, wherever it came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Attempt {
    pub n: u64,
    /// Its number on its lane: decides whether it finds a full queue.
    pub number: u64,
    /// Its place in the table of times.
    pub place: u64,
    pub at: Time,
    pub first: Time,
    pub attempt: u32,
}

impl Who {
    /// How many there are.
    pub fn count(&self) -> u64 {
        match self {
            Who::Lane { count, .. } => *count,
            Who::One { .. } => 1,
        }
    }

    /// The request at a place among them, given when each request of the load leaves.
    pub fn get(&self, index: u64, time_of: impl Fn(u64) -> Time) -> Attempt {
        match *self {
            Who::Lane { client, clients, lane, lanes, offset, salt, number, .. } => {
                let number = number + index;
                let n = (number * lanes + lane - offset) * clients + client;
                let at = time_of(n);
                Attempt { n, number, place: number + salt, at, first: at, attempt: 0 }
            }
            Who::One { n, number, place, at, first, attempt } => Attempt { n, number, place, at, first, attempt },
        }
    }
}

/// Requests on their way through a process, as they were booked.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Flight {
    pub load: u32,
    pub who: Who,
    pub queue: Queue,
    pub table: u32,
    /// They were booked as a run through the table.
    pub as_run: bool,
    /// None ends later.
    pub latest: Time,
}

//! What requests meet at an address: a process that listens, or nothing. Its queue is a fluid: within a step the backlog goes up
//! or down in a line, by the requests that come and those that it can finish.

use super::endpoints::Target;
use super::flights::Flight;
use super::times::{QUANTILES, Times};
use crate::actor::traffic::{Life, Process};
use crate::base::{Span, Time};
use crate::model::Str;
use std::collections::{BTreeMap, VecDeque};

/// Requests that wait at a process at most: the kernel's queue of connections (net.core.somaxconn).
const BACKLOG_MAX: u64 = 4_096;

/// Requests in a step that are many.
const MANY: u64 = 300;

/// What an attempt meets at an address while nothing changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// A process takes it.
    Served,
    /// The machine refuses: nobody listens.
    Refused,
    /// Nobody has the address.
    Unreachable,
    /// Nothing comes back: the machine is off.
    Silent,
}

/// How long requests wait during a step: `begin` at its beginning, `end` at its end, in a line between, within 0 and `most`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Queue {
    pub from: Time,
    pub until: Time,
    pub begin: i128,
    pub end: i128,
    pub most: i128,
    /// Of so many requests, so many find the queue full.
    pub requests: u64,
    pub dropped: u64,
}

impl Queue {
    /// Whether nobody waits at any time.
    pub fn is_idle(&self) -> bool {
        self.begin <= 0 && self.end <= 0 && self.dropped == 0
    }

    /// How long a request waits that comes at an instant.
    pub fn wait(&self, at: Time) -> Span {
        let length = i128::from(self.until.since(self.from).0.max(1));
        let passed = i128::from(at.since(self.from).0);
        let wait = self.begin + (self.end - self.begin) * passed / length;
        Span(wait.clamp(0, self.most) as u64)
    }

    /// Whether the queue is full throughout, and so many come that their places in the table of times decide who finds it so:
    /// how many of all places do.
    pub fn full(&self) -> Option<u64> {
        let throughout = self.most > 0 && self.begin >= self.most && self.end >= self.most;
        (throughout && self.requests >= MANY).then(|| (u128::from(self.dropped) * QUANTILES as u128 / u128::from(self.requests)) as u64)
    }

    /// Whether the request with this number and place finds the queue full. They are spread evenly.
    pub fn drops(&self, number: u64, place: u64) -> bool {
        if self.dropped == 0 {
            return false;
        }
        if let Some(places) = self.full() {
            return place % QUANTILES as u64 >= QUANTILES as u64 - places;
        }
        let share = |number: u64| u128::from(number) * u128::from(self.dropped) / u128::from(self.requests);
        share(number + 1) > share(number)
    }
}

/// A process at a port.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Running {
    pub listens: Time,
    pub refuses: Time,
    pub ends: Time,
    /// The table of its times.
    pub table: u32,
    /// What each request adds to the queue.
    pub per_request: Span,
    pub cpu_per_request: Span,
    /// The container, and how many requests may wait until its memory is full.
    pub container: Str,
    pub waiting_max: Option<u64>,
}

/// An address and what is there.
#[derive(Debug)]
pub(super) struct Server {
    pub target: Target,
    /// The pod, and whether its network space is there.
    pub namespace: Str,
    pub pod: Str,
    pub node: Str,
    pub up: bool,
    pub powered: bool,
    pub running: Option<Running>,
    /// What waits at the end of the last step, as time to finish it.
    pub backlog: i128,
    /// Requests of the present step.
    pub arrivals: u64,
    pub queue: Queue,
    /// Requests that may still be under way.
    pub flights: VecDeque<Flight>,
    /// More wait than there is memory for.
    pub starved: bool,
    /// CPU time used since it was last told.
    pub cpu_ns: u128,
    pub told_milli: i64,
}

impl Server {
    /// What an attempt meets at an instant.
    pub fn reach(&self, at: Time) -> Reach {
        match &self.running {
            _ if !self.powered => Reach::Silent,
            _ if !self.up => Reach::Unreachable,
            Some(running) if running.listens <= at && at < running.refuses.min(running.ends) => Reach::Served,
            _ => Reach::Refused,
        }
    }

    /// Works out the queue of a step in which so many requests came.
    pub fn work(&mut self, from: Time, until: Time) {
        let Some(running) = &self.running else {
            self.queue = Queue { from, until, ..Queue::default() };
            return;
        };
        let each = i128::from(running.per_request.0);
        let length = i128::from(until.since(from).0);
        let end = self.backlog + each * i128::from(self.arrivals) - length;
        let room = running.waiting_max.unwrap_or(BACKLOG_MAX);
        self.starved |= room < BACKLOG_MAX && end > each * i128::from(room);
        let most = each * i128::from(room.min(BACKLOG_MAX));
        let dropped = if each == 0 { 0 } else { (end - most).max(0) / each };
        self.queue =
            Queue { from, until, begin: self.backlog, end, most, requests: self.arrivals, dropped: (dropped as u64).min(self.arrivals) };
        let left = end.clamp(0, most);
        // What was finished, rather than what came, used the CPU.
        let finished =
            if each == 0 { i128::from(self.arrivals) } else { i128::from(self.arrivals) - dropped + (self.backlog - left) / each };
        self.cpu_ns += finished.max(0) as u128 * u128::from(running.cpu_per_request.0);
        self.backlog = left;
        self.arrivals = 0;
    }
}

/// The network space of a pod, with the lives of its containers.
#[derive(Debug, Default)]
struct Space {
    uid: Str,
    namespace: Str,
    pod: Str,
    node: Str,
    up: bool,
    lives: BTreeMap<u32, Life>,
}

/// All addresses that requests were sent to, and all that could be.
#[derive(Default)]
pub(super) struct Servers {
    pub all: Vec<Server>,
    numbers: BTreeMap<Target, u32>,
    spaces: BTreeMap<Str, Space>,
    dark: std::collections::BTreeSet<Str>,
    pub tables: Vec<Times>,
}

impl Servers {
    /// The number of an address.
    pub fn number(&mut self, target: &Target) -> u32 {
        if let Some(number) = self.numbers.get(target) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.numbers.insert(target.clone(), number);
        self.all.push(Server {
            target: target.clone(),
            namespace: Str::default(),
            pod: Str::default(),
            node: Str::default(),
            up: false,
            powered: true,
            running: None,
            backlog: 0,
            arrivals: 0,
            queue: Queue::default(),
            flights: VecDeque::new(),
            starved: false,
            cpu_ns: 0,
            told_milli: 0,
        });
        self.refresh(number as usize);
        number
    }

    /// Takes up news of a process; gives back the address.
    pub fn learn(&mut self, process: &Process) {
        let space = self.spaces.entry(process.ip.clone()).or_default();
        if space.uid != process.uid {
            // An old pod that reports late must not take the address from its successor.
            if !process.up && !space.uid.is_empty() {
                return;
            }
            *space = Space { uid: process.uid.clone(), ..Space::default() };
        }
        (space.namespace, space.pod) = (process.namespace.clone(), process.pod.clone());
        space.node = process.node.clone();
        match &process.life {
            Some(life) => drop(space.lives.insert(life.serial, life.clone())),
            None => space.up = process.up,
        }
        self.refresh_all(&process.ip);
    }

    /// A machine goes dark, or comes back with nothing on it.
    pub fn power(&mut self, node: &Str, on: bool) {
        if on {
            self.dark.remove(node);
        } else {
            self.dark.insert(node.clone());
        }
        let mut touched = Vec::new();
        for (ip, space) in self.spaces.iter_mut().filter(|(_, space)| space.node == *node) {
            space.up = false;
            space.lives.clear();
            touched.push(ip.clone());
        }
        touched.iter().for_each(|ip| self.refresh_all(ip));
    }

    fn refresh_all(&mut self, ip: &Str) {
        let from = Target { ip: ip.clone(), port: i32::MIN };
        let numbers: Vec<u32> = self.numbers.range(from..).take_while(|(target, _)| target.ip == *ip).map(|(_, number)| *number).collect();
        numbers.into_iter().for_each(|number| self.refresh(number as usize));
    }

    /// Brings what is at an address up to date.
    fn refresh(&mut self, number: usize) {
        let target = self.all[number].target.clone();
        let Some(space) = self.spaces.get(&target.ip) else { return };
        let life = at_port(space, target.port).cloned();
        let (up, node, powered) = (space.up, space.node.clone(), !self.dark.contains(&space.node));
        let (namespace, pod) = (space.namespace.clone(), space.pod.clone());
        let running = life.map(|life| {
            let table = self.table(life.time);
            let mean = self.tables[table as usize].mean.0;
            let by_place = if life.concurrency == 0 { 0 } else { mean / u64::from(life.concurrency) };
            let by_cpu = if life.cpu_limit_milli == 0 {
                0
            } else {
                (u128::from(life.cpu_per_request.0) * 1_000 / u128::from(life.cpu_limit_milli)) as u64
            };
            Running {
                listens: life.listens,
                refuses: life.refuses,
                ends: life.ends,
                table,
                per_request: Span(by_place.max(by_cpu)),
                cpu_per_request: life.cpu_per_request,
                container: life.container,
                waiting_max: life.waiting_max,
            }
        });
        let server = &mut self.all[number];
        if server.pod != pod {
            (server.cpu_ns, server.told_milli) = (0, 0);
        }
        if server.running.as_ref().map(|running| running.listens) != running.as_ref().map(|running| running.listens) {
            (server.backlog, server.starved) = (0, false);
        }
        (server.up, server.node, server.powered, server.running) = (up, node, powered, running);
        (server.namespace, server.pod) = (namespace, pod);
    }

    fn table(&mut self, dist: crate::base::Dist) -> u32 {
        let known = self.tables.iter().position(|table| table.dist == dist);
        known.unwrap_or_else(|| {
            self.tables.push(Times::new(dist));
            self.tables.len() - 1
        }) as u32
    }

    /// When something changes next at an address after an instant, by what is known now.
    pub fn next_change(&self, ip: &Str, after: Time) -> Time {
        let lives = self.spaces.get(ip).into_iter().flat_map(|space| space.lives.values());
        let times = lives.flat_map(|life| [life.listens, life.refuses, life.ends]);
        times.filter(|at| *at > after).min().unwrap_or(Time::MAX)
    }

    /// Forgets lives that are long over.
    pub fn tidy(&mut self, ip: &Str, now: Time) {
        if let Some(space) = self.spaces.get_mut(ip) {
            let newest = space.lives.keys().next_back().copied();
            space.lives.retain(|serial, life| life.ends > now || Some(*serial) == newest);
        }
    }
}

/// The life that has a port: the newest that declares it, else the newest of the main container if nobody does.
fn at_port(space: &Space, port: i32) -> Option<&Life> {
    let declares = space.lives.values().rev().find(|life| life.ports.contains(&port));
    declares.or_else(|| space.lives.values().rev().find(|life| life.is_main))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_go_in_lines() {
        let (from, until) = (Time::from_s(10), Time::from_s(11));
        let most = 4_096_000_000;
        let queue = Queue { from, until, begin: 500_000_000, end: -500_000_000, most, requests: 10, dropped: 0 };
        let wait = |ms: u64| queue.wait(from + Span::from_ms(ms)).as_ms();
        assert_eq!([0, 250, 500, 900].map(wait), [500, 250, 0, 0]);
        assert!(!queue.is_idle());
        let full = Queue { requests: 1_000, dropped: 250, ..queue };
        let throughout = Queue { begin: most, end: most + 1, ..full };
        assert_eq!((full.full(), throughout.full()), (None, Some(256)));
        assert_eq!((0..1_024).filter(|place| throughout.drops(0, *place)).count(), 256);
        assert_eq!((0..1_000).filter(|number| full.drops(*number, 0)).count(), 250);
        assert!(!(0..1_000).any(|number| queue.drops(number, 0)));
    }
}

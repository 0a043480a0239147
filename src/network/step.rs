//! What becomes of the requests of a span of time in which nothing changes: each lane of each client leads to one address, and
//! what is met there is the same for all. So a lane's requests are booked as a run, without looking at each; where they have
//! to wait, try again, or may come too late, each is looked at. `one_by_one` looks at each request anywhere, and must give the
//! same books.

use super::clients::Clients;
use super::flights::{Attempt, Flight, Who};
use super::load::Load;
use super::mix;
use super::names::{LookUp, Resolver};
use super::servers::{Reach, Servers};
use super::times::QUANTILES;
use super::windows::{LENGTH, Windows};
use crate::actor::traffic::Cause;
use crate::base::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};

/// While requests wait somewhere, or will be tried again, steps are no longer than this.
const BUSY_STEP: Span = Span::from_ms(100);
/// An answer that needs no process: a refused connection, an unknown name.
const QUICK: Span = Span::from_ms(1);
/// Until the kernel gives up on an address that nobody answers for. Real: three probes a second apart (mcast_solicit).
const NEIGHBOUR_TIMEOUT: Span = Span::from_s(3);
/// How far the lanes of a client are apart in the tables of times.
const LANE_STRIDE: u64 = 389;

/// One load and where it stands.
pub(super) struct LoadState {
    pub load: Load,
    pub clients: Clients,
    pub windows: Windows,
    /// The number of its first request, once it has begun.
    pub begun: Option<u64>,
    /// The load that is made of its look-ups, if it looks names up.
    pub names: Option<usize>,
    /// The load whose look-ups it is made of.
    pub asks_for: Option<usize>,
    /// It is sent to those who answer look-ups.
    pub early: bool,
}

/// An attempt that is still to come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Retry {
    pub at: Time,
    pub load: u32,
    pub n: u64,
    pub attempt: u32,
    pub first: Time,
    /// It need not ask for the name any more.
    pub named: bool,
}

/// Attempts that a process took in the present step.
struct Group {
    load: u32,
    server: u32,
    who: Who,
}

/// All requests of a world.
pub(super) struct Traffic {
    /// Everything before is booked.
    pub now: Time,
    pub one_by_one: bool,
    pub loads: Vec<LoadState>,
    pub servers: Servers,
    /// Attempts to come that concern look-ups, and all others.
    pub(super) early: BTreeSet<Retry>,
    pub(super) late: BTreeSet<Retry>,
    /// Look-ups under way, and when they are settled.
    pub(super) look_ups: BTreeMap<u64, LookUp>,
    pub(super) settled: BTreeSet<(Time, u64)>,
    pub(super) next_look_up: u64,
    groups: Vec<Group>,
    /// The step under way.
    pub(super) from: Time,
    pub(super) until: Time,
}

impl Traffic {
    pub fn new(loads: Vec<Load>, resolver: Option<&Resolver>, one_by_one: bool) -> Traffic {
        let state = |load: Load, asks_for| {
            let early = resolver.is_some_and(|resolver| resolver.is_target_of(&load));
            LoadState { load, clients: Clients::default(), windows: Windows::default(), begun: None, names: None, asks_for, early }
        };
        let mut states: Vec<LoadState> = loads.into_iter().map(|load| state(load, None)).collect();
        for number in 0..states.len() {
            if let Some(resolver) = resolver.filter(|resolver| resolver.is_asked_by(&states[number].load)) {
                states[number].names = Some(states.len());
                let look_ups = resolver.look_ups(&states[number].load);
                states.push(state(look_ups, Some(number)));
            }
        }
        Traffic {
            now: Time::ZERO,
            one_by_one,
            loads: states,
            servers: Servers::default(),
            early: BTreeSet::new(),
            late: BTreeSet::new(),
            look_ups: BTreeMap::new(),
            settled: BTreeSet::new(),
            next_look_up: 0,
            groups: Vec::new(),
            from: Time::ZERO,
            until: Time::ZERO,
        }
    }

    /// Books everything before an instant, by what holds now.
    pub fn advance(&mut self, until: Time) {
        while self.now < until {
            let from = self.now;
            let until = if self.is_silent(until) { until } else { self.step_end(until) };
            (self.from, self.until) = (from, until);
            self.step();
            self.now = until;
        }
    }

    /// Whether somebody will try again, or waits for a name.
    fn is_awaited(&self) -> bool {
        !self.early.is_empty() || !self.late.is_empty() || !self.look_ups.is_empty()
    }

    /// Whether nobody sends anything and nobody waits.
    fn is_silent(&self, until: Time) -> bool {
        !self.is_awaited()
            && self.servers.all.iter().all(|server| server.backlog == 0)
            && self.loads.iter().all(|state| {
                let (from, to) = state.numbers(self.now, until);
                from == to
            })
    }

    fn step_end(&self, until: Time) -> Time {
        let from = self.now;
        let mut end = until.min(Time((from.0 / LENGTH.0 + 1) * LENGTH.0));
        for state in &self.loads {
            end = end.min(state.load.rate.next_change(from));
            // No name is asked for twice within a step.
            if state.names.is_some() && !state.load.name_ttl.is_zero() {
                end = end.min(from + state.load.name_ttl);
            }
        }
        if self.is_awaited() || self.servers.all.iter().any(|server| server.backlog > 0) {
            end = end.min(from + BUSY_STEP);
        }
        end
    }

    fn step(&mut self) {
        let mut others = Vec::with_capacity(self.loads.len());
        for number in 0..self.loads.len() {
            match &self.loads[number] {
                state if state.asks_for.is_some() => {}
                state if state.early => self.send(number),
                state => {
                    others.push(number);
                    if state.names.is_some() {
                        self.ask(number);
                    }
                }
            }
        }
        while let Some(retry) = self.early.first().copied().filter(|retry| retry.at < self.until) {
            self.early.pop_first();
            if self.loads[retry.load as usize].names.is_some() { self.need_name(retry) } else { self.try_again(retry) }
        }
        if !self.groups.is_empty() {
            self.work(true);
        }
        others.into_iter().for_each(|number| self.send(number));
        self.settle();
        // Failures within the step may be tried again within it.
        while let Some(retry) = self.late.first().copied().filter(|retry| retry.at < self.until) {
            self.late.pop_first();
            self.try_again(retry);
        }
        self.work(false);
    }

    /// The processes do their work of the step, and what they took is booked: first those that answer look-ups, then the others.
    fn work(&mut self, early: bool) {
        let (from, until) = (self.from, self.until);
        for server in &mut self.servers.all {
            let has_worked = (server.queue.from, server.queue.until) == (from, until);
            if !has_worked && (server.arrivals > 0 || !early && server.backlog > 0) {
                server.work(from, until);
            }
            // Those that are over; behind one that takes longer, some may stay a while.
            while server.flights.front().is_some_and(|flight| flight.latest <= from) {
                server.flights.pop_front();
            }
        }
        let groups = std::mem::take(&mut self.groups);
        for group in &groups {
            self.book(group);
        }
        self.groups = groups;
        self.groups.clear();
    }

    /// An attempt is to be made at its time; look-ups not before those of the present step are over.
    pub(super) fn later(&mut self, retry: Retry) {
        let state = &self.loads[retry.load as usize];
        if state.names.is_some() && !retry.named {
            self.early.insert(Retry { at: retry.at.max(self.until), ..retry });
        } else if state.early {
            self.early.insert(retry);
        } else {
            self.late.insert(retry);
        }
    }

    /// The new requests of a load.
    fn send(&mut self, number: usize) {
        let (n0, n1) = self.loads[number].numbers(self.from, self.until);
        let clients = self.loads[number].clients.all.len() as u64;
        if clients == 0 {
            return;
        }
        // The place of the first request of a client at or after `n`, among the client's own.
        let place = |n: u64, client: u64| n.saturating_sub(client).div_ceil(clients);
        let within = self.until.since(self.from);
        let (looks_up, each) = (self.loads[number].names.is_some(), self.loads[number].load.name_ttl.is_zero());
        for client in 0..clients {
            let (m0, m1) = (place(n0, client), place(n1, client));
            let state = &mut self.loads[number];
            let latest = state.clients.latest.clone();
            state.clients.all[client as usize].note(m1 - m0, within, &state.load, &latest, &mut self.servers);
            if looks_up {
                if !each && m1 > m0 {
                    self.send_named(number, (client, clients), (n0, n1));
                }
            } else if !self.one_by_one && m1 > m0 {
                self.send_runs(number, client, clients, m0, m1);
            }
        }
        if self.one_by_one && !looks_up {
            for n in n0..n1 {
                self.send_one(number, n, clients);
            }
        }
    }

    /// A client's requests `m0..m1` (as it counts them), lane by lane.
    pub(super) fn send_runs(&mut self, number: usize, client: u64, clients: u64, m0: u64, m1: u64) {
        let own = &self.loads[number].clients.all[client as usize];
        let (offset, none, kept) = (own.offset, own.none, own.lanes.len() as u64);
        let lanes = if kept > 0 { kept } else { (own.table.len() as u64).max(1) };
        let (x0, x1) = (m0 + offset, m1 + offset);
        let place = |x: u64, lane: u64| x.saturating_sub(lane).div_ceil(lanes);
        for lane in 0..lanes {
            let (first, end) = (place(x0, lane), place(x1, lane));
            if first == end {
                continue;
            }
            let own = &self.loads[number].clients.all[client as usize];
            let salt = own.salt + lane * LANE_STRIDE;
            let who = |first: u64, count: u64| Who::Lane { client, clients, lane, lanes, offset, salt, number: first, count };
            if kept == 0 {
                let target = own.table.get(lane as usize).copied().ok_or(none);
                self.meet(number as u32, target, who(first, end - first));
                continue;
            }
            let mut next = first;
            while next < end {
                match self.connection(number, client, lane, next) {
                    (target, true) => {
                        self.meet(number as u32, target, who(next, end - next));
                        next = end;
                    }
                    (target, false) => {
                        self.meet(number as u32, target, who(next, 1));
                        next += 1;
                    }
                }
            }
        }
    }

    /// One request, followed by itself.
    pub(super) fn send_one(&mut self, number: usize, n: u64, clients: u64) {
        let (client, m) = (n % clients, n / clients);
        let own = &self.loads[number].clients.all[client as usize];
        let kept = own.lanes.len() as u64;
        let lanes = if kept > 0 { kept } else { (own.table.len() as u64).max(1) };
        let (lane, place) = ((m + own.offset) % lanes, (m + own.offset) / lanes);
        let salt = own.salt + lane * LANE_STRIDE;
        let target =
            if kept > 0 { self.connection(number, client, lane, place).0 } else { own.table.get(lane as usize).copied().ok_or(own.none) };
        let at = self.loads[number].load.rate.time_of(n);
        self.meet(number as u32, target, Who::One { n, number: place, place: place + salt, at, first: at, attempt: 0 });
    }

    /// Where a kept connection leads, opened anew if need be; and whether it is open.
    fn connection(&mut self, number: usize, client: u64, lane: u64, place: u64) -> (Result<u32, Cause>, bool) {
        let own = &mut self.loads[number].clients.all[client as usize];
        let serves = |server: &u32, servers: &Servers| servers.all[*server as usize].reach(self.from) == Reach::Served;
        if let Some(server) = own.lanes[lane as usize].filter(|server| serves(server, &self.servers)) {
            return (Ok(server), true);
        }
        let picked = own.pick(lane << 40 ^ place, 0);
        own.lanes[lane as usize] = picked.filter(|server| serves(server, &self.servers));
        (picked.ok_or(own.none), own.lanes[lane as usize].is_some())
    }

    fn try_again(&mut self, retry: Retry) {
        let state = &mut self.loads[retry.load as usize];
        state.windows.at(retry.first).tries_again();
        if state.asks_for.is_some() {
            return self.query(retry.load as usize, retry.n, retry.at, retry.attempt, retry.first);
        }
        let clients = &state.clients.all;
        let target = match clients.get((retry.n % (clients.len() as u64).max(1)) as usize) {
            Some(client) => client.pick(retry.n, retry.attempt).ok_or(client.none),
            None => Err(Cause::TimeOut),
        };
        let number = mix(retry.n, u64::from(retry.attempt));
        let Retry { n, at, first, attempt, .. } = retry;
        self.meet(retry.load, target, Who::One { n, number, place: number, at, first, attempt });
    }

    /// Attempts reach an address, or learn that there is none.
    pub(super) fn meet(&mut self, load: u32, target: Result<u32, Cause>, who: Who) {
        let timeout = self.loads[load as usize].load.timeout;
        let (cause, took) = match target {
            Err(Cause::TimeOut) => (Cause::TimeOut, timeout),
            Err(cause) => (cause, QUICK),
            Ok(server) => match self.servers.all[server as usize].reach(self.from) {
                Reach::Served => {
                    self.servers.all[server as usize].arrivals += who.count();
                    self.groups.push(Group { load, server, who });
                    return;
                }
                Reach::Refused => (Cause::Refused, QUICK),
                Reach::Unreachable if NEIGHBOUR_TIMEOUT < timeout => (Cause::Unreachable, NEIGHBOUR_TIMEOUT),
                Reach::Unreachable | Reach::Silent => (Cause::TimeOut, timeout),
            },
        };
        self.fail(load, who, cause, took);
    }

    /// Attempts that all fail in the same way.
    fn fail(&mut self, load: u32, who: Who, cause: Cause, took: Span) {
        let state = &mut self.loads[load as usize];
        if state.load.retries.limit == 0 && matches!(who, Who::Lane { .. }) {
            state.windows.at(self.from).failed(cause, took, who.count(), self.until + took);
            return;
        }
        for index in 0..who.count() {
            let attempt = who.get(index, |n| self.loads[load as usize].load.rate.time_of(n));
            self.fail_one(load, attempt, cause, attempt.at + took, Time::ZERO);
        }
    }

    /// One attempt has failed: there is another, not before `floor`, or none.
    pub(super) fn fail_one(&mut self, load: u32, failed: Attempt, cause: Cause, ends: Time, floor: Time) {
        let state = &mut self.loads[load as usize];
        let retries = state.load.retries;
        let window = state.windows.at(failed.first);
        if failed.attempt >= retries.limit {
            window.failed(cause, ends.since(failed.first), 1, ends);
            if state.asks_for.is_some() {
                self.settles(failed.n, ends, false);
            }
            return;
        }
        window.retries(cause);
        let attempt = failed.attempt + 1;
        let at = (ends + retries.wait(attempt)).max(floor);
        self.later(Retry { at, load, n: failed.n, attempt, first: failed.first, named: false });
    }

    /// Attempts that a process has taken.
    fn book(&mut self, group: &Group) {
        let server = &self.servers.all[group.server as usize];
        let Some(running) = &server.running else { return };
        let (queue, table) = (server.queue, running.table);
        let times = &self.servers.tables[table as usize];
        let is_constant = times.is_constant;
        let (longest, timeout) = (times.max, self.loads[group.load as usize].load.timeout);
        let retries = self.loads[group.load as usize].load.retries.limit > 0;
        let most = Span(queue.most.max(0) as u64);
        let mut flight = Flight { load: group.load, who: group.who, queue, table, as_run: false, latest: Time::ZERO };
        match group.who {
            Who::Lane { salt, number, count, .. } if queue.is_idle() && longest <= timeout => {
                flight.as_run = true;
                flight.latest = self.until + longest;
                let window = self.loads[group.load as usize].windows.at(self.from);
                window.run((table, Span::ZERO, is_constant), number + salt, count, flight.latest);
            }
            // The queue is full throughout: all wait for as long, and some give up.
            Who::Lane { salt, number, count, .. } if queue.full().is_some() && !retries && most + longest <= timeout => {
                flight.as_run = true;
                flight.latest = self.until + most + longest;
                let window = self.loads[group.load as usize].windows.at(self.from);
                let kept = QUANTILES as u64 - queue.full().unwrap_or_default();
                let mut answered = 0;
                let (mut place, mut left) = ((number + salt) % QUANTILES as u64, count);
                while left > 0 {
                    let within = left.min(QUANTILES as u64 - place);
                    let taken = kept.saturating_sub(place).min(within);
                    if taken > 0 {
                        window.run((table, most, is_constant), place, taken, flight.latest);
                    }
                    answered += taken;
                    (place, left) = (0, left - within);
                }
                if answered < count {
                    window.failed(Cause::TimeOut, timeout, count - answered, self.until + timeout);
                }
            }
            _ => {
                for index in 0..group.who.count() {
                    let attempt = group.who.get(index, |n| self.loads[group.load as usize].load.rate.time_of(n));
                    let ends = self.book_one(group.load, attempt, &flight);
                    flight.latest = flight.latest.max(ends);
                }
            }
        }
        self.servers.all[group.server as usize].flights.push_back(flight);
    }

    /// When an attempt would be answered; none if the client does not wait so long.
    fn answer(&self, load: u32, attempt: Attempt, flight: &Flight) -> Option<Time> {
        if flight.queue.drops(attempt.number, attempt.place) {
            return None;
        }
        let took = flight.queue.wait(attempt.at) + self.servers.tables[flight.table as usize].at(attempt.place);
        (took <= self.loads[load as usize].load.timeout).then(|| attempt.at + took)
    }

    /// Books one attempt; gives back when it ends.
    fn book_one(&mut self, load: u32, attempt: Attempt, flight: &Flight) -> Time {
        match self.answer(load, attempt, flight) {
            Some(ends) => {
                let state = &mut self.loads[load as usize];
                state.windows.at(attempt.first).answered(ends.since(attempt.first), ends);
                if state.asks_for.is_some() {
                    self.settles(attempt.n, ends, true);
                }
                ends
            }
            None => {
                let ends = attempt.at + self.loads[load as usize].load.timeout;
                self.fail_one(load, attempt, Cause::TimeOut, ends, self.until);
                Time::ZERO
            }
        }
    }

    /// What was under way at addresses whose process has ended by now fails: at once, or, if the machine is dark, when the
    /// clients give up.
    pub fn reap(&mut self) {
        let now = self.now;
        for number in 0..self.servers.all.len() {
            let server = &mut self.servers.all[number];
            let ended = !server.up || !server.powered || server.running.as_ref().is_none_or(|running| running.ends <= now);
            if !ended {
                continue;
            }
            (server.backlog, server.arrivals) = (0, 0);
            let silent = !server.powered;
            for flight in std::mem::take(&mut server.flights) {
                if flight.latest > now {
                    self.break_off(&flight, silent);
                }
            }
        }
    }

    fn break_off(&mut self, flight: &Flight, silent: bool) {
        let now = self.now;
        for index in 0..flight.who.count() {
            let attempt = flight.who.get(index, |n| self.loads[flight.load as usize].load.rate.time_of(n));
            let Some(ends) = self.answer(flight.load, attempt, flight).filter(|ends| *ends > now) else { continue };
            let state = &mut self.loads[flight.load as usize];
            let window = state.windows.at(attempt.first);
            if flight.as_run {
                let wait = if flight.queue.is_idle() { Span::ZERO } else { Span(flight.queue.most as u64) };
                window.take_from_run((flight.table, wait), attempt.place);
            } else {
                window.take_back(ends.since(attempt.first));
            }
            let timeout = state.load.timeout;
            // Names are asked for by UDP: nobody hears that the process has gone.
            let silent = silent || state.asks_for.is_some();
            if state.asks_for.is_some() {
                self.unsettle(attempt.n);
            }
            let (cause, ends) = if silent { (Cause::TimeOut, attempt.at + timeout) } else { (Cause::Reset, now) };
            self.fail_one(flight.load, attempt, cause, ends, now);
        }
    }
}

impl LoadState {
    /// The numbers of the requests that leave within a span of time.
    pub(super) fn numbers(&self, from: Time, until: Time) -> (u64, u64) {
        let Some(begun) = self.begun else { return (0, 0) };
        let before = |at: Time| self.load.rate.sent_before(at).max(begun);
        (before(from), before(until))
    }
}

//! Load: who sends requests to which Service, and when each request leaves. Arrivals are even: request number n leaves as soon
//! as the integral of the rate reaches n + 1, so how many leave within a span is known without counting them.

use crate::base::{Span, Time};
use crate::model::{Selector, Str};

/// The integral of the rate is counted in these parts of a request: thousandths of a request a second, times nanoseconds.
const PARTS: u128 = 1_000_000_000_000;
/// A change of the rate is made of steps of this length.
const RAMP_STEP: Span = Span::from_s(1);
/// Steps of one change at most.
const RAMP_STEPS_MAX: u64 = 3_600;

/// A rate that holds from some instant on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Piece {
    from: Time,
    rate_milli: u64,
    /// Parts of requests sent before.
    sent: u128,
}

/// A rate of requests over time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rate {
    pieces: Vec<Piece>,
}

impl Rate {
    /// So many thousandths of a request a second from the start on.
    pub fn constant(rate_milli: u64) -> Rate {
        Rate { pieces: vec![Piece { from: Time::ZERO, rate_milli, sent: 0 }] }
    }

    /// From `at` on the rate goes to another in even steps over a while. Changes come in order of time; one that begins before
    /// the former has ended cuts it short.
    pub fn change(&mut self, at: Time, target_milli: u64, over: Span) {
        self.pieces.retain(|piece| piece.from < at || piece.from == Time::ZERO && at == Time::ZERO);
        let from_milli = self.pieces.last().map_or(0, |piece| piece.rate_milli);
        let steps = (over.0.div_ceil(RAMP_STEP.0)).clamp(1, RAMP_STEPS_MAX);
        if !over.is_zero() {
            for step in 0..steps {
                let begins = at + Span(over.0 / steps * step);
                // The rate in the middle of the step.
                let part = |rate: u64, share: u64| u128::from(rate) * u128::from(share) / u128::from(2 * steps);
                let rate = part(from_milli, 2 * (steps - step) - 1) + part(target_milli, 2 * step + 1);
                self.add(begins, rate as u64);
            }
        }
        self.add(at + over, target_milli);
    }

    fn add(&mut self, from: Time, rate_milli: u64) {
        if let Some(last) = self.pieces.last_mut().filter(|last| last.from == from) {
            last.rate_milli = rate_milli;
            return;
        }
        let sent = self.parts_by(from);
        self.pieces.push(Piece { from, rate_milli, sent });
    }

    fn piece_at(&self, at: Time) -> Piece {
        let after = self.pieces.partition_point(|piece| piece.from <= at);
        self.pieces[after.max(1) - 1]
    }

    fn parts_by(&self, at: Time) -> u128 {
        let piece = self.piece_at(at);
        piece.sent + u128::from(piece.rate_milli) * u128::from(at.since(piece.from).0)
    }

    /// How many requests leave before an instant.
    pub fn sent_before(&self, at: Time) -> u64 {
        if at == Time::ZERO {
            return 0;
        }
        (self.parts_by(Time(at.0 - 1)) / PARTS) as u64
    }

    /// When request number `n`, from 0, leaves; `Time::MAX` if it never does.
    pub fn time_of(&self, n: u64) -> Time {
        let wanted = (u128::from(n) + 1) * PARTS;
        // The first piece at whose beginning so much has not been sent yet holds it, or those after it.
        let after = self.pieces.partition_point(|piece| piece.sent < wanted);
        let piece = self.pieces[after.max(1) - 1];
        if piece.rate_milli == 0 {
            return Time::MAX;
        }
        let missing = wanted - piece.sent;
        let rate = piece.rate_milli;
        let ns = match u64::try_from(missing) {
            Ok(missing) => missing.div_ceil(rate),
            Err(_) => missing.div_ceil(u128::from(rate)) as u64,
        };
        piece.from + Span(ns)
    }

    /// Requests a second at an instant, in thousandths.
    pub fn at(&self, at: Time) -> u64 {
        self.piece_at(at).rate_milli
    }

    /// When the rate changes next after an instant.
    pub fn next_change(&self, after: Time) -> Time {
        let at = self.pieces.partition_point(|piece| piece.from <= after);
        self.pieces.get(at).map_or(Time::MAX, |piece| piece.from)
    }
}

/// Who sends.
#[derive(Clone, PartialEq, Debug)]
pub enum Sender {
    /// Programs on these nodes; all nodes without a selector.
    Nodes(Option<Selector>),
    /// The pods of the load's namespace with these labels.
    Pods(Selector),
    /// Somebody outside of the cluster, who comes in at the nodes' ports.
    Outside,
}

/// Which port of the Service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Port {
    /// The first.
    First,
    /// The one with this name.
    Named(Str),
    /// The one with this number (or node port).
    Number(i32),
}

/// What a client does about a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retries {
    /// Attempts after the first.
    pub limit: u32,
    /// The wait before the first of them.
    pub backoff: Span,
    /// How many times as long each further wait is.
    pub factor: u32,
}

impl Retries {
    /// The wait before an attempt, from 1.
    pub fn wait(&self, attempt: u32) -> Span {
        let factor = u64::from(self.factor).saturating_pow(attempt.saturating_sub(1));
        Span(self.backoff.0.saturating_mul(factor).min(BACKOFF_MAX.0))
    }
}

/// No wait between attempts is longer.
const BACKOFF_MAX: Span = Span::from_s(60);

/// Requests to a Service.
#[derive(Clone, PartialEq, Debug)]
pub struct Load {
    /// Its name in reports.
    pub name: Str,
    /// Namespace of the Service, and of client pods.
    pub namespace: Str,
    /// The Service.
    pub service: Str,
    /// One pod of a headless Service, by its host name.
    pub host: Str,
    /// Which port.
    pub port: Port,
    /// Who sends.
    pub from: Sender,
    /// Clients in all; 0: one a node or pod, at most [`CLIENTS_MAX`].
    pub clients: u32,
    /// Connections that each client keeps; 0: each request has its own.
    pub connections: u32,
    /// How long a client waits for an answer.
    pub timeout: Span,
    /// What it does about a failure.
    pub retries: Retries,
    /// How long names are remembered.
    pub name_ttl: Span,
    /// When the first request leaves; without, once every client knows an endpoint that is ready.
    pub start: Option<Time>,
    /// How many.
    pub rate: Rate,
}

/// Clients when the scenario does not say how many.
pub const CLIENTS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_instants_agree() {
        let mut rate = Rate::constant(120_000);
        rate.change(Time::from_s(5), 400_000, Span::from_s(3));
        rate.change(Time::from_s(20), 0, Span::ZERO);
        rate.change(Time::from_s(25), 333, Span::from_ms(2_500));
        let total = rate.sent_before(Time::from_s(60));
        let mut last = Time::ZERO;
        for n in 0..total {
            let at = rate.time_of(n);
            assert!(at >= last && at < Time::from_s(60));
            assert_eq!((rate.sent_before(at) <= n, rate.sent_before(Time(at.0 + 1)) > n), (true, true), "request {n}");
            last = at;
        }
        assert!(rate.time_of(total) >= Time::from_s(60));
        assert_eq!(rate.sent_before(Time::from_s(5) + Span(1)), 600);
        // 5 s at 120, 3 s at 260 on the whole, 12 s at 400.
        // The steps' rates are whole thousandths, so one may be missing.
        assert!((6_179..=6_180).contains(&rate.sent_before(Time::from_s(25))));
        assert_eq!(rate.next_change(Time::from_s(21)), Time::from_s(25));
        assert_eq!((rate.at(Time::from_s(22)), rate.at(Time::from_s(19))), (0, 400_000));
    }

    #[test]
    fn waits_grow_up_to_a_minute() {
        let retries = Retries { limit: 9, backoff: Span::from_ms(100), factor: 4 };
        assert_eq!([1, 2, 3, 9].map(|n| retries.wait(n).as_ms()), [100, 400, 1_600, 60_000]);
    }
}

//! The event queue: a radix heap. Events wait in 64 buckets by the highest bit in which their time differs from the last one
//! taken; equal times come out in the order in which they went in, without a sequence number.
//!
//! Ahuja, Mehlhorn, Orlin, Tarjan: "Faster algorithms for the shortest path problem", J. ACM 37 (1990). Monotone: nothing
//! may be put in before the time last taken, which a simulation never needs.

use super::event::Event;
use crate::base::{Stream, Time};
use std::collections::VecDeque;

/// Events in order of time; first in, first out among equals.
#[derive(Clone, Debug)]
pub struct EventQueue {
    now: u64,
    len: usize,
    /// Events at `now`.
    ready: VecDeque<Event>,
    /// `buckets[b]`: events whose time first differs from `now` in bit `b`, in order of arrival.
    buckets: Vec<Vec<(u64, Event)>>,
    /// Bit `b` is set when bucket `b` holds something.
    occupied: u64,
    /// Draws who is next among equals, if they are shuffled.
    shuffle: Option<Stream>,
}

impl Default for EventQueue {
    fn default() -> Self {
        EventQueue { now: 0, len: 0, ready: VecDeque::new(), buckets: vec![Vec::new(); 64], occupied: 0, shuffle: None }
    }
}

impl EventQueue {
    /// Puts an event in.
    ///
    /// # Panics
    /// When `at` lies before the time last taken: the past cannot change.
    pub fn push(&mut self, at: Time, event: Event) {
        assert!(at.0 >= self.now, "event {event:?} at {at} lies before {}", Time(self.now));
        self.len += 1;
        self.place(at.0, event);
    }

    fn place(&mut self, at: u64, event: Event) {
        let differs = at ^ self.now;
        if differs == 0 {
            self.ready.push_back(event);
        } else {
            let bucket = 63 - differs.leading_zeros() as usize;
            self.buckets[bucket].push((at, event));
            self.occupied |= 1 << bucket;
        }
    }

    /// When the next event happens.
    pub fn next_time(&self) -> Option<Time> {
        if !self.ready.is_empty() {
            return Some(Time(self.now));
        }
        let bucket = self.buckets.get(self.occupied.trailing_zeros() as usize)?;
        bucket.iter().map(|(at, _)| Time(*at)).min()
    }

    /// Takes the next event if it happens at `until` or before.
    pub fn pop_until(&mut self, until: Time) -> Option<(Time, Event)> {
        if self.ready.is_empty() {
            self.refill(until)?;
        } else if self.now > until.0 {
            return None;
        }
        self.len -= 1;
        if let Some(random) = &mut self.shuffle
            && self.ready.len() > 1
        {
            let at = random.below(self.ready.len() as u64) as usize;
            return self.ready.swap_remove_front(at).map(|event| (Time(self.now), event));
        }
        self.ready.pop_front().map(|event| (Time(self.now), event))
    }

    /// Moves to the time of the next event and spreads its bucket anew, in order.
    fn refill(&mut self, until: Time) -> Option<()> {
        let bucket = self.occupied.trailing_zeros() as usize;
        let next = self.buckets.get(bucket)?.iter().map(|(at, _)| *at).min()?;
        if next > until.0 {
            return None;
        }
        self.now = next;
        self.occupied &= !(1 << bucket);
        let mut waiting = std::mem::take(&mut self.buckets[bucket]);
        for (at, event) in waiting.drain(..) {
            self.place(at, event);
        }
        self.buckets[bucket] = waiting;
        Some(())
    }

    /// From now on equal times come in an order that is drawn.
    pub fn shuffle(&mut self, random: Stream) {
        self.shuffle = Some(random);
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ActorId;
    use proptest::prelude::*;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    fn event(token: u64) -> Event {
        Event::Wake { actor: ActorId(0), life: 0, token }
    }

    #[test]
    fn equal_times_keep_their_order() {
        let mut queue = EventQueue::default();
        for (at, token) in [(5, 0), (3, 1), (5, 2), (3, 3), (1 << 40, 4), (5, 5)] {
            queue.push(Time(at), event(token));
        }
        let mut order = Vec::new();
        while let Some((at, Event::Wake { token, .. })) = queue.pop_until(Time::MAX) {
            order.push((at.0, token));
        }
        assert_eq!(order, [(3, 1), (3, 3), (5, 0), (5, 2), (5, 5), (1 << 40, 4)]);
    }

    #[test]
    fn shuffled_equals_come_in_another_order_but_in_time() {
        let order = |seed: u64| {
            let mut queue = EventQueue::default();
            queue.shuffle(crate::base::Seed(seed).stream("shuffle"));
            for token in 0..20 {
                queue.push(Time(5 + token % 2), event(token));
            }
            let mut order = Vec::new();
            while let Some((at, Event::Wake { token, .. })) = queue.pop_until(Time::MAX) {
                order.push((at.0, token));
            }
            order
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        let (times, mut tokens): (Vec<u64>, Vec<u64>) = order(1).into_iter().unzip();
        assert!(times.is_sorted());
        tokens.sort_unstable();
        assert!(tokens.into_iter().eq(0..20));
    }

    #[test]
    fn nothing_comes_before_its_time() {
        let mut queue = EventQueue::default();
        queue.push(Time(10), event(0));
        assert_eq!(queue.pop_until(Time(9)), None);
        assert_eq!(queue.next_time(), Some(Time(10)));
        assert!(queue.pop_until(Time(10)).is_some());
        assert!(queue.is_empty());
    }

    #[test]
    #[should_panic(expected = "lies before")]
    fn the_past_cannot_change() {
        let mut queue = EventQueue::default();
        queue.push(Time(10), event(0));
        queue.pop_until(Time::MAX);
        queue.push(Time(9), event(1));
    }

    proptest! {
        /// The binary heap with sequence numbers is the oracle.
        #[test]
        fn agrees_with_a_binary_heap(steps in prop::collection::vec((any::<bool>(), 0u64..5_000), 1..400)) {
            let mut queue = EventQueue::default();
            let mut oracle = BinaryHeap::new();
            let mut now = 0;
            for (seq, (push, delay)) in steps.into_iter().enumerate() {
                if push {
                    queue.push(Time(now + delay), event(seq as u64));
                    oracle.push(Reverse((now + delay, seq as u64)));
                } else {
                    let wanted = oracle.pop().map(|Reverse((at, seq))| (Time(at), event(seq)));
                    let got = queue.pop_until(Time::MAX);
                    prop_assert_eq!(got, wanted);
                    now = got.map_or(now, |(at, _)| at.0);
                }
                prop_assert_eq!(queue.len(), oracle.len());
            }
        }
    }
}

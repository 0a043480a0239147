//! Making a failing scenario small: fewer faults, fewer steps, fewer pods and machines, shorter, with plain latencies, as long as it
//! fails in the same way. What is tried is what the file will say.

use super::document::{Document, duration};
use super::{Failure, Trial};
use crate::base::Span;
use crate::sim::Latency;
use serde_json::Value;

/// Worlds that are tried at most.
const TRIES_MAX: usize = 400;

/// The small scenario and how it fails.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The scenario.
    pub document: Document,
    /// How it fails.
    pub failure: Failure,
    /// Worlds that were tried.
    pub tries: usize,
}

struct Shrinker<'a> {
    trial: &'a Trial,
    best: Document,
    failure: Failure,
    tries: usize,
}

/// Shrinks a document that fails so.
pub fn shrink(trial: &Trial, document: Document, failure: &Failure) -> Shrunk {
    let mut shrinker = Shrinker { trial, best: document, failure: failure.clone(), tries: 0 };
    if !failure.law.starts_with("expect: ") {
        shrinker.attempt(|document| document.list("expect").clear());
    }
    // Each round makes the next one faster and may open new ways; it ends when a whole round achieves nothing.
    for _round in 0..4 {
        let before = shrinker.best.clone();
        shrinker.shorten();
        shrinker.drop_items("timeline");
        shrinker.drop_items("manifests");
        shrinker.fewer_replicas();
        shrinker.fewer_nodes();
        shrinker.shorter_faults();
        shrinker.attempt(|document| document.set_latency(Latency::default()));
        if shrinker.best == before || shrinker.tries >= TRIES_MAX {
            break;
        }
    }
    Shrunk { document: shrinker.best, failure: shrinker.failure, tries: shrinker.tries }
}

impl Shrinker<'_> {
    /// Tries a change; it is kept if the scenario still fails in the same way.
    fn attempt(&mut self, change: impl FnOnce(&mut Document)) -> bool {
        let mut candidate = self.best.clone();
        change(&mut candidate);
        if candidate == self.best || self.tries >= TRIES_MAX {
            return false;
        }
        self.tries += 1;
        let Ok(scenario) = candidate.parse() else { return false };
        let Ok(outcome) = self.trial.play(&scenario) else { return false };
        match outcome.failure {
            Some(failure) if failure.law == self.failure.law => {
                (self.best, self.failure) = (candidate, failure);
                true
            }
            _ => false,
        }
    }

    /// Leaves out parts of a list: halves, then quarters, then single items.
    fn drop_items(&mut self, key: &str) {
        let mut size = self.best.list(key).len().div_ceil(2).max(1);
        loop {
            let mut at = 0;
            while at < self.best.list(key).len() {
                let end = (at + size).min(self.best.list(key).len());
                if !self.attempt(|document| drop(document.list(key).drain(at..end))) {
                    at += size;
                }
            }
            if size == 1 {
                return;
            }
            size = size.div_ceil(2);
        }
    }

    /// The run ends soon after the failure.
    fn shorten(&mut self) {
        let at = self.failure.at.0;
        let now = self.best.tree["duration"].as_str().and_then(|text| Span::parse(text).ok()).unwrap_or_default();
        let whole = |ns: u64| Span::from_s(ns.div_ceil(Span::from_s(1).0).max(1));
        let shorter = [whole(at), whole(now.0 / 4), whole(now.0 / 2), whole(now.0 / 4 * 3)];
        for span in shorter.into_iter().filter(|span| *span < now) {
            if self.attempt(|document| document.tree["duration"] = duration(span).into()) {
                return;
            }
        }
    }

    fn fewer_replicas(&mut self) {
        for at in 0..self.best.list("manifests").len() {
            let Some(replicas) = self.best.list("manifests")[at]["spec"]["replicas"].as_u64() else { continue };
            for fewer in [1, replicas / 2, replicas.saturating_sub(1)] {
                if fewer >= 1
                    && fewer < replicas
                    && self.attempt(|document| document.list("manifests")[at]["spec"]["replicas"] = fewer.into())
                {
                    break;
                }
            }
        }
    }

    fn groups(&mut self) -> usize {
        self.best.tree["cluster"]["nodes"].as_array().map_or(0, Vec::len)
    }

    fn fewer_nodes(&mut self) {
        let mut at = self.groups();
        while at > 0 {
            at -= 1;
            let group = |document: &mut Document, at: usize| -> Option<Value> { document.tree["cluster"]["nodes"].get(at).cloned() };
            if self.attempt(|document| {
                if let Some(groups) = document.tree["cluster"]["nodes"].as_array_mut() {
                    groups.remove(at);
                }
            }) {
                continue;
            }
            let count = group(&mut self.best, at).and_then(|group| group["count"].as_u64()).unwrap_or(1);
            for fewer in [1, count / 2, count.saturating_sub(1)] {
                if fewer >= 1 && fewer < count && self.attempt(|document| document.tree["cluster"]["nodes"][at]["count"] = fewer.into()) {
                    break;
                }
            }
        }
    }

    fn shorter_faults(&mut self) {
        for at in 0..self.best.timeline().len() {
            let lasts = |document: &mut Document| document.timeline()[at]["for"].as_str().and_then(|text| Span::parse(text).ok());
            while let Some(span) = lasts(&mut self.best).filter(|span| *span > Span::from_s(2)) {
                let half = Span::from_s((span.0 / 2).div_ceil(Span::from_s(1).0));
                if !self.attempt(|document| document.timeline()[at]["for"] = duration(half).into()) {
                    break;
                }
            }
        }
    }
}

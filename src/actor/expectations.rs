//! What a controller still waits to see of its own doing, before it trusts its view again.
//! Real: pkg/controller/controller_utils.go (ControllerExpectations, UIDTrackingControllerExpectations) @ v1.37.2.

use crate::base::collections::Map;
use crate::base::{Span, Time};
use crate::model::Str;
use crate::store::Id;
use std::collections::BTreeSet;

/// After so long an expectation is given up.
const TIMEOUT: Span = Span::from_s(5 * 60);

#[derive(Clone, Debug, Default)]
struct Expected {
    creations: i64,
    deletions: BTreeSet<Str>,
    plain_deletions: i64,
    since: Time,
}

/// Expected creations and deletions per key.
#[derive(Clone, Debug, Default)]
pub struct Expectations(Map<Id, Expected>);

impl Expectations {
    /// Begins anew: so many creations and deletions (by count) are expected.
    pub fn expect(&mut self, key: Id, creations: usize, deletions: usize, now: Time) {
        let fresh = Expected { creations: creations as i64, plain_deletions: deletions as i64, since: now, ..Expected::default() };
        self.0.insert(key, fresh);
    }

    /// Begins anew: the deletion of these objects, by uid or any other token, is expected.
    pub fn expect_deletions(&mut self, key: Id, tokens: impl IntoIterator<Item = Str>, now: Time) {
        self.0.insert(key, Expected { deletions: tokens.into_iter().collect(), since: now, ..Expected::default() });
    }

    /// More creations and deletions are expected, without beginning anew.
    pub fn raise(&mut self, key: Id, creations: usize, deletions: usize, now: Time) {
        let expected = self.0.get_or_insert_with(key, || Expected { since: now, ..Expected::default() });
        expected.creations += creations as i64;
        expected.plain_deletions += deletions as i64;
    }

    /// A creation was seen, or will never be (it was refused).
    pub fn creation_observed(&mut self, key: Id) {
        if let Some(expected) = self.0.get_mut(&key) {
            expected.creations -= 1;
        }
    }

    /// A deletion was seen, or will never be; `token` as given to `expect_deletions`.
    pub fn deletion_observed(&mut self, key: Id, token: &str) {
        if let Some(expected) = self.0.get_mut(&key)
            && !expected.deletions.remove(token)
        {
            expected.plain_deletions -= 1;
        }
    }

    /// Whether the view shows all that was expected (or nothing was, or it is too long ago).
    pub fn satisfied(&self, key: Id, now: Time) -> bool {
        self.0.get(&key).is_none_or(|expected| {
            let fulfilled = expected.creations <= 0 && expected.plain_deletions <= 0 && expected.deletions.is_empty();
            fulfilled || now - expected.since > TIMEOUT
        })
    }

    /// The owner is gone: nothing is expected any more.
    pub fn forget(&mut self, key: Id) {
        self.0.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn satisfied_once_all_was_seen() {
        let (key, now) = (Id(1), Time::ZERO);
        let mut expectations = Expectations::default();
        assert!(expectations.satisfied(key, now));
        expectations.expect(key, 2, 0, now);
        expectations.creation_observed(key);
        assert!(!expectations.satisfied(key, now));
        expectations.creation_observed(key);
        assert!(expectations.satisfied(key, now));
    }

    #[test]
    fn deletions_count_by_token_and_are_given_up_after_five_minutes() {
        let key = Id(1);
        let mut expectations = Expectations::default();
        expectations.expect_deletions(key, ["a".into(), "b".into()], Time::ZERO);
        expectations.deletion_observed(key, "a");
        expectations.deletion_observed(key, "a");
        assert!(!expectations.satisfied(key, Time::from_s(300)));
        assert!(expectations.satisfied(key, Time::from_s(301)));
        expectations.deletion_observed(key, "b");
        assert!(expectations.satisfied(key, Time::from_s(300)) || expectations.satisfied(key, Time::from_s(301)));
        expectations.forget(key);
        assert!(expectations.satisfied(key, Time::ZERO));
    }
}

//! Leases: heartbeats of nodes and election of leaders.
//! Real: staging/src/k8s.io/api/coordination/v1/types.go @ v1.37.2.

use super::wire::null;
use super::*;
use crate::base::Span;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `Lease` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Lease {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<LeaseSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a Lease should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LeaseSpec {
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder_identity: Option<Str>,
    /// How long it holds without renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_duration_seconds: Option<i32>,
    /// When it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquire_time: Option<MicroTime>,
    /// When it was last renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renew_time: Option<MicroTime>,
    /// How often it changed hands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_transitions: Option<i32>,
    /// How the holder is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Str>,
    /// Who should hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_holder: Option<Str>,
    /// The holder renews it each such span, counted from `renew_time`, until somebody writes it anew: so a fleet of healthy
    /// nodes needs no writes. Not part of the API's JSON; ask [`LeaseSpec::renewed_at`] for what the API shows.
    #[serde(skip)]
    pub renewed_every: Option<Span>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

impl LeaseSpec {
    /// When the lease was last renewed, as seen at `now`.
    pub fn renewed_at(&self, now: MicroTime) -> Option<MicroTime> {
        self.renew_time.map(|from| last_of(from, self.renewed_every, now))
    }
}

/// The last moment of a period's sequence at `now`: `from` itself without a period.
pub fn last_of(from: MicroTime, every: Option<Span>, now: MicroTime) -> MicroTime {
    let every_us = every.map_or(0, |every| (every.0 / 1_000) as i64);
    if every_us == 0 || now <= from { from } else { MicroTime(from.0 + (now.0 - from.0) / every_us * every_us) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_lease_shows_the_last_renewal_before_now() {
        let renewed = |every: Option<Span>, now_s: i64| {
            let spec = LeaseSpec { renew_time: Some(MicroTime(7_000_000)), renewed_every: every, ..LeaseSpec::default() };
            spec.renewed_at(MicroTime(now_s * 1_000_000)).unwrap().0 / 1_000_000
        };
        let every = Some(Span::from_s(10));
        for (every, now_s, want_s) in
            [(None, 100, 7), (every, 7, 7), (every, 3, 7), (every, 16, 7), (every, 17, 17), (every, 86_400, 86_397)]
        {
            assert_eq!(renewed(every, now_s), want_s, "{every:?} {now_s}");
        }
        assert_eq!(LeaseSpec::default().renewed_at(MicroTime(1)), None);
    }
}

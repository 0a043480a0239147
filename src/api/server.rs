//! The API server: carries out verbs on the store, with the checks, completions and refusals of the real one.
//! Real: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go and the strategies of pkg/registry/* @ v1.37.2.

use super::lifecycle::{self, Removal};
use super::request::{Answer, DeleteOptions, Patch, Propagation, Subresource, Verb};
use super::{ApiError, rules};
use crate::actor::Clock;
use crate::base::{Seed, Stream, Time};
use crate::model::{Body, Kind, Meta, Obj, Object, PodConditionStatus, Scope, Str};
use crate::store::{Id, Key, Store, View};
use std::sync::Arc;

/// The API server's own state: what it draws and allots.
pub struct Server {
    pub(super) clock: Clock,
    random: Stream,
    pub(super) addresses: super::addresses::Addresses,
    pub(super) pods: super::pod_cache::PodCache,
}

/// Where and when a verb is carried out.
pub(super) struct Place<'a> {
    pub(super) store: &'a mut Store,
    pub(super) at: Time,
}

impl Place<'_> {
    pub(super) fn view(&self) -> View<'_> {
        self.store.now()
    }
}

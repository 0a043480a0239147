//! A bench on which a law sees commits one by one.

use super::{Law, Moment};
use crate::base::{Span, Time};
use crate::model::Object;
use crate::store::{Key, Store};
use serde_json::Value;

/// A law and a store whose commits it sees.
pub struct Bench<L> {
    /// The law.
    pub law: L,
    store: Store,
    /// The moment of the next commit.
    pub moment: Moment,
}

impl<L: Law> Bench<L> {
    /// An empty store.
    pub fn new(law: L) -> Bench<L> {
        let moment = Moment { at: Time::ZERO, lossy: false, stale: Span::from_s(10) };
        Bench { law, store: Store::default(), moment }
    }

    /// Time passes.
    pub fn later(&mut self, seconds: u64) -> &mut Self {
        self.moment.at += Span::from_s(seconds);
        self
    }

    /// An object is written.
    pub fn put(&mut self, object: Value) -> Result<(), String> {
        let object = Object::from_json(object).unwrap();
        let id = self.store.intern(Key::of(&object));
        let version = self.store.commit(self.moment.at, id, Some(object));
        self.law.commit(&self.moment, self.store.key(id), self.store.entry(version).unwrap())
    }

    /// An object goes.
    pub fn remove(&mut self, object: Value) -> Result<(), String> {
        let id = self.store.intern(Key::of(&Object::from_json(object).unwrap()));
        let version = self.store.commit(self.moment.at, id, None);
        self.law.commit(&self.moment, self.store.key(id), self.store.entry(version).unwrap())
    }

    /// Looks at everything at the end.
    pub fn end(&mut self) -> Result<(), String> {
        let clock = crate::actor::Clock { start_us: 0 };
        self.law.end(self.store.now(), &super::End { at: self.moment.at, clock, collects_garbage: true })
    }
}

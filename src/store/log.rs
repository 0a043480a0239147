//! The log of changes. Its position is the resourceVersion: one per commit, strictly rising from 1.

use super::{Id, Store};
use crate::base::Time;
use crate::model::{Kind, Obj};
use std::collections::VecDeque;

/// One commit: a key went from `before` to `after`. Never are both absent.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// resourceVersion.
    pub version: u64,
    /// When it was committed.
    pub at: Time,
    /// Which key.
    pub id: Id,
    /// resourceVersion of the key's change before this one; 0 when this is the first.
    pub previous: u64,
    /// The object before; absent when this created it.
    pub before: Option<Obj>,
    /// The object after; absent when this removed it.
    pub after: Option<Obj>,
}

impl LogEntry {
    /// The object as it is after, or for a removal as it last was.
    pub fn object(&self) -> &Obj {
        self.after.as_ref().or(self.before.as_ref()).expect("a change has an object")
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.object().kind()
    }
}

/// A change as an informer hands it to its component: between two of its views (possibly several commits in one).
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Which key.
    pub id: Id,
    /// The object as the component knew it; absent when it is new to it.
    pub before: Option<&'a Obj>,
    /// The object now; absent when it is gone.
    pub after: Option<&'a Obj>,
}

impl<'a> Change<'a> {
    /// The object now, or for a removal as it last was.
    pub fn object(&self) -> &'a Obj {
        self.after.or(self.before).expect("a change has an object")
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.object().kind()
    }
}

impl LogEntry {
    /// The entry as a change.
    pub fn as_change(&self) -> Change<'_> {
        Change { id: self.id, before: self.before.as_ref(), after: self.after.as_ref() }
    }
}

#[derive(Default)]
pub(super) struct Log {
    entries: VecDeque<LogEntry>,
    /// Entries forgotten so far = version of the oldest entry - 1.
    forgotten: u64,
}

impl Log {
    pub(super) fn last_version(&self) -> u64 {
        self.forgotten + self.entries.len() as u64
    }

    pub(super) fn first_version(&self) -> u64 {
        self.forgotten + 1
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn push(&mut self, entry: LogEntry) {
        assert_eq!(entry.version, self.last_version() + 1, "resourceVersions rise by one");
        self.entries.push_back(entry);
    }

    pub(super) fn get(&self, version: u64) -> Option<&LogEntry> {
        self.entries.get(usize::try_from(version.checked_sub(self.forgotten + 1)?).ok()?)
    }

    pub(super) fn prune(&mut self, version: u64) {
        while self.forgotten < version && self.entries.pop_front().is_some() {
            self.forgotten += 1;
        }
    }
}

impl Store {
    /// The present object of a key, if it was the same at `version`.
    pub(super) fn unchanged_since(&self, id: Id, version: u64) -> Option<&Obj> {
        let row = &self.rows[id.0 as usize];
        row.current.as_ref().filter(|_| row.changed <= version)
    }

    /// The object of a key as of `version`: the present one, or the image from before the first later change.
    pub(super) fn as_of(&self, id: Id, version: u64) -> Option<&Obj> {
        let row = &self.rows[id.0 as usize];
        if row.changed <= version {
            return row.current.as_ref();
        }
        let mut at = row.changed;
        loop {
            let entry = self.log.get(at).expect("the log holds every change that a reader has not seen");
            if entry.previous <= version {
                return entry.before.as_ref();
            }
            at = entry.previous;
        }
    }
}

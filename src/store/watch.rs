//! Watches as the API offers them: all changes of a kind after a resourceVersion, with bookmarks; `410 Gone` when the log no
//! longer reaches back so far. Real: staging/src/k8s.io/apiserver/pkg/storage/cacher @ v1.37.2.

use super::{LogEntry, Store};
use crate::model::{Kind, Obj};

/// A change as a watch tells it.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchEvent {
    /// A new object.
    Added(Obj),
    /// An object in its new state.
    Modified(Obj),
    /// An object in its last state; its resourceVersion is that of the removal.
    Deleted(Obj),
    /// Nothing of this kind up to this resourceVersion.
    Bookmark(u64),
}

/// Why a watch cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchFault {
    /// The log begins later: the client has to list again.
    #[error("too old resource version: {asked} ({oldest})")]
    Gone {
        /// From where the client wanted to go on.
        asked: u64,
        /// The oldest version that a watch may start from.
        oldest: u64,
    },
}

/// A position in the stream of changes of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    kind: Kind,
    seen: u64,
}

impl Watch {
    /// Begins after `version`, as a client does with the resourceVersion of its list.
    pub fn from_version(kind: Kind, version: u64) -> Watch {
        Watch { kind, seen: version }
    }

    /// All that has happened since, closed by a bookmark.
    pub fn poll(&mut self, store: &Store) -> Result<Vec<WatchEvent>, WatchFault> {
        if self.seen + 1 < store.oldest_version() {
            return Err(WatchFault::Gone { asked: self.seen, oldest: store.oldest_version() - 1 });
        }
        let news = (self.seen + 1..=store.version()).filter_map(|version| store.entry(version));
        let mut events: Vec<_> = news.filter(|entry| entry.kind() == self.kind).map(WatchEvent::of).collect();
        self.seen = store.version();
        events.push(WatchEvent::Bookmark(self.seen));
        Ok(events)
    }
}

impl WatchEvent {
    /// What a watch tells of a commit.
    pub fn of(entry: &LogEntry) -> WatchEvent {
        match (&entry.before, &entry.after) {
            (None, Some(after)) => WatchEvent::Added(after.clone()),
            (_, Some(after)) => WatchEvent::Modified(after.clone()),
            (before, None) => {
                let mut last = (**before.as_ref().expect("a removal has an object")).clone();
                last.meta.resource_version = entry.version;
                WatchEvent::Deleted(Obj::new(last))
            }
        }
    }

    /// The type as in the API's JSON.
    pub fn type_name(&self) -> &'static str {
        match self {
            WatchEvent::Added(_) => "ADDED",
            WatchEvent::Modified(_) => "MODIFIED",
            WatchEvent::Deleted(_) => "DELETED",
            WatchEvent::Bookmark(_) => "BOOKMARK",
        }
    }
}

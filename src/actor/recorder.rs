//! The recorder of Kubernetes Events: one sequential writer per component (and host), which merges repeats into a count,
//! groups what is alike, and drops what floods.
//! Real: staging/src/k8s.io/client-go/tools/record/{event.go,events_cache.go} @ v1.37.2.

use super::Clock;
use crate::api::{Answer, Verb};
use crate::base::collections::Map;
use crate::base::pool::Pool;
use crate::base::{Span, Time, word};
use crate::model::event::version_text;
use crate::model::{Body, Event, EventFields, EventOrigin, EventSeries, EventSource, Kind, Meta, Object, ObjectReference, Str};
use crate::store::Key;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;

/// Alike Events (same object, reason, type) of which this many come within `SIMILAR_WINDOW` are written as one.
const SIMILAR_MAX: usize = 10;
/// How long an Event counts for the grouping.
const SIMILAR_WINDOW: Span = Span::from_s(600);
/// Events about one object that may come at once.
const SPAM_BURST: f64 = 25.0;
/// Seconds until one more is allowed.
const SPAM_REFILL_S: f64 = 300.0;
/// Events that wait for the writer at most; more are lost, as in the real one.
const QUEUE_MAX: usize = 1_000;
/// The machine on which the control plane runs.
const CONTROL_PLANE_HOST: &str = "control-plane";
/// So many origins of Events are kept ready to be shared.
const ORIGINS_MAX: usize = 8;
/// Keys that the correlator remembers at most.
const CACHE_MAX: usize = 4_096;

/// Normal or Warning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EventType {
    /// As it should be.
    Normal,
    /// Something to look at.
    Warning,
}

impl EventType {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            EventType::Normal => "Normal",
            EventType::Warning => "Warning",
        }
    }
}

/// An Event to be written.
#[derive(Clone, PartialEq, Debug)]
pub struct EventNote {
    /// What it is about.
    pub about: ObjectReference,
    /// Normal or Warning.
    pub kind: EventType,
    /// Reason in one word.
    pub reason: &'static str,
    /// What happened.
    pub message: Str,
    /// Who says so; the actor's name when empty.
    pub component: Str,
    /// On which node, for node components. Each host has a writer of its own.
    pub host: Str,
    /// What was being done, for components that write Events in the form of events.k8s.io/v1 (the scheduler); else empty.
    pub action: &'static str,
}

impl EventNote {
    /// A note about an object.
    pub fn new(about: &Object, kind: EventType, reason: &'static str, message: impl Into<Str>) -> EventNote {
        let about = ObjectReference {
            kind: kind_word(about),
            namespace: about.meta.namespace.clone(),
            name: about.meta.name.clone(),
            uid: about.meta.uid.clone(),
            api_version: api_version_word(about),
            resource_version: version_text(about.meta.resource_version),
            ..ObjectReference::default()
        };
        EventNote::of(about, kind, reason, message)
    }

    /// A note about what a reference names.
    pub fn of(about: ObjectReference, kind: EventType, reason: &'static str, message: impl Into<Str>) -> EventNote {
        EventNote { about, kind, reason, message: message.into(), component: Str::default(), host: Str::default(), action: "" }
    }

    /// About a part of the object, such as `spec.containers{app}`.
    pub fn field(mut self, path: impl Into<Str>) -> EventNote {
        self.about.field_path = path.into();
        self
    }

    /// Said by this component on this host.
    pub fn from(mut self, component: impl Into<Str>, host: impl Into<Str>) -> EventNote {
        (self.component, self.host) = (component.into(), host.into());
        self
    }

    /// In the form of events.k8s.io/v1, while doing this.
    pub fn doing(mut self, action: &'static str) -> EventNote {
        self.action = action;
        self
    }
}

fn kind_word(about: &Object) -> Str {
    match &about.body {
        Body::Other(other) => other.kind.clone(),
        body => word(body.kind().name()),
    }
}

fn api_version_word(about: &Object) -> Str {
    match &about.body {
        Body::Other(other) => other.api_version.clone(),
        body => word(body.kind().api_version()),
    }
}

/// A fingerprint of what makes things alike. Recorders remember many; two different ones are the same once in 2^64 pairs at best.
fn fingerprint(parts: &[&str]) -> u64 {
    let mut bytes: SmallVec<[u8; 256]> = SmallVec::new();
    for part in parts {
        bytes.extend_from_slice(part.as_bytes());
        bytes.push(0);
    }
    xxhash_rust::xxh3::xxh3_64(&bytes)
}

/// Events of one object, reason and type.
struct Group {
    /// Fingerprints of their messages: the first, as a rule the only one, and the others.
    first: u64,
    // Most have none: a pointer is all that should cost.
    #[allow(clippy::box_collection)]
    others: Option<Box<Vec<u64>>>,
    last: Time,
}

struct Written {
    name: Str,
    count: i32,
}

struct Bucket {
    tokens: f64,
    at: Time,
}

/// The writer of one component on one host.
#[derive(Default)]
pub struct Recorder {
    waiting: VecDeque<(Time, EventNote)>,
    /// What the Event under way is alike to.
    busy: Option<u64>,
    /// By object, type and reason.
    groups: Map<u64, Group>,
    /// By object, type, reason and message.
    written: Map<u64, Written>,
    /// By object and type.
    buckets: Map<u64, Bucket>,
    last_stamp: u128,
    /// Origins of the last Events, the newest last.
    origins: Vec<Arc<EventOrigin>>,
}

impl Recorder {
    /// Takes a note.
    pub fn add(&mut self, now: Time, note: EventNote) {
        if self.waiting.len() < QUEUE_MAX {
            self.waiting.push_back((now, note));
        }
    }

    /// The next request, if the writer is free and there is something to write.
    pub fn next(&mut self, now: Time, clock: Clock, texts: &mut Pool<Str>) -> Option<Verb> {
        if self.busy.is_some() {
            return None;
        }
        while let Some((noted, note)) = self.waiting.pop_front() {
            if let Some(verb) = self.correlate(noted, now, note, clock, texts) {
                return Some(verb);
            }
        }
        None
    }

    /// The answer to the last request has come.
    pub fn answered(&mut self, answer: &Answer) {
        let key = self.busy.take().expect("an answer follows a request");
        match answer {
            Ok(event) => {
                let count = event.as_event().map_or(1, |event| event.times_seen());
                self.written.insert(key, Written { name: event.meta.name.clone(), count });
            }
            // The Event to be counted up has gone (or the namespace is going): the next one starts anew.
            Err(_) => {
                self.written.remove(&key);
            }
        }
    }

    fn correlate(&mut self, noted: Time, now: Time, mut note: EventNote, clock: Clock, texts: &mut Pool<Str>) -> Option<Verb> {
        texts.share(&mut note.about.field_path);
        if self.written.len() > CACHE_MAX || self.groups.len() > CACHE_MAX || self.buckets.len() > CACHE_MAX {
            self.written.clear();
            self.groups.clear();
            self.buckets.clear();
        }
        // The version of the object plays no part in what is alike.
        let (about, kind) = (&note.about, note.kind.name());
        let object = [&*about.kind, &*about.namespace, &*about.name, &*about.uid, &*about.api_version];
        let [kind_of, namespace, name, uid, api_version] = object;
        if !self.admit(fingerprint(&[kind_of, namespace, name, uid, api_version, kind]), now) {
            return None;
        }
        let alike =
            |message: &str| fingerprint(&[kind_of, namespace, name, uid, api_version, &about.field_path, kind, note.reason, message]);
        let message = note.message.clone();
        let (key, mut text): (u64, Str) = if self.is_flood(alike("\0"), &message, now) {
            (alike(""), format!("(combined from similar events): {message}").into())
        } else {
            (alike(&message), message)
        };
        texts.share(&mut text);
        let stamp = clock.timestamp(noted);
        let verb = match self.written.get_mut(&key) {
            Some(written) => {
                let target = Key {
                    kind: Kind::Event,
                    group_kind: Str::default(),
                    namespace: event_namespace(&note.about),
                    name: written.name.clone(),
                };
                let count = written.count + 1;
                let (in_series, seen) = (!note.action.is_empty(), clock.micro(noted));
                Verb::edit(target, move |object| {
                    let Some(event) = object.as_event_mut() else { return };
                    if in_series {
                        event.set_series(EventSeries { count, last_observed_time: Some(seen) });
                    } else {
                        (event.count, event.last_timestamp, event.message) = (count, Some(stamp), text.clone());
                    }
                })
            }
            None => Verb::Create(Box::new(self.create(noted, note, text, clock))),
        };
        self.busy = Some(key);
        Some(verb)
    }

    fn create(&mut self, noted: Time, note: EventNote, message: Str, clock: Clock) -> Object {
        // Named by the nanosecond; two at the same one take the next free.
        let nanos = clock.start_us as u128 * 1_000 + u128::from(noted.0);
        self.last_stamp = nanos.max(self.last_stamp + 1);
        let stamp = Some(clock.timestamp(noted));
        let meta = Meta {
            name: format!("{}.{:x}", note.about.name, self.last_stamp).into(),
            namespace: event_namespace(&note.about),
            ..Meta::default()
        };
        let event = EventFields {
            origin: self.origin(&note),
            about_name: note.about.name,
            about_uid: note.about.uid,
            about_version: note.about.resource_version.parse().unwrap_or(0),
            message,
            ..EventFields::default()
        };
        let fields = if note.action.is_empty() {
            EventFields { first_timestamp: stamp, last_timestamp: stamp, count: 1, ..event }
        } else {
            EventFields { event_time: Some(clock.micro(noted)), ..event }
        };
        Object { meta, body: Body::Event(Event::from(fields)) }
    }

    /// What the Event shares with others of its kind.
    fn origin(&mut self, note: &EventNote) -> Arc<EventOrigin> {
        let is_alike = |known: &&Arc<EventOrigin>| {
            let about = (&known.about_kind, &known.about_api_version, &known.about_namespace, &known.about_field);
            about == (&note.about.kind, &note.about.api_version, &note.about.namespace, &note.about.field_path)
                && (&*known.reason, &*known.r#type, &*known.action) == (note.reason, note.kind.name(), note.action)
                && known.reporting_component == note.component
                && (!note.action.is_empty() || known.source.host == note.host)
        };
        if let Some(known) = self.origins.iter().find(is_alike) {
            return known.clone();
        }
        let about = &note.about;
        let common = EventOrigin {
            about_kind: about.kind.clone(),
            about_api_version: about.api_version.clone(),
            about_namespace: about.namespace.clone(),
            about_field: about.field_path.clone(),
            reason: word(note.reason),
            r#type: word(note.kind.name()),
            action: word(note.action),
            reporting_component: note.component.clone(),
            ..EventOrigin::default()
        };
        let origin = Arc::new(if note.action.is_empty() {
            let source = EventSource { component: note.component.clone(), host: note.host.clone() };
            EventOrigin { reporting_instance: note.host.clone(), source, ..common }
        } else {
            EventOrigin { reporting_instance: format!("{}-{CONTROL_PLANE_HOST}", note.component).into(), ..common }
        });
        if self.origins.len() == ORIGINS_MAX {
            self.origins.remove(0);
        }
        self.origins.push(origin.clone());
        origin
    }

    /// The spam filter: a bucket of 25 per object and type, one more every five minutes.
    fn admit(&mut self, key: u64, now: Time) -> bool {
        let bucket = self.buckets.get_or_insert_with(key, || Bucket { tokens: SPAM_BURST, at: now });
        let refilled = bucket.tokens + (now - bucket.at).as_s_f64() / SPAM_REFILL_S;
        bucket.at = now;
        bucket.tokens = refilled.min(SPAM_BURST);
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }

    /// Whether too many alike came lately with different messages.
    fn is_flood(&mut self, key: u64, message: &str, now: Time) -> bool {
        let message = xxhash_rust::xxh3::xxh3_64(message.as_bytes());
        let group = self.groups.get_or_insert_with(key, || Group { first: message, others: None, last: now });
        if now - group.last > SIMILAR_WINDOW {
            (group.first, group.others) = (message, None);
        }
        group.last = now;
        if group.first == message {
            return false;
        }
        let others = group.others.get_or_insert_default();
        if others.contains(&message) {
            return false;
        }
        if others.len() + 2 < SIMILAR_MAX {
            others.push(message);
            return false;
        }
        // The real one forgets any of the ten, here it is the new one. Those that are left are written by themselves when they come again.
        true
    }
}

/// Events about cluster-wide objects live in `default`.
fn event_namespace(about: &ObjectReference) -> Str {
    if about.namespace.is_empty() { word("default") } else { about.namespace.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_message_is_combined_and_known_ones_are_not() {
        let mut recorder = Recorder::default();
        let now = Time::from_s(5);
        let mut flood = |message: u32, now: Time| recorder.is_flood(1, &message.to_string(), now);
        assert!((0..9).all(|message| !flood(message, now)));
        assert!(flood(9, now) && flood(10, now) && flood(9, now));
        assert!((0..9).all(|message| !flood(message, now)), "those are written by themselves");
        assert!(!flood(11, now + SIMILAR_WINDOW + Span::from_s(1)), "the old ones are forgotten");
    }
}

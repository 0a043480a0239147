//! Kubernetes Events, each time one is written: what `kubectl get events` would have shown at that moment.

use crate::actor::Clock;
use crate::base::Time;
use crate::model::{Kind, Obj, Str, Timestamp};
use crate::store::LogEntry;
use serde::Serialize;
use std::io::{self, Write};

/// One occurrence of an Event.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EventLine {
    /// Milliseconds since the start.
    pub t: u64,
    /// When it was last seen, as the API shows it.
    #[serde(rename = "lastSeen")]
    pub last_seen: String,
    /// Namespace of the object.
    pub namespace: Str,
    /// Normal or Warning.
    #[serde(rename = "type")]
    pub kind: Str,
    /// Reason.
    pub reason: Str,
    /// The object, as kubectl shows it: `pod/web-1`.
    pub object: String,
    /// The part of the object, if it is about one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub subobject: Str,
    /// Who says so.
    pub source: String,
    /// What happened.
    pub message: Str,
    /// How often so far.
    pub count: i32,
}

/// All of them, in order. Kept as the objects that the cluster holds anyway, and lines are made when they are asked for; or, where
/// somebody takes the lines as they come, written out at once and only the first ones kept.
#[derive(Debug)]
pub struct EventLog {
    clock: Clock,
    written: Vec<(Time, Obj)>,
    kept_max: usize,
    count: usize,
    stream: Option<Stream>,
}

impl EventLog {
    pub(super) fn new(clock: Clock) -> EventLog {
        EventLog { clock, written: Vec::new(), kept_max: usize::MAX, count: 0, stream: None }
    }

    /// Every line goes into `to` as it comes, as JSON, and only the first `kept_max` are kept.
    pub fn stream_to(&mut self, to: Box<dyn Write>, kept_max: usize) {
        let mut stream = Stream { to, buffer: Vec::with_capacity(BUFFER * 2), second: None, error: None };
        self.written.iter().for_each(|(at, object)| stream.line(self.clock, *at, object));
        self.written.truncate(kept_max);
        self.stream = Some(stream);
        self.kept_max = kept_max;
    }

    /// Writes what is left for the stream; gives back the first error that there was.
    pub fn end_stream(&mut self) -> io::Result<()> {
        let Some(mut stream) = self.stream.take() else { return Ok(()) };
        stream.hand_over();
        match stream.error {
            Some(error) => Err(error),
            None => stream.to.flush(),
        }
    }

    pub(super) fn commit(&mut self, entry: &LogEntry) {
        let Some(object) = entry.after.as_ref().filter(|object| object.kind() == Kind::Event) else { return };
        self.count += 1;
        if self.written.len() < self.kept_max {
            self.written.push((entry.at, object.clone()));
        }
        if let Some(stream) = &mut self.stream {
            stream.line(self.clock, entry.at, object);
        }
    }

    /// How many there were.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The lines that are kept.
    pub fn lines(&self) -> impl Iterator<Item = EventLine> {
        self.written.iter().map(|(at, object)| self.line(*at, object))
    }

    fn line(&self, at: Time, object: &Obj) -> EventLine {
        let event = object.as_event().expect("an Event");
        let origin = &event.origin;
        let host = if origin.source.host.is_empty() { String::new() } else { format!(", {}", origin.source.host) };
        EventLine {
            t: at.as_ms(),
            last_seen: event.last_timestamp.unwrap_or_else(|| self.clock.timestamp(at)).to_string(),
            namespace: object.meta.namespace.clone(),
            kind: origin.r#type.clone(),
            reason: origin.reason.clone(),
            object: format!("{}/{}", origin.about_kind.to_lowercase(), event.about_name),
            subobject: origin.about_field.clone(),
            source: format!("{}{host}", origin.source.component),
            message: event.message.clone(),
            count: event.count,
        }
    }
}

/// Bytes that are gathered before they are handed over.
const BUFFER: usize = 1 << 18;

/// Where lines go as they come.
struct Stream {
    to: Box<dyn Write>,
    buffer: Vec<u8>,
    /// The second last shown, and how it is written: most lines share it with the one before.
    second: Option<(Timestamp, String)>,
    error: Option<io::Error>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("error", &self.error).finish_non_exhaustive()
    }
}

impl Stream {
    /// The same bytes as those of an [`EventLine`], without making one.
    fn line(&mut self, clock: Clock, at: Time, object: &Obj) {
        let event = object.as_event().expect("an Event");
        let origin = &event.origin;
        let second = event.last_timestamp.unwrap_or_else(|| clock.timestamp(at));
        if self.second.as_ref().is_none_or(|(last, _)| *last != second) {
            self.second = Some((second, second.to_string()));
        }
        let shown = self.second.as_ref().map_or("", |(_, text)| text);
        let out = &mut self.buffer;
        let _ = write!(out, "{{\"t\":{},\"lastSeen\":\"{shown}\",\"namespace\":\"", at.as_ms());
        escape(out, &object.meta.namespace);
        out.extend_from_slice(b"\",\"type\":\"");
        escape(out, &origin.r#type);
        out.extend_from_slice(b"\",\"reason\":\"");
        escape(out, &origin.reason);
        out.extend_from_slice(b"\",\"object\":\"");
        if origin.about_kind.is_ascii() {
            let from = out.len();
            escape(out, &origin.about_kind);
            out[from..].make_ascii_lowercase();
        } else {
            escape(out, &origin.about_kind.to_lowercase());
        }
        out.push(b'/');
        escape(out, &event.about_name);
        if !origin.about_field.is_empty() {
            out.extend_from_slice(b"\",\"subobject\":\"");
            escape(out, &origin.about_field);
        }
        out.extend_from_slice(b"\",\"source\":\"");
        escape(out, &origin.source.component);
        if !origin.source.host.is_empty() {
            out.extend_from_slice(b", ");
            escape(out, &origin.source.host);
        }
        out.extend_from_slice(b"\",\"message\":\"");
        escape(out, &event.message);
        let _ = writeln!(out, "\",\"count\":{}}}", event.count);
        if self.buffer.len() >= BUFFER {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        if self.error.is_none()
            && let Err(error) = self.to.write_all(&self.buffer)
        {
            self.error = Some(error);
        }
        self.buffer.clear();
    }
}

/// A text as it stands between the quotes of JSON.
fn escape(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        return out.extend_from_slice(text.as_bytes());
    }
    let quoted = serde_json::Value::from(text).to_string();
    out.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Event, EventFields, EventOrigin, Meta, Object};
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::Arc;

    /// A file in memory that two hold.
    #[derive(Clone, Default)]
    struct Memory(Rc<RefCell<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A disk that is full.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn commit(log: &mut EventLog, at: Time, (kind, name, path): (&str, &str, &str), message: &str, host: &str) {
        let mut origin = EventOrigin { about_kind: kind.into(), about_field: path.into(), ..EventOrigin::default() };
        (origin.reason, origin.r#type) = ("Some".into(), "Normal".into());
        (origin.source.component, origin.source.host) = ("kubelet".into(), host.into());
        let mut fields =
            EventFields { origin: Arc::new(origin), about_name: name.into(), message: message.into(), count: 3, ..Default::default() };
        fields.last_timestamp = host.is_empty().then_some(Timestamp(7));
        let meta = Meta { name: "e".into(), namespace: "default".into(), ..Meta::default() };
        let after = Some(Obj::new(Object { meta, body: Body::Event(Event::from(fields)) }));
        log.commit(&LogEntry { version: 1, at, id: crate::store::Id(0), previous: 0, before: None, after });
    }

    #[test]
    fn a_streamed_line_has_the_bytes_of_the_line() {
        let events = [
            (("Pod", "a", ""), "plain", "n-1"),
            (("Pod", "a", "spec.containers{c}"), "with \"quotes\", a \\ and\nlines\u{1}\u{7f}", ""),
            (("Änderung", "ü\"", ""), "→ ünicode", "h\"ost"),
        ];
        let (mut whole, mut streamed, file) =
            (EventLog::new(Clock { start_us: 0 }), EventLog::new(Clock { start_us: 0 }), Memory::default());
        streamed.stream_to(Box::new(file.clone()), 1);
        for (second, (about, message, host)) in events.into_iter().enumerate() {
            for log in [&mut whole, &mut streamed] {
                commit(log, Time::from_ms(1_700 * second as u64), about, message, host);
            }
        }
        streamed.end_stream().unwrap();
        let expected: String = whole.lines().map(|line| serde_json::to_string(&line).unwrap() + "\n").collect();
        assert_eq!(String::from_utf8(file.0.borrow().clone()).unwrap(), expected);
        assert_eq!((whole.len(), whole.lines().count(), streamed.len(), streamed.lines().count()), (3, 3, 3, 1));
    }

    #[test]
    fn a_full_disk_is_told_at_the_end() {
        let mut log = EventLog::new(Clock { start_us: 0 });
        log.stream_to(Box::new(Full), 0);
        commit(&mut log, Time::ZERO, ("Pod", "a", ""), "plain", "");
        assert_eq!(log.end_stream().unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(log.end_stream().is_ok());
    }
}

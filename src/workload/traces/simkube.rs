//! SimKube traces, version 2: MessagePack of a map with `version`, `config`, `events` and `pod_lifecycles` (JSON of the same
//! shape is read too). An event holds objects that were applied and objects that were deleted at an instant; the lifecycles
//! tell how long the pods of each owner ran.
//! Documented: acrlabs/simkube, docs/ref/trace-files.md (versions 2 and 3) and docs/components/sk-tracer.md.
//!
//! Events are read one at a time. Pods of an owner get the middle one of its finished lifecycles as their length, where their
//! restart policy lets them end; SimKube tells lives apart by their order and a hash of the spec, which no template can.

use super::Result;
use crate::base::Span;
use crate::base::input_error::InputError;
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read};

/// The name of the format in scenarios.
pub const NAME: &str = "simkube";
/// Versions that are read.
const VERSIONS: &[u64] = &[2, 3];
/// No pod lives longer: a hundred years.
const SECONDS_MAX: i64 = 3_200_000_000;
/// Maps and lists inside each other go no deeper.
const DEPTH_MAX: u32 = 64;
/// No text is longer.
const TEXT_MAX: u64 = 16 << 20;
/// No list or map is longer.
const ITEMS_MAX: u64 = 100_000_000;
/// The annotation that ends a container by itself.
pub const EXIT_AFTER: &str = "kubesim.io/exit-after";

/// What happened at an instant.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Event {
    /// Seconds since 1970.
    pub ts: i64,
    /// Its number in the trace, from 1.
    pub number: u64,
    /// Objects that were created or changed.
    pub applied: Vec<Value>,
    /// Objects that were removed.
    pub deleted: Vec<Value>,
}

/// How long pods of each owner (`group/version.Kind` and `namespace/name`) ran.
pub type Lifetimes = BTreeMap<(String, String), Span>;

/// What must be known of a trace before its events.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Survey {
    /// How long pods ran.
    pub lifetimes: Lifetimes,
    /// The namespaces of its objects.
    pub namespaces: BTreeSet<String>,
    /// When its first event happened, in seconds since 1970.
    pub begins: i64,
}

/// Goes through a trace once, keeping nothing of its events.
pub fn survey(file: &str, reader: Box<dyn BufRead>) -> Result<Survey> {
    let (mut begins, mut namespaces, mut lifetimes) = (i64::MAX, BTreeSet::new(), Lifetimes::new());
    let mut look = |event: Event| {
        begins = begins.min(event.ts);
        let names = event.applied.iter().filter_map(|object| object.pointer("/metadata/namespace")?.as_str());
        namespaces.extend(names.map(str::to_string));
        Ok(())
    };
    walk(file, reader, &mut look, &mut |lifecycles| lifetimes = middle_lifetimes(lifecycles))?;
    Ok(Survey { lifetimes, namespaces, begins })
}

/// Reads the events of a trace one by one.
pub fn events(file: &str, reader: Box<dyn BufRead>, each: &mut dyn FnMut(Event) -> Result<()>) -> Result<()> {
    walk(file, reader, each, &mut |_| {})
}

/// Gives the pods of an object the length that its lifecycles tell.
pub fn with_lifetime(object: &mut Value, lifetimes: &Lifetimes) {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_string();
    let (api, kind) = (text(object, "apiVersion"), text(object, "kind"));
    let meta = object.get("metadata").cloned().unwrap_or_default();
    let name = match text(&meta, "namespace") {
        namespace if namespace.is_empty() => text(&meta, "name"),
        namespace => format!("{namespace}/{}", text(&meta, "name")),
    };
    let Some(lasts) = lifetimes.get(&(format!("{api}.{kind}"), name)) else { return };
    let template = match kind.as_str() {
        "Pod" => Some(object),
        "CronJob" => object.pointer_mut("/spec/jobTemplate/spec/template"),
        _ => object.pointer_mut("/spec/template"),
    };
    let Some(template) =
        template.filter(|template| matches!(template.pointer("/spec/restartPolicy").and_then(Value::as_str), Some("Never" | "OnFailure")))
    else {
        return;
    };
    let Some(template) = template.as_object_mut() else { return };
    let meta = template.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    let Some(meta) = meta.as_object_mut() else { return };
    let notes = meta.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    if let Some(notes) = notes.as_object_mut() {
        notes.insert(EXIT_AFTER.into(), format!("{}s", lasts.as_s()).into());
    }
}

/// `{[gvk, name]: {hash: [{Finished: [start, end]}, ...]}}`; in JSON the key is one text, `gvk:name` or nested maps.
fn middle_lifetimes(lifecycles: &[(Value, Value)]) -> Lifetimes {
    let mut all: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
    for (key, hashes) in lifecycles {
        let owner = match key {
            Value::Array(pair) => match &pair[..] {
                [Value::String(gvk), Value::String(name)] => (gvk.clone(), name.clone()),
                _ => continue,
            },
            Value::String(text) => match text.split_once(':') {
                Some((gvk, name)) => (gvk.to_string(), name.to_string()),
                None => continue,
            },
            _ => continue,
        };
        // `/v1.Pod` and `v1.Pod` are the same.
        let owner = (owner.0.trim_start_matches('/').to_string(), owner.1);
        let lengths = all.entry(owner).or_default();
        for lives in hashes.as_object().into_iter().flat_map(Map::values) {
            let finished = lives.as_array().into_iter().flatten().filter_map(|life| life.get("Finished")?.as_array());
            lengths.extend(finished.filter_map(|pair| {
                let (start, end) = (pair.first()?.as_i64()?, pair.get(1)?.as_i64()?);
                Some(end.saturating_sub(start).clamp(0, SECONDS_MAX) as u64)
            }));
        }
    }
    let middle = all.into_iter().filter_map(|(owner, mut lengths)| {
        lengths.sort_unstable();
        Some((owner, Span::from_s(*lengths.get(lengths.len() / 2)?)))
    });
    middle.collect()
}

/// Goes through a trace; maps with keys that are no texts are only in `pod_lifecycles`.
fn walk(
    file: &str,
    mut reader: Box<dyn BufRead>,
    each: &mut dyn FnMut(Event) -> Result<()>,
    lifecycles: &mut dyn FnMut(&[(Value, Value)]),
) -> Result<()> {
    let fault = |message: String| InputError::new(message).in_file(file);
    let first = reader.fill_buf().map_err(|error| fault(format!("cannot read it: {error}")))?.first().copied();
    match first {
        None => return Err(fault("the file is empty".into()).with_hint("a SimKube trace of version 2, as sk-tracer exports it")),
        Some(b'{') => return walk_json(file, reader, each, lifecycles),
        Some(_) => {}
    }
    let mut pack = Unpacker { reader, at: 0, event: 0, file };
    let entries = pack.map_length("a SimKube trace is a map")?;
    let mut version = None;
    for _ in 0..entries {
        let key = pack.value(0)?;
        match key.as_str().unwrap_or("") {
            "version" => {
                let value = pack.value(0)?;
                check_version(value.as_u64(), file)?;
                version = value.as_u64();
            }
            "events" => {
                if version.is_none() {
                    return Err(pack.fault("there is no version before the events").with_hint("traces before version 2 cannot be read"));
                }
                for number in 1..=pack.list_length("`events` is a list")? {
                    pack.event = number;
                    let value = pack.value(0)?;
                    each(event(value, number, file)?)?;
                }
                pack.event = 0;
            }
            "pod_lifecycles" => {
                let length = pack.map_length("`pod_lifecycles` is a map")?;
                let all = (0..length).map(|_| Ok((pack.value(0)?, pack.value(0)?))).collect::<Result<Vec<_>>>()?;
                lifecycles(&all);
            }
            _ => drop(pack.value(0)?),
        }
    }
    if version.is_none() {
        Err(fault("there is no version in it".into()).with_hint("traces before version 2 cannot be read"))
    } else {
        Ok(())
    }
}

fn walk_json(
    file: &str,
    reader: Box<dyn BufRead>,
    each: &mut dyn FnMut(Event) -> Result<()>,
    lifecycles: &mut dyn FnMut(&[(Value, Value)]),
) -> Result<()> {
    let trace: Value = serde_json::from_reader(reader)
        .map_err(|error| InputError { line: error.line() as u32, ..InputError::new(format!("bad JSON: {error}")).in_file(file) })?;
    check_version(trace.get("version").and_then(Value::as_u64), file)?;
    let map = trace.get("pod_lifecycles").and_then(Value::as_object);
    let all: Vec<_> = map.into_iter().flatten().map(|(key, value)| (Value::String(key.clone()), value.clone())).collect();
    lifecycles(&all);
    for (at, value) in trace.get("events").and_then(Value::as_array).into_iter().flatten().enumerate() {
        each(event(value.clone(), at as u64 + 1, file)?)?;
    }
    Ok(())
}

fn check_version(version: Option<u64>, file: &str) -> Result<()> {
    match version {
        Some(version) if VERSIONS.contains(&version) => Ok(()),
        Some(version) => {
            let error = InputError::new(format!("version {version} of SimKube's traces cannot be read")).in_file(file);
            Err(error.with_hint("export it anew: versions 2 and 3 are read"))
        }
        None => Err(InputError::new("there is no version in it").in_file(file).with_hint("traces before version 2 cannot be read")),
    }
}

fn event(value: Value, number: u64, file: &str) -> Result<Event> {
    let fault = |what: &str| InputError::new(format!("event {number}: {what}")).in_file(file);
    let ts = value.get("ts").and_then(Value::as_i64);
    let ts = ts.ok_or_else(|| fault("there is no `ts`").with_hint("seconds since 1970"))?;
    let list = |key: &str| match value.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) if items.iter().all(Value::is_object) => Ok(items.clone()),
        Some(_) => Err(fault(&format!("`{key}` is no list of objects"))),
    };
    Ok(Event { ts, number, applied: list("applied_objs")?, deleted: list("deleted_objs")? })
}

/// Reads MessagePack (<https://github.com/msgpack/msgpack/blob/master/spec.md>).
struct Unpacker<'f> {
    reader: Box<dyn BufRead>,
    at: u64,
    event: u64,
    file: &'f str,
}

impl Unpacker<'_> {
    fn fault(&self, message: &str) -> InputError {
        let place = if self.event > 0 { format!("event {}, byte {}", self.event, self.at) } else { format!("byte {}", self.at) };
        InputError::new(format!("{place}: {message}")).in_file(self.file)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(|_| self.fault("the trace ends here").with_hint("the file is not complete"))?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn unsigned(&mut self, size: u32) -> Result<u64> {
        Ok(match size {
            1 => u64::from(self.bytes::<1>()?[0]),
            2 => u64::from(u16::from_be_bytes(self.bytes()?)),
            4 => u64::from(u32::from_be_bytes(self.bytes()?)),
            _ => u64::from_be_bytes(self.bytes()?),
        })
    }

    fn map_length(&mut self, what: &str) -> Result<u64> {
        let length = match self.bytes::<1>()?[0] {
            tag @ 0x80..=0x8f => u64::from(tag & 0x0f),
            0xde => self.unsigned(2)?,
            0xdf => self.unsigned(4)?,
            _ => return Err(self.fault(what).with_hint("is this a SimKube trace?")),
        };
        self.checked(length)
    }

    fn list_length(&mut self, what: &str) -> Result<u64> {
        let length = match self.bytes::<1>()?[0] {
            tag @ 0x90..=0x9f => u64::from(tag & 0x0f),
            0xdc => self.unsigned(2)?,
            0xdd => self.unsigned(4)?,
            _ => return Err(self.fault(what).with_hint("is this a SimKube trace?")),
        };
        self.checked(length)
    }

    fn checked(&self, length: u64) -> Result<u64> {
        if length > ITEMS_MAX { Err(self.fault(&format!("{length} items are too many"))) } else { Ok(length) }
    }

    fn text(&mut self, length: u64) -> Result<Value> {
        if length > TEXT_MAX {
            return Err(self.fault(&format!("a text of {length} bytes is too long")));
        }
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(length).read_to_end(&mut bytes);
        if read.is_err() || (bytes.len() as u64) < length {
            return Err(self.fault("the trace ends here").with_hint("the file is not complete"));
        }
        self.at += length;
        String::from_utf8(bytes).map(Value::String).map_err(|_| self.fault("a text is not UTF-8"))
    }

    fn items(&mut self, length: u64, depth: u32) -> Result<Value> {
        let length = self.checked(length)?;
        (0..length).map(|_| self.value(depth + 1)).collect::<Result<Vec<_>>>().map(Value::Array)
    }

    fn entries(&mut self, length: u64, depth: u32) -> Result<Value> {
        let mut map = Map::new();
        for _ in 0..self.checked(length)? {
            let key = match self.value(depth + 1)? {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                _ => return Err(self.fault("a key is neither text nor number")),
            };
            map.insert(key, self.value(depth + 1)?);
        }
        Ok(Value::Object(map))
    }

    fn value(&mut self, depth: u32) -> Result<Value> {
        if depth > DEPTH_MAX {
            return Err(self.fault("too many maps and lists inside each other"));
        }
        Ok(match self.bytes::<1>()?[0] {
            tag @ 0x00..=0x7f => Value::from(tag),
            tag @ 0x80..=0x8f => self.entries(u64::from(tag & 0x0f), depth)?,
            tag @ 0x90..=0x9f => self.items(u64::from(tag & 0x0f), depth)?,
            tag @ 0xa0..=0xbf => self.text(u64::from(tag & 0x1f))?,
            0xc0 => Value::Null,
            0xc2 => Value::Bool(false),
            0xc3 => Value::Bool(true),
            0xca => number(f64::from(f32::from_be_bytes(self.bytes()?))),
            0xcb => number(f64::from_be_bytes(self.bytes()?)),
            tag @ 0xcc..=0xcf => Value::from(self.unsigned(1 << (tag - 0xcc))?),
            0xd0 => Value::from(i8::from_be_bytes(self.bytes()?)),
            0xd1 => Value::from(i16::from_be_bytes(self.bytes()?)),
            0xd2 => Value::from(i32::from_be_bytes(self.bytes()?)),
            0xd3 => Value::from(i64::from_be_bytes(self.bytes()?)),
            tag @ 0xd9..=0xdb => {
                let length = self.unsigned(1 << (tag - 0xd9))?;
                self.text(length)?
            }
            tag @ 0xdc..=0xdd => {
                let length = self.unsigned(2 << (tag - 0xdc))?;
                self.items(length, depth)?
            }
            tag @ 0xde..=0xdf => {
                let length = self.unsigned(2 << (tag - 0xde))?;
                self.entries(length, depth)?
            }
            tag @ 0xe0..=0xff => Value::from(tag as i8),
            tag => return Err(self.fault(&format!("0x{tag:02x} begins nothing that a SimKube trace has"))),
        })
    }
}

fn number(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

//! `-o name`, `-o json`, `-o yaml`.
//! Real: cli-runtime/pkg/printers/{name,json,yaml}.go @ v1.37.2.

use crate::model::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// `pod/web`, `deployment.apps/web`.
pub fn name(object: &Object) -> String {
    let kind = object.kind_name().to_lowercase();
    match object.api_version().split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{}", object.meta.name),
        None => format!("{kind}/{}", object.meta.name),
    }
}

/// The object as the API shows it at `now`: heartbeats and renewals that come by themselves are filled in.
pub fn shown_at(object: &Object, now: MicroTime) -> Object {
    let mut shown = object.clone();
    match &mut shown.body {
        Body::Node(node) => node.status = Arc::new(node.status.reported_at(now)),
        Body::Lease(lease) => {
            let renewed = lease.spec.renewed_at(now);
            Arc::make_mut(&mut lease.spec).renew_time = renewed;
        }
        _ => {}
    }
    shown
}

/// One name a line.
pub fn names(objects: &[&Object]) -> String {
    objects.iter().map(|object| name(object) + "\n").collect()
}

/// One object by itself, several as a List.
fn value(objects: &[&Object], as_list: bool) -> Value {
    match objects {
        [one] if !as_list => sorted(one.to_json()),
        many => sorted(json!({
            "apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""},
            "items": many.iter().map(|object| object.to_json()).collect::<Vec<_>>(),
        })),
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// As JSON with four spaces of indent, as kubectl prints it.
pub fn json(objects: &[&Object], as_list: bool) -> String {
    let mut out = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut out, serde_json::ser::PrettyFormatter::with_indent(b"    "));
    serde::Serialize::serialize(&value(objects, as_list), &mut writer).expect("values serialise");
    String::from_utf8(out).expect("JSON is UTF-8") + "\n"
}

/// As YAML.
pub fn yaml(objects: &[&Object], as_list: bool) -> String {
    let mut out = String::new();
    write_yaml(&value(objects, as_list), 0, &mut out);
    out
}

/// Block style as kubectl writes it: lists are not indented below their key.
fn write_yaml(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (at, (key, inner)) in map.iter().enumerate() {
                if at > 0 || indent == 0 || out.ends_with('\n') {
                    pad(indent, out);
                }
                out.push_str(&one_line(key));
                out.push(':');
                entry(inner, indent, out);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for item in list {
                pad(indent, out);
                out.push('-');
                match item {
                    Value::Object(map) if !map.is_empty() => {
                        out.push(' ');
                        write_yaml(item, indent + 2, out);
                    }
                    Value::Array(inner) if !inner.is_empty() => {
                        out.push('\n');
                        write_yaml(item, indent + 2, out);
                    }
                    _ => {
                        out.push(' ');
                        out.push_str(&scalar(item, indent));
                        out.push('\n');
                    }
                }
            }
        }
        other => {
            out.push_str(&scalar(other, indent));
            out.push('\n');
        }
    }
}

fn pad(indent: usize, out: &mut String) {
    if out.is_empty() || out.ends_with('\n') {
        out.extend(std::iter::repeat_n(' ', indent));
    }
}

fn entry(inner: &Value, indent: usize, out: &mut String) {
    match inner {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            write_yaml(inner, indent + 2, out);
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            write_yaml(inner, indent, out);
        }
        _ => {
            out.push(' ');
            out.push_str(&scalar(inner, indent));
            out.push('\n');
        }
    }
}

fn scalar(value: &Value, indent: usize) -> String {
    match value {
        Value::Object(_) => "{}".into(),
        Value::Array(_) => "[]".into(),
        Value::String(text) => string(text, indent),
        other => other.to_string(),
    }
}

/// Plain where that reads back as the same text, a literal block for several lines, else in quotes.
fn string(text: &str, indent: usize) -> String {
    let printable = |c: char| c == '\n' || !special(c);
    if text.contains('\n') && text.chars().all(printable) && !text.starts_with([' ', '\n']) {
        let head = match (text.ends_with('\n'), text.ends_with("\n\n")) {
            (_, true) => "|+",
            (true, _) => "|",
            _ => "|-",
        };
        let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let pad = " ".repeat(indent + 2);
        return lines.fold(head.to_string(), |out, line| if line.is_empty() { out + "\n" } else { out + "\n" + &pad + line });
    }
    one_line(text)
}

/// A text on one line, as keys must be.
fn one_line(text: &str) -> String {
    if !reads_as_text(text) || text.chars().any(special) {
        return serde_json::to_string(text).expect("a text serialises");
    }
    if is_plain(text) { text.into() } else { format!("'{}'", text.replace('\'', "''")) }
}

/// What YAML would not show as it is.
fn special(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Whether the bare word is a text, and not a number, a truth value, a date or a time of day.
fn reads_as_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    let date = bytes.len() > 7 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-';
    let sexagesimal = text.contains(':') && text.trim_start_matches(['+', '-']).bytes().all(|b| b.is_ascii_digit() || b":_.".contains(&b));
    let word = super::super::scalar::plain(text) == super::super::node::Data::Text(text.to_string());
    word && !super::super::scalar::not_finite(text) && !date && !sexagesimal && !matches!(text, "<<" | "=")
}

fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let dash = text.len() > 1 && first == '-' && !text.starts_with("- ") && !text.starts_with("---");
    let leading = "-?:,[]{}#&*!|>'\"%@` ".contains(first) && !dash;
    let inside = text.contains(": ") || text.contains(" #") || text.ends_with(':') || text.ends_with(' ');
    !leading && !inside
}

//! Strict reading of a configuration: every field is taken by name, what is left over is unknown and reported with its
//! path, and a value of the wrong type is reported as Go's JSON decoder does.
//! Real: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/json.go @ v1.37.2 (strict mode).

use serde_json::{Map, Value};

/// Why a text could not be read; the message is the decoder's.
pub(super) type DecodeError = String;

/// The fields of one object that are not read yet.
pub(super) struct Fields {
    map: Map<String, Value>,
    /// Path of the object with list positions, as in messages about unknown fields; empty at the top.
    path: String,
    /// Go's name of the struct, for messages about wrong types.
    go_type: &'static str,
    /// Path without list positions, as Go's decoder prints it.
    go_path: String,
}

/// Go's word for the kind of a JSON value.
fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
}

impl Fields {
    /// The top object of a document of this Go type.
    pub fn top(value: Value, go_type: &'static str) -> Result<Fields, DecodeError> {
        match value {
            Value::Object(map) => Ok(Fields { map, path: String::new(), go_type, go_path: String::new() }),
            Value::Null => Ok(Fields { map: Map::new(), path: String::new(), go_type, go_path: String::new() }),
            other => Err(format!("json: cannot unmarshal {} into Go value of type v1.{go_type}", go_kind(&other))),
        }
    }

    fn wrong(&self, key: &str, value: &Value, want: &str) -> DecodeError {
        let kind = match value {
            Value::Number(number) if want.starts_with("int") => format!("number {number}"),
            other => go_kind(other).to_string(),
        };
        format!("json: cannot unmarshal {kind} into Go struct field {}.{} of type {want}", self.go_type, join(&self.go_path, key))
    }

    /// Takes a field whole; null counts as absent.
    pub fn raw(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    /// Takes a text field.
    pub fn text(&mut self, key: &str) -> Result<Option<String>, DecodeError> {
        match self.raw(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(key, &other, "string")),
        }
    }

    /// Takes a truth value.
    pub fn flag(&mut self, key: &str) -> Result<Option<bool>, DecodeError> {
        match self.raw(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.wrong(key, &other, "bool")),
        }
    }

    /// Takes a 32-bit integer.
    pub fn int32(&mut self, key: &str) -> Result<Option<i32>, DecodeError> {
        let Some(value) = self.raw(key) else { return Ok(None) };
        let small = value.as_i64().and_then(|number| i32::try_from(number).ok());
        small.map(Some).ok_or_else(|| self.wrong(key, &value, "int32"))
    }

    /// Takes a number.
    pub fn float32(&mut self, key: &str) -> Result<Option<f64>, DecodeError> {
        let Some(value) = self.raw(key) else { return Ok(None) };
        value.as_f64().map(Some).ok_or_else(|| self.wrong(key, &value, "float32"))
    }

    /// Takes a 64-bit integer.
    pub fn int64(&mut self, key: &str) -> Result<Option<i64>, DecodeError> {
        let Some(value) = self.raw(key) else { return Ok(None) };
        value.as_i64().map(Some).ok_or_else(|| self.wrong(key, &value, "int64"))
    }

    /// Takes a duration in Go's notation, in nanoseconds.
    pub fn duration_ns(&mut self, key: &str) -> Result<Option<i64>, DecodeError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.as_str()),
        };
        let span = crate::base::Span::parse(digits).map_err(|_| format!("time: invalid duration {text:?}"))?;
        Ok(Some(sign * i64::try_from(span.0).unwrap_or(i64::MAX)))
    }

    /// Takes a list of texts.
    pub fn texts(&mut self, key: &str) -> Result<Vec<String>, DecodeError> {
        let Some(value) = self.raw(key) else { return Ok(Vec::new()) };
        let Value::Array(items) = value else { return Err(self.wrong(key, &value, "[]string")) };
        items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => Ok(text),
                other => Err(self.wrong(key, &other, "string")),
            })
            .collect()
    }

    /// Takes an object field.
    pub fn object(&mut self, key: &str, go_type: &'static str) -> Result<Option<Fields>, DecodeError> {
        match self.raw(key) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Fields { map, path: join(&self.path, key), go_type, go_path: join(&self.go_path, key) })),
            Some(other) => Err(self.wrong(key, &other, &format!("v1.{go_type}"))),
        }
    }

    /// Takes a list of objects.
    pub fn objects(&mut self, key: &str, go_type: &'static str) -> Result<Vec<Fields>, DecodeError> {
        let Some(value) = self.raw(key) else { return Ok(Vec::new()) };
        let Value::Array(items) = value else { return Err(self.wrong(key, &value, &format!("[]v1.{go_type}"))) };
        let mut out = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            let map = match item {
                Value::Object(map) => map,
                Value::Null => Map::new(),
                other => return Err(self.wrong(key, &other, &format!("v1.{go_type}"))),
            };
            out.push(Fields { map, path: format!("{}[{i}]", join(&self.path, key)), go_type, go_path: join(&self.go_path, key) });
        }
        Ok(out)
    }

    /// Reports what was not taken.
    pub fn finish(self, unknown: &mut Vec<String>) {
        unknown.extend(self.map.keys().map(|key| format!("unknown field \"{}\"", join(&self.path, key))));
    }

    /// Accepts all that is left without looking at it.
    pub fn ignore_rest(&mut self) {
        self.map.clear();
    }
}

/// The message for fields that strict reading does not know.
pub(super) fn strict_error(mut unknown: Vec<String>) -> Result<(), DecodeError> {
    unknown.sort();
    if unknown.is_empty() { Ok(()) } else { Err(format!("strict decoding error: {}", unknown.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn wrong_types_and_unknown_fields_read_like_the_real_ones() {
        let mut fields = Fields::top(json!({"a": {"b": 5}, "list": [{"n": "x"}], "more": 1}), "Top").unwrap();
        let mut a = fields.object("a", "Inner").unwrap().unwrap();
        assert_eq!(a.text("b").unwrap_err(), "json: cannot unmarshal number into Go struct field Inner.a.b of type string");
        let mut item = fields.objects("list", "Item").unwrap().remove(0);
        assert_eq!(item.int32("n").unwrap_err(), "json: cannot unmarshal string into Go struct field Item.list.n of type int32");
        let mut unknown = Vec::new();
        fields.finish(&mut unknown);
        assert_eq!(strict_error(unknown).unwrap_err(), "strict decoding error: unknown field \"more\"");
    }

    #[test]
    fn durations_may_be_negative() {
        let mut fields = Fields::top(json!({"t": "-1500ms", "u": "10s"}), "Top").unwrap();
        assert_eq!(fields.duration_ns("t"), Ok(Some(-1_500_000_000)));
        assert_eq!(fields.duration_ns("u"), Ok(Some(10_000_000_000)));
    }
}

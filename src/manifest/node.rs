//! A JSON value that remembers where each of its parts stands in the text, so that errors found much later can point there.

use serde_json::{Map, Number, Value};

/// A place in a text: line and column count from 1, in characters. A line of 0 means: no place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// Line.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Characters on that line.
    pub width: u32,
}

/// A value and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub data: Data,
}

/// What a node is.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs)]
pub enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One entry of a map, in the order of the text. Keys are unique.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A node without a place, from a plain value.
    pub fn from_value(value: Value) -> Node {
        let data = match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(value),
            Value::Number(value) => Data::Number(value),
            Value::String(value) => Data::Text(value),
            Value::Array(list) => Data::List(list.into_iter().map(Node::from_value).collect()),
            Value::Object(map) => Data::Map(
                map.into_iter().map(|(key, value)| Entry { key, span: Span::default(), value: Node::from_value(value) }).collect(),
            ),
        };
        Node { span: Span::default(), data }
    }

    /// The plain value.
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(value) => Value::Number(value.clone()),
            Data::Text(value) => Value::String(value.clone()),
            Data::List(list) => Value::Array(list.iter().map(Node::to_value).collect()),
            Data::Map(entries) => Value::Object(entries.iter().map(|e| (e.key.clone(), e.value.to_value())).collect::<Map<_, _>>()),
        }
    }

    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key, if this is a map that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries, if this is a map; else none.
    pub fn entries(&self) -> &[Entry] {
        if let Data::Map(entries) = &self.data { entries } else { &[] }
    }

    /// The items, if this is a list; else none.
    pub fn items(&self) -> &[Node] {
        if let Data::List(items) = &self.data { items } else { &[] }
    }

    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        if let Data::Text(text) = &self.data { Some(text) } else { None }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// What JSON calls this kind of value.
    pub fn kind_name(&self) -> &'static str {
        match &self.data {
            Data::Null => "null",
            Data::Bool(_) => "bool",
            Data::Number(_) => "number",
            Data::Text(_) => "string",
            Data::List(_) => "array",
            Data::Map(_) => "object",
        }
    }

    /// Where the field of a path such as `spec.containers[0].image` or `metadata.labels[app]` stands: the key if there is one,
    /// else the value. If the path goes on beyond what is there, the nearest place on the way.
    pub fn locate(&self, path: &str) -> Span {
        let mut node = self;
        let mut best = self.span;
        for step in steps(path) {
            let next = match step {
                Step::Index(index) => node.items().get(index).map(|item| (item.span, item)),
                Step::Key(key) => node.entry(key).map(|entry| (entry.span, &entry.value)),
            };
            let Some((span, inner)) = next else { break };
            if span.line > 0 {
                best = span;
            }
            node = inner;
        }
        best
    }
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// The steps of a path: names between dots, and what stands in brackets.
fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some((key, after)) = inner.split_once(']') else { break };
            steps.push(key.parse().map(Step::Index).unwrap_or(Step::Key(key)));
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end > 0 {
                steps.push(Step::Key(&rest[..end]));
            }
            rest = &rest[end..];
        }
    }
    steps
}

/// A number as the API's JSON shows it: whole floats become integers.
pub(super) fn float(value: f64) -> Option<Number> {
    if value.fract() == 0.0 && value.abs() < 9.0e18 {
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_survive() {
        let value = json!({"b": [1, null, {"x": "y"}], "a": true, "c": 1.5});
        assert_eq!(Node::from_value(value.clone()).to_value(), value);
    }

    #[test]
    fn paths_find_their_places() {
        let node = crate::manifest::yaml::parse("spec:\n  list:\n  - a: 1\n    b: {c.d: x}\n").unwrap().remove(0);
        let place = |path: &str| {
            let span = node.locate(path);
            (span.line, span.column)
        };
        assert_eq!(place("spec.list[0].a"), (3, 5));
        assert_eq!(place("spec.list[0].b[c.d]"), (4, 9));
        assert_eq!(place("spec.list[0].none.more"), (3, 5));
        assert_eq!(place("nothing"), (1, 1));
    }
}

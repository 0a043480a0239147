//! YAML text to nodes with places: the same values as kubectl reads, one node for each document.
//! Real: sigs.k8s.io/yaml and go.yaml.in/yaml/v2 decode.go as used by kubectl @ v1.37.2.
//!
//! Anchors are expanded in place under the same limit on aliases as the real decoder has, so that a few lines cannot grow into
//! gigabytes.

use super::node::{Data, Entry, Node, Span};
use super::scalar;
use crate::base::collections::Set;
use crate::base::input_error::InputError;
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, Tag};

/// No document may be deeper.
const DEPTH_MAX: usize = 250;

/// All documents of a text. Empty ones are left out. The error has no file yet.
pub fn parse(text: &str) -> Result<Vec<Node>, InputError> {
    let mut options = granit_parser::options! {
        block_scalar_eof_without_line_feed: true,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    options.set_emit_comments(false);
    let mut builder = Builder { text, events: Parser::new_from_str_with_options(text, options), anchors: Vec::new(), seen: 0, aliased: 0 };
    let mut documents = Vec::new();
    while let Some((event, span)) = builder.next()? {
        match event {
            Event::DocumentStart(..) => builder.anchors.clear(),
            Event::StreamStart | Event::DocumentEnd => {}
            Event::StreamEnd => break,
            event => {
                let node = builder.node(event, span)?;
                if !node.is_null() {
                    documents.push(node);
                }
            }
        }
    }
    Ok(documents)
}

struct Builder<'a> {
    text: &'a str,
    events: Parser<'a, granit_parser::StrInput<'a>>,
    /// Anchored nodes by the parser's ids, with the number of nodes in each; `None` while the node is being read.
    anchors: Vec<(usize, Option<(Node, usize)>)>,
    /// Nodes made so far, and how many of them by aliases.
    seen: usize,
    aliased: usize,
}

type Marked<'a> = (Event<'a>, granit_parser::Span);

impl<'a> Builder<'a> {
    fn next(&mut self) -> Result<Option<Marked<'a>>, InputError> {
        match self.events.next_event() {
            None => Ok(None),
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(error)) => Err(self.scan_error(&error)),
        }
    }

    fn must_next(&mut self) -> Result<Marked<'a>, InputError> {
        self.next()?.ok_or_else(|| InputError::new("the text ends in the middle of a value"))
    }

    fn scan_error(&self, error: &granit_parser::ScanError) -> InputError {
        let (line, column) = (error.marker().line() as u32, error.marker().col() as u32 + 1);
        let found = InputError::new(format!("yaml: {}", error.info())).at(self.text, line, column, 1);
        // The scanner often stops one line after the cause.
        for at in [line, line.saturating_sub(1)] {
            let source = self.text.lines().nth(at.saturating_sub(1) as usize).unwrap_or("");
            let indent = &source[..source.len() - source.trim_start().len()];
            if let Some(tab) = indent.find('\t') {
                return found.at(self.text, at, tab as u32 + 1, 1).with_hint("YAML takes no tab for indentation: use spaces");
            }
        }
        found
    }

    fn error(&self, span: Span, message: String) -> InputError {
        InputError::new(message).at(self.text, span.line, span.column, span.width)
    }

    fn count(&mut self, nodes: usize, by_alias: bool, span: Span) -> Result<(), InputError> {
        self.seen += nodes;
        if by_alias {
            self.aliased += nodes;
        }
        if self.aliased > 100 && self.seen > 1000 && self.aliased as f64 / self.seen as f64 > alias_share_max(self.seen) {
            return Err(self.error(span, "yaml: document contains excessive aliasing".into()));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, at: granit_parser::Span) -> Result<Node, InputError> {
        let span = place(&at);
        let seen = self.seen;
        let (anchor, data) = match event {
            Event::Alias(id) => return self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, false, span)?;
                (anchor, self.scalar(&text, style, tag.as_deref(), span)?)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.count(1, false, span)?;
                self.begin(anchor);
                (anchor, self.list()?)
            }
            Event::MappingStart(_, anchor, _) => {
                self.count(1, false, span)?;
                self.begin(anchor);
                (anchor, self.map()?)
            }
            other => return Err(self.error(span, format!("yaml: unexpected {other:?}"))),
        };
        let node = Node { span, data };
        if anchor > 0 {
            self.anchors.retain(|(id, _)| *id != anchor);
            self.anchors.push((anchor, Some((node.clone(), self.seen - seen))));
        }
        Ok(node)
    }

    fn begin(&mut self, anchor: usize) {
        if anchor > 0 {
            self.anchors.push((anchor, None));
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<Node, InputError> {
        let found = self.anchors.iter().rev().find(|(anchor, _)| *anchor == id).map(|(_, node)| node);
        let size = match found {
            Some(Some((_, size))) => *size,
            Some(None) => return Err(self.error(span, "yaml: anchor value contains itself".into())),
            None => return Err(self.error(span, "yaml: unknown anchor".into())),
        };
        self.count(size, true, span)?;
        let node = self.anchors.iter().rev().find(|(anchor, _)| *anchor == id).and_then(|(_, node)| node.as_ref());
        Ok(node.expect("just found").0.clone())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Data, InputError> {
        let core = tag.and_then(|tag| tag.core_suffix().or_else(|| tag.suffix_in_namespace("tag:yaml.org,2002:").map(|_| "other")));
        match (tag, core) {
            (None, _) if style != ScalarStyle::Plain => Ok(Data::Text(text.to_string())),
            (Some(_), Some("str" | "other") | None) => Ok(Data::Text(text.to_string())),
            (_, core) => {
                if scalar::not_finite(text) {
                    return Err(self.error(span, format!("json: unsupported value: {text}")));
                }
                let data = scalar::plain(text);
                let fits = match core {
                    Some("int") => matches!(&data, Data::Number(n) if !n.is_f64()),
                    Some("float") => matches!(data, Data::Number(_)),
                    Some("bool") => matches!(data, Data::Bool(_)),
                    Some("null") => matches!(data, Data::Null),
                    _ => true,
                };
                if fits { Ok(data) } else { Err(self.error(span, format!("yaml: cannot decode `{text}` as a !!{}", core.unwrap_or("")))) }
            }
        }
    }

    fn list(&mut self) -> Result<Data, InputError> {
        let mut items = Vec::new();
        loop {
            match self.must_next()? {
                (Event::SequenceEnd, _) => return Ok(Data::List(items)),
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn map(&mut self) -> Result<Data, InputError> {
        let mut keys = Keys::default();
        loop {
            let (event, at) = self.must_next()?;
            let span = place(&at);
            let merge = match &event {
                Event::MappingEnd => return Ok(Data::Map(keys.entries)),
                Event::Scalar(text, ScalarStyle::Plain, ..) => text == "<<",
                _ => false,
            };
            let key = self.node(event, at)?;
            let (event, at) = self.must_next()?;
            let value = self.node(event, at)?;
            if merge {
                self.merge(value, span, &mut keys)?;
                continue;
            }
            let Some(text) = scalar::key_text(&key.data) else {
                let message = match key.data {
                    Data::Null => "yaml: a null key cannot be turned into JSON".to_string(),
                    _ => format!("yaml: invalid map key: {}", key.to_value()),
                };
                return Err(self.error(span, message).with_hint("a value that begins with { or [ needs quotes"));
            };
            if keys.set(Entry { key: text.clone(), span, value }, false).is_err() {
                return Err(self.error(span, format!("yaml: key \"{text}\" already set in map")).with_hint("keep one of the two"));
            }
        }
    }

    fn merge(&self, value: Node, span: Span, keys: &mut Keys) -> Result<(), InputError> {
        let maps = match value.data {
            Data::Map(_) => vec![value],
            // Earlier ones take precedence.
            Data::List(items) => items.into_iter().rev().collect(),
            _ => Vec::new(),
        };
        if maps.is_empty() || maps.iter().any(|map| !matches!(map.data, Data::Map(_))) {
            return Err(self.error(span, "yaml: map merge requires map or sequence of maps as the value".into()));
        }
        for map in maps {
            if let Data::Map(entries) = map.data {
                for entry in entries {
                    let _ = keys.set(entry, true);
                }
            }
        }
        Ok(())
    }
}

/// A map being read. Which keys were written out matters: only those may not come twice.
#[derive(Default)]
struct Keys {
    entries: Vec<Entry>,
    written: Set<String>,
    known: Set<String>,
}

impl Keys {
    fn set(&mut self, entry: Entry, merged: bool) -> Result<(), ()> {
        if !merged && !self.written.insert(entry.key.clone()) {
            return Err(());
        }
        if self.known.insert(entry.key.clone()) {
            self.entries.push(entry);
        } else if let Some(old) = self.entries.iter_mut().find(|old| old.key == entry.key) {
            *old = entry;
        }
        Ok(())
    }
}

/// How much of a document may come from aliases: nearly all of a small one, a tenth of a huge one.
fn alias_share_max(nodes: usize) -> f64 {
    const LOW: usize = 400_000;
    const HIGH: usize = 4_000_000;
    match nodes {
        n if n <= LOW => 0.99,
        n if n >= HIGH => 0.10,
        n => 0.99 - 0.89 * ((n - LOW) as f64 / (HIGH - LOW) as f64),
    }
}

fn place(span: &granit_parser::Span) -> Span {
    let (start, end) = (span.start, span.end);
    let width = if start.line() == end.line() && end.col() > start.col() { end.col() - start.col() } else { 1 };
    Span { line: start.line() as u32, column: start.col() as u32 + 1, width: width as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn values(text: &str) -> Vec<Value> {
        parse(text).unwrap().iter().map(Node::to_value).collect()
    }

    fn fault(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn documents_scalars_and_blocks() {
        let text = "# only a comment\n---\na: no\nb: \"no\"\nc: !!str 5\nd: |\n  x\n  y\n---\n---\n- 1\n- {x: 0x10}\n...\n";
        assert_eq!(values(text), [json!({"a": false, "b": "no", "c": "5", "d": "x\ny\n"}), json!([1, {"x": 16}])]);
        assert_eq!(values("d: |\n  no line feed at the end"), [json!({"d": "no line feed at the end"})]);
        assert_eq!(values("y: 1\n1: 2\n1.5: 3\n"), [json!({"true": 1, "1": 2, "1.5": 3})]);
    }

    #[test]
    fn anchors_and_merge_keys() {
        let text = "base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  z: 3\nboth: {<<: [{x: 5}, *b]}\n";
        assert_eq!(values(text)[0]["use"], json!({"x": 1, "z": 3}));
        assert_eq!(values(text)[0]["both"], json!({"x": 5, "z": 2}));
        assert!(fault("a: &a [*a]").contains("contains itself"));
        assert!(fault("a: *b").contains("unknown anchor"));
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert!(fault(&text).contains("excessive aliasing"));
    }

    #[test]
    fn faults_have_a_place_and_a_hint() {
        let want = "error: 4:3: yaml: key \"name\" already set in map\n   4 |   name: b\n     |   ^^^^ keep one of the two";
        assert_eq!(fault("metadata:\n  name: a\n  x: 1\n  name: b\n"), want);
        let text = fault("spec:\n\treplicas: 3\n");
        assert!(text.contains("2:1: yaml: ") && text.ends_with("^ YAML takes no tab for indentation: use spaces"), "{text}");
        assert!(fault("a: [1, 2\nb: 3\n").contains("yaml: "));
        assert!(fault("a: .nan").contains("1:4: json: unsupported value: .nan"));
        assert!(fault("{a: 1}: 2").contains("invalid map key"));
        assert!(fault(&"[".repeat(2000)).contains("yaml: "));
    }

    #[test]
    fn places_are_exact() {
        let node = parse("a:\n  - name: x\n    image: y\n").unwrap().remove(0);
        let image = node.get("a").unwrap().items()[0].entry("image").unwrap();
        assert_eq!(image.span, Span { line: 3, column: 5, width: 5 });
        assert_eq!(image.value.span, Span { line: 3, column: 12, width: 1 });
    }
}

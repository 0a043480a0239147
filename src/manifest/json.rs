//! JSON text to nodes with places. Several values may follow each other, as kubectl accepts them.

use super::node::{Data, Entry, Node, Span, float};
use crate::base::collections::Set;
use crate::base::input_error::InputError;
use serde_json::Number;

/// No value may be deeper.
const DEPTH_MAX: usize = 250;

/// All values of a text. The error has no file yet.
pub fn parse(text: &str) -> Result<Vec<Node>, InputError> {
    let mut reader = Reader { text, at: 0, line: 1, line_start: 0, counted: (0, 0) };
    let mut values = Vec::new();
    loop {
        reader.skip_space();
        if reader.at == text.len() {
            return Ok(values);
        }
        values.push(reader.value(0)?);
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
    /// A position on this line, and how many characters stand before it: so that one long line is counted once.
    counted: (usize, u32),
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        while let b' ' | b'\t' | b'\r' | b'\n' = self.peek() {
            self.at += 1;
            if self.text.as_bytes()[self.at - 1] == b'\n' {
                self.line += 1;
                self.line_start = self.at;
                self.counted = (self.at, 0);
            }
        }
    }

    fn span_from(&mut self, from: usize) -> Span {
        let count = |a: usize, b: usize| self.text[a..b].chars().count() as u32;
        let (at, before) = if self.counted.0 <= from { self.counted } else { (self.line_start, 0) };
        self.counted = (from, before + count(at, from));
        Span { line: self.line, column: self.counted.1 + 1, width: count(from, self.at).max(1) }
    }

    fn error(&mut self, message: impl Into<String>) -> InputError {
        let span = self.span_from(self.at);
        InputError::new(message).at(self.text, span.line, span.column, 1)
    }

    fn unexpected(&mut self, wanted: &str) -> InputError {
        match self.text[self.at..].chars().next() {
            None => self.error("unexpected end of JSON input"),
            Some(c) => self.error(format!("invalid character {c:?} {wanted}")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, InputError> {
        if depth > DEPTH_MAX {
            return Err(self.error(format!("exceeded max depth of {DEPTH_MAX}")));
        }
        self.skip_space();
        let from = self.at;
        // The place of a list or map is its first character.
        let first = Span { width: 1, ..self.span_from(from) };
        let data = match self.peek() {
            b'{' => return Ok(Node { span: first, data: self.map(depth)? }),
            b'[' => return Ok(Node { span: first, data: self.list(depth)? }),
            b'"' => Data::Text(self.string()?),
            b'-' | b'0'..=b'9' => self.number()?,
            _ => self.word()?,
        };
        Ok(Node { span: self.span_from(from), data })
    }

    fn word(&mut self) -> Result<Data, InputError> {
        for (word, data) in [("null", Data::Null), ("true", Data::Bool(true)), ("false", Data::Bool(false))] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(data);
            }
        }
        Err(self.unexpected("looking for beginning of value"))
    }

    fn number(&mut self) -> Result<Data, InputError> {
        let from = self.at;
        while let b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9' = self.peek() {
            self.at += 1;
        }
        let all = self.text;
        let text = &all[from..self.at];
        let number = match text.parse::<i64>() {
            Ok(value) => Some(Number::from(value)),
            Err(_) => match text.parse::<u64>() {
                Ok(value) => Some(Number::from(value)),
                Err(_) => serde_json::from_str::<f64>(text).ok().and_then(float),
            },
        };
        let sound = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        number.filter(|_| sound).map(Data::Number).ok_or_else(|| {
            self.at = from;
            self.error(format!("invalid number {text}"))
        })
    }

    fn string(&mut self) -> Result<String, InputError> {
        let from = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                b'"' => break,
                b'\\' => self.at = (self.at + 2).min(self.text.len()),
                0..=0x1f => return Err(self.unexpected("in string literal")),
                _ => self.at += 1,
            }
        }
        self.at += 1;
        // Escapes are left to serde_json; most texts have none.
        let text = self.text;
        let inner = &text[from + 1..self.at - 1];
        if !inner.contains('\\') {
            return Ok(inner.to_string());
        }
        serde_json::from_str(&text[from..self.at]).map_err(|_| {
            self.at = from;
            self.error("invalid escape in string literal")
        })
    }

    fn list(&mut self, depth: usize) -> Result<Data, InputError> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(Data::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(Data::List(items));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Data, InputError> {
        self.at += 1;
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: Set<String> = Set::default();
        self.skip_space();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(Data::Map(entries));
        }
        loop {
            self.skip_space();
            if self.peek() != b'"' {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let from = self.at;
            let key = self.string()?;
            let span = self.span_from(from);
            if !seen.insert(key.clone()) {
                let error = InputError::new(format!("json: key \"{key}\" already set in map")).with_hint("keep one of the two");
                return Err(error.at(self.text, span.line, span.column, span.width));
            }
            self.skip_space();
            if self.peek() != b':' {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            entries.push(Entry { key, span, value });
            self.skip_space();
            match self.peek() {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(Data::Map(entries));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn several_values_follow_each_other() {
        let text = " {\"a\": [1, -2.5, true, null, \"x\\n\\u00e9\"]}\n{}[] ";
        let values: Vec<_> = parse(text).unwrap().iter().map(Node::to_value).collect();
        assert_eq!(values, [json!({"a": [1, -2.5, true, null, "x\né"]}), json!({}), json!([])]);
    }

    #[test]
    fn faults_have_a_place() {
        let rows = [
            ("{\"a\": 1,}", "1:9: invalid character '}' looking for beginning of object key string"),
            ("{\"a\"\n 1}", "2:2: invalid character '1' after object key"),
            ("[1 2]", "1:4: invalid character '2' after array element"),
            ("{\"a\": 1, \"a\": 2}", "1:10: json: key \"a\" already set in map"),
            ("[01]", "1:2: invalid number 01"),
            ("[nul]", "1:2: invalid character 'n' looking for beginning of value"),
            ("[\"a", "1:4: unexpected end of JSON input"),
            ("[\"a\\", "1:5: unexpected end of JSON input"),
            ("[\"\\q\"]", "1:2: invalid escape in string literal"),
        ];
        for (text, message) in rows {
            let shown = parse(text).unwrap_err().to_string();
            assert!(shown.starts_with(&format!("error: {message}")), "{text}: {shown}");
        }
        assert!(parse(&"[".repeat(100_000)).unwrap_err().message.contains("max depth"));
    }

    #[test]
    fn places_count_characters() {
        let node = parse("{\"é\": 1, \"b\": 22}").unwrap().remove(0);
        let entry = node.entry("b").unwrap();
        assert_eq!((entry.span, entry.value.span.column, entry.value.span.width), (Span { line: 1, column: 10, width: 3 }, 15, 2));
    }
}

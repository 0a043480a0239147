//! Reading one map of a scenario file: known keys only, each value with its place, so that every fault points at a line.

use crate::base::input_error::{InputError, did_you_mean};
use crate::base::quantity::Quantity;
use crate::base::{Dist, Span};
use crate::manifest::{Data, Node, Source, node};

/// A map of the scenario file whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    source: &'a Source,
    node: &'a Node,
}

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    source: &'a Source,
    /// The value.
    pub node: &'a Node,
}

type Result<T> = std::result::Result<T, InputError>;

impl<'a> Fields<'a> {
    /// The map, if it is one and has no other keys than these. Null is an empty map. `what` begins the message.
    pub fn new(at: At<'a>, what: &str, known: &[&str]) -> Result<Fields<'a>> {
        match &at.node.data {
            Data::Map(_) | Data::Null => {}
            _ => return Err(at.error(format!("{what} must be a map of keys, this is {}", at.kind())).with_hint(keys_hint(known))),
        }
        for entry in at.node.entries() {
            if known.contains(&&*entry.key) {
                continue;
            }
            let mut hint = did_you_mean(&entry.key, known.iter().copied());
            if hint.is_empty() {
                hint = keys_hint(known);
            }
            return Err(at.source.error(entry.span, format!("unknown key \"{}\" in {what}", entry.key)).with_hint(hint));
        }
        Ok(Fields { source: at.source, node: at.node })
    }

    /// The value of a key; null counts as absent.
    pub fn get(&self, key: &str) -> Option<At<'a>> {
        let node = self.node.get(key).filter(|node| !node.is_null())?;
        Some(At { source: self.source, node })
    }

    /// The value of a key that must be there.
    pub fn required(&self, key: &str, what: &str) -> Result<At<'a>> {
        self.get(key).ok_or_else(|| self.error(format!("{what} needs `{key}`")))
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// An error at the map's beginning.
    pub fn error(&self, message: impl Into<String>) -> InputError {
        let span = node::Span { width: 1, ..self.node.span };
        self.source.error(span, message)
    }

    /// An error at a key.
    pub fn error_at_key(&self, key: &str, message: impl Into<String>) -> InputError {
        self.source.error(self.node.entry(key).map_or(self.node.span, |entry| entry.span), message)
    }

    /// Reads a key's value if it is there.
    pub fn read<T>(&self, key: &str, read: impl FnOnce(At<'a>) -> Result<T>) -> Result<Option<T>> {
        self.get(key).map(read).transpose()
    }
}

fn keys_hint(known: &[&str]) -> String {
    format!("known keys: {}", known.join(", "))
}

impl<'a> At<'a> {
    /// The root of a document.
    pub fn root(source: &'a Source, node: &'a Node) -> At<'a> {
        At { source, node }
    }

    /// Which text this is a part of.
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// The line, from 1; 0 if it has none.
    pub fn line(&self) -> u32 {
        self.node.span.line
    }

    /// An error at this value.
    pub fn error(&self, message: impl Into<String>) -> InputError {
        self.source.error(self.node.span, message)
    }

    /// An error at some characters of this text: `from` and `width` count bytes of the text's value.
    pub fn error_in_text(&self, from: usize, width: usize, message: impl Into<String>) -> InputError {
        let mut span = self.node.span;
        let line = self.source.text.lines().nth(span.line.saturating_sub(1) as usize).unwrap_or("");
        if let Some(text) = self.node.text()
            && let Some(head) = text.get(..from.min(text.len()))
            && let Some((start, _)) = line.char_indices().nth(span.column.saturating_sub(1) as usize)
            && let Some(found) = line[start..].find(text)
        {
            let before = line[start..start + found].chars().count() + head.chars().count();
            span.column += before as u32;
            span.width = text.get(from..).unwrap_or("").chars().take(width.max(1)).count().max(1) as u32;
        }
        self.source.error(span, message)
    }

    fn kind(&self) -> String {
        match self.node.kind_name() {
            "null" => "null".into(),
            "array" => "a list".into(),
            "object" => "a map".into(),
            "bool" => "true or false".into(),
            other => format!("a {other}"),
        }
    }

    /// A text.
    pub fn text(&self) -> Result<&'a str> {
        let text = self.node.text();
        text.ok_or_else(|| {
            let error = self.error(format!("this must be a text, it is {}", self.kind()));
            if matches!(self.node.data, Data::Map(_) | Data::List(_)) { error } else { error.with_hint("quote it to make it a text") }
        })
    }

    /// A text that is not empty.
    pub fn word(&self) -> Result<&'a str> {
        let text = self.text()?;
        if text.trim().is_empty() { Err(self.error("this must not be empty")) } else { Ok(text) }
    }

    /// True or false.
    pub fn bool(&self) -> Result<bool> {
        match self.node.data {
            Data::Bool(value) => Ok(value),
            _ => Err(self.error(format!("this must be true or false, it is {}", self.kind()))),
        }
    }

    /// A whole number from 0 to `max`.
    pub fn count(&self, max: u64) -> Result<u64> {
        let Data::Number(number) = &self.node.data else {
            return Err(self.error(format!("this must be a whole number, it is {}", self.kind())));
        };
        match number.as_u64() {
            Some(value) if value <= max => Ok(value),
            Some(_) => Err(self.error(format!("{number} is too large")).with_hint(format!("at most {max}"))),
            None if number.as_i64().is_some() => Err(self.error(format!("{number} is negative")).with_hint("0 or more")),
            None => Err(self.error(format!("{number} is no whole number"))),
        }
    }

    /// A duration such as `90s`.
    pub fn span(&self) -> Result<Span> {
        let text = match &self.node.data {
            Data::Text(text) => text.clone(),
            Data::Number(number) if number.as_u64() == Some(0) => "0".into(),
            Data::Number(number) => {
                return Err(self.error(format!("{number} has no unit")).with_hint(format!("a duration such as {number}s or {number}m")));
            }
            _ => return Err(self.error(format!("this must be a duration such as 30s, it is {}", self.kind()))),
        };
        Span::parse(text.trim()).map_err(|message| match text.trim().strip_prefix('-') {
            Some(_) => self.error(format!("\"{text}\" is negative")).with_hint("a duration such as 30s"),
            None => self.error(message),
        })
    }

    /// An amount such as `500m` or `16Gi`, not negative.
    pub fn quantity(&self) -> Result<Quantity> {
        let text = match &self.node.data {
            Data::Text(text) => text.trim().to_string(),
            Data::Number(number) => number.to_string(),
            _ => return Err(self.error(format!("this must be an amount such as 500m or 16Gi, it is {}", self.kind()))),
        };
        let quantity: Quantity =
            text.parse().map_err(|error| self.error(format!("\"{text}\" is no quantity: {error}")).with_hint(quantity_hint(&text)))?;
        if quantity < Quantity::ZERO {
            return Err(self.error(format!("{text} is negative")).with_hint("0 or more"));
        }
        Ok(quantity)
    }

    /// Items of a list.
    pub fn list(&self) -> Result<Vec<At<'a>>> {
        match &self.node.data {
            Data::List(items) => Ok(items.iter().map(|node| At { source: self.source, node }).collect()),
            _ => Err(self.error(format!("this must be a list, it is {}", self.kind())).with_hint("each entry begins with \"- \"")),
        }
    }

    /// A text, or a list of texts.
    pub fn texts(&self) -> Result<Vec<At<'a>>> {
        let all = if self.node.text().is_some() { vec![*self] } else { self.list()? };
        all.iter().try_for_each(|at| at.word().map(drop))?;
        Ok(all)
    }

    /// A map from any text: keys with their places, and values.
    pub fn map(&self) -> Result<Vec<(&'a node::Entry, At<'a>)>> {
        match &self.node.data {
            Data::Map(entries) => Ok(entries.iter().map(|entry| (entry, At { source: self.source, node: &entry.value })).collect()),
            _ => Err(self.error(format!("this must be a map of keys, it is {}", self.kind()))),
        }
    }

    /// A distribution: a constant (`4s`), or one of `uniform`, `normal`, `exponential`, `lognormal` with its figures.
    pub fn dist(&self) -> Result<Dist> {
        if !matches!(self.node.data, Data::Map(_)) {
            return self.span().map(Dist::Constant);
        }
        const KINDS: &[&str] = &["uniform", "normal", "exponential", "lognormal"];
        let fields = Fields::new(*self, "a distribution", KINDS)?;
        let [entry] = self.node.entries() else {
            return Err(fields.error("a distribution is one of uniform, normal, exponential, lognormal"));
        };
        let inner = At { source: self.source, node: &entry.value };
        let figures = |known: &[&str]| Fields::new(inner, &format!("`{}`", entry.key), known);
        let figure = |fields: &Fields<'a>, key: &str| fields.required(key, &format!("`{}`", entry.key))?.span();
        match &*entry.key {
            "uniform" => {
                let fields = figures(&["min", "max"])?;
                let (min, max) = (figure(&fields, "min")?, figure(&fields, "max")?);
                if max < min {
                    return Err(fields.error_at_key("max", format!("max {max} is below min {min}")));
                }
                Ok(Dist::Uniform { min, max })
            }
            "normal" => {
                let fields = figures(&["mean", "sd", "min"])?;
                let min = fields.read("min", |at| at.span())?.unwrap_or(Span::ZERO);
                Ok(Dist::Normal { mean: figure(&fields, "mean")?, sd: figure(&fields, "sd")?, min })
            }
            "exponential" => Ok(Dist::Exponential { mean: figure(&figures(&["mean"])?, "mean")? }),
            _ => {
                let fields = figures(&["p50", "p99"])?;
                let (p50, p99) = (figure(&fields, "p50")?, figure(&fields, "p99")?);
                if p99 < p50 {
                    return Err(fields.error_at_key("p99", format!("p99 {p99} is below p50 {p50}")));
                }
                Ok(Dist::LogNormal { p50, p99 })
            }
        }
    }
}

/// What the writer of a malformed quantity may have meant.
fn quantity_hint(text: &str) -> String {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let meant = match unit.trim().to_ascii_lowercase().as_str() {
        "gb" | "g" => "G",
        "gib" | "gi" => "Gi",
        "mb" => "M",
        "mib" | "mi" => "Mi",
        "kb" => "k",
        "kib" | "ki" => "Ki",
        "tb" | "t" => "T",
        "tib" | "ti" => "Ti",
        _ => return "an amount such as 500m, 2, 128Mi or 16Gi".into(),
    };
    format!("did you mean \"{number}{meant}\"?")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str, read: impl FnOnce(At<'_>) -> Result<()>) -> String {
        let source = Source::new("x.yaml", text);
        let nodes = source.documents().unwrap();
        read(At::root(&source, nodes[0].get("a").unwrap())).unwrap_err().to_string()
    }

    #[test]
    fn values_say_what_they_must_be() {
        assert!(fault("a: -3", |at| at.count(9).map(drop)).contains("x.yaml:1:4: -3 is negative"));
        assert!(fault("a: 12", |at| at.count(9).map(drop)).ends_with("^^ at most 9"));
        assert!(fault("a: three", |at| at.count(9).map(drop)).contains("this must be a whole number, it is a string"));
        assert!(fault("a: 5", |at| at.span().map(drop)).ends_with("^ a duration such as 5s or 5m"));
        assert!(fault("a: 5 parsecs", |at| at.span().map(drop)).contains("\"5 parsecs\" is no duration"));
        assert!(fault("a: -5s", |at| at.span().map(drop)).contains("is negative"));
        assert!(fault("a: 16GiB", |at| at.quantity().map(drop)).ends_with("did you mean \"16Gi\"?"));
        assert!(fault("a: 3", |at| at.text().map(drop)).ends_with("quote it to make it a text"));
        assert!(fault("a: {unifrm: {min: 1s}}", |at| at.dist().map(drop)).ends_with("did you mean \"uniform\"?"));
        assert!(fault("a: {uniform: {min: 3s, max: 1s}}", |at| at.dist().map(drop)).contains("max 1s is below min 3s"));
        assert!(fault("a: {lognormal: {p50: 3s}}", |at| at.dist().map(drop)).contains("`lognormal` needs `p99`"));
    }

    #[test]
    fn errors_point_into_quoted_texts() {
        let shown = fault("a: \"rollout undoo web\"", |at| Err(at.error_in_text(8, 5, "what?")));
        assert!(shown.ends_with("1 | a: \"rollout undoo web\"\n     |             ^^^^^"), "{shown}");
    }
}

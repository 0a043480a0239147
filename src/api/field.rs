//! Places inside an object and what is wrong there: the building stones of validation.
//! Real: staging/src/k8s.io/apimachinery/pkg/util/validation/field/{path,errors}.go @ v1.37.2.
//!
//! A path is a chain on the stack, so that checking a sound object allocates nothing; it becomes text only with an error.

use serde::Serialize;
use std::fmt;

/// A place such as `spec.template.spec.containers[0].image`. Each step borrows the one before.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Child(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// The first step of a path: a top-level field.
    pub const fn new(name: &'a str) -> Path<'a> {
        Path { parent: None, step: Step::Child(name) }
    }

    /// A field of this place.
    pub const fn child(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Child(name) }
    }

    /// An entry of the list at this place.
    pub const fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    /// An entry of the map at this place.
    pub const fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Key(key) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}")?;
        }
        match self.step {
            Step::Child(name) if self.parent.is_some() => write!(f, ".{name}"),
            Step::Child(name) => write!(f, "{name}"),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) => write!(f, "[{key}]"),
        }
    }
}

/// What is wrong with a field. The names are the cause types that clients see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum FieldReason {
    NotFound,
    Required,
    Duplicate,
    Invalid,
    NotSupported,
    Forbidden,
    TooLong,
    TooMany,
    TooFew,
    TooShort,
    TypeInvalid,
    Internal,
}

impl FieldReason {
    /// The cause type in a Status.
    pub fn cause(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::TooFew => "FieldValueTooFew",
            Self::TooShort => "FieldValueTooShort",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Internal => "InternalError",
        }
    }

    /// The words that begin the message.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::TooFew => "Too few",
            Self::TooShort => "Too short",
            Self::Internal => "Internal error",
        }
    }
}

/// One field and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldError {
    /// What kind of fault it is.
    pub reason: FieldReason,
    /// The place, such as `spec.replicas`.
    pub field: String,
    /// The fault without the place, such as `Invalid value: -1: must be greater than or equal to 0`.
    pub body: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body)
    }
}

/// The faults of an object, in the order found.
pub type FieldErrors = Vec<FieldError>;

/// A value as it appears in a message: texts in quotes, all others as JSON.
pub fn shown<T: Serialize + ?Sized>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => quoted(&text),
        // Go's JSON encoder guards against HTML.
        Ok(value) => value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"),
        Err(error) => error.to_string(),
    }
}

/// A text in quotes as Go's `%q` prints it.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\x0b' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn error(reason: FieldReason, field: &Path, value: Option<String>, detail: &str) -> FieldError {
    let mut body = reason.words().to_string();
    for part in [value.as_deref().unwrap_or(""), detail] {
        if !part.is_empty() {
            body.push_str(": ");
            body.push_str(part);
        }
    }
    FieldError { reason, field: field.to_string(), body }
}

/// The value is malformed.
pub fn invalid<T: Serialize + ?Sized>(field: &Path, value: &T, detail: impl AsRef<str>) -> FieldError {
    error(FieldReason::Invalid, field, Some(shown(value)), detail.as_ref())
}

/// A value that must be given is not.
pub fn required(field: &Path, detail: impl AsRef<str>) -> FieldError {
    error(FieldReason::Required, field, None, detail.as_ref())
}

/// A value that must be unique is there twice.
pub fn duplicate<T: Serialize + ?Sized>(field: &Path, value: &T) -> FieldError {
    error(FieldReason::Duplicate, field, Some(shown(value)), "")
}

/// The value names something that is not there.
pub fn not_found<T: Serialize + ?Sized>(field: &Path, value: &T) -> FieldError {
    error(FieldReason::NotFound, field, Some(shown(value)), "")
}

/// The value is none of the known ones.
pub fn not_supported<T: Serialize + ?Sized>(field: &Path, value: &T, supported: &[&str]) -> FieldError {
    let list: Vec<String> = supported.iter().map(|text| quoted(text)).collect();
    let detail = if list.is_empty() { String::new() } else { format!("supported values: {}", list.join(", ")) };
    error(FieldReason::NotSupported, field, Some(shown(value)), &detail)
}

/// The value may not be set here.
pub fn forbidden(field: &Path, detail: impl AsRef<str>) -> FieldError {
    error(FieldReason::Forbidden, field, None, detail.as_ref())
}

/// The text has too many bytes.
pub fn too_long(field: &Path, max_length: usize) -> FieldError {
    let unit = if max_length == 1 { "byte" } else { "bytes" };
    error(FieldReason::TooLong, field, None, &format!("may not be more than {max_length} {unit}"))
}

/// The list has too many entries.
pub fn too_many(field: &Path, actual: usize, max: usize) -> FieldError {
    let unit = if max == 1 { "item" } else { "items" };
    error(FieldReason::TooMany, field, Some(actual.to_string()), &format!("must have at most {max} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_as_the_api_server_prints_them() {
        let spec = Path::new("spec");
        let containers = spec.child("containers");
        let first = containers.index(0);
        let resources = first.child("resources");
        let requests = resources.child("requests");
        assert_eq!(requests.key("cpu").to_string(), "spec.containers[0].resources.requests[cpu]");
    }

    #[test]
    fn messages_read_as_the_api_servers() {
        let path = Path::new("spec");
        let path = path.child("x");
        let check = |error: FieldError, text: &str| assert_eq!(error.to_string(), text);
        check(invalid(&path, &-1, "must be greater than or equal to 0"), "spec.x: Invalid value: -1: must be greater than or equal to 0");
        check(
            not_supported(&path, "Sometimes", &["Always", "Never"]),
            "spec.x: Unsupported value: \"Sometimes\": supported values: \"Always\", \"Never\"",
        );
        check(required(&path, ""), "spec.x: Required value");
        check(forbidden(&path, "not now"), "spec.x: Forbidden: not now");
        check(duplicate(&path, "a"), "spec.x: Duplicate value: \"a\"");
        check(not_found(&path, "a"), "spec.x: Not found: \"a\"");
        check(too_long(&path, 63), "spec.x: Too long: may not be more than 63 bytes");
        check(too_many(&path, 3, 1), "spec.x: Too many: 3: must have at most 1 item");
        check(invalid(&path, &serde_json::json!({"a": "<b>"}), ""), "spec.x: Invalid value: {\"a\":\"\\u003cb\\u003e\"}");
        assert_eq!(quoted("a\"\n\u{1}é"), "\"a\\\"\\n\\x01é\"");
    }
}

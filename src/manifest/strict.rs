//! Strict checks of fields, as `kubectl apply --validate=strict` asks of the API server: unknown fields, wrong types, malformed
//! quantities, times and base64, each with its place. Kinds of groups that the API does not have (custom resources) are taken
//! whole; a kind or version that a known group does not have is an error.
//! Real: sigs.k8s.io/json, apimachinery/pkg/runtime/serializer/json @ v1.37.2.

use super::node::{Data, Node, Span};
use super::read::Item;
use crate::base::input_error::{InputError, did_you_mean, nearest};
use crate::base::quantity::Quantity;
use crate::model::schema::{Ref, Scalar, Schema};

/// No more faults of one object are listed.
const FAULTS_MAX: usize = 20;

/// Something that the API server would not take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Whether it is an unknown field, which only strict checks refuse.
    pub unknown_field: bool,
    /// The real message.
    pub message: String,
    /// Where it is.
    pub span: Span,
    /// A guess at what was meant.
    pub hint: String,
}

/// Checks one object of a manifest; all faults that were found, the first ones first.
pub fn check(item: &Item) -> Result<(), Vec<InputError>> {
    let faults = faults(&item.node);
    if faults.is_empty() {
        return Ok(());
    }
    let error = |fault: Fault| {
        let message = if fault.unknown_field { format!("strict decoding error: {}", fault.message) } else { fault.message };
        item.source.error(fault.span, message).with_hint(fault.hint)
    };
    Err(faults.into_iter().map(error).collect())
}

/// The message of the API server for an object that it cannot read, if it cannot: `strict` also refuses unknown fields.
pub fn bad_request(node: &Node, strict: bool) -> Option<String> {
    let (hard, unknown): (Vec<Fault>, Vec<Fault>) = faults(node).into_iter().partition(|fault| !fault.unknown_field);
    let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or("").to_string();
    let (kind, version) = (text("kind"), text("apiVersion"));
    let short = version.rsplit('/').next().unwrap_or("").to_string();
    let head = format!("{kind} in version \"{short}\" cannot be handled as a {kind}: ");
    if let Some(fault) = hard.first() {
        return Some(head + &fault.message);
    }
    if !strict || unknown.is_empty() {
        return None;
    }
    let list: Vec<String> = unknown.into_iter().map(|fault| fault.message).collect();
    Some(head + "strict decoding error: " + &list.join(", "))
}

/// The faults of an object that has apiVersion and kind.
pub fn faults(node: &Node) -> Vec<Fault> {
    let schema = Schema::get();
    let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or("");
    let (version, kind) = (text("apiVersion"), text("kind"));
    let mut checker = Checker { schema, path: Vec::new(), faults: Vec::new() };
    match schema.kind(version, kind) {
        Some(of) => checker.fields(node, of),
        None if schema.has_group(version.split_once('/').map_or("", |(group, _)| group)) => {
            checker.faults.push(no_match(schema, node, version, kind));
        }
        None => {
            if let Some(entry) = node.entry("metadata") {
                checker.path.push(Step::Field("metadata".into()));
                checker.value(&entry.value, &Ref::Struct("meta.v1.ObjectMeta"), "");
            }
        }
    }
    checker.faults
}

fn no_match(schema: &Schema, node: &Node, version: &str, kind: &str) -> Fault {
    let message = format!("no matches for kind \"{kind}\" in version \"{version}\"");
    let group = version.split_once('/').map_or("", |(group, _)| group);
    // The right kind in another version or group, else a kind of nearly that name.
    let elsewhere: Vec<&str> = schema.kinds().filter(|(_, k)| *k == kind).map(|(v, _)| v).collect();
    let same_group = elsewhere.iter().find(|v| v.split_once('/').map_or("", |(g, _)| g) == group);
    if let Some(right) = same_group.or(elsewhere.first()) {
        return Fault { unknown_field: false, message, span: node.locate("apiVersion"), hint: format!("{kind} is in apiVersion {right}") };
    }
    let hint = match nearest(kind, schema.kinds().filter(|(v, _)| *v == version).map(|(_, k)| k)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => did_you_mean(kind, schema.kinds().map(|(_, k)| k)),
    };
    Fault { unknown_field: false, message, span: node.locate("kind"), hint }
}

enum Step {
    Field(String),
    Index(usize),
    Key(String),
}

struct Checker<'a> {
    schema: &'a Schema,
    path: Vec<Step>,
    faults: Vec<Fault>,
}

impl Checker<'_> {
    /// The place as the strict decoder writes it.
    fn full_path(&self, last: &str) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Index(index) => text.push_str(&format!("[{index}]")),
                Step::Field(name) | Step::Key(name) if text.is_empty() => text.push_str(name),
                Step::Field(name) | Step::Key(name) => text.push_str(&format!(".{name}")),
            }
        }
        if !last.is_empty() {
            text.push_str(if text.is_empty() { "" } else { "." });
            text.push_str(last);
        }
        text
    }

    fn report(&mut self, span: Span, message: String, hint: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { unknown_field: false, message, span, hint: hint.into() });
        }
    }

    /// A value of the wrong JSON kind, in Go's words: the struct that holds the field, and the names on the way to it.
    fn mismatch(&mut self, node: &Node, holder: &str, of: &Ref, hint: &str) {
        let names: Vec<&str> =
            self.path.iter().filter_map(|step| if let Step::Field(name) = step { Some(&**name) } else { None }).collect();
        let shown = match &node.data {
            Data::Number(number) if number.is_f64() || !matches!(of, Ref::Scalar(Scalar::Text, _)) && of_number(of) => {
                format!("number {number}")
            }
            _ => node.kind_name().to_string(),
        };
        let target = match holder.rsplit_once('.') {
            Some((_, name)) => format!("Go struct field {name}.{}", names.join(".")),
            None => "Go value".to_string(),
        };
        self.report(node.span, format!("json: cannot unmarshal {shown} into {target} of type {}", of.go_name()), hint);
    }

    fn fields(&mut self, node: &Node, of: &str) {
        for entry in node.entries() {
            let Some(field) = self.schema.field(of, &entry.key) else {
                let hint = match nearest(&entry.key, self.schema.fields(of).iter().map(|field| field.name)) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => elsewhere(self.schema, of, &entry.key),
                };
                let message = format!("unknown field \"{}\"", self.full_path(&entry.key));
                if self.faults.len() < FAULTS_MAX {
                    self.faults.push(Fault { unknown_field: true, message, span: entry.span, hint });
                }
                continue;
            };
            self.path.push(Step::Field(entry.key.clone()));
            self.value(&entry.value, &field.of, of);
            self.path.pop();
        }
    }

    fn value(&mut self, node: &Node, of: &Ref, holder: &str) {
        if node.is_null() {
            return;
        }
        match (of, &node.data) {
            (Ref::Any, _) => {}
            (Ref::Struct(name), Data::Map(_)) => self.fields(node, name),
            (Ref::List(inner), Data::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Step::Index(index));
                    self.value(item, inner, holder);
                    self.path.pop();
                }
            }
            (Ref::Map(inner), Data::Map(entries)) => {
                for entry in entries {
                    self.path.push(Step::Key(entry.key.clone()));
                    self.value(&entry.value, inner, holder);
                    self.path.pop();
                }
            }
            (Ref::Scalar(scalar, _), _) => self.scalar(node, *scalar, of, holder),
            (Ref::List(_), _) => self.mismatch(node, holder, of, "each entry of a list begins with \"- \""),
            (Ref::Struct(_) | Ref::Map(_), Data::List(_)) => self.mismatch(node, holder, of, "this is a map of fields, not a list"),
            _ => self.mismatch(node, holder, of, "this is a map of fields"),
        }
    }

    fn scalar(&mut self, node: &Node, scalar: Scalar, of: &Ref, holder: &str) {
        match (scalar, &node.data) {
            (Scalar::Text, Data::Text(_)) | (Scalar::Bool, Data::Bool(_)) | (Scalar::Float, Data::Number(_)) => {}
            (Scalar::Duration, Data::Text(_)) => {}
            (Scalar::Int32, Data::Number(n)) if n.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => {}
            (Scalar::Int64, Data::Number(n)) if n.as_i64().is_some() => {}
            (Scalar::IntOrString, Data::Text(_)) => {}
            (Scalar::IntOrString, Data::Number(n)) if n.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => {}
            (Scalar::IntOrString, _) => self.mismatch(node, "", &Ref::Scalar(Scalar::Int32, ""), "a number or a text such as \"25%\""),
            (Scalar::Quantity, Data::Text(text)) => self.quantity(node, text.trim()),
            (Scalar::Quantity, Data::Number(number)) => self.quantity(node, &number.to_string()),
            (Scalar::Quantity, _) => self.quantity(node, node.kind_name()),
            (Scalar::Time | Scalar::MicroTime, Data::Text(text)) => self.time(node, text),
            (Scalar::Bytes, Data::Text(text)) => {
                if let Some(at) = bad_base64(text) {
                    let hint = "the value must be base64; plain text goes into stringData";
                    self.report(node.span, format!("illegal base64 data at input byte {at}"), hint);
                }
            }
            (Scalar::Text, Data::Number(_) | Data::Bool(_)) => self.mismatch(node, holder, of, "quote it to make it a text"),
            (Scalar::Bool, Data::Text(_)) => self.mismatch(node, holder, of, "true or false, without quotes"),
            (Scalar::Int32 | Scalar::Int64, Data::Text(_)) => self.mismatch(node, holder, of, "a whole number, without quotes"),
            (Scalar::Int32 | Scalar::Int64, Data::Number(_)) => self.mismatch(node, holder, of, "a whole number in range"),
            _ => self.mismatch(node, holder, of, ""),
        }
    }

    fn quantity(&mut self, node: &Node, text: &str) {
        if let Err(error) = text.parse::<Quantity>() {
            self.report(node.span, error.to_string(), "an amount such as 500m, 2, 128Mi or 1Gi");
        }
    }

    fn time(&mut self, node: &Node, text: &str) {
        if text.parse::<jiff::Timestamp>().is_err() {
            let message = format!("parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\"");
            self.report(node.span, message, "a time such as 2026-03-29T06:55:00Z");
        }
    }
}

fn of_number(of: &Ref) -> bool {
    matches!(of, Ref::Scalar(Scalar::Int32 | Scalar::Int64, _))
}

/// A field that stands one level too high or too low is worth a word.
fn elsewhere(schema: &Schema, of: &str, name: &str) -> String {
    for field in schema.fields(of) {
        if let Ref::Struct(inner) = &field.of
            && schema.field(inner, name).is_some()
        {
            return format!("it belongs into \"{}\"", field.name);
        }
    }
    String::new()
}

/// Where a text stops being standard base64, if it does.
fn bad_base64(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    // Line breaks inside are allowed.
    let mut data: Vec<(usize, u8)> = bytes.iter().copied().enumerate().filter(|(_, b)| *b != b'\n' && *b != b'\r').collect();
    let padding = data.iter().rev().take_while(|(_, b)| *b == b'=').count();
    let length = data.len();
    data.truncate(length - padding.min(2));
    let odd = data.iter().find(|(_, b)| !(b.is_ascii_alphanumeric() || *b == b'+' || *b == b'/')).map(|(at, _)| *at);
    odd.or_else(|| (!length.is_multiple_of(4)).then_some(bytes.len() - length % 4))
        .or_else(|| (padding > 2).then_some(bytes.len() - padding))
}

#[cfg(test)]
mod tests {
    use super::super::read::{Source, items};
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let item = items(&Source::new("x.yaml", text)).unwrap().remove(0);
        check(&item).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    fn deployment(rest: &str) -> Vec<String> {
        shown(&format!("apiVersion: apps/v1\nkind: Deployment\n{rest}"))
    }

    #[test]
    fn unknown_fields_are_named_in_full() {
        let faults = deployment("spec:\n  template:\n    spec:\n      containers:\n      - imge: foo\n        name: a\n");
        let want = "error: x.yaml:7:9: strict decoding error: unknown field \"spec.template.spec.containers[0].imge\"\n   7 |       - imge: \
                    foo\n     |         ^^^^ did you mean \"image\"?";
        assert_eq!(faults, [want]);
        assert!(deployment("replicas: 3")[0].ends_with("it belongs into \"spec\""));
        assert!(deployment("")[..].is_empty());
    }

    #[test]
    fn wrong_types_read_as_gos() {
        let rows = [
            ("spec: {replicas: three}", "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"),
            ("spec: {replicas: 1.5}", "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
            ("metadata: {labels: {a: 1}}", "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"),
            ("spec: [1]", "json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec"),
            (
                "spec: {template: {spec: {containers: {name: a}}}}",
                "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
            ),
            (
                "spec: {template: {spec: {restartPolicy: no}}}",
                "json: cannot unmarshal bool into Go struct field PodSpec.spec.template.spec.restartPolicy of type v1.RestartPolicy",
            ),
            (
                "spec: {template: {spec: {containers: [{resources: {limits: {cpu: 1x}}}]}}}",
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ),
            ("spec: {strategy: {rollingUpdate: {maxSurge: true}}}", "json: cannot unmarshal bool into Go value of type int32"),
            (
                "metadata: {creationTimestamp: now}",
                "parsing time \"now\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"now\" as \"2006\"",
            ),
        ];
        for (text, message) in rows {
            let faults = deployment(text);
            assert_eq!(faults.len(), 1, "{text}: {faults:?}");
            assert!(faults[0].contains(message), "{text}: {}", faults[0]);
        }
        assert!(deployment("metadata: null\nspec: {replicas: null}").is_empty());
        assert!(shown("apiVersion: v1\nkind: Secret\ndata: {a: \"!!\"}")[0].contains("illegal base64 data at input byte 0"));
        assert!(shown("apiVersion: v1\nkind: Secret\ndata: {a: YWI=, b: YWJj}").is_empty());
    }

    #[test]
    fn kinds_are_known_or_custom() {
        assert!(shown("apiVersion: apps/v1\nkind: Deploymnt\n")[0].contains("no matches for kind \"Deploymnt\" in version \"apps/v1\""));
        assert!(shown("apiVersion: apps/v1beta1\nkind: Deployment\n")[0].ends_with("Deployment is in apiVersion apps/v1"));
        assert!(shown("apiVersion: example.com/v1\nkind: Whatever\nspec: {a: [1]}\n").is_empty());
        assert!(shown("apiVersion: example.com/v1\nkind: Whatever\nmetadata: {nam: x}\n")[0].contains("unknown field \"metadata.nam\""));
    }

    #[test]
    fn the_api_servers_answer_joins_unknown_fields() {
        let node = |text: &str| super::super::yaml::parse(text).unwrap().remove(0);
        let odd = node("apiVersion: apps/v1\nkind: Deployment\na: 1\nspec: {b: 2}\n");
        let head = "Deployment in version \"v1\" cannot be handled as a Deployment: ";
        let want = format!("{head}strict decoding error: unknown field \"a\", unknown field \"spec.b\"");
        assert_eq!((bad_request(&odd, true), bad_request(&odd, false)), (Some(want), None));
        let wrong = bad_request(&node("apiVersion: apps/v1\nkind: Deployment\nspec: {paused: x}\n"), false).unwrap();
        assert!(wrong.starts_with(&format!("{head}json: cannot unmarshal string")), "{wrong}");
    }
}

//! All other kinds: every field, under titles made of the fields' names.
//! Real: staging/src/k8s.io/kubectl/pkg/describe/describe.go (genericDescriber) @ v1.37.2.

use super::labels;
use super::writer::Writer;
use crate::model::Object;
use serde_json::{Map, Value};

/// Describes an object field by field.
pub fn generic(object: &Object, out: &mut Writer) {
    out.line(0, format!("Name:\t{}", object.meta.name));
    out.line(0, format!("Namespace:\t{}", object.meta.namespace));
    labels(&object.meta, out);
    out.line(0, format!("API Version:\t{}", object.api_version()));
    out.line(0, format!("Kind:\t{}", object.kind_name()));
    let Value::Object(mut fields) = object.to_json() else { return };
    ["apiVersion", "kind"].iter().for_each(|key| {
        fields.remove(*key);
    });
    if let Some(Value::Object(meta)) = fields.get_mut("metadata") {
        ["name", "namespace", "labels", "annotations", "managedFields"].iter().for_each(|key| {
            meta.remove(*key);
        });
    }
    content(&fields, 0, out);
}

fn content(fields: &Map<String, Value>, level: usize, out: &mut Writer) {
    let mut keys: Vec<&String> = fields.keys().collect();
    keys.sort();
    for key in keys {
        let title = title(key);
        match &fields[key] {
            Value::Object(inner) => {
                out.line(level, format!("{title}:"));
                content(inner, level + 1, out);
            }
            Value::Array(list) => {
                out.line(level, format!("{title}:"));
                for item in list {
                    match item {
                        Value::Object(inner) => content(inner, level + 1, out),
                        other => out.line(level + 1, text(other)),
                    }
                }
            }
            other => out.line(level, format!("{title}:\t{}", text(other))),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".into(),
        other => other.to_string(),
    }
}

/// `creationTimestamp` becomes `Creation Timestamp`, `podIP` `Pod IP`.
fn title(field: &str) -> String {
    const SHORT: [&str; 5] = ["api", "url", "uid", "osb", "guid"];
    let mut words: Vec<String> = Vec::new();
    let mut upper_before = true;
    for c in field.chars() {
        match words.last_mut() {
            Some(word) if !c.is_uppercase() || upper_before => word.push(c),
            _ => words.push(c.to_string()),
        }
        upper_before = c.is_uppercase();
    }
    let shown = words.iter().map(|word| {
        if SHORT.contains(&&*word.to_lowercase()) {
            return word.to_uppercase();
        }
        let mut letters = word.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + letters.as_str())
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_words() {
        for (field, words) in [
            ("creationTimestamp", "Creation Timestamp"),
            ("uid", "UID"),
            ("podIP", "Pod IP"),
            ("data", "Data"),
            ("app.kubernetes.io/x", "App.kubernetes.io/x"),
        ] {
            assert_eq!(title(field), words);
        }
    }
}

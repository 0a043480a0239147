//! Writing a tree as YAML that a person likes to read: what fits into a line stands in one.

use serde_json::Value;

/// Longest line.
const WIDTH: usize = 130;

/// A key of the top level and its value, with a line break at the end.
pub fn entry(key: &str, value: &Value) -> String {
    let mut out = String::new();
    pair(key, value, 0, &mut out);
    out
}

fn pair(key: &str, value: &Value, indent: usize, out: &mut String) {
    let head = format!("{}{}:", " ".repeat(indent), word(key));
    match value {
        Value::Object(map) if !map.is_empty() && (indent == 0 || !fits(value, head.len())) => {
            out.push_str(&head);
            out.push('\n');
            map.iter().for_each(|(key, value)| pair(key, value, indent + 2, out));
        }
        Value::Array(list) if !list.is_empty() && (indent == 0 || !fits(value, head.len())) => {
            out.push_str(&head);
            out.push('\n');
            list.iter().for_each(|value| item(value, indent + 2, out));
        }
        value => {
            out.push_str(&head);
            out.push(' ');
            out.push_str(&flow(value));
            out.push('\n');
        }
    }
}

fn item(value: &Value, indent: usize, out: &mut String) {
    let head = format!("{}- ", " ".repeat(indent));
    match value {
        Value::Object(map) if !map.is_empty() && !fits(value, head.len()) => {
            // The first key stands behind the dash.
            let mut inner = String::new();
            map.iter().for_each(|(key, value)| pair(key, value, indent + 2, &mut inner));
            out.push_str(&head);
            out.push_str(inner.trim_start());
        }
        Value::Array(list) if !list.is_empty() && !fits(value, head.len()) => {
            let mut inner = String::new();
            list.iter().for_each(|value| item(value, indent + 2, &mut inner));
            out.push_str(&head);
            out.push_str(inner.trim_start());
        }
        value => {
            out.push_str(&head);
            out.push_str(&flow(value));
            out.push('\n');
        }
    }
}

fn fits(value: &Value, before: usize) -> bool {
    before + 1 + flow(value).chars().count() <= WIDTH
}

/// In a line.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{}: {}", word(key), flow(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// A text, quoted unless it can be nothing else: letters first, and nothing that YAML reads in its own way.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let reserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    let number_like = text.starts_with(|c: char| c.is_ascii_digit()) && !text.ends_with(['s', 'm', 'h']);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && !number_like;
    if begins && !reserved && text.chars().all(plain) { text.to_string() } else { Value::String(text.into()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn short_things_stand_in_a_line() {
        let text = entry(
            "timeline",
            &json!([{"at": "5m", "fault": "node-crash", "node": "a-1"}, {"at": "0", "kubectl": "scale deploy/web --replicas=3"}]),
        );
        assert_eq!(
            text,
            "timeline:\n  - {at: 5m, fault: node-crash, node: a-1}\n  - {at: \"0\", kubectl: \"scale deploy/web --replicas=3\"}\n"
        );
        assert_eq!(entry("seed", &json!(7)), "seed: 7\n");
        assert_eq!(entry("a", &json!({})), "a: {}\n");
    }

    fn tree() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "[a-z0-9:#{}\\[\\],&*!|>'\"%@`~. -]{0,12}",
            "[ -~]{0,200}",
            "yes|no|null|1e3|0x1|012|1_000|\\.5|~|-|true",
            "[\\n\\t é☃]{1,5}"
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.clone().prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(text.clone(), inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in tree()) {
            let text = entry("key", &value);
            let read = crate::manifest::yaml::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(read[0].to_value(), json!({"key": value}), "{}", text);
        }
    }
}

//! The difference of two JSON values: `[value]` sets, `[]` removes, and a map goes into a map by its keys or into a list by its
//! places. Small where an object changed little, and easy to apply by anybody.

use serde_json::{Map, Value};

/// What makes `after` of `before`; none if they are equal.
pub fn diff(before: &Value, after: &Value) -> Option<Value> {
    match (before, after) {
        _ if before == after => None,
        (Value::Object(old), Value::Object(new)) => Some(maps(old, new)),
        (Value::Array(old), Value::Array(new)) if !old.is_empty() && old.len() <= new.len() => {
            let mut parts = Map::new();
            for (place, value) in new.iter().enumerate() {
                let part = old.get(place).map_or_else(|| Some(set(value)), |old| diff(old, value));
                if let Some(part) = part {
                    parts.insert(place.to_string(), part);
                }
            }
            Some(parts.into())
        }
        _ => Some(set(after)),
    }
}

fn maps(old: &Map<String, Value>, new: &Map<String, Value>) -> Value {
    let mut parts = Map::new();
    for (key, value) in new {
        let part = old.get(key).map_or_else(|| Some(set(value)), |old| diff(old, value));
        if let Some(part) = part {
            parts.insert(key.clone(), part);
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        parts.insert(key.clone(), Value::Array(Vec::new()));
    }
    parts.into()
}

fn set(value: &Value) -> Value {
    Value::Array(vec![value.clone()])
}

/// Carries out a difference.
pub fn apply(before: Option<&Value>, delta: &Value) -> Option<Value> {
    match delta {
        Value::Array(value) => value.first().cloned(),
        Value::Object(parts) => {
            let mut out = before.cloned().unwrap_or_else(|| Map::new().into());
            match &mut out {
                Value::Object(map) => {
                    for (key, part) in parts {
                        match apply(map.get(key), part) {
                            Some(value) => drop(map.insert(key.clone(), value)),
                            None => drop(map.remove(key)),
                        }
                    }
                }
                Value::Array(list) => {
                    let mut places: Vec<_> = parts.iter().filter_map(|(key, part)| Some((key.parse::<usize>().ok()?, part))).collect();
                    places.sort_by_key(|(place, _)| *place);
                    for (place, part) in places {
                        let value = apply(list.get(place), part).unwrap_or(Value::Null);
                        if place < list.len() {
                            list[place] = value;
                        } else {
                            list.push(value);
                        }
                    }
                }
                _ => {}
            }
            Some(out)
        }
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_difference_says_only_what_changed() {
        let (a, b) = (json!({"x": 1, "l": [{"k": 1}, 2], "gone": 0}), json!({"x": 1, "l": [{"k": 2}, 2, 3], "new": {"y": null}}));
        let delta = diff(&a, &b).unwrap();
        assert_eq!(delta, json!({"l": {"0": {"k": [2]}, "2": [3]}, "gone": [], "new": [{"y": null}]}));
        assert_eq!(apply(Some(&a), &delta), Some(b));
        assert_eq!(diff(&a, &a), None);
    }

    #[test]
    fn applied_differences_lead_to_the_later_value() {
        let values = [
            json!({}),
            json!([]),
            json!([1]),
            json!([[1], {"a": 1}]),
            json!([{"a": 2}]),
            json!(null),
            json!({"a": {"b": [1, 2, 3]}}),
            json!({"a": {"b": [1]}}),
            json!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        ];
        for a in &values {
            for b in &values {
                match diff(a, b) {
                    Some(delta) => assert_eq!(apply(Some(a), &delta).as_ref(), Some(b), "{a} -> {b}: {delta}"),
                    None => assert_eq!(a, b),
                }
            }
        }
    }
}

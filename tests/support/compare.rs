//! Compares the facts of a run with those of the recordings.

use crate::support::facts::Facts;
use serde_json::Value;

/// A fact that differs.
pub struct Difference {
    /// `Kind/name: fact`.
    pub fact: String,
    /// As recorded.
    pub expected: Value,
    /// As the run had it.
    pub got: Value,
}

/// How many facts there are, and which differ.
pub fn compare(expected: &Value, got: &Facts) -> (usize, Vec<Difference>) {
    let mut total = 0;
    let mut differences = Vec::new();
    let mut check = |fact: String, expected: &Value, got: Option<&Value>, equal: bool| {
        total += 1;
        if !equal {
            differences.push(Difference { fact, expected: expected.clone(), got: got.cloned().unwrap_or(Value::Null) });
        }
    };
    for (object, facts) in expected.as_object().into_iter().flatten() {
        let Value::Object(facts) = facts else {
            let mine = got.get(object);
            check(object.clone(), facts, mine, mine == Some(facts));
            continue;
        };
        for (name, wanted) in facts {
            let common = name.strip_suffix(" common");
            let mine = got.get(object).and_then(|facts| facts.get(common.unwrap_or(name)));
            let equal = match (common, mine) {
                (Some(_), Some(mine)) => is_subsequence(wanted, mine),
                (_, mine) => mine == Some(wanted),
            };
            check(format!("{object}: {name}"), wanted, mine, equal);
        }
    }
    (total, differences)
}

fn is_subsequence(part: &Value, whole: &Value) -> bool {
    let (Value::Array(part), Value::Array(whole)) = (part, whole) else { return part == whole };
    let mut rest = whole.iter();
    part.iter().all(|wanted| rest.any(|item| item == wanted))
}

//! Selectors ready to match labels: from a LabelSelector, a plain map, or the text that kubectl takes (see `selector_text`).
//! Real: staging/src/k8s.io/apimachinery/pkg/labels/selector.go and pkg/apis/meta/v1/helpers.go @ v1.37.2.

use super::*;
use std::fmt;

/// What a requirement asks of the value of its key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operator {
    /// `key=value`
    Equals,
    /// `key==value`, the same.
    DoubleEquals,
    /// `key!=value`: another value, or no such key.
    NotEquals,
    /// `key in (a,b)`
    In,
    /// `key notin (a,b)`: another value, or no such key.
    NotIn,
    /// `key`
    Exists,
    /// `!key`
    DoesNotExist,
    /// `key>number`
    GreaterThan,
    /// `key<number`
    LessThan,
}

impl Operator {
    /// The operator as error messages name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::Equals => "=",
            Operator::DoubleEquals => "==",
            Operator::NotEquals => "!=",
            Operator::In => "in",
            Operator::NotIn => "notin",
            Operator::Exists => "exists",
            Operator::DoesNotExist => "!",
            Operator::GreaterThan => "gt",
            Operator::LessThan => "lt",
        }
    }
}

/// One demand of a selector on one key.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Requirement {
    key: Str,
    operator: Operator,
    /// Sorted, without doubles.
    values: Vec<Str>,
}

impl Requirement {
    /// A checked requirement.
    pub fn new(key: impl Into<Str>, operator: Operator, values: impl IntoIterator<Item = impl Into<Str>>) -> Result<Self, String> {
        let key = key.into();
        let mut values: Vec<Str> = values.into_iter().map(Into::into).collect();
        let mut errors = Vec::new();
        let wrong = label_key_errors(&key);
        if !wrong.is_empty() {
            errors.push(format!("key: Invalid value: {key:?}: {}", wrong.join("; ")));
        }
        let rule = match operator {
            Operator::In | Operator::NotIn if values.is_empty() => Some("for 'in', 'notin' operators, values set can't be empty"),
            Operator::Equals | Operator::DoubleEquals | Operator::NotEquals if values.len() != 1 => {
                Some("exact-match compatibility requires one single value")
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                Some("values set must be empty for exists and does not exist")
            }
            Operator::GreaterThan | Operator::LessThan if values.len() != 1 => {
                Some("for 'Gt', 'Lt' operators, exactly one value is required")
            }
            _ => None,
        };
        if let Some(rule) = rule {
            let shown = values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(",");
            errors.push(format!("values: Invalid value: [{shown}]: {rule}"));
        }
        for (at, value) in values.iter().enumerate() {
            if matches!(operator, Operator::GreaterThan | Operator::LessThan) && value.parse::<i64>().is_err() {
                errors.push(format!("values[{at}]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer"));
            }
            let wrong = label_value_errors(value);
            if !wrong.is_empty() {
                errors.push(format!("values[{at}][{key}]: Invalid value: {value:?}: {}", wrong.join("; ")));
            }
        }
        match errors.len() {
            0 => {
                values.sort();
                values.dedup();
                Ok(Self { key, operator, values })
            }
            1 => Err(errors.remove(0)),
            _ => Err(format!("[{}]", errors.join(", "))),
        }
    }

    /// The key.
    pub fn key(&self) -> &Str {
        &self.key
    }

    /// The operator.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// The values, sorted.
    pub fn values(&self) -> &[Str] {
        &self.values
    }

    /// Whether labels meet the demand.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.get(&self.key))
    }

    fn matches_value(&self, value: Option<&str>) -> bool {
        let listed = |value: &str| self.values.iter().any(|v| **v == *value);
        let number = || self.values.first()?.parse::<i64>().ok();
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => value.is_some_and(listed),
            Operator::NotIn | Operator::NotEquals => !value.is_some_and(listed),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => value.and_then(|v| v.parse::<i64>().ok()).zip(number()).is_some_and(|(a, b)| a > b),
            Operator::LessThan => value.and_then(|v| v.parse::<i64>().ok()).zip(number()).is_some_and(|(a, b)| a < b),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, values) = (&self.key, self.values.join(","));
        match self.operator {
            Operator::Exists => write!(f, "{key}"),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::In | Operator::NotIn => write!(f, "{key} {} ({values})", self.operator.as_str()),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
            operator => write!(f, "{key}{}{values}", operator.as_str()),
        }
    }
}

/// A selector ready to match. Prints as kubectl's text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Selector {
    /// None: nothing matches.
    requirements: Option<Vec<Requirement>>,
}

impl Selector {
    /// Matches nothing at all.
    pub const NOTHING: Selector = Selector { requirements: None };
    /// Matches everything.
    pub const EVERYTHING: Selector = Selector { requirements: Some(Vec::new()) };

    /// Of checked requirements; none matches everything.
    pub fn of(mut requirements: Vec<Requirement>) -> Selector {
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Selector { requirements: Some(requirements) }
    }

    /// From the API's LabelSelector: absent matches nothing, empty matches everything.
    pub fn from_label_selector(selector: Option<&LabelSelector>) -> Result<Selector, String> {
        let Some(selector) = selector else { return Ok(Self::NOTHING) };
        let mut requirements = Vec::with_capacity(selector.match_labels.len() + selector.match_expressions.len());
        for (key, value) in selector.match_labels.iter() {
            requirements.push(Requirement::new(key.clone(), Operator::Equals, [value.clone()])?);
        }
        for expression in &selector.match_expressions {
            let operator = match expression.operator.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(format!("{other:?} is not a valid label selector operator")),
            };
            requirements.push(Requirement::new(&*expression.key, operator, expression.values.iter().map(|value| &**value))?);
        }
        Ok(Self::of(requirements))
    }

    /// From a plain map: all pairs must be there. An empty map matches everything.
    pub fn from_map(map: &Labels) -> Selector {
        let equals = |(key, value): (&Str, &Str)| Requirement { key: key.clone(), operator: Operator::Equals, values: vec![value.clone()] };
        Selector { requirements: Some(map.iter().map(equals).collect()) }
    }

    /// Whether labels meet all requirements.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.as_ref().is_some_and(|all| all.iter().all(|requirement| requirement.matches(labels)))
    }

    /// Whether everything matches.
    pub fn is_everything(&self) -> bool {
        self.requirements.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether nothing can match because there was no selector.
    pub fn is_nothing(&self) -> bool {
        self.requirements.is_none()
    }

    /// The requirements; none also if nothing matches.
    pub fn requirements(&self) -> &[Requirement] {
        self.requirements.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, requirement) in self.requirements().iter().enumerate() {
            write!(f, "{}{requirement}", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compiled(selector: serde_json::Value) -> Result<Selector, String> {
        let selector: Option<LabelSelector> = serde_json::from_value(selector).unwrap();
        Selector::from_label_selector(selector.as_ref())
    }

    #[test]
    fn label_selectors_match() {
        let labels = Labels::from_pairs([("app", "web"), ("tier", "front"), ("rank", "7")]);
        let expression = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        let cases = [
            (json!(null), false),
            (json!({}), true),
            (json!({"matchLabels": {"app": "web"}}), true),
            (json!({"matchLabels": {"app": "web", "tier": "back"}}), false),
            (expression("app", "In", &["db", "web"]), true),
            (expression("app", "NotIn", &["db", "web"]), false),
            (expression("none", "NotIn", &["db"]), true),
            (expression("none", "In", &["db"]), false),
            (expression("tier", "Exists", &[]), true),
            (expression("tier", "DoesNotExist", &[]), false),
        ];
        for (selector, want) in cases {
            assert_eq!(compiled(selector.clone()).unwrap().matches(&labels), want, "{selector}");
        }
        let numbers = [(Operator::GreaterThan, "6", true), (Operator::GreaterThan, "7", false), (Operator::LessThan, "8", true)];
        for (operator, number, want) in numbers {
            assert_eq!(Requirement::new("rank", operator, [number]).unwrap().matches(&labels), want);
        }
    }

    #[test]
    fn wrong_selectors_are_refused_in_the_real_words() {
        let cases = [
            (json!({"matchExpressions": [{"key": "a", "operator": "Like"}]}), "\"Like\" is not a valid label selector operator"),
            (
                json!({"matchExpressions": [{"key": "a", "operator": "In"}]}),
                "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
            ),
            (
                json!({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}),
                "values: Invalid value: [\"b\"]: values set must be empty for exists and does not exist",
            ),
        ];
        for (selector, want) in cases {
            assert_eq!(compiled(selector).unwrap_err(), want);
        }
        let error = Requirement::new("a b", Operator::Equals, ["c d"]).unwrap_err();
        assert!(
            error.starts_with("[key: Invalid value: \"a b\": name part must consist")
                && error.contains("values[0][a b]: Invalid value: \"c d\": a valid label")
        );
    }

    #[test]
    fn a_map_asks_for_all_its_pairs() {
        let selector = Selector::from_map(&Labels::from_pairs([("b", "2"), ("a", "1")]));
        assert_eq!(selector.to_string(), "a=1,b=2");
        assert!(selector.matches(&Labels::from_pairs([("a", "1"), ("b", "2"), ("c", "3")])));
        assert!(!selector.matches(&Labels::from_pairs([("a", "1")])));
        assert!(Selector::from_map(&Labels::default()).is_everything());
        assert!(Selector::NOTHING.is_nothing() && !Selector::NOTHING.matches(&Labels::default()));
    }
}

//! Label selectors and node selectors, compiled once and matched many times.
//! Real: apimachinery pkg/labels/selector.go, component-helpers scheduling/corev1/nodeaffinity/nodeaffinity.go @ v0.37.2.

use crate::model::{
    Affinity, LabelSelector, Labels, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PreferredSchedulingTerm, Str,
};

/// How a requirement compares.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operator {
    /// The value is one of the list.
    In,
    /// The key is absent or its value is not in the list.
    NotIn,
    /// The key is there.
    Exists,
    /// The key is not there.
    DoesNotExist,
    /// The value is a number above the one given.
    Gt,
    /// The value is a number below the one given.
    Lt,
}

impl Operator {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => Operator::Gt,
            "Lt" => Operator::Lt,
            _ => return None,
        })
    }
}

/// One condition on labels.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Requirement {
    /// The label's key.
    pub key: Str,
    /// How it compares.
    pub operator: Operator,
    /// The values it compares with.
    pub values: Vec<Str>,
}

impl Requirement {
    /// A checked requirement; the error says what is wrong.
    pub fn new(key: &str, operator: Operator, values: &[String]) -> Result<Self, String> {
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                return Err("for 'in', 'notin' operators, values set can't be empty".into());
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                return Err("values set must be empty for exists and does not exist".into());
            }
            Operator::Gt | Operator::Lt if values.len() != 1 => {
                return Err("for 'Gt', 'Lt' operators, exactly one value is required".into());
            }
            Operator::Gt | Operator::Lt if values[0].parse::<i64>().is_err() => {
                return Err("for 'Gt', 'Lt' operators, the value must be an integer".into());
            }
            _ => {}
        }
        if let Some(bad) = values.iter().find(|value| !is_label_value(value)) {
            return Err(format!("\"{bad}\" is no label value"));
        }
        Ok(Self { key: key.into(), operator, values: values.iter().map(|value| value.as_str().into()).collect() })
    }

    /// Whether labels meet it.
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.iter().any(|v| **v == *value)),
            Operator::NotIn => value.is_none_or(|value| !self.values.iter().any(|v| **v == *value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt | Operator::Lt => {
                let (Some(Ok(value)), Ok(limit)) = (value.map(str::parse::<i64>), self.values[0].parse::<i64>()) else { return false };
                if self.operator == Operator::Gt { value > limit } else { value < limit }
            }
        }
    }
}

/// Whether a text may stand as a label's value: at most 63 characters, letters and digits, inside also `-`, `_` and `.`.
fn is_label_value(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |b: &u8| b.is_ascii_alphanumeric();
    bytes.len() <= 63
        && (bytes.is_empty()
            || bytes.first().is_some_and(ends)
                && bytes.last().is_some_and(ends)
                && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')))
}

/// A compiled label selector.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Selector {
    /// Matches nothing: what a missing selector means in most places.
    Nothing,
    /// All requirements must hold; without any it matches everything.
    All(Vec<Requirement>),
}

impl Selector {
    /// From a selector of the API. None matches nothing; an empty one matches everything.
    pub fn compile(selector: Option<&LabelSelector>) -> Result<Self, String> {
        let Some(selector) = selector else { return Ok(Selector::Nothing) };
        let mut all = Self::from_labels(&selector.match_labels);
        let Selector::All(requirements) = &mut all else { unreachable!("labels compile to requirements") };
        for expression in &selector.match_expressions {
            let operator = match Operator::parse(&expression.operator) {
                Some(operator @ (Operator::In | Operator::NotIn | Operator::Exists | Operator::DoesNotExist)) => operator,
                _ => return Err(format!("\"{}\" is not a valid label selector operator", expression.operator)),
            };
            requirements.push(Requirement::new(&expression.key, operator, &expression.values)?);
        }
        Ok(all)
    }

    /// The selector that wants each of these labels.
    pub fn from_labels(labels: &Labels) -> Self {
        let each = |(key, value): (&Str, &Str)| Requirement { key: key.clone(), operator: Operator::In, values: vec![value.clone()] };
        Selector::All(labels.iter().map(each).collect())
    }

    /// Whether labels match.
    pub fn matches(&self, labels: &Labels) -> bool {
        match self {
            Selector::Nothing => false,
            Selector::All(requirements) => requirements.iter().all(|requirement| requirement.matches(labels)),
        }
    }

    /// Whether it asks for nothing, so that it matches everything.
    pub fn is_empty(&self) -> bool {
        matches!(self, Selector::All(requirements) if requirements.is_empty())
    }

    /// Adds requirements of another selector. Nothing stays nothing.
    pub fn and(self, other: &Selector) -> Self {
        match (self, other) {
            (Selector::All(mut mine), Selector::All(theirs)) => {
                mine.extend(theirs.iter().cloned());
                Selector::All(mine)
            }
            (_, _) => Selector::Nothing,
        }
    }
}

/// A condition on fields of a node; the only field is its name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct FieldRequirement {
    is_name: bool,
    equal: bool,
    value: Str,
}

/// One term of a node selector.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NodeTerm {
    labels: Vec<Requirement>,
    fields: Vec<FieldRequirement>,
    broken: Option<String>,
}

impl NodeTerm {
    fn compile(term: &NodeSelectorTerm) -> Self {
        let mut out = NodeTerm { labels: vec![], fields: vec![], broken: None };
        for expression in &term.match_expressions {
            match Self::label(expression) {
                Ok(requirement) => out.labels.push(requirement),
                Err(error) => out.broken = Some(error),
            }
        }
        for field in &term.match_fields {
            match (field.operator.as_str(), field.values.as_slice()) {
                (operator @ ("In" | "NotIn"), [value]) => {
                    out.fields.push(FieldRequirement {
                        is_name: field.key == "metadata.name",
                        equal: operator == "In",
                        value: value.as_str().into(),
                    });
                }
                ("In" | "NotIn", _) => out.broken = Some("values: must have one element".into()),
                (other, _) => out.broken = Some(format!("operator: \"{other}\" is not supported for fields")),
            }
        }
        out
    }

    fn label(expression: &NodeSelectorRequirement) -> Result<Requirement, String> {
        let operator =
            Operator::parse(&expression.operator).ok_or_else(|| format!("operator \"{}\" is not supported", expression.operator))?;
        Requirement::new(&expression.key, operator, &expression.values)
    }

    /// Whether a node of this name and these labels matches. A broken term matches nothing.
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        self.broken.is_none()
            && self.labels.iter().all(|requirement| requirement.matches(labels))
            // Volumes are matched by labels alone: without a name the fields do not count.
            && (name.is_empty() || self.fields.iter().all(|field| {
                // An unknown field reads as empty.
                let actual = if field.is_name { name } else { "" };
                (actual == &*field.value) == field.equal
            }))
    }
}

/// Terms of which one must match. Empty terms match nothing and are dropped.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct NodeTerms(Vec<NodeTerm>);

impl NodeTerms {
    /// From a node selector of the API.
    pub fn compile(selector: &NodeSelector) -> Self {
        let filled = selector.node_selector_terms.iter().filter(|term| !is_empty_term(term));
        Self(filled.map(NodeTerm::compile).collect())
    }

    /// Whether a node matches one of the terms.
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        self.0.iter().any(|term| term.matches(name, labels))
    }

    /// What is wrong with the first broken term.
    pub fn error(&self) -> Option<&str> {
        self.0.iter().find_map(|term| term.broken.as_deref())
    }
}

fn is_empty_term(term: &NodeSelectorTerm) -> bool {
    term.match_expressions.is_empty() && term.match_fields.is_empty()
}

/// What a pod demands of its node by nodeSelector and required node affinity.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct RequiredNodeAffinity {
    labels: Vec<Requirement>,
    terms: Option<NodeTerms>,
}

impl RequiredNodeAffinity {
    /// From the fields of a pod's spec.
    pub fn compile(node_selector: &Labels, affinity: Option<&Affinity>) -> Self {
        let Selector::All(labels) = Selector::from_labels(node_selector) else { unreachable!("labels compile to requirements") };
        let required = affinity.and_then(|a| a.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.as_ref());
        Self { labels, terms: required.map(NodeTerms::compile) }
    }

    /// Whether a node will do.
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        self.labels.iter().all(|requirement| requirement.matches(labels))
            && self.terms.as_ref().is_none_or(|terms| terms.matches(name, labels))
    }

    /// Whether it demands nothing.
    pub fn is_free(&self) -> bool {
        self.labels.is_empty() && self.terms.is_none()
    }
}

/// Weighted wishes about nodes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct PreferredTerms(Vec<(i64, NodeTerm)>);

impl PreferredTerms {
    /// From the API; terms without weight or content are dropped, a broken one is an error.
    pub fn compile(terms: &[PreferredSchedulingTerm]) -> Result<Self, String> {
        let mut out = vec![];
        for term in terms.iter().filter(|term| term.weight != 0 && !is_empty_term(&term.preference)) {
            let compiled = NodeTerm::compile(&term.preference);
            if let Some(error) = compiled.broken {
                return Err(error);
            }
            out.push((i64::from(term.weight), compiled));
        }
        Ok(Self(out))
    }

    /// The sum of the weights of the terms that match.
    pub fn score(&self, name: &str, labels: &Labels) -> i64 {
        self.0.iter().filter(|(_, term)| term.matches(name, labels)).map(|(weight, _)| weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node_terms(value: serde_json::Value) -> NodeTerms {
        NodeTerms::compile(&serde_json::from_value(json!({"nodeSelectorTerms": value})).unwrap())
    }

    #[test]
    fn operators_compare_as_the_real_ones() {
        let labels = Labels::from_pairs([("zone", "a"), ("cores", "16")]);
        let cases = [
            (json!([{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}]), true),
            (json!([{"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}]), false),
            (json!([{"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["a"]}]}]), true),
            (json!([{"matchExpressions": [{"key": "none", "operator": "Exists"}]}]), false),
            (json!([{"matchExpressions": [{"key": "none", "operator": "DoesNotExist"}]}]), true),
            (json!([{"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["8"]}]}]), true),
            (json!([{"matchExpressions": [{"key": "zone", "operator": "Lt", "values": ["8"]}]}]), false),
            (json!([{"matchExpressions": [{"key": "zone", "operator": "In", "values": []}]}]), false),
            (json!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}]), true),
            (json!([{"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n1"]}]}]), false),
            (json!([{}]), false),
            (json!([]), false),
            (json!([{}, {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}]), true),
        ];
        for (terms, expected) in cases {
            assert_eq!(node_terms(terms.clone()).matches("n1", &labels), expected, "{terms}");
        }
    }

    #[test]
    fn a_missing_selector_matches_nothing_and_an_empty_one_everything() {
        let labels = Labels::from_pairs([("app", "web")]);
        assert!(!Selector::compile(None).unwrap().matches(&labels));
        let all = Selector::compile(Some(&LabelSelector::default())).unwrap();
        assert!(all.matches(&labels) && all.is_empty());
        let web = Selector::from_labels(&labels);
        assert!(all.clone().and(&web).matches(&labels) && !web.is_empty());
        assert_eq!(web.and(&Selector::Nothing), Selector::Nothing);
    }

    #[test]
    fn preferred_terms_add_their_weights() {
        let terms: Vec<PreferredSchedulingTerm> = serde_json::from_value(json!([
            {"weight": 5, "preference": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}},
            {"weight": 7, "preference": {}},
            {"weight": 3, "preference": {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}}]))
        .unwrap();
        assert_eq!(PreferredTerms::compile(&terms).unwrap().score("n1", &Labels::from_pairs([("zone", "a")])), 8);
    }

    #[test]
    fn a_pod_without_demands_takes_every_node() {
        let free = RequiredNodeAffinity::compile(&Labels::default(), None);
        assert!(free.is_free() && free.matches("n", &Labels::default()));
        let ssd = RequiredNodeAffinity::compile(&Labels::from_pairs([("disk", "ssd")]), None);
        assert!(!ssd.is_free() && !ssd.matches("n", &Labels::default()));
    }
}

//! Which nodes a DaemonSet wants, and the pods it makes for them: bound by the scheduler through an affinity to the node's
//! name, bearing the usual taints of nodes in trouble.
//! Real: pkg/controller/daemon/util/daemonset_util.go, nodeShouldRunDaemonPod in pkg/controller/daemon/daemon_controller.go @ v1.37.2.

use super::control::pod_from_template;
use crate::model::{
    Affinity, Body, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Obj, Object, Operator, PodSpec, Requirement,
    Str, Toleration,
};
use serde_json::Value;
use std::sync::Arc;

/// The hash of the revision that a pod was made from.
pub const HASH_LABEL: &str = "controller-revision-hash";
/// Counts the templates of a DaemonSet, for clients of old.
pub const GENERATION_ANNOTATION: &str = "deprecated.daemonset.template.generation";
const GENERATION_LABEL: &str = "pod-template-generation";
/// The field of a node that the affinity is about.
const NODE_NAME: &str = "metadata.name";

const BORNE: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];
const BORNE_ON_HOST_NETWORK: (&str, &str) = ("node.kubernetes.io/network-unavailable", "NoSchedule");

/// The template's tolerations and those that each daemon pod has.
pub fn tolerations(spec: &PodSpec) -> Vec<Toleration> {
    let mut all = spec.tolerations.clone();
    let host_network = spec.host_network.then_some(BORNE_ON_HOST_NETWORK);
    for (key, effect) in BORNE.into_iter().chain(host_network) {
        let wanted = Toleration { key: key.into(), operator: "Exists".into(), effect: effect.into(), ..Toleration::default() };
        let same = |other: &Toleration| {
            other.key == wanted.key && other.effect == wanted.effect && other.operator == wanted.operator && other.value == wanted.value
        };
        match all.iter_mut().find(|other| same(other)) {
            Some(present) => *present = wanted,
            None => all.push(wanted),
        }
    }
    all
}

/// What a template demands of nodes, ready to be asked about many.
pub struct Demands {
    node_name: Option<String>,
    selector: Vec<(Str, Str)>,
    /// Alternatives; absent: none demanded.
    terms: Option<Vec<Term>>,
    tolerations: Vec<Toleration>,
}

struct Term {
    /// Absent: the term is broken and matches nothing.
    labels: Option<Vec<Requirement>>,
    fields: Vec<NodeSelectorRequirement>,
}

impl Demands {
    /// Of a template's spec.
    pub fn of(spec: &PodSpec) -> Demands {
        let node_name = spec.rest.get("nodeName").and_then(Value::as_str).filter(|name| !name.is_empty()).map(str::to_string);
        let required = spec
            .affinity
            .as_ref()
            .and_then(|affinity| affinity.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.as_ref());
        let terms = required.map(|selector| selector.node_selector_terms.iter().map(Term::of).collect());
        let selector = spec.node_selector.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Demands { node_name, selector, terms, tolerations: tolerations(spec) }
    }

    /// Whether a pod shall run on the node, and whether one that runs there may stay.
    pub fn of_node(&self, node: &Object) -> (bool, bool) {
        let Some(body) = node.as_node() else { return (false, false) };
        let (name, labels) = (&*node.meta.name, &node.meta.labels);
        let fits = self.node_name.as_deref().is_none_or(|wanted| wanted == name)
            && self.selector.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.terms.as_ref().is_none_or(|terms| terms.iter().any(|term| term.matches(node)));
        if !fits {
            return (false, false);
        }
        let unborne = |effects: &[&str]| {
            let hurts = |taint: &&crate::model::Taint| effects.contains(&&*taint.effect);
            body.spec.taints.iter().filter(hurts).any(|taint| !self.tolerations.iter().any(|toleration| toleration.bears(taint)))
        };
        if unborne(&["NoExecute", "NoSchedule"]) { (false, !unborne(&["NoExecute"])) } else { (true, true) }
    }
}

impl Term {
    fn of(term: &NodeSelectorTerm) -> Term {
        let requirement = |expression: &NodeSelectorRequirement| {
            let operator = match expression.operator.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                "Gt" => Operator::GreaterThan,
                "Lt" => Operator::LessThan,
                _ => return None,
            };
            Requirement::new(&*expression.key, operator, expression.values.iter().map(|value| &**value)).ok()
        };
        let empty = term.match_expressions.is_empty() && term.match_fields.is_empty();
        let labels = if empty { None } else { term.match_expressions.iter().map(requirement).collect() };
        Term { labels, fields: term.match_fields.clone() }
    }

    fn matches(&self, node: &Object) -> bool {
        let Some(labels) = &self.labels else { return false };
        let field = |field: &NodeSelectorRequirement| {
            let named = field.key == NODE_NAME && field.values.iter().any(|value| **value == *node.meta.name);
            named == (field.operator == "In")
        };
        labels.iter().all(|requirement| requirement.matches(&node.meta.labels)) && self.fields.iter().all(field)
    }
}

/// The template's generation, as the API server counts it.
fn template_generation(set: &Object) -> Option<i64> {
    set.meta.annotations.get(GENERATION_ANNOTATION)?.parse().ok()
}

/// A new pod for a node.
pub fn new_pod(set: &Object, hash: &str, node: &str) -> Object {
    let template = &set.as_daemon_set().expect("a DaemonSet").spec.template;
    let mut pod = pod_from_template(template, set);
    if let Some(generation) = template_generation(set) {
        pod.meta.labels.set(GENERATION_LABEL, generation.to_string());
    }
    pod.meta.labels.set(HASH_LABEL, hash);
    if let Body::Pod(body) = &mut pod.body {
        let spec = Arc::make_mut(&mut body.spec);
        spec.tolerations = tolerations(spec);
        bind_to(spec.affinity.get_or_insert_default(), node);
    }
    pod
}

fn bind_to(affinity: &mut Affinity, node: &str) {
    let field = NodeSelectorRequirement { key: NODE_NAME.into(), operator: "In".into(), values: vec![node.into()] };
    let term = NodeSelectorTerm { match_fields: vec![field], ..NodeSelectorTerm::default() };
    let node_affinity: &mut NodeAffinity = affinity.node_affinity.get_or_insert_default();
    let required: &mut NodeSelector = node_affinity.required_during_scheduling_ignored_during_execution.get_or_insert_default();
    required.node_selector_terms = vec![term];
}

/// The node that a daemon pod is on or meant for.
pub fn target_node(pod: &Obj) -> Option<Str> {
    let body = pod.as_pod()?;
    if body.is_bound() {
        return Some(body.node_name.clone());
    }
    let required = body.spec.affinity.as_ref()?.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.as_ref()?;
    let mut fields = required.node_selector_terms.iter().flat_map(|term| &term.match_fields);
    let field = fields.find(|field| field.key == NODE_NAME && field.operator == "In")?;
    match &field.values[..] {
        [one] => Some(one.as_str().into()),
        _ => None,
    }
}

/// Whether a pod is of the present template.
pub fn is_updated(set: &Object, pod: &Object, hash: &str) -> bool {
    let labels = &pod.meta.labels;
    let same_generation = template_generation(set).is_some_and(|generation| labels.get(GENERATION_LABEL) == Some(&*generation.to_string()));
    labels.get(HASH_LABEL) == Some(hash) || same_generation
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(taints: Value, labels: Value) -> Obj {
        Obj::new(
            Object::from_json(
                json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": labels}, "spec": {"taints": taints}}),
            )
            .unwrap(),
        )
    }

    fn spec(json: Value) -> PodSpec {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn nodes_are_wanted_by_labels_names_and_taints() {
        let plain = json!({"containers": []});
        let term = |term: Value| json!({"containers": [], "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}});
        let taint = |effect: &str| json!([{"key": "a", "effect": effect}]);
        let cases = [
            (plain.clone(), json!([]), (true, true)),
            (plain.clone(), taint("NoSchedule"), (false, true)),
            (plain.clone(), taint("NoExecute"), (false, false)),
            (plain.clone(), taint("PreferNoSchedule"), (true, true)),
            (plain.clone(), json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]), (true, true)),
            (plain, json!([{"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"}]), (false, true)),
            (
                json!({"containers": [], "hostNetwork": true}),
                json!([{"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"}]),
                (true, true),
            ),
            (json!({"containers": [], "nodeSelector": {"disk": "ssd"}}), json!([]), (true, true)),
            (json!({"containers": [], "nodeSelector": {"disk": "hdd"}}), json!([]), (false, false)),
            (json!({"containers": [], "nodeName": "n2"}), json!([]), (false, false)),
            (term(json!({"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]})), json!([]), (true, true)),
            (term(json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n2"]}]})), json!([]), (false, false)),
            (term(json!({"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n2"]}]})), json!([]), (true, true)),
            (term(json!({})), json!([]), (false, false)),
        ];
        for (spec_json, taints, want) in cases {
            let demands = Demands::of(&spec(spec_json.clone()));
            assert_eq!(demands.of_node(&node(taints.clone(), json!({"disk": "ssd"}))), want, "{spec_json} {taints}");
        }
    }

    #[test]
    fn a_pod_is_meant_for_its_node() {
        let set = Object::from_json(json!({"apiVersion": "apps/v1", "kind": "DaemonSet",
            "metadata": {"name": "agent", "namespace": "ns", "uid": "u", "annotations": {GENERATION_ANNOTATION: "2"}},
            "spec": {"template": {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": []}}}}))
        .unwrap();
        let pod = Obj::new(new_pod(&set, "abc", "n7"));
        assert_eq!(target_node(&pod).as_deref(), Some("n7"));
        assert_eq!(pod.as_pod().unwrap().spec.tolerations.len(), BORNE.len());
        assert!(is_updated(&set, &pod, "abc") && is_updated(&set, &pod, "other"));
        let mut newer = set.clone();
        newer.meta.annotations.set(GENERATION_ANNOTATION, "3");
        assert!(is_updated(&newer, &pod, "abc") && !is_updated(&newer, &pod, "other"));
    }
}

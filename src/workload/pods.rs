//! Rows of a trace as objects of the API: what a pod of some size looks like, and what a machine offers.
//!
//! GPUs are named as in the openb traces' own Kubernetes objects, so that GPU-sharing plugins find them, beside the device
//! plugin's `nvidia.com/gpu`, which the stock scheduler counts.

use super::{Ask, NodeRow};
use crate::base::Span;
use crate::base::quantity::Quantity;
use crate::model::{
    Affinity, Body, Container, Labels, Meta, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Object, Pod, PodSpec,
    ResourceRequirements, Str,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The device plugin's resource: whole GPUs.
pub const GPU: &str = "nvidia.com/gpu";
/// How many GPUs: a node's resource, a pod's annotation.
pub const GPU_COUNT: &str = "alibabacloud.com/gpu-count";
/// How much of each GPU, in thousandths: a node's resource (1000), a pod's annotation.
pub const GPU_MILLI: &str = "alibabacloud.com/gpu-milli";
/// GPU model: a node's label, a pod's annotation (`A|B`).
pub const GPU_MODEL: &str = "alibabacloud.com/gpu-card-model";
/// The annotation that ends a pod's containers by themselves.
pub const EXIT_AFTER: &str = super::traces::simkube::EXIT_AFTER;
/// The image of pods that nobody gave one.
pub const IMAGE: &str = "trace.kubesim.io/work:v1";

/// Who counts GPUs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Gpus {
    /// The stock scheduler, in whole ones: a share takes a whole GPU.
    #[default]
    Whole,
    /// A GPU-sharing plugin, by the pods' annotations alone.
    Shared,
}

/// What pods of a workload have in common.
#[derive(Clone, PartialEq, Debug)]
pub struct Template {
    /// Their namespace.
    pub namespace: Str,
    /// Labels of all of them.
    pub labels: Labels,
    /// Annotations of all of them.
    pub annotations: Labels,
    /// Everything but what a row asks for.
    pub spec: PodSpec,
    /// Who counts GPUs.
    pub gpus: Gpus,
}

impl Default for Template {
    fn default() -> Self {
        let container = Container { name: "work".into(), image: IMAGE.into(), ..Container::default() };
        let spec = PodSpec { containers: vec![container], restart_policy: "Never".into(), ..PodSpec::default() };
        Template { namespace: "default".into(), labels: Labels::default(), annotations: Labels::default(), spec, gpus: Gpus::Whole }
    }
}

/// A size of pod, complete but for the name: pods of one size share it.
#[derive(Clone, PartialEq, Debug)]
pub struct Size {
    /// The pods' spec.
    pub spec: Arc<PodSpec>,
    /// Annotations.
    pub annotations: Labels,
}

/// The name of the PriorityClass for a priority of a trace.
pub fn priority_class(priority: i32) -> String {
    if priority < 0 { format!("trace-minus-{}", priority.unsigned_abs()) } else { format!("trace-{priority}") }
}

impl Template {
    /// What pods that ask for this look like. The template's own first container gets the requests.
    pub fn size(&self, ask: &Ask) -> Size {
        let mut spec = self.spec.clone();
        let mut requests: BTreeMap<String, Quantity> = BTreeMap::new();
        if ask.cpu_milli > 0 {
            requests.insert("cpu".into(), Quantity::from_milli(ask.cpu_milli as i64));
        }
        if ask.memory_bytes > 0 {
            requests.insert("memory".into(), Quantity::from_binary(ask.memory_bytes as i64));
        }
        let mut annotations = self.annotations.clone();
        let mut limits = BTreeMap::new();
        if ask.gpus > 0 {
            annotations.set(GPU_COUNT, ask.gpus.to_string());
            annotations.set(GPU_MILLI, ask.gpu_milli.to_string());
            if !ask.gpu_models.is_empty() {
                annotations.set(GPU_MODEL, ask.gpu_models.as_str());
            }
            if self.gpus == Gpus::Whole {
                let whole = Quantity::from_value(i64::from(ask.gpus));
                requests.insert(GPU.into(), whole);
                limits.insert(GPU.to_string(), whole);
                if !ask.gpu_models.is_empty() {
                    require_model(&mut spec, &ask.gpu_models);
                }
            }
        }
        if let Some(container) = spec.containers.first_mut() {
            let own = std::mem::take(&mut container.resources);
            requests.extend(own.requests);
            limits.extend(own.limits);
            container.resources = ResourceRequirements { requests, limits, ..own };
        }
        if let Some(priority) = ask.priority
            && spec.priority_class_name.is_empty()
        {
            spec.priority_class_name = priority_class(priority);
        }
        Size { spec: Arc::new(spec), annotations }
    }

    /// A pod.
    pub fn pod(&self, size: &Size, name: &str, labels: &Labels, lasts: Option<Span>) -> Object {
        let mut annotations = size.annotations.clone();
        if let Some(lasts) = lasts {
            annotations.set(EXIT_AFTER, exact(lasts));
        }
        let meta = Meta { name: name.into(), namespace: self.namespace.clone(), labels: labels.clone(), annotations, ..Meta::default() };
        Object { meta, body: Body::Pod(Pod::from_spec(size.spec.clone())) }
    }
}

/// A span to the nanosecond, as it is read again.
fn exact(span: Span) -> String {
    let (s, ns) = (span.0 / 1_000_000_000, span.0 % 1_000_000_000);
    if ns == 0 { format!("{s}s") } else { format!("{s}s{ns}ns") }
}

/// The pod may only run on nodes of one of these GPU models.
fn require_model(spec: &mut PodSpec, models: &str) {
    let values = models.split('|').map(label_value).collect();
    let wanted = NodeSelectorRequirement { key: GPU_MODEL.into(), operator: "In".into(), values };
    let affinity = spec.affinity.get_or_insert_with(Affinity::default);
    let node = affinity.node_affinity.get_or_insert_with(NodeAffinity::default);
    let required = node.required_during_scheduling_ignored_during_execution.get_or_insert_with(NodeSelector::default);
    if required.node_selector_terms.is_empty() {
        required.node_selector_terms.push(NodeSelectorTerm::default());
    }
    // Terms are alternatives: the demand goes into each.
    required.node_selector_terms.iter_mut().for_each(|term| term.match_expressions.push(wanted.clone()));
}

/// What a machine offers, by resource.
pub fn capacity(row: &NodeRow) -> BTreeMap<String, Quantity> {
    let mut all = BTreeMap::from([
        ("cpu".to_string(), Quantity::from_milli(row.cpu_milli as i64)),
        ("memory".to_string(), Quantity::from_binary(row.memory_bytes as i64)),
    ]);
    if row.gpus > 0 {
        all.insert(GPU.into(), Quantity::from_value(i64::from(row.gpus)));
        all.insert(GPU_COUNT.into(), Quantity::from_value(i64::from(row.gpus)));
        all.insert(GPU_MILLI.into(), Quantity::from_value(1_000));
    }
    all
}

/// A name of a trace as Kubernetes takes it: lower case letters, digits, dashes and dots.
pub fn dns_name(text: &str) -> String {
    let mut name: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(200).collect();
    while name.ends_with('-') {
        name.pop();
    }
    let name = name.trim_start_matches('-');
    if name.is_empty() { "x".into() } else { name.into() }
}

/// A text of a trace as the value of a label.
pub fn label_value(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let value: String = text.chars().map(|c| if fits(c) { c } else { '-' }).take(63).collect();
    value.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_takes_a_whole_gpu_of_the_stock_scheduler() {
        let ask =
            Ask { cpu_milli: 1_500, memory_bytes: 1 << 30, gpus: 1, gpu_milli: 250, gpu_models: "T4|P 100".into(), priority: Some(-5) };
        let mut template = Template::default();
        let pod = template.pod(&template.size(&ask), "p", &Labels::default(), Some(Span::from_ms(1_500))).to_json();
        let requests = &pod["spec"]["containers"][0]["resources"]["requests"];
        assert_eq!(requests, &serde_json::json!({"cpu": "1500m", "memory": "1Gi", "nvidia.com/gpu": "1"}));
        let notes = &pod["metadata"]["annotations"];
        assert_eq!((&notes[GPU_MILLI], &notes[EXIT_AFTER]), (&"250".into(), &"1s500000000ns".into()));
        assert_eq!(pod["spec"]["priorityClassName"], "trace-minus-5");
        let path =
            "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/0/values";
        assert_eq!(pod.pointer(path), Some(&serde_json::json!(["T4", "P-100"])));
        template.gpus = Gpus::Shared;
        let pod = template.pod(&template.size(&ask), "p", &Labels::default(), None).to_json();
        assert_eq!(pod["spec"]["containers"][0]["resources"]["requests"].get(GPU), None);
        assert_eq!(pod["metadata"]["annotations"][GPU_MODEL], "T4|P 100");
    }

    #[test]
    fn names_become_kubernetes_names() {
        assert_eq!(dns_name("Job_7/Task*"), "job-7-task");
        assert_eq!((dns_name("__"), label_value("_a b_")), ("x".to_string(), "a-b".to_string()));
        let row = NodeRow { cpu_milli: 4_000, memory_bytes: 1 << 30, gpus: 2, ..NodeRow::default() };
        assert_eq!(capacity(&row)[GPU_COUNT], Quantity::from_value(2));
    }
}

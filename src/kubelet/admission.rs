//! Whether a node takes a pod that was bound to it. A pod that is refused is Failed for good.
//! Real: pkg/kubelet/lifecycle/predicate.go, pkg/kubelet/sysctl/allowlist.go, rejectPod in pkg/kubelet/kubelet.go @ v1.37.2.

use super::worker::Kubelet;
use super::{resources, status};
use crate::actor::EventType;
use crate::model::{Labels, NodeSelectorRequirement, NodeSelectorTerm, PodSpec};

/// Sysctls that any pod may set. Real: pkg/kubelet/sysctl/safe_sysctls.go.
const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

/// Reason and message of a refusal.
type Refusal = (String, String);

impl Kubelet<'_, '_> {
    /// Takes the pod, or marks it as refused; says which.
    pub fn admit(&mut self) -> bool {
        let Some((reason, message)) = self.refusal() else {
            let pod = self.pod.pod();
            self.node.take(&pod.spec);
            self.pod.counted = true;
            return true;
        };
        self.pod.rejected = true;
        let reason: &'static str = self.shared.static_reason(reason);
        self.event(None, EventType::Warning, reason, message.clone());
        let qos = self.pod.pod().status.qos_class.clone();
        let refused = status::rejected(reason, &message, &qos, self.pod.object.meta.generation);
        self.put_status((*refused).clone(), false, false);
        false
    }

    /// Gives back what the pod had of the node.
    pub fn release(&mut self) {
        if std::mem::take(&mut self.pod.counted) {
            let spec = self.pod.pod().spec.clone();
            self.node.give_back(&spec);
        }
    }

    fn refusal(&self) -> Option<Refusal> {
        let spec = &self.pod.pod().spec;
        let no = |reason: &str, message: String| Some((reason.to_string(), message));
        if let Some(message) = self.refused_under_pressure() {
            return no("Evicted", message);
        }
        let sysctls = spec.security_context.iter().flat_map(|context| &context.sysctls);
        if let Some(bad) = sysctls.map(|sysctl| &sysctl.name).find(|name| !SAFE_SYSCTLS.contains(&name.as_str())) {
            return no("SysctlForbidden", format!("forbidden sysctl: \"{bad}\" not allowlisted"));
        }
        let os = self.pod.object.meta.labels.get("kubernetes.io/os");
        if os.is_some_and(|os| os != "linux") {
            let message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
            return no("PodOSSelectorNodeLabelDoesNotMatch", message.into());
        }
        if spec.os.as_ref().is_some_and(|os| os.name != "linux") {
            return no("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS".into());
        }
        if let Some(short) = self.shortage(spec) {
            return Some(short);
        }
        if !fits_affinity(spec, &self.node.labels, &self.node.name) {
            let message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
            return no("NodeAffinity", message.into());
        }
        if ports(spec).any(|port| self.node.ports.contains(&port)) {
            let message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
            return no("NodePorts", message.into());
        }
        if self.node.taints.iter().any(|taint| !spec.tolerations.iter().any(|toleration| toleration.bears(taint))) {
            let message = "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate";
            return no("TaintToleration", message.into());
        }
        None
    }

    fn shortage(&self, spec: &PodSpec) -> Option<Refusal> {
        let say = |name: &str, requested: i64, used: i64, capacity: i64| {
            let message = format!("Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}");
            Some((format!("OutOf{name}"), message))
        };
        let most = i64::from(self.node.max_pods(self.shared.settings.configuration.max_pods));
        if self.node.pods + 1 > most {
            return say("pods", 1, self.node.pods, most);
        }
        for (name, amount) in resources::requests(spec) {
            let Some(capacity) = self.node.allocatable.get(&name) else { continue };
            let used = resources::amount(&self.node.used, &name);
            if !amount.is_zero() && amount + used > *capacity {
                let number = |amount: &crate::model::Quantity| if name == "cpu" { amount.milli_value() } else { amount.value() };
                return say(&name, number(&amount), number(&used), number(capacity));
            }
        }
        None
    }
}

/// The host ports of a pod: protocol and number.
pub(crate) fn ports(spec: &PodSpec) -> impl Iterator<Item = (String, i32)> + '_ {
    let all = spec.init_containers.iter().filter(|container| super::pod::is_sidecar(container)).chain(&spec.containers);
    all.flat_map(|container| &container.ports).filter(|port| port.host_port > 0).map(|port| {
        let protocol = if port.protocol.is_empty() { "TCP" } else { port.protocol.as_str() };
        (protocol.to_string(), port.host_port)
    })
}

fn fits_affinity(spec: &PodSpec, labels: &Labels, name: &str) -> bool {
    if spec.node_selector.iter().any(|(key, value)| labels.get(key) != Some(&**value)) {
        return false;
    }
    let wanted = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let Some(required) = wanted.and_then(|node| node.required_during_scheduling_ignored_during_execution.as_ref()) else { return true };
    required.node_selector_terms.iter().any(|term| fits_term(term, labels, name))
}

fn fits_term(term: &NodeSelectorTerm, labels: &Labels, name: &str) -> bool {
    let some = !term.match_expressions.is_empty() || !term.match_fields.is_empty();
    some && term.match_expressions.iter().all(|one| fits(one, labels.get(&one.key)))
        && term.match_fields.iter().all(|one| fits(one, (one.key == "metadata.name").then_some(name)))
}

fn fits(one: &NodeSelectorRequirement, found: Option<&str>) -> bool {
    let number = |text: &str| text.parse::<i64>().ok();
    let compare = |greater: bool| {
        let (found, wanted) = (found.and_then(number), one.values.first().and_then(|value| number(value)));
        found.zip(wanted).is_some_and(|(found, wanted)| if greater { found > wanted } else { found < wanted })
    };
    match one.operator.as_str() {
        "In" => found.is_some_and(|found| one.values.iter().any(|value| **value == *found)),
        "NotIn" => found.is_none_or(|found| one.values.iter().all(|value| **value != *found)),
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        "Gt" => compare(true),
        "Lt" => compare(false),
        _ => false,
    }
}

//! A pod as the scheduler sees it: what it asks for, its ports, claims and affinity terms, worked out once.
//! Real: pkg/scheduler/framework/types.go (PodInfo) @ v1.37.2.

use super::selectors::{RequiredNodeAffinity, Selector};
use crate::model::requests::{PodResource, is_sidecar, pod_resource, surely_same_requests};
use crate::model::{Labels, Obj, Pod, PodAffinityTerm, PodSpec, Str, WeightedPodAffinityTerm};
use std::sync::Arc;

/// A compiled pod affinity term.
#[derive(Clone, PartialEq, Debug)]
pub struct AffinityTerm {
    /// Namespaces it looks into.
    pub namespaces: Vec<Str>,
    /// Which pods it means.
    pub selector: Selector,
    /// The label of nodes that says what counts as near.
    pub topology_key: Str,
    /// Further namespaces, by their labels.
    pub namespace_selector: Selector,
}

impl AffinityTerm {
    fn compile(namespace: &Str, term: &PodAffinityTerm) -> Result<Self, String> {
        let own = term.namespaces.is_empty() && term.namespace_selector.is_none();
        Ok(Self {
            namespaces: if own { vec![namespace.clone()] } else { term.namespaces.iter().map(|name| name.as_str().into()).collect() },
            selector: Selector::compile(term.label_selector.as_ref())?,
            topology_key: term.topology_key.as_str().into(),
            namespace_selector: Selector::compile(term.namespace_selector.as_ref())?,
        })
    }

    /// Whether it means a pod of this namespace (with these labels of the namespace, if known) and these labels.
    pub fn matches(&self, namespace: &str, pod_labels: &Labels, namespace_labels: &Labels) -> bool {
        (self.namespaces.iter().any(|name| **name == *namespace) || self.namespace_selector.matches(namespace_labels))
            && self.selector.matches(pod_labels)
    }
}

/// An affinity term with a weight.
#[derive(Clone, PartialEq, Debug)]
pub struct WeightedAffinityTerm {
    /// The term.
    pub term: AffinityTerm,
    /// What it counts.
    pub weight: i64,
}

/// A port of the node that a pod takes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct HostPort {
    /// Address; `0.0.0.0` is all of them.
    pub ip: Str,
    /// Protocol.
    pub protocol: Str,
    /// Number.
    pub port: i32,
}

/// What follows from a pod's spec, namespace and labels: equal for all pods of one template.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PodTraits {
    /// Required pod affinity.
    pub required_affinity: Vec<AffinityTerm>,
    /// Required pod anti-affinity.
    pub required_anti_affinity: Vec<AffinityTerm>,
    /// Preferred pod affinity.
    pub preferred_affinity: Vec<WeightedAffinityTerm>,
    /// Preferred pod anti-affinity.
    pub preferred_anti_affinity: Vec<WeightedAffinityTerm>,
    /// Whether a term could not be read; such a pod is rejected.
    pub broken_terms: Option<String>,
    /// Whether the spec has a podAffinity or podAntiAffinity.
    pub has_affinity: bool,
    /// What its node must be like.
    pub required_node: RequiredNodeAffinity,
    /// Host ports.
    pub host_ports: Vec<HostPort>,
    /// Claims by `NAMESPACE/NAME`, one for each volume that names one.
    pub claims: Vec<Str>,
    /// What it counts for.
    pub request: PodResource,
}

impl PodTraits {
    /// Works out what follows from a pod.
    pub fn of(namespace: &Str, pod: &Pod) -> Self {
        let spec = &pod.spec;
        let mut out = PodTraits {
            required_node: RequiredNodeAffinity::compile(&spec.node_selector, spec.affinity.as_ref()),
            host_ports: host_ports(spec),
            claims: spec
                .volumes
                .iter()
                .filter_map(|volume| volume.persistent_volume_claim.as_ref())
                .map(|source| Str::from(format!("{namespace}/{}", source.claim_name)))
                .collect(),
            request: pod_resource(pod),
            ..PodTraits::default()
        };
        if let Err(error) = out.compile_affinity(namespace, spec) {
            out.broken_terms = Some(error);
        }
        out
    }

    fn compile_affinity(&mut self, namespace: &Str, spec: &PodSpec) -> Result<(), String> {
        let Some(affinity) = &spec.affinity else { return Ok(()) };
        self.has_affinity = affinity.pod_affinity.is_some() || affinity.pod_anti_affinity.is_some();
        let plain =
            |terms: &[PodAffinityTerm]| terms.iter().map(|term| AffinityTerm::compile(namespace, term)).collect::<Result<Vec<_>, _>>();
        let weighted = |terms: &[WeightedPodAffinityTerm]| {
            let each = |term: &WeightedPodAffinityTerm| {
                let compiled = AffinityTerm::compile(namespace, &term.pod_affinity_term)?;
                Ok::<_, String>(WeightedAffinityTerm { term: compiled, weight: i64::from(term.weight) })
            };
            terms.iter().map(each).collect::<Result<Vec<_>, _>>()
        };
        if let Some(near) = &affinity.pod_affinity {
            self.required_affinity = plain(&near.required_during_scheduling_ignored_during_execution)?;
            self.preferred_affinity = weighted(&near.preferred_during_scheduling_ignored_during_execution)?;
        }
        if let Some(apart) = &affinity.pod_anti_affinity {
            self.required_anti_affinity = plain(&apart.required_during_scheduling_ignored_during_execution)?;
            self.preferred_anti_affinity = weighted(&apart.preferred_during_scheduling_ignored_during_execution)?;
        }
        Ok(())
    }
}

fn host_ports(spec: &PodSpec) -> Vec<HostPort> {
    let sidecars = spec.init_containers.iter().filter(|container| is_sidecar(container));
    let or = |text: &str, default: &str| Str::from(if text.is_empty() { default } else { text });
    sidecars
        .chain(&spec.containers)
        .flat_map(|container| &container.ports)
        .filter(|port| port.host_port > 0)
        .map(|port| HostPort { ip: or(&port.host_ip, "0.0.0.0"), protocol: or(&port.protocol, "TCP"), port: port.host_port })
        .collect()
}

/// A pod with what follows from it.
#[derive(Clone, Debug)]
pub struct PodInfo {
    /// The object, with the node's name if it has one.
    pub object: Obj,
    /// What follows from spec, namespace and labels.
    pub traits: Arc<PodTraits>,
}

impl PodInfo {
    /// A pod; the object must be one.
    pub fn new(object: Obj) -> Self {
        let traits = Arc::new(PodTraits::of(&object.meta.namespace, object.as_pod().expect("the object is a pod")));
        Self { object, traits }
    }

    /// A newer version of a pod. What follows from it is taken over if it cannot have changed.
    pub fn renewed(object: Obj, known: Option<&PodInfo>) -> Self {
        let Some(old) = known.filter(|old| {
            let spec = &object.as_pod().expect("the object is a pod").spec;
            Arc::ptr_eq(&old.pod().spec, spec) && *old.namespace() == object.meta.namespace
        }) else {
            return Self::new(object);
        };
        let pod = object.as_pod().expect("the object is a pod");
        let mut traits = old.traits.clone();
        if !surely_same_requests(old.pod(), pod) {
            let request = pod_resource(pod);
            if request != traits.request {
                Arc::make_mut(&mut traits).request = request;
            }
        }
        Self { object, traits }
    }

    /// The pod's own fields.
    pub fn pod(&self) -> &Pod {
        self.object.as_pod().expect("the object is a pod")
    }

    /// Its spec.
    pub fn spec(&self) -> &PodSpec {
        &self.pod().spec
    }

    /// Its labels.
    pub fn labels(&self) -> &Labels {
        &self.object.meta.labels
    }

    /// Its namespace.
    pub fn namespace(&self) -> &Str {
        &self.object.meta.namespace
    }

    /// Its unique id.
    pub fn uid(&self) -> &Str {
        &self.object.meta.uid
    }

    /// `NAMESPACE/NAME`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.object.meta.namespace, self.object.meta.name)
    }

    /// Its priority.
    pub fn priority(&self) -> i32 {
        self.pod().spec.priority.unwrap_or(0)
    }

    /// When it was started, in seconds; a pod not started yet counts as started now, later than all others.
    pub fn start_time(&self) -> i64 {
        self.pod().status.start_time.map_or(i64::MAX, |time| time.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use serde_json::json;

    fn info(spec: serde_json::Value) -> PodInfo {
        let json = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "ns", "uid": "u", "labels": {"app": "web"}}, "spec": spec});
        PodInfo::new(Arc::new(Object::from_json(json).unwrap()))
    }

    #[test]
    fn terms_look_into_the_pods_own_namespace_unless_told_otherwise() {
        let pod = info(json!({"containers": [], "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "web"}}},
            {"topologyKey": "zone", "namespaceSelector": {}, "labelSelector": {}},
            {"topologyKey": "zone", "namespaces": ["other"]}]}}}));
        let none = Labels::default();
        let [own, all, missing] = pod.traits.required_affinity.as_slice() else { panic!("three terms") };
        assert!(own.matches("ns", pod.labels(), &none) && !own.matches("other", pod.labels(), &none));
        assert!(all.matches("anywhere", &none, &none));
        assert!(!missing.matches("other", pod.labels(), &none), "no label selector means no pod");
        assert!(pod.traits.has_affinity && pod.traits.broken_terms.is_none());
    }

    #[test]
    fn a_pod_knows_its_ports_claims_and_age() {
        let pod = info(json!({"priority": 7,
            "containers": [{"name": "c", "ports": [{"containerPort": 1, "hostPort": 80}, {"containerPort": 2}]}],
            "initContainers": [{"name": "i", "ports": [{"containerPort": 1, "hostPort": 81}]}],
            "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]}));
        let port = HostPort { ip: "0.0.0.0".into(), protocol: "TCP".into(), port: 80 };
        assert_eq!(pod.traits.host_ports, [port]);
        assert_eq!(&*pod.traits.claims[0], "ns/data");
        assert_eq!((pod.priority(), pod.start_time(), pod.key().as_str()), (7, i64::MAX, "ns/p"));
        assert_eq!((&**pod.uid(), &**pod.namespace()), ("u", "ns"));
    }
}

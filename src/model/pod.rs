//! Pods and their templates. The node's name is lifted out of the spec, so that all pods of one template share one spec.
//! Real: staging/src/k8s.io/api/core/v1/types.go @ v1.37.2.

use super::wire::null;
use super::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// The JSON name of the field that pods hold beside their spec.
const NODE_NAME: &str = "nodeName";

/// `v1` Pod without its metadata.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Pod {
    /// What was asked for, without the node.
    pub spec: Arc<PodSpec>,
    /// The node that the pod is bound to; empty while it is not. `spec.nodeName` in JSON.
    pub node_name: Str,
    /// What became of it.
    pub status: Arc<PodStatus>,
    /// Unknown fields.
    pub rest: Rest,
}

impl Pod {
    /// A new pod of a spec that may name a node, as templates of static pods do.
    pub fn from_spec(mut spec: Arc<PodSpec>) -> Pod {
        let mut node_name = Str::default();
        if spec.rest.get(NODE_NAME).is_some()
            && let Some(Value::String(name)) = Arc::make_mut(&mut spec).rest.remove(NODE_NAME)
        {
            node_name = name.into();
        }
        Pod { spec, node_name, status: Arc::default(), rest: Rest::default() }
    }

    /// Whether the pod has a node.
    pub fn is_bound(&self) -> bool {
        !self.node_name.is_empty()
    }

    /// Whether all is over: the phase is Succeeded or Failed.
    pub fn is_terminal(&self) -> bool {
        self.status.phase.is_terminal()
    }

    /// Whether the condition Ready is True.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|condition| &*condition.status == "True")
    }

    /// A condition by its type.
    pub fn condition(&self, type_: &str) -> Option<&PodCondition> {
        self.status.conditions.iter().find(|condition| &*condition.r#type == type_)
    }

    /// The priority that admission has set, 0 if none.
    pub fn priority(&self) -> i32 {
        self.spec.priority.unwrap_or(0)
    }
}

/// Where a pod stands in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub enum PodPhase {
    /// Not all containers have been started yet.
    #[default]
    Pending,
    /// Bound, started, and at least one container runs or restarts.
    Running,
    /// All containers ended well and none will start again.
    Succeeded,
    /// All containers ended and at least one badly, or the pod was refused or evicted.
    Failed,
    /// The node no longer says.
    Unknown,
}

impl PodPhase {
    /// The phase's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            PodPhase::Pending => "Pending",
            PodPhase::Running => "Running",
            PodPhase::Succeeded => "Succeeded",
            PodPhase::Failed => "Failed",
            PodPhase::Unknown => "Unknown",
        }
    }

    /// Whether nothing comes after it.
    pub fn is_terminal(self) -> bool {
        matches!(self, PodPhase::Succeeded | PodPhase::Failed)
    }
}

impl fmt::Display for PodPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What pods of a workload are made from.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplateSpec {
    /// Labels, annotations and finalizers of the pods.
    #[serde(deserialize_with = "null")]
    pub metadata: Meta,
    /// Spec of the pods, shared by all of them.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<PodSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Serialize)]
struct SpecOut<'a> {
    #[serde(rename = "nodeName", skip_serializing_if = "str::is_empty")]
    node_name: &'a str,
    #[serde(flatten)]
    spec: &'a PodSpec,
}

#[derive(Serialize)]
struct PodOut<'a> {
    spec: SpecOut<'a>,
    status: &'a PodStatus,
    #[serde(flatten)]
    rest: &'a Rest,
}

#[derive(Deserialize)]
struct PodIn {
    #[serde(default, deserialize_with = "null")]
    spec: Arc<PodSpec>,
    #[serde(default, deserialize_with = "null")]
    status: Arc<PodStatus>,
    #[serde(flatten)]
    rest: Rest,
}

impl Serialize for Pod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let spec = SpecOut { node_name: &self.node_name, spec: &self.spec };
        PodOut { spec, status: &self.status, rest: &self.rest }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let PodIn { mut spec, status, rest } = PodIn::deserialize(deserializer)?;
        let node_name = match spec.rest.get(NODE_NAME).is_some().then(|| Arc::make_mut(&mut spec).rest.remove(NODE_NAME)).flatten() {
            None | Some(Value::Null) => Str::default(),
            Some(Value::String(name)) => name.into(),
            Some(other) => return Err(de::Error::custom(format!("spec.nodeName is a text, not {other}"))),
        };
        Ok(Pod { spec, node_name, status, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(value: Value) -> Pod {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_node_is_no_part_of_the_shared_spec() {
        let bound = pod(json!({"spec": {"nodeName": "n1", "schedulerName": "s"}}));
        let free = pod(json!({"spec": {"schedulerName": "s", "nodeName": null}}));
        assert_eq!(bound.spec, free.spec);
        assert_eq!((&*bound.node_name, bound.is_bound(), free.is_bound()), ("n1", true, false));
        assert_eq!(serde_json::to_value(&bound).unwrap()["spec"]["nodeName"], "n1");
        assert!(serde_json::from_value::<Pod>(json!({"spec": {"nodeName": 7}})).is_err());
    }

    #[test]
    fn a_template_may_name_the_node() {
        let template: PodTemplateSpec =
            serde_json::from_value(json!({"metadata": {}, "spec": {"nodeName": "n1", "containers": null}})).unwrap();
        assert_eq!(serde_json::to_value(&template).unwrap()["spec"]["nodeName"], "n1");
        let made = Pod::from_spec(template.spec.clone());
        assert_eq!(&*made.node_name, "n1");
        assert_eq!(made.spec.rest.get("nodeName"), None);
    }

    #[test]
    fn accessors_read_phase_and_conditions() {
        let ready =
            pod(json!({"spec": {"priority": 5}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}));
        assert!(ready.is_ready() && !ready.is_terminal());
        assert_eq!(ready.priority(), 5);
        assert!(ready.condition("PodScheduled").is_none());
        assert!(pod(json!({"status": {"phase": "Failed"}})).is_terminal());
        assert_eq!(PodPhase::Succeeded.to_string(), "Succeeded");
    }
}

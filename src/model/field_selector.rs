//! Field selectors: `status.phase=Running,spec.nodeName!=a-1`, on the fields that the API server supports for a kind.
//! Real: staging/src/k8s.io/apimachinery/pkg/fields/selector.go, pkg/apis/core/v1/conversion.go @ v1.37.2.

use super::{Kind, Object};
use serde_json::Value;

/// A parsed field selector; the empty one matches everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FieldSelector(Vec<(String, bool, String)>);

impl FieldSelector {
    /// Reads `field=value`, `field==value` and `field!=value`, separated by commas, for objects of a kind. The error is the API
    /// server's.
    pub fn parse(text: &str, kind: Kind) -> Result<FieldSelector, String> {
        let mut terms = Vec::new();
        for term in text.split(',').filter(|term| !term.is_empty()) {
            let invalid = || format!("invalid selector: '{text}'; can't understand '{term}'");
            let (field, value, equal) = match term.split_once("!=") {
                Some((field, value)) => (field, value, false),
                None => {
                    term.split_once("==").or_else(|| term.split_once('=')).map(|(field, value)| (field, value, true)).ok_or_else(invalid)?
                }
            };
            if !supported(kind).any(|known| known == field) {
                return Err(format!("field label not supported: {field}"));
            }
            terms.push((field.to_string(), equal, value.to_string()));
        }
        Ok(FieldSelector(terms))
    }

    /// Whether an object has the fields asked for. An unset field is the empty text.
    pub fn matches(&self, object: &Object) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let json = object.to_json();
        self.0.iter().all(|(field, equal, value)| (text_at(&json, field) == *value) == *equal)
    }
}

/// The fields by which objects of a kind can be selected.
fn supported(kind: Kind) -> impl Iterator<Item = &'static str> {
    let own: &[&str] = match kind {
        Kind::Pod => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::Namespace => &["status.phase"],
        Kind::Secret => &["type"],
        Kind::Service => &["spec.clusterIP", "spec.type"],
        Kind::Job => &["status.successful"],
        Kind::ReplicaSet | Kind::ReplicationController => &["status.replicas"],
        Kind::Event => &["involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "reason", "type"],
        _ => &[],
    };
    ["metadata.name", "metadata.namespace"].into_iter().chain(own.iter().copied())
}

fn text_at(json: &Value, field: &str) -> String {
    let found = field.split('.').try_fold(json, |at, key| at.get(key));
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None if field == "spec.unschedulable" || field == "spec.hostNetwork" => "false".into(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pods_are_selected_by_their_fields() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"nodeName": "n-1", "containers": []},
            "status": {"phase": "Running"}});
        let pod = Object::from_json(pod).unwrap();
        for (text, wanted) in [
            ("", true),
            ("status.phase=Running", true),
            ("status.phase==Running,spec.nodeName=n-1", true),
            ("spec.nodeName!=n-1", false),
            ("status.podIP=", true),
            ("spec.hostNetwork=false", true),
            ("metadata.name=b", false),
        ] {
            assert_eq!(FieldSelector::parse(text, Kind::Pod).unwrap().matches(&pod), wanted, "{text}");
        }
        assert_eq!(FieldSelector::parse("spec.foo=1", Kind::Pod), Err("field label not supported: spec.foo".into()));
        assert!(FieldSelector::parse("status.phase", Kind::Pod).unwrap_err().contains("can't understand"));
    }
}

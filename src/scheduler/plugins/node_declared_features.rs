//! NodeDeclaredFeatures: a pod that uses a young feature goes only to nodes whose kubelet says that it has it.
//! Real: pkg/scheduler/framework/plugins/nodedeclaredfeatures, component-helpers nodedeclaredfeatures @ v1.37.2. Modelled in full.

use crate::model::PodSpec;
use crate::scheduler::framework::{CycleState, Plugin, PreFilterResult, Reach, World};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

/// The plugin.
pub struct NodeDeclaredFeatures;

struct Needed(Vec<&'static str>);

/// The features that a pod needs, from its spec alone.
pub fn needed_features(spec: &PodSpec) -> Vec<&'static str> {
    let mut out = vec![];
    let containers = || spec.containers.iter().chain(&spec.init_containers);
    if containers().flat_map(|container| &container.restart_policy_rules).any(|rule| rule.action == "RestartAllContainers") {
        out.push("RestartAllContainersOnContainerExits");
    }
    if spec.host_network && spec.host_users == Some(false) {
        out.push("UserNamespacesHostNetworkSupport");
    }
    if containers().flat_map(|container| &container.volume_mounts).any(|mount| !mount.bind_mount_options.is_empty()) {
        out.push("VolumeBindMountOptions");
    }
    out
}

impl Plugin for NodeDeclaredFeatures {
    fn name(&self) -> &'static str {
        "NodeDeclaredFeatures"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn pre_filter(&self, _: &World, state: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        let needed = needed_features(pod.spec());
        if needed.is_empty() {
            return PreFilterResult::Skip;
        }
        state.put(Needed(needed));
        PreFilterResult::Pass
    }

    fn filter(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let declared = &node.status().declared_features;
        let there = |needed: &&'static str| declared.iter().any(|feature| feature == needed);
        let all = state.get::<Needed>().expect("PreFilter has run").0.iter().all(there);
        if all { Ok(()) } else { Err(Status::unresolvable("node(s) didn't match Pod's required features")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn features_follow_from_the_spec() {
        let needed = |value| needed_features(&serde_json::from_value(value).unwrap());
        assert_eq!(needed(json!({"hostNetwork": true, "hostUsers": false})), ["UserNamespacesHostNetworkSupport"]);
        assert_eq!(needed(json!({"hostNetwork": true})), [""; 0]);
        let container = json!({"name": "c", "restartPolicyRules": [{"action": "RestartAllContainers"}], "volumeMounts": [{"name": "v", "mountPath": "/", "bindMountOptions": ["ro"]}]});
        assert_eq!(needed(json!({"initContainers": [container]})), ["RestartAllContainersOnContainerExits", "VolumeBindMountOptions"]);
    }
}

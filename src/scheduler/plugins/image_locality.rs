//! ImageLocality: better are nodes that have the pod's images already, the more so the bigger and the more widespread they are.
//! Real: pkg/scheduler/framework/plugins/imagelocality/image_locality.go @ v1.37.2. Modelled in full.

use crate::scheduler::framework::{CycleState, MAX_NODE_SCORE, Plugin, Reach, World};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

const MIB: i64 = 1024 * 1024;
/// Less than this on a node is nothing.
const MIN_THRESHOLD: i64 = 23 * MIB;
/// More than this for each image is no better.
const MAX_CONTAINER_THRESHOLD: i64 = 1000 * MIB;

/// The plugin.
pub struct ImageLocality;

/// A name as nodes report it: with a tag.
fn normalized(name: &str) -> String {
    let tagged = name.rfind(':').map_or(-1, |at| at as i64) > name.rfind('/').map_or(-1, |at| at as i64);
    if tagged { name.to_owned() } else { format!("{name}:latest") }
}

impl Plugin for ImageLocality {
    fn name(&self) -> &'static str {
        "ImageLocality"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn score(&self, world: &World, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let spec = pod.spec();
        let volumes = spec.volumes.iter().filter_map(|volume| volume.image.as_ref());
        let count = spec.init_containers.len() + spec.containers.len() + volumes.clone().count();
        if node.images.is_empty() || count == 0 {
            return Ok(0);
        }
        let names = spec.init_containers.iter().chain(&spec.containers).map(|container| container.image.as_str());
        let names = names.chain(volumes.map(|image| image.reference.as_str()));
        let all = world.cache.node_count() as f64;
        let found = names.filter_map(|name| node.images.get(normalized(name).as_str()));
        let sum: i64 = found.map(|image| (image.size as f64 * (image.nodes as f64 / all)) as i64).sum();
        let max = MAX_CONTAINER_THRESHOLD * count as i64;
        Ok(MAX_NODE_SCORE * (sum.max(MIN_THRESHOLD).min(max) - MIN_THRESHOLD) / (max - MIN_THRESHOLD))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_tag_get_latest() {
        assert_eq!(["a", "r:5000/a", "a:1", "r/a@sha256:0"].map(normalized), ["a:latest", "r:5000/a:latest", "a:1", "r/a@sha256:0"]);
    }
}

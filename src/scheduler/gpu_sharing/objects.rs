//! GPU sharing as pods and nodes say it: annotations of pods, and a label and a resource of nodes.
//!
//! | where | key | what |
//! |---|---|---|
//! | pod, annotation | `alibabacloud.com/gpu-milli` | how much of each GPU; 1000 is a whole one |
//! | pod, annotation | `alibabacloud.com/gpu-count` | how many GPUs |
//! | pod, annotation | `alibabacloud.com/gpu-card-model` | models that will do, `A\|B`; any if absent |
//! | pod, annotation | `alibabacloud.com/gpu-index` | the GPUs that it got, `0-3`; written with the binding |
//! | node, allocatable | `alibabacloud.com/gpu-count` | how many GPUs |
//! | node, label | `alibabacloud.com/gpu-card-model` | their model |
//!
//! Real: pkg/type/open-gpu-share/utils of the published simulator (hkust-adsl/kubernetes-scheduler-simulator).

use super::{Affinities, Ask, Free, GPU_MILLI, Gpus};
use crate::model::requests::Resource;
use crate::model::{Labels, Str};
use smallvec::SmallVec;

/// Annotation of pods: how much of each GPU.
pub const GPU_MILLI_KEY: &str = "alibabacloud.com/gpu-milli";
/// Annotation of pods and resource of nodes: how many GPUs.
pub const GPU_COUNT_KEY: &str = "alibabacloud.com/gpu-count";
/// Annotation of pods and label of nodes: GPU models.
pub const GPU_MODEL_KEY: &str = "alibabacloud.com/gpu-card-model";
/// Annotation of pods: which GPUs they got.
pub const GPU_INDEX_KEY: &str = "alibabacloud.com/gpu-index";

/// No pod or node may have more GPUs.
const GPUS_MAX: i64 = 1024;

/// What annotations and requests ask for; none if no GPU is shared. The error says what of the annotations cannot be.
pub fn ask(annotations: &Labels, request: &Resource) -> Result<Option<Ask>, String> {
    let (milli, count) = (annotations.get(GPU_MILLI_KEY), annotations.get(GPU_COUNT_KEY));
    if milli.is_none() && count.is_none() {
        return Ok(None);
    }
    let number = |key: &str, text: Option<&str>, default: i64, max: i64| match text.map(|text| (text, text.trim().parse::<i64>())) {
        None => Ok(default),
        Some((_, Ok(value))) if (0..=max).contains(&value) => Ok(value),
        Some((text, _)) => Err(format!("annotation {key} is {text:?}, a whole number up to {max} is wanted")),
    };
    let gpu_milli = number(GPU_MILLI_KEY, milli, GPU_MILLI, GPU_MILLI)?;
    let gpus = number(GPU_COUNT_KEY, count, 1, GPUS_MAX)?;
    if gpus == 0 || gpu_milli == 0 {
        return Ok(None);
    }
    if gpus > 1 && gpu_milli < GPU_MILLI {
        return Err(format!("annotations ask for {gpus} GPUs of {gpu_milli} milli each: only one GPU can be shared"));
    }
    let models = annotations.get(GPU_MODEL_KEY).unwrap_or("").into();
    Ok(Some(Ask { cpu_milli: request.milli_cpu, memory: request.memory, gpus, gpu_milli, models }))
}

/// The same for a pod of which it does not matter whether it shares a GPU.
pub fn ask_or_plain(annotations: &Labels, request: &Resource) -> Ask {
    let plain = Ask { cpu_milli: request.milli_cpu, memory: request.memory, ..Ask::default() };
    ask(annotations, request).ok().flatten().unwrap_or(plain)
}

/// GPUs as an annotation lists them: `0-3`.
pub fn index_text(gpus: &[usize]) -> String {
    gpus.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
}

fn indices(text: &str) -> SmallVec<[usize; 8]> {
    text.split('-').filter_map(|part| part.trim().parse().ok()).filter(|gpu| *gpu < GPUS_MAX as usize).collect()
}

/// The GPUs of a node and who has them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NodeGpus {
    /// What pods have of each GPU, in milli.
    used: Gpus,
    /// Kinds of GPU pods and how many of each are here.
    kinds: SmallVec<[(Ask, u32); 4]>,
}

impl NodeGpus {
    /// Takes note of a pod that came (`sign` 1) or went (-1). Says whether it has any GPU.
    pub fn count(&mut self, annotations: &Labels, request: &Resource, sign: i64) -> bool {
        let Some(held) = annotations.get(GPU_INDEX_KEY) else { return false };
        let Ok(Some(ask)) = ask(annotations, request) else { return false };
        for gpu in indices(held) {
            if self.used.len() <= gpu {
                self.used.resize(gpu + 1, 0);
            }
            self.used[gpu] += sign * ask.gpu_milli;
        }
        // Only the kind matters, not what else is asked for.
        let gpu_milli = if ask.is_share() { 1 } else { GPU_MILLI };
        let kind = Ask { gpus: ask.gpus, gpu_milli, ..Ask::default() };
        match self.kinds.iter().position(|(known, _)| *known == kind) {
            Some(at) if sign < 0 => {
                self.kinds[at].1 -= 1;
                if self.kinds[at].1 == 0 {
                    self.kinds.remove(at);
                }
            }
            Some(at) => self.kinds[at].1 += 1,
            None if sign > 0 => self.kinds.push((kind, 1)),
            None => {}
        }
        true
    }

    /// What is free of each of `count` GPUs.
    pub fn free(&self, count: i64) -> Gpus {
        let used = |gpu: usize| self.used.get(gpu).copied().unwrap_or(0);
        (0..count.clamp(0, GPUS_MAX) as usize).map(|gpu| (GPU_MILLI - used(gpu)).max(0)).collect()
    }

    /// The kinds of pods that have some.
    pub fn kinds(&self) -> Affinities {
        let mut out = Affinities::default();
        self.kinds.iter().for_each(|(kind, _)| out.add(kind));
        out
    }
}

/// What is free on a node for pods that share GPUs; memory in bytes.
pub fn free(node: &crate::scheduler::node_info::NodeInfo) -> Free {
    let count = node.allocatable.scalar(GPU_COUNT_KEY);
    Free {
        cpu_milli: node.allocatable.milli_cpu - node.requested.milli_cpu,
        memory: node.allocatable.memory - node.requested.memory,
        pods: node.allocatable.allowed_pod_number - node.pods.len() as i64,
        gpus: node.gpus.as_ref().map_or_else(|| NodeGpus::default().free(count), |gpus| gpus.free(count)),
    }
}

/// The GPU model of a node.
pub fn model(node: &crate::scheduler::node_info::NodeInfo) -> &str {
    node.labels.get(GPU_MODEL_KEY).unwrap_or("")
}

/// The key that tells pods apart that have equal specs: what their annotations ask for.
pub fn key(annotations: &Labels) -> Option<[Option<Str>; 3]> {
    let keys = [GPU_MILLI_KEY, GPU_COUNT_KEY, GPU_MODEL_KEY].map(|key| annotations.get_str(key).cloned());
    keys.iter().any(Option::is_some).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_say_what_is_asked_for() {
        let request = Resource { milli_cpu: 500, ..Resource::default() };
        let asked = |pairs: &[(&str, &str)]| ask(&Labels::from_pairs(pairs.iter().copied()), &request);
        assert_eq!(asked(&[("a", "b")]), Ok(None));
        let share = asked(&[(GPU_MILLI_KEY, "300"), (GPU_MODEL_KEY, "T4|A10")]).unwrap().unwrap();
        assert_eq!((share.gpus, share.gpu_milli, share.cpu_milli, share.allows("A10"), share.allows("G2")), (1, 300, 500, true, false));
        assert_eq!(asked(&[(GPU_COUNT_KEY, "2")]).unwrap().unwrap().total_gpu_milli(), 2000);
        assert_eq!((asked(&[(GPU_COUNT_KEY, "0")]), asked(&[(GPU_MILLI_KEY, "0")])), (Ok(None), Ok(None)));
        assert!(asked(&[(GPU_MILLI_KEY, "lots")]).unwrap_err().contains("gpu-milli is \"lots\""));
        assert!(asked(&[(GPU_MILLI_KEY, "300"), (GPU_COUNT_KEY, "2")]).unwrap_err().contains("only one GPU can be shared"));
    }

    #[test]
    fn nodes_know_who_has_what() {
        let pod = |milli: &str, index: &str| {
            let count = (index.matches('-').count() + 1).to_string();
            Labels::from_pairs([(GPU_MILLI_KEY, milli), (GPU_COUNT_KEY, &*count), (GPU_INDEX_KEY, index)])
        };
        let mut gpus = NodeGpus::default();
        let request = Resource::default();
        assert!(gpus.count(&pod("300", "1"), &request, 1) && gpus.count(&pod("400", "1"), &request, 1));
        assert!(gpus.count(&pod("1000", "0-2"), &request, 1) && !gpus.count(&Labels::default(), &request, 1));
        assert_eq!((gpus.free(4).as_slice(), gpus.kinds().count()), ([0, 300, 0, 1000].as_slice(), 2));
        gpus.count(&pod("300", "1"), &request, -1);
        gpus.count(&pod("1000", "0-2"), &request, -1);
        assert_eq!((gpus.free(4).as_slice(), gpus.kinds().count()), ([1000, 600, 1000, 1000].as_slice(), 1));
        assert_eq!(index_text(&[0, 2]), "0-2");
    }
}

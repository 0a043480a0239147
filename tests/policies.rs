//! The GPU-sharing policies as plugins of the scheduler decide as the experiment does, which is compared with published tables:
//! same node, same GPUs, pod by pod.

use kubesim::lab::Policy;
use kubesim::lab::fgd::Experiment;
use kubesim::lab::fgd::run::{Decision, Rule};
use kubesim::model::{Object, PodSpec};
use kubesim::scheduler::gpu_sharing::Ask;
use kubesim::scheduler::pod_info::PodInfo;
use kubesim::scheduler::selection::TieBreak;
use kubesim::scheduler::{Outcome, Scheduler};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn experiment() -> Experiment {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab");
    Experiment::read(&folder.join("openb_node_list_cut.csv"), &folder.join("openb_pod_list_cut.csv"), None).unwrap()
}

fn node(experiment: &Experiment, at: u32) -> Arc<Object> {
    let row = &experiment.nodes()[at as usize];
    let allocatable = json!({"cpu": format!("{}m", row.cpu_milli), "memory": format!("{}Mi", row.memory_mib), "pods": "1001",
        "alibabacloud.com/gpu-count": row.gpus.to_string()});
    let json = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": row.name, "labels": {"alibabacloud.com/gpu-card-model": row.model}},
        "status": {"allocatable": allocatable, "capacity": allocatable}});
    Arc::new(Object::from_json(json).unwrap())
}

fn pod(experiment: &Experiment, at: u32, copy: usize) -> Arc<Object> {
    let row = &experiment.pods()[at as usize];
    let mut annotations = json!({});
    if row.ask.gpus > 0 {
        annotations =
            json!({"alibabacloud.com/gpu-count": row.ask.gpus.to_string(), "alibabacloud.com/gpu-milli": row.ask.gpu_milli.to_string()});
        if !row.ask.models.is_empty() {
            annotations["alibabacloud.com/gpu-card-model"] = json!(&*row.ask.models);
        }
    }
    let name = format!("{}-{copy}", row.name);
    let requests = json!({"cpu": format!("{}m", row.ask.cpu_milli), "memory": format!("{}Mi", row.ask.memory)});
    let json = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "uid": name, "annotations": annotations},
        "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": requests}}]}});
    Arc::new(Object::from_json(json).unwrap())
}

/// Plays the arrivals on a real scheduler: per pod the node's name and the GPUs.
fn by_plugins(experiment: &Experiment, policy: &Policy, seed: u64, no_cache: bool) -> Vec<(String, String)> {
    let mut configuration = policy.configuration.clone();
    configuration.profiles[0].args.fgd.typical_pods = experiment.typical().0.clone();
    let mut scheduler = Scheduler::new(&configuration).unwrap();
    scheduler.tie_break = TieBreak::First;
    scheduler.no_cache = no_cache;
    let orders = experiment.orders(seed);
    // Pods that ask for the same share one spec, as those of one template do.
    let mut specs: BTreeMap<Ask, Arc<PodSpec>> = BTreeMap::new();
    orders.nodes.iter().for_each(|&at| scheduler.add_object(&node(experiment, at)));
    let mut out = Vec::new();
    for (copy, &at) in orders.pods.iter().enumerate() {
        let mut object = pod(experiment, at, copy);
        let spec = specs.entry(experiment.pods()[at as usize].ask.clone()).or_insert_with(|| object.as_pod().unwrap().spec.clone());
        Arc::make_mut(&mut object).as_pod_mut().unwrap().spec = spec.clone();
        let info = PodInfo::new(object);
        let mut decision = scheduler.schedule_one(&info);
        let Outcome::Node(id) = decision.outcome else {
            out.push((String::new(), String::new()));
            continue;
        };
        let name = scheduler.world.cache.node(id).name.clone();
        let annotations = scheduler.binding_annotations(&info, id, &decision);
        let gpus = annotations.iter().find(|(key, _)| &**key == "alibabacloud.com/gpu-index");
        out.push((name.to_string(), gpus.map_or(String::new(), |(_, value)| value.to_string())));
        let mut object = (*info.object).clone();
        object.as_pod_mut().unwrap().node_name = name;
        annotations.into_iter().for_each(|(key, value)| object.meta.annotations.set(key, value));
        scheduler.assume(PodInfo { object: Arc::new(object), traits: info.traits.clone() }, &mut decision).unwrap();
    }
    out
}

#[test]
fn plugins_decide_as_the_experiment_does() {
    let experiment = experiment();
    for (name, rule) in Rule::ALL.into_iter().filter(|(_, rule)| *rule != Rule::Random) {
        let mut wanted = Vec::new();
        experiment.run_watched(rule, 42, |decision: Decision| {
            let gpus: Vec<String> = decision.gpus.iter().map(usize::to_string).collect();
            wanted.push((experiment.names(&decision).1.to_string(), gpus.join("-")));
        });
        let policy = Policy::named(name).unwrap();
        let got = by_plugins(&experiment, &policy, 42, false);
        let first = wanted.iter().zip(&got).position(|(wanted, got)| wanted != got);
        assert_eq!(first.map(|at| (at, &wanted[at], &got[at])), None, "{name}");
        assert_eq!(got, by_plugins(&experiment, &policy, 42, true), "{name}: kept scores change nothing");
        assert!(wanted.len() == got.len() && wanted.iter().filter(|(node, _)| node.is_empty()).count() > 10, "{name}");
    }
}

#[test]
fn random_draws_nodes_and_gpus_that_fit() {
    let experiment = experiment();
    let got = by_plugins(&experiment, &Policy::named("Random").unwrap(), 42, false);
    let placed: Vec<&(String, String)> = got.iter().filter(|(node, _)| !node.is_empty()).collect();
    let nodes: std::collections::BTreeSet<&str> = placed.iter().map(|(node, _)| node.as_str()).collect();
    assert!(placed.len() > 150 && nodes.len() == experiment.nodes().len(), "{} pods on {} nodes", placed.len(), nodes.len());
}

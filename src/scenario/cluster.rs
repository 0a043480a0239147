//! `cluster:` of a scenario: nodes by groups, from manifests or from a dump, and the components' settings under their real names.

use super::fields::{At, Fields};
use super::read::{Reader, place};
use super::{Clock, Cluster, Manifest, gates, objects};
use crate::base::collections::Map;
use crate::base::input_error::{InputError, did_you_mean};
use crate::controllers::settings::ControllerManager;
use crate::kubelet::settings::Configuration;
use crate::manifest::Source;
use crate::model::{Kind, Labels, Object, Quantity, Taint};
use crate::scheduler::config::SchedulerConfiguration;
use crate::workload::{NodeRow, pods};
use std::collections::BTreeMap;

type Result<T> = std::result::Result<T, InputError>;

/// Keys of `cluster`.
pub(super) const KEYS: &[&str] = &["nodes", "from", "manifest", "scheduler", "controllerManager", "kubelet", "featureGates", "latency"];
/// Keys of a group of nodes.
pub(super) const GROUP_KEYS: &[&str] =
    &["count", "name", "zone", "region", "cpu", "memory", "pods", "labels", "annotations", "taints", "resources", "manifest"];
/// Keys of `latency`.
pub(super) const LATENCY_KEYS: &[&str] = &["request", "watch", "sandbox", "createContainer", "startContainer", "mount"];
/// Fields of KubeletConfiguration that are simulated.
pub(super) const KUBELET_KEYS: &[&str] = &[
    "apiVersion",
    "kind",
    "maxPods",
    "serializeImagePulls",
    "maxParallelImagePulls",
    "registryPullQPS",
    "registryBurst",
    "nodeStatusUpdateFrequency",
    "nodeStatusReportFrequency",
    "nodeLeaseDurationSeconds",
    "syncFrequency",
    "crashLoopBackOff",
    "evictionHard",
    "evictionPressureTransitionPeriod",
];

/// No cluster may have more nodes.
const NODES_MAX: u64 = 200_000;

/// A group of nodes as the scenario has it.
pub(super) struct Group {
    /// Name, with `#` for the number.
    pub name: String,
    /// How many.
    pub count: u64,
    /// What there is of each resource.
    pub capacity: BTreeMap<String, Quantity>,
    /// Labels beside those that every node has.
    pub labels: Vec<(String, String)>,
    /// Annotations.
    pub annotations: Labels,
    /// Taints.
    pub taints: Vec<Taint>,
}

pub(super) fn read(at: Option<At<'_>>, clock: Clock, reader: &mut Reader<'_>) -> Result<Cluster> {
    let mut cluster = Cluster::default();
    let Some(at) = at else { return Ok(cluster) };
    let fields = Fields::new(at, "`cluster`", KEYS)?;
    if let Some(at) = fields.get("kubelet") {
        cluster.kubelet = kubelet(at)?;
    }
    if let Some(at) = fields.get("controllerManager") {
        cluster.controller_manager = controller_manager(at)?;
    }
    if let Some(at) = fields.get("featureGates") {
        cluster.feature_gates = feature_gates(at)?;
    }
    if let Some(at) = fields.get("latency") {
        latency(at, &mut cluster)?;
    }
    if let Some(at) = fields.get("scheduler") {
        cluster.scheduler = scheduler(at, reader)?;
    }
    let mut seen: Map<String, u32> = Map::default();
    if let Some(at) = fields.get("from") {
        for manifest in files(at, reader)? {
            let (file, line) = (manifest.file, manifest.line);
            match manifest.object.kind() {
                Kind::Node => add(&mut cluster, manifest.object, &mut seen, line, |message| InputError::new(message).in_file(&*file))?,
                _ => cluster.dump.push(manifest.object),
            }
        }
    }
    if let Some(at) = fields.get("manifest") {
        from_manifest(at, clock, reader, &mut cluster, &mut seen)?;
    }
    if let Some(at) = fields.get("nodes") {
        nodes(at, clock, reader, &mut cluster, &mut seen)?;
    }
    Ok(cluster)
}

fn files(at: At<'_>, reader: &mut Reader<'_>) -> Result<Vec<Manifest>> {
    let mut all = Vec::new();
    for path in at.texts()? {
        let base = reader.base.clone();
        let read = reader.manifests(&[path.word()?.to_string()], &base);
        all.extend(read.map_err(|error| if error.file.is_empty() { place(path, error) } else { error })?);
    }
    Ok(all)
}

fn add(
    cluster: &mut Cluster,
    node: Object,
    seen: &mut Map<String, u32>,
    line: u32,
    fault: impl FnOnce(String) -> InputError,
) -> Result<()> {
    let name = node.meta.name.to_string();
    if let Some(first) = seen.get(&name) {
        let hint = if *first > 0 { format!("the first is in line {first}") } else { String::new() };
        return Err(fault(format!("two nodes are named \"{name}\"")).with_hint(hint));
    }
    if seen.len() as u64 >= NODES_MAX {
        return Err(fault(format!("more than {NODES_MAX} nodes")));
    }
    seen.insert(name, line);
    cluster.nodes.push(node);
    Ok(())
}

fn nodes(at: At<'_>, clock: Clock, reader: &mut Reader<'_>, cluster: &mut Cluster, seen: &mut Map<String, u32>) -> Result<()> {
    if at.node.get("manifest").is_some() {
        let fields = Fields::new(at, "`nodes`", &["manifest"])?;
        return from_manifest(fields.required("manifest", "`nodes`")?, clock, reader, cluster, seen);
    }
    for at in at.list()? {
        let fields = Fields::new(at, "a group of nodes", GROUP_KEYS)?;
        if let Some(manifest) = fields.get("manifest") {
            from_manifest(manifest, clock, reader, cluster, seen)?;
            continue;
        }
        let group = group(&fields, u64::from(cluster.kubelet.max_pods))?;
        for number in 1..=group.count {
            let index = seen.len();
            let name = group.name.replace('#', &number.to_string());
            let node = objects::node(&group, name, index, clock);
            let key = if fields.has("name") { "name" } else { "count" };
            add(cluster, node, seen, at.line(), |message| fields.error_at_key(key, message))?;
        }
    }
    Ok(())
}

fn from_manifest(at: At<'_>, clock: Clock, reader: &mut Reader<'_>, cluster: &mut Cluster, seen: &mut Map<String, u32>) -> Result<()> {
    for manifest in files(at, reader)? {
        if manifest.object.kind() != Kind::Node {
            let kind = manifest.object.kind_name();
            let message = format!("{}:{}: {kind} \"{}\" is no Node", manifest.file, manifest.line, manifest.object.meta.name);
            return Err(at.error(message).with_hint("other objects go into `manifests`, whole clusters into `from`"));
        }
        let mut node = manifest.object;
        objects::complete_node(&mut node, seen.len(), u64::from(cluster.kubelet.max_pods), clock);
        add(cluster, node, seen, at.line(), |message| at.error(message))?;
    }
    Ok(())
}

/// Machines of a trace become nodes, after all others.
pub(super) fn add_machines(cluster: &mut Cluster, rows: &[NodeRow], clock: Clock, at: At<'_>) -> Result<()> {
    let mut seen: Map<String, u32> = Map::default();
    for node in &cluster.nodes {
        seen.insert(node.meta.name.to_string(), 0);
    }
    let max_pods = cluster.kubelet.max_pods;
    for row in rows {
        let mut capacity = pods::capacity(row);
        capacity.insert("pods".into(), Quantity::from_value(i64::from(max_pods)));
        capacity.insert("ephemeral-storage".into(), "100Gi".parse().expect("a quantity"));
        let mut labels = Vec::new();
        if !row.gpu_model.is_empty() {
            labels.push((pods::GPU_MODEL.to_string(), pods::label_value(&row.gpu_model)));
        }
        if !row.zone.is_empty() {
            labels.push((objects::ZONE.to_string(), pods::label_value(&row.zone)));
        }
        let name = pods::dns_name(&row.name);
        let group = Group { name: name.clone(), count: 1, capacity, labels, annotations: Labels::default(), taints: Vec::new() };
        let node = objects::node(&group, name, seen.len(), clock);
        add(cluster, node, &mut seen, 0, |message| at.error(message))?;
    }
    Ok(())
}

fn group(fields: &Fields<'_>, max_pods: u64) -> Result<Group> {
    let count = fields.read("count", |at| at.count(NODES_MAX))?.unwrap_or(1);
    let name = match fields.get("name") {
        None => "node-#".to_string(),
        Some(at) => {
            let name = at.word()?;
            if count > 1 && !name.contains('#') {
                let message = format!("{count} nodes cannot all be named \"{name}\"");
                return Err(at.error(message).with_hint(format!("# stands for the number: {name}-#")));
            }
            let example = name.replace('#', "1");
            if let Some(fault) = crate::model::subdomain_errors(&example).first() {
                return Err(at.error(format!("\"{name}\" cannot name a node: {fault}")));
            }
            name.to_string()
        }
    };
    let mut capacity = BTreeMap::new();
    for (key, resource, default) in [("cpu", "cpu", "4"), ("memory", "memory", "16Gi")] {
        let default: Quantity = default.parse().expect("a quantity");
        capacity.insert(resource.to_string(), fields.read(key, |at| at.quantity())?.unwrap_or(default));
    }
    let pods = fields.read("pods", |at| at.count(1 << 20))?.unwrap_or(max_pods);
    capacity.insert("pods".into(), Quantity::from_value(pods as i64));
    capacity.insert("ephemeral-storage".into(), "100Gi".parse().expect("a quantity"));
    for (entry, value) in fields.read("resources", |at| at.map())?.unwrap_or_default() {
        capacity.insert(entry.key.clone(), value.quantity()?);
    }
    let mut labels = Vec::new();
    for (key, label) in [("zone", objects::ZONE), ("region", objects::REGION)] {
        if let Some(at) = fields.get(key) {
            labels.push((label.to_string(), label_value(at)?));
        }
    }
    for (entry, value) in fields.read("labels", |at| at.map())?.unwrap_or_default() {
        if let Some(fault) = crate::model::label_key_errors(&entry.key).first() {
            return Err(value.source().error(entry.span, format!("bad label key \"{}\": {fault}", entry.key)));
        }
        labels.push((entry.key.clone(), label_value(value)?));
    }
    let annotations = fields.read("annotations", |at| at.map())?.unwrap_or_default();
    let annotations = annotations.into_iter().map(|(entry, value)| Ok((entry.key.as_str(), value.text()?))).collect::<Result<Vec<_>>>()?;
    let taints = fields.read("taints", |at| at.list()?.into_iter().map(taint).collect::<Result<Vec<_>>>())?.unwrap_or_default();
    Ok(Group { name, count, capacity, labels, annotations: Labels::from_pairs(annotations), taints })
}

fn label_value(at: At<'_>) -> Result<String> {
    let value = at.text()?;
    match crate::model::label_value_errors(value).first() {
        Some(fault) => Err(at.error(format!("bad label value \"{value}\": {fault}"))),
        None => Ok(value.to_string()),
    }
}

/// `key=value:Effect`, `key:Effect`, or a map as in a Node.
fn taint(at: At<'_>) -> Result<Taint> {
    let taint = if at.node.text().is_some() {
        let text = at.word()?;
        let hint = "a taint is key=value:Effect or key:Effect";
        let Some((what, effect)) = text.rsplit_once(':') else {
            return Err(at.error(format!("\"{text}\" is no taint")).with_hint(hint));
        };
        let (key, value) = what.split_once('=').unwrap_or((what, ""));
        if key.is_empty() {
            return Err(at.error(format!("\"{text}\" is no taint")).with_hint(hint));
        }
        Taint { key: key.into(), value: value.into(), effect: effect.into(), time_added: None }
    } else {
        let fields = Fields::new(at, "a taint", &["key", "value", "effect"])?;
        let text = |key: &str| Ok(fields.read(key, |at| at.text())?.unwrap_or("").to_string());
        let key = fields.required("key", "a taint")?.word()?.to_string();
        Taint { key, value: text("value")?, effect: text("effect")?, time_added: None }
    };
    const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if !EFFECTS.contains(&&*taint.effect) {
        let mut hint = did_you_mean(&taint.effect, EFFECTS);
        if hint.is_empty() {
            hint = format!("one of {}", EFFECTS.join(", "));
        }
        return Err(at.error(format!("\"{}\" is no effect of a taint", taint.effect)).with_hint(hint));
    }
    Ok(taint)
}

fn scheduler(at: At<'_>, reader: &mut Reader<'_>) -> Result<SchedulerConfiguration> {
    if at.node.text().is_none() {
        let value = at.node.to_value();
        return SchedulerConfiguration::from_value(value).map_err(|error| at.error(error.to_string()));
    }
    let path = at.word()?;
    let name = reader.base.join(path).to_string_lossy().into_owned();
    let source = Source::read(&name, reader.stdin).map_err(|error| if error.file.is_empty() { place(at, error) } else { error })?;
    if source.text.trim().is_empty() {
        return Err(InputError::new("the file is empty").in_file(&name).with_hint("it should hold a KubeSchedulerConfiguration"));
    }
    SchedulerConfiguration::from_text(&source.text).map_err(|error| InputError::new(error.to_string()).in_file(&name))
}

/// Takes the flattened fields of KubeControllerManagerConfiguration one by one, so that each fault has its place.
fn controller_manager(at: At<'_>) -> Result<ControllerManager> {
    let defaults = serde_json::to_value(ControllerManager::default()).expect("settings are plain data");
    let serde_json::Value::Object(mut known) = defaults else { unreachable!("settings are a map") };
    let names: Vec<String> = known.keys().cloned().collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut all = vec!["apiVersion", "kind"];
    all.extend(&names);
    if let Some((_, value)) = at.map()?.into_iter().find(|(entry, _)| entry.key == "podEvictionTimeout") {
        let hint = "pods leave a lost node after the tolerationSeconds of their own tolerations; those without get 300";
        return Err(value.error("podEvictionTimeout does not exist any more: taints decide").with_hint(hint));
    }
    Fields::new(at, "`controllerManager`", &all)?;
    for (entry, value) in at.map()? {
        if value.node.is_null() || !known.contains_key(&entry.key) {
            continue;
        }
        let mut one = serde_json::Map::new();
        one.insert(entry.key.clone(), value.node.to_value());
        let read: std::result::Result<ControllerManager, _> = serde_json::from_value(serde_json::Value::Object(one.clone()));
        let read = read.map_err(|error| value.error(format!("{}: {error}", entry.key)))?;
        if let Some((name, fault)) = read.problem() {
            return Err(value.error(format!("{name} {fault}")));
        }
        known.append(&mut one);
    }
    serde_json::from_value(serde_json::Value::Object(known)).map_err(|error| at.error(error.to_string()))
}

fn kubelet(at: At<'_>) -> Result<Configuration> {
    let fields = Fields::new(at, "`kubelet`", KUBELET_KEYS)?;
    let mut all = Configuration::default();
    if let Some(pods) = fields.read("maxPods", |at| at.count(1 << 20))? {
        all.max_pods = pods as u32;
    }
    if let Some(serialize) = fields.read("serializeImagePulls", |at| at.bool())? {
        all.serialize_image_pulls = serialize;
    }
    if let Some(at) = fields.get("maxParallelImagePulls") {
        let pulls = at.count(1 << 20)? as u32;
        if pulls == 0 {
            return Err(at.error("maxParallelImagePulls must be greater than 0"));
        }
        if pulls > 1 && all.serialize_image_pulls {
            let hint = "serializeImagePulls: false";
            return Err(at.error("maxParallelImagePulls cannot be larger than 1 unless serializeImagePulls is false").with_hint(hint));
        }
        all.max_parallel_image_pulls = Some(pulls);
    }
    for (key, rate) in [("registryPullQPS", &mut all.registry_pull_qps), ("registryBurst", &mut all.registry_burst)] {
        if let Some(count) = fields.read(key, |at| at.count(1 << 20))? {
            *rate = count as u32;
        }
    }
    for (key, span) in [
        ("nodeStatusUpdateFrequency", &mut all.node_status_update_frequency),
        ("nodeStatusReportFrequency", &mut all.node_status_report_frequency),
        ("syncFrequency", &mut all.sync_frequency),
        ("evictionPressureTransitionPeriod", &mut all.eviction_pressure_transition_period),
    ] {
        if let Some(at) = fields.get(key) {
            *span = at.span()?;
            if span.is_zero() {
                return Err(at.error(format!("{key} must be greater than 0")));
            }
        }
    }
    if let Some(at) = fields.get("nodeLeaseDurationSeconds") {
        all.node_lease_duration_seconds = at.count(1 << 20)? as u32;
        if all.node_lease_duration_seconds == 0 {
            return Err(at.error("nodeLeaseDurationSeconds must be greater than 0"));
        }
    }
    if let Some(at) = fields.get("crashLoopBackOff") {
        let fields = Fields::new(at, "`crashLoopBackOff`", &["maxContainerRestartPeriod"])?;
        if let Some(period) = fields.read("maxContainerRestartPeriod", |at| at.span())? {
            all.max_container_restart_period = period;
        }
    }
    if let Some(at) = fields.get("evictionHard") {
        let fields = Fields::new(at, "`evictionHard`", &["memory.available"])?;
        if let Some(memory) = fields.read("memory.available", |at| at.quantity())? {
            all.eviction_memory_available = memory;
        }
    }
    Ok(all)
}

fn feature_gates(at: At<'_>) -> Result<BTreeMap<String, bool>> {
    let mut all = BTreeMap::new();
    for (entry, value) in at.map()? {
        let Some(default) = gates::default(&entry.key) else {
            let hint = did_you_mean(&entry.key, gates::ON.iter().chain(gates::OFF).copied());
            return Err(at.source().error(entry.span, format!("unknown feature gate \"{}\"", entry.key)).with_hint(hint));
        };
        let on = value.bool()?;
        if on != default && !gates::HONOURED.contains(&&*entry.key) {
            let message = format!("{}={on} is not simulated: only its default is", entry.key);
            return Err(at.source().error(entry.span, message).with_hint(format!("{}: {default}", entry.key)));
        }
        all.insert(entry.key.clone(), on);
    }
    Ok(all)
}

fn latency(at: At<'_>, cluster: &mut Cluster) -> Result<()> {
    let fields = Fields::new(at, "`latency`", LATENCY_KEYS)?;
    let (latency, runtime) = (&mut cluster.latency, &mut cluster.runtime);
    for (key, dist) in [
        ("request", &mut latency.request),
        ("watch", &mut latency.watch),
        ("sandbox", &mut runtime.sandbox),
        ("createContainer", &mut runtime.create),
        ("startContainer", &mut runtime.start),
        ("mount", &mut runtime.mount),
    ] {
        if let Some(read) = fields.read(key, |at| at.dist())? {
            *dist = read;
        }
    }
    Ok(())
}

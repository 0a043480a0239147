//! Frozen clusters and a queue of pods, and the record of every attempt: the format in which the real scheduler's decisions are kept.
//!
//! A scenario holds nodes, bound pods, other objects and a queue, all as a user writes them, and optionally a configuration. Pods are
//! completed as the API server would; then they are scheduled strictly one after the other. A pod that pushes others out is tried again
//! at once (`preemption` absent) or when the queue is empty (`deferred`).

use super::config::SchedulerConfiguration;
use super::cycle::Scheduler;
use super::decision::{Decision, Detail, Outcome};
use super::pod_info::PodInfo;
use super::record;
use crate::api::pod_prepare::prepare_pod;
use crate::model::{Obj, Object, PodCondition, PriorityClass, Str, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// 2026-06-01T00:00:00Z: when the first scheduled pod starts.
const FIRST_START: i64 = 1_780_272_000;

/// What came of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Golden {
    /// The nodes in the order in which the search walks them.
    pub node_order: Vec<String>,
    /// One record for each attempt.
    pub records: Vec<Value>,
}

/// Schedules the whole queue of a scenario.
///
/// ```
/// let scenario = serde_json::json!({
///     "nodes": [{"metadata": {"name": "n1"}, "status": {"allocatable": {"cpu": "4", "pods": "110"}}}],
///     "queue": [{"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c"}]}}],
/// });
/// let records = kubesim::scheduler::vectors::run(&scenario).unwrap();
/// assert_eq!(records[0]["chosen"], "n1");
/// ```
pub fn run(scenario: &Value) -> Result<Vec<Value>, String> {
    Ok(run_golden(scenario)?.records)
}

/// The same with the order of the nodes.
pub fn run_golden(scenario: &Value) -> Result<Golden, String> {
    run_configured(scenario, &configuration(scenario)?)
}

/// The same with a configuration in place of the scenario's.
pub fn run_configured(scenario: &Value, config: &SchedulerConfiguration) -> Result<Golden, String> {
    let mut run = Run::new(scenario, config)?;
    let mut nominated = vec![];
    for pod in std::mem::take(&mut run.queue) {
        let mut next = Some(pod);
        while let Some(pod) = next.take() {
            next = run.attempt(&pod)?;
            if run.deferred {
                nominated.extend(next.take());
            }
        }
    }
    for victim in std::mem::take(&mut run.terminating) {
        run.remove(&victim);
    }
    run.deferred = false;
    for pod in nominated {
        let current = run.listed.get(&pod.meta.uid).cloned().ok_or_else(|| format!("nominated pod {} is gone", pod.meta.name))?;
        run.attempt(&current)?;
    }
    run.scheduler.world.cache.update_snapshot();
    let node_order = run.scheduler.world.cache.nodes().map(|node| node.name.to_string()).collect();
    Ok(Golden { node_order, records: run.records })
}

/// The objects in a list of a scenario. The kind may be left out where there is only one.
fn objects(scenario: &Value, list: &str, kind: &str) -> Result<Vec<Object>, String> {
    let all = scenario.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let read = |(at, value): (usize, &Value)| {
        let mut value = value.clone();
        if let Value::Object(fields) = &mut value
            && !kind.is_empty()
        {
            fields.insert("apiVersion".into(), "v1".into());
            fields.insert("kind".into(), kind.into());
        }
        Object::from_json(value).map_err(|error| format!("{list}[{at}]: {error}"))
    };
    all.iter().enumerate().map(read).collect()
}

/// The configuration of a scenario: every node is searched unless it says otherwise.
fn configuration(scenario: &Value) -> Result<SchedulerConfiguration, String> {
    let text = scenario.get("config").and_then(Value::as_str).unwrap_or_default();
    let wrap = |error: super::config::ConfigError| format!("config: {error}");
    if text.trim().is_empty() {
        return Ok(SchedulerConfiguration { percentage_of_nodes_to_score: 100, ..SchedulerConfiguration::default() });
    }
    let mut config = SchedulerConfiguration::from_text(text).map_err(wrap)?;
    if !says_percentage(text) {
        config.percentage_of_nodes_to_score = 100;
    }
    Ok(config)
}

/// Whether the configuration itself (not one of its profiles) states a percentage.
fn says_percentage(text: &str) -> bool {
    let options = serde_saphyr::options! { legacy_octal_numbers: true, strict_booleans: false };
    let value: Value = serde_saphyr::from_str_with_options(text, options).unwrap_or_default();
    value.get("percentageOfNodesToScore").is_some()
}

struct Run {
    scheduler: Scheduler,
    classes: BTreeMap<String, PriorityClass>,
    by_name: bool,
    deferred: bool,
    detail: Detail,
    queue: Vec<Obj>,
    records: Vec<Value>,
    attempts: BTreeMap<String, u64>,
    scheduled: i64,
    listed: BTreeMap<Str, Obj>,
    terminating: Vec<Obj>,
}

impl Run {
    fn new(scenario: &Value, config: &SchedulerConfiguration) -> Result<Self, String> {
        let text = |key: &str| scenario.get(key).and_then(Value::as_str).unwrap_or_default();
        let mut run = Run {
            scheduler: Scheduler::new(config)?,
            classes: BTreeMap::new(),
            by_name: text("tieBreak") != "kube",
            deferred: text("preemption") == "deferred",
            detail: if text("detail") == "brief" { Detail::Brief } else { Detail::Full },
            queue: vec![],
            records: vec![],
            attempts: BTreeMap::new(),
            scheduled: 0,
            listed: BTreeMap::new(),
            terminating: vec![],
        };
        for object in objects(scenario, "objects", "")? {
            if let Some(class) = object.as_priority_class() {
                run.classes.insert(object.meta.name.to_string(), class.clone());
            }
            run.scheduler.add_object(&Arc::new(object));
        }
        for node in objects(scenario, "nodes", "Node")? {
            run.scheduler.add_object(&Arc::new(node));
        }
        for list in ["pods", "queue"] {
            for pod in objects(scenario, list, "Pod")? {
                let pod = run.prepared(pod);
                if run.listed.contains_key(&pod.meta.uid) {
                    return Err(format!(
                        "{list}: pod {}/{} comes a second time with uid {:?}",
                        pod.meta.namespace, pod.meta.name, pod.meta.uid
                    ));
                }
                run.listed.insert(pod.meta.uid.clone(), pod.clone());
                run.scheduler.add_object(&pod);
                if list == "queue" {
                    run.queue.push(pod);
                }
            }
        }
        Ok(run)
    }

    fn prepared(&self, mut pod: Object) -> Obj {
        prepare_pod(&mut pod, |name| self.classes.get(name).cloned());
        Arc::new(pod)
    }

    fn list(&mut self, pod: &Obj) {
        self.scheduler.add_object(pod);
        self.listed.insert(pod.meta.uid.clone(), pod.clone());
    }

    /// One attempt. Gives back the pod, now nominated, if it is to be tried again.
    fn attempt(&mut self, object: &Obj) -> Result<Option<Obj>, String> {
        let pod = PodInfo::new(object.clone());
        let attempt = self.attempts.entry(pod.key()).or_default();
        *attempt += 1;
        let mut out = record::start(&pod, *attempt);
        if let Err(status) = self.scheduler.pre_enqueue(&pod) {
            out.insert("result".into(), "gated".into());
            out.insert("gate".into(), record::rejection(&status));
            self.finish(out);
            return Ok(None);
        }
        let mut decision = self.scheduler.schedule_one(&pod);
        record::describe(&mut out, &self.scheduler.world, &decision, self.detail);
        let again = match decision.outcome.clone() {
            Outcome::Node(node) => {
                let choice = self.scheduler.world.cache.node(node).name.clone();
                self.settle(&mut out, &pod, &mut decision, choice)?;
                None
            }
            Outcome::Error(message) => {
                out.insert("result".into(), "error".into());
                out.insert("message".into(), message.into());
                None
            }
            Outcome::Unschedulable => self.fail(&mut out, object, &decision),
        };
        self.finish(out);
        Ok(again)
    }

    fn finish(&mut self, mut out: Map<String, Value>) {
        out.insert("nextStartNodeIndex".into(), self.scheduler.next_start_node_index().into());
        self.records.push(Value::Object(out));
    }

    /// Takes a node among equals and puts the pod there.
    fn settle(&mut self, out: &mut Map<String, Value>, pod: &PodInfo, decision: &mut Decision, choice: Str) -> Result<(), String> {
        let name = |&id: &u32| self.scheduler.world.cache.node(id).name.clone();
        let mut ties: Vec<Str> = decision.ties().iter().map(name).collect();
        if decision.scores.is_some() {
            ties.sort_unstable();
        }
        // The nodes that PreFilter leaves are walked in no order that could be foreseen.
        let open = decision.pre_filter.nodes.is_some() && ties.len() > 1;
        let chosen = if self.by_name || open { ties[0].clone() } else { choice.clone() };
        out.insert("ties".into(), ties.iter().map(|tie| &**tie).collect());
        if !open {
            out.insert("kubeChoice".into(), (&*choice).into());
        }
        let mut assumed = (*pod.object).clone();
        let body = assumed.as_pod_mut().expect("it is a pod");
        body.node_name = chosen.clone();
        let start = Timestamp(FIRST_START + self.scheduled);
        Arc::make_mut(&mut body.status).start_time = Some(start);
        let assumed = Arc::new(assumed);
        match self.scheduler.assume(PodInfo::new(assumed.clone()), decision) {
            Ok(()) => {
                self.scheduled += 1;
                out.insert("result".into(), "scheduled".into());
                out.insert("chosen".into(), (&*chosen).into());
                out.insert("startTime".into(), start.to_string().into());
                self.list(&assumed);
            }
            Err(status) => {
                out.insert("result".into(), "unschedulable".into());
                out.insert("reserve".into(), record::rejection(&status));
            }
        }
        Ok(())
    }

    /// Notes why nothing was found and carries out a preemption.
    fn fail(&mut self, out: &mut Map<String, Value>, object: &Obj, decision: &Decision) -> Option<Obj> {
        out.insert("result".into(), "unschedulable".into());
        if !decision.diagnosis.unschedulable_plugins.is_empty() {
            out.insert("unschedulablePlugins".into(), decision.diagnosis.unschedulable_plugins.iter().copied().collect());
        }
        out.insert("message".into(), (&*decision.message()).into());
        let mut pod = (**object).clone();
        if let Some(node) = &decision.nominate {
            Arc::make_mut(&mut pod.as_pod_mut().expect("it is a pod").status).nominated_node_name = node.clone();
        }
        let pod = Arc::new(pod);
        self.list(&pod);
        let preemption = decision.preemption.as_ref()?;
        out.insert("preemption".into(), record::preemption(preemption));
        for other in &preemption.cleared_nominations {
            let mut other = (**self.listed.get(other.uid()).unwrap_or(&other.object)).clone();
            Arc::make_mut(&mut other.as_pod_mut().expect("it is a pod").status).nominated_node_name = Str::default();
            self.list(&Arc::new(other));
        }
        for victim in &preemption.best().victims {
            self.evict(&victim.object);
        }
        Some(pod)
    }

    fn evict(&mut self, victim: &Obj) {
        if !self.deferred {
            return self.remove(victim);
        }
        if victim.meta.is_deleting() {
            if !self.terminating.iter().any(|other| other.meta.uid == victim.meta.uid) {
                self.terminating.push(victim.clone());
            }
            return;
        }
        let mut marked = (**victim).clone();
        marked.meta.deletion_timestamp = Some(Timestamp(FIRST_START));
        let condition = PodCondition {
            r#type: "DisruptionTarget".into(),
            status: "True".into(),
            reason: "PreemptionByScheduler".into(),
            ..PodCondition::default()
        };
        Arc::make_mut(&mut marked.as_pod_mut().expect("it is a pod").status).conditions.push(condition);
        let marked = Arc::new(marked);
        self.list(&marked);
        self.terminating.push(marked);
    }

    fn remove(&mut self, pod: &Obj) {
        self.scheduler.remove_object(pod);
        self.listed.remove(&pod.meta.uid);
    }
}

/// One line of the format: reads a scenario, writes its name and records.
pub fn run_line(line: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let scenario = value.get("scenario").ok_or("the line has no field \"scenario\"")?;
    let name = scenario.get("name").cloned().unwrap_or(Value::Null);
    Ok(json!({"name": name, "records": run(scenario)?}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> Value {
        json!({"metadata": {"name": name}, "status": {"allocatable": {"cpu": "1", "pods": "10"}}})
    }

    fn pod(name: &str, node: &str, priority: i32) -> Value {
        json!({"metadata": {"name": name}, "spec": {"nodeName": node, "priority": priority, "containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]}})
    }

    #[test]
    fn a_more_important_pod_pushes_another_out() {
        let scenario =
            json!({"nodes": [node("n1"), node("n2")], "pods": [pod("a", "n1", 0), pod("b", "n2", 5)], "queue": [pod("c", "", 9)]});
        let golden = run_golden(&scenario).unwrap();
        assert_eq!(golden.node_order, ["n1", "n2"]);
        let [first, second] = golden.records.as_slice() else { panic!("two attempts") };
        assert_eq!(first["preemption"]["node"], "n1");
        assert_eq!(
            first["message"],
            "0/2 nodes are available: 2 Insufficient cpu. preemption: found a potential placement for pod on node n1, preempting 1 victims"
        );
        assert_eq!((&second["result"], &second["chosen"], &second["nominatedBefore"]), (&json!("scheduled"), &json!("n1"), &json!("n1")));
    }

    #[test]
    fn lines_go_in_and_out() {
        let line = json!({"scenario": {"name": "s", "nodes": [], "queue": [pod("c", "", 0)]}}).to_string();
        let out = run_line(&line).unwrap();
        assert_eq!(out["records"][0]["message"], "no nodes available to schedule pods");
        assert_eq!(out["name"], "s");
        assert!(run_line("{}").is_err() && run(&json!({"queue": [5]})).is_err());
    }
}

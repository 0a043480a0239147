//! PodDisruptionBudgets: how many pods of each are healthy, and so how many may be evicted now.
//! Real: pkg/controller/disruption/disruption.go, staging/src/k8s.io/component-helpers/apps/poddisruptionbudget @ v1.37.2.

use super::{ControllerManager, select};
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::{Ctx, EventType, Kinds};
use crate::api::Verb;
use crate::base::Span;
use crate::base::collections::Map;
use crate::model::*;
use crate::store::{Change, Id, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A granted eviction that has not led to a deletion after so long is forgotten.
const DELETION_TIMEOUT_S: i64 = 120;
/// A pod's DisruptionTarget that has not led to a deletion after so long is taken back.
const STALE_TARGET_S: i64 = 120;

/// The controller.
pub struct Disruption {
    limits: Option<Limits>,
    workers: usize,
    /// Budgets by namespace with their selectors, in order of their creation.
    budgets: Map<Str, Vec<(Id, Str, Selector)>>,
}

impl Disruption {
    /// With the kube-controller-manager's settings.
    pub fn new(settings: &ControllerManager) -> Disruption {
        Disruption { limits: settings.client_limits(), workers: settings.concurrent_disruption_syncs, budgets: Map::default() }
    }

    fn budget_changed(&mut self, change: Change<'_>) {
        let object = change.object();
        let list = self.budgets.get_or_insert_with(object.meta.namespace.clone(), Vec::new);
        let place = list.iter().position(|(id, ..)| *id == change.id);
        let Some(budget) = change.after.and_then(|budget| budget.as_pod_disruption_budget()) else {
            if let Some(place) = place {
                list.remove(place);
            }
            return;
        };
        let selector = Selector::from_label_selector(budget.spec.selector.as_ref()).unwrap_or(Selector::NOTHING);
        let entry = (change.id, object.meta.name.clone(), selector);
        match place {
            Some(place) => list[place] = entry,
            None => list.push(entry),
        }
    }

    fn pod_changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let pod = change.object();
        if let Some(budgets) = self.budgets.get(&pod.meta.namespace) {
            let mut covering = budgets.iter().filter(|(_, _, selector)| selector.matches(&pod.meta.labels));
            if let Some(first) = covering.next() {
                let last = covering.next_back();
                // Of several the real one takes an arbitrary one.
                let chosen = if change.before.is_none() { last.unwrap_or(first) } else { first };
                if last.is_some() {
                    let (namespace, name) = (&pod.meta.namespace, &pod.meta.name);
                    let text =
                        format!("Pod {namespace:?}/{name:?} matches multiple PodDisruptionBudgets.  Chose {:?} arbitrarily.", &*chosen.1);
                    cx.event(pod, EventType::Warning, "MultiplePodDisruptionBudgets", text);
                }
                work.add(chosen.0);
            }
        }
        if let Some(after) = change.after
            && let Some(wait) = stale_target(after, cx)
        {
            work.add_after(change.id, wait, cx);
        }
    }
}

/// What one reconciliation keeps: how to go on when the status is written.
#[derive(Debug, Default)]
pub struct Progress {
    recheck: Option<Span>,
    failsafe: bool,
}

impl Controller for Disruption {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "controllermanager"
    }

    fn watches(&self) -> Kinds {
        // The pods' controllers are read too, but their changes wake nobody.
        Kinds::of(&[Kind::PodDisruptionBudget, Kind::Pod])
    }

    fn resyncs(&self) -> Kinds {
        Kinds::of(&[Kind::PodDisruptionBudget])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        let object = change.object();
        let target = |object: &Obj| object.as_pod().is_some_and(|pod| pod.condition("DisruptionTarget").is_some());
        object.kind() != Kind::Pod || self.budgets.contains_key(&object.meta.namespace) || target(object)
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        match change.kind() {
            Kind::PodDisruptionBudget => {
                self.budget_changed(change);
                work.add(change.id);
            }
            Kind::Pod => self.pod_changed(change, work, cx),
            _ => {}
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        let view = cx.view;
        let Some(object) = view.get(key) else { return Step::Done };
        if object.kind() == Kind::Pod {
            return sync_stale_target(object, sync, cx);
        }
        if let Some(answer) = sync.answers.first() {
            return match answer {
                Ok(_) => sync.progress.recheck.map_or(Step::Done, Step::After),
                Err(error) if error.code() == 409 || sync.progress.failsafe => Step::Retry(error.to_string()),
                Err(error) => fail_safe(object, error.to_string(), sync, cx),
            };
        }
        match look(object, cx) {
            Err(text) => fail_safe(object, text, sync, cx),
            Ok((status, recheck)) => {
                sync.progress.recheck = recheck;
                match status {
                    Some(status) => Step::call(write(object, status)),
                    None => recheck.map_or(Step::Done, Step::After),
                }
            }
        }
    }
}

fn write(object: &Object, status: PodDisruptionBudgetStatus) -> Verb {
    let mut after = object.clone();
    after.as_pod_disruption_budget_mut().expect("a budget").status = Arc::new(status);
    Verb::UpdateStatus(Box::new(after))
}

/// If all else fails, no eviction shall be granted.
fn fail_safe(object: &Object, text: String, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
    sync.progress = Progress { recheck: None, failsafe: true };
    let budget = object.as_pod_disruption_budget().expect("a budget");
    let mut status = (*budget.status).clone();
    status.disruptions_allowed = 0;
    status.set_condition("False", "SyncFailed", &text, cx.timestamp());
    Step::call(write(object, status))
}

/// The budget's new status, if it differs, and when to look again.
fn look(object: &Obj, cx: &mut Ctx<'_>) -> Result<(Option<PodDisruptionBudgetStatus>, Option<Span>), String> {
    let budget = object.as_pod_disruption_budget().expect("a budget");
    let selector = Selector::from_label_selector(budget.spec.selector.as_ref());
    let selector = selector.inspect_err(|error| {
        cx.event(object, EventType::Warning, "NoPods", format!("Failed to get pods: {error}"));
    })?;
    let pods: Vec<&Obj> = select::pods(cx.view, &object.meta.namespace, &selector).into_iter().map(|(_, pod)| pod).collect();
    if pods.is_empty() {
        cx.event(object, EventType::Normal, "NoPods", "No matching pods found");
    }
    let (expected, desired, unmanaged) = expected_pods(budget, &pods, cx.view).inspect_err(|error| {
        let text = format!("Failed to calculate the number of expected pods: {error}");
        cx.event(object, EventType::Warning, "CalculateExpectedPodCountFailed", text);
    })?;
    if unmanaged {
        let text = format!(
            "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of the PDB \
             cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \
             \".spec.minAvailable\" field of the PDB to an integer value.",
            go_selector(budget.spec.selector.as_ref())
        );
        cx.event(object, EventType::Warning, "UnmanagedPods", text);
    }
    let now = cx.timestamp();
    let mut disrupted = BTreeMap::new();
    let mut recheck: Option<i64> = None;
    for pod in pods.iter().filter(|pod| !pod.meta.is_deleting()) {
        let Some(Some(granted)) = budget.status.disrupted_pods.get(&*pod.meta.name) else { continue };
        let deadline_s = granted.0 + DELETION_TIMEOUT_S;
        if deadline_s < now.0 {
            // The real text names the namespace twice.
            let namespace = &object.meta.namespace;
            let text = format!("Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't");
            cx.event(pod, EventType::Warning, "NotDeleted", text);
        } else {
            recheck = Some(recheck.map_or(deadline_s, |soonest| soonest.min(deadline_s)));
            disrupted.insert(pod.meta.name.to_string(), Some(*granted));
        }
    }
    let healthy = |pod: &&&Obj| {
        let granted = disrupted.get(&*pod.meta.name).copied().flatten();
        let leaving = granted.is_some_and(|granted| granted.0 + DELETION_TIMEOUT_S > now.0);
        !pod.meta.is_deleting() && !leaving && pod.as_pod().is_some_and(Pod::is_ready)
    };
    let current = pods.iter().filter(healthy).count() as i32;
    let recheck = recheck.map(|at_s| Span::from_s((at_s - now.0).max(0) as u64 + 1));
    Ok((new_status(object, (expected, desired, current), disrupted, now), recheck))
}

fn new_status(
    object: &Object,
    (expected, desired, current): (i32, i32, i32),
    disrupted: BTreeMap<String, Option<Timestamp>>,
    now: Timestamp,
) -> Option<PodDisruptionBudgetStatus> {
    let old = &object.as_pod_disruption_budget().expect("a budget").status;
    // Without pods nothing is allowed: the first ones shall not be evicted before they were counted.
    let allowed = if expected <= 0 { 0 } else { (current - desired).max(0) };
    let mut status = PodDisruptionBudgetStatus {
        observed_generation: object.meta.generation,
        disrupted_pods: disrupted,
        disruptions_allowed: allowed,
        current_healthy: current,
        desired_healthy: desired,
        expected_pods: expected,
        conditions: old.conditions.clone(),
        rest: Rest::default(),
    };
    let mut told = status.clone();
    told.update_condition(now);
    let condition = |status: &PodDisruptionBudgetStatus| status.condition().map(|c| (c.status.clone(), c.reason.clone()));
    let up_to_date = condition(old) == condition(&told);
    status.rest = old.rest.clone();
    if up_to_date && status == **old {
        return None;
    }
    Some(told)
}

/// How many pods there should be, how many must be healthy, and whether some have no controller.
fn expected_pods(budget: &PodDisruptionBudget, pods: &[&Obj], view: View<'_>) -> Result<(i32, i32, bool), String> {
    let bad = |value: &IntOrString| format!("invalid value for IntOrString: invalid type: string is not a percentage: {value}");
    match (&budget.spec.max_unavailable, &budget.spec.min_available) {
        (Some(most), _) => {
            let (expected, unmanaged) = expected_scale(pods, view)?;
            let unavailable = most.scaled(expected, true).ok_or_else(|| bad(most))?;
            Ok((expected, (expected - unavailable).max(0), unmanaged))
        }
        (None, Some(IntOrString::Int(least))) => Ok((pods.len() as i32, *least, false)),
        (None, Some(least)) => {
            let (expected, unmanaged) = expected_scale(pods, view)?;
            Ok((expected, least.scaled(expected, true).ok_or_else(|| bad(least))?, unmanaged))
        }
        (None, None) => Ok((0, 0, false)),
    }
}

/// The sum of the sizes of all controllers of these pods.
fn expected_scale(pods: &[&Obj], view: View<'_>) -> Result<(i32, bool), String> {
    let mut scales: BTreeMap<Str, i32> = BTreeMap::new();
    let mut asked: BTreeMap<Str, ()> = BTreeMap::new();
    let mut unmanaged = false;
    for pod in pods {
        let Some(owner) = pod.meta.controller() else {
            unmanaged = true;
            continue;
        };
        if asked.insert(owner.uid.clone(), ()).is_some() {
            continue;
        }
        let (uid, scale) = controller_scale(owner, &pod.meta.namespace, view)?
            .ok_or_else(|| format!("found no controllers for pod {:?}", &*pod.meta.name))?;
        scales.insert(uid, scale);
    }
    Ok((scales.values().sum(), unmanaged))
}

fn controller_scale(owner: &OwnerReference, namespace: &str, view: View<'_>) -> Result<Option<(Str, i32)>, String> {
    let find = |kind: Kind, owner: &OwnerReference| view.find(kind, namespace, &owner.name).filter(|found| found.meta.uid == owner.uid);
    let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
    let plain = |object: &Obj, replicas: Option<i32>| Some((object.meta.uid.clone(), replicas.unwrap_or(1)));
    Ok(match (&*owner.kind, group) {
        ("ReplicaSet", "apps" | "extensions") => {
            let Some(set) = find(Kind::ReplicaSet, owner) else { return Ok(None) };
            match set.meta.controller().filter(|above| &*above.kind == "Deployment") {
                Some(above) => {
                    let deployment = find(Kind::Deployment, above);
                    deployment.and_then(|d| plain(d, d.as_deployment().and_then(|body| body.spec.replicas)))
                }
                None => plain(set, set.as_replica_set().and_then(|body| body.spec.replicas)),
            }
        }
        ("ReplicationController", "") => {
            find(Kind::ReplicationController, owner).and_then(|o| plain(o, o.as_replication_controller().and_then(|b| b.spec.replicas)))
        }
        ("StatefulSet", "apps") => find(Kind::StatefulSet, owner).and_then(|o| plain(o, o.as_stateful_set().and_then(|b| b.spec.replicas))),
        (kind, _) => {
            let known = Kind::ALL.iter().find(|known| known.name() == kind);
            let resource = match known {
                Some(known) => crate::api::error::qualified(known.plural(), &owner.api_version),
                None => crate::api::error::qualified(&crate::api::server::plural_of(kind), &owner.api_version),
            };
            return Err(format!("{resource} does not implement the scale subresource"));
        }
    })
}

/// A selector as Go prints a pointer to it.
fn go_selector(selector: Option<&LabelSelector>) -> String {
    let Some(selector) = selector else { return "nil".into() };
    let labels: String = selector.match_labels.iter().map(|(key, value)| format!("{key}: {value},")).collect();
    let demands: String = selector
        .match_expressions
        .iter()
        .map(|e| format!("LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},", e.key, e.operator, e.values.join(" ")))
        .collect();
    format!("&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{demands}}},}}")
}

/// How long until a pod's DisruptionTarget counts as stale; nothing when it never does.
fn stale_target(pod: &Obj, cx: &Ctx<'_>) -> Option<Span> {
    let body = pod.as_pod()?;
    let condition = body.condition("DisruptionTarget")?;
    if pod.meta.is_deleting() || &*condition.status != "True" || &*condition.reason == "TerminationByKubelet" || body.is_terminal() {
        return None;
    }
    let since = condition.last_transition_time.unwrap_or_default();
    let left_ns = i128::from(STALE_TARGET_S) * 1_000_000_000 - cx.clock.age_ns(since, cx.now);
    Some(Span(left_ns.max(0) as u64))
}

fn sync_stale_target(pod: &Obj, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
    if let Some(answer) = sync.answers.first() {
        return answer.as_ref().err().map_or(Step::Done, |error| Step::Retry(error.to_string()));
    }
    match stale_target(pod, cx) {
        None => Step::Done,
        Some(wait) if !wait.is_zero() => Step::After(wait),
        Some(_) => {
            let mut after = (**pod).clone();
            let generation = after.meta.generation;
            let condition = PodCondition {
                r#type: "DisruptionTarget".into(),
                observed_generation: generation,
                status: "False".into(),
                ..PodCondition::default()
            };
            let now = cx.timestamp();
            Arc::make_mut(&mut after.as_pod_mut().expect("a pod").status).update_condition(condition, now);
            Step::call(Verb::UpdateStatus(Box::new(after)))
        }
    }
}

#[cfg(test)]
mod tests;

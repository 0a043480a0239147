//! Evictions: deletions in the name of a disruption, in which the PodDisruptionBudgets have their say.
//! Real: pkg/registry/core/pod/storage/eviction.go @ v1.37.2.

use super::ApiError;
use super::request::{Answer, DeleteOptions};
use super::server::{Server, present, resource_of, write};
use crate::base::Time;
use crate::model::{Kind, Obj, PodCondition, PodPhase, Selector};
use crate::store::{Id, Key, Store};
use std::sync::Arc;

/// A budget with more granted evictions than this that nobody has confirmed grants no more.
const DISRUPTED_PODS_MAX: usize = 2_000;

impl Server {
    /// Deletes a pod in the name of a disruption, if the budgets that cover it allow; first marks it as the target of one.
    pub(super) fn evict(&mut self, store: &mut Store, at: Time, target: &Key, options: &DeleteOptions) -> Answer {
        let (id, pod) = present(store, target)?;
        if !needs_no_budget(&pod) {
            self.ask_budget(store, at, &pod)?;
        }
        self.check_evicted(target, &pod, options)?;
        let mut after = (*pod).clone();
        let condition = PodCondition {
            r#type: "DisruptionTarget".into(),
            status: "True".into(),
            reason: "EvictionByEvictionAPI".into(),
            message: "Eviction API: evicting".into(),
            ..PodCondition::default()
        };
        let now = self.clock.timestamp(at);
        let Some(body) = after.as_pod_mut() else { return Err(ApiError::method_not_supported(&resource_of(target), "eviction")) };
        if Arc::make_mut(&mut body.status).update_condition(condition, now) {
            write(store, at, id, after);
        }
        let mut options = options.clone();
        options.preconditions.resource_version = None;
        self.delete(store, at, target, &options)
    }

    fn check_evicted(&self, target: &Key, pod: &Obj, options: &DeleteOptions) -> Result<(), ApiError> {
        let wanted = &options.preconditions;
        let (uid, version) = (&pod.meta.uid, pod.meta.resource_version);
        if let Some(asked) = wanted.uid.as_ref().filter(|asked| *asked != uid) {
            let text = format!(
                "the UID in the precondition ({asked}) does not match the UID in record ({uid}). The object might have been deleted and \
                 then recreated"
            );
            return Err(ApiError::conflict("Pod", &target.name, &text));
        }
        if let Some(asked) = wanted.resource_version.filter(|asked| *asked != version) {
            let text = format!(
                "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({version}). The object \
                 might have been modified"
            );
            return Err(ApiError::conflict("Pod", &target.name, &text));
        }
        Ok(())
    }

    /// Finds the budget that covers a pod and takes one disruption from it, unless the pod is not healthy anyhow.
    fn ask_budget(&self, store: &mut Store, at: Time, pod: &Obj) -> Result<(), ApiError> {
        let covering = budgets_of(store, pod);
        let (id, object) = match &covering[..] {
            [] => return Ok(()),
            [one] => one,
            _ => {
                let text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
                return Err(ApiError::without_reason(text));
            }
        };
        let Some(budget) = object.as_pod_disruption_budget() else { return Ok(()) };
        let (spec, status) = (&budget.spec, &budget.status);
        if !pod.as_pod().is_some_and(|pod| pod.is_ready()) {
            let always = spec.unhealthy_pod_eviction_policy.as_deref() == Some("AlwaysAllow");
            if always || status.current_healthy >= status.desired_healthy && status.desired_healthy > 0 {
                return Ok(());
            }
        }
        check(object)?;
        let now = self.clock.timestamp(at);
        let mut after = (**object).clone();
        let status = Arc::make_mut(&mut after.as_pod_disruption_budget_mut().expect("found above").status);
        status.disruptions_allowed -= 1;
        if status.disruptions_allowed == 0 {
            status.update_condition(now);
        }
        status.disrupted_pods.insert(pod.meta.name.to_string(), Some(now));
        write(store, at, *id, after);
        Ok(())
    }
}

/// A pod that does not run, or not any more, or is going anyhow.
fn needs_no_budget(pod: &Obj) -> bool {
    let phase = pod.as_pod().map_or(PodPhase::Unknown, |pod| pod.status.phase);
    matches!(phase, PodPhase::Succeeded | PodPhase::Failed | PodPhase::Pending) || pod.meta.is_deleting()
}

fn budgets_of(store: &Store, pod: &Obj) -> Vec<(Id, Obj)> {
    let covers = |budget: &Obj| {
        let selector = budget.as_pod_disruption_budget().and_then(|budget| budget.spec.selector.as_ref());
        Selector::from_label_selector(selector).is_ok_and(|selector| selector.matches(&pod.meta.labels))
    };
    let all = store.now().list_in(Kind::PodDisruptionBudget, &pod.meta.namespace);
    all.filter(|(_, budget)| covers(budget)).map(|(id, budget)| (id, budget.clone())).collect()
}

/// Refuses when the budget allows no disruption now.
fn check(object: &Obj) -> Result<(), ApiError> {
    let status = &object.as_pod_disruption_budget().expect("a budget").status;
    let name = &object.meta.name;
    if status.observed_generation < object.meta.generation {
        let mut error = ApiError::disruption_budget(&format!("The disruption budget {name} is still being processed by the server."));
        if let Some(details) = &mut error.details {
            details.retry_after_seconds = 10;
        }
        return Err(error);
    }
    if status.disrupted_pods.len() > DISRUPTED_PODS_MAX {
        let text = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        return Err(ApiError::forbidden("poddisruptionbudget.policy", name, text));
    }
    if status.disruptions_allowed > 0 {
        return Ok(());
    }
    let condition = status.conditions.iter().find(|condition| &*condition.r#type == "DisruptionAllowed");
    let refusing = condition.filter(|condition| &*condition.status == "False" && !condition.message.is_empty());
    let cause = match refusing {
        Some(failed) if &*failed.reason == "SyncFailed" => {
            format!("The disruption budget {name} does not allow evicting pods currently because it failed sync: {}", failed.message)
        }
        _ if status.current_healthy <= status.desired_healthy => {
            let (needed, present) = (status.desired_healthy, status.current_healthy);
            format!("The disruption budget {name} needs {needed} healthy pods and has {present} currently")
        }
        Some(other) => {
            format!("The disruption budget {name} does not allow evicting pods currently ({}): {}", other.reason, other.message)
        }
        None => format!("The disruption budget {name} does not allow evicting pods currently"),
    };
    Err(ApiError::disruption_budget(&cause))
}

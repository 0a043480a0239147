//! ResourceQuotas: what a namespace uses, counted anew when a quota's limits change, when something that counts goes, and
//! from time to time. What is created is charged by admission meanwhile.
//! Real: pkg/controller/resourcequota/resource_quota_controller.go, pkg/quota/v1/install/update_filter.go @ v1.37.2.

use super::ControllerManager;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::{Ctx, Kinds};
use crate::api::Verb;
use crate::base::Span;
use crate::base::collections::Map;
use crate::model::quota_usage::{concerns, in_scope, is_charged, usage};
use crate::model::*;
use crate::store::{Change, Id};
use std::collections::BTreeSet;
use std::sync::Arc;

const RESYNC: u32 = 0;

/// The controller.
pub struct ResourceQuotas {
    limits: Option<Limits>,
    workers: usize,
    period: Span,
    quotas: Map<Str, Vec<Id>>,
    all: BTreeSet<Id>,
    /// Whether the timer of the full recount is set.
    ticking: bool,
}

impl ResourceQuotas {
    /// With the kube-controller-manager's settings.
    pub fn new(settings: &ControllerManager) -> ResourceQuotas {
        ResourceQuotas {
            limits: settings.client_limits(),
            workers: settings.concurrent_resource_quota_syncs,
            period: settings.resource_quota_sync_period,
            quotas: Map::default(),
            all: BTreeSet::new(),
            ticking: false,
        }
    }

    fn quota_changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let list = self.quotas.get_or_insert_with(change.object().meta.namespace.clone(), Vec::new);
        list.retain(|id| *id != change.id);
        if change.after.is_none() {
            self.all.remove(&change.id);
            return;
        }
        list.push(change.id);
        self.all.insert(change.id);
        let hard = |object: Option<&Obj>| object.and_then(|object| object.as_resource_quota()).map(|quota| quota.spec.hard.clone());
        if hard(change.before) != hard(change.after) {
            work.add(change.id);
        }
        if !self.ticking && !self.period.is_zero() {
            self.ticking = true;
            work.wake_in(self.period, RESYNC, cx);
        }
    }
}

/// Whether a change can lower what a namespace uses (or raise it without admission).
fn replenishes(change: &Change<'_>, now: Timestamp) -> bool {
    let (Some(before), Some(after)) = (change.before, change.after) else { return change.after.is_none() };
    match (&before.body, &after.body) {
        (Body::Pod(b), Body::Pod(a)) => {
            let deadline = b.spec.active_deadline_seconds.is_some() != a.spec.active_deadline_seconds.is_some();
            deadline || is_charged(before, now) && !is_charged(after, now)
        }
        (Body::Service(b), Body::Service(a)) => b.spec.r#type != a.spec.r#type,
        (Body::PersistentVolumeClaim(b), Body::PersistentVolumeClaim(a)) => b.spec.resources.requests != a.spec.resources.requests,
        _ => false,
    }
}

impl Controller for ResourceQuotas {
    type Progress = ();

    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn watches(&self) -> Kinds {
        use Kind::*;
        Kinds::of(&[
            ResourceQuota,
            Pod,
            Service,
            PersistentVolumeClaim,
            ConfigMap,
            Secret,
            ServiceAccount,
            ReplicationController,
            ReplicaSet,
            Deployment,
            StatefulSet,
            DaemonSet,
            Job,
            CronJob,
            HorizontalPodAutoscaler,
            PodDisruptionBudget,
            LimitRange,
            ResourceClaim,
        ])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        let object = change.object();
        object.kind() == Kind::ResourceQuota || self.quotas.get(&object.meta.namespace).is_some_and(|quotas| !quotas.is_empty())
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let object = change.object();
        if object.kind() == Kind::ResourceQuota {
            self.quota_changed(change, work, cx);
        }
        let Some(quotas) = self.quotas.get(&object.meta.namespace) else { return };
        if quotas.is_empty() || !replenishes(&change, cx.timestamp()) {
            return;
        }
        for id in quotas {
            let limits = cx.view.get(*id).and_then(|quota| quota.as_resource_quota()).map(|quota| &quota.status.hard);
            if limits.is_some_and(|hard| hard.keys().any(|name| concerns(object.kind(), name))) {
                work.add(*id);
            }
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<()>, cx: &mut Ctx<'_>) -> Step {
        if let Some(answer) = sync.answers.first() {
            return answer.as_ref().err().map_or(Step::Done, |error| Step::Retry(error.to_string()));
        }
        let Some(object) = cx.view.get(key) else { return Step::Done };
        let Some(quota) = object.as_resource_quota() else { return Step::Done };
        let hard = &quota.spec.hard;
        let mut used: ResourceList =
            quota.status.used.iter().filter(|(name, _)| hard.contains_key(*name)).map(|(name, amount)| (name.clone(), *amount)).collect();
        for kind in Kind::ALL.iter().copied().filter(|kind| kind.scope() == Scope::Namespaced && *kind != Kind::Event) {
            let names: Vec<&String> = hard.keys().filter(|name| concerns(kind, name)).collect();
            if names.is_empty() {
                continue;
            }
            let mut sums: Vec<Quantity> = vec![Quantity::ZERO; names.len()];
            for (_, object) in cx.view.list_in(kind, &object.meta.namespace).filter(|(_, object)| in_scope(&quota.spec, object)) {
                let cost = usage(object, cx.timestamp());
                for (sum, name) in sums.iter_mut().zip(&names) {
                    if let Some(amount) = cost.get(*name) {
                        *sum += *amount;
                    }
                }
            }
            used.extend(names.into_iter().cloned().zip(sums));
        }
        if quota.status.hard == *hard && quota.status.used == used {
            return Step::Done;
        }
        let mut after = (**object).clone();
        let status = ResourceQuotaStatus { hard: hard.clone(), used, rest: Rest::default() };
        after.as_resource_quota_mut().expect("a quota").status = Arc::new(status);
        Step::call(Verb::UpdateStatus(Box::new(after)))
    }

    fn woken(&mut self, _token: u32, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        self.ticking = !self.all.is_empty();
        if self.ticking {
            self.all.iter().for_each(|id| work.add(*id));
            work.wake_in(self.period, RESYNC, cx);
        }
    }
}

//! Defaults of what makes pods, and of the autoscaler.
//! Real: pkg/apis/{apps/v1,batch/v1,autoscaling/v2,core/v1}/defaults.go @ v1.37.2.

use super::others::claim_spec;
use super::pods::template;
use super::{change, optional, text};
use crate::model::*;

const ROLLING_UPDATE: &str = "RollingUpdate";

pub fn deployment(spec: &mut DeploymentSpec) {
    template(&mut spec.template);
    optional(&mut spec.replicas, 1);
    text(&mut spec.strategy.r#type, ROLLING_UPDATE);
    if spec.strategy.r#type == ROLLING_UPDATE {
        let rolling = spec.strategy.rolling_update.get_or_insert_default();
        optional(&mut rolling.max_unavailable, "25%".into());
        optional(&mut rolling.max_surge, "25%".into());
    }
    optional(&mut spec.revision_history_limit, 10);
    optional(&mut spec.progress_deadline_seconds, 600);
}

pub fn replica_set(spec: &mut ReplicaSetSpec) {
    template(&mut spec.template);
    optional(&mut spec.replicas, 1);
}

pub fn replication_controller(meta: &mut Meta, controller: &mut ReplicationController) {
    change(&mut controller.spec, |spec| {
        if let Some(inner) = &mut spec.template {
            template(inner);
            if spec.selector.is_empty() {
                spec.selector = inner.metadata.labels.clone();
            }
        }
        optional(&mut spec.replicas, 1);
    });
    if let Some(inner) = &controller.spec.template
        && meta.labels.is_empty()
    {
        meta.labels = inner.metadata.labels.clone();
    }
}

pub fn stateful_set(spec: &mut StatefulSetSpec) {
    template(&mut spec.template);
    text(&mut spec.pod_management_policy, "OrderedReady");
    if spec.update_strategy.r#type.is_empty() {
        spec.update_strategy.r#type = ROLLING_UPDATE.into();
        spec.update_strategy.rolling_update.get_or_insert_default();
    }
    if spec.update_strategy.r#type == ROLLING_UPDATE
        && let Some(rolling) = &mut spec.update_strategy.rolling_update
    {
        optional(&mut rolling.partition, 0);
        optional(&mut rolling.max_unavailable, 1.into());
    }
    let policy = spec.persistent_volume_claim_retention_policy.get_or_insert_default();
    text(&mut policy.when_deleted, "Retain");
    text(&mut policy.when_scaled, "Retain");
    optional(&mut spec.replicas, 1);
    optional(&mut spec.revision_history_limit, 10);
    for claim in &mut spec.volume_claim_templates {
        change(&mut claim.spec, claim_spec);
        change(&mut claim.status, |status| text(&mut status.phase, "Pending"));
        claim.rest.set("apiVersion", "v1".into());
        claim.rest.set("kind", "PersistentVolumeClaim".into());
    }
}

pub fn daemon_set(spec: &mut DaemonSetSpec) {
    template(&mut spec.template);
    text(&mut spec.update_strategy.r#type, ROLLING_UPDATE);
    if spec.update_strategy.r#type == ROLLING_UPDATE {
        let rolling = spec.update_strategy.rolling_update.get_or_insert_default();
        optional(&mut rolling.max_unavailable, 1.into());
        optional(&mut rolling.max_surge, 0.into());
    }
    optional(&mut spec.revision_history_limit, 10);
}

pub fn job(spec: &mut JobSpec) {
    job_template(spec);
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    optional(&mut spec.parallelism, 1);
    optional(&mut spec.backoff_limit, if spec.backoff_limit_per_index.is_some() { i32::MAX } else { 6 });
    optional(&mut spec.completion_mode, "NonIndexed".into());
    optional(&mut spec.suspend, false);
    let replacement = if spec.pod_failure_policy.is_some() { "Failed" } else { "TerminatingOrFailed" };
    optional(&mut spec.pod_replacement_policy, replacement.into());
    optional(&mut spec.manual_selector, false);
}

/// What a Job inside a CronJob gets too.
fn job_template(spec: &mut JobSpec) {
    template(&mut spec.template);
    for rule in spec.pod_failure_policy.iter_mut().flat_map(|policy| &mut policy.rules) {
        rule.on_pod_conditions.iter_mut().for_each(|pattern| text(&mut pattern.status, "True"));
    }
}

pub fn cron_job(spec: &mut CronJobSpec) {
    change(&mut spec.job_template.spec, job_template);
    text(&mut spec.concurrency_policy, "Allow");
    optional(&mut spec.suspend, false);
    optional(&mut spec.successful_jobs_history_limit, 3);
    optional(&mut spec.failed_jobs_history_limit, 1);
}

pub fn horizontal_pod_autoscaler(spec: &mut HorizontalPodAutoscalerSpec) {
    optional(&mut spec.min_replicas, 1);
    if spec.metrics.is_empty() {
        let target = MetricTarget { r#type: "Utilization".into(), average_utilization: Some(80), ..MetricTarget::default() };
        let cpu = ResourceMetricSource { name: "cpu".into(), target, ..ResourceMetricSource::default() };
        spec.metrics = vec![MetricSpec { r#type: "Resource".into(), resource: Some(cpu), ..MetricSpec::default() }];
    }
    for target in spec.metrics.iter_mut().flat_map(metric_targets) {
        // Kept in thousandths like all amounts.
        for amount in [&mut target.value, &mut target.average_value].into_iter().flatten() {
            *amount = amount.round_up_to_milli();
        }
    }
    if let Some(behavior) = &mut spec.behavior {
        let percent = HPAScalingPolicy { r#type: "Percent".into(), value: 100, period_seconds: 15, ..HPAScalingPolicy::default() };
        let pods = HPAScalingPolicy { r#type: "Pods".into(), value: 4, period_seconds: 15, ..HPAScalingPolicy::default() };
        let up = behavior.scale_up.get_or_insert_default();
        optional(&mut up.stabilization_window_seconds, 0);
        rules(up, vec![pods, percent.clone()]);
        rules(behavior.scale_down.get_or_insert_default(), vec![percent]);
    }
}

fn metric_targets(metric: &mut MetricSpec) -> Vec<&mut MetricTarget> {
    let MetricSpec { object, pods, resource, container_resource, external, .. } = metric;
    let targets = [
        object.as_mut().map(|source| &mut source.target),
        pods.as_mut().map(|source| &mut source.target),
        resource.as_mut().map(|source| &mut source.target),
        container_resource.as_mut().map(|source| &mut source.target),
        external.as_mut().map(|source| &mut source.target),
    ];
    targets.into_iter().flatten().collect()
}

fn rules(rules: &mut HPAScalingRules, policies: Vec<HPAScalingPolicy>) {
    optional(&mut rules.select_policy, "Max".into());
    if rules.policies.is_empty() {
        rules.policies = policies;
    }
}

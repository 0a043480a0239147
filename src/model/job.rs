//! Jobs and CronJobs.
//! Real: staging/src/k8s.io/api/batch/v1/types.go @ v1.37.2.

use super::wire::{null, null_if_empty, unset};
use super::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `Job` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<JobSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<JobStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a Job should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// How many pods may run at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<i32>,
    /// How many pods must succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completions: Option<i32>,
    /// How long it may be active before it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_deadline_seconds: Option<i64>,
    /// What failures mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_failure_policy: Option<PodFailurePolicy>,
    /// When the job has succeeded early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_policy: Option<SuccessPolicy>,
    /// How many failures are borne.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff_limit: Option<i32>,
    /// How many failures each index may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff_limit_per_index: Option<i32>,
    /// How many indexes may fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_failed_indexes: Option<i32>,
    /// Which pods belong to it, by their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// Whether the selector is the user's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual_selector: Option<bool>,
    /// What pods are made from.
    #[serde(deserialize_with = "null")]
    pub template: PodTemplateSpec,
    /// How long it stays after its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_seconds_after_finished: Option<i32>,
    /// `NonIndexed` or `Indexed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_mode: Option<String>,
    /// Whether it is on hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// When an ending pod is replaced: `TerminatingOrFailed` or `Failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_replacement_policy: Option<String>,
    /// Controller that takes care of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
    /// How its pods are scheduled together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<JobSchedulingConfiguration>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What failures of pods mean for a job.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodFailurePolicy {
    /// Rules; the first that fits counts.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub rules: Vec<PodFailurePolicyRule>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A rule of it: `FailJob`, `FailIndex`, `Ignore` or `Count`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodFailurePolicyRule {
    /// What is done.
    #[serde(deserialize_with = "null")]
    pub action: String,
    /// Which exit codes fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_exit_codes: Option<PodFailurePolicyOnExitCodesRequirement>,
    /// Which conditions of the pod fit.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub on_pod_conditions: Vec<PodFailurePolicyOnPodConditionsPattern>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Exit codes of a rule.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodFailurePolicyOnExitCodesRequirement {
    /// Name of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// How the values are compared.
    #[serde(deserialize_with = "null")]
    pub operator: String,
    /// Values to compare with.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub values: Vec<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A condition of a rule.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodFailurePolicyOnPodConditionsPattern {
    /// Which kind of it this is.
    #[serde(deserialize_with = "null")]
    pub r#type: String,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// When a job has succeeded early.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SuccessPolicy {
    /// Rules; the first that fits counts.
    #[serde(deserialize_with = "null", serialize_with = "null_if_empty")]
    pub rules: Vec<SuccessPolicyRule>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A rule of it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SuccessPolicyRule {
    /// Indexes that must succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded_indexes: Option<String>,
    /// How many indexes must succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded_count: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// How a job's pods are scheduled together.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSchedulingConfiguration {
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a Job.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// Conditions, at most one per type.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub conditions: Vec<JobCondition>,
    /// When it was taken up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// When it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Timestamp>,
    /// Pods that have not ended.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub active: i32,
    /// Pods that succeeded.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub succeeded: i32,
    /// Pods that failed.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub failed: i32,
    /// Pods that are ending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminating: Option<i32>,
    /// Indexes that succeeded.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub completed_indexes: String,
    /// Indexes that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_indexes: Option<String>,
    /// Pods that have ended but are not counted yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncounted_terminated_pods: Option<UncountedTerminatedPods>,
    /// Pods that are active and ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// A condition of a Job.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobCondition {
    /// Which condition this is.
    #[serde(deserialize_with = "null")]
    pub r#type: Str,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "null")]
    pub status: Str,
    /// When it was last looked at.
    pub last_probe_time: Option<Timestamp>,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
    /// Why, as one word.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub reason: Str,
    /// Why, in words.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub message: Str,
}

/// Pods that have ended but are not counted yet, by uid.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UncountedTerminatedPods {
    /// Pods that succeeded.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub succeeded: Vec<String>,
    /// Pods that failed.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub failed: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// `CronJob` without its metadata.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJob {
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<CronJobSpec>,
    /// What is observed.
    #[serde(deserialize_with = "null")]
    pub status: Arc<CronJobStatus>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a CronJob should be.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobSpec {
    /// Times, as a cron line.
    #[serde(deserialize_with = "null")]
    pub schedule: String,
    /// Time zone of the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How late a run may start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_deadline_seconds: Option<i64>,
    /// `Allow`, `Forbid` or `Replace`.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub concurrency_policy: String,
    /// Whether it is on hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// What jobs are made from.
    #[serde(deserialize_with = "null")]
    pub job_template: JobTemplateSpec,
    /// How many successful jobs are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successful_jobs_history_limit: Option<i32>,
    /// How many failed jobs are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_jobs_history_limit: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a cron job makes jobs from.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobTemplateSpec {
    /// Labels and annotations of what is made from it.
    #[serde(deserialize_with = "null")]
    pub metadata: Meta,
    /// What is asked for.
    #[serde(deserialize_with = "null")]
    pub spec: Arc<JobSpec>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What is observed of a CronJob.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobStatus {
    /// Jobs that run.
    #[serde(deserialize_with = "null", skip_serializing_if = "unset")]
    pub active: Vec<ObjectReference>,
    /// When a run was last due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_schedule_time: Option<Timestamp>,
    /// When a run last succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_successful_time: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

//! Jobs and CronJobs.
//! Real: pkg/apis/batch/validation/validation.go @ v1.37.2.

use super::super::field::{FieldErrors, Path, invalid, not_supported, required};
use super::pod_spec::{matches_selector, pod_template};
use super::{immutable, meta as metadata, nonnegative_if};
use crate::model::*;
use std::sync::Arc;

const SPEC: Path = Path::new("spec");
const PARALLELISM_MAX: i32 = 100_000;

/// Checks a Job.
pub fn job(meta: &Meta, spec: &JobSpec, old: Option<&JobSpec>, errors: &mut FieldErrors) {
    if old.is_none() {
        generated_selector(meta, spec, errors);
    }
    job_spec(spec, &SPEC, errors);
    match &spec.selector {
        None => errors.push(required(&SPEC.child("selector"), "")),
        Some(selector) => metadata::selector(selector, &SPEC.child("selector"), errors),
    }
    matches_selector(&spec.template, spec.selector.as_ref(), &SPEC.child("template"), errors);
    if let Some(old) = old {
        update(spec, old, errors);
    }
}

/// The labels that the server adds may not be set to something else.
fn generated_selector(meta: &Meta, spec: &JobSpec, errors: &mut FieldErrors) {
    if spec.manual_selector == Some(true) {
        return;
    }
    let path = SPEC.child("template");
    let path = path.child("metadata");
    let path = path.child("labels");
    let wanted = [
        ("batch.kubernetes.io/controller-uid", &meta.uid),
        ("controller-uid", &meta.uid),
        ("batch.kubernetes.io/job-name", &meta.name),
        ("job-name", &meta.name),
    ];
    for (key, value) in wanted {
        match spec.template.metadata.labels.get(key) {
            None => errors.push(required(&path.key(key), format!("must be '{value}'"))),
            Some(found) if *found != **value => errors.push(invalid(&path, &spec.template.metadata.labels, format!("must be '{value}'"))),
            _ => {}
        }
    }
}

fn job_spec(spec: &JobSpec, path: &Path, errors: &mut FieldErrors) {
    nonnegative_if(spec.parallelism, &path.child("parallelism"), errors);
    nonnegative_if(spec.completions, &path.child("completions"), errors);
    nonnegative_if(spec.active_deadline_seconds, &path.child("activeDeadlineSeconds"), errors);
    nonnegative_if(spec.backoff_limit, &path.child("backoffLimit"), errors);
    nonnegative_if(spec.ttl_seconds_after_finished, &path.child("ttlSecondsAfterFinished"), errors);
    nonnegative_if(spec.backoff_limit_per_index, &path.child("backoffLimitPerIndex"), errors);
    nonnegative_if(spec.max_failed_indexes, &path.child("maxFailedIndexes"), errors);
    if spec.max_failed_indexes.is_some() && spec.backoff_limit_per_index.is_none() {
        errors.push(required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
    }
    completion(spec, path, errors);
    if let Some(policy) = spec.pod_replacement_policy.as_deref() {
        let at = path.child("podReplacementPolicy");
        match (policy, spec.pod_failure_policy.is_some()) {
            ("Failed", _) | ("TerminatingOrFailed", false) => {}
            (_, true) => errors.push(not_supported(&at, policy, &["Failed"])),
            _ => errors.push(not_supported(&at, policy, &["Failed", "TerminatingOrFailed"])),
        }
    }
    pod_template(&spec.template, &path.child("template"), errors);
    let template = path.child("template");
    let template = template.child("spec");
    let at = template.child("restartPolicy");
    match (&*spec.template.spec.restart_policy, spec.pod_failure_policy.is_some()) {
        ("Always" | "", _) => errors.push(required(&at, "valid values: \"OnFailure\", \"Never\"")),
        ("OnFailure", true) => errors.push(invalid(&at, "OnFailure", "only \"Never\" is supported when podFailurePolicy is specified")),
        ("OnFailure" | "Never", _) => {}
        (other, _) => errors.push(not_supported(&at, other, &["OnFailure", "Never"])),
    }
}

fn completion(spec: &JobSpec, path: &Path, errors: &mut FieldErrors) {
    match spec.completion_mode.as_deref() {
        Some("Indexed") => {
            if spec.completions.is_none() {
                errors.push(required(&path.child("completions"), "when completion mode is Indexed"));
            }
            if let Some(parallelism) = spec.parallelism.filter(|parallelism| *parallelism > PARALLELISM_MAX) {
                let text = format!("must be less than or equal to {PARALLELISM_MAX} when completion mode is Indexed");
                errors.push(invalid(&path.child("parallelism"), &parallelism, text));
            }
            if let (Some(completions), Some(most)) = (spec.completions, spec.max_failed_indexes)
                && most > completions
            {
                errors.push(invalid(&path.child("maxFailedIndexes"), &most, "must be less than or equal to completions"));
            }
        }
        None | Some("NonIndexed") => {
            let text = "requires indexed completion mode";
            if let Some(limit) = spec.backoff_limit_per_index {
                errors.push(invalid(&path.child("backoffLimitPerIndex"), &limit, text));
            }
            if let Some(most) = spec.max_failed_indexes {
                errors.push(invalid(&path.child("maxFailedIndexes"), &most, text));
            }
            if let Some(policy) = &spec.success_policy {
                errors.push(invalid(&path.child("successPolicy"), policy, text));
            }
        }
        Some(other) => errors.push(not_supported(&path.child("completionMode"), other, &["NonIndexed", "Indexed"])),
    }
}

fn update(spec: &JobSpec, old: &JobSpec, errors: &mut FieldErrors) {
    let indexed = spec.completion_mode.as_deref() == Some("Indexed");
    let path = SPEC.child("completions");
    if !indexed {
        immutable(&spec.completions, &old.completions, &path, errors);
    } else if spec.completions.is_some() && spec.completions != old.completions && spec.completions != spec.parallelism {
        errors.push(invalid(&path, &spec.completions, "can only be modified in tandem with spec.parallelism"));
    }
    immutable(&spec.selector, &old.selector, &SPEC.child("selector"), errors);
    template(spec, old, errors);
    immutable(&spec.completion_mode, &old.completion_mode, &SPEC.child("completionMode"), errors);
    immutable(&spec.pod_failure_policy, &old.pod_failure_policy, &SPEC.child("podFailurePolicy"), errors);
    immutable(&spec.backoff_limit_per_index, &old.backoff_limit_per_index, &SPEC.child("backoffLimitPerIndex"), errors);
    immutable(&spec.managed_by, &old.managed_by, &SPEC.child("managedBy"), errors);
    immutable(&spec.success_policy, &old.success_policy, &SPEC.child("successPolicy"), errors);
}

/// The template is fixed; while the Job is suspended, where its pods may go and what they ask for can be changed.
fn template(spec: &JobSpec, old: &JobSpec, errors: &mut FieldErrors) {
    let mut before = old.template.clone();
    if old.suspend == Some(true) {
        let (pod, new) = (Arc::make_mut(&mut before.spec), &spec.template.spec);
        pod.node_selector = new.node_selector.clone();
        pod.tolerations = new.tolerations.clone();
        pod.affinity = new.affinity.clone();
        pod.scheduling_gates = new.scheduling_gates.clone();
        pod.containers.iter_mut().zip(&new.containers).for_each(|(old, new)| old.resources = new.resources.clone());
        before.metadata.labels = spec.template.metadata.labels.clone();
        before.metadata.annotations = spec.template.metadata.annotations.clone();
    }
    immutable(&spec.template, &before, &SPEC.child("template"), errors);
}

/// Checks a CronJob.
pub fn cron_job(meta: &Meta, spec: &CronJobSpec, new: bool, errors: &mut FieldErrors) {
    if new && meta.name.len() > 52 {
        errors.push(invalid(&Path::new("metadata").child("name"), &*meta.name, "must be no more than 52 characters"));
    }
    let path = SPEC.child("schedule");
    if spec.schedule.is_empty() {
        errors.push(required(&path, ""));
    } else if spec.schedule.contains("TZ") {
        errors.push(invalid(&path, &spec.schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
    } else if let Some(fault) = schedule_fault(&spec.schedule) {
        errors.push(invalid(&path, &spec.schedule, fault));
    }
    nonnegative_if(spec.starting_deadline_seconds, &SPEC.child("startingDeadlineSeconds"), errors);
    if let Some(zone) = spec.time_zone.as_deref() {
        let at = SPEC.child("timeZone");
        if zone.is_empty() {
            errors.push(invalid(&at, zone, "timeZone must be nil or non-empty string"));
        } else if zone.eq_ignore_ascii_case("local") {
            errors.push(invalid(&at, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"));
        } else if jiff::tz::TimeZone::get(zone).is_err() {
            errors.push(invalid(&at, zone, format!("unknown time zone {zone}")));
        }
    }
    let at = SPEC.child("concurrencyPolicy");
    match &*spec.concurrency_policy {
        "Allow" | "Forbid" | "Replace" => {}
        "" => errors.push(required(&at, "")),
        other => errors.push(not_supported(&at, other, &["Allow", "Forbid", "Replace"])),
    }
    let template = SPEC.child("jobTemplate");
    metadata::labels(&spec.job_template.metadata.labels, &template.child("labels"), errors);
    job_spec(&spec.job_template.spec, &template.child("spec"), errors);
    nonnegative_if(spec.successful_jobs_history_limit, &SPEC.child("successfulJobsHistoryLimit"), errors);
    nonnegative_if(spec.failed_jobs_history_limit, &SPEC.child("failedJobsHistoryLimit"), errors);
}

/// What is wrong with a schedule, in the words of the cron parser.
fn schedule_fault(schedule: &str) -> Option<String> {
    if let Some(name) = schedule.strip_prefix('@') {
        let known = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];
        let every = name.strip_prefix("every ").is_some();
        return (!known.contains(&name) && !every).then(|| format!("unrecognized descriptor: {schedule}"));
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != 5 {
        return Some(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    }
    let bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
    for (index, (field, (least, most))) in fields.iter().zip(bounds).enumerate() {
        for part in field.split(',') {
            if let Some(fault) = range_fault(part, index, least, most) {
                return Some(fault);
            }
        }
    }
    None
}

fn range_fault(part: &str, field: usize, least: u32, most: u32) -> Option<String> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if step.is_some_and(|step| step.parse::<u32>().is_err()) {
        return Some(format!("failed to parse int from {}: strconv.Atoi: parsing \"{0}\": invalid syntax", step.unwrap_or("")));
    }
    if step.and_then(|step| step.parse::<u32>().ok()) == Some(0) {
        return Some(format!("step of range should be a positive number: {part}"));
    }
    if matches!(range, "*" | "?") {
        return None;
    }
    let number = |text: &str| -> Result<u32, String> {
        let lower = text.to_lowercase();
        let named = match field {
            3 => MONTHS.iter().position(|name| *name == lower).map(|at| at as u32 + 1),
            4 => DAYS.iter().position(|name| *name == lower).map(|at| at as u32),
            _ => None,
        };
        let fault = || format!("failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax");
        named.or_else(|| text.parse().ok()).ok_or_else(fault)
    };
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    match (number(from), number(to)) {
        (Err(fault), _) | (_, Err(fault)) => Some(fault),
        (Ok(from), _) if from < least => Some(format!("beginning of range ({from}) below minimum ({least}): {part}")),
        (_, Ok(to)) if to > most => Some(format!("end of range ({to}) above maximum ({most}): {part}")),
        (Ok(from), Ok(to)) if from > to => Some(format!("beginning of range ({from}) beyond end of range ({to}): {part}")),
        _ => None,
    }
}

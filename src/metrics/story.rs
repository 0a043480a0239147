//! The story of a run in lines that a person reads: what users and failures did, and what came of it.

use crate::actor::Record;
use crate::base::Time;
use crate::base::collections::Set;
use crate::model::{Body, DaemonSet, Deployment, Kind, Node, Obj, StatefulSet, Str};
use crate::store::{Key, LogEntry};
use std::collections::BTreeMap;

/// What sort of line it is, for its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// A user's command.
    Command,
    /// What a command printed.
    Output,
    /// A failure strikes or heals.
    Fault,
    /// Something is as it should be again.
    Good,
    /// Something went wrong.
    Bad,
    /// Anything else.
    Plain,
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// When.
    pub at: Time,
    /// Its sort.
    pub tone: Tone,
    /// The text.
    pub text: String,
}

/// All lines so far.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// In order of time.
    pub lines: Vec<Line>,
    /// Lines left out because there were too many.
    pub left_out: u64,
    told: Set<(Str, String)>,
    /// What each command under way has printed.
    printed: BTreeMap<usize, Printed>,
}

/// What a command has printed so far.
#[derive(Clone, Debug, Default)]
struct Printed {
    /// Its different lines. A command that waits says the same again and again.
    lines: Vec<String>,
    left_out: usize,
}

/// Longest story.
const LINES_MAX: usize = 2_000;
/// Different lines of a command's output that are told.
const OUTPUT_LINES_MAX: usize = 20;
/// Warnings that are told once for all pods of a workload.
const WARNINGS: [&str; 14] = [
    "BackOff",
    "Failed",
    "FailedScheduling",
    "FailedMount",
    "FailedCreate",
    "Unhealthy",
    "Evicted",
    "OOMKilling",
    "FailedDaemonPod",
    "FailedCreatePodSandBox",
    "FailedKillPod",
    "BackoffLimitExceeded",
    "DeadlineExceeded",
    "JobAlreadyActive",
];
/// Other Events that are always told.
const TOLD: [&str; 6] = ["ScalingReplicaSet", "SuccessfulRescale", "NodeNotReady", "TaintManagerEviction", "Preempted", "Completed"];

impl Story {
    fn tell(&mut self, at: Time, tone: Tone, text: impl Into<String>) {
        if self.lines.len() < LINES_MAX {
            self.lines.push(Line { at, tone, text: text.into() });
        } else {
            self.left_out += 1;
        }
    }

    /// Says whether this is the first time for the object (or workload) and topic.
    fn first(&mut self, about: Str, topic: &str) -> bool {
        self.told.insert((about, topic.to_string()))
    }

    pub(super) fn record(&mut self, at: Time, record: &Record) {
        match record {
            Record::Command { line, .. } => self.tell(at, Tone::Command, format!("$ kubectl {line}")),
            Record::CommandPrinted { index, text } => self.output(at, *index, text),
            Record::CommandDone { index, exit_code, .. } => self.done(at, *index, *exit_code),
            Record::Fault { name, target, healed: false } => self.tell(at, Tone::Fault, format!("{name}: {target}")),
            Record::Fault { name, target, healed: true } => self.tell(at, Tone::Fault, format!("{name} ends: {target}")),
            Record::Story { line } => self.tell(at, Tone::Plain, line.clone()),
            Record::Attempt { .. } | Record::Explained { .. } | Record::Runtime { .. } | Record::Queue { .. } | Record::Traffic(_) => {}
        }
    }

    fn output(&mut self, at: Time, command: usize, text: &str) {
        let mut printed = self.printed.remove(&command).unwrap_or_default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            if printed.lines.len() >= OUTPUT_LINES_MAX || printed.lines.iter().any(|told| told == line) {
                printed.left_out += 1;
                continue;
            }
            let tone = if line.starts_with("error") || line.starts_with("Error") { Tone::Bad } else { Tone::Output };
            self.tell(at, tone, format!("  {line}"));
            printed.lines.push(line.to_string());
        }
        self.printed.insert(command, printed);
    }

    fn done(&mut self, at: Time, command: usize, exit_code: i32) {
        let printed = self.printed.remove(&command).unwrap_or_default();
        if printed.left_out > 0 {
            let plural = if printed.left_out == 1 { "" } else { "s" };
            self.tell(at, Tone::Output, format!("  ... and {} more line{plural} of this kind", printed.left_out));
        }
        if exit_code != 0 {
            self.tell(at, Tone::Bad, format!("  exit status {exit_code}"));
        }
    }

    pub(super) fn commit(&mut self, key: &Key, entry: &LogEntry) {
        let (before, after) = (entry.before.as_ref(), entry.after.as_ref());
        match (&entry.object().body, before, after) {
            (Body::Event(_), _, Some(after)) => self.event(entry.at, after),
            (Body::Deployment(_), None, Some(after)) => {
                let wanted = after.as_deployment().map_or(1, |d| d.spec.replicas.unwrap_or(1));
                self.tell(entry.at, Tone::Plain, format!("deployment/{} created, {wanted} replicas wanted", key.name));
            }
            (Body::Deployment(_), Some(_), None) => self.tell(entry.at, Tone::Plain, format!("deployment/{} is gone", key.name)),
            (Body::Deployment(now), Some(before), Some(_)) => {
                if let Some(before) = before.as_deployment() {
                    self.deployment(entry.at, &key.name, before, now);
                }
            }
            (Body::StatefulSet(now), Some(before), Some(_)) => {
                if let Some(before) = before.as_stateful_set() {
                    self.members(
                        entry.at,
                        &format!("statefulset/{}", key.name),
                        &Members::of_stateful_set(before),
                        &Members::of_stateful_set(now),
                    );
                }
            }
            (Body::DaemonSet(now), Some(before), Some(_)) => {
                if let Some(before) = before.as_daemon_set() {
                    self.members(
                        entry.at,
                        &format!("daemonset/{}", key.name),
                        &Members::of_daemon_set(before),
                        &Members::of_daemon_set(now),
                    );
                }
            }
            (Body::CronJob(now), _, Some(_)) => {
                let active = now.status.active.len();
                if active > 1 && self.first(format!("{}/{}", key.namespace, key.name).into(), &format!("{active} active")) {
                    self.tell(entry.at, Tone::Plain, format!("cronjob/{}: {active} jobs at once", key.name));
                }
            }
            (Body::Node(now), Some(before), Some(_)) => {
                if let Some(before) = before.as_node() {
                    self.node(entry.at, &key.name, before, now);
                }
            }
            _ => {}
        }
    }

    fn deployment(&mut self, at: Time, name: &str, before: &Deployment, now: &Deployment) {
        let condition = |deployment: &Deployment, kind: &str| {
            let found = deployment.status.conditions.iter().find(|c| &*c.r#type == kind);
            found.map(|c| (c.status.to_string(), c.reason.to_string()))
        };
        let ready = format!("{}/{} ready", now.status.ready_replicas, now.spec.replicas.unwrap_or(1));
        let (was, is) = (condition(before, "Available"), condition(now, "Available"));
        match is.as_ref().map(|(status, _)| status.as_str()) {
            Some("True") if was != is => self.tell(at, Tone::Good, format!("deployment/{name} is available, {ready}")),
            Some("False") if was.is_some() && was != is => {
                self.tell(at, Tone::Bad, format!("deployment/{name} lacks available pods, {ready}"))
            }
            _ => {}
        }
        let (was, is) = (condition(before, "Progressing"), condition(now, "Progressing"));
        let Some((_, reason)) = is.filter(|is| was.as_ref() != Some(is)) else { return };
        match reason.as_str() {
            "NewReplicaSetAvailable" => self.tell(at, Tone::Good, format!("deployment/{name}: rollout complete, {ready}")),
            "ProgressDeadlineExceeded" => self.tell(at, Tone::Bad, format!("deployment/{name} exceeded its progress deadline, {ready}")),
            "DeploymentPaused" => self.tell(at, Tone::Plain, format!("deployment/{name} is paused, {ready}")),
            "DeploymentResumed" => self.tell(at, Tone::Plain, format!("deployment/{name} is resumed, {ready}")),
            _ => {}
        }
    }

    /// Workloads whose rollouts go pod by pod: told are a rollout's begin and end, and pods missing without one.
    fn members(&mut self, at: Time, name: &str, before: &Members, now: &Members) {
        let ready = format!("{}/{} ready", now.ready, now.wanted);
        let full = |members: &Members| members.ready >= members.wanted && members.wanted > 0;
        match (before.rolling, now.rolling) {
            (false, true) => self.tell(at, Tone::Plain, format!("{name}: a rollout begins, {ready}")),
            (true, false) => self.tell(at, Tone::Good, format!("{name}: rollout complete, {ready}")),
            (false, false) if !full(before) && full(now) => self.tell(at, Tone::Good, format!("{name}: all are there, {ready}")),
            (false, false) if full(before) && !full(now) => self.tell(at, Tone::Bad, format!("{name} lacks ready pods, {ready}")),
            _ => {}
        }
    }

    fn node(&mut self, at: Time, name: &str, before: &Node, now: &Node) {
        let ready = |node: &Node| node.status.conditions.iter().find(|c| &*c.r#type == "Ready").map(|c| c.status.to_string());
        let (was, is) = (ready(before), ready(now));
        if was == is || was.is_none() {
            return;
        }
        match is.as_deref() {
            Some("True") => self.tell(at, Tone::Good, format!("node/{name} is ready")),
            Some(status) => self.tell(at, Tone::Bad, format!("node/{name}: Ready={status}")),
            None => {}
        }
    }

    fn event(&mut self, at: Time, object: &Obj) {
        let Some(event) = object.as_event() else { return };
        let (origin, name) = (&event.origin, &event.about_name);
        let (reason, kind): (&str, &str) = (&origin.reason, &origin.about_kind);
        let place = || format!("{}/{name}", kind.to_lowercase());
        if &*origin.r#type == "Warning" && WARNINGS.contains(&reason) {
            let workload = if kind == "Pod" { stem(name) } else { name };
            if self.first(format!("{}/{workload}", origin.about_namespace).into(), reason) {
                self.tell(at, Tone::Bad, format!("{}: {reason}: {}", place(), event.message));
            }
        } else if TOLD.contains(&reason) && event.count == 1 && !(reason == "NodeNotReady" && kind == Kind::Pod.name()) {
            let tone = if &*origin.r#type == "Warning" { Tone::Bad } else { Tone::Plain };
            self.tell(at, tone, format!("{}: {}", place(), event.message));
        }
    }
}

/// How a StatefulSet or DaemonSet stands.
struct Members {
    wanted: i32,
    ready: i32,
    rolling: bool,
}

impl Members {
    fn of_stateful_set(set: &StatefulSet) -> Members {
        let status = &set.status;
        let rolling = status.current_revision != status.update_revision && !status.current_revision.is_empty();
        Members { wanted: set.spec.replicas.unwrap_or(1), ready: status.ready_replicas, rolling }
    }

    fn of_daemon_set(set: &DaemonSet) -> Members {
        let status = &set.status;
        // While its pods come for the first time none is ready, and those that are there are all of one template.
        let rolling = status.updated_number_scheduled < status.current_number_scheduled;
        Members { wanted: status.desired_number_scheduled, ready: status.number_ready, rolling }
    }
}

/// A pod's name without what its controllers added.
fn stem(pod: &str) -> &str {
    let cut = pod.rfind('-').map_or(pod, |at| &pod[..at]);
    cut.rfind('-').map_or(cut, |at| &cut[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_their_output_are_told() {
        let mut story = Story::default();
        story.record(Time::from_s(1), &Record::Command { index: 0, line: "scale deployment/web --replicas=3".into() });
        story.record(Time::from_s(2), &Record::CommandPrinted { index: 0, text: "deployment.apps/web scaled\n".into() });
        story.record(Time::from_s(2), &Record::CommandDone { index: 0, exit_code: 0, output: "deployment.apps/web scaled".into() });
        let lines: Vec<_> = story.lines.iter().map(|line| (line.tone, line.text.as_str())).collect();
        assert_eq!(lines, [(Tone::Command, "$ kubectl scale deployment/web --replicas=3"), (Tone::Output, "  deployment.apps/web scaled")]);
    }

    #[test]
    fn a_line_that_comes_again_and_again_is_told_once() {
        let mut story = Story::default();
        for second in 0..20 {
            let text = format!("evicting pod default/a\nerror when evicting (will retry after 5s)\n{}", "x\n".repeat(second % 2));
            story.record(Time::from_s(second as u64), &Record::CommandPrinted { index: 3, text });
        }
        story.record(Time::from_s(20), &Record::CommandDone { index: 3, exit_code: 1, output: String::new() });
        let lines: Vec<_> = story.lines.iter().map(|line| (line.at, line.tone, line.text.trim())).collect();
        let expected = [
            (Time::ZERO, Tone::Output, "evicting pod default/a"),
            (Time::ZERO, Tone::Bad, "error when evicting (will retry after 5s)"),
            (Time::from_s(1), Tone::Output, "x"),
            (Time::from_s(20), Tone::Output, "... and 47 more lines of this kind"),
            (Time::from_s(20), Tone::Bad, "exit status 1"),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_long_story_is_cut() {
        let mut story = Story::default();
        (0..LINES_MAX + 5).for_each(|_| story.tell(Time::ZERO, Tone::Plain, "x"));
        assert_eq!((story.lines.len(), story.left_out), (LINES_MAX, 5));
        assert_eq!((stem("web-6979489c59-abcde"), stem("db-0")), ("web", "db"));
    }
}

//! `kubectl cordon`, `uncordon` and `drain`.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/drain/drain.go, pkg/drain/{drain,filters,cordon}.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::title;
use super::super::flags::Args;
use super::super::gather::{Gather, Gathered};
use super::super::resources::{Resource, Subject, selector};
use super::super::task::{Next, Plan, Shell, Task};
use super::Entry;
use crate::api::error::Reason;
use crate::api::{DeleteOptions, Verb};
use crate::base::{Span, Time};
use crate::model::{Kind, Obj, Pod, PodPhase, Selector, Str};
use crate::store::Key;
use std::sync::Arc;

const FLAGS: &str = "selector,l:s dry-run:o";
/// `cordon`.
pub const CORDON: Entry = Entry { name: "cordon", flags: FLAGS, parse: |args| cordon(args, true) };
/// `uncordon`.
pub const UNCORDON: Entry = Entry { name: "uncordon", flags: FLAGS, parse: |args| cordon(args, false) };
/// `drain`.
pub const DRAIN: Entry = Entry {
    name: "drain",
    flags: "selector,l:s dry-run:o chunk-size:i delete-emptydir-data:b disable-eviction:b force:b grace-period:i ignore-daemonsets:b \
            pod-selector:s skip-wait-for-delete-timeout:i timeout:d",
    parse: drain,
};

/// An eviction that was refused for now is tried again after this.
const RETRY_EVERY: Span = Span::from_s(5);
/// How often is looked whether a pod is gone.
const LOOK_EVERY: Span = Span::from_s(1);
/// The client sends so many requests at once, then one each period. Real: client-go rest/config.go (DefaultBurst, DefaultQPS).
const BURST: u64 = 10;
const PERIOD: Span = Span::from_ms(200);

fn nodes(args: &Args) -> Result<Subject, KubectlError> {
    let selected = selector(args)?;
    match (args.words.is_empty(), selected) {
        (true, None) => {
            let usage = if args.command == "drain" { "drain NODE" } else { &format!("{} NODE", args.command) };
            Err(args.usage(format!("USAGE: {usage} [flags]")))
        }
        (false, Some(_)) => Err(args.usage("error: cannot specify both a node name and a --selector option")),
        (true, Some(selector)) => Ok(Subject::Selected(vec![Resource::of(Kind::Node)], selector)),
        (false, None) => {
            let name = |text: &str| Str::from(text.strip_prefix("node/").or_else(|| text.strip_prefix("nodes/")).unwrap_or(text));
            Ok(Subject::Named(args.words.iter().map(|word| (Resource::of(Kind::Node), name(&word.text))).collect()))
        }
    }
}

fn cordon(args: &Args, on: bool) -> Result<Arc<dyn Plan>, KubectlError> {
    Ok(Arc::new(Drain { nodes: nodes(args)?, cordon: on, rules: None }))
}

/// Which pods may go, and how.
#[derive(Clone, Debug)]
struct Rules {
    force: bool,
    grace_s: i64,
    ignore_daemon_sets: bool,
    delete_empty_dir: bool,
    disable_eviction: bool,
    selector: Option<Selector>,
    skip_wait_s: i64,
    timeout: Option<Span>,
}

fn drain(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let pods = args.text("pod-selector").map(str::parse).transpose();
    let message = "--pod-selector=<pod_selector> must be a valid label selector";
    let rules = Rules {
        force: args.bool("force", false),
        grace_s: args.int("grace-period", -1),
        ignore_daemon_sets: args.bool("ignore-daemonsets", false),
        delete_empty_dir: args.bool("delete-emptydir-data", false),
        disable_eviction: args.bool("disable-eviction", false),
        selector: pods.map_err(|_| args.flag_error("pod-selector", message))?,
        skip_wait_s: args.int("skip-wait-for-delete-timeout", 0),
        timeout: args.duration("timeout"),
    };
    Ok(Arc::new(Drain { nodes: nodes(args)?, cordon: true, rules: Some(rules) }))
}

/// Cordons or uncordons nodes; with rules, empties them, one after the other.
#[derive(Clone, Debug)]
struct Drain {
    nodes: Subject,
    cordon: bool,
    rules: Option<Rules>,
}

impl Plan for Drain {
    fn task(&self) -> Box<dyn Task> {
        let gather = Gather::new(&self.nodes, true);
        let stage = Stage::Gather(gather);
        Box::new(DrainTask {
            plan: self.clone(),
            stage,
            nodes: Vec::new(),
            at: 0,
            pods: Vec::new(),
            asked: Vec::new(),
            failed: Vec::new(),
            tat: Time::ZERO,
            until: None,
        })
    }
}

enum Stage {
    Gather(Gather),
    /// The node at `at` is being (un)cordoned; whether a request is under way.
    Cordon(bool),
    /// The pods of the node at `at` are being listed.
    List(bool),
    /// Pods are being evicted or deleted.
    Evict,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// To be evicted (or deleted).
    Evict,
    /// To be read anew before the next attempt.
    Refresh,
    /// To be looked for until it is gone.
    Wait,
    Gone,
}

struct Leaving {
    pod: Obj,
    state: State,
    due: Time,
}

struct DrainTask {
    plan: Drain,
    stage: Stage,
    nodes: Vec<Obj>,
    at: usize,
    pods: Vec<Leaving>,
    /// Which pods the requests under way are about.
    asked: Vec<usize>,
    /// Nodes that could not be emptied.
    failed: Vec<Str>,
    /// When the client's bucket is full again.
    tat: Time,
    until: Option<Time>,
}

impl Task for DrainTask {
    fn turn(&mut self, shell: &mut Shell<'_>) -> Next {
        loop {
            let next = match &mut self.stage {
                Stage::Gather(gather) => match gather.turn(shell) {
                    Gathered::Not(next) => Some(next),
                    Gathered::All(found) => {
                        // One node that is not there stops everything.
                        self.nodes = if *shell.failed { Vec::new() } else { found };
                        self.stage = Stage::Cordon(false);
                        None
                    }
                },
                Stage::Cordon(asked) => {
                    let asked = *asked;
                    self.cordon(asked, shell)
                }
                Stage::List(asked) => {
                    let asked = *asked;
                    self.list(asked, shell)
                }
                Stage::Evict => self.evict(shell),
            };
            if let Some(next) = next {
                return next;
            }
        }
    }
}

impl DrainTask {
    fn cordon(&mut self, asked: bool, shell: &mut Shell<'_>) -> Option<Next> {
        let on = self.plan.cordon;
        let (verb, done) = if on { ("cordon", "cordoned") } else { ("uncordon", "uncordoned") };
        let Some(node) = self.nodes.get(self.at) else {
            if self.plan.rules.is_none() || self.nodes.is_empty() {
                return Some(Next::Done);
            }
            (self.at, self.stage) = (0, Stage::List(false));
            return None;
        };
        let unschedulable = node.as_node().is_some_and(|node| node.spec.unschedulable);
        if asked {
            match shell.answer().expect("one request, one answer") {
                Ok(_) => shell.print(format!("{} {done}", title(node))),
                Err(error) => shell.print(format!("error: unable to {verb} node {:?}: {error}", &*node.meta.name)),
            }
        } else if unschedulable == on {
            shell.print(format!("{} already {done}", title(node)));
        } else {
            self.stage = Stage::Cordon(true);
            return Some(Next::call(Verb::edit(Key::of(node), move |object| {
                if let Some(node) = object.as_node_mut() {
                    Arc::make_mut(&mut node.spec).unschedulable = on;
                }
            })));
        }
        self.at += 1;
        self.stage = Stage::Cordon(false);
        None
    }

    fn list(&mut self, asked: bool, shell: &mut Shell<'_>) -> Option<Next> {
        let Some(node) = self.nodes.get(self.at) else {
            if !self.failed.is_empty() {
                shell.print("There are pending nodes to be drained:");
                for name in &self.failed {
                    shell.print(format!(" {name}"));
                }
            }
            return Some(Next::Done);
        };
        if !asked {
            self.stage = Stage::List(true);
            return Some(Next::List);
        }
        let rules = self.plan.rules.clone().expect("a drain has rules");
        let (pods, warnings, errors) = choose(&rules, &node.meta.name, shell);
        if !errors.is_empty() {
            let text = if errors.len() == 1 { errors[0].clone() } else { format!("[{}]", errors.join(", ")) };
            self.give_up(&text, &[], shell);
            return None;
        }
        if !warnings.is_empty() {
            shell.print(format!("Warning: {}", warnings.join("; ")));
        }
        self.until = rules.timeout.map(|timeout| shell.now + timeout);
        self.pods = pods.into_iter().map(|pod| Leaving { pod, state: State::Evict, due: shell.now }).collect();
        self.stage = Stage::Evict;
        None
    }

    /// The node stays as it is; the next one comes.
    fn give_up(&mut self, why: &str, pending: &[Str], shell: &mut Shell<'_>) {
        let name = self.nodes[self.at].meta.name.clone();
        if !pending.is_empty() {
            shell.print(format!("There are pending pods in node {:?} when an error occurred: {why}", &*name));
            for pod in pending {
                shell.print(format!("pod/{pod}"));
            }
        }
        shell.fail(format!("error: unable to drain node {:?} due to error: {why}, continuing command...", &*name));
        self.failed.push(name);
        self.next_node();
    }

    fn next_node(&mut self) {
        self.at += 1;
        self.pods.clear();
        self.asked.clear();
        self.stage = Stage::List(false);
    }

    fn evict(&mut self, shell: &mut Shell<'_>) -> Option<Next> {
        let rules = self.plan.rules.clone().expect("a drain has rules");
        let mut fatal = Vec::new();
        let asked = std::mem::take(&mut self.asked);
        for (at, answer) in asked.into_iter().zip(std::mem::take(&mut shell.answers)) {
            if let Err(message) = self.answered(at, answer, &rules, shell) {
                fatal.push(message);
            }
        }
        let late = self.until.is_some_and(|until| until <= shell.now);
        if late && self.pods.iter().any(|leaving| leaving.state != State::Gone) {
            let timeout = rules.timeout.unwrap_or(Span::ZERO);
            for leaving in self.pods.iter().filter(|leaving| leaving.state != State::Gone) {
                let (name, namespace) = (&*leaving.pod.meta.name, &*leaving.pod.meta.namespace);
                fatal.push(if leaving.state == State::Wait {
                    format!(
                        "error when waiting for pod {name:?} in namespace {namespace:?} to terminate: global timeout reached: {timeout}"
                    )
                } else {
                    format!("error when evicting pods/{name:?} -n {namespace:?}: global timeout reached: {timeout}")
                });
            }
        }
        if !fatal.is_empty() {
            let pending: Vec<Str> =
                self.pods.iter().filter(|leaving| leaving.state != State::Gone).map(|leaving| leaving.pod.meta.name.clone()).collect();
            let why = if fatal.len() == 1 { fatal[0].clone() } else { format!("[{}]", fatal.join(", ")) };
            self.give_up(&why, &pending, shell);
            return None;
        }
        if self.pods.iter().all(|leaving| leaving.state == State::Gone) {
            let node = &self.nodes[self.at];
            shell.print(format!("{} drained", title(node)));
            self.next_node();
            return None;
        }
        Some(self.ask(&rules, shell))
    }

    /// Sends what is due, as fast as the client may; else sleeps.
    fn ask(&mut self, rules: &Rules, shell: &mut Shell<'_>) -> Next {
        let mut verbs = Vec::new();
        let mut earliest = self.until;
        for at in 0..self.pods.len() {
            let leaving = &self.pods[at];
            if leaving.state == State::Gone {
                continue;
            }
            // A request may go while the bucket has room.
            let room = self.tat.since(shell.now) <= PERIOD * (BURST - 1);
            let due = if room { leaving.due } else { leaving.due.max(self.tat - PERIOD * (BURST - 1)) };
            if due > shell.now {
                earliest = Some(earliest.map_or(due, |earliest| earliest.min(due)));
                continue;
            }
            self.tat = self.tat.max(shell.now) + PERIOD;
            let pod = &leaving.pod;
            let options = DeleteOptions { grace_period_seconds: (rules.grace_s >= 0).then_some(rules.grace_s), ..DeleteOptions::default() };
            verbs.push(match leaving.state {
                State::Evict if rules.disable_eviction => Verb::Delete { target: Key::of(pod), options },
                State::Evict => {
                    shell.print(format!("evicting pod {}/{}", pod.meta.namespace, pod.meta.name));
                    Verb::Evict { pod: Key::of(pod), options }
                }
                _ => Verb::Get(Key::of(pod)),
            });
            self.asked.push(at);
        }
        if verbs.is_empty() {
            let span = earliest.map_or(LOOK_EVERY, |earliest| earliest.since(shell.now));
            return Next::Sleep(span.max(Span::from_ms(1)));
        }
        Next::Call(verbs)
    }

    fn answered(&mut self, at: usize, answer: crate::api::Answer, rules: &Rules, shell: &mut Shell<'_>) -> Result<(), String> {
        let leaving = &mut self.pods[at];
        let (name, namespace) = (leaving.pod.meta.name.clone(), leaving.pod.meta.namespace.clone());
        match (leaving.state, answer) {
            (State::Evict, Ok(_)) => (leaving.state, leaving.due) = (State::Wait, shell.now),
            (State::Evict, Err(error)) => match error.reason {
                Reason::NotFound if rules.disable_eviction => (leaving.state, leaving.due) = (State::Wait, shell.now),
                Reason::NotFound => leaving.state = State::Gone,
                Reason::TooManyRequests => {
                    shell.print(format!("error when evicting pods/{:?} -n {:?} (will retry after 5s): {error}", &*name, &*namespace));
                    (leaving.state, leaving.due) = (State::Refresh, shell.now + RETRY_EVERY);
                }
                Reason::Forbidden if error.message.contains("is being terminated") && leaving.pod.meta.is_deleting() => {
                    (leaving.state, leaving.due) = (State::Wait, shell.now);
                }
                Reason::Forbidden if error.message.contains("is being terminated") => {
                    shell.print(format!(
                        "error when evicting pod {:?} from terminating namespace {:?} (will retry after 5s): {error}",
                        &*name, &*namespace
                    ));
                    (leaving.state, leaving.due) = (State::Refresh, shell.now + RETRY_EVERY);
                }
                _ if rules.disable_eviction => return Err(error.to_string()),
                _ => return Err(format!("error when evicting pods/{:?} -n {:?}: {error}", &*name, &*namespace)),
            },
            (State::Refresh, answer) => {
                if let Ok(fresh) = answer {
                    leaving.pod = fresh;
                }
                (leaving.state, leaving.due) = (State::Evict, shell.now);
            }
            (_, Ok(found)) if found.meta.uid == leaving.pod.meta.uid => {
                let gone_at = found.meta.deletion_timestamp.map(|time| time.0);
                let old = gone_at.is_some_and(|at| shell.clock.timestamp(shell.now).0 - at > rules.skip_wait_s);
                if rules.skip_wait_s > 0 && old {
                    let s = rules.skip_wait_s;
                    shell.print(format!("pod {name} has DeletionTimestamp older than {s} seconds, skipping"));
                    leaving.state = State::Gone;
                }
                leaving.due = shell.now + LOOK_EVERY;
            }
            (_, Err(error)) if error.reason != Reason::NotFound => {
                let failed = if rules.disable_eviction { "deletion failed" } else { "eviction failed" };
                shell.print(format!("pod/{name} {failed}"));
                let text = format!("error when waiting for pod {:?} in namespace {:?} to terminate: {error}", &*name, &*namespace);
                return Err(text);
            }
            _ => {
                leaving.state = State::Gone;
                let done = if rules.disable_eviction { "deleted" } else { "evicted" };
                shell.print(format!("pod/{name} {done}"));
            }
        }
        Ok(())
    }
}

/// What the rules say of a pod.
enum Fate {
    Goes,
    GoesWith(&'static str),
    Stays(&'static str),
    StaysSilently,
    Forbids(String),
}

/// The node's pods that are to go, what is to be warned of, and what stands against it.
fn choose(rules: &Rules, node: &Str, shell: &Shell<'_>) -> (Vec<Obj>, Vec<String>, Vec<String>) {
    let mut all: Vec<Obj> = shell.view.pods_on(node).map(|(_, pod)| pod.clone()).collect();
    all.retain(|pod| rules.selector.as_ref().is_none_or(|selector| selector.matches(&pod.meta.labels)));
    all.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    let (mut going, mut warnings, mut errors) = (Vec::new(), Vec::<(String, Vec<String>)>::new(), Vec::<(String, Vec<String>)>::new());
    let note = |list: &mut Vec<(String, Vec<String>)>, what: &str, pod: &Obj| {
        let name = format!("{}/{}", pod.meta.namespace, pod.meta.name);
        match list.iter_mut().find(|(known, _)| known == what) {
            Some((_, names)) => names.push(name),
            None => list.push((what.to_string(), vec![name])),
        }
    };
    for object in all {
        let Some(pod) = object.as_pod() else { continue };
        match fate(rules, &object, pod, shell) {
            Fate::Goes => going.push(object),
            Fate::GoesWith(warning) => {
                note(&mut warnings, warning, &object);
                going.push(object);
            }
            Fate::Stays(warning) => note(&mut warnings, warning, &object),
            Fate::StaysSilently => {}
            Fate::Forbids(why) => note(&mut errors, &why, &object),
        }
    }
    let warnings = warnings.into_iter().map(|(what, names)| format!("{what}: {}", names.join(", "))).collect();
    let errors = errors.into_iter().map(|(what, names)| format!("cannot delete {what}: {}", names.join(", "))).collect();
    (going, warnings, errors)
}

/// The filters in their order; the first that keeps a pod decides, else the last has the say.
fn fate(rules: &Rules, object: &Obj, pod: &Pod, shell: &Shell<'_>) -> Fate {
    let now = shell.clock.timestamp(shell.now).0;
    if rules.skip_wait_s > 0 && object.meta.deletion_timestamp.is_some_and(|at| now - at.0 > rules.skip_wait_s) {
        return Fate::StaysSilently;
    }
    let finished = matches!(pod.status.phase, PodPhase::Succeeded | PodPhase::Failed);
    let owner = object.meta.controller();
    if let Some(owner) = owner.filter(|owner| &*owner.kind == "DaemonSet" && &*owner.api_version == "apps/v1" && !finished) {
        let there = shell.view.find(Kind::DaemonSet, &object.meta.namespace, &owner.name).is_some();
        let missing = format!("daemonsets.apps \"{}\" not found", owner.name);
        match (there, rules.force, rules.ignore_daemon_sets) {
            (false, false, _) => return Fate::Forbids(missing),
            (false, true, _) => {}
            (true, _, false) => return Fate::Forbids("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)".into()),
            (true, _, true) => return Fate::Stays("ignoring DaemonSet-managed Pods"),
        }
    }
    if object.meta.annotations.contains("kubernetes.io/config.mirror") {
        return Fate::StaysSilently;
    }
    let local = pod.spec.volumes.iter().any(|volume| volume.empty_dir.is_some());
    if local && !finished && !rules.delete_empty_dir {
        return Fate::Forbids("Pods with local storage (use --delete-emptydir-data to override)".into());
    }
    match (finished || owner.is_some(), rules.force) {
        (true, _) => Fate::Goes,
        (false, true) => Fate::GoesWith("deleting Pods that declare no controller"),
        (false, false) => Fate::Forbids("Pods that declare no controller (use --force to override)".into()),
    }
}

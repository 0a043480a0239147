//! `kubectl delete`: by name, selector, all or file; then waits until all is gone, unless `--wait=false`.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/delete/delete.go @ v1.37.2.

use super::super::KubectlError;
use super::super::flags::Args;
use super::super::gather::{Gather, Gathered};
use super::super::resources::{Resource, Subject, subject};
use super::super::task::{Next, Plan, Shell, Task};
use super::Entry;
use crate::api::error::Reason;
use crate::api::{DeleteOptions, Propagation, Verb};
use crate::base::{Span, Time};
use crate::model::{Kind, Obj, Scope};
use crate::store::Key;
use std::sync::Arc;

/// How often is looked whether an object is gone. The real one watches; what it prints has been printed by then.
const LOOK_EVERY: Span = Span::from_ms(200);
/// How long is waited at most, when nothing else is said: a week.
const WAIT_MAX: Span = Span::from_s(168 * 3600);

/// The command.
pub const ENTRY: Entry = Entry {
    name: "delete",
    flags: "filename,f:l kustomize,k:s recursive,R:b all:b all-namespaces,A:b cascade:o field-selector:s force:b grace-period:i \
            ignore-not-found:b interactive,i:b now:b output,o:s raw:s selector,l:s timeout:d wait:b dry-run:o",
    parse,
};

#[derive(Clone, Debug)]
struct Delete {
    subject: Subject,
    all_namespaces: bool,
    options: DeleteOptions,
    ignore_not_found: bool,
    wait: bool,
    timeout: Span,
    immediate: bool,
    name_only: bool,
    warn_cluster_scope: bool,
}

fn parse(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let (all, force, now) = (args.bool("all", false), args.bool("force", false), args.bool("now", false));
    if all && args.has("selector") {
        return Err(args.flag_error("all", "cannot set --all and --selector at the same time"));
    }
    if args.has("field-selector") {
        return Err(args.flag_error("field-selector", "`--field-selector` is not simulated"));
    }
    let mut grace = args.int("grace-period", -1);
    if now {
        if grace != -1 {
            return Err(args.flag_error("now", "--now and --grace-period cannot be specified together"));
        }
        grace = 1;
    }
    let mut wait = args.bool("wait", true);
    if grace == 0 && !force {
        // Immediate deletion must be forced; without, one second is granted.
        grace = 1;
    } else if force && grace < 0 {
        grace = 0;
    }
    if force && grace > 0 {
        return Err(args.flag_error("force", "--force and --grace-period greater than 0 cannot be specified together"));
    }
    if grace == 0 && !args.has("wait") {
        wait = false;
    }
    let propagation = match args.text("cascade").unwrap_or("background") {
        "" | "background" | "true" => Propagation::Background,
        "foreground" => Propagation::Foreground,
        "orphan" | "false" => Propagation::Orphan,
        other => {
            let message = format!("invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\"");
            return Err(args.flag_error("cascade", message));
        }
    };
    let options =
        DeleteOptions { grace_period_seconds: (grace >= 0).then_some(grace), propagation: Some(propagation), ..DeleteOptions::default() };
    let subject = subject(args, &args.words)?;
    let given = args.has("namespace") || args.bool("all-namespaces", false);
    Ok(Arc::new(Delete {
        subject,
        all_namespaces: args.bool("all-namespaces", false),
        options,
        ignore_not_found: args.bool("ignore-not-found", all),
        wait,
        timeout: args.duration("timeout").unwrap_or(WAIT_MAX),
        immediate: grace == 0 && force,
        name_only: args.has("output"),
        warn_cluster_scope: given,
    }))
}

impl Plan for Delete {
    fn task(&self) -> Box<dyn Task> {
        let gather = Gather::new(&self.subject, self.all_namespaces);
        let named = matches!(self.subject, Subject::Selected(..)).then_some(gather);
        Box::new(DeleteTask { plan: self.clone(), gather: named, keys: None, at: 0, deleted: Vec::new(), stage: Stage::Begin })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Begin,
    Deleting,
    Waiting(Time),
}

struct DeleteTask {
    plan: Delete,
    gather: Option<Gather>,
    keys: Option<Vec<Key>>,
    at: usize,
    deleted: Vec<Obj>,
    stage: Stage,
}

impl DeleteTask {
    /// Which objects are to be deleted; none while they are still looked for.
    fn keys(&mut self, shell: &mut Shell<'_>) -> Result<Vec<Key>, Next> {
        if let Some(gather) = &mut self.gather {
            return match gather.turn(shell) {
                Gathered::Not(next) => Err(next),
                Gathered::All(found) => Ok(found.iter().map(|object| Key::of(object)).collect()),
            };
        }
        match &self.plan.subject {
            Subject::Named(named) => Ok(named.iter().map(|(resource, name)| resource.key(shell.namespace, name)).collect()),
            _ => Ok(super::super::gather::manifest_keys(shell).unwrap_or_else(|message| {
                shell.fail(message);
                Vec::new()
            })),
        }
    }

    fn told(&mut self, shell: &mut Shell<'_>) {
        match shell.answer().expect("one request, one answer") {
            Ok(object) => {
                let line = line(&object, &self.plan);
                shell.print(line);
                self.deleted.push(object);
            }
            Err(error) if error.reason == Reason::NotFound && self.plan.ignore_not_found => {}
            Err(error) => shell.refused(&error),
        }
        self.at += 1;
    }

    /// Whether something that was deleted is still there.
    fn waits(&self, shell: &Shell<'_>) -> bool {
        self.deleted.iter().any(|object| {
            let found = shell.view.id(Key::of(object).as_ref()).and_then(|id| shell.view.get(id));
            found.is_some_and(|found| found.meta.uid == object.meta.uid)
        })
    }
}

impl Task for DeleteTask {
    fn turn(&mut self, shell: &mut Shell<'_>) -> Next {
        if self.keys.is_none() {
            match self.keys(shell) {
                Err(next) => return next,
                Ok(keys) => self.keys = Some(keys),
            }
            shell.answers.clear();
            if self.plan.immediate {
                let text = "Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may \
                            continue to run on the cluster indefinitely.";
                shell.print(format!("Warning: {text}"));
            }
        }
        if self.stage == Stage::Deleting {
            self.told(shell);
        }
        if let Some(key) = self.keys.as_ref().and_then(|keys| keys.get(self.at)) {
            if key.kind != Kind::Other && key.kind.scope() == Scope::Cluster && std::mem::take(&mut self.plan.warn_cluster_scope) {
                shell.print("Warning: deleting cluster-scoped resources, not scoped to the provided namespace");
            }
            self.stage = Stage::Deleting;
            return Next::call(Verb::Delete { target: key.clone(), options: self.plan.options.clone() });
        }
        if self.deleted.is_empty() {
            if !*shell.failed {
                shell.print("No resources found");
            }
            return Next::Done;
        }
        let until = match self.stage {
            Stage::Waiting(until) => until,
            _ => shell.now + self.plan.timeout,
        };
        if !self.plan.wait || !self.waits(shell) {
            return Next::Done;
        }
        if shell.now >= until {
            let first = &self.deleted[0];
            let title = format!("{}/{}", Resource::of_object(first).qualified_plural(), first.meta.name);
            shell.fail(format!("error: timed out waiting for the condition on {title}"));
            return Next::Done;
        }
        self.stage = Stage::Waiting(until);
        Next::Sleep(LOOK_EVERY.min(until.since(shell.now)))
    }
}

fn line(object: &Obj, plan: &Delete) -> String {
    let resource = Resource::of_object(object);
    if plan.name_only {
        return format!("{}/{}", resource.qualified_singular(), object.meta.name);
    }
    let how = if plan.options.grace_period_seconds == Some(0) { "force deleted" } else { "deleted" };
    let place = match resource.scope {
        Scope::Namespaced => format!(" from {} namespace", object.meta.namespace),
        Scope::Cluster => String::new(),
    };
    format!("{} \"{}\" {how}{place}", resource.qualified_singular(), object.meta.name)
}

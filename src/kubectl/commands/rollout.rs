//! `kubectl rollout status|pause|resume|restart`.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/rollout/*.go, pkg/polymorphichelpers/{rollout_status,objectpauser,objectrestarter}.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::{Change, Each, Work, title};
use super::super::flags::Args;
use super::super::gather::{Gather, Gathered};
use super::super::pod_spec::template;
use super::super::resources::{Resource, Subject, subject};
use super::super::task::{Next, Plan, Shell, Task};
use super::Entry;
use crate::api::Verb;
use crate::base::Time;
use crate::model::{Body, Kind, Obj, Object};
use crate::store::Key;
use std::sync::Arc;

const FLAGS: &str = "filename,f:l kustomize,k:s recursive,R:b selector,l:s field-manager:s output,o:s";

/// `rollout status`.
pub const STATUS: Entry = Entry {
    name: "rollout status",
    flags: "filename,f:l kustomize,k:s recursive,R:b selector,l:s revision:i timeout:d watch,w:b",
    parse: status,
};
/// `rollout pause`.
pub const PAUSE: Entry = Entry { name: "rollout pause", flags: FLAGS, parse: |args| pausing(args, Act::Pause) };
/// `rollout resume`.
pub const RESUME: Entry = Entry { name: "rollout resume", flags: FLAGS, parse: |args| pausing(args, Act::Resume) };
/// `rollout restart`.
pub const RESTART: Entry = Entry { name: "rollout restart", flags: FLAGS, parse: |args| pausing(args, Act::Restart) };

const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// What a rollout is about; there must be some.
pub(super) fn target(args: &Args, kinds: &[Kind], doing: &str) -> Result<Subject, KubectlError> {
    if args.words.is_empty() && !args.has("filename") {
        return Err(KubectlError::plain("required resource not specified"));
    }
    // `rollout status deployment` means all deployments.
    let subject = match subject(args, &args.words) {
        Err(error) if error.message.ends_with("but no name was specified") => {
            Subject::Selected(super::super::resources::find_all(&args.words[0])?, super::super::resources::everything())
        }
        other => other?,
    };
    let types: Vec<&Resource> = match &subject {
        Subject::Named(named) => named.iter().map(|(resource, _)| resource).collect(),
        Subject::Selected(types, _) => types.iter().collect(),
        Subject::Files => Vec::new(),
    };
    match types.iter().find(|resource| !kinds.contains(&resource.kind)) {
        Some(resource) if doing == "status" || doing == "history" || doing == "undo" => {
            let what = match doing {
                "status" => "status viewer",
                "history" => "history viewer",
                _ => "rollbacker",
            };
            Err(KubectlError::plain(&format!("no {what} has been implemented for {}", resource.kind_name)))
        }
        Some(resource) => {
            let name = match &subject {
                Subject::Named(named) => named.iter().find(|(of, _)| of.kind == resource.kind).map_or("", |(_, name)| name),
                _ => "",
            };
            Err(KubectlError::plain(&format!("{} {name:?} {doing} is not supported", resource.qualified_plural())))
        }
        None => Ok(subject),
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Act {
    Pause,
    Resume,
    Restart,
}

fn pausing(args: &Args, act: Act) -> Result<Arc<dyn Plan>, KubectlError> {
    let (kinds, doing): (&[Kind], _) = match act {
        Act::Pause => (&[Kind::Deployment], "pausing"),
        Act::Resume => (&[Kind::Deployment], "resuming"),
        Act::Restart => (&[Kind::Deployment, Kind::DaemonSet, Kind::StatefulSet], "restarting"),
    };
    let subject = target(args, kinds, doing)?;
    Ok(Each::plan(args, subject, act))
}

fn paused(object: &Object) -> bool {
    object.as_deployment().is_some_and(|deployment| deployment.spec.paused)
}

impl Work for Act {
    fn change(&self, object: &Obj, shell: &mut Shell<'_>) -> Change {
        let fail = |text: &str| {
            let resource = Resource::of_object(object).qualified_plural();
            Change::Fail(format!("error: {resource} \"{}\" {text}", object.meta.name))
        };
        let key = Key::of(object);
        let set_paused = |paused: bool| {
            Verb::edit(key.clone(), move |object| {
                if let Body::Deployment(deployment) = &mut object.body {
                    Arc::make_mut(&mut deployment.spec).paused = paused;
                }
            })
        };
        match (self, paused(object)) {
            (Act::Pause, true) => fail("is already paused"),
            (Act::Resume, false) => fail("is not paused"),
            (Act::Restart, true) => fail("can't restart paused deployment (run rollout resume first)"),
            (Act::Pause, false) => Change::Write(set_paused(true), format!("{} paused", title(object))),
            (Act::Resume, true) => Change::Write(set_paused(false), format!("{} resumed", title(object))),
            (Act::Restart, false) => {
                let at = shell.clock.timestamp(shell.now).to_string();
                let mut copy = (**object).clone();
                if template(&mut copy).is_some_and(|template| template.metadata.annotations.get(RESTARTED_AT) == Some(&at)) {
                    let name = &object.meta.name;
                    return Change::Fail(format!(
                        "error: failed to create patch for {name}: if restart has already been triggered within the past second, please wait \
                         before attempting to trigger another"
                    ));
                }
                let verb = Verb::edit(key, move |object| {
                    if let Some(template) = template(object) {
                        template.metadata.annotations.set(RESTARTED_AT, at.as_str());
                    }
                });
                Change::Write(verb, format!("{} restarted", title(object)))
            }
        }
    }

    fn refusal(&self) -> &'static str {
        "failed to patch: "
    }

    fn nothing(&self, namespace: &str) -> Option<String> {
        Some(format!("No resources found in {namespace} namespace."))
    }
}

#[derive(Clone, Debug)]
struct Status {
    subject: Subject,
    watch: bool,
    timeout: Option<crate::base::Span>,
    revision: i64,
}

fn status(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let revision = args.int("revision", 0);
    if revision < 0 {
        return Err(args.flag_error("revision", format!("revision must be a positive integer: {revision}")));
    }
    let subject = target(args, &[Kind::Deployment, Kind::DaemonSet, Kind::StatefulSet], "status")?;
    Ok(Arc::new(Status { subject, watch: args.bool("watch", true), timeout: args.duration("timeout"), revision }))
}

impl Plan for Status {
    fn task(&self) -> Box<dyn Task> {
        let gather = Gather::new(&self.subject, false);
        Box::new(StatusTask { plan: self.clone(), gather: Some(gather), open: Vec::new(), until: None, seen: 0 })
    }
}

struct StatusTask {
    plan: Status,
    gather: Option<Gather>,
    /// Objects whose rollouts are still to be looked at, the last one first.
    open: Vec<Obj>,
    until: Option<Time>,
    /// resourceVersion of the object that was looked at last.
    seen: u64,
}

impl Task for StatusTask {
    fn turn(&mut self, shell: &mut Shell<'_>) -> Next {
        if let Some(gather) = &mut self.gather {
            match gather.turn(shell) {
                Gathered::Not(next) => return next,
                Gathered::All(found) => {
                    self.gather = None;
                    if found.is_empty() && !*shell.failed {
                        shell.print(format!("No resources found in {} namespace.", shell.namespace));
                    }
                    self.open = found.into_iter().rev().collect();
                    self.until = self.plan.timeout.map(|timeout| shell.now + timeout);
                }
            }
        }
        loop {
            let Some(object) = self.open.last() else { return Next::Done };
            let found = shell.view.id(Key::of(object).as_ref()).and_then(|id| shell.view.get(id));
            let Some(now) = found.filter(|found| found.meta.uid == object.meta.uid).cloned() else {
                shell.fail("error: object has been deleted");
                return Next::Done;
            };
            if now.meta.resource_version != self.seen {
                self.seen = now.meta.resource_version;
                match said(&now, self.plan.revision) {
                    Err(message) => {
                        shell.fail(format!("error: {message}"));
                        return Next::Done;
                    }
                    Ok((text, done)) => {
                        shell.print(text);
                        if done || !self.plan.watch {
                            self.open.pop();
                            self.seen = 0;
                            self.until = self.plan.timeout.map(|timeout| shell.now + timeout);
                            continue;
                        }
                    }
                }
            }
            if self.until.is_some_and(|until| until <= shell.now) {
                shell.fail("error: timed out waiting for the condition");
                return Next::Done;
            }
            return Next::Watch(self.until);
        }
    }
}

/// What is said of a rollout, and whether it is over.
fn said(object: &Object, revision: i64) -> Result<(String, bool), String> {
    let name = &object.meta.name;
    match &object.body {
        Body::Deployment(deployment) => {
            let (spec, status) = (&deployment.spec, &deployment.status);
            let running = object.meta.annotations.get(super::undo::REVISION).and_then(|text| text.parse().ok()).unwrap_or(0);
            if revision > 0 && revision != running {
                return Err(format!("desired revision ({revision}) is different from the running revision ({running})"));
            }
            if object.meta.generation > status.observed_generation {
                return Ok(("Waiting for deployment spec update to be observed...".into(), false));
            }
            let late = |condition: &crate::model::DeploymentCondition| {
                &*condition.r#type == "Progressing" && &*condition.reason == "ProgressDeadlineExceeded"
            };
            if status.conditions.iter().any(late) {
                return Err(format!("deployment \"{name}\" exceeded its progress deadline"));
            }
            let waiting = format!("Waiting for deployment \"{name}\" rollout to finish:");
            let (wanted, updated) = (spec.replicas.unwrap_or(1), status.updated_replicas);
            if updated < wanted {
                return Ok((format!("{waiting} {updated} out of {wanted} new replicas have been updated..."), false));
            }
            if status.replicas > updated {
                return Ok((format!("{waiting} {} old replicas are pending termination...", status.replicas - updated), false));
            }
            if status.available_replicas < updated {
                return Ok((format!("{waiting} {} of {updated} updated replicas are available...", status.available_replicas), false));
            }
            Ok((format!("deployment \"{name}\" successfully rolled out"), true))
        }
        Body::DaemonSet(set) => {
            if set.spec.update_strategy.r#type != "RollingUpdate" {
                return Err("rollout status is only available for RollingUpdate strategy type".into());
            }
            let status = &set.status;
            if object.meta.generation > status.observed_generation {
                return Ok(("Waiting for daemon set spec update to be observed...".into(), false));
            }
            let (wanted, updated, available) = (status.desired_number_scheduled, status.updated_number_scheduled, status.number_available);
            let waiting = format!("Waiting for daemon set \"{name}\" rollout to finish:");
            if updated < wanted {
                return Ok((format!("{waiting} {updated} out of {wanted} new pods have been updated..."), false));
            }
            if available < wanted {
                return Ok((format!("{waiting} {available} of {wanted} updated pods are available..."), false));
            }
            Ok((format!("daemon set \"{name}\" successfully rolled out"), true))
        }
        Body::StatefulSet(set) => stateful_set(object, set),
        _ => Err(format!("no status viewer has been implemented for {}", object.kind_name())),
    }
}

fn stateful_set(object: &Object, set: &crate::model::StatefulSet) -> Result<(String, bool), String> {
    let (spec, status) = (&set.spec, &set.status);
    if spec.update_strategy.r#type != "RollingUpdate" {
        return Err("rollout status is only available for RollingUpdate strategy type".into());
    }
    if status.observed_generation == 0 || object.meta.generation > status.observed_generation {
        return Ok(("Waiting for statefulset spec update to be observed...".into(), false));
    }
    let wanted = spec.replicas.unwrap_or(1);
    if status.ready_replicas < wanted {
        return Ok((format!("Waiting for {} pods to be ready...", wanted - status.ready_replicas), false));
    }
    let updated = status.updated_replicas;
    if let Some(rolling) = &spec.update_strategy.rolling_update {
        let partition = wanted - rolling.partition.unwrap_or(0);
        if rolling.partition.is_some() && updated < partition {
            let text = format!("Waiting for partitioned roll out to finish: {updated} out of {partition} new pods have been updated...");
            return Ok((text, false));
        }
        return Ok((format!("partitioned roll out complete: {updated} new pods have been updated..."), true));
    }
    if status.update_revision != status.current_revision {
        let text = format!("waiting for statefulset rolling update to complete {updated} pods at revision {}...", status.update_revision);
        return Ok((text, false));
    }
    let text = format!("statefulset rolling update complete {} pods at revision {}...", status.current_replicas, status.current_revision);
    Ok((text, true))
}

//! `kubectl rollout undo` and `history`: revisions of Deployments live in their ReplicaSets, those of StatefulSets and
//! DaemonSets in ControllerRevisions.
//! Real: staging/src/k8s.io/kubectl/pkg/polymorphichelpers/{rollback,history}.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::{Change, Each, Work, title};
use super::super::flags::Args;
use super::super::task::{Plan, Shell};
use super::Entry;
use super::rollout::target;
use crate::api::patch::LAST_APPLIED;
use crate::api::{Patch, Subresource, Verb};
use crate::manifest::describe::pod_template;
use crate::model::{Body, Kind, Labels, Obj, Object, PodTemplateSpec};
use crate::store::Key;
use std::sync::Arc;

/// `rollout undo`.
pub const UNDO: Entry = Entry {
    name: "rollout undo",
    flags: "filename,f:l kustomize,k:s recursive,R:b selector,l:s to-revision:i dry-run:o output,o:s",
    parse: undo,
};
/// `rollout history`.
pub const HISTORY: Entry =
    Entry { name: "rollout history", flags: "filename,f:l kustomize,k:s recursive,R:b selector,l:s revision:i output,o:s", parse: history };

/// The annotation with the number of a revision.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
const HASH: &str = "pod-template-hash";
/// Annotations that stay with the Deployment. Real: annotationsToSkip in rollback.go.
const STAYS: &[&str] = &[
    LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];
const KINDS: &[Kind] = &[Kind::Deployment, Kind::DaemonSet, Kind::StatefulSet];

#[derive(Debug)]
struct Undo {
    to: i64,
}

fn undo(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let to = args.int("to-revision", 0);
    if to < 0 {
        return Err(args.flag_error("to-revision", format!("unable to find specified revision {to} in history")));
    }
    Ok(Each::plan(args, target(args, KINDS, "undo")?, Undo { to }))
}

fn revision(object: &Object) -> Option<i64> {
    match &object.body {
        Body::ControllerRevision(body) => Some(body.revision),
        _ => object.meta.annotations.get(REVISION)?.parse().ok(),
    }
}

/// A workload's revisions, oldest first.
fn revisions(object: &Obj, shell: &Shell<'_>) -> Vec<(i64, Obj)> {
    let kind = if object.kind() == Kind::Deployment { Kind::ReplicaSet } else { Kind::ControllerRevision };
    let owned = shell.view.controlled_by(kind, &object.meta.uid);
    let mut all: Vec<(i64, Obj)> = owned.filter_map(|(_, found)| Some((revision(found)?, found.clone()))).collect();
    all.sort_by_key(|(number, _)| *number);
    all
}

impl Undo {
    /// The revision to go back to.
    fn find(&self, object: &Obj, all: &[(i64, Obj)]) -> Result<Obj, String> {
        if self.to > 0 {
            let found = all.iter().find(|(number, _)| *number == self.to);
            return found
                .map(|(_, found)| found.clone())
                .ok_or_else(|| format!("unable to find specified revision {} in history", self.to));
        }
        match all {
            [.., (_, previous), _] => Ok(previous.clone()),
            _ if object.kind() == Kind::Deployment => Err(format!("no rollout history found for deployment {:?}", &*object.meta.name)),
            _ => Err("no last revision to roll back to".into()),
        }
    }

    fn deployment(&self, object: &Obj, set: &Obj) -> Change {
        let (Body::Deployment(now), Body::ReplicaSet(then)) = (&object.body, &set.body) else { return Change::Skip };
        if now.spec.paused {
            let text = "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again";
            return Change::Fail(format!("error: {text}"));
        }
        let mut wanted = then.spec.template.clone();
        wanted.metadata.labels.remove(HASH);
        if same_template(&wanted, &now.spec.template) {
            return self.skipped(object);
        }
        let mut annotations: Vec<(String, String)> = Vec::new();
        let mut take = |from: &Labels, stays: bool| {
            let found = from.iter().filter(|(key, _)| STAYS.contains(&&***key) == stays);
            annotations.extend(found.map(|(key, value)| (key.to_string(), value.to_string())));
        };
        take(&object.meta.annotations, true);
        take(&set.meta.annotations, false);
        let annotations = Labels::from_pairs(annotations.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        let verb = Verb::edit(Key::of(object), move |object| {
            object.meta.annotations = annotations.clone();
            if let Body::Deployment(deployment) = &mut object.body {
                Arc::make_mut(&mut deployment.spec).template = wanted.clone();
            }
        });
        Change::Write(verb, format!("{} rolled back", title(object)))
    }

    fn history(&self, object: &Obj, found: &Obj) -> Change {
        let Some(patch) = data(found) else { return Change::Skip };
        let mut after = object.to_json();
        // The template is replaced, not merged: what it has not is taken off, as the mark of a restart.
        after["spec"]["template"] = serde_json::json!({});
        json_patch::merge(&mut after, &without_directives(&patch));
        if Object::from_json(after).is_ok_and(|after| after.body == object.body) {
            return self.skipped(object);
        }
        let verb = Verb::Patch { target: Key::of(object), subresource: Subresource::Main, patch: Patch::Strategic(patch) };
        Change::Write(verb, format!("{} rolled back", title(object)))
    }

    fn skipped(&self, object: &Obj) -> Change {
        Change::Print(format!("{} skipped rollback (current template already matches revision {})", title(object), self.to))
    }
}

/// What a ControllerRevision holds: a strategic patch of the workload.
fn data(found: &Obj) -> Option<serde_json::Value> {
    let Body::ControllerRevision(revision) = &found.body else { return None };
    serde_json::to_value(&revision.data).ok().filter(serde_json::Value::is_object)
}

fn without_directives(patch: &serde_json::Value) -> serde_json::Value {
    match patch {
        serde_json::Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !key.starts_with('$'));
            serde_json::Value::Object(kept.map(|(key, value)| (key.clone(), without_directives(value))).collect())
        }
        other => other.clone(),
    }
}

/// Whether two templates are the same but for the label with the hash.
fn same_template(a: &PodTemplateSpec, b: &PodTemplateSpec) -> bool {
    let plain = |template: &PodTemplateSpec| {
        let mut template = template.clone();
        template.metadata.labels.remove(HASH);
        template
    };
    plain(a) == plain(b)
}

impl Work for Undo {
    fn lists(&self) -> bool {
        true
    }

    fn change(&self, object: &Obj, shell: &mut Shell<'_>) -> Change {
        if object.meta.annotations.contains(LAST_APPLIED) {
            let name = title(object);
            shell.print(format!(
                "Warning: resource {name} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST_APPLIED} \
                 annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with \
                 your previous configuration file instead."
            ));
        }
        let all = revisions(object, shell);
        match self.find(object, &all) {
            Err(message) => Change::Fail(format!("error: {message}")),
            Ok(found) if object.kind() == Kind::Deployment => self.deployment(object, &found),
            Ok(found) => self.history(object, &found),
        }
    }
}

#[derive(Debug)]
struct History {
    revision: i64,
}

fn history(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let revision = args.int("revision", 0);
    if revision < 0 {
        return Err(args.flag_error("revision", format!("revision must be a positive integer: {revision}")));
    }
    Ok(Each::plan(args, target(args, KINDS, "history")?, History { revision }))
}

impl Work for History {
    fn lists(&self) -> bool {
        true
    }

    fn change(&self, object: &Obj, shell: &mut Shell<'_>) -> Change {
        let all = revisions(object, shell);
        if self.revision > 0 {
            return match all.iter().find(|(number, _)| *number == self.revision) {
                None => Change::Fail("error: unable to find the specified revision".into()),
                Some((_, found)) => Change::Print(format!("{} with revision #{}\n{}", title(object), self.revision, template_text(found))),
            };
        }
        if all.is_empty() {
            return Change::Print(format!("{} \nNo rollout history found.", title(object)));
        }
        let mut lines = vec![format!("{} ", title(object)), "REVISION  CHANGE-CAUSE".to_string()];
        for (number, found) in &all {
            let cause = found.meta.annotations.get(CHANGE_CAUSE).filter(|cause| !cause.is_empty()).unwrap_or("<none>");
            lines.push(format!("{number:<8}  {cause}"));
        }
        // kubectl ends the table with a blank line.
        lines.push(String::new());
        Change::Print(lines.join("\n"))
    }
}

/// The template that a revision holds, described.
fn template_text(found: &Obj) -> String {
    let template = match data(found) {
        Some(patch) => serde_json::from_value(without_directives(&patch["spec"]["template"])).ok(),
        None => super::super::pod_spec::template(&mut (**found).clone()).cloned(),
    };
    template.map_or_else(String::new, |template| pod_template(&template))
}

//! `kubectl scale`: the number of replicas, through the scale subresource.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/scale/scale.go and pkg/scale/scale.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::{Change, Each, Work, title};
use super::super::flags::Args;
use super::super::resources::{Resource, Subject, subject};
use super::super::task::{Plan, Shell};
use super::Entry;
use crate::api::{Patch, Subresource, Verb};
use crate::model::{Body, Kind, Obj};
use crate::store::Key;
use serde_json::json;
use std::sync::Arc;

/// The command.
pub const ENTRY: Entry = Entry {
    name: "scale",
    flags: "filename,f:l kustomize,k:s recursive,R:b all:b current-replicas:i replicas:i resource-version:s selector,l:s timeout:d dry-run:o \
            output,o:s record:b",
    parse,
};

#[derive(Debug)]
struct Scale {
    replicas: i64,
    current: Option<i64>,
    version: Option<String>,
}

fn parse(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    if !args.has("replicas") {
        return Err(KubectlError::plain("required flag(s) \"replicas\" not set"));
    }
    let replicas = args.int("replicas", 0);
    if replicas < 0 {
        let message = "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0";
        return Err(args.flag_error("replicas", message));
    }
    if i32::try_from(replicas).is_err() {
        return Err(args.flag_error("replicas", format!("{replicas} replicas are more than 2147483647")));
    }
    let current = args.int("current-replicas", -1);
    if args.has("current-replicas") && current < -1 {
        let message = "The --current-replicas must specify an integer of -1 or greater";
        return Err(args.flag_error("current-replicas", message));
    }
    let subject = subject(args, &args.words)?;
    if let Subject::Named(named) = &subject {
        named.iter().try_for_each(|(resource, _)| scalable(resource))?;
    }
    let version = args.text("resource-version").map(str::to_string);
    Ok(Each::plan(args, subject, Scale { replicas, current: (current >= 0).then_some(current), version }))
}

/// Whether objects of this type have a scale subresource, or may have one.
pub(super) fn has_scale(resource: &Resource) -> bool {
    [Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::ReplicationController, Kind::Other].contains(&resource.kind)
}

fn scalable(resource: &Resource) -> Result<(), KubectlError> {
    if has_scale(resource) {
        return Ok(());
    }
    Err(KubectlError::plain(&format!("{} cannot be scaled: they have no scale subresource", resource.plural())))
}

fn replicas(object: &Obj) -> Option<i32> {
    match &object.body {
        Body::Deployment(body) => body.spec.replicas,
        Body::ReplicaSet(body) => body.spec.replicas,
        Body::StatefulSet(body) => body.spec.replicas,
        Body::ReplicationController(body) => body.spec.replicas,
        _ => None,
    }
}

impl Work for Scale {
    fn change(&self, object: &Obj, _shell: &mut Shell<'_>) -> Change {
        let found = i64::from(replicas(object).unwrap_or(1));
        if let Some(wanted) = self.current.filter(|wanted| *wanted != found) {
            return Change::Fail(format!("error: Expected replicas to be {wanted}, was {found}"));
        }
        let version = object.meta.resource_version.to_string();
        if let Some(wanted) = self.version.as_ref().filter(|wanted| **wanted != version) {
            return Change::Fail(format!("error: Expected resource version to be {wanted}, was {version}"));
        }
        let patch = Patch::Merge(json!({"spec": {"replicas": self.replicas}}));
        let verb = Verb::Patch { target: Key::of(object), subresource: Subresource::Scale, patch };
        Change::Write(verb, format!("{} scaled", title(object)))
    }

    fn nothing(&self, _namespace: &str) -> Option<String> {
        Some("error: no objects passed to scale".into())
    }
}

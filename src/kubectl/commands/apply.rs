//! `kubectl apply -f`: creates what is not there, patches what is, and notes what was applied in an annotation.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/apply/{apply,patcher}.go @ v1.37.2 (client-side apply).

use super::super::KubectlError;
use super::super::each::title;
use super::super::flags::Args;
use super::super::gather::namespace_of;
use super::super::manifests::Manifest;
use super::super::resources::Resource;
use super::super::task::{Next, Plan, Shell, Task};
use super::Entry;
use crate::api::error::Reason;
use crate::api::{Patch, Subresource, Verb, patch};
use crate::model::{Obj, Object, Str};
use crate::store::Key;
use serde_json::Value;
use std::sync::Arc;

/// The command.
pub const ENTRY: Entry = Entry {
    name: "apply",
    flags: "filename,f:l kustomize,k:s recursive,R:b all:b cascade:o force:b force-conflicts:b grace-period:i openapi-patch:b overwrite:b \
            prune:b selector,l:s server-side:b timeout:d wait:b applyset:s dry-run:o field-manager:s validate:o output,o:s record:b",
    parse: |args: &Args| {
        if !args.has("filename") {
            return Err(KubectlError::plain("must specify one of -f and -k"));
        }
        if let Some(word) = args.words.first() {
            return Err(args.word_error(word, format!("Unexpected args: [{}]\nSee 'kubectl apply -h' for help and examples", word.text)));
        }
        Ok(Arc::new(Apply))
    },
};

/// The plan: the manifests are the command's.
#[derive(Debug)]
pub struct Apply;

impl Plan for Apply {
    fn task(&self) -> Box<dyn Task> {
        Box::new(ApplyTask { at: 0, stage: Stage::Look })
    }
}

enum Stage {
    /// The next manifest is asked for.
    Look,
    /// Its object, or that it is not there, is the answer.
    Decide,
    /// The write has been answered.
    Told(String),
}

struct ApplyTask {
    at: usize,
    stage: Stage,
}

impl Task for ApplyTask {
    fn turn(&mut self, shell: &mut Shell<'_>) -> Next {
        loop {
            let Some(manifest) = shell.manifests.get(self.at) else { return Next::Done };
            match std::mem::replace(&mut self.stage, Stage::Look) {
                Stage::Look => match key(manifest, shell) {
                    Ok(key) => {
                        self.stage = Stage::Decide;
                        return Next::call(Verb::Get(key));
                    }
                    Err(message) => {
                        shell.fail(message);
                        self.at += 1;
                    }
                },
                Stage::Decide => {
                    let answer = shell.answer().expect("one request, one answer");
                    let namespace = namespace_of(manifest, shell).unwrap_or_default();
                    match answer {
                        Ok(object) => {
                            match changes(manifest, &namespace, &object) {
                                Ok(Some(verb)) => {
                                    self.stage = Stage::Told("configured".into());
                                    return Next::call(verb);
                                }
                                Ok(None) => shell.print(format!("{} unchanged", title(&object))),
                                Err(message) => shell.fail(format!("error: {message}")),
                            }
                            self.at += 1;
                        }
                        Err(error) if error.reason == Reason::NotFound => {
                            let object = annotated(manifest, &namespace);
                            self.stage = Stage::Told("created".into());
                            return Next::call(Verb::Create(Box::new(object)));
                        }
                        Err(error) => {
                            let doing = format!("error when retrieving current configuration of {:?}", &*manifest.file);
                            shell.fail(format!("Error from server ({}): {doing}: {}", error.reason, error.message));
                            self.at += 1;
                        }
                    }
                }
                Stage::Told(done) => {
                    match shell.answer().expect("one request, one answer") {
                        Ok(object) => shell.print(format!("{} {done}", title(&object))),
                        Err(error) if error.reason == Reason::Invalid => shell.refused(&error),
                        Err(error) => {
                            let doing = if done == "created" { "creating" } else { "applying patch to" };
                            let message = &error.message;
                            shell
                                .fail(format!("Error from server ({}): error when {doing} {:?}: {message}", error.reason, &*manifest.file));
                        }
                    }
                    self.at += 1;
                }
            }
        }
    }
}

fn key(manifest: &Manifest, shell: &Shell<'_>) -> Result<Key, String> {
    let namespace = namespace_of(manifest, shell)?;
    if manifest.object.meta.name.is_empty() {
        let prefix = &manifest.object.meta.generate_name;
        return Err(format!("error: from {prefix}: cannot use generate name with apply"));
    }
    Ok(Resource::of_object(&manifest.object).key(&namespace, &manifest.object.meta.name))
}

/// The manifest in its namespace.
fn placed(manifest: &Manifest, namespace: &Str) -> Value {
    let mut json = (*manifest.json).clone();
    if !namespace.is_empty() {
        json["metadata"]["namespace"] = Value::from(&**namespace);
    }
    json
}

fn annotated(manifest: &Manifest, namespace: &Str) -> Object {
    let json = patch::with_last_applied(&placed(manifest, namespace));
    let note = json.pointer("/metadata/annotations").and_then(|all| all.get(patch::LAST_APPLIED)).and_then(Value::as_str).unwrap_or("");
    let mut object = manifest.object.clone();
    object.meta.namespace = namespace.clone();
    object.meta.annotations.set(patch::LAST_APPLIED, note);
    object
}

/// The patch that applies a manifest to an object; none if nothing would change.
fn changes(manifest: &Manifest, namespace: &Str, object: &Obj) -> Result<Option<Verb>, String> {
    let patch = match patch::apply(&placed(manifest, namespace), &object.to_json())? {
        patch::Applied::Unchanged => return Ok(None),
        patch::Applied::Strategic(patch) => Patch::Strategic(patch),
        patch::Applied::Merge(patch) => Patch::Merge(patch),
    };
    Ok(Some(Verb::Patch { target: Key::of(object), subresource: Subresource::Main, patch }))
}

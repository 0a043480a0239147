//! `kubectl apply -f`: creates what is not there, patches what is, and notes what was applied in an annotation.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/apply/{apply,patcher}.go @ v1.37.2 (client-side apply).

use super::super::KubectlError;
use super::super::each::title;
use super::super::flags::Args;
use super::super::gather::namespace_of;
use super::super::manifests::Manifest;
use super::super::resources::Resource;
use super::super::task::{Next, Plan, Shell, Task};
use super::super::three_way::{LAST_APPLIED, applied, difference};
use super::Entry;
use crate::api::error::Reason;
use crate::api::{Patch, Subresource, Verb};
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
                            let Some(verb) = patch(manifest, &namespace, &object) else {
                                shell.print(format!("{} unchanged", title(&object)));
                                self.at += 1;
                                continue;
                            };
                            self.stage = Stage::Told("configured".into());
                            return Next::call(verb);
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

/// What is noted as applied: the manifest with the namespace, without the note itself, as one line.
fn note(manifest: &Manifest, namespace: &Str) -> (Value, String) {
    let mut json = (*manifest.json).clone();
    let meta = &mut json["metadata"];
    if !namespace.is_empty() {
        meta["namespace"] = Value::from(&**namespace);
    }
    if meta.get("annotations").is_none_or(Value::is_null) {
        meta["annotations"] = Value::Object(serde_json::Map::new());
    }
    if let Some(annotations) = meta["annotations"].as_object_mut() {
        annotations.remove(LAST_APPLIED);
    }
    let text = json.to_string() + "\n";
    (json, text)
}

fn annotated(manifest: &Manifest, namespace: &Str) -> Object {
    let (_, text) = note(manifest, namespace);
    let mut object = manifest.object.clone();
    object.meta.namespace = namespace.clone();
    object.meta.annotations.set(LAST_APPLIED, text);
    object
}

/// The patch that applies a manifest to an object; none if nothing would change.
fn patch(manifest: &Manifest, namespace: &Str, object: &Obj) -> Option<Verb> {
    let (mut modified, text) = note(manifest, namespace);
    modified["metadata"]["annotations"][LAST_APPLIED] = Value::from(text);
    let original = object.meta.annotations.get(LAST_APPLIED).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
    let current = object.to_json();
    let after = applied(&original, &modified, &current, object.api_version(), object.kind_name());
    // Amounts written otherwise (`1000m`, `1`) are the same: compare what the API would store.
    let same = Object::from_json(after.clone()).is_ok_and(|after| after == **object);
    let change = difference(&current, &after);
    let empty = change.as_object().is_some_and(serde_json::Map::is_empty);
    (!empty && !same).then(|| Verb::Patch { target: Key::of(object), subresource: Subresource::Main, patch: Patch::Merge(change) })
}

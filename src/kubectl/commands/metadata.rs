//! `kubectl label` and `kubectl annotate`.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/label/label.go, annotate/annotate.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::{Change, Each, Work, title};
use super::super::flags::Args;
use super::super::resources::subject;
use super::super::task::{Plan, Shell};
use super::super::words::Word;
use super::Entry;
use crate::api::{Patch, Subresource, Verb};
use crate::model::{Labels, Obj, label_key_errors, label_value_errors};
use crate::store::Key;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const FLAGS: &str = "filename,f:l kustomize,k:s recursive,R:b all:b all-namespaces,A:b list:b local:b overwrite:b resource-version:s \
                     selector,l:s field-selector:s dry-run:o field-manager:s output,o:s record:b";

/// `label`.
pub const LABEL: Entry = Entry { name: "label", flags: FLAGS, parse: |args| parse(args, false) };
/// `annotate`.
pub const ANNOTATE: Entry = Entry { name: "annotate", flags: FLAGS, parse: |args| parse(args, true) };

/// May always be overwritten.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

#[derive(Debug)]
struct Metadata {
    annotations: bool,
    set: Vec<(String, String)>,
    remove: Vec<String>,
    overwrite: bool,
}

fn parse(args: &Args, annotations: bool) -> Result<Arc<dyn Plan>, KubectlError> {
    let kind = if annotations { "annotation" } else { "label" };
    let is_pair = |word: &Word| word.text.contains('=') || word.text.ends_with('-');
    let first = args.words.iter().position(is_pair).unwrap_or(args.words.len());
    let (words, pairs) = args.words.split_at(first);
    if let Some(word) = pairs.iter().find(|word| !is_pair(word)) {
        return Err(args.word_error(word, format!("all resources must be specified before {kind} changes: {}", word.text)));
    }
    if pairs.is_empty() {
        return Err(KubectlError::plain(&format!("at least one {kind} update is required")));
    }
    let mut work = Metadata { annotations, set: Vec::new(), remove: Vec::new(), overwrite: args.bool("overwrite", false) };
    for word in pairs {
        match word.text.split_once('=') {
            Some((key, value)) => {
                let mut faults = label_key_errors(key);
                if !annotations {
                    faults.extend(label_value_errors(value));
                }
                if let Some(fault) = faults.first() {
                    return Err(args.word_error(word, format!("invalid {kind} {}: {fault}", word.text)));
                }
                work.set.push((key.to_string(), value.to_string()));
            }
            None => work.remove.push(word.text[..word.text.len() - 1].to_string()),
        }
    }
    if let Some((key, _)) = work.set.iter().find(|(key, _)| work.remove.contains(key)) {
        let message = format!("cannot modify and remove the same {kind}(s), {key}, in the same command");
        return Err(KubectlError::plain(&message));
    }
    Ok(Each::plan(args, subject(args, words)?, work))
}

impl Metadata {
    fn conflict(&self, now: &Labels) -> Option<String> {
        let taken: Vec<String> = self
            .set
            .iter()
            .filter(|(key, _)| !self.annotations || key != CHANGE_CAUSE)
            .filter_map(|(key, value)| {
                let found = now.get(key).filter(|found| found != value)?;
                Some(format!("'{key}' already has a value ({found})"))
            })
            .collect();
        if taken.is_empty() || self.overwrite {
            return None;
        }
        if self.annotations {
            let list = taken.join("; ");
            return Some(format!("error: --overwrite is false but found the following declared annotation(s): {list}"));
        }
        let all: Vec<String> = taken.into_iter().map(|text| format!("{text}, and --overwrite is false")).collect();
        Some(if all.len() == 1 { format!("error: {}", all[0]) } else { format!("error: [{}]", all.join(", ")) })
    }
}

impl Work for Metadata {
    fn change(&self, object: &Obj, shell: &mut Shell<'_>) -> Change {
        let now = if self.annotations { &object.meta.annotations } else { &object.meta.labels };
        if !self.annotations {
            for key in self.remove.iter().filter(|key| !now.contains(key)) {
                shell.print(format!("label {key:?} not found."));
            }
        }
        if let Some(message) = self.conflict(now) {
            return Change::Fail(message);
        }
        let mut patch = Map::new();
        for (key, value) in self.set.iter().filter(|(key, value)| now.get(key) != Some(value)) {
            patch.insert(key.clone(), Value::from(value.as_str()));
        }
        let added = !patch.is_empty();
        let mut removed = false;
        for key in self.remove.iter().filter(|key| now.contains(key)) {
            patch.insert(key.clone(), Value::Null);
            removed = true;
        }
        let done = match (self.annotations, added, removed) {
            (true, ..) => "annotated",
            (false, true, true) => "modified",
            (false, true, false) => "labeled",
            (false, false, true) => "unlabeled",
            (false, false, false) => "not labeled",
        };
        let line = format!("{} {done}", title(object));
        if patch.is_empty() {
            return Change::Print(line);
        }
        let field = if self.annotations { "annotations" } else { "labels" };
        let patch = Patch::Merge(json!({"metadata": {field: patch}}));
        Change::Write(Verb::Patch { target: Key::of(object), subresource: Subresource::Main, patch }, line)
    }
}

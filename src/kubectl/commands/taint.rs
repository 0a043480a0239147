//! `kubectl taint`.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/taint/{taint,utils}.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::{Change, Each, Work, title};
use super::super::flags::Args;
use super::super::resources::{Resource, Subject, everything, find, selector};
use super::super::task::{Plan, Shell};
use super::super::words::Word;
use super::Entry;
use crate::api::Verb;
use crate::model::{Kind, Obj, Str, Taint, label_key_errors, label_value_errors};
use crate::store::Key;
use std::sync::Arc;

/// The command.
pub const ENTRY: Entry =
    Entry { name: "taint", flags: "all:b overwrite:b selector,l:s dry-run:o field-manager:s validate:o output,o:s", parse };

#[derive(Debug)]
struct Tainting {
    add: Vec<Taint>,
    remove: Vec<Taint>,
    overwrite: bool,
}

fn parse(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let is_taint = |word: &Word| word.text.contains(['=', ':']) || word.text.ends_with('-');
    let first = args.words.iter().position(is_taint).unwrap_or(args.words.len());
    let (words, specs) = args.words.split_at(first);
    if let Some(word) = specs.iter().find(|word| !is_taint(word)) {
        return Err(args.word_error(word, format!("all resources must be specified before taint changes: {}", word.text)));
    }
    let Some(kind) = words.first() else {
        return Err(KubectlError::plain("one or more resources must be specified as <resource> <name>"));
    };
    if specs.is_empty() {
        return Err(KubectlError::plain("at least one taint update is required"));
    }
    if find(kind)?.kind != Kind::Node {
        return Err(args.word_error(kind, format!("invalid resource type {}, only node types are supported", kind.text)));
    }
    let (all, selected) = (args.bool("all", false), selector(args)?);
    let nodes = Resource::of(Kind::Node);
    let subject = match (all, selected) {
        (true, Some(_)) => return Err(args.flag_error("all", "setting 'all' parameter with a non empty selector is prohibited")),
        (true, None) => Subject::Selected(vec![nodes], everything()),
        (false, Some(selector)) => Subject::Selected(vec![nodes], selector),
        (false, None) if words.len() < 2 => {
            return Err(KubectlError::plain("at least one resource name must be specified since 'all' parameter is not set"));
        }
        (false, None) => Subject::Named(words[1..].iter().map(|word| (nodes.clone(), Str::from(&*word.text))).collect()),
    };
    let mut work = Tainting { add: Vec::new(), remove: Vec::new(), overwrite: args.bool("overwrite", false) };
    for word in specs {
        let fault = |message: String| args.word_error(word, format!("{message}\nSee 'kubectl taint -h' for help and examples"));
        match word.text.strip_suffix('-') {
            Some(spec) => work.remove.push(Taint { value: String::new(), ..taint(spec).map_err(fault)? }),
            None => {
                let taint = taint(&word.text).map_err(fault)?;
                if taint.effect.is_empty() {
                    return Err(fault(format!("invalid taint spec: {}", word.text)));
                }
                if work.add.iter().any(|other| same(other, &taint)) {
                    return Err(fault(format!("duplicated taints with the same key and effect: {}", word.text)));
                }
                work.add.push(taint);
            }
        }
    }
    let both = |add: &&Taint| work.remove.iter().any(|gone| gone.key == add.key && (gone.effect.is_empty() || gone.effect == add.effect));
    if let Some(taint) = work.add.iter().find(both) {
        let message = format!("can not both modify and remove the following taint(s) in the same command: {}", taint.key);
        return Err(KubectlError::plain(&message));
    }
    Ok(Each::plan(args, subject, work))
}

/// `key=value:Effect`, `key:Effect` or `key`.
fn taint(spec: &str) -> Result<Taint, String> {
    let bad = || format!("invalid taint spec: {spec}");
    let parts: Vec<&str> = spec.split(':').collect();
    let (what, effect) = match parts[..] {
        [what] => (what, ""),
        [what, effect] => (what, effect),
        _ => return Err(bad()),
    };
    if parts.len() == 2 && !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
        return Err(format!("invalid taint effect: {effect}, unsupported taint effect"));
    }
    let (key, value) = what.split_once('=').unwrap_or((what, ""));
    if value.contains('=') || (parts.len() == 1 && what.contains('=')) {
        return Err(bad());
    }
    let faults: Vec<String> = label_value_errors(value).into_iter().chain(label_key_errors(key)).collect();
    if !faults.is_empty() {
        return Err(format!("{}, {}", bad(), faults.join("; ")));
    }
    Ok(Taint { key: key.into(), value: value.into(), effect: effect.into(), time_added: None })
}

fn same(a: &Taint, b: &Taint) -> bool {
    a.key == b.key && a.effect == b.effect
}

impl Work for Tainting {
    fn change(&self, object: &Obj, _shell: &mut Shell<'_>) -> Change {
        let Some(node) = object.as_node() else { return Change::Skip };
        let old = &node.spec.taints;
        let there: Vec<&str> = self.add.iter().filter(|taint| old.iter().any(|old| same(old, taint))).map(|taint| &*taint.key).collect();
        if !self.overwrite && !there.is_empty() {
            let (name, keys) = (&object.meta.name, there.join(","));
            return Change::Fail(format!("error: node {name} already has {keys} taint(s) with same effect(s) and --overwrite is false"));
        }
        let mut new = self.add.clone();
        new.extend(old.iter().filter(|taint| !self.add.iter().any(|add| same(add, taint))).cloned());
        let added = new.len() != old.len();
        let mut removed = false;
        for gone in &self.remove {
            let count = new.len();
            new.retain(|taint| taint.key != gone.key || (!gone.effect.is_empty() && taint.effect != gone.effect));
            removed = new.len() != count;
            if !removed {
                let shown = if gone.effect.is_empty() { gone.key.clone() } else { format!("{}:{}", gone.key, gone.effect) };
                return Change::Fail(format!("error: taint {shown:?} not found"));
            }
        }
        let done = match (added && removed || self.overwrite, added) {
            (true, _) => "modified",
            (false, true) => "tainted",
            (false, false) => "untainted",
        };
        let verb = Verb::edit(Key::of(object), move |object| {
            if let Some(node) = object.as_node_mut() {
                Arc::make_mut(&mut node.spec).taints = new.clone();
            }
        });
        Change::Write(verb, format!("{} {done}", title(object)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_are_kubectls() {
        let read = |spec: &str| taint(spec).map(|taint| (taint.key, taint.value, taint.effect));
        assert_eq!(read("a=b:NoSchedule"), Ok(("a".into(), "b".into(), "NoSchedule".into())));
        assert_eq!(read("a:NoExecute"), Ok(("a".into(), "".into(), "NoExecute".into())));
        assert_eq!(read("a"), Ok(("a".into(), "".into(), "".into())));
        assert_eq!(read("a=b:Never"), Err("invalid taint effect: Never, unsupported taint effect".into()));
        assert!(read("a:b:c").is_err() && read("a b:NoSchedule").is_err() && read("=:NoSchedule").is_err());
    }
}

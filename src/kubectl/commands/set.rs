//! `kubectl set image|resources|env`: changes of pod templates.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/set/{set_image,set_resources,set_env}.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::{Change, Each, Work, changed, title};
use super::super::flags::Args;
use super::super::pod_spec::{of, selected};
use super::super::resources::subject;
use super::super::task::{Plan, Shell};
use super::super::words::Word;
use super::Entry;
use crate::api::Verb;
use crate::model::{EnvVar, Obj, Object, Quantity};
use crate::store::Key;
use std::sync::Arc;

/// `set image`.
pub const IMAGE: Entry = Entry {
    name: "set image",
    flags: "filename,f:l kustomize,k:s recursive,R:b all:b local:b selector,l:s dry-run:o field-manager:s output,o:s record:b",
    parse: image,
};
/// `set resources`.
pub const RESOURCES: Entry = Entry {
    name: "set resources",
    flags: "filename,f:l kustomize,k:s recursive,R:b all:b local:b selector,l:s containers,c:s limits:s requests:s dry-run:o field-manager:s \
            output,o:s record:b",
    parse: resources,
};
/// `set env`.
pub const ENV: Entry = Entry {
    name: "set env",
    flags: "filename,f:l kustomize,k:s recursive,R:b all:b local:b selector,l:s containers,c:s env,e:l from:s keys:l prefix:s list:b \
            resolve:b overwrite:b dry-run:o field-manager:s output,o:s record:b",
    parse: env,
};

/// Words before the first `NAME=VALUE` name objects, the others are changes.
fn divide(args: &Args, is_change: impl Fn(&str) -> bool) -> (Vec<Word>, Vec<Word>) {
    args.words.iter().cloned().partition(|word| !is_change(&word.text))
}

fn subject_of(args: &Args, words: &[Word]) -> Result<super::super::resources::Subject, KubectlError> {
    if args.bool("all", false) && args.has("selector") {
        return Err(args.flag_error("all", "cannot set --all and --selector at the same time"));
    }
    if words.is_empty() && !args.has("filename") {
        return Err(KubectlError::plain("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    subject(args, words)
}

#[derive(Debug)]
struct Images(Vec<(String, String)>);

fn image(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let (words, changes) = divide(args, |word| word.contains('='));
    if changes.is_empty() {
        return Err(KubectlError::plain("at least one image update is required"));
    }
    let mut images = Vec::new();
    for word in &changes {
        let (name, image) = word.text.split_once('=').unwrap_or((&word.text, ""));
        if name.is_empty() || image.is_empty() {
            return Err(args.word_error(word, format!("invalid image: {}", word.text)));
        }
        images.push((name.to_string(), image.to_string()));
    }
    if images.len() > 1 && images.iter().any(|(name, _)| name == "*") {
        return Err(KubectlError::plain(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs",
        ));
    }
    Ok(Each::plan(args, subject_of(args, &words)?, Images(images)))
}

fn set_images(object: &mut Object, images: &[(String, String)]) -> Vec<String> {
    let mut missing = Vec::new();
    let Some(spec) = of(object) else { return missing };
    for (name, image) in images {
        let mut found = false;
        for container in spec.init_containers.iter_mut().chain(&mut spec.containers) {
            if name == "*" || container.name == *name {
                container.image = image.clone();
                found = true;
            }
        }
        if !found {
            missing.push(name.clone());
        }
    }
    missing
}

impl Work for Images {
    fn change(&self, object: &Obj, shell: &mut Shell<'_>) -> Change {
        let mut missing = Vec::new();
        let after = changed(object, |object| missing = set_images(object, &self.0));
        for name in missing {
            shell.fail(format!("error: unable to find container named {name:?}"));
        }
        if after.is_none() {
            return Change::Skip;
        }
        let images = self.0.clone();
        let verb = Verb::edit(Key::of(object), move |object| drop(set_images(object, &images)));
        Change::Write(verb, format!("{} image updated", title(object)))
    }

    fn refusal(&self) -> &'static str {
        "failed to patch image update to pod template: "
    }
}

#[derive(Clone, Debug)]
struct Resources {
    containers: String,
    limits: Vec<(String, Quantity)>,
    requests: Vec<(String, Quantity)>,
}

fn amounts(args: &Args, flag: &str) -> Result<Vec<(String, Quantity)>, KubectlError> {
    let mut all = Vec::new();
    for pair in args.text(flag).unwrap_or("").split(',').filter(|pair| !pair.is_empty()) {
        let Some((name, amount)) = pair.split_once('=') else {
            return Err(args.flag_error(flag, format!("invalid argument syntax {pair}, expected <resource>=<quantity>")));
        };
        let quantity = amount.parse().map_err(|error| args.flag_error(flag, format!("{error}")))?;
        all.push((name.to_string(), quantity));
    }
    Ok(all)
}

fn resources(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let (limits, requests) = (amounts(args, "limits")?, amounts(args, "requests")?);
    if limits.is_empty() && requests.is_empty() {
        let message = "you must specify an update to requests or limits (in the form of --requests/--limits)";
        return Err(KubectlError::plain(message));
    }
    let containers = args.text("containers").unwrap_or("*").to_string();
    Ok(Each::plan(args, subject_of(args, &args.words)?, Resources { containers, limits, requests }))
}

impl Resources {
    /// Whether there is such a container.
    fn set(&self, object: &mut Object) -> bool {
        let Some(spec) = of(object) else { return false };
        let mut found = false;
        for container in selected(spec, &self.containers) {
            container.resources.limits.extend(self.limits.iter().cloned());
            container.resources.requests.extend(self.requests.iter().cloned());
            found = true;
        }
        found
    }
}

impl Work for Resources {
    fn change(&self, object: &Obj, shell: &mut Shell<'_>) -> Change {
        let mut found = false;
        let after = changed(object, |object| found = self.set(object));
        if !found {
            shell.fail(format!("error: unable to find container named {}", self.containers));
        }
        if after.is_none() {
            return Change::Skip;
        }
        let work = self.clone();
        let verb = Verb::edit(Key::of(object), move |object| {
            work.set(object);
        });
        Change::Write(verb, format!("{} resource requirements updated", title(object)))
    }

    fn refusal(&self) -> &'static str {
        "failed to patch resources update to pod template "
    }
}

#[derive(Clone, Debug)]
struct Env {
    containers: String,
    set: Vec<(String, String)>,
    remove: Vec<String>,
    overwrite: bool,
}

fn env(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    for flag in ["from", "keys", "prefix", "resolve"] {
        if args.has(flag) {
            return Err(args.flag_error(flag, format!("`--{flag}` is not simulated")));
        }
    }
    let (words, changes) = divide(args, |word| word.contains('=') || (word.ends_with('-') && word.len() > 1));
    let mut work = Env {
        containers: args.text("containers").unwrap_or("*").to_string(),
        set: Vec::new(),
        remove: Vec::new(),
        overwrite: args.bool("overwrite", true),
    };
    let given = args.values("env").into_iter().map(str::to_string).chain(changes.iter().map(|word| word.text.clone()));
    for text in given {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => work.set.push((name.to_string(), value.to_string())),
            None if text.ends_with('-') => work.remove.push(text[..text.len() - 1].to_string()),
            _ => return Err(KubectlError::plain(&format!("invalid environment variable: {text}"))),
        }
    }
    if work.set.is_empty() && work.remove.is_empty() {
        return Err(KubectlError::plain("at least one environment variable must be provided"));
    }
    if work.set.iter().any(|(name, _)| work.remove.contains(name)) {
        return Err(KubectlError::plain("can not both modify and remove the same environment variable in the same command"));
    }
    Ok(Each::plan(args, subject_of(args, &words)?, work))
}

impl Env {
    fn set(&self, object: &mut Object) -> Result<(), String> {
        let Some(spec) = of(object) else { return Ok(()) };
        for container in selected(spec, &self.containers) {
            for (name, value) in &self.set {
                match container.env.iter_mut().find(|variable| variable.name == *name) {
                    Some(_) if !self.overwrite => return Err(format!("'{name}' already has a value, and --overwrite is false")),
                    Some(variable) => (variable.value, variable.value_from) = (value.clone(), None),
                    None => container.env.push(EnvVar { name: name.clone(), value: value.clone(), ..EnvVar::default() }),
                }
            }
            container.env.retain(|variable| !self.remove.contains(&variable.name));
        }
        Ok(())
    }
}

impl Work for Env {
    fn change(&self, object: &Obj, _shell: &mut Shell<'_>) -> Change {
        let mut fault = Ok(());
        let after = changed(object, |object| fault = self.set(object));
        if let Err(message) = fault {
            return Change::Fail(format!("error: {} {message}", title(object)));
        }
        if after.is_none() {
            return Change::Skip;
        }
        let work = self.clone();
        let verb = Verb::edit(Key::of(object), move |object| drop(work.set(object)));
        Change::Write(verb, format!("{} env updated", title(object)))
    }

    fn refusal(&self) -> &'static str {
        "failed to patch env update to pod template: "
    }
}

//! Finding the objects that a command is about: by name one GET each, by selector one list, by file one GET each.

use super::resources::{Resource, Subject};
use super::task::{Next, Shell};
use crate::api::Verb;
use crate::model::{Kind, Obj, Scope, Str};
use crate::store::{IndexKey, Key, View};

/// The search for objects.
#[derive(Debug)]
pub struct Gather {
    subject: Subject,
    all_namespaces: bool,
    keys: Option<Vec<Key>>,
    asked: usize,
    listed: bool,
    found: Vec<Obj>,
    errors: Vec<String>,
}

/// How far a search is.
pub enum Gathered {
    /// More turns are needed.
    Not(Next),
    /// All that was found; what was not has been printed.
    All(Vec<Obj>),
}

impl Gather {
    /// A search.
    pub fn new(subject: &Subject, all_namespaces: bool) -> Gather {
        let subject = subject.clone();
        Gather { subject, all_namespaces, keys: None, asked: 0, listed: false, found: Vec::new(), errors: Vec::new() }
    }

    /// The next turn of the search.
    pub fn turn(&mut self, shell: &mut Shell<'_>) -> Gathered {
        if let Subject::Selected(types, selector) = &self.subject {
            if !std::mem::replace(&mut self.listed, true) {
                return Gathered::Not(Next::List);
            }
            let mut all = Vec::new();
            for resource in types {
                let namespace = (!self.all_namespaces && resource.scope == Scope::Namespaced).then_some(shell.namespace);
                all.extend(list(shell.view, resource, namespace).into_iter().filter(|object| selector.matches(&object.meta.labels)));
            }
            return Gathered::All(all);
        }
        if self.keys.is_none() {
            self.keys = Some(match &self.subject {
                Subject::Named(named) => named.iter().map(|(resource, name)| resource.key(shell.namespace, name)).collect(),
                _ => match manifest_keys(shell) {
                    Ok(keys) => keys,
                    Err(message) => {
                        shell.fail(message);
                        return Gathered::All(Vec::new());
                    }
                },
            });
        }
        match shell.answer() {
            Some(Ok(object)) => self.found.push(object),
            Some(Err(error)) => self.errors.push(error.kubectl_text()),
            None => {}
        }
        let keys = self.keys.as_ref().expect("just made");
        if let Some(key) = keys.get(self.asked) {
            self.asked += 1;
            return Gathered::Not(Next::call(Verb::Get(key.clone())));
        }
        for error in std::mem::take(&mut self.errors) {
            shell.fail(error);
        }
        Gathered::All(std::mem::take(&mut self.found))
    }
}

/// The keys of the files' objects.
pub fn manifest_keys(shell: &Shell<'_>) -> Result<Vec<Key>, String> {
    let key = |manifest: &super::Manifest| {
        let resource = Resource::of_object(&manifest.object);
        Ok(resource.key(&namespace_of(manifest, shell)?, &manifest.object.meta.name))
    };
    shell.manifests.iter().map(key).collect()
}

/// The namespace that an object of a file goes to; `-n` must not say otherwise than the object.
pub fn namespace_of(manifest: &super::Manifest, shell: &Shell<'_>) -> Result<Str, String> {
    let own = &manifest.object.meta.namespace;
    if manifest.object.kind() != Kind::Other && manifest.object.kind().scope() == Scope::Cluster {
        return Ok(Str::default());
    }
    if Resource::of_object(&manifest.object).scope == Scope::Cluster {
        return Ok(Str::default());
    }
    if own.is_empty() {
        return Ok(shell.namespace.into());
    }
    if shell.namespace_given && **own != *shell.namespace {
        return Err(format!(
            "error: the namespace from the provided object \"{own}\" does not match the namespace \"{}\". You must pass '--namespace={own}' \
             to perform this operation.",
            shell.namespace
        ));
    }
    Ok(own.clone())
}

/// Objects of a type in the order of the API server's lists: by namespace and name.
pub fn list(view: View<'_>, resource: &Resource, namespace: Option<&str>) -> Vec<Obj> {
    let index = match namespace {
        Some(namespace) => IndexKey::Namespace(resource.kind, namespace.into()),
        None => IndexKey::Kind(resource.kind),
    };
    let same = |object: &Obj| {
        resource.kind != Kind::Other || (object.kind_name() == &*resource.kind_name && object.api_version() == &*resource.api_version)
    };
    let mut all: Vec<Obj> = view.indexed(index).map(|(_, object)| object.clone()).filter(same).collect();
    all.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    all
}

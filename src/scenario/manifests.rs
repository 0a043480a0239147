//! Manifests of a scenario: read, checked field by field as the API server would, and checked against each other.

use super::Scenario;
use crate::base::collections::Map;
use crate::base::input_error::{InputError, did_you_mean};
use crate::kubectl::{Manifest, checked};
use crate::manifest;
use crate::model::{Kind, Object, Scope, Str};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

type Result<T> = std::result::Result<T, InputError>;

/// The objects of some paths, each one checked.
pub(super) fn read(patterns: &[String], base: &Path, stdin: &mut dyn Read) -> Result<Vec<Manifest>> {
    manifest::read::read(patterns, base, stdin)?.iter().map(checked).collect()
}

/// What names an object among manifests: kind with version, namespace, name.
fn key(object: &Object) -> (String, String, String) {
    let namespace = match (object.kind().scope(), &*object.meta.namespace) {
        (Scope::Cluster, _) => "",
        (Scope::Namespaced, "") => "default",
        (Scope::Namespaced, namespace) => namespace,
    };
    (format!("{}/{}", object.api_version(), object.kind_name()), namespace.to_string(), object.meta.name.to_string())
}

fn error(manifest: &Manifest, message: String) -> InputError {
    InputError { line: manifest.line, ..InputError::new(message).in_file(&*manifest.file) }
}

/// Each object's namespace must be there by the time the object comes: from the start, or from a manifest before it.
pub(super) fn check_namespaces(all: &[Manifest], scenario: &Scenario) -> Result<()> {
    let names = |object: &Object| (object.kind() == Kind::Namespace).then(|| object.meta.name.clone());
    let mut known: Vec<Str> = super::initial_objects(scenario).iter().filter_map(names).collect();
    for (at, manifest) in all.iter().enumerate() {
        let namespace = &manifest.object.meta.namespace;
        let needs = manifest.object.kind() != Kind::Other && manifest.object.kind().scope() == Scope::Namespaced && !namespace.is_empty();
        if needs && !known.contains(namespace) {
            let later = all[at..].iter().any(|other| names(&other.object).as_ref() == Some(namespace));
            let hint = match later {
                true => "its manifest comes later: put it before".to_string(),
                false => did_you_mean(namespace, known.iter().map(|name| &**name)),
            };
            let (kind, name) = (manifest.object.kind_name(), &manifest.object.meta.name);
            return Err(error(manifest, format!("{kind} \"{name}\": namespaces \"{namespace}\" not found")).with_hint(hint));
        }
        known.extend(names(&manifest.object));
    }
    Ok(())
}

/// No two of a name, and no cycle of owners.
pub(super) fn check_together(all: &[Manifest]) -> Result<()> {
    let mut places: Map<(String, String, String), usize> = Map::default();
    for (at, manifest) in all.iter().enumerate() {
        if manifest.object.meta.name.is_empty() {
            continue;
        }
        if let Some(first) = places.insert(key(&manifest.object), at) {
            let (kind, name) = (manifest.object.kind_name(), &manifest.object.meta.name);
            let message = format!("{kind} \"{name}\" is there twice");
            return Err(error(manifest, message).with_hint(format!("the first is in {}:{}", all[first].file, all[first].line)));
        }
    }
    check_owners(all, &places)
}

/// An object cannot own its owner: nothing of the cycle could ever be deleted in the foreground.
fn check_owners(all: &[Manifest], places: &Map<(String, String, String), usize>) -> Result<()> {
    let owners = |at: usize| -> Vec<usize> {
        let object = &all[at].object;
        let (_, namespace, _) = key(object);
        let found = object.meta.owner_references.iter().filter_map(|owner| {
            let kind = format!("{}/{}", owner.api_version, owner.kind);
            let here = places.get(&(kind.clone(), namespace.clone(), owner.name.to_string()));
            here.or_else(|| places.get(&(kind, String::new(), owner.name.to_string()))).copied()
        });
        found.collect()
    };
    // Walks up from each object; a walk that comes back to an object on its own path has found a cycle.
    let mut done = vec![false; all.len()];
    for start in 0..all.len() {
        let mut path: Vec<(usize, Vec<usize>)> = vec![(start, owners(start))];
        let mut on_path: BTreeMap<usize, ()> = BTreeMap::from([(start, ())]);
        while let Some((at, open)) = path.last_mut() {
            let at = *at;
            match open.pop() {
                Some(next) if on_path.contains_key(&next) => {
                    let from = path.iter().position(|(at, _)| *at == next).unwrap_or(0);
                    let mut names: Vec<String> = path[from..].iter().map(|(at, _)| title(&all[*at])).collect();
                    names.push(title(&all[next]));
                    return Err(error(&all[next], format!("a cycle of owners: {}", names.join(" is owned by "))));
                }
                Some(next) if done[next] => {}
                Some(next) => {
                    on_path.insert(next, ());
                    path.push((next, owners(next)));
                }
                None => {
                    done[at] = true;
                    on_path.remove(&at);
                    path.pop();
                }
            }
        }
    }
    Ok(())
}

fn title(manifest: &Manifest) -> String {
    format!("{}/{}", manifest.object.kind_name(), manifest.object.meta.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Source;

    fn all(text: &str) -> Result<Vec<Manifest>> {
        let items = manifest::read::items(&Source::new("app.yaml", text))?;
        let all = items.iter().map(checked).collect::<Result<Vec<_>>>()?;
        check_together(&all)?;
        Ok(all)
    }

    fn owned(name: &str, owner: &str) -> String {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  ownerReferences: [{{apiVersion: v1, kind: ConfigMap, name: {owner}, uid: u}}]\n---\n"
        )
    }

    #[test]
    fn cycles_of_owners_are_found() {
        let text = [owned("a", "b"), owned("b", "c"), owned("c", "a"), owned("d", "a")].concat();
        let shown = all(&text).unwrap_err().to_string();
        let want =
            "error: app.yaml:1: a cycle of owners: ConfigMap/a is owned by ConfigMap/b is owned by ConfigMap/c is owned by ConfigMap/a";
        assert_eq!(shown, want);
        assert!(all(&owned("a", "a")).unwrap_err().message.contains("ConfigMap/a is owned by ConfigMap/a"));
        assert_eq!(all(&[owned("a", "b"), owned("b", "x"), owned("c", "b")].concat()).unwrap().len(), 3);
    }

    #[test]
    fn names_are_unique_and_there() {
        let map = |name: &str, rest: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}{rest}}}\n---\n");
        let twice = [map("a", ""), map("b", ""), map("a", ", namespace: default")].concat();
        assert_eq!(
            all(&twice).unwrap_err().to_string(),
            "error: app.yaml:9: ConfigMap \"a\" is there twice\n  hint: the first is in app.yaml:1"
        );
        assert_eq!(all(&[map("a", ""), map("a", ", namespace: x")].concat()).unwrap().len(), 2);
        assert!(all("apiVersion: v1\nkind: ConfigMap\n").unwrap_err().message.contains("ConfigMap has no metadata.name"));
        assert!(all("apiVersion: v1\nkind: ConfigMap\ndatta: {}\n").unwrap_err().to_string().ends_with("did you mean \"data\"?"));
    }
}

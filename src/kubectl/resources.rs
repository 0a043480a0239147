//! Names of resources as kubectl takes them: plural, singular, short, with group, `TYPE NAME`, `TYPE/NAME`, and `all`.
//! Real: staging/src/k8s.io/cli-runtime/pkg/resource/builder.go @ v1.37.2; short names as the API server's discovery gives them.

use super::KubectlError;
use super::flags::Args;
use super::words::Word;
use crate::api::error::qualified;
use crate::api::server::plural_of;
use crate::base::input_error::nearest;
use crate::manifest::schema::Schema;
use crate::model::{Kind, Object, Scope, Str};
use crate::store::Key;

/// A type of objects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// Its kind.
    pub kind: Kind,
    /// Its kind's name.
    pub kind_name: Str,
    /// Group and version.
    pub api_version: Str,
    /// Whether its objects live in namespaces.
    pub scope: Scope,
}

/// Cluster-wide kinds among those that are not modelled.
const CLUSTER_WIDE: &[&str] = &[
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "RuntimeClass",
    "APIService",
    "CertificateSigningRequest",
    "FlowSchema",
    "PriorityLevelConfiguration",
    "ClusterTrustBundle",
    "VolumeAttributesClass",
];
/// Short names of kinds that are not modelled.
const SHORT: &[(&str, &str)] =
    &[("ing", "Ingress"), ("netpol", "NetworkPolicy"), ("crd", "CustomResourceDefinition"), ("csr", "CertificateSigningRequest")];
/// The members of `all`, in the order of discovery.
const ALL: &[Kind] = &[
    Kind::Pod,
    Kind::ReplicationController,
    Kind::Service,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::HorizontalPodAutoscaler,
    Kind::CronJob,
    Kind::Job,
];

impl Resource {
    /// Of a modelled kind.
    pub fn of(kind: Kind) -> Resource {
        Resource { kind, kind_name: kind.name().into(), api_version: kind.api_version().into(), scope: kind.scope() }
    }

    /// Of an object.
    pub fn of_object(object: &Object) -> Resource {
        if object.kind() == Kind::Other {
            return Resource::other(object.api_version(), object.kind_name());
        }
        Resource::of(object.kind())
    }

    fn other(api_version: &str, kind: &str) -> Resource {
        let scope = if CLUSTER_WIDE.contains(&kind) { Scope::Cluster } else { Scope::Namespaced };
        Resource { kind: Kind::Other, kind_name: kind.into(), api_version: api_version.into(), scope }
    }

    fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// `deployments`.
    pub fn plural(&self) -> String {
        if self.kind == Kind::Other { plural_of(&self.kind_name) } else { self.kind.plural().to_string() }
    }

    /// `deployments.apps`, as in refusals.
    pub fn qualified_plural(&self) -> String {
        qualified(&self.plural(), &self.api_version)
    }

    /// `deployment.apps`, as before names.
    pub fn qualified_singular(&self) -> String {
        qualified(&self.kind_name.to_lowercase(), &self.api_version)
    }

    /// The key of an object of this type.
    pub fn key(&self, namespace: &str, name: &str) -> Key {
        let group_kind = if self.kind == Kind::Other { format!("{}/{}", self.api_version, self.kind_name).into() } else { Str::default() };
        let namespace = if self.scope == Scope::Cluster { "" } else { namespace };
        Key { kind: self.kind, group_kind, namespace: namespace.into(), name: name.into() }
    }

    fn answers_to(&self, word: &str) -> bool {
        let (name, group) = word.split_once('.').map_or((word, None), |(name, group)| (name, Some(group)));
        let plain = self.plural() == name
            || self.kind_name.to_lowercase() == name
            || self.kind.short_names().contains(&name)
            || SHORT.iter().any(|(short, kind)| *short == name && *kind == &*self.kind_name);
        let version = self.api_version.rsplit('/').next().unwrap_or("");
        plain && group.is_none_or(|group| group == self.group() || group == format!("{version}.{}", self.group()))
    }
}

/// Every type that there is: the modelled kinds, then the other kinds of the API.
fn every() -> Vec<Resource> {
    let mut all: Vec<Resource> = Kind::ALL.iter().map(|kind| Resource::of(*kind)).collect();
    for (version, kind) in Schema::get().kinds() {
        let object = !kind.ends_with("List") && !kind.ends_with("Options") && !kind.ends_with("Review");
        if object && !all.iter().any(|known| *known.kind_name == *kind) {
            all.push(Resource::other(version, kind));
        }
    }
    all
}

/// The type that a word means: `deploy`, `deployments.apps`.
pub fn find(word: &Word) -> Result<Resource, KubectlError> {
    let name = word.text.to_lowercase();
    let all = every();
    if let Some(found) = all.iter().find(|resource| resource.answers_to(&name)) {
        return Ok(found.clone());
    }
    let names: Vec<String> = all.iter().flat_map(|resource| [resource.plural(), resource.kind_name.to_lowercase()]).collect();
    let near = nearest(&name, names.iter().map(String::as_str));
    Err(KubectlError {
        message: format!("error: the server doesn't have a resource type {:?}", word.text),
        at: word.at,
        width: word.width,
        hint: near.map(|near| format!("did you mean \"{near}\"?")).unwrap_or_default(),
    })
}

/// The types of a comma-separated word; `all` stands for several.
pub fn find_all(word: &Word) -> Result<Vec<Resource>, KubectlError> {
    let mut found = Vec::new();
    for name in word.text.split(',') {
        if name == "all" {
            found.extend(ALL.iter().map(|kind| Resource::of(*kind)));
        } else {
            found.push(find(&Word { text: name.to_string(), ..word.clone() })?);
        }
    }
    Ok(found)
}

/// What a command is about.
#[derive(Clone, PartialEq, Debug)]
pub enum Subject {
    /// These objects.
    Named(Vec<(Resource, Str)>),
    /// All objects of these types that match a selector, in the order of the types.
    Selected(Vec<Resource>, crate::model::Selector),
    /// Those of the files.
    Files,
}

/// Reads `TYPE NAME...`, `TYPE/NAME...`, `TYPE -l selector`, `TYPE --all`, or `-f`, from these words.
pub fn subject(args: &Args, words: &[Word]) -> Result<Subject, KubectlError> {
    if args.has("filename") {
        return match words.first() {
            None => Ok(Subject::Files),
            Some(word) => {
                Err(args
                    .word_error(word, "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"))
            }
        };
    }
    let selector = selector(args)?;
    let Some(first) = words.first() else {
        let message = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f \
                       rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";
        return Err(KubectlError::plain(message));
    };
    if words.iter().any(|word| word.text.contains('/')) {
        let mut named = Vec::new();
        for word in words {
            let Some((kind, name)) = word.text.split_once('/') else {
                let message = "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form \
                               (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";
                return Err(args.word_error(word, message));
            };
            if kind.is_empty() || name.is_empty() || name.contains('/') {
                let message = format!("arguments in resource/name form must have a single resource and name: {:?}", word.text);
                return Err(args.word_error(word, message));
            }
            named.push((find(&Word { text: kind.into(), at: word.at, width: kind.len() })?, Str::from(name)));
        }
        if selector.is_some() || args.bool("all", false) {
            return Err(KubectlError::plain("name cannot be provided when a selector is specified"));
        }
        return Ok(Subject::Named(named));
    }
    let types = find_all(first)?;
    let names = &words[1..];
    match (names.first(), selector) {
        (Some(_), Some(_)) => Err(KubectlError::plain("name cannot be provided when a selector is specified")),
        (Some(name), None) if types.len() > 1 => Err(args.word_error(name, "you may only specify a single resource type")),
        (Some(_), None) => Ok(Subject::Named(names.iter().map(|name| (types[0].clone(), Str::from(&*name.text))).collect())),
        (None, Some(selector)) => Ok(Subject::Selected(types, selector)),
        (None, None) if args.bool("all", false) => Ok(Subject::Selected(types, everything())),
        (None, None) => Err(KubectlError::plain("resource(s) were provided, but no name was specified")),
    }
}

/// `-l`.
pub fn selector(args: &Args) -> Result<Option<crate::model::Selector>, KubectlError> {
    let Some(text) = args.text("selector") else { return Ok(None) };
    text.parse().map(Some).map_err(|error| args.flag_error("selector", error))
}

/// The selector of everything.
pub fn everything() -> crate::model::Selector {
    "".parse().expect("the empty selector is sound")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(word: &str) -> Result<Resource, KubectlError> {
        find(&Word { text: word.into(), at: 0, width: word.len() })
    }

    #[test]
    fn types_have_many_names() {
        for (word, kind) in [
            ("deploy", "Deployment"),
            ("deployments.apps", "Deployment"),
            ("deployments.v1.apps", "Deployment"),
            ("Pod", "Pod"),
            ("no", "Node"),
            ("hpa", "HorizontalPodAutoscaler"),
            ("pdb", "PodDisruptionBudget"),
            ("ing", "Ingress"),
            ("networkpolicies", "NetworkPolicy"),
            ("cm", "ConfigMap"),
        ] {
            assert_eq!(&*named(word).unwrap().kind_name, kind, "{word}");
        }
        let error = named("deploymnt").unwrap_err();
        assert_eq!(error.message, "error: the server doesn't have a resource type \"deploymnt\"");
        assert_eq!(error.hint, "did you mean \"deployment\"?");
        assert!(named("pods.apps").is_err());
        assert_eq!(find_all(&Word { text: "all,cm".into(), at: 0, width: 6 }).unwrap().len(), 11);
        assert_eq!(Resource::of(Kind::Deployment).qualified_singular(), "deployment.apps");
    }
}

//! The objects that words name, straight from a view: for `kubesim get` and `describe`.

use super::KubectlError;
use super::flags::Args;
use super::gather::list;
use super::resources::{Subject, everything, find_all, subject};
use super::words::Word;
use crate::model::field_selector::FieldSelector;
use crate::model::{Kind, Obj, Scope};
use crate::store::View;

/// Where to look.
#[derive(Clone, Copy, Debug)]
pub struct Scoped<'a> {
    /// In this namespace; in all when absent.
    pub namespace: Option<&'a str>,
    /// Only what matches this selector.
    pub selector: Option<&'a str>,
    /// Only what matches this field selector.
    pub field_selector: Option<&'a str>,
}

/// The objects that `TYPE`, `TYPE NAME...` or `TYPE/NAME...` mean. A name that is not there is an error, as in kubectl.
pub fn select(view: View<'_>, words: &[String], scoped: Scoped<'_>) -> Result<Vec<Obj>, KubectlError> {
    let flag = scoped.selector.map(|selector| format!("--selector={selector}"));
    let word = |text: &String| Word { text: text.clone(), at: 0, width: text.len() };
    let words: Vec<Word> = words.iter().chain(&flag).map(word).collect();
    let args = Args::parse("get", &words, &["selector,l:s filename,f:l all:b"])?;
    let wanted = match subject(&args, &args.words) {
        Err(error) if error.message.ends_with("but no name was specified") => Subject::Selected(find_all(&args.words[0])?, everything()),
        other => other?,
    };
    match wanted {
        Subject::Named(named) => {
            let mut found = Vec::new();
            for (resource, name) in named {
                let namespace = match resource.kind.scope() {
                    Scope::Cluster => "",
                    Scope::Namespaced => scoped.namespace.unwrap_or("default"),
                };
                let key = resource.key(namespace, &name);
                let object = view.id(key.as_ref()).and_then(|id| view.get(id));
                let message = format!("Error from server (NotFound): {} {name:?} not found", resource.qualified_plural());
                let missing = || KubectlError { message, ..KubectlError::default() };
                found.push(object.ok_or_else(missing)?.clone());
            }
            Ok(found)
        }
        Subject::Selected(resources, selector) => {
            let all = resources
                .iter()
                .flat_map(|resource| list(view, resource, scoped.namespace.filter(|_| resource.kind.scope() == Scope::Namespaced)));
            let mut found: Vec<Obj> = all.filter(|object| selector.matches(&object.meta.labels)).collect();
            if let Some(text) = scoped.field_selector {
                let kind = resources.first().map_or(Kind::Other, |resource| resource.kind);
                let fields = FieldSelector::parse(text, kind).map_err(|error| KubectlError::plain(&error))?;
                found.retain(|object| fields.matches(object));
            }
            Ok(found)
        }
        Subject::Files => Err(KubectlError::plain("files are for `kubectl apply` lines")),
    }
}

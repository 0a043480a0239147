//! `kubectl create -f`, and the creation of single objects that generators make up.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/create/create.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::title;
use super::super::flags::Args;
use super::super::gather::namespace_of;
use super::super::resources::Resource;
use super::super::task::{Next, Plan, Shell, Task};
use super::Entry;
use crate::api::Verb;
use crate::api::error::Reason;
use crate::model::{Object, Scope};
use std::sync::Arc;

/// The command.
pub const ENTRY: Entry = Entry {
    name: "create",
    flags: "filename,f:l kustomize,k:s recursive,R:b edit:b raw:s save-config:b selector,l:s windows-line-endings:b dry-run:o field-manager:s \
            validate:o output,o:s record:b",
    parse: |args: &Args| {
        if let Some(word) = args.words.first() {
            let message = format!("unknown command {:?}\nSee 'kubectl create -h' for help and examples", word.text);
            return Err(args.word_error(word, message));
        }
        if !args.has("filename") {
            return Err(KubectlError::plain("must specify one of -f and -k"));
        }
        Ok(Arc::new(Create { made: Vec::new() }))
    },
};

/// Creates objects: those made up here, or else the command's manifests.
#[derive(Debug)]
pub struct Create {
    made: Vec<Object>,
}

impl Create {
    /// Creates made-up objects, in order.
    pub fn plan(made: Vec<Object>) -> Arc<dyn Plan> {
        Arc::new(Create { made })
    }
}

impl Plan for Create {
    fn task(&self) -> Box<dyn Task> {
        Box::new(CreateTask { made: self.made.clone(), at: 0, asked: false })
    }
}

struct CreateTask {
    made: Vec<Object>,
    at: usize,
    asked: bool,
}

impl Task for CreateTask {
    fn turn(&mut self, shell: &mut Shell<'_>) -> Next {
        loop {
            if std::mem::take(&mut self.asked) {
                match shell.answer().expect("one request, one answer") {
                    Ok(object) => shell.print(format!("{} created", title(&object))),
                    // A generator's refusal is told as such, a file's with its name.
                    Err(error) if self.made.is_empty() && error.reason != Reason::Invalid => {
                        let file = shell.manifests[self.at].file.to_string();
                        shell.fail(format!("Error from server ({}): error when creating {file:?}: {}", error.reason, error.message));
                    }
                    Err(error) if error.reason == Reason::Invalid => shell.refused(&error),
                    Err(error) => shell.fail(format!("error: failed to create {}: {}", kind(&self.made[self.at]), error.message)),
                }
                self.at += 1;
            }
            let object = if self.made.is_empty() {
                let Some(manifest) = shell.manifests.get(self.at) else { return Next::Done };
                namespace_of(manifest, shell).map(|namespace| {
                    let mut object = manifest.object.clone();
                    object.meta.namespace = namespace;
                    object
                })
            } else {
                let Some(made) = self.made.get(self.at) else { return Next::Done };
                let mut object = made.clone();
                if Resource::of_object(&object).scope == Scope::Namespaced && object.meta.namespace.is_empty() {
                    object.meta.namespace = shell.namespace.into();
                }
                Ok(object)
            };
            match object {
                Ok(object) => {
                    self.asked = true;
                    return Next::call(Verb::Create(Box::new(object)));
                }
                Err(message) => {
                    shell.fail(message);
                    self.at += 1;
                }
            }
        }
    }
}

fn kind(object: &Object) -> String {
    object.kind_name().to_lowercase()
}

//! Commands that look at some objects and change each one: find them all, then work on one after the other.

use super::flags::Args;
use super::gather::{Gather, Gathered};
use super::resources::{Resource, Subject};
use super::task::{Next, Plan, Shell, Task};
use crate::api::{Answer, Verb};
use crate::model::{Obj, Object};
use std::fmt;
use std::sync::Arc;

/// What is to be done with an object.
pub enum Change {
    /// This request; then the line is printed.
    Write(Verb, String),
    /// This request; the line is made from the answer.
    WriteThen(Verb, fn(&Obj, &Answer) -> String),
    /// Nothing but this line.
    Print(String),
    /// Nothing; this message, and exit status 1.
    Fail(String),
    /// Nothing at all.
    Skip,
}

/// The part of a command that works on one object.
pub trait Work: fmt::Debug + Send + Sync + 'static {
    /// What to do with this object.
    fn change(&self, object: &Obj, shell: &mut Shell<'_>) -> Change;

    /// What goes before a refusal, such as `failed to patch: `.
    fn refusal(&self) -> &'static str {
        ""
    }

    /// What is said when there is no object.
    fn nothing(&self, namespace: &str) -> Option<String> {
        let _ = namespace;
        None
    }

    /// Whether objects are listed beside those that are worked on (revisions, say), which takes a further request.
    fn lists(&self) -> bool {
        false
    }
}

/// A command of this kind.
#[derive(Clone, Debug)]
pub struct Each<W> {
    subject: Subject,
    all_namespaces: bool,
    work: Arc<W>,
}

impl<W: Work> Each<W> {
    /// A command about what the arguments name.
    pub fn plan(args: &Args, subject: Subject, work: W) -> Arc<dyn Plan> {
        Arc::new(Each { subject, all_namespaces: args.bool("all-namespaces", false), work: Arc::new(work) })
    }
}

impl<W: Work> Plan for Each<W> {
    fn task(&self) -> Box<dyn Task> {
        let gather = Gather::new(&self.subject, self.all_namespaces);
        Box::new(EachTask { gather: Some(gather), work: self.work.clone(), open: Vec::new(), pending: None, listed: !self.work.lists() })
    }
}

type Said = (Obj, Result<String, fn(&Obj, &Answer) -> String>);

struct EachTask<W> {
    gather: Option<Gather>,
    work: Arc<W>,
    /// Objects still to be worked on, the last one first.
    open: Vec<Obj>,
    /// What is said when the request under way has been answered.
    pending: Option<Said>,
    listed: bool,
}

impl<W: Work> Task for EachTask<W> {
    fn turn(&mut self, shell: &mut Shell<'_>) -> Next {
        if let Some(gather) = &mut self.gather {
            match gather.turn(shell) {
                Gathered::Not(next) => return next,
                Gathered::All(found) => {
                    self.gather = None;
                    if found.is_empty() && !*shell.failed {
                        let text = self.work.nothing(shell.namespace);
                        shell.print(text.unwrap_or_else(|| "No resources found".into()));
                    }
                    self.open = found.into_iter().rev().collect();
                }
            }
        }
        if let Some((object, line)) = self.pending.take() {
            let answer = shell.answer().expect("one request, one answer");
            match (&answer, line) {
                (Ok(_), Ok(line)) => shell.print(line),
                (Ok(_), Err(line)) => shell.print(line(&object, &answer)),
                (Err(error), _) if self.work.refusal().is_empty() => shell.refused(error),
                (Err(error), _) => shell.fail(format!("error: {}{error}", self.work.refusal())),
            }
        }
        if !self.open.is_empty() && !std::mem::replace(&mut self.listed, true) {
            return Next::List;
        }
        while let Some(object) = self.open.pop() {
            match self.work.change(&object, shell) {
                Change::Write(verb, line) => {
                    self.pending = Some((object, Ok(line)));
                    return Next::call(verb);
                }
                Change::WriteThen(verb, line) => {
                    self.pending = Some((object, Err(line)));
                    return Next::call(verb);
                }
                Change::Print(line) => shell.print(line),
                Change::Fail(message) => shell.fail(message),
                Change::Skip => {}
            }
        }
        Next::Done
    }
}

/// `deployment.apps/web`.
pub fn title(object: &Object) -> String {
    format!("{}/{}", Resource::of_object(object).qualified_singular(), object.meta.name)
}

/// The object after a change written in code, if it differs.
pub fn changed(object: &Obj, change: impl FnOnce(&mut Object)) -> Option<Object> {
    let mut after = (**object).clone();
    change(&mut after);
    (after != **object).then_some(after)
}

//! What carrying out a command is made of: turns. Each turn reads the answers to the requests of the last one, prints, and
//! says what comes next.

use super::manifests::Manifest;
use crate::actor::Clock;
use crate::api::{Answer, ApiError, Verb};
use crate::base::{Span, Time};
use crate::store::View;
use std::fmt;

/// A command that can be carried out, any number of times.
pub trait Plan: fmt::Debug + Send + Sync {
    /// Begins to carry it out.
    fn task(&self) -> Box<dyn Task>;
}

/// A command under way.
pub trait Task {
    /// The next turn.
    fn turn(&mut self, shell: &mut Shell<'_>) -> Next;
}

/// How a turn ends.
#[derive(Debug)]
pub enum Next {
    /// These requests are sent side by side; the next turn has their answers.
    Call(Vec<Verb>),
    /// As long as a request takes: for lists, which are then read from the view.
    List,
    /// The next turn comes after a while.
    Sleep(Span),
    /// The next turn comes when a workload changes, or at an instant.
    Watch(Option<Time>),
    /// The end.
    Done,
}

impl Next {
    /// One request.
    pub fn call(verb: Verb) -> Next {
        Next::Call(vec![verb])
    }
}

/// What a turn has at hand.
pub struct Shell<'a> {
    /// Answers to the last requests.
    pub answers: Vec<Answer>,
    /// Namespace of the command.
    pub namespace: &'a str,
    /// Whether `-n` was given.
    pub namespace_given: bool,
    /// Objects of `-f`.
    pub manifests: &'a [Manifest],
    /// The cluster.
    pub view: View<'a>,
    /// The present instant.
    pub now: Time,
    /// Wall-clock times.
    pub clock: Clock,
    /// What was printed so far, standard output and error together.
    pub output: &'a mut String,
    /// Whether the exit status will be 1.
    pub failed: &'a mut bool,
}

impl Shell<'_> {
    /// Prints a line.
    pub fn print(&mut self, line: impl AsRef<str>) {
        self.output.push_str(line.as_ref());
        self.output.push('\n');
    }

    /// Prints an error; the exit status becomes 1.
    pub fn fail(&mut self, message: impl AsRef<str>) {
        *self.failed = true;
        self.print(message);
    }

    /// Prints a refusal by the API server as kubectl does.
    pub fn refused(&mut self, error: &ApiError) {
        self.fail(error.kubectl_text());
    }

    /// The single answer to the single request of the last turn.
    pub fn answer(&mut self) -> Option<Answer> {
        self.answers.pop()
    }
}

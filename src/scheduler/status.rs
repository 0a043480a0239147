//! What an extension point says about a pod or a node: a code, reasons in words, and the plugin that said so.
//! Real: staging/src/k8s.io/kube-scheduler/framework/interface.go (Status) @ v1.37.2.

use crate::model::Str;
use smallvec::{SmallVec, smallvec};
use std::fmt;

/// The kind of answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Code {
    /// All is well.
    Success,
    /// Something broke: the pod is tried again after a back-off that no event shortens.
    Error,
    /// Does not fit now; taking other pods away might help.
    Unschedulable,
    /// Does not fit, and taking pods away cannot help.
    UnschedulableAndUnresolvable,
    /// Fits, but must wait for something (Permit).
    Wait,
    /// The plugin has nothing to do for this pod.
    Skip,
    /// Waits for something that is on its way.
    Pending,
}

impl Code {
    /// The code's name as the real scheduler prints it.
    pub fn name(self) -> &'static str {
        match self {
            Code::Success => "Success",
            Code::Error => "Error",
            Code::Unschedulable => "Unschedulable",
            Code::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
            Code::Wait => "Wait",
            Code::Skip => "Skip",
            Code::Pending => "Pending",
        }
    }
}

/// One reason in words. Most are fixed texts and cost nothing to copy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A text known at compile time.
    Fixed(&'static str),
    /// A text made up at run time.
    Made(Str),
}

impl Reason {
    /// The words.
    pub fn text(&self) -> &str {
        match self {
            Reason::Fixed(text) => text,
            Reason::Made(text) => text,
        }
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}

impl From<&'static str> for Reason {
    fn from(text: &'static str) -> Self {
        Reason::Fixed(text)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Reason::Made(text.into())
    }
}

/// An answer that is not a plain yes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// The kind of answer.
    pub code: Code,
    /// Why, in the plugin's order.
    pub reasons: SmallVec<[Reason; 1]>,
    /// The plugin that gave the answer; empty if the framework did.
    pub plugin: &'static str,
}

impl Status {
    /// An answer with one reason.
    pub fn new(code: Code, reason: impl Into<Reason>) -> Self {
        Status { code, reasons: smallvec![reason.into()], plugin: "" }
    }

    /// An answer without words.
    pub fn bare(code: Code) -> Self {
        Status { code, reasons: SmallVec::new(), plugin: "" }
    }

    /// Does not fit now.
    pub fn unschedulable(reason: impl Into<Reason>) -> Self {
        Self::new(Code::Unschedulable, reason)
    }

    /// Does not fit, and preemption cannot change that.
    pub fn unresolvable(reason: impl Into<Reason>) -> Self {
        Self::new(Code::UnschedulableAndUnresolvable, reason)
    }

    /// Something broke.
    pub fn error(reason: impl Into<Reason>) -> Self {
        Self::new(Code::Error, reason)
    }

    /// The same answer, given by this plugin.
    pub fn by(mut self, plugin: &'static str) -> Self {
        self.plugin = plugin;
        self
    }

    /// Whether it rejects the pod (as opposed to an error).
    pub fn is_rejected(&self) -> bool {
        matches!(self.code, Code::Unschedulable | Code::UnschedulableAndUnresolvable | Code::Pending)
    }

    /// All reasons as one text.
    pub fn message(&self) -> String {
        self.reasons.iter().map(Reason::text).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_joins_its_reasons_and_knows_who_spoke() {
        let mut status = Status::unschedulable("Insufficient cpu").by("NodeResourcesFit");
        status.reasons.push(format!("Insufficient {}", "example.com/gpu").into());
        assert_eq!(status.message(), "Insufficient cpu, Insufficient example.com/gpu");
        assert!(status.is_rejected() && !Status::error("boom").is_rejected());
        assert_eq!((status.plugin, status.code.name()), ("NodeResourcesFit", "Unschedulable"));
        assert_eq!(Status::bare(Code::Skip).message(), "");
        assert_eq!(Status::unresolvable("x").code, Code::UnschedulableAndUnresolvable);
    }
}

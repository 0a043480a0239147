//! CEL, Kubernetes' own expression language, over the objects of the cluster: `deployment('web')`, `pods('app=web')` and the
//! like for every kind, with `.condition(type)`, the short forms `image`, `ready`, `node`, `zone` of pods and nodes,
//! `namespace(name)` before a function for another namespace than the default one (`namespace('*')` for all), and `now`.
//!
//! Only what an expression touches is turned into values, once for each version of an object; what goes over lists of objects
//! (`all`, `exists`, `size`) is kept up to date object by object. So an expression can be checked after every single commit.

mod compile;
mod panel;
mod show;
mod values;
mod world;

use crate::base::Span;
use compile::Compiled;
pub use panel::Panel;
use std::sync::Arc;

/// An expression that could be read.
#[derive(Clone, PartialEq, Debug)]
pub struct Expression {
    text: String,
    compiled: Arc<Compiled>,
}

/// Why a text is no expression.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExpressionError {
    /// What is wrong.
    pub message: String,
    /// How to put it right; may be empty.
    pub hint: String,
    /// Where, in bytes.
    pub at: usize,
    /// How many bytes of the text it is about.
    pub width: usize,
}

impl Expression {
    /// Reads an expression and checks the names in it.
    pub fn compile(text: &str) -> Result<Expression, ExpressionError> {
        Ok(Expression { text: text.to_string(), compiled: Arc::new(compile::compile(text)?) })
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// How exactly `now` is known to expressions: whoever evaluates them looks at the clock at least this often.
pub const CLOCK_EVERY: Span = Span::from_s(1);

#[cfg(test)]
mod tests;

//! CEL, Kubernetes' own expression language, over the objects of the cluster.

/// An expression that could be read.
#[derive(Clone, PartialEq, Debug)]
pub struct Expression {
    text: String,
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
    /// Reads an expression.
    pub fn compile(text: &str) -> Result<Expression, ExpressionError> {
        Ok(Expression { text: text.to_string() })
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

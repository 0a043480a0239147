//! kubectl: a user's command lines, read as kubectl reads them and carried out through the API as kubectl does.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd @ v1.37.2.

mod manifests;

pub use manifests::{Manifest, checked};

/// What a command line asks for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Command {
    /// The words.
    pub words: Vec<String>,
    /// What `-f` names, as written.
    pub filenames: Vec<String>,
    /// What is in those files; whoever reads the line fills this in.
    pub manifests: Vec<Manifest>,
}

/// Why a line is no command. `message` is what kubectl prints.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KubectlError {
    /// What kubectl prints on standard error, several lines.
    pub message: String,
    /// Where in the line, in bytes.
    pub at: usize,
    /// How many bytes it is about.
    pub width: usize,
}

impl KubectlError {
    /// The first line, without `error: `.
    pub fn summary(&self) -> String {
        let first = self.message.lines().next().unwrap_or("");
        first.strip_prefix("error: ").unwrap_or(first).to_string()
    }

    /// What was meant, if kubectl has a guess.
    pub fn hint(&self) -> String {
        let guess = self.message.split_once("Did you mean this?\n\t").map(|(_, rest)| rest.lines().next().unwrap_or("").trim());
        guess.map(|guess| format!("did you mean \"{guess}\"?")).unwrap_or_default()
    }
}

/// Reads a command line, with or without `kubectl` before it.
pub fn parse(line: &str) -> Result<Command, KubectlError> {
    let words = line.split_whitespace().map(str::to_string).collect();
    Ok(Command { words, ..Command::default() })
}

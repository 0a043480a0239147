//! kubectl: a user's command lines, read as kubectl reads them and carried out through the API as kubectl does: which
//! requests, in which order, with which texts and exit status. One file a command in `commands/`.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd @ v1.37.2.

mod commands;
mod each;
mod flags;
mod gather;
mod manifests;
mod pod_spec;
mod resources;
mod runner;
pub mod select;
mod task;
mod words;

use crate::base::input_error::did_you_mean;
use flags::Args;
pub use manifests::{Manifest, checked};
pub(crate) use runner::WATCHED;
pub use runner::{Kubectl, Runner};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use task::Plan;
use words::Word;

/// What a command line asks for.
#[derive(Clone)]
pub struct Command {
    /// The words, without `kubectl`.
    pub words: Vec<String>,
    /// `-n`; the default namespace without.
    pub namespace: Option<String>,
    /// What `-f` names, as written.
    pub filenames: Vec<String>,
    /// What is in those files; whoever reads the line fills this in.
    pub manifests: Vec<Manifest>,
    plan: Arc<dyn Plan>,
}

impl PartialEq for Command {
    fn eq(&self, other: &Command) -> bool {
        self.words == other.words && self.manifests == other.manifests
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kubectl {}", self.words.join(" "))
    }
}

impl Command {
    /// `kubectl apply -f` of these objects, as typed in the folder `base`.
    pub fn apply(manifests: Vec<Manifest>, base: &Path) -> Command {
        let shown = |file: &str| Path::new(file).strip_prefix(base).unwrap_or(Path::new(file)).display().to_string();
        let mut files: Vec<String> = manifests.iter().map(|manifest| shown(&manifest.file)).collect();
        files.dedup();
        let mut words = vec!["apply".to_string()];
        words.extend(files.iter().flat_map(|file| ["-f".to_string(), file.clone()]));
        Command { words, namespace: None, filenames: files, manifests, plan: commands::apply_plan() }
    }
}

/// Why a line is no command.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KubectlError {
    /// What kubectl prints on standard error, several lines.
    pub message: String,
    /// Where in the line, in bytes.
    pub at: usize,
    /// How many bytes it is about; 0 if it is about the whole line.
    pub width: usize,
    /// A guess at what was meant, beyond what kubectl prints.
    pub hint: String,
}

impl KubectlError {
    /// An error about the whole line; kubectl begins it with `error: `.
    pub(crate) fn plain(message: &str) -> KubectlError {
        KubectlError { message: format!("error: {message}"), ..KubectlError::default() }
    }

    /// The first line, without `error: `.
    pub fn summary(&self) -> String {
        let first = self.message.lines().next().unwrap_or("");
        first.strip_prefix("error: ").unwrap_or(first).to_string()
    }

    /// A guess at what was meant, or kubectl's further lines.
    pub fn hint(&self) -> String {
        if !self.hint.is_empty() {
            return self.hint.clone();
        }
        let guess = self.message.split_once("Did you mean this?\n\t").map(|(_, rest)| rest.lines().next().unwrap_or("").trim());
        guess.map(|guess| format!("did you mean \"{guess}\"?")).unwrap_or_default()
    }
}

impl fmt::Display for KubectlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for KubectlError {}

/// Reads a command line, with or without `kubectl` before it.
pub fn parse(line: &str) -> Result<Command, KubectlError> {
    parse_words(words::split(line)?)
}

/// Reads a command that is cut into words already, without `kubectl`.
pub fn parse_args<S: AsRef<str>>(args: &[S]) -> Result<Command, KubectlError> {
    let mut at = 0;
    let word = |text: &S| {
        let word = Word { text: text.as_ref().to_string(), at, width: text.as_ref().len() };
        at += word.width + 1;
        word
    };
    parse_words(args.iter().map(word).collect())
}

fn parse_words(mut words: Vec<Word>) -> Result<Command, KubectlError> {
    if words.first().is_some_and(|word| word.text == "kubectl") {
        words.remove(0);
    }
    // Flags may come before the command, as in `-n prod scale ...`.
    let first = command_position(&words);
    let Some(first) = first else { return Err(KubectlError::plain("there is no kubectl command in it")) };
    let names: Vec<&'static str> = commands::ALL.iter().map(|entry| entry.name).collect();
    let word = words[first].clone();
    let top = |entry: &&commands::Entry| entry.name.split(' ').next() == Some(&word.text);
    if !commands::ALL.iter().any(|entry| top(&entry)) {
        return Err(unknown_command(&word, &names));
    }
    // Two words, as in `rollout undo`, if there is such a command; else one.
    let second = (first + 1..words.len()).find(|at| !words[*at].text.starts_with('-'));
    let long = second.map(|second| format!("{} {}", word.text, words[second].text)).unwrap_or_default();
    let mut rest = words.clone();
    let entry = match commands::ALL.iter().find(|entry| entry.name == long) {
        Some(entry) => {
            rest.remove(second.unwrap_or(first));
            rest.remove(first);
            entry
        }
        None => match commands::ALL.iter().find(|entry| entry.name == word.text) {
            Some(entry) => {
                rest.remove(first);
                entry
            }
            None => return Err(unknown_subcommand(&words, first, &names)),
        },
    };
    let args = Args::parse(entry.name, &rest, &[entry.flags, flags::GLOBAL])?;
    refuse_unsimulated(&args)?;
    let plan = (entry.parse)(&args)?;
    Ok(Command {
        words: words.into_iter().map(|word| word.text).collect(),
        namespace: args.text("namespace").map(str::to_string),
        filenames: args.list("filename"),
        manifests: Vec::new(),
        plan,
    })
}

/// Where the command is: the first word that is neither a flag nor the value of `-n`.
fn command_position(words: &[Word]) -> Option<usize> {
    let mut at = 0;
    while at < words.len() {
        match words[at].text.as_str() {
            "-n" | "--namespace" | "--context" | "--cluster" | "--user" => at += 2,
            text if text.starts_with('-') => at += 1,
            _ => return Some(at),
        }
    }
    None
}

fn unknown_command(word: &Word, names: &[&'static str]) -> KubectlError {
    let mut tops: Vec<&str> = names.iter().map(|name| name.split(' ').next().unwrap_or(name)).collect();
    tops.dedup();
    let error = KubectlError { at: word.at, width: word.width, ..KubectlError::default() };
    if commands::ELSEWHERE.contains(&&*word.text) {
        return KubectlError { message: format!("error: `kubectl {}` is not simulated", word.text), ..error };
    }
    let typed = word.text.to_lowercase();
    let near: Vec<&str> = tops
        .iter()
        .copied()
        .filter(|name| {
            !did_you_mean(&typed, [*name]).is_empty() || name.starts_with(&typed) || (typed.len() > 2 && edits(&typed, name) <= 2)
        })
        .collect();
    let mut message = format!("error: unknown command {:?} for \"kubectl\"", word.text);
    if !near.is_empty() {
        message += &format!("\n\nDid you mean this?\n{}", near.iter().map(|name| format!("\t{name}\n")).collect::<String>());
    }
    let hint = if near.is_empty() { format!("one of {}", tops.join(", ")) } else { String::new() };
    KubectlError { message, hint, ..error }
}

/// Levenshtein's distance, with which cobra finds what was meant.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(40).collect(), b.chars().take(40).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let least = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], least);
        }
    }
    row[b.len()]
}

fn unknown_subcommand(words: &[Word], first: usize, names: &[&'static str]) -> KubectlError {
    let top = &words[first].text;
    let rest: Vec<&str> = words[first + 1..].iter().map(|word| word.text.as_str()).filter(|word| !word.starts_with('-')).collect();
    let subs: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix(top.as_str())?.strip_prefix(' ')).collect();
    let word = words[first + 1..].iter().find(|word| !word.text.starts_with('-')).unwrap_or(&words[first]);
    let near = rest.first().map(|typed| did_you_mean(typed, subs.iter().copied())).unwrap_or_default();
    let hint = if near.is_empty() { format!("one of {}", subs.join(", ")) } else { near };
    let message =
        if rest.is_empty() { format!("`kubectl {top}` needs a subcommand") } else { format!("unknown command {:?}", rest.join(" ")) };
    let message = format!("error: {message}\nSee 'kubectl {top} -h' for help and examples");
    KubectlError { message, at: word.at, width: word.width, hint }
}

/// Flags that kubectl has and that mean nothing here are refused, not ignored.
fn refuse_unsimulated(args: &Args) -> Result<(), KubectlError> {
    for flag in [
        "kustomize",
        "context",
        "cluster",
        "user",
        "template",
        "edit",
        "raw",
        "server-side",
        "prune",
        "applyset",
        "local",
        "list",
        "interactive",
        "attach",
        "stdin",
        "tty",
        "rm",
        "patch-file",
        "from-file",
        "from-env-file",
        "overrides",
    ] {
        if args.has(flag) && args.text(flag) != Some("false") {
            return Err(args.flag_error(flag, format!("`--{flag}` is not simulated")));
        }
    }
    if let Some(mode) = args.text("dry-run").filter(|mode| *mode != "none" && *mode != "false") {
        return match mode {
            "" | "client" | "server" => Err(args.flag_error("dry-run", "`--dry-run` is not simulated: nothing would come of it")),
            other => {
                Err(args.flag_error("dry-run", format!("Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\".")))
            }
        };
    }
    if let Some(output) = args.text("output")
        && args.command != "get"
        && output != "name"
    {
        return Err(args.flag_error("output", format!("`--output {output}` is not simulated for `kubectl {}`", args.command)));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

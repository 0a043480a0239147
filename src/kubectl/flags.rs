//! Flags of command lines, as pflag reads them.
//! Real: github.com/spf13/pflag, github.com/spf13/cobra as used by kubectl @ v1.37.2.

use super::KubectlError;
use super::words::Word;
use crate::base::Span;
use crate::base::input_error::did_you_mean;
use std::collections::BTreeMap;

/// Flags that most commands have, and all have.
pub const GLOBAL: &str = "namespace,n:s context:s cluster:s user:s request-timeout:s warnings-as-errors:b help,h:b v,v:i";
/// What a flag takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Takes {
    /// Nothing, or `=true`, `=false`.
    Bool,
    /// A text.
    Text,
    /// A text after `=`, or nothing.
    Optional,
    /// A whole number.
    Int,
    /// A duration.
    Duration,
    /// A list; the flag may come several times.
    List,
}

#[derive(Clone, Copy, Debug)]
struct Flag {
    name: &'static str,
    short: Option<char>,
    takes: Takes,
}

/// A command line taken apart.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Args {
    /// The command, such as `rollout undo`.
    pub command: String,
    /// The words that are no flags.
    pub words: Vec<Word>,
    /// How many of the words came before `--`, if that was there.
    pub before_dash: Option<usize>,
    values: BTreeMap<&'static str, Vec<(String, Word)>>,
}

/// Reads `name[,short]:type` lists; types: b bool, s text, o optional text, i integer, d duration, l list.
fn flags(specs: &[&'static str]) -> Vec<Flag> {
    let words = specs.iter().flat_map(|spec| spec.split(' ')).filter(|word| !word.is_empty());
    let flag = |word: &'static str| {
        let (names, takes) = word.split_once(':').expect("a flag has a type");
        let (name, short) = names.split_once(',').map_or((names, None), |(name, short)| (name, short.chars().next()));
        let takes = match takes {
            "b" => Takes::Bool,
            "s" => Takes::Text,
            "o" => Takes::Optional,
            "i" => Takes::Int,
            "d" => Takes::Duration,
            _ => Takes::List,
        };
        Flag { name, short, takes }
    };
    words.map(flag).collect()
}

impl Args {
    /// Takes the words after the command apart.
    pub fn parse(command: &str, words: &[Word], specs: &[&'static str]) -> Result<Args, KubectlError> {
        let flags = flags(specs);
        let mut args = Args { command: command.to_string(), ..Args::default() };
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let text = word.text.as_str();
            if text == "--" {
                args.before_dash = Some(args.words.len());
                args.words.extend(rest.cloned());
                break;
            }
            if let Some(long) = text.strip_prefix("--") {
                args.long(word, long, &flags, &mut rest)?;
            } else if text.len() > 1 && text.starts_with('-') {
                args.short(word, &text[1..], &flags, &mut rest)?;
            } else {
                args.words.push(word.clone());
            }
        }
        Ok(args)
    }

    fn fault(&self, word: &Word, message: String) -> KubectlError {
        let message = format!("error: {message}\nSee 'kubectl {} --help' for usage.", self.command);
        KubectlError { message, at: word.at, width: word.width, ..KubectlError::default() }
    }

    fn long<'w>(&mut self, word: &Word, text: &str, flags: &[Flag], rest: &mut impl Iterator<Item = &'w Word>) -> Result<(), KubectlError> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value.to_string())));
        if name.is_empty() || name.starts_with('-') {
            return Err(self.fault(word, format!("bad flag syntax: --{text}")));
        }
        let Some(flag) = flags.iter().find(|flag| flag.name == name) else {
            let guess = did_you_mean(name, flags.iter().map(|flag| flag.name)).replacen('"', "\"--", 1);
            let width = (name.len() + 2).min(word.width);
            return Err(KubectlError { hint: guess, width, ..self.fault(word, format!("unknown flag: --{name}")) });
        };
        let shown = format!("--{name}");
        self.take(word, *flag, &shown, &shown, value, rest)
    }

    fn short<'w>(
        &mut self,
        word: &Word,
        text: &str,
        flags: &[Flag],
        rest: &mut impl Iterator<Item = &'w Word>,
    ) -> Result<(), KubectlError> {
        let mut left = text;
        while let Some(c) = left.chars().next() {
            let after = &left[c.len_utf8()..];
            let Some(flag) = flags.iter().find(|flag| flag.short == Some(c)) else {
                return Err(self.fault(word, format!("unknown shorthand flag: {c:?} in -{left}")));
            };
            let shown = format!("-{c}, --{}", flag.name);
            let missing = format!("{c:?} in -{left}");
            if let Some(value) = after.strip_prefix('=') {
                return self.take(word, *flag, &shown, &missing, Some(value.to_string()), rest);
            }
            if !matches!(flag.takes, Takes::Bool | Takes::Optional) && !after.is_empty() {
                return self.take(word, *flag, &shown, &missing, Some(after.to_string()), rest);
            }
            self.take(word, *flag, &shown, &missing, None, rest)?;
            if !matches!(flag.takes, Takes::Bool | Takes::Optional) {
                return Ok(());
            }
            left = after;
        }
        Ok(())
    }

    fn take<'w>(
        &mut self,
        word: &Word,
        flag: Flag,
        shown: &str,
        missing: &str,
        value: Option<String>,
        rest: &mut impl Iterator<Item = &'w Word>,
    ) -> Result<(), KubectlError> {
        let value = match (value, flag.takes) {
            (Some(value), _) => value,
            (None, Takes::Bool) => "true".to_string(),
            (None, Takes::Optional) => String::new(),
            (None, _) => match rest.next() {
                Some(next) => next.text.clone(),
                None => return Err(self.fault(word, format!("flag needs an argument: {missing}"))),
            },
        };
        let bad = match flag.takes {
            Takes::Bool if go_bool(&value).is_none() => Some(format!("strconv.ParseBool: parsing {value:?}: invalid syntax")),
            Takes::Int if value.parse::<i64>().is_err() => {
                let number = value.strip_prefix(['-', '+']).unwrap_or(&value);
                let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
                let why = if digits { "value out of range" } else { "invalid syntax" };
                Some(format!("strconv.ParseInt: parsing {value:?}: {why}"))
            }
            Takes::Duration if duration(&value).is_none() => Some(match value.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty() {
                true => format!("time: missing unit in duration {value:?}"),
                false => format!("time: invalid duration {value:?}"),
            }),
            _ => None,
        };
        if let Some(why) = bad {
            return Err(self.fault(word, format!("invalid argument {value:?} for {shown:?} flag: {why}")));
        }
        self.values.entry(flag.name).or_default().push((value, word.clone()));
        Ok(())
    }

    /// Whether the flag was given.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The value of a flag; of several the last one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.last().map(|(value, _)| value.as_str())
    }

    /// The values of a flag that may come several times; commas separate as well.
    pub fn list(&self, name: &str) -> Vec<String> {
        let all = self.values.get(name).into_iter().flatten();
        all.flat_map(|(value, _)| value.split(',')).map(str::to_string).filter(|value| !value.is_empty()).collect()
    }

    /// The values of a flag that may come several times, whole.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.values.get(name).into_iter().flatten().map(|(value, _)| value.as_str()).collect()
    }

    /// A bool; `default` if it was not given.
    pub fn bool(&self, name: &str, default: bool) -> bool {
        self.text(name).and_then(go_bool).unwrap_or(default)
    }

    /// A whole number; `default` if it was not given.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// A duration; none if it was not given or is 0.
    pub fn duration(&self, name: &str) -> Option<Span> {
        self.text(name).and_then(duration).filter(|span| !span.is_zero())
    }

    /// Where a flag stands.
    pub fn place(&self, name: &str) -> Option<&Word> {
        self.values.get(name)?.last().map(|(_, word)| word)
    }

    /// An error that points at a flag.
    pub fn flag_error(&self, name: &str, message: impl Into<String>) -> KubectlError {
        let (at, width) = self.place(name).map_or((0, 0), |word| (word.at, word.width));
        KubectlError { message: format!("error: {}", message.into()), at, width, ..KubectlError::default() }
    }

    /// An error that points at a word.
    pub fn word_error(&self, word: &Word, message: impl Into<String>) -> KubectlError {
        KubectlError { message: format!("error: {}", message.into()), at: word.at, width: word.width, ..KubectlError::default() }
    }

    /// An error with kubectl's pointer to its help.
    pub fn usage(&self, message: impl Into<String>) -> KubectlError {
        KubectlError::plain(&format!("{}\nSee 'kubectl {} -h' for help and examples", message.into(), self.command))
    }
}

fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

fn duration(text: &str) -> Option<Span> {
    Span::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::super::words::split;
    use super::*;

    fn parse(line: &str) -> Result<Args, KubectlError> {
        Args::parse("scale", &split(line).unwrap(), &["replicas:i all:b filename,f:l timeout:d dry-run:o recursive,R:b", GLOBAL])
    }

    #[test]
    fn flags_come_in_every_form() {
        let args = parse("web --replicas=3 -n prod -f a.yaml,b.yaml -fc.yaml --all -R=false --dry-run x --timeout 2s -- --y").unwrap();
        let words: Vec<&str> = args.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!((words, args.before_dash), (vec!["web", "x", "--y"], Some(2)));
        assert_eq!((args.int("replicas", -1), args.text("namespace"), args.bool("all", false)), (3, Some("prod"), true));
        assert_eq!((args.list("filename"), args.bool("recursive", true)), (vec!["a.yaml".into(), "b.yaml".into(), "c.yaml".into()], false));
        assert_eq!((args.text("dry-run"), args.duration("timeout")), (Some(""), Some(Span::from_s(2))));
    }

    #[test]
    fn faults_read_as_kubectls() {
        for (line, message, hint) in [
            ("--replcas=3", "error: unknown flag: --replcas\nSee 'kubectl scale --help' for usage.", "did you mean \"--replicas\"?"),
            ("-Q", "error: unknown shorthand flag: 'Q' in -Q\nSee 'kubectl scale --help' for usage.", ""),
            ("--replicas", "error: flag needs an argument: --replicas\nSee 'kubectl scale --help' for usage.", ""),
            ("-f", "error: flag needs an argument: 'f' in -f\nSee 'kubectl scale --help' for usage.", ""),
            (
                "--replicas=x",
                "error: invalid argument \"x\" for \"--replicas\" flag: strconv.ParseInt: parsing \"x\": invalid syntax\nSee 'kubectl scale \
                 --help' for usage.",
                "",
            ),
            (
                "--timeout=5",
                "error: invalid argument \"5\" for \"--timeout\" flag: time: missing unit in duration \"5\"\nSee 'kubectl scale --help' \
                 for usage.",
                "",
            ),
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!((&*error.message, &*error.hint), (message, hint));
        }
    }
}

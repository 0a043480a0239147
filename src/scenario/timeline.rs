//! `timeline:` and `expect:`: who does what when, and what must hold. kubectl lines, their files and expressions are checked
//! here, long before they are carried out.

use super::expect::{Threshold, metric_known};
use super::expressions::Expression;
use super::fields::{At, Fields};
use super::read::{Reader, place};
use super::{Action, Check, Expectation, Step, Trigger, fault_steps};
use crate::base::input_error::InputError;
use crate::base::{Span, Time};
use crate::kubectl;
use std::sync::Arc;

type Result<T> = std::result::Result<T, InputError>;

/// Keys of a step.
pub(super) const STEP_KEYS: &[&str] = &[
    "at",
    "when",
    "every",
    "for",
    "kubectl",
    "fault",
    "node",
    "nodes",
    "pod",
    "pods",
    "selector",
    "zone",
    "component",
    "components",
    "mode",
    "value",
    "namespace",
    "container",
    "slowness",
    "latency",
    "errors",
    "lag",
    "offset",
];
/// Keys of a step that any step may have; the others belong to faults.
pub(super) const PLAIN_KEYS: &[&str] = &["at", "when", "every", "kubectl", "fault"];
/// Keys of an expectation.
pub(super) const EXPECT_KEYS: &[&str] = &["name", "metric", "threshold", "always", "from", "at", "holds", "eventually", "between"];

pub(super) fn steps(at: At<'_>, reader: &mut Reader<'_>) -> Result<Vec<Step>> {
    at.list()?.into_iter().map(|at| step(at, reader)).collect()
}

fn step(at: At<'_>, reader: &mut Reader<'_>) -> Result<Step> {
    let fields = Fields::new(at, "a step of the timeline", STEP_KEYS)?;
    let action = match (fields.get("kubectl"), fields.get("fault")) {
        (Some(line), None) => kubectl_line(&fields, line, reader)?,
        (None, Some(name)) => fault_steps::fault(&fields, name)?,
        (Some(_), Some(_)) => return Err(fields.error_at_key("fault", "a step is either `kubectl` or `fault`")),
        (None, None) => return Err(fields.error("a step needs `kubectl` or `fault`")),
    };
    let every = fields.read("every", |at| {
        let span = at.span()?;
        if span < Span::from_ms(1) { Err(at.error("`every` is at least 1ms")) } else { Ok(span) }
    })?;
    let trigger = match (fields.get("at"), fields.get("when")) {
        (Some(instant), None) => Trigger::At { at: Time::ZERO + instant.span()?, every },
        (None, Some(text)) => Trigger::When { expression: expression(text)?, every },
        (Some(_), Some(_)) => return Err(fields.error_at_key("when", "a step has either `at` or `when`")),
        (None, None) => match every {
            Some(span) => Trigger::At { at: Time::ZERO + span, every },
            None => return Err(fields.error("a step needs `at` or `when`").with_hint("at: 5m")),
        },
    };
    Ok(Step { line: at.line(), trigger, action })
}

fn kubectl_line(fields: &Fields<'_>, at: At<'_>, reader: &mut Reader<'_>) -> Result<Action> {
    for key in STEP_KEYS.iter().filter(|key| !PLAIN_KEYS.contains(key)) {
        if fields.has(key) {
            return Err(fields.error_at_key(key, format!("`{key}` belongs to faults, not to kubectl lines")));
        }
    }
    let line = at.word()?;
    let mut command = kubectl::parse(line).map_err(|error| {
        let shown = at.error_in_text(error.at, error.width, error.summary());
        shown.with_hint(error.hint())
    })?;
    let files: Vec<String> = command.filenames.clone();
    for file in files {
        let base = reader.base.clone();
        let read = reader.manifests(std::slice::from_ref(&file), &base);
        command.manifests.extend(read.map_err(|error| if error.file.is_empty() { place(at, error) } else { error })?);
    }
    Ok(Action::Kubectl { line: line.trim().to_string(), command: Arc::new(command) })
}

fn expression(at: At<'_>) -> Result<Expression> {
    let text = at.word()?;
    Expression::compile(text).map_err(|fault| at.error_in_text(fault.at, fault.width, fault.message).with_hint(fault.hint))
}

pub(super) fn expectations(at: At<'_>, end: Time) -> Result<Vec<Expectation>> {
    let mut all: Vec<Expectation> = Vec::new();
    for at in at.list()? {
        let fields = Fields::new(at, "an expectation", EXPECT_KEYS)?;
        let check = check(&fields, end)?;
        let name = match fields.get("name") {
            Some(at) => at.word()?.trim().to_string(),
            None => described(&fields, &check),
        };
        if let Some(first) = all.iter().find(|first| first.name == name) {
            let error = fields.error_at_key("name", format!("two expectations are named \"{name}\""));
            return Err(error.with_hint(format!("the first is in line {}", first.line)));
        }
        all.push(Expectation { name, line: at.line(), check });
    }
    Ok(all)
}

fn described(fields: &Fields<'_>, check: &Check) -> String {
    let text = |key: &str| fields.get(key).and_then(|at| at.node.text().map(str::to_string)).unwrap_or_default();
    match check {
        Check::Metric { metric, .. } => format!("{metric}: {}", text("threshold")),
        check => format!("{}: {}", check.kind(), text(check.kind())),
    }
}

fn check(fields: &Fields<'_>, end: Time) -> Result<Check> {
    let kinds: Vec<&str> = ["metric", "always", "holds", "eventually"].into_iter().filter(|key| fields.has(key)).collect();
    let [kind] = kinds[..] else {
        let message = "an expectation is one of `always`, `holds` (with `at`), `eventually` (with `between`), `metric` (with `threshold`)";
        return Err(if kinds.is_empty() { fields.error(message) } else { fields.error_at_key(kinds[1], message) });
    };
    let allowed: &[&str] = match kind {
        "metric" => &["metric", "threshold", "between"],
        "always" if fields.has("between") => &["always", "between"],
        "always" => &["always", "from"],
        "holds" => &["holds", "at"],
        _ => &["eventually", "between"],
    };
    if let Some(key) = EXPECT_KEYS.iter().find(|key| **key != "name" && fields.has(key) && !allowed.contains(key)) {
        return Err(fields
            .error_at_key(key, format!("`{key}` does not go with `{kind}`"))
            .with_hint(format!("`{kind}` goes with {}", allowed[1])));
    }
    let value = fields.required(kind, "an expectation")?;
    let instant = |at: At<'_>| {
        let instant = Time::ZERO + at.span()?;
        if instant > end {
            return Err(at.error(format!("{instant} is after the end of the run")).with_hint(format!("the run lasts {end}")));
        }
        Ok(instant)
    };
    let bounds = || {
        let Some(at) = fields.get("between") else { return Ok(None) };
        let (from, to) = match at.list()?[..] {
            [from, to] => (instant(from)?, instant(to)?),
            _ => return Err(at.error("`between` has two instants").with_hint("between: [5m, 25m]")),
        };
        if to < from {
            return Err(fields.error_at_key("between", format!("{to} is before {from}")));
        }
        Ok(Some((from, to)))
    };
    Ok(match kind {
        "metric" => {
            let metric = value.word()?.trim().to_string();
            metric_known(&metric).map_err(|(message, hint)| value.error(message).with_hint(hint))?;
            let threshold = fields.required("threshold", "`metric`")?;
            let read = Threshold::parse(threshold.word()?);
            let fault = |(message, hint): (String, String)| threshold.error(message).with_hint(hint);
            let read = read.map_err(fault)?;
            read.fits(&metric).map_err(fault)?;
            let between = bounds()?;
            if let Some((from, to)) = between {
                let fault = |message: String| fields.error_at_key("between", message).with_hint("between: [5m, 25m]");
                if from == to {
                    return Err(fault(format!("there is nothing between {from} and {to}")));
                }
                // Requests are told by the second in which they were sent.
                if metric.starts_with("http_") && [from, to].iter().any(|at| at.0 % Span::from_s(1).0 != 0) {
                    return Err(fault("requests are counted by whole seconds".into()));
                }
            }
            Check::Metric { metric, threshold: read, between }
        }
        "always" => {
            let (from, to) = match bounds()? {
                Some((from, to)) => (from, Some(to)),
                None => (fields.read("from", instant)?.unwrap_or(Time::ZERO), None),
            };
            Check::Always { expression: expression(value)?, from, to }
        }
        "holds" => Check::Holds { expression: expression(value)?, at: fields.read("at", instant)?.unwrap_or(end) },
        _ => {
            let (from, to) = bounds()?.unwrap_or((Time::ZERO, end));
            Check::Eventually { expression: expression(value)?, from, to }
        }
    })
}

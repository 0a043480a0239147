//! `fault:` lines of the timeline: which failure, what it hits, how bad it is and how long it lasts. Checked here, with the
//! place of what is wrong, long before anything breaks.

use super::fields::{At, Fields};
use super::timeline::{PLAIN_KEYS, STEP_KEYS};
use super::{Action, Scenario, containers};
use crate::base::input_error::{InputError, did_you_mean};
use crate::base::{Dist, Span};
use crate::faults::{self, Among, Fault, Mode, Options, Pods, Target};
use crate::model::Str;

type Result<T> = std::result::Result<T, InputError>;

/// Keys that aim; a fault has one of them, unless there is nothing to choose.
const AIMS: &[&str] = &["node", "nodes", "pod", "pods", "selector", "zone", "component", "components"];
/// How many times as long something may take at most.
const SLOWNESS_MAX: u64 = 1_000_000;
/// No message may take longer.
const LATENCY_MAX: Span = Span::from_s(3_600);
/// No clock may be more wrong: ten years.
const OFFSET_MAX: Span = Span::from_s(10 * 366 * 86_400);

pub(super) fn fault(fields: &Fields<'_>, at: At<'_>) -> Result<Action> {
    let name = at.word()?;
    let Some(fault) = faults::find(name) else {
        let names: Vec<&str> = faults::FAULTS.iter().map(|fault| fault.name).collect();
        let mut hint = did_you_mean(name, names.iter().copied());
        if hint.is_empty() {
            hint = format!("one of {}", names.join(", "));
        }
        return Err(at.error(format!("unknown fault \"{name}\"")).with_hint(hint));
    };
    check_keys(fields, fault)?;
    let options = options(fields, fault)?;
    let target = Target { among: among(fields, fault, &options)?, mode: mode(fields, fault)? };
    let lasts = fields.read("for", |at| {
        let span = at.span()?;
        if span.is_zero() { Err(at.error("a fault that lasts no time breaks nothing")) } else { Ok(span) }
    })?;
    Ok(Action::Fault { fault, target, options, lasts: lasts.or(fault.lasts) })
}

/// Keys that belong to other faults are mistakes.
fn check_keys(fields: &Fields<'_>, fault: Fault) -> Result<()> {
    for key in STEP_KEYS.iter().filter(|key| fields.has(key) && !PLAIN_KEYS.contains(key) && **key != "for") {
        if AIMS.contains(key) {
            if !fault.targets.contains(key) {
                let error = fields.error_at_key(key, format!("{} is not aimed by `{key}`", fault.name));
                let hint = if fault.targets.is_empty() { "it takes no target".into() } else { format!("by {}", fault.targets.join(", ")) };
                return Err(error.with_hint(hint));
            }
        } else if matches!(*key, "mode" | "value") {
            if fault.targets.is_empty() {
                let error = fields.error_at_key(key, format!("{} hits {}: there is nothing to choose from", fault.name, fault.subject));
                return Err(error);
            }
        } else if !fault.options.contains(key) {
            let error = fields.error_at_key(key, format!("{} has no `{key}`", fault.name));
            let hint = if fault.options.is_empty() { String::new() } else { format!("it has {}", fault.options.join(", ")) };
            return Err(error.with_hint(hint));
        }
    }
    Ok(())
}

fn options(fields: &Fields<'_>, fault: Fault) -> Result<Options> {
    let default = Options::default();
    let slowness = fields.read("slowness", |at| match at.count(SLOWNESS_MAX)? {
        0 | 1 => Err(at.error("`slowness` says how many times as long pulls take").with_hint("slowness: 10")),
        times => Ok(times as u32),
    })?;
    let latency = fields.read("latency", |at| {
        let dist = at.dist()?;
        if mean(dist) > LATENCY_MAX { Err(at.error("this is too long").with_hint(format!("at most {LATENCY_MAX}"))) } else { Ok(dist) }
    })?;
    let errors = fields.read("errors", |at| match at.node.text().map(|text| text.trim_end_matches('%').parse::<u64>()) {
        Some(Ok(percent)) if percent <= 100 => Ok(percent as u32),
        Some(_) => Err(at.error("`errors` is a share in percent").with_hint("errors: 5")),
        None => at.count(100).map(|percent| percent as u32),
    })?;
    let lag = fields.read("lag", |at| {
        let lag = at.span()?;
        if lag > LATENCY_MAX { Err(at.error(format!("{lag} is too long")).with_hint(format!("at most {LATENCY_MAX}"))) } else { Ok(lag) }
    })?;
    let offset = fields.read("offset", offset)?;
    if fault.options.contains(&"offset") && offset.is_none() {
        return Err(fields.error(format!("{} needs `offset`", fault.name)).with_hint("offset: 30s, or offset: -5m"));
    }
    let word = |key: &str| fields.read(key, |at| at.word().map(Str::from));
    Ok(Options {
        slowness: slowness.unwrap_or(default.slowness),
        latency: latency.unwrap_or(default.latency),
        errors_percent: errors.unwrap_or(default.errors_percent),
        lag: lag.unwrap_or(default.lag),
        offset_ms: offset.unwrap_or(default.offset_ms),
        container: word("container")?.unwrap_or_default(),
        namespace: word("namespace")?.unwrap_or_default(),
    })
}

/// The middle, or for what has no upper end something like it.
fn mean(dist: Dist) -> Span {
    match dist {
        Dist::Constant(span) => span,
        Dist::Uniform { max, .. } => max,
        Dist::Normal { mean, .. } | Dist::Exponential { mean } => mean,
        Dist::LogNormal { p99, .. } => p99,
    }
}

/// A span that may be negative, in milliseconds.
fn offset(at: At<'_>) -> Result<i64> {
    let text = at.text().map_err(|error| error.with_hint("offset: 30s, or offset: -5m"))?.trim();
    let (sign, amount) = match text.strip_prefix('-') {
        Some(amount) => (-1, amount),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let span = Span::parse(amount).map_err(|message| at.error(message).with_hint("offset: 30s, or offset: -5m"))?;
    if span > OFFSET_MAX {
        return Err(at.error(format!("{text} is too much")).with_hint("at most 10 years"));
    }
    if span < Span::from_ms(1) {
        return Err(at.error("a clock that is not wrong breaks nothing").with_hint("offset: 30s, or offset: -5m"));
    }
    Ok(sign * (span.0 / 1_000_000) as i64)
}

fn among(fields: &Fields<'_>, fault: Fault, options: &Options) -> Result<Among> {
    let given: Vec<&str> = AIMS.iter().copied().filter(|key| fields.has(key)).collect();
    let [key] = given[..] else {
        if given.is_empty() && fault.targets.is_empty() {
            return Ok(Among::Only);
        }
        let message = format!("{} needs one of {}", fault.name, fault.targets.join(", "));
        return Err(if given.is_empty() { fields.error(message) } else { fields.error_at_key(given[1], message) });
    };
    let value = fields.required(key, fault.name)?;
    let names = || -> Result<Vec<Str>> {
        match key {
            "node" | "pod" | "component" => Ok(vec![value.word()?.into()]),
            _ => value.texts()?.iter().map(|at| at.word().map(Str::from)).collect(),
        }
    };
    if matches!(key, "component" | "components") {
        return components(value, &names()?, fault);
    }
    let is_pods = fault.targets.contains(&"pod");
    let which = match key {
        "pod" | "pods" => Pods::Names(names()?),
        "selector" if is_pods => Pods::Selector(containers::selector(value)?),
        "zone" if is_pods => Pods::In(value.word()?.into()),
        "node" | "nodes" if is_pods => Pods::On(names()?),
        "selector" => return Ok(Among::Selector(containers::selector(value)?)),
        "zone" => return Ok(Among::Zone(value.word()?.into())),
        _ => return Ok(Among::Names(names()?)),
    };
    // Whoever names a machine means all pods there; names and labels are looked for in one namespace, as kubectl does.
    let everywhere = matches!(which, Pods::On(_) | Pods::In(_));
    let namespace = if options.namespace.is_empty() && !everywhere { "default".into() } else { options.namespace.clone() };
    Ok(Among::Pods { namespace, which })
}

fn components(at: At<'_>, names: &[Str], fault: Fault) -> Result<Among> {
    for name in names {
        if !fault.components.contains(&&**name) {
            let mut hint = did_you_mean(name, fault.components.iter().copied());
            if hint.is_empty() {
                hint = format!("one of {}", fault.components.join(", "));
            }
            return Err(at.error(format!("{} cannot hit the component \"{name}\"", fault.name)).with_hint(hint));
        }
    }
    Ok(Among::Components(names.to_vec()))
}

fn mode(fields: &Fields<'_>, fault: Fault) -> Result<Mode> {
    const MODES: [&str; 4] = ["one", "all", "fixed", "fixed-percent"];
    debug_assert!(!fault.targets.is_empty() || !fields.has("mode"), "checked before");
    let Some(at) = fields.get("mode") else {
        return match fields.get("value") {
            Some(_) => Err(fields.error_at_key("value", "`value` needs `mode: fixed` or `mode: fixed-percent`")),
            None => Ok(Mode::All),
        };
    };
    let mode = at.word()?;
    let value = |max: u64| {
        let at = fields.required("value", &format!("`mode: {mode}`"))?;
        // Chaos Mesh writes the value as a text.
        match at.node.text().map(|text| text.trim_end_matches('%').parse::<u64>()) {
            Some(Ok(number)) if number <= max => Ok(number as u32),
            Some(_) => Err(at.error(format!("this must be a whole number of at most {max}"))),
            None => at.count(max).map(|number| number as u32),
        }
    };
    match mode {
        "one" | "all" if fields.has("value") => Err(fields.error_at_key("value", format!("`mode: {mode}` takes no value"))),
        "one" => Ok(Mode::One),
        "all" => Ok(Mode::All),
        "fixed" => Ok(Mode::Fixed(value(1 << 20)?)),
        "fixed-percent" => Ok(Mode::FixedPercent(value(100)?)),
        _ => {
            let mut hint = did_you_mean(mode, MODES);
            if hint.is_empty() {
                hint = format!("one of {}", MODES.join(", "));
            }
            Err(at.error(format!("unknown mode \"{mode}\"")).with_hint(hint))
        }
    }
}

/// Faults must be able to hit something: machines and zones must be there. (Pods come and go.)
pub(super) fn check_targets(fields: &Fields<'_>, scenario: &Scenario) -> Result<()> {
    let nodes = &scenario.cluster.nodes;
    // Nodes may also come from manifests or from kubectl lines.
    let applied = scenario.manifests.iter().map(|manifest| &manifest.object).filter(|object| object.kind() == crate::model::Kind::Node);
    let all: Vec<_> = nodes.iter().chain(applied).collect();
    let names: Vec<&str> = all.iter().map(|node| &*node.meta.name).collect();
    let mut zones: Vec<&str> = all.iter().filter_map(|node| node.meta.labels.get(super::objects::ZONE)).collect();
    zones.sort_unstable();
    zones.dedup();
    let Some(list) = fields.get("timeline") else { return Ok(()) };
    for (at, step) in list.list()?.into_iter().zip(&scenario.timeline) {
        let Action::Fault { target, .. } = &step.action else { continue };
        let fields = Fields::new(at, "a step of the timeline", STEP_KEYS)?;
        let fault = |key: &str, what: &str, word: &Str, known: &[&str]| {
            let at = fields.get(key).map(|at| at.error(format!("there is no {what} \"{word}\"")));
            let mut hint = did_you_mean(word, known.iter().copied());
            if hint.is_empty() && known.len() <= 10 {
                hint = format!("there are {}", known.join(", "));
            }
            at.unwrap_or_default().with_hint(hint)
        };
        match &target.among {
            Among::Names(wanted) | Among::Pods { which: Pods::On(wanted), .. } => {
                if let Some(missing) = wanted.iter().find(|name| !names.contains(&&***name)) {
                    let key = if fields.has("node") { "node" } else { "nodes" };
                    return Err(fault(key, "node", missing, &names));
                }
            }
            Among::Zone(zone) | Among::Pods { which: Pods::In(zone), .. } => {
                if !zones.contains(&&**zone) {
                    return Err(fault("zone", "zone", zone, &zones));
                }
            }
            Among::Selector(_) | Among::Pods { .. } | Among::Components(_) | Among::Only => {}
        }
    }
    Ok(())
}

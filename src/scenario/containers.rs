//! `containers:` and `network:`: what the images do, and how fast they come.

use super::fields::{At, Fields};
use super::{Dns, Network};
use crate::base::input_error::InputError;
use crate::base::{Dist, Span};
use crate::kubelet::behaviours::{Behaviour, Behaviours, Condition, Exit, Private, Ready, Serves, Stop, Uses};
use crate::kubelet::settings::Registry;
use crate::model::{Quantity, Selector, Str};
use crate::network::names::Resolver;

type Result<T> = std::result::Result<T, InputError>;

/// Keys of an entry.
pub(super) const KEYS: &[&str] =
    &["image", "selector", "container", "when", "size", "layers", "private", "start", "ready", "stop", "exit", "uses", "serves"];

pub(super) fn read(at: At<'_>) -> Result<Behaviours> {
    let entries = at.list()?.into_iter().map(entry).collect::<Result<Vec<_>>>()?;
    Ok(Behaviours { entries, ..Behaviours::default() })
}

fn entry(at: At<'_>) -> Result<Behaviour> {
    let fields = Fields::new(at, "an entry of `containers`", KEYS)?;
    if !["image", "selector", "container"].iter().any(|key| fields.has(key)) {
        let error = fields.error("an entry of `containers` needs `image`, `selector` or `container`");
        return Err(error.with_hint("such as image: registry.example/app:v1*"));
    }
    if fields.has("size") && fields.has("layers") {
        let error = fields.error_at_key("size", "an image has `size` or `layers`");
        return Err(error.with_hint("the size is the sum of the layers"));
    }
    Ok(Behaviour {
        image: fields.read("image", image)?.unwrap_or_default(),
        selector: fields.read("selector", selector)?,
        container: fields.read("container", |at| at.word().map(str::to_string))?.unwrap_or_default(),
        when: fields.read("when", |at| at.list()?.into_iter().map(condition).collect())?.unwrap_or_default(),
        size: fields.read("size", |at| at.quantity())?,
        layers: fields.read("layers", layers)?.unwrap_or_default(),
        private: fields.read("private", private)?.flatten(),
        start: fields.read("start", |at| at.dist())?,
        ready: fields.read("ready", ready)?,
        stop: fields.read("stop", stop)?,
        exit: fields.read("exit", exit)?,
        uses: fields.read("uses", uses)?,
        serves: fields.read("serves", serves)?,
    })
}

/// Names of layers with their sizes.
fn layers(at: At<'_>) -> Result<Vec<(Str, Quantity)>> {
    let map = at.map()?;
    if map.is_empty() {
        return Err(at.error("an image has a layer at least").with_hint("layers: {base: 120Mi, app: 40Mi}"));
    }
    map.into_iter().map(|(entry, value)| Ok(((&*entry.key).into(), value.quantity()?))).collect()
}

/// `true`: whoever can log in; or one user with a password, as docker's configuration has them.
fn private(at: At<'_>) -> Result<Option<Private>> {
    if let Ok(private) = at.bool() {
        return Ok(private.then_some(Private::AnyUser));
    }
    let hint = "private: true, or {username: robot, password: secret}";
    let fields = Fields::new(at, "`private`", &["username", "password"]).map_err(|error| error.with_hint(hint))?;
    let text = |key: &str| {
        let at = fields.required(key, "`private`").map_err(|error| error.with_hint(hint))?;
        let text = at.text()?;
        if text.is_empty() { Err(at.error(format!("{key} must not be empty"))) } else { Ok(text.to_string()) }
    };
    Ok(Some(Private::User { username: text("username")?, password: text("password")? }))
}

fn image(at: At<'_>) -> Result<String> {
    let pattern = at.word()?;
    glob::Pattern::new(pattern).map_err(|error| at.error_in_text(error.pos, 1, format!("bad glob: {}", error.msg)))?;
    Ok(pattern.to_string())
}

/// A selector as text (`app=web,tier!=db`) or as a map of labels.
pub(super) fn selector(at: At<'_>) -> Result<Selector> {
    let text = match at.node.text() {
        Some(text) => text.to_string(),
        None => at
            .map()?
            .into_iter()
            .map(|(entry, value)| Ok(format!("{}={}", entry.key, value.text()?)))
            .collect::<Result<Vec<_>>>()?
            .join(","),
    };
    text.parse().map_err(|error| at.error(format!("bad selector: {error}")).with_hint("such as app=web,tier!=db"))
}

/// `env: NAME=value`, `env: NAME`, `arg: --flag`, `file: /path=content`, and the same under `not`.
fn condition(at: At<'_>) -> Result<Condition> {
    let fields = Fields::new(at, "a condition", &["env", "arg", "file", "not"])?;
    let [entry] = at.node.entries() else { return Err(fields.error("a condition is one of env, arg, file, not")) };
    let value = At::root(at.source(), &entry.value);
    Ok(match &*entry.key {
        "not" => match condition(value)? {
            Condition::Env { name, value, is } => Condition::Env { name, value, is: !is },
            Condition::Arg { word, is } => Condition::Arg { word, is: !is },
            Condition::File { path, content, is } => Condition::File { path, content, is: !is },
        },
        "arg" => Condition::Arg { word: value.word()?.to_string(), is: true },
        key => {
            let text = value.word()?;
            let (name, wanted) = text.split_once('=').map_or((text, None), |(name, wanted)| (name, Some(wanted.to_string())));
            match key {
                "env" => Condition::Env { name: name.to_string(), value: wanted, is: true },
                _ => Condition::File { path: name.to_string(), content: wanted, is: true },
            }
        }
    })
}

fn ready(at: At<'_>) -> Result<Ready> {
    match at.node.text() {
        Some("never") => Ok(Ready::Never),
        Some(_) => Err(at.error("`ready` is `never` or {after: a duration}").with_hint("ready: {after: 2s}")),
        None => {
            let fields = Fields::new(at, "`ready`", &["after"])?;
            Ok(Ready::After(fields.required("after", "`ready`")?.dist()?))
        }
    }
}

fn stop(at: At<'_>) -> Result<Stop> {
    let fields = Fields::new(at, "`stop`", &["refusesAfter", "drains", "code"])?;
    Ok(Stop {
        refuses_after: fields.read("refusesAfter", |at| at.span())?.unwrap_or(Span::ZERO),
        drains: fields.read("drains", |at| at.dist())?.unwrap_or(Dist::Constant(Span::ZERO)),
        code: fields.read("code", code)?.unwrap_or(0),
    })
}

fn exit(at: At<'_>) -> Result<Exit> {
    let fields = Fields::new(at, "`exit`", &["code", "after", "message"])?;
    Ok(Exit {
        code: fields.read("code", code)?.unwrap_or(0),
        after: fields.read("after", |at| at.dist())?.unwrap_or(Dist::Constant(Span::ZERO)),
        message: fields.read("message", |at| at.text())?.unwrap_or("").into(),
    })
}

fn code(at: At<'_>) -> Result<i32> {
    at.count(255).map(|code| code as i32)
}

fn uses(at: At<'_>) -> Result<Uses> {
    let fields = Fields::new(at, "`uses`", &["cpu", "memory", "memoryGrowthPerSecond"])?;
    let quantity = |key: &str, default: Quantity| Ok(fields.read(key, |at| at.quantity())?.unwrap_or(default));
    Ok(Uses {
        cpu: quantity("cpu", Quantity::from_milli(10))?,
        memory: quantity("memory", Quantity::from_binary(32 << 20))?,
        memory_growth_per_s: quantity("memoryGrowthPerSecond", Quantity::ZERO)?,
    })
}

fn serves(at: At<'_>) -> Result<Serves> {
    let fields = Fields::new(at, "`serves`", &["cpu", "time", "concurrency", "memory"])?;
    Ok(Serves {
        cpu: fields.read("cpu", per_request)?.unwrap_or(Span::from_ms(1)),
        time: fields.read("time", |at| at.dist())?.unwrap_or(Dist::Constant(Span::from_ms(10))),
        concurrency: fields.read("concurrency", |at| at.count(u64::from(u32::MAX)))?.unwrap_or(0) as u32,
        memory: fields.read("memory", |at| at.quantity())?.unwrap_or(Quantity::ZERO),
    })
}

/// CPU time of a request: a duration (`6ms`), or an amount of a CPU used for a second (`6m`).
fn per_request(at: At<'_>) -> Result<Span> {
    let is_duration = |text: &str| text.ends_with('s');
    if at.node.text().is_some_and(|text| is_duration(text.trim())) {
        return at.span();
    }
    let nano = at.quantity()?.nano_value();
    Ok(Span(u64::try_from(nano).unwrap_or(u64::MAX)))
}

/// Keys of `network`.
pub(super) const NETWORK_KEYS: &[&str] = &["endpoints", "registry", "dns"];

pub(super) fn network(at: At<'_>) -> Result<Network> {
    let fields = Fields::new(at, "`network`", NETWORK_KEYS)?;
    let mut network = Network::default();
    if let Some(endpoints) = fields.read("endpoints", |at| at.dist())? {
        network.endpoints = endpoints;
    }
    if let Some(registry) = fields.read("registry", registry)? {
        network.registry = registry;
    }
    if let Some(dns) = fields.read("dns", dns)? {
        network.dns = dns;
    }
    Ok(network)
}

/// Keys of `dns`.
pub(super) const DNS_KEYS: &[&str] = &["service", "namespace", "timeout", "attempts"];

fn dns(at: At<'_>) -> Result<Dns> {
    const ATTEMPTS_MAX: u64 = 5;
    if let Some(text) = at.node.text() {
        return match text {
            "free" => Ok(Dns::Free),
            other => Err(at
                .error(format!("names cannot be looked up at \"{other}\""))
                .with_hint("free, or {service: kube-dns, namespace: kube-system}")),
        };
    }
    let fields = Fields::new(at, "`dns`", DNS_KEYS)?;
    let word =
        |key: &str, default: &str| Ok::<String, InputError>(fields.read(key, |at| at.word().map(String::from))?.unwrap_or(default.into()));
    let mut resolver = Resolver::new(&word("namespace", "kube-system")?, &word("service", "kube-dns")?);
    if let Some(at) = fields.get("timeout") {
        resolver.timeout = at.span()?;
        if resolver.timeout.is_zero() {
            return Err(at.error("this must be longer than nothing").with_hint("5s, as in resolv.conf"));
        }
    }
    if let Some(at) = fields.get("attempts") {
        resolver.attempts = at.count(ATTEMPTS_MAX)? as u32;
        if resolver.attempts == 0 {
            return Err(at.error("who never asks is never answered").with_hint("2, as in resolv.conf"));
        }
    }
    Ok(Dns::At(resolver))
}

fn registry(at: At<'_>) -> Result<Registry> {
    let fields = Fields::new(at, "`registry`", &["bandwidth", "latency"])?;
    let mut registry = Registry::default();
    if let Some(at) = fields.get("bandwidth") {
        registry.bandwidth_bytes_per_s = bandwidth(at)?;
    }
    if let Some(latency) = fields.read("latency", |at| at.dist())? {
        registry.latency = latency;
    }
    Ok(registry)
}

fn bandwidth(at: At<'_>) -> Result<u64> {
    let hint = "bytes a second, such as 50Mi/s";
    let text = at.text()?;
    let Some(amount) = text.trim().strip_suffix("/s") else {
        return Err(at.error(format!("\"{text}\" is no bandwidth")).with_hint(hint));
    };
    let quantity: Quantity =
        amount.trim().parse().map_err(|error| at.error(format!("\"{text}\" is no bandwidth: {error}")).with_hint(hint))?;
    u64::try_from(quantity.value()).ok().filter(|bytes| *bytes > 0).ok_or_else(|| at.error("a bandwidth is more than 0").with_hint(hint))
}

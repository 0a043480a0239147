//! `load:`: who sends requests to which Service, how many and when.

use super::Scenario;
use super::containers::selector;
use super::fields::{At, Fields};
use crate::base::input_error::{InputError, did_you_mean};
use crate::base::{Span, Time};
use crate::manifest::Data;
use crate::model::{Body, Kind, Labels, Object, Str};
use crate::network::load::{Load, Port, Rate, Retries, Sender};

type Result<T> = std::result::Result<T, InputError>;

/// Keys of a load.
pub(super) const KEYS: &[&str] = &[
    "name",
    "service",
    "namespace",
    "port",
    "host",
    "rps",
    "stages",
    "start",
    "from",
    "clients",
    "connections",
    "timeout",
    "retries",
    "nameTTL",
];
/// Keys of a stage.
pub(super) const STAGE_KEYS: &[&str] = &["at", "target", "over"];
/// Keys of `retries`.
pub(super) const RETRY_KEYS: &[&str] = &["limit", "backoff", "factor"];
/// Requests a second at most.
const RPS_MAX: f64 = 1e8;
/// How long a client waits for an answer when the file does not say: k6's own time-out.
pub(super) const TIMEOUT: Span = Span::from_s(60);
/// How long names are remembered when the file does not say: the time to live that CoreDNS gives names of the cluster.
pub(super) const NAME_TTL: Span = Span::from_s(5);

pub(super) fn read(at: At<'_>) -> Result<Vec<Load>> {
    let items = at.list()?;
    let mut loads: Vec<Load> = Vec::new();
    for item in items {
        let load = load(item)?;
        if loads.iter().any(|other| other.name == load.name) {
            let error = item.error(format!("there are two loads named \"{}\"", load.name));
            return Err(error.with_hint("give each a `name` of its own"));
        }
        loads.push(load);
    }
    Ok(loads)
}

fn load(at: At<'_>) -> Result<Load> {
    let fields = Fields::new(at, "a load", KEYS)?;
    let word = |key: &str| fields.read(key, |at| at.word().map(Str::from));
    let service: Str = fields.required("service", "a load")?.word()?.into();
    if !fields.has("rps") && !fields.has("stages") {
        return Err(fields.error("a load needs `rps` or `stages`").with_hint("rps: 100 is a hundred requests a second"));
    }
    let mut rate = Rate::constant(fields.read("rps", rps)?.unwrap_or(0));
    if let Some(stages) = fields.get("stages") {
        self::stages(stages, &mut rate)?;
    }
    let timeout = fields.read("timeout", positive)?.unwrap_or(TIMEOUT);
    let count = |key: &str, max| Ok::<u32, InputError>(fields.read(key, |at| at.count(max))?.unwrap_or(0) as u32);
    Ok(Load {
        name: word("name")?.unwrap_or_else(|| service.clone()),
        namespace: word("namespace")?.unwrap_or_else(|| "default".into()),
        service,
        host: word("host")?.unwrap_or_default(),
        port: fields.read("port", port)?.unwrap_or(Port::First),
        from: fields.read("from", sender)?.unwrap_or(Sender::Nodes(None)),
        clients: count("clients", 100_000)?,
        connections: count("connections", 10_000)?,
        timeout,
        retries: fields.read("retries", retries)?.unwrap_or(Retries { limit: 0, backoff: Span::ZERO, factor: 1 }),
        name_ttl: fields.read("nameTTL", |at| at.span())?.unwrap_or(NAME_TTL),
        start: fields.read("start", |at| at.span())?.map(|span| Time::ZERO + span),
        rate,
    })
}

/// Requests a second, in thousandths.
fn rps(at: At<'_>) -> Result<u64> {
    let Data::Number(number) = &at.node.data else {
        return Err(at.error("requests a second are a number").with_hint("rps: 100"));
    };
    match number.as_f64() {
        Some(value) if value < 0.0 => Err(at.error(format!("{number} is negative")).with_hint("0 or more")),
        Some(value) if value <= RPS_MAX => Ok((value * 1_000.0).round() as u64),
        _ => Err(at.error(format!("{number} requests a second are too many")).with_hint(format!("at most {RPS_MAX}"))),
    }
}

fn stages(at: At<'_>, rate: &mut Rate) -> Result<()> {
    let mut last = None;
    for item in at.list()? {
        let fields = Fields::new(item, "a stage", STAGE_KEYS)?;
        let begins = fields.required("at", "a stage")?;
        let instant = Time::ZERO + begins.span()?;
        if last.is_some_and(|last| instant <= last) {
            return Err(begins.error("stages come in order of time, each later than the one before"));
        }
        last = Some(instant);
        let target = rps(fields.required("target", "a stage")?)?;
        rate.change(instant, target, fields.read("over", |at| at.span())?.unwrap_or(Span::ZERO));
    }
    Ok(())
}

fn positive(at: At<'_>) -> Result<Span> {
    let span = at.span()?;
    if span.is_zero() { Err(at.error("this must be longer than nothing")) } else { Ok(span) }
}

fn port(at: At<'_>) -> Result<Port> {
    match at.node.text() {
        Some(name) => Ok(Port::Named(name.into())),
        None => Ok(Port::Number(at.count(65_535)? as i32)),
    }
}

fn sender(at: At<'_>) -> Result<Sender> {
    const PLACES: &[&str] = &["nodes", "outside"];
    if let Some(text) = at.node.text() {
        return match text {
            "nodes" => Ok(Sender::Nodes(None)),
            "outside" => Ok(Sender::Outside),
            other => {
                let hint = did_you_mean(other, PLACES.iter().copied());
                let hint = if hint.is_empty() { "nodes, outside, {nodes: a selector} or {pods: a selector}".into() } else { hint };
                Err(at.error(format!("requests cannot come from \"{other}\"")).with_hint(hint))
            }
        };
    }
    let fields = Fields::new(at, "`from`", &["nodes", "pods"])?;
    match (fields.get("nodes"), fields.get("pods")) {
        (Some(nodes), None) => Ok(Sender::Nodes(Some(selector(nodes)?))),
        (None, Some(pods)) => Ok(Sender::Pods(selector(pods)?)),
        _ => Err(fields.error("requests come from either `nodes` or `pods`").with_hint("from: {pods: app=frontend}")),
    }
}

fn retries(at: At<'_>) -> Result<Retries> {
    const LIMIT_MAX: u64 = 100;
    if matches!(at.node.data, Data::Number(_)) {
        return Ok(Retries { limit: at.count(LIMIT_MAX)? as u32, backoff: Span::from_ms(100), factor: 2 });
    }
    let fields = Fields::new(at, "`retries`", RETRY_KEYS)?;
    Ok(Retries {
        limit: fields.required("limit", "`retries`")?.count(LIMIT_MAX)? as u32,
        backoff: fields.read("backoff", |at| at.span())?.unwrap_or(Span::from_ms(100)),
        factor: fields.read("factor", |at| at.count(10))?.unwrap_or(2).max(1) as u32,
    })
}

/// A load whose Service nobody makes is a slip of the pen, and so is a DNS Service that is not there.
pub(super) fn check_services(load: Option<At<'_>>, network: Option<At<'_>>, scenario: &Scenario) -> Result<()> {
    let may_make = ["apply", "create", "expose", "run", "replace"];
    let made_later = scenario.timeline.iter().any(|step| match &step.action {
        super::Action::Kubectl { line, .. } => line.split_whitespace().next().is_some_and(|verb| may_make.contains(&verb)),
        super::Action::Fault { .. } => false,
    });
    if made_later {
        return Ok(());
    }
    let items = load.map(|at| at.list()).transpose()?.unwrap_or_default();
    for (item, load) in items.into_iter().zip(&scenario.loads) {
        if let Some((message, hint)) = missing(scenario, &load.namespace, &load.service) {
            let fields = Fields::new(item, "a load", KEYS)?;
            return Err(fields.required("service", "a load")?.error(message).with_hint(hint));
        }
    }
    let (Some(at), super::Dns::At(resolver)) = (network, &scenario.network.dns) else { return Ok(()) };
    if let Some((message, hint)) = missing(scenario, &resolver.namespace, &resolver.service) {
        let fields = Fields::new(at, "`network`", super::containers::NETWORK_KEYS)?;
        return Err(fields.required("dns", "`network`")?.error(message).with_hint(hint));
    }
    Ok(())
}

fn is_outside(object: &Object) -> bool {
    object.as_service().is_some_and(|service| service.spec.r#type == "ExternalName")
}

/// That the scenario does not begin with a Service, and a hint; none if it does.
fn missing(scenario: &Scenario, namespace: &str, service: &str) -> Option<(String, String)> {
    let objects = scenario.manifests.iter().map(|manifest| &manifest.object).chain(&scenario.cluster.dump);
    let same = |object: &&Object| {
        let own = &*object.meta.namespace;
        object.kind() == Kind::Service && (own == namespace || own.is_empty() && namespace == "default")
    };
    let there: Vec<(&str, bool)> = objects.filter(same).map(|object| (&*object.meta.name, is_outside(object))).collect();
    if let Some((_, outside)) = there.iter().find(|(name, _)| *name == service) {
        let message = format!("Service \"{service}\" is of type ExternalName: it leads out of the cluster, where nothing is simulated");
        return outside.then(|| (message, "requests go to Services with pods".into()));
    }
    let there: Vec<&str> = there.into_iter().map(|(name, _)| name).collect();
    let mut hint = did_you_mean(service, there.iter().copied());
    if hint.is_empty() {
        hint =
            if there.is_empty() { format!("no manifest has a Service in {namespace}") } else { format!("Services: {}", there.join(", ")) };
    }
    Some((format!("there is no Service \"{service}\" in {namespace}"), hint))
}

/// Whether the scenario begins with this Service and with something whose pods it selects.
pub(super) fn has_pods(scenario: &Scenario, namespace: &str, service: &str) -> bool {
    let objects = || scenario.manifests.iter().map(|manifest| &manifest.object).chain(&scenario.cluster.dump);
    let own = || objects().filter(|object| &*object.meta.namespace == namespace);
    let Some(selector) =
        own().filter(|object| &*object.meta.name == service).find_map(|object| object.as_service()).map(|service| &service.spec.selector)
    else {
        return false;
    };
    let fits = |labels: &Labels| !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(&**value));
    own().any(|object| match &object.body {
        Body::Pod(_) => fits(&object.meta.labels),
        Body::Deployment(deployment) => fits(&deployment.spec.template.metadata.labels),
        Body::DaemonSet(set) => fits(&set.spec.template.metadata.labels),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loads(text: &str) -> std::result::Result<Vec<Load>, String> {
        let head =
            "apiVersion: kubesim/v1alpha1\nkind: Scenario\ntimeline:\n- {at: 1s, kubectl: \"expose deployment/x --port=80\"}\nload:\n";
        super::super::parse("x.yaml", &format!("{head}{text}")).map(|scenario| scenario.loads).map_err(|error| error.to_string())
    }

    #[test]
    fn a_load_is_read_with_its_defaults() {
        let all = loads("- {service: api, rps: 120, stages: [{at: 5m, target: 400, over: 5m}]}\n- {name: b, service: api, rps: 0.5, namespace: shop, port: http, from: {pods: app=web}, retries: 3, timeout: 2s, connections: 8, clients: 4, start: 10s}\n").unwrap();
        let first = &all[0];
        assert_eq!((&*first.name, &*first.namespace, &first.port, first.timeout), ("api", "default", &Port::First, TIMEOUT));
        assert_eq!((first.rate.at(Time::from_s(299)), first.rate.at(Time::from_s(600))), (120_000, 400_000));
        let second = &all[1];
        assert_eq!((second.rate.at(Time::ZERO), second.retries.limit, second.connections, second.clients), (500, 3, 8, 4));
        assert!(matches!(second.from, Sender::Pods(_)) && second.start == Some(Time::from_s(10)));
    }

    #[test]
    fn slips_are_told() {
        let fault = |text: &str| loads(text).unwrap_err();
        assert!(fault("- {rps: 1}\n").contains("a load needs `service`"));
        assert!(fault("- {service: api}\n").contains("needs `rps` or `stages`"));
        assert!(fault("- {service: api, rps: -1}\n").contains("-1 is negative"));
        assert!(fault("- {service: api, rps: 1, form: outside}\n").contains("did you mean \"from\"?"));
        assert!(fault("- {service: api, rps: 1, from: outsid}\n").contains("did you mean \"outside\"?"));
        assert!(fault("- {service: api, rps: 1}\n- {service: api, rps: 2}\n").contains("two loads named \"api\""));
        assert!(fault("- {service: api, stages: [{at: 5m, target: 1}, {at: 1m, target: 2}]}\n").contains("in order of time"));
        assert!(fault("- {service: api, rps: 1, timeout: 0s}\n").contains("longer than nothing"));
    }
}

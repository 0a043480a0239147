//! The JSON Schema of scenario files, for editors: `kubesim schema`.

use super::{API_VERSION, KIND, cluster, containers, load, read, timeline, traces, workload};
use crate::controllers::settings::ControllerManager;
use crate::faults;
use serde_json::{Map, Value, json};

/// JSON Schema (2020-12) of a scenario file.
pub fn json_schema() -> Value {
    let describe = |about: &str, mut schema: Value| {
        schema["description"] = about.into();
        schema
    };
    let reference = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
    let expression = |about: &str| describe(about, json!({"type": "string"}));
    let properties = json!({
        "apiVersion": {"const": API_VERSION},
        "kind": {"const": KIND},
        "name": describe("Name: folder of the reports.", json!({"type": "string", "maxLength": 100, "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]*$"})),
        "question": describe("What the scenario is to find out.", json!({"type": "string"})),
        "text": describe("What a reader should know beforehand, or look at: shown before the story and on the page.", json!({"type": "string"})),
        "seed": describe("Seed of all randomness.", json!({"type": "integer", "minimum": 0, "default": read::SEED})),
        "start": describe("Wall-clock time at the start; every `at` is an offset from it.", json!({"type": "string", "format": "date-time"})),
        "duration": describe("How long the run lasts.", reference("duration")),
        "cluster": reference("cluster"),
        "manifests": describe("What `kubectl apply -f` takes: files, globs, folders, `-`; or objects themselves.", json!({"anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["apiVersion", "kind"]}]}},
        ]})),
        "containers": describe("What the images do; the first match wins.", json!({"type": "array", "items": reference("behaviour")})),
        "network": object(super::containers::NETWORK_KEYS, &[
            ("endpoints", describe("From a change of an EndpointSlice until a node has programmed it.", reference("distribution"))),
            ("registry", object(&["bandwidth", "latency"], &[
                ("bandwidth", json!({"type": "string", "pattern": "/s$"})),
                ("latency", reference("distribution")),
            ])),
            ("dns", describe("Where clients look names up: at a Service, or `free`.", json!({"anyOf": [
                {"const": "free"},
                object(super::containers::DNS_KEYS, &[
                    ("service", json!({"type": "string"})),
                    ("namespace", json!({"type": "string"})),
                    ("timeout", reference("duration")),
                    ("attempts", json!({"type": "integer", "minimum": 1, "maximum": 5})),
                ]),
            ]}))),
        ]),
        "load": describe("Who sends requests to which Service.", json!({"type": "array", "items": reference("load")})),
        "timeline": describe("What users do and what breaks.", json!({"type": "array", "items": reference("step")})),
        "expect": describe("What must hold.", json!({"type": "array", "items": reference("expectation")})),
        "workload": workload_schema(),
    });
    let definitions = json!({
        "duration": {"type": ["string", "integer"], "pattern": "^([0-9.]+(ns|us|µs|ms|s|m|h|d))+$|^0$"},
        "quantity": {"type": ["string", "number"]},
        "texts": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "distribution": distribution(),
        "cluster": cluster_schema(),
        "behaviour": behaviour(),
        "load": load_schema(),
        "step": step(expression("CEL: the step happens when this becomes true.")),
        "expectation": object(timeline::EXPECT_KEYS, &[
            ("name", json!({"type": "string"})),
            ("metric", json!({"type": "string"})),
            ("threshold", describe("Such as `min >= 4`, `rate < 0.001`, `p(99) < 2`.", json!({"type": "string"}))),
            ("always", expression("CEL: true at every instant of `between`, or from `from` on.")),
            ("from", reference("duration")),
            ("at", reference("duration")),
            ("holds", expression("CEL: true at `at`.")),
            ("eventually", expression("CEL: true at some instant of `between`.")),
            ("between", json!({"type": "array", "items": reference("duration"), "minItems": 2, "maxItems": 2})),
        ]),
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kubesim scenario",
        "type": "object",
        "additionalProperties": false,
        "required": ["apiVersion", "kind"],
        "properties": properties,
        "$defs": definitions,
    })
}

/// A map with these keys only; those without a schema of their own take anything.
fn object(keys: &[&str], schemas: &[(&str, Value)]) -> Value {
    debug_assert!(schemas.iter().all(|(key, _)| keys.contains(key)));
    let schema = |key: &str| schemas.iter().find(|(name, _)| *name == key).map_or_else(|| json!({}), |(_, schema)| schema.clone());
    let properties: Map<String, Value> = keys.iter().map(|key| (key.to_string(), schema(key))).collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn distribution() -> Value {
    let figures = |keys: &[&str]| {
        let schemas: Vec<(&str, Value)> = keys.iter().map(|key| (*key, reference("duration"))).collect();
        object(keys, &schemas)
    };
    let kinds = object(
        &["uniform", "normal", "exponential", "lognormal"],
        &[
            ("uniform", figures(&["min", "max"])),
            ("normal", figures(&["mean", "sd", "min"])),
            ("exponential", figures(&["mean"])),
            ("lognormal", figures(&["p50", "p99"])),
        ],
    );
    json!({"anyOf": [reference("duration"), kinds]})
}

fn cluster_schema() -> Value {
    let group = object(
        cluster::GROUP_KEYS,
        &[
            ("count", json!({"type": "integer", "minimum": 0, "default": 1})),
            ("name", json!({"type": "string", "description": "# stands for the number"})),
            ("zone", json!({"type": "string"})),
            ("region", json!({"type": "string"})),
            ("cpu", reference("quantity")),
            ("memory", reference("quantity")),
            ("pods", json!({"type": "integer", "minimum": 0, "default": 110})),
            ("labels", json!({"type": "object", "additionalProperties": {"type": "string"}})),
            ("annotations", json!({"type": "object", "additionalProperties": {"type": "string"}})),
            ("taints", json!({"type": "array"})),
            ("resources", json!({"type": "object", "additionalProperties": reference("quantity")})),
            ("manifest", reference("texts")),
        ],
    );
    let from_manifest = object(&["manifest"], &[("manifest", reference("texts"))]);
    let settings = serde_json::to_value(ControllerManager::default()).expect("settings are plain data");
    let controller_manager: Map<String, Value> =
        settings.as_object().into_iter().flatten().map(|(key, default)| (key.clone(), json!({"default": default}))).collect();
    let latencies: Vec<(&str, Value)> = cluster::LATENCY_KEYS.iter().map(|key| (*key, reference("distribution"))).collect();
    object(
        cluster::KEYS,
        &[
            ("nodes", json!({"anyOf": [{"type": "array", "items": group}, from_manifest]})),
            ("from", reference("texts")),
            ("manifest", reference("texts")),
            ("scheduler", json!({"type": ["string", "object"], "description": "A KubeSchedulerConfiguration, or its file"})),
            ("controllerManager", json!({"type": "object", "properties": controller_manager})),
            ("kubelet", object(cluster::KUBELET_KEYS, &[])),
            ("featureGates", json!({"type": "object", "additionalProperties": {"type": "boolean"}})),
            ("latency", object(cluster::LATENCY_KEYS, &latencies)),
        ],
    )
}

fn workload_schema() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    let rate = text("So many in a time: 2/s, 30/m, 100/h");
    let state = object(&["rate", "mean"], &[("rate", rate.clone()), ("mean", reference("duration"))]);
    let bounds = || [("from", reference("duration")), ("to", reference("duration")), ("limit", json!({"type": "integer", "minimum": 0}))];
    let arrivals = [
        ("even", object(&["every"], &[("every", reference("duration"))])),
        ("poisson", object(&["rate"], &[("rate", rate.clone())])),
        ("bursty", object(&["burst", "calm"], &[("burst", state.clone()), ("calm", state)])),
        (
            "daily",
            object(
                &["rate", "amplitude", "peak", "period"],
                &[
                    ("rate", rate),
                    ("amplitude", json!({"type": "number", "minimum": 0, "maximum": 1, "default": 0.5})),
                    ("peak", reference("duration")),
                    ("period", reference("duration")),
                ],
            ),
        ),
    ];
    let arrivals: Vec<(&str, Value)> = arrivals.into_iter().chain(bounds()).collect();
    let trace = [
        ("format", json!({"enum": traces::format_names()})),
        ("file", reference("texts")),
        ("nodes", reference("texts")),
        ("speed", json!({"type": "number", "minimum": 0.001, "default": 1})),
        ("running", json!({"type": "boolean", "default": false})),
        ("gpus", json!({"enum": ["whole", "shared"]})),
        ("machine", object(&["cpu", "memory"], &[("cpu", reference("quantity")), ("memory", reference("quantity"))])),
        ("processorsPerPod", json!({"type": "integer", "minimum": 1, "default": 1})),
    ];
    let trace: Vec<(&str, Value)> = trace.into_iter().chain(bounds()).collect();
    object(
        workload::KEYS,
        &[
            ("experiment", json!({"enum": workload::EXPERIMENTS, "description": "A published experiment, run by `kubesim compare`"})),
            ("nodes", text("The experiment's nodes as CSV")),
            ("pods", text("The experiment's pods as CSV")),
            ("orders", text("The experiment's arrival and node orders by seed")),
            ("trace", object(traces::KEYS, &trace)),
            ("arrivals", object(workload::ARRIVAL_KEYS, &arrivals)),
            ("pod", json!({"type": ["string", "object"], "description": "metadata and spec of the pods, or the file of a Pod"})),
            ("name", text("How the pods' names begin")),
            ("lasts", reference("distribution")),
        ],
    )
}

fn behaviour() -> Value {
    let code = json!({"type": "integer", "minimum": 0, "maximum": 255});
    let ready = object(&["after"], &[("after", reference("distribution"))]);
    object(
        containers::KEYS,
        &[
            ("image", json!({"type": "string", "description": "Glob over the image's name"})),
            ("selector", json!({"type": ["string", "object"]})),
            ("container", json!({"type": "string"})),
            ("when", json!({"type": "array"})),
            ("size", reference("quantity")),
            (
                "layers",
                json!({"type": "object", "additionalProperties": reference("quantity"), "description": "Layers by name; images that name the same one share it."}),
            ),
            (
                "private",
                json!({"anyOf": [{"type": "boolean"}, object(&["username", "password"], &[("username", json!({"type": "string"})), ("password", json!({"type": "string"}))])],
                    "description": "Only pods whose imagePullSecrets log in may pull it."}),
            ),
            ("start", reference("distribution")),
            ("ready", json!({"anyOf": [{"const": "never"}, ready]})),
            (
                "stop",
                object(
                    &["refusesAfter", "drains", "code"],
                    &[("refusesAfter", reference("duration")), ("drains", reference("distribution")), ("code", code.clone())],
                ),
            ),
            (
                "exit",
                object(
                    &["code", "after", "message"],
                    &[("code", code), ("after", reference("distribution")), ("message", json!({"type": "string"}))],
                ),
            ),
            (
                "uses",
                object(
                    &["cpu", "memory", "memoryGrowthPerSecond"],
                    &[("cpu", reference("quantity")), ("memory", reference("quantity")), ("memoryGrowthPerSecond", reference("quantity"))],
                ),
            ),
            (
                "serves",
                object(
                    &["cpu", "time", "concurrency", "memory"],
                    &[
                        ("cpu", reference("quantity")),
                        ("time", reference("distribution")),
                        ("concurrency", json!({"type": "integer", "minimum": 0})),
                        ("memory", reference("quantity")),
                    ],
                ),
            ),
        ],
    )
}

fn load_schema() -> Value {
    let rps = json!({"type": "number", "minimum": 0});
    let stage = object(load::STAGE_KEYS, &[("at", reference("duration")), ("target", rps.clone()), ("over", reference("duration"))]);
    let limit = json!({"type": "integer", "minimum": 0, "maximum": 100});
    let retries = object(
        load::RETRY_KEYS,
        &[("limit", limit.clone()), ("backoff", reference("duration")), ("factor", json!({"type": "integer", "default": 2}))],
    );
    let senders = object(&["nodes", "pods"], &[]);
    object(
        load::KEYS,
        &[
            ("name", json!({"type": "string"})),
            ("service", json!({"type": "string"})),
            ("namespace", json!({"type": "string", "default": "default"})),
            ("port", json!({"type": ["string", "integer"], "description": "Name or number; the first without"})),
            ("host", json!({"type": "string", "description": "One pod of a headless Service"})),
            ("rps", rps),
            ("stages", json!({"type": "array", "items": stage})),
            ("start", reference("duration")),
            ("from", json!({"anyOf": [{"enum": ["nodes", "outside"]}, senders]})),
            ("clients", json!({"type": "integer", "minimum": 0})),
            ("connections", json!({"type": "integer", "minimum": 0})),
            ("timeout", reference("duration")),
            ("retries", json!({"anyOf": [limit, retries]})),
            ("nameTTL", reference("duration")),
        ],
    )
}

fn step(when: Value) -> Value {
    let faults: Vec<&str> = faults::FAULTS.iter().map(|fault| fault.name).collect();
    let mut components: Vec<&str> = faults::FAULTS.iter().flat_map(|fault| fault.components).copied().collect();
    components.sort_unstable();
    components.dedup();
    object(
        timeline::STEP_KEYS,
        &[
            ("at", reference("duration")),
            ("when", when),
            ("every", reference("duration")),
            ("for", reference("duration")),
            ("kubectl", json!({"type": "string", "description": "A kubectl command line without `kubectl`"})),
            ("fault", json!({"enum": faults})),
            ("node", json!({"type": "string"})),
            ("nodes", reference("texts")),
            ("selector", json!({"type": ["string", "object"]})),
            ("zone", json!({"type": "string"})),
            ("pod", json!({"type": "string"})),
            ("pods", reference("texts")),
            ("component", json!({"enum": components})),
            ("components", json!({"anyOf": [{"enum": components}, {"type": "array", "items": {"enum": components}}]})),
            ("mode", json!({"enum": ["one", "all", "fixed", "fixed-percent"]})),
            ("value", json!({"type": ["string", "integer"]})),
            ("namespace", json!({"type": "string"})),
            ("container", json!({"type": "string"})),
            ("slowness", json!({"type": "integer", "minimum": 2, "default": 10})),
            ("latency", reference("distribution")),
            ("errors", json!({"type": ["string", "integer"], "description": "Share of requests that fail, in percent"})),
            ("lag", reference("duration")),
            ("offset", json!({"type": "string", "description": "How far a clock goes ahead, or behind: 30s, -5m"})),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_key_and_its_references_lead_somewhere() {
        let schema = json_schema();
        let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        let mut known: Vec<&str> = read::KEYS.to_vec();
        known.sort_unstable();
        let mut sorted = keys.clone();
        sorted.sort();
        assert_eq!(sorted, known);
        let text = schema.to_string();
        for (at, _) in text.match_indices("#/$defs/") {
            let name: String = text[at + 8..].chars().take_while(|c| c.is_alphanumeric()).collect();
            assert!(schema["$defs"].get(&name).is_some(), "{name}");
        }
    }
}

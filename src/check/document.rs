//! A scenario as a document: what a failing seed drew is written into it, and shrinking edits it, so that what is run is always
//! what the file will say.

use super::swarm::Drawn;
use crate::base::input_error::InputError;
use crate::base::{Dist, Span};
use crate::manifest::yaml_text;
use crate::scenario::{self, Overrides, Scenario};
use crate::sim::Latency;
use serde_json::{Map, Value, json};
use std::io::Read;
use std::path::Path;

/// Objects are written into the document only up to this many.
const INLINE_MAX: usize = 500;

/// A scenario file as a tree, and the name by which paths in it are resolved.
#[derive(Clone, PartialEq, Debug)]
pub struct Document {
    /// The file that it came from.
    pub file: String,
    /// The tree.
    pub tree: Value,
}

/// A span as scenario files write it: exact to the nanosecond.
pub fn duration(span: Span) -> String {
    let unit = [(3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    let found = unit.into_iter().find(|(ns, _)| span.0 != 0 && span.0.is_multiple_of(*ns));
    found.map_or_else(|| format!("{}ns", span.0), |(ns, unit)| format!("{}{unit}", span.0 / ns))
}

/// A distribution as scenario files write it.
fn dist(dist: Dist) -> Value {
    match dist {
        Dist::Constant(span) => duration(span).into(),
        Dist::Uniform { min, max } => json!({"uniform": {"min": duration(min), "max": duration(max)}}),
        Dist::Normal { mean, sd, min } => json!({"normal": {"mean": duration(mean), "sd": duration(sd), "min": duration(min)}}),
        Dist::Exponential { mean } => json!({"exponential": {"mean": duration(mean)}}),
        Dist::LogNormal { p50, p99 } => json!({"lognormal": {"p50": duration(p50), "p99": duration(p99)}}),
    }
}

impl Document {
    /// Reads a scenario file, with what the command line adds written into it: it stands by itself.
    pub fn load(path: &str, overrides: &Overrides, stdin: &mut dyn Read) -> Result<Document, InputError> {
        let (mut tree, scenario) = scenario::load_tree(path, overrides, stdin)?;
        inline(&mut tree, &scenario);
        Ok(Document { file: path.into(), tree })
    }

    /// From a text at hand.
    pub fn from_text(file: &str, text: &str) -> Result<Document, InputError> {
        let (mut tree, scenario) = scenario::parse_tree(file, text)?;
        inline(&mut tree, &scenario);
        Ok(Document { file: file.into(), tree })
    }

    /// The scenario that it is.
    pub fn parse(&self) -> Result<Scenario, InputError> {
        scenario::parse(&self.file, &self.tree.to_string())
    }

    /// Whether it says itself how long messages take.
    pub fn names_latencies(&self) -> bool {
        let latency = &self.tree["cluster"]["latency"];
        !latency["request"].is_null() || !latency["watch"].is_null()
    }

    /// With what a seed drew written out.
    pub fn with(&self, drawn: &Drawn) -> Document {
        let mut document = self.clone();
        document.tree["seed"] = drawn.seed.into();
        if let Some(latency) = drawn.latency {
            document.set_latency(latency);
        }
        document.timeline().extend(drawn.faults.iter().cloned());
        document
    }

    /// Writes the latencies out.
    pub fn set_latency(&mut self, latency: Latency) {
        let cluster = self.map("cluster");
        let mut there = cluster.get("latency").cloned().filter(Value::is_object).unwrap_or_else(|| json!({}));
        there["request"] = dist(latency.request);
        there["watch"] = dist(latency.watch);
        cluster.insert("latency".into(), there);
    }

    /// The timeline, to change.
    pub fn timeline(&mut self) -> &mut Vec<Value> {
        self.list("timeline")
    }

    /// A list of the document, to change; it is made if there is none.
    pub fn list(&mut self, key: &str) -> &mut Vec<Value> {
        let value = &mut self.tree[key];
        if !value.is_array() {
            *value = Value::Array(Vec::new());
        }
        value.as_array_mut().expect("made above")
    }

    fn map(&mut self, key: &str) -> &mut Map<String, Value> {
        let value = &mut self.tree[key];
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        value.as_object_mut().expect("made above")
    }

    /// How many faults its timeline has.
    pub fn faults(&self) -> usize {
        self.tree["timeline"].as_array().map_or(0, |steps| steps.iter().filter(|step| !step["fault"].is_null()).count())
    }

    /// The file's text: one key after the other, what fits into a line in a line.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let known = scenario::KEYS;
        let tree = self.tree.as_object().cloned().unwrap_or_default();
        for key in known {
            let Some(value) = tree.get(*key).filter(|value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()))
            else {
                continue;
            };
            out.push_str(&yaml_text::entry(key, value));
        }
        out
    }
}

/// Writes what is named by paths into the tree, as far as it can stand there; other paths become absolute ones.
fn inline(tree: &mut Value, scenario: &Scenario) {
    let base = Path::new(&scenario.file).parent().map(Path::to_path_buf).unwrap_or_default();
    if !scenario.manifests.is_empty() && scenario.manifests.len() <= INLINE_MAX {
        tree["manifests"] = scenario.manifests.iter().map(|manifest| (*manifest.json).clone()).collect();
    } else {
        absolute(&mut tree["manifests"], &base);
    }
    if let Some(cluster) = tree.get_mut("cluster").and_then(Value::as_object_mut) {
        for key in ["scheduler", "from", "manifest"] {
            if let Some(value) = cluster.get_mut(key) {
                absolute(value, &base);
            }
        }
        match cluster.get_mut("nodes") {
            Some(Value::Array(groups)) => {
                groups.iter_mut().filter_map(|group| group.get_mut("manifest")).for_each(|path| absolute(path, &base))
            }
            Some(nodes) => {
                if let Some(path) = nodes.get_mut("manifest") {
                    absolute(path, &base);
                }
            }
            None => {}
        }
    }
    tree["duration"] = duration(scenario.duration).into();
    tree["name"] = scenario.name.clone().into();
    tree["seed"] = scenario.seed.0.into();
}

fn absolute(value: &mut Value, base: &Path) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| absolute(value, base)),
        Value::String(path) if path != "-" && Path::new(&*path).is_relative() => {
            let folder = std::path::absolute(base).unwrap_or_else(|_| base.to_path_buf());
            *path = folder.join(&*path).display().to_string();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        for (ns, text) in [(0, "0ns"), (1, "1ns"), (90_000_000_000, "90s"), (3_600_000_000_000, "1h"), (1_500_000, "1500us")] {
            assert_eq!(duration(Span(ns)), text);
            assert_eq!(Span::parse(text).unwrap().0, ns);
        }
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let text = include_str!("../../scenarios/weather/rollout.yaml");
        let document = Document::from_text("scenarios/weather/rollout.yaml", text).unwrap();
        assert!(document.tree["manifests"][0].is_object());
        let again =
            Document::from_text("elsewhere/x.yaml", &document.text()).unwrap_or_else(|error| panic!("{error}\n{}", document.text()));
        assert_eq!(again.tree, document.tree);
        let (a, b) = (document.parse().unwrap(), again.parse().unwrap());
        assert_eq!((a.manifests.len(), a.timeline.len(), a.expectations), (b.manifests.len(), b.timeline.len(), b.expectations));
    }
}

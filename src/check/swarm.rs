//! What a seed draws: latencies, and a swarm of faults. Each seed switches a random part of the kinds of faults on, so that some
//! seeds see many of one kind and none of another: what only happens without a fault is found as well as what only happens with it.

use super::document::duration;
use crate::base::{Dist, Seed, Span, Stream};
use crate::faults::{FAULTS, Fault};
use crate::model::Kind;
use crate::scenario::{self, Scenario};
use crate::sim::Latency;
use serde_json::{Map, Value, json};

/// Faults of one kind at most.
const OF_A_KIND_MAX: u64 = 3;
/// Faults last at least and at most so long.
const LASTS_MIN: Span = Span::from_s(2);
const LASTS_MAX: Span = Span::from_s(10 * 60);
/// The label that says in which zone a machine is.
const ZONE: &str = "topology.kubernetes.io/zone";

/// What was drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The seed.
    pub seed: u64,
    /// Latencies, unless the scenario names its own.
    pub latency: Option<Latency>,
    /// Lines of the timeline.
    pub faults: Vec<Value>,
}

impl Drawn {
    /// Makes it part of a scenario.
    pub fn apply(&self, scenario: &mut Scenario) -> Result<(), String> {
        scenario.seed = Seed(self.seed);
        if let Some(latency) = self.latency {
            scenario.cluster.latency = latency;
        }
        scenario.timeline.extend(scenario::fault_lines(&self.faults).map_err(|error| error.to_string())?);
        Ok(())
    }

    /// The kinds of faults that were switched on.
    pub fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> = self.faults.iter().filter_map(|line| line["fault"].as_str()).map(str::to_string).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }
}

/// Draws for a seed. Nothing else plays a part: neither other seeds nor threads.
pub fn draw(seed: u64, scenario: &Scenario, chaos: bool, latencies_given: bool) -> Drawn {
    let mut random = Seed(seed).stream("check");
    let latency = (!latencies_given).then(|| Latency { request: latency(&mut random, 20), watch: latency(&mut random, 50) });
    let mut random = Seed(seed).stream("check/faults");
    let faults = if chaos { swarm(&mut random, &Field::of(scenario)) } else { Vec::new() };
    Drawn { seed, latency, faults }
}

/// A latency whose median is at most so many milliseconds.
fn latency(random: &mut Stream, median_ms_max: u64) -> Dist {
    let p50 = Span::from_us(500 + random.below(median_ms_max * 1_000));
    match random.below(3) {
        0 => Dist::Constant(p50),
        1 => Dist::Uniform { min: Span(p50.0 / 2), max: p50 * 2 },
        _ => Dist::LogNormal { p50, p99: p50 * (2 + random.below(20)) },
    }
}

/// What there is to be hit.
struct Field {
    nodes: Vec<String>,
    zones: Vec<String>,
    duration: Span,
}

impl Field {
    fn of(scenario: &Scenario) -> Field {
        let applied = scenario.manifests.iter().map(|manifest| &manifest.object).filter(|object| object.kind() == Kind::Node);
        let all: Vec<_> = scenario.cluster.nodes.iter().chain(applied).collect();
        let mut zones: Vec<String> = all.iter().filter_map(|node| node.meta.labels.get(ZONE)).map(str::to_string).collect();
        zones.sort_unstable();
        zones.dedup();
        Field { nodes: all.iter().map(|node| node.meta.name.to_string()).collect(), zones, duration: scenario.duration }
    }
}

fn swarm(random: &mut Stream, field: &Field) -> Vec<Value> {
    let mut lines = Vec::new();
    for &fault in FAULTS {
        // The draws of one kind depend on nothing that another kind drew.
        let mut own = random_of(random);
        if own.below(2) == 0 {
            continue;
        }
        for _ in 0..1 + own.below(OF_A_KIND_MAX) {
            lines.extend(line(fault, &mut own, field));
        }
    }
    lines
}

fn random_of(random: &mut Stream) -> Stream {
    Seed(random.draw().0).stream("kind")
}

fn line(fault: Fault, random: &mut Stream, field: &Field) -> Option<Value> {
    let mut line = Map::new();
    // Faults strike in the first seven tenths, so that some heal by themselves while others are healed by the end.
    line.insert("at".into(), duration(Span::from_ms(random.below((field.duration.as_ms() * 7 / 10).max(1)))).into());
    line.insert("fault".into(), fault.name.into());
    aim(fault, random, field, &mut line)?;
    for option in fault.options {
        let value = match *option {
            "slowness" => json!(2 + random.below(50)),
            "latency" => {
                let min = Span::from_ms(50 + random.below(500));
                json!({"uniform": {"min": duration(min), "max": duration(min + Span::from_ms(random.below(4_000)))}})
            }
            "errors" => json!(random.below(30)),
            "lag" => duration(Span::from_ms(500 + random.below(30_000))).into(),
            "offset" => format!("{}{}s", if random.below(2) == 0 { "-" } else { "" }, 1 + random.below(600)).into(),
            _ => continue,
        };
        line.insert(option.to_string(), value);
    }
    // Short ones as likely as long ones: every doubling alike.
    let longest = Span(field.duration.0 / 4).clamp(LASTS_MIN * 2, LASTS_MAX);
    let doublings = (longest.0 / LASTS_MIN.0).max(2).ilog2();
    let floor = LASTS_MIN * (1 << random.below(u64::from(doublings)));
    let lasts = Span::from_ms((floor + Span(random.below(floor.0))).as_ms());
    if !fault.is_over_at_once() || random.below(2) == 0 {
        line.insert("for".into(), duration(lasts).into());
    }
    Some(Value::Object(line))
}

/// Chooses what is hit; nothing if there is nothing.
fn aim(fault: Fault, random: &mut Stream, field: &Field, line: &mut Map<String, Value>) -> Option<()> {
    let one = |list: &[String], random: &mut Stream| (!list.is_empty()).then(|| list[random.below(list.len() as u64) as usize].clone());
    let aims: Vec<&str> = fault.targets.iter().copied().filter(|key| matches!(*key, "node" | "zone" | "component")).collect();
    if aims.is_empty() {
        return Some(());
    }
    match aims[random.below(aims.len() as u64) as usize] {
        "node" => line.insert("node".into(), one(&field.nodes, random)?.into()),
        "zone" => {
            line.insert("zone".into(), one(&field.zones, random)?.into());
            match random.below(3) {
                0 => line.insert("mode".into(), "one".into()),
                _ => None,
            }
        }
        _ => {
            let components: Vec<String> = fault.components.iter().map(|name| name.to_string()).collect();
            line.insert("component".into(), one(&components, random)?.into())
        }
    };
    if fault.targets.contains(&"pod") && random.below(2) == 0 {
        line.insert("mode".into(), "one".into());
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "apiVersion: kubesim/v1alpha1
kind: Scenario
duration: 10m
cluster:
  nodes: [{count: 2, name: \"a-#\", zone: za, cpu: 4, memory: 8Gi}, {count: 2, name: \"b-#\", zone: zb, cpu: 4, memory: 8Gi}]
";

    #[test]
    fn every_seed_draws_lines_that_can_be_read_and_all_kinds_come() {
        let scenario = scenario::parse("x.yaml", TEXT).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let drawn = draw(seed, &scenario, true, false);
            let mut with = scenario.clone();
            drawn.apply(&mut with).unwrap();
            assert_eq!(with.timeline.len(), drawn.faults.len());
            assert_eq!(format!("{:?}", draw(seed, &scenario, true, false)), format!("{drawn:?}"));
            seen.extend(drawn.kinds());
        }
        assert_eq!(seen.len(), FAULTS.len());
        let calm = draw(1, &scenario, false, true);
        assert!(calm.faults.is_empty() && calm.latency.is_none());
    }
}

//! What can break: one file each. A fault turns into signals of the physical world; components learn of it from its effects.

mod kubelet_stop;
mod node_crash;
mod zone_outage;

use crate::actor::Signal;
use crate::base::{Draw, Seed};
use crate::model::{Obj, Selector, Str};

/// A kind of failure, as scenarios name it.
#[derive(Debug)]
pub struct Kind {
    /// Its name in scenarios.
    pub name: &'static str,
    /// What happens, in one line, for the documentation.
    pub about: &'static str,
    /// Which keys of a target it takes.
    pub targets: &'static [&'static str],
    /// What it does to a node at its beginning.
    pub begins: fn(&Str) -> Signal,
    /// What ends it on a node.
    pub ends: fn(&Str) -> Signal,
}

/// A failure: one of [`FAULTS`].
pub type Fault = &'static Kind;

/// All failures that are simulated.
pub const FAULTS: &[Fault] = &[&node_crash::FAULT, &kubelet_stop::FAULT, &zone_outage::FAULT];

/// Failures of scenarios that are not simulated yet.
pub const LATER: &[&str] = &[
    "node-partition",
    "apiserver-down",
    "apiserver-slow",
    "watch-lag",
    "component-crash",
    "registry-slow",
    "registry-down",
    "container-crash",
    "container-oom",
    "disk-pressure",
    "memory-pressure",
    "clock-skew",
];

impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.name == other.name
    }
}

/// The failure of a name.
pub fn find(name: &str) -> Option<Fault> {
    FAULTS.iter().find(|fault| fault.name == name).copied()
}

/// Which nodes a fault may hit.
#[derive(Clone, PartialEq, Debug)]
pub enum Among {
    /// These.
    Names(Vec<Str>),
    /// Those with these labels.
    Selector(Selector),
    /// Those of a zone.
    Zone(Str),
}

/// How many of them it hits. Real: Chaos Mesh, api/v1alpha1/selector.go (`mode`, `value`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// One of them, drawn.
    One,
    /// All of them.
    All,
    /// So many of them, drawn.
    Fixed(u32),
    /// This share of them in percent, drawn; rounded down.
    FixedPercent(u32),
}

/// What a fault hits.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    /// Which may be hit.
    pub among: Among,
    /// How many are.
    pub mode: Mode,
}

impl Target {
    /// The nodes that are hit, in order of their names. `purpose` and `n` key the draws, so that a fault hits the same nodes
    /// whatever else happens.
    pub fn pick<'a>(&self, nodes: impl Iterator<Item = &'a Obj>, seed: Seed, purpose: &str, n: u64) -> Vec<Str> {
        let mut found: Vec<Str> = nodes.filter(|node| self.may_hit(node)).map(|node| node.meta.name.clone()).collect();
        found.sort();
        let count = match self.mode {
            Mode::All => return found,
            Mode::One => 1,
            Mode::Fixed(count) => count as usize,
            Mode::FixedPercent(percent) => found.len() * percent.min(100) as usize / 100,
        };
        let mut drawn: Vec<(Draw, Str)> = found.into_iter().map(|name| (seed.draw(purpose, &name, n), name)).collect();
        drawn.sort_by(|a, b| a.0.0.cmp(&b.0.0).then_with(|| a.1.cmp(&b.1)));
        drawn.truncate(count);
        let mut hit: Vec<Str> = drawn.into_iter().map(|(_, name)| name).collect();
        hit.sort();
        hit
    }

    fn may_hit(&self, node: &Obj) -> bool {
        match &self.among {
            Among::Names(names) => names.contains(&node.meta.name),
            Among::Selector(selector) => selector.matches(&node.meta.labels),
            Among::Zone(zone) => node.meta.labels.get("topology.kubernetes.io/zone") == Some(zone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Meta, Node, Object};

    fn nodes() -> Vec<Obj> {
        let node = |at: usize| {
            let mut meta = Meta { name: format!("n-{at}").into(), ..Meta::default() };
            meta.labels.set("topology.kubernetes.io/zone", if at < 4 { "a" } else { "b" });
            Obj::new(Object { meta, body: Body::Node(Node::default()) })
        };
        (0..10).map(node).collect()
    }

    fn hit(target: &Target, seed: u64) -> Vec<String> {
        target.pick(nodes().iter(), Seed(seed), "fault/0", 0).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn targets_are_names_zones_and_labels() {
        let target = |among| Target { among, mode: Mode::All };
        assert_eq!(hit(&target(Among::Names(vec!["n-3".into(), "gone".into()])), 1), ["n-3"]);
        assert_eq!(hit(&target(Among::Zone("a".into())), 1), ["n-0", "n-1", "n-2", "n-3"]);
        let selector = "topology.kubernetes.io/zone!=a".parse().unwrap();
        assert_eq!(hit(&target(Among::Selector(selector)), 1).len(), 6);
    }

    #[test]
    fn draws_depend_on_the_seed_alone() {
        let all = hit(&Target { among: Among::Zone("a".into()), mode: Mode::FixedPercent(75) }, 1);
        assert_eq!(all.len(), 3);
        let everything = Target { among: Among::Selector("".parse().unwrap()), mode: Mode::Fixed(3) };
        assert_eq!(hit(&everything, 1), hit(&everything, 1));
        let differ = (2..20).any(|seed| hit(&everything, seed) != hit(&everything, 1));
        assert!(differ && hit(&everything, 1).len() == 3);
        assert_eq!(hit(&Target { mode: Mode::One, ..everything }, 1).len(), 1);
    }

    #[test]
    fn each_fault_has_a_name_and_an_end() {
        let node: Str = "n".into();
        for fault in FAULTS {
            assert_eq!(find(fault.name).map(|found| found.name), Some(fault.name));
            assert_ne!((fault.begins)(&node), (fault.ends)(&node), "{}", fault.name);
            assert!(!fault.about.is_empty() && !LATER.contains(&fault.name));
        }
    }
}

//! What a fault hits: among which things, how many of them, and the draw that picks them.

use crate::base::{Draw, Seed};
use crate::model::{Kind, Obj, Selector, Str};
use crate::store::View;

/// The label that says in which zone a machine is.
const ZONE: &str = "topology.kubernetes.io/zone";

/// One thing that a fault hits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Victim {
    /// A machine.
    Node(Str),
    /// A pod.
    Pod {
        /// Its namespace.
        namespace: Str,
        /// Its name.
        name: Str,
    },
    /// A component of the control plane, or `kubelet` for all kubelets.
    Component(Str),
    /// What there is only one of.
    Only,
}

impl Victim {
    /// Its name.
    pub fn name(&self) -> Str {
        match self {
            Victim::Node(name) | Victim::Component(name) | Victim::Pod { name, .. } => name.clone(),
            Victim::Only => Str::default(),
        }
    }
}

/// What a fault may hit.
#[derive(Clone, PartialEq, Debug)]
pub enum Among {
    /// Machines of these names.
    Names(Vec<Str>),
    /// Machines with these labels.
    Selector(Selector),
    /// Machines of a zone.
    Zone(Str),
    /// Pods.
    Pods {
        /// Of this namespace; of all when empty.
        namespace: Str,
        /// Which of them.
        which: Pods,
    },
    /// Components of these names.
    Components(Vec<Str>),
    /// What there is only one of.
    Only,
}

/// Which pods.
#[derive(Clone, PartialEq, Debug)]
pub enum Pods {
    /// Of these names.
    Names(Vec<Str>),
    /// With these labels.
    Selector(Selector),
    /// On machines of these names.
    On(Vec<Str>),
    /// On machines of a zone.
    In(Str),
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
    /// What is hit, in order. `purpose` and `n` key the draws, so that a fault hits the same whatever else happens.
    pub fn pick(&self, view: View<'_>, seed: Seed, purpose: &str, n: u64) -> Vec<Victim> {
        let mut found = self.candidates(view);
        found.sort();
        found.dedup();
        let count = match self.mode {
            Mode::All => return found,
            Mode::One => 1,
            Mode::Fixed(count) => count as usize,
            Mode::FixedPercent(percent) => found.len() * percent.min(100) as usize / 100,
        };
        let mut drawn: Vec<(Draw, Victim)> = found.into_iter().map(|victim| (seed.draw(purpose, &victim.name(), n), victim)).collect();
        drawn.sort_by(|a, b| a.0.0.cmp(&b.0.0).then_with(|| a.1.cmp(&b.1)));
        drawn.truncate(count);
        let mut hit: Vec<Victim> = drawn.into_iter().map(|(_, victim)| victim).collect();
        hit.sort();
        hit
    }

    fn candidates(&self, view: View<'_>) -> Vec<Victim> {
        match &self.among {
            Among::Only => vec![Victim::Only],
            Among::Components(names) => names.iter().map(|name| Victim::Component(name.clone())).collect(),
            Among::Pods { namespace, which } => {
                let pods = view.list(Kind::Pod).map(|(_, pod)| pod).filter(|pod| namespace.is_empty() || pod.meta.namespace == *namespace);
                let alive = pods.filter(|pod| pod.as_pod().is_some_and(|body| body.is_bound() && !body.is_terminal()));
                let hit = alive.filter(|pod| which.contains(pod, view));
                hit.map(|pod| Victim::Pod { namespace: pod.meta.namespace.clone(), name: pod.meta.name.clone() }).collect()
            }
            _ => {
                let nodes = view.list(Kind::Node).map(|(_, node)| node);
                nodes.filter(|node| self.may_hit(node)).map(|node| Victim::Node(node.meta.name.clone())).collect()
            }
        }
    }

    fn may_hit(&self, node: &Obj) -> bool {
        match &self.among {
            Among::Names(names) => names.contains(&node.meta.name),
            Among::Selector(selector) => selector.matches(&node.meta.labels),
            Among::Zone(zone) => node.meta.labels.get(ZONE) == Some(zone),
            Among::Pods { .. } | Among::Components(_) | Among::Only => false,
        }
    }
}

impl Pods {
    fn contains(&self, pod: &Obj, view: View<'_>) -> bool {
        let node = || pod.as_pod().map(|pod| pod.node_name.clone()).unwrap_or_default();
        match self {
            Pods::Names(names) => names.contains(&pod.meta.name),
            Pods::Selector(selector) => selector.matches(&pod.meta.labels),
            Pods::On(nodes) => nodes.contains(&node()),
            Pods::In(zone) => view.find(Kind::Node, "", &node()).is_some_and(|node| node.meta.labels.get(ZONE) == Some(zone)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;
    use crate::model::{Body, Meta, Node, Object, Pod};
    use crate::store::{Key, Store};

    fn cluster() -> Store {
        let mut store = Store::default();
        let mut add = |object: Object| {
            let id = store.intern(Key::of(&object));
            store.commit(Time::ZERO, id, Some(object));
        };
        for at in 0..10 {
            let mut meta = Meta { name: format!("n-{at}").into(), ..Meta::default() };
            meta.labels.set(ZONE, if at < 4 { "a" } else { "b" });
            add(Object { meta, body: Body::Node(Node::default()) });
            let mut meta = Meta { name: format!("p-{at}").into(), namespace: "default".into(), ..Meta::default() };
            meta.labels.set("app", if at % 2 == 0 { "web" } else { "db" });
            let pod = Pod { node_name: if at == 9 { "" } else { "n-3" }.into(), ..Pod::default() };
            add(Object { meta, body: Body::Pod(pod) });
        }
        store
    }

    fn hit(target: &Target, seed: u64) -> Vec<String> {
        let store = cluster();
        target.pick(store.now(), Seed(seed), "fault/0", 0).iter().map(|victim| victim.name().to_string()).collect()
    }

    #[test]
    fn targets_are_names_zones_and_labels() {
        let target = |among| Target { among, mode: Mode::All };
        assert_eq!(hit(&target(Among::Names(vec!["n-3".into(), "gone".into()])), 1), ["n-3"]);
        assert_eq!(hit(&target(Among::Zone("a".into())), 1), ["n-0", "n-1", "n-2", "n-3"]);
        let selector = "topology.kubernetes.io/zone!=a".parse().unwrap();
        assert_eq!(hit(&target(Among::Selector(selector)), 1).len(), 6);
        assert_eq!(hit(&target(Among::Components(vec!["scheduler".into()])), 1), ["scheduler"]);
        assert_eq!(hit(&target(Among::Only), 1), [""]);
    }

    #[test]
    fn pods_are_hit_where_they_run() {
        let pods = |which| hit(&Target { among: Among::Pods { namespace: "default".into(), which }, mode: Mode::All }, 1);
        assert_eq!(pods(Pods::Names(vec!["p-1".into(), "p-9".into()])), ["p-1"]);
        assert_eq!(pods(Pods::Selector("app=db".parse().unwrap())), ["p-1", "p-3", "p-5", "p-7"]);
        assert_eq!(pods(Pods::On(vec!["n-3".into()])).len(), 9);
        assert_eq!(pods(Pods::In("b".into())).len(), 0);
        let elsewhere = Among::Pods { namespace: "other".into(), which: Pods::In("a".into()) };
        assert!(hit(&Target { among: elsewhere, mode: Mode::All }, 1).is_empty());
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
}

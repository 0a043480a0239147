//! Harm that lasts, and the book that is kept of it: several faults may hold the same thing down, and it comes back when the
//! last of them heals. Where harm has a degree, the worst of what is under way counts.

use super::Victim;
use crate::actor::{Signal, Trouble};
use crate::base::{Dist, Span};
use crate::model::Str;
use std::collections::BTreeMap;

/// What a fault does to one victim.
#[derive(Clone, PartialEq, Debug)]
pub enum Harm {
    /// Nothing.
    None,
    /// The machine loses power.
    Crash(Str),
    /// The kubelet's process ends.
    KubeletStop(Str),
    /// The machine is cut off from the control plane.
    Partition(Str),
    /// The machine is short of memory.
    Memory(Str),
    /// The machine is short of disk.
    Disk(Str),
    /// The registry is slow by a factor; 0: it is down.
    Registry {
        /// The factor.
        slowness: u32,
    },
    /// The API server is down.
    ServerDown,
    /// The API server is slow.
    ServerSlow {
        /// How much longer a request takes.
        latency: Dist,
        /// How many of a hundred fail.
        errors_percent: u32,
    },
    /// etcd commits slowly.
    EtcdSlow {
        /// How much longer a write takes.
        latency: Dist,
    },
    /// etcd has no leader.
    EtcdLeaderless,
    /// A component's watches are late.
    WatchLag {
        /// Whose.
        component: Str,
        /// By how much.
        lag: Span,
    },
    /// A component's process ends.
    Process(Str),
    /// A clock is wrong.
    Clock {
        /// Whose.
        who: Victim,
        /// How far it goes ahead.
        offset_ms: i64,
    },
    /// Containers are killed.
    Kill {
        /// Namespace of the pod.
        namespace: Str,
        /// The pod.
        pod: Str,
        /// Which container; all when empty.
        container: Str,
        /// Whether for want of memory.
        oom: bool,
    },
}

/// All harm that is under way.
#[derive(Default, Debug)]
pub struct Ledger {
    active: BTreeMap<u64, Harm>,
    next: u64,
}

impl Ledger {
    /// Harm begins: its number, and what that means for the world.
    pub fn begin(&mut self, harm: Harm) -> (u64, Vec<Signal>) {
        let number = self.next;
        self.next += 1;
        let signals = self.change(|ledger| drop(ledger.active.insert(number, harm.clone())), &harm);
        (number, signals)
    }

    /// Harm ends.
    pub fn end(&mut self, number: u64) -> Vec<Signal> {
        let Some(harm) = self.active.get(&number).cloned() else { return Vec::new() };
        self.change(|ledger| drop(ledger.active.remove(&number)), &harm)
    }

    /// What is done again and again as long as it lasts.
    pub fn repeated(&self) -> Vec<Signal> {
        self.active.values().filter_map(kill).collect()
    }

    fn change(&mut self, change: impl FnOnce(&mut Ledger), harm: &Harm) -> Vec<Signal> {
        let before = self.state(harm);
        change(self);
        let after = self.state(harm);
        match harm {
            Harm::Kill { .. } if before != after => kill(harm).filter(|_| matches!(after, State::Held(n) if n > 0)).into_iter().collect(),
            _ if before == after => Vec::new(),
            _ => self.signal(harm, &before, &after).into_iter().collect(),
        }
    }

    /// How the thing that this harm is about is.
    fn state(&self, harm: &Harm) -> State {
        let all = || self.active.values();
        match harm {
            Harm::Registry { .. } => {
                let slowness = all().filter_map(|harm| if let Harm::Registry { slowness } = harm { Some(*slowness) } else { None });
                State::Registry(slowness.fold(1, |all, one| if all == 0 || one == 0 { 0 } else { all.max(one) }))
            }
            Harm::ServerDown | Harm::ServerSlow { .. } | Harm::EtcdSlow { .. } | Harm::EtcdLeaderless => State::Server(self.trouble()),
            Harm::WatchLag { component, .. } => {
                let lags = all().filter_map(|harm| match harm {
                    Harm::WatchLag { component: other, lag } if other == component => Some(*lag),
                    _ => None,
                });
                State::Lag(lags.max().unwrap_or(Span::ZERO))
            }
            Harm::Clock { who, .. } => {
                let offsets = all().filter_map(|harm| match harm {
                    Harm::Clock { who: other, offset_ms } if other == who => Some(*offset_ms),
                    _ => None,
                });
                State::Offset(offsets.sum())
            }
            // A machine or process is down as long as anything holds it down.
            _ => State::Held(all().filter(|other| *other == harm).count()),
        }
    }

    fn trouble(&self) -> Trouble {
        let mut trouble = Trouble::default();
        for harm in self.active.values() {
            match harm {
                Harm::ServerDown => trouble.down = true,
                Harm::ServerSlow { latency, errors_percent } => {
                    trouble.latency = worse(trouble.latency, *latency);
                    trouble.errors_percent = trouble.errors_percent.max(*errors_percent);
                }
                Harm::EtcdSlow { latency } => trouble.write_latency = worse(trouble.write_latency, *latency),
                Harm::EtcdLeaderless => trouble.leaderless = true,
                _ => {}
            }
        }
        trouble
    }

    fn signal(&self, harm: &Harm, before: &State, after: &State) -> Option<Signal> {
        let turned = match (before, after) {
            (State::Held(0), State::Held(_)) => Some(true),
            (State::Held(_), State::Held(0)) => Some(false),
            _ => None,
        };
        Some(match (harm, after) {
            (_, State::Registry(slowness)) => Signal::Registry { slowness: *slowness },
            (_, State::Server(trouble)) => Signal::Server(*trouble),
            (Harm::WatchLag { component, .. }, State::Lag(lag)) => Signal::WatchLag { component: component.clone(), lag: *lag },
            (Harm::Clock { who: Victim::Node(node), .. }, State::Offset(offset_ms)) => {
                Signal::NodeClock { node: node.clone(), offset_ms: *offset_ms }
            }
            (Harm::Clock { who, .. }, State::Offset(offset_ms)) => Signal::ComponentClock { component: who.name(), offset_ms: *offset_ms },
            (Harm::Crash(node), _) => {
                if turned? {
                    Signal::NodeCrash(node.clone())
                } else {
                    Signal::NodeBoot(node.clone())
                }
            }
            (Harm::KubeletStop(node), _) => {
                if turned? {
                    Signal::KubeletStop(node.clone())
                } else {
                    Signal::KubeletStart(node.clone())
                }
            }
            (Harm::Partition(node), _) => Signal::Partition { node: node.clone(), on: turned? },
            (Harm::Memory(node), _) => Signal::MemoryPressure { node: node.clone(), on: turned? },
            (Harm::Disk(node), _) => Signal::DiskPressure { node: node.clone(), on: turned? },
            (Harm::Process(name), _) => {
                if turned? {
                    Signal::ProcessCrash(name.clone())
                } else {
                    Signal::ProcessStart(name.clone())
                }
            }
            _ => return None,
        })
    }
}

/// The one of two latencies that is longer on average; of equal ones the first.
fn worse(known: Option<Dist>, other: Dist) -> Option<Dist> {
    Some(known.filter(|known| known.mean() >= other.mean()).unwrap_or(other))
}

fn kill(harm: &Harm) -> Option<Signal> {
    let Harm::Kill { namespace, pod, container, oom } = harm else { return None };
    Some(Signal::ContainerKill { namespace: namespace.clone(), pod: pod.clone(), container: container.clone(), oom: *oom })
}

#[derive(Clone, PartialEq, Debug)]
enum State {
    Held(usize),
    Registry(u32),
    Server(Trouble),
    Lag(Span),
    Offset(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_faults_hold_comes_back_with_the_last() {
        let mut ledger = Ledger::default();
        let crash = || Harm::Crash("a".into());
        let (first, signals) = ledger.begin(crash());
        assert_eq!(signals, [Signal::NodeCrash("a".into())]);
        let (second, signals) = ledger.begin(crash());
        assert_eq!(signals, []);
        assert_eq!(ledger.end(first), []);
        assert_eq!(ledger.end(first), []);
        assert_eq!(ledger.end(second), [Signal::NodeBoot("a".into())]);
    }

    #[test]
    fn the_worst_degree_counts() {
        let mut ledger = Ledger::default();
        let (slow, signals) = ledger.begin(Harm::Registry { slowness: 5 });
        assert_eq!(signals, [Signal::Registry { slowness: 5 }]);
        let (down, signals) = ledger.begin(Harm::Registry { slowness: 0 });
        assert_eq!(signals, [Signal::Registry { slowness: 0 }]);
        assert_eq!(ledger.begin(Harm::Registry { slowness: 3 }).1, []);
        assert_eq!(ledger.end(slow), []);
        assert_eq!(ledger.end(down), [Signal::Registry { slowness: 3 }]);
    }

    #[test]
    fn of_latencies_the_longer_one_counts() {
        let slow = |s: u64, errors_percent: u32| Harm::ServerSlow { latency: Dist::Constant(Span::from_s(s)), errors_percent };
        let latency = |signals: &[Signal]| match signals {
            [Signal::Server(trouble)] => (trouble.latency.map(|latency| latency.mean()), trouble.errors_percent),
            other => panic!("{other:?}"),
        };
        let mut ledger = Ledger::default();
        let (long, signals) = ledger.begin(slow(5, 0));
        assert_eq!(latency(&signals), (Some(Span::from_s(5)), 0));
        let (_, signals) = ledger.begin(slow(1, 30));
        assert_eq!(latency(&signals), (Some(Span::from_s(5)), 30));
        assert_eq!(latency(&ledger.end(long)), (Some(Span::from_s(1)), 30));
        let mut ledger = Ledger::default();
        ledger.begin(Harm::EtcdSlow { latency: Dist::Constant(Span::from_s(2)) });
        assert_eq!(ledger.begin(Harm::EtcdSlow { latency: Dist::Constant(Span::from_s(1)) }).1, []);
    }

    #[test]
    fn each_harm_has_a_beginning_and_an_end() {
        let node = || Str::from("n");
        let latency = Dist::Constant(Span::from_s(1));
        let all = [
            Harm::Crash(node()),
            Harm::KubeletStop(node()),
            Harm::Partition(node()),
            Harm::Memory(node()),
            Harm::Disk(node()),
            Harm::Registry { slowness: 4 },
            Harm::ServerDown,
            Harm::ServerSlow { latency, errors_percent: 0 },
            Harm::EtcdSlow { latency },
            Harm::EtcdLeaderless,
            Harm::WatchLag { component: node(), lag: Span::from_s(1) },
            Harm::Process(node()),
            Harm::Clock { who: Victim::Node(node()), offset_ms: 5 },
            Harm::Clock { who: Victim::Component(node()), offset_ms: 5 },
        ];
        for harm in all {
            let mut ledger = Ledger::default();
            let (number, begun) = ledger.begin(harm.clone());
            let ended = ledger.end(number);
            assert!(begun.len() == 1 && ended.len() == 1 && begun != ended, "{harm:?}: {begun:?}, {ended:?}");
        }
        let mut ledger = Ledger::default();
        let kill = Harm::Kill { namespace: node(), pod: node(), container: node(), oom: true };
        let (number, begun) = ledger.begin(kill);
        assert!(begun.len() == 1 && ledger.repeated() == begun);
        assert!(ledger.end(number).is_empty() && ledger.repeated().is_empty());
    }
}

//! Which pods would have to go so that a pod fits, and on which node that hurts least.
//! Real: pkg/scheduler/framework/preemption/preemption.go, plugins/defaultpreemption/default_preemption.go @ v1.37.2.

use super::decision::fit_error;
use super::framework::{CycleState, Diagnosis, PostFilterResult, World};
use super::node_info::{NodeId, NodeInfo};
use super::pod_info::PodInfo;
use super::runtime::Framework;
use super::selectors::Selector;
use super::status::{Code, Status};
use crate::model::{Kind, Obj, Str};
use std::cmp::Reverse;
use std::sync::Arc;

/// A node on which preemption would help.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The node.
    pub node: NodeId,
    /// Its name.
    pub name: Str,
    /// Who would have to go, the most important first.
    pub victims: Vec<Arc<PodInfo>>,
    /// How many of them a disruption budget would protect.
    pub pdb_violations: usize,
}

/// What preemption found.
#[derive(Clone, Debug, Default)]
pub struct Preemption {
    /// All nodes on which it would help, those without violations first.
    pub candidates: Vec<Candidate>,
    /// Those that are equal under all criteria, as places in `candidates`. The real scheduler takes any of them.
    pub ties: Vec<usize>,
    /// The one taken: the first of the ties by name.
    pub chosen: usize,
    /// Pods of lower priority that are nominated to its node and lose that.
    pub cleared_nominations: Vec<Arc<PodInfo>>,
}

impl PartialEq for Preemption {
    fn eq(&self, other: &Self) -> bool {
        let key = |p: &Preemption| {
            let each = |c: &Candidate| (c.node, c.victims.iter().map(|v| v.uid().clone()).collect::<Vec<_>>(), c.pdb_violations);
            (p.candidates.iter().map(each).collect::<Vec<_>>(), p.ties.clone(), p.chosen)
        };
        key(self) == key(other)
    }
}

impl Preemption {
    /// The candidate taken.
    pub fn best(&self) -> &Candidate {
        &self.candidates[self.chosen]
    }
}

/// How many candidates are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// At least this share of the nodes in question.
    pub min_percentage: i32,
    /// At least this many.
    pub min_absolute: i32,
}

/// Looks for pods whose removal makes room.
pub fn preempt(
    framework: &Framework,
    world: &World,
    state: &CycleState,
    pod: &PodInfo,
    diagnosis: &Diagnosis,
    limits: Limits,
) -> PostFilterResult {
    // The queue may hold an older version of the pod than the API; it is the latter's nomination that counts.
    let listed = world.pending.get(pod.uid()).map(|object| PodInfo { object: object.clone(), traits: pod.traits.clone() });
    let pod = listed.as_ref().unwrap_or(pod);
    let refused = |status: Status| PostFilterResult { status: Some(status), ..PostFilterResult::default() };
    if let Err(text) = eligible(world, pod, diagnosis) {
        return refused(Status::unschedulable(text));
    }
    let (candidates, rejected, error) = find_candidates(framework, world, state, pod, diagnosis, limits);
    if candidates.is_empty() {
        if let Some(error) = error {
            return refused(error);
        }
        let absent = Some(Status::unresolvable("Preemption is not helpful for scheduling"));
        let diagnosis = Diagnosis { rejected: rejected.into(), absent, ..Diagnosis::default() };
        let text = fit_error(world.cache.node_count(), &diagnosis);
        return PostFilterResult {
            nominate: Some(Str::default()),
            status: Some(Status::unschedulable(text)),
            ..PostFilterResult::default()
        };
    }
    let ties = best_candidates(&candidates);
    let chosen = *ties.iter().min_by_key(|&&at| &candidates[at].name).expect("one candidate is best");
    let best = &candidates[chosen];
    let lower = |other: &&Arc<PodInfo>| other.priority() < pod.priority();
    let cleared_nominations = world.nominator.on(&best.name).iter().filter(lower).cloned().collect();
    let message = format!("found a potential placement for pod on node {}, preempting {} victims", best.name, best.victims.len());
    let nominate = Some(best.name.clone());
    PostFilterResult { nominate, status: None, message, preemption: Some(Preemption { ties, chosen, cleared_nominations, candidates }) }
}

/// Whether the pod may push others out.
fn eligible(world: &World, pod: &PodInfo, diagnosis: &Diagnosis) -> Result<(), &'static str> {
    if pod.spec().preemption_policy.as_deref() == Some("Never") {
        return Err("not eligible due to preemptionPolicy=Never.");
    }
    let nominated = &pod.pod().status.nominated_node_name;
    if nominated.is_empty() {
        return Ok(());
    }
    let node = world.cache.node_named(nominated);
    let code = node.and_then(|node| diagnosis.rejected.iter().find(|(id, _)| *id == node.id)).map(|(_, status)| status.code);
    let absent = || diagnosis.absent.as_ref().map_or(Code::UnschedulableAndUnresolvable, |status| status.code);
    if code.unwrap_or_else(absent) == Code::UnschedulableAndUnresolvable {
        return Ok(());
    }
    let on_its_way_out = |other: &Arc<PodInfo>| other.priority() < pod.priority() && terminating_by_preemption(&other.object);
    match node {
        Some(node) if node.pods.iter().any(on_its_way_out) => Err("not eligible due to a terminating pod on the nominated node."),
        _ => Ok(()),
    }
}

fn terminating_by_preemption(pod: &Obj) -> bool {
    let condition = pod.as_pod().and_then(|pod| pod.condition("DisruptionTarget"));
    pod.meta.is_deleting() && condition.is_some_and(|c| &*c.status == "True" && &*c.reason == "PreemptionByScheduler")
}

type Found = (Vec<Candidate>, Vec<(NodeId, Status)>, Option<Status>);

fn find_candidates(
    framework: &Framework,
    world: &World,
    state: &CycleState,
    pod: &PodInfo,
    diagnosis: &Diagnosis,
    limits: Limits,
) -> Found {
    let potential: Vec<NodeId> = match &diagnosis.absent {
        Some(status) if status.code == Code::Unschedulable => {
            let other = |id: &NodeId| diagnosis.rejected.iter().any(|(node, status)| node == id && status.code != Code::Unschedulable);
            world.cache.order().iter().copied().filter(|id| !other(id)).collect()
        }
        _ => diagnosis.rejected.iter().filter(|(_, status)| status.code == Code::Unschedulable).map(|(id, _)| *id).collect(),
    };
    let count = potential.len() as i32;
    let wanted = (count * limits.min_percentage / 100).max(limits.min_absolute).min(count) as usize;
    let budgets = Budgets::collect(world);
    let (mut clean, mut violating, mut rejected, mut error) = (vec![], vec![], vec![], None);
    for id in potential {
        let node = world.cache.node(id);
        match select_victims(framework, world, state, pod, node, &budgets) {
            Ok((victims, pdb_violations)) => {
                let list = if pdb_violations == 0 { &mut clean } else { &mut violating };
                list.push(Candidate { node: id, name: node.name.clone(), victims, pdb_violations });
                if !clean.is_empty() && clean.len() + violating.len() >= wanted {
                    break;
                }
            }
            Err(status) => {
                if status.code == Code::Error {
                    error.get_or_insert_with(|| status.clone());
                }
                rejected.push((id, status));
            }
        }
    }
    clean.append(&mut violating);
    (clean, rejected, error)
}

/// The pods of a node that would have to go, and how many of them a budget protects.
fn select_victims(
    framework: &Framework,
    world: &World,
    state: &CycleState,
    pod: &PodInfo,
    node: &NodeInfo,
    budgets: &Budgets,
) -> Result<(Vec<Arc<PodInfo>>, usize), Status> {
    if node.lowest_priority >= pod.priority() {
        return Err(Status::unresolvable("No preemption victims found for incoming pod"));
    }
    let mut potential: Vec<Arc<PodInfo>> = node.pods.iter().filter(|other| other.priority() < pod.priority()).cloned().collect();
    let (mut state, mut node) = (state.clone(), node.clone());
    for victim in &potential {
        node.remove_pod(victim.uid()).expect("the pod is on the node");
        framework.run_remove_pod(world, &mut state, pod, victim, &node)?;
    }
    framework.run_filters_with_nominated(world, &state, pod, &node)?;
    potential.sort_by_key(|victim| importance(victim));
    let (violating, clean) = budgets.split(&potential);
    let both = !violating.is_empty() && !clean.is_empty();
    let (mut victims, mut violations) = (vec![], 0);
    let protected = violating.len();
    for (at, victim) in violating.into_iter().chain(clean).enumerate() {
        node.add_pod(victim.clone());
        framework.run_add_pod(world, &mut state, pod, &victim, &node)?;
        if framework.run_filters_with_nominated(world, &state, pod, &node).is_err() {
            node.remove_pod(victim.uid());
            framework.run_remove_pod(world, &mut state, pod, &victim, &node)?;
            victims.push(victim);
            violations += usize::from(at < protected);
        }
    }
    if both {
        victims.sort_by_key(|victim| importance(victim));
    }
    if victims.is_empty() {
        return Err(Status::error(format!("expected at least one victim pod on node \"{}\"", node.name)));
    }
    Ok((victims, violations))
}

/// Smaller is more important: higher priority first, then the longer running.
fn importance(pod: &PodInfo) -> (Reverse<i32>, i64) {
    (Reverse(pod.priority()), pod.start_time())
}

/// The candidates that no criterion tells apart from the best one.
fn best_candidates(candidates: &[Candidate]) -> Vec<usize> {
    let rank = |candidate: &Candidate| {
        let sum: i64 = candidate.victims.iter().map(|victim| i64::from(victim.priority()) + (1 << 31)).sum();
        let top = candidate.victims.iter().map(|victim| victim.priority()).max().expect("a candidate has victims");
        let earliest = candidate.victims.iter().filter(|victim| victim.priority() == top).map(|victim| victim.start_time()).min();
        let earliest = earliest.expect("a victim has the top priority");
        (candidate.pdb_violations, candidate.victims[0].priority(), sum, candidate.victims.len(), Reverse(earliest))
    };
    let ranks: Vec<_> = candidates.iter().map(rank).collect();
    let best = ranks.iter().min().expect("there is a candidate");
    (0..candidates.len()).filter(|&at| ranks[at] == *best).collect()
}

/// The disruption budgets of the cluster.
struct Budgets(Vec<(Obj, Selector)>);

impl Budgets {
    fn collect(world: &World) -> Self {
        let compile = |object: &Obj| {
            let budget = object.as_pod_disruption_budget().expect("the object is a budget");
            let selector = Selector::compile(budget.spec.selector.as_ref()).ok()?;
            (!selector.is_empty()).then(|| (object.clone(), selector))
        };
        Budgets(world.listers.all(Kind::PodDisruptionBudget).filter_map(compile).collect())
    }

    /// Splits pods into those that a budget protects and the others; each pod takes its part of the budgets.
    fn split(&self, pods: &[Arc<PodInfo>]) -> (Vec<Arc<PodInfo>>, Vec<Arc<PodInfo>>) {
        let status = |object: &Obj| object.as_pod_disruption_budget().expect("the object is a budget").status.clone();
        let mut left: Vec<i32> = self.0.iter().map(|(object, _)| status(object).disruptions_allowed).collect();
        let mut violates = |pod: &PodInfo| {
            if pod.labels().is_empty() {
                return false;
            }
            for (at, (object, selector)) in self.0.iter().enumerate() {
                if object.meta.namespace != *pod.namespace() || !selector.matches(pod.labels()) {
                    continue;
                }
                // A pod whose eviction is under way has been counted already.
                if status(object).disrupted_pods.contains_key(&*pod.object.meta.name) {
                    continue;
                }
                left[at] -= 1;
                if left[at] < 0 {
                    return true;
                }
            }
            false
        };
        pods.iter().cloned().partition(|pod| violates(pod))
    }
}

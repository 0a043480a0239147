//! Scores by how much of a node's resources is asked for: what NodeResourcesFit and NodeResourcesBalancedAllocation share.
//! Real: pkg/scheduler/framework/plugins/noderesources/resource_allocation.go, least_allocated.go, most_allocated.go,
//! requested_to_capacity_ratio.go @ v1.37.2.

use crate::model::Pod;
use crate::model::requests::{RequestOptions, is_scalar_resource_name, non_missing_defaults, pod_requests};
use crate::scheduler::config::{ResourceSpec, ScoringStrategy, ScoringStrategyType, UtilizationShapePoint};
use crate::scheduler::framework::MAX_NODE_SCORE;
use crate::scheduler::node_info::NodeInfo;

/// Which column of a node a resource is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Cpu,
    Memory,
    EphemeralStorage,
    Scalar { counted_only_if_asked: bool },
}

/// A resource that scores look at.
#[derive(Clone, PartialEq, Debug)]
struct Counted {
    name: String,
    weight: i64,
    column: Column,
}

/// What is asked for and what there is, of one resource on one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Load {
    /// With the pod.
    pub requested: i64,
    /// Without it.
    pub allocated: i64,
    /// What the node offers; 0 if the resource does not count.
    pub allocatable: i64,
}

/// The resources that a score looks at, and how requests are counted.
#[derive(Clone, PartialEq, Debug)]
pub struct Resources {
    counted: Vec<Counted>,
    /// Requests as they stand, without a substitute for those that are missing.
    plain: bool,
    pod_level: bool,
}

impl Resources {
    /// As NodeResourcesFit counts: with substitutes, and without the pod-level requests of the incoming pod.
    pub fn for_fit(resources: &[ResourceSpec]) -> Self {
        Self { counted: resources.iter().map(counted).collect(), plain: false, pod_level: false }
    }

    /// As NodeResourcesBalancedAllocation counts.
    pub fn for_balance(resources: &[ResourceSpec]) -> Self {
        Self { counted: resources.iter().map(counted).collect(), plain: true, pod_level: true }
    }

    /// What a pod asks for, by resource.
    pub fn of_pod(&self, pod: &Pod) -> Vec<i64> {
        let non_missing = non_missing_defaults();
        let options = RequestOptions {
            use_status: self.pod_level,
            skip_pod_level: !self.pod_level,
            non_missing: (!self.plain).then_some(&non_missing),
        };
        let requests = pod_requests(pod, options);
        let amount = |resource: &Counted| {
            let quantity = requests.get(&resource.name).copied().unwrap_or_default();
            if resource.column == Column::Cpu { quantity.milli_value() } else { quantity.value() }
        };
        self.counted.iter().map(amount).collect()
    }

    /// The names of the resources.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.counted.iter().map(|resource| resource.name.as_str())
    }

    /// The load of each resource on a node. `lookup` is asked for scalar resources that the node itself does not offer.
    pub fn loads<'a>(
        &'a self,
        node: &'a NodeInfo,
        asked: &'a [i64],
        lookup: &'a dyn Fn(&str) -> Option<(i64, i64)>,
    ) -> impl Iterator<Item = (Load, i64)> + 'a {
        self.counted.iter().zip(asked).map(move |(resource, &asked)| {
            let (allocatable, allocated) = match resource.column {
                Column::Cpu if self.plain => (node.allocatable.milli_cpu, node.requested.milli_cpu),
                Column::Cpu => (node.allocatable.milli_cpu, node.non0_cpu),
                Column::Memory if self.plain => (node.allocatable.memory, node.requested.memory),
                Column::Memory => (node.allocatable.memory, node.non0_memory),
                Column::EphemeralStorage => (node.allocatable.ephemeral_storage, node.requested.ephemeral_storage),
                Column::Scalar { counted_only_if_asked: true } if asked == 0 => (0, 0),
                Column::Scalar { .. } => match node.allocatable.scalar(&resource.name) {
                    0 => lookup(&resource.name).unwrap_or((0, 0)),
                    offered => (offered, node.requested.scalar(&resource.name)),
                },
            };
            let load = if allocatable == 0 { Load::default() } else { Load { requested: allocated + asked, allocated, allocatable } };
            (load, resource.weight)
        })
    }
}

fn counted(resource: &ResourceSpec) -> Counted {
    let column = match resource.name.as_str() {
        "cpu" => Column::Cpu,
        "memory" => Column::Memory,
        "ephemeral-storage" => Column::EphemeralStorage,
        name => Column::Scalar { counted_only_if_asked: is_scalar_resource_name(name) },
    };
    Counted { name: resource.name.clone(), weight: resource.weight, column }
}

/// A scoring strategy of NodeResourcesFit.
#[derive(Clone, PartialEq, Debug)]
pub enum Strategy {
    /// The emptier the better.
    LeastAllocated,
    /// The fuller the better.
    MostAllocated,
    /// By a piecewise linear function of the utilisation.
    RequestedToCapacityRatio(Shape),
}

impl Strategy {
    /// From the arguments of NodeResourcesFit.
    pub fn new(strategy: &ScoringStrategy) -> Self {
        match strategy.strategy {
            ScoringStrategyType::LeastAllocated => Strategy::LeastAllocated,
            ScoringStrategyType::MostAllocated => Strategy::MostAllocated,
            ScoringStrategyType::RequestedToCapacityRatio => Strategy::RequestedToCapacityRatio(Shape::new(&strategy.shape)),
        }
    }

    /// The score of a node with these loads and weights.
    pub fn score(&self, loads: impl Iterator<Item = (Load, i64)>) -> i64 {
        let (mut sum, mut weights) = (0_i64, 0_i64);
        for (load, weight) in loads.filter(|(load, _)| load.allocatable != 0) {
            let (asked, capacity) = (load.requested, load.allocatable);
            let score = match self {
                Strategy::LeastAllocated if asked > capacity => 0,
                Strategy::LeastAllocated => (capacity - asked).wrapping_mul(MAX_NODE_SCORE) / capacity,
                Strategy::MostAllocated => asked.min(capacity).wrapping_mul(MAX_NODE_SCORE) / capacity,
                Strategy::RequestedToCapacityRatio(shape) => {
                    let score = shape.at(if asked > capacity { 100 } else { asked.wrapping_mul(100) / capacity });
                    if score <= 0 {
                        continue;
                    }
                    score
                }
            };
            sum += score * weight;
            weights += weight;
        }
        match (self, weights) {
            (_, 0) => 0,
            // Half away from zero.
            (Strategy::RequestedToCapacityRatio(_), _) => (sum as f64 / weights as f64).round() as i64,
            _ => sum / weights,
        }
    }
}

/// A piecewise linear function from utilisation in percent to a score of 0..=100, in integers.
#[derive(Clone, PartialEq, Debug)]
pub struct Shape(Vec<(i64, i64)>);

impl Shape {
    /// From points whose scores go to 10.
    pub fn new(points: &[UtilizationShapePoint]) -> Self {
        Self(points.iter().map(|point| (i64::from(point.utilization), i64::from(point.score) * 10)).collect())
    }

    /// The score at a utilisation.
    pub fn at(&self, utilization: i64) -> i64 {
        match self.0.iter().position(|(x, _)| utilization <= *x) {
            Some(0) => self.0[0].1,
            Some(at) => {
                let ((x0, y0), (x1, y1)) = (self.0[at - 1], self.0[at]);
                y0 + (y1 - y0) * (utilization - x0) / (x1 - x0)
            }
            None => self.0.last().map_or(0, |(_, y)| *y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loads(all: &[(i64, i64, i64)]) -> impl Iterator<Item = (Load, i64)> {
        all.iter().map(|&(requested, allocatable, weight)| (Load { requested, allocated: 0, allocatable }, weight))
    }

    #[test]
    fn strategies_weigh_and_divide_in_integers() {
        assert_eq!(Strategy::LeastAllocated.score(loads(&[(1, 3, 1), (5, 4, 2), (0, 0, 9)])), 66 / 3);
        assert_eq!(Strategy::MostAllocated.score(loads(&[(1, 3, 1), (5, 4, 2)])), 233 / 3);
        assert_eq!(Strategy::MostAllocated.score(loads(&[])), 0);
    }

    #[test]
    fn ratios_follow_their_shape() {
        let point = |utilization, score| UtilizationShapePoint { utilization, score };
        let shape = Shape::new(&[point(0, 0), point(50, 10), point(100, 5)]);
        assert_eq!([0, 25, 33, 50, 75, 100, 120].map(|x| shape.at(x)), [0, 50, 66, 100, 75, 50, 50]);
        // A resource with score 0 does not count.
        assert_eq!(Strategy::RequestedToCapacityRatio(shape).score(loads(&[(0, 10, 5), (5, 10, 1), (9, 10, 1)])), 80);
    }
}

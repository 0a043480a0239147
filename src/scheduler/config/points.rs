//! The plugins of the tree and the extension points that each of them implements.
//! Real: pkg/scheduler/framework/plugins/registry.go and the interfaces each plugin declares @ v1.37.2.

/// An extension point of the scheduling framework.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Point {
    /// Before a pod enters the active or backoff queue.
    PreEnqueue,
    /// Order of the active queue.
    QueueSort,
    /// Once per pod before filtering.
    PreFilter,
    /// Per node: may the pod run here.
    Filter,
    /// When no node is left.
    PostFilter,
    /// Once per pod before scoring.
    PreScore,
    /// Per feasible node: how good is it.
    Score,
    /// The node is chosen: take what the pod needs.
    Reserve,
    /// Approve, deny or delay the binding.
    Permit,
    /// Before binding.
    PreBind,
    /// Write the node's name.
    Bind,
    /// After binding.
    PostBind,
}

impl Point {
    /// All points, in the order in which the real framework fills its lists.
    pub const ALL: [Point; 12] = [
        Point::PreFilter,
        Point::Filter,
        Point::PostFilter,
        Point::Reserve,
        Point::PreScore,
        Point::Score,
        Point::PreBind,
        Point::Bind,
        Point::PostBind,
        Point::Permit,
        Point::PreEnqueue,
        Point::QueueSort,
    ];

    /// The field of `plugins` in a configuration.
    pub fn field(self) -> &'static str {
        match self {
            Point::PreEnqueue => "preEnqueue",
            Point::QueueSort => "queueSort",
            Point::PreFilter => "preFilter",
            Point::Filter => "filter",
            Point::PostFilter => "postFilter",
            Point::PreScore => "preScore",
            Point::Score => "score",
            Point::Reserve => "reserve",
            Point::Permit => "permit",
            Point::PreBind => "preBind",
            Point::Bind => "bind",
            Point::PostBind => "postBind",
        }
    }

    /// Go's name of the interface, as in messages.
    pub fn interface(self) -> &'static str {
        match self {
            Point::PreEnqueue => "PreEnqueuePlugin",
            Point::QueueSort => "QueueSortPlugin",
            Point::PreFilter => "PreFilterPlugin",
            Point::Filter => "FilterPlugin",
            Point::PostFilter => "PostFilterPlugin",
            Point::PreScore => "PreScorePlugin",
            Point::Score => "ScorePlugin",
            Point::Reserve => "ReservePlugin",
            Point::Permit => "PermitPlugin",
            Point::PreBind => "PreBindPlugin",
            Point::Bind => "BindPlugin",
            Point::PostBind => "PostBindPlugin",
        }
    }
}

/// A plugin's name and the points it implements.
pub struct PluginPoints {
    /// Name as in configurations and records.
    pub name: &'static str,
    /// The points.
    pub points: &'static [Point],
}

use Point::*;

/// The simulated plugins of Kubernetes, in the default order; all are on by default.
pub const PLUGINS: &[PluginPoints] = &[
    PluginPoints { name: "SchedulingGates", points: &[PreEnqueue] },
    PluginPoints { name: "PrioritySort", points: &[QueueSort] },
    PluginPoints { name: "NodeName", points: &[PreFilter, Filter] },
    PluginPoints { name: "NodeUnschedulable", points: &[PreFilter, Filter] },
    PluginPoints { name: "TaintToleration", points: &[PreFilter, Filter, PreScore, Score] },
    PluginPoints { name: "NodeAffinity", points: &[PreFilter, Filter, PreScore, Score] },
    PluginPoints { name: "NodePorts", points: &[PreFilter, Filter] },
    PluginPoints { name: "NodeResourcesFit", points: &[PreFilter, Filter, PreScore, Score] },
    PluginPoints { name: "VolumeRestrictions", points: &[PreFilter, Filter] },
    PluginPoints { name: "NodeVolumeLimits", points: &[PreFilter, Filter] },
    PluginPoints { name: "VolumeBinding", points: &[PreFilter, Filter, Reserve, PreBind, PreScore, Score] },
    PluginPoints { name: "VolumeZone", points: &[PreFilter, Filter] },
    PluginPoints { name: "PodTopologySpread", points: &[PreFilter, Filter, PreScore, Score] },
    PluginPoints { name: "InterPodAffinity", points: &[PreFilter, Filter, PreScore, Score] },
    PluginPoints { name: "DynamicResources", points: &[PreEnqueue, PreFilter, Filter, PostFilter, Score, Reserve, PreBind] },
    PluginPoints { name: "DefaultPreemption", points: &[PreEnqueue, PostFilter] },
    PluginPoints { name: "NodeResourcesBalancedAllocation", points: &[PreScore, Score] },
    PluginPoints { name: "ImageLocality", points: &[Score] },
    PluginPoints { name: "DefaultBinder", points: &[Bind] },
    PluginPoints { name: "NodeDeclaredFeatures", points: &[PreFilter, Filter] },
];

/// Plugins that Kubernetes does not have; each is on only where a configuration says so.
pub const ADDED_PLUGINS: &[PluginPoints] = &[
    PluginPoints { name: "FGD", points: &[PreScore, Score] },
    PluginPoints { name: "BestFit", points: &[PreScore, Score] },
    PluginPoints { name: "DotProd", points: &[PreScore, Score] },
    PluginPoints { name: "GpuPacking", points: &[PreScore, Score] },
    PluginPoints { name: "GpuClustering", points: &[PreScore, Score] },
    PluginPoints { name: "Random", points: &[PreScore, Score] },
    PluginPoints { name: "GpuShare", points: &[PreFilter, Filter] },
];

/// Plugins of the tree that do nothing unless a feature gate that is off by default is switched on.
pub const GATED_PLUGINS: &[(&str, &str)] = &[
    ("GangScheduling", "GenericWorkload"),
    ("TopologyPlacementGenerator", "TopologyAwareWorkloadScheduling"),
    ("PodGroupPodsCount", "TopologyAwareWorkloadScheduling"),
    ("DeferredPodScheduling", "InPlacePodVerticalScalingSchedulerPreemption"),
];

/// All simulated plugins.
pub fn all() -> impl Iterator<Item = &'static PluginPoints> {
    PLUGINS.iter().chain(ADDED_PLUGINS)
}

/// The plugin of that name, if it is simulated.
pub fn find(name: &str) -> Option<&'static PluginPoints> {
    all().find(|plugin| plugin.name == name)
}

impl PluginPoints {
    /// Whether the plugin implements the point.
    pub fn implements(&self, point: Point) -> bool {
        self.points.contains(&point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_plugins_are_named_once() {
        let mut fields: Vec<_> = Point::ALL.iter().map(|point| (point.field(), point.interface())).collect();
        fields.sort_unstable();
        fields.dedup();
        assert_eq!(fields.len(), Point::ALL.len());
        assert!(find("NodePorts").unwrap().implements(Filter));
        assert!(!find("NodePorts").unwrap().implements(Score));
        assert!(find("GangScheduling").is_none());
    }
}

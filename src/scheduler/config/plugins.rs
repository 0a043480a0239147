//! The plugin sets of a profile: the default ones, merging the user's into them, and spreading MultiPoint over the
//! extension points.
//! Real: pkg/scheduler/apis/config/v1/default_plugins.go, pkg/scheduler/framework/runtime/framework.go @ v1.37.2.

use super::points::{self, GATED_PLUGINS, PLUGINS, PluginPoints, Point};
use serde::Serialize;
use std::collections::BTreeMap;

/// A plugin in a set, with its weight (0 if none is given).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Plugin {
    pub name: String,
    pub weight: i32,
}

/// Plugins switched on and off at a point. Serialises as Go prints it in messages.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PluginSet {
    #[serde(serialize_with = "null_if_empty")]
    pub enabled: Vec<Plugin>,
    #[serde(serialize_with = "null_if_empty")]
    pub disabled: Vec<Plugin>,
}

fn null_if_empty<S: serde::Serializer>(list: &[Plugin], serializer: S) -> Result<S::Ok, S::Error> {
    if list.is_empty() { serializer.serialize_none() } else { list.serialize(serializer) }
}

/// The sets of all points. Points that only feature gates bring to life are read and then only checked for names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct PluginSets {
    pub multi_point: PluginSet,
    pub at: BTreeMap<Point, PluginSet>,
    pub group_points: BTreeMap<&'static str, PluginSet>,
}

/// The default weights that differ from 1.
const DEFAULT_WEIGHTS: &[(&str, i32)] = &[
    ("TaintToleration", 3),
    ("NodeAffinity", 2),
    ("NodeResourcesFit", 1),
    ("PodTopologySpread", 2),
    ("InterPodAffinity", 2),
    ("DynamicResources", 2),
    ("NodeResourcesBalancedAllocation", 1),
    ("ImageLocality", 1),
];

impl PluginSets {
    /// What a profile has when it says nothing.
    pub fn defaults() -> PluginSets {
        let weight = |name| DEFAULT_WEIGHTS.iter().find(|(plugin, _)| *plugin == name).map_or(0, |(_, weight)| *weight);
        let enabled = PLUGINS.iter().map(|plugin| Plugin { name: plugin.name.into(), weight: weight(plugin.name) }).collect();
        PluginSets { multi_point: PluginSet { enabled, disabled: Vec::new() }, ..PluginSets::default() }
    }

    /// The defaults with the user's sets merged in.
    pub fn merge(self, custom: Option<PluginSets>) -> PluginSets {
        let Some(custom) = custom else { return self };
        let mut out = PluginSets { multi_point: merge_set(&self.multi_point, &custom.multi_point), ..PluginSets::default() };
        for (point, set) in &custom.at {
            out.at.insert(*point, merge_set(&PluginSet::default(), set));
        }
        for (point, set) in &custom.group_points {
            out.group_points.insert(point, merge_set(&PluginSet::default(), set));
        }
        out
    }

    fn set(&self, point: Point) -> &PluginSet {
        static EMPTY: PluginSet = PluginSet { enabled: Vec::new(), disabled: Vec::new() };
        self.at.get(&point).unwrap_or(&EMPTY)
    }
}

/// A default that is named again keeps its place and takes the new weight; other plugins come behind.
fn merge_set(default: &PluginSet, custom: &PluginSet) -> PluginSet {
    let disabled: Vec<Plugin> =
        custom.disabled.iter().chain(&default.disabled).map(|plugin| Plugin { name: plugin.name.clone(), weight: 0 }).collect();
    let is_disabled = |name: &str| disabled.iter().any(|plugin| plugin.name == name);
    let mut replaced = vec![false; custom.enabled.len()];
    let mut enabled = Vec::new();
    if !is_disabled("*") {
        for plugin in default.enabled.iter().filter(|plugin| !is_disabled(&plugin.name)) {
            match custom.enabled.iter().rposition(|other| other.name == plugin.name) {
                Some(at) => {
                    replaced[at] = true;
                    enabled.push(custom.enabled[at].clone());
                }
                None => enabled.push(plugin.clone()),
            }
        }
    }
    enabled.extend(custom.enabled.iter().zip(&replaced).filter(|(_, replaced)| !**replaced).map(|(plugin, _)| plugin.clone()));
    PluginSet { enabled, disabled }
}

/// The plugins of a profile, point by point, in the order in which they run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PluginLists {
    /// PreEnqueue. The real queue walks them in map order; here it is the order of the configuration.
    pub pre_enqueue: Vec<&'static str>,
    /// QueueSort: exactly one.
    pub queue_sort: Vec<&'static str>,
    /// PreFilter.
    pub pre_filter: Vec<&'static str>,
    /// Filter.
    pub filter: Vec<&'static str>,
    /// PostFilter.
    pub post_filter: Vec<&'static str>,
    /// PreScore.
    pub pre_score: Vec<&'static str>,
    /// Score, with weights.
    pub score: Vec<(&'static str, i64)>,
    /// Reserve.
    pub reserve: Vec<&'static str>,
    /// Permit.
    pub permit: Vec<&'static str>,
    /// PreBind.
    pub pre_bind: Vec<&'static str>,
    /// Bind: at least one.
    pub bind: Vec<&'static str>,
    /// PostBind.
    pub post_bind: Vec<&'static str>,
    /// All plugins that the profile makes, whether or not a list holds them, in default order.
    pub instances: Vec<&'static str>,
}

/// Builds the lists. The error is the one with which the real scheduler refuses to start.
pub(super) fn expand(sets: &PluginSets, scheduler_name: &str) -> Result<PluginLists, String> {
    check_names(sets)?;
    let mut lists: BTreeMap<Point, Vec<&'static str>> = BTreeMap::new();
    for point in Point::ALL {
        lists.insert(point, listed(sets.set(point), point)?);
    }
    for point in Point::ALL {
        if let Some(list) = spread(&sets.multi_point, sets.set(point), point)? {
            lists.insert(point, list);
        }
    }
    let mut take = |point| lists.remove(&point).expect("each point has a list");
    let (queue_sort, bind) = (take(Point::QueueSort), take(Point::Bind));
    if queue_sort.len() != 1 {
        let count = queue_sort.len();
        return Err(format!("only one queue sort plugin required for profile with scheduler name {scheduler_name:?}, but got {count}"));
    }
    if bind.is_empty() {
        return Err(format!("at least one bind plugin is needed for profile with scheduler name {scheduler_name:?}"));
    }
    let score = take(Point::Score).into_iter().map(|name| (name, weight_of(sets, name))).collect();
    let enabled_anywhere = |name: &str| {
        let mut all = sets.at.values().chain([&sets.multi_point]).chain(sets.group_points.values());
        all.any(|set| set.enabled.iter().any(|plugin| plugin.name == name))
    };
    Ok(PluginLists {
        pre_enqueue: take(Point::PreEnqueue),
        queue_sort,
        pre_filter: take(Point::PreFilter),
        filter: take(Point::Filter),
        post_filter: take(Point::PostFilter),
        pre_score: take(Point::PreScore),
        score,
        reserve: take(Point::Reserve),
        permit: take(Point::Permit),
        pre_bind: take(Point::PreBind),
        bind,
        post_bind: take(Point::PostBind),
        instances: points::all().map(|plugin| plugin.name).filter(|name| enabled_anywhere(name)).collect(),
    })
}

/// The weight of a score plugin: its own entry goes before the one of MultiPoint; 0 means 1.
fn weight_of(sets: &PluginSets, name: &str) -> i64 {
    let mut all = sets.set(Point::Score).enabled.iter().chain(&sets.multi_point.enabled);
    match all.find(|plugin| plugin.name == name).map_or(0, |plugin| plugin.weight) {
        0 => 1,
        weight => i64::from(weight),
    }
}

fn known(name: &str, interface: &str) -> Result<&'static PluginPoints, String> {
    points::find(name).ok_or_else(|| format!("{interface} {name:?} does not exist"))
}

fn check_names(sets: &PluginSets) -> Result<(), String> {
    for set in sets.at.values().chain([&sets.multi_point]).chain(sets.group_points.values()) {
        for plugin in &set.enabled {
            if let Some((name, gate)) = GATED_PLUGINS.iter().find(|(name, _)| *name == plugin.name) {
                return Err(format!("plugin {name:?} is not simulated: its feature gate {gate} is off by default in Kubernetes 1.37"));
            }
        }
    }
    Ok(())
}

/// The plugins named at the point itself.
fn listed(set: &PluginSet, point: Point) -> Result<Vec<&'static str>, String> {
    let mut out = Vec::new();
    for plugin in &set.enabled {
        let known = known(&plugin.name, point.interface())?;
        if !known.implements(point) {
            return Err(format!("plugin {:?} does not extend {} plugin", known.name, point.interface()));
        }
        if out.contains(&known.name) {
            return Err(format!("plugin {:?} already registered as {:?}", known.name, point.interface()));
        }
        out.push(known.name);
    }
    Ok(out)
}

/// MultiPoint at one point: first the plugins that the point names and MultiPoint has too, then MultiPoint's others, then
/// those that only the point names. `None` if the point switches everything off.
fn spread(multi: &PluginSet, own: &PluginSet, point: Point) -> Result<Option<Vec<&'static str>>, String> {
    let disabled = |name: &str| own.disabled.iter().any(|plugin| plugin.name == name);
    if multi.enabled.is_empty() || disabled("*") {
        return Ok(None);
    }
    let own: Vec<&'static str> = listed(own, point)?;
    let (mut overriding, mut from_multi) = (Vec::new(), Vec::new());
    for plugin in &multi.enabled {
        let known = known(&plugin.name, point.interface())?;
        if !known.implements(point) || disabled(known.name) {
            continue;
        }
        if own.contains(&known.name) {
            overriding.push(known.name);
        } else if from_multi.contains(&known.name) {
            return Err(format!("plugin {:?} already registered as {:?}", known.name, point.interface()));
        } else {
            from_multi.push(known.name);
        }
    }
    let mut out: Vec<_> = own.iter().copied().filter(|name| overriding.contains(name)).collect();
    out.extend(from_multi);
    out.extend(own.iter().copied().filter(|name| !overriding.contains(name)));
    Ok(Some(out))
}

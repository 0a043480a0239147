//! Devices of nodes: which are there, which are taken, and how claims for them can be met (structured parameters).
//!
//! Real: staging/src/k8s.io/dynamic-resource-allocation/structured @ v1.37.2.
//! Modelled: pools, selectors, exact counts and all devices, first available, admin access, taints, matchAttribute, shared counters not.

use super::device_selectors::Answers;
use super::framework::World;
use super::node_info::NodeInfo;
use super::selectors::NodeTerms;
use crate::model::{
    Device, DeviceAttribute, DeviceClass, DeviceRequestAllocationResult, DeviceSelector, DeviceToleration, Kind, NodeSelector, Obj,
    ResourceClaim, ResourceSliceSpec,
};
use std::collections::{BTreeMap, BTreeSet};

/// The most devices that one claim may get.
const ALLOCATION_RESULTS_MAX: usize = 32;

/// A device by driver, pool and name.
pub type DeviceId = (String, String, String);

/// What is needed to meet claims on some node.
pub struct Inventory {
    slices: Vec<Obj>,
    taken: BTreeSet<DeviceId>,
}

/// A device on a node.
#[derive(Clone, Copy)]
struct Found<'a> {
    slice: &'a Obj,
    spec: &'a ResourceSliceSpec,
    at: usize,
}

impl<'a> Found<'a> {
    fn device(&self) -> &'a Device {
        &self.spec.devices[self.at]
    }

    fn id(&self) -> DeviceId {
        (self.spec.driver.clone(), self.spec.pool.name.clone(), self.device().name.clone())
    }
}

/// Devices of a pool that can be reached from a node.
struct Pool<'a> {
    incomplete: bool,
    devices: Vec<Found<'a>>,
}

fn slice(object: &Obj) -> &ResourceSliceSpec {
    &object.as_resource_slice().expect("the object is a slice").spec
}

fn is_for(node: &NodeInfo, name: Option<&str>, all: Option<bool>, selector: Option<&NodeSelector>) -> bool {
    match (name.unwrap_or_default(), all, selector) {
        ("", Some(true), _) => true,
        ("", _, Some(selector)) => NodeTerms::compile(selector).matches(&node.name, &node.labels),
        ("", _, None) => false,
        (name, _, _) => name == &*node.name,
    }
}

fn allocated(results: &[DeviceRequestAllocationResult]) -> impl Iterator<Item = DeviceId> {
    // Access for administrators takes nothing away from others.
    results
        .iter()
        .filter(|result| result.admin_access != Some(true))
        .map(|result| (result.driver.clone(), result.pool.clone(), result.device.clone()))
}

impl Inventory {
    /// All slices, and the devices that claims have or are about to have.
    pub fn collect(world: &World) -> Self {
        let mut taken = BTreeSet::new();
        for object in world.listers.all(Kind::ResourceClaim) {
            let allocation = object.as_resource_claim().and_then(|claim| claim.status.allocation.as_ref());
            taken.extend(allocation.into_iter().flat_map(|allocation| allocated(&allocation.devices.results)));
        }
        Self { slices: world.listers.all(Kind::ResourceSlice).cloned().collect(), taken }
    }

    fn pools(&self, node: &NodeInfo) -> Vec<Pool<'_>> {
        let mut pools: BTreeMap<(&str, &str), Vec<&Obj>> = BTreeMap::new();
        for object in &self.slices {
            let spec = slice(object);
            let each = spec.per_device_node_selection == Some(true);
            let here = if each {
                spec.devices.iter().any(|device| is_for(node, device.node_name.as_deref(), device.all_nodes, device.node_selector.as_ref()))
            } else {
                is_for(node, spec.node_name.as_deref(), spec.all_nodes, spec.node_selector.as_ref())
            };
            if here {
                pools.entry((&spec.driver, &spec.pool.name)).or_default().push(object);
            }
        }
        pools.into_iter().filter_map(|(id, objects)| self.pool(node, id, objects)).collect()
    }

    /// A pool as of its newest generation; none if a newer one exists elsewhere.
    fn pool<'a>(&'a self, node: &NodeInfo, (driver, name): (&str, &str), objects: Vec<&'a Obj>) -> Option<Pool<'a>> {
        let generation = objects.iter().map(|object| slice(object).pool.generation).max()?;
        let of_pool = |spec: &ResourceSliceSpec| spec.driver == driver && spec.pool.name == name;
        let all: Vec<_> = self.slices.iter().map(slice).filter(|spec| of_pool(spec)).collect();
        if all.iter().any(|spec| spec.pool.generation > generation) {
            return None;
        }
        let current: Vec<_> = all.iter().filter(|spec| spec.pool.generation == generation).collect();
        let incomplete = current.len() as i64 != current[0].pool.resource_slice_count;
        let mut devices = vec![];
        for object in objects.into_iter().filter(|object| slice(object).pool.generation == generation) {
            let spec = slice(object);
            let each = spec.per_device_node_selection == Some(true);
            let here =
                |device: &Device| !each || is_for(node, device.node_name.as_deref(), device.all_nodes, device.node_selector.as_ref());
            devices.extend((0..spec.devices.len()).filter(|&at| here(&spec.devices[at])).map(|at| Found { slice: object, spec, at }));
        }
        Some(Pool { incomplete, devices })
    }

    /// Meets claims on a node, as well as they can be met together. None: they cannot.
    pub fn allocate(
        &self,
        world: &World,
        answers: &Answers,
        node: &NodeInfo,
        claims: &[&ResourceClaim],
    ) -> Result<Option<Vec<Vec<DeviceRequestAllocationResult>>>, String> {
        let pools = self.pools(node);
        let mut search = Search {
            taken: &self.taken,
            answers,
            pools: &pools,
            claims: vec![],
            results: vec![vec![]; claims.len()],
            giving: BTreeSet::new(),
        };
        for claim in claims {
            let wanted = claim.spec.devices.requests.iter().map(|request| search.wanted(world, request)).collect::<Result<Vec<_>, _>>()?;
            let constraints = claim.spec.devices.constraints.iter().map(|constraint| {
                let attribute = constraint.match_attribute.clone().ok_or("empty constraint (unsupported constraint type?)")?;
                Ok::<_, String>((attribute, constraint.requests.clone()))
            });
            search.claims.push((wanted, constraints.collect::<Result<Vec<_>, _>>()?));
        }
        let done = search.step(Place::default())?;
        Ok(done.then_some(search.results))
    }
}

/// One way to meet a request.
struct Wanted<'a> {
    name: String,
    selectors: Vec<&'a DeviceSelector>,
    count: usize,
    /// All devices that match, if all are asked for.
    all: Option<Vec<usize>>,
    admin: bool,
    tolerations: Vec<DeviceToleration>,
}

type Constraint = (String, Vec<String>);

#[derive(Clone, Copy, Default)]
struct Place {
    claim: usize,
    request: usize,
    /// Which of the ways to meet the request is being tried.
    way: Option<usize>,
    device: usize,
}

struct Search<'a> {
    taken: &'a BTreeSet<DeviceId>,
    answers: &'a Answers,
    pools: &'a [Pool<'a>],
    claims: Vec<(Vec<Vec<Wanted<'a>>>, Vec<Constraint>)>,
    results: Vec<Vec<DeviceRequestAllocationResult>>,
    giving: BTreeSet<DeviceId>,
}

/// What a request says about one way to meet it.
struct Asked<'a> {
    name: String,
    class: &'a str,
    selectors: &'a [DeviceSelector],
    mode: &'a str,
    count: i64,
    admin: bool,
    tolerations: &'a [DeviceToleration],
}

impl<'a> Search<'a> {
    fn wanted(&self, world: &'a World, request: &'a crate::model::DeviceRequest) -> Result<Vec<Wanted<'a>>, String> {
        if let Some(exactly) = &request.exactly {
            let asked = Asked {
                name: request.name.clone(),
                class: &exactly.device_class_name,
                selectors: &exactly.selectors,
                mode: &exactly.allocation_mode,
                count: exactly.count,
                admin: exactly.admin_access == Some(true),
                tolerations: &exactly.tolerations,
            };
            return Ok(vec![self.way(world, asked)?]);
        }
        let each = |sub: &'a crate::model::DeviceSubRequest| {
            let asked = Asked {
                name: format!("{}/{}", request.name, sub.name),
                class: &sub.device_class_name,
                selectors: &sub.selectors,
                mode: &sub.allocation_mode,
                count: sub.count,
                admin: false,
                tolerations: &sub.tolerations,
            };
            self.way(world, asked)
        };
        request.first_available.iter().map(each).collect()
    }

    fn way(&self, world: &'a World, asked: Asked<'a>) -> Result<Wanted<'a>, String> {
        let class = world.listers.get(Kind::DeviceClass, "", asked.class).and_then(|object| object.as_device_class());
        let class: &DeviceClass = class.ok_or_else(|| format!("could not retrieve device class {}", asked.class))?;
        let selectors: Vec<_> = class.spec.selectors.iter().chain(asked.selectors).collect();
        // Without a count, one device is meant.
        let mut out = Wanted {
            name: asked.name,
            selectors,
            count: asked.count.max(1) as usize,
            all: None,
            admin: asked.admin,
            tolerations: asked.tolerations.to_vec(),
        };
        if asked.mode == "All" {
            if self.pools.iter().any(|pool| pool.incomplete) {
                return Err(format!("request {}: asks for all devices, but a resource pool is currently being updated", out.name));
            }
            let mut all = vec![];
            for (at, found) in self.devices().enumerate() {
                if self.suits(&out, found)? {
                    all.push(at);
                }
            }
            out.count = all.len();
            out.all = Some(all);
        }
        Ok(out)
    }

    fn devices(&self) -> impl Iterator<Item = &'a Found<'a>> + use<'a> {
        self.pools.iter().filter(|pool| !pool.incomplete).flat_map(|pool| &pool.devices)
    }

    fn suits(&self, wanted: &Wanted, found: &Found) -> Result<bool, String> {
        for selector in wanted.selectors.iter().filter_map(|selector| selector.cel.as_ref()) {
            if !self.answers.matches(&selector.expression, found.slice, found.at)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Goes on from a place; true once everything is met.
    fn step(&mut self, place: Place) -> Result<bool, String> {
        let Some((requests, _)) = self.claims.get(place.claim) else { return Ok(true) };
        let Some(ways) = requests.get(place.request) else {
            return self.step(Place { claim: place.claim + 1, ..Place::default() });
        };
        let Some(way) = place.way else {
            for way in 0..ways.len() {
                if self.step(Place { way: Some(way), ..place })? {
                    return Ok(true);
                }
            }
            return Ok(false);
        };
        let wanted = &ways[way];
        if place.device >= wanted.count {
            let empty = wanted.all.as_ref().is_some_and(Vec::is_empty);
            return if empty { Ok(false) } else { self.step(Place { claim: place.claim, request: place.request + 1, ..Place::default() }) };
        }
        if wanted.count - place.device > ALLOCATION_RESULTS_MAX - self.results[place.claim].len() {
            return Ok(false);
        }
        let only = wanted.all.as_ref().map(|all| all[place.device]);
        for (at, found) in self.devices().enumerate() {
            if only.is_some_and(|only| only != at) || !self.usable(place, way, found)? {
                continue;
            }
            self.give(place, way, found);
            if self.step(Place { device: place.device + 1, ..place })? {
                return Ok(true);
            }
            self.take_back(place, way, found);
        }
        Ok(false)
    }

    fn usable(&self, place: Place, way: usize, found: &Found) -> Result<bool, String> {
        let (requests, constraints) = &self.claims[place.claim];
        let wanted = &requests[place.request][way];
        let (id, results) = (found.id(), &self.results[place.claim]);
        let same = |result: &DeviceRequestAllocationResult| (&result.driver, &result.pool, &result.device) == (&id.0, &id.1, &id.2);
        let in_use = if wanted.admin { results.iter().any(same) } else { self.taken.contains(&id) || self.giving.contains(&id) };
        if in_use || !found.device().consumes_counters.is_empty() || wanted.all.is_none() && !self.suits(wanted, found)? {
            return Ok(false);
        }
        let hard = |taint: &&crate::model::DeviceTaint| matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute");
        if found.device().taints.iter().filter(hard).any(|taint| !wanted.tolerations.iter().any(|toleration| tolerates(toleration, taint)))
        {
            return Ok(false);
        }
        let base = wanted.name.split('/').next().unwrap_or_default();
        let bound = |constraint: &&Constraint, name: &str, base: &str| {
            constraint.1.is_empty() || constraint.1.iter().any(|one| one == name || one == base)
        };
        for constraint in constraints.iter().filter(|constraint| bound(constraint, &wanted.name, base)) {
            let Some(mine) = attribute(found.spec, found.device(), &constraint.0) else { return Ok(false) };
            for other in
                results.iter().filter(|other| bound(&constraint, &other.request, other.request.split('/').next().unwrap_or_default()))
            {
                let theirs = self.devices().find(|one| one.id() == (other.driver.clone(), other.pool.clone(), other.device.clone()));
                if theirs.and_then(|one| attribute(one.spec, one.device(), &constraint.0)) != Some(mine) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn give(&mut self, place: Place, way: usize, found: &Found) {
        let wanted = &self.claims[place.claim].0[place.request][way];
        let (driver, pool, device) = found.id();
        self.results[place.claim].push(DeviceRequestAllocationResult {
            request: wanted.name.clone(),
            driver: driver.clone(),
            pool: pool.clone(),
            device: device.clone(),
            admin_access: wanted.admin.then_some(true),
            tolerations: wanted.tolerations.clone(),
            ..DeviceRequestAllocationResult::default()
        });
        if !wanted.admin {
            self.giving.insert((driver, pool, device));
        }
    }

    fn take_back(&mut self, place: Place, way: usize, found: &Found) {
        self.results[place.claim].pop();
        if !self.claims[place.claim].0[place.request][way].admin {
            self.giving.remove(&found.id());
        }
    }
}

/// An attribute by its full name; one without a domain belongs to the driver's.
fn attribute<'a>(spec: &ResourceSliceSpec, device: &'a Device, name: &str) -> Option<&'a DeviceAttribute> {
    device.attributes.get(name).or_else(|| {
        let (domain, id) = name.split_once('/')?;
        if domain == spec.driver { device.attributes.get(id) } else { None }
    })
}

fn tolerates(toleration: &DeviceToleration, taint: &crate::model::DeviceTaint) -> bool {
    (toleration.effect.is_empty() || toleration.effect == taint.effect)
        && (toleration.key.is_empty() || toleration.key == taint.key)
        && match toleration.operator.as_str() {
            "" | "Equal" => toleration.value == taint.value,
            "Exists" => true,
            _ => false,
        }
}

/// The class whose devices may stand in for an extended resource that a node does not offer itself.
pub fn class_for_resource<'a>(world: &'a World, resource: &str) -> Option<&'a Obj> {
    world.listers.all(Kind::DeviceClass).find(|class| {
        let name = class.as_device_class().and_then(|class| class.spec.extended_resource_name.as_deref());
        name == Some(resource) || resource.strip_prefix("deviceclass.resource.kubernetes.io/") == Some(&*class.meta.name)
    })
}

/// Whether devices may stand in for an extended resource that a node does not offer itself.
pub fn is_backed_by_devices(world: &World, resource: &str) -> bool {
    class_for_resource(world, resource).is_some()
}

/// How many devices of a node could stand in for an extended resource, and how many of them are taken.
pub fn extended_resource_load(world: &World, node: &NodeInfo, resource: &str) -> Option<(i64, i64)> {
    let class = class_for_resource(world, resource)?.as_device_class()?;
    let (inventory, answers) = (Inventory::collect(world), Answers::default());
    let (mut there, mut taken) = (0, 0);
    for found in inventory.pools(node).iter().flat_map(|pool| &pool.devices) {
        let selectors = class.spec.selectors.iter().filter_map(|selector| selector.cel.as_ref());
        if selectors.map(|selector| answers.matches(&selector.expression, found.slice, found.at)).all(|answer| answer == Ok(true)) {
            there += 1;
            taken += i64::from(inventory.taken.contains(&found.id()));
        }
    }
    (there > 0).then_some((there, taken))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn world(devices: Value) -> World {
        let mut world = World::default();
        for json in [
            json!({"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "gpu"}, "spec": {"extendedResourceName": "example.com/gpu", "selectors": [{"cel": {"expression": "device.driver == 'd'"}}]}}),
            json!({"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": "s"}, "spec": {"driver": "d", "nodeName": "n", "pool": {"name": "n", "generation": 1, "resourceSliceCount": 1}, "devices": devices}}),
        ] {
            world.listers.set(&Arc::new(Object::from_json(json).unwrap()));
        }
        world
    }

    fn allocate(world: &World, claim: Value) -> Option<Vec<String>> {
        let claim: ResourceClaim = serde_json::from_value(json!({"spec": {"devices": claim}})).unwrap();
        let node = NodeInfo::new(0, "n".into());
        let results = Inventory::collect(world).allocate(world, &Answers::default(), &node, &[&claim]).unwrap();
        results.map(|results| results[0].iter().map(|result| result.device.clone()).collect())
    }

    #[test]
    fn claims_are_met_together_or_not_at_all() {
        let attributes = |numa: i64| json!({"numa": {"int": numa}});
        let world = world(
            json!([{"name": "a", "attributes": attributes(0)}, {"name": "b", "attributes": attributes(1)}, {"name": "c", "attributes": attributes(1)},
            {"name": "t", "taints": [{"key": "bad", "effect": "NoSchedule"}]}]),
        );
        let request = |name: &str, count: i64| json!({"name": name, "exactly": {"deviceClassName": "gpu", "count": count}});
        assert_eq!(allocate(&world, json!({"requests": [request("x", 2)]})), Some(vec!["a".into(), "b".into()]));
        assert_eq!(allocate(&world, json!({"requests": [request("x", 4)]})), None);
        let near = json!({"requests": [request("x", 1), request("y", 1)], "constraints": [{"matchAttribute": "d/numa"}]});
        assert_eq!(allocate(&world, near), Some(vec!["b".into(), "c".into()]));
        assert_eq!(
            allocate(&world, json!({"requests": [{"name": "x", "exactly": {"deviceClassName": "gpu", "allocationMode": "All"}}]})),
            None
        );
        let either = json!({"requests": [{"name": "x", "firstAvailable": [{"name": "many", "deviceClassName": "gpu", "count": 9}, {"name": "one", "deviceClassName": "gpu"}]}]});
        assert_eq!(allocate(&world, either), Some(vec!["a".into()]));
        assert!(is_backed_by_devices(&world, "example.com/gpu") && is_backed_by_devices(&world, "deviceclass.resource.kubernetes.io/gpu"));
        assert_eq!(extended_resource_load(&world, &NodeInfo::new(0, "n".into()), "example.com/gpu"), Some((4, 0)));
    }
}

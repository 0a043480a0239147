//! Admission by quota: a new object is charged to the ResourceQuotas that cover it, or refused.
//! Real: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go @ v1.37.2.

use super::ApiError;
use super::server::{Server, resource_of, write};
use crate::base::Time;
use crate::model::quota_usage::{concerns, in_scope, missing, usage};
use crate::model::{Kind, Obj, Object, ResourceList, Timestamp};
use crate::store::{Id, Key, Store};
use std::sync::Arc;

impl Server {
    /// Charges an object to all quotas of its namespace that it concerns, or to none; one that replaces `before` for what it
    /// costs more.
    pub(super) fn charge(&self, store: &mut Store, at: Time, object: &Object, before: Option<&Object>) -> Result<(), ApiError> {
        if object.meta.namespace.is_empty() || matches!(object.kind(), Kind::Event | Kind::Other) {
            return Ok(());
        }
        let all = store.now().list_in(Kind::ResourceQuota, &object.meta.namespace);
        let quotas: Vec<(Id, Obj)> = all.map(|(id, quota)| (id, quota.clone())).collect();
        if quotas.is_empty() {
            return Ok(());
        }
        let refuse = |text: String| ApiError::forbidden(&resource_of(&Key::of(object)), &object.meta.name, &text);
        let now = self.clock.timestamp(at);
        let mut charged = Vec::new();
        for (id, quota) in &quotas {
            if let Some(outcome) = with_charge(quota, object, before, now) {
                charged.push((*id, outcome.map_err(refuse)?));
            }
        }
        for (id, quota) in charged {
            write(store, at, id, quota);
        }
        Ok(())
    }
}

/// The quota with the object charged; nothing if it does not concern it; or why not.
fn with_charge(quota: &Obj, object: &Object, before: Option<&Object>, now: Timestamp) -> Option<Result<Object, String>> {
    let body = quota.as_resource_quota()?;
    let kind = object.kind();
    let (hard, used) = (&body.status.hard, &body.status.used);
    let limited: Vec<&String> = hard.keys().filter(|name| concerns(kind, name)).collect();
    // While the status says nothing, the spec tells whether the quota matters.
    let matters = !limited.is_empty() || body.spec.hard.keys().any(|name| concerns(kind, name));
    if !matters || !in_scope(&body.spec, object) {
        return None;
    }
    let name = &quota.meta.name;
    if let Some(text) = object.as_pod().and_then(|pod| missing(pod, &limited)) {
        return Some(Err(format!("failed quota: {name}: must specify {text}")));
    }
    let unknown: Vec<&str> = limited.iter().filter(|resource| !used.contains_key(**resource)).map(|name| name.as_str()).collect();
    if !unknown.is_empty() {
        return Some(Err(format!("status unknown for quota: {name}, resources: {}", unknown.join(","))));
    }
    let mut asked = usage(object, now);
    for (resource, paid) in before.filter(|before| in_scope(&body.spec, before)).map(|before| usage(before, now)).unwrap_or_default() {
        asked.entry(resource).and_modify(|amount| *amount -= paid);
    }
    asked.retain(|resource, amount| hard.contains_key(resource) && amount.sign() > 0);
    if asked.is_empty() {
        return None;
    }
    let after = |resource: &String| used.get(resource).copied().unwrap_or_default() + asked[resource];
    let exceeded: Vec<&String> = asked.keys().filter(|resource| after(resource) > hard[*resource]).collect();
    if !exceeded.is_empty() {
        let show = |amounts: &ResourceList| {
            let one = |resource: &&String| format!("{resource}={}", amounts.get(*resource).copied().unwrap_or_default());
            exceeded.iter().map(one).collect::<Vec<_>>().join(",")
        };
        let (requested, present, limit) = (show(&asked), show(used), show(hard));
        return Some(Err(format!("exceeded quota: {name}, requested: {requested}, used: {present}, limited: {limit}")));
    }
    let mut charged = (**quota).clone();
    let status = Arc::make_mut(&mut charged.as_resource_quota_mut().expect("found above").status);
    for (resource, amount) in asked {
        *status.used.entry(resource).or_default() += amount;
    }
    Some(Ok(charged))
}

#[cfg(test)]
mod tests {
    use super::super::Verb;
    use super::*;
    use crate::actor::Clock;
    use crate::base::Seed;
    use serde_json::{Value, json};

    struct World(Store, Server);

    impl World {
        fn create(&mut self, json: Value) -> Result<Obj, ApiError> {
            self.1.handle(&mut self.0, Time::ZERO, Verb::Create(Box::new(Object::from_json(json).unwrap())))
        }

        fn pod(&mut self, name: &str, resources: Value) -> String {
            let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
                "spec": {"containers": [{"name": "c", "image": "i", "resources": resources}]}});
            self.create(pod).map_or_else(|error| format!("{} {}", error.code(), error.message), |_| "fine".into())
        }
    }

    #[test]
    fn pods_are_charged_until_the_quota_is_used_up() {
        let mut world = World(Store::default(), Server::new(Seed(1), Clock { start_us: 0 }));
        world.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})).unwrap();
        let hard = json!({"requests.cpu": "2", "limits.memory": "2Gi"});
        let quota = world
            .create(json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default"}, "spec": {"hard": hard}}))
            .unwrap();
        let mut counted = (*quota).clone();
        let status = Arc::make_mut(&mut counted.as_resource_quota_mut().unwrap().status);
        status.hard = serde_json::from_value(hard).unwrap();
        assert_eq!(world.pod("early", json!({})), "fine");
        world.1.handle(&mut world.0, Time::ZERO, Verb::UpdateStatus(Box::new(counted.clone()))).unwrap();
        let asking = |cpu: &str| json!({"requests": {"cpu": cpu}, "limits": {"memory": "1Gi", "cpu": "9"}});
        assert_eq!(
            world.pod("unknown", asking("1")),
            "403 pods \"unknown\" is forbidden: status unknown for quota: q, resources: limits.memory,requests.cpu"
        );
        let status = Arc::make_mut(&mut counted.as_resource_quota_mut().unwrap().status);
        status.used = serde_json::from_value(json!({"requests.cpu": "0", "limits.memory": "0"})).unwrap();
        counted.meta.resource_version = 0;
        world.1.handle(&mut world.0, Time::ZERO, Verb::UpdateStatus(Box::new(counted))).unwrap();
        assert_eq!(
            world.pod("no-request", json!({})),
            "403 pods \"no-request\" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c"
        );
        assert_eq!(world.pod("ok", asking("1500m")), "fine");
        assert_eq!(
            world.pod("too-much", asking("600m")),
            "403 pods \"too-much\" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=1500m, limited: \
             requests.cpu=2"
        );
        assert_eq!(world.pod("fits", asking("500m")), "fine");
    }

    #[test]
    fn a_service_that_takes_more_is_charged_for_the_difference() {
        let mut world = World(Store::default(), Server::new(Seed(1), Clock { start_us: 0 }));
        world.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})).unwrap();
        let counted = json!({"services": "1", "services.nodeports": "1"});
        let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default"}, "spec": {"hard": counted}});
        let mut quota = (*world.create(quota).unwrap()).clone();
        let status = Arc::make_mut(&mut quota.as_resource_quota_mut().unwrap().status);
        status.hard = serde_json::from_value(counted).unwrap();
        status.used = serde_json::from_value(json!({"services": "0", "services.nodeports": "0"})).unwrap();
        world.1.handle(&mut world.0, Time::ZERO, Verb::UpdateStatus(Box::new(quota))).unwrap();
        let ports = |count: i32| (0..count).map(|at| json!({"name": format!("p{at}"), "port": 80 + at})).collect::<Vec<_>>();
        let service = |kind: &str, count: i32| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "default"}, "spec": {"type": kind, "ports": ports(count)}});
        world.create(service("ClusterIP", 2)).unwrap();
        let mut turn = |count: i32| {
            let key = Key::of(&Object::from_json(service("NodePort", count)).unwrap());
            let change = super::super::Patch::Merge(json!({"spec": {"type": "NodePort", "ports": ports(count)}}));
            let verb = Verb::Patch { target: key, subresource: super::super::Subresource::Main, patch: change };
            world.1.handle(&mut world.0, Time::ZERO, verb).map(|_| ()).map_err(|error| error.message)
        };
        let refused = "services \"s\" is forbidden: exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, \
                       limited: services.nodeports=1";
        assert_eq!(turn(2), Err(refused.into()));
        assert_eq!(turn(1), Ok(()));
    }
}

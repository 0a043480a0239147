//! Service accounts: each namespace has one named `default`.
//! Real: pkg/controller/serviceaccount/serviceaccounts_controller.go @ v1.37.2.

use super::ControllerManager;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::{Ctx, Kinds};
use crate::api::Verb;
use crate::model::{Body, Kind, Meta, Object, ServiceAccount};
use crate::store::{Change, Id};

/// The account that every namespace has.
const DEFAULT: &str = "default";

/// The controller.
pub struct ServiceAccounts {
    limits: Option<Limits>,
}

impl ServiceAccounts {
    /// With the kube-controller-manager's settings.
    pub fn new(settings: &ControllerManager) -> ServiceAccounts {
        ServiceAccounts { limits: settings.client_limits() }
    }
}

impl Controller for ServiceAccounts {
    type Progress = ();

    fn name(&self) -> &'static str {
        "service-account-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Namespace, Kind::ServiceAccount])
    }

    fn workers(&self) -> usize {
        1
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let object = change.object();
        match object.kind() {
            Kind::Namespace if change.after.is_some() => work.add(change.id),
            // One that is deleted is made anew.
            Kind::ServiceAccount if change.after.is_none() && &*object.meta.name == DEFAULT => {
                if let Some(id) = cx.view.find_id(Kind::Namespace, "", &object.meta.namespace) {
                    work.add(id);
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<()>, cx: &mut Ctx<'_>) -> Step {
        if let Some(answer) = sync.answers.first() {
            let harmless = |code: u16| code == 409 || code == 403;
            return answer.as_ref().err().filter(|e| !harmless(e.code())).map_or(Step::Done, |error| Step::Retry(error.to_string()));
        }
        let Some(object) = cx.view.get(key) else { return Step::Done };
        let active = object.as_namespace().is_some_and(|namespace| &*namespace.status.phase == "Active");
        let name = &object.meta.name;
        if !active || object.meta.is_deleting() || cx.view.find(Kind::ServiceAccount, name, DEFAULT).is_some() {
            return Step::Done;
        }
        let meta = Meta { name: DEFAULT.into(), namespace: name.clone(), ..Meta::default() };
        Step::call(Verb::Create(Box::new(Object { meta, body: Body::ServiceAccount(ServiceAccount::default()) })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Clock;
    use crate::actor::controller::ControllerActor;
    use crate::base::{Seed, Time};
    use crate::sim::{Latency, Settings, Sim};
    use crate::store::Key;
    use serde_json::json;

    #[test]
    fn every_namespace_gets_its_account_and_keeps_it() {
        let mut sim = Sim::new(Settings { seed: Seed(1), clock: Clock { start_us: 0 }, latency: Latency::default() });
        sim.add_actor(Box::new(ControllerActor::new(ServiceAccounts::new(&ControllerManager::default()))));
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
        sim.request_now(Verb::Create(Box::new(Object::from_json(namespace).unwrap()))).unwrap();
        sim.run_until(Time::from_s(1));
        let uid = |sim: &Sim| sim.store().now().find(Kind::ServiceAccount, "shop", "default").unwrap().meta.uid.clone();
        let first = uid(&sim);
        let key = Key { kind: Kind::ServiceAccount, group_kind: Default::default(), namespace: "shop".into(), name: "default".into() };
        sim.request_now(Verb::delete(key)).unwrap();
        sim.run_until(Time::from_s(2));
        assert_ne!(uid(&sim), first);
    }
}

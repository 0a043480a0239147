//! A controller does not reconcile an object before its view shows what it last wrote for it.
//! Real: pkg/controller/util/consistency (feature gates StaleControllerConsistency*, on by default) @ v1.37.2.

use crate::base::collections::Map;
use crate::model::Object;
use crate::store::{Id, View};

/// The last version written for each owner.
#[derive(Clone, Debug, Default)]
pub struct Consistency(Map<Id, u64>);

impl Consistency {
    /// The controller wrote an object for the owner, or the owner itself.
    pub fn wrote(&mut self, owner: Id, object: &Object) {
        let last = self.0.get_or_insert_with(owner, || 0);
        *last = (*last).max(object.meta.resource_version);
    }

    /// Whether the view shows all that was written for the owner; if not, what to say.
    pub fn ensure_ready(&mut self, owner: Id, view: View<'_>) -> Result<(), String> {
        match self.0.get(&owner) {
            Some(wrote) if *wrote > view.version() => {
                Err(format!("read version: {} is not as new as written version: {wrote}", view.version()))
            }
            Some(_) => {
                self.0.remove(&owner);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The owner is gone.
    pub fn forget(&mut self, owner: Id) {
        self.0.remove(&owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;
    use crate::model::{Body, ConfigMap, Meta};
    use crate::store::{Key, Store};

    #[test]
    fn a_view_from_before_the_write_is_not_ready() {
        let mut store = Store::default();
        let meta = Meta { name: "a".into(), ..Meta::default() };
        let object = Object { meta, body: Body::ConfigMap(ConfigMap::default()) };
        let id = store.intern(Key::of(&object));
        store.commit(Time::ZERO, id, Some(object));
        let written = store.current(id).unwrap().clone();
        let mut consistency = Consistency::default();
        assert!(consistency.ensure_ready(id, store.view(0)).is_ok());
        consistency.wrote(id, &written);
        assert!(consistency.ensure_ready(id, store.view(0)).is_err());
        assert!(consistency.ensure_ready(id, store.view(1)).is_ok());
        consistency.wrote(id, &written);
        consistency.forget(id);
        assert!(consistency.ensure_ready(id, store.view(0)).is_ok());
    }
}

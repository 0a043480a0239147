//! resourceVersions rise by one with every commit, objects carry them, and what names an object never changes.

use super::{Law, Moment};
use crate::store::{Key, LogEntry};

/// The law.
#[derive(Default)]
pub struct Versions {
    last: u64,
}

impl Law for Versions {
    fn name(&self) -> &'static str {
        "resource-versions-rise"
    }

    fn about(&self) -> &'static str {
        "resourceVersions rise by one; uid and creationTimestamp stay; generation never falls"
    }

    fn commit(&mut self, _moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        let last = std::mem::replace(&mut self.last, entry.version);
        if entry.version != last + 1 {
            return Err(format!("{}/{} was written as version {} after {last}", key.namespace, key.name, entry.version));
        }
        let Some(after) = &entry.after else { return Ok(()) };
        if after.meta.resource_version != entry.version {
            return Err(format!("{} carries version {} in commit {}", key.name, after.meta.resource_version, entry.version));
        }
        let Some(before) = &entry.before else { return Ok(()) };
        let (a, b) = (&before.meta, &after.meta);
        if a.uid != b.uid || a.creation_timestamp != b.creation_timestamp {
            return Err(format!("{}/{} changed its uid or its time of creation", key.namespace, key.name));
        }
        if b.generation < a.generation {
            return Err(format!("{}/{} went from generation {} to {}", key.namespace, key.name, a.generation, b.generation));
        }
        if a.deletion_timestamp.is_some() && b.deletion_timestamp.is_none() {
            return Err(format!("{}/{} was being deleted and no longer is", key.namespace, key.name));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_falling_generation_breaks_it() {
        let mut bench = Bench::new(Versions::default());
        bench.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "d", "generation": 2}})).unwrap();
        let broken =
            bench.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "d", "generation": 1}}));
        assert_eq!(broken.unwrap_err(), "d/a went from generation 2 to 1");
        let renamed = bench.put(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "d", "generation": 3, "uid": "x"}}),
        );
        assert!(renamed.unwrap_err().contains("changed its uid"));
    }
}

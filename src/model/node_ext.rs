//! What many components ask of nodes, taints and pod conditions.
//! Real: staging/src/k8s.io/api/core/v1/{taint,toleration}.go, staging/src/k8s.io/component-helpers/node/topology/helpers.go,
//! pkg/api/v1/pod/util.go @ v1.37.2.

use super::*;

impl Taint {
    /// Whether both are the same taint: key and effect.
    pub fn matches(&self, other: &Taint) -> bool {
        self.key == other.key && self.effect == other.effect
    }
}

impl Toleration {
    /// Whether it bears a taint.
    pub fn bears(&self, taint: &Taint) -> bool {
        if !self.effect.is_empty() && self.effect != taint.effect || !self.key.is_empty() && self.key != taint.key {
            return false;
        }
        let numbers = || Some((self.value.parse::<i64>().ok()?, taint.value.parse::<i64>().ok()?));
        match self.operator.as_str() {
            "" | "Equal" => self.value == taint.value,
            "Exists" => true,
            "Lt" => numbers().is_some_and(|(borne, found)| found < borne),
            "Gt" => numbers().is_some_and(|(borne, found)| found > borne),
            _ => false,
        }
    }
}

impl Node {
    /// A condition by its type.
    pub fn condition(&self, type_: &str) -> Option<&NodeCondition> {
        self.status.conditions.iter().find(|condition| &*condition.r#type == type_)
    }

    /// Whether the condition Ready is True.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|condition| &*condition.status == "True")
    }
}

/// The failure zone that a node's labels name: region and zone, empty if neither.
pub fn zone_key(labels: &Labels) -> String {
    let label = |old: &str, new: &str| labels.get(old).or(labels.get(new)).unwrap_or_default().to_string();
    let zone = label("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone");
    let region = label("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region");
    if zone.is_empty() && region.is_empty() { String::new() } else { format!("{region}:\0:{zone}") }
}

impl PodStatus {
    /// Puts a condition in the place of the one of its type, or adds it; the transition time changes only with the status.
    /// Says whether anything changed.
    pub fn update_condition(&mut self, mut condition: PodCondition, now: Timestamp) -> bool {
        condition.last_transition_time = Some(now);
        let Some(place) = self.conditions.iter_mut().find(|old| old.r#type == condition.r#type) else {
            self.conditions.push(condition);
            return true;
        };
        if place.status == condition.status {
            condition.last_transition_time = place.last_transition_time;
        }
        let essence = |c: &PodCondition| (c.status.clone(), c.reason.clone(), c.message.clone(), c.last_probe_time, c.last_transition_time);
        let changed = essence(place) != essence(&condition);
        *place = condition;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tolerations_bear_taints() {
        let taint: Taint = serde_json::from_value(json!({"key": "k", "value": "5", "effect": "NoExecute"})).unwrap();
        for (toleration, want) in [
            (json!({"operator": "Exists"}), true),
            (json!({"key": "k", "operator": "Exists", "effect": "NoSchedule"}), false),
            (json!({"key": "k", "value": "5"}), true),
            (json!({"key": "k", "value": "6"}), false),
            (json!({"key": "k", "operator": "Lt", "value": "6"}), true),
            (json!({"key": "k", "operator": "Gt", "value": "6"}), false),
            (json!({"key": "j", "operator": "Exists"}), false),
        ] {
            let toleration: Toleration = serde_json::from_value(toleration).unwrap();
            assert_eq!(toleration.bears(&taint), want, "{toleration:?}");
        }
    }

    #[test]
    fn zones_are_region_and_zone() {
        assert_eq!(zone_key(&Labels::default()), "");
        let labels = Labels::from_pairs([("topology.kubernetes.io/zone", "a"), ("topology.kubernetes.io/region", "r")]);
        assert_eq!(zone_key(&labels), "r:\0:a");
    }

    #[test]
    fn a_condition_keeps_its_transition_time_with_its_status() {
        let mut status = PodStatus::default();
        let ready = |value: &str| PodCondition { r#type: "Ready".into(), status: value.into(), ..PodCondition::default() };
        assert!(status.update_condition(ready("True"), Timestamp(1)));
        assert!(!status.update_condition(ready("True"), Timestamp(2)));
        assert_eq!(status.conditions[0].last_transition_time, Some(Timestamp(1)));
        assert!(status.update_condition(ready("False"), Timestamp(3)));
        assert_eq!(status.conditions[0].last_transition_time, Some(Timestamp(3)));
    }
}

//! What pods use, as the metrics API shows it: a PodMetrics object for each pod while there is anybody who asks (a
//! HorizontalPodAutoscaler). It comes and goes as other objects do; in between a newer sample takes the place of the older one
//! without a write, as a metrics-server holds samples in memory.
//! Real: the kubelet's /metrics/resource and metrics-server, which asks for it every 15 s; here a change shows at once.

use super::pod::{self, Due, State};
use super::worker::Kubelet;
use crate::api::Verb;
use crate::model::{Body, Kind, Meta, Object, Other, Quantity};
use crate::store::Key;
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(super) const API_VERSION: &str = "metrics.k8s.io/v1beta1";

impl Kubelet<'_, '_> {
    /// Writes the pod's usage if it differs from what was written last.
    pub fn report_usage(&mut self) {
        if !self.shared.usage_wanted {
            return;
        }
        if !self.node.online {
            return;
        }
        let now = self.cx.now;
        let spec = self.pod.pod().spec.clone();
        let mut usage = Vec::new();
        let mut next = None;
        for live in self.pod.lives.iter().filter(|live| live.seen.state == State::Running) {
            let listens = live.listens <= now;
            if !listens {
                next = Some(next.map_or(live.listens, |at: crate::base::Time| at.min(live.listens)));
            }
            let memory = if listens { live.memory_bytes } else { live.memory_bytes / 2 };
            let which = live.seen.which;
            // The first of the regular containers is the one that serves.
            let busy = if which == pod::regular(&spec).start && listens { self.pod.busy_milli } else { 0 };
            usage.push((which, live.cpu_milli + busy, memory));
        }
        if let Some(next) = next.filter(|at| *at < crate::base::Time::MAX) {
            self.set_due(Due::Usage, next);
        }
        if self.pod.usage == usage {
            return;
        }
        let known = !self.pod.usage.is_empty();
        self.pod.usage = usage.clone();
        let key = self.usage_key();
        if usage.is_empty() {
            self.cx.request(Verb::delete(key));
            return;
        }
        let shown: Vec<Value> = usage
            .iter()
            .map(|&(which, cpu, memory)| {
                let (cpu, memory) = (Quantity::from_milli(cpu), Quantity::from_binary(memory));
                json!({"name": pod::spec_of(&spec, which).name, "usage": {"cpu": cpu.to_string(), "memory": memory.to_string()}})
            })
            .collect();
        let fields = json!({"timestamp": self.cx.timestamp().to_string(), "window": "15s", "containers": shown});
        let Value::Object(fields) = fields else { unreachable!("a map") };
        if !known {
            self.cx.request(self.usage_object(fields));
        } else if self.cx.view.id(key.as_ref()).is_some_and(|id| self.cx.view.get(id).is_some()) {
            self.cx.settle(Verb::Sample { target: key, fields: Arc::new(fields) });
        } else {
            // The first sample is on its way still.
            self.cx.request(Verb::edit(key, move |object| set(object, &fields)));
        }
    }

    fn usage_key(&self) -> Key {
        let meta = &self.pod.object.meta;
        let group_kind = format!("{API_VERSION}/PodMetrics").into();
        Key { kind: Kind::Other, group_kind, namespace: meta.namespace.clone(), name: meta.name.clone() }
    }

    fn usage_object(&self, fields: Map<String, Value>) -> Verb {
        let own = &self.pod.object.meta;
        let meta = Meta { name: own.name.clone(), namespace: own.namespace.clone(), labels: own.labels.clone(), ..Meta::default() };
        let body = Body::Other(Other { api_version: API_VERSION.into(), kind: "PodMetrics".into(), fields: Arc::new(fields) });
        Verb::Create(Box::new(Object { meta, body }))
    }
}

fn set(object: &mut Object, fields: &Map<String, Value>) {
    if let Body::Other(other) = &mut object.body {
        other.fields = Arc::new(fields.clone());
    }
}

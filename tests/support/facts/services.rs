//! Facts of EndpointSlices and Endpoints, by Service.

use super::{Facts, Names, at, list, text, tracks};
use crate::support::stream::Line;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Service {
    slices: BTreeMap<String, Value>,
    created: usize,
    managed_by: BTreeSet<String>,
    counts: Vec<Value>,
    named: Vec<Value>,
}

/// Adds the facts of all Services.
pub fn facts(lines: &[Line], names: &Names, facts: &mut Facts) {
    let mut services: BTreeMap<String, Service> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.kind == "EndpointSlice") {
        let labels = &line.object["metadata"]["labels"];
        let service = services.entry(labels["kubernetes.io/service-name"].as_str().unwrap_or("").to_string()).or_default();
        let name = text(&line.object, "metadata.name");
        match line.event.as_str() {
            "DELETED" => service.slices.remove(&name),
            _ => service.slices.insert(name, line.object.clone()),
        };
        service.created += usize::from(line.event == "ADDED");
        service.managed_by.extend(labels["endpointslice.kubernetes.io/managed-by"].as_str().map(String::from));
        service.note(names);
    }
    for (name, service) in services {
        let mut sizes: Vec<usize> = service.slices.values().map(|slice| list(slice, "endpoints").len()).collect();
        sizes.sort_unstable();
        let of_service = json!({
            "counts_seq": service.counts,
            "named_seq(pod,ready,serving,terminating)": service.named,
            "slices_created": service.created,
            "final_slice_sizes": sizes,
            "managed_by": service.managed_by,
        });
        facts.insert(format!("EndpointSlices/{name}"), of_service);
    }
    let addresses = |version: &Value| {
        let count = |field: &str| list(version, "subsets").iter().map(|subset| list(subset, field).len()).sum::<usize>();
        json!([count("addresses"), count("notReadyAddresses")])
    };
    for track in tracks(lines, names).iter().filter(|track| track.kind == "Endpoints") {
        let of_track = json!({"ready_notready_seq": track.seq(addresses), "deleted": track.deleted});
        facts.insert(format!("Endpoints/{}", track.name), of_track);
    }
}

impl Service {
    fn note(&mut self, names: &Names) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut named = Vec::new();
        for endpoint in self.slices.values().flat_map(|slice| list(slice, "endpoints")) {
            let is = |condition: &str| at(endpoint, &format!("conditions.{condition}")) == Some(&Value::Bool(true));
            let (ready, serving, terminating) = (is("ready"), is("serving"), is("terminating"));
            let words = [if ready { "ready" } else { "not-ready" }, if serving { "serving" } else { "not-serving" }];
            *counts.entry(words.join(" ") + if terminating { " terminating" } else { "" }).or_default() += 1;
            named.push((names.object("Pod", &text(endpoint, "targetRef.name")), ready, serving, terminating));
        }
        named.sort();
        push_new(&mut self.counts, json!(counts));
        push_new(&mut self.named, json!(named));
    }
}

fn push_new(seq: &mut Vec<Value>, value: Value) {
    if seq.last() != Some(&value) {
        seq.push(value);
    }
}

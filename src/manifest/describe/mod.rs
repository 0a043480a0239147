//! `kubectl describe`: an object, what belongs to it, and its Events, as kubectl words it.
//! Real: staging/src/k8s.io/kubectl/pkg/describe/describe.go @ v1.37.2.
//!
//! Pure: an object, a view of the store to look up what belongs to it, and an instant in, text out.

mod generic;
mod node;
mod pod;
mod workloads;
mod writer;

use super::table::human_duration;
use crate::model::*;
use crate::store::View;
use writer::Writer;

/// Describes an object as `kubectl describe` does at the instant `now`.
pub fn describe(object: &Object, view: View<'_>, now: MicroTime) -> String {
    let mut out = Writer::default();
    match &object.body {
        Body::Pod(body) => pod::pod(&object.meta, body, now, &mut out),
        Body::Node(body) => node::node(&object.meta, body, view, now, &mut out),
        Body::Deployment(body) => workloads::deployment(&object.meta, body, view, &mut out),
        Body::ReplicaSet(body) => workloads::replica_set(&object.meta, body, view, &mut out),
        Body::Service(body) => workloads::service(&object.meta, body, view, &mut out),
        _ => generic::generic(object, &mut out),
    }
    events(object, view, now, &mut out);
    out.finish()
}

/// Describes the template of a workload, as `kubectl rollout history --revision` does.
pub fn pod_template(template: &PodTemplateSpec) -> String {
    let mut out = Writer::default();
    pod::template(template, &mut out);
    out.finish()
}

/// The descriptions of several objects, two empty lines between, as kubectl prints them.
pub fn describe_all<'a>(objects: impl IntoIterator<Item = &'a Object>, view: View<'_>, now: MicroTime) -> String {
    let texts: Vec<String> = objects.into_iter().map(|object| describe(object, view, now)).collect();
    texts.join("\n\n")
}

/// The table of the Events about an object, the oldest first.
fn events(object: &Object, view: View<'_>, now: MicroTime, out: &mut Writer) {
    let uid = &object.meta.uid;
    let about = |event: &Event| {
        // Events about nodes carry the node's name in place of its uid.
        let same_uid = event.about_uid == *uid || object.kind() == Kind::Node && event.about_uid == object.meta.name;
        *event.origin.about_kind == *object.kind_name()
            && event.about_name == object.meta.name
            && (same_uid || event.about_uid.is_empty() || uid.is_empty())
    };
    let mut found: Vec<&Obj> = if object.kind().scope() == Scope::Namespaced {
        view.list_in(Kind::Event, &object.meta.namespace).map(|(_, event)| event).collect()
    } else {
        view.list(Kind::Event).map(|(_, event)| event).collect()
    };
    found.retain(|event| event.as_event().is_some_and(about));
    found.sort_by_key(|event| event.as_event().map(last_seen));
    if found.is_empty() {
        out.line(0, "Events:\t<none>");
        return;
    }
    out.flush();
    out.line(0, "Events:");
    out.line(1, "Type\tReason\tAge\tFrom\tMessage");
    out.line(1, "----\t------\t----\t----\t-------");
    for event in found.iter().filter_map(|event| event.as_event()) {
        let (origin, source) = (&event.origin, event.component());
        let message = match &*origin.about_field {
            "" => event.message.trim().to_string(),
            path => format!("{path}: {}", event.message.trim()),
        };
        out.line(1, format!("{}\t{}\t{}\t{source}\t{message}", origin.r#type, origin.reason, interval(event, now)));
    }
}

/// When an Event was last seen, in microseconds.
fn last_seen(event: &Event) -> i64 {
    let series = event.series().and_then(|series| series.last_observed_time).map(|time| time.0);
    let seconds = |time: Option<Timestamp>| time.map(|time| time.0 * 1_000_000);
    series.or(seconds(event.last_timestamp)).or(event.event_time.map(|time| time.0)).or(seconds(event.first_timestamp)).unwrap_or(0)
}

/// `5s`, or `2s (x3 over 10s)`.
fn interval(event: &Event, now: MicroTime) -> String {
    let ago = |us: Option<i64>| us.map_or("<unknown>".to_string(), |us| human_duration(now.0 - us));
    let seconds = |time: Option<Timestamp>| time.map(|time| time.0 * 1_000_000);
    let first = ago(event.event_time.map(|time| time.0).or(seconds(event.first_timestamp)));
    match event.series() {
        Some(series) => format!("{} (x{} over {first})", ago(series.last_observed_time.map(|time| time.0)), series.count),
        None if event.count > 1 => format!("{} (x{} over {first})", ago(seconds(event.last_timestamp)), event.count),
        None => first,
    }
}

/// `Sun, 29 Mar 2026 06:55:00 +0000`
fn date(time: Timestamp) -> String {
    jiff::Timestamp::from_second(time.0).map_or_else(|_| "<invalid>".into(), |time| time.strftime("%a, %d %b %Y %H:%M:%S %z").to_string())
}

fn micro_date(time: MicroTime) -> String {
    date(Timestamp(time.0.div_euclid(1_000_000)))
}

/// Name and namespace of an object, its labels and annotations.
fn labels(meta: &Meta, out: &mut Writer) {
    out.pairs("Labels", &meta.labels);
    out.annotations("Annotations", &meta.annotations);
}

#[cfg(test)]
mod tests;

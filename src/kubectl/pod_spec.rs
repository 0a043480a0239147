//! The pod template of whatever has one.
//! Real: staging/src/k8s.io/kubectl/pkg/polymorphichelpers/updatepodspec.go @ v1.37.2.

use crate::model::{Body, Container, Object, PodSpec, PodTemplateSpec};
use std::sync::Arc;

/// The template of a workload.
pub fn template(object: &mut Object) -> Option<&mut PodTemplateSpec> {
    Some(match &mut object.body {
        Body::Deployment(body) => &mut Arc::make_mut(&mut body.spec).template,
        Body::ReplicaSet(body) => &mut Arc::make_mut(&mut body.spec).template,
        Body::StatefulSet(body) => &mut Arc::make_mut(&mut body.spec).template,
        Body::DaemonSet(body) => &mut Arc::make_mut(&mut body.spec).template,
        Body::Job(body) => &mut Arc::make_mut(&mut body.spec).template,
        Body::CronJob(body) => &mut Arc::make_mut(&mut Arc::make_mut(&mut body.spec).job_template.spec).template,
        Body::ReplicationController(body) => Arc::make_mut(&mut body.spec).template.get_or_insert_default(),
        _ => return None,
    })
}

/// The pod spec of a workload or pod.
pub fn of(object: &mut Object) -> Option<&mut PodSpec> {
    if object.as_pod().is_some() {
        return object.as_pod_mut().map(|pod| Arc::make_mut(&mut pod.spec));
    }
    template(object).map(|template| Arc::make_mut(&mut template.spec))
}

/// Containers whose name fits a pattern with `*`.
pub fn selected<'a>(spec: &'a mut PodSpec, pattern: &'a str) -> impl Iterator<Item = &'a mut Container> {
    spec.containers.iter_mut().chain(&mut spec.init_containers).filter(move |container| fits(pattern, &container.name))
}

/// Whether a name fits a pattern with at most one `*`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_one_star() {
        assert!(fits("*", "app") && fits("a*", "app") && fits("a*p", "app") && fits("app", "app"));
        assert!(!fits("b*", "app") && !fits("ap*pp", "app") && !fits("", "app"));
    }
}

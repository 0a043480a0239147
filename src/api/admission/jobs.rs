//! A new Job selects its pods by its own uid, unless it brings a selector.
//! Real: pkg/registry/batch/job/strategy.go (generateSelector) @ v1.37.2.

use crate::model::*;
use std::sync::Arc;

/// The old and the new name of the label with the Job's name.
const NAME_LABELS: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];
/// The old and the new name of the label with the Job's uid.
const UID_LABELS: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];

/// Adds labels to the template and the selector.
pub fn prepare(object: &mut Object) {
    let Body::Job(job) = &mut object.body else { return };
    if job.spec.manual_selector == Some(true) {
        return;
    }
    let spec = Arc::make_mut(&mut job.spec);
    let labels = &mut spec.template.metadata.labels;
    for (keys, value) in [(NAME_LABELS, &object.meta.name), (UID_LABELS, &object.meta.uid)] {
        for key in keys {
            if !labels.contains(key) {
                labels.set(key, value.clone());
            }
        }
    }
    let selector = spec.selector.get_or_insert_default();
    if !selector.match_labels.contains(UID_LABELS[1]) {
        selector.match_labels.set(UID_LABELS[1], object.meta.uid.clone());
    }
}

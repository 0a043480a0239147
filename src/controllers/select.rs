//! Pods that a selector matches, found by an index where the selector allows it.

use crate::model::{Kind, Obj, Operator, Selector, Str};
use crate::store::{Id, View};

/// Pods of a namespace that a selector matches, in order of their numbers.
pub fn pods<'a>(view: View<'a>, namespace: &Str, selector: &Selector) -> Vec<(Id, &'a Obj)> {
    if selector.is_nothing() {
        return Vec::new();
    }
    let one_value = |operator| matches!(operator, Operator::Equals | Operator::DoubleEquals | Operator::In);
    let pair = selector.requirements().iter().find(|demand| one_value(demand.operator()) && demand.values().len() == 1);
    let matches = |(_, pod): &(Id, &Obj)| selector.matches(&pod.meta.labels);
    match pair {
        Some(demand) => view.pods_labelled(namespace, demand.key(), &demand.values()[0]).filter(matches).collect(),
        None => view.list_in(Kind::Pod, namespace).filter(matches).collect(),
    }
}

//! The objects that expressions are about, by kind, namespace and name; and the functions by which expressions reach them.

use super::values::{ListVal, MapVal, ObjectVal, condition, map};
use crate::actor::Clock;
use crate::api::server::plural_of;
use crate::base::{Span, Time};
use crate::manifest::schema::{Ref, Schema};
use crate::model::{Kind, Obj, Scope, Selector, Str, Timestamp};
use cel::common::types::{CelDouble, CelString};
use cel::common::value::{CowVal, Val};
use cel::{Context, ExecutionError, FunctionContext};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

/// Where objects of a kind are kept: by the kind, and its name if it is not modelled.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Table {
    /// The kind.
    pub kind: Kind,
    /// The kind's name, if it is not modelled.
    pub other: Str,
}

impl Table {
    /// The table of an object.
    pub fn of(object: &Obj) -> Table {
        let other = if object.kind() == Kind::Other { object.kind_name().into() } else { Str::default() };
        Table { kind: object.kind(), other }
    }

    fn is_namespaced(&self) -> bool {
        self.kind.scope() == Scope::Namespaced
    }
}

/// What a function of an expression gives: one object by name, or all.
pub fn function(name: &str) -> Option<(Table, bool)> {
    let lower = name.to_lowercase();
    for kind in Kind::ALL {
        let many = kind.plural() == lower;
        if many || kind.name().to_lowercase() == lower {
            return Some((Table { kind: *kind, other: Str::default() }, many));
        }
    }
    for (_, kind) in Schema::get().kinds() {
        let singular = kind.to_lowercase();
        let many = plural_of(kind) == lower;
        if (many || singular == lower) && !kind.ends_with("List") && !kind.ends_with("Options") {
            return Some((Table { kind: Kind::Other, other: kind.into() }, many));
        }
    }
    None
}

/// Names of functions for objects, for "did you mean".
pub fn function_names() -> Vec<String> {
    Kind::ALL.iter().flat_map(|kind| [kind.name().to_lowercase(), kind.plural().to_string()]).collect()
}

/// Which objects a list has.
#[derive(Clone, PartialEq, Debug)]
pub struct Listed {
    /// Of which kind.
    pub table: Table,
    /// In which namespace; `*` means all.
    pub namespace: String,
    /// With which labels.
    pub selector: Selector,
}

impl Listed {
    /// Whether an object is one of them.
    pub fn has(&self, object: &Obj) -> bool {
        let here = !self.table.is_namespaced() || self.namespace == "*" || *object.meta.namespace == *self.namespace;
        here && Table::of(object) == self.table && self.selector.matches(&object.meta.labels)
    }
}

/// What names an object within its table.
pub type Name = (Str, Str);

/// The objects.
pub struct World {
    clock: Clock,
    tables: BTreeMap<Table, BTreeMap<Name, ObjectVal>>,
}

impl World {
    /// An empty world with tables for these kinds; others are not kept.
    pub fn new(clock: Clock, tables: impl IntoIterator<Item = Table>) -> World {
        World { clock, tables: tables.into_iter().map(|table| (table, BTreeMap::new())).collect() }
    }

    /// Whether objects of this one's kind are kept.
    pub fn keeps(&self, object: &Obj) -> bool {
        self.tables.contains_key(&Table::of(object))
    }

    /// Takes note of a change; gives back the object as a value if it is there now.
    pub fn note(&mut self, before: Option<&Obj>, after: Option<&Obj>) -> Option<ObjectVal> {
        let object = after.or(before)?;
        let zone = self.zone(object);
        let table = self.tables.get_mut(&Table::of(object))?;
        let name = (object.meta.namespace.clone(), object.meta.name.clone());
        match after {
            None => {
                table.remove(&name);
                None
            }
            Some(after) => {
                let value = ObjectVal::new(after.clone(), zone);
                table.insert(name, value.clone());
                Some(value)
            }
        }
    }

    fn zone(&self, object: &Obj) -> Arc<str> {
        let Some(pod) = object.as_pod().filter(|pod| !pod.node_name.is_empty()) else { return "".into() };
        let nodes = self.tables.get(&Table { kind: Kind::Node, other: Str::default() });
        let node = nodes.and_then(|nodes| nodes.get(&(Str::default(), pod.node_name.clone())));
        node.and_then(|node| node.object().meta.labels.get("topology.kubernetes.io/zone")).unwrap_or("").into()
    }

    fn find(&self, table: &Table, namespace: &str, name: &str) -> Option<&ObjectVal> {
        let namespace = if table.is_namespaced() { namespace } else { "" };
        self.tables.get(table)?.get(&(namespace.into(), name.into()))
    }

    /// The objects of a list, in order of namespace and name.
    pub fn list<'w>(&'w self, listed: &'w Listed) -> impl Iterator<Item = (&'w Name, &'w ObjectVal)> {
        self.tables.get(&listed.table).into_iter().flatten().filter(|(_, value)| listed.has(value.object()))
    }
}

/// A function of an expression.
type Function = Box<
    dyn for<'context, 'call> Fn(&mut FunctionContext<'context, 'call>) -> Result<CowVal<'context, 'call>, ExecutionError> + Send + Sync,
>;

fn text(value: Option<&CowVal<'_, '_>>) -> Option<String> {
    Some(value?.downcast_ref::<CelString<'_>>()?.inner().to_string())
}

/// The namespace before a function: that of `namespace(name)`, else the default one.
fn namespace(this: Option<&CowVal<'_, '_>>, name: &str) -> Result<String, ExecutionError> {
    let Some(this) = this else { return Ok("default".into()) };
    let map = this.downcast_ref::<MapVal>().cloned();
    let map = map.or_else(|| this.downcast_ref::<ObjectVal>().map(|object| object.fields().clone()));
    let found = map.and_then(|map| map.namespace);
    found.map(|name| name.to_string()).ok_or_else(|| ExecutionError::function_error(name, "only namespace(name) may stand before it"))
}

/// Adds the functions that an expression uses to its context.
pub fn add_functions(context: &mut Context<'_, '_>, names: &[String], world: &Arc<RwLock<World>>) {
    for name in names {
        let Some((table, many)) = function(name) else { continue };
        let world = world.clone();
        let called = name.clone();
        let made: Function = if many {
            Box::new(move |call| {
                let selector: Selector = text(call.args.first())
                    .unwrap_or_default()
                    .parse()
                    .map_err(|error| ExecutionError::function_error(&called, format!("bad selector: {error}")))?;
                let listed = Listed { table: table.clone(), namespace: namespace(call.this.as_ref(), &called)?, selector };
                let world = world.read().expect("no writer panics");
                let items: Vec<Box<dyn Val>> = world.list(&listed).map(|(_, value)| Box::new(value.clone()) as Box<dyn Val>).collect();
                Ok(CowVal::owned(ListVal(Arc::new(items))))
            })
        } else {
            Box::new(move |call| {
                let name = text(call.args.first()).ok_or_else(|| ExecutionError::function_error(&called, "it takes a name"))?;
                let namespace = namespace(call.this.as_ref(), &called)?;
                let world = world.read().expect("no writer panics");
                match world.find(&table, &namespace, &name) {
                    Some(found) => Ok(CowVal::owned(found.clone())),
                    None if table.kind == Kind::Namespace => Ok(CowVal::owned(absent_namespace(&name))),
                    None => {
                        Err(ExecutionError::function_error(&called, format!("there is no {called} \"{name}\" in namespace {namespace}")))
                    }
                }
            })
        };
        context.add_function(name, made).expect("no function of the standard library has the name of a kind");
    }
    add_helpers(context, world);
}

/// A namespace that does not exist (yet) may still stand before functions, as may `*`, which means all.
fn absent_namespace(name: &str) -> MapVal {
    let mut map = map(&json!({"metadata": {"name": name}}), Some(&Ref::Struct("core.v1.Namespace")));
    map.namespace = Some(name.into());
    map
}

fn add_helpers(context: &mut Context<'_, '_>, world: &Arc<RwLock<World>>) {
    let clock = world.read().expect("no writer panics").clock;
    let of_condition: Function = Box::new(|call| {
        let kind = text(call.args.first()).ok_or_else(|| ExecutionError::function_error("condition", "it takes the condition's type"))?;
        let Some(this) = &call.this else { return Err(ExecutionError::missing_argument_or_target()) };
        if let Some(object) = this.downcast_ref::<ObjectVal>() {
            return Ok(CowVal::Owned(object.condition(&kind)));
        }
        let map = this.downcast_ref::<MapVal>().ok_or_else(|| ExecutionError::function_error("condition", "it belongs to an object"))?;
        Ok(CowVal::Owned(condition(map, &kind)))
    });
    let has: Function = Box::new(|call| {
        let key = text(call.args.first()).unwrap_or_default();
        let Some(this) = &call.this else { return Err(ExecutionError::missing_argument_or_target()) };
        let found = match (this.downcast_ref::<ObjectVal>(), this.downcast_ref::<MapVal>()) {
            (Some(object), _) => object.has(&key),
            (None, Some(map)) => map.has(&key),
            (None, None) => this.as_indexer().is_some_and(|indexer| indexer.get(&CelString::from(key.clone())).is_ok()),
        };
        Ok(CowVal::owned(cel::common::types::CelBool::from(found)))
    });
    // Durations and moments are numbers of seconds, as `now` is: moments count from the start.
    let duration: Function = Box::new(|call| {
        let given = text(call.args.first()).unwrap_or_default();
        let span = Span::parse(&given).map_err(|error| ExecutionError::function_error("duration", error))?;
        Ok(CowVal::owned(CelDouble::from(span.as_s_f64())))
    });
    let timestamp: Function = Box::new(move |call| {
        let given = text(call.args.first()).unwrap_or_default();
        let read: Result<Timestamp, _> = serde_json::from_value(given.into());
        let moment = read.map_err(|error| ExecutionError::function_error("timestamp", error))?;
        Ok(CowVal::owned(CelDouble::from(moment.0 as f64 - clock.start_us as f64 / 1e6)))
    });
    for (name, function) in [("condition", of_condition), ("@has", has), ("duration", duration), ("timestamp", timestamp)] {
        context.add_function(name, function).expect("no function of the standard library has this name");
    }
}

/// `now` in expressions: seconds since the start.
pub fn now(at: Time) -> Box<dyn Val> {
    Box::new(CelDouble::from(at.as_s_f64()))
}

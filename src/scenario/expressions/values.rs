//! Objects as CEL values: read as the API shows them, field by field when asked. A field that the API knows and that is not
//! set reads as Go's zero value (`status.readyReplicas` of a Deployment without ready pods is 0); `has()` tells the truth.

use crate::manifest::schema::{Ref, Scalar, Schema};
use crate::model::{Body, Kind, Obj};
use cel::ExecutionError;
use cel::common::traits::{Container, Indexer, Iterable, Iterator as ValIterator, Sizer};
use cel::common::types::{CelBool, CelDouble, CelInt, CelNull, CelString, LIST_TYPE, MAP_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use serde_json::Value;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A boxed value of our own or a built-in one.
pub type Boxed = Box<dyn Val>;

static MAP: Type = MAP_TYPE;
static LIST: Type = LIST_TYPE;

/// A map of fields, shared.
#[derive(Clone, Debug)]
pub struct MapVal {
    entries: Arc<BTreeMap<String, Boxed>>,
    /// What the API knows of its fields.
    of: Option<Ref>,
    /// The namespace, if this is `namespace(name)`, which may stand before functions.
    pub namespace: Option<Arc<str>>,
}

/// A list, shared.
#[derive(Clone, Debug)]
pub struct ListVal(pub Arc<Vec<Boxed>>);

/// An object: its short forms at once, all else when first asked for.
#[derive(Clone)]
pub struct ObjectVal {
    object: Obj,
    zone: Arc<str>,
    fields: Arc<OnceLock<MapVal>>,
}

impl std::fmt::Debug for ObjectVal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.object.kind_name(), self.object.meta.name)
    }
}

/// A JSON value of a type of the API.
pub fn value(json: &Value, of: Option<&Ref>) -> Boxed {
    match json {
        Value::Null => of.and_then(zero).unwrap_or_else(|| Box::new(CelNull)),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Number(number) => match number.as_i64() {
            Some(value) => Box::new(CelInt::from(value)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(0.0))),
        },
        Value::String(text) => Box::new(CelString::from(text.clone())),
        Value::Array(items) => {
            let inner = if let Some(Ref::List(inner)) = of { Some(&**inner) } else { None };
            Box::new(ListVal(Arc::new(items.iter().map(|item| value(item, inner)).collect())))
        }
        Value::Object(_) => Box::new(map(json, of)),
    }
}

/// A JSON object of a type of the API.
pub fn map(json: &Value, of: Option<&Ref>) -> MapVal {
    let field = |key: &str| match of {
        Some(Ref::Struct(name)) => Schema::get().field(name, key).map(|field| &field.of),
        Some(Ref::Map(inner)) => Some(&**inner),
        _ => None,
    };
    let entries = json.as_object().into_iter().flatten().map(|(key, json)| (key.clone(), value(json, field(key)))).collect();
    MapVal { entries: Arc::new(entries), of: of.cloned(), namespace: None }
}

/// What an unset field of a type reads as.
fn zero(of: &Ref) -> Option<Boxed> {
    Some(match of {
        Ref::Scalar(Scalar::Bool, _) => Box::new(CelBool::from(false)),
        Ref::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::IntOrString, _) => Box::new(CelInt::from(0)),
        Ref::Scalar(Scalar::Float, _) => Box::new(CelDouble::from(0.0)),
        Ref::Scalar(..) => Box::new(CelString::from(String::new())),
        Ref::List(_) => Box::new(ListVal(Arc::new(Vec::new()))),
        Ref::Map(_) | Ref::Struct(_) => Box::new(map(&Value::Null, Some(of))),
        Ref::Any => return None,
    })
}

fn key_text<'a>(key: &'a (dyn Val + 'a)) -> Option<&'a str> {
    key.downcast_ref::<CelString<'_>>().map(|text| text.inner())
}

impl MapVal {
    /// Whether the field is set.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// A field that is set.
    pub fn field(&self, key: &str) -> Option<&Boxed> {
        self.entries.get(key)
    }

    fn get_text(&self, key: &str) -> Result<CowVal<'_, 'static>, ExecutionError> {
        if let Some(found) = self.entries.get(key) {
            return Ok(CowVal::Borrowed(&**found));
        }
        if let Some(Ref::Struct(name)) = &self.of
            && let Some(zero) = Schema::get().field(name, key).and_then(|field| zero(&field.of))
        {
            return Ok(CowVal::Owned(zero));
        }
        Err(ExecutionError::no_such_key(key))
    }
}

impl ObjectVal {
    /// An object; `zone` is that of its node, if it is a pod.
    pub fn new(object: Obj, zone: Arc<str>) -> ObjectVal {
        ObjectVal { object, zone, fields: Arc::default() }
    }

    /// The object.
    pub fn object(&self) -> &Obj {
        &self.object
    }

    /// All fields.
    pub fn fields(&self) -> &MapVal {
        self.fields.get_or_init(|| {
            let of = Schema::get().kind(self.object.api_version(), self.object.kind_name()).map(Ref::Struct);
            let mut all = map(&self.object.to_json(), of.as_ref());
            if self.object.kind() == Kind::Namespace {
                all.namespace = Some(self.object.meta.name.to_string().into());
            }
            all
        })
    }

    /// `image`, `ready`, `node` and `zone` of pods and nodes.
    fn short(&self, key: &str) -> Option<Boxed> {
        let text = |text: &str| -> Option<Boxed> { Some(Box::new(CelString::from(text.to_string()))) };
        let truth = |value: bool| -> Option<Boxed> { Some(Box::new(CelBool::from(value))) };
        match (&self.object.body, key) {
            (Body::Pod(pod), "image") => text(pod.spec.containers.first().map_or("", |container| &container.image)),
            (Body::Pod(pod), "ready") => truth(pod.is_ready()),
            (Body::Pod(pod), "node") => text(&pod.node_name),
            (Body::Pod(_), "zone") => text(&self.zone),
            (Body::Node(node), "ready") => {
                truth(node.status.conditions.iter().any(|condition| &*condition.r#type == "Ready" && &*condition.status == "True"))
            }
            (Body::Node(_), "node") => text(&self.object.meta.name),
            (Body::Node(_), "zone") => text(self.object.meta.labels.get("topology.kubernetes.io/zone").unwrap_or("")),
            _ => None,
        }
    }

    /// Whether the field is set.
    pub fn has(&self, key: &str) -> bool {
        self.short(key).is_some() || self.fields().has(key)
    }

    /// The condition of a type; one without status, reason and message if there is none.
    pub fn condition(&self, kind: &str) -> Boxed {
        condition(self.fields(), kind)
    }
}

/// The condition of a type among `status.conditions` of an object's fields.
pub fn condition(fields: &MapVal, kind: &str) -> Boxed {
    let Ok(status) = fields.get_text("status") else { return unset(None) };
    let Some(status) = status.downcast_ref::<MapVal>() else { return unset(None) };
    let of = match &status.of {
        Some(Ref::Struct(name)) => Schema::get().field(name, "conditions").and_then(|field| match &field.of {
            Ref::List(inner) => Some((**inner).clone()),
            _ => None,
        }),
        _ => None,
    };
    let list = status.field("conditions").and_then(|list| list.downcast_ref::<ListVal>());
    for item in list.into_iter().flat_map(|list| list.0.iter()) {
        let Some(found) = item.downcast_ref::<MapVal>() else { continue };
        let is = found.field("type").and_then(|value| value.downcast_ref::<CelString<'_>>()).is_some_and(|text| text.inner() == kind);
        if is {
            return Box::new(found.clone());
        }
    }
    unset(of)
}

/// A condition that is not there: all its texts are empty.
fn unset(of: Option<Ref>) -> Boxed {
    let of = of.or(Some(Ref::Struct("meta.v1.Condition")));
    Box::new(MapVal { entries: Arc::default(), of, namespace: None })
}

macro_rules! map_like {
    ($type:ty) => {
        impl StaticVal for $type {}

        impl Val for $type {
            fn get_type(&self) -> &Type {
                &MAP
            }
            fn cel_type() -> &'static Type {
                &MAP
            }
            fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
            where
                Self: 'v,
            {
                Some(self)
            }
            fn as_container(&self) -> Option<&dyn Container> {
                Some(self)
            }
            fn as_sizer(&self) -> Option<&dyn Sizer> {
                Some(self)
            }
            fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
            where
                Self: 'v,
            {
                Some(self)
            }
            fn equals(&self, other: &dyn Val) -> bool {
                same_map(self.map(), other)
            }
            fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
                Box::new(self.clone())
            }
            fn as_any(&self) -> Option<&dyn Any> {
                Some(self)
            }
        }

        impl Container for $type {
            fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
                Ok(key_text(value).is_some_and(|key| self.has(key)))
            }
        }

        impl Sizer for $type {
            fn size(&self) -> CelInt {
                CelInt::from(self.map().entries.len() as i64)
            }
        }

        impl Iterable for $type {
            fn iter<'b, 'v>(&'b self) -> Box<dyn ValIterator<'b, 'v> + 'b>
            where
                Self: 'v,
            {
                // Comprehensions go over keys, which the map keeps as values of their own.
                Box::new(Keys { keys: self.map().keys(), at: 0 })
            }
        }
    };
}

impl MapVal {
    fn map(&self) -> &MapVal {
        self
    }

    /// The keys as values, made once for each map that is iterated over.
    fn keys(&self) -> &'static [CelString<'static>] {
        // Keys of the API's maps are few and repeat: they live as long as the program.
        use std::sync::Mutex;
        static KNOWN: Mutex<BTreeMap<Vec<String>, &'static [CelString<'static>]>> = Mutex::new(BTreeMap::new());
        let names: Vec<String> = self.entries.keys().cloned().collect();
        let mut known = KNOWN.lock().expect("nobody panics while holding it");
        if let Some(found) = known.get(&names) {
            return found;
        }
        let made: Vec<CelString<'static>> = names.iter().map(|name| CelString::from(name.clone())).collect();
        let made: &'static [CelString<'static>] = Box::leak(made.into_boxed_slice());
        known.insert(names, made);
        made
    }
}

impl ObjectVal {
    fn map(&self) -> &MapVal {
        self.fields()
    }
}

map_like!(MapVal);
map_like!(ObjectVal);

struct Keys {
    keys: &'static [CelString<'static>],
    at: usize,
}

impl<'b, 'v> ValIterator<'b, 'v> for Keys {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.at += 1;
        self.keys.get(self.at - 1).map(|key| key as &dyn Val)
    }
}

fn same_map(map: &MapVal, other: &dyn Val) -> bool {
    let other = match (other.downcast_ref::<MapVal>(), other.downcast_ref::<ObjectVal>()) {
        (Some(other), _) => other,
        (None, Some(other)) => other.fields(),
        (None, None) => {
            // A literal map: each key must lead to the same value.
            let (Some(sizer), Some(indexer)) = (other.as_sizer(), other.as_indexer()) else { return false };
            let same = |(key, value): (&String, &Boxed)| {
                indexer.get(&CelString::from(key.clone())).is_ok_and(|found| value.equals(found.as_ref()))
            };
            return *sizer.size().inner() == map.entries.len() as i64 && map.entries.iter().all(same);
        }
    };
    map.entries.len() == other.entries.len()
        && map.entries.iter().all(|(key, value)| other.entries.get(key).is_some_and(|found| value.equals(&**found)))
}

impl Indexer for MapVal {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let Some(key) = key_text(key) else { return Err(ExecutionError::no_such_key("a key that is no text")) };
        self.get_text(key)
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

impl Indexer for ObjectVal {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let Some(key) = key_text(key) else { return Err(ExecutionError::no_such_key("a key that is no text")) };
        match self.short(key) {
            Some(short) => Ok(CowVal::Owned(short)),
            None => self.fields().get_text(key),
        }
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

impl StaticVal for ListVal {}

impl Val for ListVal {
    fn get_type(&self) -> &Type {
        &LIST
    }
    fn cel_type() -> &'static Type {
        &LIST
    }
    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }
    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }
    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn equals(&self, other: &dyn Val) -> bool {
        let Some(iterable) = other.as_iterable().filter(|_| other.get_type() == &LIST) else { return false };
        let mut items = iterable.iter();
        self.0.iter().all(|item| items.next().is_some_and(|found| item.equals(found))) && items.next().is_none()
    }
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl Indexer for ListVal {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let index = key.downcast_ref::<CelInt>().map_or(-1, |index| *index.inner());
        let found = usize::try_from(index).ok().and_then(|index| self.0.get(index));
        found.map(|item| CowVal::Borrowed(&**item)).ok_or_else(|| ExecutionError::no_such_key(&format!("index {index}")))
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

impl Container for ListVal {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.0.iter().any(|item| item.equals(value)))
    }
}

impl Sizer for ListVal {
    fn size(&self) -> CelInt {
        CelInt::from(self.0.len() as i64)
    }
}

struct Items<'b> {
    items: &'b [Boxed],
    at: usize,
}

impl<'b, 'v> ValIterator<'b, 'v> for Items<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.at += 1;
        self.items.get(self.at - 1).map(|item| &**item as &dyn Val)
    }
}

impl Iterable for ListVal {
    fn iter<'b, 'v>(&'b self) -> Box<dyn ValIterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Items { items: &self.0, at: 0 })
    }
}

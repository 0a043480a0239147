//! What every object has: names, versions, labels, owners, and the moments of its life (ObjectMeta).
//! Real: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go @ v1.37.2.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// An immutable shared string: names, label keys and values, node names. Cloning copies no text.
pub type Str = Arc<str>;

/// A small sorted map of strings, shared between objects of one template: labels or annotations.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Arc<[(Str, Str)]>);

thread_local! {
    /// The empty map that all on a thread share.
    static NO_LABELS: Labels = Labels(Arc::from([]));
}

impl Default for Labels {
    fn default() -> Self {
        NO_LABELS.with(Clone::clone)
    }
}

impl Labels {
    /// From pairs in any order; of equal keys the last one wins.
    pub fn from_pairs<K: Into<Str>, V: Into<Str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut map = std::collections::BTreeMap::new();
        for (key, value) in pairs {
            map.insert(key.into(), value.into());
        }
        Self(map.into_iter().collect())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.get_str(key).map(|value| &**value)
    }

    /// The value of a key as a shared string.
    pub fn get_str(&self, key: &str) -> Option<&Str> {
        let at = self.0.binary_search_by(|(k, _)| (**k).cmp(key)).ok()?;
        Some(&self.0[at].1)
    }

    /// Whether the key is present.
    pub fn contains(&self, key: &str) -> bool {
        self.get_str(key).is_some()
    }

    /// The pairs in order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Str, &Str)> + Clone {
        self.0.iter().map(|(k, v)| (k, v))
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets one key (a copy of the list is made; other holders keep the old one).
    pub fn set(&mut self, key: impl Into<Str>, value: impl Into<Str>) {
        let (key, value) = (key.into(), value.into());
        let mut pairs: Vec<_> = self.0.to_vec();
        match pairs.binary_search_by(|(k, _)| k.cmp(&key)) {
            Ok(at) => pairs[at].1 = value,
            Err(at) => pairs.insert(at, (key, value)),
        }
        self.0 = pairs.into();
    }

    /// Removes one key, if it is there; says whether it was.
    pub fn remove(&mut self, key: &str) -> bool {
        let Ok(at) = self.0.binary_search_by(|(k, _)| (**k).cmp(key)) else { return false };
        let mut pairs: Vec<_> = self.0.to_vec();
        pairs.remove(at);
        self.0 = pairs.into();
        true
    }

    /// Whether both hold the very same list in memory (a quick test before comparing).
    pub fn same(&self, other: &Labels) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Option::<std::collections::BTreeMap<Str, Option<Str>>>::deserialize(deserializer)?;
        Ok(Labels::from_pairs(map.unwrap_or_default().into_iter().map(|(key, value)| (key, value.unwrap_or_default()))))
    }
}

/// Fields that the model does not know, kept so that nothing is lost on the way out.
/// Use as the last field of a struct with `#[serde(flatten)]`. Empty takes 8 bytes.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Rest(Option<Box<Map<String, Value>>>);

impl Rest {
    /// Whether there is nothing unknown.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|map| map.is_empty())
    }

    /// An unknown field's value.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// Sets an unknown field.
    pub fn set(&mut self, key: impl Into<String>, value: Value) {
        self.0.get_or_insert_default().insert(key.into(), value);
    }

    /// Takes an unknown field out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let map = self.0.as_mut()?;
        let value = map.remove(key);
        if map.is_empty() {
            self.0 = None;
        }
        value
    }
}

impl From<Map<String, Value>> for Rest {
    fn from(map: Map<String, Value>) -> Self {
        Rest(if map.is_empty() { None } else { Some(Box::new(map)) })
    }
}

impl Serialize for Rest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().flat_map(|map| map.iter()))
    }
}

impl<'de> Deserialize<'de> for Rest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Rest::from)
    }
}

/// A wall-clock moment as the API shows it: whole seconds since 1970, printed as RFC 3339 (metav1.Time).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(pub i64);

/// The same in microseconds (metav1.MicroTime).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct MicroTime(pub i64);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_second(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{time}")
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{time:.6}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for MicroTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn parse_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<jiff::Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("\"{text}\" is no RFC 3339 time such as 2026-03-29T06:55:00Z")))
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse_time(deserializer).map(|time| Timestamp(time.as_second()))
    }
}

impl<'de> Deserialize<'de> for MicroTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse_time(deserializer).map(|time| MicroTime(time.as_microsecond()))
    }
}

/// A reference to the object that owns this one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReference {
    /// Group and version of the owner's kind.
    pub api_version: Str,
    /// Kind of the owner.
    pub kind: Str,
    /// Name of the owner, in the same namespace or of a cluster-wide kind.
    pub name: Str,
    /// Unique id of the owner: a namesake created later is not the owner.
    pub uid: Str,
    /// Whether the owner is the managing controller; at most one reference of an object is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<bool>,
    /// Whether foreground deletion of the owner waits for this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_owner_deletion: Option<bool>,
}

/// ObjectMeta. Text fields are empty when unset.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// Name, unique within kind and namespace.
    #[serde(skip_serializing_if = "empty")]
    pub name: Str,
    /// Prefix of the name that the API server makes up when `name` is empty.
    #[serde(skip_serializing_if = "empty")]
    pub generate_name: Str,
    /// Namespace; empty for cluster-wide kinds.
    #[serde(skip_serializing_if = "empty")]
    pub namespace: Str,
    /// Unique id, given by the API server at creation.
    #[serde(skip_serializing_if = "empty")]
    pub uid: Str,
    /// Log position of the last write; 0 before the object is stored. Text in JSON.
    #[serde(with = "version_text", skip_serializing_if = "is_zero_u64")]
    pub resource_version: u64,
    /// Raised by the API server with each change of the desired state.
    #[serde(skip_serializing_if = "is_zero_i64")]
    pub generation: i64,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<Timestamp>,
    /// When it is to be gone: set by graceful deletion or while finalizers are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_timestamp: Option<Timestamp>,
    /// Seconds that it may take to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_grace_period_seconds: Option<i64>,
    /// Labels.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Annotations.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub annotations: Labels,
    /// Owners.
    #[serde(skip_serializing_if = "is_empty_slice", deserialize_with = "null_slice")]
    pub owner_references: Arc<[OwnerReference]>,
    /// Names of those who must agree before the object may go.
    #[serde(skip_serializing_if = "is_empty_slice", deserialize_with = "null_slice")]
    pub finalizers: Arc<[Str]>,
    /// Unknown fields.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Meta {
    /// The owner that manages this object, if any.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller == Some(true))
    }

    /// Whether deletion has begun.
    pub fn is_deleting(&self) -> bool {
        self.deletion_timestamp.is_some()
    }
}

fn empty(text: &Str) -> bool {
    text.is_empty()
}

fn is_empty_slice<T>(slice: &Arc<[T]>) -> bool {
    slice.is_empty()
}

fn null_slice<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Arc<[T]>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default().into())
}

fn is_zero_u64(value: &u64) -> bool {
    *value == 0
}

fn is_zero_i64(value: &i64) -> bool {
    *value == 0
}

mod version_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        // A version from elsewhere (a dump of a real cluster) means nothing here; text that is no number counts as unset.
        Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| text.parse().ok()).unwrap_or(0))
    }
}

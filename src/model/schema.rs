//! The kinds of the API with the names and types of their fields: facts, in `schema.txt`, which `tools/schema` makes.
//! Real: staging/src/k8s.io/api/*/*/types.go @ v1.37.2.

use crate::base::collections::Map;
use std::sync::OnceLock;

/// The type of a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ref {
    /// A scalar, with its name in Go if it has one of its own.
    Scalar(Scalar, &'static str),
    /// A list.
    List(Box<Ref>),
    /// A map from text.
    Map(Box<Ref>),
    /// A struct, by its name in the schema, such as `core.v1.Container`.
    Struct(&'static str),
    /// Whatever JSON holds.
    Any,
}

/// Scalars, as Go has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Scalar {
    Text,
    Bool,
    Int32,
    Int64,
    Float,
    Bytes,
    Quantity,
    Time,
    MicroTime,
    IntOrString,
    Duration,
}

/// A field of a struct.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Name in JSON.
    pub name: &'static str,
    /// Type.
    pub of: Ref,
    /// Whether strategic merge patches merge the list, and by which key (empty: by value).
    pub merge_key: Option<&'static str>,
    /// Whether strategic merge patches may say which keys to retain.
    pub retain_keys: bool,
}

/// The schema of the built-in API.
pub struct Schema {
    kinds: Vec<(&'static str, &'static str, &'static str)>,
    types: Map<&'static str, Vec<Field>>,
}

impl Schema {
    /// The one schema, read on first use.
    pub fn get() -> &'static Schema {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| Schema::parse(include_str!("schema.txt")))
    }

    fn parse(text: &'static str) -> Schema {
        let mut schema = Schema { kinds: Vec::new(), types: Map::default() };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ').filter(|word| !word.is_empty());
            let first = words.next().unwrap_or("");
            if first == "kind" {
                let mut word = || words.next().expect("kind, version and type");
                schema.kinds.push((word(), word(), word()));
                continue;
            }
            let package = first.rsplit_once('.').map_or("", |(package, _)| package);
            schema.types.insert(first, words.map(|word| parse_field(word, package)).collect());
        }
        schema
    }

    /// The type of a kind, such as `apps.v1.Deployment`.
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&'static str> {
        self.kinds.iter().find(|(v, k, _)| *v == api_version && *k == kind).map(|(_, _, of)| *of)
    }

    /// All kinds with the version they are in, in order of the version.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.kinds.iter().map(|(version, kind, _)| (*version, *kind))
    }

    /// Whether the API has this group (the part of apiVersion before the slash, empty for the core group).
    pub fn has_group(&self, group: &str) -> bool {
        self.kinds.iter().any(|(version, _, _)| version.split_once('/').map_or("", |(group, _)| group) == group)
    }

    /// The fields of a type.
    pub fn fields(&self, of: &str) -> &[Field] {
        self.types.get(of).map_or(&[], Vec::as_slice)
    }

    /// A field of a type.
    pub fn field(&self, of: &str, name: &str) -> Option<&Field> {
        self.fields(of).iter().find(|field| field.name == name)
    }
}

fn parse_field(word: &'static str, package: &'static str) -> Field {
    let (name, mut code) = word.split_once(':').expect("a field has a type");
    let retain_keys = code.ends_with('&');
    code = code.trim_end_matches('&');
    let mut merge_key = None;
    if let Some((of, key)) = code.split_once('^') {
        (code, merge_key) = (of, Some(key));
    }
    Field { name, of: parse_ref(code, package), merge_key, retain_keys }
}

fn parse_ref(code: &'static str, package: &'static str) -> Ref {
    if let Some(inner) = code.strip_prefix('[') {
        return Ref::List(Box::new(parse_ref(inner, package)));
    }
    if let Some(inner) = code.strip_prefix('{') {
        return Ref::Map(Box::new(parse_ref(inner, package)));
    }
    let (plain, name) = code.split_once('\'').unwrap_or((code, ""));
    let scalar = match plain {
        "s" => Scalar::Text,
        "b" => Scalar::Bool,
        "i" => Scalar::Int32,
        "l" => Scalar::Int64,
        "f" => Scalar::Float,
        "B" => Scalar::Bytes,
        "Q" => Scalar::Quantity,
        "T" => Scalar::Time,
        "M" => Scalar::MicroTime,
        "I" => Scalar::IntOrString,
        "D" => Scalar::Duration,
        "X" => return Ref::Any,
        // The names of all types live as long as the program; a short one is made full once.
        short if !short.contains('.') => return Ref::Struct(Box::leak(format!("{package}.{short}").into_boxed_str())),
        full => return Ref::Struct(full),
    };
    Ref::Scalar(scalar, name)
}

impl Ref {
    /// The type's name in Go's messages.
    pub fn go_name(&self) -> String {
        match self {
            Ref::Scalar(_, name) if !name.is_empty() => name.to_string(),
            Ref::Scalar(scalar, _) => match scalar {
                Scalar::Text => "string",
                Scalar::Bool => "bool",
                Scalar::Int32 => "int32",
                Scalar::Int64 => "int64",
                Scalar::Float => "float64",
                Scalar::Bytes => "[]uint8",
                Scalar::Quantity => "resource.Quantity",
                Scalar::Time => "v1.Time",
                Scalar::MicroTime => "v1.MicroTime",
                Scalar::IntOrString => "intstr.IntOrString",
                Scalar::Duration => "v1.Duration",
            }
            .to_string(),
            Ref::List(of) => format!("[]{}", of.go_name()),
            Ref::Map(of) => format!("map[string]{}", of.go_name()),
            // The group is no part of Go's name.
            Ref::Struct(name) => name.split_once('.').map_or(*name, |(_, name)| name).to_string(),
            Ref::Any => "interface {}".to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_references_lead_somewhere() {
        let schema = Schema::get();
        assert!(schema.kinds().count() > 100);
        let mut seen = std::collections::BTreeSet::new();
        let mut open: Vec<&str> = schema.kinds.iter().map(|(_, _, of)| *of).collect();
        while let Some(of) = open.pop() {
            if !seen.insert(of) {
                continue;
            }
            for field in schema.types.get(of).unwrap_or_else(|| panic!("{of} is missing")) {
                let mut inner = &field.of;
                while let Ref::List(of) | Ref::Map(of) = inner {
                    inner = of;
                }
                if let Ref::Struct(name) = inner {
                    open.push(name);
                }
            }
        }
        assert!(seen.len() > 600, "{}", seen.len());
    }

    #[test]
    fn fields_carry_types_and_merge_keys() {
        let schema = Schema::get();
        let spec = schema.field(schema.kind("apps/v1", "Deployment").unwrap(), "spec").unwrap();
        assert_eq!(spec.of, Ref::Struct("apps.v1.DeploymentSpec"));
        let volumes = schema.field("core.v1.PodSpec", "volumes").unwrap();
        assert_eq!((volumes.merge_key, volumes.retain_keys, volumes.of.go_name()), (Some("name"), true, "[]v1.Volume".into()));
        assert_eq!(schema.field("core.v1.PodSpec", "tolerations").unwrap().merge_key, None);
        assert_eq!(schema.field("core.v1.PodSpec", "restartPolicy").unwrap().of.go_name(), "v1.RestartPolicy");
        assert!(schema.has_group("") && schema.has_group("apps") && !schema.has_group("example.com"));
    }

    #[test]
    fn every_modelled_kind_is_in_it() {
        for kind in crate::model::Kind::ALL {
            assert!(Schema::get().kind(kind.api_version(), kind.name()).is_some(), "{kind:?}");
        }
    }
}

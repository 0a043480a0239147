//! CEL expressions that pick devices: `device.driver`, `device.attributes["domain"].name`, `device.capacity["domain"].name`.
//! Real: staging/src/k8s.io/dynamic-resource-allocation/cel/compile.go @ v1.37.2.
//! Modelled: the language, quantities and semantic versions with their comparisons; not the cost limits.

use crate::base::collections::Map as Table;
use crate::model::{Device, Obj, Quantity};
use cel::objects::{Key, Map, Opaque, Value};
use cel::{Context, ExecutionError, Program, extractors::This};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// An amount or a version: what can be compared but is no number of the language.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Ordered {
    Quantity(i128),
    Version(u64, u64, u64, Vec<Part>),
}

/// A part of a version's pre-release. A version without one comes after those with one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Number(u64),
    Text(String),
    Release,
}

impl Opaque for Ordered {
    fn runtime_type_name(&self) -> &str {
        match self {
            Ordered::Quantity(_) => "kubernetes.Quantity",
            Ordered::Version(..) => "kubernetes.Semver",
        }
    }
}

fn quantity(text: &str) -> Option<Ordered> {
    text.parse::<Quantity>().ok().map(|quantity| Ordered::Quantity(quantity.nano_value()))
}

fn semver(text: &str) -> Option<Ordered> {
    let text = text.split('+').next()?;
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let mut numbers = core.split('.').map(|part| part.parse::<u64>().ok());
    let version = (numbers.next()??, numbers.next()??, numbers.next()??);
    let part = |text: &str| text.parse().map_or_else(|_| Part::Text(text.to_owned()), Part::Number);
    let parts = pre.map_or(vec![Part::Release], |pre| pre.split('.').map(part).collect());
    numbers.next().is_none().then_some(Ordered::Version(version.0, version.1, version.2, parts))
}

type Any = Arc<dyn Opaque>;

fn order(this: &Any, other: &Any) -> Result<Ordering, ExecutionError> {
    match (this.downcast_ref::<Ordered>(), other.downcast_ref::<Ordered>()) {
        (Some(a), Some(b)) if a.runtime_type_name() == b.runtime_type_name() => Ok(a.cmp(b)),
        _ => Err(ExecutionError::function_error("compareTo", "the two are of different types")),
    }
}

fn amount(this: &Any) -> Result<i128, ExecutionError> {
    match this.downcast_ref::<Ordered>() {
        Some(Ordered::Quantity(nano)) => Ok(*nano),
        _ => Err(ExecutionError::function_error("quantity", "this is no quantity")),
    }
}

fn functions(context: &mut Context) {
    let parse = |name: &'static str, parse: fn(&str) -> Option<Ordered>| {
        move |text: Arc<String>| -> Result<Any, ExecutionError> {
            parse(&text)
                .map(|value| Arc::new(value) as Any)
                .ok_or_else(|| ExecutionError::function_error(name, format!("cannot read {text:?}")))
        }
    };
    let fine = "these names are free";
    context.add_function("quantity", parse("quantity", quantity)).expect(fine);
    context.add_function("semver", parse("semver", semver)).expect(fine);
    context.add_function("isQuantity", |text: Arc<String>| quantity(&text).is_some()).expect(fine);
    context.add_function("isSemver", |text: Arc<String>| semver(&text).is_some()).expect(fine);
    let compare = |This(this): This<Any>, other: Any| order(&this, &other).map(|order| order as i64);
    context.add_function("compareTo", compare).expect(fine);
    context.add_function("isGreaterThan", |This(this): This<Any>, other: Any| order(&this, &other).map(Ordering::is_gt)).expect(fine);
    context.add_function("isLessThan", |This(this): This<Any>, other: Any| order(&this, &other).map(Ordering::is_lt)).expect(fine);
    context.add_function("sign", |This(this): This<Any>| amount(&this).map(|nano| nano.signum() as i64)).expect(fine);
    context.add_function("asApproximateFloat", |This(this): This<Any>| amount(&this).map(|nano| nano as f64 / 1e9)).expect(fine);
    let whole = |This(this): This<Any>| {
        let nano = amount(&this)?;
        let value = i64::try_from(nano / 1_000_000_000).ok().filter(|_| nano % 1_000_000_000 == 0);
        value.ok_or_else(|| ExecutionError::function_error("asInteger", "the quantity is no integer"))
    };
    context.add_function("asInteger", whole).expect(fine);
    let is_whole = |This(this): This<Any>| amount(&this).map(|nano| nano % 1_000_000_000 == 0);
    context.add_function("isInteger", is_whole).expect(fine);
    let sum = |sign: i128| {
        move |This(this): This<Any>, other: Any| -> Result<Any, ExecutionError> {
            Ok(Arc::new(Ordered::Quantity(amount(&this)? + sign * amount(&other)?)) as Any)
        }
    };
    context.add_function("add", sum(1)).expect(fine);
    context.add_function("sub", sum(-1)).expect(fine);
}

fn text(text: &str) -> Value {
    Value::String(Arc::new(text.to_owned()))
}

fn map(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Map(Map { map: Arc::new(entries.into_iter().map(|(key, value)| (Key::String(Arc::new(key)), value)).collect()) })
}

/// Names without a domain belong to the driver's. Domains that the expression asks for and the device lacks are empty.
fn by_domain(driver: &str, expression: &str, entries: impl Iterator<Item = (String, Value)>) -> Value {
    let mut domains: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for part in expression.split(['[', ']']).filter(|part| part.len() > 2 && part.starts_with(['"', '\'']) && part.ends_with(['"', '\''])) {
        domains.entry(part[1..part.len() - 1].to_owned()).or_default();
    }
    for (name, value) in entries {
        let (domain, id) = name.split_once('/').unwrap_or((driver, &name));
        domains.entry(domain.to_owned()).or_default().insert(id.to_owned(), value);
    }
    map(domains.into_iter().map(|(domain, entries)| (domain, map(entries))))
}

fn device_value(driver: &str, device: &Device, expression: &str) -> Value {
    let attribute = |attribute: &crate::model::DeviceAttribute| match attribute {
        a if a.int.is_some() => Value::Int(a.int.unwrap_or_default()),
        a if a.bool.is_some() => Value::Bool(a.bool.unwrap_or_default()),
        a if a.version.is_some() => {
            semver(a.version.as_deref().unwrap_or_default()).map_or(Value::Null, |version| Value::Opaque(Arc::new(version)))
        }
        a => a.string.as_deref().map_or(Value::Null, text),
    };
    let attributes = device.attributes.iter().map(|(name, value)| (name.clone(), attribute(value)));
    let amount = |quantity: &Quantity| Value::Opaque(Arc::new(Ordered::Quantity(quantity.nano_value())));
    let capacity = device.capacity.iter().map(|(name, value)| (name.clone(), amount(&value.value)));
    map([
        ("driver".to_owned(), text(driver)),
        ("attributes".to_owned(), by_domain(driver, expression, attributes)),
        ("capacity".to_owned(), by_domain(driver, expression, capacity)),
        ("allowMultipleAllocations".to_owned(), Value::Bool(device.allow_multiple_allocations == Some(true))),
    ])
}

/// Whether an expression picks a device.
pub fn matches(expression: &str, driver: &str, device: &Device) -> Result<bool, String> {
    let program = Program::compile(expression).map_err(|error| format!("CEL compile error: {error}"))?;
    let mut context = Context::default();
    functions(&mut context);
    context.add_variable_from_value("device", device_value(driver, device, expression));
    match program.execute(&context) {
        Ok(Value::Bool(yes)) => Ok(yes),
        Ok(_) => Err("CEL runtime error: the expression does not give a bool".into()),
        Err(error) => Err(format!("CEL runtime error: {error}")),
    }
}

type Known = (Obj, BTreeMap<usize, Result<bool, String>>);

/// Answers that have been worked out, by expression and slice. A slice that changes is another object.
#[derive(Default)]
pub struct Answers(Mutex<Table<(String, usize), Known>>);

impl Answers {
    /// Whether an expression picks the device of a slice.
    pub fn matches(&self, expression: &str, slice: &Obj, at: usize) -> Result<bool, String> {
        let mut table = self.0.lock().expect("nobody panics while holding it");
        let key = (expression.to_owned(), Arc::as_ptr(slice) as usize);
        // The object is kept, so that its address cannot come to mean another one.
        let (_, answers) = table.get_or_insert_with(key, || (slice.clone(), BTreeMap::new()));
        let spec = &slice.as_resource_slice().expect("the object is a slice").spec;
        answers.entry(at).or_insert_with(|| matches(expression, &spec.driver, &spec.devices[at])).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use serde_json::json;

    #[test]
    fn expressions_pick_devices() {
        let device: Device = serde_json::from_value(json!({"name": "d",
            "attributes": {"model": {"string": "h100"}, "cores": {"int": 8}, "other.io/fw": {"version": "1.10.0"}, "nvlink": {"bool": true}},
            "capacity": {"memory": {"value": "40Gi"}}}))
        .unwrap();
        for (expression, expected) in [
            ("device.driver == 'gpu.io'", Ok(true)),
            ("device.attributes['gpu.io'].model == 'h100' && device.attributes['gpu.io'].nvlink", Ok(true)),
            ("device.attributes['gpu.io'].cores > 8", Ok(false)),
            ("device.capacity['gpu.io'].memory.compareTo(quantity('40Gi')) >= 0", Ok(true)),
            ("device.capacity['gpu.io'].memory.isGreaterThan(quantity('64Gi'))", Ok(false)),
            ("device.attributes['other.io'].fw.isGreaterThan(semver('1.9.0'))", Ok(true)),
            ("'x' in device.attributes['unknown.io']", Ok(false)),
            ("device.capacity['gpu.io'].memory.sub(quantity('40Gi')).sign() == 0", Ok(true)),
        ] {
            assert_eq!(matches(expression, "gpu.io", &device), expected, "{expression}");
        }
        assert!(matches("device.attributes['gpu.io'].none == 1", "gpu.io", &device).is_err());
        assert!(matches("1 +", "gpu.io", &device).is_err() && matches("1", "gpu.io", &device).is_err());
    }

    #[test]
    fn answers_are_kept_by_slice() {
        let json = json!({"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": "s"}, "spec": {"driver": "a", "pool": {"name": "p"}, "devices": [{"name": "d"}]}});
        let (slice, answers) = (Arc::new(Object::from_json(json).unwrap()), Answers::default());
        assert_eq!([1, 2].map(|_| answers.matches("device.driver == 'a'", &slice, 0)), [Ok(true), Ok(true)]);
    }
}

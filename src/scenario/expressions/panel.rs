//! Several expressions and the objects that they are about: told of every change, asked what holds.

use super::Expression;
use super::compile::{FoldKind, FoldSpec};
use super::show::{broken_parts, error_text};
use super::values::ObjectVal;
use super::world::{Name, Table, World, add_functions, now};
use crate::actor::{Clock, Kinds};
use crate::base::Time;
use crate::model::Obj;
use crate::store::Id;
use cel::common::types::{CelBool, CelInt};
use cel::common::value::{CowVal, Val};
use cel::{Context, Env, ExecutionError, FunctionContext, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};

/// What the body of a fold says of one object.
#[derive(Clone, PartialEq, Debug)]
enum Outcome {
    True,
    False,
    Error(String),
}

/// A fold with what it knows.
struct Fold {
    spec: FoldSpec,
    members: BTreeMap<Name, Outcome>,
    trues: usize,
    falses: usize,
}

impl Fold {
    fn count(&mut self, outcome: &Outcome, up: bool) {
        let counter = match outcome {
            Outcome::True => &mut self.trues,
            Outcome::False => &mut self.falses,
            Outcome::Error(_) => return,
        };
        *counter = if up { *counter + 1 } else { *counter - 1 };
    }

    fn set(&mut self, name: Name, outcome: Option<Outcome>) {
        if let Some(old) = self.members.remove(&name) {
            self.count(&old, false);
        }
        if let Some(new) = outcome {
            self.count(&new, true);
            self.members.insert(name, new);
        }
    }

    /// An error counts only where no object decides.
    fn value(&self) -> Result<Box<dyn Val>, ExecutionError> {
        let error = || {
            self.members.iter().find_map(|((_, name), outcome)| match outcome {
                Outcome::Error(text) => Some(ExecutionError::function_error(name, text)),
                _ => None,
            })
        };
        let broken = self.trues + self.falses < self.members.len();
        let truth = |decided: bool, decides: bool| -> Result<Box<dyn Val>, ExecutionError> {
            match error() {
                Some(error) if broken && !decided => Err(error),
                _ => Ok(Box::new(CelBool::from(decided == decides))),
            }
        };
        match self.spec.kind {
            FoldKind::All => truth(self.falses > 0, false),
            FoldKind::Exists => truth(self.trues > 0, true),
            FoldKind::Count => match error() {
                Some(error) if broken => Err(error),
                _ => Ok(Box::new(CelInt::from(self.trues as i64))),
            },
        }
    }

    /// Objects that speak against it, a few.
    fn against(&self) -> Vec<String> {
        let against = |outcome: &Outcome| match self.spec.kind {
            FoldKind::All => *outcome != Outcome::True,
            _ => false,
        };
        self.members.iter().filter(|(_, outcome)| against(outcome)).map(|((_, name), _)| name.to_string()).take(4).collect()
    }
}

struct Evaluator {
    expression: Expression,
    context: Context<'static, 'static>,
    folds: Arc<Mutex<Vec<Fold>>>,
    /// What folds have not looked at yet, by fold: they do when they are asked.
    waiting: Vec<BTreeMap<Name, Option<ObjectVal>>>,
    dirty: bool,
}

/// Several expressions and the objects that they are about.
pub struct Panel {
    world: Arc<RwLock<World>>,
    evaluators: Vec<Evaluator>,
    kinds: Kinds,
}

impl Panel {
    /// These expressions over an empty world.
    pub fn new(expressions: &[Expression], clock: Clock) -> Panel {
        let tables = expressions.iter().flat_map(|expression| expression.compiled.tables.iter().cloned());
        let kinds = tables.clone().fold(Kinds::NONE, |kinds, table| kinds.union(Kinds::of(&[table.kind])));
        let world = Arc::new(RwLock::new(World::new(clock, tables)));
        let environment = Arc::new(Env::stdlib());
        let evaluators = expressions.iter().map(|expression| Evaluator::new(expression, &environment, &world)).collect();
        Panel { world, evaluators, kinds }
    }

    /// Kinds of objects that the expressions are about.
    pub fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// Whether some expression asks for `now`.
    pub fn asks_time(&self) -> bool {
        self.evaluators.iter().any(|evaluator| evaluator.expression.compiled.asks_time)
    }

    /// Whether this expression asks for `now`.
    pub fn asks_time_of(&self, index: usize) -> bool {
        self.evaluators[index].expression.compiled.asks_time
    }

    /// Takes note of a change.
    pub fn note(&mut self, _id: Id, before: Option<&Obj>, after: Option<&Obj>) {
        let Some(object) = after.or(before) else { return };
        if !self.kinds.contains(object.kind()) || !self.world.read().expect("no writer panics").keeps(object) {
            return;
        }
        let value = self.world.write().expect("no reader panics").note(before, after);
        let table = Table::of(object);
        for evaluator in &mut self.evaluators {
            evaluator.note(&table, object, value.as_ref());
        }
    }

    /// Time has passed: expressions that ask for `now` may have changed.
    pub fn time_passes(&mut self) {
        for evaluator in &mut self.evaluators {
            evaluator.dirty |= evaluator.expression.compiled.asks_time;
        }
    }

    /// An expression is to be taken again, whatever has changed.
    pub fn ask_again(&mut self, index: usize) {
        self.evaluators[index].dirty = true;
    }

    /// Expressions whose inputs changed since they were last taken.
    pub fn take_dirty(&mut self) -> Vec<usize> {
        let dirty = self.evaluators.iter_mut().enumerate().filter_map(|(at, evaluator)| std::mem::take(&mut evaluator.dirty).then_some(at));
        dirty.collect()
    }

    /// Whether an expression is true; the error says why it has no answer.
    pub fn holds(&mut self, index: usize, at: Time) -> Result<bool, String> {
        self.evaluators[index].holds(at)
    }

    /// Why an expression does not hold: the values of its parts.
    pub fn why(&mut self, index: usize, at: Time) -> String {
        self.evaluators[index].why(at)
    }
}

impl Evaluator {
    fn new(expression: &Expression, environment: &Arc<Env>, world: &Arc<RwLock<World>>) -> Evaluator {
        let compiled = &expression.compiled;
        let fold = |spec: &FoldSpec| Fold { spec: spec.clone(), members: BTreeMap::new(), trues: 0, falses: 0 };
        let folds: Arc<Mutex<Vec<Fold>>> = Arc::new(Mutex::new(compiled.folds.iter().map(fold).collect()));
        let mut context = Context::with_env(environment.clone());
        add_functions(&mut context, &compiled.functions, world);
        let known = folds.clone();
        type Function = Box<
            dyn for<'context, 'call> Fn(&mut FunctionContext<'context, 'call>) -> Result<CowVal<'context, 'call>, ExecutionError>
                + Send
                + Sync,
        >;
        let function: Function = Box::new(move |call| {
            let number = call.args.first().and_then(|arg| arg.downcast_ref::<CelInt>()).map_or(0, |number| *number.inner() as usize);
            let folds = known.lock().expect("nobody panics while holding it");
            folds[number].value().map(CowVal::Owned)
        });
        context.add_function("@fold", function).expect("no identifier begins so");
        context.add_variable_as_val("now", now(Time::ZERO));
        Evaluator { expression: expression.clone(), context, folds, waiting: vec![BTreeMap::new(); compiled.folds.len()], dirty: true }
    }

    fn note(&mut self, table: &Table, object: &Obj, value: Option<&ObjectVal>) {
        if !self.expression.compiled.tables.contains(table) {
            return;
        }
        self.dirty = true;
        for (number, spec) in self.expression.compiled.folds.iter().enumerate().filter(|(_, spec)| spec.listed.table == *table) {
            let member = value.filter(|value| spec.listed.has(value.object()));
            let name = (object.meta.namespace.clone(), object.meta.name.clone());
            self.waiting[number].insert(name, member.cloned());
        }
    }

    /// Lets the folds look at what has changed.
    fn settle(&mut self) {
        for number in 0..self.waiting.len() {
            for (name, member) in std::mem::take(&mut self.waiting[number]) {
                let outcome = member.map(|value| self.outcome(&self.expression.compiled.folds[number], &value));
                self.folds.lock().expect("nobody panics while holding it")[number].set(name, outcome);
            }
        }
    }

    fn outcome(&self, spec: &FoldSpec, value: &ObjectVal) -> Outcome {
        let Some((variable, body)) = &spec.body else { return Outcome::True };
        let mut scope = self.context.new_inner_scope();
        scope.add_variable_as_val(variable, Box::new(value.clone()));
        match truth(Value::resolve_val(body, &scope)) {
            Ok(true) => Outcome::True,
            Ok(false) => Outcome::False,
            Err(text) => Outcome::Error(text),
        }
    }

    fn holds(&mut self, at: Time) -> Result<bool, String> {
        self.settle();
        if self.expression.compiled.asks_time {
            self.context.add_variable_as_val("now", now(at));
        }
        truth(Value::resolve_val(&self.expression.compiled.expr, &self.context))
    }

    fn why(&mut self, at: Time) -> String {
        let held = self.holds(at);
        let mut parts: Vec<String> = held.err().into_iter().collect();
        parts.extend(broken_parts(&self.expression.compiled.written, &self.context));
        for fold in self.folds.lock().expect("nobody panics while holding it").iter() {
            let against = fold.against();
            if !against.is_empty() {
                let more = if fold.falses > against.len() { format!(" and {} more", fold.falses - against.len()) } else { String::new() };
                parts.push(format!("not so for {}{more}", against.join(", ")));
            }
        }
        parts.dedup();
        parts.join("; ")
    }
}

fn truth(result: Result<CowVal<'_, '_>, ExecutionError>) -> Result<bool, String> {
    match result {
        Ok(value) => match value.downcast_ref::<CelBool>() {
            Some(truth) => Ok(*truth.inner()),
            None => Err(format!("it is neither true nor false but of type {}", value.get_type().name())),
        },
        Err(error) => Err(error_text(&error)),
    }
}

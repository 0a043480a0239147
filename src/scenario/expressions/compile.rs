//! From text to something that can be evaluated often: parsed, its names checked, and what goes over lists of objects turned
//! into folds, which are kept up to date object by object.

use super::ExpressionError;
use super::world::{Listed, Table, function, function_names};
use crate::base::input_error::did_you_mean;
use crate::model::{Kind, Selector};
use cel::Env;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo};
use cel::common::types::{CelInt, CelString};
use std::collections::BTreeSet;

/// No expression may be longer.
const BYTES_MAX: usize = 10_000;
/// Functions of CEL's standard library.
const STANDARD: &[&str] =
    &["size", "contains", "startsWith", "endsWith", "matches", "string", "int", "double", "uint", "bool", "bytes", "type", "dyn"];
/// Functions of our own beside those for objects.
const OWN: &[&str] = &["condition", "duration", "timestamp"];
/// Names of types that may stand for themselves.
const TYPES: &[&str] = &["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"];

/// What a fold over a list comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FoldKind {
    /// Whether the body is true of all.
    All,
    /// Whether the body is true of one.
    Exists,
    /// Of how many the body is true.
    Count,
}

/// A list of objects and what is asked of each one.
#[derive(Clone, PartialEq, Debug)]
pub struct FoldSpec {
    /// What it comes to.
    pub kind: FoldKind,
    /// Which objects.
    pub listed: Listed,
    /// The variable that stands for the object, and the question; without, it is true of each.
    pub body: Option<(String, IdedExpr)>,
}

/// An expression ready to be evaluated.
#[derive(Clone, PartialEq, Debug)]
pub struct Compiled {
    /// What is evaluated.
    pub expr: IdedExpr,
    /// What was written, for explanations.
    pub written: IdedExpr,
    /// The folds in it, by number.
    pub folds: Vec<FoldSpec>,
    /// Functions for objects that it uses.
    pub functions: Vec<String>,
    /// Kinds of objects that it is about.
    pub tables: BTreeSet<Table>,
    /// Whether it asks for `now`.
    pub asks_time: bool,
}

/// How `namespace(...)` is called while it is compiled: CEL reserves the word. Of the same length, so that places stay.
const NAMESPACE: &str = "Namespace";

/// The text with calls of `namespace` under the name that is not reserved; texts in quotes stay as they are.
fn without_reserved_word(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quote, mut escaped) = (None, false);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let in_word = out.ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == '.');
        let called = |after: &str| after.trim_start().starts_with('(');
        if quote.is_none() && !in_word && rest.strip_prefix("namespace").is_some_and(called) {
            out.push_str(NAMESPACE);
            rest = &rest[NAMESPACE.len()..];
            continue;
        }
        match quote {
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            Some(open) if letter == open && !escaped => quote = None,
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
        out.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    out
}

pub fn compile(text: &str) -> Result<Compiled, ExpressionError> {
    let whole = |message: String| ExpressionError { message, width: text.len(), ..ExpressionError::default() };
    if text.len() > BYTES_MAX {
        return Err(whole(format!("the expression is longer than {BYTES_MAX} bytes")));
    }
    let program = Env::stdlib().compile(&without_reserved_word(text)).map_err(|errors| {
        let Some(first) = errors.errors.first() else { return whole("no expression".into()) };
        let (line, column) = (first.pos.0.max(1) as usize, first.pos.1.max(1) as usize);
        let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let at = (before + column - 1).min(text.len());
        let message = first.msg.lines().next().unwrap_or("").trim().to_string();
        ExpressionError { message: format!("no CEL expression: {message}"), at, width: 1, hint: String::new() }
    })?;
    let written = program.expression().clone();
    let mut check = Check {
        info: program.source_info(),
        text,
        scope: Vec::new(),
        functions: BTreeSet::new(),
        tables: BTreeSet::new(),
        asks_time: false,
    };
    check.expr(&written)?;
    let (functions, mut tables, asks_time) = (check.functions.into_iter().collect(), check.tables, check.asks_time);
    let kept = |kind: Kind| Table { kind, other: "".into() };
    if tables.contains(&kept(Kind::Pod)) && text.contains("zone") {
        tables.insert(kept(Kind::Node));
    }
    let mut folds = Vec::new();
    let expr = rewrite(written.clone(), &mut folds);
    Ok(Compiled { expr, written, folds, functions, tables, asks_time })
}

struct Check<'a> {
    info: &'a SourceInfo,
    text: &'a str,
    scope: Vec<String>,
    functions: BTreeSet<String>,
    tables: BTreeSet<Table>,
    asks_time: bool,
}

impl Check<'_> {
    fn fault(&self, id: u64, word: &str, message: String, hint: String) -> ExpressionError {
        let (start, _) = self.info.offset_for(id).unwrap_or((0, 0));
        // A call's own place is that of its bracket: the word stands before or after.
        let start = (start as usize).min(self.text.len());
        let around = self.text.match_indices(word).map(|(at, _)| at).min_by_key(|at| at.abs_diff(start));
        ExpressionError { message, hint, at: around.unwrap_or(start), width: word.len().max(1) }
    }

    fn expr(&mut self, expr: &IdedExpr) -> Result<(), ExpressionError> {
        match &expr.expr {
            Expr::Ident(name) => self.ident(expr.id, name),
            Expr::Call(call) => self.call(expr.id, call),
            Expr::Select(select) => self.expr(&select.operand),
            Expr::List(list) => list.elements.iter().try_for_each(|item| self.expr(item)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| self.entry(&entry.expr)),
            Expr::Struct(made) => Err(self.fault(expr.id, &made.type_name, format!("unknown type \"{}\"", made.type_name), String::new())),
            Expr::Comprehension(all) => {
                self.expr(&all.iter_range)?;
                let scope = self.scope.len();
                self.scope.extend([all.iter_var.clone(), all.accu_var.clone()]);
                self.scope.extend(all.iter_var2.clone());
                for part in [&all.accu_init, &all.loop_cond, &all.loop_step, &all.result] {
                    self.expr(part)?;
                }
                self.scope.truncate(scope);
                Ok(())
            }
            Expr::Literal(_) | Expr::Unspecified => Ok(()),
        }
    }

    fn entry(&mut self, entry: &EntryExpr) -> Result<(), ExpressionError> {
        match entry {
            EntryExpr::MapEntry(entry) => {
                self.expr(&entry.key)?;
                self.expr(&entry.value)
            }
            EntryExpr::StructField(field) => self.expr(&field.value),
        }
    }

    fn ident(&mut self, id: u64, name: &str) -> Result<(), ExpressionError> {
        if name == "now" && !self.scope.iter().any(|known| known == name) {
            self.asks_time = true;
            return Ok(());
        }
        if name.starts_with('@') || self.scope.iter().any(|known| known == name) || TYPES.contains(&name) {
            return Ok(());
        }
        let functions = function_names();
        if functions.iter().any(|function| function == name) {
            return Err(self.fault(id, name, format!("\"{name}\" is a function"), format!("such as {name}('web')")));
        }
        let known = self.scope.iter().map(String::as_str).chain(["now"]).chain(functions.iter().map(String::as_str));
        Err(self.fault(id, name, format!("unknown name \"{name}\""), did_you_mean(name, known)))
    }

    fn call(&mut self, id: u64, call: &CallExpr) -> Result<(), ExpressionError> {
        if let Some(target) = &call.target {
            self.expr(target)?;
        }
        call.args.iter().try_for_each(|arg| self.expr(arg))?;
        let name = &*call.func_name;
        // Operators have names that no identifier can have.
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || STANDARD.contains(&name) {
            return Ok(());
        }
        let counted = |range: std::ops::RangeInclusive<usize>, what: &str| {
            if range.contains(&call.args.len()) {
                return Ok(());
            }
            Err(self.fault(id, name, format!("{name} takes {what}, not {} arguments", call.args.len()), String::new()))
        };
        if OWN.contains(&name) {
            return counted(1..=1, "one text");
        }
        let Some((table, many)) = function(name) else {
            let names = function_names();
            let known = names
                .iter()
                .map(String::as_str)
                .chain(STANDARD.iter().copied())
                .chain(OWN.iter().copied())
                .chain(["all", "exists", "filter", "map", "has"]);
            return Err(self.fault(id, name, format!("unknown function \"{name}\""), did_you_mean(name, known)));
        };
        if many {
            counted(0..=1, "a selector or nothing")?;
            if let Some(text) = call.args.first().and_then(literal)
                && let Err(error) = text.parse::<Selector>()
            {
                return Err(self.fault(id, text, format!("bad selector: {error}"), "such as app=web,tier!=db".into()));
            }
        } else {
            counted(1..=1, "one name")?;
        }
        self.functions.insert(name.to_string());
        self.tables.insert(table);
        Ok(())
    }
}

fn literal(expr: &IdedExpr) -> Option<&str> {
    if let Expr::Literal(LiteralValue::String(text)) = &expr.expr { Some(text.inner()) } else { None }
}

fn made(id: u64, name: &str, target: Option<IdedExpr>, args: Vec<IdedExpr>) -> IdedExpr {
    IdedExpr { id, expr: Expr::Call(CallExpr { func_name: name.into(), target: target.map(Box::new), args }) }
}

/// Turns folds and tests for fields into calls of our own functions.
fn rewrite(expr: IdedExpr, folds: &mut Vec<FoldSpec>) -> IdedExpr {
    let IdedExpr { id, expr } = expr;
    if let Some(spec) = fold(&expr) {
        let number = Expr::Literal(LiteralValue::Int(CelInt::from(folds.len() as i64)));
        folds.push(spec);
        return made(id, "@fold", None, vec![IdedExpr { id, expr: number }]);
    }
    let expr = match expr {
        Expr::Select(mut select) => {
            let operand = rewrite(*select.operand, folds);
            if select.test {
                let key = Expr::Literal(LiteralValue::String(CelString::from(select.field)));
                return made(id, "@has", Some(operand), vec![IdedExpr { id, expr: key }]);
            }
            select.operand = Box::new(operand);
            Expr::Select(select)
        }
        Expr::Call(mut call) => {
            call.target = call.target.map(|target| Box::new(rewrite(*target, folds)));
            call.args = call.args.into_iter().map(|arg| rewrite(arg, folds)).collect();
            Expr::Call(call)
        }
        Expr::List(mut list) => {
            list.elements = list.elements.into_iter().map(|item| rewrite(item, folds)).collect();
            Expr::List(list)
        }
        Expr::Comprehension(mut all) => {
            all.iter_range = rewrite(all.iter_range, folds);
            // Folds inside a body may depend on its variable: only tests for fields are rewritten there.
            all.loop_step = tests_only(all.loop_step);
            Expr::Comprehension(all)
        }
        other => other,
    };
    IdedExpr { id, expr }
}

fn tests_only(expr: IdedExpr) -> IdedExpr {
    let IdedExpr { id, expr } = expr;
    let expr = match expr {
        Expr::Select(mut select) => {
            let operand = tests_only(*select.operand);
            if select.test {
                let key = Expr::Literal(LiteralValue::String(CelString::from(select.field)));
                return made(id, "@has", Some(operand), vec![IdedExpr { id, expr: key }]);
            }
            select.operand = Box::new(operand);
            Expr::Select(select)
        }
        Expr::Call(mut call) => {
            call.target = call.target.map(|target| Box::new(tests_only(*target)));
            call.args = call.args.into_iter().map(tests_only).collect();
            Expr::Call(call)
        }
        Expr::Comprehension(mut all) => {
            all.iter_range = tests_only(all.iter_range);
            all.loop_step = tests_only(all.loop_step);
            Expr::Comprehension(all)
        }
        other => other,
    };
    IdedExpr { id, expr }
}

/// `pods(...).all(p, body)`, `.exists`, `.filter(...).size()`, `size(pods(...))` and the like, if the body asks of the object alone.
fn fold(expr: &Expr) -> Option<FoldSpec> {
    match expr {
        Expr::Comprehension(all) => {
            let (kind, body) = quantifier(all)?;
            let listed = listed(&all.iter_range)?;
            alone(body, &[&all.iter_var]).then(|| FoldSpec { kind, listed, body: Some((all.iter_var.clone(), tests_only(body.clone()))) })
        }
        Expr::Call(call) if call.func_name == "size" => {
            let of = match (&call.target, &call.args[..]) {
                (Some(target), []) => target,
                (None, [arg]) => arg,
                _ => return None,
            };
            if let Some(listed) = listed(of) {
                return Some(FoldSpec { kind: FoldKind::Count, listed, body: None });
            }
            let Expr::Comprehension(all) = &of.expr else { return None };
            let body = filter(all)?;
            let listed = listed(&all.iter_range)?;
            let body_of = || Some((all.iter_var.clone(), tests_only(body.clone())));
            alone(body, &[&all.iter_var]).then(|| FoldSpec { kind: FoldKind::Count, listed, body: body_of() })
        }
        _ => None,
    }
}

fn is_result(expr: &IdedExpr, all: &ComprehensionExpr) -> bool {
    matches!(&expr.expr, Expr::Ident(name) if *name == all.accu_var)
}

/// The question of `all` and `exists`.
fn quantifier(all: &ComprehensionExpr) -> Option<(FoldKind, &IdedExpr)> {
    let Expr::Call(step) = &all.loop_step.expr else { return None };
    let kind = match &*step.func_name {
        "_&&_" => FoldKind::All,
        "_||_" => FoldKind::Exists,
        _ => return None,
    };
    match &step.args[..] {
        [result, body] if is_result(result, all) && is_result(&all.result, all) && all.iter_var2.is_none() => Some((kind, body)),
        _ => None,
    }
}

/// The question of `filter`.
fn filter(all: &ComprehensionExpr) -> Option<&IdedExpr> {
    let Expr::Call(step) = &all.loop_step.expr else { return None };
    match &step.args[..] {
        [guard, then, otherwise] if step.func_name == "_?_:_" && is_result(otherwise, all) && is_result(&all.result, all) => {
            let Expr::Call(add) = &then.expr else { return None };
            let [result, list] = &add.args[..] else { return None };
            let Expr::List(list) = &list.expr else { return None };
            let same = matches!(&list.elements[..], [IdedExpr { expr: Expr::Ident(name), .. }] if *name == all.iter_var);
            (add.func_name == "_+_" && is_result(result, all) && same).then_some(guard)
        }
        _ => None,
    }
}

/// A list of objects that is given by literals alone.
fn listed(expr: &IdedExpr) -> Option<Listed> {
    let Expr::Call(call) = &expr.expr else { return None };
    let (table, true) = function(&call.func_name)? else { return None };
    let selector = match &call.args[..] {
        [] => "",
        [arg] => literal(arg)?,
        _ => return None,
    };
    let namespace = match &call.target {
        None => "default",
        Some(target) => match &target.expr {
            Expr::Call(CallExpr { func_name, target: None, args }) if func_name == NAMESPACE => literal(args.first()?)?,
            _ => return None,
        },
    };
    Some(Listed { table, namespace: namespace.into(), selector: selector.parse().ok()? })
}

/// Whether an expression depends on these variables alone.
fn alone(expr: &IdedExpr, variables: &[&str]) -> bool {
    match &expr.expr {
        Expr::Ident(name) => variables.contains(&name.as_str()) || name.starts_with('@') || TYPES.contains(&name.as_str()),
        Expr::Call(call) => {
            let named = call.func_name.starts_with(|c: char| c.is_ascii_alphabetic());
            let known = !named || STANDARD.contains(&&*call.func_name) || OWN.contains(&&*call.func_name);
            known && call.target.iter().all(|target| alone(target, variables)) && call.args.iter().all(|arg| alone(arg, variables))
        }
        Expr::Select(select) => alone(&select.operand, variables),
        Expr::List(list) => list.elements.iter().all(|item| alone(item, variables)),
        Expr::Comprehension(all) => {
            let inner: Vec<&str> = variables.iter().copied().chain([all.iter_var.as_str(), all.accu_var.as_str()]).collect();
            let parts = [&all.accu_init, &all.loop_cond, &all.loop_step, &all.result];
            alone(&all.iter_range, variables) && parts.iter().all(|part| alone(part, &inner))
        }
        Expr::Literal(_) => true,
        Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => false,
    }
}

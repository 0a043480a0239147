//! Explanations: the values of an expression's parts at the moment when it broke.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use cel::common::types::{CelBool, CelDouble, CelInt, CelString, CelUInt};
use cel::common::value::Val;
use cel::{Context, ExecutionError, Value};

/// No more parts are shown.
const PARTS_MAX: usize = 4;

/// An error in words for people.
pub fn error_text(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("there is no field {key}"),
        ExecutionError::FunctionError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

/// `part is value` for the operands of comparisons that are no literals.
pub fn broken_parts(expr: &IdedExpr, context: &Context<'_, '_>) -> Vec<String> {
    let mut parts = Vec::new();
    collect(expr, context, &mut parts);
    parts
}

fn collect(expr: &IdedExpr, context: &Context<'_, '_>, parts: &mut Vec<String>) {
    let Expr::Call(call) = &expr.expr else { return };
    match &*call.func_name {
        "_&&_" | "_||_" | "!_" => call.args.iter().for_each(|arg| collect(arg, context, parts)),
        "_<_" | "_<=_" | "_>_" | "_>=_" | "_==_" | "_!=_" | "@in" | "_in_" => {
            for arg in call.args.iter().filter(|arg| !matches!(arg.expr, Expr::Literal(_))) {
                if parts.len() >= PARTS_MAX {
                    return;
                }
                let (Some(text), Ok(value)) = (written(arg), Value::resolve_val(arg, context)) else { continue };
                if let Some(value) = scalar(value.as_ref()) {
                    parts.push(format!("{text} is {value}"));
                }
            }
        }
        _ => {}
    }
}

fn scalar(value: &dyn Val) -> Option<String> {
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        return Some(format!("\"{}\"", text.inner()));
    }
    let number = value.downcast_ref::<CelInt>().map(|value| value.inner().to_string());
    let number = number.or_else(|| value.downcast_ref::<CelUInt>().map(|value| value.inner().to_string()));
    let number = number.or_else(|| value.downcast_ref::<CelDouble>().map(|value| value.inner().to_string()));
    number.or_else(|| value.downcast_ref::<CelBool>().map(|value| value.inner().to_string()))
}

/// The text of a simple expression: names, fields, calls, literals.
fn written(expr: &IdedExpr) -> Option<String> {
    Some(match &expr.expr {
        Expr::Ident(name) => name.clone(),
        Expr::Select(select) => format!("{}.{}", written(&select.operand)?, select.field),
        Expr::Literal(LiteralValue::String(text)) => format!("'{}'", text.inner()),
        Expr::Literal(LiteralValue::Int(number)) => number.inner().to_string(),
        Expr::Call(CallExpr { func_name, target, args }) if func_name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            let args: Vec<String> = args.iter().map(written).collect::<Option<_>>()?;
            let target = match target {
                Some(target) => format!("{}.", written(target)?),
                None => String::new(),
            };
            format!("{target}{func_name}({})", args.join(", "))
        }
        _ => return None,
    })
}

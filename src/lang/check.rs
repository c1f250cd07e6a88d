//! Static checks of scripts: unknown names, wrong numbers of arguments, unknown options.

use super::catalog::Catalog;
use super::native::Form;
use super::{compare, globals, options};
use cistron_base::Fault;
use rhai::{AST, ASTNode, Dynamic, Engine, Expr, FnCallExpr, Position, Stmt};
use std::collections::BTreeSet;

/// The faults of a compiled script, in order of position.
pub fn check(ast: &AST, catalog: &Catalog, file: &str) -> Vec<Fault> {
    let defined: BTreeSet<String> = ast.iter_functions().map(|f| f.name.to_string()).collect();
    let mut imported: BTreeSet<String> = BTreeSet::new();
    let mut found: Vec<(Position, Fault)> = Vec::new();
    ast.walk(&mut |path: &[ASTNode]| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Import(import, _))) => {
                imported.insert(import.1.name.to_string());
            }
            Some(ASTNode::Expr(Expr::FnCall(call, position)))
            | Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => {
                found.extend(check_call(call, catalog, &imported).map(|fault| (*position, fault)));
            }
            Some(ASTNode::Expr(Expr::MethodCall(call, position))) => {
                found.extend(check_method(call, catalog, &defined).map(|fault| (*position, fault)));
            }
            _ => {}
        }
        true
    });
    found.sort_by_key(|(position, _)| (position.line(), position.position()));
    found.dedup_by_key(|(position, fault)| {
        (position.line(), position.position(), fault.message.clone())
    });
    found
        .into_iter()
        .map(|(position, mut fault)| {
            fault.at = Some(super::session::place_in(file, position));
            fault
        })
        .collect()
}

fn check_call(call: &FnCallExpr, catalog: &Catalog, imported: &BTreeSet<String>) -> Option<Fault> {
    let name = call.name.as_str();
    if call.namespace.is_empty() {
        // built-in functions and methods of Rhai share this form; a run reports them
        return check_comparison(call);
    }
    let space = call.namespace.to_string();
    let space = space.trim_end_matches("::");
    if imported.contains(space) || space == "global" {
        return None;
    }
    let entries: Vec<_> = catalog.functions(space, name).collect();
    let n = call.args.len();
    if entries.is_empty()
        || !entries
            .iter()
            .any(|entry| (entry.arity().0..=entry.arity().1).contains(&n))
    {
        return Some(catalog.missing_function(space, name, n));
    }
    let table = entries
        .iter()
        .find(|entry| entry.params.len() + 1 == n)
        .and_then(|entry| entry.options)?;
    option_keys(call.args.last()?)
        .into_iter()
        .find(|key| !table.iter().any(|opt| opt.name == key))
        .map(|key| options::unknown(&format!("{space}::{name}"), &key, table))
}

/// A comparison that always fails: of literals that have no order, or of two different types.
fn check_comparison(call: &FnCallExpr) -> Option<Fault> {
    let symbol = call.name.as_str();
    let [a, b] = call.args.as_slice() else {
        return None;
    };
    if !["<", "<=", ">", ">="].contains(&symbol) {
        return None;
    }
    let has_order = |value: &Dynamic| compare::class(value).is_some();
    match (literal(a), literal(b)) {
        (Some(a), Some(b)) if !has_order(&a) || compare::class(&a) != compare::class(&b) => {
            Some(compare::incomparable(symbol, &a, &b))
        }
        (Some(only), None) | (None, Some(only)) if !has_order(&only) => {
            let fault = compare::incomparable(symbol, &only, &only);
            let message = format!(
                "`{symbol}` cannot compare {}",
                super::session::describe(&only)
            );
            Some(Fault::new("type", message).hint(fault.hint.clone().unwrap_or_default()))
        }
        _ => None,
    }
}

/// The value of a literal, without items that are not literals.
fn literal(expression: &Expr) -> Option<Dynamic> {
    Some(match expression {
        Expr::Array(items, _) => items
            .iter()
            .map(|item| literal(item).unwrap_or_default())
            .collect::<rhai::Array>()
            .into(),
        Expr::Map(..) => rhai::Map::new().into(),
        Expr::InterpolatedString(..) => "…".into(),
        Expr::DynamicConstant(value, _) => (**value).clone(),
        Expr::BoolConstant(value, _) => (*value).into(),
        Expr::IntegerConstant(value, _) => (*value).into(),
        Expr::FloatConstant(value, _) => (**value).into(),
        Expr::CharConstant(value, _) => (*value).into(),
        Expr::StringConstant(value, _) => value.clone().into(),
        Expr::Unit(_) => Dynamic::UNIT,
        _ => return None,
    })
}

fn check_method(call: &FnCallExpr, catalog: &Catalog, defined: &BTreeSet<String>) -> Option<Fault> {
    let name = call.name.as_str();
    if defined.contains(name) {
        return None;
    }
    let methods: Vec<_> = catalog
        .entries
        .iter()
        .filter(|entry| entry.form == Form::Method && entry.name == name)
        .collect();
    let table = match methods.as_slice() {
        [only] if only.params.len() == call.args.len() => only.options?,
        _ => return None,
    };
    option_keys(call.args.last()?)
        .into_iter()
        .find(|key| !table.iter().any(|opt| opt.name == key))
        .map(|key| options::unknown(&methods[0].qualified(), &key, table))
}

/// The keys of a literal map.
fn option_keys(expression: &Expr) -> Vec<String> {
    match expression {
        Expr::Map(map, _) => map.0.iter().map(|(key, _)| key.name.to_string()).collect(),
        Expr::DynamicConstant(value, _) => value
            .read_lock::<rhai::Map>()
            .map(|map| map.keys().map(|key| key.to_string()).collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Compiles the text of a script for checking.
pub fn compile(engine: &Engine, text: &str, file: &str) -> Result<AST, Fault> {
    let text = super::session::remember_source(file, text);
    engine
        .compile_with_scope(&globals::constants(), &text)
        .map_err(|error| super::diagnostics::fault_of(&error.into(), file))
}

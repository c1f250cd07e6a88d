//! An interactive session: variables, functions and imports remain from one text to the next.

use super::known::{Known, Variable};
use super::session;
use super::{diagnostics, division, engine, globals, last, prepare, scan, show, tokens};
use cistron_base::{Fault, Result, interrupt, panic};
use rhai::{AST, Dynamic, Scope};

/// The variables, functions and imports so far.
pub struct Interactive {
    scope: Scope<'static>,
    functions: AST,
    imports: Vec<String>,
    /// The value that was shown last.
    shown: Option<Dynamic>,
}

impl Default for Interactive {
    fn default() -> Self {
        Interactive {
            scope: Scope::new(),
            functions: AST::empty(),
            imports: Vec::new(),
            shown: None,
        }
    }
}

/// The imports among the lines of a text, each as a statement.
pub fn imports_of(text: &str) -> Vec<String> {
    let statements = text.lines().flat_map(|line| line.split(';')).map(str::trim);
    statements
        .filter(|statement| statement.starts_with("import "))
        .map(|statement| format!("{statement};"))
        .collect()
}

impl Interactive {
    /// Runs a text, in which `_` is the value that was shown last; positions in errors are in
    /// `file`.
    pub fn run(&mut self, text: &str, file: &str) -> Result<Dynamic> {
        let uses = last::uses(text);
        if uses.is_empty() {
            return self.run_as(text, text, file);
        }
        let Some(shown) = self.shown.clone() else {
            return Err(Fault::new(
                "name",
                "`_` is the value that was shown last, and none was shown yet",
            ));
        };
        let letter = last::free_letter(text, |name| self.has(name))
            .ok_or_else(|| Fault::new("name", "every letter is a name here: `_` needs one"))?;
        self.scope.push_dynamic(letter.as_str(), shown);
        let outcome = self.run_as(&last::renamed(text, &uses, &letter), text, file);
        // the text may have changed it
        self.shown = self.scope.remove::<Dynamic>(&letter);
        outcome.map_err(|mut fault| {
            fault.message = fault.message.replace(&format!("`{letter}`"), "`_`");
            fault
        })
    }

    /// Whether a variable, a function or a module has a name.
    fn has(&self, name: &str) -> bool {
        self.scope.contains(name)
            || self.functions.iter_functions().any(|f| f.name == name)
            || self.modules().iter().any(|(module, _)| module == name)
    }

    /// Makes a value `_`.
    pub fn keep_shown(&mut self, value: Dynamic) {
        self.shown = Some(value);
    }

    /// Runs a text that was typed as another of the same columns.
    fn run_as(&mut self, text: &str, typed: &str, file: &str) -> Result<Dynamic> {
        interrupt::clear();
        let engine = session::engine()?;
        // modules are resolved when a text is compiled: earlier imports are inserted before it
        let prepared = session::remember_behind(&self.imports.join(" "), file, text);
        session::show_as(file, typed);
        let _unit = session::enter(file);
        let to_fault = |error: Box<rhai::EvalAltResult>| diagnostics::fault_of(&error, file);
        let mut parsed = engine
            .compile_with_scope(&globals::known(&self.scope), prepared)
            .map_err(|error| to_fault(error.into()))?;
        parsed.set_source(file);
        division::warn(&parsed, file);
        let known = self.functions.clone();
        let mut whole = known.merge(&parsed);
        whole.set_source(file);
        // functions remain defined even where the text fails later
        self.functions = known.merge(&parsed.clone_functions_only());
        let outcome = engine::evaluated(&engine, &mut self.scope, &whole, file);
        if outcome.is_ok() {
            self.keep_imports(text);
        }
        outcome
    }

    fn keep_imports(&mut self, text: &str) {
        for import in imports_of(text) {
            if !self.imports.contains(&import) {
                self.imports.push(import);
            }
        }
    }

    /// Adds the functions and imports of a text, without running it.
    pub fn define(&mut self, text: &str, file: &str) -> Result<()> {
        let engine = session::engine()?;
        let prepared = session::remember_source(file, text);
        let mut parsed = engine
            .compile_with_scope(&globals::constants(), prepared)
            .map_err(|error| diagnostics::fault_of(&error.into(), file))?;
        parsed.set_source(file);
        division::warn(&parsed, file);
        self.functions = self.functions.merge(&parsed.clone_functions_only());
        self.keep_imports(text);
        Ok(())
    }

    /// Whether a text compiles.
    pub fn can_read(&self, text: &str) -> bool {
        let mut scope = globals::known(&self.scope);
        let uses = last::uses(text);
        let text = match last::free_letter(text, |name| self.has(name)) {
            Some(letter) if !uses.is_empty() => {
                scope.push(letter.as_str(), ());
                last::renamed(text, &uses, &letter)
            }
            _ => text.to_string(),
        };
        let (prepared, _) = prepare::behind(&self.imports.join(" "), prepare::prepare(&text));
        let reads = || {
            session::engine()
                .is_ok_and(|engine| engine.compile_with_scope(&scope, prepared).is_ok())
        };
        panic::guarded(reads).unwrap_or(false)
    }

    /// Clears variables, functions and imports.
    pub fn reset(&mut self) {
        self.shown = None;
        engine::release(&mut self.scope);
        *self = Interactive::default();
    }
}

impl Known for Interactive {
    fn variables(&self) -> Vec<Variable> {
        let mut out: Vec<Variable> = Vec::new();
        for (name, _, value) in self
            .scope
            .iter()
            .filter(|(name, ..)| !prepare::is_stand_in(name))
        {
            out.retain(|known| known.name != name);
            let kind = session::type_info(&value).map_or_else(
                || plain_kind(&value).to_string(),
                |info| info.name.to_string(),
            );
            out.push(Variable {
                name: name.to_string(),
                kind,
                value: show::line(&value),
            });
        }
        out
    }

    fn functions(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .functions
            .iter_functions()
            .filter(|f| !f.name.starts_with("anon$"))
            .map(|f| f.name.to_string())
            .collect();
        names.dedup();
        names
    }

    fn modules(&self) -> Vec<(String, String)> {
        let one = |statement: &String| {
            let (path, name) = statement
                .trim_start_matches("import ")
                .trim_end_matches(';')
                .rsplit_once(" as ")?;
            Some((
                name.trim().to_string(),
                path.trim().trim_matches('"').to_string(),
            ))
        };
        self.imports.iter().filter_map(one).collect()
    }
}

impl Drop for Interactive {
    fn drop(&mut self) {
        self.shown = None;
        engine::release(&mut self.scope);
    }
}

fn plain_kind(value: &Dynamic) -> &'static str {
    match value {
        v if v.is_int() => "integer",
        v if v.is_float() => "number",
        v if v.is_bool() => "boolean",
        v if v.is_string() => "string",
        v if v.is_array() => "array",
        v if v.is_map() => "map",
        v if v.is_fnptr() => "function",
        v if v.is_unit() => "unit",
        _ => "value",
    }
}

/// Whether brackets, a string in back quotes or a comment are still open, or the last line ends
/// with an operator between two values. An empty line ends a text that ends with an operator.
pub fn is_open(text: &str) -> bool {
    let scanned = scan::scan(text);
    depth(text) > 0
        || scanned.is_comment
        || matches!(scanned.quote, Some(('`', _)))
        || (!text.ends_with('\n') && ends_with_operator(text))
}

/// Whether the last token takes a value after it.
fn ends_with_operator(text: &str) -> bool {
    const OPERATORS: [&str; 36] = [
        "+", "-", "*", "/", "%", "**", "=", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "&", "|",
        "^", "<<", ">>", "+=", "-=", "*=", "/=", "%=", "**=", "&=", "|=", "^=", "??", ".", "?.",
        "::", ",", "=>", "!in",
    ];
    let all = tokens::tokens(text).unwrap_or_default();
    let last = all.iter().rev().find(|token| !token.is_comment());
    last.is_some_and(|token| token.kind == tokens::Kind::Sign && OPERATORS.contains(&token.text))
}

/// How many brackets are open.
pub fn depth(text: &str) -> usize {
    scan::open(&scan::scan(text)).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_in_a_letter_a_string_or_a_comment_opens_nothing() {
        for whole in [
            "c == '('",
            "\"(\"",
            "/* ( */ 1",
            "`${f(1)} (`",
            "f(1) // (",
            "))",
            "1 +\n",
            "0..",
            "1 // +",
            "f(1);",
        ] {
            assert!(!is_open(whole), "{whole}");
        }
        for part in [
            "f(",
            "`a",
            "`${f(",
            "/* 1",
            "fn f() {",
            "#{ a: [",
            "1 +",
            "x = // y",
            "t\n  .sum().",
        ] {
            assert!(is_open(part), "{part}");
        }
    }
}

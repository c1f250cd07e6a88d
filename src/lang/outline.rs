//! What a script defines and where its names are used, from its text alone.

use crate::catalog::{Catalog, current};
use crate::format::spaces::{Role, roles};
use crate::known::{Known, Variable};
use crate::tokens::{Kind, Token, all};
use std::ops::Range;

/// What a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A function.
    Function,
    /// A variable of `let`, `for` or `catch`.
    Variable,
    /// A constant.
    Constant,
    /// A parameter of a function or a closure.
    Parameter,
    /// An imported module.
    Module,
}

/// A name that a script defines. Ranges are bytes.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// The name.
    pub name: String,
    /// What it is.
    pub sort: Sort,
    /// Where the name is defined.
    pub at: Range<usize>,
    /// The whole definition.
    pub whole: Range<usize>,
    /// Where it can be used.
    seen: Range<usize>,
    /// Of a function its parameters, of a module its path, of a variable the function that its
    /// value comes from, such as `nn::build`, or the kind of a literal.
    pub detail: String,
    /// The documentation of a function.
    pub docs: String,
}

impl Symbol {
    /// Whether scripts that import the text see it: functions that are not private, and constants
    /// and variables that the text exports.
    pub fn is_public(&self, text: &str) -> bool {
        let start = text[..self.at.start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[start..].trim_start();
        match self.sort {
            Sort::Function => !line.starts_with("private"),
            Sort::Module => false,
            _ => line.starts_with("export "),
        }
    }
}

/// What a script defines, and its names.
#[derive(Debug, Default)]
pub struct Outline {
    /// What it defines, in order.
    pub symbols: Vec<Symbol>,
    /// Bodies of functions, which do not see variables outside.
    bodies: Vec<Range<usize>>,
    /// The names in the text.
    words: Vec<Word>,
    /// Where the reader looks from: names that are not seen there are not offered.
    cursor: Option<usize>,
}

/// A name in the text.
#[derive(Debug)]
struct Word {
    name: String,
    at: Range<usize>,
    place: Place,
}

/// What is beside a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing that matters.
    Plain,
    /// A bracket: it is called.
    Called,
    /// `::` behind it.
    Space,
    /// A namespace before it.
    Within(String),
    /// A point before it, or a colon behind a key.
    Member,
}

/// A reader of tokens with where their brackets end.
struct Reader<'a> {
    script: &'a str,
    tokens: Vec<Token<'a>>,
    roles: Vec<Role>,
    /// Of each opening bracket the token that closes it, or the number of tokens.
    closing: Vec<usize>,
    /// Of each token the bracket around it.
    around: Vec<Option<usize>>,
}

impl<'a> Reader<'a> {
    fn new(script: &'a str) -> Reader<'a> {
        let tokens: Vec<Token> = all(script);
        let tokens: Vec<Token> = tokens.into_iter().filter(|one| !one.is_comment()).collect();
        let mut closing = vec![tokens.len(); tokens.len()];
        let mut around = vec![None; tokens.len()];
        let mut open: Vec<usize> = Vec::new();
        for (i, token) in tokens.iter().enumerate() {
            if token.closes()
                && let Some(at) = open.pop()
            {
                closing[at] = i;
            }
            around[i] = open.last().copied();
            if token.opens() {
                open.push(i);
            }
        }
        let roles = roles(&tokens).0;
        Reader {
            script,
            tokens,
            roles,
            closing,
            around,
        }
    }

    fn range(&self, i: usize) -> Range<usize> {
        match self.tokens.get(i) {
            Some(token) => {
                let at = token.text.as_ptr() as usize - self.script.as_ptr() as usize;
                at..at + token.text.len()
            }
            None => self.script.len()..self.script.len(),
        }
    }

    fn is(&self, i: usize, sign: &str) -> bool {
        self.tokens.get(i).is_some_and(|token| token.is(sign))
    }

    fn word(&self, i: usize) -> Option<&'a str> {
        let token = self.tokens.get(i)?;
        (token.kind == Kind::Word).then_some(token.text)
    }

    /// The first token from one on, outside of brackets that open behind it, that is one of signs
    /// or closes the bracket around.
    fn until(&self, from: usize, signs: &[&str]) -> usize {
        let mut i = from;
        while let Some(token) = self.tokens.get(i) {
            if token.closes() || signs.iter().any(|sign| token.is(sign)) {
                break;
            }
            i = if token.opens() {
                self.closing[i] + 1
            } else {
                i + 1
            };
        }
        i.min(self.tokens.len())
    }

    /// The token that closes the bracket at a token, or the number of tokens.
    fn closed(&self, i: usize) -> usize {
        self.closing.get(i).copied().unwrap_or(self.tokens.len())
    }

    /// The bytes of the block that opens at a token.
    fn block(&self, i: usize) -> Range<usize> {
        self.range(i).start..self.range(self.closed(i)).end
    }

    /// The byte at which the block around a token ends.
    fn end_of_block(&self, i: usize) -> usize {
        let mut at = self.around[i];
        while let Some(open) = at {
            if self.tokens[open].is("{") {
                return self.range(self.closing[open]).start;
            }
            at = self.around[open];
        }
        self.script.len()
    }

    /// The comment lines right before a byte.
    fn docs_before(&self, at: usize) -> String {
        let before = &self.script[..at];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let lines = before[..start].lines().rev();
        let docs = lines.map_while(|line| line.trim_start().strip_prefix("///"));
        let mut docs: Vec<&str> = docs
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        docs.reverse();
        docs.join("\n")
    }
}

impl Outline {
    /// Reads a script, which may be incomplete.
    pub fn of(script: &str) -> Outline {
        let reader = Reader::new(script);
        let mut outline = Outline::default();
        for i in 0..reader.tokens.len() {
            outline.read(&reader, i);
        }
        outline
    }

    /// The names that can be used at a byte are those that are known.
    pub fn seen_from(mut self, cursor: usize) -> Outline {
        self.cursor = Some(cursor);
        self
    }

    fn read(&mut self, reader: &Reader, i: usize) {
        let is_after = |sign: &str| i > 0 && reader.is(i - 1, sign);
        if reader.roles[i] == Role::Parameters {
            self.read_closure(reader, i);
        }
        let Some(word) = reader.word(i) else {
            return;
        };
        let is_member = is_after(".") || is_after("?.");
        if !is_member && !is_after("::") {
            match word {
                "let" | "const" => self.read_value(reader, i),
                "fn" => self.read_function(reader, i),
                "for" => self.read_loop(reader, i),
                "catch" if reader.is(i + 1, "(") => self.read_catch(reader, i + 1),
                "import" => self.read_import(reader, i),
                _ => {}
            }
        }
        let is_key = reader.is(i + 1, ":")
            && reader.around[i].is_some_and(|open| reader.tokens[open].is("#{"));
        let place = match () {
            () if is_after("::") => {
                Place::Within(reader.word(i.saturating_sub(2)).unwrap_or_default().into())
            }
            () if is_member || is_key => Place::Member,
            () if reader.is(i + 1, "::") => Place::Space,
            () if reader.is(i + 1, "(") => Place::Called,
            () => Place::Plain,
        };
        self.words.push(Word {
            name: word.to_string(),
            at: reader.range(i),
            place,
        });
    }

    /// Adds a definition, if a name is at the token.
    fn push(
        &mut self,
        reader: &Reader,
        name: usize,
        sort: Sort,
        whole: Range<usize>,
        seen: Range<usize>,
    ) -> Option<&mut Symbol> {
        self.symbols.push(Symbol {
            name: reader.word(name)?.to_string(),
            sort,
            at: reader.range(name),
            whole,
            seen,
            detail: String::new(),
            docs: String::new(),
        });
        self.symbols.last_mut()
    }

    /// Adds the names among tokens, which are seen in some bytes.
    fn push_names(&mut self, reader: &Reader, at: Range<usize>, sort: Sort, seen: &Range<usize>) {
        for i in at {
            self.push(reader, i, sort, reader.range(i), seen.clone());
        }
    }

    fn read_value(&mut self, reader: &Reader, i: usize) {
        let end = reader.until(i + 1, &[";"]);
        let whole = reader.range(i).start..reader.range(end).end;
        let seen = reader.range(end).start..reader.end_of_block(i);
        let sort = match reader.word(i) {
            Some("const") => Sort::Constant,
            _ => Sort::Variable,
        };
        if reader.is(i + 1, "[") {
            let names = (i + 2..reader.closed(i + 1)).filter(|at| reader.word(*at) != Some("_"));
            for name in names {
                self.push(reader, name, sort, whole.clone(), seen.clone());
            }
            return;
        }
        let symbol = self.push(reader, i + 1, sort, whole, seen);
        if let Some(symbol) = symbol.filter(|_| reader.is(i + 2, "=")) {
            symbol.detail = source_of(reader, i + 3, end);
        }
    }

    fn read_function(&mut self, reader: &Reader, i: usize) {
        // fn name(…), or fn Type.name(…)
        let name = if reader.is(i + 2, ".") { i + 3 } else { i + 1 };
        let open = name + 1;
        if !reader.is(open, "(") {
            return;
        }
        let close = reader.closed(open);
        let body = reader.block(close + 1);
        let start = match i > 0 && reader.word(i - 1) == Some("private") {
            true => reader.range(i - 1).start,
            false => reader.range(i).start,
        };
        let (whole, seen) = (start..body.end, 0..reader.script.len());
        if let Some(symbol) = self.push(reader, name, Sort::Function, whole, seen) {
            let names = (open + 1..close).filter_map(|at| reader.word(at));
            symbol.detail = names.collect::<Vec<_>>().join(", ");
            symbol.docs = reader.docs_before(start);
        }
        self.push_names(reader, open + 1..close, Sort::Parameter, &body);
        self.bodies.push(body);
    }

    fn read_closure(&mut self, reader: &Reader, i: usize) {
        let end = (i + 1..reader.tokens.len()).find(|at| reader.roles[*at] == Role::Body);
        let Some(bar) = end else {
            return;
        };
        let last = match reader.is(bar + 1, "{") {
            true => reader.closed(bar + 1),
            false => reader.until(bar + 1, &[",", ";"]),
        };
        let seen = reader.range(bar).end..reader.range(last).start;
        self.push_names(reader, i + 1..bar, Sort::Parameter, &seen);
    }

    fn read_loop(&mut self, reader: &Reader, i: usize) {
        let near = i + 1..reader.tokens.len().min(i + 64);
        let Some(word) = near.into_iter().find(|at| reader.word(*at) == Some("in")) else {
            return;
        };
        let seen = reader.block(reader.until(word + 1, &["{"]));
        self.push_names(reader, i + 1..word, Sort::Variable, &seen);
    }

    /// The name in the bracket at a token, which the block behind the bracket sees.
    fn read_catch(&mut self, reader: &Reader, open: usize) {
        let close = reader.closed(open);
        let seen = reader.block(close + 1);
        self.push_names(reader, open + 1..close, Sort::Variable, &seen);
    }

    fn read_import(&mut self, reader: &Reader, i: usize) {
        let end = reader.until(i + 1, &[";"]);
        let Some(word) = (i + 1..end).find(|at| reader.word(*at) == Some("as")) else {
            return;
        };
        // functions see what is imported at the top
        let is_top = reader.around[i].is_none();
        let start = if is_top { 0 } else { reader.range(end).start };
        let whole = reader.range(i).start..reader.range(end).end;
        let seen = start..reader.end_of_block(i);
        if let Some(symbol) = self.push(reader, word + 1, Sort::Module, whole, seen) {
            let path = reader.tokens[i + 1].text.trim_matches(['"', '`']);
            symbol.detail = path.to_string();
        }
    }

    fn word(&self, at: usize) -> Option<&Word> {
        let touches = |word: &&Word| word.at.contains(&at) || word.at.end == at;
        self.words.iter().find(touches)
    }

    /// The name at a byte: where it is, and the module before it, if one is.
    pub fn word_at(&self, at: usize) -> Option<(&str, Range<usize>, Option<&str>)> {
        let word = self.word(at)?;
        let module = match &word.place {
            Place::Within(module) => Some(module.as_str()),
            _ => None,
        };
        Some((&word.name, word.at.clone(), module))
    }

    /// The definition that the name at a byte means, if it is in this script.
    pub fn definition(&self, at: usize) -> Option<&Symbol> {
        self.meant(self.word(at)?)
    }

    fn meant(&self, word: &Word) -> Option<&Symbol> {
        let named = || self.symbols.iter().filter(|one| one.name == word.name);
        if let Some(own) = named().find(|one| one.at == word.at) {
            return Some(own);
        }
        let function = || named().find(|one| one.sort == Sort::Function);
        let at = word.at.start;
        match &word.place {
            Place::Member => None,
            Place::Within(module) if module == "global" => {
                named().find(|one| one.sort == Sort::Constant)
            }
            Place::Within(_) => None,
            Place::Space => self.innermost(&word.name, at, |sort| sort == Sort::Module),
            Place::Called => function(),
            Place::Plain => self
                .innermost(&word.name, at, |sort| {
                    !matches!(sort, Sort::Module | Sort::Function)
                })
                .or_else(function),
        }
    }

    /// The last definition of a name that is seen at a byte.
    fn innermost(&self, name: &str, at: usize, is: impl Fn(Sort) -> bool) -> Option<&Symbol> {
        let all = self
            .symbols
            .iter()
            .filter(|one| one.name == name && is(one.sort));
        all.filter(|one| self.is_seen(one, at))
            .max_by_key(|one| one.seen.start)
    }

    /// Whether a definition can be used at a byte: functions see no variables of the script.
    fn is_seen(&self, symbol: &Symbol, at: usize) -> bool {
        let crosses = |body: &Range<usize>| body.contains(&at) && !body.contains(&symbol.at.start);
        let is_shut = !matches!(symbol.sort, Sort::Module | Sort::Function | Sort::Parameter)
            && self.bodies.iter().any(crosses);
        // a name that is typed at the end of a block or of the text is in it
        symbol.seen.start <= at && at <= symbol.seen.end && !is_shut
    }

    /// All places where a definition of this script is named, the definition too, in order.
    pub fn uses(&self, symbol: &Symbol) -> Vec<Range<usize>> {
        let is_same = |word: &&Word| self.meant(word).is_some_and(|one| one.at == symbol.at);
        self.words
            .iter()
            .filter(is_same)
            .map(|word| word.at.clone())
            .collect()
    }

    /// The places where a name follows one of modules, by their names here.
    pub fn members(&self, modules: &[&str], name: &str) -> Vec<Range<usize>> {
        let is_meant = |word: &&Word| {
            let module = match &word.place {
                Place::Within(module) => module.as_str(),
                _ => return false,
            };
            word.name == name && modules.contains(&module)
        };
        let found = self.words.iter().filter(is_meant);
        found.map(|word| word.at.clone()).collect()
    }

    /// The type of a variable as far as the text states it; empty where it does not.
    pub fn type_of(&self, symbol: &Symbol, catalog: &Catalog) -> String {
        match symbol.detail.rsplit_once("::") {
            Some((space, name)) => {
                let space = self.space_of(space);
                let entry = catalog.functions(&space, name).next();
                entry.map_or_else(String::new, |entry| entry.return_type.clone())
            }
            None if symbol.sort == Sort::Parameter || symbol.detail.contains('.') => String::new(),
            None => symbol.detail.clone(),
        }
    }

    fn known(&self) -> impl Iterator<Item = &Symbol> {
        let cursor = self.cursor;
        self.symbols
            .iter()
            .filter(move |one| cursor.is_none_or(|at| self.is_seen(one, at)))
    }
}

/// The function that a value comes from, or the kind of a literal.
fn source_of(reader: &Reader, from: usize, end: usize) -> String {
    let first = match reader.tokens.get(from) {
        Some(first) if from < end => first,
        _ => return String::new(),
    };
    match first.kind {
        Kind::Text => return "string".into(),
        Kind::Number if from + 1 == end => {
            return if first.text.contains('.') {
                "number"
            } else {
                "integer"
            }
            .into();
        }
        Kind::Sign if first.is("[") && reader.closing[from] + 1 == end => return "array".into(),
        Kind::Sign if first.is("#{") && reader.closing[from] + 1 == end => return "map".into(),
        Kind::Sign if matches!(reader.roles[from], Role::Parameters | Role::Body) => {
            return "function".into();
        }
        _ => {}
    }
    // a::b(…) alone, without calls of methods behind it
    let open = (from..end).find(|at| reader.is(*at, "("));
    let Some(open) = open.filter(|open| reader.closing[*open] + 1 == end) else {
        return String::new();
    };
    (from..open).map(|at| reader.tokens[at].text).collect()
}

impl Known for Outline {
    fn variables(&self) -> Vec<Variable> {
        let is = |one: &&Symbol| !matches!(one.sort, Sort::Function | Sort::Module);
        let catalog = current();
        let mut names: Vec<Variable> = Vec::new();
        for symbol in self.known().filter(is) {
            names.retain(|one| one.name != symbol.name);
            names.push(Variable {
                name: symbol.name.clone(),
                kind: self.type_of(symbol, &catalog),
                value: String::new(),
            });
        }
        names
    }

    fn functions(&self) -> Vec<String> {
        let is = |one: &&Symbol| one.sort == Sort::Function;
        self.symbols
            .iter()
            .filter(is)
            .map(|one| one.name.clone())
            .collect()
    }

    fn modules(&self) -> Vec<(String, String)> {
        let is = |one: &&Symbol| one.sort == Sort::Module;
        let one = |one: &Symbol| (one.name.clone(), one.detail.clone());
        self.symbols.iter().filter(is).map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of all uses of the name at the first `|`, with what follows each.
    fn uses(marked: &str) -> Vec<usize> {
        let at = marked.find('¦').expect("a mark");
        let script = marked.replace('¦', "");
        let outline = Outline::of(&script);
        let Some(symbol) = outline.definition(at) else {
            return Vec::new();
        };
        let uses = outline.uses(symbol);
        uses.iter()
            .map(|at| script[..at.start].matches('\n').count() + 1)
            .collect()
    }

    #[test]
    fn names_mean_what_is_defined_around_them() {
        let script =
            "let x = 1;\nlet y = x + ¦x;\nlet x = `${x}`;\nfn f(x) { x }\nf(x); a.x; #{ x: x }";
        assert_eq!(uses(script), [1, 2, 2, 3]);
        assert_eq!(uses("let x = 1;\n{ let x = 2; x }\n¦x"), [1, 3]);
        assert_eq!(uses("let f = |a, b| {\n¦a + b };\nlet a = 1;\na"), [1, 2]);
        assert_eq!(uses("x.map(|v| v + ¦v).map(|v| v)"), [1, 1, 1]);
        assert_eq!(uses("for (a, i) in a {\n¦i;\n} i"), [1, 2]);
        assert_eq!(uses("try { e } catch (e) {\n¦e }"), [1, 2]);
        assert_eq!(uses("const N = 1;\nfn f() { global::¦N }\nN"), [1, 2, 3]);
        assert_eq!(
            uses("import \"a\" as m;\nfn f() { ¦m::g() }\nm::h(m)"),
            [1, 2, 3]
        );
        assert_eq!(uses("f(1);\nprivate fn ¦f(a) { a }\nlet f = 2; f"), [1, 2]);
        assert_eq!(uses("let v = 1;\nfn g() { ¦v }"), Vec::<usize>::new());
        assert_eq!(uses("let a = 1; `${`${¦a}` + a}` + a"), [1, 1, 1, 1]);
    }

    #[test]
    fn symbols_have_their_source_and_documentation() {
        let script = "import \"std/ood\" as ood;\n/// Adds.\n///\n/// Two lines.\n\
            private fn add(a, b) { a + b }\nlet net = nn::build(nn::linear(1), [2], #{});\n\
            let y = net.predict(1);\nlet s = \"a\"; let m = #{ a: 1 }; let n = -1;";
        let outline = Outline::of(script);
        let of = |name: &str| {
            let found = outline.symbols.iter().find(|one| one.name == name);
            found.expect(name).clone()
        };
        assert_eq!(of("add").docs, "Adds.\n\nTwo lines.");
        assert_eq!(
            (of("add").detail.as_str(), of("ood").detail.as_str()),
            ("a, b", "std/ood")
        );
        assert_eq!(&script[of("add").whole], "private fn add(a, b) { a + b }");
        assert_eq!(
            (of("net").detail.as_str(), of("y").detail.as_str()),
            ("nn::build", "net.predict")
        );
        assert_eq!(
            (of("s").detail.as_str(), of("m").detail.as_str()),
            ("string", "map")
        );
        // a sign is no function
        assert_eq!(of("n").detail, "");
    }

    /// Every beginning of every script of the library is read without a panic.
    #[test]
    fn what_is_typed_so_far_is_read() {
        for path in crate::stdlib::paths() {
            let (script, _) = crate::stdlib::read(&path).expect("a module");
            let script: String = script.chars().take(1500).collect();
            for (at, _) in script.char_indices().step_by(7) {
                let outline = Outline::of(&script[..at]);
                for symbol in &outline.symbols {
                    assert!(
                        outline.uses(symbol).contains(&symbol.at),
                        "{path}: {}",
                        symbol.name
                    );
                }
            }
        }
    }
}

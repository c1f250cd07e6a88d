//! Changes of the text of a script before Rhai compiles it, with the shifts of columns for the
//! positions of errors.
//!
//! - `catch (e) {`: Rhai passes its own errors as maps; they become values of type `error`.
//! - `for i in … {`: a closure would capture the one variable of the loop with its last value; each
//!   iteration gets a separate variable.
//! - `let [a, b] = x;` and `for [a, b] in x {`: names for the values of an array.
//! - `m.key ?? other`: a missing key is no error where a fallback is given.
//! - `fn f(n) { f(n - 1) }`: an endless recursion is an error that can be caught.
//! - `.eval(` and `.until(`: both words are reserved in Rhai.

mod depth;
mod fallback;
mod loops;
mod patterns;

use super::scan;
pub use patterns::is_stand_in;

/// An insertion in the prepared text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Line, from 1.
    pub line: usize,
    /// Column of the prepared text from which everything moved right.
    pub column: usize,
    /// Number of columns.
    pub by: usize,
}

/// The function that converts the value of `catch` to a fault.
pub const CAUGHT: &str = "__caught";

/// The function that fails where calls are too deep: the engine's own error cannot be caught.
pub const DEPTH: &str = "__depth";

/// The function that returns one of the values of a pattern.
pub const PART: &str = "__part";

/// The function that asks whether a map lacks a key.
pub const LACKS: &str = "__lacks";

/// Method words that Rhai reserves.
pub const RESERVED_METHODS: [&str; 2] = ["eval", "until"];

/// The prepared text with its shifts.
pub fn prepare(text: &str) -> (String, Vec<Shift>) {
    let letters: Vec<char> = text.chars().collect();
    let mut is_code = vec![false; letters.len()];
    let mut code = scan::scan(text)
        .code
        .into_iter()
        .map(|(at, _)| at)
        .peekable();
    for (i, (at, _)) in text.char_indices().enumerate() {
        is_code[i] = code.next_if_eq(&at).is_some();
    }
    let capacity = text.len() + 64;
    let (out, shifts) = (String::with_capacity(capacity), Vec::new());
    let mut repair = Repair {
        letters,
        is_code,
        functions: Vec::new(),
        insertions: Vec::new(),
        at: 0,
        out,
        shifts,
        line: 1,
        column: 1,
    };
    repair.functions = repair.defined();
    repair.fallbacks();
    repair.all();
    (repair.out, repair.shifts)
}

struct Repair {
    letters: Vec<char>,
    is_code: Vec<bool>,
    /// Names of the functions that the text defines.
    functions: Vec<String>,
    /// Places of letters before which something is put in, and what.
    insertions: Vec<(usize, String)>,
    at: usize,
    out: String,
    shifts: Vec<Shift>,
    line: usize,
    column: usize,
}

impl Repair {
    fn code(&self, at: usize) -> Option<char> {
        self.letters.get(at).copied().filter(|_| self.is_code[at])
    }

    fn copy(&mut self) {
        if let Some(c) = self.letters.get(self.at).copied() {
            self.out.push(c);
            (self.line, self.column) = if c == '\n' {
                (self.line + 1, 1)
            } else {
                (self.line, self.column + 1)
            };
            self.at += 1;
        }
    }

    fn insert(&mut self, text: &str) {
        self.out.push_str(text);
        let by = text.chars().count();
        self.column += by;
        self.shifts.push(Shift {
            line: self.line,
            column: self.column,
            by,
        });
    }

    fn starts_with(&self, at: usize, word: &str) -> bool {
        word.chars()
            .enumerate()
            .all(|(i, c)| self.code(at + i) == Some(c))
    }

    /// Whether a word of the language begins here.
    fn is_keyword(&self, at: usize, word: &str) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.code(at));
        let after = self.code(at + word.len());
        let inside = |c: Option<char>| c.is_some_and(|c| is_word(c) || c == '.');
        self.starts_with(at, word) && !inside(before) && !after.is_some_and(is_word)
    }

    /// Puts in what belongs before the next letter.
    fn put_in(&mut self) {
        while let Some(i) = self.insertions.iter().position(|(at, _)| *at == self.at) {
            let (_, text) = self.insertions.remove(i);
            self.insert(&text);
        }
    }

    fn all(&mut self) {
        while self.at < self.letters.len() {
            self.put_in();
            match self.code(self.at) {
                Some('c') if self.is_keyword(self.at, "catch") => self.catch(),
                Some('f') if self.is_keyword(self.at, "for") => self.loop_variables(),
                Some('f') if self.is_keyword(self.at, "fn") => self.function(),
                Some('l') if self.is_keyword(self.at, "let") => self.declaration("let"),
                Some('c') if self.is_keyword(self.at, "const") => self.declaration("const"),
                Some('.') => {
                    self.copy();
                    self.method();
                }
                _ => self.copy(),
            }
        }
        self.put_in();
    }

    /// The place of the next letter of code that is no blank; comments are passed over.
    fn skip(&self, mut at: usize) -> usize {
        let is_blank = |at: usize| {
            self.letters
                .get(at)
                .is_some_and(|c| !self.is_code[at] || c.is_whitespace())
        };
        while is_blank(at) {
            at += 1;
        }
        at
    }

    /// A name, and the place of what follows it.
    fn name(&self, at: usize) -> (String, usize) {
        let name: String = (at..)
            .map_while(|at| self.code(at))
            .take_while(|c| is_word(*c))
            .collect();
        let end = self.skip(at + name.chars().count());
        (name, end)
    }

    /// `catch (e) {` gets a first statement.
    fn catch(&mut self) {
        let mut at = self.skip(self.at + 5);
        let mut name = String::new();
        if self.code(at) == Some('(') {
            (name, at) = self.name(self.skip(at + 1));
        }
        let brace = self.skip(at + 1);
        if name.is_empty() || self.code(at) != Some(')') || self.code(brace) != Some('{') {
            return (0..5).for_each(|_| self.copy());
        }
        (self.at..=brace).for_each(|_| self.copy());
        self.insert(&format!(" {name} = {CAUGHT}({name});"));
    }

    fn method(&mut self) {
        for word in RESERVED_METHODS {
            let n = word.len();
            if self.starts_with(self.at, word) && self.code(self.at + n) == Some('(') {
                (0..n).for_each(|_| self.copy());
                self.insert("_");
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A prepared text with statements inserted in front of its first line.
pub fn behind(words: &str, (text, mut shifts): (String, Vec<Shift>)) -> (String, Vec<Shift>) {
    let by = words.chars().count();
    shifts
        .iter_mut()
        .filter(|shift| shift.line == 1)
        .for_each(|shift| shift.column += by);
    shifts.push(Shift {
        line: 1,
        column: by + 1,
        by,
    });
    (format!("{words}{text}"), shifts)
}

/// The column of the original text.
pub fn original(shifts: &[Shift], line: usize, column: usize) -> usize {
    let moved: usize = shifts
        .iter()
        .filter(|shift| shift.line == line && shift.column <= column)
        .map(|shift| shift.by)
        .sum();
    column.saturating_sub(moved).max(usize::from(column > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_an_array_get_names() {
        let (text, shifts) = prepare("let [a, b] = f([1, 2]); g(a)");
        assert_eq!(
            text,
            "let _d____ = f([1, 2]); let a = __part(_d____, 0, 2); let b = __part(_d____, 1, 2); \
            _d____ = (); g(a)"
        );
        assert_eq!(
            original(&shifts, 1, text.find("g(a)").expect("there") + 1),
            25
        );
        assert_eq!(
            prepare("let [a] = x;").0,
            "let _d_ = x; let a = __part(_d_, 0, 1); _d_ = ();"
        );
        assert_eq!(
            prepare("for [a, _] in x { a }").0,
            "for _d____ in x { let a = __part(_d____, 0, 2); a }"
        );
        for plain in [
            "let a = [1, 2];",
            "let [a, b] == 3",
            "let [a, 1] = x;",
            "\"let [a, b] = x;\"",
            "letter [a] = x;",
        ] {
            assert_eq!(prepare(plain).0, plain);
        }
    }

    #[test]
    fn a_missing_key_is_asked_for_before() {
        assert_eq!(
            prepare("let x = m.a ?? 0;").0,
            "let x = (if __lacks(m, \"a\") { () } else { m.a }) ?? 0;"
        );
        assert_eq!(
            prepare("m[k] ?? 0").0,
            "(if __lacks(m, k) { () } else { m[k] }) ?? 0"
        );
        assert_eq!(
            prepare("m.a[`x${i}`] ?? 0").0,
            "(if __lacks(m, \"a\") || __lacks(m.a, `x${i}`) { () } else { m.a[`x${i}`] }) ?? 0"
        );
        for plain in [
            "x ?? 0",
            "f(x).a ?? 0",
            "m?.a ?? 0",
            "m[f(1)] ?? 0",
            "m.a ??= 0",
            "\"m.a ?? 0\"",
            "1.5 ?? 0",
        ] {
            assert_eq!(prepare(plain).0, plain);
        }
    }

    #[test]
    fn only_code_is_changed() {
        let (text, shifts) = prepare("net.eval();\ntry { f() } catch (e) { g(e) }");
        assert_eq!(
            text,
            "net.eval_();\ntry { f() } catch (e) { e = __caught(e); g(e) }"
        );
        assert_eq!(original(&shifts, 1, 10), 9);
        assert_eq!(original(&shifts, 2, 42), 42 - 17);
        assert_eq!(
            prepare("`${net.eval()} .eval(`").0,
            "`${net.eval_()} .eval(`"
        );
        for plain in [
            "// catch (e) { .eval(",
            "\"catch (e) {\"",
            "`x.until(`",
            "/* catch (e) { */",
            "catch {",
            "x.evaluate()",
            "recatch (e) {",
        ] {
            assert_eq!(prepare(plain).0, plain);
        }
    }

    #[test]
    fn a_loop_with_a_closure_has_a_variable_of_each_turn() {
        let (text, shifts) = prepare("for i in #{a: 1}.keys() { f(|| i) }");
        assert_eq!(text, "for i in #{a: 1}.keys() { let i = i; f(|| i) }");
        assert_eq!(original(&shifts, 1, 38), 27);
        assert_eq!(
            prepare("for (x, i) in a {|y| x}").0,
            "for (x, i) in a { let x = x; let i = i;|y| x}"
        );
        for plain in [
            "for i in 0..3 { i }",
            "for i in 0..3 { \"|\" }",
            "forfeit in x { |y| y }",
            "for i in if a { b } else { c } { || i }",
        ] {
            assert_eq!(prepare(plain).0, plain);
        }
    }
}

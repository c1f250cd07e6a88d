//! Small repairs of a script's text before Rhai reads it, with a note of what moved so that errors keep their columns.
//!
//! - `catch (e) {`: errors of the language itself reach scripts as plain maps; they become errors like all others.
//! - `.eval(` and `.until(`: both words are reserved in Rhai, though as methods they mean nothing else.

/// Text put in at a place of the prepared text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Line, from 1.
    pub line: usize,
    /// Column of the prepared text from which everything moved right.
    pub column: usize,
    /// By how many columns.
    pub by: usize,
}

/// The function that turns what `catch` gives into an error.
pub const CAUGHT: &str = "__caught";

/// Method words that Rhai reserves.
pub const RESERVED_METHODS: [&str; 2] = ["eval", "until"];

/// The prepared text and what moved in it.
pub fn prepare(text: &str) -> (String, Vec<Shift>) {
    let mut scan = Scan { letters: text.chars().collect(), at: 0, out: String::with_capacity(text.len() + 64), shifts: Vec::new(), line: 1, column: 1 };
    scan.all();
    (scan.out, scan.shifts)
}

struct Scan {
    letters: Vec<char>,
    at: usize,
    out: String,
    shifts: Vec<Shift>,
    line: usize,
    column: usize,
}

impl Scan {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn copy(&mut self) {
        if let Some(c) = self.peek(0) {
            self.out.push(c);
            (self.line, self.column) = if c == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
            self.at += 1;
        }
    }

    fn insert(&mut self, text: &str) {
        self.out.push_str(text);
        let by = text.chars().count();
        self.column += by;
        self.shifts.push(Shift { line: self.line, column: self.column, by });
    }

    fn starts_with(&self, word: &str) -> bool {
        word.chars().enumerate().all(|(i, c)| self.peek(i) == Some(c))
    }

    fn all(&mut self) {
        let mut before = ' ';
        while let Some(c) = self.peek(0) {
            match c {
                '/' if self.peek(1) == Some('/') => self.until(|scan| scan.peek(0) == Some('\n')),
                '/' if self.peek(1) == Some('*') => self.comment(),
                '"' | '`' => self.quoted(c),
                'c' if !is_word(before) && self.starts_with("catch") && !self.peek(5).is_some_and(is_word) => self.catch(),
                '.' => {
                    self.copy();
                    self.method();
                }
                _ => self.copy(),
            }
            before = self.letters[self.at - 1];
        }
    }

    fn until(&mut self, end: impl Fn(&Scan) -> bool) {
        while self.peek(0).is_some() && !end(self) {
            self.copy();
        }
    }

    fn comment(&mut self) {
        let mut depth = 0;
        while self.peek(0).is_some() {
            if self.starts_with("/*") {
                depth += 1;
                self.copy();
            } else if self.starts_with("*/") {
                depth -= 1;
                self.copy();
            }
            self.copy();
            if depth == 0 {
                break;
            }
        }
    }

    fn quoted(&mut self, quote: char) {
        self.copy();
        while let Some(c) = self.peek(0) {
            if c == '\\' && quote == '"' {
                self.copy();
            }
            self.copy();
            if c == quote {
                break;
            }
        }
    }

    /// `catch (e) {` gets a first statement.
    fn catch(&mut self) {
        let mut ahead = 5;
        let skip = |scan: &Scan, mut ahead: usize| {
            while scan.peek(ahead).is_some_and(char::is_whitespace) {
                ahead += 1;
            }
            ahead
        };
        ahead = skip(self, ahead);
        let mut name = String::new();
        if self.peek(ahead) == Some('(') {
            ahead = skip(self, ahead + 1);
            while let Some(c) = self.peek(ahead).filter(|c| is_word(*c)) {
                name.push(c);
                ahead += 1;
            }
            ahead = skip(self, ahead);
        }
        let closed = self.peek(ahead) == Some(')');
        let brace = skip(self, ahead + 1);
        if name.is_empty() || !closed || self.peek(brace) != Some('{') {
            return (0..5).for_each(|_| self.copy());
        }
        (0..=brace).for_each(|_| self.copy());
        self.insert(&format!(" {name} = {CAUGHT}({name});"));
    }

    fn method(&mut self) {
        for word in RESERVED_METHODS {
            let n = word.len();
            if self.starts_with(word) && self.peek(n) == Some('(') {
                (0..n).for_each(|_| self.copy());
                self.insert("_");
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A prepared text behind words that stand before it in its first line.
pub fn behind(words: &str, (text, mut shifts): (String, Vec<Shift>)) -> (String, Vec<Shift>) {
    let by = words.chars().count();
    shifts.iter_mut().filter(|shift| shift.line == 1).for_each(|shift| shift.column += by);
    shifts.push(Shift { line: 1, column: by + 1, by });
    (format!("{words}{text}"), shifts)
}

/// The column of the original text.
pub fn original(shifts: &[Shift], line: usize, column: usize) -> usize {
    let moved: usize = shifts.iter().filter(|shift| shift.line == line && shift.column <= column).map(|shift| shift.by).sum();
    column.saturating_sub(moved).max(usize::from(column > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_changed() {
        let (text, shifts) = prepare("net.eval();\ntry { f() } catch (e) { g(e) }");
        assert_eq!(text, "net.eval_();\ntry { f() } catch (e) { e = __caught(e); g(e) }");
        assert_eq!(original(&shifts, 1, 10), 9);
        assert_eq!(original(&shifts, 2, 42), 42 - 17);
        for plain in ["// catch (e) { .eval(", "\"catch (e) {\"", "`x.until(`", "/* catch (e) { */", "catch {", "x.evaluate()", "recatch (e) {"] {
            assert_eq!(prepare(plain).0, plain);
        }
    }
}

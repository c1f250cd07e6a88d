//! Names for the values of an array.

use super::{PART, Repair, is_word};

/// `[a, b]`: its names, and the place after it.
pub(super) struct Pattern {
    names: Vec<String>,
    end: usize,
}

impl Pattern {
    /// Declarations of the names, of a value that has a name.
    fn parts(&self, keyword: &str, value: &str) -> String {
        let n = self.names.len();
        let named = self
            .names
            .iter()
            .enumerate()
            .filter(|(_, name)| *name != "_");
        named
            .map(|(i, name)| format!(" {keyword} {name} = {PART}({value}, {i}, {n});"))
            .collect()
    }
}

impl Repair {
    /// The pattern that begins at a place.
    pub(super) fn pattern(&self, start: usize) -> Option<Pattern> {
        if self.code(start) != Some('[') {
            return None;
        }
        let (mut names, mut at) = (Vec::new(), start);
        loop {
            let (name, next) = self.name(self.skip(at + 1));
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            names.push(name);
            at = next;
            match self.code(at) {
                Some(',') => {}
                Some(']') => break,
                _ => return None,
            }
        }
        Some(Pattern { names, end: at + 1 })
    }

    /// Writes a name as long as the pattern's first line in its place, and blanks for further
    /// lines, so that lines and columns stay.
    fn stand_in(&mut self, start: usize, pattern: &Pattern) -> String {
        while self.at < start {
            self.copy();
        }
        let mut lines = self.letters[start..pattern.end].split(|letter| *letter == '\n');
        let first = lines.next().map_or(0, <[char]>::len);
        let name = format!("_d{}", "_".repeat(first.saturating_sub(2).max(1)));
        self.out.push_str(&name);
        self.column += first;
        for further in lines {
            self.out.push('\n');
            self.out.push_str(&" ".repeat(further.len()));
            self.line += 1;
            self.column = further.len() + 1;
        }
        self.at = pattern.end;
        name
    }

    /// `let [a, b] = x;`
    pub(super) fn declaration(&mut self, keyword: &str) {
        let start = self.skip(self.at + keyword.len());
        let found = self
            .pattern(start)
            .and_then(|pattern| Some((self.statement_end(pattern.end)?, pattern)));
        let Some((end, pattern)) = found else {
            return (0..keyword.len()).for_each(|_| self.copy());
        };
        let name = self.stand_in(start, &pattern);
        let mut text = pattern.parts(keyword, &name);
        if keyword == "let" {
            text += &format!(" {name} = ();");
        }
        self.insertions.push((end, text));
    }

    /// The place after the `;` of a declaration, whose name ends at a place.
    fn statement_end(&self, from: usize) -> Option<usize> {
        let equals = self.skip(from);
        if self.code(equals) != Some('=') || self.code(equals + 1) == Some('=') {
            return None;
        }
        let mut depth = 0usize;
        for at in equals..self.letters.len() {
            match self.code(at) {
                Some('(' | '[' | '{') => depth += 1,
                Some(')' | ']' | '}') => depth = depth.checked_sub(1)?,
                Some(';') if depth == 0 => return Some(at + 1),
                _ => {}
            }
        }
        None
    }

    /// `for [a, b] in x {`
    pub(super) fn loop_pattern(&mut self, start: usize, pattern: &Pattern) {
        let at = self.skip(pattern.end);
        let body = if self.is_keyword(at, "in") {
            self.body(at + 2)
        } else {
            None
        };
        let Some(body) = body else {
            return (0..3).for_each(|_| self.copy());
        };
        let name = self.stand_in(start, pattern);
        self.insertions.push((body, pattern.parts("let", &name)));
    }
}

/// Whether a variable holds a pattern.
pub fn is_stand_in(name: &str) -> bool {
    name.strip_prefix("_d")
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c == '_' && is_word(c)))
}

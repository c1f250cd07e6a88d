//! A separate variable for each iteration of a loop.

use super::Repair;

impl Repair {
    /// `for i in … {` gets a variable of each turn where a closure in it could capture `i`.
    pub(super) fn loop_variables(&mut self) {
        let start = self.skip(self.at + 3);
        if let Some(pattern) = self.pattern(start) {
            return self.loop_pattern(start, &pattern);
        }
        let (names, at) = if self.code(start) == Some('(') {
            let (first, comma) = self.name(self.skip(start + 1));
            let (second, end) = self.name(self.skip(comma + 1));
            (vec![first, second], self.skip(end + 1))
        } else {
            let (name, at) = self.name(start);
            (vec![name], at)
        };
        if self.is_keyword(at, "in")
            && let Some(body) = self.body(at + 2)
            && self.holds_closure(body)
        {
            let named = names.iter().filter(|name| !name.is_empty() && *name != "_");
            let text: String = named.map(|name| format!(" let {name} = {name};")).collect();
            self.insertions.push((body, text));
        }
        (0..3).for_each(|_| self.copy());
    }

    /// The place after the brace that opens a loop's body; none where what is looped over is not
    /// simple.
    pub(super) fn body(&self, from: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in from..self.letters.len() {
            match self.code(at) {
                Some('{') if depth == 0 && at > 0 && self.code(at - 1) != Some('#') => {
                    return Some(at + 1);
                }
                Some('(' | '[' | '{') => depth += 1,
                Some(')' | ']' | '}') => depth = depth.checked_sub(1)?,
                Some(';') if depth == 0 => return None,
                Some('i') if depth == 0 && self.is_keyword(at, "if") => return None,
                Some('s') if depth == 0 && self.is_keyword(at, "switch") => return None,
                Some('|') if depth == 0 => return None,
                _ => {}
            }
        }
        None
    }

    /// Whether a block that begins here may make a closure.
    fn holds_closure(&self, from: usize) -> bool {
        let mut depth = 1usize;
        for at in from..self.letters.len() {
            match self.code(at) {
                Some('|') => return true,
                Some('{') => depth += 1,
                Some('}') if depth == 1 => return false,
                Some('}') => depth -= 1,
                _ => {}
            }
        }
        false
    }
}

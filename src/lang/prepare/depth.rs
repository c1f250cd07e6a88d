//! A check of the depth of calls in functions that call functions of the script.

use super::{DEPTH, Repair, is_word};

impl Repair {
    /// The names of the functions that the text defines.
    pub(super) fn defined(&self) -> Vec<String> {
        let starts = (0..self.letters.len()).filter(|at| self.is_keyword(*at, "fn"));
        starts
            .map(|at| self.name(self.skip(at + 2)).0)
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// `fn f(x) {` gets a first statement where `f` calls one of the text's functions.
    pub(super) fn function(&mut self) {
        let (_, open) = self.name(self.skip(self.at + 2));
        let close = if self.code(open) == Some('(') {
            (open..self.letters.len()).find(|at| self.code(*at) == Some(')'))
        } else {
            None
        };
        let body = close
            .map(|close| self.skip(close + 1))
            .filter(|at| self.code(*at) == Some('{'));
        if let Some(body) = body
            && self.calls_defined(body + 1)
        {
            self.insertions.push((body + 1, format!(" {DEPTH}();")));
        }
        (0..2).for_each(|_| self.copy());
    }

    /// Whether the block that begins at a place calls a function that the text defines.
    fn calls_defined(&self, from: usize) -> bool {
        let mut depth = 1usize;
        let mut at = from;
        while at < self.letters.len() {
            match self.code(at) {
                Some('{') => depth += 1,
                Some('}') if depth == 1 => return false,
                Some('}') => depth -= 1,
                Some(c) if is_word(c) => {
                    let name: String = (at..)
                        .map_while(|at| self.code(at))
                        .take_while(|c| is_word(*c))
                        .collect();
                    at += name.chars().count();
                    if self.code(self.skip(at)) == Some('(') && self.functions.contains(&name) {
                        return true;
                    }
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        false
    }
}

//! `m.key ?? other` where the key is missing.

use super::{LACKS, Repair, is_word};

impl Repair {
    /// Asks before each `??` whether the keys to the left of it are there.
    pub(super) fn fallbacks(&mut self) {
        for at in 0..self.letters.len() {
            if self.starts_with(at, "??") && self.code(at + 2) != Some('=') {
                self.fallback(at);
            }
        }
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.letters[from..to].iter().collect()
    }

    /// The place of the word that ends before a place.
    fn word_start(&self, end: usize) -> usize {
        let letters = (0..end)
            .rev()
            .take_while(|at| self.code(*at).is_some_and(is_word));
        letters.last().unwrap_or(end)
    }

    /// The place of the bracket that a bracket closes.
    fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in (0..=close).rev() {
            match self.code(at) {
                Some(')' | ']' | '}') => depth += 1,
                Some('(' | '[' | '{') => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The place where the chain of keys begins that ends before a place, and its keys: where each
    /// begins, and itself.
    fn chain(&self, end: usize) -> Option<(usize, Vec<(usize, String)>)> {
        let (mut at, mut keys) = (end, Vec::new());
        loop {
            if self.code(at.checked_sub(1)?) == Some(']') {
                let open = self.opening(at - 1)?;
                let is_call = (open..at).any(|at| self.code(at) == Some('('));
                let is_elvis = open == 0 || self.code(open - 1) == Some('?');
                if is_call || is_elvis {
                    return None;
                }
                keys.push((open, self.text(open + 1, at - 1)));
                at = open;
                continue;
            }
            let start = self.word_start(at);
            if start == at || self.letters[start].is_ascii_digit() {
                return None;
            }
            let before = |back: usize| start.checked_sub(back).and_then(|at| self.code(at));
            match (before(2), before(1)) {
                (Some('?' | '.'), Some('.')) => return None,
                (_, Some('.')) => {
                    keys.push((start - 1, format!("\"{}\"", self.text(start, at))));
                    at = start - 1;
                }
                (Some(':'), Some(':')) => {
                    let space = self.word_start(start - 2);
                    keys.reverse();
                    return (space < start - 2).then_some((space, keys));
                }
                _ => {
                    keys.reverse();
                    return Some((start, keys));
                }
            }
        }
    }

    fn fallback(&mut self, at: usize) {
        let mut end = at;
        while end > 0 && self.letters[end - 1].is_whitespace() {
            end -= 1;
        }
        let Some((start, keys)) = self.chain(end).filter(|(_, keys)| !keys.is_empty()) else {
            return;
        };
        if self.letters[start..end].contains(&'\n') {
            return;
        }
        let asked: Vec<String> = keys
            .iter()
            .map(|(from, key)| format!("{LACKS}({}, {key})", self.text(start, *from)))
            .collect();
        self.insertions.push((
            start,
            format!("(if {} {{ () }} else {{ ", asked.join(" || ")),
        ));
        self.insertions.push((end, " })".into()));
    }
}

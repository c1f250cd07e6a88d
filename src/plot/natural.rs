//! The order of names in which numbers count as numbers: `fold 2` is before `fold 10`.

use std::cmp::Ordering;

/// The digits at the start of a text, without zeros before them, and the rest.
fn number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (text[..end].trim_start_matches('0'), &text[end..])
}

/// Named values in the order of their names.
pub fn sorted<N: AsRef<str>, V>(values: impl Iterator<Item = (N, V)>) -> Vec<(N, V)> {
    let mut all: Vec<(N, V)> = values.collect();
    all.sort_by(|a, b| compare(a.0.as_ref(), b.0.as_ref()));
    all
}

/// Compares two names; equal ones have the same text.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a, b);
    loop {
        let (Some(c), Some(d)) = (x.chars().next(), y.chars().next()) else {
            // the shorter one first; where only zeros before numbers differ, by text
            return (!x.is_empty()).cmp(&!y.is_empty()).then_with(|| a.cmp(b));
        };
        if c.is_ascii_digit() && d.is_ascii_digit() {
            let ((m, after_m), (n, after_n)) = (number(x), number(y));
            let order = m.len().cmp(&n.len()).then_with(|| m.cmp(n));
            if order != Ordering::Equal {
                return order;
            }
            (x, y) = (after_m, after_n);
        } else if c == d {
            (x, y) = (&x[c.len_utf8()..], &y[d.len_utf8()..]);
        } else {
            return c.cmp(&d);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_compared_as_numbers() {
        let mut names = [
            "fold 10", "fold 2", "fold", "a", "fold 02", "fold 2b", "é", "fold 1.5",
        ];
        names.sort_by(|a, b| compare(a, b));
        let wanted = [
            "a", "fold", "fold 1.5", "fold 02", "fold 2", "fold 2b", "fold 10", "é",
        ];
        assert_eq!(names, wanted);
        let long = ["9".repeat(40), "1".to_string() + &"0".repeat(40)];
        assert_eq!(compare(&long[0], &long[1]), Ordering::Less);
    }
}

//! Predicted contacts in the format RR of CASP.

use crate::alignment::text_of;
use cistron_base::{Result, bail, fault};
use std::path::Path;

/// Words that lines other than contacts and the sequence begin with.
const WORDS: [&str; 8] = [
    "PFRMAT", "TARGET", "AUTHOR", "REMARK", "METHOD", "RMODE", "MODEL", "END",
];
/// The longest sequence.
const LONGEST: usize = 20_000;

/// Reads predicted contacts: the sequence and a map `[n, n]` of probabilities, NaN where a pair is
/// not listed.
///
/// # Errors
/// A file without a sequence, residues beyond it, probabilities out of 0 to 1, pairs that are
/// listed twice, distances in bins (RMODE 2).
pub fn open(path: &Path) -> Result<(String, Vec<f64>)> {
    parse(&text_of(path)?).map_err(|fault| fault.context(format!("`{}`", path.display())))
}

/// Reads predicted contacts from text.
pub fn parse(text: &str) -> Result<(String, Vec<f64>)> {
    let mut sequence = String::new();
    let mut pairs = Vec::new();
    let mut probability = 4;
    for (k, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(first) = words.first() else { continue };
        let at = k + 1;
        if WORDS.contains(first) {
            match (*first, words.get(1)) {
                ("RMODE", Some(&"1")) => probability = 2,
                ("RMODE", _) => bail!(
                    "data",
                    "line {at}: of RR files the modes of contacts are \
                    read, not distances in bins"
                ),
                ("END", _) => break,
                _ => {}
            }
        } else if first.bytes().all(|byte| byte.is_ascii_uppercase()) && words.len() == 1 {
            sequence += first;
        } else {
            pairs.push((at, pair(at, &words, probability)?));
        }
    }
    let n = sequence.len();
    if n == 0 || n > LONGEST {
        bail!(
            "data",
            "the sequence must have 1 to {LONGEST} letters, got {n}"
        );
    }
    let mut map = vec![f64::NAN; n * n];
    for (at, (i, j, value)) in pairs {
        if i == 0 || j == 0 || i > n || j > n || i == j {
            bail!(
                "data",
                "line {at}: residues {i} and {j} of a sequence of {n}"
            );
        }
        let (first, second) = ((i - 1) * n + j - 1, (j - 1) * n + i - 1);
        if !map[first].is_nan() {
            bail!("data", "line {at}: residues {i} and {j} are listed twice");
        }
        map[first] = value;
        map[second] = value;
    }
    Ok((sequence, map))
}

/// The residues and the probability of a line.
fn pair(at: usize, words: &[&str], probability: usize) -> Result<(usize, usize, f64)> {
    let wrong = || {
        fault!(
            "data",
            "line {at} must have two residues and a probability in column {}",
            probability + 1
        )
    };
    let residue = |k: usize| words.get(k).and_then(|word| word.parse::<usize>().ok());
    let value = words
        .get(probability)
        .and_then(|word| word.parse::<f64>().ok());
    let (Some(i), Some(j), Some(value)) = (residue(0), residue(1), value) else {
        return Err(wrong());
    };
    if !(0.0..=1.0).contains(&value) {
        bail!(
            "data",
            "line {at}: a probability is from 0 to 1, got {value}"
        );
    }
    Ok((i, j, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_of_both_modes() {
        let (sequence, map) = parse("ACDE\n1 3 0 8 0.75\n").expect("contacts");
        assert_eq!((sequence.as_str(), map[2], map[8]), ("ACDE", 0.75, 0.75));
        assert!(map[1].is_nan());
        let text = "PFRMAT RR\nTARGET T1\nRMODE 1\nMODEL 1\nAC\nDE\n4 1 .5\nEND\nrest\n";
        let (sequence, map) = parse(text).expect("contacts");
        assert_eq!((sequence.as_str(), map[3]), ("ACDE", 0.5));
    }

    #[test]
    fn broken_files_are_errors() {
        for text in [
            "",
            "1 3 0 8 0.5\n",
            "ACDE\n1 3 0 8\n",
            "ACDE\n1 3 0 8 x\n",
            "ACDE\n1 3 0 8 1.5\n",
            "ACDE\n1 3 0 8 nan\n",
            "ACDE\n1 9 0 8 .5\n",
            "ACDE\n0 3 0 8 .5\n",
            "ACDE\n2 2 0 8 .5\n",
            "ACDE\n1 3 0 8 .5\n3 1 0 8 .4\n",
            "RMODE 2\nACDE\n1 3 .5\n",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}

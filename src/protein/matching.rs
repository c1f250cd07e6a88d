//! Which residue of a model is which of its native structure.

use crate::structure::{Note, Structure};
use cistron_base::{Result, bail, fault};
use std::collections::HashMap;

/// How residues are matched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Matching {
    /// By chain, number and insertion code; the name of a chain is ignored where both have one.
    Number,
    /// By an alignment of the sequences, chain after chain.
    Sequence,
    /// By number where at least half of the residues of the shorter structure are found so with
    /// equal letters (X is equal to any), else by sequence; by number as well where that matches
    /// none.
    Auto,
}

/// Matched residues.
#[derive(Clone, Debug)]
pub struct Matched {
    /// Numbers of residues of model and native structure, in ascending order.
    pub pairs: Vec<(usize, usize)>,
    /// What is not matched, or differs.
    pub notes: Vec<Note>,
    /// Whether numbers or sequences decided.
    pub by: &'static str,
}

/// The largest number of pairs of residues that an alignment of sequences considers.
const LARGEST: usize = 1 << 28;

/// Matches the residues of a model and a native structure.
pub fn matched(model: &Structure, native: &Structure, how: Matching) -> Result<Matched> {
    let (pairs, by) = match how {
        Matching::Number => (by_number(model, native), "number"),
        Matching::Sequence => (by_sequence(model, native)?, "sequence"),
        Matching::Auto => {
            let pairs = by_number(model, native);
            let same = pairs
                .iter()
                .filter(|(i, j)| same_letter(model, native, *i, *j))
                .count();
            let least = model.len().min(native.len());
            if 2 * same >= least && same > 0 {
                (pairs, "number")
            } else {
                let aligned = by_sequence(model, native)?;
                match aligned.is_empty() && !pairs.is_empty() {
                    true => (pairs, "number"),
                    false => (aligned, "sequence"),
                }
            }
        }
    };
    if pairs.is_empty() {
        let (one, other) = (model.sequence(), native.sequence());
        let (one, other) = (beginning(&one), beginning(&other));
        let fault = fault!(
            "value",
            "no residue of the model is one of the native structure"
        );
        return Err(fault.hint(match how {
            Matching::Number => format!(
                "their chains and numbers differ; `by: \"sequence\"` aligns `{one}` and `{other}`"
            ),
            _ => format!(
                "are these structures of the same protein? sequences: `{one}` and `{other}`; \
                `by: \"number\"` matches residues by chain and number"
            ),
        }));
    }
    let notes = notes(model, native, &pairs);
    Ok(Matched { pairs, notes, by })
}

fn beginning(sequence: &str) -> String {
    let first: String = sequence.chars().take(30).collect();
    let more = if sequence.len() > 30 { "…" } else { "" };
    first + more
}

/// Whether two residues have one name, or one of them is unknown.
fn same_letter(model: &Structure, native: &Structure, i: usize, j: usize) -> bool {
    let (one, other) = (&model.residues[i], &native.residues[j]);
    one.name == other.name || one.letter() == 'X' || other.letter() == 'X'
}

fn by_number(model: &Structure, native: &Structure) -> Vec<(usize, usize)> {
    let single = model.chains().len() == 1 && native.chains().len() == 1;
    let key = |structure: &Structure, i: usize| {
        let residue = &structure.residues[i];
        let chain = if single {
            String::new()
        } else {
            residue.chain.clone()
        };
        (chain, residue.number, residue.insertion)
    };
    let known: HashMap<_, usize> = (0..native.len()).map(|j| (key(native, j), j)).collect();
    let pair = |i: usize| known.get(&key(model, i)).map(|j| (i, *j));
    let mut pairs: Vec<(usize, usize)> = (0..model.len()).filter_map(pair).collect();
    pairs.sort_unstable_by_key(|(_, j)| *j);
    pairs
}

/// Pairs of an alignment of the sequences; none where one of them has no known letter.
fn by_sequence(model: &Structure, native: &Structure) -> Result<Vec<(usize, usize)>> {
    let letters = |structure: &Structure| structure.sequence().into_bytes();
    let (model, native) = (letters(model), letters(native));
    let is_unknown = |letters: &[u8]| letters.iter().all(|letter| *letter == b'X');
    if is_unknown(&model) || is_unknown(&native) {
        return Ok(Vec::new());
    }
    align(&model, &native)
}

/// Pairs of equal or exchanged letters of a global alignment: match 2, mismatch -1, X with any
/// letter 0, first gap -2, further gaps -.5, gaps at the ends free.
pub fn align(a: &[u8], b: &[u8]) -> Result<Vec<(usize, usize)>> {
    let (n, m) = (a.len(), b.len());
    if n.saturating_mul(m) > LARGEST {
        bail!("value", "sequences of {n} and {m} residues are too long to align";
            hint: "match them by number");
    }
    const LOW: f32 = f32::NEG_INFINITY;
    // the best score of an alignment that ends with a pair, a gap in b, a gap in a
    let mut rows = [vec![LOW; m + 1], vec![LOW; m + 1], vec![LOW; m + 1]];
    rows[0][0] = 0.0;
    rows[2][1..].fill(0.0);
    let mut steps = vec![0_u8; (n + 1) * (m + 1)];
    let best = |scores: [f32; 3]| {
        let mut best = 0;
        for k in 1..3 {
            if scores[k] > scores[best] {
                best = k;
            }
        }
        (scores[best], best as u8)
    };
    steps[1..=m].fill(2 << 4);
    for i in 1..=n {
        let before = rows.clone();
        rows[0][0] = LOW;
        (rows[1][0], rows[2][0]) = (0.0, LOW);
        steps[i * (m + 1)] = 1 << 2;
        for j in 1..=m {
            let (open_b, more_b) = if j == m { (0.0, 0.0) } else { (-2.0, -0.5) };
            let (open_a, more_a) = if i == n { (0.0, 0.0) } else { (-2.0, -0.5) };
            let own = match (a[i - 1], b[j - 1]) {
                (b'X', _) | (_, b'X') => 0.0,
                (x, y) if x == y => 2.0,
                _ => -1.0,
            };
            let at = |rows: &[Vec<f32>; 3], j: usize| [rows[0][j], rows[1][j], rows[2][j]];
            let (pair, from_pair) = best(at(&before, j - 1));
            let up = at(&before, j);
            let (in_b, from_b) = best([up[0] + open_b, up[1] + more_b, up[2] + open_b]);
            let left = at(&rows, j - 1);
            let (in_a, from_a) = best([left[0] + open_a, left[1] + open_a, left[2] + more_a]);
            (rows[0][j], rows[1][j], rows[2][j]) = (pair + own, in_b, in_a);
            steps[i * (m + 1) + j] = from_pair | from_b << 2 | from_a << 4;
        }
    }
    let (mut i, mut j) = (n, m);
    let (_, mut state) = best([rows[0][m], rows[1][m], rows[2][m]]);
    let mut pairs = Vec::new();
    while i > 0 || j > 0 {
        let step = steps[i * (m + 1) + j];
        let (now, next) = (state, step >> (2 * state) & 3);
        match now {
            0 => {
                (i, j) = (i - 1, j - 1);
                pairs.push((i, j));
            }
            1 => i -= 1,
            _ => j -= 1,
        }
        state = next;
    }
    pairs.reverse();
    Ok(pairs)
}

fn notes(model: &Structure, native: &Structure, pairs: &[(usize, usize)]) -> Vec<Note> {
    let note = |kind, structure: &Structure, i: usize, text: String| Note {
        kind,
        residue: structure.residues[i].text(),
        line: structure.residues[i]
            .atoms
            .first()
            .map_or(0, |atom| atom.line),
        text,
    };
    let mut out = Vec::new();
    let mut met = (vec![false; model.len()], vec![false; native.len()]);
    for (i, j) in pairs {
        (met.0[*i], met.1[*j]) = (true, true);
        if !same_letter(model, native, *i, *j) {
            let other = native.residues[*j].text();
            out.push(note(
                "other residue",
                model,
                *i,
                format!("matched with {other}"),
            ));
        }
    }
    for (i, _) in met.0.iter().enumerate().filter(|(_, met)| !**met) {
        out.push(note(
            "only in the model",
            model,
            i,
            "is not compared".into(),
        ));
    }
    for (j, _) in met.1.iter().enumerate().filter(|(_, met)| !**met) {
        out.push(note(
            "only in the native structure",
            native,
            j,
            "is not in the model".into(),
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sequence: &str, first: i64) -> Structure {
        let n = sequence.len();
        let rows: Vec<_> = (0..n).map(|i| vec![[3.8 * i as f64, 0.0, 0.0]]).collect();
        let mut own = Structure::of(&rows, &["CA"], sequence).expect("a structure");
        for (i, residue) in own.residues.iter_mut().enumerate() {
            residue.number = first + i as i64;
        }
        own
    }

    #[test]
    fn gaps_at_ends_and_within() {
        let pairs = align(b"ACDEFGHIKL", b"CDEFHIKLMN").expect("an alignment");
        assert_eq!(pairs.first(), Some(&(1, 0)));
        assert_eq!(pairs.last(), Some(&(9, 7)));
        assert!(!pairs.iter().any(|(i, _)| *i == 5));
        assert_eq!(align(b"", b"ACD").expect("an alignment"), []);
        assert_eq!(align(b"A", b"A").expect("an alignment"), [(0, 0)]);
    }

    #[test]
    fn shifted_numbers_are_matched_by_sequence() {
        let (model, native) = (of("ACDEFGHIKL", 1), of("DEFGHIKL", 1));
        let found = matched(&model, &native, Matching::Auto).expect("a match");
        assert_eq!((found.by, found.pairs[0]), ("sequence", (2, 0)));
        assert_eq!(found.notes.len(), 2);
        let native = of("DEFGHIKL", 3);
        let found = matched(&model, &native, Matching::Auto).expect("a match");
        assert_eq!((found.by, found.pairs[0]), ("number", (2, 0)));
        assert!(matched(&model, &of("ACD", 50), Matching::Number).is_err());
    }

    /// One residue with another letter made "auto" ignore all numbers.
    #[test]
    fn numbers_count_where_half_of_the_letters_are_equal() {
        let native = of("ACDEFGHIKL", 1);
        let found = matched(&of("ACDEFGHIKW", 1), &native, Matching::Auto).expect("a match");
        assert_eq!(
            (found.by, found.pairs.len(), found.notes.len()),
            ("number", 10, 1)
        );
        // five of ten, and four of ten
        let found = matched(&of("ACDEFWWWWW", 1), &native, Matching::Auto).expect("a match");
        assert_eq!((found.by, found.notes.len()), ("number", 5));
        let found = matched(&of("ACDEWWWWWW", 1), &native, Matching::Auto).expect("a match");
        assert_eq!(found.by, "sequence");
        // of the shorter structure
        let found = matched(&of("ACWW", 1), &native, Matching::Auto).expect("a match");
        assert_eq!((found.by, found.pairs.len()), ("number", 4));
    }

    /// A structure without a sequence was an error.
    #[test]
    fn unknown_residues_match_any() {
        let native = of("ACDEFGHIKL", 1);
        for model in [of("XXXXXXXXXX", 1), of("XXXXX", 3)] {
            let found = matched(&model, &native, Matching::Auto).expect("a match");
            assert_eq!((found.by, found.pairs.len()), ("number", model.len()));
            assert!(found.notes.iter().all(|note| note.kind != "other residue"));
        }
        // few numbers in common: an alignment has nothing to align
        let found = matched(&of("XXXXXXXX", 9), &native, Matching::Auto).expect("a match");
        assert_eq!((found.by, found.pairs), ("number", vec![(0, 8), (1, 9)]));
        for how in [Matching::Auto, Matching::Sequence] {
            let fault = matched(&of("XXXX", 50), &native, how)
                .expect_err("no match")
                .to_string();
            assert!(fault.contains("by: \"number\""), "{fault}");
        }
        assert_eq!(align(b"ACXEF", b"ACDEF").expect("an alignment").len(), 5);
    }
}

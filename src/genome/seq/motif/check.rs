//! Checks that the readers of motif files share.

use super::{Motif, shares};

/// How far the probabilities of a position may be from 1 in all: four numbers of two digits.
pub(super) const TOLERANCE: f64 = 0.02 + 1e-9;

/// In words what is wrong with the probabilities of a position.
pub(super) fn improbable(row: &[f64; 4]) -> Option<String> {
    if let Some(value) = row.iter().find(|p| !(0.0..=1.0 + TOLERANCE).contains(*p)) {
        let counts = if *value > 1.0 {
            ": are these counts?"
        } else {
            ""
        };
        return Some(format!("{value} is no probability{counts}"));
    }
    let sum: f64 = row.iter().sum();
    ((sum - 1.0).abs() > TOLERANCE)
        .then(|| format!("the probabilities of a position sum to {sum:.3}, not to 1"))
}

/// The letters of an alphabet in words, where they are not those of DNA or RNA.
pub(super) fn foreign_alphabet(letters: &str) -> Option<String> {
    let mut sorted: Vec<char> = letters
        .to_ascii_uppercase()
        .chars()
        .map(|letter| if letter == 'U' { 'T' } else { letter })
        .collect();
    sorted.sort_unstable();
    let is_dna = sorted.iter().collect::<String>() == "ACGT";
    (!is_dna).then(|| {
        format!(
            "the alphabet is {letters} ({} letters), not DNA",
            letters.chars().count()
        )
    })
}

/// Motifs of a file; the line and the reason where it cannot be read.
pub(super) type Parsed = std::result::Result<Vec<Motif>, (usize, String)>;

/// A row of numbers of a file, and its line.
pub(super) type Row = (usize, [f64; 4]);

/// A motif of rows of counts, probabilities or percent; a position of zeros is uniform.
pub(super) fn of_counts(name: &str, rows: &[Row]) -> std::result::Result<Motif, (usize, String)> {
    let find = |rule: &dyn Fn(&[f64; 4]) -> bool| {
        rows.iter()
            .find(|(_, row)| rule(row))
            .map(|(line, _)| *line)
    };
    if let Some(line) = find(&|row| row.iter().any(|v| *v < 0.0)) {
        return Err((
            line,
            format!(
                "motif `{name}` holds negative numbers: these are scores, not counts or \
                probabilities"
            ),
        ));
    }
    if let Some(line) = find(&|row| row.iter().any(|v| !v.is_finite())) {
        return Err((
            line,
            format!("motif `{name}` holds a number that is not finite"),
        ));
    }
    // one site's counts are 0 and 1 too, and may have gaps
    let is_probable = rows.iter().all(|(_, row)| row.iter().all(|v| *v <= 1.0))
        && rows
            .iter()
            .any(|(_, row)| row.iter().any(|v| v.fract() > 0.0));
    let uneven = |(_, row): &&Row| (row.iter().sum::<f64>() - 1.0).abs() > TOLERANCE;
    if let Some((line, row)) = rows.iter().find(uneven).filter(|_| is_probable) {
        return Err((
            *line,
            format!(
                "motif `{name}`: probabilities of a position sum to {:.3}, not to 1",
                row.iter().sum::<f64>()
            ),
        ));
    }
    let sites = rows
        .iter()
        .map(|(_, row)| row.iter().sum::<f64>())
        .fold(0.0, f64::max);
    Ok(Motif {
        sites: if sites > 1.5 { sites } else { 0.0 },
        ..Motif::new(name, rows.iter().map(|(_, row)| shares(*row)).collect())
    })
}

//! Position-specific scoring matrices.

use crate::alignment::{LETTERS, text_of};
use cistron_base::{Result, bail, fault};
use std::path::Path;

/// Reads a position-specific scoring matrix from a file, also compressed by gzip.
pub fn open(path: &Path) -> Result<(String, Vec<[f64; 20]>)> {
    parse(&text_of(path)?).map_err(|fault| fault.context(format!("`{}`", path.display())))
}

/// Reads a position-specific scoring matrix: of PSI-BLAST (`-out_ascii_pssm`), or rows of 20
/// numbers. Returns the letters, where the file has them, and the rows.
pub fn parse(text: &str) -> Result<(String, Vec<[f64; 20]>)> {
    let (mut letters, mut rows) = (String::new(), Vec::new());
    let mut order: Option<Vec<usize>> = None;
    for (i, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_header = words.len() >= 20
            && words
                .iter()
                .all(|word| word.len() == 1 && LETTERS.contains(*word));
        if is_header && order.is_none() {
            // PSI-BLAST has its own order: A R N D C Q E G H I L K M F P S T W Y V
            let places = words[..20]
                .iter()
                .map(|word| LETTERS.find(*word).unwrap_or(0));
            order = Some(places.collect());
            continue;
        }
        let is_row = words
            .first()
            .is_some_and(|word| word.parse::<f64>().is_ok());
        if is_row && words.len() < 20 && !rows.is_empty() {
            bail!("data", "line {} has {} columns, fewer than 20 scores", i + 1, words.len();
                hint: "is the file cut short?");
        }
        if !is_row || words.len() < 20 {
            if !rows.is_empty() && words.is_empty() {
                break;
            }
            continue;
        }
        let has_letter = words[1].len() == 1 && words[1].bytes().all(|b| b.is_ascii_alphabetic());
        let cells = if has_letter { &words[2..] } else { &words[..] };
        if cells.len() < 20 {
            bail!("data", "line {} has {} scores, not 20", i + 1, cells.len());
        }
        let mut row = [0.0; 20];
        for (k, cell) in cells[..20].iter().enumerate() {
            let value = cell.parse::<f64>().ok().filter(|x| x.is_finite());
            let value = value.ok_or_else(|| {
                fault!(
                    "data",
                    "line {}: a score must be a number, got `{cell}`",
                    i + 1
                )
            })?;
            row[order.as_ref().map_or(k, |order| order[k])] = value;
        }
        if has_letter {
            letters += words[1];
        }
        rows.push(row);
    }
    if rows.is_empty() {
        bail!("data", "there are no rows of 20 scores";
            hint: "`psiblast -out_ascii_pssm FILE` writes such a matrix");
    }
    Ok((letters, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scoring_matrices() {
        let header = "           A  R  N  D  C  Q  E  G  H  I  L  K  M  F  P  S  T  W  Y  V\n";
        let row: Vec<String> = (0..20).map(|k| k.to_string()).collect();
        let text = format!(
            "\nLast position\n{header}    1 M {}  0 0.3\n\n  K Lambda\n",
            row.join(" ")
        );
        let (letters, rows) = parse(&text).expect("a matrix");
        assert_eq!((letters.as_str(), rows.len()), ("M", 1));
        // R is the second of PSI-BLAST, V the last
        assert_eq!(rows[0][LETTERS.find('R').expect("a letter")], 1.0);
        assert_eq!(rows[0][LETTERS.find('V').expect("a letter")], 19.0);
        let plain = parse(&row.join(" ")).expect("a matrix");
        assert_eq!(plain.1[0][3], 3.0);
        assert!(parse("hello").is_err());
        let cut = format!("{}\n1 2 3\n", row.join(" "));
        assert!(parse(&cut).is_err());
    }
}

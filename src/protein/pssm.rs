//! Position-specific scoring matrices.

use crate::alignment::LETTERS;
use crate::{npy, packed};
use cistron_base::{Fault, Result, bail, fault};
use std::path::Path;

/// The line before the scores in files of features of DNCON2 and ATTContact.
const SECTION: &str = "# PSSM";

/// Reads a position-specific scoring matrix from a file, also compressed by gzip: text as of
/// [`parse`], or `.npy` with a matrix [20, n] or [n, 20], the former where both are possible.
pub fn open(path: &Path) -> Result<(String, Vec<[f64; 20]>)> {
    let named = |fault: Fault| fault.context(format!("`{}`", path.display()));
    let bytes = packed::read(path)?;
    let bytes = packed::unpacked(&bytes).map_err(named)?;
    if bytes.starts_with(npy::MAGIC) {
        return of_npy(&bytes).map_err(named);
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(text).map_err(named),
        Err(_) => bail!(
            "data",
            "`{}` is binary, neither text nor .npy",
            path.display()
        ),
    }
}

fn of_npy(bytes: &[u8]) -> Result<(String, Vec<[f64; 20]>)> {
    let ([rows, columns], values) = npy::matrix(bytes)?;
    let at: Box<dyn Fn(usize, usize) -> f64> = match (rows, columns) {
        (20, 1..) => Box::new(|i, k| values[k * columns + i]),
        (1.., 20) => Box::new(|i, k| values[i * 20 + k]),
        _ => bail!(
            "data",
            "a scoring matrix is [20, n] or [n, 20], got [{rows}, {columns}]"
        ),
    };
    let n = if rows == 20 { columns } else { rows };
    let row = |i| std::array::from_fn(|k| at(i, k));
    Ok((String::new(), (0..n).map(row).collect()))
}

/// Reads the 20 lines of n scores after the line `# PSSM`.
fn section(text: &str) -> Result<Vec<[f64; 20]>> {
    let lines = text.lines().enumerate();
    let mut lines = lines.skip_while(|(_, line)| line.trim() != SECTION).skip(1);
    let mut rows: Vec<[f64; 20]> = Vec::new();
    for k in 0..20 {
        let Some((at, line)) = lines
            .next()
            .filter(|(_, line)| !line.trim_start().starts_with('#'))
        else {
            bail!("data", "there are {k} lines of scores after `{SECTION}`, not 20";
                hint: "is the file cut short?");
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        if k == 0 {
            rows = vec![[0.0; 20]; words.len()];
        }
        if words.len() != rows.len() || words.is_empty() {
            let (found, first) = (words.len(), rows.len());
            bail!(
                "data",
                "line {} has {found} scores, the first has {first}",
                at + 1
            );
        }
        for (row, word) in rows.iter_mut().zip(words) {
            row[k] = score(word, at)?;
        }
    }
    Ok(rows)
}

/// The number of a cell in a line, counted from 0.
fn score(cell: &str, line: usize) -> Result<f64> {
    let value = cell.parse::<f64>().ok().filter(|x| x.is_finite());
    let line = line + 1;
    value.ok_or_else(|| {
        fault!(
            "data",
            "line {line}: a score must be a number, got `{cell}`"
        )
    })
}

/// Reads a position-specific scoring matrix: of PSI-BLAST (`-out_ascii_pssm`), or rows of 20
/// numbers; or 20 lines of n numbers after the line `# PSSM`. Returns the letters, where the file
/// has them, and the rows.
pub fn parse(text: &str) -> Result<(String, Vec<[f64; 20]>)> {
    if text.lines().any(|line| line.trim() == SECTION) {
        return section(text).map(|rows| (String::new(), rows));
    }
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
            let value = score(cell, i)?;
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
    #[test]
    fn matrices_of_features() {
        let line = |k: usize| format!("{k} {}.5 -1\n", k);
        let lines: String = (0..20).map(line).collect();
        let text = format!("# Sequence Length (log)\n1.1\n# PSSM\n{lines}# AA\n1 2\n");
        let (letters, rows) = parse(&text).expect("a matrix");
        assert_eq!((letters.as_str(), rows.len()), ("", 3));
        assert_eq!((rows[0][19], rows[1][2], rows[2][0]), (19.0, 2.5, -1.0));
        let short: String = (0..19).map(line).collect();
        for broken in [
            "# PSSM\n".to_string(),
            format!("# PSSM\n{short}"),
            format!("# PSSM\n{short}# AA\n"),
            format!("# PSSM\n{short}1 2\n"),
            format!("# PSSM\n{short}1 2 x\n"),
            format!("# PSSM\n{short}1 2 inf\n"),
        ] {
            assert!(parse(&broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn matrices_of_numpy() {
        let values: Vec<f64> = (0..60).map(f64::from).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let (_, rows) = of_npy(&npy::tests::file("<f8", "(20, 3)", &bytes)).expect("a matrix");
        assert_eq!((rows.len(), rows[1][0], rows[0][1]), (3, 1.0, 3.0));
        let (_, rows) = of_npy(&npy::tests::file("<f8", "(3, 20)", &bytes)).expect("a matrix");
        assert_eq!((rows.len(), rows[1][0], rows[0][1]), (3, 20.0, 1.0));
        assert!(of_npy(&npy::tests::file("<f8", "(6, 10)", &bytes)).is_err());
        assert!(of_npy(&npy::tests::file("<f8", "(20, 0)", &[])).is_err());
        let texts: Vec<&str> = vec!["0.5"; 20];
        let file = npy::tests::file("<U3", "(20, 1)", &npy::tests::texts(&texts, 3));
        assert_eq!(of_npy(&file).expect("a matrix").1, [[0.5; 20]]);
    }
}

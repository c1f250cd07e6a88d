//! Files of motifs: MEME (text, XML, HTML), JASPAR, TRANSFAC, HOMER, UniPROBE, Cluster-Buster, CIS-BP and bare matrices, told by their content.

use super::motif::{self, Motif, shares};
use super::motif_page;
use crate::base::Result;
use crate::fault;
use crate::seq::fasta;
use std::io::Read;
use std::path::Path;

/// Reads all motifs of a file, plain or gzipped.
pub fn read(path: &Path) -> Result<Vec<Motif>> {
    let mut text = String::new();
    fasta::open(path)?.read_to_string(&mut text).map_err(|error| fasta::read_fault(path, 1, &error))?;
    let stem = path.file_stem().map_or("motif".into(), |stem| stem.to_string_lossy().into_owned());
    parse(&text, &stem).map_err(|(line, what)| fault!("data", "`{}` line {line}: {what}", path.display()))
}

type Parsed = std::result::Result<Vec<Motif>, (usize, String)>;

fn parse(text: &str, stem: &str) -> Parsed {
    let head = text.trim_start();
    if head.starts_with('<') {
        return motif_page::parse(text);
    }
    let starts = |word: &str| text.lines().any(|line| line.starts_with(word));
    if starts("MEME version") || starts("MOTIF ") || starts("# DREME") || starts("# STREME") {
        return motif::parse_meme(text);
    }
    if starts("P0") || starts("PO") {
        return transfac(text);
    }
    matrices(text, stem)
}

/// A motif of rows of counts, probabilities or percent; a position that holds nothing says nothing.
fn of_counts(name: &str, rows: &[[f64; 4]], line: usize) -> std::result::Result<Motif, (usize, String)> {
    if rows.iter().flatten().any(|v| *v < 0.0) {
        return Err((line, format!("motif `{name}` holds negative numbers: these are scores, not counts or probabilities")));
    }
    if rows.iter().flatten().any(|v| !v.is_finite()) {
        return Err((line, format!("motif `{name}` holds a number that is not finite")));
    }
    let sites = rows.iter().map(|row| row.iter().sum::<f64>()).fold(0.0, f64::max);
    Ok(Motif { sites: if sites > 1.5 { sites } else { 0.0 }, ..Motif::new(name, rows.iter().copied().map(shares).collect()) })
}

/// TRANSFAC: `P0 A C G T`, numbered rows, `//`.
fn transfac(text: &str) -> Parsed {
    let mut motifs = Vec::new();
    let (mut accession, mut id) = (String::new(), String::new());
    let mut order: Option<[usize; 4]> = None;
    let mut rows: Vec<[f64; 4]> = Vec::new();
    let mut close = |rows: &mut Vec<[f64; 4]>, accession: &mut String, id: &mut String, line: usize| -> std::result::Result<(), (usize, String)> {
        if !rows.is_empty() {
            let name = if accession.is_empty() { id.as_str() } else { accession.as_str() };
            let name = if name.is_empty() { format!("motif{}", motifs.len() + 1) } else { name.to_string() };
            motifs.push(of_counts(&name, rows, line)?);
        }
        rows.clear();
        accession.clear();
        id.clear();
        Ok(())
    };
    let mut last = 0;
    for (number, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line.trim_end())) {
        last = number;
        let (key, rest) = line.split_at_checked(2).unwrap_or((line, ""));
        let value = || rest.split_whitespace().next().unwrap_or("").to_string();
        match key {
            "AC" => accession = value(),
            "ID" | "NA" if id.is_empty() => id = value(),
            "P0" | "PO" => {
                let letters: Vec<&str> = rest.split_whitespace().collect();
                let place = |letter: &str| letters.iter().position(|own| own.eq_ignore_ascii_case(letter));
                order = match (place("A"), place("C"), place("G"), place("T").or_else(|| place("U"))) {
                    (Some(a), Some(c), Some(g), Some(t)) => Some([a, c, g, t]),
                    _ => return Err((number, format!("expected `P0 A C G T`, got `{line}`"))),
                };
            }
            "//" => {
                order = None;
                close(&mut rows, &mut accession, &mut id, number)?;
            }
            _ => {
                let Some(order) = order else { continue };
                let cells: Vec<&str> = line.split_whitespace().collect();
                if cells.first().is_none_or(|cell| cell.parse::<u32>().is_err()) {
                    continue;
                }
                let numbers: Vec<f64> = cells[1..].iter().map_while(|cell| cell.parse().ok()).collect();
                let row = order.map(|i| numbers.get(i).copied());
                let [Some(a), Some(c), Some(g), Some(t)] = row else {
                    return Err((number, format!("expected a number for each base, got `{line}`")));
                };
                rows.push([a, c, g, t]);
            }
        }
    }
    close(&mut rows, &mut accession, &mut id, last)?;
    if motifs.is_empty() { Err((1, "there is no matrix".into())) } else { Ok(motifs) }
}

/// Rows of numbers under a name: four rows of bases or a row for each position, with or without letters.
fn matrices(text: &str, stem: &str) -> Parsed {
    let mut motifs: Vec<Motif> = Vec::new();
    let mut name: Option<String> = None;
    let mut rows: Vec<(Option<u8>, Vec<f64>)> = Vec::new();
    let mut start = 1;
    let mut close = |name: &Option<String>, rows: &mut Vec<(Option<u8>, Vec<f64>)>, line: usize| -> std::result::Result<(), (usize, String)> {
        if !rows.is_empty() {
            let own = name.clone().unwrap_or_else(|| if motifs.is_empty() { stem.to_string() } else { format!("{stem}{}", motifs.len() + 1) });
            let matrix = oriented(rows).map_err(|what| (line, format!("motif `{own}`: {what}")))?;
            motifs.push(of_counts(&own, &matrix, line)?);
            rows.clear();
        }
        Ok(())
    };
    for (number, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('>') {
            close(&name, &mut rows, start)?;
            let tabs: Vec<&str> = header.split('\t').map(str::trim).collect();
            // HOMER: the consensus, then the name
            let is_homer = tabs.len() >= 3 && Motif::from_consensus("", tabs[0]).is_ok();
            let own = if is_homer { tabs[1] } else { header.split_whitespace().next().unwrap_or(stem) };
            name = Some(own.to_string());
            start = number;
            continue;
        }
        let plain = line.replace(['[', ']', '|', ','], " ");
        let mut cells: Vec<&str> = plain.split_whitespace().collect();
        let letter =
            cells.first().map(|cell| cell.trim_end_matches(':')).filter(|cell| cell.len() == 1).and_then(|cell| "ACGTU".find(&cell.to_ascii_uppercase()));
        if letter.is_some() {
            cells.remove(0);
        }
        let numbers: Option<Vec<f64>> = cells.iter().map(|cell| cell.parse().ok()).collect();
        match numbers {
            Some(numbers) if !numbers.is_empty() => {
                let base = letter.map(|l| l.min(3) as u8);
                // a second A starts another matrix
                if base == Some(0) && rows.iter().any(|(own, _)| *own == Some(0)) {
                    close(&name, &mut rows, start)?;
                    name = None;
                }
                rows.push((base, numbers));
            }
            // `Pos A C G T` names the columns
            _ if cells.len() >= 4 && ["A", "C", "G", "T"].iter().all(|l| plain.split_whitespace().any(|c| c == *l)) => {}
            // `base 1 2 3` numbers the positions
            _ if cells.len() > 1 && cells[1..].iter().all(|cell| cell.parse::<u32>().is_ok()) && rows.is_empty() => {}
            // anything else is a title, as UniPROBE and CIS-BP have them; it closes a matrix that is whole
            _ if rows.is_empty() || oriented(&rows).is_ok() => {
                let is_new = !rows.is_empty();
                close(&name, &mut rows, start)?;
                let mut words = line.split_whitespace();
                let key = words.next().unwrap_or("");
                let value = words.next().map(str::to_string);
                name = match key {
                    "Gene:" | "Motif" | "Name" => value,
                    // CIS-BP's block names its factor first and its motif later
                    "TF" | "Gene" | "Family" | "Species" if is_new || name.is_none() => value,
                    "TF" | "Gene" | "Family" | "Species" => name,
                    _ => Some(key.to_string()),
                };
                start = number;
            }
            _ => return Err((number, format!("expected a row of numbers, got `{}`", line.chars().take(40).collect::<String>()))),
        }
    }
    close(&name, &mut rows, start)?;
    if motifs.is_empty() { Err((1, "there is no motif: MEME, JASPAR, TRANSFAC, HOMER, UniPROBE and bare matrices are read".into())) } else { Ok(motifs) }
}

/// A row for each position out of rows as they stand.
fn oriented(rows: &[(Option<u8>, Vec<f64>)]) -> std::result::Result<Vec<[f64; 4]>, String> {
    let width = rows[0].1.len();
    let by_position =
        |rows: &[(Option<u8>, Vec<f64>)], from: usize| rows.iter().map(|(_, row)| [row[from], row[from + 1], row[from + 2], row[from + 3]]).collect();
    let by_base = |of: &dyn Fn(u8) -> usize| (0..width).map(|i| [0, 1, 2, 3].map(|base| rows[of(base)].1[i])).collect();
    if rows.iter().any(|(_, row)| row.len() != width) {
        return Err("its rows have different lengths".into());
    }
    if rows.iter().all(|(base, _)| base.is_some()) {
        let place = |base: u8| rows.iter().position(|(own, _)| *own == Some(base));
        return match [0, 1, 2, 3].map(place) {
            [Some(_), Some(_), Some(_), Some(_)] if rows.len() == 4 => Ok(by_base(&|base| place(base).unwrap_or(0))),
            _ => Err("it must have one row for each of A, C, G and T".into()),
        };
    }
    // a fifth column in front numbers the positions
    if width == 5 && rows.iter().enumerate().all(|(i, (_, row))| row[0] == (i + 1) as f64 || row[0] == i as f64) {
        return Ok(by_position(rows, 1));
    }
    match (rows.len(), width) {
        (4, 4) => {
            let sums: Vec<f64> = rows.iter().map(|(_, row)| row.iter().sum()).collect();
            let even = sums.iter().all(|sum| (sum - sums[0]).abs() <= 0.02 * sums[0].abs().max(1.0));
            let columns: Vec<f64> = (0..4).map(|i| rows.iter().map(|(_, row)| row[i]).sum()).collect();
            let even_columns = columns.iter().all(|sum| (sum - columns[0]).abs() <= 0.02 * columns[0].abs().max(1.0));
            // bases in rows is the older form, and taken where both fit
            Ok(if even && !even_columns { by_position(rows, 0) } else { by_base(&|base| base as usize) })
        }
        (4, _) => Ok(by_base(&|base| base as usize)),
        (_, 4) => Ok(by_position(rows, 0)),
        (n, width) => Err(format!("{n} rows of {width} numbers are no matrix of four bases")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, String, usize)> {
        parse(text, "stem").unwrap().into_iter().map(|m| (m.name.clone(), m.consensus(), m.sites as usize)).collect()
    }

    #[test]
    fn every_form_says_the_same() {
        let wanted = vec![("m1".to_string(), "ACG".to_string(), 10)];
        assert_eq!(of(">m1\tNAME\nA  [ 10 0 0 ]\nC  [ 0 9 0 ]\nG  [ 0 1 10 ]\nT  [ 0 0 0 ]\n"), wanted);
        assert_eq!(of(">m1 NAME\n10 0 0\n0 9 0\n0 1 10\n0 0 0\n"), wanted);
        assert_eq!(of("AC  m1\nXX\nID  other\nP0  A  C  G  T\n01  10  0  0  0  A\n02  0  9  1  0  C\n03  0  0  10  0  G\nXX\n//\n"), wanted);
        assert_eq!(of("AC  m1\nP0  A  T  G  C\n01  10  0  0  0  A\n02  0  0  1  9  C\n03  0  0  10  0  G\n"), wanted);
        assert_eq!(of(">ACG\tm1\t6.0\t-3.5\n0.97\t0.01\t0.01\t0.01\n0.01\t0.97\t0.01\t0.01\n0.01\t0.01\t0.97\t0.01\n")[0].1, "ACG");
        assert_eq!(of("Gene:  m1  Motif: x\nA:\t1 0 0\nC:\t0 1 0\nG:\t0 0 1\nT:\t0 0 0\n")[0].1, "ACG");
        assert_eq!(of("Pos\tA\tC\tG\tT\n1\t1\t0\t0\t0\n2\t0\t1\t0\t0\n3\t0\t0\t1\t0\n")[0], ("stem".into(), "ACG".into(), 0));
        assert_eq!(of("10 0 0 0 9\n0 10 0 0 1\n0 0 10 0 0\n0 0 0 10 0\n")[0].1, "ACGTA");
    }

    #[test]
    fn broken_files_are_told() {
        let fault = |text: &str| parse(text, "stem").unwrap_err().1;
        assert!(fault("").contains("no motif"));
        assert!(fault("<?xml version='1.0'?>").contains("XML"));
        assert!(fault(">a\n1 2 3\n1 2\n1 2 3\n1 2 3\n").contains("different lengths"));
        assert!(fault(">a\n-1 2 3 1\n1 2 3 1\n1 2 3 4\n").contains("negative"));
        assert!(fault("P0 A C G\n01 1 2 3\n").contains("P0 A C G T"));
    }
}

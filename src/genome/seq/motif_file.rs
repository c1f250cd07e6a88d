//! Files of motifs: MEME (text, XML, HTML), JASPAR (matrices and sites), TRANSFAC, HOMER, UniPROBE,
//! Cluster-Buster, CIS-BP, XMS, AlignACE and bare matrices, told by their content.

use super::motif::{self, Motif, shares};
use super::{motif_page, motif_sites};
use crate::seq::text;
use cistron_base::Result;
use cistron_base::fault;
use std::path::Path;

/// Reads all motifs of a file, plain or gzipped.
pub fn read(path: &Path) -> Result<Vec<Motif>> {
    let text = text::read(path)?;
    let stem = path
        .file_stem()
        .map_or("motif".into(), |stem| stem.to_string_lossy().into_owned());
    parse(&text, &stem)
        .map_err(|(line, what)| fault!("data", "`{}` line {line}: {what}", path.display()))
}

type Parsed = std::result::Result<Vec<Motif>, (usize, String)>;

fn parse(text: &str, stem: &str) -> Parsed {
    let head = text.trim_start();
    if head.starts_with('<') {
        return motif_page::parse(text);
    }
    let starts = |word: &str| text.lines().any(|line| line.starts_with(word));
    if starts("MEME version")
        || starts("MOTIF ")
        || starts("MOTIF\t")
        || starts("# DREME")
        || starts("# STREME")
    {
        return motif::parse_meme(text);
    }
    if starts("P0") || starts("PO") {
        return transfac(text);
    }
    if head.starts_with("AlignACE") {
        return motif_sites::align_ace(text);
    }
    if motif_sites::is_fasta(text) {
        return motif_sites::jaspar(text);
    }
    if let Some(line) = text
        .lines()
        .position(|line| line.contains("ADM_DI") || line.contains("ADM_MONO"))
    {
        return Err((
            line + 1,
            "this is a model of adjacent dinucleotides (ADM), not a matrix of four bases".into(),
        ));
    }
    matrices(text, stem)
}

/// A row of numbers of a file, and its line.
type Row = (usize, [f64; 4]);

/// A motif of rows of counts, probabilities or percent; a position that holds nothing says nothing.
fn of_counts(name: &str, rows: &[Row]) -> std::result::Result<Motif, (usize, String)> {
    let find = |rule: &dyn Fn(&[f64; 4]) -> bool| {
        rows.iter()
            .find(|(_, row)| rule(row))
            .map(|(line, _)| *line)
    };
    if let Some(line) = find(&|row| row.iter().any(|v| *v < 0.0)) {
        return Err((
            line,
            format!(
                "motif `{name}` holds negative numbers: these are scores, not counts or probabilities"
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
    let uneven = |(_, row): &&Row| (row.iter().sum::<f64>() - 1.0).abs() > motif::TOLERANCE;
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

/// The columns of A, C, G and T (or U) in a header such as `T G C A` or `Pos A C G T`, which may
/// have a word before the letters.
fn columns(cells: &[&str]) -> Option<[usize; 4]> {
    let letters = match cells {
        [_, a, c, g, t] if a.len() == 1 => [*a, *c, *g, *t],
        [a, c, g, t] => [*a, *c, *g, *t],
        _ => return None,
    };
    let place = |base: &str| {
        letters
            .iter()
            .position(|letter| letter.eq_ignore_ascii_case(base))
    };
    Some([
        place("A")?,
        place("C")?,
        place("G")?,
        place("T").or_else(|| place("U"))?,
    ])
}

/// TRANSFAC: `P0 A C G T`, numbered rows, `//`.
fn transfac(text: &str) -> Parsed {
    let mut motifs = Vec::new();
    let (mut accession, mut id) = (String::new(), String::new());
    let mut order: Option<[usize; 4]> = None;
    let mut rows: Vec<Row> = Vec::new();
    let mut close = |rows: &mut Vec<Row>,
                     accession: &mut String,
                     id: &mut String|
     -> std::result::Result<(), (usize, String)> {
        if !rows.is_empty() {
            let name = if accession.is_empty() {
                id.as_str()
            } else {
                accession.as_str()
            };
            let name = if name.is_empty() {
                format!("motif{}", motifs.len() + 1)
            } else {
                name.to_string()
            };
            motifs.push(of_counts(&name, rows)?);
        }
        rows.clear();
        accession.clear();
        id.clear();
        Ok(())
    };
    for (number, line) in text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim_end()))
    {
        let (key, rest) = line.split_at_checked(2).unwrap_or((line, ""));
        let value = || rest.split_whitespace().next().unwrap_or("").to_string();
        match key {
            "AC" => accession = value(),
            "ID" | "NA" if id.is_empty() => id = value(),
            "P0" | "PO" => {
                let letters: Vec<&str> = rest.split_whitespace().collect();
                let place = |letter: &str| {
                    letters
                        .iter()
                        .position(|own| own.eq_ignore_ascii_case(letter))
                };
                order = match (
                    place("A"),
                    place("C"),
                    place("G"),
                    place("T").or_else(|| place("U")),
                ) {
                    (Some(a), Some(c), Some(g), Some(t)) => Some([a, c, g, t]),
                    _ => return Err((number, format!("expected `P0 A C G T`, got `{line}`"))),
                };
            }
            "//" => {
                order = None;
                close(&mut rows, &mut accession, &mut id)?;
            }
            _ => {
                let Some(order) = order else { continue };
                let cells: Vec<&str> = line.split_whitespace().collect();
                if cells
                    .first()
                    .is_none_or(|cell| cell.parse::<u32>().is_err())
                {
                    continue;
                }
                let numbers: Vec<f64> = cells[1..]
                    .iter()
                    .map_while(|cell| cell.parse().ok())
                    .collect();
                let row = order.map(|i| numbers.get(i).copied());
                let [Some(a), Some(c), Some(g), Some(t)] = row else {
                    return Err((
                        number,
                        format!("expected a number for each base, got `{line}`"),
                    ));
                };
                rows.push((number, [a, c, g, t]));
            }
        }
    }
    close(&mut rows, &mut accession, &mut id)?;
    if motifs.is_empty() {
        Err((1, "there is no matrix".into()))
    } else {
        Ok(motifs)
    }
}

/// A row as it is in the file: its line, the base that it starts with, its numbers.
type Line = (usize, Option<u8>, Vec<f64>);

/// The matrix that is being read.
#[derive(Default)]
struct Open {
    name: Option<String>,
    rows: Vec<Line>,
    /// Where its columns have A, C, G and T, where a header states that.
    order: Option<[usize; 4]>,
}

impl Open {
    /// Adds the matrix to the motifs, where it has rows.
    fn close(
        &mut self,
        stem: &str,
        first: Option<[usize; 4]>,
        motifs: &mut Vec<Motif>,
    ) -> std::result::Result<(), (usize, String)> {
        let order = self.order.take();
        if let Some((line, ..)) = self.rows.first() {
            let numbered = || {
                if motifs.is_empty() {
                    stem.to_string()
                } else {
                    format!("{stem}{}", motifs.len() + 1)
                }
            };
            let name = self.name.clone().unwrap_or_else(numbered);
            let matrix = oriented(&self.rows, order, first)
                .map_err(|what| (*line, format!("motif `{name}`: {what}")))?;
            motifs.push(of_counts(&name, &matrix)?);
        }
        self.rows.clear();
        Ok(())
    }
}

/// Rows of numbers under a name: four rows of bases or a row for each position, with or without
/// letters.
fn matrices(text: &str, stem: &str) -> Parsed {
    let mut motifs: Vec<Motif> = Vec::new();
    let mut open = Open::default();
    // a header at the top of the file holds for all matrices without one of their own
    let mut first: Option<[usize; 4]> = None;
    for (number, line) in text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim()))
    {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('>') {
            open.close(stem, first, &mut motifs)?;
            let tabs: Vec<&str> = header.split('\t').map(str::trim).collect();
            // HOMER: the consensus, then the name
            let is_homer = tabs.len() >= 3 && Motif::from_consensus("", tabs[0]).is_ok();
            let own = if is_homer {
                tabs[1]
            } else {
                header.split_whitespace().next().unwrap_or(stem)
            };
            open.name = Some(own.to_string());
            continue;
        }
        let plain = line.replace(['[', ']', '|', ','], " ");
        let mut cells: Vec<&str> = plain.split_whitespace().collect();
        if let Some(order) = columns(&cells) {
            if !open.rows.is_empty() {
                open.close(stem, first, &mut motifs)?;
                open.name = None;
            }
            if motifs.is_empty() && open.name.is_none() {
                first = Some(order);
            }
            open.order = Some(order);
            continue;
        }
        let letter = cells
            .first()
            .map(|cell| cell.trim_end_matches(':'))
            .filter(|cell| cell.len() == 1)
            .and_then(|cell| "ACGTU".find(&cell.to_ascii_uppercase()));
        if letter.is_some() {
            cells.remove(0);
        }
        let numbers: Option<Vec<f64>> = cells.iter().map(|cell| cell.parse().ok()).collect();
        match numbers {
            Some(numbers) if !numbers.is_empty() => {
                let base = letter.map(|l| l.min(3) as u8);
                // a second A starts another matrix
                if base == Some(0) && open.rows.iter().any(|(_, own, _)| *own == Some(0)) {
                    open.close(stem, first, &mut motifs)?;
                    open.name = None;
                }
                open.rows.push((number, base, numbers));
            }
            // `base 1 2 3` numbers the positions
            _ if cells.len() > 1
                && cells[1..].iter().all(|cell| cell.parse::<u32>().is_ok())
                && open.rows.is_empty() => {}
            // anything else is a title, as UniPROBE and CIS-BP have them; it closes a matrix that
            // is whole
            _ if open.rows.is_empty() || oriented(&open.rows, open.order, first).is_ok() => {
                let is_new = !open.rows.is_empty();
                open.close(stem, first, &mut motifs)?;
                let mut words = line.split_whitespace();
                let key = words.next().unwrap_or("");
                let value = words.next().map(str::to_string);
                open.name = match key {
                    "Gene:" | "Motif" | "Name" => value,
                    // CIS-BP's block names its factor first and its motif later
                    "TF" | "Gene" | "Family" | "Species" if is_new || open.name.is_none() => value,
                    "TF" | "Gene" | "Family" | "Species" => open.name.take(),
                    _ => Some(key.to_string()),
                };
            }
            _ => {
                return Err((
                    number,
                    format!(
                        "expected a row of numbers, got `{}`",
                        line.chars().take(40).collect::<String>()
                    ),
                ));
            }
        }
    }
    open.close(stem, first, &mut motifs)?;
    match motifs.is_empty() {
        true => Err((1, "there is no motif: MEME, JASPAR, TRANSFAC, HOMER, UniPROBE, XMS, AlignACE and bare matrices are read".into())),
        false => Ok(motifs),
    }
}

/// A row for each position out of the rows of a file. `order` is that of the columns where the
/// matrix has a header, `first` that of a header at the top of the file.
fn oriented(
    rows: &[Line],
    order: Option<[usize; 4]>,
    first: Option<[usize; 4]>,
) -> std::result::Result<Vec<Row>, String> {
    let width = rows[0].2.len();
    let by_position = |from: usize, order: [usize; 4]| {
        rows.iter()
            .map(|(line, _, row)| (*line, order.map(|base| row[from + base])))
            .collect()
    };
    let by_base = |of: &dyn Fn(u8) -> usize| {
        (0..width)
            .map(|i| (rows[0].0, [0, 1, 2, 3].map(|base| rows[of(base)].2[i])))
            .collect()
    };
    if rows.iter().any(|(.., row)| row.len() != width) {
        return Err("its rows have different lengths".into());
    }
    if rows.iter().all(|(_, base, _)| base.is_some()) {
        let place = |base: u8| rows.iter().position(|(_, own, _)| *own == Some(base));
        return match [0, 1, 2, 3].map(place) {
            [Some(_), Some(_), Some(_), Some(_)] if rows.len() == 4 => {
                Ok(by_base(&|base| place(base).unwrap_or(0)))
            }
            _ => Err("it must have one row for each of A, C, G and T".into()),
        };
    }
    // a fifth column in front numbers the positions
    let is_numbered = width == 5
        && rows
            .iter()
            .enumerate()
            .all(|(i, (.., row))| row[0] == (i + 1) as f64 || row[0] == i as f64);
    let known = order.or(first.filter(|order| *order != ACGT));
    match known {
        Some(order) if is_numbered => return Ok(by_position(1, order)),
        Some(order) if width == 4 => return Ok(by_position(0, order)),
        Some(_) if order.is_some() => {
            return Err(format!(
                "its header names four columns, its rows have {width} numbers"
            ));
        }
        _ if is_numbered => return Ok(by_position(1, ACGT)),
        _ => {}
    }
    match (rows.len(), width) {
        (4, 4) => {
            let sums: Vec<f64> = rows.iter().map(|(.., row)| row.iter().sum()).collect();
            let even = sums
                .iter()
                .all(|sum| (sum - sums[0]).abs() <= 0.02 * sums[0].abs().max(1.0));
            let columns: Vec<f64> = (0..4)
                .map(|i| rows.iter().map(|(.., row)| row[i]).sum())
                .collect();
            let even_columns = columns
                .iter()
                .all(|sum| (sum - columns[0]).abs() <= 0.02 * columns[0].abs().max(1.0));
            // bases in rows is the older form, and taken where both fit
            Ok(if even && !even_columns {
                by_position(0, ACGT)
            } else {
                by_base(&|base| base as usize)
            })
        }
        (4, _) => Ok(by_base(&|base| base as usize)),
        (_, 4) => Ok(by_position(0, ACGT)),
        (n, width) => Err(format!(
            "{n} rows of {width} numbers are no matrix of four bases"
        )),
    }
}

/// Columns in the usual order.
const ACGT: [usize; 4] = [0, 1, 2, 3];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, String, usize)> {
        parse(text, "stem")
            .unwrap()
            .into_iter()
            .map(|m| (m.name.clone(), m.consensus(), m.sites as usize))
            .collect()
    }

    #[test]
    fn every_form_says_the_same() {
        let wanted = vec![("m1".to_string(), "ACG".to_string(), 10)];
        assert_eq!(
            of(">m1\tNAME\nA  [ 10 0 0 ]\nC  [ 0 9 0 ]\nG  [ 0 1 10 ]\nT  [ 0 0 0 ]\n"),
            wanted
        );
        assert_eq!(of(">m1 NAME\n10 0 0\n0 9 0\n0 1 10\n0 0 0\n"), wanted);
        assert_eq!(
            of(
                "AC  m1\nXX\nID  other\nP0  A  C  G  T\n01  10  0  0  0  A\n02  0  9  1  0  C\n03  0  0  10  0  G\nXX\n//\n"
            ),
            wanted
        );
        assert_eq!(
            of(
                "AC  m1\nP0  A  T  G  C\n01  10  0  0  0  A\n02  0  0  1  9  C\n03  0  0  10  0  G\n"
            ),
            wanted
        );
        assert_eq!(of(">ACG\tm1\t6.0\t-3.5\n0.97\t0.01\t0.01\t0.01\n0.01\t0.97\t0.01\t0.01\n0.01\t0.01\t0.97\t0.01\n")[0].1, "ACG");
        assert_eq!(
            of("Gene:  m1  Motif: x\nA:\t1 0 0\nC:\t0 1 0\nG:\t0 0 1\nT:\t0 0 0\n")[0].1,
            "ACG"
        );
        assert_eq!(
            of("Pos\tA\tC\tG\tT\n1\t1\t0\t0\t0\n2\t0\t1\t0\t0\n3\t0\t0\t1\t0\n")[0],
            ("stem".into(), "ACG".into(), 0)
        );
        assert_eq!(
            of("10 0 0 0 9\n0 10 0 0 1\n0 0 10 0 0\n0 0 0 10 0\n")[0].1,
            "ACGTA"
        );
    }

    #[test]
    fn headers_name_the_order_of_columns() {
        let one = |text: &str| of(text)[0].1.clone();
        assert_eq!(
            one("Pos\tT\tG\tC\tA\n1\t0.9\t0.1\t0.0\t0.0\n2\t0.1\t0.1\t0.7\t0.1\n"),
            "TC"
        );
        assert_eq!(one("T   A   G   C\n0   0   0   99\n99  0   0   0\n"), "CT");
        assert_eq!(one("t a g c\n0 0 0 9\n9 0 0 0\n0 9 0 0\n0 0 9 0\n"), "CTAG");
        assert_eq!(one("pos G A U C\n1 0 0 9 0\n2 9 0 0 0\n"), "TG");
        // a header of one matrix does not hold for the next, one at the top of the file does
        let both = ">a\nT G C A\n9 0 0 0\n0 9 0 0\n0 0 9 0\n>b\n9 0 0 0\n0 9 0 0\n0 0 9 0\n";
        assert_eq!(
            of(both).iter().map(|m| m.1.as_str()).collect::<Vec<_>>(),
            ["TGC", "ACG"]
        );
        let top = "T G C A\n>a\n9 0 0 0\n0 9 0 0\n0 0 9 0\n>b\n9 0 0 0\n0 9 0 0\n0 0 9 0\n";
        assert_eq!(
            of(top).iter().map(|m| m.1.as_str()).collect::<Vec<_>>(),
            ["TGC", "TGC"]
        );
        assert!(
            parse("T G C A\n1 2 3\n", "stem")
                .unwrap_err()
                .1
                .contains("four columns")
        );
        // every order of four letters, in rows and in columns
        let letters = ["A", "C", "G", "T"];
        for i in 0..256usize {
            let order = [i % 4, i / 4 % 4, i / 16 % 4, i / 64];
            if (0..4).any(|base| !order.contains(&base)) {
                continue;
            }
            let head: Vec<&str> = order.iter().map(|base| letters[*base]).collect();
            let row = |base: usize| {
                order
                    .map(|own| if own == base { "7" } else { "0" })
                    .join(" ")
            };
            let wide = format!("{}\n{}\n{}\n{}\n", head.join(" "), row(2), row(0), row(3));
            assert_eq!(one(&wide), "GAT", "{wide}");
            let tall: String = order
                .iter()
                .map(|base| {
                    format!(
                        "{} {} {}\n",
                        letters[*base],
                        7 * usize::from(*base == 2),
                        7 * usize::from(*base == 0)
                    )
                })
                .collect();
            assert_eq!(one(&tall), "GA", "{tall}");
        }
    }

    #[test]
    fn broken_files_are_told() {
        let fault = |text: &str| parse(text, "stem").unwrap_err().1;
        assert_eq!(
            parse(">a\n0.5 0.5 0 0\n0.9 0.9 0.1 0.1\n0.5 0.5 0 0\n", "stem")
                .unwrap_err()
                .0,
            3
        );
        assert_eq!(
            parse("P0 A C G T\n01 1 2 3 4\n02 1 -2 3 4\n", "stem")
                .unwrap_err()
                .0,
            3
        );
        assert!(fault("0.8 0.1 ADM_DI AA\n").contains("dinucleotides"));
        assert!(fault("").contains("no motif"));
        assert!(fault("<?xml version='1.0'?>").contains("XML"));
        assert!(fault(">a\n1 2 3\n1 2\n1 2 3\n1 2 3\n").contains("different lengths"));
        assert!(fault(">a\n-1 2 3 1\n1 2 3 1\n1 2 3 4\n").contains("negative"));
        assert!(fault("P0 A C G\n01 1 2 3\n").contains("P0 A C G T"));
    }
}

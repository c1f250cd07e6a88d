//! TRANSFAC's format: `P0 A C G T`, numbered rows, `//`.

use super::check::{Parsed, Row, of_counts};

/// TRANSFAC: `P0 A C G T`, numbered rows, `//`.
pub(super) fn parse(text: &str) -> Parsed {
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

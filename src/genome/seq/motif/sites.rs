//! Motifs that are given as aligned sites: AlignACE's output and JASPAR's `.sites`.

use super::check::Parsed;
use super::{Motif, shares};
use crate::seq::alphabet;

/// A motif of sites of one width, each with its line.
fn of_sites(name: &str, sites: &[(usize, String)]) -> std::result::Result<Motif, (usize, String)> {
    let width = sites.first().map_or(0, |(_, site)| site.len());
    let mut rows = vec![[0.0; 4]; width];
    for (line, site) in sites {
        if site.len() != width || width == 0 {
            return Err((
                *line,
                format!(
                    "motif `{name}`: a site of {} bases after one of {width}",
                    site.len()
                ),
            ));
        }
        for (row, letter) in rows.iter_mut().zip(site.bytes()) {
            match alphabet::CODES[usize::from(letter)] {
                code if code < 4 => row[usize::from(code)] += 1.0,
                _ => {
                    return Err((
                        *line,
                        format!("motif `{name}`: `{}` in a site is no base", letter as char),
                    ));
                }
            }
        }
    }
    Ok(Motif {
        sites: sites.len() as f64,
        ..Motif::new(name, rows.into_iter().map(shares).collect())
    })
}

/// AlignACE: `Motif 1`, a site a line (its first word), then a line of `*` for the columns that
/// were scored and the score. All columns are kept.
pub(super) fn align_ace(text: &str) -> Parsed {
    let mut motifs = Vec::new();
    let mut open: Option<(String, Vec<(usize, String)>)> = None;
    for (number, line) in text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim()))
    {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), &mut open) {
            (Some("Motif"), Some(name), _) => {
                if let Some((name, sites)) = open.take() {
                    motifs.push(of_sites(&name, &sites)?);
                }
                open = Some((format!("Motif{name}"), Vec::new()));
            }
            (Some(mask), ..) if mask.starts_with('*') => {
                if let Some((name, sites)) = open.take() {
                    motifs.push(of_sites(&name, &sites)?);
                }
            }
            (Some(site), Some(_), Some((_, sites))) => sites.push((number, site.to_string())),
            _ => {}
        }
    }
    if let Some((name, sites)) = open {
        motifs.push(of_sites(&name, &sites)?);
    }
    if motifs.is_empty() {
        Err((1, "there is no motif: AlignACE found none".into()))
    } else {
        Ok(motifs)
    }
}

/// Whether a text is one of sequences under `>name`.
pub(super) fn is_fasta(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_header = lines.next().is_some_and(|line| line.starts_with('>'));
    let is_sequence =
        |line: &str| line.len() > 1 && line.bytes().all(|b| b"ACGTUNacgtun".contains(&b));
    is_header && lines.next().is_some_and(is_sequence)
}

/// JASPAR's sites: the site of each record is in capitals, what surrounds it is not.
pub(super) fn jaspar(text: &str) -> Parsed {
    let mut sites: Vec<(usize, String)> = Vec::new();
    let (mut name, mut alt) = (String::new(), String::new());
    for (number, line) in text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim()))
    {
        if let Some(header) = line.strip_prefix('>') {
            let mut words = header.split_whitespace();
            if sites.is_empty() {
                name = words.next().unwrap_or("motif").to_string();
                alt = words.next().unwrap_or("").to_string();
            }
            sites.push((number + 1, String::new()));
        } else if let Some((_, site)) = sites.last_mut() {
            site.extend(line.chars().filter(char::is_ascii_uppercase));
        }
    }
    let width = sites.first().map_or(0, |(_, site)| site.len());
    if let Some((line, _)) = sites
        .iter()
        .find(|(_, site)| site.len() != width || width == 0)
    {
        return Err((
            *line,
            "these are sequences, not a matrix: sites are read where their \
            capitals have one length (JASPAR's `.sites`)"
                .into(),
        ));
    }
    Ok(vec![Motif {
        alt,
        ..of_sites(&name, &sites)?
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_become_a_matrix() {
        let ace = "AlignACE 4.0 05/13/04\n./AlignACE -i test.fa\n\nInput sequences:\n#0\tSEQ1\n\n\
            Motif 1\nACG\t0\t51\t0\nACT\t1\t5\t1\n***\nMAP Score: 57.9\n\nMotif 2\nTT\t0\t1\t1\n* \
            *\n";
        let motifs = align_ace(ace).unwrap();
        assert_eq!(motifs.len(), 2);
        assert_eq!(
            (motifs[0].name.as_str(), motifs[0].width(), motifs[0].sites),
            ("Motif1", 3, 2.0)
        );
        assert_eq!(motifs[0].ppm[2], [0.0, 0.0, 0.5, 0.5]);
        let motifs = jaspar(">MA1\tARNT\t1\nCACGTGatg\n>MA1\tARNT\t2\ntaCACGTTc\n").unwrap();
        assert_eq!(
            (
                motifs[0].name.as_str(),
                motifs[0].alt.as_str(),
                motifs[0].consensus()
            ),
            ("MA1", "ARNT", "CACGTG".into())
        );
        assert!(
            jaspar(">a\nACGT\n>b\nACG\n")
                .unwrap_err()
                .1
                .contains("sequences, not a matrix")
        );
        assert_eq!(
            align_ace("AlignACE\nMotif 1\nACG\t0\nAC\t0\n***\n")
                .unwrap_err()
                .0,
            4
        );
    }
}

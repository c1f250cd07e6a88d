//! MEME's text format.

use super::Motif;
use super::check::{Parsed, foreign_alphabet, improbable};

/// Motifs in MEME's minimal text format.
pub fn to_meme(motifs: &[Motif]) -> String {
    let word = |text: &str| text.replace(|c: char| c.is_whitespace() || c.is_control(), "_");
    let mut out = String::from(
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\nA \
        0.25 C 0.25 G 0.25 T 0.25\n\n",
    );
    for motif in motifs {
        let sites = motif.site_count().round();
        let alt = if motif.alt.is_empty() {
            String::new()
        } else {
            format!(" {}", word(&motif.alt))
        };
        out += &format!(
            "MOTIF {}{alt}\nletter-probability matrix: alength= 4 w= {} nsites= {sites} E= 0\n",
            word(&motif.name),
            motif.width()
        );
        for row in &motif.ppm {
            out += &format!(" {:.6} {:.6} {:.6} {:.6}\n", row[0], row[1], row[2], row[3]);
        }
        out.push('\n');
    }
    out
}

/// A matrix of MEME's text format that is being read.
#[derive(Default)]
struct Matrix {
    /// The line of its `MOTIF`, and of its header once it is there.
    line: usize,
    /// Rows that its header declares with `w=`, where it does.
    width: Option<usize>,
    is_open: bool,
}

impl Matrix {
    /// Fails where the motif has another number of rows than its header declares.
    fn close(&mut self, motif: Option<&Motif>) -> std::result::Result<(), (usize, String)> {
        self.is_open = false;
        match (motif, self.width.take()) {
            (Some(motif), Some(width)) if motif.width() != width => Err((
                self.line,
                format!(
                    "motif `{}` declares w= {width} and has {} rows",
                    motif.name,
                    motif.width()
                ),
            )),
            (Some(motif), _) if motif.ppm.is_empty() => {
                Err((self.line, format!("motif `{}` has no matrix", motif.name)))
            }
            _ => Ok(()),
        }
    }
}

/// The motifs of MEME's text format; the line and the reason where it cannot be read.
pub(super) fn parse(text: &str) -> Parsed {
    let mut motifs: Vec<Motif> = Vec::new();
    let mut matrix = Matrix::default();
    let mut background: Option<[f64; 4]> = None;
    let mut shares: Option<Vec<(char, f64)>> = None;
    for (number, line) in text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim()))
    {
        if line
            .to_ascii_lowercase()
            .starts_with("background letter frequencies")
        {
            shares = Some(Vec::new());
            continue;
        }
        if let Some(own) = &mut shares {
            let words: Vec<&str> = line.split_whitespace().collect();
            own.extend(words.chunks(2).filter_map(|pair| {
                Some((pair.first()?.chars().next()?, pair.get(1)?.parse().ok()?))
            }));
            let of = |letter: char| {
                own.iter()
                    .find(|(known, _)| *known == letter)
                    .map(|(_, share)| *share)
            };
            if let (Some(a), Some(c), Some(g), Some(t)) =
                (of('A'), of('C'), of('G'), of('T').or_else(|| of('U')))
            {
                background = Some([a, c, g, t]);
            }
            shares = if background.is_some() || words.is_empty() || own.len() > 4 {
                None
            } else {
                shares
            };
            continue;
        }
        if let Some(what) = line
            .strip_prefix("ALPHABET=")
            .and_then(|letters| foreign_alphabet(letters.trim()))
        {
            return Err((number, what));
        }
        if let Some(names) = line
            .strip_prefix("MOTIF")
            .filter(|rest| rest.starts_with(char::is_whitespace))
        {
            matrix.close(motifs.last())?;
            matrix.line = number;
            let mut words = names.split_whitespace();
            let name = words.next().unwrap_or("");
            // of MEME's own output a second word starts the statistics of the motif
            let alt = words
                .next()
                .filter(|word| *word != "width" && !word.contains('='))
                .unwrap_or("");
            motifs.push(Motif {
                alt: alt.into(),
                background,
                ..Motif::new(name, Vec::new())
            });
        } else if line.starts_with("letter-probability matrix") {
            let value = |key: &str| {
                line.split(key)
                    .nth(1)
                    .and_then(|rest| rest.split_whitespace().next())
                    .and_then(|v| v.parse::<f64>().ok())
            };
            let motif = motifs
                .last_mut()
                .ok_or((number, "a matrix before any `MOTIF` line".to_string()))?;
            if let Some(letters) = value("alength=").filter(|n| *n != 4.0) {
                return Err((
                    number,
                    format!(
                        "motif `{}` is of an alphabet of {letters} letters, not DNA",
                        motif.name
                    ),
                ));
            }
            if !motif.ppm.is_empty() {
                return Err((
                    number,
                    format!("motif `{}` has a second matrix", motif.name),
                ));
            }
            motif.sites = value("nsites=").unwrap_or(0.0);
            matrix = Matrix {
                line: number,
                width: value("w=").map(|w| w as usize),
                is_open: true,
            };
        } else if let (true, Some(motif)) = (matrix.is_open, motifs.last_mut()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let numbers: Option<Vec<f64>> = words.iter().map(|word| word.parse().ok()).collect();
            let is_whole = matrix.width.is_some_and(|width| motif.width() >= width);
            match numbers.as_deref() {
                Some([]) => {}
                Some([a, c, g, t]) => {
                    if is_whole {
                        return Err((
                            number,
                            format!(
                                "motif `{}` declares w= {} and has more rows",
                                motif.name,
                                motif.width()
                            ),
                        ));
                    }
                    let row = [*a, *c, *g, *t];
                    if let Some(what) = improbable(&row) {
                        return Err((number, format!("motif `{}`: {what}", motif.name)));
                    }
                    motif.ppm.push(row);
                }
                // what follows the matrix
                _ if is_whole || (matrix.width.is_none() && !motif.ppm.is_empty()) => {
                    matrix.is_open = false
                }
                _ => return Err((number, format!("expected four probabilities, got `{line}`"))),
            }
        }
    }
    matrix.close(motifs.last())?;
    if motifs.is_empty() {
        Err((1, "no `MOTIF` line: this is not a MEME file".into()))
    } else {
        Ok(motifs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meme_text_comes_back() {
        let motifs = vec![
            Motif::from_consensus("gata", "WGATAR").unwrap(),
            Motif::from_consensus("e", "CANNTG").unwrap(),
        ];
        let back = parse(&to_meme(&motifs)).unwrap();
        assert_eq!(back.len(), 2);
        assert_eq!(back[0].consensus(), "AGATAA");
        assert_eq!(back[1].ppm[2], [0.25; 4]);
        assert!(
            parse("MOTIF x\nletter-probability matrix: w= 2\n0.1 0.2\n")
                .unwrap_err()
                .1
                .contains("four")
        );
    }

    #[test]
    fn matrices_of_meme_are_checked_by_line() {
        let head = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m1\nletter-probability matrix: \
            alength= 4 w= 2 nsites= 20 E= 0\n";
        let of = |rows: &str| parse(&format!("{head}{rows}")).map(|motifs| motifs.len());
        assert_eq!(of("0.9 0 0 0.1\n0 1 0 0\n"), Ok(1));
        // two digits may miss 1 by 0.02
        assert_eq!(
            of("0.33 0.33 0.33 0\n\n0.25 0.25 0.24 0.24\nURL http://x\n\n"),
            Ok(1)
        );
        let fault = |rows: &str| of(rows).unwrap_err();
        assert_eq!(fault("0 1 0 0\n0.9 0.9 0.1 0.1\n").0, 8);
        assert!(fault("0.9 0.9 0.1 0.1\n").1.contains("sum to 2.000"));
        assert_eq!(
            fault("12 3 4 1\n0 20 0 0\n"),
            (
                7,
                "motif `m1`: 12 is no probability: are these counts?".into()
            )
        );
        assert_eq!(
            fault("0.5 0.3 0.3 -0.1\n0 1 0 0\n"),
            (7, "motif `m1`: -0.1 is no probability".into())
        );
        assert!(fault("nan 1 0 0\n0 1 0 0\n").1.contains("NaN"));
        assert_eq!(
            fault("0 1 0 0\n"),
            (6, "motif `m1` declares w= 2 and has 1 rows".into())
        );
        assert_eq!(fault("0 1 0 0\n\nMOTIF m2\n").0, 6);
        assert_eq!(fault("0 1 0 0\n0 1 0 0\n0 1 0 0\n").0, 9);
        assert_eq!(fault("0 1 0 0\n0 1 0\n").0, 8);
        assert_eq!(fault("0 1 0 0\n0 1 0 0\nMOTIF m2\nMOTIF m3\n").0, 9);
        assert_eq!(
            parse("ALPHABET= ACDEFGHIKLMNPQRSTVWY\nMOTIF x\n")
                .unwrap_err()
                .0,
            1
        );
        assert_eq!(parse(&head.replace("ACGT", "ACGU")).unwrap_err().0, 6);
    }
}

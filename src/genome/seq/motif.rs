//! Motifs as position probability matrices; MEME's minimal format.

use cistron_base::Result;
use cistron_base::{bail, fault};
use serde::{Deserialize, Serialize};

/// A motif: probabilities of A, C, G, T at each position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Motif {
    /// Its name.
    pub name: String,
    /// A second name, such as the factor's, where its source gives one; else empty.
    pub alt: String,
    /// A row for each position; each sums to 1.
    pub ppm: Vec<[f64; 4]>,
    /// How many sites it was made from; 0 where that is not known.
    pub sites: f64,
    /// Shares of A, C, G, T that its file gives as background.
    pub background: Option<[f64; 4]>,
}

/// IUPAC letters by the set of bases they stand for, as bits of A, C, G, T.
const IUPAC: [(char, u8); 15] = [
    ('A', 1),
    ('C', 2),
    ('G', 4),
    ('T', 8),
    ('M', 3),
    ('R', 5),
    ('W', 9),
    ('S', 6),
    ('Y', 10),
    ('K', 12),
    ('V', 7),
    ('H', 11),
    ('D', 13),
    ('B', 14),
    ('N', 15),
];

impl Motif {
    /// A motif of probabilities.
    pub fn new(name: impl Into<String>, ppm: Vec<[f64; 4]>) -> Motif {
        Motif {
            name: name.into(),
            alt: String::new(),
            ppm,
            sites: 0.0,
            background: None,
        }
    }

    /// Whether this is its name or its second name.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || (!self.alt.is_empty() && self.alt == name)
    }

    /// A motif of the bases that IUPAC letters allow, each as likely.
    pub fn from_consensus(name: &str, consensus: &str) -> Result<Motif> {
        if consensus.is_empty() {
            bail!("value", "a consensus needs at least one letter");
        }
        let row = |letter: char| {
            let found = IUPAC
                .iter()
                .find(|(known, _)| *known == letter.to_ascii_uppercase());
            let (_, bits) = found.ok_or_else(|| {
                fault!(
                    "value",
                    "`{letter}` in consensus \"{consensus}\" is no IUPAC base"
                )
            })?;
            let share = 1.0 / f64::from(bits.count_ones());
            Ok(std::array::from_fn(|base| {
                if bits >> base & 1 == 1 { share } else { 0.0 }
            }))
        };
        Ok(Motif::new(
            name,
            consensus.chars().map(row).collect::<Result<_>>()?,
        ))
    }

    /// Positions.
    pub fn width(&self) -> usize {
        self.ppm.len()
    }

    /// The likeliest base at each position; `N` where none reaches a third.
    pub fn consensus(&self) -> String {
        self.ppm
            .iter()
            .map(|row| {
                let (best, p) =
                    row.iter().enumerate().fold(
                        (0, 0.0),
                        |best, (i, p)| if *p > best.1 { (i, *p) } else { best },
                    );
                if p < 1.0 / 3.0 {
                    'N'
                } else {
                    "ACGT".as_bytes()[best] as char
                }
            })
            .collect()
    }

    /// Information of each position against equal bases, bits.
    pub fn information(&self) -> Vec<f64> {
        self.ppm
            .iter()
            .map(|row| {
                2.0 + row
                    .iter()
                    .filter(|p| **p > 0.0)
                    .map(|p| p * p.log2())
                    .sum::<f64>()
            })
            .collect()
    }

    /// Information in all, bits.
    pub fn total_information(&self) -> f64 {
        self.information().iter().sum()
    }

    /// How many sites it was made from; 20 where it does not tell.
    pub fn site_count(&self) -> f64 {
        if self.sites > 0.0 { self.sites } else { 20.0 }
    }

    /// The code of the likeliest base at each position.
    pub fn likeliest(&self) -> Vec<u8> {
        self.ppm.iter().map(likeliest).collect()
    }

    /// Probabilities after so many sites' worth of the background were added to each position.
    pub fn with_pseudocount(&self, pseudocount: f64, background: [f64; 4]) -> Motif {
        let sites = self.site_count();
        let row = |row: &[f64; 4]| {
            let sum: f64 = row.iter().sum();
            std::array::from_fn(|base| {
                (row[base] / sum * sites + pseudocount * background[base]) / (sites + pseudocount)
            })
        };
        Motif {
            ppm: self.ppm.iter().map(row).collect(),
            ..self.clone()
        }
    }

    /// The positions from the first to the last that say at least `bits`; empty where none does.
    pub fn trimmed(&self, bits: f64) -> Motif {
        let own = self.information();
        let first = own.iter().position(|x| *x >= bits).unwrap_or(own.len());
        let last = own
            .iter()
            .rposition(|x| *x >= bits)
            .map_or(first, |last| last + 1);
        Motif {
            ppm: self.ppm[first..last].to_vec(),
            ..self.clone()
        }
    }

    /// log2 of each probability over the background, bits.
    pub fn log_odds(&self, pseudocount: f64, background: [f64; 4]) -> Vec<[f64; 4]> {
        let smooth = self.with_pseudocount(pseudocount, background);
        smooth
            .ppm
            .iter()
            .map(|row| std::array::from_fn(|base| (row[base] / background[base]).log2()))
            .collect()
    }

    /// As it reads on the other strand.
    pub fn reverse_complement(&self) -> Motif {
        let ppm = self
            .ppm
            .iter()
            .rev()
            .map(|row| [row[3], row[2], row[1], row[0]])
            .collect();
        Motif {
            ppm,
            ..self.clone()
        }
    }
}

/// The code of the likeliest base; of equals the last.
pub fn likeliest(row: &[f64; 4]) -> u8 {
    (0..4u8)
        .max_by(|a, b| row[usize::from(*a)].total_cmp(&row[usize::from(*b)]))
        .unwrap_or(0)
}

/// Numbers scaled to sum to 1; equal shares where they sum to nothing.
pub fn shares(row: [f64; 4]) -> [f64; 4] {
    let sum: f64 = row.iter().sum();
    if sum > 0.0 {
        row.map(|x| x / sum)
    } else {
        [0.25; 4]
    }
}

/// Motifs in MEME's minimal text format.
pub fn to_meme(motifs: &[Motif]) -> String {
    let word = |text: &str| text.replace(|c: char| c.is_whitespace() || c.is_control(), "_");
    let mut out = String::from(
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n\n",
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
pub(super) fn parse_meme(text: &str) -> std::result::Result<Vec<Motif>, (usize, String)> {
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
        let back = parse_meme(&to_meme(&motifs)).unwrap();
        assert_eq!(back.len(), 2);
        assert_eq!(back[0].consensus(), "AGATAA");
        assert_eq!(back[1].ppm[2], [0.25; 4]);
        assert!(
            parse_meme("MOTIF x\nletter-probability matrix: w= 2\n0.1 0.2\n")
                .unwrap_err()
                .1
                .contains("four")
        );
    }

    #[test]
    fn matrices_of_meme_are_checked_by_line() {
        let head = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m1\nletter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0\n";
        let of = |rows: &str| parse_meme(&format!("{head}{rows}")).map(|motifs| motifs.len());
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
            parse_meme("ALPHABET= ACDEFGHIKLMNPQRSTVWY\nMOTIF x\n")
                .unwrap_err()
                .0,
            1
        );
        assert_eq!(parse_meme(&head.replace("ACGT", "ACGU")).unwrap_err().0, 6);
    }

    #[test]
    fn information_is_two_bits_for_a_fixed_base() {
        let motif = Motif::from_consensus("m", "ARN").unwrap();
        assert_eq!(motif.information(), [2.0, 1.0, 0.0]);
    }
}

//! Position-specific priors: how probable a site is at each position, whatever its bases.
//!
//! Cuellar-Partida, Buske, McLeay, Whitington, Noble & Bailey, Epigenetic priors for identifying
//! active transcription factor binding sites (Bioinformatics 2012).

use crate::seq::text;
use cistron_base::Result;
use cistron_base::{bail, fault};
use std::collections::HashMap;
use std::path::Path;

/// Values that a distribution of priors is counted in, where none is given.
const BINS: usize = 100;

/// How often each prior occurs.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// The least.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// The median, which stands for positions without one.
    pub median: f64,
    /// Shares of equal steps from the least to the largest.
    pub shares: Vec<f64>,
}

/// The log-odds of a probability, bits.
pub fn log_odds(prior: f64) -> f64 {
    (prior / (1.0 - prior)).log2()
}

fn probability(path: &Path, line: usize, word: &str) -> Result<f64> {
    match word.parse::<f64>() {
        Ok(x) if (0.0..=1.0).contains(&x) => Ok(x),
        _ => Err(fault!(
            "data",
            "`{}` line {line}: `{word}` is no probability",
            path.display()
        )),
    }
}

impl Distribution {
    /// Reads a distribution: lines `#min`, `#max` and `#median`, then a share a line.
    pub fn read(path: &Path) -> Result<Distribution> {
        let text = text::read(path)?;
        let (mut marks, mut shares) = (HashMap::new(), Vec::new());
        for (line, own) in text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty())
        {
            match own
                .strip_prefix('#')
                .map(|rest| rest.split_whitespace().collect::<Vec<_>>())
            {
                Some(words) => match words.as_slice() {
                    [name, value] => {
                        marks.insert(name.to_string(), probability(path, line, value)?);
                    }
                    _ => bail!(
                        "data",
                        "`{}` line {line}: expected `#min`, `#max` or `#median` and a number",
                        path.display()
                    ),
                },
                None => shares.push(probability(path, line, own)?),
            }
        }
        let mark = |name: &str| {
            marks.get(name).copied().ok_or_else(|| {
                fault!(
                    "data",
                    "`{}` has no line `#{name}`: this is no distribution of priors",
                    path.display()
                )
            })
        };
        let own = Distribution {
            least: mark("min")?,
            most: mark("max")?,
            median: mark("median")?,
            shares,
        };
        if own.shares.is_empty() || own.least > own.most {
            bail!(
                "data",
                "`{}` holds no shares of priors between its `#min` and `#max`",
                path.display()
            );
        }
        Ok(own)
    }

    /// Counts priors.
    pub fn of(priors: impl Iterator<Item = f64>) -> Result<Distribution> {
        let mut sorted: Vec<f64> = priors.collect();
        sorted.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (sorted.first().copied(), sorted.last().copied()) else {
            bail!("data", "there is no prior")
        };
        let half = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[half]
        } else {
            f64::midpoint(sorted[half - 1], sorted[half])
        };
        let bins = if least == most { 1 } else { BINS };
        let mut shares = vec![0.0; bins];
        let scale = (bins - 1) as f64 / (most - least).max(f64::MIN_POSITIVE);
        sorted.iter().for_each(|prior| {
            shares[((prior - least) * scale).round() as usize] += 1.0 / sorted.len() as f64
        });
        Ok(Distribution {
            least,
            most,
            median,
            shares,
        })
    }

    /// The same where only a share `alpha` of all sites are of interest.
    pub fn times(self, alpha: f64) -> Distribution {
        Distribution {
            least: self.least * alpha,
            most: self.most * alpha,
            median: self.median * alpha,
            ..self
        }
    }

    /// Log-odds of the steps, and their shares.
    pub fn steps(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let width = (self.most - self.least) / (self.shares.len() as f64 - 1.0).max(1.0);
        let middle = move |step: usize| {
            if width > 0.0 {
                self.least + (step as f64 + 0.5) * width
            } else {
                self.most
            }
        };
        self.shares
            .iter()
            .enumerate()
            .map(move |(step, share)| (log_odds(middle(step)), *share))
    }

    /// The least and the largest log-odds.
    pub fn ends(&self) -> [f64; 2] {
        [log_odds(self.least), log_odds(self.most)]
    }
}

/// Reads priors of sequences by name: `>name …`, then a number for each position.
pub fn read(path: &Path) -> Result<HashMap<String, Vec<f64>>> {
    let text = text::read(path)?;
    let mut found: HashMap<String, Vec<f64>> = HashMap::new();
    let mut lines: HashMap<String, usize> = HashMap::new();
    let mut name: Option<String> = None;
    for (line, own) in text.lines().enumerate().map(|(i, line)| (i + 1, line)) {
        if let Some(head) = own.strip_prefix('>') {
            let word = head.split_whitespace().next().unwrap_or("").to_string();
            if let Some(first) = lines.insert(word.clone(), line) {
                bail!(
                    "data",
                    "`{}`: sequences of line {first} and line {line} are both called `{word}`",
                    path.display()
                );
            }
            found.insert(word.clone(), Vec::new());
            name = Some(word);
            continue;
        }
        let numbers: Vec<f64> = own
            .split_whitespace()
            .map(|word| probability(path, line, word))
            .collect::<Result<_>>()?;
        match name.as_ref().and_then(|name| found.get_mut(name)) {
            Some(priors) => priors.extend(numbers),
            None if numbers.is_empty() => {}
            None => bail!(
                "data",
                "`{}` line {line}: numbers before any `>name`",
                path.display()
            ),
        }
    }
    if found.is_empty() {
        bail!(
            "data",
            "`{}` holds no priors: expected `>name` and numbers",
            path.display()
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priors_are_counted_and_read() {
        let own = Distribution::of([0.1, 0.2, 0.2, 0.3].into_iter()).unwrap();
        assert_eq!(
            (own.least, own.most, own.median, own.shares[0]),
            (0.1, 0.3, 0.2, 0.25)
        );
        assert!((own.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(
            Distribution::of([0.2, 0.2].into_iter())
                .unwrap()
                .steps()
                .map(|(odds, share)| (odds.round(), share))
                .collect::<Vec<_>>(),
            [(-2.0, 1.0)]
        );
        let folder = tempfile::tempdir().unwrap();
        let file = |text: &str| {
            let path = folder.path().join("p.psp");
            std::fs::write(&path, text).unwrap();
            path
        };
        assert_eq!(
            read(&file(">a 7\n0.1 0.2\n0.3\n>b\n")).unwrap()["a"],
            [0.1, 0.2, 0.3]
        );
        assert!(
            read(&file(">a\n0.1 x\n"))
                .unwrap_err()
                .to_string()
                .contains("line 2: `x`")
        );
        assert!(
            read(&file("0.1\n"))
                .unwrap_err()
                .to_string()
                .contains("before any")
        );
        assert!(
            Distribution::read(&file("#min 0.1\n0.5\n"))
                .unwrap_err()
                .to_string()
                .contains("#max")
        );
    }
}

//! Sequence between planted motifs.

use crate::seq::alphabet::UNKNOWN;
use cistron_base::Result;
use cistron_base::seed::Rng;
use cistron_base::{bail, fault};
use std::sync::Arc;

/// Where the bases between motifs come from.
#[derive(Clone, Debug, Default)]
pub enum Background {
    /// Every base as likely, each by itself.
    #[default]
    Uniform,
    /// Bases of fixed shares, each by itself; cumulated.
    Composition([f64; 4]),
    /// Each base depends on those before it.
    Markov(Arc<Markov>),
    /// Parts of real sequences.
    Real(Arc<Vec<Vec<u8>>>),
}

/// A Markov chain over bases.
#[derive(Clone, Debug, PartialEq)]
pub struct Markov {
    /// How many bases back it looks.
    pub order: usize,
    /// How many bases it was counted on.
    pub bases: usize,
    /// Cumulated shares of the first `order` bases, as one number.
    start: Vec<f64>,
    /// Cumulated shares of the next base, for each state.
    next: Vec<[f64; 4]>,
}

impl Markov {
    /// Counts a chain on sequences; every transition starts with a count of one, so that none is
    /// impossible.
    pub fn count(order: usize, sequences: &[Vec<u8>]) -> Result<Markov> {
        if order > 8 {
            bail!("value", "`order` must be from 0 to 8, got {order}");
        }
        let states = 1 << (2 * order);
        let (mut next, mut start, mut bases) = (vec![[1.0f64; 4]; states], vec![1.0f64; states], 0);
        for sequence in sequences {
            let (mut state, mut known) = (0usize, 0usize);
            for code in sequence {
                if *code >= UNKNOWN {
                    known = 0;
                    continue;
                }
                bases += 1;
                if known >= order {
                    next[state][usize::from(*code)] += 1.0;
                    start[state] += 1.0;
                }
                state = (state * 4 + usize::from(*code)) & (states - 1);
                known += 1;
            }
        }
        if bases == 0 {
            bail!("data", "there is no base to count a background on");
        }
        let all: f64 = start.iter().sum();
        let mut sum = 0.0;
        start.iter_mut().for_each(|share| {
            sum += *share / all;
            *share = sum;
        });
        Ok(Markov {
            order,
            bases,
            start,
            next: next.iter().map(cumulated).collect(),
        })
    }

    fn fill(&self, codes: &mut [u8], rng: &mut Rng) {
        let x = rng.uniform();
        let mut state = self
            .start
            .partition_point(|bound| *bound <= x)
            .min(self.start.len() - 1);
        let first = self.order.min(codes.len());
        for (i, code) in codes[..first].iter_mut().enumerate() {
            *code = (state >> (2 * (self.order - 1 - i)) & 3) as u8;
        }
        for code in &mut codes[first..] {
            *code = pick(&self.next[state], rng.uniform());
            state = (state * 4 + usize::from(*code)) & (self.next.len() - 1);
        }
    }
}

fn cumulated(shares: &[f64; 4]) -> [f64; 4] {
    let all: f64 = shares.iter().sum();
    let mut sum = 0.0;
    shares.map(|share| {
        sum += share / all;
        sum
    })
}

fn pick(bounds: &[f64; 4], x: f64) -> u8 {
    u8::from(x >= bounds[0]) + u8::from(x >= bounds[1]) + u8::from(x >= bounds[2])
}

impl Background {
    /// Bases of fixed shares of A, C, G, T.
    pub fn composition(shares: [f64; 4]) -> Result<Background> {
        let sum: f64 = shares.iter().sum();
        if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || (sum - 1.0).abs() > 1e-3 {
            bail!(
                "value",
                "a background needs four shares that sum to 1, got {shares:?}"
            );
        }
        Ok(Background::Composition(cumulated(&shares)))
    }

    /// Parts of sequences that have at least `length` bases.
    pub fn real(sequences: Vec<Vec<u8>>, length: usize) -> Result<Background> {
        let long: Vec<Vec<u8>> = sequences
            .into_iter()
            .filter(|sequence| sequence.len() >= length)
            .collect();
        if long.is_empty() {
            return Err(fault!("data", "no background sequence has {length} bases"));
        }
        Ok(Background::Real(Arc::new(long)))
    }

    /// Writes bases.
    pub fn fill(&self, codes: &mut [u8], rng: &mut Rng) {
        match self {
            Background::Uniform => codes.iter_mut().for_each(|code| *code = rng.below(4) as u8),
            Background::Composition(bounds) => codes
                .iter_mut()
                .for_each(|code| *code = pick(bounds, rng.uniform())),
            Background::Markov(chain) => chain.fill(codes, rng),
            Background::Real(sequences) => {
                let from = &sequences[rng.below(sequences.len())];
                let start = rng.below(from.len() - codes.len() + 1);
                codes.copy_from_slice(&from[start..start + codes.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(codes: &[u8]) -> [f64; 4] {
        std::array::from_fn(|b| {
            codes.iter().filter(|c| usize::from(**c) == b).count() as f64 / codes.len() as f64
        })
    }

    #[test]
    fn bases_have_the_shares_that_were_asked_for() {
        let mut codes = vec![0; 100_000];
        let wanted = [0.4, 0.1, 0.2, 0.3];
        Background::composition(wanted)
            .unwrap()
            .fill(&mut codes, &mut Rng::keyed(&[1]));
        assert!(
            shares(&codes)
                .iter()
                .zip(wanted)
                .all(|(got, wanted)| (got - wanted).abs() < 0.006)
        );
        assert!(Background::composition([0.4, 0.1, 0.2, 0.4]).is_err());
    }

    #[test]
    fn a_chain_repeats_what_it_was_counted_on() {
        // A is always followed by C, C by A or G, G by T, T by A
        let mut rng = Rng::keyed(&[2]);
        let mut text = vec![0u8];
        while text.len() < 50_000 {
            text.push(match text[text.len() - 1] {
                0 => 1,
                1 => [0, 2][rng.below(2)],
                2 => 3,
                _ => 0,
            });
        }
        let chain = Markov::count(1, &[text.clone()]).unwrap();
        let mut codes = vec![0; 50_000];
        Background::Markov(Arc::new(chain)).fill(&mut codes, &mut rng);
        let follows = |codes: &[u8], a: u8, b: u8| {
            let (mut both, mut first) = (0.0, 0.0);
            for pair in codes.windows(2).filter(|pair| pair[0] == a) {
                first += 1.0;
                both += f64::from(u8::from(pair[1] == b));
            }
            both / first
        };
        assert!(follows(&codes, 0, 1) > 0.999 && (follows(&codes, 1, 0) - 0.5).abs() < 0.02);
        assert!(
            shares(&codes)
                .iter()
                .zip(shares(&text))
                .all(|(a, b)| (a - b).abs() < 0.01)
        );
        let third = Markov::count(3, &[vec![0, 1, 4, 2, 3, 0, 1, 2]]).unwrap();
        let mut short = [9u8; 2];
        Background::Markov(Arc::new(third)).fill(&mut short, &mut rng);
        assert!(short.iter().all(|code| *code < 4));
    }
}

//! Occurrences of motifs in sequences, with exact p-values (Grant, Bailey & Noble, Bioinformatics
//! 2011).
//!
//! Log-odds are rounded so that scores of words are integers; their distribution over words of the
//! background is computed exactly by dynamic programming.

use super::Motif;
use super::priors::{self, Distribution};
use crate::seq::alphabet::UNKNOWN;
use cistron_base::parallel::share_of;
use cistron_base::{Result, bail};
use cistron_metrics::statistics::multiple;
use cistron_metrics::statistics::rounded::{self, Rounding};
use rayon::prelude::*;
use std::ops::Range;

/// Steps that a position's log-odds are rounded to.
const RANGE: usize = 1000;
/// p-values of one motif from which the share of chance is estimated.
const SAMPLE: usize = 10_000;
/// Bases that are looked up at once.
const KEY: usize = 4;

/// A motif ready to be scanned.
pub struct Pssm {
    rows: Vec<[i32; 4]>,
    rounding: Rounding,
    chances: Vec<f64>,
    /// Scores of [`KEY`] bases at once.
    tables: Vec<[i32; 256]>,
    /// The most that what follows can add.
    rest: Vec<i32>,
}

impl Pssm {
    /// Log-odds against a background, and the chance of each score on it.
    pub fn new(
        motif: &Motif,
        background: [f64; 4],
        pseudocount: f64,
        priors: Option<&Distribution>,
    ) -> Result<Pssm> {
        if motif.width() == 0 {
            bail!("value", "motif `{}` has no position", motif.name);
        }
        let odds = motif.log_odds(pseudocount, background);
        if odds.iter().flatten().any(|x| !x.is_finite()) {
            bail!(
                "value",
                "motif `{}` has a probability of 0, whose log-odds are infinite",
                motif.name;
                hint: "give a `pseudocount` above 0"
            );
        }
        // a prior adds to the score as one more position does
        let ends = priors.map(|own| own.ends().map(known));
        let rounding = Rounding::of(
            odds.iter()
                .flatten()
                .copied()
                .chain(ends.into_iter().flatten()),
            RANGE,
        );
        let rows: Vec<[i32; 4]> = odds
            .iter()
            .map(|row| row.map(|x| rounding.steps(x) as i32))
            .collect();
        let mut chances = vec![1.0];
        if let Some(priors) = priors {
            let step = |odds: f64| rounding.steps(known(odds)).clamp(0.0, RANGE as f64) as usize;
            chances = rounded::plus(
                &chances,
                RANGE + 1,
                priors.steps().map(|(odds, share)| (step(odds), share)),
            );
        }
        for row in &rows {
            chances = rounded::plus(
                &chances,
                RANGE + 1,
                row.iter().map(|score| *score as usize).zip(background),
            );
        }
        rounded::tails(&mut chances);
        let (tables, rest) = tables(&rows);
        Ok(Pssm {
            rows,
            rounding,
            chances,
            tables,
            rest,
        })
    }

    /// Positions.
    pub fn width(&self) -> usize {
        self.rows.len()
    }

    /// The log-odds of a rounded score, bits.
    pub fn bits(&self, score: i32) -> f64 {
        f64::from(score) / self.rounding.scale + self.width() as f64 * self.rounding.offset
    }

    /// The rounded score of a word whose position has a prior, and its log-odds, bits.
    fn with_prior(&self, score: i32, odds: f64) -> (i32, f64) {
        let base = (self.width() + 1) as f64 * self.rounding.offset;
        let most = self.chances.len() as f64 - 1.0;
        let score = ((self.bits(score) + odds - base) * self.rounding.scale)
            .round()
            .clamp(0.0, most);
        (score as i32, score / self.rounding.scale + base)
    }

    /// The chance that a word of the background scores at least so.
    pub fn p_value(&self, score: i32) -> f64 {
        self.chances
            .get(score.max(0) as usize)
            .copied()
            .unwrap_or(0.0)
    }

    /// The least rounded score with a p-value of at most `threshold`.
    pub fn least_score(&self, threshold: f64) -> i32 {
        self.chances.partition_point(|p| *p > threshold) as i32
    }

    /// The rounded score of a word; none where a base is not known.
    pub fn score(&self, word: &[u8]) -> Option<i32> {
        self.rows.iter().zip(word).try_fold(0, |sum, (row, code)| {
            row.get(usize::from(*code)).map(|score| sum + score)
        })
    }
}

/// Log-odds of impossible and of sure positions are kept finite.
fn known(odds: f64) -> f64 {
    odds.clamp(-1000.0, 1000.0)
}

/// Scores of four bases at once, and the most that what follows can add.
fn tables(rows: &[[i32; 4]]) -> (Vec<[i32; 256]>, Vec<i32>) {
    let tables: Vec<[i32; 256]> = rows
        .chunks(KEY)
        .map(|rows| {
            std::array::from_fn(|key| {
                rows.iter()
                    .enumerate()
                    .map(|(i, row)| row[key >> (2 * (KEY - 1 - i)) & 3])
                    .sum()
            })
        })
        .collect();
    let mut rest = vec![0; tables.len() + 1];
    for (i, table) in tables.iter().enumerate().rev() {
        rest[i] = rest[i + 1] + table.iter().copied().max().unwrap_or(0);
    }
    (tables, rest)
}

/// A range of a sequence ready to be scanned.
struct Prepared {
    /// The number of the sequence.
    sequence: usize,
    /// Where the range starts in it.
    start: usize,
    keys: Vec<u8>,
    /// Bases without an unknown one from each position of the range on.
    known: Vec<u32>,
}

impl Prepared {
    /// A range of a sequence, in which words of at most `width` bases start.
    fn new(sequence: usize, codes: &[u8], range: Range<usize>, width: usize) -> Prepared {
        let codes = &codes[range.start..codes.len().min(range.end + width)];
        let letter = |i: usize| codes.get(i).map_or(0, |code| code & 3);
        let keys = (0..codes.len())
            .map(|i| (0..KEY).fold(0u8, |key, at| key << 2 | letter(i + at)))
            .collect();
        let mut known = vec![0; codes.len()];
        let mut run = 0;
        for (i, code) in codes.iter().enumerate().rev() {
            run = if *code >= UNKNOWN { 0 } else { run + 1 };
            known[i] = run;
        }
        known.truncate(range.len());
        Prepared {
            sequence,
            start: range.start,
            keys,
            known,
        }
    }

    /// The positions of the range where a word of known bases starts.
    fn words(&self, width: usize) -> impl Iterator<Item = usize> {
        let known = self.known.iter().enumerate();
        known
            .filter(move |(_, known)| **known as usize >= width)
            .map(|(start, _)| start)
    }

    /// Scores of [`KEY`] bases of a word at a time.
    fn score(&self, pssm: &Pssm, start: usize) -> i32 {
        let tables = pssm.tables.iter().enumerate();
        tables
            .map(|(i, table)| table[usize::from(self.keys[start + i * KEY])])
            .sum()
    }
}

/// How sequences are scanned.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// The largest p-value (or q-value) that is reported.
    pub threshold: f64,
    /// Whether the threshold is one of q-values.
    pub by_q: bool,
    /// Whether both strands are scanned.
    pub both_strands: bool,
    /// Shares of A, C, G, T.
    pub background: [f64; 4],
    /// Sites' worth of background that is added to each position.
    pub pseudocount: f64,
    /// Prior probabilities of sites by position.
    pub priors: Option<Priors>,
}

/// Priors of each position of each sequence.
#[derive(Clone, Debug)]
pub struct Priors {
    /// How often each occurs.
    pub distribution: Distribution,
    /// Log-odds for each sequence and position, bits; positions after the end have that of the
    /// median.
    pub odds: Vec<Vec<f64>>,
}

impl Priors {
    fn at(&self, sequence: usize, start: usize) -> f64 {
        known(
            self.odds[sequence]
                .get(start)
                .copied()
                .unwrap_or_else(|| priors::log_odds(self.distribution.median)),
        )
    }
}

/// An occurrence.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The motif's number.
    pub motif: usize,
    /// The sequence's number.
    pub sequence: usize,
    /// Its first base.
    pub start: usize,
    /// Whether the occurrence is on the reverse strand.
    pub reverse: bool,
    /// Log-odds, bits.
    pub score: f64,
    /// The chance of such a score at one position.
    pub p_value: f64,
    /// The share of chance among occurrences as good.
    pub q_value: f64,
}

/// The processes that scan sequences together.
pub struct Scanners<'a> {
    /// The number of this process.
    pub rank: usize,
    /// How many there are.
    pub size: usize,
    /// Returns the bytes of each process on every process.
    pub gather: &'a dyn Fn(&[u8]) -> Result<Vec<Vec<u8>>>,
}

impl Scanners<'_> {
    /// A process alone.
    pub const ONE: Scanners<'static> = Scanners {
        rank: 0,
        size: 1,
        gather: &|bytes| Ok(vec![bytes.to_vec()]),
    };

    /// The items of all processes, in the order of ranks, in groups of those of each process.
    fn gathered<const N: usize, T>(
        &self,
        own: impl Iterator<Item = [u8; N]>,
        read: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<Vec<T>>> {
        let own: Vec<u8> = own.flatten().collect();
        let all = (self.gather)(&own)?;
        let read = |bytes: &Vec<u8>| {
            bytes
                .as_chunks::<N>()
                .0
                .iter()
                .map(|own| read(*own))
                .collect()
        };
        Ok(all.iter().map(read).collect())
    }
}

/// Finds occurrences; those of a motif are adjacent, the best first. Processes divide the positions
/// of all sequences, and all of them have the result.
pub fn fimo(
    motifs: &[Motif],
    sequences: &[&[u8]],
    plan: &ScanOptions,
    scanners: &Scanners,
) -> Result<Vec<Hit>> {
    let scanned: Vec<Scanned> = motifs
        .par_iter()
        .map(|motif| Scanned::new(motif, plan))
        .collect::<Result<_>>()?;
    let width = motifs.iter().map(Motif::width).max().unwrap_or(0);
    let prepared: Vec<Prepared> = ranges(sequences, scanners)
        .into_par_iter()
        .map(|(sequence, range)| Prepared::new(sequence, sequences[sequence], range, width))
        .collect();
    let own: Vec<u64> = scanned
        .par_iter()
        .map(|motif| motif.tests(&prepared))
        .collect();
    let tests = scanners.gathered(own.iter().map(|n| n.to_le_bytes()), u64::from_le_bytes)?;
    // of each motif the tests of the processes before this one, and of all
    let counts = |number: usize| {
        let of_motif = |tests: &Vec<u64>| tests[number] as usize;
        let before = tests[..scanners.rank].iter().map(of_motif).sum::<usize>();
        (before, tests.iter().map(of_motif).sum::<usize>())
    };
    let counts: Vec<(usize, usize)> = (0..motifs.len()).map(counts).collect();
    let found: Vec<(Vec<Hit>, Vec<f64>)> = scanned
        .par_iter()
        .zip(&counts)
        .enumerate()
        .map(|(number, (motif, (before, all)))| {
            let hits = motif.hits(number, &prepared, plan);
            let sample = motif.sampled(&prepared, *before, *all, plan.priors.as_ref());
            (hits, sample)
        })
        .collect();
    drop(prepared);
    let (found, samples): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let hits = scanners.gathered(found.iter().flatten().map(Hit::to_bytes), Hit::of_bytes)?;
    let sampled = |(number, own): (usize, &Vec<f64>)| {
        let of_motif = own.iter().map(move |p| (number, *p));
        of_motif.collect::<Vec<_>>()
    };
    let samples = samples.iter().enumerate().flat_map(sampled);
    let samples = scanners.gathered(samples.map(sample_bytes), sample_of)?;
    let mut of_motif = vec![(Vec::new(), Vec::new()); motifs.len()];
    hits.into_iter()
        .flatten()
        .for_each(|hit| of_motif[hit.motif].0.push(hit));
    samples
        .into_iter()
        .flatten()
        .for_each(|(motif, p)| of_motif[motif].1.push(p));
    let judged: Vec<Vec<Hit>> = of_motif
        .into_par_iter()
        .zip(&counts)
        .map(|((hits, sample), (_, tests))| judged(hits, &sample, *tests, plan))
        .collect();
    Ok(judged.concat())
}

/// The part of the positions of all sequences that a process scans.
fn ranges(sequences: &[&[u8]], scanners: &Scanners) -> Vec<(usize, Range<usize>)> {
    let all = sequences.iter().map(|codes| codes.len()).sum();
    let own = share_of(all, scanners.rank, scanners.size);
    let mut from = 0;
    let mut out = Vec::new();
    for (sequence, codes) in sequences.iter().enumerate() {
        let start = own.start.saturating_sub(from).min(codes.len());
        let end = own.end.saturating_sub(from).min(codes.len());
        if start < end {
            out.push((sequence, start..end));
        }
        from += codes.len();
    }
    out
}

/// A motif on the strands that are scanned.
struct Scanned {
    strands: Vec<(Pssm, bool)>,
    width: usize,
}

impl Scanned {
    fn new(motif: &Motif, plan: &ScanOptions) -> Result<Scanned> {
        let distribution = plan.priors.as_ref().map(|own| &own.distribution);
        let pssm =
            |motif: &Motif| Pssm::new(motif, plan.background, plan.pseudocount, distribution);
        let mut strands = vec![(pssm(motif)?, false)];
        if plan.both_strands {
            strands.push((pssm(&motif.reverse_complement())?, true));
        }
        Ok(Scanned {
            strands,
            width: motif.width(),
        })
    }

    /// Number of words that are scored.
    fn tests(&self, sequences: &[Prepared]) -> u64 {
        let words = sequences.iter().map(|own| own.words(self.width).count());
        (words.sum::<usize>() * self.strands.len()) as u64
    }

    /// The occurrences, in no order, without q-values.
    fn hits(&self, number: usize, sequences: &[Prepared], plan: &ScanOptions) -> Vec<Hit> {
        // of q-values none is below its p-value's share, so every p-value might do
        let threshold = if plan.by_q { 1.0 } else { plan.threshold };
        let mut found: Vec<Hit> = Vec::new();
        for (pssm, reverse) in &self.strands {
            // a prior may lift any word
            let least = if plan.priors.is_some() {
                0
            } else {
                pssm.least_score(threshold)
            };
            for prepared in sequences {
                let sequence = prepared.sequence;
                for start in prepared.words(self.width) {
                    let mut score = 0;
                    let mut hopeful = true;
                    for (i, table) in pssm.tables.iter().enumerate() {
                        score += table[usize::from(prepared.keys[start + i * KEY])];
                        if score + pssm.rest[i + 1] < least {
                            hopeful = false;
                            break;
                        }
                    }
                    let start = prepared.start + start;
                    let mut bits = pssm.bits(score);
                    if let Some(priors) = &plan.priors {
                        (score, bits) = pssm.with_prior(score, priors.at(sequence, start));
                    }
                    if hopeful && pssm.p_value(score) <= threshold {
                        found.push(Hit {
                            motif: number,
                            sequence,
                            start,
                            reverse: *reverse,
                            score: bits,
                            p_value: pssm.p_value(score),
                            q_value: f64::NAN,
                        });
                    }
                }
            }
        }
        found
    }

    /// p-values of positions at equal distances, at most [`SAMPLE`] of `tests`; those of this
    /// process come after `before` others.
    fn sampled(
        &self,
        sequences: &[Prepared],
        before: usize,
        tests: usize,
        priors: Option<&Priors>,
    ) -> Vec<f64> {
        let step = tests.div_ceil(SAMPLE).max(1);
        let mut out = Vec::new();
        let mut seen = before;
        for prepared in sequences {
            for start in prepared.words(self.width) {
                for (pssm, _) in &self.strands {
                    if seen.is_multiple_of(step) {
                        let score = prepared.score(pssm, start);
                        let score = priors.map_or(score, |own| {
                            let prior = own.at(prepared.sequence, prepared.start + start);
                            pssm.with_prior(score, prior).0
                        });
                        out.push(pssm.p_value(score));
                    }
                    seen += 1;
                }
            }
        }
        out
    }
}

/// The occurrences of a motif with their q-values, the best first.
fn judged(mut found: Vec<Hit>, sample: &[f64], tests: usize, plan: &ScanOptions) -> Vec<Hit> {
    found.sort_by(|a, b| {
        a.p_value
            .total_cmp(&b.p_value)
            .then(b.score.total_cmp(&a.score))
            .then((a.sequence, a.start, a.reverse).cmp(&(b.sequence, b.start, b.reverse)))
    });
    let p: Vec<f64> = found.iter().map(|hit| hit.p_value).collect();
    let q = multiple::q_values(&p, tests, multiple::null_share(sample, 1));
    found.iter_mut().zip(q).for_each(|(hit, q)| hit.q_value = q);
    if plan.by_q {
        found.retain(|hit| hit.q_value <= plan.threshold);
    }
    found
}

impl Hit {
    fn to_bytes(&self) -> [u8; 48] {
        let mut bytes = [0; 48];
        let places = [
            self.motif,
            self.sequence,
            self.start,
            usize::from(self.reverse),
        ];
        let words = places
            .map(|place| place as u64)
            .into_iter()
            .chain([self.score.to_bits(), self.p_value.to_bits()]);
        for (to, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        bytes
    }

    fn of_bytes(bytes: [u8; 48]) -> Hit {
        let words = bytes.as_chunks::<8>().0;
        let word = |i: usize| u64::from_le_bytes(words[i]);
        Hit {
            motif: word(0) as usize,
            sequence: word(1) as usize,
            start: word(2) as usize,
            reverse: word(3) != 0,
            score: f64::from_bits(word(4)),
            p_value: f64::from_bits(word(5)),
            q_value: f64::NAN,
        }
    }
}

/// A motif and a p-value of its sample as bytes.
fn sample_bytes((motif, p): (usize, f64)) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(motif as u64).to_le_bytes());
    bytes[8..].copy_from_slice(&p.to_le_bytes());
    bytes
}

/// What [`sample_bytes`] has written.
fn sample_of(bytes: [u8; 16]) -> (usize, f64) {
    let words = bytes.as_chunks::<8>().0;
    (
        u64::from_le_bytes(words[0]) as usize,
        f64::from_le_bytes(words[1]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    fn plan(threshold: f64) -> ScanOptions {
        ScanOptions {
            threshold,
            by_q: false,
            both_strands: true,
            background: [0.25; 4],
            pseudocount: 0.1,
            priors: None,
        }
    }

    #[test]
    fn chances_are_those_of_all_words() {
        let motif = Motif::new(
            "m",
            vec![
                [0.7, 0.1, 0.1, 0.1],
                [0.2, 0.5, 0.2, 0.1],
                [0.05, 0.05, 0.85, 0.05],
            ],
        );
        let background = [0.4, 0.1, 0.2, 0.3];
        let pssm = Pssm::new(&motif, background, 0.1, None).unwrap();
        let words: Vec<[u8; 3]> = (0..64u8).map(|i| [i >> 4, i >> 2 & 3, i & 3]).collect();
        let scored: Vec<(i32, f64)> = words
            .iter()
            .map(|w| {
                (
                    pssm.score(w).unwrap(),
                    w.iter().map(|c| background[usize::from(*c)]).product(),
                )
            })
            .collect();
        for (score, _) in &scored {
            let wanted: f64 = scored
                .iter()
                .filter(|(other, _)| other >= score)
                .map(|(_, p)| p)
                .sum();
            assert!((pssm.p_value(*score) - wanted).abs() < 1e-12);
        }
        assert_eq!(pssm.score(&[0, 4, 1]), None);
    }

    #[test]
    fn planted_words_are_found_on_their_strand_and_unknown_bases_never() {
        let motif = Motif::from_consensus("m", "ACCGTTAGCA").unwrap();
        let mut rng = Rng::keyed(&[4]);
        let mut codes: Vec<u8> = (0..5000).map(|_| rng.below(4) as u8).collect();
        let word: Vec<u8> = b"ACCGTTAGCA"
            .iter()
            .map(|c| b"ACGT".iter().position(|b| b == c).unwrap() as u8)
            .collect();
        codes[100..110].copy_from_slice(&word);
        let turned: Vec<u8> = word.iter().rev().map(|c| 3 - c).collect();
        codes[4990..5000].copy_from_slice(&turned);
        codes[200..210].copy_from_slice(&word);
        codes[204] = 4;
        let hits = fimo(&[motif], &[&codes], &plan(1e-5), &Scanners::ONE).unwrap();
        let best: Vec<(usize, bool)> = hits
            .iter()
            .filter(|hit| hit.score > 15.0)
            .map(|hit| (hit.start, hit.reverse))
            .collect();
        assert_eq!(best, [(100, false), (4990, true)]);
        assert!(
            hits.iter()
                .all(|hit| hit.p_value <= 1e-5 && hit.q_value <= 1.0 && hit.q_value >= hit.p_value)
        );
    }

    #[test]
    fn every_position_of_random_bases_is_reported_as_often_as_its_chance_says() {
        let motif = Motif::new(
            "m",
            vec![
                [0.6, 0.2, 0.1, 0.1],
                [0.1, 0.6, 0.2, 0.1],
                [0.1, 0.1, 0.7, 0.1],
                [0.3, 0.3, 0.2, 0.2],
                [0.1, 0.1, 0.1, 0.7],
            ],
        );
        let mut rng = Rng::keyed(&[8]);
        let codes: Vec<u8> = (0..200_000).map(|_| rng.below(4) as u8).collect();
        let hits = fimo(&[motif], &[&codes], &plan(0.05), &Scanners::ONE).unwrap();
        let most = hits.iter().map(|hit| hit.p_value).fold(0.0, f64::max);
        assert!(
            (hits.len() as f64 / 399_992.0 / most - 1.0).abs() < 0.03,
            "{} {most}",
            hits.len()
        );
    }

    #[test]
    fn processes_find_what_one_finds() {
        let motifs = ["ACCGTTAGCA", "TTG", "GGGCA"]
            .map(|letters| Motif::from_consensus(letters, letters).unwrap());
        let mut rng = Rng::keyed(&[5]);
        let mut sequence = |n: usize| -> Vec<u8> { (0..n).map(|_| rng.below(4) as u8).collect() };
        let mut sequences = [3000, 0, 17, 2, 4000].map(&mut sequence);
        sequences[0][1500] = 4;
        // sites of the first motif, which q-values keep
        for at in (0..4000).step_by(200) {
            sequences[4][at..at + 10].copy_from_slice(&[0, 1, 1, 2, 3, 3, 0, 2, 1, 0]);
        }
        let codes: Vec<&[u8]> = sequences.iter().map(Vec::as_slice).collect();
        for (codes, by_q) in [
            (&codes[..], false),
            (&codes[..], true),
            (&codes[3..4], false),
        ] {
            let plan = ScanOptions {
                by_q,
                ..plan(if by_q { 0.5 } else { 0.01 })
            };
            let one = fimo(&motifs, codes, &plan, &Scanners::ONE).unwrap();
            // processes are threads that exchange bytes in turn
            let size = 3;
            let barrier = std::sync::Barrier::new(size);
            let sent = std::sync::Mutex::new(vec![Vec::new(); size]);
            let run = |rank: usize| {
                let gather = |bytes: &[u8]| {
                    sent.lock().unwrap()[rank] = bytes.to_vec();
                    barrier.wait();
                    let all = sent.lock().unwrap().clone();
                    barrier.wait();
                    Ok(all)
                };
                let scanners = Scanners {
                    rank,
                    size,
                    gather: &gather,
                };
                fimo(&motifs, codes, &plan, &scanners).unwrap()
            };
            std::thread::scope(|scope| {
                let run = &run;
                let all: Vec<_> = (0..size)
                    .map(|rank| scope.spawn(move || run(rank)))
                    .collect();
                for found in all {
                    assert_eq!(found.join().unwrap(), one);
                }
            });
            assert!(one.len() > 10 || codes.len() == 1, "{} {by_q}", one.len());
        }
    }
}

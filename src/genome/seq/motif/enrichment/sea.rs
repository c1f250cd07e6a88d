//! SEA: enrichment relative to control sequences, with a threshold chosen on a hold-out set (Bailey
//! & Grant, bioRxiv 2021).

use super::markov::Markov;
use super::numbers::{frequencies, log_adjusted};
use crate::seq::Motif;
use crate::seq::alphabet::{self, UNKNOWN};
use crate::seq::motif::background::MotifBackground;
use crate::seq::shuffled::Shuffling;
use cistron_base::seed::Rng;
use cistron_base::{Result, bail, interrupt};
use cistron_metrics::statistics::log_tails::LogFactorials;
use cistron_metrics::statistics::multiple;
use rayon::prelude::*;

/// The smallest hold-out set.
const LEAST_HELD: usize = 5;
/// Scores that differ by less are equal.
const EQUAL: f64 = 1e-10;
/// Relative difference of mean lengths from which the binomial test replaces Fisher's.
const UNEQUAL_LENGTHS: f64 = 1e-4;

/// How enrichment is tested.
#[derive(Clone, Debug)]
pub struct SeaOptions {
    /// Sites' worth of background that is added to each position.
    pub pseudocount: f64,
    /// Background without memory; a model of the control sequences unless given.
    pub background: Option<MotifBackground>,
    /// Order of the model of control sequences.
    pub order: usize,
    /// Fraction of sequences that the threshold is chosen on.
    pub hold_out: f64,
    /// The largest E-value that is reported.
    pub max_e_value: f64,
    /// Seed of the hold-out set.
    pub seed: u64,
}

/// A motif that is enriched.
#[derive(Clone, Debug, PartialEq)]
pub struct SeaMotif {
    /// Its rank among all motifs, from 1.
    pub rank: usize,
    /// The number of its collection.
    pub database: usize,
    /// Its number within the collection.
    pub motif: usize,
    /// Its consensus, in IUPAC letters.
    pub consensus: String,
    /// Primary sequences with a site.
    pub tp: usize,
    /// Control sequences with a site.
    pub fp: usize,
    /// Frequency of primary over control sequences with a site, with one more of each.
    pub ratio: f64,
    /// Log-odds of a site, bits.
    pub threshold: f64,
    /// Logarithm of the p-value.
    pub log_p: f64,
    /// Logarithm of the E-value.
    pub log_e: f64,
    /// Logarithm of the q-value.
    pub log_q: f64,
}

/// Motifs by significance.
#[derive(Clone, Debug, Default)]
pub struct Sea {
    /// Enriched motifs, the most significant first.
    pub motifs: Vec<SeaMotif>,
    /// Primary sequences that are tested.
    pub positives: usize,
    /// Control sequences that are tested.
    pub negatives: usize,
    /// Primary and control sequences that only the threshold is chosen on.
    pub held: (usize, usize),
    /// Whether the binomial test was used, since mean lengths differ.
    pub is_binomial: bool,
}

/// A sequence with the log2 chances of its prefixes, on both strands.
struct Prepared {
    strands: [(Vec<u8>, Vec<f64>); 2],
}

impl Prepared {
    fn new(codes: &[u8], model: Option<&Markov>) -> Prepared {
        let mut turned = codes.to_vec();
        alphabet::reverse_complement(&mut turned);
        let strand = |codes: Vec<u8>| {
            let sums = model.map_or_else(Vec::new, |model| model.cumulative(&codes));
            (codes, sums)
        };
        Prepared {
            strands: [strand(codes.to_vec()), strand(turned)],
        }
    }

    /// The largest score of a word; none where every word has an unknown base.
    fn best(&self, rows: &[[f64; 4]]) -> Option<f64> {
        let mut best: Option<f64> = None;
        for (codes, sums) in &self.strands {
            for (start, word) in codes.windows(rows.len()).enumerate() {
                if word.iter().any(|code| *code >= UNKNOWN) {
                    continue;
                }
                let scored = rows.iter().zip(word);
                let mut score: f64 = scored.map(|(row, code)| row[usize::from(*code)]).sum();
                if !sums.is_empty() {
                    score -= sums[start + rows.len()] - sums[start];
                }
                best = Some(best.map_or(score, |best| best.max(score)));
            }
        }
        // equal words have equal scores whatever the order of the sum
        best.map(|score| (score / EQUAL).round() * EQUAL)
    }
}

/// Primary and control sequences.
struct Sample {
    sequences: Vec<(Prepared, bool)>,
    positives: usize,
    negatives: usize,
    /// Mean lengths of primary and control sequences.
    lengths: (f64, f64),
}

/// Sequences above a threshold.
#[derive(Clone, Copy)]
struct Split {
    tp: usize,
    fp: usize,
    threshold: f64,
    tests: usize,
}

impl Sample {
    fn new(primary: &[&[u8]], control: &[&[u8]], model: Option<&Markov>) -> Sample {
        let mean = |sequences: &[&[u8]]| {
            let bases: usize = sequences.iter().map(|codes| codes.len()).sum();
            bases as f64 / sequences.len().max(1) as f64
        };
        let labelled = primary.iter().map(|codes| (*codes, true));
        let labelled: Vec<(&[u8], bool)> = labelled
            .chain(control.iter().map(|codes| (*codes, false)))
            .collect();
        Sample {
            sequences: labelled
                .into_par_iter()
                .map(|(codes, is_primary)| (Prepared::new(codes, model), is_primary))
                .collect(),
            positives: primary.len(),
            negatives: control.len(),
            lengths: (mean(primary), mean(control)),
        }
    }

    /// Scores above 0, the largest first; of equal ones controls first.
    fn sites(&self, rows: &[[f64; 4]]) -> Vec<(f64, bool)> {
        let scored = self.sequences.iter();
        let scored =
            scored.filter_map(|(sequence, is_primary)| Some((sequence.best(rows)?, *is_primary)));
        let mut sites: Vec<(f64, bool)> = scored.filter(|(score, _)| *score > 0.0).collect();
        sites.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        sites
    }

    /// The threshold with the smallest p-value.
    fn choose(&self, rows: &[[f64; 4]], test: &Test) -> Split {
        let sites = self.sites(rows);
        let (mut tp, mut fp, mut least) = (0, 0, 0.0);
        let mut best = Split {
            tp: 0,
            fp: 0,
            threshold: 0.0,
            tests: 0,
        };
        for (i, (score, is_primary)) in sites.iter().enumerate() {
            if !is_primary {
                fp += 1;
                continue;
            }
            tp += 1;
            // p-values fall until the last of a run of primary sequences
            if sites.get(i + 1).is_some_and(|(_, is_primary)| *is_primary) {
                continue;
            }
            let log_p = test.log_p(self, rows.len(), tp, fp);
            if log_p < least {
                least = log_p;
                let tests = best.tests + 1;
                best = Split {
                    tp,
                    fp,
                    threshold: *score,
                    tests,
                };
            }
        }
        Split {
            threshold: best.threshold - EQUAL,
            tests: best.tests.max(1),
            ..best
        }
    }

    /// Sequences above a threshold.
    fn above(&self, rows: &[[f64; 4]], threshold: f64) -> Split {
        let sites = self.sites(rows);
        let above = sites.iter().filter(|(score, _)| *score >= threshold);
        let (tp, all) = above.fold((0, 0), |(tp, all), (_, is_primary)| {
            (tp + usize::from(*is_primary), all + 1)
        });
        Split {
            tp,
            fp: all - tp,
            threshold,
            tests: 1,
        }
    }
}

/// Fisher's exact test, or the binomial test where lengths differ.
struct Test {
    is_binomial: bool,
    factorials: LogFactorials,
}

impl Test {
    fn log_p(&self, sample: &Sample, width: usize, tp: usize, fp: usize) -> f64 {
        let (positives, negatives) = (sample.positives, sample.negatives);
        if !self.is_binomial {
            let all = positives + negatives;
            return self
                .factorials
                .log_hypergeometric_tail(tp, positives, tp + fp, all);
        }
        let sites = |n: usize, length: f64| n as f64 * (length - width as f64 + 1.0).max(1.0);
        let own = sites(positives, sample.lengths.0);
        let share = own / (own + sites(negatives, sample.lengths.1));
        self.factorials.log_binomial_tail(tp, tp + fp, share)
    }
}

/// A hold-out set of a fraction of sequences and the rest, in their order.
fn split<'a>(sequences: &[&'a [u8]], fraction: f64, seed: u64) -> (Vec<&'a [u8]>, Vec<&'a [u8]>) {
    let n = (sequences.len() as f64 * fraction) as usize;
    let mut order: Vec<usize> = (0..sequences.len()).collect();
    let mut rng = Rng::keyed(&[seed, 0x7365_6168]);
    for i in 0..n {
        let other = i + rng.below(order.len() - i);
        order.swap(i, other);
    }
    let mut is_held = vec![false; sequences.len()];
    order[..n].iter().for_each(|i| is_held[*i] = true);
    let of = |held: bool| {
        let own = sequences.iter().zip(&is_held);
        own.filter(|(_, own)| **own == held)
            .map(|(codes, _)| *codes)
            .collect()
    };
    (of(true), of(false))
}

/// Shuffles of sequences that preserve counts of words of `k` bases, one or more of each.
pub fn shuffles(sequences: &[&[u8]], k: usize, seed: u64, copies: usize) -> Result<Vec<Vec<u8>>> {
    let plan = Shuffling {
        k,
        seed,
        start: None,
        end: None,
    };
    let numbered = sequences.par_iter().enumerate();
    let of_each: Vec<Vec<Vec<u8>>> = numbered
        .map(|(i, codes)| plan.copies(i, codes, copies))
        .collect::<Result<_>>()?;
    // all first shuffles, then all second ones
    let mut out = Vec::with_capacity(sequences.len() * copies);
    for copy in 0..copies {
        out.extend(of_each.iter().map(|own| own[copy].clone()));
    }
    Ok(out)
}

/// Finds motifs that are enriched in sequences relative to control sequences, as SEA does.
pub fn sea(
    databases: &[&[Motif]],
    primary: &[&[u8]],
    control: &[&[u8]],
    options: &SeaOptions,
) -> Result<Sea> {
    if primary.len() < 2 || control.len() < 2 {
        bail!(
            "value",
            "at least 2 primary and 2 control sequences are needed, got {} and {}",
            primary.len(),
            control.len()
        );
    }
    let numbered = databases.iter().enumerate().flat_map(|(database, motifs)| {
        let motifs = motifs.iter().enumerate();
        motifs.map(move |(number, motif)| (database, number, motif))
    });
    let motifs: Vec<(usize, usize, &Motif)> = numbered.collect();
    if motifs.is_empty() {
        bail!("value", "there is no motif to test");
    }
    if let Some((_, _, motif)) = motifs.iter().find(|(_, _, motif)| motif.width() == 0) {
        bail!("value", "motif `{}` has no position", motif.name);
    }
    let task = Task::new(databases, primary, control, options);
    let found: Vec<Result<SeaMotif>> = motifs
        .par_iter()
        .map(|(database, number, motif)| {
            interrupt::check()?;
            let log_motifs = (motifs.len() as f64).ln();
            Ok(task.of_motif(*database, *number, motif, log_motifs))
        })
        .collect();
    let found: Vec<SeaMotif> = found.into_iter().collect::<Result<_>>()?;
    Ok(Sea {
        motifs: ranked(found, databases, options.max_e_value),
        positives: task.tested.positives,
        negatives: task.tested.negatives,
        held: task
            .held
            .as_ref()
            .map_or((0, 0), |held| (held.positives, held.negatives)),
        is_binomial: task.test.is_binomial,
    })
}

/// Motifs by significance, with q-values and ranks.
fn ranked(mut found: Vec<SeaMotif>, databases: &[&[Motif]], max_e_value: f64) -> Vec<SeaMotif> {
    found.sort_by(|a, b| {
        let name = |own: &SeaMotif| &databases[own.database][own.motif].name;
        let equal = name(a).cmp(name(b)).then(a.database.cmp(&b.database));
        a.log_p.total_cmp(&b.log_p).then(equal)
    });
    let p: Vec<f64> = found.iter().map(|own| own.log_p.exp()).collect();
    let q = multiple::q_values(&p, p.len(), multiple::null_share(&p, 1));
    for (i, (own, q)) in found.iter_mut().zip(q).enumerate() {
        own.rank = i + 1;
        own.log_q = if q > 0.0 { q.ln() } else { own.log_e };
    }
    found.retain(|own| own.log_e <= max_e_value.ln());
    found
}

/// Sequences and models, ready for motif after motif.
struct Task {
    tested: Sample,
    held: Option<Sample>,
    test: Test,
    /// Base frequencies that motifs are smoothed by.
    smoothing: [f64; 4],
    /// Those that probabilities of motifs are divided by.
    divisor: [f64; 4],
    pseudocount: f64,
}

impl Task {
    fn new(
        databases: &[&[Motif]],
        primary: &[&[u8]],
        control: &[&[u8]],
        options: &SeaOptions,
    ) -> Task {
        let mut filled = databases.iter().filter(|motifs| !motifs.is_empty());
        let given = options.background.as_ref().zip(filled.next());
        let model = given
            .is_none()
            .then(|| Markov::of_sequences(control, options.order))
            .filter(|model| model.order() > 0);
        let given = given.map(|(given, motifs)| given.probabilities(motifs, true));
        // with memory, chances of the background are subtracted by position
        let divisor = match model {
            Some(_) => [1.0; 4],
            None => given.unwrap_or_else(|| frequencies(control)),
        };
        let held_primary = split(primary, options.hold_out, options.seed);
        let held_control = split(control, options.hold_out, options.seed + 1);
        let is_held = held_primary.0.len() >= LEAST_HELD && held_control.0.len() >= LEAST_HELD;
        let (held, tested) = if is_held {
            (
                Some(Sample::new(
                    &held_primary.0,
                    &held_control.0,
                    model.as_ref(),
                )),
                Sample::new(&held_primary.1, &held_control.1, model.as_ref()),
            )
        } else {
            (None, Sample::new(primary, control, model.as_ref()))
        };
        let (own, other) = tested.lengths;
        Task {
            test: Test {
                is_binomial: (own - other).abs() / own >= UNEQUAL_LENGTHS,
                factorials: LogFactorials::new(primary.len() + control.len()),
            },
            tested,
            held,
            // as in SEA, those of the primary sequences
            smoothing: given.unwrap_or_else(|| frequencies(primary)),
            divisor,
            pseudocount: options.pseudocount,
        }
    }

    fn of_motif(&self, database: usize, number: usize, motif: &Motif, log_motifs: f64) -> SeaMotif {
        let smooth = motif.with_pseudocount(self.pseudocount, self.smoothing);
        let divisor = self.divisor;
        let row = |row: &[f64; 4]| std::array::from_fn(|base| (row[base] / divisor[base]).log2());
        let rows: Vec<[f64; 4]> = smooth.ppm.iter().map(row).collect();
        let split = match &self.held {
            Some(held) => {
                let threshold = held.choose(&rows, &self.test).threshold;
                self.tested.above(&rows, threshold)
            }
            None => self.tested.choose(&rows, &self.test),
        };
        let log_p = self
            .test
            .log_p(&self.tested, rows.len(), split.tp, split.fp);
        let log_p = match self.held {
            Some(_) => log_p,
            None => log_adjusted(log_p, split.tests as f64),
        };
        let share = |n: usize, all: usize| (n as f64 + 1.0) / (all as f64 + 1.0);
        SeaMotif {
            rank: 0,
            database,
            motif: number,
            consensus: smooth.iupac(),
            tp: split.tp,
            fp: split.fp,
            ratio: share(split.tp, self.tested.positives) / share(split.fp, self.tested.negatives),
            threshold: split.threshold,
            log_p,
            log_e: log_p + log_motifs,
            log_q: f64::NAN,
        }
    }
}

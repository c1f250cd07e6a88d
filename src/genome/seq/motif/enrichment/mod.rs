//! Enrichment of motifs in sequences: AME (McLeay & Bailey, BMC Bioinformatics 2010) and SEA
//! (Bailey & Grant, bioRxiv 2021) of the MEME suite.

mod correlation;
mod counts;
mod fisher;
mod markov;
mod odds;
mod ranking;
mod ranksum;
pub mod sea;

use super::Motif;
use super::background::{MotifBackground, of_both_strands};
use cistron_base::{Result, bail, interrupt};
use cistron_metrics::statistics::log_tails::LogFactorials;
use odds::{Odds, Prepared, Scan};
use ranking::Ranking;
use rayon::prelude::*;

/// The test of an association between the order of sequences and their scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Fisher's exact test.
    Fisher,
    /// Wilcoxon's rank-sum test.
    RankSum,
    /// Chance of the numbers of sequences with no, one, and more hits.
    ThreeWay,
    /// Chance of the numbers of sequences with no, one, two, and more hits.
    FourWay,
    /// Pearson's correlation.
    Pearson,
    /// Spearman's correlation.
    Spearman,
}

/// What the odds of a sequence's windows are combined to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scoring {
    /// The mean.
    Average,
    /// The largest.
    Max,
    /// The sum.
    Sum,
    /// The number of windows above a threshold.
    TotalHits,
}

/// What sequences are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositiveList {
    /// The scores given with them, or their order.
    Fasta,
    /// The scores of the motif.
    Pwm,
}

/// How enrichment is tested.
#[derive(Clone, Debug)]
pub struct EnrichmentOptions {
    /// The test.
    pub method: Method,
    /// The score of a sequence.
    pub scoring: Scoring,
    /// What sequences are ordered by.
    pub positives: PositiveList,
    /// Number of the first sequences that are positive; all partitions are tried unless given.
    pub partition: Option<usize>,
    /// Share of the largest log-odds from which a window is a hit.
    pub hit_fraction: f64,
    /// The largest E-value that is reported.
    pub max_e_value: f64,
    /// The largest given score of a positive sequence, where sequences are ordered by the motif.
    pub max_fasta_score: f64,
    /// Sites' worth of background that is added to each position.
    pub pseudocount: f64,
    /// Where the background is from; the sequences unless given.
    pub background: Option<MotifBackground>,
    /// Whether Pearson's correlation is that of logarithms of the given scores.
    pub log_fasta_scores: bool,
    /// Whether Pearson's correlation is that of logarithms of the motif's scores.
    pub log_pwm_scores: bool,
    /// Whether the line of Pearson's correlation predicts the motif's scores from the given ones,
    /// instead of the reverse.
    pub switch_axes: bool,
    /// Whether the slips of AME 5.4.1 are corrected.
    pub corrected: bool,
}

/// Sequences in which motifs are searched.
#[derive(Clone, Debug)]
pub struct EnrichmentInput<'a> {
    /// The sequences of interest, as codes.
    pub primary: Vec<&'a [u8]>,
    /// Sequences to compare with.
    pub control: Option<Vec<&'a [u8]>>,
    /// A score of each primary sequence; the smallest is the most positive.
    pub scores: Option<Vec<f64>>,
}

/// What a method reports beyond its p-value.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// Nothing.
    None,
    /// Positive sequences by the threshold of the other score: true and false ones.
    Fisher {
        /// The threshold.
        threshold: f64,
        /// True positives.
        tp: usize,
        /// False positives.
        fp: usize,
    },
    /// Of the rank-sum test.
    RankSum {
        /// Mann and Whitney's U.
        u: f64,
        /// Logarithm of the chance of smaller scores of positives.
        log_left: f64,
        /// Logarithm of the two-sided p-value.
        log_both: f64,
    },
    /// Of a correlation, with its line.
    Correlation {
        /// The coefficient.
        r: f64,
        /// Error of the line.
        error: f64,
        /// Slope of the line.
        slope: f64,
        /// Intercept of the line.
        intercept: f64,
    },
}

/// The partition of sequences with the smallest p-value.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Logarithm of the p-value.
    pub log_p: f64,
    /// Number of partitions or thresholds that were tested.
    pub tests: usize,
    /// The score that separates positive sequences.
    pub threshold: f64,
    /// Positive sequences.
    pub positives: usize,
    /// Negative sequences; 0 where the method has none.
    pub negatives: usize,
    /// What the method reports further.
    pub detail: Detail,
}

/// A motif that is enriched.
#[derive(Clone, Debug, PartialEq)]
pub struct Enriched {
    /// Its rank among all motifs, from 1.
    pub rank: usize,
    /// The number of its collection.
    pub database: usize,
    /// Its number within the collection.
    pub motif: usize,
    /// Its consensus, in IUPAC letters.
    pub consensus: String,
    /// The best partition.
    pub best: Best,
    /// Logarithm of the p-value, corrected for the tests of this motif.
    pub log_adjusted: f64,
    /// Logarithm of the E-value: the corrected p-value times the number of motifs.
    pub log_e: f64,
}

/// Motifs by significance, and what was left out.
#[derive(Clone, Debug, Default)]
pub struct Enrichment {
    /// Enriched motifs, the most significant first.
    pub motifs: Vec<Enriched>,
    /// Primary sequences that are shorter than the widest motif.
    pub short: usize,
    /// Control sequences that are shorter than the widest motif.
    pub short_control: usize,
}

/// Corrects a p-value for the number of tests, both and the result as logarithms: the chance that at
/// least one of so many tests is as significant, by the approximations of the MEME suite.
pub fn log_adjusted(log_p: f64, tests: f64) -> f64 {
    const STEP: f64 = 1e-6;
    const MOST: f64 = 100.0;
    let product = tests.ln() + log_p;
    let any = |log_none: f64| (-log_none.exp_m1()).ln();
    if product < STEP.ln() {
        product
    } else if product > MOST.ln() {
        0.0
    } else if tests > MOST {
        any((product - STEP.ln()).exp() * (-STEP).ln_1p())
    } else {
        any(tests * (-log_p.exp()).ln_1p())
    }
}

/// The text of a p-value that is given by its logarithm, as the MEME suite prints it.
pub fn log_text(log: f64, digits: usize) -> String {
    let power = log / 10f64.ln();
    if power == f64::NEG_INFINITY {
        return format!("{:.*}e0", digits, 0.0);
    }
    let mut exponent = power.floor();
    let mut mantissa = 10f64.powf(power - exponent);
    if mantissa + 0.5 * 10f64.powi(-(digits as i32)) >= 10.0 {
        mantissa = 1.0;
        exponent += 1.0;
    }
    format!("{mantissa:.digits$}e{exponent:.0}")
}

/// Base frequencies of sequences and their reverse complements, from counts and one more each.
pub fn frequencies(sequences: &[&[u8]]) -> [f64; 4] {
    let mut counts = [1.0; 4];
    for code in sequences.iter().copied().flatten() {
        if let Some(count) = counts.get_mut(usize::from(*code)) {
            *count += 1.0;
        }
    }
    let all: f64 = counts.iter().sum();
    of_both_strands(counts.map(|count| count / all))
}

/// A motif with pseudocounts, to the bit as in AME, since ranks of nearly equal scores depend on it:
/// rows that sum to 1 but for printed digits are left as they are, and the pseudocount is a number of
/// single precision.
fn smoothed(motif: &Motif, pseudocount: f64, background: [f64; 4]) -> Motif {
    const PRINTED: f64 = 1e-5;
    let pseudocount = f64::from(pseudocount as f32);
    let sites = motif.site_count().trunc().max(1.0);
    let row = |row: &[f64; 4]| {
        let sum: f64 = row.iter().sum();
        let row = match (sum - 1.0).abs() > PRINTED {
            true => row.map(|share| share / sum),
            false => *row,
        };
        match pseudocount > 0.0 {
            true => std::array::from_fn(|base| {
                (row[base] * sites + pseudocount * background[base]) / (sites + pseudocount)
            }),
            false => row,
        }
    };
    Motif {
        ppm: motif.ppm.iter().map(row).collect(),
        ..motif.clone()
    }
}

/// Finds motifs whose scores are associated with the order of sequences, as AME does.
pub fn ame(
    databases: &[&[Motif]],
    input: &EnrichmentInput,
    options: &EnrichmentOptions,
) -> Result<Enrichment> {
    let task = Task::new(databases, input, options)?;
    let motifs: Vec<(usize, usize, &Motif)> = databases
        .iter()
        .enumerate()
        .flat_map(|(database, motifs)| {
            let numbered = motifs.iter().enumerate();
            numbered.map(move |(number, motif)| (database, number, motif))
        })
        .collect();
    let log_motifs = (motifs.len() as f64).ln();
    let found: Vec<Result<Enriched>> = motifs
        .par_iter()
        .map(|(database, number, motif)| {
            interrupt::check()?;
            let (consensus, best) = task.of_motif(motif)?;
            // a motif that no sequence matches has the E-value 1 and no result, as in AME
            let (log_adjusted, log_motifs) = match best.tests {
                0 => (0.0, 0.0),
                tests => (log_adjusted(best.log_p, tests as f64), log_motifs),
            };
            Ok(Enriched {
                rank: 0,
                database: *database,
                motif: *number,
                consensus,
                log_e: log_adjusted + log_motifs,
                log_adjusted,
                best,
            })
        })
        .collect();
    let mut found: Vec<Enriched> = found.into_iter().collect::<Result<_>>()?;
    // motifs of equal significance are in the reverse of their order
    found.sort_by(|a, b| {
        let equal = b.motif.cmp(&a.motif).then(a.database.cmp(&b.database));
        a.log_e.total_cmp(&b.log_e).then(equal)
    });
    found
        .iter_mut()
        .enumerate()
        .for_each(|(i, own)| own.rank = i + 1);
    let limit = options.max_e_value.ln();
    found.retain(|own| own.best.tests > 0 && own.log_e <= limit);
    Ok(Enrichment {
        motifs: found,
        short: task.short.0,
        short_control: task.short.1,
    })
}

/// Sequences and settings, ready for motif after motif.
struct Task<'a> {
    options: &'a EnrichmentOptions,
    sequences: Vec<Prepared<'a>>,
    /// Scores of the sequences that were kept.
    scores: Option<Vec<f64>>,
    background: [f64; 4],
    /// Mean length of a sequence.
    length: f64,
    /// Number of positive sequences where it is fixed.
    partition: Option<usize>,
    factorials: LogFactorials,
    short: (usize, usize),
}

impl<'a> Task<'a> {
    fn new(
        databases: &[&[Motif]],
        input: &EnrichmentInput<'a>,
        options: &'a EnrichmentOptions,
    ) -> Result<Task<'a>> {
        let widths = databases.iter().copied().flatten().map(Motif::width);
        let Some(widest) = widths.max() else {
            bail!("value", "there is no motif to test");
        };
        let is_kept = |codes: &&[u8]| codes.len() >= widest && !codes.is_empty();
        let mut kept: Vec<&[u8]> = input.primary.iter().copied().filter(is_kept).collect();
        let primary = kept.len();
        let short = input.primary.len() - primary;
        let scores = input.scores.as_ref().map(|scores| {
            let paired = scores.iter().zip(&input.primary);
            let kept = paired.filter(|(_, codes)| is_kept(codes));
            kept.map(|(score, _)| *score).collect::<Vec<f64>>()
        });
        let mut short_control = 0;
        if let Some(control) = &input.control {
            kept.extend(control.iter().copied().filter(is_kept));
            short_control = control.len() - (kept.len() - primary);
        }
        check(options, input, primary, kept.len(), widest)?;
        let mut filled = databases.iter().filter(|motifs| !motifs.is_empty());
        let background = match (&options.background, filled.next()) {
            (Some(given), Some(motifs)) => given.probabilities(motifs, true),
            _ => frequencies(&input.primary),
        };
        let bases: usize = kept.iter().map(|codes| codes.len()).sum();
        Ok(Task {
            options,
            length: bases as f64 / kept.len() as f64,
            factorials: LogFactorials::new(kept.len()),
            partition: match input.control {
                Some(_) => Some(primary),
                None => options.partition,
            },
            sequences: kept.into_par_iter().map(Prepared::new).collect(),
            scores,
            background,
            short: (short, short_control),
        })
    }

    /// The consensus and the best partition of a motif.
    fn of_motif(&self, motif: &Motif) -> Result<(String, Best)> {
        let smooth = smoothed(motif, self.options.pseudocount, self.background);
        let odds = Odds::new(&smooth, self.background);
        let (hit, threshold) = self.thresholds(&odds);
        let scan = Scan {
            forward: &odds,
            reverse: &Odds::new(&smooth.reverse_complement(), self.background),
            scoring: self.options.scoring,
            hit,
        };
        let sequences = self.sequences.iter();
        let scores: Vec<f64> = sequences.map(|sequence| scan.score(sequence)).collect();
        if let Some(wrong) = scores.iter().find(|score| !score.is_finite()) {
            bail!(
                "value",
                "a sequence has the score {wrong} by motif `{}`", motif.name;
                hint: "background probabilities must not be tiny"
            );
        }
        Ok((smooth.iupac(), self.best(&scores, threshold)?))
    }

    /// The odds from which a window is a hit, and the score from which a sequence is positive: that
    /// of one hit among windows of odds 1.
    fn thresholds(&self, odds: &Odds) -> (f64, f64) {
        let hit = (1.0 - 1e-15) * (self.options.hit_fraction * odds.max().ln()).exp();
        let windows = ((self.length - odds.width() as f64 + 1.0) * 2.0).trunc();
        let threshold = match self.options.scoring {
            Scoring::Average => (hit + windows - 1.0) / windows,
            Scoring::Sum => hit + windows - 1.0,
            Scoring::Max => hit,
            Scoring::TotalHits => 1.0,
        };
        (hit, threshold)
    }

    fn best(&self, scores: &[f64], threshold: f64) -> Result<Best> {
        let options = self.options;
        if scores.iter().all(|score| *score <= 0.0) {
            return Ok(Best {
                log_p: 0.0,
                tests: 0,
                threshold: f64::NAN,
                positives: scores.len(),
                negatives: 0,
                detail: Detail::None,
            });
        }
        let share_ties = matches!(options.method, Method::Spearman | Method::RankSum);
        let mut ranking = Ranking::new(scores, self.scores.as_deref(), share_ties);
        let by_pwm = options.positives == PositiveList::Pwm;
        let is_threshold_tried = options.method == Method::Fisher && self.partition.is_some();
        if !by_pwm && !is_threshold_tried {
            ranking.sort_by_fasta();
        }
        match options.method {
            Method::Fisher => match self.partition {
                Some(positives) => Ok(fisher::over_thresholds(
                    &ranking,
                    positives,
                    threshold,
                    &self.factorials,
                )),
                None => {
                    let limit = match by_pwm {
                        true => options.max_fasta_score,
                        false => threshold,
                    };
                    Ok(fisher::over_partitions(
                        &ranking,
                        by_pwm,
                        limit,
                        &self.factorials,
                    ))
                }
            },
            Method::RankSum => Ok(ranksum::best(&ranking, by_pwm, self.partition)),
            Method::ThreeWay | Method::FourWay => {
                let test = counts::Test {
                    classes: 3 + usize::from(options.method == Method::FourWay),
                    corrected: options.corrected,
                    factorials: &self.factorials,
                };
                Ok(test.best(&ranking, by_pwm, self.partition))
            }
            Method::Pearson | Method::Spearman => {
                correlation::best(&ranking, options, self.partition)
            }
        }
    }
}

/// Fails where the options do not fit each other or the sequences.
fn check(
    options: &EnrichmentOptions,
    input: &EnrichmentInput,
    primary: usize,
    all: usize,
    widest: usize,
) -> Result<()> {
    use Method::{Fisher, FourWay, Pearson, RankSum, Spearman, ThreeWay};
    let method = options.method;
    if primary == 0 || input.control.is_some() && all == primary {
        let what = if primary == 0 { "primary" } else { "control" };
        bail!(
            "value",
            "no {what} sequence has as many bases as the widest motif ({widest})"
        );
    }
    let least = if matches!(method, Pearson | Spearman) {
        3
    } else {
        2
    };
    if all < least {
        bail!("value", "at least {least} sequences are needed, got {all}");
    }
    if input.control.is_some() {
        if !matches!(method, Fisher | RankSum) {
            bail!(
                "option",
                "only methods \"fisher\" and \"ranksum\" compare with `control`"
            );
        }
        if options.partition.is_some() || options.positives == PositiveList::Pwm {
            bail!(
                "option",
                "with `control`, the primary sequences are the positive ones: leave `partition` \
                 and `poslist` out"
            );
        }
    }
    if let Some(partition) = options.partition {
        let most = all - usize::from(method == RankSum);
        if partition == 0 || partition > most {
            bail!(
                "option",
                "option `partition` must be from 1 to {most} for {all} sequences, got {partition}"
            );
        }
        if options.positives == PositiveList::Pwm {
            bail!(
                "option",
                "option `partition` fixes the first sequences as positive ones, which excludes \
                 `poslist: \"pwm\"`"
            );
        }
    }
    if matches!(method, ThreeWay | FourWay) && options.scoring != Scoring::TotalHits {
        bail!(
            "option",
            "methods \"3dmhg\" and \"4dmhg\" count hits: they need `scoring: \"totalhits\"`"
        );
    }
    if method != Pearson && (options.log_fasta_scores || options.log_pwm_scores) {
        bail!(
            "option",
            "options `log_fscores` and `log_pwmscores` need the method \"pearson\""
        );
    }
    let needs_scores =
        method == Pearson || method == Fisher && options.positives == PositiveList::Pwm;
    if needs_scores && input.scores.is_none() {
        bail!(
            "option",
            "method {} needs a score of every sequence",
            if method == Pearson { "\"pearson\"" } else { "\"fisher\" with `poslist: \"pwm\"`" };
            hint: "give `scores`, or a FASTA file with a number after each name"
        );
    }
    if let Some(scores) = &input.scores {
        if scores.len() != input.primary.len() {
            bail!(
                "option",
                "option `scores` has {} numbers for {} sequences",
                scores.len(),
                input.primary.len()
            );
        }
        if let Some(wrong) = scores.iter().find(|score| !score.is_finite()) {
            bail!("value", "scores of sequences must be finite, got {wrong}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

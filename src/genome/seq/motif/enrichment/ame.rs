//! AME: association of a motif's scores with the order of sequences, or enrichment relative to
//! controls (McLeay & Bailey, BMC Bioinformatics 2010).

use super::check::check;
use super::numbers::{frequencies, log_adjusted};
use super::odds::{Odds, Prepared, Scan};
use super::ranking::Ranking;
use super::types::{
    Best, Detail, Enriched, Enrichment, EnrichmentInput, EnrichmentOptions, Method, PositiveList,
    Scoring,
};
use super::{correlation, counts, fisher, ranksum};
use crate::seq::Motif;
use cistron_base::{Result, bail, interrupt};
use cistron_metrics::statistics::log_tails::LogFactorials;
use rayon::prelude::*;

/// A motif with pseudocounts, to the bit as in AME, since ranks of nearly equal scores depend on
/// it: rows that sum to 1 but for printed digits are left as they are, and the pseudocount is a
/// number of single precision.
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

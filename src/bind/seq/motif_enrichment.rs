//! `motifs::enrichment`: motifs whose occurrences distinguish sequences.

use crate::base::Result;
use crate::bind::args::motif::BackgroundName;
use crate::bind::args::scanned::ScannedSequences;
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::tensor::tensor_of;
use crate::bind::printing::enrichment::{ame_table, sea_table};
use crate::bind::types::{Motifs, Tabled};
use crate::bind::warnings;
use crate::lang::{Call, Choice, FromValue, Native, Options, native, natives_of, session};
use crate::seq::Motif;
use crate::seq::motif::enrichment::sea::{self, SeaOptions};
use crate::seq::motif::enrichment::{
    self, EnrichmentInput, EnrichmentOptions, Method, PositiveList, Scoring,
};
use crate::{bail, fault};
use rhai::{Array, Dynamic, NativeCallContext};

/// Options of `motifs::enrichment`.
#[derive(Options)]
pub struct EnrichOptions {
    /// The test: "fisher", "ranksum", "3dmhg", "4dmhg", "pearson" and "spearman" are those of AME,
    /// "sea" is SEA.
    #[option(default = "fisher")]
    method: MethodName,
    /// Score of a sequence from the odds of its windows; of methods other than "sea".
    #[option(default = "avg")]
    scoring: ScoringName,
    /// Sequences to compare with (as `sequences`), or "shuffle" for shuffles of the sequences.
    control: Option<Control>,
    /// Number of the first sequences, in the order of their scores, that are positive; the most
    /// significant number is chosen unless given. At least 1.
    partition: Option<usize>,
    /// What sequences are ordered by where partitions are tried: their scores or the motif's.
    #[option(default = "fasta")]
    poslist: ListName,
    /// A number for each sequence, the smallest for the most positive; the numbers after the names
    /// of a FASTA file, or else the order of the sequences, unless given.
    scores: Option<Scores>,
    /// Largest score of a positive sequence, of "fisher" with `poslist: "pwm"`.
    #[option(default = 0.001)]
    fasta_threshold: f64,
    /// Fraction of the largest log-odds from which a window is a hit.
    #[option(default = 0.25, min = 0, max = 1)]
    hit_lo_fraction: f64,
    /// Largest E-value that is reported.
    #[option(default = 10, above = 0)]
    evalue_report_threshold: f64,
    /// Pseudocount: number of sites of the background that are added to each position.
    #[option(default = 0.1, min = 0)]
    pseudocount: f64,
    /// Background probabilities of A, C, G, T, averaged over strands; those of the sequences unless
    /// given. Of "sea", a Markov model of the control sequences unless given.
    background: Option<BackgroundName>,
    /// Whether "pearson" takes logarithms of the scores of sequences.
    #[option(default = false)]
    log_fscores: bool,
    /// Whether "pearson" takes logarithms of the scores of the motif.
    #[option(default = false)]
    log_pwmscores: bool,
    /// Whether the line of "pearson" predicts scores of the motif, instead of those of sequences.
    #[option(default = false)]
    linreg_switchxy: bool,
    /// Length of the words whose counts shuffles preserve; 2 unless given, with "sea" `order` + 1.
    kmer: Option<usize>,
    /// Order of the Markov model of "sea".
    #[option(default = 2, min = 0, max = 5)]
    order: usize,
    /// Fraction of sequences that "sea" only chooses its threshold on.
    #[option(default = 0.1, min = 0, max = 0.5)]
    hofract: f64,
    /// "coded" repeats slips of AME 5.4.1: the sign of a factorial of "4dmhg"; the error of
    /// "pearson", which is a root divided by n, and the sign of its intercept.
    #[option(default = "corrected", name = "as")]
    form: Form,
    #[option(flatten)]
    seed: SeedOptions,
}

/// A test of enrichment.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum MethodName {
    /// Fisher's exact test.
    Fisher,
    /// Wilcoxon's rank-sum test.
    #[choice(name = "ranksum")]
    RankSum,
    /// Chance of the numbers of sequences with no, one, and more hits.
    #[choice(name = "3dmhg")]
    ThreeWay,
    /// Chance of the numbers of sequences with no, one, two, and more hits.
    #[choice(name = "4dmhg")]
    FourWay,
    /// Pearson's correlation.
    Pearson,
    /// Spearman's correlation.
    Spearman,
    /// Fisher's exact test, or the binomial test where mean lengths differ, of SEA.
    Sea,
}

/// What the odds of windows are combined to.
#[derive(Choice, Clone, Copy)]
pub enum ScoringName {
    /// Their mean.
    Avg,
    /// The largest.
    Max,
    /// Their sum.
    Sum,
    /// The number of hits.
    #[choice(name = "totalhits")]
    TotalHits,
}

/// What sequences are ordered by.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum ListName {
    /// Scores of the sequences.
    Fasta,
    /// Scores of the motif.
    Pwm,
}

/// Which form of a formula is computed.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum Form {
    /// The correct one.
    Corrected,
    /// That of the program.
    Coded,
}

/// Sequences to compare with.
pub enum Control {
    /// Shuffles of the sequences.
    Shuffle,
    /// These.
    Given(ScannedSequences),
}

impl FromValue for Control {
    fn kind() -> String {
        format!("\"shuffle\", or {}", ScannedSequences::kind())
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.clone().into_string().as_deref() == Ok("shuffle") {
            return Ok(Control::Shuffle);
        }
        ScannedSequences::from_value(value, context).map(Control::Given)
    }
}

/// A number for each sequence.
pub struct Scores(Vec<f64>);

impl FromValue for Scores {
    fn kind() -> String {
        "array of numbers".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        tensor_of(value)?.to_f64().map(Scores)
    }
}

/// One or several collections of motifs.
pub struct Collections(Vec<Motifs>);

impl FromValue for Collections {
    fn kind() -> String {
        "motifs, or an array of collections of motifs".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        let one = |value: &Dynamic| {
            let motifs = value.read_lock::<Motifs>().map(|motifs| motifs.clone());
            motifs.ok_or_else(|| {
                fault!(
                    "type",
                    "must be motifs or an array of collections of motifs, got {}",
                    session::describe(value);
                    hint: "`motifs::read` and `motif::all` return collections"
                )
            })
        };
        match value.read_lock::<Array>() {
            Some(items) => items
                .iter()
                .map(one)
                .collect::<Result<_>>()
                .map(Collections),
            None => Ok(Collections(vec![one(value)?])),
        }
    }
}

impl From<MethodName> for Option<Method> {
    fn from(name: MethodName) -> Option<Method> {
        Some(match name {
            MethodName::Fisher => Method::Fisher,
            MethodName::RankSum => Method::RankSum,
            MethodName::ThreeWay => Method::ThreeWay,
            MethodName::FourWay => Method::FourWay,
            MethodName::Pearson => Method::Pearson,
            MethodName::Spearman => Method::Spearman,
            MethodName::Sea => return None,
        })
    }
}

impl From<ScoringName> for Scoring {
    fn from(name: ScoringName) -> Scoring {
        match name {
            ScoringName::Avg => Scoring::Average,
            ScoringName::Max => Scoring::Max,
            ScoringName::Sum => Scoring::Sum,
            ScoringName::TotalHits => Scoring::TotalHits,
        }
    }
}

impl EnrichOptions {
    fn of_ame(&self, method: Method) -> EnrichmentOptions {
        EnrichmentOptions {
            method,
            scoring: self.scoring.into(),
            positives: match self.poslist {
                ListName::Fasta => PositiveList::Fasta,
                ListName::Pwm => PositiveList::Pwm,
            },
            partition: self.partition,
            hit_fraction: self.hit_lo_fraction,
            max_e_value: self.evalue_report_threshold,
            max_fasta_score: self.fasta_threshold,
            pseudocount: self.pseudocount,
            background: self.background.as_ref().map(|name| name.0),
            log_fasta_scores: self.log_fscores,
            log_pwm_scores: self.log_pwmscores,
            switch_axes: self.linreg_switchxy,
            corrected: self.form == Form::Corrected,
        }
    }

    fn of_sea(&self) -> SeaOptions {
        SeaOptions {
            pseudocount: self.pseudocount,
            background: self.background.as_ref().map(|name| name.0),
            order: self.order,
            hold_out: self.hofract,
            max_e_value: self.evalue_report_threshold,
            seed: self.seed.seed(),
        }
    }

    /// The score of each sequence: given, or from a FASTA file. Not of sequences with controls.
    fn scores(&self, call: &Call, sequences: &ScannedSequences) -> Result<Option<Vec<f64>>> {
        match (&self.scores, &self.control) {
            (Some(_), Some(_)) => bail!(
                "option",
                "option `scores` orders sequences among themselves: leave `control` or it out"
            ),
            (Some(scores), None) => return Ok(Some(scores.0.clone())),
            (None, Some(_)) => return Ok(None),
            (None, None) => {}
        }
        let known: Vec<f64> = sequences.scores.iter().flatten().copied().collect();
        let n = sequences.sequences.len();
        if !known.is_empty() && known.len() < n {
            warnings::at(
                call,
                &format!(
                    "{} of {n} sequences have a number after their name, which is not used: \
                     sequences count in the order of the file",
                    known.len()
                ),
            );
        }
        Ok((!known.is_empty() && known.len() == n).then_some(known))
    }

    /// The control sequences, where there are any.
    fn control(&self, primary: &[&[u8]], is_sea: bool) -> Result<Option<Vec<Vec<u8>>>> {
        let given = match &self.control {
            Some(Control::Given(given)) => {
                let own = given.sequences.iter().map(|own| own.codes.clone());
                return Ok(Some(own.collect()));
            }
            Some(Control::Shuffle) => true,
            None => false,
        };
        let (k, copies) = match is_sea {
            true => (self.kmer.unwrap_or(self.order + 1), 1),
            false => (self.kmer.unwrap_or(2), 1000 / primary.len().max(1) + 1),
        };
        if k == 0 {
            bail!("option", "option `kmer` must be at least 1");
        }
        if !given && !is_sea {
            return Ok(None);
        }
        sea::shuffles(primary, k, self.seed.seed(), copies).map(Some)
    }
}

/// Fails on options that the method of SEA does not have.
fn check_sea(options: &EnrichOptions) -> Result<()> {
    if options.scores.is_some() || options.partition.is_some() || options.poslist == ListName::Pwm {
        bail!(
            "option",
            "method \"sea\" compares sequences with `control`: leave `scores`, `partition` and \
             `poslist` out"
        );
    }
    Ok(())
}

/// Finds motifs that are enriched in sequences, by the tests of AME or SEA.
///
/// Without `control`, sequences are ordered by their scores, the smallest first, and the partition
/// into positive and negative sequences with the smallest p-value is chosen, or `partition` is
/// tested. With `control`, all sequences are positive, and "fisher" chooses the threshold of the
/// motif's scores. `adj_p_value` corrects for these choices, `e_value` for the number of motifs.
///
/// | method | p-value, one-sided |
/// |---|---|
/// | "fisher" | exact: positive sequences with a high score, against negative ones |
/// | "ranksum" | by the normal distribution: ranks of positive sequences by the motif |
/// | "3dmhg", "4dmhg" | chance of the numbers of sequences with 0, 1, (2,) more hits |
/// | "pearson", "spearman" | Fisher's transform of the correlation within the first sequences |
/// | "sea" | as "fisher", at a threshold chosen on held-out sequences |
///
/// The multi-hypergeometric chances are those of exactly these numbers, as in AME: less than the
/// chance of numbers at least as extreme. Correlations of fewer than 30 sequences have the p-value
/// 1. Windows with an unknown base, and the last window, count as in AME: with the odds of the
/// bases before it, and not at all. Sequences shorter than the widest motif are left out, with a
/// warning. A p-value that is too small for a number is 0; `log_p_value` is its natural logarithm.
///
/// # Source
/// McLeay & Bailey, AME, BMC Bioinformatics 2010; Bailey & Grant, SEA, bioRxiv 2021. Tables are
/// those of AME 5.4.1 to the digits that it prints, but for means of odds that differ in their last
/// bit, which may change a rank by one. Shuffles and held-out sequences are drawn differently.
///
/// ```rhai
/// let bound = range(0, 40).map(|i| `TTGACGTCATAC${"ACGT".sub_string(i % 4, 1)}GTTAG`);
/// let other = bound.map(|text| { text.replace("TGACG", "GATCG"); text });
/// let pool = motif::all([motif::from_consensus("TGACGTCA"), motif::from_consensus("CACGTG")]);
/// let found = motifs::enrichment(pool, bound, #{ control: other });
/// assert_eq([found[0].motif, found[0].tp, found[0].fp], ["TGACGTCA", 40, 0]);
/// assert(found[0].e_value < 1e-20);
/// // bound sequences have the smallest scores
/// let scores = range(0, 80).map(|i| i * 1.0);
/// let found = motifs::enrichment(pool, bound + other, #{ scores: scores, scoring: "totalhits" });
/// assert_eq([found[0].pos, found[0].fasta_max], [40, 39.0]);
/// ```
#[native(
    namespace = "motifs",
    returns = "table: rank, database, motif, alt, consensus, p_value, e_value, … by significance"
)]
pub fn enrichment(
    call: &Call,
    /// Motifs, or an array of collections of motifs, whose numbers are in the column database.
    motifs: &Collections,
    /// Genome, dataset, array of strings, map of name to string, or path of a FASTA file.
    sequences: &ScannedSequences,
    options: EnrichOptions,
) -> Result<Tabled> {
    let databases: Vec<&[Motif]> = motifs.0.iter().map(|own| own.0.as_slice()).collect();
    let primary = sequences.codes();
    let Some(method) = Option::<Method>::from(options.method) else {
        check_sea(&options)?;
        let control = options.control(&primary, true)?.unwrap_or_default();
        let control: Vec<&[u8]> = control.iter().map(Vec::as_slice).collect();
        let found = sea::sea(&databases, &primary, &control, &options.of_sea())?;
        return sea_table(&found, &databases);
    };
    let scores = options.scores(call, sequences)?;
    let control = options.control(&primary, false)?;
    let input = EnrichmentInput {
        primary,
        control: control
            .as_ref()
            .map(|control| control.iter().map(Vec::as_slice).collect()),
        scores,
    };
    let found = enrichment::ame(&databases, &input, &options.of_ame(method))?;
    for (n, what) in [
        (found.short, "sequences"),
        (found.short_control, "control sequences"),
    ] {
        if n > 0 {
            warnings::at(
                call,
                &format!("{n} {what} are shorter than the widest motif: left out"),
            );
        }
    }
    let by_pwm = options.poslist == ListName::Pwm;
    ame_table(&found.motifs, &databases, method, by_pwm)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![enrichment]
}

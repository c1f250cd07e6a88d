//! Methods of datasets: other rows of a dataset.

use crate::bail;
use crate::base::{Result, shape};
use crate::bind::args::dataset::{data, row_of};
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::split::{SimilarityOptions, SplitName};
use crate::bind::types::Data;
use crate::bind::warnings::warn;
use crate::data::split::{self, Dealing};
use crate::data::{Dataset, Sampling, Shuffles, homology};
use crate::lang::{Callback, FromValue, IntoValue, Native, Options, native, natives_of, session};
use rhai::{Dynamic, Map, NativeCallContext};
use std::sync::Arc;

/// Options of `dataset.split` and `dataset.folds`.
#[derive(Options)]
pub struct SplitOptions {
    #[option(flatten)]
    seed: SeedOptions,
    /// Whether the rows of each class are divided separately.
    #[option(default = false)]
    stratify: bool,
    /// Group of each row, as an array of strings; rows of a group stay together.
    groups: Option<Vec<String>>,
    /// How rows are divided, where there are no `groups`: "random", or "homology", which keeps rows
    /// with similar sequences together.
    #[option(default = "random")]
    split: SplitName,
    #[option(flatten)]
    similarity: SimilarityOptions,
}

/// Options of `dataset.with_shuffles`.
#[derive(Options)]
pub struct ShuffleOptions {
    /// Length of the k-mers whose counts are preserved.
    #[option(default = 2, min = 1, max = 20)]
    k: usize,
    /// Number of shuffles of each row.
    #[option(default = 1, min = 1, max = 1000)]
    ratio: usize,
    /// Whether the shuffles are drawn again on every epoch.
    #[option(default = false)]
    redraw: bool,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `dataset.with_negatives`.
#[derive(Options)]
pub struct NegativeOptions {
    /// Number of negatives per row.
    #[option(default = 1, min = 0, max = 1e6)]
    ratio: f64,
    /// Whether the negatives are drawn again on every epoch.
    #[option(default = true)]
    redraw: bool,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `dataset.sampling`.
#[derive(Options)]
pub struct SamplingOptions {
    /// Weight of each row, as an array of numbers: rows are drawn in proportion to it, with
    /// replacement.
    weights: Option<Vec<f64>>,
    /// Whether rows with and without a positive label are drawn equally often.
    #[option(default = false)]
    balance: bool,
    /// Share of rows with a positive label in every batch, up to one row; every row of a class is
    /// drawn once before any is drawn again.
    #[option(min = 0, max = 1)]
    positives: Option<f64>,
    /// Number of rows in a pass; every row is drawn once before any is drawn again.
    #[option(min = 1)]
    length: Option<usize>,
    /// Part of every pass that this process draws.
    shard: Option<Shard>,
}

/// The rank of this process, and the number of processes.
pub struct Shard(usize, usize);

impl FromValue for Shard {
    fn kind() -> String {
        "array [rank, processes]".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match Vec::<i64>::from_value(value, context)?.as_slice() {
            [rank, processes] if *processes >= 1 && (0..*processes).contains(rank) => {
                Ok(Shard(*rank as usize, *processes as usize))
            }
            other => bail!(
                "option",
                "must be [rank, processes] with a rank from 0 to processes - 1, got {}",
                shape::text(other)
            ),
        }
    }
}

impl SplitOptions {
    fn dealing(self, set: &Dataset) -> Result<Dealing> {
        if self.groups.is_some() && self.split != SplitName::Random {
            bail!("option", "options `groups` and `split` exclude each other");
        }
        let groups = match self.groups {
            Some(groups) => Some(groups),
            None => self.split.groups(set, self.similarity.into())?,
        };
        Ok(Dealing {
            seed: self.seed.seed(),
            stratify: self.stratify,
            groups,
        })
    }
}

/// Numbers by name.
fn shares_of(shares: &Map) -> Result<Vec<(String, f64)>> {
    let share = |(name, value): (&rhai::Identifier, &Dynamic)| {
        let Some(share) = crate::lang::value::number(value) else {
            bail!(
                "type",
                "share `{name}` must be a number, got {}",
                session::describe(value)
            );
        };
        Ok((name.to_string(), share))
    };
    shares.iter().map(share).collect()
}

/// The rows for which a function of the script returns true.
fn filtered(set: &Data, keep: &Callback) -> Result<Dataset> {
    let plain = set.0.materialised()?;
    let mut rows = Vec::new();
    for (index, row) in plain.rows.iter().enumerate() {
        if keep.is_true_for(row_of(&plain, index, false)?.into(), "filter")? {
            rows.push(*row);
        }
    }
    if rows.is_empty() {
        bail!("data", "no row passes the filter");
    }
    Ok(plain.with_rows(rows))
}

/// Divides the rows at random into named parts.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.split(#{ train: 0.5, test: 0.5 }, #{ seed: 1 }).train.len(), 2);
/// // similar sequences in one part
/// let pairs = seq::random(20, 60, #{ seed: 1 });
/// pairs += pairs.map(|s| seq::reverse_complement(s));
/// let parts = data::from(#{ sequence: pairs, label: (0..40).map(|i| i % 2) })
///     .split(#{ train: 0.8, test: 0.2 }, #{ split: "homology", seed: 1 });
/// assert_eq(data::audit(parts.train, #{ test: parts.test }).leaks.count, 0);
/// ```
#[native(namespace = "dataset", form = method, returns = "map of datasets")]
pub fn split(
    this: &Data,
    /// Fraction of the rows in each part, by name.
    shares: &Map,
    options: SplitOptions,
) -> Result<Map> {
    let parts = split::split(&this.0, &shares_of(shares)?, &options.dealing(&this.0)?)?;
    let entries = parts
        .into_iter()
        .map(|(name, part)| (name.into(), data(part).into_value()));
    Ok(entries.collect())
}

/// Returns `k` pairs of training and test rows; every row is a test row once.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.folds(2)[0].test.len(), 2);
/// ```
#[native(
    namespace = "dataset",
    form = method,
    returns = "array of maps with train and test"
)]
pub fn folds(
    this: &Data,
    /// Number of folds, from 2 to the number of rows.
    k: i64,
    options: SplitOptions,
) -> Result<Vec<Map>> {
    let folds = split::folds(&this.0, k.max(0) as usize, &options.dealing(&this.0)?)?;
    let pair = |(train, test)| {
        Map::from([
            ("train".into(), data(train).into_value()),
            ("test".into(), data(test).into_value()),
        ])
    };
    Ok(folds.into_iter().map(pair).collect())
}

/// Returns the rows for which a function returns true.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.filter(|row| row.label[0] == 1.0).len(), 2);
/// ```
#[native(namespace = "dataset", form = method)]
pub fn filter(
    this: &Data,
    /// Function |row| of a map with `sequence` (a string), `label` (an array of numbers), `name`
    /// (where there is one) and `index` (from 0).
    keep: Callback,
) -> Result<Data> {
    filtered(this, &keep).map(data)
}

/// Returns the rows whose sequences resemble none of another dataset, on either strand.
///
/// It removes what `data::audit` finds as leaks between training and test rows. The number of rows
/// that are left out is a note. A row resembles another where they share a minimizer and, aligned
/// at it without gaps, at least `identity` of the bases over at least `overlap` of the shorter one.
///
/// ```rhai
/// let test = data::from(#{ sequence: seq::random(5, 60, #{ seed: 1 }), label: [0, 1, 0, 1, 0] });
/// let other = seq::random(5, 60, #{ seed: 2 });
/// let leaking = seq::reverse_complement(test.sequences()[3]);
/// let train = data::from(#{ sequence: other + [leaking], label: [0, 1, 0, 1, 0, 1] });
/// assert_eq(train.unlike(test).sequences(), other);
/// ```
/// ```rhai,fails
/// let set = data::from(#{ sequence: seq::random(5, 60, #{ seed: 1 }), label: [0, 1, 0, 1, 0] });
/// set.unlike(set);
/// //~ all 5 rows resemble rows of the other dataset
/// ```
#[native(namespace = "dataset", form = method)]
pub fn unlike(
    this: &Data,
    /// Dataset with sequences of the same alphabet, such as the test rows.
    other: &Data,
    options: SimilarityOptions,
) -> Result<Data> {
    let kept = homology::unlike(&this.0, &other.0, options.into())?;
    let notes = kept.notes.iter().skip(this.0.notes.len());
    notes.for_each(|note| warn(note));
    Ok(data(kept))
}

/// Appends the rows of another dataset with the same inputs and labels.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.concat(set).len(), 8);
/// ```
#[native(namespace = "dataset", form = method)]
pub fn concat(
    this: &Data,
    /// Dataset whose rows follow.
    other: &Data,
) -> Result<Data> {
    Dataset::concat(&[(*this.0).clone(), (*other.0).clone()]).map(data)
}

/// Draws `n` rows without replacement.
///
/// Shuffles and negatives that were added are rows like the others; where they are drawn again on
/// every epoch, sampling is an error.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.sample(2, #{ seed: 1 }).len(), 2);
/// let bound = data::from(#{ sequence: ["ACGT", "TTTA", "GGCC"], label: [1, 1, 1] });
/// assert_eq(bound.with_shuffles(#{ seed: 1 }).sample(5, #{ seed: 1 }).len(), 5);
/// ```
/// ```rhai,fails
/// let bound = data::from(#{ sequence: ["ACGT", "TTTA", "GGCC"], label: [1, 1, 1] });
/// bound.with_shuffles(#{ redraw: true }).sample(2);
/// //~ negatives that are drawn again every epoch have no fixed rows
/// ```
#[native(namespace = "dataset", form = method, dry = sample_at_most)]
pub fn sample(
    this: &Data,
    /// Number of rows, at most that of the dataset.
    n: i64,
    options: SeedOptions,
) -> Result<Data> {
    split::sample(&this.0, n.max(0) as usize, options.seed()).map(data)
}

/// In a dry run datasets have few rows.
fn sample_at_most(this: &Data, n: i64, options: SeedOptions) -> Result<Data> {
    sample(this, n.min(this.0.len() as i64), options)
}

/// Returns the first `n` rows, or all of them where there are fewer.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.take(2).sequences(), ["ACGT", "TTTT"]);
/// // added shuffles are rows too
/// assert_eq(set.with_shuffles(#{ seed: 1 }).take(5).len(), 5);
/// ```
/// ```rhai,fails
/// data::from(#{ sequence: ["ACGT"], label: [1] }).take(0);
/// //~ `n` must be an integer of at least 1
/// ```
#[native(namespace = "dataset", form = method)]
pub fn take(
    this: &Data,
    /// Number of rows.
    #[check(min = 1)]
    n: i64,
) -> Result<Data> {
    split::first(&this.0, n as usize).map(data)
}

/// Adds shuffles of each sequence, which preserve k-mer counts, as negatives.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// let both = set.filter(|row| row.label[0] == 1.0).with_shuffles(#{ k: 2, seed: 1 });
/// assert_eq(both.positives, [0.5]);
/// ```
#[native(
    namespace = "dataset",
    form = method,
    returns = "dataset of (1 + ratio) times the rows"
)]
pub fn with_shuffles(this: &Data, options: ShuffleOptions) -> Result<Data> {
    let shuffled = this.0.with_shuffles(Shuffles {
        k: options.k,
        ratio: options.ratio,
        redraw: options.redraw,
        seed: options.seed.seed(),
    })?;
    let notes = shuffled.notes.iter().skip(this.0.notes.len());
    notes.for_each(|note| warn(note));
    Ok(data(shuffled))
}

/// Adds negatives drawn from another dataset with the same inputs and labels.
///
/// They are drawn again on every epoch unless `redraw` is false.
///
/// ```rhai
/// let bound = data::from(#{ sequence: ["ACGT", "GGCC"], label: [1, 1] });
/// let pool = data::from(#{ sequence: ["TTTT", "AAAA", "CATG"], label: [0, 0, 0] });
/// assert_eq(bound.with_negatives(pool, #{ ratio: 1.0, seed: 1 }).positives, [0.5]);
/// ```
#[native(
    namespace = "dataset",
    form = method,
    returns = "dataset of (1 + ratio) times the rows"
)]
pub fn with_negatives(
    this: &Data,
    /// Dataset that the negatives are drawn from.
    pool: &Data,
    options: NegativeOptions,
) -> Result<Data> {
    let NegativeOptions {
        ratio,
        redraw,
        seed,
    } = options;
    let extended = this.0.with_negatives(&pool.0, ratio, redraw, seed.seed())?;
    let notes = extended.notes.iter();
    notes.for_each(|note| warn(note));
    Ok(data(extended))
}

/// Sets how the passes of training draw rows.
///
/// Rows are drawn by weights, in equal numbers of positives and negatives, a given number in a
/// pass, or as the part of one of several processes.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 0, 0] });
/// let rows = 0;
/// for b in set.sampling(#{ balance: true, length: 100 }).batches(20) { rows += b.len(); }
/// assert_eq(rows, 100);
/// ```
#[native(namespace = "dataset", form = method)]
pub fn sampling(this: &Data, options: SamplingOptions) -> Result<Data> {
    if let Some(weights) = &options.weights {
        this.0.check_weights(weights)?;
    }
    if options.balance && options.positives.is_some() {
        bail!("option", "`balance` and `positives` exclude each other";
            hint: "`positives: 0.5` has equal numbers of both in every batch");
    }
    let is_of_parts = options.balance || options.positives.is_some();
    if this.0.mix.is_some() && (is_of_parts || options.length.is_some() || options.shard.is_some())
    {
        bail!("option", "of a mix of datasets, only `weights` can be set";
            hint: "set `balance` and `positives` of its datasets, then call `data::mix`");
    }
    let sampling = Sampling {
        weights: options.weights.map(Arc::new),
        balance: options.balance,
        positives: options.positives,
        length: options.length,
        shard: options
            .shard
            .map(|Shard(rank, processes)| (rank, processes)),
    };
    Ok(data(Dataset {
        sampling,
        ..(*this.0).clone()
    }))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        split,
        folds,
        filter,
        unlike,
        concat,
        sample,
        take,
        with_shuffles,
        with_negatives,
        sampling,
    ]
}

//! What a dataset is: named inputs and labels, and the rows of them that are in view.

use super::column::Column;
use super::profile::{Profile, Source};
use super::sampling::Sampling;
use crate::seq::shuffle::Shuffler;
use crate::seq::simulate::Truth;
use cistron_base::bail;
use cistron_base::seed::Rng;
use cistron_base::{Interval, Result};
use std::sync::Arc;

/// One named input.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name; sequences are `sequence` unless told otherwise.
    pub name: String,
    /// Its values.
    pub column: Column,
    /// The channel that each of its channels becomes on the other strand; none where they keep
    /// their places.
    pub partners: Option<Arc<Vec<usize>>>,
    /// Whether its last axis is that of the sequence, so that it moves and turns with it.
    pub is_along: bool,
}

impl Input {
    /// An input whose channels keep their order on the reverse strand; sequences and signals are
    /// along the sequence.
    pub fn new(name: impl Into<String>, column: Column) -> Input {
        let is_along = !matches!(column, Column::Dense { .. });
        Input {
            name: name.into(),
            column,
            partners: None,
            is_along,
        }
    }
}

/// Shuffled copies that stand as negatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shuffles {
    /// The k-lets whose counts are kept.
    pub k: usize,
    /// Shuffles for each row.
    pub ratio: usize,
    /// Whether every epoch draws them anew.
    pub redraw: bool,
    /// Their seed.
    pub seed: u64,
}

/// Negatives that every epoch draws from a larger pool.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Storage rows to draw from.
    pub rows: Arc<Vec<u32>>,
    /// How many are drawn.
    pub count: usize,
    /// Whether every epoch draws anew.
    pub redraw: bool,
    /// Their seed.
    pub seed: u64,
    /// Those of the epoch in hand.
    drawn: Arc<Vec<u32>>,
}

impl Pool {
    /// A pool with the draw of its first epoch.
    pub fn new(rows: Vec<u32>, count: usize, redraw: bool, seed: u64) -> Pool {
        let mut pool = Pool {
            rows: Arc::new(rows),
            count,
            redraw,
            seed,
            drawn: Arc::default(),
        };
        pool.draw(0);
        pool
    }

    /// Draws without replacement as long as the pool lasts, then from the whole pool again.
    fn draw(&mut self, epoch: u64) {
        let n = self.rows.len().max(1);
        let mut drawn = Vec::with_capacity(self.count);
        for pass in 0..self.count.div_ceil(n) as u64 {
            let order = Rng::keyed(&[
                self.seed,
                0x706f_6f6c,
                if self.redraw { epoch } else { 0 },
                pass,
            ])
            .permutation(self.rows.len());
            drawn.extend(
                order
                    .iter()
                    .take(self.count - drawn.len())
                    .map(|i| self.rows[*i as usize]),
            );
        }
        self.drawn = Arc::new(drawn);
    }
}

/// A dataset: storage shared by all its splits, and the rows that are in view.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Named inputs; the first is the main one.
    pub inputs: Vec<Input>,
    /// Names of the labels.
    pub label_names: Vec<String>,
    /// `storage rows * labels` numbers; NaN is undefined.
    pub labels: Arc<Vec<f32>>,
    /// A name for each row of the storage, where the source had one.
    pub names: Option<Arc<Vec<String>>>,
    /// The storage rows in view, in order.
    pub rows: Arc<Vec<u32>>,
    /// Shuffles of the rows that follow them as negatives.
    pub shuffles: Option<Shuffles>,
    /// Negatives that are drawn for each epoch, behind the rows and their shuffles.
    pub pool: Option<Pool>,
    /// How training passes draw rows.
    pub sampling: Sampling,
    /// The label that each label becomes on the other strand; none where labels do not depend on
    /// the strand.
    pub label_partners: Option<Arc<Vec<usize>>>,
    /// How labels are placed along the sequence; none where they are not.
    pub profile: Option<Arc<Profile>>,
    /// What is known of simulated sequences, for each row of the storage.
    pub truth: Option<Arc<Truth>>,
    /// What reading it had to say.
    pub notes: Vec<String>,
}

impl Dataset {
    /// A dataset of whole columns; fails where they do not have as many rows.
    pub fn new(inputs: Vec<Input>, label_names: Vec<String>, labels: Vec<f32>) -> Result<Dataset> {
        let Some(first) = inputs.first() else {
            bail!("data", "a dataset needs at least one input")
        };
        let n = first.column.rows();
        if n == 0 {
            bail!("data", "input `{}` holds no rows", first.name);
        }
        for input in &inputs {
            let rows = input.column.rows();
            if rows != n {
                bail!(
                    "data",
                    "input `{}` has {rows} rows, `{}` has {n}",
                    input.name,
                    first.name
                );
            }
        }
        if labels.len() != n * label_names.len() {
            bail!(
                "data",
                "{} labels of {} columns for {n} rows",
                labels.len(),
                label_names.len()
            );
        }
        Ok(Dataset {
            inputs,
            label_names,
            labels: Arc::new(labels),
            names: None,
            rows: Arc::new((0..n as u32).collect()),
            shuffles: None,
            pool: None,
            sampling: Sampling::default(),
            label_partners: None,
            profile: None,
            truth: None,
            notes: Vec::new(),
        })
    }

    /// Rows in view, shuffles and drawn negatives included.
    pub fn len(&self) -> usize {
        self.own() + self.pool.as_ref().map_or(0, |pool| pool.count)
    }

    /// Rows in view and their shuffles.
    fn own(&self) -> usize {
        self.rows.len() * (1 + self.shuffles.map_or(0, |s| s.ratio))
    }

    /// Whether nothing is in view.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Labels of each row.
    pub fn tasks(&self) -> usize {
        self.label_names.len()
    }

    /// Whether some rows are others in every epoch.
    pub fn is_redrawn(&self) -> bool {
        self.shuffles.is_some_and(|how| how.redraw)
            || self.pool.as_ref().is_some_and(|pool| pool.redraw)
    }

    /// The same with the negatives of an epoch.
    pub fn at_epoch(&self, epoch: u64) -> Dataset {
        let mut out = self.clone();
        if let Some(pool) = out.pool.as_mut().filter(|pool| pool.redraw && epoch > 0) {
            pool.draw(epoch);
        }
        out
    }

    /// The storage row of a row in view, and which shuffle of it (0: itself).
    pub fn locate(&self, index: usize) -> (usize, usize) {
        if let Some(pool) = self.pool.as_ref().filter(|_| index >= self.own()) {
            return (pool.drawn[index - self.own()] as usize, 0);
        }
        let n = self.rows.len();
        (self.rows[index % n] as usize, index / n)
    }

    /// Appends the labels of a row in view.
    pub fn push_labels(&self, index: usize, out: &mut Vec<f32>) {
        let (row, shuffle) = self.locate(index);
        let tasks = self.tasks();
        if shuffle > 0 {
            out.extend(std::iter::repeat_n(0.0, tasks));
        } else {
            out.extend_from_slice(&self.labels[row * tasks..(row + 1) * tasks]);
        }
    }

    /// All labels in view, `[len * tasks]`.
    pub fn all_labels(&self) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.len() * self.tasks());
        (0..self.len()).for_each(|index| self.push_labels(index, &mut out));
        out
    }

    /// Appends the codes of a row in view with `margin` more on both sides, shuffled where it is a
    /// shuffle.
    pub fn push_codes(
        &self,
        column: &Column,
        index: usize,
        margin: usize,
        epoch: u64,
        shuffler: &mut Shuffler,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let (row, shuffle) = self.locate(index);
        let start = out.len();
        column
            .codes(row, margin, out)
            .map_err(|fault| fault.context(self.shown(index)))?;
        if let (Some(how), true) = (self.shuffles, shuffle > 0 && column.is_sequence()) {
            let drawn = if how.redraw { epoch + 1 } else { 0 };
            let mut rng = Rng::keyed(&[how.seed, 0x7368_7566, drawn, row as u64, shuffle as u64]);
            // sequences of a file have nothing around them; of a genome's the surroundings are
            // shuffled along
            let edge = if matches!(column, Column::Sequence { .. }) {
                margin
            } else {
                0
            };
            let end = out.len() - edge;
            shuffler.shuffle(&mut out[start + edge..end], how.k, &mut rng);
        }
        Ok(())
    }

    /// Appends the numbers of a row in view with `margin` more on both sides of each channel.
    pub fn push_numbers(
        &self,
        column: &Column,
        index: usize,
        margin: usize,
        out: &mut Vec<f32>,
    ) -> Result<()> {
        column
            .numbers(self.locate(index).0, margin, out)
            .map_err(|fault| fault.context(self.shown(index)))
    }

    /// Appends the values that the labels of a row in view were read from, base by base with
    /// `margin` more on both sides; false where they are not known.
    pub fn push_profile(&self, index: usize, margin: usize, out: &mut Vec<f32>) -> Result<bool> {
        let Some(source) = self
            .profile
            .as_ref()
            .and_then(|profile| profile.source.as_ref())
        else {
            return Ok(false);
        };
        // the labels of shuffles are 0
        if self.locate(index).1 > 0 {
            return Ok(false);
        }
        self.push_numbers(&source.column, index, margin, out)?;
        Ok(true)
    }

    /// Codes and numbers of an input for some rows in view; one of the two is empty.
    pub fn gather(
        &self,
        column: &Column,
        rows: impl Iterator<Item = usize>,
    ) -> Result<(Vec<u8>, Vec<f32>)> {
        let (mut codes, mut values, mut shuffler) = (Vec::new(), Vec::new(), Shuffler::default());
        for index in rows {
            self.push_codes(column, index, 0, 0, &mut shuffler, &mut codes)?;
            self.push_numbers(column, index, 0, &mut values)?;
        }
        Ok((codes, values))
    }

    /// The first input of sequences.
    pub fn sequence_input(&self) -> Option<&Column> {
        self.inputs
            .iter()
            .map(|input| &input.column)
            .find(|column| column.is_sequence())
    }

    /// Codes of the first input of sequences for some rows in view, and their length, which is not
    /// 0.
    pub fn sequences(&self, rows: impl Iterator<Item = usize>) -> Result<(Vec<u8>, usize)> {
        let Some(column) = self.sequence_input() else {
            bail!("data", "the dataset has no sequences")
        };
        Ok((self.gather(column, rows)?.0, column.row_shape()[0].max(1)))
    }

    /// A row in view, for messages: its number and its name.
    pub fn shown(&self, index: usize) -> String {
        self.name(index).map_or_else(
            || format!("row {index}"),
            |name| format!("row {index} ({name})"),
        )
    }

    /// What a row in view is called: the name of its source, or its place.
    pub fn name(&self, index: usize) -> Option<String> {
        let (row, _) = self.locate(index);
        if let Some(names) = &self.names {
            return Some(names[row].clone());
        }
        self.inputs.iter().find_map(|input| match &input.column {
            Column::Genome {
                genome, regions, ..
            } => {
                let place = &regions[row];
                Some(format!(
                    "{}:{}-{}",
                    genome.contigs.names()[place.chrom as usize],
                    place.start,
                    place.end
                ))
            }
            _ => None,
        })
    }

    /// The same storage with other rows in view.
    pub fn with_rows(&self, rows: Vec<u32>) -> Dataset {
        Dataset {
            rows: Arc::new(rows),
            sampling: Sampling {
                weights: None,
                ..self.sampling.clone()
            },
            notes: Vec::new(),
            ..self.clone()
        }
    }

    /// Adds shuffles of each row as negatives; other inputs of the row are repeated beside its
    /// shuffles.
    pub fn with_shuffles(&self, how: Shuffles) -> Result<Dataset> {
        if self.shuffles.is_some() {
            bail!("data", "this dataset has shuffles already");
        }
        if self.sequence_input().is_none() {
            bail!("data", "there is no sequence to shuffle");
        }
        let tasks = self.tasks();
        let negatives = self
            .rows
            .iter()
            .filter(|row| {
                self.labels[**row as usize * tasks..][..tasks]
                    .iter()
                    .all(|l| *l <= 0.0)
            })
            .count();
        let mut out = Dataset {
            shuffles: Some(how),
            ..self.clone()
        };
        if negatives > 0 && tasks > 0 {
            out.notes.push(format!(
                "{negatives} of {} rows are negatives already; their shuffles are negatives too",
                self.rows.len()
            ));
        }
        Ok(out)
    }

    /// Adds negatives that every epoch draws from another dataset of the same form.
    pub fn with_negatives(
        &self,
        negatives: &Dataset,
        ratio: f64,
        redraw: bool,
        seed: u64,
    ) -> Result<Dataset> {
        if self.pool.is_some() || negatives.pool.is_some() || negatives.shuffles.is_some() {
            bail!("data", "this dataset draws negatives already");
        }
        let joined = Dataset::concat(&[
            Dataset {
                shuffles: None,
                ..self.clone()
            },
            negatives.clone(),
        ])?;
        let n = self.rows.len() as u32;
        let pool: Vec<u32> = (n..joined.rows.len() as u32).collect();
        let count = (f64::from(n) * ratio).round() as usize;
        let mut out = joined.with_rows((0..n).collect());
        if count > pool.len() {
            out.notes.push(format!(
                "{count} negatives are drawn from {}: some come more than once in an epoch",
                pool.len()
            ));
        }
        out.shuffles = self.shuffles;
        out.sampling = self.sampling.clone();
        out.pool = Some(Pool::new(pool, count, redraw, seed));
        Ok(out)
    }

    /// Fixed shuffles and negatives become rows of their own; what is drawn anew every epoch
    /// cannot.
    pub fn materialised(&self) -> Result<Dataset> {
        if self.shuffles.is_none() && self.pool.is_none() {
            return Ok(self.clone());
        }
        if self.is_redrawn() {
            bail!("data", "negatives that are drawn anew every epoch have no fixed rows"; hint: "split first, then call `with_shuffles` or `with_negatives`");
        }
        self.stored()
    }

    /// The rows in view as storage of their own.
    fn stored(&self) -> Result<Dataset> {
        let inputs = self
            .inputs
            .iter()
            .map(|input| {
                Ok(Input {
                    column: joined(&[(self, &input.column)])?,
                    ..input.clone()
                })
            })
            .collect::<Result<_>>()?;
        let mut out = Dataset::new(inputs, self.label_names.clone(), self.all_labels())?;
        out.label_partners = self.label_partners.clone();
        out.profile = joined_profile(std::slice::from_ref(self))?;
        out.names = self
            .names
            .as_ref()
            .map(|_| Arc::new((0..self.len()).filter_map(|i| self.name(i)).collect()));
        out.truth = joined_truth(std::slice::from_ref(self));
        Ok(out)
    }

    /// The places of the rows in view.
    fn places<'a>(&'a self, regions: &'a [Interval]) -> impl Iterator<Item = Interval> + 'a {
        (0..self.len()).map(|i| regions[self.locate(i).0])
    }

    /// Several datasets of the same form, one after the other.
    pub fn concat(parts: &[Dataset]) -> Result<Dataset> {
        let parts = parts
            .iter()
            .map(Dataset::materialised)
            .collect::<Result<Vec<_>>>()?;
        let Some(first) = parts.first() else {
            bail!("data", "concat needs at least one dataset")
        };
        for other in &parts[1..] {
            let same = first.inputs.len() == other.inputs.len()
                && first
                    .inputs
                    .iter()
                    .zip(&other.inputs)
                    .all(|(a, b)| a.name == b.name && a.column.shape() == b.column.shape());
            if !same || first.label_names.len() != other.label_names.len() {
                bail!(
                    "data",
                    "datasets of different inputs, lengths or labels cannot be joined: {} and {}",
                    first.form(),
                    other.form()
                );
            }
        }
        if let Some((a, b)) = disagreement(&parts) {
            bail!("data", "datasets that cannot be joined: {a} and {b}"; hint: "make both with the same `bins`, `label_pairs`, `stranded` and `along`");
        }
        let mut inputs = Vec::new();
        for (i, input) in first.inputs.iter().enumerate() {
            let columns: Vec<(&Dataset, &Column)> = parts
                .iter()
                .map(|part| (part, &part.inputs[i].column))
                .collect();
            inputs.push(Input {
                column: joined(&columns)?,
                ..input.clone()
            });
        }
        let mut out = Dataset::new(
            inputs,
            first.label_names.clone(),
            parts.iter().flat_map(Dataset::all_labels).collect(),
        )?;
        out.label_partners = parts.iter().find_map(|part| part.label_partners.clone());
        out.profile = joined_profile(&parts)?;
        out.truth = joined_truth(&parts);
        if parts.iter().all(|part| part.names.is_some()) {
            out.names = Some(Arc::new(
                parts
                    .iter()
                    .flat_map(|part| (0..part.len()).filter_map(|i| part.name(i)))
                    .collect(),
            ));
        }
        Ok(out)
    }

    /// Inputs and labels in words: `sequence [4, 101], label Bound`.
    pub fn form(&self) -> String {
        let inputs: Vec<String> = self
            .inputs
            .iter()
            .map(|input| {
                format!(
                    "{} {}",
                    input.name,
                    cistron_base::shape::text(&input.column.shape())
                )
            })
            .collect();
        let labels = match self.label_names.len() {
            0 => "no label".to_string(),
            1 => format!("label {}", self.label_names[0]),
            n => format!("{n} labels"),
        };
        format!("{}, {labels}", inputs.join(", "))
    }

    /// The share of labels that are 1 among those defined, for each task.
    pub fn positives(&self) -> Vec<f64> {
        let tasks = self.tasks();
        let mut sums = vec![(0.0f64, 0usize); tasks];
        for (i, label) in self
            .all_labels()
            .iter()
            .enumerate()
            .filter(|(_, label)| !label.is_nan())
        {
            sums[i % tasks].0 += f64::from(u8::from(*label > 0.5));
            sums[i % tasks].1 += 1;
        }
        sums.into_iter()
            .map(|(positive, n)| {
                if n == 0 {
                    f64::NAN
                } else {
                    positive / n as f64
                }
            })
            .collect()
    }
}

/// What is known of the rows in view, where it is known of all of them: nothing is of shuffles.
pub(super) fn joined_truth(parts: &[Dataset]) -> Option<Arc<Truth>> {
    let own = |part: &Dataset| {
        part.truth
            .as_deref()
            .filter(|_| part.shuffles.is_none())
            .map(|_| (0..part.len()).map(|i| part.locate(i).0).collect())
    };
    let rows: Vec<Vec<usize>> = parts.iter().map(own).collect::<Option<_>>()?;
    let known: Vec<(&Truth, Vec<usize>)> = parts
        .iter()
        .filter_map(|part| part.truth.as_deref())
        .zip(rows)
        .collect();
    Truth::gather(&known).map(Arc::new)
}

/// What two datasets of the same form say differently of the reverse strand, in words. Labels that
/// are 0 in every row, as those of negatives, agree with any.
fn disagreement(parts: &[Dataset]) -> Option<(&'static str, &'static str)> {
    let first = parts.first()?;
    for other in &parts[1..] {
        for (a, b) in first.inputs.iter().zip(&other.inputs) {
            if a.is_along != b.is_along {
                return Some(("an input along the sequence", "one that is not"));
            }
            if a.partners != b.partners {
                return Some((
                    "an input whose channels are pairs of strands",
                    "one whose channels are not",
                ));
            }
        }
        let is_set = |set: &Dataset| set.labels.iter().any(|label| *label != 0.0);
        if first.label_partners != other.label_partners && is_set(first) && is_set(other) {
            return Some((
                "labels that change places on the reverse strand",
                "labels that do so in another way, or not at all",
            ));
        }
    }
    None
}

/// How the labels of the rows in view are placed; their signals are known where they are for every
/// row.
fn joined_profile(parts: &[Dataset]) -> Result<Option<Arc<Profile>>> {
    let Some(known) = parts.iter().find_map(|part| part.profile.clone()) else {
        return Ok(None);
    };
    let of = |part: &Dataset| {
        part.profile
            .as_ref()
            .filter(|_| part.shuffles.is_none())
            .and_then(|own| own.source.clone())
    };
    let sources: Vec<Source> = parts.iter().filter_map(of).collect();
    let mut source = None;
    if let Some(first) = sources.first().filter(|first| {
        sources.len() == parts.len() && sources.iter().all(|own| own.is_like(first))
    }) {
        let columns: Vec<(&Dataset, &Column)> = parts
            .iter()
            .zip(&sources)
            .map(|(part, own)| (part, &own.column))
            .collect();
        source = Some(Source {
            column: joined(&columns)?,
            ..first.clone()
        });
    }
    Ok(Some(Arc::new(Profile {
        bins: known.bins,
        source,
    })))
}

/// The rows in view of columns of one form, behind each other: places of one genome stay places
/// where no row is a shuffle, anything else is read.
fn joined(parts: &[(&Dataset, &Column)]) -> Result<Column> {
    let first = parts[0].1;
    match first {
        Column::Genome { genome, length, .. } => {
            let own = parts.iter().map(|(part, column)| match column {
                Column::Genome {
                    genome: other,
                    regions,
                    ..
                } if Arc::ptr_eq(other, genome) && part.shuffles.is_none() => {
                    Some(part.places(regions))
                }
                _ => None,
            });
            if let Some(lists) = own.collect::<Option<Vec<_>>>() {
                return Ok(Column::Genome {
                    genome: genome.clone(),
                    regions: Arc::new(lists.into_iter().flatten().collect()),
                    length: *length,
                });
            }
        }
        Column::Signal {
            channels,
            length,
            partners,
            ..
        } => {
            let own = parts.iter().map(|(part, column)| match column {
                Column::Signal {
                    channels: other,
                    regions,
                    ..
                } if Arc::ptr_eq(other, channels) => Some(part.places(regions)),
                _ => None,
            });
            if let Some(lists) = own.collect::<Option<Vec<_>>>() {
                let regions = Arc::new(lists.into_iter().flatten().collect());
                return Ok(Column::Signal {
                    channels: channels.clone(),
                    regions,
                    length: *length,
                    partners: partners.clone(),
                });
            }
        }
        Column::Sequence { .. } | Column::Dense { .. } => {}
    }
    let (mut codes, mut values) = (Vec::new(), Vec::new());
    for (part, column) in parts {
        let (own_codes, own_values) = part.gather(column, 0..part.len())?;
        codes.extend(own_codes);
        values.extend(own_values);
    }
    let shape = first.row_shape();
    Ok(if first.is_sequence() {
        Column::Sequence {
            codes: Arc::new(codes),
            length: shape[0],
        }
    } else {
        Column::Dense {
            values: Arc::new(values),
            shape,
        }
    })
}

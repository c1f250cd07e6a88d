//! Datasets: named inputs and labels, and the rows of them that are in view.

mod concat;
mod labels;
mod pool;

pub(super) use concat::joined_truth;
pub use pool::{Pool, Shuffles};

use super::column::Column;
use super::label_group::LabelGroup;
use super::mix::Mix;
use super::profile::Profile;
use super::ragged::{Batching, LabelSizes};
use super::sampling::Sampling;
use crate::seq::shuffle::Shuffler;
use crate::seq::simulate::Truth;
use cistron_base::Result;
use cistron_base::bail;
use cistron_base::seed::Rng;
use ndarray::Array2;
use std::sync::Arc;

/// One named input.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name; `sequence` by default for sequences.
    pub name: String,
    /// Its values.
    pub column: Column,
    /// The channel that each of its channels becomes on the other strand; none where they keep
    /// their places.
    pub partners: Option<Arc<Vec<usize>>>,
    /// Whether its last axis is that of the sequence, so that it moves and turns with it.
    pub is_along: bool,
    /// Last axes that are reversed on the reverse strand: one of tracks, two of maps of pairs of
    /// positions. Inputs along the sequence are reversed as it is.
    pub reversed_axes: usize,
}

impl Input {
    /// An input whose channels keep their order on the reverse strand; sequences and signals are
    /// along the sequence.
    pub fn new(name: impl Into<String>, column: Column) -> Input {
        let is_along = column.is_sequence() || matches!(column, Column::Signal { .. });
        Input {
            name: name.into(),
            column,
            partners: None,
            is_along,
            reversed_axes: 0,
        }
    }
}

/// Labels of all rows of a storage, `[rows, labels]`.
pub type LabelMatrix = Array2<f32>;

/// A dataset: storage shared by all its splits, and the rows that are in view.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Named inputs; the first is the main one.
    pub inputs: Vec<Input>,
    /// Names of the labels.
    pub label_names: Vec<String>,
    /// `[storage rows, labels]`; NaN is undefined.
    pub labels: Arc<LabelMatrix>,
    /// Named labels of any shape, in the order of their columns.
    pub label_groups: Arc<[LabelGroup]>,
    /// A name for each row of the storage, where the source had one.
    pub names: Option<Arc<Vec<String>>>,
    /// The storage rows in view, in order.
    pub rows: Arc<Vec<u32>>,
    /// Shuffles of the rows that follow them as negatives.
    pub shuffles: Option<Shuffles>,
    /// Negatives that are drawn for each epoch, after the rows and their shuffles.
    pub pool: Option<Pool>,
    /// How training passes draw rows.
    pub sampling: Sampling,
    /// The datasets whose rows are in every batch, where there are several.
    pub mix: Option<Arc<Mix>>,
    /// How rows that differ in size become batches; none where all have one size.
    pub batching: Option<Batching>,
    /// Shapes of labels that differ in size.
    pub label_sizes: Vec<LabelSizes>,
    /// The label that each label becomes on the other strand; none where labels do not depend on
    /// the strand.
    pub label_partners: Option<Arc<Vec<usize>>>,
    /// How labels are placed along the sequence; none where they are not.
    pub profile: Option<Arc<Profile>>,
    /// The truth of simulated sequences, for each row of the storage.
    pub truth: Option<Arc<Truth>>,
    /// Notes about reading it.
    pub notes: Vec<String>,
}

impl Dataset {
    /// A dataset of whole columns, and labels row by row; fails where they do not have as many
    /// rows.
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
        let count = labels.len();
        let Ok(labels) = Array2::from_shape_vec((n, label_names.len()), labels) else {
            bail!(
                "data",
                "{count} labels of {} columns for {n} rows",
                label_names.len()
            )
        };
        Ok(Dataset {
            inputs,
            label_groups: LabelGroup::single(&label_names).into(),
            label_names,
            labels: Arc::new(labels),
            names: None,
            rows: Arc::new((0..n as u32).collect()),
            shuffles: None,
            pool: None,
            sampling: Sampling::default(),
            mix: None,
            batching: None,
            label_sizes: Vec::new(),
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
        if shuffle > 0 {
            out.extend(std::iter::repeat_n(0.0, self.tasks()));
        } else {
            out.extend(self.labels.row(row));
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
            .map_err(|fault| fault.context(self.row_text(index)))?;
        if let (Some(how), true) = (self.shuffles, shuffle > 0 && column.is_sequence()) {
            let drawn = if how.redraw { epoch + 1 } else { 0 };
            let mut rng = Rng::keyed(&[how.seed, 0x7368_7566, drawn, row as u64, shuffle as u64]);
            // sequences of a file have nothing around them; of a genome's the surroundings are
            // shuffled along
            let edge = if !matches!(column, Column::Genome { .. }) {
                margin
            } else {
                0
            };
            let end = out.len() - edge;
            shuffler.shuffle(&mut out[start + edge..end], how.k, &mut rng);
        }
        Ok(())
    }

    /// Appends the codes of a row in view of an alphabet other than that of bases.
    pub fn push_letters(&self, column: &Column, index: usize, out: &mut Vec<u8>) {
        if let Column::Ragged(rows) = column {
            rows.letters(self.locate(index).0, out);
        }
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
            .map_err(|fault| fault.context(self.row_text(index)))
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
            self.push_letters(column, index, &mut codes);
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
        if let Column::Ragged(_) = column {
            bail!("data", "the sequences differ in length, and this needs sequences of one length";
                hint: "`set.sequences()` returns them as strings");
        }
        Ok((self.gather(column, rows)?.0, column.row_shape()[0].max(1)))
    }

    /// A row in view, for messages: its number and its name.
    pub fn row_text(&self, index: usize) -> String {
        self.name(index).map_or_else(
            || format!("row {index}"),
            |name| format!("row {index} ({name})"),
        )
    }

    /// The name of a row in view: that in its source, or its position.
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
        self.refuse_mix("adding shuffles")?;
        if !self.label_sizes.is_empty() {
            bail!(
                "data",
                "labels that differ in size have no values of shuffles"
            );
        }
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
            .filter(|row| self.labels.row(**row as usize).iter().all(|l| *l <= 0.0))
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
        self.refuse_mix("adding negatives")?;
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
        let is_shaped = self.label_groups.iter().any(|group| group.shape.len() > 1);
        let labels = match self.label_names.len() {
            _ if is_shaped => {
                let groups: Vec<String> = self.label_groups.iter().map(LabelGroup::text).collect();
                format!("labels {}", groups.join(", "))
            }
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

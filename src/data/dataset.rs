//! What a dataset is: named inputs and labels, and the rows of them that are in view.

use crate::bail;
use crate::base::Result;
use crate::base::seed::Rng;
use crate::seq::shuffle::Shuffler;
use std::sync::Arc;

/// One named input.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name; sequences are `sequence` unless told otherwise.
    pub name: String,
    /// Its values.
    pub column: Column,
}

/// The values of an input, all rows of the storage.
#[derive(Clone, Debug)]
pub enum Column {
    /// Codes of sequences of one length, row after row.
    Sequence {
        /// `rows * length` codes.
        codes: Arc<Vec<u8>>,
        /// Bases in each row.
        length: usize,
    },
    /// Numbers of one shape, row after row.
    Dense {
        /// `rows * product of shape` numbers.
        values: Arc<Vec<f32>>,
        /// The shape of a row, such as `[5, 101]`.
        shape: Vec<usize>,
    },
}

impl Column {
    /// The shape that a network sees for one row.
    pub fn shape(&self) -> Vec<i64> {
        match self {
            Column::Sequence { length, .. } => vec![4, *length as i64],
            Column::Dense { shape, .. } => shape.iter().map(|n| *n as i64).collect(),
        }
    }

    /// Values in a row.
    pub fn stride(&self) -> usize {
        match self {
            Column::Sequence { length, .. } => *length,
            Column::Dense { shape, .. } => shape.iter().product(),
        }
    }

    /// Rows in storage.
    pub fn rows(&self) -> usize {
        let total = match self {
            Column::Sequence { codes, .. } => codes.len(),
            Column::Dense { values, .. } => values.len(),
        };
        total / self.stride().max(1)
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
    /// What reading it had to say.
    pub notes: Vec<String>,
}

impl Dataset {
    /// A dataset of whole columns; fails where they do not have as many rows.
    pub fn new(inputs: Vec<Input>, label_names: Vec<String>, labels: Vec<f32>) -> Result<Dataset> {
        let Some(first) = inputs.first() else { bail!("data", "a dataset needs at least one input") };
        let n = first.column.rows();
        if n == 0 {
            bail!("data", "input `{}` holds no rows", first.name);
        }
        for input in &inputs {
            let rows = input.column.rows();
            if rows != n {
                bail!("data", "input `{}` has {rows} rows, `{}` has {n}", input.name, first.name);
            }
        }
        if labels.len() != n * label_names.len() {
            bail!("data", "{} labels of {} columns for {n} rows", labels.len(), label_names.len());
        }
        Ok(Dataset { inputs, label_names, labels: Arc::new(labels), names: None, rows: Arc::new((0..n as u32).collect()), shuffles: None, notes: Vec::new() })
    }

    /// Rows in view, shuffles included.
    pub fn len(&self) -> usize {
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

    /// The storage row of a row in view, and which shuffle of it (0: itself).
    pub fn locate(&self, index: usize) -> (usize, usize) {
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

    /// Appends the codes of a row in view, shuffled where it is a shuffle; `key` tells the epoch.
    pub fn push_codes(&self, column: &Column, index: usize, epoch: u64, shuffler: &mut Shuffler, out: &mut Vec<u8>) {
        let Column::Sequence { codes, length } = column else { return };
        let (row, shuffle) = self.locate(index);
        let start = out.len();
        out.extend_from_slice(&codes[row * length..(row + 1) * length]);
        if let (Some(how), true) = (self.shuffles, shuffle > 0) {
            let drawn = if how.redraw { epoch + 1 } else { 0 };
            let mut rng = Rng::keyed(&[how.seed, 0x7368_7566, drawn, row as u64, shuffle as u64]);
            shuffler.shuffle(&mut out[start..], how.k, &mut rng);
        }
    }

    /// Appends the numbers of a row in view.
    pub fn push_dense(&self, column: &Column, index: usize, out: &mut Vec<f32>) {
        let Column::Dense { values, .. } = column else { return };
        let stride = column.stride();
        let (row, _) = self.locate(index);
        out.extend_from_slice(&values[row * stride..(row + 1) * stride]);
    }

    /// The same storage with other rows in view.
    pub fn with_rows(&self, rows: Vec<u32>) -> Dataset {
        Dataset { rows: Arc::new(rows), notes: Vec::new(), ..self.clone() }
    }

    /// Adds shuffles of each row as negatives; other inputs of the row are repeated beside its shuffles.
    pub fn with_shuffles(&self, how: Shuffles) -> Result<Dataset> {
        if self.shuffles.is_some() {
            bail!("data", "this dataset has shuffles already");
        }
        if !self.inputs.iter().any(|input| matches!(input.column, Column::Sequence { .. })) {
            bail!("data", "there is no sequence to shuffle");
        }
        let tasks = self.tasks();
        let negatives = self.rows.iter().filter(|row| self.labels[**row as usize * tasks..][..tasks].iter().all(|l| *l <= 0.0)).count();
        let mut out = Dataset { shuffles: Some(how), ..self.clone() };
        if negatives > 0 && tasks > 0 {
            out.notes.push(format!("{negatives} of {} rows are negatives already; their shuffles are negatives too", self.rows.len()));
        }
        Ok(out)
    }

    /// Fixed shuffles become rows of their own; redrawn ones cannot.
    pub fn materialised(&self) -> Result<Dataset> {
        let Some(how) = self.shuffles else { return Ok(self.clone()) };
        if how.redraw {
            bail!("data", "shuffles that are drawn anew every epoch have no fixed rows"; hint: "split first, then call `with_shuffles`");
        }
        let mut shuffler = Shuffler::default();
        let inputs = self
            .inputs
            .iter()
            .map(|input| {
                let column = match &input.column {
                    Column::Sequence { length, .. } => {
                        let mut codes = Vec::with_capacity(self.len() * length);
                        (0..self.len()).for_each(|index| self.push_codes(&input.column, index, 0, &mut shuffler, &mut codes));
                        Column::Sequence { codes: Arc::new(codes), length: *length }
                    }
                    Column::Dense { shape, .. } => {
                        let mut values = Vec::new();
                        (0..self.len()).for_each(|index| self.push_dense(&input.column, index, &mut values));
                        Column::Dense { values: Arc::new(values), shape: shape.clone() }
                    }
                };
                Input { name: input.name.clone(), column }
            })
            .collect();
        Dataset::new(inputs, self.label_names.clone(), self.all_labels())
    }

    /// Several datasets of the same form, one after the other.
    pub fn concat(parts: &[Dataset]) -> Result<Dataset> {
        let parts = parts.iter().map(Dataset::materialised).collect::<Result<Vec<_>>>()?;
        let Some(first) = parts.first() else { bail!("data", "concat needs at least one dataset") };
        for other in &parts[1..] {
            let same = first.inputs.len() == other.inputs.len()
                && first.inputs.iter().zip(&other.inputs).all(|(a, b)| a.name == b.name && a.column.shape() == b.column.shape());
            if !same || first.label_names.len() != other.label_names.len() {
                bail!("data", "datasets of different inputs, lengths or labels cannot be joined: {} and {}", first.form(), other.form());
            }
        }
        let mut shuffler = Shuffler::default();
        let inputs = first
            .inputs
            .iter()
            .enumerate()
            .map(|(i, input)| {
                let (mut codes, mut values) = (Vec::new(), Vec::new());
                for part in &parts {
                    for index in 0..part.len() {
                        part.push_codes(&part.inputs[i].column, index, 0, &mut shuffler, &mut codes);
                        part.push_dense(&part.inputs[i].column, index, &mut values);
                    }
                }
                let column = match &input.column {
                    Column::Sequence { length, .. } => Column::Sequence { codes: Arc::new(codes), length: *length },
                    Column::Dense { shape, .. } => Column::Dense { values: Arc::new(values), shape: shape.clone() },
                };
                Input { name: input.name.clone(), column }
            })
            .collect();
        Dataset::new(inputs, first.label_names.clone(), parts.iter().flat_map(Dataset::all_labels).collect())
    }

    /// Inputs and labels in words: `sequence [4, 101], label Bound`.
    pub fn form(&self) -> String {
        let inputs: Vec<String> = self.inputs.iter().map(|input| format!("{} {}", input.name, crate::base::shape::text(&input.column.shape()))).collect();
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
        for (i, label) in self.all_labels().iter().enumerate().filter(|(_, label)| !label.is_nan()) {
            sums[i % tasks].0 += f64::from(u8::from(*label > 0.5));
            sums[i % tasks].1 += 1;
        }
        sums.into_iter().map(|(positive, n)| if n == 0 { f64::NAN } else { positive / n as f64 }).collect()
    }
}

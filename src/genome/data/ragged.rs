//! Rows that differ in length or size, such as proteins, pair maps and sets of genes.

use super::column::Column;
use super::{Dataset, Input};
use crate::seq::alphabet;
use crate::seq::alphabets::Alphabet;
use cistron_base::{Result, bail, shape};
use std::sync::Arc;

/// How rows that differ in size become batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// Each row is a batch.
    One,
    /// Rows are padded to the largest of their batch.
    Padded,
    /// The same, and the rows of a training batch are of similar size.
    Bucketed,
}

/// The values of rows, one row after another.
#[derive(Clone, Debug)]
pub enum RowValues {
    /// Codes of bases.
    Bases(Vec<u8>),
    /// Codes of letters of an alphabet.
    Letters(Vec<u8>, Alphabet),
    /// Numbers.
    Numbers(Vec<f32>),
}

impl RowValues {
    fn len(&self) -> usize {
        match self {
            RowValues::Bases(codes) | RowValues::Letters(codes, _) => codes.len(),
            RowValues::Numbers(values) => values.len(),
        }
    }
}

/// Rows with the same number of axes, each of its own shape.
#[derive(Clone, Debug)]
pub struct Ragged {
    /// The values.
    pub values: RowValues,
    /// The first value of each row, and the end.
    offsets: Vec<usize>,
    /// `rows * rank` sizes.
    sizes: Vec<u32>,
    /// The largest size of each axis.
    largest: Vec<usize>,
}

impl Ragged {
    /// Rows of values, in order.
    pub fn new(values: RowValues, shapes: &[Vec<usize>]) -> Result<Ragged> {
        let Some(first) = shapes.first() else {
            bail!("data", "there are no rows")
        };
        let (mut offsets, mut largest) = (vec![0], vec![0; first.len()]);
        for (row, own) in shapes.iter().enumerate() {
            if own.len() != first.len() {
                bail!(
                    "shape",
                    "row {row} has {} axes, row 0 has {}: only sizes may differ",
                    own.len(),
                    first.len()
                );
            }
            if own.contains(&0) {
                bail!("shape", "row {row} is {}: it is empty", text(own));
            }
            let axes = largest.iter_mut().zip(own);
            axes.for_each(|(largest, size)| *largest = (*largest).max(*size));
            offsets.push(offsets[row] + own.iter().product::<usize>());
        }
        if offsets.last() != Some(&values.len()) {
            bail!("internal", "{} values do not fill the rows", values.len());
        }
        Ok(Ragged {
            values,
            offsets,
            sizes: shapes.iter().flatten().map(|size| *size as u32).collect(),
            largest,
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The shape of a row; of sequences their length.
    pub fn shape_of(&self, row: usize) -> Vec<usize> {
        let rank = self.largest.len();
        let own = &self.sizes[row * rank..(row + 1) * rank];
        own.iter().map(|size| *size as usize).collect()
    }

    /// The largest size of each axis.
    pub fn largest(&self) -> &[usize] {
        &self.largest
    }

    /// The values of a row.
    fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.offsets[row]..self.offsets[row + 1]
    }

    /// The axis that sizes differ along, the last of several; the last where none differ.
    fn length_axis(&self) -> usize {
        let rank = self.largest.len();
        let differs = |axis: &usize| {
            let mut sizes = self.sizes.iter().skip(*axis).step_by(rank);
            sizes.any(|size| *size as usize != self.largest[*axis])
        };
        (0..rank)
            .rev()
            .find(differs)
            .unwrap_or(rank.saturating_sub(1))
    }

    /// The size of each row along the axis that sizes differ along.
    fn lengths(&self) -> Vec<usize> {
        let (axis, rank) = (self.length_axis(), self.largest.len());
        let sizes = self.sizes.iter().skip(axis).step_by(rank.max(1));
        sizes.map(|size| *size as usize).collect()
    }

    /// Whether all rows have one shape.
    fn is_even(&self) -> bool {
        let rank = self.largest.len();
        self.sizes.iter().enumerate().all(|(i, size)| {
            let axis = i % rank.max(1);
            *size as usize == self.largest[axis]
        })
    }

    /// A column; rows of one shape become a column of that shape.
    pub fn into_column(self) -> Column {
        if !self.is_even() || matches!(self.values, RowValues::Letters(..)) {
            return Column::Ragged(Arc::new(self));
        }
        match self.values {
            RowValues::Numbers(values) => Column::Dense {
                values: Arc::new(values),
                shape: self.largest,
            },
            RowValues::Bases(codes) | RowValues::Letters(codes, _) => Column::Sequence {
                codes: Arc::new(codes),
                length: self.largest[0],
            },
        }
    }

    /// Appends the codes of a row of bases with `margin` N on both sides.
    pub fn bases(&self, row: usize, margin: usize, out: &mut Vec<u8>) {
        if let RowValues::Bases(codes) = &self.values {
            out.resize(out.len() + margin, alphabet::UNKNOWN);
            out.extend_from_slice(&codes[self.range(row)]);
            out.resize(out.len() + margin, alphabet::UNKNOWN);
        }
    }

    /// Appends the codes of a row of letters.
    pub fn letters(&self, row: usize, out: &mut Vec<u8>) {
        if let RowValues::Letters(codes, _) = &self.values {
            out.extend_from_slice(&codes[self.range(row)]);
        }
    }

    /// The numbers of a row.
    pub fn numbers(&self, row: usize) -> &[f32] {
        match &self.values {
            RowValues::Numbers(values) => &values[self.range(row)],
            _ => &[],
        }
    }

    /// Some rows of several columns of one kind, one column after the other.
    pub fn gathered(parts: &[(&Ragged, Vec<usize>)]) -> Result<Ragged> {
        let Some((first, _)) = parts.first() else {
            bail!("data", "there are no rows")
        };
        let mut shapes = Vec::new();
        let (mut codes, mut numbers) = (Vec::new(), Vec::new());
        for (part, rows) in parts {
            for row in rows {
                shapes.push(part.shape_of(*row));
                part.bases(*row, 0, &mut codes);
                part.letters(*row, &mut codes);
                numbers.extend_from_slice(part.numbers(*row));
            }
        }
        let values = match &first.values {
            RowValues::Bases(_) => RowValues::Bases(codes),
            RowValues::Letters(_, alphabet) => RowValues::Letters(codes, *alphabet),
            RowValues::Numbers(_) => RowValues::Numbers(numbers),
        };
        Ragged::new(values, &shapes)
    }

    /// Whether rows of two columns can be in one.
    pub fn is_like(&self, other: &Ragged) -> bool {
        let same = match (&self.values, &other.values) {
            (RowValues::Letters(_, a), RowValues::Letters(_, b)) => a == b,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        };
        same && self.largest.len() == other.largest.len()
    }
}

fn text(sizes: &[usize]) -> String {
    shape::text(&sizes.iter().map(|n| *n as i64).collect::<Vec<_>>())
}

/// Spreads the values of a row, which are the last of `out`, over a larger block of zeros.
pub fn pad(out: &mut Vec<f32>, own: &[usize], block: &[usize]) {
    if own == block {
        return;
    }
    let start = out.len() - own.iter().product::<usize>();
    let values = out.split_off(start);
    out.resize(start + block.iter().product::<usize>(), 0.0);
    let width = own.last().copied().unwrap_or(1).max(1);
    let mut place = vec![0usize; own.len().saturating_sub(1)];
    for line in values.chunks(width) {
        let at = place
            .iter()
            .zip(&block[..place.len()])
            .fold(0, |at, (i, size)| at * size + i);
        let from = start + at * block.last().copied().unwrap_or(1);
        out[from..from + line.len()].copy_from_slice(line);
        for axis in (0..place.len()).rev() {
            place[axis] += 1;
            if place[axis] < own[axis] {
                break;
            }
            place[axis] = 0;
        }
    }
}

impl Dataset {
    /// A dataset of rows that differ in size. Batches of several rows have an input `mask`
    /// `[1, length]` that is 1 where a row has values and 0 where it is padded; where inputs differ
    /// in length within a row, each has a mask of its own, `mask_NAME`.
    pub fn ragged(
        mut inputs: Vec<(String, Ragged)>,
        label_names: Vec<String>,
        labels: Vec<f32>,
        batching: Batching,
    ) -> Result<Dataset> {
        inputs.sort_by_key(|(_, rows)| !matches!(rows.values, RowValues::Bases(_)));
        let is_bases = |rows: &Ragged| matches!(rows.values, RowValues::Bases(_));
        let bases = inputs.iter().find(|(_, rows)| is_bases(rows));
        let length = bases.map(|(_, rows)| rows.lengths());
        let along = |rows: &Ragged| {
            let fits = rows.largest.len() <= 2 && Some(rows.lengths()) == length;
            is_bases(rows) || fits
        };
        let masks = match batching {
            Batching::One => Vec::new(),
            _ => masks(&inputs)?,
        };
        let of = |(name, rows): (String, Ragged)| {
            let is_along = along(&rows);
            Input {
                is_along,
                ..Input::new(name, rows.into_column())
            }
        };
        let masks = masks.into_iter().map(of).collect::<Vec<_>>();
        let inputs = inputs.iter().cloned().map(of).chain(masks).collect();
        let mut out = Dataset::new(inputs, label_names, labels)?;
        out.batching = Some(batching);
        Ok(out)
    }

    /// Makes a dataset of which an input differs in size padded, with a mask.
    pub(super) fn add_masks(&mut self) -> Result<()> {
        let uneven: Vec<(String, Ragged)> = self
            .inputs
            .iter()
            .filter_map(|input| match &input.column {
                Column::Ragged(rows) if !rows.is_even() => {
                    Some((input.name.clone(), (**rows).clone()))
                }
                _ => None,
            })
            .collect();
        if uneven.is_empty() || self.batching.is_some() {
            return Ok(());
        }
        self.batching = Some(Batching::Padded);
        for (name, rows) in masks(&uneven)? {
            let mask = Input {
                is_along: true,
                ..Input::new(name, rows.into_column())
            };
            self.inputs.push(mask);
        }
        Ok(())
    }

    /// The shape of a row in view of an input.
    pub fn size_of(&self, column: &Column, index: usize) -> Vec<usize> {
        match column {
            Column::Ragged(rows) => rows.shape_of(self.locate(index).0),
            _ => column.row_shape(),
        }
    }

    /// The shape of an input in a batch of rows: the largest size of each axis.
    pub fn size_in_batch(&self, column: &Column, index: &[u32]) -> Vec<usize> {
        let Column::Ragged(_) = column else {
            return column.row_shape();
        };
        let mut out: Vec<usize> = Vec::new();
        for row in index {
            let own = self.size_of(column, *row as usize);
            out.resize(own.len(), 0);
            out.iter_mut()
                .zip(&own)
                .for_each(|(most, size)| *most = (*most).max(*size));
        }
        out
    }

    /// Number of values of a row in view, which determines its bucket.
    pub fn values_of(&self, index: usize) -> usize {
        let inputs = self.inputs.iter();
        let sizes =
            inputs.map(|input| self.size_of(&input.column, index).iter().product::<usize>());
        sizes.sum()
    }
}

/// A mask of all inputs, or of each where their lengths differ within a row.
fn masks(inputs: &[(String, Ragged)]) -> Result<Vec<(String, Ragged)>> {
    let uneven: Vec<&(String, Ragged)> =
        inputs.iter().filter(|(_, rows)| !rows.is_even()).collect();
    let uneven = match uneven.is_empty() {
        true => inputs.first().into_iter().collect(),
        false => uneven,
    };
    let first = uneven.first().map(|(_, rows)| rows.lengths());
    let is_one = uneven.iter().all(|(_, rows)| Some(rows.lengths()) == first);
    let chosen = if is_one {
        &uneven[..uneven.len().min(1)]
    } else {
        &uneven[..]
    };
    let mask = |(name, rows): &&(String, Ragged)| {
        let lengths = rows.lengths();
        let name = match is_one {
            true => "mask".to_string(),
            false => format!("mask_{name}"),
        };
        if inputs.iter().any(|(other, _)| *other == name) {
            bail!("name", "an input is called `{name}`, which is the name of the mask";
                hint: "rename the input, or use `batches: \"one\"`");
        }
        let shapes: Vec<Vec<usize>> = lengths.iter().map(|length| vec![1, *length]).collect();
        let ones = RowValues::Numbers(vec![1.0; lengths.iter().sum()]);
        Ok((name, Ragged::new(ones, &shapes)?))
    };
    chosen.iter().map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::loader::{Loader, Values};
    use cistron_base::seed::Rng;

    /// Rows of random lengths whose values are the number of the row plus a fraction of the place,
    /// and pair maps of the same lengths.
    fn set(lengths: &[usize], batching: Batching) -> Dataset {
        let value = |row: usize, at: usize| row as f32 + at as f32 / 1000.0;
        let tracks = lengths.iter().enumerate();
        let tracks: Vec<f32> = tracks
            .flat_map(|(row, n)| (0..*n).map(move |i| value(row, i)))
            .collect();
        let maps = lengths.iter().enumerate();
        let maps = maps.flat_map(|(row, n)| (0..n * n).map(move |i| value(row, i % 100)));
        let shapes: Vec<Vec<usize>> = lengths.iter().map(|n| vec![1, *n]).collect();
        let squares: Vec<Vec<usize>> = lengths.iter().map(|n| vec![*n, *n]).collect();
        let track = Ragged::new(RowValues::Numbers(tracks), &shapes).expect("rows");
        let map = Ragged::new(RowValues::Numbers(maps.collect()), &squares).expect("rows");
        let inputs = vec![("track".into(), track), ("map".into(), map)];
        let labels = (0..lengths.len()).map(|row| row as f32).collect();
        Dataset::ragged(inputs, vec!["y".into()], labels, batching).expect("a dataset")
    }

    /// Every row is in one batch of a pass, its values in their places, zeros and mask 0 elsewhere;
    /// batches are as large as their largest row, and the same for any number of threads.
    #[test]
    fn batches_hold_rows_padded_to_their_largest() {
        let mut rng = Rng::keyed(&[0x7261_6767]);
        for case in 0..100 {
            let n = 1 + rng.below(30);
            let mut lengths: Vec<usize> = (0..n).map(|_| 1 + rng.below(12)).collect();
            lengths.extend([1, 13]);
            for batching in [Batching::One, Batching::Padded, Batching::Bucketed] {
                let set = set(&lengths, batching);
                let loader = |threads| Loader {
                    seed: Some(case),
                    threads,
                    ..Loader::plain(&set, 1 + case as usize % 7)
                };
                let batches: Vec<_> = loader(1).start().map(|b| b.expect("a batch")).collect();
                let other: Vec<_> = loader(3).start().map(|b| b.expect("a batch")).collect();
                let mut seen = Vec::new();
                for (batch, same) in batches.iter().zip(&other) {
                    assert_eq!(batch.index, same.index);
                    let most = batch.index.iter().map(|row| lengths[*row as usize]).max();
                    let most = most.expect("rows");
                    for (name, values) in &batch.inputs {
                        let Values::Dense(numbers, shape) = values else {
                            panic!("numbers")
                        };
                        assert_eq!(shape.last(), Some(&most));
                        let block: usize = shape.iter().product();
                        for (row, own) in batch.index.iter().zip(numbers.chunks(block)) {
                            let n = lengths[*row as usize];
                            for (at, found) in own.iter().enumerate() {
                                let (i, j) = (at / most, at % most);
                                let inside = j < n && (name != "map" || i < n);
                                let value = match name.as_str() {
                                    "mask" => 1.0,
                                    "track" => *row as f32 + j as f32 / 1000.0,
                                    _ => *row as f32 + ((i * n + j) % 100) as f32 / 1000.0,
                                };
                                assert_eq!(*found, if inside { value } else { 0.0 });
                            }
                        }
                    }
                    assert_eq!(
                        batch.inputs.len(),
                        if batching == Batching::One { 2 } else { 3 }
                    );
                    seen.extend(batch.index.iter().copied());
                }
                if batching == Batching::One {
                    assert!(batches.iter().all(|batch| batch.size == 1));
                }
                seen.sort_unstable();
                assert_eq!(seen, (0..lengths.len() as u32).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn buckets_hold_rows_of_similar_size() {
        let mut rng = Rng::keyed(&[3]);
        let lengths: Vec<usize> = (0..640).map(|_| 1 + rng.below(100)).collect();
        let waste = |batching| {
            let set = set(&lengths, batching);
            let loader = Loader {
                seed: Some(1),
                ..Loader::plain(&set, 10)
            };
            let batches = loader
                .start()
                .map(|batch| batch.expect("a batch").index.clone());
            let padding = |rows: Vec<u32>| {
                let most = rows
                    .iter()
                    .map(|row| lengths[*row as usize])
                    .max()
                    .unwrap_or(0);
                rows.iter()
                    .map(|row| most - lengths[*row as usize])
                    .sum::<usize>()
            };
            batches.map(padding).sum::<usize>()
        };
        assert!(waste(Batching::Bucketed) * 20 < waste(Batching::Padded));
    }
}

//! Rows that differ in length or size, such as proteins, pair maps and sets of genes.

use crate::seq::alphabet;
use crate::seq::alphabets::Alphabet;
use cistron_base::{Result, bail, shape};

/// The shapes of a label in each storage row, where they differ.
#[derive(Clone, Debug)]
pub struct LabelSizes {
    /// Number of the label among the groups.
    pub group: usize,
    /// The shape in each row.
    pub shapes: std::sync::Arc<Vec<Vec<usize>>>,
}

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
    pub(super) fn lengths(&self) -> Vec<usize> {
        let (axis, rank) = (self.length_axis(), self.largest.len());
        let sizes = self.sizes.iter().skip(axis).step_by(rank.max(1));
        sizes.map(|size| *size as usize).collect()
    }

    /// Whether all rows have one shape.
    pub(super) fn is_even(&self) -> bool {
        let rank = self.largest.len();
        self.sizes.iter().enumerate().all(|(i, size)| {
            let axis = i % rank.max(1);
            *size as usize == self.largest[axis]
        })
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

    /// The numbers of all rows in blocks of the largest size of each axis, others NaN.
    pub fn filled(&self) -> Vec<f32> {
        let block: usize = self.largest.iter().product();
        let mut out = vec![f32::NAN; self.rows() * block];
        for (row, to) in out.chunks_mut(block.max(1)).enumerate() {
            let own = self.shape_of(row);
            copy_corner(self.numbers(row), &own, to, &self.largest, &own);
        }
        out
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

/// Copies the values of a smaller block between two blocks: from the corner of one to that of the
/// other.
fn copy_corner(from: &[f32], of: &[usize], to: &mut [f32], into: &[usize], corner: &[usize]) {
    let width = corner.last().copied().unwrap_or(1);
    let outer = &corner[..corner.len().saturating_sub(1)];
    let start = |place: &[usize], shape: &[usize]| {
        let axes = place.iter().zip(shape);
        axes.fold(0, |at, (i, size)| at * size + i) * shape.last().copied().unwrap_or(1)
    };
    let mut place = vec![0; outer.len()];
    for _ in 0..outer.iter().product::<usize>() {
        let (a, b) = (start(&place, of), start(&place, into));
        to[b..b + width].copy_from_slice(&from[a..a + width]);
        for axis in (0..place.len()).rev() {
            place[axis] += 1;
            if place[axis] < outer[axis] {
                break;
            }
            place[axis] = 0;
        }
    }
}

/// Appends the corner of a block.
pub(super) fn crop(block: &[f32], shape: &[usize], corner: &[usize], out: &mut Vec<f32>) {
    let start = out.len();
    out.resize(start + corner.iter().product::<usize>(), 0.0);
    copy_corner(block, shape, &mut out[start..], corner, corner);
}

/// Spreads the values of a row, which are the last of `out`, over a larger block of zeros.
pub fn pad(out: &mut Vec<f32>, own: &[usize], block: &[usize]) {
    if own == block {
        return;
    }
    let start = out.len() - own.iter().product::<usize>();
    let values = out.split_off(start);
    out.resize(start + block.iter().product::<usize>(), 0.0);
    copy_corner(&values, own, &mut out[start..], block, own);
}

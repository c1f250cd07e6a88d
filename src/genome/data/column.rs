//! The values of an input: in memory, or cut from a genome and its tracks when a row is asked for.

use super::channels::Channels;
use super::ragged::{Ragged, RowValues};
use crate::seq::Genome;
use crate::seq::alphabet::UNKNOWN;
use crate::seq::alphabets::Alphabet;
use cistron_base::{Interval, Result, Strand};
use std::sync::Arc;

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
    /// Sequences that are cut from a genome.
    Genome {
        /// The genome.
        genome: Arc<Genome>,
        /// The place of each row, by the genome's chromosomes.
        regions: Arc<Vec<Interval>>,
        /// Bases in each row.
        length: usize,
    },
    /// Values along the genome, `[channels, length]`.
    Signal {
        /// The channels of each row.
        channels: Channels,
        /// The place of each row, by the genome's chromosomes.
        regions: Arc<Vec<Interval>>,
        /// Bases in each row.
        length: usize,
        /// The channel that each becomes on the reverse strand; none where they keep their places.
        partners: Option<Arc<Vec<usize>>>,
    },
    /// Rows composed of vectors of a shared table, such as the profiles of pairs of genes; a row
    /// is copied from the table when it is asked for.
    Picked {
        /// The vectors, one after another.
        table: Arc<Vec<f32>>,
        /// Numbers of a vector.
        width: usize,
        /// The vectors of each row, by their indices in the table.
        picks: Arc<Vec<u32>>,
        /// The shape of a row, such as `[1, 2, 232]` for two vectors of 232 numbers.
        shape: Vec<usize>,
    },
    /// Rows that differ in size, or sequences of another alphabet than DNA.
    Ragged(Arc<Ragged>),
}

/// Appends channels of a width, each with `margin` zeros on both sides.
fn widen(own: &[f32], width: usize, margin: usize, out: &mut Vec<f32>) {
    if margin == 0 {
        out.extend_from_slice(own);
        return;
    }
    for channel in own.chunks(width.max(1)) {
        out.resize(out.len() + margin, 0.0);
        out.extend_from_slice(channel);
        out.resize(out.len() + margin, 0.0);
    }
}

/// A place with `margin` bases more on both sides.
fn widened(place: &Interval, margin: usize) -> Interval {
    Interval {
        start: place.start - margin as i64,
        end: place.end + margin as i64,
        ..*place
    }
}

impl Ragged {
    /// A column; rows of one shape become a column of that shape.
    pub fn into_column(self) -> Column {
        if !self.is_even() || matches!(self.values, RowValues::Letters(..)) {
            return Column::Ragged(Arc::new(self));
        }
        let shape = self.largest().to_vec();
        match self.values {
            RowValues::Numbers(values) => Column::Dense {
                values: Arc::new(values),
                shape,
            },
            RowValues::Bases(codes) | RowValues::Letters(codes, _) => Column::Sequence {
                codes: Arc::new(codes),
                length: shape[0],
            },
        }
    }
}

impl Column {
    /// The shape that a network sees for one row.
    pub fn shape(&self) -> Vec<i64> {
        match self {
            Column::Sequence { length, .. } | Column::Genome { length, .. } => {
                vec![4, *length as i64]
            }
            Column::Signal {
                channels, length, ..
            } => vec![channels.len() as i64, *length as i64],
            Column::Dense { shape, .. } | Column::Picked { shape, .. } => {
                shape.iter().map(|n| *n as i64).collect()
            }
            Column::Ragged(rows) => {
                let sizes = rows.largest().iter().map(|n| *n as i64);
                match &rows.values {
                    RowValues::Bases(_) => std::iter::once(4).chain(sizes).collect(),
                    RowValues::Letters(_, alphabet) => {
                        let letters = alphabet.letters().len() as i64;
                        std::iter::once(letters).chain(sizes).collect()
                    }
                    RowValues::Numbers(_) => sizes.collect(),
                }
            }
        }
    }

    /// The shape of a row of numbers; of sequences, the length alone. Of rows that differ in size
    /// the largest size of each axis.
    pub fn row_shape(&self) -> Vec<usize> {
        match self {
            Column::Sequence { length, .. } | Column::Genome { length, .. } => vec![*length],
            Column::Signal {
                channels, length, ..
            } => vec![channels.len(), *length],
            Column::Dense { shape, .. } | Column::Picked { shape, .. } => shape.clone(),
            Column::Ragged(rows) => rows.largest().to_vec(),
        }
    }

    /// Whether it holds sequences of bases.
    pub fn is_sequence(&self) -> bool {
        match self {
            Column::Sequence { .. } | Column::Genome { .. } => true,
            Column::Ragged(rows) => matches!(rows.values, RowValues::Bases(_)),
            Column::Dense { .. } | Column::Signal { .. } | Column::Picked { .. } => false,
        }
    }

    /// The alphabet of sequences that are no bases.
    pub fn alphabet(&self) -> Option<Alphabet> {
        match self {
            Column::Ragged(rows) => match &rows.values {
                RowValues::Letters(_, alphabet) => Some(*alphabet),
                _ => None,
            },
            _ => None,
        }
    }

    /// Rows in storage.
    pub fn rows(&self) -> usize {
        match self {
            Column::Sequence { codes, length } => codes.len() / (*length).max(1),
            Column::Dense { values, shape } => {
                values.len() / shape.iter().product::<usize>().max(1)
            }
            Column::Picked {
                picks,
                width,
                shape,
                ..
            } => {
                let vectors = shape.iter().product::<usize>() / (*width).max(1);
                picks.len() / vectors.max(1)
            }
            Column::Genome { regions, .. } | Column::Signal { regions, .. } => regions.len(),
            Column::Ragged(rows) => rows.rows(),
        }
    }

    /// Appends the codes of a row with `margin` more on both sides: what the genome has there, else
    /// N.
    pub fn codes(&self, row: usize, margin: usize, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Column::Sequence { codes, length } => {
                let wide = out.len() + length + 2 * margin;
                out.resize(out.len() + margin, UNKNOWN);
                out.extend_from_slice(&codes[row * length..(row + 1) * length]);
                out.resize(wide, UNKNOWN);
                Ok(())
            }
            Column::Genome {
                genome, regions, ..
            } => genome.fetch_into(&widened(&regions[row], margin), out),
            Column::Ragged(rows) => {
                rows.bases(row, margin, out);
                Ok(())
            }
            Column::Dense { .. } | Column::Signal { .. } | Column::Picked { .. } => Ok(()),
        }
    }

    /// Appends the numbers of a row, each channel with `margin` more on both sides: what the track
    /// has there, else 0.
    pub fn numbers(&self, row: usize, margin: usize, out: &mut Vec<f32>) -> Result<()> {
        match self {
            Column::Dense { values, shape } => {
                let stride: usize = shape.iter().product();
                let own = &values[row * stride..(row + 1) * stride];
                widen(own, shape.last().copied().unwrap_or(1), margin, out);
                Ok(())
            }
            Column::Picked {
                table,
                width,
                picks,
                shape,
            } => {
                let vectors = shape.iter().product::<usize>() / (*width).max(1);
                for pick in &picks[row * vectors..(row + 1) * vectors] {
                    let start = *pick as usize * width;
                    let own = &table[start..start + width];
                    widen(own, shape.last().copied().unwrap_or(1), margin, out);
                }
                Ok(())
            }
            Column::Ragged(rows) => {
                let width = rows.shape_of(row).last().copied().unwrap_or(1);
                widen(rows.numbers(row), width, margin, out);
                Ok(())
            }
            Column::Signal {
                channels,
                regions,
                partners,
                ..
            } => {
                let place = widened(&regions[row], margin);
                let channels = channels.of(row);
                match partners
                    .as_ref()
                    .filter(|_| place.strand == Strand::Reverse)
                {
                    Some(partners) => partners
                        .iter()
                        .try_for_each(|partner| channels[*partner].fill(&place, out)),
                    None => channels
                        .iter()
                        .try_for_each(|channel| channel.fill(&place, out)),
                }
            }
            Column::Sequence { .. } | Column::Genome { .. } => Ok(()),
        }
    }
}

//! Tables of weights by key: what four neighbouring bases, or one k-mer, add to all filters.

use super::shape::{BASES, CodeConvolution, Filters, Kmers, LANE};

/// Bases in a key.
pub const KEY: usize = 4;
/// Rows of four known bases; the rows of four letters of which some may be N follow.
pub const KNOWN: usize = 256;
/// Rows of a chunk where windows may hold an N.
pub const ALL: usize = KNOWN + 625;
/// Windows that are summed together: their sums stay in registers.
pub const SIDE: usize = 8;

/// One number for each of some filters; a row never crosses a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Row<const V: usize>(pub [[f32; LANE]; V]);

impl<const V: usize> Row<V> {
    pub const ZERO: Row<V> = Row([[0.0; LANE]; V]);

    pub fn flat(&self) -> &[f32] {
        self.0.as_flattened()
    }
}

/// Sums of weights by key, for some of the filters.
pub struct Tables<const V: usize> {
    pub rows: Vec<Row<V>>,
    /// Rows of a chunk.
    pub chunk: usize,
    /// Positions between chunks.
    pub step: usize,
    pub bias: Row<V>,
}

/// The bases of a row, N as 4.
fn bases(row: usize) -> [usize; KEY] {
    let (rest, radix) = if row < KNOWN {
        (row, 4)
    } else {
        (row - KNOWN, 5)
    };
    [
        rest / (radix * radix * radix),
        rest / (radix * radix) % radix,
        rest / radix % radix,
        rest % radix,
    ]
}

impl<const V: usize> Tables<V> {
    /// The tables of the filters from `first` on, with weights and biases times `sign`;
    /// `has_unknown` adds the rows of keys with an N.
    pub fn new(
        convolution: &CodeConvolution,
        filters: Filters,
        first: usize,
        has_unknown: bool,
        sign: f32,
    ) -> Tables<V> {
        let count = (LANE * V).min(convolution.filters - first);
        let width = convolution.width;
        let mut bias = Row::<V>::ZERO;
        for lane in 0..count {
            // a sum that does not begin with -0 is never -0, so that its sign bit is set exactly
            // where it is below zero
            bias.0[lane / LANE][lane % LANE] =
                0.0 + sign * filters.bias.get(first + lane).copied().unwrap_or(0.0);
        }
        if let Some(kmers) = convolution.kmers {
            return Tables {
                rows: Tables::of_kmers(convolution, kmers, filters.weight, first, sign),
                chunk: kmers.count() + 1,
                step: kmers.dilation,
                bias,
            };
        }
        let chunks = width.div_ceil(KEY);
        // what one base adds at one offset of the window: `[width][5]` rows
        let mut single: Vec<Row<V>> = vec![Row::ZERO; chunks * KEY * 5];
        for lane in 0..count {
            for base in 0..4 {
                for at in 0..width {
                    single[at * 5 + base].0[lane / LANE][lane % LANE] =
                        sign * filters.weight[((first + lane) * 4 + base) * width + at];
                }
            }
        }
        let chunk_rows = if has_unknown { ALL } else { KNOWN };
        let mut rows = vec![Row::ZERO; chunks * chunk_rows];
        for chunk in 0..chunks {
            for row in 0..chunk_rows {
                let target = &mut rows[chunk * chunk_rows + row];
                for (offset, base) in bases(row).into_iter().enumerate() {
                    add(target, &single[(chunk * KEY + offset) * 5 + base]);
                }
            }
        }
        Tables {
            rows,
            chunk: chunk_rows,
            step: KEY,
            bias,
        }
    }

    /// For each offset of the window the row of each k-mer, and a row of zeros for k-mers with an
    /// N.
    fn of_kmers(
        convolution: &CodeConvolution,
        kmers: Kmers,
        weight: &[f32],
        first: usize,
        sign: f32,
    ) -> Vec<Row<V>> {
        let (count, width) = (kmers.count(), convolution.width);
        let mut rows = vec![Row::ZERO; width * (count + 1)];
        for lane in 0..(LANE * V).min(convolution.filters - first) {
            let filter = &weight[(first + lane) * count * width..][..count * width];
            for (kmer, offsets) in filter.chunks_exact(width).enumerate() {
                for (offset, value) in offsets.iter().enumerate() {
                    rows[offset * (count + 1) + kmer].0[lane / LANE][lane % LANE] = sign * value;
                }
            }
        }
        rows
    }
}

/// The sums of neighbouring windows, the first of them at `position`.
#[inline(always)]
pub fn sums<const V: usize, const N: usize>(
    tables: &Tables<V>,
    keys: &[u16],
    position: usize,
) -> [Row<V>; N] {
    let mut totals = [tables.bias; N];
    for (chunk, table) in tables.rows.chunks_exact(tables.chunk).enumerate() {
        let keys = &keys[position + tables.step * chunk..][..N];
        for i in 0..N {
            add(&mut totals[i], &table[usize::from(keys[i])]);
        }
    }
    totals
}

#[inline(always)]
pub fn add<const V: usize>(to: &mut Row<V>, row: &Row<V>) {
    for v in 0..V {
        for lane in 0..LANE {
            to.0[v][lane] += row.0[v][lane];
        }
    }
}

#[inline(always)]
pub fn scale<const V: usize>(row: &mut Row<V>, by: f32) {
    row.0.as_flattened_mut().iter_mut().for_each(|x| *x *= by);
}

/// The sum of the parts' rows, added in the order of the parts.
pub fn summed<const V: usize>(parts: Vec<Vec<Row<V>>>) -> Vec<Row<V>> {
    let add_part = |mut total: Vec<Row<V>>, part: Vec<Row<V>>| {
        total
            .iter_mut()
            .zip(&part)
            .for_each(|(to, row)| add(to, row));
        total
    };
    parts.into_iter().reduce(add_part).unwrap_or_default()
}

/// The sum over all positions: each added to exactly one row of the first chunk.
pub fn sum_of_chunk<const V: usize>(rows: &[Row<V>], chunk: usize) -> Row<V> {
    let mut total = Row::ZERO;
    rows[..chunk].iter().for_each(|row| add(&mut total, row));
    total
}

/// From rows by key to rows by base: `[offsets][5]`.
pub fn by_base<const V: usize>(total: &[Row<V>], chunk: usize) -> Vec<Row<V>> {
    let mut out = vec![Row::<V>::ZERO; total.len() / chunk * KEY * (BASES + 1)];
    for (i, rows) in total.chunks_exact(chunk).enumerate() {
        for (row, values) in rows.iter().enumerate() {
            for (offset, base) in bases(row).into_iter().enumerate() {
                add(&mut out[(i * KEY + offset) * (BASES + 1) + base], values);
            }
        }
    }
    out
}

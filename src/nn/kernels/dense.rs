//! Rows times small matrices, where the rows may stand anywhere: what convolutions over positions
//! and the steps of recurrent layers are made of.
//!
//! A matrix is kept with its columns side by side, a multiple of [`LANE`] of them. Six rows by 64
//! columns, or eight by 48, are computed at a time and stay in registers; that needs no packing of
//! the operands, and reaches nine tenths of the processor's multiplications where the matrix fits
//! into its first cache.

// loops over lanes are written by index: that is what the compiler turns into wide instructions
#![allow(clippy::needless_range_loop)]

use cistron_base::wide::widest;

/// Columns that are computed side by side.
pub const LANE: usize = 16;

/// The next multiple of [`LANE`].
pub fn padded(n: usize) -> usize {
    n.div_ceil(LANE) * LANE
}

/// Whether this processor has the instructions that these loops are written for.
pub fn is_fast() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}

/// A row of the result and a row of the operand.
pub type Pair = [u32; 2];

/// Which half of a [`Pair`] tells the operand's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// The first; the second is the result's.
    First,
    /// The second; the first is the result's.
    Second,
}

impl Reads {
    fn from(self, pair: Pair) -> usize {
        pair[if self == Reads::First { 0 } else { 1 }] as usize
    }

    fn to(self, pair: Pair) -> usize {
        pair[if self == Reads::First { 1 } else { 0 }] as usize
    }
}

/// Adds to rows of `c` the product of rows of `a`, `k` numbers each, with `b` `[k][columns]`;
/// `strides` lie between rows of `a` and of `c`. No row of `c` may come twice.
///
/// # Panics
/// Where a row lies outside.
#[allow(clippy::too_many_arguments)]
pub fn add_product(
    pairs: &[Pair],
    reads: Reads,
    a: &[f32],
    b: &[f32],
    c: &mut [f32],
    strides: (usize, usize),
    k: usize,
    columns: usize,
) {
    assert!(columns.is_multiple_of(LANE) && b.len() >= k * columns);
    assert!(
        pairs
            .iter()
            .all(|pair| reads.from(*pair) * strides.0 + k <= a.len()
                && reads.to(*pair) * strides.1 + columns <= c.len())
    );
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has these instructions; every row lies inside, as was just seen
        unsafe {
            wide::add_product(
                pairs,
                reads,
                a.as_ptr(),
                b.as_ptr(),
                c.as_mut_ptr(),
                strides,
                k,
                columns,
            )
        };
        return;
    }
    product_of(pairs, reads, a, b, c, strides, k, columns);
}

/// Adds to `c` `[m][columns]` the sum over pairs of each number of a row of `x` with all of a row
/// of `y`.
///
/// # Panics
/// Where a row lies outside.
#[allow(clippy::too_many_arguments)]
pub fn add_outer(
    pairs: &[Pair],
    reads: Reads,
    x: &[f32],
    y: &[f32],
    c: &mut [f32],
    strides: (usize, usize),
    m: usize,
    columns: usize,
) {
    assert!(columns.is_multiple_of(LANE) && c.len() >= m * columns);
    assert!(
        pairs
            .iter()
            .all(|pair| reads.from(*pair) * strides.0 + m <= x.len()
                && reads.to(*pair) * strides.1 + columns <= y.len())
    );
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has these instructions; every row lies inside, as was just seen
        unsafe {
            wide::add_outer(
                pairs,
                reads,
                x.as_ptr(),
                y.as_ptr(),
                c.as_mut_ptr(),
                strides,
                m,
                columns,
            )
        };
        return;
    }
    outer_of(pairs, reads, x, y, c, strides, m, columns);
}

widest!(product_of(pairs: &[Pair], reads: Reads, a: &[f32], b: &[f32], c: &mut [f32], strides: (usize, usize), k: usize, columns: usize) -> (), plain_product);
widest!(outer_of(pairs: &[Pair], reads: Reads, x: &[f32], y: &[f32], c: &mut [f32], strides: (usize, usize), m: usize, columns: usize) -> (), plain_outer);

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn plain_product(
    pairs: &[Pair],
    reads: Reads,
    a: &[f32],
    b: &[f32],
    c: &mut [f32],
    strides: (usize, usize),
    k: usize,
    columns: usize,
) {
    for at in (0..columns).step_by(LANE) {
        let mut groups = pairs.chunks_exact(4);
        for group in &mut groups {
            let rows: [&[f32]; 4] =
                std::array::from_fn(|r| &a[reads.from(group[r]) * strides.0..][..k]);
            let mut sums = [[0.0f32; LANE]; 4];
            for i in 0..k {
                let own = &b[i * columns + at..][..LANE];
                for r in 0..4 {
                    for lane in 0..LANE {
                        sums[r][lane] = rows[r][i].mul_add(own[lane], sums[r][lane]);
                    }
                }
            }
            for r in 0..4 {
                c[reads.to(group[r]) * strides.1 + at..][..LANE]
                    .iter_mut()
                    .zip(&sums[r])
                    .for_each(|(c, sum)| *c += sum);
            }
        }
        for pair in groups.remainder() {
            let row = &a[reads.from(*pair) * strides.0..][..k];
            let into = &mut c[reads.to(*pair) * strides.1 + at..][..LANE];
            for i in 0..k {
                for lane in 0..LANE {
                    into[lane] = row[i].mul_add(b[i * columns + at + lane], into[lane]);
                }
            }
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn plain_outer(
    pairs: &[Pair],
    reads: Reads,
    x: &[f32],
    y: &[f32],
    c: &mut [f32],
    strides: (usize, usize),
    m: usize,
    columns: usize,
) {
    for at in (0..columns).step_by(LANE) {
        for first in (0..m).step_by(4) {
            let own = (m - first).min(4);
            let mut sums = [[0.0f32; LANE]; 4];
            for pair in pairs {
                let row = &y[reads.to(*pair) * strides.1 + at..][..LANE];
                let numbers = &x[reads.from(*pair) * strides.0 + first..][..own];
                for (sum, number) in sums.iter_mut().zip(numbers) {
                    for lane in 0..LANE {
                        sum[lane] = number.mul_add(row[lane], sum[lane]);
                    }
                }
            }
            for r in 0..own {
                c[(first + r) * columns + at..][..LANE]
                    .iter_mut()
                    .zip(&sums[r])
                    .for_each(|(c, sum)| *c += sum);
            }
        }
    }
}

/// The same with the instructions of AVX-512, written out: the compiler does not keep the sums in
/// registers by itself.
#[cfg(target_arch = "x86_64")]
mod wide {
    use super::{LANE, Pair, Reads};
    use std::arch::x86_64::*;

    /// Rows that are computed at a time: their sums fill three quarters of the registers.
    fn tile(vectors: usize) -> usize {
        if vectors == 4 { 6 } else { 8 }
    }

    /// First columns and numbers of vectors, at most 4 each, as even as can be.
    fn strips(columns: usize) -> impl Iterator<Item = (usize, usize)> {
        let vectors = columns / LANE;
        let n = vectors.div_ceil(4);
        (0..n).map(move |i| {
            (
                i * vectors / n * LANE,
                (i + 1) * vectors / n - i * vectors / n,
            )
        })
    }

    /// Calls a tile with the number of rows that are left, and as many columns as there are.
    macro_rules! tiles {
        ($n:expr, $v:expr, $tile:ident($($arg:expr),*)) => {
            match ($n, $v) {
                (8, 3) => $tile::<8, 3>($($arg),*), (8, 2) => $tile::<8, 2>($($arg),*), (8, _) => $tile::<8, 1>($($arg),*),
                (7, 3) => $tile::<7, 3>($($arg),*), (7, 2) => $tile::<7, 2>($($arg),*), (7, _) => $tile::<7, 1>($($arg),*),
                (6, 4) => $tile::<6, 4>($($arg),*), (6, 3) => $tile::<6, 3>($($arg),*), (6, 2) => $tile::<6, 2>($($arg),*), (6, _) => $tile::<6, 1>($($arg),*),
                (5, 4) => $tile::<5, 4>($($arg),*), (5, 3) => $tile::<5, 3>($($arg),*), (5, 2) => $tile::<5, 2>($($arg),*), (5, _) => $tile::<5, 1>($($arg),*),
                (4, 4) => $tile::<4, 4>($($arg),*), (4, 3) => $tile::<4, 3>($($arg),*), (4, 2) => $tile::<4, 2>($($arg),*), (4, _) => $tile::<4, 1>($($arg),*),
                (3, 4) => $tile::<3, 4>($($arg),*), (3, 3) => $tile::<3, 3>($($arg),*), (3, 2) => $tile::<3, 2>($($arg),*), (3, _) => $tile::<3, 1>($($arg),*),
                (2, 4) => $tile::<2, 4>($($arg),*), (2, 3) => $tile::<2, 3>($($arg),*), (2, 2) => $tile::<2, 2>($($arg),*), (2, _) => $tile::<2, 1>($($arg),*),
                (_, 4) => $tile::<1, 4>($($arg),*), (_, 3) => $tile::<1, 3>($($arg),*), (_, 2) => $tile::<1, 2>($($arg),*), (_, _) => $tile::<1, 1>($($arg),*),
            }
        };
    }

    /// # Safety
    /// The processor has AVX-512; all rows that the pairs name lie inside.
    #[target_feature(enable = "avx512f")]
    #[allow(clippy::too_many_arguments)]
    pub unsafe fn add_product(
        pairs: &[Pair],
        reads: Reads,
        a: *const f32,
        b: *const f32,
        c: *mut f32,
        strides: (usize, usize),
        k: usize,
        columns: usize,
    ) {
        for (at, vectors) in strips(columns) {
            for group in pairs.chunks(tile(vectors)) {
                // SAFETY: as above
                unsafe {
                    tiles!(
                        group.len(),
                        vectors,
                        product(group, reads, a, b.add(at), c.add(at), strides, k, columns)
                    )
                };
            }
        }
    }

    #[target_feature(enable = "avx512f")]
    #[allow(clippy::too_many_arguments)]
    unsafe fn product<const M: usize, const V: usize>(
        pairs: &[Pair],
        reads: Reads,
        a: *const f32,
        b: *const f32,
        c: *mut f32,
        strides: (usize, usize),
        k: usize,
        columns: usize,
    ) {
        // SAFETY: rows lie inside, which the caller has seen to
        unsafe {
            let from: [*const f32; M] =
                std::array::from_fn(|m| a.add(reads.from(pairs[m]) * strides.0));
            let to: [*mut f32; M] = std::array::from_fn(|m| c.add(reads.to(pairs[m]) * strides.1));
            let mut sums = [[_mm512_setzero_ps(); V]; M];
            for m in 0..M {
                for v in 0..V {
                    sums[m][v] = _mm512_loadu_ps(to[m].add(LANE * v));
                }
            }
            for i in 0..k {
                let mut row = [_mm512_setzero_ps(); V];
                for v in 0..V {
                    row[v] = _mm512_loadu_ps(b.add(i * columns + LANE * v));
                }
                for m in 0..M {
                    let number = _mm512_set1_ps(*from[m].add(i));
                    for v in 0..V {
                        sums[m][v] = _mm512_fmadd_ps(number, row[v], sums[m][v]);
                    }
                }
            }
            for m in 0..M {
                for v in 0..V {
                    _mm512_storeu_ps(to[m].add(LANE * v), sums[m][v]);
                }
            }
        }
    }

    /// # Safety
    /// The processor has AVX-512; all rows that the pairs name lie inside.
    #[target_feature(enable = "avx512f")]
    #[allow(clippy::too_many_arguments)]
    pub unsafe fn add_outer(
        pairs: &[Pair],
        reads: Reads,
        x: *const f32,
        y: *const f32,
        c: *mut f32,
        strides: (usize, usize),
        m: usize,
        columns: usize,
    ) {
        for (at, vectors) in strips(columns) {
            for first in (0..m).step_by(tile(vectors)) {
                // SAFETY: as above
                unsafe {
                    tiles!(
                        (m - first).min(tile(vectors)),
                        vectors,
                        outer(
                            pairs,
                            reads,
                            x.add(first),
                            y.add(at),
                            c.add(first * columns + at),
                            strides,
                            columns
                        )
                    )
                };
            }
        }
    }

    #[target_feature(enable = "avx512f")]
    unsafe fn outer<const M: usize, const V: usize>(
        pairs: &[Pair],
        reads: Reads,
        x: *const f32,
        y: *const f32,
        c: *mut f32,
        strides: (usize, usize),
        columns: usize,
    ) {
        // SAFETY: rows lie inside, which the caller has seen to
        unsafe {
            let mut sums = [[_mm512_setzero_ps(); V]; M];
            for m in 0..M {
                for v in 0..V {
                    sums[m][v] = _mm512_loadu_ps(c.add(m * columns + LANE * v));
                }
            }
            for pair in pairs {
                let (numbers, from) = (
                    x.add(reads.from(*pair) * strides.0),
                    y.add(reads.to(*pair) * strides.1),
                );
                let mut row = [_mm512_setzero_ps(); V];
                for v in 0..V {
                    row[v] = _mm512_loadu_ps(from.add(LANE * v));
                }
                for m in 0..M {
                    let number = _mm512_set1_ps(*numbers.add(m));
                    for v in 0..V {
                        sums[m][v] = _mm512_fmadd_ps(number, row[v], sums[m][v]);
                    }
                }
            }
            for m in 0..M {
                for v in 0..V {
                    _mm512_storeu_ps(c.add(m * columns + LANE * v), sums[m][v]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    /// Both kernels, with all instructions and with those that every processor has.
    #[test]
    fn products_are_those_of_the_plain_sums() {
        let mut rng = Rng::keyed(&[9]);
        for (k, columns, n) in [
            (7, 16, 1),
            (64, 64, 13),
            (5, 80, 6),
            (33, 112, 11),
            (1, 48, 4),
            (12, 208, 17),
        ] {
            let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.normal() as f32).collect() };
            let (strides, rows) = ((k + 3, columns + 16), 40);
            let (a, b, c) = (
                draw(rows * strides.0),
                draw(k * columns),
                draw(rows * strides.1),
            );
            let order = rng.permutation(rows);
            let pairs: Vec<Pair> = (0..n).map(|i| [order[i], (i * 7 % rows) as u32]).collect();
            let mut wanted = c.clone();
            for [to, from] in &pairs {
                for j in 0..columns {
                    for i in 0..k {
                        wanted[*to as usize * strides.1 + j] +=
                            a[*from as usize * strides.0 + i] * b[i * columns + j];
                    }
                }
            }
            let near = |got: &[f32], wanted: &[f32]| {
                got.iter()
                    .zip(wanted)
                    .all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs()))
            };
            let mut got = [c.clone(), c.clone(), c.clone()];
            add_product(
                &pairs,
                Reads::Second,
                &a,
                &b,
                &mut got[0],
                strides,
                k,
                columns,
            );
            plain_product(
                &pairs,
                Reads::Second,
                &a,
                &b,
                &mut got[1],
                strides,
                k,
                columns,
            );
            let turned: Vec<Pair> = pairs.iter().map(|[to, from]| [*from, *to]).collect();
            add_product(
                &turned,
                Reads::First,
                &a,
                &b,
                &mut got[2],
                strides,
                k,
                columns,
            );
            assert!(
                got.iter().all(|got| near(got, &wanted)),
                "product {k} {columns} {n}"
            );

            let mut wanted = b.clone();
            for [to, from] in &pairs {
                for i in 0..k {
                    for j in 0..columns {
                        wanted[i * columns + j] +=
                            a[*from as usize * strides.0 + i] * c[*to as usize * strides.1 + j];
                    }
                }
            }
            let mut got = [b.clone(), b.clone()];
            add_outer(
                &pairs,
                Reads::Second,
                &a,
                &c,
                &mut got[0],
                strides,
                k,
                columns,
            );
            plain_outer(
                &pairs,
                Reads::Second,
                &a,
                &c,
                &mut got[1],
                strides,
                k,
                columns,
            );
            assert!(
                got.iter().all(|got| near(got, &wanted)),
                "outer {k} {columns} {n}"
            );
        }
    }
}

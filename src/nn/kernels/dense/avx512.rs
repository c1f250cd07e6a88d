//! The same products with the instructions of AVX-512, written out.

use super::gemm::{Gemm, LANE, Pair};
use std::arch::x86_64::*;

/// Rows of a tile: their sums fill three quarters of the registers.
fn tile(vectors: usize) -> usize {
    if vectors == 4 { 6 } else { 8 }
}

/// First columns and numbers of vectors of strips, at most 4 vectors each, as even as possible.
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

/// Calls a tile of a number of rows and a number of vectors.
macro_rules! tiles {
    (@columns $v:expr, $tile:ident, $n:literal, $args:tt) => {
        match $v {
            4 => $tile::<$n, 4> $args,
            3 => $tile::<$n, 3> $args,
            2 => $tile::<$n, 2> $args,
            _ => $tile::<$n, 1> $args,
        }
    };
    ($n:expr, $v:expr, $tile:ident $args:tt) => {
        match $n {
            8 => tiles!(@columns $v, $tile, 8, $args),
            7 => tiles!(@columns $v, $tile, 7, $args),
            6 => tiles!(@columns $v, $tile, 6, $args),
            5 => tiles!(@columns $v, $tile, 5, $args),
            4 => tiles!(@columns $v, $tile, 4, $args),
            3 => tiles!(@columns $v, $tile, 3, $args),
            2 => tiles!(@columns $v, $tile, 2, $args),
            _ => tiles!(@columns $v, $tile, 1, $args),
        }
    };
}

/// # Safety
/// The CPU has AVX-512; all rows that the pairs name are inside of their slices.
#[target_feature(enable = "avx512f")]
pub unsafe fn add_product(gemm: &Gemm, a: *const f32, b: *const f32, c: *mut f32) {
    for (at, vectors) in strips(gemm.columns) {
        for group in gemm.pairs.chunks(tile(vectors)) {
            // SAFETY: as above; a strip is inside of the columns
            unsafe {
                tiles!(
                    group.len(),
                    vectors,
                    product(gemm, group, a, b.add(at), c.add(at))
                )
            };
        }
    }
}

/// Rows `pairs` by `V` vectors of columns.
///
/// # Safety
/// As [`add_product`]; there are `M` pairs.
#[target_feature(enable = "avx512f")]
unsafe fn product<const M: usize, const V: usize>(
    gemm: &Gemm,
    pairs: &[Pair],
    a: *const f32,
    b: *const f32,
    c: *mut f32,
) {
    let (inner, columns) = (gemm.inner, gemm.columns);
    // SAFETY: rows are inside of their slices, which the caller has checked
    unsafe {
        let from: [*const f32; M] = std::array::from_fn(|m| a.add(gemm.from(pairs[m])));
        let to: [*mut f32; M] = std::array::from_fn(|m| c.add(gemm.to(pairs[m])));
        let mut sums = [[_mm512_setzero_ps(); V]; M];
        for m in 0..M {
            for v in 0..V {
                sums[m][v] = _mm512_loadu_ps(to[m].add(LANE * v));
            }
        }
        for i in 0..inner {
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
/// The CPU has AVX-512; all rows that the pairs name are inside of their slices.
#[target_feature(enable = "avx512f")]
pub unsafe fn add_outer(gemm: &Gemm, x: *const f32, y: *const f32, c: *mut f32) {
    let (inner, columns) = (gemm.inner, gemm.columns);
    for (at, vectors) in strips(columns) {
        for first in (0..inner).step_by(tile(vectors)) {
            let rows = (inner - first).min(tile(vectors));
            // SAFETY: as above; a strip is inside of the columns, and the rows inside of `inner`
            unsafe {
                let (x, c) = (x.add(first), c.add(first * columns + at));
                tiles!(rows, vectors, outer(gemm, x, y.add(at), c))
            };
        }
    }
}

/// `M` rows of the matrix by `V` vectors of columns.
///
/// # Safety
/// As [`add_outer`]; `M` rows of the matrix are left from `c` on.
#[target_feature(enable = "avx512f")]
unsafe fn outer<const M: usize, const V: usize>(
    gemm: &Gemm,
    x: *const f32,
    y: *const f32,
    c: *mut f32,
) {
    let columns = gemm.columns;
    // SAFETY: rows are inside of their slices, which the caller has checked
    unsafe {
        let mut sums = [[_mm512_setzero_ps(); V]; M];
        for m in 0..M {
            for v in 0..V {
                sums[m][v] = _mm512_loadu_ps(c.add(m * columns + LANE * v));
            }
        }
        for pair in gemm.pairs {
            let (numbers, from) = (x.add(gemm.from(*pair)), y.add(gemm.to(*pair)));
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

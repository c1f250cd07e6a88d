//! The same products with the instructions of AVX2, written out.
//!
//! A tile is six rows by two vectors: twelve sums, two vectors of the other operand and one number
//! take fifteen of the sixteen registers.

use super::gemm::{Gemm, LANE, Pair};
use std::arch::x86_64::*;

/// Rows of a tile.
const ROWS: usize = 6;
/// Numbers of a vector, of which two are a strip of [`LANE`] columns.
const WIDTH: usize = 8;

/// Calls a tile of a number of rows.
macro_rules! tiles {
    ($n:expr, $tile:ident $args:tt) => {
        match $n {
            6 => $tile::<6> $args,
            5 => $tile::<5> $args,
            4 => $tile::<4> $args,
            3 => $tile::<3> $args,
            2 => $tile::<2> $args,
            _ => $tile::<1> $args,
        }
    };
}

/// # Safety
/// The CPU has AVX2 and FMA; all rows that the pairs name are inside of their slices.
#[target_feature(enable = "avx2,fma")]
pub unsafe fn add_product(gemm: &Gemm, a: *const f32, b: *const f32, c: *mut f32) {
    for at in (0..gemm.columns).step_by(LANE) {
        for group in gemm.pairs.chunks(ROWS) {
            // SAFETY: as above; a strip is inside of the columns
            unsafe { tiles!(group.len(), product(gemm, group, a, b.add(at), c.add(at))) };
        }
    }
}

/// Rows `pairs` by one strip of columns.
///
/// # Safety
/// As [`add_product`]; there are `M` pairs.
#[target_feature(enable = "avx2,fma")]
unsafe fn product<const M: usize>(
    gemm: &Gemm,
    pairs: &[Pair],
    a: *const f32,
    b: *const f32,
    c: *mut f32,
) {
    // SAFETY: rows are inside of their slices, which the caller has checked
    unsafe {
        let from: [*const f32; M] = std::array::from_fn(|m| a.add(gemm.from(pairs[m])));
        let to: [*mut f32; M] = std::array::from_fn(|m| c.add(gemm.to(pairs[m])));
        let mut sums = [[_mm256_setzero_ps(); 2]; M];
        for m in 0..M {
            sums[m] = [_mm256_loadu_ps(to[m]), _mm256_loadu_ps(to[m].add(WIDTH))];
        }
        let mut row = b;
        for i in 0..gemm.inner {
            let (low, high) = (_mm256_loadu_ps(row), _mm256_loadu_ps(row.add(WIDTH)));
            for m in 0..M {
                let number = _mm256_broadcast_ss(&*from[m].add(i));
                sums[m][0] = _mm256_fmadd_ps(number, low, sums[m][0]);
                sums[m][1] = _mm256_fmadd_ps(number, high, sums[m][1]);
            }
            row = row.wrapping_add(gemm.columns);
        }
        for m in 0..M {
            _mm256_storeu_ps(to[m], sums[m][0]);
            _mm256_storeu_ps(to[m].add(WIDTH), sums[m][1]);
        }
    }
}

/// # Safety
/// The CPU has AVX2 and FMA; all rows that the pairs name are inside of their slices.
#[target_feature(enable = "avx2,fma")]
pub unsafe fn add_outer(gemm: &Gemm, x: *const f32, y: *const f32, c: *mut f32) {
    for at in (0..gemm.columns).step_by(LANE) {
        for first in (0..gemm.inner).step_by(ROWS) {
            let rows = (gemm.inner - first).min(ROWS);
            // SAFETY: as above; a strip is inside of the columns, and the rows inside of `inner`
            unsafe {
                let (x, c) = (x.add(first), c.add(first * gemm.columns + at));
                tiles!(rows, outer(gemm, x, y.add(at), c))
            };
        }
    }
}

/// `M` rows of the matrix by one strip of columns.
///
/// # Safety
/// As [`add_outer`]; `M` rows of the matrix are left from `c` on.
#[target_feature(enable = "avx2,fma")]
unsafe fn outer<const M: usize>(gemm: &Gemm, x: *const f32, y: *const f32, c: *mut f32) {
    let columns = gemm.columns;
    // SAFETY: rows are inside of their slices, which the caller has checked
    unsafe {
        let mut sums = [[_mm256_setzero_ps(); 2]; M];
        for m in 0..M {
            let to = c.add(m * columns);
            sums[m] = [_mm256_loadu_ps(to), _mm256_loadu_ps(to.add(WIDTH))];
        }
        for pair in gemm.pairs {
            let (numbers, from) = (x.add(gemm.from(*pair)), y.add(gemm.to(*pair)));
            let (low, high) = (_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(WIDTH)));
            for m in 0..M {
                let number = _mm256_broadcast_ss(&*numbers.add(m));
                sums[m][0] = _mm256_fmadd_ps(number, low, sums[m][0]);
                sums[m][1] = _mm256_fmadd_ps(number, high, sums[m][1]);
            }
        }
        for m in 0..M {
            let to = c.add(m * columns);
            _mm256_storeu_ps(to, sums[m][0]);
            _mm256_storeu_ps(to.add(WIDTH), sums[m][1]);
        }
    }
}

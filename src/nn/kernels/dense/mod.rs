//! Products of rows with small matrices, where the rows may be anywhere in memory: convolutions
//! along sequences and the steps of recurrent layers consist of them.
//!
//! # Layout
//!
//! A matrix `[inner][columns]` has its columns next to each other, a multiple of [`LANE`] of them.
//! Rows of operand and result start at multiples of their strides; pairs of row numbers state which
//! rows meet, so that no operand is gathered or packed.
//!
//! # Dispatch
//!
//! With AVX-512, tiles of six rows by 64 columns, or eight by 48, stay in registers; with AVX2,
//! tiles of six rows by 16 columns. They are written with intrinsics, since the compiler does not
//! keep the sums in registers by itself, and reach nine tenths of the CPU's multiplications where
//! the matrix fits into the first cache. Other CPUs use tiles of four rows by 16 columns in plain
//! Rust. [`is_fast`] states whether the CPU has instructions that tiles are written for.
//!
//! # Safety
//!
//! The tiles of intrinsics read and write through pointers. [`Gemm`] asserts before each call that
//! every row that a pair names is inside its slice, and that the CPU has the instructions.

// loops over lanes are written by index, which the compiler vectorises
#![allow(clippy::needless_range_loop)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod gemm;
mod portable;

use cistron_base::simd::Simd;
pub use gemm::{Gemm, LANE, Pair, Reads, Strides};

/// The next multiple of [`LANE`].
pub fn padded(n: usize) -> usize {
    n.div_ceil(LANE) * LANE
}

/// Whether the CPU has the instructions that these loops are written for.
pub fn is_fast() -> bool {
    Simd::current() >= Simd::Avx2 || cfg!(target_arch = "aarch64")
}

impl Gemm<'_> {
    /// Adds to rows of `to` the product of rows of `from` with `matrix` `[inner][columns]`. No row
    /// of `to` may occur twice.
    ///
    /// # Panics
    /// Where a row is outside of its slice.
    pub fn add_product(&self, from: &[f32], matrix: &[f32], to: &mut [f32]) {
        self.check(from, matrix, to);
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the CPU has these instructions; every row is inside, as `check` asserted
        unsafe {
            let (a, b, c) = (from.as_ptr(), matrix.as_ptr(), to.as_mut_ptr());
            match Simd::current() {
                Simd::Avx512 => return avx512::add_product(self, a, b, c),
                Simd::Avx2 => return avx2::add_product(self, a, b, c),
                Simd::Portable => {}
            }
        }
        portable::add_product(self, from, matrix, to);
    }

    /// Adds to `matrix` `[inner][columns]` the sum over pairs of the outer product of a row of
    /// `from` with a row of `to`.
    ///
    /// # Panics
    /// Where a row is outside of its slice.
    pub fn add_outer(&self, from: &[f32], to: &[f32], matrix: &mut [f32]) {
        self.check(from, matrix, to);
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the CPU has these instructions; every row is inside, as `check` asserted
        unsafe {
            let (x, y, c) = (from.as_ptr(), to.as_ptr(), matrix.as_mut_ptr());
            match Simd::current() {
                Simd::Avx512 => return avx512::add_outer(self, x, y, c),
                Simd::Avx2 => return avx2::add_outer(self, x, y, c),
                Simd::Portable => {}
            }
        }
        portable::add_outer(self, from, to, matrix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    /// Both implementations, with all instructions and with those of every CPU.
    #[test]
    fn products_are_those_of_the_plain_sums() {
        let mut rng = Rng::keyed(&[9]);
        for (inner, columns, n) in [
            (7, 16, 1),
            (64, 64, 13),
            (5, 80, 6),
            (33, 112, 11),
            (1, 48, 4),
            (12, 208, 17),
        ] {
            let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.normal() as f32).collect() };
            let (from, to, rows) = (inner + 3, columns + 16, 40);
            let (a, b, c) = (draw(rows * from), draw(inner * columns), draw(rows * to));
            let order = rng.permutation(rows);
            let pairs: Vec<Pair> = (0..n).map(|i| [order[i], (i * 7 % rows) as u32]).collect();
            let mut wanted = c.clone();
            for [result, operand] in &pairs {
                for j in 0..columns {
                    for i in 0..inner {
                        wanted[*result as usize * to + j] +=
                            a[*operand as usize * from + i] * b[i * columns + j];
                    }
                }
            }
            let is_near = |got: &[f32], wanted: &[f32]| {
                got.iter()
                    .zip(wanted)
                    .all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs()))
            };
            let exchanged: Vec<Pair> = pairs.iter().map(|[to, from]| [*from, *to]).collect();
            let second = Gemm {
                pairs: &pairs,
                reads: Reads::Second,
                strides: Strides { from, to },
                inner,
                columns,
            };
            let first = Gemm {
                pairs: &exchanged,
                reads: Reads::First,
                ..second
            };
            let mut got = [c.clone(), c.clone(), c.clone()];
            second.add_product(&a, &b, &mut got[0]);
            portable::add_product(&second, &a, &b, &mut got[1]);
            first.add_product(&a, &b, &mut got[2]);
            assert!(
                got.iter().all(|got| is_near(got, &wanted)),
                "product {inner} {columns} {n}"
            );

            let mut wanted = b.clone();
            for [result, operand] in &pairs {
                for i in 0..inner {
                    for j in 0..columns {
                        wanted[i * columns + j] +=
                            a[*operand as usize * from + i] * c[*result as usize * to + j];
                    }
                }
            }
            let mut got = [b.clone(), b.clone()];
            second.add_outer(&a, &c, &mut got[0]);
            portable::add_outer(&second, &a, &c, &mut got[1]);
            assert!(
                got.iter().all(|got| is_near(got, &wanted)),
                "outer {inner} {columns} {n}"
            );
        }
    }
}

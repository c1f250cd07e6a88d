//! The same products in plain Rust.

use super::gemm::{Gemm, LANE};
use cistron_base::wide::widest;

widest!(pub add_product(gemm: &Gemm, a: &[f32], b: &[f32], c: &mut [f32]) -> (), product);
widest!(pub add_outer(gemm: &Gemm, x: &[f32], y: &[f32], c: &mut [f32]) -> (), outer);

#[inline(always)]
fn product(gemm: &Gemm, a: &[f32], b: &[f32], c: &mut [f32]) {
    let Gemm {
        pairs,
        inner,
        columns,
        ..
    } = *gemm;
    for at in (0..columns).step_by(LANE) {
        let mut groups = pairs.chunks_exact(4);
        for group in &mut groups {
            let rows: [&[f32]; 4] = std::array::from_fn(|r| &a[gemm.from(group[r])..][..inner]);
            let mut sums = [[0.0f32; LANE]; 4];
            for i in 0..inner {
                let row = &b[i * columns + at..][..LANE];
                for r in 0..4 {
                    for lane in 0..LANE {
                        sums[r][lane] = rows[r][i].mul_add(row[lane], sums[r][lane]);
                    }
                }
            }
            for r in 0..4 {
                c[gemm.to(group[r]) + at..][..LANE]
                    .iter_mut()
                    .zip(&sums[r])
                    .for_each(|(c, sum)| *c += sum);
            }
        }
        for pair in groups.remainder() {
            let row = &a[gemm.from(*pair)..][..inner];
            let into = &mut c[gemm.to(*pair) + at..][..LANE];
            for i in 0..inner {
                for lane in 0..LANE {
                    into[lane] = row[i].mul_add(b[i * columns + at + lane], into[lane]);
                }
            }
        }
    }
}

#[inline(always)]
fn outer(gemm: &Gemm, x: &[f32], y: &[f32], c: &mut [f32]) {
    let Gemm { inner, columns, .. } = *gemm;
    for at in (0..columns).step_by(LANE) {
        for first in (0..inner).step_by(4) {
            let rows = (inner - first).min(4);
            let mut sums = [[0.0f32; LANE]; 4];
            for pair in gemm.pairs {
                let row = &y[gemm.to(*pair) + at..][..LANE];
                let numbers = &x[gemm.from(*pair) + first..][..rows];
                for (sum, number) in sums.iter_mut().zip(numbers) {
                    for lane in 0..LANE {
                        sum[lane] = number.mul_add(row[lane], sum[lane]);
                    }
                }
            }
            for r in 0..rows {
                c[(first + r) * columns + at..][..LANE]
                    .iter_mut()
                    .zip(&sums[r])
                    .for_each(|(c, sum)| *c += sum);
            }
        }
    }
}

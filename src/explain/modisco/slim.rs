//! Seqlets of one length laid over each other at every shift of either strand, sixteen at a time.

use super::overlap::Rows;
use cistron_base::simd::Simd;
use cistron_base::wide::widest;
use cistron_torch::parallel;

/// Seqlets that one is compared with at a time.
pub const LANES: usize = 16;
/// Numbers of a row: sizes of four hypothetical contributions and of that of the base which is
/// there, then their signs, then which base that is.
const COLUMNS: usize = 2 * NUMBERS + 1;
const NUMBERS: usize = 5;
const SIGN: u32 = 1 << 31;

/// Numbers of a row as it is kept: the five as they are, and which base is there.
const KEPT: usize = NUMBERS + 1;

/// A seqlet's rows, of which the second four hold one number at most: that of the base which is
/// there. Floats are kept as bits, for sizes have the order of their bits.
pub struct Slim {
    /// Row by row, up to a multiple of the lanes.
    numbers: Vec<u32>,
    /// Summed sizes of the rows before each.
    sizes: Vec<f32>,
}

impl Slim {
    /// Of rows of eight numbers.
    pub fn of(rows: &Rows) -> Slim {
        let mut numbers: Vec<u32> = rows.values.chunks_exact(8).flat_map(kept).collect();
        numbers.resize(numbers.len().next_multiple_of(LANES), 0);
        Slim {
            numbers,
            sizes: rows.sizes.clone(),
        }
    }
}

fn kept(row: &[f32]) -> [u32; KEPT] {
    let base = (0..4).find(|base| row[4 + base] != 0.0);
    let there = base.map_or(0.0, |base| row[4 + base]);
    [
        row[0].to_bits(),
        row[1].to_bits(),
        row[2].to_bits(),
        row[3].to_bits(),
        there.to_bits(),
        base.unwrap_or(4) as u32,
    ]
}

/// A seqlet that is compared with others: its rows as they are there.
pub struct Own {
    rows: Vec<[u32; COLUMNS]>,
    sizes: Vec<f32>,
}

impl Own {
    /// Of rows of eight numbers.
    pub fn of(rows: &Rows) -> Own {
        let spread = |row: &[f32]| {
            let kept = kept(row);
            let mut out = [kept[NUMBERS]; COLUMNS];
            for i in 0..NUMBERS {
                (out[i], out[NUMBERS + i]) = (kept[i] & !SIGN, kept[i] & SIGN);
            }
            out
        };
        Own {
            rows: rows.values.chunks_exact(8).map(spread).collect(),
            sizes: rows.sizes.clone(),
        }
    }
}

/// Sixteen seqlets of one length, number by number side by side.
#[derive(Default)]
pub struct Block {
    rows: Vec<[[u32; LANES]; COLUMNS]>,
    sizes: Vec<[f32; LANES]>,
}

impl Block {
    /// Takes sixteen seqlets.
    pub fn fill(&mut self, seqlets: &[&Slim; LANES]) {
        let length = seqlets[0].sizes.len() - 1;
        self.rows.resize(length, [[0; LANES]; COLUMNS]);
        self.sizes.resize(length + 1, [0.0; LANES]);
        for (i, to) in self.sizes.iter_mut().enumerate() {
            to.iter_mut()
                .zip(seqlets)
                .for_each(|(to, seqlet)| *to = seqlet.sizes[i]);
        }
        let is_wide = is_wide();
        for first in (0..length * KEPT).step_by(LANES) {
            let columns = if is_wide {
                turned_wide(seqlets, first)
            } else {
                turned(seqlets, first)
            };
            for (column, at) in columns.iter().zip(first..length * KEPT) {
                let (to, i) = (&mut self.rows[at / KEPT], at % KEPT);
                if i == NUMBERS {
                    to[COLUMNS - 1] = *column;
                } else {
                    to[i] = column.map(|x| x & !SIGN);
                    to[NUMBERS + i] = column.map(|x| x & SIGN);
                }
            }
        }
    }
}

/// Sixteen numbers of each of sixteen seqlets, side by side.
fn turned(seqlets: &[&Slim; LANES], first: usize) -> [[u32; LANES]; LANES] {
    std::array::from_fn(|i| seqlets.map(|seqlet| seqlet.numbers[first + i]))
}

#[cfg(not(target_arch = "x86_64"))]
use turned as turned_wide;

/// Whether there are registers of sixteen.
fn is_wide() -> bool {
    Simd::current() == Simd::Avx512
}

/// As [`turned`], in registers.
#[cfg(target_arch = "x86_64")]
fn turned_wide(seqlets: &[&Slim; LANES], first: usize) -> [[u32; LANES]; LANES] {
    use std::arch::x86_64::*;
    #[target_feature(enable = "avx512f")]
    fn inner(seqlets: &[&Slim; LANES], first: usize) -> [[u32; LANES]; LANES] {
        let rows = seqlets.map(|seqlet| {
            let numbers = &seqlet.numbers[first..first + LANES];
            // SAFETY: sixteen numbers are there
            unsafe { _mm512_loadu_epi32(numbers.as_ptr().cast()) }
        });
        let mut out = [[0; LANES]; LANES];
        let mut fours = [[_mm512_setzero_si512(); 4]; 4];
        for (four, rows) in fours.iter_mut().zip(rows.chunks_exact(4)) {
            let (a, b) = (
                _mm512_unpacklo_epi32(rows[0], rows[1]),
                _mm512_unpacklo_epi32(rows[2], rows[3]),
            );
            let (c, d) = (
                _mm512_unpackhi_epi32(rows[0], rows[1]),
                _mm512_unpackhi_epi32(rows[2], rows[3]),
            );
            *four = [
                _mm512_unpacklo_epi64(a, b),
                _mm512_unpackhi_epi64(a, b),
                _mm512_unpacklo_epi64(c, d),
                _mm512_unpackhi_epi64(c, d),
            ];
        }
        let [first, second, third, fourth] = fours;
        for (i, (((one, two), three), four)) in first
            .into_iter()
            .zip(second)
            .zip(third)
            .zip(fourth)
            .enumerate()
        {
            let even = |a, b| _mm512_shuffle_i32x4::<0x88>(a, b);
            let odd = |a, b| _mm512_shuffle_i32x4::<0xdd>(a, b);
            let (a, b) = (even(one, two), even(three, four));
            let (c, d) = (odd(one, two), odd(three, four));
            for (at, column) in [
                (i, even(a, b)),
                (4 + i, even(c, d)),
                (8 + i, odd(a, b)),
                (12 + i, odd(c, d)),
            ] {
                // SAFETY: sixteen numbers fit
                unsafe { _mm512_storeu_epi32(out[at].as_mut_ptr().cast(), column) };
            }
        }
        out
    }
    // SAFETY: the CPU has these instructions, as the caller asked
    unsafe { inner(seqlets, first) }
}

/// Rows of one seqlet, and as many of sixteen others.
type Meeting<'a> = (&'a [[u32; COLUMNS]], &'a [[[u32; LANES]; COLUMNS]]);

/// Sums of min(|x|, |y|) over rows that meet, with the sign of x y and without, for each of sixteen
/// seqlets.
#[inline(always)]
fn shared((x, y): Meeting) -> [[f32; LANES]; 2] {
    let mut sums = [[0f32; LANES]; 2];
    let [signed, plain] = &mut sums;
    for (x, y) in x.iter().zip(y) {
        for i in 0..NUMBERS {
            // one number a lane, without a branch: so compilers see registers
            for lane in 0..LANES {
                let (a, b) = (f32::from_bits(x[i]), f32::from_bits(y[i][lane]));
                let least = if a < b { a } else { b };
                let counts = i < 4 || y[COLUMNS - 1][lane] == x[COLUMNS - 1];
                let least = if counts { least } else { 0.0 };
                plain[lane] += least;
                signed[lane] +=
                    f32::from_bits(least.to_bits() | (x[NUMBERS + i] ^ y[NUMBERS + i][lane]));
            }
        }
    }
    sums
}

/// As [`shared`], in registers of sixteen.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn shared_wide((x, y): Meeting) -> [[f32; LANES]; 2] {
    use std::arch::x86_64::*;
    // two sums of each kind, so that none waits for the one before
    let mut sums = [_mm512_setzero_ps(); 4];
    for (x, y) in x.iter().zip(y) {
        // SAFETY: sixteen numbers are there
        let column = |i: usize| unsafe { _mm512_loadu_epi32(y[i].as_ptr().cast()) };
        let whole = |i: usize| _mm512_set1_epi32(x[i].cast_signed());
        let same = _mm512_cmpeq_epi32_mask(column(COLUMNS - 1), whole(COLUMNS - 1));
        for i in 0..NUMBERS {
            let least =
                _mm512_maskz_min_epu32(if i < 4 { u16::MAX } else { same }, whole(i), column(i));
            // least | (sign ^ sign)
            let signed =
                _mm512_ternarylogic_epi32::<0xf6>(least, whole(NUMBERS + i), column(NUMBERS + i));
            let own = 2 * (i % 2);
            sums[own] = _mm512_add_ps(sums[own], _mm512_castsi512_ps(signed));
            sums[own + 1] = _mm512_add_ps(sums[own + 1], _mm512_castsi512_ps(least));
        }
    }
    let out = |sum| {
        let mut out = [0f32; LANES];
        // SAFETY: sixteen numbers fit
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), sum) };
        out
    };
    [
        out(_mm512_add_ps(sums[0], sums[2])),
        out(_mm512_add_ps(sums[1], sums[3])),
    ]
}

#[inline(always)]
fn best_of(
    strands: [&Own; 2],
    block: &Block,
    pad: usize,
    shared: impl Fn(Meeting) -> [[f32; LANES]; 2],
) -> [[f32; LANES]; 2] {
    let length = block.rows.len();
    let pad = pad.min(length);
    let mut best = [[f32::NEG_INFINITY; LANES]; 2];
    for own in strands {
        for shift in 0..=2 * pad {
            // row j of the others is at row j + shift - pad of this one
            let (from, at) = (pad.saturating_sub(shift), shift.saturating_sub(pad));
            let n = length - from.max(at);
            let [signed, plain] = shared((&own.rows[at..at + n], &block.rows[from..from + n]));
            let (whole, part) = (own.sizes[length], own.sizes[at + n] - own.sizes[at]);
            let (all, before, behind) = (
                &block.sizes[length],
                &block.sizes[from],
                &block.sizes[from + n],
            );
            for lane in 0..LANES {
                let laid = signed[lane] / (all[lane] + part - plain[lane]);
                let under = signed[lane] / (whole + (behind[lane] - before[lane]) - plain[lane]);
                best[0][lane] = if laid > best[0][lane] {
                    laid
                } else {
                    best[0][lane]
                };
                best[1][lane] = if under > best[1][lane] {
                    under
                } else {
                    best[1][lane]
                };
            }
        }
    }
    best
}

#[inline(always)]
fn best_narrow_of(strands: [&Own; 2], block: &Block, pad: usize) -> [[f32; LANES]; 2] {
    best_of(strands, block, pad, shared)
}

widest!(
    best_narrow(strands: [&Own; 2], block: &Block, pad: usize) -> [[f32; LANES]; 2],
    best_narrow_of
);

/// The best Jaccard index of each of a block's seqlets laid over one that is given on both strands,
/// and of that one laid over each, with up to `pad` rows that hang over; what hangs over counts of
/// what is laid alone.
pub fn indices(strands: [&Own; 2], block: &Block, pad: usize) -> [[f32; LANES]; 2] {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f")]
        fn wide(strands: [&Own; 2], block: &Block, pad: usize) -> [[f32; LANES]; 2] {
            best_of(strands, block, pad, |meeting| shared_wide(meeting))
        }
        if is_wide() {
            // SAFETY: the CPU has these instructions
            return unsafe { wide(strands, block, pad) };
        }
    }
    best_narrow(strands, block, pad)
}

/// The Jaccard indices of a seqlet with those of a block, row on row.
#[inline(always)]
fn aligned_of(
    own: &Own,
    block: &Block,
    shared: impl Fn(Meeting) -> [[f32; LANES]; 2],
) -> [f32; LANES] {
    let length = own.rows.len();
    let [signed, plain] = shared((&own.rows, &block.rows));
    std::array::from_fn(|lane| {
        signed[lane] / (own.sizes[length] + block.sizes[length][lane] - plain[lane])
    })
}

#[inline(always)]
fn aligned_narrow_of(own: &Own, block: &Block) -> [f32; LANES] {
    aligned_of(own, block, shared)
}

widest!(aligned_narrow(own: &Own, block: &Block) -> [f32; LANES], aligned_narrow_of);

fn aligned(own: &Own, block: &Block) -> [f32; LANES] {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f")]
        fn wide(own: &Own, block: &Block) -> [f32; LANES] {
            aligned_of(own, block, |meeting| shared_wide(meeting))
        }
        if is_wide() {
            // SAFETY: the CPU has these instructions
            return unsafe { wide(own, block) };
        }
    }
    aligned_narrow(own, block)
}

/// Seqlets of one length in blocks, and how many they are.
pub struct Blocks(Vec<Block>, usize);

/// Of rows, all of one length.
pub fn blocks(rows: &[Rows]) -> Blocks {
    let fill = |rows: &[Rows]| {
        let slim: Vec<Slim> = rows.iter().map(Slim::of).collect();
        let mut block = Block::default();
        block.fill(&std::array::from_fn(|lane| &slim[lane.min(slim.len() - 1)]));
        block
    };
    Blocks(rows.chunks(LANES).map(fill).collect(), rows.len())
}

/// What `of` makes of the Jaccard indices of each seqlet with others, row on row.
pub fn each_with_each<T: Send>(
    rows: &[Rows],
    others: &Blocks,
    of: &(dyn Fn(&[f32]) -> T + Sync),
) -> Vec<T> {
    // some at a time, so that a block stays in the cache for all of them
    const SOME: usize = 8;
    let found = parallel::map(rows.len().div_ceil(SOME), &|part| {
        let own: Vec<Own> = rows[part * SOME..rows.len().min((part + 1) * SOME)]
            .iter()
            .map(Own::of)
            .collect();
        let mut indices = vec![Vec::with_capacity(others.0.len() * LANES); own.len()];
        for block in &others.0 {
            own.iter()
                .zip(&mut indices)
                .for_each(|(own, indices)| indices.extend(aligned(own, block)));
        }
        indices
            .iter()
            .map(|own| of(&own[..others.1]))
            .collect::<Vec<_>>()
    });
    found.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    fn seqlet(rng: &mut Rng, n: usize) -> Rows {
        let row = |_| {
            let mut row = [0f32; 8];
            row[..4].iter_mut().for_each(|x| *x = rng.normal() as f32);
            let code = rng.below(5);
            if code < 4 {
                row[4 + code] = row[code];
            }
            row
        };
        Rows::of((0..n).flat_map(row).collect())
    }

    #[test]
    fn slim_rows_give_what_rows_give() {
        let mut rng = Rng::keyed(&[3]);
        let mut block = Block::default();
        for n in [5, 16, 23, 30, 50] {
            let (own, pad) = (seqlet(&mut rng, n), n / 3);
            let others: Vec<Rows> = (0..LANES).map(|_| seqlet(&mut rng, n)).collect();
            let slim: Vec<Slim> = others.iter().map(Slim::of).collect();
            block.fill(&std::array::from_fn(|i| &slim[i]));
            let turned = own.turned();
            let strands = [&Own::of(&own), &Own::of(&turned)];
            for found in [
                indices(strands, &block, pad),
                best_narrow(strands, &block, pad),
            ] {
                for (lane, other) in others.iter().enumerate() {
                    let (laid, under) = (
                        own.best(other, pad).0.max(turned.best(other, pad).0),
                        other.best(&own, pad).0.max(other.best(&turned, pad).0),
                    );
                    assert!(
                        (found[0][lane] - laid).abs() < 1e-5
                            && (found[1][lane] - under).abs() < 1e-5,
                        "{n} {lane}"
                    );
                }
            }
        }
    }

    #[test]
    fn rows_on_rows_give_what_one_shift_gives() {
        let mut rng = Rng::keyed(&[4]);
        let (some, others): (Vec<Rows>, Vec<Rows>) = (
            (0..9).map(|_| seqlet(&mut rng, 21)).collect(),
            (0..37).map(|_| seqlet(&mut rng, 21)).collect(),
        );
        let found = each_with_each(&some, &blocks(&others), &<[f32]>::to_vec);
        for (own, found) in some.iter().zip(&found) {
            assert!(
                found.len() == 37
                    && found
                        .iter()
                        .zip(&others)
                        .all(|(found, other)| (found - own.best(other, 0).0).abs() < 1e-5)
            );
        }
        assert!(
            each_with_each(&some, &blocks(&[]), &<[f32]>::len)
                .iter()
                .all(|n| *n == 0)
        );
    }

    #[test]
    fn a_seqlet_without_contributions_has_no_index() {
        let nothing = Rows::of(vec![0.0; 80]);
        let mut block = Block::default();
        block.fill(&[&Slim::of(&nothing); LANES]);
        let nothing = Own::of(&nothing);
        assert_eq!(indices([&nothing; 2], &block, 3)[0][0], f32::NEG_INFINITY);
    }
}

//! How alike seqlets are: first by gapped k-mers, then by the overlap of contributions.

use super::tracks::{Seqlet, Tracks, turned};
use crate::base::wide::widest;
use crate::torch::parallel;

/// Positions of a seqlet that k-mers are made of, the most contributing.
const POSITIONS: usize = 20;
/// Bases of the shortest and of the longest k-mer.
const BASES: (usize, usize) = (4, 6);
/// Positions that a k-mer spans at most.
const SPAN: usize = 15;
/// k-mers that are kept of a seqlet, the strongest.
const KMERS: usize = 500;

/// Neighbours of each seqlet, the most similar first, and how similar they are.
pub struct Neighbours {
    /// Numbers of the neighbours.
    pub of: Vec<Vec<u32>>,
    /// How similar they are.
    pub similarity: Vec<Vec<f64>>,
}

/// Gapped k-mers of a seqlet with their contributions, scaled to length 1, in the order of k-mers.
fn gapped_kmers(rows: &[(u8, f32)]) -> Vec<(u64, f64)> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| rows[*b].1.total_cmp(&rows[*a].1));
    order.truncate(POSITIONS);
    order.sort_unstable();
    // a k-mer is the sum over its bases of (base + 1) 5^distance from the first
    let power = |distance: usize| 5u64.pow(distance as u32);
    let mut table = Table::new();
    let mut last: Vec<(usize, f64, u64)> = Vec::new();
    let mut next: Vec<(usize, f64, u64)> = Vec::new();
    // kept by first base, in the order in which k grows, so that sums add up in the reference's order
    let mut starts: Vec<Vec<(usize, f64, u64)>> =
        order.iter().enumerate().map(|(i, at)| vec![(i, f64::from(rows[*at].1), u64::from(rows[*at].0.min(3)) + 1)]).collect();
    for k in 2..=BASES.1 {
        for (first, kept) in starts.iter_mut().enumerate() {
            last.clear();
            std::mem::swap(&mut last, kept);
            next.clear();
            for i in first + 1..order.len() {
                let distance = order[i] - order[first];
                if distance >= SPAN {
                    break;
                }
                let (base, contribution) = rows[order[i]];
                let step = (u64::from(base.min(3)) + 1) * power(distance);
                for (end, sum, key) in last.iter().take_while(|(end, ..)| *end < i) {
                    debug_assert!(*end < i);
                    let (sum, key) = (sum + f64::from(contribution), key + step);
                    next.push((i, sum, key));
                    if k >= BASES.0 {
                        table.add(key, sum / k as f64);
                    }
                }
            }
            kept.append(&mut next);
        }
    }
    let mut found = table.into_entries();
    if found.len() > KMERS {
        let mut order: Vec<u32> = (0..found.len() as u32).collect();
        let rank = |i: &u32| (std::cmp::Reverse(Ordered(found[*i as usize].1.abs())), *i);
        order.select_nth_unstable_by_key(KMERS, rank);
        order.truncate(KMERS);
        found = order.into_iter().map(|i| found[i as usize]).collect();
    }
    let norm = found.iter().map(|(_, x)| x * x).sum::<f64>().sqrt();
    if norm > 0.0 {
        found.iter_mut().for_each(|(_, x)| *x /= norm);
    }
    found.sort_unstable_by_key(|(key, _)| *key);
    found
}

#[derive(Clone, Copy, PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Sums by key, in the order in which keys first came; slots hold the number of an entry, plus one.
struct Table {
    slots: Vec<u32>,
    entries: Vec<(u64, f64)>,
}

impl Table {
    fn new() -> Table {
        Table { slots: vec![0; 1 << 15], entries: Vec::with_capacity(1 << 14) }
    }

    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (key.wrapping_mul(11_400_714_819_323_198_485) >> 32) as usize & mask;
        while self.slots[at] != 0 && self.entries[self.slots[at] as usize - 1].0 != key {
            at = (at + 1) & mask;
        }
        at
    }

    fn add(&mut self, key: u64, value: f64) {
        let at = self.slot(key);
        match self.slots[at] {
            0 => {
                self.entries.push((key, value));
                self.slots[at] = self.entries.len() as u32;
                if 2 * self.entries.len() > self.slots.len() {
                    self.slots = vec![0; 2 * self.slots.len()];
                    for i in 0..self.entries.len() {
                        let at = self.slot(self.entries[i].0);
                        self.slots[at] = i as u32 + 1;
                    }
                }
            }
            entry => self.entries[entry as usize - 1].1 += value,
        }
    }

    fn into_entries(self) -> Vec<(u64, f64)> {
        self.entries
    }
}

/// The `count` nearest by the cosine between gapped k-mers, on the better strand; a seqlet is its own nearest.
pub fn nearest(tracks: &Tracks, seqlets: &[Seqlet], sign: f32, count: usize) -> Neighbours {
    let n = seqlets.len();
    let kmers = |seqlet: &Seqlet| {
        let rows: Vec<(u8, f32)> = (0..seqlet.len()).map(|place| (tracks.at(seqlet, place).0, sign * tracks.contribution(seqlet, place))).collect();
        gapped_kmers(&rows)
    };
    // of both strands, the given one first
    let all = parallel::map(2 * n, &|i| if i < n { kmers(&seqlets[i]) } else { kmers(&seqlets[i - n].turned()) });
    let (postings, numbers) = Postings::of(&all);
    let found = parallel::map(n, &|i| {
        let mut products = vec![0f32; 2 * n];
        postings.add(&all[i], &numbers[i], &mut products);
        let (same, other) = products.split_at(n);
        let nearer: Vec<f64> = same.iter().zip(other).map(|(a, b)| f64::from(a.max(*b))).collect();
        most(&nearer, count)
    });
    let (of, similarity) = found.into_iter().unzip();
    Neighbours { of, similarity }
}

/// The `count` largest, of equal ones the first.
fn most(values: &[f64], count: usize) -> (Vec<u32>, Vec<f64>) {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    let rank = |i: &u32| (std::cmp::Reverse(Ordered(values[*i as usize])), *i);
    if count < order.len() {
        order.select_nth_unstable_by_key(count, rank);
        order.truncate(count);
    }
    order.sort_unstable_by_key(rank);
    let kept = order.iter().map(|i| values[*i as usize]).collect();
    (order, kept)
}

/// Where each k-mer stands, by its number.
struct Postings {
    starts: Vec<usize>,
    rows: Vec<(u32, f32)>,
}

impl Postings {
    /// Of the k-mers of rows; and the number of each k-mer of each row.
    fn of(kmers: &[Vec<(u64, f64)>]) -> (Postings, Vec<Vec<u32>>) {
        const PARTS: u64 = 16;
        let part_of = |key: u64| key.wrapping_mul(11_400_714_819_323_198_485) >> 60;
        let parts = parallel::map(PARTS as usize, &|part| {
            let mut own: Vec<(u64, u32, u32)> = Vec::new();
            for (row, all) in kmers.iter().enumerate() {
                let here = all.iter().enumerate().filter(|(_, (key, _))| part_of(*key) == part as u64);
                own.extend(here.map(|(place, (key, _))| (*key, row as u32, place as u32)));
            }
            own.sort_unstable();
            own
        });
        let mut numbers: Vec<Vec<u32>> = kmers.iter().map(|all| vec![0; all.len()]).collect();
        let (mut starts, mut rows) = (Vec::new(), Vec::with_capacity(parts.iter().map(Vec::len).sum()));
        for part in &parts {
            for one in part.chunk_by(|a, b| a.0 == b.0) {
                for (_, row, place) in one {
                    numbers[*row as usize][*place as usize] = starts.len() as u32;
                    rows.push((*row, kmers[*row as usize][*place as usize].1 as f32));
                }
                starts.push(rows.len() - one.len());
            }
        }
        starts.push(rows.len());
        (Postings { starts, rows }, numbers)
    }

    /// Adds the products of a row's k-mers with everyone's.
    fn add(&self, kmers: &[(u64, f64)], numbers: &[u32], into: &mut [f32]) {
        for ((_, x), number) in kmers.iter().zip(numbers) {
            let (x, at) = (*x as f32, *number as usize);
            for (row, y) in &self.rows[self.starts[at]..self.starts[at + 1]] {
                into[*row as usize] += x * y;
            }
        }
    }
}

/// Sums of min(|x|, |y|), with the sign of x y and without.
#[inline(always)]
fn shared_of(x: &[f32], y: &[f32]) -> (f32, f32) {
    const SIGN: u32 = 1 << 31;
    let (mut signed, mut plain) = ([0f32; 8], [0f32; 8]);
    // rows have eight numbers
    for (x, y) in x.chunks_exact(8).zip(y.chunks_exact(8)) {
        for lane in 0..8 {
            // sizes of numbers have the order of their bits
            let (x, y) = (x[lane].to_bits(), y[lane].to_bits());
            let least = (x & !SIGN).min(y & !SIGN);
            plain[lane] += f32::from_bits(least);
            signed[lane] += f32::from_bits(least | ((x ^ y) & SIGN));
        }
    }
    (signed.iter().sum(), plain.iter().sum())
}

/// Adds what sixteen numbers of each of two places share, min(|a|, |b|): with the sign of a b to the one sum, without to the
/// other; numbers that the mask leaves out are not read.
#[cfg(target_arch = "x86_64")]
macro_rules! overlap {
    ($mask:expr, $a:expr, $b:expr, $signed:ident, $plain:ident) => {
        // SAFETY: what lies beyond the rows is masked out
        let (a, b) = unsafe { (_mm512_maskz_loadu_epi32($mask, $a.cast()), _mm512_maskz_loadu_epi32($mask, $b.cast())) };
        let size = _mm512_set1_epi32(i32::MAX);
        let least = _mm512_min_epu32(_mm512_and_si512(a, size), _mm512_and_si512(b, size));
        // least | ((a ^ b) & sign)
        let turned = _mm512_ternarylogic_epi32::<0xf8>(least, _mm512_xor_si512(a, b), _mm512_set1_epi32(i32::MIN));
        $plain = _mm512_add_ps($plain, _mm512_castsi512_ps(least));
        $signed = _mm512_add_ps($signed, _mm512_castsi512_ps(turned));
    };
}

/// As [`shared_of`], sixteen numbers at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn shared_wide(x: &[f32], y: &[f32]) -> (f32, f32) {
    use std::arch::x86_64::*;
    let n = x.len().min(y.len());
    let (x, y) = (x.as_ptr(), y.as_ptr());
    let zero = _mm512_setzero_ps();
    // sums in registers of their own, two of each, so that none waits for the one before
    let (mut signed, mut plain, mut signed_too, mut plain_too) = (zero, zero, zero, zero);
    let mut at = 0;
    while at + 32 <= n {
        overlap!(u16::MAX, x.add(at), y.add(at), signed, plain);
        overlap!(u16::MAX, x.add(at + 16), y.add(at + 16), signed_too, plain_too);
        at += 32;
    }
    if at + 16 <= n {
        overlap!(u16::MAX, x.add(at), y.add(at), signed, plain);
        at += 16;
    }
    if at < n {
        overlap!((1u16 << (n - at)) - 1, x.add(at), y.add(at), signed_too, plain_too);
    }
    (_mm512_reduce_add_ps(_mm512_add_ps(signed, signed_too)), _mm512_reduce_add_ps(_mm512_add_ps(plain, plain_too)))
}

/// Whether the processor has what [`shared_wide`] and [`Slim::best`] need.
#[cfg(target_arch = "x86_64")]
fn is_wide() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl")
}

/// The best Jaccard index of `x` laid over `y`, shared over joint, with signs, and the shift where it is.
#[inline(always)]
fn best_of(x: &[f32], x_size: f32, y: &[f32], y_sizes: &[f32], offsets: (i32, i32), shared: impl Fn(&[f32], &[f32]) -> (f32, f32)) -> (f32, i32) {
    let (long, wide) = (x.len() as i32 / 8, y.len() as i32 / 8);
    let mut best = (f32::NEG_INFINITY, offsets.0);
    for offset in offsets.0..=offsets.1 {
        // row j of x lies on row j + offset of y
        let (from, to) = (0.max(-offset), long.min(wide - offset));
        let mut score = 0.0;
        if from < to {
            let (a, b) = ((from + offset) as usize, (to + offset) as usize);
            let (signed, plain) = shared(&x[from as usize * 8..to as usize * 8], &y[a * 8..b * 8]);
            score = signed / (x_size + y_sizes[b] - y_sizes[a] - plain);
        }
        if score > best.0 {
            best = (score, offset);
        }
    }
    best
}

fn best_shift(x: &[f32], x_size: f32, y: &[f32], y_sizes: &[f32], offsets: (i32, i32)) -> (f32, i32) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512dq")]
        fn wide(x: &[f32], x_size: f32, y: &[f32], y_sizes: &[f32], offsets: (i32, i32)) -> (f32, i32) {
            best_of(x, x_size, y, y_sizes, offsets, |x, y| shared_wide(x, y))
        }
        if is_wide() {
            // SAFETY: the processor has these instructions
            return unsafe { wide(x, x_size, y, y_sizes, offsets) };
        }
    }
    best_narrow(x, x_size, y, y_sizes, offsets)
}

#[inline(always)]
fn best_narrow_of(x: &[f32], x_size: f32, y: &[f32], y_sizes: &[f32], offsets: (i32, i32)) -> (f32, i32) {
    best_of(x, x_size, y, y_sizes, offsets, shared_of)
}

widest!(best_narrow(x: &[f32], x_size: f32, y: &[f32], y_sizes: &[f32], offsets: (i32, i32)) -> (f32, i32), best_narrow_of);
widest!(shared_narrow(x: &[f32], y: &[f32]) -> (f32, f32), shared_of);

fn shared(x: &[f32], y: &[f32]) -> (f32, f32) {
    #[cfg(target_arch = "x86_64")]
    if is_wide() {
        // SAFETY: the processor has these instructions
        return unsafe { shared_wide(x, y) };
    }
    shared_narrow(x, y)
}

/// Rows of eight numbers with the sums of their sizes.
pub struct Rows {
    /// The numbers.
    pub values: Vec<f32>,
    /// Summed sizes of the rows before each.
    sizes: Vec<f32>,
}

impl Rows {
    /// Of numbers, eight a row.
    pub fn of(values: Vec<f32>) -> Rows {
        let mut total = 0f64;
        let mut sizes = vec![0f32];
        for row in values.chunks_exact(8) {
            total += row.iter().map(|x| f64::from(x.abs())).sum::<f64>();
            sizes.push(total as f32);
        }
        Rows { values, sizes }
    }

    /// Read on the other strand.
    pub fn turned(&self) -> Rows {
        Rows::of(turned(&self.values))
    }

    fn size(&self) -> f32 {
        self.sizes.last().copied().unwrap_or(0.0)
    }

    /// The best Jaccard index of a child laid over this, and where its first row then lies; up to `pad` rows may hang over.
    pub fn best(&self, child: &Rows, pad: usize) -> (f32, i32) {
        let room = (self.values.len() / 8) as i32 - (child.values.len() / 8) as i32;
        best_shift(&child.values, child.size(), &self.values, &self.sizes, (-(pad as i32), room + pad as i32))
    }

    /// The Jaccard index with another of the same length, row on row.
    pub fn jaccard(&self, other: &Rows) -> f32 {
        let (signed, plain) = shared(&self.values, &other.values);
        signed / (self.size() + other.size() - plain)
    }
}

/// A seqlet's rows, of which the second four hold one number at most: that of the base which is there.
struct Slim {
    /// The first four numbers of each row.
    hypothetical: Vec<f32>,
    /// The one of the second four.
    contribution: Vec<f32>,
    /// Which of them it is.
    code: Vec<u8>,
    /// Summed sizes of the rows before each.
    sizes: Vec<f32>,
}

impl Slim {
    fn of(rows: &Rows) -> Slim {
        let each = || rows.values.chunks_exact(8);
        let there = |row: &[f32]| (0..4).find(|base| row[4 + base] != 0.0);
        Slim {
            hypothetical: each().flat_map(|row| row[..4].iter().copied()).collect(),
            contribution: each().map(|row| there(row).map_or(0.0, |base| row[4 + base])).collect(),
            code: each().map(|row| there(row).unwrap_or(4) as u8).collect(),
            sizes: rows.sizes.clone(),
        }
    }

    /// The best Jaccard index of another of the same length laid over this, and of this laid over the other, with up to `pad`
    /// rows that hang over; what hangs over counts of what is laid alone.
    fn best(&self, other: &Slim, pad: usize) -> (f32, f32) {
        #[cfg(target_arch = "x86_64")]
        if is_wide() {
            // SAFETY: the processor has these instructions
            return unsafe { self.best_wide(other, pad) };
        }
        self.best_of(other, pad, |x, from, y, at, n| {
            let (mut signed, mut plain) = (0f32, 0f32);
            let mut add = |x: f32, y: f32| {
                let least = x.abs().min(y.abs());
                plain += least;
                signed += if (x < 0.0) == (y < 0.0) { least } else { -least };
            };
            x.hypothetical[4 * from..][..4 * n].iter().zip(&y.hypothetical[4 * at..]).for_each(|(x, y)| add(*x, *y));
            (0..n).filter(|i| x.code[from + i] == y.code[at + i]).for_each(|i| add(x.contribution[from + i], y.contribution[at + i]));
            (signed, plain)
        })
    }

    /// `shared` gives the sums of `n` rows of the one from a row on with those of the other from a row on.
    #[inline(always)]
    fn best_of(&self, other: &Slim, pad: usize, shared: impl Fn(&Slim, usize, &Slim, usize, usize) -> (f32, f32)) -> (f32, f32) {
        let (length, pad) = (self.code.len(), pad.min(self.code.len()));
        let mut best = (f32::NEG_INFINITY, f32::NEG_INFINITY);
        for offset in -(pad as i32)..=pad as i32 {
            // row j of the other lies on row j + offset of this
            let (from, at) = ((-offset).max(0) as usize, offset.max(0) as usize);
            let n = length - from.max(at);
            let (signed, plain) = shared(other, from, self, at, n);
            let score = |laid: f32, over: f32| signed / (laid + over - plain);
            best.0 = best.0.max(score(other.sizes[length], self.sizes[at + n] - self.sizes[at]));
            best.1 = best.1.max(score(self.sizes[length], other.sizes[from + n] - other.sizes[from]));
        }
        best
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")]
    fn best_wide(&self, other: &Slim, pad: usize) -> (f32, f32) {
        use std::arch::x86_64::*;
        self.best_of(other, pad, |x, from, y, at, n| {
            let zero = _mm512_setzero_ps();
            let (mut signed, mut plain, mut signed_too, mut plain_too) = (zero, zero, zero, zero);
            let (a, b) = (&x.hypothetical[4 * from..4 * (from + n)], &y.hypothetical[4 * at..4 * (at + n)]);
            let (mut i, whole) = (0, a.len() / 16 * 16);
            while i + 32 <= whole {
                overlap!(u16::MAX, a[i..].as_ptr(), b[i..].as_ptr(), signed, plain);
                overlap!(u16::MAX, a[i + 16..].as_ptr(), b[i + 16..].as_ptr(), signed_too, plain_too);
                i += 32;
            }
            if i < whole {
                overlap!(u16::MAX, a[i..].as_ptr(), b[i..].as_ptr(), signed, plain);
                i += 16;
            }
            if i < a.len() {
                overlap!((1u16 << (a.len() - i)) - 1, a[i..].as_ptr(), b[i..].as_ptr(), signed_too, plain_too);
            }
            let mut i = 0;
            while i < n {
                let there = if n - i >= 16 { u16::MAX } else { (1u16 << (n - i)) - 1 };
                // SAFETY: what lies beyond the rows is masked out
                let (own, others) =
                    unsafe { (_mm_maskz_loadu_epi8(there, x.code[from + i..].as_ptr().cast()), _mm_maskz_loadu_epi8(there, y.code[at + i..].as_ptr().cast())) };
                let same = _mm_mask_cmpeq_epi8_mask(there, own, others);
                overlap!(same, x.contribution[from + i..].as_ptr(), y.contribution[at + i..].as_ptr(), signed, plain);
                i += 16;
            }
            (_mm512_reduce_add_ps(_mm512_add_ps(signed, signed_too)), _mm512_reduce_add_ps(_mm512_add_ps(plain, plain_too)))
        })
    }
}

/// The Jaccard indices of each seqlet with its neighbours, at the best shift and strand.
pub fn jaccard(tracks: &Tracks, seqlets: &[Seqlet], neighbours: &[Vec<u32>], overlap: f64) -> Vec<Vec<f64>> {
    let rows: Vec<Rows> = seqlets.iter().map(|seqlet| Rows::of(tracks.rows(seqlet))).collect();
    let forward: Vec<Slim> = rows.iter().map(Slim::of).collect();
    let backward: Vec<Slim> = rows.iter().map(|rows| Slim::of(&rows.turned())).collect();
    // of i and j, and of j and i: what they share at a shift is the same
    let indices = |i: usize, j: usize| {
        let pad = (seqlets[i].len() as f64 * (1.0 - overlap)) as usize;
        let (same, other) = (forward[i].best(&forward[j], pad), forward[i].best(&backward[j], pad));
        (f64::from(same.0.max(other.0)), f64::from(same.1.max(other.1)))
    };
    // two that are neighbours of each other are compared once, by the first of them; neighbours by number, with their places
    let with_places = |own: &Vec<u32>| {
        let mut out: Vec<(u32, usize)> = own.iter().enumerate().map(|(place, j)| (*j, place)).collect();
        out.sort_unstable();
        out
    };
    let sorted: Vec<Vec<(u32, usize)>> = neighbours.iter().map(with_places).collect();
    // where the first of a pair has compared it
    let earlier = |i: usize, j: usize| {
        let at = sorted[j].binary_search_by_key(&(i as u32), |(number, _)| *number).ok().filter(|_| j < i)?;
        Some(sorted[j][at].1)
    };
    let both = parallel::map(seqlets.len(), &|i| {
        let one = |j: &u32| if earlier(i, *j as usize).is_some() { (f64::NAN, f64::NAN) } else { indices(i, *j as usize) };
        neighbours[i].iter().map(one).collect::<Vec<_>>()
    });
    let found = |(i, own): (usize, &Vec<u32>)| {
        own.iter().enumerate().map(|(place, j)| earlier(i, *j as usize).map_or(both[i][place].0, |at| both[*j as usize][at].1)).collect()
    };
    neighbours.iter().enumerate().map(found).collect()
}

/// The `count` nearest by the Jaccard index row on row, with that index; seqlets of one length.
pub fn nearest_aligned(rows: &[Rows], count: usize) -> Neighbours {
    let found = parallel::map(rows.len(), &|i| most(&rows.iter().map(|other| f64::from(rows[i].jaccard(other))).collect::<Vec<_>>(), count));
    let (of, similarity) = found.into_iter().unzip();
    Neighbours { of, similarity }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::seed::Rng;

    fn rows(n: usize, seed: u64) -> Vec<f32> {
        let mut rng = Rng::keyed(&[seed]);
        (0..8 * n).map(|_| rng.normal() as f32).collect()
    }

    #[test]
    fn the_index_is_that_of_its_definition_at_the_best_shift() {
        let (x, y) = (rows(9, 1), rows(13, 2));
        let index = |offset: i32| {
            let (mut over, mut under) = (0.0, 0.0);
            for j in 0..9 {
                for k in 0..8 {
                    let (a, at) = (x[j * 8 + k], j as i32 + offset);
                    let b = if (0..13).contains(&at) { y[at as usize * 8 + k] } else { 0.0 };
                    over += a.abs().min(b.abs()) * a.signum() * b.signum();
                    under += a.abs().max(b.abs());
                }
            }
            over / under
        };
        let best = (-3..=7).map(|offset| (index(offset), offset)).fold((f32::MIN, 0), |best, next| if next.0 > best.0 { next } else { best });
        let (parent, child) = (Rows::of(y.clone()), Rows::of(x.clone()));
        for found in [parent.best(&child, 3), best_narrow(&x, child.size(), &y, &parent.sizes, (-3, 7))] {
            assert!((found.0 - best.0).abs() < 1e-5 && found.1 == best.1, "{found:?} {best:?}");
        }
        let (signed, plain) = shared(&x, &y[..72]);
        let (narrow, other) = shared_of(&x, &y[..72]);
        assert!((signed - narrow).abs() < 1e-4 && (plain - other).abs() < 1e-4);
    }

    #[test]
    fn slim_rows_give_what_rows_give() {
        let mut rng = Rng::keyed(&[3]);
        let mut seqlet = |n: usize| {
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
        };
        for n in [5, 16, 23, 30, 40] {
            let (a, b) = (seqlet(n), seqlet(n));
            let (slim, other) = (Slim::of(&a), Slim::of(&b));
            let (first, second) = slim.best(&other, n / 3);
            assert!((first - a.best(&b, n / 3).0).abs() < 1e-5 && (second - b.best(&a, n / 3).0).abs() < 1e-5);
        }
    }

    #[test]
    fn gapped_kmers_count_every_subset() {
        // four bases in a row: one 4-mer, whose contribution is their mean
        let found = gapped_kmers(&[(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, 1 + 2 * 5 + 3 * 25 + 4 * 125);
        // six: 15 + 6 + 1
        let all: Vec<(u8, f32)> = (0..6).map(|i| (i % 4, 1.0 + f32::from(i))).collect();
        assert_eq!(gapped_kmers(&all).len(), 15 + 6 + 1);
    }
}

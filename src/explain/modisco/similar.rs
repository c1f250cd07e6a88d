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
    let forward = parallel::map(n, &|i| kmers(&seqlets[i]));
    let backward = parallel::map(n, &|i| kmers(&seqlets[i].turned()));
    let (of_forward, of_backward) = (Postings::of(&forward), Postings::of(&backward));
    let found = parallel::map(n, &|i| {
        let (mut same, mut other) = (vec![0f64; n], vec![0f64; n]);
        of_forward.add(&forward[i], &mut same);
        of_backward.add(&forward[i], &mut other);
        same.iter_mut().zip(&other).for_each(|(a, b)| *a = a.max(*b));
        most(&same, count)
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

/// Where each k-mer stands.
struct Postings {
    keys: Vec<u64>,
    starts: Vec<usize>,
    rows: Vec<(u32, f64)>,
}

impl Postings {
    fn of(kmers: &[Vec<(u64, f64)>]) -> Postings {
        let mut all: Vec<(u64, u32, f64)> = kmers.iter().enumerate().flat_map(|(row, own)| own.iter().map(move |(key, x)| (*key, row as u32, *x))).collect();
        all.sort_unstable_by_key(|(key, row, _)| (*key, *row));
        let (mut keys, mut starts, mut rows) = (Vec::new(), Vec::new(), Vec::with_capacity(all.len()));
        for (key, row, x) in all {
            if keys.last() != Some(&key) {
                keys.push(key);
                starts.push(rows.len());
            }
            rows.push((row, x));
        }
        starts.push(rows.len());
        Postings { keys, starts, rows }
    }

    /// Adds the products of a seqlet's k-mers with everyone's; both are in the order of k-mers.
    fn add(&self, kmers: &[(u64, f64)], into: &mut [f64]) {
        let mut at = 0;
        for (key, x) in kmers {
            at += self.keys[at..].partition_point(|known| known < key);
            if self.keys.get(at) == Some(key) {
                for (row, y) in &self.rows[self.starts[at]..self.starts[at + 1]] {
                    into[*row as usize] += x * y;
                }
            }
        }
    }
}

/// Sums of min(|x|, |y|), with the sign of x y and without.
#[inline(always)]
fn shared_of(x: &[f32], y: &[f32]) -> (f32, f32) {
    const SIGN: u32 = 1 << 31;
    // sizes of numbers have the order of their bits
    let (mut signed, mut plain) = ([0f32; 16], [0f32; 16]);
    let (xs, ys) = (x.chunks_exact(16), y.chunks_exact(16));
    let (x_rest, y_rest) = (xs.remainder(), ys.remainder());
    let mut one = |lane: usize, x: f32, y: f32| {
        let (x, y) = (x.to_bits(), y.to_bits());
        let least = (x & !SIGN).min(y & !SIGN);
        plain[lane] += f32::from_bits(least);
        signed[lane] += f32::from_bits(least | ((x ^ y) & SIGN));
    };
    for (x, y) in xs.zip(ys) {
        for lane in 0..16 {
            one(lane, x[lane], y[lane]);
        }
    }
    for (lane, (x, y)) in x_rest.iter().zip(y_rest).enumerate() {
        one(lane, *x, *y);
    }
    (signed.iter().sum(), plain.iter().sum())
}

/// The Jaccard index of two rows of contributions: shared over joint, with signs.
#[inline(always)]
fn jaccard_of(x: &[f32], y: &[f32], sizes: f32) -> f32 {
    let (signed, plain) = shared_of(x, y);
    signed / (sizes - plain)
}

#[inline(always)]
fn best_of(x: &[f32], x_size: f32, y: &[f32], y_sizes: &[f32], offsets: (i32, i32)) -> (f32, i32) {
    let (long, wide) = (x.len() as i32 / 8, y.len() as i32 / 8);
    let mut best = (f32::NEG_INFINITY, offsets.0);
    for offset in offsets.0..=offsets.1 {
        // row j of x lies on row j + offset of y
        let (from, to) = (0.max(-offset), long.min(wide - offset));
        let score = if from < to {
            let (a, b) = ((from + offset) as usize, (to + offset) as usize);
            jaccard_of(&x[from as usize * 8..to as usize * 8], &y[a * 8..b * 8], x_size + y_sizes[b] - y_sizes[a])
        } else {
            0.0
        };
        if score > best.0 {
            best = (score, offset);
        }
    }
    best
}

widest!(best_shift(x: &[f32], x_size: f32, y: &[f32], y_sizes: &[f32], offsets: (i32, i32)) -> (f32, i32), best_of);
widest!(jaccard_here(x: &[f32], y: &[f32], sizes: f32) -> f32, jaccard_of);

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
        jaccard_here(&self.values, &other.values, self.size() + other.size())
    }
}

/// The Jaccard indices of each seqlet with its neighbours, at the best shift and strand.
pub fn jaccard(tracks: &Tracks, seqlets: &[Seqlet], neighbours: &[Vec<u32>], overlap: f64) -> Vec<Vec<f64>> {
    let forward: Vec<Rows> = seqlets.iter().map(|seqlet| Rows::of(tracks.rows(seqlet))).collect();
    let backward: Vec<Rows> = forward.iter().map(Rows::turned).collect();
    parallel::map(seqlets.len(), &|i| {
        let pad = (seqlets[i].len() as f64 * (1.0 - overlap)) as usize;
        let of = |j: &u32| forward[i].best(&forward[*j as usize], pad).0.max(forward[i].best(&backward[*j as usize], pad).0);
        neighbours[i].iter().map(|j| f64::from(of(j))).collect()
    })
}

/// The `count` nearest by the Jaccard index row on row, with that index; seqlets of one length.
pub fn nearest_aligned(rows: &[Rows], count: usize) -> Neighbours {
    let found = parallel::map(rows.len(), &|i| most(&rows.iter().map(|other| f64::from(rows[i].jaccard(other))).collect::<Vec<_>>(), count));
    let (of, similarity) = found.into_iter().unzip();
    Neighbours { of, similarity }
}

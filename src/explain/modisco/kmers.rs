//! Gapped k-mers of seqlets, and which seqlets share them.

use super::divided;
use super::similar::{Neighbours, most};
use super::tracks::{Seqlet, Tracks};
use cistron_base::Result;
use cistron_genome::seq::alphabet::complement;
use cistron_torch::parallel;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Positions of a seqlet that k-mers are made of, the most contributing.
const POSITIONS: usize = 20;
/// Bases of the shortest and of the longest k-mer.
const BASES: (usize, usize) = (4, 6);
/// Positions that a k-mer spans at most.
const SPAN: usize = 15;
/// k-mers that are kept of a seqlet, the strongest.
const KMERS: usize = 500;

/// Gapped k-mers with their contributions, in the order of k-mers.
type Kmers = Vec<(u64, f64)>;

/// A k-mer on both strands, where it ends, and the sum of its contributions so far.
#[derive(Clone, Copy)]
struct Part {
    end: usize,
    sum: f64,
    key: u64,
    /// On the other strand.
    turned: u64,
}

/// Gapped k-mers of a seqlet with their contributions, scaled to length 1; and those of the other
/// strand.
fn gapped_kmers(rows: &[(u8, f32)]) -> [Kmers; 2] {
    // a letter that is no base is part of none
    let mut order: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].0 < 4).collect();
    order.sort_by(|a, b| rows[*b].1.total_cmp(&rows[*a].1));
    order.truncate(POSITIONS);
    order.sort_unstable();
    // a k-mer is the sum over its bases of (base + 1) 5^distance from the first
    let power = |distance: usize| 5u64.pow(distance as u32);
    let digit = |base: u8| u64::from(base) + 1;
    let mut table = Table::new();
    let (mut last, mut next): (Vec<Part>, Vec<Part>) = (Vec::new(), Vec::new());
    // kept by first base, in the order in which k grows, so that sums add up in the reference's
    // order
    let start = |(i, at): (usize, &usize)| {
        let (base, contribution) = rows[*at];
        vec![Part {
            end: i,
            sum: f64::from(contribution),
            key: digit(base),
            turned: digit(complement(base)),
        }]
    };
    let mut starts: Vec<Vec<Part>> = order.iter().enumerate().map(start).collect();
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
                let (step, other) = (digit(base) * power(distance), digit(complement(base)));
                for part in last.iter().take_while(|part| part.end < i) {
                    let turned = part.turned * power(order[i] - order[part.end]) + other;
                    let made = Part {
                        end: i,
                        sum: part.sum + f64::from(contribution),
                        key: part.key + step,
                        turned,
                    };
                    if k < BASES.1 {
                        next.push(made);
                    }
                    if k >= BASES.0 {
                        table.add(made.key, turned, made.sum / k as f64);
                    }
                }
            }
            kept.append(&mut next);
        }
    }
    let mut found = table.entries;
    if found.len() > KMERS {
        // the least strong one that is kept; of equally strong ones the first are
        let mut sizes: Vec<f64> = found.iter().map(|entry| entry.value.abs()).collect();
        let least = *sizes
            .select_nth_unstable_by(KMERS - 1, |a, b| b.total_cmp(a))
            .1;
        let mut room = KMERS
            - found
                .iter()
                .filter(|entry| entry.value.abs() > least)
                .count();
        found.retain(|entry| {
            let size = entry.value.abs();
            let is_kept = size > least || (size == least && room > 0);
            room -= usize::from(is_kept && size == least);
            is_kept
        });
    }
    let norm = found
        .iter()
        .map(|entry| entry.value * entry.value)
        .sum::<f64>()
        .sqrt();
    let scale = if norm > 0.0 { norm } else { 1.0 };
    let sorted = |key: fn(&Entry) -> u64| {
        let mut out: Kmers = found
            .iter()
            .map(|entry| (key(entry), entry.value / scale))
            .collect();
        out.sort_unstable_by_key(|(key, _)| *key);
        out
    };
    [sorted(|entry| entry.key), sorted(|entry| entry.turned)]
}

/// A k-mer on both strands with the sum of its contributions.
struct Entry {
    key: u64,
    turned: u64,
    value: f64,
}

/// Sums by key, in the order in which keys first came; slots hold the number of an entry, plus one.
struct Table {
    slots: Vec<u32>,
    entries: Vec<Entry>,
}

impl Table {
    fn new() -> Table {
        Table {
            slots: vec![0; 1 << 15],
            entries: Vec::with_capacity(1 << 14),
        }
    }

    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (key.wrapping_mul(11_400_714_819_323_198_485) >> 32) as usize & mask;
        while self.slots[at] != 0 && self.entries[self.slots[at] as usize - 1].key != key {
            at = (at + 1) & mask;
        }
        at
    }

    fn add(&mut self, key: u64, turned: u64, value: f64) {
        let at = self.slot(key);
        match self.slots[at] {
            0 => {
                self.entries.push(Entry { key, turned, value });
                self.slots[at] = self.entries.len() as u32;
                if 2 * self.entries.len() > self.slots.len() {
                    self.slots = vec![0; 2 * self.slots.len()];
                    for i in 0..self.entries.len() {
                        let at = self.slot(self.entries[i].key);
                        self.slots[at] = i as u32 + 1;
                    }
                }
            }
            entry => self.entries[entry as usize - 1].value += value,
        }
    }
}

/// The `count` nearest by the cosine between gapped k-mers, on the better strand; a seqlet is its
/// own nearest. The processes of a run divide the seqlets.
pub fn nearest(tracks: &Tracks, seqlets: &[Seqlet], sign: f32, count: usize) -> Result<Neighbours> {
    let n = seqlets.len();
    let both = parallel::map(n, &|i| {
        let seqlet = &seqlets[i];
        gapped_kmers(
            &(0..seqlet.len())
                .map(|place| {
                    (
                        tracks.at(seqlet, place).0,
                        sign * tracks.contribution(seqlet, place),
                    )
                })
                .collect::<Vec<_>>(),
        )
    });
    // of both strands, the given one first
    let (mut all, mut others) = (Vec::with_capacity(2 * n), Vec::with_capacity(n));
    for [own, other] in both {
        all.push(own);
        others.push(other);
    }
    all.append(&mut others);
    let postings = Postings::of(&all);
    let found = divided::rows(n, &|i| {
        let mut products = vec![0f32; 2 * n];
        postings.add(i, &all[i], &mut products);
        let (same, other) = products.split_at(n);
        let nearer: Vec<f64> = same
            .iter()
            .zip(other)
            .map(|(a, b)| f64::from(a.max(*b)))
            .collect();
        most(&nearer, count)
    })?;
    let (of, similarity) = found.into_iter().unzip();
    Ok(Neighbours { of, similarity })
}

/// Where each k-mer stands, in parts by the last bits of the k-mer.
struct Postings {
    parts: Vec<Part16>,
    /// The number of each k-mer of each row within its part.
    numbers: Vec<AtomicU32>,
    /// Where the numbers of each row begin.
    starts: Vec<usize>,
}

/// One part in sixteen.
struct Part16 {
    /// Where the rows of each k-mer begin.
    starts: Vec<u32>,
    rows: Vec<(u32, f32)>,
}

impl Postings {
    /// The last bits of a k-mer, which name its part.
    const BITS: u32 = 4;
    /// Bits of the place of a k-mer in its row, of which there are at most 500.
    const PLACE: u32 = 9;
    /// Bits of the row and the place: what k-mers below 5^15 leave of 64 without those of the part.
    const ROW: u32 = 64 - 35 + Self::BITS;

    fn part_of(key: u64) -> usize {
        (key & ((1 << Self::BITS) - 1)) as usize
    }

    /// Of the k-mers of rows.
    fn of(kmers: &[Kmers]) -> Postings {
        let mut starts = vec![0];
        starts.extend(kmers.iter().scan(0, |sum, own| {
            *sum += own.len();
            Some(*sum)
        }));
        let numbers: Vec<AtomicU32> = (0..starts[kmers.len()])
            .map(|_| AtomicU32::new(0))
            .collect();
        // k-mer, row and place in one number, which sorts faster; some rows at a time, part by part
        const SOME: usize = 64;
        let sorted = parallel::map(kmers.len().div_ceil(SOME), &|some| {
            let mut parts: [Vec<u64>; 1 << Self::BITS] = Default::default();
            for (row, all) in kmers.iter().enumerate().skip(some * SOME).take(SOME) {
                for (place, (key, _)) in all.iter().enumerate() {
                    parts[Self::part_of(*key)]
                        .push(key >> Self::BITS << Self::ROW | (row << Self::PLACE | place) as u64);
                }
            }
            parts
        });
        let parts = parallel::map(1 << Self::BITS, &|part| {
            let mut own: Vec<u64> = sorted
                .iter()
                .flat_map(|parts| &parts[part])
                .copied()
                .collect();
            own.sort_unstable();
            let (mut begins, mut rows) = (vec![0], Vec::with_capacity(own.len()));
            for one in own.chunk_by(|a, b| a >> Self::ROW == b >> Self::ROW) {
                for entry in one {
                    let (row, place) = (
                        (entry & ((1 << Self::ROW) - 1)) as usize >> Self::PLACE,
                        (entry & ((1 << Self::PLACE) - 1)) as usize,
                    );
                    numbers[starts[row] + place].store(begins.len() as u32 - 1, Relaxed);
                    rows.push((row as u32, kmers[row][place].1 as f32));
                }
                begins.push(rows.len() as u32);
            }
            Part16 {
                starts: begins,
                rows,
            }
        });
        Postings {
            parts,
            numbers,
            starts,
        }
    }

    /// Adds the products of a row's k-mers with everyone's.
    fn add(&self, row: usize, kmers: &Kmers, into: &mut [f32]) {
        for ((key, x), number) in kmers.iter().zip(&self.numbers[self.starts[row]..]) {
            let (part, x, at) = (
                &self.parts[Self::part_of(*key)],
                *x as f32,
                number.load(Relaxed) as usize,
            );
            for (row, y) in &part.rows[part.starts[at] as usize..part.starts[at + 1] as usize] {
                into[*row as usize] += x * y;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gapped_kmers_count_every_subset() {
        // four bases in a row: one 4-mer, whose contribution is their mean
        let [found, _] = gapped_kmers(&[(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, 1 + 2 * 5 + 3 * 25 + 4 * 125);
        // six: 15 + 6 + 1
        let all: Vec<(u8, f32)> = (0..6).map(|i| (i % 4, 1.0 + f32::from(i))).collect();
        assert_eq!(gapped_kmers(&all)[0].len(), 15 + 6 + 1);
    }

    #[test]
    fn the_other_strand_has_the_kmers_of_what_is_read_there() {
        let mut rng = cistron_base::seed::Rng::keyed(&[5]);
        for n in [6, 20, 30, 50] {
            let rows: Vec<(u8, f32)> = (0..n)
                .map(|_| (rng.below(5) as u8, rng.normal() as f32))
                .collect();
            let turned: Vec<(u8, f32)> = rows
                .iter()
                .rev()
                .map(|(base, x)| (complement(*base), *x))
                .collect();
            let ([own, other], [turned, back]) = (gapped_kmers(&rows), gapped_kmers(&turned));
            for (a, b) in [(&own, &back), (&other, &turned)] {
                assert_eq!(a.len(), b.len());
                assert!(
                    a.iter()
                        .zip(b.iter())
                        .all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-12),
                    "{n}"
                );
            }
        }
    }

    #[test]
    fn products_are_those_of_equal_kmers() {
        let mut rng = cistron_base::seed::Rng::keyed(&[6]);
        let mut row = |n: usize| {
            let mut keys: Vec<u64> = (0..n)
                .map(|_| rng.below(300) as u64 + 5u64.pow(15) - 300)
                .collect();
            keys.sort_unstable();
            keys.dedup();
            keys.into_iter()
                .map(|key| (key, rng.normal()))
                .collect::<Kmers>()
        };
        let all: Vec<Kmers> = [50, 0, 120, 7, 0].map(&mut row).into();
        let postings = Postings::of(&all);
        for (i, own) in all.iter().enumerate() {
            let mut products = vec![0f32; all.len()];
            postings.add(i, own, &mut products);
            for (j, other) in all.iter().enumerate() {
                let expected: f64 = own
                    .iter()
                    .flat_map(|(key, x)| {
                        other
                            .iter()
                            .filter(move |(own, _)| own == key)
                            .map(move |(_, y)| x * y)
                    })
                    .sum();
                assert!((f64::from(products[j]) - expected).abs() < 1e-4);
            }
        }
    }
}

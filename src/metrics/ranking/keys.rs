//! Scores of positives and of negatives as sorted integer keys.

/// Integer keys in the order of the scores.
pub(super) fn key(score: f32) -> u32 {
    // 0.0 and -0.0 are one score
    let bits = (score + 0.0).to_bits();
    if bits >> 31 == 1 {
        !bits
    } else {
        bits | 0x8000_0000
    }
}

/// Sorts keys: three passes over 11 bits each.
pub(super) fn sort(keys: &mut Vec<u32>) {
    if keys.len() < 2048 {
        return keys.sort_unstable();
    }
    let mut counts = vec![[0u32; 2048]; 3];
    for k in keys.iter() {
        counts[0][(k & 2047) as usize] += 1;
        counts[1][(k >> 11 & 2047) as usize] += 1;
        counts[2][(k >> 22) as usize] += 1;
    }
    let mut other = vec![0u32; keys.len()];
    for (pass, counts) in counts.iter_mut().enumerate() {
        let shift = 11 * pass as u32;
        if counts.iter().any(|c| *c as usize == keys.len()) {
            continue; // all keys share these bits
        }
        let mut at = 0u32;
        for count in counts.iter_mut() {
            at += std::mem::replace(count, at);
        }
        for k in keys.iter() {
            let slot = &mut counts[(k >> shift & 2047) as usize];
            other[*slot as usize] = *k;
            *slot += 1;
        }
        std::mem::swap(keys, &mut other);
    }
}

/// Columns that are read at a time: a line of memory.
pub(super) const GROUP: usize = 16;
/// Rows that are transposed at a time.
const TILE: usize = 80;
/// Scores from which one task is worth several threads.
pub(super) const MANY: usize = 1 << 18;

/// Keys of positives and of negatives.
#[derive(Default)]
pub(super) struct ClassKeys {
    pub(super) positives: Vec<u32>,
    pub(super) negatives: Vec<u32>,
}

/// Keys on their way to their class.
struct ClassKeysBuilder {
    parted: ClassKeys,
    counts: [usize; 2],
}

/// 1 of a positive, 2 of a negative, 0 where label or score is undefined.
#[inline(always)]
fn class(score: f32, label: f32) -> u8 {
    let is_known = !score.is_nan();
    u8::from(is_known & (label > 0.5)) | u8::from(is_known & (label <= 0.5)) << 1
}

impl ClassKeysBuilder {
    /// Of so many rows at most.
    fn of(rows: usize) -> ClassKeysBuilder {
        ClassKeysBuilder {
            parted: ClassKeys {
                positives: vec![0; rows + 1],
                negatives: vec![0; rows + 1],
            },
            counts: [0; 2],
        }
    }

    #[inline(always)]
    fn take(&mut self, keys: impl Iterator<Item = (u32, u8)>) {
        let [mut p, mut n] = self.counts;
        let (positives, negatives) = (
            &mut self.parted.positives[..],
            &mut self.parted.negatives[..],
        );
        for (key, class) in keys {
            // both are written, one is kept: no branch to mispredict
            positives[p] = key;
            negatives[n] = key;
            p += usize::from(class & 1);
            n += usize::from(class >> 1);
        }
        self.counts = [p, n];
    }

    fn done(mut self) -> ClassKeys {
        self.parted.positives.truncate(self.counts[0]);
        self.parted.negatives.truncate(self.counts[1]);
        self.parted
    }
}

impl ClassKeys {
    /// Of some columns of `rows * columns` numbers; undefined labels and scores are left out.
    pub(super) fn columns(
        scores: &[f32],
        labels: &[f32],
        columns: usize,
        first: usize,
    ) -> Vec<ClassKeys> {
        let (own, rows) = ((columns - first).min(GROUP), scores.len() / columns);
        let mut parted: Vec<ClassKeysBuilder> =
            (0..own).map(|_| ClassKeysBuilder::of(rows)).collect();
        if columns == 1 {
            parted[0].take(
                scores
                    .iter()
                    .zip(labels)
                    .map(|(score, label)| (key(*score), class(*score, *label))),
            );
            return parted.into_iter().map(ClassKeysBuilder::done).collect();
        }
        // a tile is turned first, so that two places are written to at a time, not two for each
        // column
        let (mut keys, mut classes) = ([[0u32; TILE]; GROUP], [[0u8; TILE]; GROUP]);
        for (scores, labels) in scores
            .chunks(TILE * columns)
            .zip(labels.chunks(TILE * columns))
        {
            for (row, (scores, labels)) in scores
                .chunks_exact(columns)
                .zip(labels.chunks_exact(columns))
                .enumerate()
            {
                for (column, (score, label)) in scores[first..first + own]
                    .iter()
                    .zip(&labels[first..])
                    .enumerate()
                {
                    keys[column][row] = key(*score);
                    classes[column][row] = class(*score, *label);
                }
            }
            let n = scores.len() / columns;
            for ((keys, classes), parted) in keys.iter().zip(&classes).zip(&mut parted) {
                parted.take(keys[..n].iter().copied().zip(classes.iter().copied()));
            }
        }
        parted.into_iter().map(ClassKeysBuilder::done).collect()
    }

    /// Of one task, sorted; on several threads where there are many.
    pub(super) fn sorted(scores: &[f32], labels: &[f32]) -> ClassKeys {
        if scores.len() < MANY {
            return ClassKeys::columns(scores, labels, 1, 0)
                .pop()
                .unwrap_or_default()
                .in_order();
        }
        use rayon::prelude::*;
        let parts: Vec<ClassKeys> = scores
            .par_chunks(MANY)
            .zip(labels.par_chunks(MANY))
            .flat_map_iter(|(x, y)| ClassKeys::columns(x, y, 1, 0))
            .collect();
        let joined = |of: fn(&ClassKeys) -> &Vec<u32>| {
            parts.iter().flat_map(of).copied().collect::<Vec<u32>>()
        };
        let (positives, negatives) = rayon::join(
            || ordered(joined(|own| &own.positives)),
            || ordered(joined(|own| &own.negatives)),
        );
        ClassKeys {
            positives,
            negatives,
        }
    }

    pub(super) fn in_order(self) -> ClassKeys {
        ClassKeys {
            positives: ordered(self.positives),
            negatives: ordered(self.negatives),
        }
    }
}

pub(super) fn ordered(mut keys: Vec<u32>) -> Vec<u32> {
    sort(&mut keys);
    keys
}

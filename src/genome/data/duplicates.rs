//! Sequences that occur twice, on either strand, within a dataset or in two of them.

use super::{Column, Dataset};
use crate::seq::alphabet;
use std::collections::HashSet;

/// A key that a sequence shares with its reverse complement and, practically, with nothing else.
fn key(codes: &[u8]) -> u128 {
    let hash = |codes: &mut dyn Iterator<Item = u8>| {
        codes.fold(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C834u128, |h, c| {
            (h ^ u128::from(c + 1)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B)
        })
    };
    let forward = hash(&mut codes.iter().copied());
    let backward = hash(&mut codes.iter().rev().map(|c| alphabet::complement(*c)));
    forward.min(backward)
}

/// Keys of the sequences in view; of rows that are cut from a genome those of their places.
fn keys(set: &Dataset) -> Vec<u128> {
    let column = set.sequence_input();
    match column {
        Some(Column::Sequence { codes, length }) => set
            .rows
            .iter()
            .map(|row| key(&codes[*row as usize * length..(*row as usize + 1) * length]))
            .collect(),
        Some(Column::Genome { regions, .. }) => {
            let place = |row: &u32| &regions[*row as usize];
            set.rows
                .iter()
                .map(place)
                .map(|p| {
                    u128::from(p.chrom) << 96
                        | (p.start as u128 & 0xFFFF_FFFF_FFFF) << 48
                        | (p.end as u128 & 0xFFFF_FFFF_FFFF)
                })
                .collect()
        }
        Some(Column::Ragged(_)) if set.shuffles.is_none() => {
            let codes = |row| {
                let mut codes = Vec::new();
                let column = column?;
                column.codes(row, 0, &mut codes).ok()?;
                Some(key(&codes))
            };
            set.rows
                .iter()
                .filter_map(|row| codes(*row as usize))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// How many rows repeat an earlier one, on either strand.
pub fn within(set: &Dataset) -> usize {
    let mut keys = keys(set);
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    all - keys.len()
}

/// How many rows of `b` occur in `a`, on either strand.
pub fn overlap(a: &Dataset, b: &Dataset) -> usize {
    let known: HashSet<u128> = keys(a).into_iter().collect();
    keys(b).iter().filter(|key| known.contains(key)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_strands_have_one_key() {
        assert_eq!(key(&[0, 0, 1, 2]), key(&[1, 2, 3, 3]));
        assert_ne!(key(&[0, 0, 1, 2]), key(&[0, 0, 1, 1]));
    }
}

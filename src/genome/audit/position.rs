//! Places of rows in a genome, and the labels of the nearest training rows as a baseline.

use crate::data::{Column, Dataset};
use std::collections::HashMap;

/// A place in a genome.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Chromosome.
    pub chrom: String,
    /// First base.
    pub start: i64,
    /// One past the last base.
    pub end: i64,
}

impl Place {
    /// Reads `chr1:100-200`, with anything after a blank or a second colon.
    fn parse(name: &str) -> Option<Place> {
        let (chrom, rest) = name.split_once(':')?;
        let range = rest.split([' ', ':', '(', '\t']).next()?;
        let (start, end) = range.split_once('-')?;
        let (start, end) = (start.parse().ok()?, end.parse().ok()?);
        (start < end).then(|| Place {
            chrom: chrom.trim_start_matches('>').to_string(),
            start,
            end,
        })
    }

    fn middle(&self) -> i64 {
        i64::midpoint(self.start, self.end)
    }
}

/// The places of the rows in view: of rows that are cut from a genome, or named after a place;
/// none where one of them has no place.
pub fn places(set: &Dataset) -> Option<Vec<Place>> {
    if set.shuffles.is_some() {
        return None;
    }
    if let Some(Column::Genome {
        genome, regions, ..
    }) = set.sequence_input()
    {
        let names = genome.contigs.names();
        let place = |row: usize| {
            let own = &regions[set.locate(row).0];
            Place {
                chrom: names[own.chrom as usize].clone(),
                start: own.start,
                end: own.end,
            }
        };
        return Some((0..set.len()).map(place).collect());
    }
    let names = set.names.as_ref()?;
    (0..set.len())
        .map(|row| Place::parse(&names[set.locate(row).0]))
        .collect()
}

/// Training rows whose labels are averaged.
const NEIGHBOURS: usize = 5;

/// The mean label of the nearest training rows on the chromosome of each test row; that of all
/// training rows where the chromosome has none.
pub fn nearest_labels(train: &[Place], classes: &[bool], test: &[Place]) -> Vec<f64> {
    let mut by_chrom: HashMap<&str, Vec<(i64, bool)>> = HashMap::new();
    for (place, class) in train.iter().zip(classes) {
        let chrom = by_chrom.entry(&place.chrom).or_default();
        chrom.push((place.middle(), *class));
    }
    by_chrom.values_mut().for_each(|rows| rows.sort_unstable());
    let share = |rows: &mut dyn Iterator<Item = bool>| {
        let (n, positives) = rows.fold((0, 0), |(n, p), class| (n + 1, p + i32::from(class)));
        f64::from(positives) / f64::from(n.max(1))
    };
    let overall = share(&mut classes.iter().copied());
    let score = |place: &Place| {
        let Some(rows) = by_chrom.get(place.chrom.as_str()) else {
            return overall;
        };
        let middle = place.middle();
        let (mut low, mut high) = {
            let at = rows.partition_point(|(own, _)| *own < middle);
            (at, at)
        };
        while high - low < NEIGHBOURS.min(rows.len()) {
            let before = low.checked_sub(1).map(|i| middle - rows[i].0);
            let after = rows.get(high).map(|(own, _)| own - middle);
            match (before, after) {
                (Some(before), Some(after)) if before <= after => low -= 1,
                (Some(_), None) => low -= 1,
                _ => high += 1,
            }
        }
        share(&mut rows[low..high].iter().map(|(_, class)| *class))
    };
    test.iter().map(score).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_names() {
        let place = Place::parse("chr1:100-200 peak").expect("a place");
        assert_eq!(
            (place.chrom.as_str(), place.start, place.end),
            ("chr1", 100, 200)
        );
        for name in ["chr1", "chr1:x-2", "chr1:5-5", ""] {
            assert_eq!(Place::parse(name), None, "{name}");
        }
    }

    #[test]
    fn the_nearest_rows_vote() {
        let place = |chrom: &str, start| Place {
            chrom: chrom.into(),
            start,
            end: start + 10,
        };
        let train: Vec<Place> = (0..10).map(|i| place("a", i * 100)).collect();
        let classes: Vec<bool> = (0..10).map(|i| i < 5).collect();
        let test = [
            place("a", 0),
            place("a", 900),
            place("a", 420),
            place("b", 0),
        ];
        assert_eq!(
            nearest_labels(&train, &classes, &test),
            [1.0, 0.0, 0.6, 0.5]
        );
    }
}

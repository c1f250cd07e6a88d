//! Test rows that are training rows in some form.

use super::homology::{self, SimilarPair};
use super::position::Place;
use super::rows::{AuditSettings, Rows};
use cistron_base::{Result, bail};
use std::collections::{HashMap, HashSet};

/// The largest number of pairs that a report names.
const MOST_EXAMPLES: usize = 20;

/// Test rows that are training rows in some form; a row counts in the first form that applies, in
/// the order of the fields.
#[derive(Clone, Debug, Default)]
pub struct Leaks {
    /// Number of test rows.
    pub rows: usize,
    /// Rows with the sequence of a training row.
    pub duplicates: usize,
    /// Rows with the reverse complement of a training row.
    pub reverse_complements: usize,
    /// Rows at the place of a training row; none where places are not known.
    pub same_interval: Option<usize>,
    /// Rows that overlap a training row; none where places are not known.
    pub overlapping: Option<usize>,
    /// Rows similar to a training row.
    pub similar: usize,
    /// Values that training and test rows share.
    pub shared: Vec<SharedValues>,
    /// The most similar pairs.
    pub examples: Vec<LeakExample>,
    /// Whether each test row leaks.
    pub is_leaking: Vec<bool>,
    /// Minimizers that were left out.
    pub skipped: usize,
}

/// Two rows that are similar.
#[derive(Clone, Debug, PartialEq)]
pub struct LeakExample {
    /// Name of the training row.
    pub train: String,
    /// Name of the test row.
    pub test: String,
    /// Share of equal bases among those beside each other.
    pub identity: f64,
    /// Number of bases beside each other.
    pub overlap: usize,
    /// Whether one is reversed.
    pub is_reverse: bool,
}

/// Values that training and test rows share, such as cell types.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedValues {
    /// What the values are.
    pub name: String,
    /// Those in both.
    pub values: Vec<String>,
    /// Number of test rows with one of them.
    pub rows: usize,
}

impl Leaks {
    /// Number of test rows that leak.
    pub fn count(&self) -> usize {
        self.is_leaking.iter().filter(|leaks| **leaks).count()
    }

    /// The share of test rows that leak.
    pub fn share(&self) -> f64 {
        self.count() as f64 / self.rows.max(1) as f64
    }
}

/// For each test place, whether a training row is at it, and whether one overlaps it.
fn overlaps(train: &[Place], test: &[Place]) -> Vec<(bool, bool)> {
    let mut by_chrom: HashMap<&str, Vec<(i64, i64)>> = HashMap::new();
    for place in train {
        let chrom = by_chrom.entry(&place.chrom).or_default();
        chrom.push((place.start, place.end));
    }
    // the largest end of the intervals up to each, so that one search finds an overlap
    let mut reach: HashMap<&str, Vec<i64>> = HashMap::new();
    for (chrom, intervals) in &mut by_chrom {
        intervals.sort_unstable();
        let ends = intervals.iter().scan(i64::MIN, |most, (_, end)| {
            *most = (*most).max(*end);
            Some(*most)
        });
        reach.insert(chrom, ends.collect());
    }
    let find = |place: &Place| {
        let Some(intervals) = by_chrom.get(place.chrom.as_str()) else {
            return (false, false);
        };
        let is_same = intervals.binary_search(&(place.start, place.end)).is_ok();
        let before = intervals.partition_point(|(start, _)| *start < place.end);
        let is_over = before > 0 && reach[place.chrom.as_str()][before - 1] > place.start;
        (is_same, is_over)
    };
    test.iter().map(find).collect()
}

/// Finds the leaks between training and test rows.
pub fn find(train: &Rows, test: &Rows, settings: &AuditSettings) -> Result<Leaks> {
    let mut known: HashSet<&[u8]> = HashSet::new();
    known.extend((0..train.sequences.len()).map(|row| train.sequences.row(row)));
    let found = homology::similar(&train.sequences, &test.sequences, settings.similarity)?;
    let by_row: HashMap<u32, &SimilarPair> =
        found.pairs.iter().map(|pair| (pair.second, pair)).collect();
    let placed = match (&train.places, &test.places) {
        (Some(a), Some(b)) => Some(overlaps(a, b)),
        _ => None,
    };
    let rows = test.sequences.len();
    let mut leaks = Leaks {
        rows,
        same_interval: placed.as_ref().map(|_| 0),
        overlapping: placed.as_ref().map(|_| 0),
        is_leaking: vec![false; rows],
        skipped: found.skipped,
        ..Leaks::default()
    };
    for row in 0..rows {
        let codes = test.sequences.row(row);
        let turned = test.sequences.reverse_complement(row);
        let (is_same, is_over) = placed.as_ref().map_or((false, false), |all| all[row]);
        let counter = if codes.is_empty() {
            None
        } else if known.contains(codes) {
            Some(&mut leaks.duplicates)
        } else if known.contains(turned.as_slice()) {
            Some(&mut leaks.reverse_complements)
        } else if is_same {
            leaks.same_interval.as_mut()
        } else if is_over {
            leaks.overlapping.as_mut()
        } else if by_row.contains_key(&(row as u32)) {
            Some(&mut leaks.similar)
        } else {
            None
        };
        if let Some(counter) = counter {
            *counter += 1;
            leaks.is_leaking[row] = true;
        }
    }
    leaks.examples = examples(train, test, &found.pairs);
    for entity in &settings.entities {
        let (n, m) = (entity.train.len(), entity.test.len());
        if (n, m) != (train.labels.len(), rows) {
            bail!(
                "value",
                "`{}` has {n} values of training rows and {m} of test rows, there are {} and \
                 {rows}",
                entity.name,
                train.labels.len()
            );
        }
        let own: HashSet<&String> = entity.train.iter().collect();
        let shared = entity.test.iter().filter(|value| own.contains(value));
        let mut values: Vec<String> = shared.clone().cloned().collect();
        values.sort_unstable();
        values.dedup();
        leaks.shared.push(SharedValues {
            name: entity.name.clone(),
            values,
            rows: shared.count(),
        });
    }
    Ok(leaks)
}

/// The most similar pairs, by name.
fn examples(train: &Rows, test: &Rows, pairs: &[SimilarPair]) -> Vec<LeakExample> {
    let mut best: Vec<&SimilarPair> = pairs.iter().collect();
    let rank = |pair: &SimilarPair| pair.identity * pair.overlap as f64;
    best.sort_by(|a, b| rank(b).total_cmp(&rank(a)).then(a.second.cmp(&b.second)));
    let example = |pair: &&SimilarPair| LeakExample {
        train: train.name(pair.first as usize),
        test: test.name(pair.second as usize),
        identity: pair.identity,
        overlap: pair.overlap,
        is_reverse: pair.is_reverse,
    };
    best.iter().take(MOST_EXAMPLES).map(example).collect()
}

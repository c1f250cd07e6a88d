//! Test rows that are training rows in some form.

use super::homology::{self, Similar, SimilarPair};
use super::position::Place;
use super::rows::{AuditSettings, Entity, Rows};
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
    /// Rows with the sequence of a training row; of rows without sequences, with all its numbers.
    pub duplicates: usize,
    /// Rows with the reverse complement of a training row; none where sequences have one strand.
    pub reverse_complements: Option<usize>,
    /// Rows at the place of a training row; none where places are not known.
    pub same_interval: Option<usize>,
    /// Rows that overlap a training row; none where places are not known.
    pub overlapping: Option<usize>,
    /// Rows similar to a training row; none where there are no sequences.
    pub similar: Option<usize>,
    /// Values that training and test rows share.
    pub shared: Vec<SharedValues>,
    /// The most similar pairs.
    pub examples: Vec<LeakExample>,
    /// Whether each test row leaks.
    pub is_leaking: Vec<bool>,
    /// Whether each test row shares a value with training rows; empty where there are no values.
    pub is_shared: Vec<bool>,
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

/// Training rows that test rows repeat.
struct Known<'a> {
    sequences: HashSet<&'a [u8]>,
    /// Keys of rows without sequences.
    keys: HashSet<u64>,
}

/// How a test row is a training row in another form.
enum Form {
    Duplicate,
    ReverseComplement,
}

impl<'a> Known<'a> {
    fn of(train: &'a Rows) -> Result<Known<'a>> {
        let mut sequences = HashSet::new();
        if let Some(own) = &train.sequences {
            sequences.extend((0..own.len()).map(|row| own.row(row)));
            return Ok(Known {
                sequences,
                keys: HashSet::new(),
            });
        }
        Ok(Known {
            sequences,
            keys: train.keys()?.into_iter().collect(),
        })
    }

    /// The form of each test row that is a training row.
    fn forms(&self, test: &Rows) -> Result<Vec<Option<Form>>> {
        let Some(sequences) = &test.sequences else {
            let of = |key| self.keys.contains(&key).then_some(Form::Duplicate);
            return Ok(test.keys()?.into_iter().map(of).collect());
        };
        let of = |row: usize| {
            let codes = sequences.row(row);
            // rows without a known letter are no sequences
            if codes
                .iter()
                .all(|code| *code >= sequences.alphabet().unknown())
            {
                return None;
            }
            if self.sequences.contains(codes) {
                return Some(Form::Duplicate);
            }
            let turned = sequences.reverse_complement(row)?;
            let is_known = self.sequences.contains(turned.as_slice());
            is_known.then_some(Form::ReverseComplement)
        };
        Ok((0..sequences.len()).map(of).collect())
    }
}

/// Finds the leaks between training and test rows.
pub fn find(train: &Rows, test: &Rows, settings: &AuditSettings) -> Result<Leaks> {
    let sequences = train.sequences.as_ref().zip(test.sequences.as_ref());
    let found = match sequences {
        Some((a, b)) => homology::similar(a, b, settings.similarity)?,
        None => Similar::default(),
    };
    let similar: HashSet<u32> = found.pairs.iter().map(|pair| pair.second).collect();
    let placed = match (&train.places, &test.places) {
        (Some(a), Some(b)) => Some(overlaps(a, b)),
        _ => None,
    };
    let rows = test.labels.len();
    let has_two_strands = sequences.is_some_and(|(a, _)| a.has_two_strands());
    let mut leaks = Leaks {
        rows,
        reverse_complements: has_two_strands.then_some(0),
        same_interval: placed.as_ref().map(|_| 0),
        overlapping: placed.as_ref().map(|_| 0),
        similar: sequences.map(|_| 0),
        is_leaking: vec![false; rows],
        skipped: found.skipped,
        ..Leaks::default()
    };
    for (row, form) in Known::of(train)?.forms(test)?.into_iter().enumerate() {
        let (is_same, is_over) = placed.as_ref().map_or((false, false), |all| all[row]);
        let counter = match form {
            Some(Form::Duplicate) => Some(&mut leaks.duplicates),
            Some(Form::ReverseComplement) => leaks.reverse_complements.as_mut(),
            None if is_same => leaks.same_interval.as_mut(),
            None if is_over => leaks.overlapping.as_mut(),
            None if similar.contains(&(row as u32)) => leaks.similar.as_mut(),
            None => None,
        };
        if let Some(counter) = counter {
            *counter += 1;
            leaks.is_leaking[row] = true;
        }
    }
    leaks.examples = examples(train, test, &found.pairs);
    for entity in &settings.entities {
        leaks.share_values(entity, train.labels.len())?;
    }
    Ok(leaks)
}

impl Leaks {
    /// Adds the values of an entity that training and test rows share.
    fn share_values(&mut self, entity: &Entity, train_rows: usize) -> Result<()> {
        let (n, m) = (entity.train.len(), entity.test.len());
        if (n, m) != (train_rows, self.rows) {
            bail!(
                "value",
                "`{}` has {n} values of training rows and {m} of test rows, there are \
                 {train_rows} and {}",
                entity.name,
                self.rows
            );
        }
        let known: HashSet<&String> = entity.train.iter().collect();
        let is_shared: Vec<bool> = entity
            .test
            .iter()
            .map(|value| known.contains(value))
            .collect();
        let shared = entity.test.iter().filter(|value| known.contains(value));
        let mut values: Vec<String> = shared.cloned().collect();
        values.sort_unstable();
        values.dedup();
        self.shared.push(SharedValues {
            name: entity.name.clone(),
            values,
            rows: is_shared.iter().filter(|own| **own).count(),
        });
        self.is_shared.resize(self.rows, false);
        let flags = self.is_shared.iter_mut().zip(is_shared);
        flags.for_each(|(all, own)| *all |= own);
        Ok(())
    }
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

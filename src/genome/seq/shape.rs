//! DNA shape from sequence: tables of k-mers that are derived from tracks of sequences.
//!
//! Minor groove width, propeller twist and electrostatic potential are values of base pairs and
//! depend on the pentamer around them; roll and helix twist are values of steps between neighbours
//! and depend on the hexamer around them, beside the ends of a sequence on its first or last
//! pentamer (Zhou et al. 2013).

use super::alphabet::{self, UNKNOWN};
use cistron_base::{Fault, Result, bail, fault, file};
use ndarray::Array2;
use std::path::Path;

/// A track of sequences, `[sequences, positions]`.
pub type ShapeTrack = Array2<f32>;

/// A track of numbers row by row.
pub fn track(rows: usize, width: usize, values: Vec<f32>) -> Result<ShapeTrack> {
    Array2::from_shape_vec((rows, width), values).map_err(|error| fault!("internal", "{error}"))
}

/// Bases around a base pair.
const PENTAMER: usize = 5;
/// Bases around a step.
const HEXAMER: usize = 6;
/// K-mers that a report lists.
const LISTED: usize = 10;

/// Values of k-mers: the value of a row of `4^k`, NaN where it is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct KmerValues {
    k: usize,
    values: Vec<f32>,
}

/// What was found while a table was derived from a track.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Number of k-mers, of those seen in the sequences, and of those known from their reverse
    /// complement alone.
    pub kmers: usize,
    /// See above.
    pub seen: usize,
    /// See above.
    pub from_reverse: usize,
    /// The first k-mers without a value.
    pub unseen: Vec<String>,
    /// Number of k-mers with several values, of which the first is kept.
    pub conflicts: usize,
    /// The largest difference between values of a k-mer.
    pub largest_conflict: f32,
    /// The first k-mers with several values.
    pub conflicting: Vec<String>,
}

/// A feature of DNA shape.
#[derive(Clone, Debug)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// Values of base pairs or of steps by the k-mer around them.
    middle: KmerValues,
    /// Values of the second step by the first pentamer, and of the last but one by the last; of
    /// steps alone.
    edges: Option<[KmerValues; 2]>,
    /// The value of positions that no k-mer determines.
    pub end: f32,
    /// What was found.
    pub findings: Findings,
}

/// Features of DNA shape by k-mers.
#[derive(Clone, Debug)]
pub struct ShapeTable {
    /// The features.
    pub features: Vec<Feature>,
}

impl KmerValues {
    fn new(k: usize) -> KmerValues {
        KmerValues {
            k,
            values: vec![f32::NAN; 1 << (2 * k)],
        }
    }

    /// The value of a k-mer; none where it has an unknown base or was never seen.
    fn get(&self, kmer: &[u8]) -> Option<f32> {
        let value = self.values[number(kmer)?];
        (!value.is_nan()).then_some(value)
    }

    /// Adds a value that was seen.
    fn see(&mut self, kmer: &[u8], value: f32, findings: &mut Findings) {
        let Some(at) = number(kmer) else { return };
        let known = self.values[at];
        if known.is_nan() {
            self.values[at] = value;
        } else if known != value {
            let text = alphabet::decode(kmer);
            if !findings.conflicting.contains(&text) {
                findings.conflicts += 1;
                findings.conflicting.push(text);
            }
            let difference = (known - value).abs();
            findings.largest_conflict = findings.largest_conflict.max(difference);
        }
    }

    /// Takes values of k-mers that were never seen from a table of their reverse complements;
    /// returns how many.
    fn complete(&mut self, reverse: &KmerValues) -> usize {
        let mut found = 0;
        for at in 0..self.values.len() {
            let mut kmer = letters(at, self.k);
            alphabet::reverse_complement(&mut kmer);
            if let (true, Some(value)) = (self.values[at].is_nan(), reverse.get(&kmer)) {
                self.values[at] = value;
                found += 1;
            }
        }
        found
    }

    /// Whether values are those of the reverse complement in another table, where both are known.
    fn is_symmetric(&self, reverse: &KmerValues) -> bool {
        (0..self.values.len()).all(|at| {
            let mut kmer = letters(at, self.k);
            alphabet::reverse_complement(&mut kmer);
            let known = self.values[at];
            known.is_nan() || reverse.get(&kmer).is_none_or(|other| other == known)
        })
    }

    fn seen(&self) -> usize {
        self.values.iter().filter(|value| !value.is_nan()).count()
    }

    fn unseen(&self) -> impl Iterator<Item = String> {
        let missing = self
            .values
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_nan());
        missing.map(|(at, _)| alphabet::decode(&letters(at, self.k)))
    }
}

/// The number of a k-mer in base 4; none where it has an unknown base.
fn number(kmer: &[u8]) -> Option<usize> {
    let known = kmer.iter().all(|code| *code < UNKNOWN);
    known.then(|| {
        kmer.iter()
            .fold(0, |sum, code| sum * 4 + usize::from(*code))
    })
}

/// The codes of a k-mer by its number.
fn letters(number: usize, k: usize) -> Vec<u8> {
    (0..k)
        .rev()
        .map(|digit| (number >> (2 * digit) & 3) as u8)
        .collect()
}

impl ShapeTable {
    /// Derives the tables from sequences of one length and tracks `[sequences, length]` of base
    /// pairs or `[sequences, length - 1]` of steps.
    pub fn derive(
        codes: &[u8],
        length: usize,
        tracks: &[(String, Array2<f32>)],
    ) -> Result<ShapeTable> {
        if length <= HEXAMER {
            bail!(
                "shape",
                "sequences of {length} bases are too short: more than {HEXAMER} needed"
            );
        }
        let rows = codes.len() / length;
        let feature = |(name, track): &(String, Array2<f32>)| {
            if track.nrows() != rows {
                let found = track.nrows();
                bail!(
                    "shape",
                    "track `{name}` has {found} rows, there are {rows} sequences"
                );
            }
            let is_steps = match track.ncols() {
                width if width == length => false,
                width if width + 1 == length => true,
                width => bail!(
                    "shape",
                    "track `{name}` has {width} values for {length} bases: \
                    {length} of base pairs or {} of steps are expected",
                    length - 1
                ),
            };
            derive(name, codes, length, track, is_steps)
                .map_err(|fault| fault.context(format!("track `{name}`")))
        };
        let features = tracks.iter().map(feature).collect::<Result<_>>()?;
        Ok(ShapeTable { features })
    }

    /// The shape of sequences of one length, `[sequences, features, length]`. The value of a step
    /// is that from a position to the next; positions that no k-mer determines have the value of
    /// ends. K-mers without a value, among them those with unknown bases, have the value `missing`,
    /// and are an error where there is none.
    pub fn shape(&self, codes: &[u8], length: usize, missing: Option<f32>) -> Result<Vec<f32>> {
        let mut out = Vec::with_capacity(codes.len() * self.features.len());
        for (row, own) in codes.chunks(length.max(1)).enumerate() {
            for feature in &self.features {
                feature
                    .shape(own, missing, &mut out)
                    .map_err(|(at, kmer)| {
                        fault!("value", "sequence {row}: `{}` has no value for {} at position {at}",
                        feature.name, alphabet::decode(&kmer);
                        hint: "`#{{ missing: 0.0 }}` sets the value of k-mers that the table does \
                            not have")
                    })?;
            }
        }
        Ok(out)
    }

    /// Writes the values as a table: feature, place, k-mer, value.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut text = String::from("feature\tplace\tkmer\tvalue\n");
        for feature in &self.features {
            let mut add = |place: &str, table: &KmerValues| {
                let known = table
                    .values
                    .iter()
                    .enumerate()
                    .filter(|(_, value)| !value.is_nan());
                known.for_each(|(at, value)| {
                    let kmer = alphabet::decode(&letters(at, table.k));
                    text += &format!("{}\t{place}\t{kmer}\t{value}\n", feature.name);
                });
            };
            add("middle", &feature.middle);
            if let Some([first, last]) = &feature.edges {
                add("first", first);
                add("last", last);
            }
            text += &format!("{}\tend\t\t{}\n", feature.name, feature.end);
        }
        file::write_whole(path, text.as_bytes())
    }

    /// Reads a table of values that was written, or that has the same columns.
    pub fn open(path: &Path) -> Result<ShapeTable> {
        file::regular(path)?;
        let text = std::fs::read_to_string(path).map_err(|error| Fault::file(path, &error))?;
        let mut features: Vec<Feature> = Vec::new();
        for (at, line) in text.lines().enumerate().skip(1) {
            let wrong = || {
                fault!(
                    "data",
                    "`{}` line {}: expected feature, place, k-mer and value, got \
                    `{line}`",
                    path.display(),
                    at + 1
                )
            };
            let [name, place, kmer, value] = line.split('\t').collect::<Vec<_>>()[..] else {
                return Err(wrong());
            };
            let value: f32 = value.parse().map_err(|_| wrong())?;
            let codes = alphabet::codes(kmer).map_err(|_| wrong())?;
            let known = features.iter().position(|feature| feature.name == name);
            let known = known.unwrap_or_else(|| {
                features.push(Feature {
                    name: name.to_string(),
                    middle: KmerValues::new(if place == "middle" { codes.len() } else { 0 }),
                    edges: None,
                    end: 0.0,
                    findings: Findings::default(),
                });
                features.len() - 1
            });
            let feature = &mut features[known];
            if place == "end" {
                feature.end = value;
                continue;
            }
            let edges = &mut feature.edges;
            let new = || [KmerValues::new(PENTAMER), KmerValues::new(PENTAMER)];
            let table = match place {
                "middle" => &mut feature.middle,
                "first" => &mut edges.get_or_insert_with(new)[0],
                "last" => &mut edges.get_or_insert_with(new)[1],
                _ => return Err(wrong()),
            };
            let fits = table.k == codes.len() && [PENTAMER, HEXAMER].contains(&table.k);
            match number(&codes).filter(|_| fits) {
                Some(at) => table.values[at] = value,
                None => return Err(wrong()),
            }
        }
        if features.is_empty() {
            bail!("data", "`{}` has no values", path.display());
        }
        for feature in &mut features {
            feature.findings = feature
                .middle
                .findings(feature.edges.as_ref(), Findings::default());
        }
        Ok(ShapeTable { features })
    }
}

impl KmerValues {
    /// Findings completed with the numbers of k-mers.
    fn findings(&self, edges: Option<&[KmerValues; 2]>, mut findings: Findings) -> Findings {
        let tables = || std::iter::once(self).chain(edges.into_iter().flatten());
        findings.kmers = tables().map(|table| table.values.len()).sum();
        findings.seen = tables().map(KmerValues::seen).sum::<usize>() - findings.from_reverse;
        findings.unseen = tables().flat_map(KmerValues::unseen).take(LISTED).collect();
        findings.conflicting.truncate(LISTED);
        findings
    }
}

/// Derives a feature from its track.
fn derive(
    name: &str,
    codes: &[u8],
    length: usize,
    track: &Array2<f32>,
    is_steps: bool,
) -> Result<Feature> {
    let k = if is_steps { HEXAMER } else { PENTAMER };
    let (mut middle, mut findings) = (KmerValues::new(k), Findings::default());
    let new = || [KmerValues::new(PENTAMER), KmerValues::new(PENTAMER)];
    let mut edges = is_steps.then(new);
    let width = track.ncols();
    let mut end: Option<f32> = None;
    for (row, own) in codes.chunks(length).enumerate() {
        for (start, kmer) in own.windows(k).enumerate() {
            middle.see(kmer, track[[row, start + 2]], &mut findings);
        }
        let mut ends = vec![0, width - 1];
        match &mut edges {
            Some([first, last]) => {
                first.see(&own[..PENTAMER], track[[row, 1]], &mut findings);
                last.see(
                    &own[length - PENTAMER..],
                    track[[row, width - 2]],
                    &mut findings,
                );
            }
            None => ends.extend([1, width - 2]),
        }
        for at in ends {
            let value = track[[row, at]];
            let known = *end.get_or_insert(value);
            if known != value && !(known.is_nan() && value.is_nan()) {
                bail!("data", "values of ends differ: {known} in row 0, {value} in row {row}, \
                    position {at}"; hint: "the tracks are not those of pentamers and hexamers");
            }
        }
    }
    let copy = middle.clone();
    if middle.is_symmetric(&copy) {
        findings.from_reverse += middle.complete(&copy);
    }
    if let Some([first, last]) = &mut edges
        && first.is_symmetric(last)
    {
        let copy = first.clone();
        findings.from_reverse += first.complete(last);
        findings.from_reverse += last.complete(&copy);
    }
    let end = end.filter(|end| !end.is_nan()).unwrap_or(0.0);
    Ok(Feature {
        name: name.to_string(),
        findings: middle.findings(edges.as_ref(), findings),
        middle,
        edges,
        end,
    })
}

impl Feature {
    /// The width of the k-mers around a position.
    pub fn k(&self) -> usize {
        self.middle.k
    }

    /// Appends a value for each base of a sequence; the error is a position and its k-mer.
    fn shape(
        &self,
        own: &[u8],
        missing: Option<f32>,
        out: &mut Vec<f32>,
    ) -> std::result::Result<(), (usize, Vec<u8>)> {
        let first = out.len();
        out.resize(first + own.len(), self.end);
        let mut set = |at: usize, table: &KmerValues, kmer: &[u8]| {
            let value = table.get(kmer).or(missing);
            out[first + at] = value.ok_or_else(|| (at, kmer.to_vec()))?;
            Ok(())
        };
        for (start, kmer) in own.windows(self.middle.k).enumerate() {
            set(start + 2, &self.middle, kmer)?;
        }
        // steps beside the ends are those of a pentamer alone
        if let (Some([left, right]), true) = (&self.edges, own.len() >= PENTAMER) {
            set(1, left, &own[..PENTAMER])?;
            if own.len() > PENTAMER {
                set(own.len() - 3, right, &own[own.len() - PENTAMER..])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    /// Random sequences with tracks of a rule: a value of each pentamer, and of each hexamer the
    /// mean of two values of its pentamers, the same on both strands.
    fn simulated(n: usize, length: usize) -> (Vec<u8>, Vec<(String, Array2<f32>)>) {
        let mut rng = Rng::keyed(&[0x7368_6170, n as u64]);
        let codes: Vec<u8> = (0..n * length).map(|_| rng.below(4) as u8).collect();
        let value = |kmer: &[u8]| {
            let mut other = kmer.to_vec();
            alphabet::reverse_complement(&mut other);
            let key = number(kmer).min(number(&other)).unwrap_or(0);
            (key * 37 % 101) as f32
        };
        let (mut pairs, mut steps) = (Vec::new(), Vec::new());
        for own in codes.chunks(length) {
            let mut pair = vec![0.0; length];
            let mut step = vec![0.0; length - 1];
            for (start, kmer) in own.windows(5).enumerate() {
                pair[start + 2] = value(kmer);
            }
            for (start, kmer) in own.windows(6).enumerate() {
                step[start + 2] = value(kmer);
            }
            step[1] = value(&own[..5]);
            step[length - 3] = value(&own[length - 5..]);
            pairs.extend(pair);
            steps.extend(step);
        }
        let array = |width: usize, values: Vec<f32>| {
            Array2::from_shape_vec((n, width), values).expect("a track")
        };
        let tracks = vec![
            ("MGW".to_string(), array(length, pairs)),
            ("Roll".to_string(), array(length - 1, steps)),
        ];
        (codes, tracks)
    }

    #[test]
    fn tables_reproduce_the_tracks_that_they_were_derived_from() {
        let (codes, tracks) = simulated(400, 60);
        let table = ShapeTable::derive(&codes, 60, &tracks).expect("a table");
        let shape = table.shape(&codes, 60, None).expect("shapes");
        for row in 0..400 {
            for at in 0..60 {
                assert_eq!(shape[row * 120 + at], tracks[0].1[[row, at]]);
                let step = if at < 59 { tracks[1].1[[row, at]] } else { 0.0 };
                assert_eq!(shape[row * 120 + 60 + at], step, "row {row}, step {at}");
            }
        }
        let findings = &table.features[0].findings;
        assert_eq!((findings.kmers, findings.conflicts), (1024, 0));
        assert_eq!(
            findings.seen + findings.from_reverse + table.features[0].middle.unseen().count(),
            1024
        );
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shape.tsv");
        table.save(&path).expect("written");
        let read = ShapeTable::open(&path).expect("read");
        assert_eq!(read.shape(&codes, 60, None).expect("shapes"), shape);
    }

    #[test]
    fn conflicts_unseen_and_unknown_kmers_are_reported() {
        let (codes, mut tracks) = simulated(3, 30);
        let kmer = alphabet::decode(&codes[3..8]);
        tracks[0].1[[0, 5]] += 1.0;
        tracks.truncate(1);
        let repeated = [&codes[..30], &codes[..30], &codes[60..]].concat();
        let row = tracks[0].1.row(0).to_owned();
        tracks[0].1.row_mut(1).assign(&row);
        tracks[0].1[[1, 5]] += 1.0;
        let table = ShapeTable::derive(&repeated, 30, &tracks).expect("a table");
        let findings = &table.features[0].findings;
        assert_eq!((findings.conflicts, findings.largest_conflict), (1, 1.0));
        assert_eq!(findings.conflicting, [kmer]);
        assert!(findings.unseen.len() == LISTED);
        let mut other = repeated[..30].to_vec();
        other[10] = UNKNOWN;
        let fault = table.shape(&other, 30, None).expect_err("N");
        assert!(fault.message.contains("position 8"), "{}", fault.message);
        let shape = table.shape(&other, 30, Some(-1.0)).expect("shapes");
        assert_eq!(shape.iter().filter(|value| **value == -1.0).count(), 5);
        tracks[0].1[[2, 0]] = 3.0;
        assert!(ShapeTable::derive(&repeated, 30, &tracks).is_err());
    }
}

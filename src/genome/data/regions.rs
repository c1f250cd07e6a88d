//! Datasets of regions of a genome, with tracks and labels along them.

use super::columns::{groups, neighbours, place_labels};
use super::labels::{self, Labels, Reading};
use super::profile::{self, Source};
use super::{Channel, Channels, Column, Dataset, Input, LabelMatrix};
use crate::seq::{Genome, Intervals, Track};
use cistron_base::{Interval, Result, Strand, bail};
use std::rc::Rc;
use std::sync::Arc;

/// What happens to regions beyond the ends of their chromosome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// They are an error.
    Error,
    /// They are padded with N.
    Pad,
    /// They are left out.
    Skip,
}

/// Labels of regions.
pub struct RegionLabels {
    /// Their names.
    pub names: Vec<String>,
    /// `regions * names` values.
    pub values: Vec<f32>,
    /// The signals from which they were read, where they are known.
    pub signal: Option<Signalled>,
}

/// The signals from which labels were read.
pub struct Signalled {
    /// A track for each group of labels.
    pub tracks: Vec<Arc<Track>>,
    /// The regions of the labels.
    pub regions: Rc<Intervals>,
    /// How values became labels.
    pub reading: Reading,
    /// Groups that are the two strands of a signal.
    pub pairs: Vec<(usize, usize)>,
    /// Whether labels of regions on the reverse strand were read from that strand.
    pub use_strand: bool,
}

impl Signalled {
    /// Number of labels of a region.
    pub fn tasks(&self) -> usize {
        self.tracks.len() * self.reading.bins
    }
}

/// What is read along regions.
pub struct RegionSettings {
    /// Genome that the sequences are read from.
    pub genome: Arc<Genome>,
    /// Labels; 1 each unless given.
    pub labels: Option<RegionLabels>,
    /// Signals along the regions, by the name of their input.
    pub tracks: Vec<(String, Vec<Arc<Track>>)>,
    /// Names of inputs whose tracks are pairs of strands.
    pub stranded: Vec<String>,
    /// Inputs of numbers beside the sequence.
    pub features: Vec<(String, Column)>,
    /// Value of bases that a track has none for.
    pub missing: f32,
    /// Whether track values are ln(1 + value).
    pub log1p: bool,
    /// What happens to regions beyond the ends of their chromosome.
    pub outside: Outside,
    /// Whether regions on the reverse strand are read from that strand.
    pub use_strand: bool,
    /// Number of bins of each group of labels; that of the signals unless given.
    pub bins: Option<usize>,
    /// Groups of labels of the two strands, by name; those of the signals unless given.
    pub label_pairs: Option<Vec<(String, String)>>,
}

/// Labels that are read from tracks, of regions on the reverse strand from that strand where
/// `use_strand` is set: bins from right to left, groups of the two strands exchanged.
pub fn signal_labels(
    regions: &Intervals,
    tracks: &[(String, &Track)],
    reading: &Reading,
    pairs: &[(usize, usize)],
    use_strand: bool,
) -> Result<Labels> {
    let mut labels = labels::by_signal(regions, tracks, reading)?;
    let partners = profile::partners(tracks.len(), reading.bins, pairs);
    if let (true, Some(partners)) = (use_strand, partners) {
        let values = labels.values.as_slice_mut().unwrap_or_default();
        profile::orient(values, &partners, &regions.rows);
    }
    Ok(labels)
}

/// A dataset of regions; only coordinates are kept in memory.
pub fn dataset(regions: &Intervals, plan: RegionSettings) -> Result<Dataset> {
    let strands = of_equal_length(&plan.genome, regions)?;
    let n = strands.len();
    let outside: Vec<u32> = (0..n as u32)
        .filter(|i| !plan.genome.holds(&strands[*i as usize]))
        .collect();
    if let (Some(first), Outside::Error) = (outside.first(), plan.outside) {
        return Err(plan
            .genome
            .outside(&strands[*first as usize])
            .context(format!("{} of {n} regions", outside.len()))
            .hint("`#{ outside: \"skip\" }` leaves them out, `\"pad\"` fills with N"));
    }
    let is_skipped = plan.outside == Outside::Skip && !outside.is_empty();
    let mut places = strands.clone();
    if !plan.use_strand {
        places.iter_mut().for_each(|row| row.strand = Strand::None);
    }
    let set = plan.read(regions, &strands, &Arc::new(places))?;
    match is_skipped {
        true => without(&set, &outside),
        false => Ok(set),
    }
}

/// Regions of one length, by the chromosomes of a genome.
fn of_equal_length(genome: &Genome, list: &Intervals) -> Result<Vec<Interval>> {
    let rows = list.in_genome(genome)?.rows;
    let length = rows.first().map_or(0, Interval::len);
    if let Some(i) = rows.iter().position(Interval::is_empty) {
        bail!(
            "data",
            "region {i} ({}) holds no base",
            list.region_text(i);
            hint: "`.filter(|r| r.end > r.start)` leaves such out"
        );
    }
    if rows.is_empty() {
        bail!("data", "there are no regions: the list is empty");
    }
    if let Some(i) = rows.iter().position(|row| row.len() != length) {
        bail!(
            "data",
            "region {i} ({}) has {} bases, those before it have {length}",
            list.region_text(i),
            rows[i].len();
            hint: "`.resize({})` makes them equally long",
            length.max(1)
        );
    }
    Ok(rows)
}

/// A dataset without the rows that are outside of their chromosomes.
fn without(set: &Dataset, outside: &[u32]) -> Result<Dataset> {
    let n = set.rows.len() as u32;
    let inside = (0..n).filter(|i| outside.binary_search(i).is_err());
    let mut kept = set.with_rows(inside.collect());
    if kept.is_empty() {
        bail!("data", "every region reaches out of its chromosome");
    }
    kept.notes.clone_from(&set.notes);
    kept.notes.push(format!(
        "{} of {n} regions reach out of their chromosome and are left out",
        outside.len()
    ));
    Ok(kept)
}

impl RegionSettings {
    /// The dataset of all regions; `strands` are the regions with their strands, `places` those of
    /// the sequences as read.
    fn read(
        mut self,
        regions: &Intervals,
        strands: &[Interval],
        places: &Arc<Vec<Interval>>,
    ) -> Result<Dataset> {
        let inputs = self.inputs(regions, places)?;
        match self.labels.take() {
            Some(labels) => self.labelled(inputs, labels, strands, places),
            None => Dataset::new(inputs, vec!["label".into()], vec![1.0; strands.len()]),
        }
    }

    /// The inputs of regions: sequence, tracks and features.
    fn inputs(&mut self, list: &Intervals, places: &Arc<Vec<Interval>>) -> Result<Vec<Input>> {
        let column = Column::Genome {
            genome: self.genome.clone(),
            regions: places.clone(),
            length: length_of(places),
        };
        let mut inputs = vec![Input::new("sequence", column)];
        for (name, tracks) in &self.tracks {
            inputs.push(self.track_input(list, places, name, tracks)?);
        }
        let features = std::mem::take(&mut self.features).into_iter();
        inputs.extend(features.map(|(name, column)| Input::new(name, column)));
        let is_stranded = |name: &String| {
            let mut named = inputs.iter().filter(|input| input.name == *name);
            named.any(|input| input.partners.is_some())
        };
        if let Some(name) = self.stranded.iter().find(|name| !is_stranded(name)) {
            bail!(
                "name",
                "option `stranded` names `{name}`, and `tracks` has none of that name"
            );
        }
        Ok(inputs)
    }

    /// An input of tracks along regions.
    fn track_input(
        &self,
        list: &Intervals,
        places: &Arc<Vec<Interval>>,
        name: &str,
        tracks: &[Arc<Track>],
    ) -> Result<Input> {
        let is_stranded = self.stranded.iter().any(|stranded| stranded == name);
        if is_stranded && tracks.len() % 2 == 1 {
            bail!(
                "option",
                "stranded tracks `{name}` come in pairs, got {}",
                tracks.len()
            );
        }
        for track in tracks {
            // a track of another genome has none of the chromosomes
            let aligned = track.align(list);
            aligned.map_err(|fault| fault.context(format!("track `{name}`")))?;
        }
        let partners = is_stranded.then(|| neighbours(tracks.len()));
        let column = self.signal(tracks, places, (self.missing, self.log1p), partners.clone());
        Ok(Input {
            partners,
            ..Input::new(name, column)
        })
    }

    /// The values of tracks along regions.
    fn signal(
        &self,
        tracks: &[Arc<Track>],
        places: &Arc<Vec<Interval>>,
        (missing, log1p): (f32, bool),
        partners: Option<Arc<Vec<usize>>>,
    ) -> Column {
        let channel =
            |track: &Arc<Track>| Channel::new(track.clone(), &self.genome, missing, log1p);
        Column::Signal {
            channels: Channels::one(tracks.iter().map(channel).collect()),
            regions: places.clone(),
            length: length_of(places),
            partners,
        }
    }

    /// A dataset with labels that are read from the strand that its sequences are read from.
    fn labelled(
        &self,
        inputs: Vec<Input>,
        labels: RegionLabels,
        strands: &[Interval],
        places: &Arc<Vec<Interval>>,
    ) -> Result<Dataset> {
        let RegionLabels {
            names,
            mut values,
            signal,
        } = labels;
        let bins = self.bins_of(signal.as_ref())?;
        let pairs = match (&self.label_pairs, &signal) {
            (Some(pairs), _) => profile::pairs_of(&groups(&names, bins), pairs)?,
            (None, Some(signal)) => signal.pairs.clone(),
            (None, None) => Vec::new(),
        };
        let partners = profile::partners(names.len() / bins, bins, &pairs);
        let mut notes = Vec::new();
        let is_reverse = |row: &Interval| row.strand == Strand::Reverse;
        match (&signal, &partners) {
            (Some(signal), Some(partners)) => {
                if signal.use_strand {
                    profile::orient(&mut values, partners, &signal.regions.rows);
                }
                if self.use_strand {
                    profile::orient(&mut values, partners, strands);
                }
            }
            (None, Some(_)) if self.use_strand && strands.iter().any(is_reverse) => {
                notes.push(
                    "labels are given as numbers: those of regions on the reverse strand \
                    are taken to be read from that strand already"
                        .to_string(),
                );
            }
            _ => {}
        }
        let mut set = Dataset::new(inputs, names, values)?;
        let source = match signal.filter(|_| bins > 1) {
            Some(signal) => self.source(&signal, &pairs, places, &set.labels)?,
            None => None,
        };
        place_labels(&mut set, bins, &pairs, source)?;
        set.notes = notes;
        Ok(set)
    }

    /// Number of bins of each group of labels.
    fn bins_of(&self, signal: Option<&Signalled>) -> Result<usize> {
        match (self.bins, signal) {
            (Some(bins), Some(signal)) if bins != signal.reading.bins => {
                bail!(
                    "option",
                    "option `bins` is {bins}, the labels are {} bins each",
                    signal.reading.bins;
                    hint: "leave `bins` out: the labels of `label::signal` include their number \
                        of bins"
                )
            }
            (Some(bins), _) => Ok(bins),
            (None, signal) => Ok(signal.map_or(1, |signal| signal.reading.bins)),
        }
    }

    /// The signals that labels were read from, along the regions of the sequences; none where the
    /// labels have been changed since, or where their windows are not at one offset within the
    /// regions.
    fn source(
        &self,
        signal: &Signalled,
        pairs: &[(usize, usize)],
        places: &Arc<Vec<Interval>>,
        labels: &LabelMatrix,
    ) -> Result<Option<Source>> {
        let windows = signal.regions.in_genome(&self.genome)?;
        let Some((offset, width)) = profile::window(places, &windows.rows) else {
            return Ok(None);
        };
        let partners = profile::partners(signal.tracks.len(), 1, pairs);
        let source = Source {
            column: self.signal(&signal.tracks, places, (f32::NAN, false), partners),
            offset,
            width,
            reading: signal.reading,
        };
        let is_source = is_source_of(&source, labels, places)?;
        Ok(is_source.then_some(source))
    }
}

/// Bases of a region.
fn length_of(places: &[Interval]) -> usize {
    places.first().map_or(0, |row| row.len() as usize)
}

/// Number of rows of which labels are compared with their signals.
const CHECKED: usize = 64;

/// Whether labels are those that signals give, by some of their rows.
fn is_source_of(source: &Source, labels: &LabelMatrix, places: &[Interval]) -> Result<bool> {
    let (n, length) = (places.len(), length_of(places));
    let window = source.offset..source.offset + source.width;
    for row in (0..n).step_by(n.div_ceil(CHECKED).max(1)) {
        let (mut values, mut again) = (Vec::new(), Vec::new());
        source.column.numbers(row, 0, &mut values)?;
        let channels = values.chunks(length);
        let parts: Vec<&[f32]> = channels.map(|channel| &channel[window.clone()]).collect();
        source.labels(&parts, source.reading.bins, &mut again)?;
        let pairs = labels.row(row).into_iter().zip(&again);
        if !pairs.into_iter().all(|(a, b)| is_same(*a, *b)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether labels are equal up to rounding, or undefined.
fn is_same(a: f32, b: f32) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-4 * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::contigs::Contigs;
    use crate::seq::fasta::Records;
    use crate::seq::track::{Missing, Statistic};

    fn genome() -> Arc<Genome> {
        Arc::new(Genome::of_records(Records {
            names: vec!["chr1".into()],
            offsets: vec![0, 20],
            codes: vec![0; 20],
            ..Records::default()
        }))
    }

    fn list(rows: &[(i64, i64, Strand)]) -> Intervals {
        let contigs = Arc::new(Contigs::new(vec!["chr1".into()], vec![20]));
        let row = |(start, end, strand): &(i64, i64, Strand)| Interval {
            strand: *strand,
            ..Interval::new(0, *start, *end)
        };
        Intervals::new(contigs, rows.iter().map(row).collect())
    }

    fn plan() -> RegionSettings {
        RegionSettings {
            genome: genome(),
            labels: None,
            tracks: Vec::new(),
            stranded: Vec::new(),
            features: Vec::new(),
            missing: 0.0,
            log1p: false,
            outside: Outside::Error,
            use_strand: false,
            bins: None,
            label_pairs: None,
        }
    }

    const FORWARD: (i64, i64, Strand) = (0, 4, Strand::Forward);
    const REVERSE: (i64, i64, Strand) = (8, 12, Strand::Reverse);
    const BEYOND: (i64, i64, Strand) = (18, 22, Strand::None);

    #[test]
    fn regions_beyond_a_chromosome_are_refused_padded_or_left_out() {
        let with = |outside| {
            let set = dataset(
                &list(&[FORWARD, BEYOND]),
                RegionSettings { outside, ..plan() },
            );
            set.map(|set| (set.len(), set.notes.len()))
        };
        assert!(with(Outside::Error).is_err());
        assert_eq!(with(Outside::Pad).ok(), Some((2, 0)));
        assert_eq!(with(Outside::Skip).ok(), Some((1, 1)));
        let skip = RegionSettings {
            outside: Outside::Skip,
            ..plan()
        };
        assert!(dataset(&list(&[BEYOND]), skip).is_err());
    }

    #[test]
    fn regions_have_one_length() {
        let fails = |rows: &[(i64, i64, Strand)]| dataset(&list(rows), plan()).is_err();
        assert!(fails(&[]));
        assert!(fails(&[(3, 3, Strand::None)]));
        assert!(fails(&[FORWARD, (0, 5, Strand::None)]));
        assert!(!fails(&[FORWARD, REVERSE]));
    }

    /// A track of the number of each base.
    fn ramp() -> Arc<Track> {
        let rows: Vec<_> = (0..20).map(|i| (i, i + 1, Strand::None)).collect();
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        Arc::new(Track::of_intervals(&list(&rows), Some(&values)).expect("a track"))
    }

    fn reading() -> Reading {
        Reading {
            statistic: Statistic::Mean,
            bins: 2,
            log1p: false,
            missing: Missing::Zero,
        }
    }

    #[test]
    fn labels_of_the_reverse_strand_run_backwards() {
        let (regions, track) = (list(&[FORWARD, REVERSE]), ramp());
        let of = |use_strand| {
            let tracks = [("signal".to_string(), &*track)];
            signal_labels(&regions, &tracks, &reading(), &[], use_strand)
        };
        let values =
            |labels: Result<Labels>| labels.expect("labels").values.into_raw_vec_and_offset().0;
        assert_eq!(values(of(false)), [0.5, 2.5, 8.5, 10.5]);
        assert_eq!(values(of(true)), [0.5, 2.5, 10.5, 8.5]);
    }

    #[test]
    fn labels_know_the_signals_that_they_were_read_from() {
        let (regions, track) = (list(&[FORWARD, REVERSE]), ramp());
        let read = |values: Vec<f32>, use_strand| {
            let signal = Signalled {
                tracks: vec![track.clone()],
                regions: Rc::new(regions.clone()),
                reading: reading(),
                pairs: Vec::new(),
                use_strand: false,
            };
            let labels = RegionLabels {
                names: vec!["signal1".into(), "signal2".into()],
                values,
                signal: Some(signal),
            };
            let plan = RegionSettings {
                labels: Some(labels),
                use_strand,
                ..plan()
            };
            let set = dataset(&regions, plan).expect("a dataset");
            let profile = set.profile.as_ref().expect("bins");
            (set.all_labels(), profile.source.is_some())
        };
        let values = vec![0.5, 2.5, 8.5, 10.5];
        assert_eq!(read(values.clone(), false), (values.clone(), true));
        assert_eq!(read(values, true), (vec![0.5, 2.5, 10.5, 8.5], true));
        let changed = vec![0.5, 2.5, 8.5, 99.0];
        assert_eq!(read(changed.clone(), false), (changed, false));
    }
}

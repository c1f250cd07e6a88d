//! Channels along the genome, the same for all rows or one of several sets of them.

use crate::seq::{Genome, Track};
use cistron_base::{Interval, Result, bail};
use std::sync::Arc;

/// One channel along the genome.
#[derive(Clone, Debug)]
pub struct Channel {
    /// The track.
    pub track: Arc<Track>,
    /// Its number of each of the genome's chromosomes; none where it has no value there.
    pub chroms: Arc<Vec<Option<u32>>>,
    /// The value of bases without one.
    pub blank: f32,
    /// Whether values become ln(1 + value).
    pub log1p: bool,
}

impl Channel {
    /// A channel of a track along a genome.
    pub fn new(track: Arc<Track>, genome: &Genome, blank: f32, log1p: bool) -> Channel {
        let chroms = track.contigs.find_all(genome.contigs.names());
        Channel {
            track,
            chroms: Arc::new(chroms),
            blank,
            log1p,
        }
    }

    /// Appends a value for each base of a place.
    pub(super) fn fill(&self, place: &Interval, out: &mut Vec<f32>) -> Result<()> {
        let at = out.len();
        match self.chroms[place.chrom as usize] {
            Some(chrom) => {
                self.track
                    .values_into(&Interval { chrom, ..*place }, self.blank, out)?
            }
            None => out.resize(at + place.len() as usize, self.blank),
        }
        // a track may hold undefined values of its own
        out[at..]
            .iter_mut()
            .filter(|v| v.is_nan())
            .for_each(|v| *v = self.blank);
        if self.log1p {
            if let Some(i) = out[at..].iter().position(|v| *v <= -1.0) {
                let value = out[at + i];
                bail!(
                    "data",
                    "{} is {value} at base {i} of a region: ln(1 + value) needs values above -1",
                    self.track.path_text();
                    hint: "leave `log1p` out: this signal is no count (a log ratio, or of the \
                        reverse strand)"
                );
            }
            out[at..].iter_mut().for_each(|v| *v = v.ln_1p());
        }
        Ok(())
    }
}

/// The channels of each row of signals.
#[derive(Clone, Debug)]
pub struct Channels {
    /// Sets of as many channels.
    sets: Vec<Arc<Vec<Channel>>>,
    /// The set of each row, where there are several.
    set_of: Option<Arc<Vec<u32>>>,
}

impl Channels {
    /// The same channels for all rows.
    pub fn one(channels: Vec<Channel>) -> Channels {
        Channels {
            sets: vec![Arc::new(channels)],
            set_of: None,
        }
    }

    /// Channels of a row.
    pub fn len(&self) -> usize {
        self.sets.first().map_or(0, |set| set.len())
    }

    /// Whether rows have no channels.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The channels of a row of the storage.
    pub fn of(&self, row: usize) -> &[Channel] {
        let set = self.set_of.as_ref().map_or(0, |sets| sets[row] as usize);
        &self.sets[set]
    }

    /// The sets of channels.
    pub fn sets(&self) -> impl Iterator<Item = &[Channel]> {
        self.sets.iter().map(|set| set.as_slice())
    }

    /// The set of each row, where there are several.
    pub fn set_of(&self) -> Option<&[u32]> {
        self.set_of.as_ref().map(|sets| sets.as_slice())
    }

    /// Whether all rows of both have the same channels.
    pub fn is_same(&self, other: &Channels) -> bool {
        match (self.sets.as_slice(), other.sets.as_slice()) {
            ([a], [b]) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Channels of some rows of several storages, one after the other.
    pub fn joined(parts: &[(&Channels, Vec<usize>)]) -> Channels {
        let mut sets: Vec<Arc<Vec<Channel>>> = Vec::new();
        let mut set_of = Vec::new();
        for (channels, rows) in parts {
            let place = |set: &Arc<Vec<Channel>>| {
                let known = sets.iter().position(|known| Arc::ptr_eq(known, set));
                known.unwrap_or_else(|| {
                    sets.push(set.clone());
                    sets.len() - 1
                }) as u32
            };
            let places: Vec<u32> = channels.sets.iter().map(place).collect();
            let set = |row: &usize| channels.set_of.as_ref().map_or(0, |sets| sets[*row]);
            set_of.extend(rows.iter().map(|row| places[set(row) as usize]));
        }
        let set_of = (sets.len() > 1).then(|| Arc::new(set_of));
        Channels { sets, set_of }
    }
}

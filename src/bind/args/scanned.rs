//! Sequences that motifs are searched in, as arguments.

use crate::base::Result;
use crate::bind::types::{Data, Genomic};
use crate::lang::{FromValue, session};
use crate::seq::motif::scanned::Scanned;
use crate::seq::{alphabet, fasta};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};

/// A sequence of a script with its name.
fn of_text(name: String, text: &Dynamic) -> Result<Scanned> {
    let text = text.clone().into_string().map_err(|_| {
        fault!(
            "type",
            "must hold strings, got {} for `{name}`",
            session::describe(text)
        )
    })?;
    let codes =
        alphabet::codes(&text).map_err(|fault| fault.context(format!("sequence `{name}`")))?;
    Ok(Scanned::new(name, codes))
}

/// Sequences that are scanned.
pub struct ScannedSequences {
    /// The sequences.
    pub sequences: Vec<Scanned>,
    /// The number after the name of each record of a FASTA file.
    pub scores: Vec<Option<f64>>,
}

impl FromValue for ScannedSequences {
    fn kind() -> String {
        "genome, dataset, array or map of strings, or path of a FASTA file".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let sequences = if let Some(genome) = value.read_lock::<Genomic>() {
            Scanned::of_genome(&genome.0)
        } else if let Some(set) = value.read_lock::<Data>() {
            of_dataset(&set)
        } else if let Some(map) = value.read_lock::<Map>() {
            let named = map.iter();
            named
                .map(|(name, text)| of_text(name.to_string(), text))
                .collect()
        } else if let Some(items) = value.read_lock::<Array>() {
            let numbered = items.iter().enumerate();
            numbered
                .map(|(i, text)| of_text(i.to_string(), text))
                .collect()
        } else if value.is_string() {
            return of_file(&String::from_value(value, context)?);
        } else {
            bail!(
                "type",
                "must be a genome, a dataset, an array or map of strings, or the path of a FASTA \
                 file, got {}",
                session::describe(value)
            )
        };
        sequences.map(|sequences| ScannedSequences {
            sequences,
            scores: Vec::new(),
        })
    }
}

fn of_dataset(set: &Data) -> Result<Vec<Scanned>> {
    let (codes, length) = set.0.sequences(0..set.0.len())?;
    let rows = codes.chunks(length).enumerate();
    let sequences = rows.map(|(i, codes)| {
        let name = set.0.name(i).unwrap_or_else(|| i.to_string());
        Scanned::new(name, codes.to_vec())
    });
    Ok(sequences.collect())
}

fn of_file(path: &str) -> Result<ScannedSequences> {
    let path = session::find_input(path)?;
    let records = fasta::read(&path)?;
    records.check_unique(&path)?;
    Ok(ScannedSequences {
        sequences: Scanned::of_records(&records),
        scores: records.scores().0,
    })
}

impl ScannedSequences {
    /// Their bases, as codes.
    pub fn codes(&self) -> Vec<&[u8]> {
        self.sequences
            .iter()
            .map(|own| own.codes.as_slice())
            .collect()
    }
}

//! Simulated folds: structures with known contacts, and alignments whose columns vary together
//! where residues touch.
//!
//! A fold is a chain of helices, strands and loops (`topology`), packed by a simple physical
//! model of Cα and Cβ (`packing`). Its sequences (`sequences`) are drawn from a Potts model
//! with fields by burial and secondary structure and couplings at contacts.

mod packing;
mod sequences;
mod settings;
mod topology;

use crate::alignment::{self, Alignment};
use crate::point::Point;
use crate::structure::Structure;
use cistron_base::seed::Rng;
use cistron_base::{Result, bail, fault, interrupt};
use rayon::prelude::*;
pub use settings::{FoldSettings, LONGEST, SHORTEST};
use topology::Topology;

/// Folds that are tried for one of which no atoms clash.
const ATTEMPTS: u64 = 30;

/// A simulated fold.
#[derive(Clone, Debug)]
pub struct Fold {
    /// Cα and Cβ of each residue; glycine has no Cβ.
    pub structure: Structure,
    /// A letter for each residue: H helix, E strand, C loop.
    pub secondary: String,
    /// The sequences, that of the structure first.
    pub alignment: Alignment,
    /// Pairs of residues whose columns are coupled, the first before the second.
    pub coupled: Vec<(usize, usize)>,
    /// Residues of the conserved core, in order.
    pub core: Vec<usize>,
}

impl Fold {
    /// 1 for pairs of residues whose columns are coupled, `[n, n]`.
    pub fn coupled_map(&self) -> Vec<f32> {
        let n = self.structure.len();
        let mut map = vec![0.0; n * n];
        for (i, j) in &self.coupled {
            map[i * n + j] = 1.0;
            map[j * n + i] = 1.0;
        }
        map
    }
}

/// Simulates folds; each depends on the seed and its number alone.
///
/// # Errors
/// Settings out of range; a fold for which no chain without clashes is found.
pub fn folds(count: usize, settings: &FoldSettings) -> Result<Vec<Fold>> {
    let (shortest, longest) = settings.length;
    if shortest < SHORTEST || longest > LONGEST || shortest > longest {
        bail!(
            "value",
            "folds have {SHORTEST} to {LONGEST} residues, got {shortest} to {longest}"
        );
    }
    if settings.depth == 0 {
        bail!("value", "an alignment has at least 1 sequence");
    }
    let shares = [settings.coupled, settings.core];
    let is_share = shares.iter().all(|share| (0.0..=1.0).contains(share));
    if !is_share || !settings.coupling.is_finite() || settings.coupling < 0.0 {
        bail!(
            "value",
            "shares must be from 0 to 1, and the coupling a number of at least 0"
        );
    }
    let folds = (0..count).into_par_iter().map(|i| fold(i as u64, settings));
    folds.collect()
}

/// Simulates the fold of a number.
fn fold(number: u64, settings: &FoldSettings) -> Result<Fold> {
    let (shortest, longest) = settings.length;
    let key = |what: u64| Rng::keyed(&[settings.seed, number, what]);
    let n = shortest + key(0).below(longest - shortest + 1);
    for attempt in 1..=ATTEMPTS {
        interrupt::check()?;
        let mut rng = key(attempt);
        let topology = Topology::draw(n, &mut rng);
        let Some(trace) = packing::packed(&topology, &mut rng)? else {
            continue;
        };
        return with_sequences(&topology, &trace, settings, &mut rng);
    }
    Err(
        fault!("value", "no chain of {n} residues without clashes in {ATTEMPTS} attempts";
        hint: "another seed"),
    )
}

fn with_sequences(
    topology: &Topology,
    trace: &[Point],
    settings: &FoldSettings,
    rng: &mut Rng,
) -> Result<Fold> {
    let sides = packing::sides(trace);
    let drawn = sequences::draw(topology, &sides, settings, rng)?;
    let rows: Vec<String> = drawn
        .rows
        .iter()
        .map(|row| alignment::letters(row))
        .collect();
    let query = &rows[0];
    let residue = |(i, letter): (usize, char)| {
        let cb = if letter == 'G' {
            [f64::NAN; 3]
        } else {
            sides[i]
        };
        vec![trace[i], cb]
    };
    let atoms: Vec<Vec<Point>> = query.chars().enumerate().map(residue).collect();
    Ok(Fold {
        structure: Structure::of(&atoms, &["CA", "CB"], query)?,
        secondary: topology.letters(),
        alignment: alignment::of(&rows)?,
        coupled: drawn.coupled,
        core: drawn.core,
    })
}

#[cfg(test)]
mod tests;

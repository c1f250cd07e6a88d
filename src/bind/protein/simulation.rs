//! `sim::folds`: simulated proteins with known contacts.

use crate::base::Result;
use crate::bind::args::ends::{self, fewest_and_most};
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::{Aligned, Protein};
use crate::lang::value::{array, mismatch};
use crate::lang::{FromValue, IntoValue, Native, Options, native, natives_of};
use crate::protein::maps;
use crate::protein::simulated::{self, Fold, FoldSettings};
use crate::torch::Tensor;
use rhai::{Dynamic, Map, NativeCallContext};
use std::rc::Rc;

/// Options of `sim::folds`.
#[derive(Options)]
pub struct FoldOptions {
    /// Number of residues, from 20 to 300, or [fewest, most].
    #[option(default = [50, 80])]
    length: Lengths,
    /// Number of sequences of each alignment.
    #[option(default = 300, min = 1, max = 100000)]
    depth: usize,
    /// Strength of the couplings between residues in contact; 0 leaves the profile alone.
    #[option(default = 1, min = 0, max = 10)]
    coupling: f64,
    /// Share of the contacts that are coupled, of residues at least 4 apart along the chain.
    #[option(default = 0.7, min = 0, max = 1)]
    coupled: f64,
    /// Share of the residues that are the conserved core, those with the most neighbours.
    #[option(default = 0.1, min = 0, max = 1)]
    core: f64,
    #[option(flatten)]
    seed: SeedOptions,
}

/// The fewest and the most residues.
pub struct Lengths(usize, usize);

impl FromValue for Lengths {
    fn kind() -> String {
        ends::KIND.into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match fewest_and_most(value, context) {
            Some((fewest, most)) => Ok(Lengths(fewest, most)),
            None => Err(mismatch(&Self::kind(), value)),
        }
    }
}

/// Simulates proteins with known contacts, and alignments whose columns vary together there.
///
/// A chain of helices, strands and loops is packed by Langevin dynamics of its Cα with Cβ: bonds of
/// 3.8 Å, distances of helices and strands along the chain, strands beside each other in a sheet,
/// helices against the sheet or other helices, attraction of side chains that point inwards, and
/// repulsion. No two Cα of residues three or more apart are nearer than 3.7 Å. A third of the folds
/// each is of helices, of strands, and of both.
///
/// Sequences are drawn from a Potts model along a random tree: on each branch half of the residues
/// are drawn again. Fields are by burial and secondary structure; coupled contacts prefer opposite
/// charges, letters of like hydropathy, small beside large ones, and pairs of letters of their own.
/// Core residues keep one letter nearly always. Some sequences lack an end or part of a loop.
///
/// Each fold depends on the seed and its number alone. Networks read `alignment.profile()` and
/// `alignment.covariance()`.
///
/// ```rhai
/// let fold = sim::folds(1, #{ length: 40, depth: 50, seed: 1 })[0];
/// assert_eq(fold.contacts.shape, [40, 40]);
/// assert_eq(fold.contacts, fold.protein.contacts(#{ atom: "cb" }).float());
/// assert_eq([fold.alignment.depth, fold.core.len()], [50, 4]);
/// assert_eq(fold.alignment.sequences[0], fold.protein.sequence);
/// ```
/// ```rhai,fails
/// sim::folds(1, #{ length: 10 });
/// //~ folds have 20 to 300 residues, got 10 to 10
/// ```
#[native(
    namespace = "sim",
    dry = folds_dry,
    returns = "array of maps: protein (Cα and Cβ), secondary (a letter for each residue: H, E, C), \
        alignment, contacts (tensor [n, n], Cβ nearer than 8 Å), core (numbers of residues from \
        0), coupled (tensor [n, n])"
)]
pub fn folds(
    /// Number of folds.
    #[check(min = 0)]
    n: i64,
    options: FoldOptions,
) -> Result<Vec<Map>> {
    let found = simulated::folds(
        n as usize,
        &FoldSettings {
            length: (options.length.0, options.length.1),
            depth: options.depth,
            coupling: options.coupling,
            coupled: options.coupled,
            core: options.core,
            seed: options.seed.seed(),
        },
    )?;
    found.into_iter().map(fold_map).collect()
}

/// The folds of a dry run: few, of few sequences.
fn folds_dry(n: i64, options: FoldOptions) -> Result<Vec<Map>> {
    let depth = options.depth.min(10);
    folds(n.min(4), FoldOptions { depth, ..options })
}

fn fold_map(fold: Fold) -> Result<Map> {
    let n = fold.structure.len();
    let map = |values: Vec<f32>| Tensor::from_f32(&values, &[n as i64, n as i64]);
    let contacts = maps::contacts(&fold.structure.cb(), 8.0);
    let contacts = contacts.iter().map(|is_near| f32::from(u8::from(*is_near)));
    Ok(Map::from([
        ("contacts".into(), map(contacts.collect())?.into_value()),
        ("coupled".into(), map(fold.coupled_map())?.into_value()),
        (
            "core".into(),
            array(fold.core.iter().map(|i| *i as i64)).into(),
        ),
        ("secondary".into(), fold.secondary.into()),
        (
            "alignment".into(),
            Dynamic::from(Aligned(Rc::new(fold.alignment))),
        ),
        (
            "protein".into(),
            Dynamic::from(Protein(Rc::new(fold.structure))),
        ),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![folds]
}

//! Properties of the truth of simulated datasets.

use crate::bail;
use crate::base::table::Cells;
use crate::base::{Result, shape};
use crate::bind::args::motif::strand_text;
use crate::bind::args::simulation::sites_of;
use crate::bind::types::{Data, Known, Motifs, Tabled};
use crate::lang::value::array;
use crate::lang::{Native, Options, native, natives_of};
use crate::seq::simulate::{Rule, Site};
use crate::torch::Tensor;
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;

/// Options of `truth.mask`.
#[derive(Options)]
pub struct MaskOptions {
    /// Number of the only motif that is masked, from 0; all motifs unless given.
    motif: Option<usize>,
}

fn row_of(known: &Known, i: i64) -> Result<usize> {
    let row = shape::index(i, known.1.len(), "sequences")?;
    Ok(known.1.locate(row).0)
}

/// The truth of simulated sequences: planted sites, motifs and rules of labels.
///
/// ```rhai
/// let set = sim::paired(sim::motifs(4, #{ width: 5 }), #{ n: 20, length: 40, per_sequence: 2 });
/// assert_eq(set.truth.sites(0).len(), 2);
/// ```
/// ```rhai,fails
/// data::from(#{ sequence: ["ACGT"], label: [1] }).truth
/// //~ the truth of these sequences is not known
/// ```
#[native(namespace = "dataset", form = property)]
pub fn truth(this: &Data) -> Result<Known> {
    match &this.0.truth {
        Some(truth) if this.0.shuffles.is_none() => Ok(Known(truth.clone(), this.0.clone())),
        _ => {
            bail!("data", "the truth of these sequences is not known";
                hint: "`sim::world(…)` and `sim::paired(…)` give sets with their truth")
        }
    }
}

/// The pool of motifs that were planted.
///
/// ```rhai
/// assert_eq(sim::paired(sim::motifs(4), #{ n: 2, per_sequence: 2 }).truth.motifs.len(), 4);
/// ```
#[native(namespace = "truth", form = property, name = "motifs")]
pub fn planted_motifs(this: &Known) -> Motifs {
    Motifs(Rc::new(this.0.motifs.to_vec()))
}

/// The rules of the labels, in words.
///
/// ```rhai
/// assert_eq(sim::paired(sim::motifs(4), #{ n: 2, per_sequence: 2 }).truth.rules, [
///     "both motifs of one of 2 pairs"
/// ]);
/// ```
#[native(namespace = "truth", form = property)]
pub fn rules(this: &Known) -> Vec<String> {
    this.rules()
}

/// The pairs of motifs that act together, by number from 0, of all rules.
///
/// ```rhai
/// assert_eq(
///     sim::paired(sim::motifs(4), #{ n: 2, per_sequence: 2 }).truth.pairs, [[0, 1], [2, 3]]
/// );
/// ```
#[native(
    namespace = "truth",
    form = property,
    returns = "array of [motif, motif]"
)]
pub fn pairs(this: &Known) -> Vec<Vec<i64>> {
    let pairs = this.0.pairs().into_iter();
    pairs.map(|(a, b)| vec![a.into(), b.into()]).collect()
}

/// The contribution of each motif, for each rule; () where a rule is not additive.
///
/// ```rhai
/// let set = sim::world(sim::motifs(2), rule::additive(#{ weights: [1, 2] }), #{ n: 2, count: 1 });
/// assert_eq(set.truth.weights, [[1.0, 2.0]]);
/// ```
#[native(
    namespace = "truth",
    form = property,
    returns = "array of arrays of numbers"
)]
pub fn weights(this: &Known) -> Array {
    let weights = this.0.rules.iter().map(|rule| match rule {
        Some(Rule::Additive { weights, .. }) => Dynamic::from(array(weights.clone())),
        _ => Dynamic::UNIT,
    });
    weights.collect()
}

/// Returns the sites of a sequence, in order of their starts.
///
/// Sites are maps #{ motif, name, start, end, strand }; `end` is excluded.
///
/// ```rhai
/// let set = sim::paired(sim::motifs(4, #{ width: 5 }), #{ n: 20, length: 40, per_sequence: 2 });
/// let first = set.truth.sites(0)[0];
/// assert_eq(first.end - first.start, 5);
/// ```
#[native(namespace = "truth", form = method)]
pub fn sites(
    this: &Known,
    /// Number of the sequence in the dataset, from 0; negative numbers count from the end.
    row: i64,
) -> Result<Vec<Map>> {
    Ok(sites_of(&this.0, row_of(this, row)?))
}

/// Returns a mask of the planted motifs: 1 within sites, 0 elsewhere.
///
/// ```rhai
/// let set = sim::paired(sim::motifs(4, #{ width: 5 }), #{ n: 20, length: 40, per_sequence: 2 });
/// assert_eq(set.truth.mask().sum().item(), 20.0 * 2.0 * 5.0);
/// ```
#[native(namespace = "truth", form = method, returns = "tensor [rows, length]")]
pub fn mask(this: &Known, options: MaskOptions) -> Result<Tensor> {
    let rows = this.1.len();
    let masks = (0..rows).flat_map(|i| this.0.mask(this.1.locate(i).0, options.motif));
    let values: Vec<f32> = masks.collect();
    Tensor::from_f32(&values, &[rows as i64, this.0.length as i64])
}

/// Returns all sites as a table: sequence, motif, start, stop, strand.
///
/// ```rhai
/// let set = sim::paired(sim::motifs(4, #{ width: 5 }), #{ n: 20, length: 40, per_sequence: 2 });
/// assert_eq(set.truth.table().len(), 40);
/// ```
#[native(namespace = "truth", form = method)]
pub fn table(this: &Known) -> Result<Tabled> {
    let (truth, set) = (&this.0, &this.1);
    let rows: Vec<usize> = (0..set.len()).map(|i| set.locate(i).0).collect();
    let sites = truth.all_sites(&rows);
    let texts = |of: &dyn Fn(usize, &Site) -> String| {
        Cells::Text(sites.iter().map(|(i, site)| of(*i, site)).collect())
    };
    let numbers =
        |of: &dyn Fn(&Site) -> i64| Cells::Whole(sites.iter().map(|(_, site)| of(site)).collect());
    let sequence = |i: usize, _: &Site| set.name(i).unwrap_or_else(|| i.to_string());
    let motif = |_: usize, site: &Site| truth.motifs[site.motif as usize].name.clone();
    let strand = |_: usize, site: &Site| strand_text(site.reverse);
    let columns = vec![
        ("sequence".into(), texts(&sequence)),
        ("motif".into(), texts(&motif)),
        ("start".into(), numbers(&|site| i64::from(site.start))),
        ("stop".into(), numbers(&|site| truth.end(site) as i64)),
        ("strand".into(), texts(&strand)),
    ];
    Tabled::of(columns)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        truth,
        planted_motifs,
        rules,
        pairs,
        weights,
        sites,
        mask,
        table,
    ]
}

//! `explain::…`: filters of a convolution as motifs.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::types::{Data, Motifs, Tabled};
use crate::bind::warnings::warn;
use crate::explain::filters;
use crate::lang::{Native, Options, native, natives_of};
use crate::nn::Model;
use crate::seq::Motif;
use crate::seq::motif::matching;
use std::rc::Rc;

/// Options of `explain::match_filters`.
#[derive(Options)]
pub struct MatchFiltersOptions {
    /// Information in bits above which a base of a filter position counts.
    #[option(default = 0.1, min = 0, max = 2)]
    information: f64,
    /// Smallest fraction of matching bases, of the shorter of filter and motif.
    #[option(default = 0.8, min = 0, max = 1)]
    score: f64,
    /// Whether the reverse complement of each motif is compared as well.
    #[option(default = false)]
    both_strands: bool,
}

/// Options of `explain::activation_motifs`.
#[derive(Options)]
pub struct ActivationMotifsOptions {
    /// Fraction of the largest activation of a filter that a window must exceed.
    #[option(default = 0.5, min = 0, max = 1)]
    share: f64,
}

/// The kind of a filter by the number of motifs that match it.
fn kind(fits: &[matching::Fit]) -> String {
    let word = match fits.len() {
        0 => "unmatched",
        1 => "single",
        _ => "combination",
    };
    word.into()
}

/// The matches of each filter, one row per filter.
fn table(filters: &Motifs, motifs: &Motifs, fits: &[Vec<matching::Fit>]) -> Result<Tabled> {
    let name = |fit: &matching::Fit| motifs.0[fit.motif].name.clone();
    let names = |fits: &Vec<matching::Fit>| fits.iter().map(name).collect::<Vec<_>>().join(" ");
    let score = |fits: &Vec<matching::Fit>| fits.first().map_or(0.0, |fit| fit.score);
    let filter_names = filters.0.iter().map(|filter| filter.name.clone()).collect();
    let kinds = fits.iter().map(|fits| kind(fits)).collect();
    let consensus = filters.0.iter().map(Motif::consensus).collect();
    let columns = vec![
        ("filter".into(), Cells::Text(filter_names)),
        ("kind".into(), Cells::Text(kinds)),
        (
            "motifs".into(),
            Cells::Text(fits.iter().map(names).collect()),
        ),
        (
            "score".into(),
            Cells::Number(fits.iter().map(score).collect()),
        ),
        ("consensus".into(), Cells::Text(consensus)),
    ];
    Tabled::of(columns)
}

/// Matches filters with motifs, and classifies filters by the number of matches.
///
/// A base of a filter position counts where it contributes more than `information` bits. The motif
/// slides along the filter; the fraction of its bases that count there, of the shorter of both,
/// must reach `score`. The kind of a filter is "single" where one motif matches, "combination"
/// where several do, "unmatched" where none does.
///
/// # Source
/// van den Bogaard, Predicting chromatin accessibility with convolutional neural networks (thesis),
/// 3.3.
///
/// ```rhai
/// let pool = sim::motifs(3, #{ width: 8, seed: 1 });
/// assert_eq(explain::match_filters(pool, pool)["kind"], ["single", "single", "single"]);
/// ```
#[native(
    namespace = "explain",
    returns = "table: filter, kind, motifs, score, consensus"
)]
pub fn match_filters(
    /// Filters as motifs, such as those of `explain::filter_motifs`.
    filters: &Motifs,
    /// Motifs that filters are compared with, by their consensus.
    motifs: &Motifs,
    options: MatchFiltersOptions,
) -> Result<Tabled> {
    let rule = matching::Rule {
        information: options.information,
        score: options.score,
        both_strands: options.both_strands,
    };
    let fits = matching::matches(&filters.0, &motifs.0, &rule);
    table(filters, motifs, &fits)
}

/// Returns the motifs of the windows that activate the filters of a convolution.
///
/// The convolution is the first of the network. The motif of a filter is the base composition of
/// the windows whose activation exceeds the fraction `share` of the largest activation of the
/// filter.
///
/// # Source
/// Kelley, Snoek & Rinn, Basset (Genome Research 2016).
///
/// ```rhai
/// let motifs = sim::motifs(4, #{ width: 5 });
/// let set = sim::paired(motifs, #{ n: 50, length: 40, per_sequence: 2 });
/// let net = nn::build(nn::conv1d(8, 5), [4, 40], #{ seed: 1 });
/// assert_eq(explain::activation_motifs(net, "", set).len(), 8);
/// ```
#[native(namespace = "explain", returns = "motifs, one for each filter")]
pub fn activation_motifs(
    /// Network whose first layer of weights is a convolution.
    net: &Model,
    /// Path of the convolution, as `net.summary()` shows it.
    path: &str,
    /// Dataset of sequences.
    set: &Data,
    options: ActivationMotifsOptions,
) -> Result<Motifs> {
    let (codes, length) = set.0.sequences(0..set.0.len())?;
    let motifs = filters::motifs_of_activations(net, path, &codes, length, options.share)?;
    let silent = motifs.iter().filter(|(_, windows)| *windows == 0).count();
    if silent > 0 {
        warn(&format!(
            "{silent} of {} filters are never active on these sequences and are shown as uniform",
            motifs.len()
        ));
    }
    let motifs = motifs.into_iter().map(|(motif, _)| motif);
    Ok(Motifs(Rc::new(motifs.collect())))
}

/// Returns the filters of a first convolution as motifs.
///
/// Negative weights become 0, and each position is scaled to sum to 1; positions without a positive
/// weight are uniform.
///
/// ```rhai
/// let net = nn::build(nn::conv1d(8, 5), [4, 20], #{ seed: 1 });
/// assert_eq(explain::filter_motifs(net, "").len(), 8);
/// ```
#[native(namespace = "explain", returns = "motifs, one for each filter")]
pub fn filter_motifs(
    /// Network whose first layer of weights is a convolution.
    net: &Model,
    /// Path of the convolution, as `net.summary()` shows it.
    path: &str,
) -> Result<Motifs> {
    let (motifs, empty) = filters::motifs(net, path)?;
    if empty > 0 {
        let positions: usize = motifs.iter().map(|motif| motif.width()).sum();
        warn(&format!(
            "{empty} of {positions} filter positions have no positive weight and are shown as \
             uniform"
        ));
    }
    Ok(Motifs(Rc::new(motifs)))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![match_filters, activation_motifs, filter_motifs]
}

//! `explain::…`: what a network learned.

use crate::base::Result;
use crate::base::table::{Cells, Table};
use crate::bind::types::{Data, Motifs, Tabled};
use crate::explain::{filters, matching};
use crate::lang::Options;
use crate::lang::options::{Opt, OptKind, opt};
use crate::natives;
use crate::nn::Model;
use crate::seq::Motif;
use std::rc::Rc;

fn filter_motifs(net: &Model, path: &str) -> Result<Motifs> {
    let (motifs, empty) = filters::motifs(net, path)?;
    if empty > 0 {
        let all: usize = motifs.iter().map(|m| m.width()).sum();
        crate::bind::train::fit::warn(&format!(
            "{empty} of {all} filter positions have no positive weight and are shown as uniform"
        ));
    }
    Ok(Motifs(Rc::new(motifs)))
}

const MATCH: &[Opt] = &[
    opt(
        "information",
        OptKind::Float(0.0, 2.0),
        "0.1",
        "least contribution to the information of a position at which a base is looked for, bits",
    ),
    opt(
        "score",
        OptKind::Float(0.0, 1.0),
        "0.8",
        "least share of bases that agree, of the shorter of filter and motif",
    ),
    opt(
        "both_strands",
        OptKind::Bool,
        "false",
        "whether motifs are also tried on the other strand",
    ),
];
const ACTIVATIONS: &[Opt] = &[opt(
    "share",
    OptKind::Float(0.0, 1.0),
    "0.5",
    "share of a filter's largest activation that a window must pass",
)];

fn matched(filters: &Motifs, motifs: &Motifs, o: &Options) -> Result<Tabled> {
    let rule = matching::Rule {
        information: o.float("information"),
        score: o.float("score"),
        both_strands: o.flag("both_strands"),
    };
    let fits = matching::matches(&filters.0, &motifs.0, &rule);
    let kind = |fits: &Vec<matching::Fit>| match fits.len() {
        0 => "unmatched",
        1 => "single",
        _ => "combination",
    };
    let names = |fits: &Vec<matching::Fit>| {
        fits.iter()
            .map(|fit| motifs.0[fit.motif].name.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let columns = vec![
        (
            "filter".into(),
            Cells::Text(filters.0.iter().map(|filter| filter.name.clone()).collect()),
        ),
        (
            "kind".into(),
            Cells::Text(fits.iter().map(|fits| kind(fits).to_string()).collect()),
        ),
        (
            "motifs".into(),
            Cells::Text(fits.iter().map(names).collect()),
        ),
        (
            "score".into(),
            Cells::Number(
                fits.iter()
                    .map(|fits| fits.first().map_or(0.0, |fit| fit.score))
                    .collect(),
            ),
        ),
        (
            "consensus".into(),
            Cells::Text(filters.0.iter().map(Motif::consensus).collect()),
        ),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

fn of_activations(net: &Model, path: &str, set: &Data, o: &Options) -> Result<Motifs> {
    let (codes, length) = set.0.sequences(0..set.0.len())?;
    let found = filters::motifs_of_activations(net, path, &codes, length, o.float("share"))?;
    let silent = found.iter().filter(|(_, n)| *n == 0).count();
    if silent > 0 {
        crate::bind::train::fit::warn(&format!(
            "{silent} of {} filters are never active on these sequences and are shown as uniform",
            found.len()
        ));
    }
    Ok(Motifs(Rc::new(
        found.into_iter().map(|(motif, _)| motif).collect(),
    )))
}

natives! { made in "explain" {
    /// Matches filters with motifs whose consensus is known: `single` where one motif fits,
    /// `combination` where several do.
    ///
    /// A position looks for a base where the base contributes more than `information` bits; the
    /// motif slides over the filter, and the share of its bases that are looked for, of the shorter
    /// of both, must reach `score`.
    ///
    /// # Source
    /// van den Bogaard, Predicting chromatin accessibility with convolutional neural networks
    /// (thesis), 3.3.
    ///
    /// ```rhai
    /// let pool = sim::motifs(3, #{ width: 8, seed: 1 });
    /// assert_eq(explain::match_filters(pool, pool)["kind"], ["single", "single", "single"]);
    /// ```
    function "match_filters"(c, filters: Motifs, motifs: Motifs; o = MATCH) -> "table: filter, kind, motifs, score, consensus" { matched(&filters, &motifs, &o) }

    /// Turns the filters of a first convolution into motifs of the windows that activate them
    /// (Basset's rule).
    ///
    /// Of each filter those windows of the sequences count whose activation is more than `share` of
    /// its largest.
    ///
    /// # Source
    /// Kelley, Snoek & Rinn, Basset (Genome Research 2016).
    ///
    /// ```rhai
    /// let set = sim::paired(sim::motifs(4, #{ width: 5 }), #{ n: 50, length: 40, per_sequence: 2 });
    /// let net = nn::build(nn::conv1d(8, 5), [4, 40], #{ seed: 1 });
    /// assert_eq(explain::activation_motifs(net, "", set).len(), 8);
    /// ```
    function "activation_motifs"(c, net: Model, path: String, set: Data; o = ACTIVATIONS) -> "motifs, one for each filter" { of_activations(&net, &path, &set, &o) }

    /// Turns the filters of a first convolution into motifs: negative weights become 0, each
    /// position is scaled to sum to 1 (uniform where nothing is positive).
    ///
    /// ```rhai
    /// let net = nn::build(nn::conv1d(8, 5), [4, 20], #{ seed: 1 });
    /// assert_eq(explain::filter_motifs(net, "").len(), 8);
    /// ```
    function "filter_motifs"(c, net: Model, path: String) -> "motifs, one for each filter" { filter_motifs(&net, &path) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made()].into_iter().flatten().collect()
}

//! Enriched motifs as tables.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::types::Tabled;
use crate::seq::Motif;
use crate::seq::motif::enrichment::sea::{Sea, SeaMotif};
use crate::seq::motif::enrichment::{self, Detail, Enriched, Method};

/// Columns of motifs: rank, collection, names, consensus.
fn name_columns<T>(
    found: &[T],
    databases: &[&[Motif]],
    of: impl Fn(&T) -> (usize, usize, usize, &str),
) -> Vec<(String, Cells)> {
    let motif = |own: &T| &databases[of(own).1][of(own).2];
    let texts = |text: &dyn Fn(&T) -> String| Cells::Text(found.iter().map(text).collect());
    let integers =
        |n: &dyn Fn(&T) -> usize| Cells::Whole(found.iter().map(|own| n(own) as i64).collect());
    vec![
        ("rank".into(), integers(&|own| of(own).0)),
        ("database".into(), integers(&|own| of(own).1 + 1)),
        ("motif".into(), texts(&|own| motif(own).name.clone())),
        ("alt".into(), texts(&|own| motif(own).alt.clone())),
        ("consensus".into(), texts(&|own| of(own).3.to_string())),
    ]
}

fn numbers<T>(found: &[T], of: impl Fn(&T) -> f64) -> Cells {
    Cells::Number(found.iter().map(of).collect())
}

fn counts<T>(found: &[T], of: impl Fn(&T) -> usize) -> Cells {
    Cells::Whole(found.iter().map(|own| of(own) as i64).collect())
}

fn percent(n: usize, all: usize) -> f64 {
    if all == 0 {
        0.0
    } else {
        100.0 * n as f64 / all as f64
    }
}

/// The table of AME.
pub fn ame_table(
    found: &[Enriched],
    databases: &[&[Motif]],
    method: Method,
    by_pwm: bool,
) -> Result<Tabled> {
    let own = |own: &Enriched| (own.rank, own.database, own.motif, own.consensus.clone());
    let named: Vec<(usize, usize, usize, String)> = found.iter().map(own).collect();
    let mut columns = name_columns(&named, databases, |own| (own.0, own.1, own.2, &own.3));
    let (first, second) = if by_pwm {
        ("pwm_min", "fasta_max")
    } else {
        ("fasta_max", "pwm_min")
    };
    columns.extend([
        ("p_value".into(), numbers(found, |own| own.best.log_p.exp())),
        (
            "adj_p_value".into(),
            numbers(found, |own| own.log_adjusted.exp()),
        ),
        ("e_value".into(), numbers(found, |own| own.log_e.exp())),
        ("log_p_value".into(), numbers(found, |own| own.best.log_p)),
        ("tests".into(), counts(found, |own| own.best.tests)),
        (first.into(), numbers(found, |own| own.best.threshold)),
        ("pos".into(), counts(found, |own| own.best.positives)),
        ("neg".into(), counts(found, |own| own.best.negatives)),
    ]);
    let tests = |own: &Enriched| own.best.tests as f64;
    match method {
        Method::Fisher => {
            let of = |own: &Enriched| match own.best.detail {
                Detail::Fisher { threshold, tp, fp } => (threshold, tp, fp),
                _ => (f64::NAN, 0, 0),
            };
            let true_percent = |own: &Enriched| percent(of(own).1, own.best.positives);
            let false_percent = |own: &Enriched| percent(of(own).2, own.best.negatives);
            columns.extend([
                (second.into(), numbers(found, |own| of(own).0)),
                ("tp".into(), counts(found, |own| of(own).1)),
                ("tp_percent".into(), numbers(found, true_percent)),
                ("fp".into(), counts(found, |own| of(own).2)),
                ("fp_percent".into(), numbers(found, false_percent)),
            ]);
        }
        Method::RankSum => {
            let of = |own: &Enriched| match own.best.detail {
                Detail::RankSum {
                    u,
                    log_left,
                    log_both,
                } => (u, log_left, log_both),
                _ => (f64::NAN, f64::NAN, f64::NAN),
            };
            let adjusted = |log: f64, own: &Enriched| enrichment::log_adjusted(log, tests(own));
            let both = |own: &Enriched| adjusted(of(own).2, own).exp();
            columns.extend([
                ("u".into(), numbers(found, |own| of(own).0)),
                ("p_left".into(), numbers(found, |own| of(own).1.exp())),
                ("p_right".into(), numbers(found, |own| own.best.log_p.exp())),
                ("p_both".into(), numbers(found, |own| of(own).2.exp())),
                (
                    "adj_p_left".into(),
                    numbers(found, |own| adjusted(of(own).1, own).exp()),
                ),
                (
                    "adj_p_right".into(),
                    numbers(found, |own| own.log_adjusted.exp()),
                ),
                ("adj_p_both".into(), numbers(found, both)),
            ]);
        }
        Method::Pearson | Method::Spearman => {
            let of = |own: &Enriched| match own.best.detail {
                Detail::Correlation {
                    r,
                    error,
                    slope,
                    intercept,
                } => [r, error, slope, intercept],
                _ => [f64::NAN; 4],
            };
            if method == Method::Spearman {
                columns.push(("spearmans_cc".into(), numbers(found, |own| of(own)[0])));
            } else {
                let names = ["pearson_cc", "mean_squared_error", "slope", "intercept"];
                columns.extend(
                    names
                        .into_iter()
                        .enumerate()
                        .map(|(i, name)| (name.to_string(), numbers(found, |own| of(own)[i]))),
                );
            }
        }
        Method::ThreeWay | Method::FourWay => {}
    }
    Tabled::of(columns)
}

/// The table of SEA.
pub fn sea_table(found: &Sea, databases: &[&[Motif]]) -> Result<Tabled> {
    let motifs = &found.motifs;
    let own = |own: &SeaMotif| (own.rank, own.database, own.motif, own.consensus.clone());
    let named: Vec<(usize, usize, usize, String)> = motifs.iter().map(own).collect();
    let mut columns = name_columns(&named, databases, |own| (own.0, own.1, own.2, &own.3));
    let (positives, negatives) = (found.positives, found.negatives);
    columns.extend([
        ("p_value".into(), numbers(motifs, |own| own.log_p.exp())),
        ("e_value".into(), numbers(motifs, |own| own.log_e.exp())),
        ("q_value".into(), numbers(motifs, |own| own.log_q.exp())),
        ("log_p_value".into(), numbers(motifs, |own| own.log_p)),
        ("pos".into(), counts(motifs, |_| positives)),
        ("neg".into(), counts(motifs, |_| negatives)),
        (
            "score_threshold".into(),
            numbers(motifs, |own| own.threshold),
        ),
        ("tp".into(), counts(motifs, |own| own.tp)),
        (
            "tp_percent".into(),
            numbers(motifs, |own| percent(own.tp, positives)),
        ),
        ("fp".into(), counts(motifs, |own| own.fp)),
        (
            "fp_percent".into(),
            numbers(motifs, |own| percent(own.fp, negatives)),
        ),
        ("enrichment_ratio".into(), numbers(motifs, |own| own.ratio)),
    ]);
    Tabled::of(columns)
}

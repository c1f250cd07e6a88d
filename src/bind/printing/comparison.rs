//! Figures of comparisons.

use crate::base::table::short;
use crate::metrics::statistics::compare::{CompareSettings, Comparison, Difference};
use crate::plot::{self, Figure, Forest, Interval, Ranks};

/// Lines of a figure of differences, at most.
const MOST: usize = 60;

/// The difference, its interval and its p-value in words.
fn words(own: &Difference) -> String {
    let mut out = format!("{:+.3}", own.difference);
    if own.interval.0.is_finite() && own.interval.1.is_finite() {
        out += &format!(" [{:+.3}, {:+.3}]", own.interval.0, own.interval.1);
    }
    match own.adjusted {
        p if p.is_nan() => out,
        p if p < 0.001 => out + "  p < 0.001",
        p => out + &format!("  p = {p:.3}"),
    }
}

/// The differences on sets; of very many the largest.
pub fn forest(found: &Comparison, settings: &CompareSettings) -> Figure {
    let row = |own: &Difference| Interval {
        name: format!("{} − {}", own.first, own.second),
        group: if found.sets.len() > 1 {
            own.set.clone()
        } else {
            String::new()
        },
        value: own.difference,
        ends: own.interval,
        text: words(own),
        is_shown: own.adjusted < 1.0 - settings.level,
    };
    let rows: Vec<Interval> = found.largest(MOST).into_iter().map(row).collect();
    let (shown, all) = (rows.len(), found.differences.len());
    let title = match shown == all {
        true => format!("differences of {}", settings.metric.name),
        false => format!(
            "the {shown} largest of {all} differences of {}",
            settings.metric.name
        ),
    };
    let x = format!(
        "difference of {}, {} % interval",
        settings.metric.name,
        short(100.0 * settings.level)
    );
    plot::forest(&title, Forest { rows, x })
}

/// The average ranks, where there are several sets and three models or more.
pub fn diagram(found: &Comparison) -> Option<Figure> {
    let ranked = found.ranked.as_ref()?;
    if ranked.sets < 2 || found.models.len() < 3 {
        return None;
    }
    let names = found.models.iter().cloned();
    let models = names.zip(ranked.friedman.ranks.iter().copied()).collect();
    let p = ranked.friedman.p_value;
    let test = match p {
        p if p.is_nan() => String::new(),
        p if p < 0.001 => ", Friedman p < 0.001".into(),
        p => format!(", Friedman p = {p:.3}"),
    };
    let ranks = Ranks {
        models,
        critical: ranked.critical,
        cliques: ranked.cliques.clone(),
        text: format!(
            "average ranks over {} sets, 1 is best{test}; joined models do not differ",
            ranked.sets
        ),
    };
    Some(plot::ranks("average ranks", ranks))
}

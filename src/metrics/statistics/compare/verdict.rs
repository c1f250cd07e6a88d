//! The outcome of a comparison in a few sentences.

use super::types::{Adjustment, CompareSettings, Comparison, Difference, SetsPair};

/// A number with three digits after the point.
fn short(value: f64) -> String {
    format!("{value:.3}")
}

/// A p-value: small ones as a bound.
fn chance(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".into()
    } else {
        format!("p = {p:.3}")
    }
}

/// The outcome: over sets where there are several, else on the one set.
pub fn text(found: &Comparison, settings: &CompareSettings) -> String {
    let alpha = 1.0 - settings.level;
    let adjustment = match settings.adjustment {
        Adjustment::Holm => " after Holm",
        Adjustment::BenjaminiHochberg => " after Benjamini-Hochberg",
        Adjustment::None => "",
    };
    if found.sets.len() == 1 {
        return on_one(found, settings, alpha, adjustment);
    }
    let mut out = String::new();
    if let Some(ranked) = &found.ranked {
        let ranks = &ranked.friedman.ranks;
        let least = ranks.iter().copied().fold(f64::INFINITY, f64::min);
        let best: Vec<&str> = (found.models.iter().zip(ranks))
            .filter(|(_, rank)| **rank == least)
            .map(|(name, _)| name.as_str())
            .collect();
        out += &format!(
            "{} {} first: average rank {least:.2} of {} models over {} set{}",
            best.join(" and "),
            if best.len() == 1 { "ranks" } else { "rank" },
            found.models.len(),
            ranked.sets,
            if ranked.sets == 1 { "" } else { "s" },
        );
        if !ranked.friedman.p_value.is_nan() {
            out += &format!(" (Friedman {})", chance(ranked.friedman.p_value));
        }
        out += ". ";
    }
    let shown = |pair: &&SetsPair| pair.adjusted < alpha;
    let sentence = |pair: &SetsPair| {
        let is_first = (pair.difference > 0.0) == settings.is_larger_better;
        let (better, worse) = if is_first {
            (&pair.first, &pair.second)
        } else {
            (&pair.second, &pair.first)
        };
        format!("{better} over {worse} ({})", chance(pair.adjusted))
    };
    let all: Vec<String> = found.pairs.iter().filter(shown).map(sentence).collect();
    out += &match all.len() {
        0 => format!("No pair differs over sets (Wilcoxon{adjustment}, {alpha:.3})."),
        n => format!(
            "{n} of {} pairs differ over sets (Wilcoxon{adjustment}): {}.",
            found.pairs.len(),
            all.join(", ")
        ),
    };
    let on_sets = found.differences.iter().filter(|own| own.adjusted < alpha);
    let tested = found.differences.iter().filter(|own| !own.p_value.is_nan());
    let (shown, tested) = (on_sets.count(), tested.count());
    if tested > 0 {
        out += &format!(" On single sets {shown} of {tested} differences are significant.");
    }
    out
}

fn on_one(found: &Comparison, settings: &CompareSettings, alpha: f64, adjustment: &str) -> String {
    let better = |a: f64, b: f64| (a > b) == settings.is_larger_better && a != b;
    let Some(first) = found.cells.first() else {
        return "Nothing could be compared.".into();
    };
    let best = found.cells.iter().fold(first, |best, cell| {
        if better(cell.value, best.value) {
            cell
        } else {
            best
        }
    });
    let sentence = |own: &Difference| {
        let is_first = better(own.difference, 0.0);
        let (a, b, sign) = if is_first {
            (&own.first, &own.second, 1.0)
        } else {
            (&own.second, &own.first, -1.0)
        };
        format!(
            "{a} over {b} ({:+.3}, {})",
            sign * own.difference,
            chance(own.adjusted)
        )
    };
    let shown: Vec<String> = (found.differences.iter())
        .filter(|own| own.adjusted < alpha)
        .map(sentence)
        .collect();
    let start = format!(
        "{} has the best {} on {}, {}. ",
        best.model,
        settings.metric.name,
        best.set,
        short(best.value)
    );
    let tested = found.differences.iter().filter(|own| !own.p_value.is_nan());
    start
        + &match (shown.len(), tested.count()) {
            (_, 0) => "No difference could be tested.".into(),
            (0, n) => format!("None of {n} differences is significant{adjustment} ({alpha:.3})."),
            (k, n) => {
                format!(
                    "{k} of {n} differences are significant{adjustment}: {}.",
                    shown.join(", ")
                )
            }
        }
}

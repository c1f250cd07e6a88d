//! The conclusion of an audit in words.

use super::baselines::{Baseline, Kind};
use super::leaks::Leaks;
use super::rows::Rows;
use super::shuffled::ShuffledNegatives;
use cistron_base::Result;
use cistron_metrics::statistics::Alternative;
use cistron_metrics::statistics::auroc::delong;

/// The share of leaking test rows, above which a dataset is no fair test.
const MOST_LEAKS: f64 = 0.01;
/// The smallest AUROC of a shortcut.
const SHORTCUT: f64 = 0.65;
/// The smallest share of the best baseline's excess over 0.5 that a shortcut reaches. A motif
/// changes the composition of its sequences as well, by less.
const SHORTCUT_SHARE: f64 = 0.7;

/// A conclusion.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether neither leaks nor shortcuts were found.
    pub is_fair: bool,
    /// In words.
    pub text: String,
    /// What the network adds to the best baseline.
    pub gain: Option<Gain>,
    /// What the network adds to each baseline.
    pub gains: Vec<Gain>,
}

/// The difference of two areas under the ROC curve, with its interval (DeLong et al. 1988).
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// The baseline.
    pub over: String,
    /// Difference of AUROC.
    pub difference: f64,
    /// Ends of the interval of 95 %.
    pub interval: (f64, f64),
    /// Two-sided p-value.
    pub p_value: f64,
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// What the network adds to each of the other baselines.
fn gains(baselines: &[Baseline], test: &Rows) -> Result<Vec<Gain>> {
    let Some(network) = baselines.iter().find(|own| own.kind == Kind::Network) else {
        return Ok(Vec::new());
    };
    let known = test.known();
    let classes = test.classes(&known);
    let of = |scores: &[f64]| -> Vec<f64> { known.iter().map(|row| scores[*row]).collect() };
    let scores = of(&network.scores);
    let others = baselines.iter().filter(|own| own.kind != Kind::Network);
    let gain = |own: &Baseline| {
        let outcome = delong(&scores, &of(&own.scores), &classes, Alternative::TwoSided)?;
        let named = |name: &str| {
            let found = outcome.more.iter().find(|(own, _)| *own == name);
            found.map_or(f64::NAN, |(_, value)| *value)
        };
        let (difference, error) = (named("difference"), named("error"));
        Ok(Gain {
            over: own.name.clone(),
            difference,
            interval: (difference - 1.96 * error, difference + 1.96 * error),
            p_value: outcome.p_value,
        })
    };
    others.map(gain).collect()
}

/// What speaks against a fair test.
fn objections(leaks: &Leaks, baselines: &[Baseline]) -> Vec<String> {
    let mut sentences = Vec::new();
    let leaks_share = leaks.share();
    if leaks_share > MOST_LEAKS {
        sentences.push(format!(
            "{} of the test rows repeat, overlap or resemble training rows",
            percent(leaks_share)
        ));
    }
    for shared in leaks.shared.iter().filter(|shared| shared.rows > 0) {
        sentences.push(format!(
            "{} of {} test rows share their `{}` with training rows",
            shared.rows, leaks.rows, shared.name
        ));
    }
    let shortcuts = baselines.iter().filter(|own| own.kind == Kind::Shortcut);
    let best = shortcuts.max_by(|a, b| a.auroc.total_cmp(&b.auroc));
    let most = baselines
        .iter()
        .fold(0.5, |most: f64, own| most.max(own.auroc));
    let is_shortcut =
        |own: &&Baseline| own.auroc >= SHORTCUT && own.auroc - 0.5 >= SHORTCUT_SHARE * (most - 0.5);
    if let Some(best) = best.filter(is_shortcut) {
        sentences.push(format!(
            "{} alone reaches an AUROC of {:.3}",
            best.text, best.auroc
        ));
    }
    sentences
}

/// Concludes.
pub fn of(
    leaks: &Leaks,
    shuffled: Option<&ShuffledNegatives>,
    baselines: &[Baseline],
    test: &Rows,
) -> Result<Verdict> {
    let mut sentences = objections(leaks, baselines);
    let is_fair = sentences.is_empty();
    if is_fair {
        sentences.push("neither leaks nor shortcuts were found".into());
    }
    if let Some(own) = shuffled {
        sentences.push(format!(
            "{} of the negatives are {} of positives, which differ from unbound genomic sequence",
            percent(own.share),
            own.kind()
        ));
    }
    let floor = baselines.iter().find(|own| own.kind == Kind::Floor);
    if let Some(floor) = floor {
        sentences.push(format!("{} reaches {:.3}", floor.text, floor.auroc));
    }
    let gains = gains(baselines, test)?;
    let area = |gain: &&Gain| {
        let own = baselines.iter().find(|own| own.name == gain.over);
        own.map_or(f64::NEG_INFINITY, |own| own.auroc)
    };
    let gain = gains.iter().max_by(|a, b| area(a).total_cmp(&area(b)));
    if let Some(Gain {
        over,
        difference,
        interval: (low, high),
        ..
    }) = gain
    {
        sentences.push(format!(
            "the network adds {difference:+.3} to {over} (95 % interval {low:+.3} to {high:+.3})"
        ));
    }
    Ok(Verdict {
        is_fair,
        text: sentences.join("; "),
        gain: gain.cloned(),
        gains,
    })
}

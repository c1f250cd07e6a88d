//! How well predicted contacts agree with those of a structure.

use cistron_base::{Result, bail};

/// Separations along the sequence: from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The smallest separation.
    pub from: usize,
    /// The largest separation.
    pub to: usize,
}

impl Range {
    /// 6 to 11.
    pub const SHORT: Range = Range { from: 6, to: 11 };
    /// 12 to 23.
    pub const MEDIUM: Range = Range { from: 12, to: 23 };
    /// 24 and more.
    pub const LONG: Range = Range {
        from: 24,
        to: usize::MAX,
    };
    /// 6 and more.
    pub const ALL: Range = Range {
        from: 6,
        to: usize::MAX,
    };
}

/// How many pairs are evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Top {
    /// The length of the protein divided by a number, rounded down, at least 1.
    Fraction(f64),
    /// A number of pairs.
    Count(usize),
    /// As many as there are contacts.
    Contacts,
}

/// Which pairs are evaluated.
#[derive(Clone, Copy, Debug)]
pub struct PrecisionSettings {
    /// Separations along the sequence.
    pub range: Range,
    /// How many pairs.
    pub top: Top,
    /// Whether no more pairs are evaluated than there are contacts.
    pub capped: bool,
}

/// The precision of the best pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// The share of contacts among the pairs that were evaluated; NaN without pairs.
    pub precision: f64,
    /// How many pairs were evaluated.
    pub pairs: usize,
    /// How many contacts the range has.
    pub contacts: usize,
}

/// The precision of the pairs of the highest scores.
///
/// `scores` and `truth` are `[n, n]`; of both the mean of a pair and its mirror image is taken.
/// Pairs without a truth or a score (NaN) are left out. Among equal scores the first pair comes
/// first.
pub fn precision(
    scores: &[f64],
    truth: &[f64],
    n: usize,
    settings: PrecisionSettings,
) -> Result<Precision> {
    if scores.len() != n * n || truth.len() != n * n {
        bail!(
            "shape",
            "maps of {n} residues have {} values, got {} and {}",
            n * n,
            scores.len(),
            truth.len()
        );
    }
    if let Some(wrong) = truth
        .iter()
        .find(|value| !value.is_nan() && ![0.0, 1.0].contains(*value))
    {
        bail!("value", "contacts must be 0, 1 or NaN, got {wrong}";
            hint: "of distances `distances.lt(8.0)` are the contacts");
    }
    let Range { from, to } = settings.range;
    let mean = |map: &[f64], i: usize, j: usize| f64::midpoint(map[i * n + j], map[j * n + i]);
    let mut pairs = Vec::new();
    for i in 0..n {
        for j in i.saturating_add(from.max(1))..n.min(i.saturating_add(to).saturating_add(1)) {
            let (score, is_contact) = (mean(scores, i, j), mean(truth, i, j));
            if score.is_nan() || is_contact.is_nan() {
                continue;
            }
            if is_contact == 0.5 {
                bail!(
                    "value",
                    "pair {i}, {j} is a contact on one side of the diagonal alone"
                );
            }
            pairs.push((score, is_contact));
        }
    }
    let contacts = pairs.iter().filter(|pair| pair.1 == 1.0).count();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let wanted = match settings.top {
        Top::Fraction(part) => ((n as f64 / part) as usize).max(1),
        Top::Count(count) => count,
        Top::Contacts => contacts,
    };
    let most = if settings.capped {
        contacts
    } else {
        usize::MAX
    };
    let count = wanted.min(most).min(pairs.len());
    let found: f64 = pairs[..count].iter().map(|pair| pair.1).sum();
    Ok(Precision {
        precision: found / count as f64,
        pairs: count,
        contacts,
    })
}

/// The precision of short, medium and long range contacts at L/10, L/5, L/2 and L.
pub fn all_ranges(
    scores: &[f64],
    truth: &[f64],
    n: usize,
    capped: bool,
) -> Result<Vec<(&'static str, &'static str, Precision)>> {
    let ranges = [
        ("short", Range::SHORT),
        ("medium", Range::MEDIUM),
        ("long", Range::LONG),
    ];
    let tops = [("L/10", 10.0), ("L/5", 5.0), ("L/2", 2.0), ("L", 1.0)];
    let rows = ranges
        .iter()
        .flat_map(|range| tops.iter().map(move |top| (range, top)));
    let row = |((name, range), (label, part)): (&(&'static str, Range), &(&'static str, f64))| {
        let top = Top::Fraction(*part);
        let settings = PrecisionSettings {
            range: *range,
            top,
            capped,
        };
        Ok((*name, *label, precision(scores, truth, n, settings)?))
    };
    rows.map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(n: usize, pairs: &[(usize, usize, f64)]) -> Vec<f64> {
        let mut out = vec![0.0; n * n];
        for (i, j, value) in pairs {
            out[i * n + j] = *value;
            out[j * n + i] = *value;
        }
        out
    }

    fn settings(range: Range, top: Top) -> PrecisionSettings {
        PrecisionSettings {
            range,
            top,
            capped: false,
        }
    }

    #[test]
    fn ranges_and_tops() {
        let truth = map(40, &[(0, 6, 1.0), (0, 12, 1.0), (0, 24, 1.0), (1, 30, 1.0)]);
        let scores = map(
            40,
            &[
                (0, 24, 0.9),
                (2, 30, 0.8),
                (1, 30, 0.7),
                (0, 6, 0.6),
                (0, 5, 1.0),
            ],
        );
        let of =
            |range, top| precision(&scores, &truth, 40, settings(range, top)).expect("a precision");
        assert_eq!(of(Range::LONG, Top::Count(1)).precision, 1.0);
        assert_eq!(of(Range::LONG, Top::Count(2)).precision, 0.5);
        assert_eq!(
            of(Range::LONG, Top::Contacts),
            Precision {
                precision: 0.5,
                pairs: 2,
                contacts: 2
            }
        );
        assert_eq!(of(Range::SHORT, Top::Count(1)).precision, 1.0);
        assert_eq!(of(Range::LONG, Top::Fraction(5.0)).pairs, 8);
        let capped = PrecisionSettings {
            capped: true,
            ..settings(Range::LONG, Top::Fraction(5.0))
        };
        assert_eq!(
            precision(&scores, &truth, 40, capped)
                .expect("a precision")
                .pairs,
            2
        );
    }

    #[test]
    fn unknown_pairs_are_left_out_and_small_maps_have_none() {
        let truth = map(30, &[(0, 24, f64::NAN), (1, 29, 1.0)]);
        let scores = map(30, &[(0, 24, 0.9), (1, 29, 0.8)]);
        let found = precision(&scores, &truth, 30, settings(Range::LONG, Top::Count(1)));
        assert_eq!(found.expect("a precision").precision, 1.0);
        let found = precision(&[0.0], &[0.0], 1, settings(Range::ALL, Top::Count(1)));
        assert!(found.expect("a precision").precision.is_nan());
        assert!(precision(&[0.0], &[5.0], 1, settings(Range::ALL, Top::Count(1))).is_err());
        assert!(precision(&[0.0; 2], &[0.0], 1, settings(Range::ALL, Top::Count(1))).is_err());
        let one_sided = [0.0, 1.0, 0.0, 0.0];
        let range = Range { from: 1, to: 5 };
        assert!(precision(&[0.0; 4], &one_sided, 2, settings(range, Top::Count(1))).is_err());
    }
}

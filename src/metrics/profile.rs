//! Metrics of profiles: numbers along the last axis of predictions and labels.

use super::statistics::{correlation, of_ranks};
use cistron_base::{Result, Values, bail};

/// What is computed of profiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Jensen–Shannon distance of predicted from observed shares.
    Jsd,
    /// Jensen–Shannon distance of a permutation of the observed shares from them.
    JsdShuffled(u64),
    /// 1 - distance / distance of equal shares from the observed ones, between 0 and 1.
    JsdNormalised,
    /// Pearson's correlation of predicted shares and observed ones.
    Pearson,
    /// Spearman's correlation of the sums of profiles, over rows.
    CountsSpearman,
    /// Pearson's correlation of ln(1 + sum), over rows.
    CountsPearson,
}

/// Predictions and labels, `[rows, channels, length]` each.
#[derive(Clone, Copy)]
pub struct Profiles<'a> {
    /// Predictions.
    pub predictions: Values<'a>,
    /// Labels.
    pub labels: Values<'a>,
    /// Numbers of a row.
    pub columns: usize,
    /// Numbers along the last axis.
    pub length: usize,
}

/// A metric of profiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// What is computed.
    pub kind: Kind,
    /// Whether the median over rows is taken instead of the mean.
    pub is_median: bool,
    /// Standard deviation of the Gaussian that smooths both sides; 0 for none.
    pub sigma: f64,
    /// Width of the Gaussian, in positions.
    pub width: usize,
}

impl Profile {
    /// A metric without smoothing, the mean over rows.
    pub fn new(kind: Kind) -> Profile {
        Profile {
            kind,
            is_median: false,
            sigma: 0.0,
            width: 81,
        }
    }

    /// Whether it is a metric of sums.
    fn is_of_counts(&self) -> bool {
        matches!(self.kind, Kind::CountsSpearman | Kind::CountsPearson)
    }

    /// The metric of each channel; profiles without counts, or with an undefined number, are left
    /// out.
    pub fn per_channel(&self, name: &str, profiles: &Profiles) -> Result<Vec<f64>> {
        let Profiles {
            predictions,
            labels,
            columns,
            length,
        } = *profiles;
        if length < 2 && !self.is_of_counts() {
            bail!(
                "shape",
                "`{name}` needs profiles [rows, channels, length], got one number each"
            );
        }
        if predictions.len() != labels.len() {
            bail!(
                "shape",
                "`{name}` compares {} predictions with {} labels",
                predictions.len(),
                labels.len()
            );
        }
        let channels = columns / length;
        let rows = labels.len() / columns;
        let mut out = Vec::with_capacity(channels);
        for channel in 0..channels {
            let mut profiles = Vec::new();
            for row in 0..rows {
                let start = row * columns + channel * length;
                let cells = start..start + length;
                let observed: Vec<f64> = cells.clone().map(|cell| labels.at(cell)).collect();
                if observed.iter().any(|count| count.is_nan()) {
                    continue;
                }
                let predicted: Vec<f64> = cells.map(|cell| predictions.at(cell)).collect();
                let negative = |x: &f64| *x < 0.0;
                if observed.iter().any(negative) || predicted.iter().any(negative) {
                    bail!("value", "`{name}` needs profiles of at least 0, row {row} has others";
                        hint: "predictions are shares or rates: `loss.predictions(outputs)` of \
                            logits");
                }
                profiles.push((predicted, observed));
            }
            out.push(self.of_channel(name, &profiles)?);
        }
        Ok(out)
    }

    fn of_channel(&self, name: &str, profiles: &[(Vec<f64>, Vec<f64>)]) -> Result<f64> {
        if self.is_of_counts() {
            return of_sums(self.kind, name, profiles);
        }
        let sum = |profile: &[f64]| profile.iter().sum::<f64>();
        let values = profiles
            .iter()
            .enumerate()
            .filter(|(_, (x, y))| sum(x) > 0.0 && sum(y) > 0.0)
            .map(|(row, (x, y))| self.of_profile(row as u64, x, y));
        let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
        Ok(match (values.len(), self.is_median) {
            (0, _) => f64::NAN,
            (n, false) => values.iter().sum::<f64>() / n as f64,
            (n, true) => {
                values.sort_by(f64::total_cmp);
                0.5 * (values[(n - 1) / 2] + values[n / 2])
            }
        })
    }

    /// The metric of one profile.
    fn of_profile(&self, row: u64, predicted: &[f64], observed: &[f64]) -> f64 {
        let smooth = |profile: &[f64]| match self.sigma {
            0.0 => profile.to_vec(),
            sigma => smoothed(profile, sigma, self.width),
        };
        let observed_shares = shares(&smooth(observed));
        let predicted_shares = || shares(&smooth(predicted));
        match self.kind {
            Kind::JsdShuffled(seed) => {
                let mut rng = cistron_base::seed::Rng::keyed(&[seed, 0x6a73_6472, row]);
                let order = rng.permutation(observed.len());
                let shuffled: Vec<f64> = order.iter().map(|i| observed[*i as usize]).collect();
                distance(&shares(&smooth(&shuffled)), &observed_shares)
            }
            Kind::JsdNormalised => {
                let equal = vec![1.0 / observed.len() as f64; observed.len()];
                let most = distance(&equal, &observed_shares);
                (1.0 - distance(&predicted_shares(), &observed_shares) / most).clamp(0.0, 1.0)
            }
            Kind::Pearson => correlation(&predicted_shares(), &observed_shares),
            _ => distance(&predicted_shares(), &observed_shares),
        }
    }
}

/// The correlation of sums of profiles.
fn of_sums(kind: Kind, name: &str, profiles: &[(Vec<f64>, Vec<f64>)]) -> Result<f64> {
    let sums = |side: fn(&(Vec<f64>, Vec<f64>)) -> &Vec<f64>| -> Vec<f64> {
        profiles.iter().map(|own| side(own).iter().sum()).collect()
    };
    let (predicted, observed) = (sums(|own| &own.0), sums(|own| &own.1));
    let are_shares = profiles.iter().all(|(x, _)| x.len() > 1)
        && predicted.iter().all(|sum| (sum - 1.0).abs() < 1e-4);
    if are_shares && predicted.len() > 1 {
        bail!("value", "`{name}` needs predicted counts, the predictions are shares that sum to 1";
            hint: "it is a metric of rates, or of a head of counts: `metric::spearman()`");
    }
    let log = |sums: Vec<f64>| -> Vec<f64> { sums.into_iter().map(f64::ln_1p).collect() };
    Ok(match kind {
        Kind::CountsPearson => correlation(&log(predicted), &log(observed)),
        _ => of_ranks(&predicted, &observed),
    })
}

/// A profile divided by its sum.
fn shares(profile: &[f64]) -> Vec<f64> {
    let sum: f64 = profile.iter().sum();
    profile.iter().map(|x| x / sum).collect()
}

/// The Jensen–Shannon distance: the root of the divergence in nats.
pub fn distance(p: &[f64], q: &[f64]) -> f64 {
    let term = |a: f64, b: f64| if a > 0.0 { a * (a / b).ln() } else { 0.0 };
    let both = p.iter().zip(q).map(|(p, q)| {
        let middle = 0.5 * (p + q);
        term(*p, middle) + term(*q, middle)
    });
    (0.5 * both.sum::<f64>()).max(0.0).sqrt()
}

/// A profile convolved with a Gaussian; ends are reflected, `d c b a | a b c d | d c b a`.
fn smoothed(profile: &[f64], sigma: f64, width: usize) -> Vec<f64> {
    let radius = (width / 2) as i64;
    let weight = |offset: i64| (-0.5 * (offset as f64 / sigma).powi(2)).exp();
    let total: f64 = (-radius..=radius).map(weight).sum();
    let n = profile.len() as i64;
    let reflected = |i: i64| {
        let i = i.rem_euclid(2 * n);
        profile[i.min(2 * n - 1 - i) as usize]
    };
    (0..n)
        .map(|i| {
            let terms = (-radius..=radius).map(|offset| weight(offset) * reflected(i + offset));
            terms.sum::<f64>() / total
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, x: &[f64], y: &[f64], columns: usize, length: usize) -> Vec<f64> {
        let profiles = Profiles {
            predictions: Values::Double(x),
            labels: Values::Double(y),
            columns,
            length,
        };
        Profile::new(kind)
            .per_channel("profile", &profiles)
            .unwrap()
    }

    #[test]
    fn distances_of_small_profiles() {
        // disjoint shares are ln 2 apart
        let apart = of(Kind::Jsd, &[1.0, 0.0], &[0.0, 3.0], 2, 2);
        assert!((apart[0] - 2.0f64.ln().sqrt()).abs() < 1e-12);
        assert_eq!(of(Kind::Jsd, &[0.5, 0.5], &[2.0, 2.0], 2, 2), [0.0]);
        assert_eq!(
            of(Kind::JsdNormalised, &[1.0, 3.0], &[2.0, 6.0], 2, 2),
            [1.0]
        );
        assert_eq!(
            of(Kind::JsdNormalised, &[1.0, 1.0], &[2.0, 6.0], 2, 2),
            [0.0]
        );
        // a profile without counts is left out
        assert!(of(Kind::Jsd, &[0.5, 0.5], &[0.0, 0.0], 2, 2)[0].is_nan());
    }

    #[test]
    fn correlations_of_two_channels() {
        let x = [1.0, 2.0, 3.0, 9.0, 1.0, 5.0, 3.0, 1.0, 1.0, 2.0, 2.0, 2.0];
        let y = [2.0, 4.0, 6.0, 0.0, 9.0, 4.0, 9.0, 2.0, 2.0, 1.0, 1.0, 1.0];
        let pearson = of(Kind::Pearson, &x[..6], &y[..6], 6, 3);
        assert!((pearson[0] - 1.0).abs() < 1e-12 && pearson[1] < -0.9);
        assert_eq!(of(Kind::CountsSpearman, &x, &y, 6, 3), [-1.0, 1.0]);
    }

    #[test]
    fn smoothing_keeps_the_sum() {
        let profile = [0.0, 0.0, 4.0, 1.0, 0.0];
        let smooth = smoothed(&profile, 1.5, 7);
        assert!((smooth.iter().sum::<f64>() - 5.0).abs() < 1e-12);
        assert!(smooth[2] > smooth[0] && smooth[2] < 4.0);
    }
}

//! Many tests at once: false discovery rates, family-wise errors.

use cistron_base::seed::Rng;

/// Adjusted p-values of Benjamini and Hochberg (1995), in the order of `p`; NaN stays NaN and is
/// not counted.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let n = p.iter().filter(|p| !p.is_nan()).count();
    of_sorted(p, n as f64, 1.0)
}

/// Adjusted p-values of Holm (1979), which bound the chance of any false discovery, in the order of
/// `p`; NaN stays NaN and is not counted.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|i| !p[*i].is_nan()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut out = vec![f64::NAN; p.len()];
    let mut most = 0.0f64;
    for (rank, i) in order.iter().enumerate() {
        most = most.max(p[*i] * (order.len() - rank) as f64).min(1.0);
        out[*i] = most;
    }
    out
}

/// q-values: of each p-value among `total` tests, of which a share `null` is of true null
/// hypotheses.
pub fn q_values(p: &[f64], total: usize, null: f64) -> Vec<f64> {
    of_sorted(p, total as f64, null)
}

fn of_sorted(p: &[f64], total: f64, null: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|i| !p[*i].is_nan()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut out = vec![f64::NAN; p.len()];
    let mut least = 1.0f64;
    for (rank, i) in order.iter().enumerate().rev() {
        least = least.min(null * p[*i] * total / (rank + 1) as f64);
        out[*i] = least;
    }
    out
}

/// The share of true null hypotheses among some p-values (Storey 2002): the estimate at the cut-off
/// whose bootstrap error from the smallest estimate is least. 1 for a hundred p-values or fewer,
/// which tell too little.
pub fn null_share(p: &[f64], seed: u64) -> f64 {
    const CUTS: usize = 100;
    const DRAWS: usize = 1000;
    if p.len() <= 100 {
        return 1.0;
    }
    let mut sorted = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = |i: usize| 0.5 * (i + 1) as f64 / CUTS as f64;
    let share = |sorted: &[f64], i: usize| {
        let above = sorted.len() - sorted.partition_point(|p| *p < cut(i));
        if above == 0 {
            f64::INFINITY
        } else {
            above as f64 / ((1.0 - cut(i)) * sorted.len() as f64)
        }
    };
    let estimates: Vec<f64> = (0..CUTS).map(|i| share(&sorted, i)).collect();
    let least = estimates.iter().copied().fold(f64::INFINITY, f64::min);
    let mut errors = vec![0.0; CUTS];
    for draw in 0..100 {
        let mut rng = Rng::keyed(&[seed, 0x7069_3020, draw]);
        let mut sample: Vec<f64> = (0..DRAWS)
            .map(|_| sorted[rng.below(sorted.len())])
            .collect();
        sample.sort_by(f64::total_cmp);
        for (i, error) in errors.iter_mut().enumerate() {
            *error += (share(&sample, i) - least).powi(2);
        }
    }
    let best = (0..CUTS)
        .min_by(|a, b| errors[*a].total_cmp(&errors[*b]))
        .unwrap_or(0);
    estimates[best].clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjusted_values_are_those_of_the_paper() {
        // Benjamini & Hochberg 1995, section 3: four of fifteen are found at 0.05
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let q = benjamini_hochberg(&p);
        assert_eq!(q.iter().filter(|q| **q <= 0.05).count(), 4);
        assert!((q[3] - 0.0095 * 15.0 / 4.0).abs() < 1e-12);
        assert!(q.windows(2).all(|w| w[0] <= w[1]));
    }

    #[test]
    fn holm_adjusts_step_by_step() {
        let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near(
            &holm(&[0.01, 0.04, 0.03, 0.005]),
            &[0.03, 0.06, 0.06, 0.02]
        ));
        let gaps = holm(&[0.9, f64::NAN, 0.4]);
        assert!(gaps[1].is_nan() && gaps[0] == 0.9 && gaps[2] == 0.8);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn the_share_of_nulls_is_found() {
        let mut rng = Rng::keyed(&[9]);
        let p: Vec<f64> = (0..5000)
            .map(|i| {
                if i % 5 == 0 {
                    rng.uniform() * 1e-4
                } else {
                    rng.uniform()
                }
            })
            .collect();
        let share = null_share(&p, 1);
        assert!((share - 0.8).abs() < 0.04, "{share}");
        assert_eq!(null_share(&p[..100], 1), 1.0);
    }
}

//! Corrections, texts and base frequencies of enrichment tests.

use crate::seq::motif::background::of_both_strands;

/// Corrects a p-value for the number of tests, both and the result as logarithms: the chance that
/// at least one of so many tests is as significant, by the approximations of the MEME suite.
pub fn log_adjusted(log_p: f64, tests: f64) -> f64 {
    const STEP: f64 = 1e-6;
    const MOST: f64 = 100.0;
    let product = tests.ln() + log_p;
    let any = |log_none: f64| (-log_none.exp_m1()).ln();
    if product < STEP.ln() {
        product
    } else if product > MOST.ln() {
        0.0
    } else if tests > MOST {
        any((product - STEP.ln()).exp() * (-STEP).ln_1p())
    } else {
        any(tests * (-log_p.exp()).ln_1p())
    }
}

/// The text of a p-value that is given by its logarithm, as the MEME suite prints it.
pub fn log_text(log: f64, digits: usize) -> String {
    let power = log / 10f64.ln();
    if power == f64::NEG_INFINITY {
        return format!("{:.*}e0", digits, 0.0);
    }
    let mut exponent = power.floor();
    let mut mantissa = 10f64.powf(power - exponent);
    if mantissa + 0.5 * 10f64.powi(-(digits as i32)) >= 10.0 {
        mantissa = 1.0;
        exponent += 1.0;
    }
    format!("{mantissa:.digits$}e{exponent:.0}")
}

/// Base frequencies of sequences and their reverse complements, from counts and one more each.
pub fn frequencies(sequences: &[&[u8]]) -> [f64; 4] {
    let mut counts = [1.0; 4];
    for code in sequences.iter().copied().flatten() {
        if let Some(count) = counts.get_mut(usize::from(*code)) {
            *count += 1.0;
        }
    }
    let all: f64 = counts.iter().sum();
    of_both_strands(counts.map(|count| count / all))
}

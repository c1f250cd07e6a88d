//! Helpers of drawing: errors, ranges of axes, labels of numbers.

/// What drawing gives: nothing, or what the backend says.
pub(crate) type Drawn = std::result::Result<(), String>;

pub(crate) fn text<E: std::error::Error>(error: E) -> String {
    error.to_string()
}

/// The span of numbers, with some space around it.
pub(crate) fn range(values: impl Iterator<Item = f64>, pad: f64) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
    if low > high {
        return (0.0, 1.0);
    }
    let space = if high > low {
        (high - low) * pad
    } else {
        high.abs().max(1.0) * 0.05
    };
    (low - space, high + space)
}

/// A label of at most four digits.
pub(crate) fn short(v: f64) -> String {
    if v != 0.0 && !(1e-3..1e5).contains(&v.abs()) {
        return tidy(format!("{v:.1e}").replace("e0", ""));
    }
    tidy(format!("{v:.3}"))
}

/// Without zeros at the end and without a minus before 0.
pub(crate) fn tidy(text: String) -> String {
    let text = if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" {
        "0".into()
    } else {
        text.to_string()
    }
}

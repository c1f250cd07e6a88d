//! Ticks of axes: where they are and how they are labelled.

use super::axis::{Labels, exponent, scaled, share, short, superscript, tidy};
use plotters::coord::ranged1d::{BoldPoints, DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use std::ops::Range;

/// The number `digits` × 10^`power`, also where that power of ten is no number.
fn decimal(digits: i64, power: i32) -> f64 {
    format!("{digits}e{power}").parse().unwrap_or(f64::NAN)
}

/// The multiples of 1, 2 or 5 times a power of ten within a span: as many as `most` allows.
pub(super) fn ticks((low, high): (f64, f64), most: usize) -> Vec<f64> {
    if !(low.is_finite() && high.is_finite() && low < high) || most == 0 {
        return Vec::new();
    }
    // plotters compares numbers by their differences: it needs widths that are neither small nor
    // large, by themselves and by the ends of the span
    let width = high - low;
    if (1e-9..1e15).contains(&width) && width > low.abs().max(high.abs()) * 1e-6 {
        return RangedCoordf64::from(low..high).key_points(BoldPoints(most));
    }
    decimal_ticks((low, high), most)
}

/// The ticks of a span of any width.
fn decimal_ticks((low, high): (f64, f64), most: usize) -> Vec<f64> {
    // of the largest spans the width is no number
    let width = high - low;
    let mut power = if width.is_finite() {
        exponent(width) + 1
    } else {
        308
    };
    let mut best = Vec::new();
    'finer: while power >= -324 {
        for times in [5, 2, 1] {
            let steps = |v: f64| scaled(v, power) / times as f64;
            let (from, to) = (steps(low), steps(high));
            let largest = from.abs().max(to.abs());
            if largest > 4e15 {
                break 'finer;
            }
            // a tick at an end of the span, which rounding moved
            let space = 1e-9 + largest * 4.0 * f64::EPSILON;
            let (from, to) = ((from - space).ceil() as i64, (to + space).floor() as i64);
            if to - from >= most as i64 {
                break 'finer;
            }
            best = (from..=to).map(|i| decimal(i * times, power)).collect();
        }
        power -= 1;
    }
    if best.len() < 2 && width < low.abs().max(high.abs()) * 1e-9 {
        // no decimal number between numbers that follow each other
        return vec![low, high];
    }
    best
}

/// The ticks of an axis of decimal logarithms, and whether they are powers of ten alone.
fn log_ticks((low, high): (f64, f64), most: usize) -> (Vec<f64>, bool) {
    let whole = high.floor() - low.ceil() + 1.0;
    if whole >= 3.0 {
        return (ticks((low, high), most), true);
    }
    let is_inside = |v: &f64| (low - 1e-9..=high + 1e-9).contains(v);
    let powers = low.floor() as i32..=high.ceil() as i32;
    for digits in [&[1.0, 2.0, 5.0][..], &[1., 2., 3., 4., 5., 6., 7., 8., 9.]] {
        let of = |power: i32| {
            digits
                .iter()
                .map(move |d: &f64| d.log10() + f64::from(power))
        };
        let found: Vec<f64> = powers.clone().flat_map(of).filter(is_inside).collect();
        if found.len() >= 3 {
            return (found, false);
        }
    }
    let numbers = (10f64.powf(low), 10f64.powf(high));
    let mut found = (5..=12).map(|most| decimal_ticks(numbers, most));
    let found = found.find(|ticks| ticks.len() >= 3).unwrap_or_default();
    (found.into_iter().map(f64::log10).collect(), false)
}

/// The number that the labels of a narrow span far from 0 are written relative to, as text with
/// its sign; none where it would not shorten them.
fn offset((low, high): (f64, f64)) -> Option<(f64, String)> {
    let (width, largest) = (high - low, low.abs().max(high.abs()));
    if !width.is_finite() || low.signum() != high.signum() || width * 1000.0 > largest {
        return None;
    }
    let middle = low + width / 2.0;
    let powers = (exponent(width)..=exponent(largest)).rev();
    let mut all = powers.map(|power| (scaled(middle, power).round(), power));
    let is_near = |(digits, power): &(f64, i32)| {
        let at = decimal(*digits as i64, *power);
        digits.abs() < 4e15 && (low - at).abs().max((high - at).abs()) <= 2.0 * width
    };
    let (digits, power) = all.find(is_near)?;
    let at = decimal(digits as i64, power);
    if at == 0.0 {
        return None;
    }
    // as a power of ten where that is short
    let brief = format!("{at:e}");
    let decimals = (-power).max(0) as usize;
    let written = match brief.len() {
        0..=7 => brief,
        _ if largest < 1e15 => tidy(format!("{at:.decimals$}")),
        _ => brief,
    };
    let sign = if at > 0.0 { "+" } else { "" };
    Some((at, format!("{sign}{written}")))
}

/// The most letters of a label with decimals before the labels are written relative to a number.
const LONGEST: usize = 9;
/// The most letters of an integer, such as a position on a chromosome.
const LONGEST_INTEGER: usize = 15;

/// An axis: its span, its ticks and their labels.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    span: (f64, f64),
    ticks: Vec<f64>,
    labels: Vec<String>,
    /// What is added to all labels, with its sign; empty where that is nothing.
    pub offset: String,
    /// The number that `offset` states; 0 where there is none.
    pub from: f64,
}

impl Axis {
    /// An axis of numbers with at most so many ticks, labelled in one way.
    pub fn new(span: (f64, f64), most: usize) -> Axis {
        let labels = Labels::of(span);
        Axis::labelled(span, ticks(span, most), |v| labels.text(v))
    }

    /// An axis with labels of at most four digits where those differ.
    pub fn brief(span: (f64, f64), most: usize) -> Axis {
        Axis::labelled(span, ticks(span, most), short)
    }

    /// An axis with given ticks, labelled as those of `brief`.
    pub fn with_ticks(span: (f64, f64), ticks: Vec<f64>) -> Axis {
        Axis::labelled(span, ticks, short)
    }

    /// An axis of integers: other ticks have no label.
    pub fn of_integers(span: (f64, f64), most: usize) -> Axis {
        let ticks = ticks(span, most);
        let text = |v: &f64| match v.fract() == 0.0 {
            true => format!("{v:.0}"),
            false => String::new(),
        };
        Axis {
            labels: ticks.iter().map(text).collect(),
            span,
            ticks,
            offset: String::new(),
            from: 0.0,
        }
    }

    /// An axis of decimal logarithms.
    pub fn of_logarithms(span: (f64, f64), most: usize) -> Axis {
        let (ticks, is_whole) = log_ticks(span, most);
        if !is_whole {
            let numbers = (10f64.powf(span.0), 10f64.powf(span.1));
            let text = |v: f64| power_text(v, numbers);
            return Axis {
                labels: ticks.iter().map(|v| text(*v)).collect(),
                span,
                ticks,
                offset: String::new(),
                from: 0.0,
            };
        }
        let text = |v: &f64| match v.fract() == 0.0 {
            true => superscript(*v as i64),
            false => String::new(),
        };
        Axis {
            labels: ticks.iter().map(text).collect(),
            span,
            ticks,
            offset: String::new(),
            from: 0.0,
        }
    }

    /// Ticks with labels by a function where those differ and are short, else with more digits or
    /// relative to a number.
    fn labelled(span: (f64, f64), ticks: Vec<f64>, text: impl Fn(f64) -> String) -> Axis {
        let labels: Vec<String> = ticks.iter().map(|v| text(*v)).collect();
        let is_long = |label: &String| {
            label.len()
                > if label.contains('.') {
                    LONGEST
                } else {
                    LONGEST_INTEGER
                }
        };
        let has_equal = are_equal(&labels);
        let mut axis = Axis {
            span,
            ticks,
            labels,
            offset: String::new(),
            from: 0.0,
        };
        if !has_equal && !axis.labels.iter().any(is_long) {
            return axis;
        }
        let (from, written) = offset(span).unwrap_or((0.0, String::new()));
        if written.is_empty() && !has_equal {
            return axis;
        }
        axis.labels = distinct(&axis.ticks, (span.0 - from, span.1 - from), from);
        (axis.offset, axis.from) = (written, from);
        axis
    }

    /// The label of a tick.
    pub fn label(&self, v: f64) -> String {
        let at = self.ticks.iter().position(|tick| *tick == v);
        at.map(|i| self.labels[i].clone()).unwrap_or_default()
    }

    /// The ends of the axis.
    pub fn span(&self) -> (f64, f64) {
        self.span
    }

    /// All ticks with their labels.
    pub fn ticks(&self) -> impl Iterator<Item = (f64, String)> {
        self.ticks.iter().copied().zip(self.labels.iter().cloned())
    }

    /// The labels of all ticks.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }
}

/// Whether two labels that follow each other are equal.
fn are_equal(labels: &[String]) -> bool {
    labels.windows(2).any(|pair| pair[0] == pair[1])
}

/// Labels of numbers relative to `from`, which lie in a span, with the digits that tell them apart.
fn distinct(ticks: &[f64], span: (f64, f64), from: f64) -> Vec<String> {
    let mut labels = Labels::of(span);
    loop {
        let all: Vec<String> = ticks.iter().map(|v| labels.text(v - from)).collect();
        if !are_equal(&all) || !labels.sharpen() {
            return all;
        }
    }
}

/// The label of a logarithm on an axis over less than three powers of ten: its number.
fn power_text(v: f64, numbers: (f64, f64)) -> String {
    let number = 10f64.powf(v);
    if (1e-3..1e5).contains(&numbers.0) && numbers.1 < 1e6 {
        return Labels::of((numbers.0, numbers.1.min(numbers.0 * 20.0))).text(number);
    }
    let power = (v + 1e-9).floor();
    // as many digits as neighbours differ by
    let step = ((numbers.1 / numbers.0 - 1.0) / 8.0).min(1.0);
    let digits = (1.0 - step.log10().floor()).clamp(1.0, 12.0) as usize;
    let times = tidy(format!("{:.digits$}", 10f64.powf(v - power)));
    match times.as_str() {
        "1" => superscript(power as i64),
        _ => format!("{times}×{}", superscript(power as i64)),
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        RangedCoordf64::from(0.0..1.0).map(&share(*value, self.span), limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match hint.weight().allow_light_points() {
            true => Vec::new(),
            false => self.ticks.clone(),
        }
    }

    fn range(&self) -> Range<f64> {
        self.span.0..self.span.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_extreme_spans_are_right() {
        // at 1.7e308 the width of the span is no number, at 1e-320 its powers of ten are none
        let all = |span: (f64, f64)| (ticks(span, 6), Axis::new(span, 6).labels().join(" "));
        assert_eq!(
            all((1e-320, 5.3e-320)),
            (
                vec![1e-320, 2e-320, 3e-320, 4e-320, 5e-320],
                "1e-320 2e-320 3e-320 4e-320 5e-320".into()
            )
        );
        assert_eq!(
            all((-1.7e308, 1.7e308)),
            (vec![-1e308, 0.0, 1e308], "-1e308 0 1e308".into())
        );
        assert_eq!(all((0.0, 3.1e-300)).1, "0 1e-300 2e-300 3e-300");
        assert_eq!(all((0.0, 6e-17)).1, "0 2e-17 4e-17 6e-17");
        assert_eq!(all((0.0, f64::MAX)).0.len(), 4);
        for power in -322..308 {
            let unit: f64 = format!("1e{power}").parse().expect("a number");
            let found = ticks((0.0, 4.2 * unit), 6);
            assert_eq!(found.len(), 5, "{power}");
            let labels = Axis::new((0.0, 4.2 * unit), 6);
            for (tick, label) in found.iter().zip(labels.labels()) {
                let read: f64 = label.replace(',', "").parse().expect("a number");
                assert!(
                    (read - tick).abs() <= 1e-3 * unit + 5e-324,
                    "{label} {tick:e}"
                );
            }
        }
        assert!(ticks((1.0, 1.0), 6).is_empty() && ticks((f64::NAN, 1.0), 6).is_empty());
    }

    #[test]
    fn ticks_of_usual_spans_are_those_of_plotters() {
        for i in 0..4000 {
            let low = f64::from(i * 7919 % 2003 - 1001) / 37.0;
            let width = f64::from(i * 104_729 % 4001 + 1) / [1.0, 90.0, 4000.0][i as usize % 3];
            let span = (low, low + width);
            for most in [3, 6, 8] {
                let other = RangedCoordf64::from(span.0..span.1).key_points(BoldPoints(most));
                let own = decimal_ticks(span, most);
                let is_near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
                assert!(
                    (0..=1).contains(&(own.len() - other.len()))
                        && own.iter().zip(&other).all(is_near),
                    "{span:?} {most}: {own:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn close_values_have_different_labels() {
        let axis = Axis::new((1e9, 1e9 + 0.003), 6);
        assert_eq!(axis.offset, "+1e9");
        assert_eq!(axis.labels().join(" "), "0 0.001 0.002 0.003");
        let axis = Axis::new((-1e9 - 0.003, -1e9), 6);
        assert_eq!(axis.offset, "-1e9");
        assert_eq!(axis.labels().join(" "), "-0.003 -0.002 -0.001 0");
        let axis = Axis::brief((123_456.789_1, 123_456.789_4), 3);
        assert_eq!(axis.offset, "+123456.789");
        assert_eq!(axis.labels().join(" "), "2e-4 4e-4");
        // positions on a chromosome are written out
        let axis = Axis::new((150e6, 150.01e6), 6);
        assert!(axis.offset.is_empty() && axis.labels()[0] == "150,000,000");
        for power in -300..300 {
            let unit: f64 = format!("1e{power}").parse().expect("a number");
            for width in [1e-2, 1e-6, 1e-10, 1e-13] {
                let axis = Axis::brief((unit, unit + unit * width), 6);
                assert!(!are_equal(axis.labels()), "{power} {width}: {axis:?}");
                let axis = Axis::new((-unit - unit * width, -unit), 6);
                assert!(!are_equal(axis.labels()), "{power} {width}: {axis:?}");
                assert!(
                    width > 1e-3 || axis.labels().iter().all(|label| label.len() < 17),
                    "{axis:?}"
                );
            }
        }
    }

    #[test]
    fn short_axes_of_logarithms_have_three_labels() {
        let labels = |low: f64, high: f64| {
            Axis::of_logarithms((low.log10(), high.log10()), 8)
                .labels()
                .join(" ")
        };
        assert_eq!(labels(150.0, 2500.0), "200 500 1000 2000");
        assert_eq!(labels(100.0, 1000.0), "100 200 500 1000");
        assert_eq!(labels(210.0, 450.0), "250 300 350 400 450");
        assert_eq!(
            labels(2e6, 9e6),
            "2×10⁶ 3×10⁶ 4×10⁶ 5×10⁶ 6×10⁶ 7×10⁶ 8×10⁶ 9×10⁶"
        );
        assert_eq!(labels(1e-12, 1e4), "10⁻¹⁰ 10⁻⁵ 10⁰");
        for i in 0..400 {
            let low = f64::from(i) * 0.0173 - 4.0;
            for width in [0.01, 0.1, 0.3, 0.7, 1.0, 1.3, 1.7, 2.0] {
                let axis = Axis::of_logarithms((low, low + width), 8);
                let labelled = axis.labels().iter().filter(|label| !label.is_empty());
                assert!(labelled.count() >= 3, "{low} {width} {axis:?}");
                assert!(!are_equal(axis.labels()), "{low} {width} {axis:?}");
            }
        }
    }
}

//! Ranges and labels of axes, and the result of drawing.

use cistron_base::shape::grouped;
use cistron_base::written::cut_middle;

/// The result of drawing: the error is the message of the backend.
pub(super) type Drawn = std::result::Result<(), String>;

pub(super) fn text<E: std::error::Error>(error: E) -> String {
    error.to_string()
}

/// Mean width of a letter of labels of 13 pixels.
pub(super) const LETTER: f64 = 6.7;

/// A name within so many pixels.
pub(super) fn shortened(name: &str, pixels: i32) -> String {
    cut_middle(name, (f64::from(pixels) / LETTER).max(2.0) as usize)
}

/// Pixels that rotated names leave free above and below them, and horizontal ones between them.
pub(super) const AROUND_ROTATED: i32 = 14;
const BETWEEN: i32 = 8;

/// The height of names below axes on which they share `room` pixels, and whether they are rotated
/// because one is wider than its share. Horizontal names take `flat` pixels, rotated ones at most
/// `most`.
pub(super) fn names_below(names: &[String], room: i32, flat: i32, most: i32) -> (i32, bool) {
    let longest = names.iter().map(|name| name.chars().count()).max();
    let long = (longest.unwrap_or(0) as f64 * LETTER).ceil() as i32;
    if long + BETWEEN <= room / names.len().max(1) as i32 {
        return (flat, false);
    }
    ((long + AROUND_ROTATED).clamp(flat, most), true)
}

/// The span of numbers, with some space around it.
pub(super) fn range(values: impl Iterator<Item = f64>, pad: f64) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
    if low > high {
        return (0.0, 1.0);
    }
    let space = match high > low {
        true if (high - low).is_finite() => (high - low) * pad,
        true => high * pad - low * pad,
        false => high.abs().max(1.0) * 0.05,
    };
    ((low - space).max(f64::MIN), (high + space).min(f64::MAX))
}

/// Where a number is between the ends of a span: 0 at the first, 1 at the second.
pub(super) fn share(v: f64, (low, high): (f64, f64)) -> f64 {
    let width = high - low;
    if width.is_finite() {
        return (v - low) / width;
    }
    (v / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)
}

/// Two spans, one of them widened about its middle, so that a unit is as long on an area of
/// `width` horizontally as on one of `height` vertically.
pub(super) fn equal(
    x: (f64, f64),
    y: (f64, f64),
    width: f64,
    height: f64,
) -> ((f64, f64), (f64, f64)) {
    let scale = ((x.1 - x.0) / width).max((y.1 - y.0) / height);
    let widened = |(low, high): (f64, f64), length: f64| {
        let space = (scale * length - (high - low)) / 2.0;
        (low - space, high + space)
    };
    (widened(x, width), widened(y, height))
}

/// Labels of an axis, all written in one way: with the decimals by which neighbours differ, or of
/// numbers that are small or large with one power of ten.
pub(super) struct Labels {
    power: i32,
    digits: usize,
}

impl Labels {
    /// Those of a span with about six labels.
    pub fn of((low, high): (f64, f64)) -> Labels {
        let largest = low.abs().max(high.abs());
        let power = if largest > 0.0 && largest.is_finite() {
            exponent(largest)
        } else {
            0
        };
        let power = if (-3..6).contains(&power) { 0 } else { power };
        let step = scaled(high / 8.0 - low / 8.0, power);
        let digits = if step > 0.0 && step.is_finite() {
            (1.0 - step.log10().floor()).clamp(0.0, 9.0) as usize
        } else {
            3
        };
        // places on a chromosome: with a power of ten, neighbours would need many digits
        if power > 0 && digits > 3 {
            let digits = digits.saturating_sub(power as usize);
            return Labels { power: 0, digits };
        }
        Labels { power, digits }
    }

    /// Adds a digit; false where numbers have no more.
    pub fn sharpen(&mut self) -> bool {
        self.digits += 1;
        self.digits <= 17
    }

    pub fn text(&self, v: f64) -> String {
        let digits = self.digits;
        if digits == 0 && (1e6..9e18).contains(&v.abs()) {
            return grouped(v.round() as i64);
        }
        let number = tidy(format!("{:.digits$}", scaled(v, self.power)));
        match (self.power, number.as_str()) {
            (0, _) | (_, "0") => number,
            (power, _) => format!("{number}e{power}"),
        }
    }
}

/// A number divided by a power of ten, also where that power of ten is no number.
pub(super) fn scaled(v: f64, power: i32) -> f64 {
    if power.abs() < 290 {
        return v / 10f64.powi(power);
    }
    let half = power / 2;
    v / 10f64.powi(half) / 10f64.powi(power - half)
}

/// The power of ten of the first digit of a number, which is rounded to six digits.
pub(super) fn exponent(v: f64) -> i32 {
    let written = format!("{v:.5e}");
    let power = written.split_once('e').map(|(_, power)| power.parse());
    power.and_then(Result::ok).unwrap_or(0)
}

/// A label of at most four digits.
pub(super) fn short(v: f64) -> String {
    if v != 0.0 && !(1e-3..1e5).contains(&v.abs()) {
        return tidy(format!("{v:.1e}").replace("e0", ""));
    }
    tidy(format!("{v:.3}"))
}

/// A power of ten with its exponent above the line.
pub(super) fn superscript(power: i64) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = power.abs().to_string();
    let digits = digits.bytes().map(|b| DIGITS[usize::from(b - b'0')]);
    let sign = if power < 0 { "⁻" } else { "" };
    format!("10{sign}{}", digits.collect::<String>())
}

/// Labels of the ends of a span: of at most four digits where those differ.
pub(super) fn ends(low: f64, high: f64) -> (String, String) {
    let (first, last) = (short(low), short(high));
    if first != last || low == high {
        return (first, last);
    }
    let written = (2..17).map(|digits| (format!("{low:.digits$e}"), format!("{high:.digits$e}")));
    let mut different = written.filter(|(first, last)| first != last);
    different.next().unwrap_or((first, last))
}

/// Without zeros at the end and without a minus before 0.
pub(super) fn tidy(text: String) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_an_axis_are_written_in_one_way() {
        let all = |span: (f64, f64), values: &[f64]| {
            let labels = Labels::of(span);
            values
                .iter()
                .map(|v| labels.text(*v))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(all((0.0, 1e-3), &[0.0, 2e-4, 1e-3]), "0 0.0002 0.001");
        assert_eq!(all((0.0, 3e-5), &[0.0, 5e-6, 3e-5]), "0 0.5e-5 3e-5");
        assert_eq!(
            all((0.0, 250_000.0), &[0.0, 50_000.0, 250_000.0]),
            "0 50000 250000"
        );
        assert_eq!(all((0.0, 4e6), &[5e5, 4e6]), "0.5e6 4e6");
        assert_eq!(all((150e6, 150.01e6), &[150_005_000.0]), "150,005,000");
        assert_eq!(all((0.91, 0.92), &[0.912, 0.92]), "0.912 0.92");
        assert_eq!(all((-1.0, 1.0), &[-1.0, -1e-17, 0.5]), "-1 0 0.5");
    }

    #[test]
    fn names_are_rotated_where_they_are_wider_than_their_share() {
        let names = |letters: usize| vec!["x".repeat(letters); 2];
        // ten letters take 67 pixels
        assert_eq!(names_below(&names(10), 150, 24, 160), (24, false));
        assert_eq!(names_below(&names(10), 149, 24, 160), (81, true));
        assert_eq!(names_below(&names(90), 300, 34, 180), (180, true));
        assert_eq!(names_below(&[], 300, 34, 180), (34, false));
    }

    #[test]
    fn ends_of_close_values_differ() {
        assert_eq!(ends(0.0, 1.5), ("0".into(), "1.5".into()));
        assert_eq!(
            ends(1e9, 1e9 + 0.2),
            ("1.0000000000e9".into(), "1.0000000002e9".into())
        );
        let (first, last) = ends(1.0, 1.0 + f64::EPSILON);
        assert!(first != last || first == "1");
    }

    #[test]
    fn units_have_equal_lengths() {
        // 10 units on 100 pixels allow 5 on 50: the vertical span of 1 is widened
        let found = equal((0.0, 10.0), (2.0, 3.0), 100.0, 50.0);
        assert_eq!(found, ((0.0, 10.0), (0.0, 5.0)));
        let found = equal((0.0, 2.0), (0.0, 4.0), 100.0, 50.0);
        assert_eq!(found, ((-3.0, 5.0), (0.0, 4.0)));
    }
}

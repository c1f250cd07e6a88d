//! Rounded numbers, and numbers as text.

use crate::base::Result;
use crate::base::written::{self, Written};
use crate::bind::args::numbers::overflow;
use crate::lang::{Call, FromValue, Native, native, natives_of, show};
use rhai::Dynamic;

/// Formats a number or a string by a specification, as Python's `format` does.
///
/// The specification is `[[fill]align][sign][0][width][,][.precision][type]`. `align` is one of
/// `<`, `>`, `^`; the type is `f` (decimals), `e` (scientific), `g` (significant digits), `%`
/// (percent), `d`, `x`, `b`, `o` (integers) or `s` (string).
///
/// ```rhai
/// assert_eq(format(0.94601, ".3f"), "0.946");
/// assert_eq(format(0.94601, ".1%"), "94.6%");
/// assert_eq(format(1.5e-7, ".2e"), "1.50e-07");
/// assert_eq(format(42, ">6") + "|" + format("AR", "<5") + "|", "    42|AR   |");
/// assert_eq(format(1234567, ","), "1,234,567");
/// ```
/// ```rhai,fails
/// format(1.5, "q");
/// //~ `q` is no form
/// ```
#[native(namespace = "")]
pub fn format(
    call: &Call,
    /// Number, tensor of one number, or any other value, which is formatted as it is printed.
    value: Dynamic,
    /// Format specification.
    form: &str,
) -> Result<String> {
    if let Ok(n) = value.as_int() {
        return written::written(Written::Int(n), form);
    }
    let item_of = || {
        let tensor = crate::torch::Tensor::from_value(&mut value.clone(), call.context).ok()?;
        (tensor.numel() == 1).then(|| tensor.item().ok())?
    };
    match value.as_float().ok().or_else(item_of) {
        Some(x) => written::written(Written::Float(x), form),
        None => written::written(Written::Text(&show::line(&value)), form),
    }
}

/// An integer rounded to a power of ten, halves to the even multiple.
fn rounded(number: i64, decimals: i64) -> Result<i64> {
    if decimals >= 0 {
        return Ok(number);
    }
    let digits = u32::try_from(-decimals).ok();
    let Some(step) = digits.and_then(|digits| 10i64.checked_pow(digits)) else {
        return Ok(0);
    };
    let rest = number.rem_euclid(step);
    let down = number - rest;
    let is_up = rest * 2 > step || (rest * 2 == step && (down / step) % 2 != 0);
    let result = if is_up {
        down.checked_add(step)
    } else {
        Some(down)
    };
    result.ok_or_else(|| overflow(down, step))
}

/// Methods of floats.
mod floats {
    use super::written;
    use crate::lang::native;

    /// Rounds to a number of decimals.
    ///
    /// ```rhai
    /// assert_eq((3.14159).round(2), 3.14);
    /// assert_eq((1234.5).round(-2), 1200.0);
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn round(
        this: f64,
        /// Number of decimals; negative numbers round to tens, hundreds and so on.
        decimals: i64,
    ) -> f64 {
        written::rounded(this, decimals)
    }

    /// Formats a number with a fixed number of decimals.
    ///
    /// ```rhai
    /// assert_eq((2.0 / 3.0).to_string(3), "0.667");
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn to_string(
        this: f64,
        /// Number of decimals.
        #[check(min = 0, max = 1000)]
        decimals: i64,
    ) -> String {
        format!("{this:.*}", decimals as usize)
    }
}

/// Methods of integers.
mod integers {
    use super::rounded;
    use crate::base::Result;
    use crate::lang::native;

    /// Rounds an integer to tens, hundreds and so on, halves to the even multiple.
    ///
    /// ```rhai
    /// assert_eq((1234).round(-2), 1200);
    /// assert_eq((7).round(2), 7);
    /// ```
    #[native(namespace = "integer", form = method)]
    pub fn round(
        this: i64,
        /// Number of decimals: -1 rounds to tens; from 0 on the integer is returned as it is.
        decimals: i64,
    ) -> Result<i64> {
        rounded(this, decimals)
    }

    /// Formats an integer with a fixed number of decimals, all of them 0.
    ///
    /// ```rhai
    /// assert_eq((5).to_string(2), "5.00");
    /// ```
    #[native(namespace = "integer", form = method)]
    pub fn to_string(
        this: i64,
        /// Number of decimals.
        #[check(min = 0, max = 1000)]
        decimals: i64,
    ) -> String {
        match decimals {
            0 => format!("{this}"),
            n => format!("{this}.{}", "0".repeat(n as usize)),
        }
    }
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        format,
        floats::round,
        floats::to_string,
        integers::round,
        integers::to_string
    ]
}

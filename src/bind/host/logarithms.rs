//! Logarithms of numbers, by the names and bases of those of tensors.

use crate::natives;

natives! { floats in "number" {
    /// Takes the natural logarithm, as `tensor.log()` does and as Python's `math.log`;
    /// `x.log(base)` takes another base.
    ///
    /// ```rhai
    /// assert_near((10.0).log(), 2.302585092994046);
    /// assert_eq((10.0).log(), (10.0).ln());
    /// assert_near(log(8.0, 2.0), 3.0);
    /// ```
    method "log"(c, this: f64) -> "number" { Ok(this.ln()) }

    /// Takes the logarithm to base 2.
    ///
    /// ```rhai
    /// assert_eq((8.0).log2(), 3.0);
    /// ```
    method "log2"(c, this: f64) -> "number" { Ok(this.log2()) }

    /// Takes the logarithm to base 10.
    ///
    /// ```rhai
    /// assert_eq((1000.0).log10(), 3.0);
    /// ```
    method "log10"(c, this: f64) -> "number" { Ok(this.log10()) }

    /// Takes the natural logarithm of 1 + x, exactly near 0.
    ///
    /// ```rhai
    /// assert_eq((0.0).log1p(), 0.0);
    /// ```
    method "log1p"(c, this: f64) -> "number" { Ok(this.ln_1p()) }
} }

natives! { integers in "number" {
    /// Takes the natural logarithm of an integer.
    ///
    /// ```rhai
    /// assert_eq((10).log(), (10.0).log());
    /// ```
    method "log"(c, this: i64) -> "number" { Ok((this as f64).ln()) }

    /// Takes the logarithm of an integer to base 2.
    ///
    /// ```rhai
    /// assert_eq((8).log2(), 3.0);
    /// ```
    method "log2"(c, this: i64) -> "number" { Ok((this as f64).log2()) }

    /// Takes the logarithm of an integer to base 10.
    ///
    /// ```rhai
    /// assert_eq((1000).log10(), 3.0);
    /// ```
    method "log10"(c, this: i64) -> "number" { Ok((this as f64).log10()) }

    /// Takes the natural logarithm of 1 + an integer.
    ///
    /// ```rhai
    /// assert_eq((0).log1p(), 0.0);
    /// ```
    method "log1p"(c, this: i64) -> "number" { Ok((this as f64).ln_1p()) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [floats(), integers()].into_iter().flatten().collect()
}

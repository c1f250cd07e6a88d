//! Logarithms of numbers, by the names and bases of those of tensors.

use crate::lang::{Native, natives_of};

/// Methods of floats.
mod floats {
    use crate::lang::native;

    /// Returns the natural logarithm, as `tensor.log()` and Python's `math.log` do.
    ///
    /// `x.log(base)` returns the logarithm to another base.
    ///
    /// ```rhai
    /// assert_near((10.0).log(), 2.302585092994046);
    /// assert_eq((10.0).log(), (10.0).ln());
    /// assert_near(log(8.0, 2.0), 3.0);
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn log(this: f64) -> f64 {
        this.ln()
    }

    /// Returns the logarithm to base 2.
    ///
    /// ```rhai
    /// assert_eq((8.0).log2(), 3.0);
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn log2(this: f64) -> f64 {
        this.log2()
    }

    /// Returns the logarithm to base 10.
    ///
    /// ```rhai
    /// assert_eq((1000.0).log10(), 3.0);
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn log10(this: f64) -> f64 {
        this.log10()
    }

    /// Returns the natural logarithm of 1 + x, accurate near 0.
    ///
    /// ```rhai
    /// assert_eq((0.0).log1p(), 0.0);
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn log1p(this: f64) -> f64 {
        this.ln_1p()
    }
}

/// Methods of integers.
mod integers {
    use crate::lang::native;

    /// Returns the natural logarithm of an integer.
    ///
    /// ```rhai
    /// assert_eq((10).log(), (10.0).log());
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn log(this: i64) -> f64 {
        (this as f64).ln()
    }

    /// Returns the logarithm of an integer to base 2.
    ///
    /// ```rhai
    /// assert_eq((8).log2(), 3.0);
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn log2(this: i64) -> f64 {
        (this as f64).log2()
    }

    /// Returns the logarithm of an integer to base 10.
    ///
    /// ```rhai
    /// assert_eq((1000).log10(), 3.0);
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn log10(this: i64) -> f64 {
        (this as f64).log10()
    }

    /// Returns the natural logarithm of 1 + an integer.
    ///
    /// ```rhai
    /// assert_eq((0).log1p(), 0.0);
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn log1p(this: i64) -> f64 {
        (this as f64).ln_1p()
    }
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        floats::log,
        floats::log2,
        floats::log10,
        floats::log1p,
        integers::log,
        integers::log2,
        integers::log10,
        integers::log1p,
    ]
}

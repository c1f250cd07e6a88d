//! `stats::…`: ranks of treatments over blocks.

use crate::bail;
use crate::base::Result;
use crate::bind::args::numbers::number_map;
use crate::bind::args::tensor::Numbers;
use crate::lang::value::array;
use crate::lang::{Native, native, natives_of};
use crate::metrics::statistics::friedman as ranked;
use rhai::Map;

/// Ranks treatments within blocks, and tests whether they differ (Friedman 1937).
///
/// The smallest value of a block has rank 1; equal values share their mean rank. With fewer than
/// three treatments or two blocks, and where all values of each block are equal, the test is NaN.
///
/// ```rhai
/// let found = stats::friedman([[0.1, 0.2, 0.3], [0.2, 0.3, 0.5], [0.1, 0.4, 0.3]]);
/// assert_near(found.statistic, 4.666667, 1e-6);
/// assert_near(found.ranks, [1.0, 2.333333, 2.666667], 1e-6);
/// ```
#[native(
    namespace = "stats",
    returns = "map: statistic (χ²), p_value, df, ranks (array)"
)]
pub fn friedman(
    /// Values, [blocks, treatments].
    values: &Numbers,
) -> Result<Map> {
    let shape = values.0.shape();
    let [_, treatments] = shape[..] else {
        bail!(
            "shape",
            "`values` must be [blocks, treatments], got {}",
            crate::base::shape::text(&shape)
        );
    };
    let flat = values.0.to_f64()?;
    let blocks: Vec<Vec<f64>> = (flat.chunks(treatments.max(1) as usize))
        .map(<[f64]>::to_vec)
        .collect();
    let found = ranked::friedman(&blocks)?;
    let mut map = number_map([
        ("statistic", found.statistic),
        ("p_value", found.p_value),
        ("df", found.df),
    ]);
    map.insert("ranks".into(), array(found.ranks).into());
    Ok(map)
}

/// Returns the difference of average ranks that is significant between any two treatments.
///
/// # Source
/// Nemenyi 1963; Demšar 2006, section 3.2.2.
///
/// ```rhai
/// assert_near(stats::critical_difference(4, 14), 1.2536, 1e-4);
/// ```
#[native(namespace = "stats")]
pub fn critical_difference(
    /// Number of treatments.
    #[check(min = 2, max = 1000)]
    treatments: i64,
    /// Number of blocks that were ranked.
    #[check(min = 1)]
    blocks: i64,
    /// Chance of a larger difference where treatments do not differ.
    #[default(0.05)]
    #[check(above = 0, below = 1)]
    alpha: f64,
) -> f64 {
    ranked::critical_difference(treatments as usize, blocks as usize, alpha)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![friedman, critical_difference,]
}

//! Axes and series of figures.

use crate::base::Result;
use crate::bind::args::numbers::column;
use crate::fault;
use crate::lang::{Options, session};
use crate::metrics::curve::Curve;
use crate::plot::natural;
use rhai::{Dynamic, Identifier, Map};

/// Titles of the axes.
#[derive(Options)]
pub struct AxisOptions {
    /// Title of the horizontal axis.
    #[option(default = "")]
    pub x: String,
    /// Title of the vertical axis.
    #[option(default = "")]
    pub y: String,
}

/// Two series of the same length from an array of two.
pub fn pair(name: &str, value: &Dynamic) -> Result<(Vec<f64>, Vec<f64>)> {
    let items = value.clone().into_array().unwrap_or_default();
    let [a, b] = items.as_slice() else {
        return Err(fault!(
            "type",
            "`{name}` must be a pair of arrays, got {}",
            session::describe(value)
        ));
    };
    let (a, b) = (column(name, a)?, column(name, b)?);
    if a.len() != b.len() {
        return Err(fault!(
            "shape",
            "`{name}` holds {} and {} numbers",
            a.len(),
            b.len()
        ));
    }
    Ok((a, b))
}

/// A curve with its name in the legend.
pub type Line = (String, f64, Vec<(f64, f64)>);

/// The curve of scores against labels.
pub fn line(kind: Curve, name: &str, scores: &[f64], labels: &[f64]) -> Result<Line> {
    let traced = kind.trace(name, scores, labels)?;
    Ok((name.into(), traced.area, traced.points))
}

/// The values of a map in the order of their names, in which numbers count as numbers.
pub fn in_order(columns: &Map) -> Vec<(&Identifier, &Dynamic)> {
    natural::sorted(columns.iter())
}

/// The numbers of each column of a map.
pub fn samples_of(columns: &Map) -> Result<Vec<(String, Vec<f64>)>> {
    in_order(columns)
        .into_iter()
        .map(|(name, value)| Ok((name.to_string(), column(name, value)?)))
        .collect()
}

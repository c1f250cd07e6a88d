//! Boxes and violins: how samples are spread.

use super::axis::{Drawn, range, text};
use super::bars::axes;
use super::colors::SERIES;
use plotters::coord::Shift;
use plotters::prelude::*;

/// Samples over named groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Boxes {
    /// Names of the groups.
    pub groups: Vec<String>,
    /// The sample of each.
    pub samples: Vec<Vec<f64>>,
    /// Whether densities are drawn instead of boxes.
    pub violin: bool,
    /// Title of the vertical axis.
    pub y: String,
}

/// A quantile of sorted numbers, between neighbours where it falls between them.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    let (low, high, share) = (sorted[low], sorted[high], at - low as f64);
    match (high - low).is_finite() {
        true => low + (high - low) * share,
        false => low * (1.0 - share) + high * share,
    }
}

/// Points of a Gaussian density estimate (Silverman's bandwidth), as (value, density), where there
/// are data: no AUROC is above 1.
fn density(sorted: &[f64]) -> Vec<(f64, f64)> {
    // squares of very large or small values are no numbers
    let unit = sorted.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    if unit > 0.0 && !(1e-9..1e100).contains(&unit) {
        let scaled: Vec<f64> = sorted.iter().map(|v| v / unit).collect();
        let points = density(&scaled).into_iter();
        return points.map(|(at, own)| (at * unit, own)).collect();
    }
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let sd = (sorted.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt();
    let spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.34;
    let width = 0.9 * (if spread > 0.0 { sd.min(spread) } else { sd }).max(1e-12) * n.powf(-0.2);
    let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
    (0..=80)
        .map(|i| {
            let at = low + (high - low) * f64::from(i) / 80.0;
            (
                at,
                sorted
                    .iter()
                    .map(|v| (-((at - v) / width).powi(2) / 2.0).exp())
                    .sum::<f64>(),
            )
        })
        .collect()
}

impl Boxes {
    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let sorted: Vec<Vec<f64>> = self
            .samples
            .iter()
            .map(|sample| {
                let mut own: Vec<f64> = sample.iter().copied().filter(|v| v.is_finite()).collect();
                own.sort_by(f64::total_cmp);
                own
            })
            .collect();
        let densities: Vec<Vec<(f64, f64)>> = sorted
            .iter()
            .map(|own| {
                if self.violin && own.len() > 1 {
                    density(own)
                } else {
                    Vec::new()
                }
            })
            .collect();
        let (low, high) = range(
            sorted
                .iter()
                .flatten()
                .copied()
                .chain(densities.iter().flatten().map(|p| p.0)),
            0.05,
        );
        let mut on = axes(area, &self.groups, &self.y, (low, high))?;
        for (i, own) in sorted.iter().enumerate().filter(|(_, own)| !own.is_empty()) {
            let (at, color) = (i as f64, SERIES[i % SERIES.len()]);
            let (q1, median, q3) = (quantile(own, 0.25), quantile(own, 0.5), quantile(own, 0.75));
            let reach = 1.5 * (q3 - q1);
            let bottom = own.iter().copied().find(|v| *v >= q1 - reach).unwrap_or(q1);
            let top = own
                .iter()
                .rev()
                .copied()
                .find(|v| *v <= q3 + reach)
                .unwrap_or(q3);
            let most = densities[i].iter().map(|p| p.1).fold(0.0, f64::max);
            let half = if self.violin && most > 0.0 {
                let side = |sign: f64| {
                    densities[i]
                        .iter()
                        .map(move |(v, d)| (at + sign * 0.38 * d / most, *v))
                };
                let outline: Vec<(f64, f64)> = side(1.0).chain(side(-1.0).rev()).collect();
                on.draw_series([Polygon::new(outline, color.mix(0.55).filled())])
                    .map_err(text)?;
                0.05
            } else {
                0.28
            };
            let lines = [[(at, bottom), (at, q1)], [(at, q3), (at, top)]];
            on.draw_series(
                lines
                    .into_iter()
                    .map(|line| PathElement::new(line, BLACK.stroke_width(1))),
            )
            .map_err(text)?;
            on.draw_series([Rectangle::new(
                [(at - half, q1), (at + half, q3)],
                color.mix(if self.violin { 1.0 } else { 0.75 }).filled(),
            )])
            .map_err(text)?;
            on.draw_series([Rectangle::new(
                [(at - half, q1), (at + half, q3)],
                BLACK.stroke_width(1),
            )])
            .map_err(text)?;
            // a violin of equal values is this line
            let is_flat = !self.violin || q1 == q3;
            let ink = if is_flat { BLACK } else { WHITE };
            on.draw_series([PathElement::new(
                [(at - half, median), (at + half, median)],
                ink.stroke_width(2),
            )])
            .map_err(text)?;
            if !self.violin {
                let outside = own.iter().filter(|v| **v < bottom || **v > top);
                on.draw_series(outside.map(|v| Circle::new((at, *v), 2, color.mix(0.8).filled())))
                    .map_err(text)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), 2.5);
        assert_eq!(quantile(&[1.0], 0.25), 1.0);
        let area: f64 = density(&[0.0, 1.0, 2.0, 3.0])
            .windows(2)
            .map(|w| (w[1].0 - w[0].0) * w[0].1)
            .sum();
        assert!(area > 0.0);
    }
}

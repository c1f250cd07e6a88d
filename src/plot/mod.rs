//! Figures from plain numbers, as SVG or PNG by the file's name.

mod draw;
mod letters;

use crate::bail;
use crate::base::{Fault, Result};
use crate::seq::Motif;
use plotters::prelude::*;
use std::path::Path;

/// A line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// What a figure shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Charts below each other, each with its axis titles and lines.
    Charts(Vec<Chart>),
    /// Bars with errors over named groups.
    Bars(Bars),
    /// Sequence logos below each other.
    Logos(Vec<Motif>),
}

/// Lines over one pair of axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Title of the horizontal axis.
    pub x: String,
    /// Title of the vertical axis.
    pub y: String,
    /// The lines.
    pub lines: Vec<Series>,
    /// Whether both axes go from 0 to 1 and chance is the diagonal.
    pub unit: bool,
    /// A moment to mark on the horizontal axis.
    pub mark: Option<f64>,
}

/// Bars over named groups, several parts of each upon each other or side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Name, height and error of each part, for each group.
    pub parts: Vec<(String, Vec<(f64, f64)>)>,
    /// Whether parts stand upon each other.
    pub stacked: bool,
    /// Title of the vertical axis.
    pub y: String,
}

/// A figure: what it shows, and how large.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its title.
    pub title: String,
    /// What it shows.
    pub content: Content,
    /// Width and height, pixels.
    pub size: (u32, u32),
}

/// Lines over one pair of axes.
pub fn lines(title: &str, chart: Chart) -> Figure {
    Figure { title: title.into(), content: Content::Charts(vec![chart]), size: (720, 420) }
}

/// A receiver operating characteristic.
pub fn roc(points: Vec<(f64, f64)>, auroc: f64) -> Figure {
    let line = Series { name: format!("AUROC {auroc:.4}"), points };
    let chart = Chart { x: "false positive rate".into(), y: "true positive rate".into(), lines: vec![line], unit: true, mark: None };
    Figure { title: "ROC".into(), content: Content::Charts(vec![chart]), size: (480, 480) }
}

/// Several receiver operating characteristics; each with its name.
pub fn rocs(lines: Vec<Series>) -> Figure {
    let chart = Chart { x: "false positive rate".into(), y: "true positive rate".into(), lines, unit: true, mark: None };
    Figure { title: "ROC".into(), content: Content::Charts(vec![chart]), size: (520, 520) }
}

/// Outlines of histograms over common bins; each has area 1, so that samples of different sizes can be compared.
pub fn histogram(title: &str, x: &str, samples: &[(String, Vec<f64>)], bins: usize) -> Figure {
    let all = || samples.iter().flat_map(|(_, values)| values.iter().copied()).filter(|v| v.is_finite());
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let (low, high) = if low < high { (low, high) } else { (low - 0.5, low + 0.5) };
    let step = (high - low) / bins as f64;
    let line = |(name, values): &(String, Vec<f64>)| {
        let mut counts = vec![0.0; bins];
        values.iter().filter(|v| v.is_finite()).for_each(|v| counts[(((v - low) / step) as usize).min(bins - 1)] += 1.0 / (values.len() as f64 * step));
        let mut points = vec![(low, 0.0)];
        for (i, height) in counts.iter().enumerate() {
            points.extend([(low + step * i as f64, *height), (low + step * (i + 1) as f64, *height)]);
        }
        points.push((high, 0.0));
        Series { name: name.clone(), points }
    };
    let chart = Chart { x: x.into(), y: "density".into(), lines: samples.iter().map(line).collect(), unit: false, mark: None };
    Figure { title: title.into(), content: Content::Charts(vec![chart]), size: (640, 400) }
}

/// Bars with errors.
pub fn bars(title: &str, bars: Bars) -> Figure {
    let width = 160 + 110 * bars.groups.len().max(2) as u32;
    Figure { title: title.into(), content: Content::Bars(bars), size: (width.min(1400), 420) }
}

/// Logos of motifs.
pub fn logos(motifs: Vec<Motif>) -> Figure {
    let rows = motifs.len().max(1) as u32;
    let widest = motifs.iter().map(Motif::width).max().unwrap_or(8) as u32;
    Figure { title: "logos".into(), size: ((widest * 34 + 130).clamp(360, 1600), 30 + rows * 96), content: Content::Logos(motifs) }
}

/// A motif behind so many positions that say nothing.
fn moved(motif: &Motif, by: usize) -> Motif {
    let ppm = std::iter::repeat_n([0.25; 4], by).chain(motif.ppm.iter().copied()).collect();
    Motif { ppm, ..motif.clone() }
}

/// Logos of pairs of motifs below each other, the first of each starting `offset` positions behind the second.
pub fn aligned(pairs: &[(Motif, Motif, i64)]) -> Figure {
    let widest = pairs.iter().map(|(a, b, by)| (a.width() as i64 + (*by).max(0)).max(b.width() as i64 + (-by).max(0))).max().unwrap_or(8) as usize;
    let filled = |motif: Motif| {
        let rest = std::iter::repeat_n([0.25; 4], widest - motif.width());
        Motif { ppm: motif.ppm.iter().copied().chain(rest).collect(), ..motif }
    };
    let both = |(a, b, by): &(Motif, Motif, i64)| [filled(moved(a, (*by).max(0) as usize)), filled(moved(b, (-by).max(0) as usize))];
    Figure { title: "matches".into(), ..logos(pairs.iter().flat_map(both).collect()) }
}

impl Figure {
    /// Writes it; the name ends with `.svg` or `.png`.
    pub fn save(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| Fault::file(folder, &error))?;
        }
        letters::register_font();
        let failed = |error: String| Fault::new("file", format!("`{}`: {error}", path.display()));
        match path.extension().and_then(|e| e.to_str()) {
            Some("svg") => {
                let root = SVGBackend::new(path, self.size).into_drawing_area();
                draw::figure(self, &root).and_then(|()| root.present().map_err(|e| e.to_string())).map_err(failed)
            }
            Some("png") => {
                let root = BitMapBackend::new(path, self.size).into_drawing_area();
                draw::figure(self, &root).and_then(|()| root.present().map_err(|e| e.to_string())).map_err(failed)
            }
            _ => bail!("value", "`{}`: a figure is saved as .svg or .png", path.display()),
        }
    }
}

//! Figures: their content and size, and how they are written.

use super::axis::{Drawn, text};
use super::bars::Bars;
use super::boxes::Boxes;
use super::chart::{Chart, Series};
use super::dark;
use super::diagram::Diagram;
use super::forest::Forest;
use super::graph::Graph;
use super::heat::Heat;
use super::joint::Joint;
use super::letters;
use super::logo::{Letters, Scaling};
use super::modules::ModuleMap;
use super::ranks::Ranks;
use super::raster;
use super::sidecar;
use super::structure::Structure;
use super::titles::titled;
use super::tracks::Tracks;
use super::tree::Tree;
use cistron_base::bail;
use cistron_base::{Fault, Result};
use cistron_genome::seq::Motif;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;

/// The content of a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Charts below each other, each with its axis titles, lines and points.
    Charts(Vec<Chart>),
    /// Bars with errors over named groups.
    Bars(Bars),
    /// Boxes or violins over named groups.
    Boxes(Boxes),
    /// Coloured cells.
    Heat(Heat),
    /// Sequence logos below each other.
    Logos(Vec<Letters>),
    /// Rows over one range of a chromosome.
    Tracks(Tracks),
    /// The layers of a network.
    Diagram(Diagram),
    /// Points with contours and box plots.
    Joint(Joint),
    /// Figures in rows of so many.
    Panels(Vec<Figure>, usize),
    /// Differences with their intervals.
    Forest(Forest),
    /// Average ranks with a critical difference.
    Ranks(Ranks),
    /// A module of genes with its regulators.
    Module(ModuleMap),
    /// A binary tree.
    Tree(Tree),
    /// Nodes and arrows.
    Graph(Graph),
    /// Chains of points in space.
    Structure(Structure),
}

/// A figure: what it shows, and how large.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its title.
    pub title: String,
    /// Its content.
    pub content: Content,
    /// Width and height, pixels.
    pub size: (u32, u32),
}

/// One chart.
pub fn chart(title: &str, chart: Chart) -> Figure {
    let size = if chart.unit { (500, 500) } else { (720, 420) };
    Figure {
        title: title.into(),
        content: Content::Charts(vec![chart]),
        size,
    }
}

/// Outlines of histograms over common bins; each has area 1, so that samples of different sizes can
/// be compared.
pub fn histogram(title: &str, x: &str, samples: &[(String, Vec<f64>)], bins: usize) -> Figure {
    let all = || {
        samples
            .iter()
            .flat_map(|(_, values)| values.iter().copied())
            .filter(|v| v.is_finite())
    };
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
        (a.min(v), b.max(v))
    });
    let (low, high) = if low < high {
        (low, high)
    } else {
        (low - 0.5, low + 0.5)
    };
    // of the largest numbers the width of all bins is no number, of the smallest the density
    let step = match (high - low).is_finite() {
        true => (high - low) / bins as f64,
        false => high / bins as f64 - low / bins as f64,
    };
    let edge = |i: usize| match (high - low).is_finite() {
        true => low + step * i as f64,
        false => low / 2.0 + step * (i as f64 / 2.0) + low / 2.0 + step * (i as f64 / 2.0),
    };
    let is_density = (1.0 / step).is_finite();
    let bin = |v: f64| match (v - low).is_finite() {
        true => (v - low) / step,
        false => v / step - low / step,
    };
    let line = |(name, values): &(String, Vec<f64>)| {
        let mut counts = vec![0.0; bins];
        values.iter().filter(|v| v.is_finite()).for_each(|v| {
            let n = values.len() as f64;
            counts[(bin(*v) as usize).min(bins - 1)] += match (is_density, (n * step).is_finite()) {
                (true, true) => 1.0 / (n * step),
                (true, false) => 1.0 / n / step,
                (false, _) => 1.0 / n,
            }
        });
        let mut points = vec![(low, 0.0)];
        for (i, height) in counts.iter().enumerate() {
            points.extend([(edge(i), *height), (edge(i + 1), *height)]);
        }
        points.push((high, 0.0));
        Series {
            name: name.clone(),
            points,
        }
    };
    chart(
        title,
        Chart {
            x: x.into(),
            y: if is_density {
                "density"
            } else {
                "share of values"
            }
            .into(),
            lines: samples.iter().map(line).collect(),
            ..Chart::default()
        },
    )
}

/// Bars with errors.
pub fn bars(title: &str, bars: Bars) -> Figure {
    let width = 160 + 110 * bars.groups.len().max(2) as u32;
    Figure {
        title: title.into(),
        content: Content::Bars(bars),
        size: (width.min(1400), 420),
    }
}

/// Boxes or violins.
pub fn boxes(title: &str, boxes: Boxes) -> Figure {
    let width = 160 + 90 * boxes.groups.len().max(2) as u32;
    Figure {
        title: title.into(),
        content: Content::Boxes(boxes),
        size: (width.min(1400), 420),
    }
}

/// Coloured cells.
pub fn heat(title: &str, heat: Heat) -> Figure {
    let size = heat.size();
    Figure {
        title: title.into(),
        content: Content::Heat(heat),
        size,
    }
}

/// Logos below each other.
pub fn logos(title: &str, logos: Vec<Letters>) -> Figure {
    let logos: Vec<Letters> = logos.into_iter().flat_map(Letters::wrapped).collect();
    let is_signed = logos
        .iter()
        .any(|logo| logo.scaling == Scaling::Contribution);
    let height = if is_signed { 150 } else { 96 };
    let rows = logos.len().max(1) as u32;
    let widest = logos
        .iter()
        .map(|logo| logo.heights.len())
        .max()
        .unwrap_or(8) as u32;
    let step = if widest > 60 { 14 } else { 34 };
    let above = if shows_title(title, &logos) { 58 } else { 30 };
    Figure {
        title: title.into(),
        size: (
            (widest * step + 130).clamp(360, 1600),
            above + rows * height,
        ),
        content: Content::Logos(logos),
    }
}

/// A motif after `by` uniform positions.
fn moved(motif: &Motif, by: usize) -> Motif {
    let ppm = std::iter::repeat_n([0.25; 4], by)
        .chain(motif.ppm.iter().copied())
        .collect();
    Motif {
        ppm,
        ..motif.clone()
    }
}

/// Logos of pairs of motifs below each other, the first of each starting `offset` positions after
/// the second.
pub fn aligned(pairs: &[(Motif, Motif, i64)]) -> Figure {
    let widest = pairs
        .iter()
        .map(|(a, b, by)| (a.width() as i64 + (*by).max(0)).max(b.width() as i64 + (-by).max(0)))
        .max()
        .unwrap_or(8) as usize;
    let filled = |motif: Motif| {
        let rest = std::iter::repeat_n([0.25; 4], widest - motif.width());
        Motif {
            ppm: motif.ppm.iter().copied().chain(rest).collect(),
            ..motif
        }
    };
    let both = |(a, b, by): &(Motif, Motif, i64)| {
        [
            filled(moved(a, (*by).max(0) as usize)),
            filled(moved(b, (-by).max(0) as usize)),
        ]
    };
    logos(
        "matches",
        pairs
            .iter()
            .flat_map(both)
            .map(|motif| Letters::of_motif(&motif, Scaling::Information))
            .collect(),
    )
}

/// Rows over one range of a chromosome.
pub fn tracks(title: &str, tracks: Tracks) -> Figure {
    let height = 70 + tracks.heights(1000).iter().sum::<u32>();
    Figure {
        title: title.into(),
        size: (1000, height),
        content: Content::Tracks(tracks),
    }
}

/// The layers of a network.
pub fn diagram(title: &str, diagram: Diagram) -> Figure {
    Figure {
        title: title.into(),
        size: (620, 60 + diagram.height()),
        content: Content::Diagram(diagram),
    }
}

/// Points with contours of their density and box plots of their coordinates.
pub fn joint(title: &str, joint: Joint) -> Figure {
    Figure {
        title: title.into(),
        size: (560, 560),
        content: Content::Joint(joint),
    }
}

/// Figures side by side, in rows of `columns`.
pub fn panels(title: &str, figures: Vec<Figure>, columns: usize) -> Figure {
    let columns = columns.clamp(1, figures.len().max(1));
    let rows = figures.len().div_ceil(columns).max(1);
    let most = |side: fn(&Figure) -> u32| figures.iter().map(side).max().unwrap_or(200);
    let (width, height) = (most(|own| own.size.0), most(|own| own.size.1));
    Figure {
        title: title.into(),
        size: (width * columns as u32, height * rows as u32 + 30),
        content: Content::Panels(figures, columns),
    }
}

/// Differences with their intervals.
pub fn forest(title: &str, forest: Forest) -> Figure {
    let size = forest.size();
    Figure {
        title: title.into(),
        content: Content::Forest(forest),
        size,
    }
}

/// Average ranks with a critical difference.
pub fn ranks(title: &str, ranks: Ranks) -> Figure {
    let size = ranks.size();
    Figure {
        title: title.into(),
        content: Content::Ranks(ranks),
        size,
    }
}

/// A module of genes with its regulators.
pub fn module(title: &str, map: ModuleMap) -> Figure {
    let size = map.size();
    Figure {
        title: title.into(),
        content: Content::Module(map),
        size,
    }
}

/// A binary tree.
pub fn tree(title: &str, tree: Tree) -> Figure {
    let size = tree.size();
    Figure {
        title: title.into(),
        content: Content::Tree(tree),
        size,
    }
}

/// Nodes and arrows.
pub fn graph(title: &str, graph: Graph) -> Figure {
    let size = graph.size();
    Figure {
        title: title.into(),
        content: Content::Graph(graph),
        size,
    }
}

/// Chains of points in space.
pub fn structure(title: &str, structure: Structure) -> Figure {
    Figure {
        title: title.into(),
        content: Content::Structure(structure),
        size: (640, 560),
    }
}

/// Whether the title of contributions is above them: where the rows have other names.
fn shows_title(title: &str, logos: &[Letters]) -> bool {
    let is_other = |logo: &Letters| {
        logo.scaling == Scaling::Contribution
            && !logo.name.is_empty()
            && !logo.name.starts_with(title)
    };
    logos.iter().any(is_other)
}

fn draw<DB: DrawingBackend>(figure: &Figure, root: &DrawingArea<DB, Shift>) -> Drawn {
    root.fill(&WHITE).map_err(text)?;
    let titled = || titled(root, &figure.title, 18);
    match &figure.content {
        Content::Charts(charts) => charts
            .iter()
            .zip(titled()?.split_evenly((charts.len().max(1), 1)))
            .try_for_each(|(own, area)| own.draw(&area)),
        Content::Bars(bars) => bars.draw(&titled()?),
        Content::Boxes(boxes) => boxes.draw(&titled()?),
        Content::Heat(heat) => heat.draw(&titled()?),
        Content::Logos(logos) => {
            let area = match shows_title(&figure.title, logos) {
                true => titled()?,
                false => root.clone(),
            };
            let parts = area
                .margin(8, 8, 8, 8)
                .split_evenly((logos.len().max(1), 1));
            logos
                .iter()
                .zip(parts)
                .try_for_each(|(logo, area)| logo.draw(&area))
        }
        Content::Tracks(tracks) => tracks.draw(&titled()?),
        Content::Diagram(diagram) => diagram.draw(&titled()?),
        Content::Joint(joint) => joint.draw(&titled()?),
        Content::Panels(figures, columns) => {
            let rows = figures.len().div_ceil(*columns).max(1);
            let areas = titled()?.split_evenly((rows, *columns));
            figures
                .iter()
                .zip(areas)
                .try_for_each(|(own, area)| draw(own, &area))
        }
        Content::Forest(forest) => forest.draw(&titled()?),
        Content::Ranks(ranks) => ranks.draw(&titled()?),
        Content::Module(map) => map.draw(&titled()?),
        Content::Tree(tree) => tree.draw(&titled()?),
        Content::Graph(graph) => graph.draw(&titled()?),
        Content::Structure(structure) => structure.draw(&titled()?),
    }
}

/// The page that a figure is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Black on white.
    Light,
    /// Light grey on dark grey.
    Dark,
}

impl Figure {
    /// The size below which axes and letters have no room, and what needs it.
    fn least(&self) -> (u32, u32, String) {
        const TITLE: u32 = 28;
        let (width, height, what) = match &self.content {
            Content::Charts(charts) => (130, 90 * charts.len() as u32, "axes".into()),
            Content::Bars(_) | Content::Boxes(_) => (130, 90, "axes".into()),
            Content::Joint(_) => (200, 170, "axes".into()),
            Content::Heat(heat) => {
                let (width, height) = heat.least();
                (width, height, "the names of rows and columns".into())
            }
            Content::Logos(logos) => {
                let rows = logos.len() as u32;
                let most = logos.iter().map(|logo| logo.heights.len()).max();
                let most = most.unwrap_or(0) as u32;
                let title = if shows_title(&self.title, logos) {
                    TITLE
                } else {
                    0
                };
                let (width, height) = ((68 + 3 * most).min(1600), 16 + 48 * rows + title);
                return (width, height, format!("{rows} rows of {most} positions"));
            }
            Content::Tracks(tracks) => {
                let heights = tracks.heights(self.size.0);
                let rows = heights.iter().rev().skip(1);
                (260, rows.sum::<u32>() + 70, "the rows".into())
            }
            Content::Diagram(diagram) => {
                (diagram.least_width(), diagram.height(), "the layers".into())
            }
            Content::Panels(figures, columns) => {
                let rows = figures.len().div_ceil(*columns).max(1) as u32;
                let all = || figures.iter().map(Figure::least);
                let width = all().map(|own| own.0).max().unwrap_or(0);
                let height = all().map(|own| own.1).max().unwrap_or(0);
                let what = format!("{} figures", figures.len());
                (width * *columns as u32, height * rows, what)
            }
            Content::Forest(forest) => (300, forest.size().1 - 40, "the rows".into()),
            Content::Ranks(ranks) => (ranks.size().0 / 2, ranks.size().1 - 60, "the names".into()),
            Content::Module(map) => (map.size().0 - 80, map.size().1 - 40, "the genes".into()),
            Content::Tree(tree) => (200, tree.size().1 - 40, "the levels".into()),
            Content::Graph(_) => (200, 140, "the nodes".into()),
            Content::Structure(_) => (160, 140, "the traces".into()),
        };
        (width, height + TITLE, what)
    }

    /// Itself as SVG.
    pub fn to_svg(&self) -> Result<String> {
        let (width, height, what) = self.least();
        if self.size.0 < width || self.size.1 < height {
            bail!(
                "value",
                "a figure of {} x {} pixels has no room for {what}: it needs {width} x {height}",
                self.size.0,
                self.size.1
            );
        }
        letters::register_font();
        let mut out = String::new();
        {
            let root = SVGBackend::with_string(&mut out, self.size).into_drawing_area();
            draw(self, &root)
                .and_then(|()| root.present().map_err(text))
                .map_err(|error| Fault::new("file", error))?;
        }
        let numbers = match &self.content {
            Content::Logos(logos) => Some(sidecar::of_logos(logos)),
            Content::Structure(structure) => Some(sidecar::of_structure(structure)),
            _ => None,
        };
        if let (Some(numbers), Some(end)) = (numbers, out.rfind("</svg>")) {
            out.insert_str(end, &numbers);
        }
        // a page shrinks it to its width, and a screen reader reads its title
        let label = cistron_base::html::escaped(&self.title);
        let attributes = format!(
            "<svg role=\"img\" aria-label=\"{label}\" style=\"max-width:100%;height:auto\" "
        );
        let mut out = out.replacen("<svg ", &attributes, 1);
        // XML has no other control characters, not even escaped
        out.retain(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\r'));
        Ok(out)
    }

    /// Itself as SVG for a page.
    fn to_themed_svg(&self, theme: Theme) -> Result<String> {
        let svg = self.to_svg()?;
        Ok(match theme {
            Theme::Light => svg,
            Theme::Dark => dark::darkened(&svg),
        })
    }

    /// Itself as PNG, with so many pixels per inch; its size counts 96.
    pub fn to_png(&self, dpi: u32) -> Result<Vec<u8>> {
        raster::png(&self.to_svg()?, dpi)
    }

    /// Itself in another size, pixels; text and lines keep theirs.
    pub fn resized(&self, size: (u32, u32)) -> Figure {
        Figure {
            size,
            ..self.clone()
        }
    }

    /// Writes it; the name ends with `.svg`, `.png` (with so many pixels per inch) or `.pdf`.
    pub fn save(&self, path: &Path, dpi: u32, theme: Theme) -> Result<()> {
        let write = |bytes: &[u8]| cistron_base::file::write_whole(path, bytes);
        let svg = || self.to_themed_svg(theme);
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("svg") => write(svg()?.as_bytes()),
            Some("png") => write(&raster::png(&svg()?, dpi)?),
            Some("pdf") => write(&raster::pdf(&svg()?)?),
            _ => bail!(
                "value",
                "`{}`: a figure is saved as .svg, .png or .pdf",
                path.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(values: &[f64], bins: usize) -> (String, Vec<(f64, f64)>) {
        let figure = histogram("h", "x", &[("a".into(), values.to_vec())], bins);
        let Content::Charts(charts) = figure.content else {
            panic!("a chart");
        };
        (charts[0].y.clone(), charts[0].lines[0].points.clone())
    }

    #[test]
    fn histograms_of_extreme_values_are_finite() {
        // the width of all bins is no number
        let (y, points) = outline(&[-1.7e308, 1.7e308, 0.0, 1e307], 4);
        assert_eq!(y, "density");
        let edges: Vec<f64> = points.iter().map(|p| p.0 / 1e308).collect();
        let wanted = [-1.7, -1.7, -0.85, -0.85, 0.0, 0.0, 0.85, 0.85, 1.7, 1.7];
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
        assert!(edges.iter().zip(&wanted).all(near), "{edges:?}");
        assert!(points[5].1 > points[3].1 && points[1].1 > 0.0 && points[7].1 > 0.0);
        // the density is no number
        let (y, points) = outline(&[1e-320, 3e-320, 2e-320, 4e-320], 2);
        assert_eq!(
            (y.as_str(), points[1].1, points[3].1),
            ("share of values", 0.5, 0.5)
        );
        let (y, points) = outline(&[0.0, 1.0, 1.0, 2.0], 2);
        assert_eq!(
            (y.as_str(), points[1].1, points[3].1),
            ("density", 0.25, 0.75)
        );
    }

    #[test]
    fn small_figures_name_the_size_that_they_need() {
        let heights = vec![[0.5, 0.0, -0.2, 0.0]; 500];
        let letters = Letters {
            name: "a".into(),
            heights,
            scaling: Scaling::Contribution,
            first: 165_000,
            ends: None,
            room: 1,
        };
        let long = logos("a", vec![letters]);
        assert!(long.to_svg().is_ok());
        let error = long.resized((300, 200)).to_svg().expect_err("no room");
        let wanted = "a figure of 300 x 200 pixels has no room for 5 rows of 100 positions: it \
            needs 368 x 256";
        assert_eq!(error.message, wanted);
        assert!(long.resized((368, 256)).to_svg().is_ok());
        let error = long.resized((368, 255)).to_svg().expect_err("no room");
        assert!(error.message.contains("368 x 256"));
        let both = panels("p", vec![long.clone(), chart("t", Chart::default())], 2);
        assert!(both.to_svg().is_ok() && both.resized((700, 300)).to_svg().is_err());
        let small = chart("t", Chart::default()).resized((50, 50));
        assert!(small.to_svg().is_err());
        let least = chart("t", Chart::default()).resized((130, 118));
        assert!(least.to_svg().is_ok());
    }

    #[test]
    fn figures_of_extreme_values_are_drawn() {
        // plotters searches for ticks without an end where the width of a span is no number
        let all = [
            [-1.5e308, 1.7e308, 0.0],
            [1e-320, 2e-320, 5e-320],
            [1e9, 1e9 + 0.001, 1e9 + 0.003],
            [f64::MIN, f64::MAX, f64::NAN],
            [f64::MAX, f64::MAX, f64::INFINITY],
        ];
        for values in all {
            let points: Vec<(f64, f64)> = values.iter().map(|v| (*v, *v)).collect();
            let line = Series {
                name: "a".into(),
                points: points.clone(),
            };
            let samples = Boxes {
                groups: vec!["a".into()],
                samples: vec![values.to_vec()],
                violin: true,
                y: "value".into(),
            };
            let cells = Heat {
                values: vec![values.to_vec()],
                numbers: true,
                ..Heat::default()
            };
            let both = Joint {
                x: "x".into(),
                y: "y".into(),
                points,
                contours: 3,
            };
            let charts = Chart {
                lines: vec![line],
                ..Chart::default()
            };
            for figure in [
                chart("t", charts),
                boxes("t", samples),
                heat("t", cells),
                joint("t", both),
            ] {
                let svg = figure.to_svg().expect("a figure");
                // a cell states its number, also where that is none
                let is_none = |line: &&str| ["NaN", "inf", "-inf"].contains(line);
                let most = matches!(figure.content, Content::Heat(_)) as usize;
                assert!(svg.lines().filter(is_none).count() <= most, "{values:?}");
                assert!(!crate::terminal::show(&figure, 80, false).is_empty());
            }
        }
    }
}

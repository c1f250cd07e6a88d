//! Figures of one kind of data each: areas under curves, calibration, trainings, embeddings.

use super::{Chart, Content, Dots, Figure, Series, chart};

/// Lines within the unit square, with their areas in the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Areas {
    /// True positive rate by false positive rate, above the diagonal of chance.
    Roc,
    /// Precision by recall.
    PrecisionRecall,
}

/// The diagonal of the unit square.
const DIAGONAL: [(f64, f64); 2] = [(0.0, 0.0), (1.0, 1.0)];

/// Values against their numbers, from 1.
pub fn numbered(values: &[f64]) -> Vec<(f64, f64)> {
    let numbers = values.iter().enumerate();
    numbers.map(|(i, v)| ((i + 1) as f64, *v)).collect()
}

/// Draws curves: name, area and points of each.
pub fn areas(kind: Areas, curves: Vec<(String, f64, Vec<(f64, f64)>)>) -> Figure {
    let (title, x, y, guide) = match kind {
        Areas::Roc => (
            "ROC",
            "false positive rate",
            "true positive rate",
            DIAGONAL.to_vec(),
        ),
        Areas::PrecisionRecall => ("precision and recall", "recall", "precision", Vec::new()),
    };
    let line = |(name, area, points): (String, f64, Vec<(f64, f64)>)| Series {
        name: format!("{name} {area:.3}"),
        points,
    };
    let curves = Chart {
        x: x.into(),
        y: y.into(),
        lines: curves.into_iter().map(line).collect(),
        unit: true,
        guide,
        ..Chart::default()
    };
    chart(title, curves)
}

/// Draws the share of positives by predicted probability.
pub fn calibration(points: Vec<(f64, f64)>) -> Figure {
    let dots = Dots {
        name: String::new(),
        points: points.clone(),
    };
    let line = Series {
        name: String::new(),
        points,
    };
    let figure = Chart {
        x: "mean predicted probability".into(),
        y: "share of positives".into(),
        lines: vec![line],
        dots: vec![dots],
        unit: true,
        equal: false,
        guide: DIAGONAL.to_vec(),
        mark: None,
        log_x: false,
        log_y: false,
    };
    chart("calibration", figure)
}

/// Charts below each other, each `height` high.
fn below(title: &str, charts: Vec<Chart>, width: u32, height: u32) -> Figure {
    Figure {
        title: title.into(),
        size: (width, height * charts.len() as u32 + 40),
        content: Content::Charts(charts),
    }
}

/// Draws values of a training by name, each against epochs: losses, and other measures below them.
pub fn epochs(title: &str, columns: Vec<(String, Vec<(f64, f64)>)>, best: Option<f64>) -> Figure {
    let is_rate = |name: &str| name == "lr" || name.starts_with("lr.");
    let is_loss = |name: &str| name.ends_with("loss") || name.contains(".loss.");
    let measured = columns.into_iter().filter(|(name, _)| !is_rate(name));
    let (losses, measures): (Vec<Series>, Vec<Series>) = measured
        .map(|(name, points)| Series { name, points })
        .partition(|line| is_loss(&line.name));
    let of_epochs = |y: &str, lines| Chart {
        x: "epoch".into(),
        y: y.into(),
        lines,
        mark: best,
        ..Chart::default()
    };
    let mut charts = vec![of_epochs("loss", losses)];
    if !measures.is_empty() {
        charts.push(of_epochs("metric", measures));
    }
    below(title, charts, 760, 300)
}

/// Draws the learning rate by epoch, and the momentum below it where it changes.
pub fn schedule(title: &str, rate: Vec<(f64, f64)>, momentum: Vec<(f64, f64)>) -> Figure {
    let of_epochs = |y: &str, points| Chart {
        x: "epoch".into(),
        y: y.into(),
        lines: vec![Series {
            name: String::new(),
            points,
        }],
        ..Chart::default()
    };
    let mut charts = vec![of_epochs("learning rate", rate)];
    if !momentum.is_empty() {
        charts.push(of_epochs("momentum", momentum));
    }
    below(title, charts, 720, 260)
}

/// The diagonal over the values of points, on which both coordinates are equal.
pub fn diagonal(dots: &[Dots]) -> Vec<(f64, f64)> {
    let points = dots.iter().flat_map(|dots| &dots.points);
    let values = points.flat_map(|point| [point.0, point.1]);
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    vec![(low, low), (high, high)]
}

/// Points by their labels, in the order of the labels.
pub fn by_label(points: &[(f64, f64)], labels: &[String]) -> Vec<Dots> {
    let mut kinds = labels.to_vec();
    kinds.sort();
    kinds.dedup();
    let of = |kind: &String| {
        let labelled = points.iter().zip(labels);
        let points = labelled.filter(|(_, label)| *label == kind);
        points.map(|(point, _)| *point).collect()
    };
    kinds
        .iter()
        .map(|kind| Dots {
            name: kind.clone(),
            points: of(kind),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charts(figure: &Figure) -> &[Chart] {
        match &figure.content {
            Content::Charts(charts) => charts,
            _ => panic!("charts"),
        }
    }

    #[test]
    fn legends_state_areas() {
        let figure = areas(Areas::Roc, vec![("a".into(), 0.75, vec![(0.0, 0.0)])]);
        assert_eq!(charts(&figure)[0].lines[0].name, "a 0.750");
        assert_eq!(charts(&figure)[0].guide, DIAGONAL);
        assert!(
            charts(&areas(Areas::PrecisionRecall, Vec::new()))[0]
                .guide
                .is_empty()
        );
    }

    #[test]
    fn losses_and_measures_have_charts() {
        let column = |name: &str| (name.to_string(), vec![(1.0, 0.5), (2.0, 0.25)]);
        let names = [
            "train.loss",
            "train.loss.critic",
            "valid.auroc",
            "lr",
            "lr.critic",
        ];
        let figure = epochs("net", names.map(column).to_vec(), Some(2.0));
        let [loss, measure] = charts(&figure) else {
            panic!("two charts")
        };
        assert_eq!((loss.lines.len(), measure.lines.len()), (2, 1));
        assert_eq!(loss.lines[0].points, [(1.0, 0.5), (2.0, 0.25)]);
        assert_eq!((measure.mark, figure.size), (Some(2.0), (760, 640)));
        let losses = names[..1].iter().map(|name| column(name)).collect();
        assert_eq!(epochs("net", losses, None).size, (760, 340));
    }

    #[test]
    fn momentum_is_below_the_rate_where_it_changes() {
        assert_eq!(schedule("s", vec![(0.0, 1.0)], Vec::new()).size, (720, 300));
        assert_eq!(schedule("s", Vec::new(), vec![(0.0, 0.9)]).size, (720, 560));
    }

    #[test]
    fn the_diagonal_spans_finite_values() {
        let dots = Dots {
            name: String::new(),
            points: vec![(1.0, 5.0), (f64::NAN, -2.0)],
        };
        assert_eq!(diagonal(&[dots]), [(-2.0, -2.0), (5.0, 5.0)]);
    }

    #[test]
    fn points_are_grouped_by_label() {
        let labels = ["b", "a", "b"].map(String::from);
        let dots = by_label(&[(0.0, 1.0), (2.0, 3.0), (4.0, 5.0)], &labels);
        assert_eq!((dots[0].name.as_str(), dots[1].name.as_str()), ("a", "b"));
        assert_eq!(dots[1].points, [(0.0, 1.0), (4.0, 5.0)]);
    }
}

//! The table of a sweep's results.

use super::plan::Point;
use crate::base::Result;
use crate::base::table::{Cells, Table};
use crate::metrics::statistics::{mean, variance};

/// The result of a run: its numbers by name, or its failure.
#[derive(Clone)]
pub struct Given {
    /// The number of its point.
    pub point: usize,
    /// What it reported.
    pub numbers: Vec<(String, f64)>,
    /// Why it failed.
    pub failed: Option<String>,
}

/// A row for each point: number of runs, and the mean of each reported number; with several runs of
/// a point also the standard deviation.
pub fn summary(points: &[Point], given: &[Given]) -> Result<Table> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in given.iter().flat_map(|run| &run.numbers) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let of = |point: usize| {
        given
            .iter()
            .filter(move |run| run.point == point && run.failed.is_none())
    };
    let mut columns: Vec<(String, Cells)> = Vec::new();
    for i in 0..points[0].len() {
        columns.push((
            points[0][i].0.clone(),
            Cells::Text(points.iter().map(|point| point[i].1.clone()).collect()),
        ));
    }
    columns.push((
        "runs".into(),
        Cells::Whole((0..points.len()).map(|i| of(i).count() as i64).collect()),
    ));
    let has_several = (0..points.len()).any(|i| of(i).count() > 1);
    for name in &names {
        let values = |i: usize| {
            of(i)
                .filter_map(|run| {
                    run.numbers
                        .iter()
                        .find(|(known, _)| known == name)
                        .map(|(_, v)| *v)
                })
                .collect::<Vec<f64>>()
        };
        // a result may have the name of a swept parameter
        let is_taken = |name: &str| columns.iter().any(|(known, _)| known == name);
        let (mut shown, mut deviation) = (name.clone(), format!("{name} sd"));
        while is_taken(&shown) || is_taken(&deviation) {
            shown.push_str(" (result)");
            deviation = format!("{shown} sd");
        }
        columns.push((
            shown,
            Cells::Number((0..points.len()).map(|i| mean(&values(i))).collect()),
        ));
        if has_several {
            let deviations = (0..points.len()).map(|i| variance(&values(i)).sqrt());
            columns.push((deviation, Cells::Number(deviations.collect())));
        }
    }
    Table::new(columns)
}

#[cfg(test)]
mod tests {
    use super::super::plan::points;
    use super::*;

    #[test]
    fn settings_are_all_combinations_and_runs_are_averaged() {
        let text = "param(\"lr\", 1.0); param(\"width\", 8);";
        let found = points(&["lr=1,2".into(), "width=8, 12".into()], text).unwrap();
        assert_eq!(found.len(), 4);
        assert_eq!(
            found[3],
            [
                ("lr".to_string(), "2".to_string()),
                ("width".into(), "12".into())
            ]
        );
        assert!(
            points(&["rate=1".into()], text)
                .unwrap_err()
                .to_string()
                .contains("no parameter `rate`")
        );
        let run = |point, value, failed: bool| Given {
            point,
            numbers: vec![("auc".into(), value)],
            failed: failed.then(|| "x".into()),
        };
        let table = summary(
            &found[..2],
            &[run(0, 0.5, false), run(0, 0.7, false), run(1, 0.9, true)],
        )
        .unwrap();
        assert_eq!(table.column("runs").unwrap(), &Cells::Whole(vec![2, 0]));
        let Cells::Number(means) = table.column("auc").unwrap() else {
            panic!("numbers")
        };
        assert!((means[0] - 0.6).abs() < 1e-12 && means[1].is_nan());
        assert!(table.column("auc sd").is_ok());
        let table = summary(&found[..2], &[run(0, 0.5, false), run(1, 0.9, false)]).unwrap();
        assert!(table.column("auc").is_ok() && table.column("auc sd").is_err());
    }
}

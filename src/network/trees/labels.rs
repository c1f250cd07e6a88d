//! What is predicted, and the labels of it.

use cistron_base::{Result, bail};
use serde::{Deserialize, Serialize};

/// What is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// A number.
    Regression,
    /// The probabilities of so many classes.
    Classes(usize),
}

impl Task {
    /// The classes of labels from 0 to the largest one, at least two. Labels that are no classes
    /// are refused when a model is trained.
    pub fn classes_of(labels: &[f64]) -> Task {
        const MOST: f64 = 65_535.0;
        let most = labels
            .iter()
            .copied()
            .filter(|y| y.is_finite())
            .fold(1.0, f64::max);
        Task::Classes(most.min(MOST) as usize + 1)
    }

    /// The classes, of those from 0 to the largest, that no label has; none of labels that are no
    /// classes.
    pub fn without_rows(self, labels: &[f64]) -> Vec<usize> {
        let Task::Classes(classes) = self else {
            return Vec::new();
        };
        if labels.iter().any(|y| y.fract() != 0.0 || *y < 0.0) {
            return Vec::new();
        }
        let mut has_rows = vec![false; classes];
        for label in labels {
            if let Some(has_rows) = has_rows.get_mut(*label as usize) {
                *has_rows = true;
            }
        }
        (0..classes).filter(|class| !has_rows[*class]).collect()
    }
}

/// The labels that a task takes; classes are integers from 0.
pub(super) fn check_labels(task: Task, labels: &[f64], rows: usize) -> Result<()> {
    if labels.len() != rows {
        bail!(
            "shape",
            "there are {rows} rows of features and {} labels",
            labels.len()
        );
    }
    if let Some(row) = labels.iter().position(|y| !y.is_finite()) {
        bail!("value", "the label of row {row} is {}", labels[row]);
    }
    if task == Task::Regression {
        // gains are sums of squared differences in single precision
        let most = (f64::from(f32::MAX) / rows.max(1) as f64).sqrt() / 2.0;
        if let Some(row) = labels.iter().position(|y| y.abs() > most) {
            bail!(
                "value",
                "the label of row {row} is {:e}: trees take labels of {rows} rows up to {most:.1e}",
                labels[row];
                hint: "divide the labels by a constant, or take their logarithms"
            );
        }
    }
    if let Task::Classes(classes) = task {
        let is_class = |y: &f64| y.fract() == 0.0 && *y >= 0.0 && *y < classes as f64;
        if let Some(row) = labels.iter().position(|y| !is_class(y)) {
            bail!(
                "value",
                "labels of {classes} classes are integers from 0 to {}, row {row} has {}",
                classes - 1,
                labels[row]
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_without_rows_are_listed() {
        let labels = [1.0, 4.0, 2.0, 1.0];
        assert_eq!(Task::classes_of(&labels).without_rows(&labels), [0, 3]);
        assert!(
            Task::classes_of(&[0.0, 1.0])
                .without_rows(&[0.0, 1.0])
                .is_empty()
        );
        assert!(Task::Regression.without_rows(&[5.0]).is_empty());
    }

    /// Labels of 1e300 were predicted as infinite.
    #[test]
    fn labels_beyond_single_precision_are_refused() {
        let fault = check_labels(Task::Regression, &[1.0, -1e300], 2).expect_err("too large");
        assert!(fault.message.contains("row 1 is -1e300"), "{fault}");
        assert!(check_labels(Task::Regression, &[1.0, 1e15], 2).is_ok());
        assert!(check_labels(Task::Regression, &[f64::NAN], 1).is_err());
    }
}

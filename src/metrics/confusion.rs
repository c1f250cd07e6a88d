//! Confusion matrices: predicted classes by labels.

use super::Pairs;
use cistron_base::{Result, Values, bail};

/// What predictions are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Predicted {
    /// Scores, of class 1 from this threshold on.
    Scores(f64),
    /// Numbers of classes.
    Classes,
}

/// Rows by label and predicted class.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    /// Number of classes, by the largest number of a class.
    pub classes: usize,
    /// Number of rows by label (first index) and predicted class, for at least two classes.
    pub counts: Vec<Vec<f64>>,
}

/// Counts rows by label and predicted class; rows without a label are left out.
///
/// # Errors
/// More than `most` classes, values that are no classes, labels of scores that are not 0 or 1.
pub fn confusion(
    predicted: &[f64],
    labels: &[f64],
    kind: Predicted,
    most: usize,
) -> Result<Confusion> {
    match kind {
        Predicted::Classes => {
            need_classes("predicted", predicted, false)?;
            need_classes("labels", labels, true)?;
        }
        Predicted::Scores(_) => {
            let (scores, labels) = (Values::Double(predicted), Values::Double(labels));
            Pairs::new(scores, labels, 1).need_binary("confusion")?;
        }
    }
    let whole = |v: f64| v.round().max(0.0) as usize;
    let class = |v: f64| match kind {
        Predicted::Classes => whole(v),
        Predicted::Scores(threshold) => usize::from(v >= threshold),
    };
    let called = predicted.iter().map(|v| class(*v));
    let known = labels.iter().filter(|label| label.is_finite());
    let largest = called.clone().chain(known.map(|v| whole(*v))).max();
    let classes = largest.unwrap_or(1) + 1;
    if classes > most {
        bail!(
            "value",
            "{classes} classes are more than a figure can show: {most}"
        );
    }
    let mut counts = vec![vec![0.0; classes.max(2)]; classes.max(2)];
    for (class, label) in called.zip(labels).filter(|(_, label)| label.is_finite()) {
        counts[whole(*label)][class] += 1.0;
    }
    Ok(Confusion { classes, counts })
}

/// Fails on values that are no numbers of classes; `allows_nan` where NaN means none.
fn need_classes(name: &str, values: &[f64], allows_nan: bool) -> Result<()> {
    let is_class = |v: &f64| (v.is_nan() && allows_nan) || (*v >= 0.0 && v.fract() == 0.0);
    match values.iter().position(|v| !is_class(v)) {
        Some(row) => bail!(
            "value",
            "`{name}` must be class numbers from 0, got {} in row {row}",
            values[row]
        ),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_label_and_class() {
        let scores = [0.9, 0.5, 0.2, 0.1];
        let labels = [1.0, 0.0, 1.0, f64::NAN];
        let matrix = |predicted: &[f64], labels: &[f64], kind| {
            let confusion = confusion(predicted, labels, kind, 200).expect("a matrix");
            (confusion.classes, confusion.counts)
        };
        let wanted = vec![vec![0.0, 1.0], vec![1.0, 1.0]];
        assert_eq!(
            matrix(&scores, &labels, Predicted::Scores(0.5)),
            (2, wanted)
        );
        let wanted = vec![vec![0.0; 3], vec![0.0; 3], vec![1.0, 0.0, 1.0]];
        assert_eq!(
            matrix(&[2.0, 0.0], &[2.0, 2.0], Predicted::Classes),
            (3, wanted)
        );
        let wanted = vec![vec![1.0, 0.0], vec![0.0; 2]];
        assert_eq!(matrix(&[0.0], &[0.0], Predicted::Classes), (1, wanted));
    }

    #[test]
    fn classes_are_integers_from_0() {
        let fails = |predicted: &[f64], labels: &[f64]| {
            confusion(predicted, labels, Predicted::Classes, 200).is_err()
        };
        assert!(fails(&[0.5], &[0.0]));
        assert!(fails(&[f64::NAN], &[0.0]));
        assert!(fails(&[-1.0], &[0.0]));
        assert!(fails(&[200.0], &[0.0]));
        assert!(!fails(&[0.0], &[f64::NAN]));
    }
}

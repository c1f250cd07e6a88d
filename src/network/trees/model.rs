//! Models of trees: predictions, importance, files.

use super::Tree;
use super::labels::{Task, check_labels};
use cistron_base::seed::Rng;
use cistron_base::{Result, bail, fault, file, interrupt};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The trees of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Trees {
    /// Their sum, in turn for each class.
    Boosted {
        /// What precedes the trees, for each class.
        base: Vec<f32>,
        /// The trees.
        trees: Vec<Tree>,
    },
    /// Their mean.
    Forest {
        /// The trees.
        trees: Vec<Tree>,
    },
}

/// What importance is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// Sum of the gains of the splits by a feature, over all gains.
    Gain,
    /// Mean gain of a split by a feature, over the sum of these means.
    MeanGain,
    /// Share of the splits.
    Splits,
}

/// A model of trees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// What is predicted.
    pub task: Task,
    /// How many features a row has.
    pub features: usize,
    /// The trees.
    pub trees: Trees,
    /// Names of the features, where there are any.
    pub names: Vec<String>,
}

/// The format of a file.
#[derive(Serialize, Deserialize)]
struct Saved {
    format: String,
    model: Model,
}

const FORMAT: &str = "cistron trees 1";

impl Model {
    /// The trees in order.
    pub fn all(&self) -> &[Tree] {
        match &self.trees {
            Trees::Boosted { trees, .. } | Trees::Forest { trees } => trees,
        }
    }

    /// How many numbers are predicted for a row: one, or a probability for each of more than two
    /// classes.
    pub fn outputs(&self) -> usize {
        match self.task {
            Task::Regression | Task::Classes(2) => 1,
            Task::Classes(classes) => classes,
        }
    }

    fn row(&self, row: &[f32]) -> Vec<f64> {
        let at = |feature: usize| row[feature];
        match (&self.trees, self.task) {
            (Trees::Boosted { base, trees }, task) => {
                let mut margins = base.clone();
                for (i, tree) in trees.iter().enumerate() {
                    margins[i % base.len()] += tree.leaf(at).values[0];
                }
                match task {
                    Task::Regression => vec![f64::from(margins[0])],
                    Task::Classes(2) => vec![1.0 / (1.0 + f64::from(-margins[0]).exp())],
                    Task::Classes(_) => {
                        let most = margins.iter().copied().fold(f32::MIN, f32::max);
                        let odds = margins.iter().map(|m| f64::from(m - most).exp());
                        let odds: Vec<f64> = odds.collect();
                        let sum: f64 = odds.iter().sum();
                        odds.iter().map(|x| x / sum).collect()
                    }
                }
            }
            (Trees::Forest { trees }, task) => {
                let width = if let Task::Classes(classes) = task {
                    classes
                } else {
                    1
                };
                let mut sums = vec![0.0; width];
                for tree in trees {
                    let values = &tree.leaf(at).values;
                    sums.iter_mut()
                        .zip(values)
                        .for_each(|(sum, x)| *sum += f64::from(*x));
                }
                sums.iter_mut().for_each(|sum| *sum /= trees.len() as f64);
                if task == Task::Classes(2) {
                    vec![sums[1]]
                } else {
                    sums
                }
            }
        }
    }

    /// Predictions `[rows, outputs]`: numbers, or probabilities (of class 1 for two classes).
    pub fn predict(&self, table: ArrayView2<f64>) -> Result<Array2<f64>> {
        let (rows, features) = table.dim();
        if features != self.features {
            bail!(
                "shape",
                "the model was trained on {} features, rows have {features}",
                self.features
            );
        }
        let is_forest = matches!(self.trees, Trees::Forest { .. });
        if is_forest && table.iter().any(|x| x.is_nan()) {
            bail!("value", "forests need complete features, some are NaN");
        }
        let predicted: Vec<f64> = (0..rows)
            .into_par_iter()
            .flat_map_iter(|row| {
                let own: Vec<f32> = table.row(row).iter().map(|x| *x as f32).collect();
                self.row(&own)
            })
            .collect();
        Array2::from_shape_vec((rows, self.outputs()), predicted)
            .map_err(|e| fault!("internal", "predictions of {rows} rows: {e}"))
    }

    /// The importance of each feature; they sum to 1, or are all 0 without a split.
    pub fn importance(&self, by: Importance) -> Vec<f64> {
        let (mut gains, mut counts) = (vec![0.0; self.features], vec![0.0; self.features]);
        for node in self.all().iter().flat_map(Tree::splits) {
            gains[node.feature as usize] += f64::from(node.gain);
            counts[node.feature as usize] += 1.0;
        }
        let mut values: Vec<f64> = match by {
            Importance::Gain => gains,
            Importance::Splits => counts,
            Importance::MeanGain => {
                let mean = |(gain, count): (f64, f64)| if count > 0.0 { gain / count } else { 0.0 };
                gains.into_iter().zip(counts).map(mean).collect()
            }
        };
        let sum: f64 = values.iter().sum();
        if sum > 0.0 {
            values.iter_mut().for_each(|value| *value /= sum);
        }
        values
    }

    /// The mean loss of predictions: squared error, or the negative logarithm of the probability of
    /// the label.
    pub fn loss(&self, table: ArrayView2<f64>, labels: &[f64]) -> Result<f64> {
        check_labels(self.task, labels, table.nrows())?;
        let predicted = self.predict(table)?;
        let losses = predicted
            .rows()
            .into_iter()
            .zip(labels)
            .map(|(row, label)| match self.task {
                Task::Regression => (row[0] - label).powi(2),
                Task::Classes(2) => {
                    let p = if *label == 1.0 { row[0] } else { 1.0 - row[0] };
                    -p.max(1e-15).ln()
                }
                Task::Classes(_) => -row[*label as usize].max(1e-15).ln(),
            });
        Ok(losses.sum::<f64>() / labels.len() as f64)
    }

    /// How much the loss rises when a feature is permuted between rows, mean of `repeats`.
    pub fn permutation_importance(
        &self,
        table: ArrayView2<f64>,
        labels: &[f64],
        repeats: usize,
        seed: u64,
    ) -> Result<Vec<f64>> {
        let before = self.loss(table, labels)?;
        let one = |feature: usize| {
            let mut changed = table.to_owned();
            let mut sum = 0.0;
            for repeat in 0..repeats {
                interrupt::check()?;
                let mut rng = Rng::keyed(&[seed, feature as u64, repeat as u64]);
                for (row, from) in rng.permutation(table.nrows()).into_iter().enumerate() {
                    changed[[row, feature]] = table[[from as usize, feature]];
                }
                sum += self.loss(changed.view(), labels)? - before;
            }
            Ok(sum / repeats.max(1) as f64)
        };
        (0..self.features).map(one).collect()
    }

    /// Writes the model as JSON.
    pub fn save(&self, path: &Path) -> Result<()> {
        let saved = Saved {
            format: FORMAT.into(),
            model: self.clone(),
        };
        let text = serde_json::to_string(&saved).map_err(|e| fault!("internal", "{e}"))?;
        file::write_whole(path, text.as_bytes())
    }

    /// Reads a model that [`Model::save`] wrote.
    pub fn load(path: &Path) -> Result<Model> {
        file::regular(path)?;
        let text = file::read_text(path).map_err(|e| cistron_base::Fault::file(path, &e))?;
        let name = path.display();
        let saved: Saved = serde_json::from_str(&text).map_err(|e| {
            fault!("data", "`{name}` holds no model of trees: {e}";
                hint: "`model.save(path)` writes one")
        })?;
        if saved.format != FORMAT {
            bail!(
                "data",
                "`{name}` has the format `{}`, expected `{FORMAT}`",
                saved.format
            );
        }
        let model = saved.model;
        let (outputs, width) = match (&model.trees, model.task) {
            (Trees::Boosted { base, trees }, _) => {
                let is_whole = !base.is_empty() && trees.len().is_multiple_of(base.len());
                let wanted = model.outputs();
                (1, is_whole && base.len() == wanted)
            }
            (Trees::Forest { trees }, Task::Classes(classes)) => (classes, !trees.is_empty()),
            (Trees::Forest { trees }, Task::Regression) => (1, !trees.is_empty()),
        };
        let is_sound = width
            && (model.names.is_empty() || model.names.len() == model.features)
            && model
                .all()
                .iter()
                .all(|tree| tree.is_sound(model.features, outputs));
        if !is_sound {
            bail!(
                "data",
                "`{name}` holds a model whose trees are inconsistent"
            );
        }
        Ok(model)
    }
}

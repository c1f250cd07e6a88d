//! `trees::…`: boosted trees and random forests on tables of numbers.

use crate::bail;
use crate::base::Result;
use crate::bind::args::expression::{NumberRows, tensor_of_rows};
use crate::bind::args::path::output_path;
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::tensor::Numbers;
use crate::bind::types::TreeModel;
use crate::bind::warnings::warn;
use crate::lang::{Choice, Native, Options, native, natives_of, session};
use crate::network::trees::boosted::{self, BoostSettings};
use crate::network::trees::forest::{self as forests, ForestSettings};
use crate::network::trees::{Columns, GrowSettings, Importance, Model, Search, Task};
use crate::torch::Tensor;
use std::rc::Rc;

/// What is predicted.
#[derive(Choice)]
pub enum TaskName {
    /// A number.
    Regression,
    /// Probabilities of classes.
    Classification,
}

/// How splits are searched.
#[derive(Choice)]
pub enum SearchName {
    /// At every value.
    Exact,
    /// Between bins.
    Histogram,
}

/// Options of `trees::boosted`.
#[derive(Options)]
pub struct BoostedOptions {
    /// What is predicted: "regression" (squared error), or "classification" (log loss) of labels
    /// that are integers from 0.
    #[option(default = "regression")]
    task: TaskName,
    /// Number of rounds: trees, or of more than two classes trees for each class.
    #[option(default = 100, min = 1)]
    rounds: usize,
    /// Learning rate: share of a leaf's optimal value that is added.
    #[option(default = 0.3, above = 0)]
    lr: f64,
    /// Largest number of splits between root and leaf.
    #[option(default = 6, min = 0, max = 60)]
    depth: usize,
    /// L2 penalty of leaf values (XGBoost's lambda).
    #[option(default = 1, min = 0)]
    l2: f64,
    /// L1 penalty of leaf values (XGBoost's alpha).
    #[option(default = 0, min = 0)]
    l1: f64,
    /// Smallest gain of a split that is kept.
    #[option(default = 0, min = 0)]
    gamma: f64,
    /// Smallest sum of second derivatives of a child: of regression its number of rows.
    #[option(default = 1, min = 0)]
    min_child_weight: f64,
    /// Share of the rows that each tree is grown from.
    #[option(default = 1, above = 0, max = 1)]
    rows: f64,
    /// Share of the features that each tree is grown from.
    #[option(default = 1, above = 0, max = 1)]
    features: f64,
    /// Prediction before the first tree (of two classes a probability); the mean of the labels
    /// unless given.
    base: Option<f64>,
    /// Search of splits: "exact", at every value, or "histogram", between `bins` bins.
    #[option(default = "exact")]
    search: SearchName,
    /// Largest number of bins of a feature.
    #[option(default = 256, min = 2, max = 65_536)]
    bins: usize,
    /// Names of the features.
    names: Option<Vec<String>>,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `trees::forest`.
#[derive(Options)]
pub struct ForestOptions {
    /// What is predicted: "regression" (variance), or "classification" (Gini impurity) of labels
    /// that are integers from 0.
    #[option(default = "regression")]
    task: TaskName,
    /// Number of trees.
    #[option(default = 500, min = 1)]
    trees: usize,
    /// Number of features that are compared at each node; the root of their number unless given.
    features: Option<usize>,
    /// Largest number of splits between root and leaf; as many as there can be unless given.
    depth: Option<usize>,
    /// Smallest number of rows of a leaf.
    #[option(default = 1, min = 1)]
    min_leaf: usize,
    /// Whether each tree is grown from rows drawn with replacement.
    #[option(default = true)]
    bootstrap: bool,
    /// Names of the features.
    names: Option<Vec<String>>,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Labels as numbers, and what is predicted.
fn labelled(name: &TaskName, labels: &Numbers) -> Result<(Vec<f64>, Task)> {
    let values = labels.0.to_f64()?;
    let task = match name {
        TaskName::Regression => Task::Regression,
        TaskName::Classification => Task::classes_of(&values),
    };
    if let (Some(class), Task::Classes(classes)) = (task.without_rows(&values).first(), task) {
        warn(&format!(
            "no row has class {class}: classes count from 0 to {}, and each has a probability",
            classes - 1
        ));
    }
    Ok((values, task))
}

fn named(mut model: Model, names: Option<Vec<String>>) -> Result<TreeModel> {
    if let Some(names) = names {
        if names.len() != model.features {
            bail!(
                "option",
                "there are {} features and {} names",
                model.features,
                names.len()
            );
        }
        model.names = names;
    }
    Ok(TreeModel(Rc::new(model)))
}

/// Trains boosted trees on rows of numbers, with XGBoost's splits, gains and predictions.
///
/// Features are rounded to 32 bits. NaN is a missing value: each split learns the side of rows
/// without the feature. Splits are searched at every value (XGBoost's `tree_method="exact"`) on all
/// threads.
///
/// # Source
/// Chen & Guestrin 2016
///
/// ```rhai
/// let x = [[0.0], [1.0], [2.0], [3.0]];
/// let model = trees::boosted(x, [0.0, 0.0, 1.0, 1.0], #{ rounds: 50 });
/// assert_near(model.predict(x), [0.0, 0.0, 1.0, 1.0], 0.01);
/// assert_eq(model.importance(), [1.0]);
/// ```
/// ```rhai,fails
/// trees::boosted([[0.0], [1.0]], [0.0, 2.5], #{ task: "classification" });
/// //~ labels of 3 classes are integers from 0 to 2, row 1 has 2.5
/// ```
#[native(namespace = "trees", dry = boosted_dry)]
pub fn boosted(
    /// Features [rows, features].
    x: NumberRows,
    /// Label of each row: number, or class from 0.
    y: &Numbers,
    options: BoostedOptions,
) -> Result<TreeModel> {
    let (labels, task) = labelled(&options.task, y)?;
    let settings = BoostSettings {
        rounds: options.rounds,
        growth: GrowSettings {
            depth: options.depth,
            rate: options.lr,
            l2: options.l2,
            l1: options.l1,
            gamma: options.gamma,
            min_child_weight: options.min_child_weight,
            search: match options.search {
                SearchName::Exact => Search::Exact,
                SearchName::Histogram => Search::Histogram(options.bins),
            },
        },
        rows: options.rows,
        features: options.features,
        base: options.base,
        seed: options.seed.seed(),
    };
    let model = boosted::fit(&Columns::new(x.0.view())?, &labels, task, &settings)?;
    named(model, options.names)
}

fn boosted_dry(x: NumberRows, y: &Numbers, options: BoostedOptions) -> Result<TreeModel> {
    boosted(
        x,
        y,
        BoostedOptions {
            rounds: 1,
            ..options
        },
    )
}

/// Trains a random forest on rows of numbers, by the rules of scikit-learn.
///
/// Trees grow until leaves are pure, on all threads.
///
/// # Source
/// Breiman 2001
///
/// ```rhai
/// let x = [[0.0, 5.0], [1.0, 3.0], [2.0, 4.0], [3.0, 1.0]];
/// let model = trees::forest(x, [0, 0, 1, 1], #{ task: "classification", trees: 50, seed: 1 });
/// assert_eq(model.predict(x).shape, [4]);
/// ```
#[native(namespace = "trees", dry = forest_dry)]
pub fn forest(
    /// Features [rows, features], without missing values.
    x: NumberRows,
    /// Label of each row: number, or class from 0.
    y: &Numbers,
    options: ForestOptions,
) -> Result<TreeModel> {
    let (labels, task) = labelled(&options.task, y)?;
    let features = x.0.ncols();
    let settings = ForestSettings {
        trees: options.trees,
        features: options
            .features
            .unwrap_or(features.isqrt())
            .clamp(1, features.max(1)),
        depth: options.depth.unwrap_or(usize::MAX),
        min_leaf: options.min_leaf,
        bootstrap: options.bootstrap,
        seed: options.seed.seed(),
    };
    let model = forests::fit(&Columns::new(x.0.view())?, &labels, task, &settings)?;
    named(model, options.names)
}

fn forest_dry(x: NumberRows, y: &Numbers, options: ForestOptions) -> Result<TreeModel> {
    forest(
        x,
        y,
        ForestOptions {
            trees: 1,
            ..options
        },
    )
}

/// Reads a model that `model.save` wrote.
///
/// ```rhai
/// trees::boosted([[0.0], [1.0]], [0.0, 1.0]).save("/tmp/cistron_example_trees.json");
/// assert_eq(trees::load("/tmp/cistron_example_trees.json").features, 1);
/// ```
#[native(namespace = "trees", stand_in = load_stand_in)]
pub fn load(
    /// Path of the file.
    path: &str,
) -> Result<TreeModel> {
    Model::load(&session::find_input(path)?).map(|model| TreeModel(Rc::new(model)))
}

fn load_stand_in(_: &str) -> Result<TreeModel> {
    let table = ndarray::Array2::zeros((2, 1));
    let settings = BoostSettings {
        rounds: 1,
        ..BoostSettings::default()
    };
    let columns = Columns::new(table.view())?;
    let model = boosted::fit(&columns, &[0.0, 1.0], Task::Regression, &settings)?;
    Ok(TreeModel(Rc::new(model)))
}

/// Returns predictions for rows: numbers, the probability of class 1 of two, or of each class.
///
/// ```rhai
/// let x = [[0.0], [1.0], [2.0]];
/// let model = trees::boosted(x, [0, 1, 2], #{ task: "classification", min_child_weight: 0.1 });
/// assert_eq(model.predict(x).shape, [3, 3]);
/// assert_near(model.predict(x).sum(1), [1.0, 1.0, 1.0]);
/// ```
#[native(
    namespace = "trees",
    form = method,
    returns = "tensor [rows], or [rows, classes] of more than two"
)]
pub fn predict(
    this: &TreeModel,
    /// Features [rows, features].
    x: NumberRows,
) -> Result<Tensor> {
    let predicted = this.0.predict(x.0.view())?;
    if predicted.ncols() != 1 {
        return tensor_of_rows(predicted.view());
    }
    let values: Vec<f64> = predicted.iter().copied().collect();
    Tensor::from_f64(&values, &[values.len() as i64])
}

/// What importance is measured by.
#[derive(Choice)]
pub enum ImportanceName {
    /// Sum of gains.
    Gain,
    /// Mean gain of a split.
    MeanGain,
    /// Number of splits.
    Splits,
}

/// Returns the importance of each feature; they sum to 1, or are all 0 without a split.
///
/// By "gain", the share of all gains (of XGBoost in R the column Gain, in Python `total_gain` over
/// its sum; of forests scikit-learn's `feature_importances_`); by "mean_gain", the mean gain of a
/// split over the sum of these means (`feature_importances_` of XGBoost in Python); by "splits",
/// the share of the splits.
///
/// ```rhai
/// let x = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]];
/// let model = trees::boosted(x, [0.0, 0.0, 1.0, 1.0]);
/// assert_eq(model.importance()[1], 0.0);
/// assert_eq(model.importance("splits"), [1.0, 0.0]);
/// ```
#[native(namespace = "trees", form = method, returns = "array of numbers, one for each feature")]
pub fn importance(
    this: &TreeModel,
    /// Measure: "gain", "mean_gain" or "splits".
    by: Option<ImportanceName>,
) -> Vec<f64> {
    this.0.importance(match by {
        None | Some(ImportanceName::Gain) => Importance::Gain,
        Some(ImportanceName::MeanGain) => Importance::MeanGain,
        Some(ImportanceName::Splits) => Importance::Splits,
    })
}

/// Options of `model.permutation_importance`.
#[derive(Options)]
pub struct PermutationOptions {
    /// Number of permutations of each feature, whose mean is returned.
    #[option(default = 5, min = 1)]
    repeats: usize,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Returns how much the loss rises when a feature is permuted between rows.
///
/// The loss is the squared error, or the log loss.
///
/// ```rhai
/// let x = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]];
/// let model = trees::boosted(x, [0.0, 0.0, 1.0, 1.0]);
/// let rises = model.permutation_importance(x, [0.0, 0.0, 1.0, 1.0], #{ seed: 1, repeats: 20 });
/// assert(rises[0] > 0.1 && rises[1] == 0.0);
/// ```
#[native(namespace = "trees", form = method, returns = "array of numbers, one for each feature")]
pub fn permutation_importance(
    this: &TreeModel,
    /// Features [rows, features], best of rows that were not trained on.
    x: NumberRows,
    /// Label of each row.
    y: &Numbers,
    options: PermutationOptions,
) -> Result<Vec<f64>> {
    let labels = y.0.to_f64()?;
    let seed = options.seed.seed();
    this.0
        .permutation_importance(x.0.view(), &labels, options.repeats, seed)
}

/// The number of features of a row.
///
/// ```rhai
/// assert_eq(trees::boosted([[0.0], [1.0]], [0.0, 1.0]).features, 1);
/// ```
#[native(namespace = "trees", form = property)]
pub fn features(this: &TreeModel) -> i64 {
    this.0.features as i64
}

/// The names of the features, empty where none were passed.
///
/// ```rhai
/// assert_eq(trees::boosted([[0.0], [1.0]], [0.0, 1.0], #{ names: ["age"] }).names, ["age"]);
/// ```
#[native(namespace = "trees", form = property)]
pub fn names(this: &TreeModel) -> Vec<String> {
    this.0.names.clone()
}

/// Writes the model as JSON.
///
/// ```rhai
/// trees::forest([[0.0], [1.0]], [0.0, 1.0], #{ trees: 3 }).save("/tmp/cistron_forest.json");
/// ```
#[native(namespace = "trees", form = method)]
pub fn save(
    this: &TreeModel,
    /// Path of the file, relative to the folder of the run unless it is absolute.
    path: &str,
) -> Result<()> {
    this.0.save(&output_path(path)?)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        boosted,
        forest,
        load,
        predict,
        importance,
        permutation_importance,
        features,
        names,
        save,
    ]
}

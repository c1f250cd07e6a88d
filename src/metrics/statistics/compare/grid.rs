//! Runs ordered by model and set, checked.

use super::super::mean;
use super::types::{CompareSettings, Outcome, Run};
use crate::Pairs;
use cistron_base::{Result, Values, bail};

/// The trainings of a model for a set.
#[derive(Default)]
pub struct Trained<'a> {
    /// Name of the seed of each.
    pub seeds: Vec<String>,
    /// Value of the metric of each.
    pub values: Vec<f64>,
    /// Scores of each for rows whose label is defined, where all have them.
    pub scores: Vec<Vec<f64>>,
    labels: Option<&'a [f64]>,
}

/// All trainings.
pub struct Grid<'a> {
    /// Names of the models.
    pub models: Vec<String>,
    /// Names of the sets.
    pub sets: Vec<String>,
    /// Trainings by set, then by model; empty where there is none.
    pub cells: Vec<Vec<Trained<'a>>>,
    /// Labels of the rows of each set, without undefined ones; none where a training of the set
    /// has a value alone.
    pub labels: Vec<Option<Vec<f64>>>,
    /// Pairs of models that are compared, by their numbers.
    pub pairs: Vec<(usize, usize)>,
}

impl Trained<'_> {
    /// The mean of the metric over trainings; none without a training.
    pub fn mean(&self) -> Option<f64> {
        (!self.values.is_empty()).then(|| mean(&self.values))
    }
}

/// The number of a name, which is added where it is new.
fn number(names: &mut Vec<String>, name: &str) -> usize {
    if let Some(at) = names.iter().position(|known| known == name) {
        return at;
    }
    names.push(name.into());
    names.len() - 1
}

/// The metric of scores, with the name of the run in errors.
fn measured(run: &Run, scores: &[f64], labels: &[f64], settings: &CompareSettings) -> Result<f64> {
    let pairs = Pairs::new(Values::Double(scores), Values::Double(labels), 1);
    let value = if scores.len() == labels.len() {
        settings.metric.of(&pairs)
    } else {
        let (n, m) = (scores.len(), labels.len());
        Err(cistron_base::fault!("shape", "{n} scores for {m} labels"))
    };
    value.map_err(|fault| fault.context(format!("{} on {}", run.model, run.set)))
}

impl<'a> Grid<'a> {
    /// Orders and checks runs; what is left out is noted.
    pub fn of(
        runs: &'a [Run],
        settings: &CompareSettings,
        notes: &mut Vec<String>,
    ) -> Result<Grid<'a>> {
        if runs.is_empty() {
            bail!("value", "there are no runs to compare");
        }
        let (mut models, mut sets) = (Vec::new(), Vec::new());
        let at: Vec<(usize, usize)> = runs
            .iter()
            .map(|run| (number(&mut sets, &run.set), number(&mut models, &run.model)))
            .collect();
        if models.len() < 2 {
            bail!("value", "a comparison needs at least two models, got only `{}`", models[0];
                hint: "`model` names the model of each run");
        }
        let mut cells: Vec<Vec<Trained>> = sets
            .iter()
            .map(|_| models.iter().map(|_| Trained::default()).collect())
            .collect();
        let mut unnamed = false;
        for (run, (set, model)) in runs.iter().zip(at) {
            unnamed |= cells[set][model].add(run, settings, notes)? && !cells[set][model].is_one();
        }
        if unnamed {
            notes.push("runs without a seed were numbered in their order".into());
        }
        let pairs = pairs(&models, settings)?;
        let mut grid = Grid {
            labels: sets.iter().map(|_| None).collect(),
            models,
            sets,
            cells,
            pairs,
        };
        for set in 0..grid.sets.len() {
            grid.labels[set] = grid.shared_labels(set, notes)?;
        }
        grid.note_gaps(notes);
        Ok(grid)
    }

    /// The labels of a set, the same for all models; rows without a label are left out.
    fn shared_labels(&mut self, set: usize, notes: &mut Vec<String>) -> Result<Option<Vec<f64>>> {
        let name = &self.sets[set];
        let trained = |own: &&Trained| !own.values.is_empty();
        let cells = &mut self.cells[set];
        let with_rows = cells.iter().filter(trained).all(|own| own.labels.is_some());
        let Some(first) = cells.iter().position(|own| own.labels.is_some()) else {
            return Ok(None);
        };
        if !with_rows {
            notes.push(format!(
                "{name}: some runs have values without scores, so that all are compared by their \
                values"
            ));
            return Ok(None);
        }
        let labels = cells[first].labels.unwrap_or_default();
        for (model, other) in self.models.iter().zip(&*cells) {
            check_labels(name, labels, &self.models[first], other.labels, model)?;
        }
        let undefined = labels.iter().filter(|label| label.is_nan()).count();
        if undefined > 0 {
            let n = labels.len();
            notes.push(format!(
                "{name}: {undefined} of {n} rows have no label and are left out"
            ));
        }
        let defined = |values: &[f64]| {
            let rows = values.iter().zip(labels);
            let known = rows.filter(|(_, label)| !label.is_nan());
            known.map(|(value, _)| *value).collect::<Vec<f64>>()
        };
        for scores in cells.iter_mut().flat_map(|own| &mut own.scores) {
            *scores = defined(scores);
        }
        Ok(Some(defined(labels)))
    }

    /// Notes cells without a training, and numbers of trainings that differ.
    fn note_gaps(&self, notes: &mut Vec<String>) {
        for (set, cells) in self.sets.iter().zip(&self.cells) {
            let with = |is_there: bool| {
                let own = self.models.iter().zip(cells);
                let named = own.filter(move |(_, own)| own.values.is_empty() != is_there);
                named.map(|(model, own)| (model.as_str(), own.values.len()))
            };
            let missing: Vec<&str> = with(false).map(|(model, _)| model).collect();
            if !missing.is_empty() {
                notes.push(format!("{set}: no value of {}", missing.join(", ")));
            }
            let counts: Vec<usize> = with(true).map(|(_, n)| n).collect();
            if counts.iter().any(|n| *n != counts[0]) {
                let text: Vec<String> = with(true)
                    .map(|(model, n)| format!("{model} {n}"))
                    .collect();
                notes.push(format!(
                    "{set}: numbers of seeds differ ({}); means are over all seeds of a model",
                    text.join(", ")
                ));
            }
        }
    }
}

/// Fails where the labels of two models differ.
fn check_labels(
    set: &str,
    labels: &[f64],
    model: &str,
    others: Option<&[f64]>,
    other: &str,
) -> Result<()> {
    let Some(others) = others else {
        return Ok(());
    };
    if labels.len() != others.len() {
        let (n, m) = (labels.len(), others.len());
        bail!("shape", "`{set}` has {n} rows of `{model}` and {m} of `{other}`";
            hint: "models are compared on the same rows in the same order");
    }
    let differ = |(a, b): (&f64, &f64)| a != b && !(a.is_nan() && b.is_nan());
    if let Some(row) = labels.iter().zip(others).position(differ) {
        bail!("value", "labels of `{set}` differ at row {row}: {} of `{model}`, {} of `{other}`",
            labels[row], others[row];
            hint: "models are compared on the same rows in the same order");
    }
    Ok(())
}

/// The pairs that are compared: each model before those after it, or each with one.
fn pairs(models: &[String], settings: &CompareSettings) -> Result<Vec<(usize, usize)>> {
    let n = models.len();
    let Some(base) = &settings.against else {
        let after = |first: usize| (first + 1..n).map(move |second| (first, second));
        return Ok((0..n).flat_map(after).collect());
    };
    let Some(base) = models.iter().position(|name| name == base) else {
        bail!(
            "option",
            "option `against`: no model is called `{base}`; the models are {}",
            models.join(", ")
        );
    };
    Ok((0..n).filter(|i| *i != base).map(|i| (i, base)).collect())
}

impl<'a> Trained<'a> {
    fn is_one(&self) -> bool {
        self.values.len() < 2
    }

    /// Adds a training, and returns whether its seed has no name.
    fn add(
        &mut self,
        run: &'a Run,
        settings: &CompareSettings,
        notes: &mut Vec<String>,
    ) -> Result<bool> {
        let name = || format!("{} on {}", run.model, run.set);
        let seed = match &run.seed {
            Some(seed) if self.seeds.contains(seed) => {
                bail!("value", "two runs of {} have the seed {seed}", name();
                    hint: "`seed` distinguishes repeated trainings of a model for a set")
            }
            Some(seed) => seed.clone(),
            None => format!("#{}", self.seeds.len() + 1),
        };
        let value = match &run.outcome {
            Outcome::Value(value) => *value,
            Outcome::Rows { scores, labels } => measured(run, scores, labels, settings)?,
        };
        if !value.is_finite() {
            notes.push(format!(
                "{}: {} is {value} for seed {seed}, and is left out",
                name(),
                settings.metric.name
            ));
            return Ok(false);
        }
        match &run.outcome {
            Outcome::Rows { scores, labels } if self.scores.len() == self.values.len() => {
                if let Some(first) = self.labels {
                    check_labels(&run.set, first, &run.model, Some(labels), &run.model)?;
                }
                self.labels = Some(labels);
                self.scores.push(scores.clone());
            }
            _ => {
                self.labels = None;
                self.scores.clear();
            }
        }
        self.seeds.push(seed);
        self.values.push(value);
        Ok(run.seed.is_none())
    }
}

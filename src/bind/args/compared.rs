//! Runs that are compared: maps, tables, values by model and set, recorded runs.

use crate::base::Result;
use crate::base::table::Cell;
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::Tabled;
use crate::lang::value::number;
use crate::lang::{FromValue, session, show};
use crate::metrics::statistics::compare::{Outcome, Run};
use crate::track::stored;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};

/// The set of runs that name none.
const ONE_SET: &str = "test";

/// Names of the keys of rows, of columns, or of parameters and results of recorded runs.
#[derive(Clone, Debug)]
pub struct Keys {
    model: String,
    set: String,
    seed: String,
    value: Option<String>,
}

impl Default for Keys {
    fn default() -> Keys {
        Keys {
            model: "model".into(),
            set: "set".into(),
            seed: "seed".into(),
            value: None,
        }
    }
}

impl FromValue for Keys {
    fn kind() -> String {
        "map of strings with some of model, set, seed and value".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let map = Map::from_value(value, context)?;
        let mut keys = Keys::default();
        for (name, mut value) in map {
            let text = String::from_value(&mut value, context).map_err(|f| f.context(&name))?;
            match name.as_str() {
                "model" => keys.model = text,
                "set" => keys.set = text,
                "seed" => keys.seed = text,
                "value" => keys.value = Some(text),
                other => bail!(
                    "option",
                    "must have only the keys model, set, seed and value, \
                    got `{other}`"
                ),
            }
        }
        Ok(keys)
    }
}

/// Runs, and what was left out of what the script gave.
pub struct Compared {
    /// The runs.
    pub runs: Vec<Run>,
    /// What was left out.
    pub notes: Vec<String>,
}

/// Reads runs.
struct Reader<'a> {
    keys: &'a Keys,
    /// Names that the value may have.
    values: Vec<String>,
    runs: Vec<Run>,
    notes: Vec<String>,
    ignored: Vec<String>,
}

/// The runs of a value of a script; `metric` is what the value may be called instead of `value`.
pub fn read(value: &Dynamic, keys: &Keys, metric: &str) -> Result<Compared> {
    let mut reader = Reader {
        keys,
        values: match &keys.value {
            Some(name) => vec![name.clone()],
            None => vec!["value".into(), metric.into()],
        },
        runs: Vec::new(),
        notes: Vec::new(),
        ignored: Vec::new(),
    };
    reader.read(value)?;
    if !reader.ignored.is_empty() {
        let names = reader.ignored.join(", ");
        reader
            .notes
            .push(format!("keys that were not used: {names}"));
    }
    Ok(Compared {
        runs: reader.runs,
        notes: reader.notes,
    })
}

impl Reader<'_> {
    fn read(&mut self, value: &Dynamic) -> Result<()> {
        if let Some(table) = value.read_lock::<Tabled>() {
            return (0..table.0.len()).try_for_each(|row| self.table_row(&table, row));
        }
        if let Some(map) = value.read_lock::<Map>() {
            return map
                .iter()
                .try_for_each(|(model, own)| self.model(model, own));
        }
        if value.is_string() {
            return self.recorded(&value.to_string());
        }
        let Some(items) = value.read_lock::<Array>() else {
            bail!(
                "type",
                "`runs` must be an array of maps, a table, a map of values by model, or names of \
                recorded runs, got {}",
                session::describe(value)
            );
        };
        let mut items = items.iter().enumerate();
        items.try_for_each(|(i, item)| self.item(i, item))
    }

    fn item(&mut self, i: usize, item: &Dynamic) -> Result<()> {
        if item.is_string() {
            return self.recorded(&item.to_string());
        }
        let map = item.read_lock::<Map>().map(|map| map.clone());
        let map = map.ok_or_else(|| {
            let got = session::describe(item);
            fault!(
                "type",
                "item {i} of `runs` must be a map or the name of a run, got {got}"
            )
        })?;
        self.row(&format!("item {i} of `runs`"), &map, None)
    }

    fn table_row(&mut self, table: &Tabled, row: usize) -> Result<()> {
        let cell = |(name, cell): (&str, Cell)| {
            let value: Dynamic = match cell {
                Cell::Text(text) => text.into(),
                Cell::Whole(n) => n.into(),
                Cell::Number(x) => x.into(),
            };
            (name.into(), value)
        };
        let map: Map = table.0.row(row).map(cell).collect();
        self.row(&format!("row {row} of the table"), &map, None)
    }

    /// A run as a map; `stored` is what a recorded run states of all its rows.
    fn row(&mut self, place: &str, map: &Map, stored: Option<&stored::Stored>) -> Result<()> {
        let of = |name: &str| map.get(name).filter(|value| !value.is_unit());
        let keys = self.keys;
        let model = of(&keys.model).map(show::line);
        let model = model.or_else(|| stored.map(|own| own.model.clone()));
        let Some(model) = model else {
            let names: Vec<&str> = map.keys().map(rhai::Identifier::as_str).collect();
            bail!("value", "{place} has no `{}`; its keys are {}", keys.model, names.join(", ");
                hint: "keys: #{{ model: \"…\" }} names the key that holds the model")
        };
        let set = of(&keys.set).map(show::line);
        let set = set.or_else(|| stored.and_then(|own| own.set.clone()));
        let seed = of(&keys.seed).map(show::line);
        let seed = seed.or_else(|| stored.map(|own| own.seed.clone()));
        let value = self.values.iter().find_map(|name| map.get(name.as_str()));
        let outcome = outcome(place, map.get("scores"), map.get("labels"), value);
        let outcome =
            outcome.map_err(|fault| match fault.hint.is_none() && keys.value.is_none() {
                true => fault.hint("keys: #{ value: \"…\" } names the key that holds the value"),
                false => fault,
            })?;
        let known = [&keys.model, &keys.set, &keys.seed].map(String::as_str);
        for name in map.keys().map(rhai::Identifier::as_str) {
            let is_known = known.contains(&name)
                || ["scores", "labels"].contains(&name)
                || self.values.iter().any(|value| value == name);
            if !is_known && !self.ignored.iter().any(|other| other == name) {
                self.ignored.push(name.into());
            }
        }
        self.runs.push(Run {
            model,
            set: set.unwrap_or_else(|| ONE_SET.into()),
            seed,
            outcome,
        });
        Ok(())
    }

    /// The values of a model: of sets by name, or of one set.
    fn model(&mut self, model: &str, value: &Dynamic) -> Result<()> {
        let Some(map) = value.read_lock::<Map>().map(|map| map.clone()) else {
            return self.cell(model, ONE_SET, value);
        };
        if is_scored(&map) {
            return self.cell(model, ONE_SET, value);
        }
        let mut sets = map.iter();
        sets.try_for_each(|(set, value)| self.cell(model, set, value))
    }

    /// The trainings of a model for a set: one, or an array of them.
    fn cell(&mut self, model: &str, set: &str, value: &Dynamic) -> Result<()> {
        let Some(items) = value.read_lock::<Array>().map(|items| items.clone()) else {
            return self.training(model, set, None, value);
        };
        let mut items = items.iter().enumerate();
        items.try_for_each(|(i, item)| self.training(model, set, Some((i + 1).to_string()), item))
    }

    fn training(
        &mut self,
        model: &str,
        set: &str,
        seed: Option<String>,
        value: &Dynamic,
    ) -> Result<()> {
        let place = format!("{model} on {set}");
        let map = value.read_lock::<Map>().map(|map| map.clone());
        let outcome = match map {
            Some(map) if is_scored(&map) && map.len() == 2 => {
                outcome(&place, map.get("scores"), map.get("labels"), None)?
            }
            Some(_) => bail!(
                "value",
                "{place}: must be a number, #{{ scores, labels }}, or an \
                array of them, got {}",
                session::describe(value)
            ),
            None => outcome(&place, None, None, Some(value))?,
        };
        self.runs.push(Run {
            model: model.into(),
            set: set.into(),
            seed,
            outcome,
        });
        Ok(())
    }

    /// The runs of a folder or of a name.
    fn recorded(&mut self, name: &str) -> Result<()> {
        let found = stored::find(&session::find_input(name)?, name)?;
        let (keys, values) = (self.keys, self.values.clone());
        let names = stored::Names {
            model: &keys.model,
            set: &keys.set,
            seed: &keys.seed,
            values: &values,
        };
        for record in found {
            let results = record.folder.join("results.json");
            session::find_input(&results.display().to_string())?;
            let stored = stored::read(&record, &names)?;
            self.stored(&stored)?;
        }
        Ok(())
    }

    fn stored(&mut self, stored: &stored::Stored) -> Result<()> {
        let name = &stored.name;
        if !stored.is_done {
            self.notes.push(format!("run {name} is not done"));
        }
        let Some(value) = &stored.value else {
            let known = match stored.results.is_empty() {
                true => "it has no results that are numbers".to_string(),
                false => format!("its results are {}", stored.results.join(", ")),
            };
            let wanted = self.values.join("` or `");
            if stored.is_done {
                bail!("value", "run `{name}` has no result `{wanted}`; {known}";
                    hint: "keys: #{{ value: \"test.auroc\" }} names the result that is compared");
            }
            self.notes.push(format!(
                "run {name} has no result `{wanted}`, and is left out"
            ));
            return Ok(());
        };
        let value = rhai::serde::to_dynamic(value)
            .map_err(|error| fault!("value", "run `{name}`: {error}"))?;
        let Some(rows) = value.read_lock::<Array>().map(|rows| rows.clone()) else {
            let map = Map::from([("value".into(), value)]);
            return self.stored_row(name, &map, stored);
        };
        rows.iter().try_for_each(|row| {
            let map = row.read_lock::<Map>().map(|map| map.clone());
            let map = map.ok_or_else(|| {
                fault!(
                    "value",
                    "run `{name}`: rows must be maps, got {}",
                    session::describe(row)
                )
            })?;
            self.stored_row(name, &map, stored)
        })
    }

    /// A row of a recorded run, whose value is called `value` or as the metric.
    fn stored_row(&mut self, name: &str, map: &Map, stored: &stored::Stored) -> Result<()> {
        let values = self.values.clone();
        self.values.insert(0, "value".into());
        let outcome = self.row(&format!("run `{name}`"), map, Some(stored));
        self.values = values;
        outcome
    }
}

fn is_scored(map: &Map) -> bool {
    map.contains_key("scores") && map.contains_key("labels")
}

/// The numbers of a column: [rows] or [rows, 1].
fn numbers(place: &str, name: &str, value: &Dynamic) -> Result<Vec<f64>> {
    let tensor = tensor_of(value).map_err(|fault| fault.context(format!("{place}: `{name}`")))?;
    let shape = tensor.shape();
    if shape.iter().skip(1).any(|n| *n != 1) {
        bail!("shape", "{place}: `{name}` must be [rows], got {}",
            crate::base::shape::text(&shape);
            hint: "one label at a time: `p.select(1, 0)` is the first column of `p`");
    }
    tensor.to_f64()
}

/// What a run reached; NaN where its value is `()`.
fn outcome(
    place: &str,
    scores: Option<&Dynamic>,
    labels: Option<&Dynamic>,
    value: Option<&Dynamic>,
) -> Result<Outcome> {
    match (scores, labels, value) {
        (Some(_), Some(_), Some(_)) => {
            bail!("value", "{place} has both a value, and scores and labels")
        }
        (Some(scores), Some(labels), None) => Ok(Outcome::Rows {
            scores: numbers(place, "scores", scores)?,
            labels: numbers(place, "labels", labels)?,
        }),
        (Some(_), None, _) => bail!("value", "{place} has scores without labels"),
        (None, Some(_), _) => bail!("value", "{place} has labels without scores"),
        (None, None, Some(value)) if value.is_unit() => Ok(Outcome::Value(f64::NAN)),
        (None, None, Some(value)) => number(value).map(Outcome::Value).ok_or_else(|| {
            let got = session::describe(value);
            fault!("type", "{place}: the value must be a number, got {got}")
        }),
        (None, None, None) => {
            bail!(
                "value",
                "{place} has neither a value, nor scores and labels"
            )
        }
    }
}

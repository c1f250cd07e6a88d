//! Comparisons of models as maps of tables.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::numbers::number_map;
use crate::bind::printing::comparison;
use crate::bind::types::Tabled;
use crate::lang::IntoValue;
use crate::lang::value::array;
use crate::metrics::statistics::compare::{CompareSettings, Comparison, Ranked};
use rhai::{Dynamic, Map};
use std::rc::Rc;

/// A column of a table of rows.
fn text<T>(rows: &[T], of: impl Fn(&T) -> &str) -> Cells {
    Cells::Text(rows.iter().map(|row| of(row).to_string()).collect())
}

fn float<T>(rows: &[T], of: impl Fn(&T) -> f64) -> Cells {
    Cells::Number(rows.iter().map(of).collect())
}

fn whole<T>(rows: &[T], of: impl Fn(&T) -> usize) -> Cells {
    Cells::Whole(rows.iter().map(|row| of(row) as i64).collect())
}

/// A table of named columns as a value.
fn table<const N: usize>(columns: [(&str, Cells); N]) -> Result<Dynamic> {
    let named = columns.map(|(name, cells)| (name.to_string(), cells));
    Tabled::of(named.to_vec()).map(IntoValue::into_value)
}

fn scores_table(found: &Comparison) -> Result<Dynamic> {
    let rows = &found.cells;
    table([
        ("set", text(rows, |own| &own.set)),
        ("model", text(rows, |own| &own.model)),
        ("seeds", whole(rows, |own| own.seeds)),
        ("value", float(rows, |own| own.value)),
        ("sd", float(rows, |own| own.sd)),
        ("low", float(rows, |own| own.interval.0)),
        ("high", float(rows, |own| own.interval.1)),
    ])
}

fn differences_table(found: &Comparison) -> Result<Dynamic> {
    let rows = &found.differences;
    table([
        ("set", text(rows, |own| &own.set)),
        ("first", text(rows, |own| &own.first)),
        ("second", text(rows, |own| &own.second)),
        ("difference", float(rows, |own| own.difference)),
        ("low", float(rows, |own| own.interval.0)),
        ("high", float(rows, |own| own.interval.1)),
        ("p_value", float(rows, |own| own.p_value)),
        ("adjusted", float(rows, |own| own.adjusted)),
        ("seed_sd", float(rows, |own| own.seed_sd)),
        ("test", text(rows, |own| own.test.name())),
    ])
}

fn pairs_table(found: &Comparison) -> Result<Dynamic> {
    let rows = &found.pairs;
    table([
        ("first", text(rows, |own| &own.first)),
        ("second", text(rows, |own| &own.second)),
        ("sets", whole(rows, |own| own.sets)),
        ("wins", whole(rows, |own| own.wins)),
        ("ties", whole(rows, |own| own.ties)),
        ("losses", whole(rows, |own| own.losses)),
        ("difference", float(rows, |own| own.difference)),
        ("statistic", float(rows, |own| own.statistic)),
        ("p_value", float(rows, |own| own.p_value)),
        ("adjusted", float(rows, |own| own.adjusted)),
    ])
}

/// The ranks as a table, and Friedman's test with the critical difference.
fn ranks(found: &Comparison, ranked: &Ranked) -> Result<(Dynamic, Dynamic)> {
    let own = &ranked.friedman;
    let columns = vec![
        ("model".to_string(), text(&found.models, |name| name)),
        ("rank".into(), Cells::Number(own.ranks.clone())),
        ("mean".into(), Cells::Number(ranked.means.clone())),
        ("sets".into(), whole(&found.models, |_| ranked.sets)),
    ];
    let table = Tabled::of(columns)?.0.sorted("rank", false)?;
    let mut test = number_map([
        ("statistic", own.statistic),
        ("p_value", own.p_value),
        ("df", own.df),
        ("critical", ranked.critical),
    ]);
    test.insert("sets".into(), (ranked.sets as i64).into());
    let names = |clique: &Vec<usize>| -> Dynamic {
        array(clique.iter().map(|model| found.models[*model].clone())).into()
    };
    let groups: rhai::Array = ranked.cliques.iter().map(names).collect();
    test.insert("groups".into(), groups.into());
    Ok((Tabled(Rc::new(table)).into_value(), test.into()))
}

/// A comparison as a map of tables.
pub fn comparison_map(found: &Comparison, settings: &CompareSettings) -> Result<Map> {
    let (ranks, friedman) = match &found.ranked {
        Some(ranked) => ranks(found, ranked)?,
        None => (Dynamic::UNIT, Dynamic::UNIT),
    };
    let forest = comparison::forest(found, settings);
    let diagram = comparison::diagram(found);
    Ok(Map::from([
        ("kind".into(), "comparison".into()),
        ("metric".into(), settings.metric.name.clone().into()),
        ("models".into(), array(found.models.clone()).into()),
        ("sets".into(), array(found.sets.clone()).into()),
        ("scores".into(), scores_table(found)?),
        ("differences".into(), differences_table(found)?),
        ("pairs".into(), pairs_table(found)?),
        ("ranks".into(), ranks),
        ("friedman".into(), friedman),
        ("verdict".into(), found.verdict.clone().into()),
        ("notes".into(), array(found.notes.clone()).into()),
        ("plot".into(), forest.into_value()),
        (
            "diagram".into(),
            diagram.map_or(Dynamic::UNIT, IntoValue::into_value),
        ),
    ]))
}

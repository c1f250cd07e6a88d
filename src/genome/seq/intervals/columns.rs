//! Several rows' values of a column made into one: sums, means, lists.

use super::{Field, Intervals};
use cistron_base::Result;
use cistron_base::fault;
use std::collections::BTreeMap;

/// An operation on the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operation {
    Sum,
    Mean,
    Median,
    Min,
    Max,
    AbsMin,
    AbsMax,
    /// Standard deviation of a population.
    Stdev,
    /// Standard deviation of a sample.
    SampleStdev,
    /// The most frequent value.
    Mode,
    /// The least frequent value.
    Antimode,
    Count,
    CountDistinct,
    Distinct,
    /// Values that occur once.
    DistinctOnly,
    Collapse,
    First,
    Last,
}

impl Operation {
    /// Names that scripts use: those of bedtools.
    pub const NAMES: &'static [(&'static str, Operation)] = &[
        ("sum", Operation::Sum),
        ("mean", Operation::Mean),
        ("median", Operation::Median),
        ("min", Operation::Min),
        ("max", Operation::Max),
        ("absmin", Operation::AbsMin),
        ("absmax", Operation::AbsMax),
        ("stdev", Operation::Stdev),
        ("sstdev", Operation::SampleStdev),
        ("mode", Operation::Mode),
        ("antimode", Operation::Antimode),
        ("count", Operation::Count),
        ("count_distinct", Operation::CountDistinct),
        ("distinct", Operation::Distinct),
        ("distinct_only", Operation::DistinctOnly),
        ("collapse", Operation::Collapse),
        ("first", Operation::First),
        ("last", Operation::Last),
    ];

    /// The operation of a name.
    pub fn named(name: &str) -> Result<Operation> {
        let names = || Self::NAMES.iter().map(|(known, _)| *known);
        let found = Self::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, operation)| *operation);
        found.ok_or_else(|| match cistron_base::near::nearest(name, names()) {
            Some(near) => fault!("value", "there is no operation `{name}`")
                .hint(format!("did you mean \"{near}\"?")),
            None => fault!("value", "there is no operation `{name}`")
                .hint(names().collect::<Vec<_>>().join(", ")),
        })
    }

    fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, known)| *known == self)
            .map_or("", |(name, _)| name)
    }

    /// The result for numbers; none where the operation does not apply to numbers.
    fn of_numbers(self, values: &[f64]) -> Option<f64> {
        let n = values.len() as f64;
        let sum = || values.iter().sum::<f64>();
        let known = || values.iter().copied().filter(|x| !x.is_nan());
        let squares = || {
            let mean = sum() / n;
            values.iter().map(|x| (x - mean).powi(2)).sum::<f64>()
        };
        Some(match self {
            _ if values.is_empty() && self.needs_numbers() => f64::NAN,
            Operation::Sum => sum(),
            Operation::Mean => sum() / n,
            Operation::Median if values.iter().any(|x| x.is_nan()) => f64::NAN,
            Operation::Median => {
                let mut sorted = values.to_vec();
                sorted.sort_by(f64::total_cmp);
                let half = sorted.len() / 2;
                if sorted.len() % 2 == 1 {
                    sorted[half]
                } else {
                    (sorted[half - 1] + sorted[half]) / 2.0
                }
            }
            Operation::Min => known().fold(f64::NAN, f64::min),
            Operation::Max => known().fold(f64::NAN, f64::max),
            Operation::AbsMin => known().map(f64::abs).fold(f64::NAN, f64::min),
            Operation::AbsMax => known().map(f64::abs).fold(f64::NAN, f64::max),
            Operation::Stdev => (squares() / n).sqrt(),
            Operation::SampleStdev if values.len() < 2 => f64::NAN,
            Operation::SampleStdev => (squares() / (n - 1.0)).sqrt(),
            _ => return None,
        })
    }

    fn needs_numbers(self) -> bool {
        use Operation::*;
        matches!(
            self,
            Sum | Mean | Median | Min | Max | AbsMin | AbsMax | Stdev | SampleStdev
        )
    }

    /// Whether the result is one of the values.
    fn picks(self) -> bool {
        matches!(
            self,
            Operation::Mode | Operation::Antimode | Operation::First | Operation::Last
        )
    }

    fn of_words(self, values: &[String]) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        values
            .iter()
            .for_each(|value| *counts.entry(value).or_default() += 1);
        let join = |words: Vec<&str>| {
            if words.is_empty() {
                ".".to_string()
            } else {
                words.join(",")
            }
        };
        // of equally frequent values the first in order of words
        let by_count = |sign: i64| {
            counts
                .iter()
                .min_by_key(|(_, n)| sign * **n as i64)
                .map(|(word, _)| *word)
        };
        let one = |word: Option<&str>| word.unwrap_or(".").to_string();
        match self {
            Operation::Mode => one(by_count(-1)),
            Operation::Antimode => one(by_count(1)),
            Operation::First => one(values.first().map(String::as_str)),
            Operation::Last => one(values.last().map(String::as_str)),
            Operation::Distinct => join(counts.keys().copied().collect()),
            Operation::DistinctOnly => join(
                counts
                    .iter()
                    .filter(|(_, n)| **n == 1)
                    .map(|(word, _)| *word)
                    .collect(),
            ),
            Operation::Count => values.len().to_string(),
            Operation::CountDistinct => counts.len().to_string(),
            _ => join(values.iter().map(String::as_str).collect()),
        }
    }
}

/// A column and what is made of it.
pub type Request = (String, Operation);

/// One value for each group of rows and each request, as fields `score_mean`, `name_distinct` and
/// so on.
pub fn summed(
    list: &Intervals,
    groups: &[Vec<u32>],
    requests: &[Request],
) -> Result<Vec<(String, Field)>> {
    requests
        .iter()
        .map(|(name, operation)| {
            Ok((
                format!("{name}_{}", operation.name()),
                one(list, groups, name, *operation)?,
            ))
        })
        .collect()
}

fn one(list: &Intervals, groups: &[Vec<u32>], name: &str, operation: Operation) -> Result<Field> {
    let field = list.column(name)?;
    if operation.needs_numbers() {
        let Field::Number(values) = &field else {
            return Err(fault!(
                "type",
                "field `{name}` holds words: `{}` needs numbers",
                operation.name()
            )
            .hint(
                "\"collapse\", \"distinct\", \"count\", \"mode\", \"first\" and \"last\" \
                    take words",
            ));
        };
        let of = |rows: &Vec<u32>| {
            let own: Vec<f64> = rows.iter().map(|i| values[*i as usize]).collect();
            operation.of_numbers(&own).unwrap_or(f64::NAN)
        };
        return Ok(Field::Number(groups.iter().map(of).collect()));
    }
    let of = |rows: &Vec<u32>| {
        operation.of_words(
            &rows
                .iter()
                .map(|i| field.text(*i as usize))
                .collect::<Vec<_>>(),
        )
    };
    let words: Vec<String> = groups.iter().map(of).collect();
    let is_count = matches!(operation, Operation::Count | Operation::CountDistinct);
    if is_count || (operation.picks() && matches!(field, Field::Number(_))) {
        return Ok(Field::Number(
            words
                .iter()
                .map(|word| word.parse().unwrap_or(f64::NAN))
                .collect(),
        ));
    }
    Ok(Field::Text(
        words.into_iter().map(String::into_boxed_str).collect(),
    ))
}

impl Intervals {
    /// A field, or `chrom`, `start`, `end` or `strand`, as a field.
    pub fn column(&self, name: &str) -> Result<Field> {
        let number = |get: &dyn Fn(usize) -> i64| {
            Field::Number((0..self.len()).map(|i| get(i) as f64).collect())
        };
        let text = |get: &dyn Fn(usize) -> String| {
            Field::Text((0..self.len()).map(|i| get(i).into_boxed_str()).collect())
        };
        Ok(match name {
            "chrom" => text(&|i| self.chrom(i).to_string()),
            "start" => number(&|i| self.rows[i].start),
            "end" => number(&|i| self.rows[i].end),
            "strand" => text(&|i| self.rows[i].strand.letter().to_string()),
            _ => self.need(name)?.clone(),
        })
    }

    /// Rows in groups of the same values of some columns, in order of appearance: the first row of
    /// each, and all rows.
    pub fn groups(&self, names: &[String]) -> Result<(Vec<u32>, Vec<Vec<u32>>)> {
        let columns: Vec<Field> = names
            .iter()
            .map(|name| self.column(name))
            .collect::<Result<_>>()?;
        let mut known: std::collections::HashMap<Vec<String>, usize> = Default::default();
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for row in 0..self.len() {
            let key = columns.iter().map(|column| column.text(row)).collect();
            let at = *known.entry(key).or_insert(groups.len());
            if at == groups.len() {
                groups.push(Vec::new());
            }
            groups[at].push(row as u32);
        }
        Ok((groups.iter().map(|rows| rows[0]).collect(), groups))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_bedtools() {
        let numbers =
            |op: &str, values: &[f64]| Operation::named(op).unwrap().of_numbers(values).unwrap();
        let values = [-3.0, 2.0, -1.5];
        assert_eq!(
            ["sum", "min", "max", "absmin", "absmax", "median"].map(|op| numbers(op, &values)),
            [-2.5, -3.0, 2.0, 1.5, 3.0, -1.5]
        );
        assert!((numbers("stdev", &values) - 2.094967515).abs() < 1e-9);
        assert!((numbers("sstdev", &values) - 2.56580072).abs() < 1e-8);
        assert!(numbers("sum", &[]).is_nan() && numbers("sum", &[1.0, f64::NAN]).is_nan());
        assert_eq!(numbers("max", &[f64::NAN, -1.0]), -1.0);
        let words = |op: &str| {
            Operation::named(op).unwrap().of_words(&[
                "b".into(),
                "a".into(),
                "b".into(),
                "c".into(),
            ])
        };
        let found = [
            "mode",
            "antimode",
            "distinct",
            "distinct_only",
            "collapse",
            "first",
            "last",
        ]
        .map(words);
        assert_eq!(found, ["b", "a", "a,b,c", "a,c", "b,a,b,c", "b", "c"]);
        assert!(Operation::named("averge").is_err());
    }
}

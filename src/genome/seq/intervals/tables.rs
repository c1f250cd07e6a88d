//! Tables of lists: neighbours beside intervals, depths, relative distances, groups.

use super::closest::Search;
use super::columns::{Request, summed};
use super::compare::hundredths;
use super::coverage::Histogram;
use super::{Field, Intervals};
use cistron_base::Result;
use cistron_base::table::{Cells, Table};

impl Intervals {
    /// A row for each closest interval of another list, whose columns are added with the prefix
    /// `closest_`, and its number and distance; -1 where there is none.
    pub fn with_closest(
        &self,
        other: &Intervals,
        search: &Search,
        is_signed: bool,
    ) -> Result<Intervals> {
        let (mut rows, mut hits, mut distances) = (Vec::new(), Vec::new(), Vec::new());
        for (i, neighbours) in self.closest(other, search)?.into_iter().enumerate() {
            if neighbours.is_empty() {
                rows.push(i as u32);
                hits.push(None);
                distances.push(-1.0);
            }
            for (hit, distance) in neighbours {
                rows.push(i as u32);
                hits.push(Some(hit));
                distances.push(if is_signed { distance } else { distance.abs() } as f64);
            }
        }
        let index = hits.iter().map(|hit| hit.map_or(-1.0, f64::from)).collect();
        let joined = self.select(&rows).beside(other, &hits, "closest_")?;
        Ok(joined
            .with_field("closest_index", Field::Number(index))
            .with_field("distance", Field::Number(distances)))
    }

    /// A row for each combination of values of some columns, with summaries of other columns.
    pub fn grouped(&self, names: &[String], requests: &[Request]) -> Result<Table> {
        let (first, groups) = self.groups(names)?;
        let keys = self.select(&first);
        let mut fields = names
            .iter()
            .map(|name| Ok((name.clone(), keys.column(name)?)))
            .collect::<Result<Vec<_>>>()?;
        fields.extend(summed(self, &groups, requests)?);
        let cells = |field: Field| match field {
            Field::Text(words) => Cells::Text(words.into_iter().map(String::from).collect()),
            Field::Number(numbers) => Cells::Number(numbers),
        };
        let columns = fields.into_iter();
        Table::new(columns.map(|(name, field)| (name, cells(field))).collect())
    }
}

/// A row for each depth of each histogram: depth, bases, length and share; with the number of the
/// histogram in front where `is_numbered` is set.
pub fn depths(histograms: &[Histogram], is_numbered: bool) -> Result<Table> {
    let numbered = histograms.iter().enumerate();
    let rows = numbered.flat_map(|(row, histogram)| {
        let length: i64 = histogram.values().sum();
        let depths = histogram.iter();
        depths.map(move |(depth, bases)| [row as i64, *depth, *bases, length])
    });
    let rows: Vec<[i64; 4]> = rows.collect();
    let column = |i: usize| Cells::Whole(rows.iter().map(|row| row[i]).collect());
    let shares = rows.iter().map(|row| row[2] as f64 / row[3] as f64);
    let mut columns = vec![
        ("depth".to_string(), column(1)),
        ("bases".to_string(), column(2)),
        ("length".to_string(), column(3)),
        ("share".to_string(), Cells::Number(shares.collect())),
    ];
    if is_numbered {
        columns.insert(0, ("row".to_string(), column(0)));
    }
    Table::new(columns)
}

/// The relative distance of each interval: its number and the distance.
pub fn relative_distances(distances: &[(u32, f64)]) -> Result<Table> {
    let rows = distances.iter().map(|(row, _)| i64::from(*row));
    let values = distances.iter().map(|(_, distance)| *distance);
    Table::new(vec![
        ("row".into(), Cells::Whole(rows.collect())),
        ("distance".into(), Cells::Number(values.collect())),
    ])
}

/// How many relative distances are in each hundredth: distance, count, total and share.
pub fn distance_histogram(distances: &[(u32, f64)]) -> Result<Table> {
    let (total, counts) = (distances.len(), hundredths(distances));
    let lower = counts.keys().map(|k| *k as f64 / 100.0);
    let numbers = counts.values().map(|n| *n as i64);
    let totals = vec![total as i64; counts.len()];
    let shares = counts.values().map(|n| *n as f64 / total as f64);
    Table::new(vec![
        ("distance".into(), Cells::Number(lower.collect())),
        ("count".into(), Cells::Whole(numbers.collect())),
        ("total".into(), Cells::Whole(totals)),
        ("share".into(), Cells::Number(shares.collect())),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::columns::Operation;
    use super::*;
    use crate::seq::contigs::Contigs;
    use cistron_base::Interval;
    use std::sync::Arc;

    fn list(rows: &[(i64, i64)]) -> Intervals {
        let contigs = Arc::new(Contigs::new(vec!["chr1".into()], vec![1000]));
        let rows = rows.iter().map(|(a, b)| Interval::new(0, *a, *b)).collect();
        Intervals::new(contigs, rows)
    }

    fn numbers(table: &Table, name: &str) -> Vec<f64> {
        match table.column(name).expect("a column") {
            Cells::Whole(cells) => cells.iter().map(|n| *n as f64).collect(),
            Cells::Number(cells) => cells.clone(),
            Cells::Text(_) => panic!("numbers"),
        }
    }

    #[test]
    fn depths_are_shares_of_their_interval() {
        let histograms = [
            Histogram::from([(0, 5), (1, 15)]),
            Histogram::from([(2, 4)]),
        ];
        let table = depths(&histograms, true).expect("a table");
        assert_eq!(numbers(&table, "row"), [0.0, 0.0, 1.0]);
        assert_eq!(numbers(&table, "depth"), [0.0, 1.0, 2.0]);
        assert_eq!(numbers(&table, "length"), [20.0, 20.0, 4.0]);
        assert_eq!(numbers(&table, "share"), [0.25, 0.75, 1.0]);
        assert_eq!(
            depths(&histograms, false).expect("a table").names().count(),
            4
        );
    }

    #[test]
    fn relative_distances_are_counted_in_hundredths() {
        let distances = [(0, 0.105), (1, 0.5), (3, 0.109), (4, 0.25)];
        let table = distance_histogram(&distances).expect("a table");
        assert_eq!(numbers(&table, "distance"), [0.1, 0.25, 0.5]);
        assert_eq!(numbers(&table, "count"), [2.0, 1.0, 1.0]);
        assert_eq!(numbers(&table, "share"), [0.5, 0.25, 0.25]);
        let each = relative_distances(&distances).expect("a table");
        assert_eq!(numbers(&each, "row"), [0.0, 1.0, 3.0, 4.0]);
    }

    #[test]
    fn the_closest_interval_is_beside_each() {
        let (a, b) = (
            list(&[(100, 110), (500, 510)]),
            list(&[(80, 90), (505, 600)]),
        );
        let joined = a
            .with_closest(&b, &Search::default(), false)
            .expect("joined");
        let column = |name: &str| joined.column(name).expect("a column");
        assert_eq!(column("closest_index"), Field::Number(vec![0.0, 1.0]));
        assert_eq!(column("distance"), Field::Number(vec![11.0, 0.0]));
        let none = a
            .with_closest(&list(&[]), &Search::default(), false)
            .expect("joined");
        let distances = none.column("distance").expect("a column");
        assert_eq!(distances, Field::Number(vec![-1.0, -1.0]));
    }

    #[test]
    fn rows_of_equal_values_are_summarised() {
        let scores = Field::Number(vec![1.0, 2.0, 4.0]);
        let list = list(&[(0, 9), (5, 9), (0, 7)]).with_field("score", scores);
        let sum = ("score".to_string(), Operation::named("sum").expect("a sum"));
        let table = list.grouped(&["end".into()], &[sum]).expect("a table");
        assert_eq!(numbers(&table, "end"), [9.0, 7.0]);
        assert_eq!(numbers(&table, "score_sum"), [3.0, 4.0]);
    }
}

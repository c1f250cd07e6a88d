//! One list by itself, and several lists at once: clusters, spacing, annotation, what several files
//! share.

use super::overlap::Rule;
use super::sets::left_out;
use super::{Field, Intervals};
use cistron_base::{Interval, Result, Strand};
use std::sync::Arc;

impl Intervals {
    /// Sorted, with the field `cluster`: the same number for intervals that overlap, touch or have
    /// at most `distance` bases between them. By strand, intervals without a strand are left out.
    pub fn cluster(&self, distance: i64, by_strand: bool) -> Intervals {
        let order = self.order();
        let mut numbers = vec![f64::NAN; order.len()];
        let mut cluster = 0u32;
        let chrom = |at: &usize| self.rows[order[*at] as usize].chrom;
        let mut from = 0;
        while from < order.len() {
            let to = (from..order.len())
                .find(|at| chrom(at) != chrom(&from))
                .unwrap_or(order.len());
            let strands: &[Option<Strand>] = if by_strand {
                &[Some(Strand::Forward), Some(Strand::Reverse)]
            } else {
                &[None]
            };
            for strand in strands {
                let mut end = None;
                for (at, i) in order.iter().enumerate().take(to).skip(from) {
                    let row = self.rows[*i as usize].padded();
                    if strand.is_some_and(|strand| strand != row.strand) {
                        continue;
                    }
                    if end.is_none_or(|end: i64| row.start - end > distance) {
                        cluster += 1;
                        end = None;
                    }
                    end = end.max(Some(row.end));
                    numbers[at] = f64::from(cluster);
                }
            }
            from = to;
        }
        let all = self
            .select(&order)
            .with_field("cluster", Field::Number(numbers.clone()));
        let mut out = all.keep(|i, _| !numbers[i].is_nan());
        out.notes.extend(left_out(
            all.len() - out.len(),
            all.len(),
            "have no strand and are left out",
        ));
        out
    }

    /// Sorted, with the field `spacing`: bases since the end of the interval that starts before; -1
    /// where the two overlap, NaN for the first of a chromosome.
    pub fn spacing(&self) -> Intervals {
        let out = self.sorted();
        let own = |pair: &[Interval]| {
            let (before, row) = (pair[0].padded(), pair[1].padded());
            match (before.chrom == row.chrom, row.start - before.end) {
                (false, _) => f64::NAN,
                (true, gap) => gap.max(-1) as f64,
            }
        };
        let first = out.rows.first().map(|_| f64::NAN);
        let gaps = first
            .into_iter()
            .chain(out.rows.windows(2).map(own))
            .collect();
        out.with_field("spacing", Field::Number(gaps))
    }

    /// The list with two fields for each other list: `NAME_count`, how many overlap, and
    /// `NAME_share`, the share covered.
    pub fn annotate(&self, lists: &[(String, Intervals)], rule: &Rule) -> Result<Intervals> {
        let mut out = self.select(&(0..self.len() as u32).collect::<Vec<_>>());
        for (name, list) in lists {
            let counts = self
                .counts(list, rule)?
                .into_iter()
                .map(f64::from)
                .collect();
            out = out.with_field(&format!("{name}_count"), Field::Number(counts));
            out = out.with_field(
                &format!("{name}_share"),
                Field::Number(self.covered(list, rule)?),
            );
        }
        Ok(out)
    }
}

/// The ranges that any of several lists covers, cut wherever one of them begins or ends: the field
/// `count` is the number of lists there, `lists` their names, and a field for each list is 1 or 0.
/// With the ranges of chromosomes, what none covers is there too.
pub fn multi(lists: &[(String, Intervals)], empty: Option<&Intervals>) -> Intervals {
    // all on the chromosomes of one list
    let mut all = empty.map_or_else(Intervals::default, |list| {
        Intervals::new(list.contigs.clone(), list.rows.clone())
    });
    let mut sizes = vec![all.len()];
    for (_, list) in lists {
        let merged = list.merge(0, false);
        all = all.concat(&Intervals {
            fields: Vec::new(),
            ..merged
        });
        sizes.push(all.len());
    }
    let owner = |row: usize| sizes.partition_point(|end| *end <= row);
    let mut edges: Vec<(u32, i64, usize, bool)> = Vec::new();
    for (i, row) in all
        .rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !row.is_empty())
    {
        edges.extend([
            (row.chrom, row.start, owner(i), true),
            (row.chrom, row.end, owner(i), false),
        ]);
    }
    let rank = all.ranks();
    edges.sort_by_key(|(chrom, at, ..)| (rank[*chrom as usize], *at));
    let mut inside = vec![false; lists.len() + 1];
    let (mut rows, mut members) = (Vec::new(), Vec::new());
    for pair in edges.windows(2) {
        let ((chrom, at, list, opens), next) = (pair[0], pair[1]);
        inside[list] = opens;
        if next.0 == chrom && next.1 > at && inside.iter().any(|own| *own) {
            rows.push(Interval::new(chrom, at, next.1));
            members.push(inside[1..].to_vec());
        }
    }
    let names = |own: &Vec<bool>| {
        let own: Vec<&str> = own
            .iter()
            .zip(lists)
            .filter(|(is_there, _)| **is_there)
            .map(|(_, (name, _))| name.as_str())
            .collect();
        if own.is_empty() {
            "none".into()
        } else {
            own.join(",").into_boxed_str()
        }
    };
    let count = |own: &Vec<bool>| own.iter().filter(|is_there| **is_there).count() as f64;
    let mut out = Intervals::new(Arc::clone(&all.contigs), rows)
        .with_field("count", Field::Number(members.iter().map(count).collect()))
        .with_field("lists", Field::Text(members.iter().map(names).collect()));
    for (i, (name, _)) in lists.iter().enumerate() {
        out = out.with_field(
            name,
            Field::Number(
                members
                    .iter()
                    .map(|own| f64::from(u8::from(own[i])))
                    .collect(),
            ),
        );
    }
    out
}

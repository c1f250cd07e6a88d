//! What two lists of intervals have to do with each other: intersect, subtract, merge, complement.

use super::columns::{self, Request};
use super::overlap::{Pairs, Rule};
use super::{Field, Intervals, by_chrom};
use cistron_base::fault;
use cistron_base::{Interval, Result, Strand};

/// What `intersect` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The shared range, once for each pair.
    Overlap,
    /// The first interval, once for each pair.
    Whole,
    /// The first interval, once.
    Once,
    /// First intervals without any overlap.
    Absent,
    /// The first interval, once for each pair, and those without any overlap.
    All,
}

impl Intervals {
    /// Overlaps with another list; with a prefix, the columns of the second list and the shared
    /// bases are added.
    pub fn intersect(
        &self,
        other: &Intervals,
        rule: &Rule,
        report: Report,
        prefix: &str,
    ) -> Result<Intervals> {
        let (a, b) = self.together(other);
        let pairs = Pairs::new(&a, &b, rule)?;
        let (mut rows, mut found, mut pieces, mut hits) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (i, row) in a.rows.iter().enumerate() {
            pairs.hits(i, &mut hits);
            match report {
                Report::Overlap => {
                    for hit in &hits {
                        for (start, end) in pairs.pieces(i, *hit) {
                            rows.push(i as u32);
                            found.push(Some(*hit));
                            pieces.push(if row.is_empty() {
                                *row
                            } else {
                                Interval { start, end, ..*row }
                            });
                        }
                    }
                }
                Report::All if hits.is_empty() => {
                    rows.push(i as u32);
                    found.push(None);
                }
                Report::Whole | Report::All => {
                    rows.extend(hits.iter().map(|_| i as u32));
                    found.extend(hits.iter().copied().map(Some));
                }
                Report::Once if !hits.is_empty() => rows.push(i as u32),
                Report::Absent if hits.is_empty() => rows.push(i as u32),
                Report::Once | Report::Absent => {}
            }
        }
        let mut out = a.select(&rows);
        if report == Report::Overlap {
            out.rows = pieces;
        }
        if prefix.is_empty() || found.len() != rows.len() {
            return Ok(out);
        }
        let shared = rows
            .iter()
            .zip(&found)
            .map(|(row, hit)| hit.map_or(0, |hit| pairs.bases(*row as usize, hit)) as f64);
        let shared: Vec<f64> = shared.collect();
        out.beside(&b, &found, prefix)?
            .added("overlap", Field::Number(shared), prefix)
    }

    /// The columns of rows of another list beside these, each name with a prefix; blank where there
    /// is none.
    pub fn beside(
        mut self,
        other: &Intervals,
        rows: &[Option<u32>],
        prefix: &str,
    ) -> Result<Intervals> {
        let mut names: Vec<String> = ["chrom", "start", "end", "strand"]
            .map(String::from)
            .to_vec();
        names.extend(other.fields.iter().map(|(name, _)| name.clone()));
        for name in names {
            let field = match other.column(&name)? {
                Field::Text(values) => Field::Text(
                    rows.iter()
                        .map(|row| row.map_or(".".into(), |i| values[i as usize].clone()))
                        .collect(),
                ),
                Field::Number(values) => {
                    let blank = if ["start", "end"].contains(&name.as_str()) {
                        -1.0
                    } else {
                        f64::NAN
                    };
                    Field::Number(
                        rows.iter()
                            .map(|row| row.map_or(blank, |i| values[i as usize]))
                            .collect(),
                    )
                }
            };
            self = self.added(&format!("{prefix}{name}"), field, prefix)?;
        }
        Ok(self)
    }

    /// Another field; fails where there is one of the name.
    fn added(self, name: &str, field: Field, prefix: &str) -> Result<Intervals> {
        if self.field(name).is_some() {
            let fault = fault!("name", "the intervals have a field `{name}` already");
            return Err(fault.hint(format!(
                "choose another `prefix` than \"{prefix}\", or rename the field"
            )));
        }
        Ok(self.with_field(name, field))
    }

    /// How many intervals of another list overlap each.
    pub fn counts(&self, other: &Intervals, rule: &Rule) -> Result<Vec<u32>> {
        let (a, b) = self.together(other);
        let pairs = Pairs::new(&a, &b, rule)?;
        let mut hits = Vec::new();
        let count = |i| {
            pairs.hits(i, &mut hits);
            hits.len() as u32
        };
        Ok((0..a.len()).map(count).collect())
    }

    /// What rows of another list that overlap each have in some columns.
    pub fn map(&self, other: &Intervals, rule: &Rule, requests: &[Request]) -> Result<Intervals> {
        let (a, b) = self.together(other);
        let pairs = Pairs::new(&a, &b, rule)?;
        let group = |i| {
            let mut hits = Vec::new();
            pairs.hits(i, &mut hits);
            hits
        };
        let groups: Vec<Vec<u32>> = (0..a.len()).map(group).collect();
        let fields = columns::summed(&b, &groups, requests)?;
        Ok(fields.into_iter().fold(
            self.select(&(0..self.len() as u32).collect::<Vec<_>>()),
            |out, (name, field)| out.with_field(&name, field),
        ))
    }

    /// What another list leaves of each; with `whole`, an interval that is touched goes as a whole.
    pub fn subtract(&self, other: &Intervals, rule: &Rule, whole: bool) -> Result<Intervals> {
        if whole {
            return self.intersect(other, rule, Report::Absent, "");
        }
        let (a, b) = self.together(other);
        let pairs = Pairs::new(&a, &b, rule)?;
        let (mut rows, mut pieces, mut hits) = (Vec::new(), Vec::new(), Vec::new());
        for (i, row) in a.rows.iter().enumerate() {
            pairs.hits(i, &mut hits);
            if hits.is_empty() {
                rows.push(i as u32);
                pieces.push(*row);
                continue;
            }
            let range = row.padded();
            let mut at = range.start;
            let gone = united(hits.iter().flat_map(|hit| pairs.pieces(i, *hit)).collect());
            for (start, end) in gone.into_iter().chain([(range.end, range.end)]) {
                if start > at {
                    rows.push(i as u32);
                    pieces.push(if row.is_empty() {
                        *row
                    } else {
                        Interval {
                            start: at,
                            end: start,
                            ..*row
                        }
                    });
                }
                at = at.max(end);
            }
        }
        let mut out = a.select(&rows);
        out.rows = pieces;
        Ok(out)
    }

    /// Overlapping and touching intervals, and those with at most `distance` bases between them,
    /// joined; the field `count` is the number that went into each. By strand, intervals without a
    /// strand are left out.
    pub fn merge(&self, distance: i64, by_strand: bool) -> Intervals {
        self.merged(distance, by_strand).0
    }

    /// As [`Intervals::merge`], with values of the columns of what went into each.
    pub fn merge_with(
        &self,
        distance: i64,
        by_strand: bool,
        requests: &[Request],
    ) -> Result<Intervals> {
        let (out, groups) = self.merged(distance, by_strand);
        let fields = columns::summed(self, &groups, requests)?;
        Ok(fields
            .into_iter()
            .fold(out, |out, (name, field)| out.with_field(&name, field)))
    }

    fn merged(&self, distance: i64, by_strand: bool) -> (Intervals, Vec<Vec<u32>>) {
        let mut rows: Vec<Interval> = Vec::new();
        let mut groups: Vec<Vec<u32>> = Vec::new();
        let mut open: std::collections::HashMap<Strand, usize> = Default::default();
        let mut unstranded = 0;
        for i in self.order() {
            let row = self.rows[i as usize].padded();
            let key = if by_strand { row.strand } else { Strand::None };
            if by_strand && key == Strand::None {
                unstranded += 1;
                continue;
            }
            let fits = |at: &usize| {
                rows[*at].chrom == row.chrom && row.start <= rows[*at].end.saturating_add(distance)
            };
            match open.get(&key).copied().filter(fits) {
                Some(at) => {
                    rows[at].end = rows[at].end.max(row.end);
                    groups[at].push(i);
                }
                None => {
                    open.insert(key, rows.len());
                    rows.push(Interval { strand: key, ..row });
                    groups.push(vec![i]);
                }
            }
        }
        for (row, group) in rows.iter_mut().zip(&groups) {
            if let [single] = group[..] {
                let own = self.rows[single as usize];
                (row.start, row.end) = (own.start, own.end);
            }
        }
        let counts = groups.iter().map(|group| group.len() as f64).collect();
        let mut out =
            Intervals::new(self.contigs.clone(), rows).with_field("count", Field::Number(counts));
        out.notes.extend(left_out(
            unstranded,
            self.len(),
            "have no strand and are left out",
        ));
        (out, groups)
    }

    /// What no interval covers of chromosomes that reach from and to the given coordinates.
    pub fn complement(&self, ranges: &[(i64, i64)]) -> Intervals {
        let merged = self.merge(0, false);
        let rows = by_chrom(&merged);
        let mut names: Vec<u32> = (0..self.contigs.len() as u32).collect();
        names.sort_by_key(|i| &self.contigs.names()[*i as usize]);
        let mut out = Vec::new();
        for chrom in names {
            let (mut at, end) = ranges[chrom as usize];
            for i in &rows[chrom as usize] {
                let row = merged.rows[*i as usize].padded();
                if row.start.min(end) > at {
                    out.push(Interval::new(chrom, at, row.start.min(end)));
                }
                at = at.max(row.end);
            }
            if at < end {
                out.push(Interval::new(chrom, at, end));
            }
        }
        Intervals::new(self.contigs.clone(), out)
    }
}

/// A note about rows that something happened to; none where there are none.
pub fn left_out(n: usize, of: usize, what: &str) -> Option<String> {
    (n > 0).then(|| format!("{n} of {of} intervals {what}"))
}

/// Ranges with overlaps and touching ones joined, in order.
pub fn united(mut pieces: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    pieces.sort_unstable();
    let mut out: Vec<(i64, i64)> = Vec::new();
    for piece in pieces {
        match out.last_mut() {
            Some(last) if piece.0 <= last.1 => last.1 = last.1.max(piece.1),
            _ => out.push(piece),
        }
    }
    out
}

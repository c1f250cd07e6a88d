//! Intervals of a genome with named fields; results equal those of bedtools.

pub mod blocks;
pub mod closest;
pub mod columns;
pub mod compare;
pub mod coverage;
pub mod from_columns;
pub mod many;
pub mod overlap;
pub mod place;
pub mod read;
pub mod sets;
pub mod slide;
pub mod tables;
pub mod write;

use super::contigs::Contigs;
use super::genome::Genome;
use cistron_base::seed::Rng;
use cistron_base::{Interval, Result, memory};
use cistron_base::{bail, fault};
use std::sync::Arc;

/// The values of a named field, one for each interval.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// Words.
    Text(Vec<Box<str>>),
    /// Numbers; NaN where the file has none.
    Number(Vec<f64>),
}

impl Field {
    fn select(&self, rows: &[u32]) -> Field {
        match self {
            Field::Text(values) => {
                Field::Text(rows.iter().map(|i| values[*i as usize].clone()).collect())
            }
            Field::Number(values) => {
                Field::Number(rows.iter().map(|i| values[*i as usize]).collect())
            }
        }
    }

    /// One value as text.
    pub fn text(&self, row: usize) -> String {
        match self {
            Field::Text(values) => values[row].to_string(),
            Field::Number(values) if values[row].is_nan() => ".".into(),
            Field::Number(values) => format!("{}", values[row]),
        }
    }
}

/// Sort key of intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Chromosome name and start.
    #[default]
    Position,
    /// Length.
    Size,
    /// Chromosome name, then length.
    ChromSize,
    /// The field `score`.
    Score,
    /// Chromosome name, then the field `score`.
    ChromScore,
}

/// Intervals in an order, with their fields.
#[derive(Clone, Debug, Default)]
pub struct Intervals {
    /// Chromosomes that [`Interval::chrom`] counts.
    pub contigs: Arc<Contigs>,
    /// The intervals.
    pub rows: Vec<Interval>,
    /// Named fields: `name`, `score`, `signal`, `summit` (an absolute position) and whatever else
    /// the file has.
    pub fields: Vec<(String, Field)>,
    /// Notes about reading or computing them.
    pub notes: Vec<String>,
}

impl Intervals {
    /// Intervals without fields.
    pub fn new(contigs: Arc<Contigs>, rows: Vec<Interval>) -> Intervals {
        Intervals {
            contigs,
            rows,
            fields: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, field)| field)
    }

    /// A field that must be there.
    pub fn need(&self, name: &str) -> Result<&Field> {
        // an empty file names no columns
        static EMPTY: Field = Field::Number(Vec::new());
        let blank = (self.is_empty() && self.fields.is_empty()).then_some(&EMPTY);
        self.field(name).or(blank).ok_or_else(|| {
            let known: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
            fault!("name", "the intervals have no field `{name}`").hint(if known.is_empty() {
                "they have no fields".to_string()
            } else {
                format!("they have {}", known.join(", "))
            })
        })
    }

    /// The same with another field, or one in the place of another.
    pub fn with_field(mut self, name: &str, field: Field) -> Intervals {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = field,
            None => self.fields.push((name.into(), field)),
        }
        self
    }

    /// The name of an interval's chromosome.
    pub fn chrom(&self, row: usize) -> &str {
        &self.contigs.names()[self.rows[row].chrom as usize]
    }

    /// `chr1:100-200`.
    pub fn region_text(&self, row: usize) -> String {
        let interval = &self.rows[row];
        format!("{}:{}-{}", self.chrom(row), interval.start, interval.end)
    }

    /// Some of the rows, in the order given, with their fields.
    pub fn select(&self, rows: &[u32]) -> Intervals {
        Intervals {
            contigs: self.contigs.clone(),
            rows: rows.iter().map(|i| self.rows[*i as usize]).collect(),
            fields: self
                .fields
                .iter()
                .map(|(name, field)| (name.clone(), field.select(rows)))
                .collect(),
            notes: Vec::new(),
        }
    }

    /// The rows for which a rule holds.
    pub fn keep(&self, rule: impl Fn(usize, &Interval) -> bool) -> Intervals {
        let rows: Vec<u32> = self
            .rows
            .iter()
            .enumerate()
            .filter(|(i, interval)| rule(*i, interval))
            .map(|(i, _)| i as u32)
            .collect();
        self.select(&rows)
    }

    /// The rows on some chromosomes, or on all others; also the names that are not chromosomes of
    /// the list.
    pub fn on(&self, names: &[String], is_kept: bool) -> (Intervals, Vec<String>) {
        let found = self.contigs.find_all(names);
        let numbers: Vec<Option<u32>> = found
            .iter()
            .zip(names)
            .map(|(n, name)| n.or_else(|| self.contigs.find(name)))
            .collect();
        let absent = names.iter().zip(&numbers).filter(|(_, n)| n.is_none());
        let absent: Vec<String> = absent.map(|(name, _)| name.clone()).collect();
        let mut out = self.keep(|_, row| numbers.contains(&Some(row.chrom)) == is_kept);
        out.notes.extend(absent.first().map(|name| {
            let fault = self.contigs.missing(name, "the list");
            let more = match absent.len() {
                1 => String::new(),
                n => format!(" and {} more of the names", n - 1),
            };
            format!(
                "{}{more}: {}",
                fault.message,
                fault.hint.clone().unwrap_or_default()
            )
        }));
        (out, absent)
    }

    /// The place of each chromosome in order of names.
    pub fn ranks(&self) -> Vec<u32> {
        let mut names: Vec<u32> = (0..self.contigs.len() as u32).collect();
        names.sort_by_key(|i| &self.contigs.names()[*i as usize]);
        let mut rank = vec![0u32; names.len()];
        names
            .iter()
            .enumerate()
            .for_each(|(place, i)| rank[*i as usize] = place as u32);
        rank
    }

    /// The numbers of the rows by chromosome name, start and end.
    pub fn order(&self) -> Vec<u32> {
        let rank = self.ranks();
        let mut order: Vec<u32> = (0..self.rows.len() as u32).collect();
        order.sort_by_key(|i| {
            let row = &self.rows[*i as usize];
            (rank[row.chrom as usize], row.start, row.end)
        });
        order
    }

    /// In the order of chromosome name, start and end.
    pub fn sorted(&self) -> Intervals {
        self.select(&self.order())
    }

    /// In order of lengths or scores, of all or within chromosomes; rows of the same keep their
    /// order.
    pub fn sorted_by(&self, key: Order, descending: bool) -> Result<Intervals> {
        let rank = self.ranks();
        let scores = match (key, self.field("score")) {
            (Order::Score | Order::ChromScore, Some(Field::Number(values))) => values.clone(),
            (Order::Score | Order::ChromScore, Some(_)) => bail!(
                "type",
                "the field `score` holds words: it cannot be sorted by"
            ),
            (Order::Score | Order::ChromScore, None) => self.need("score").map(|_| Vec::new())?,
            _ => Vec::new(),
        };
        let chrom = |row: u32| match key {
            Order::Size | Order::Score => 0,
            _ => rank[self.rows[row as usize].chrom as usize],
        };
        let mut order = self.order();
        order.sort_by(|x, y| {
            let [a, b] = [*x, *y].map(|i| &self.rows[i as usize]);
            let own = match key {
                Order::Position => a.start.cmp(&b.start),
                Order::Size | Order::ChromSize => a.len().cmp(&b.len()),
                Order::Score | Order::ChromScore => {
                    scores[*x as usize].total_cmp(&scores[*y as usize])
                }
            };
            chrom(*x)
                .cmp(&chrom(*y))
                .then(if descending { own.reverse() } else { own })
        });
        Ok(self.select(&order))
    }

    /// `n` of them without replacement, in their order.
    pub fn sample(&self, n: usize, seed: u64) -> Result<Intervals> {
        if n > self.len() {
            bail!("value", "{n} intervals cannot be drawn from {}", self.len());
        }
        let mut rows = Rng::keyed(&[seed, 0x696e_7473]).permutation(self.len());
        rows.truncate(n);
        rows.sort_unstable();
        Ok(self.select(&rows))
    }

    /// Those of some indices, in their order; an index may be repeated.
    pub fn at(&self, indices: &[i64]) -> Result<Intervals> {
        let n = self.len() as i64;
        if let Some(index) = indices.iter().find(|index| !(0..n).contains(*index)) {
            bail!("index", "there is no interval {index}: the list has {n}");
        }
        let rows: Vec<u32> = indices.iter().map(|index| *index as u32).collect();
        Ok(self.select(&rows))
    }

    /// `n` of them with replacement, in the order drawn.
    pub fn sample_again(&self, n: usize, seed: u64) -> Result<Intervals> {
        if self.is_empty() && n > 0 {
            bail!("value", "{n} intervals cannot be drawn from an empty list");
        }
        memory::items(n as i64, 32, "intervals")?;
        let mut rng = Rng::keyed(&[seed, 0x696e_7472]);
        let rows: Vec<u32> = (0..n).map(|_| rng.below(self.len()) as u32).collect();
        Ok(self.select(&rows))
    }

    /// The same intervals with the chromosomes of another list; fails where one is not there.
    pub fn onto(&self, contigs: &Arc<Contigs>, owner: &str) -> Result<Intervals> {
        if Arc::ptr_eq(contigs, &self.contigs) {
            return Ok(self.clone());
        }
        let (mapped, missing) = self.mapping(contigs);
        if let Some(chrom) = missing.first() {
            let row = self
                .rows
                .iter()
                .position(|row| row.chrom == *chrom)
                .unwrap_or(0);
            let gone = self
                .rows
                .iter()
                .filter(|row| missing.contains(&row.chrom))
                .count();
            let fault = contigs.missing(&self.contigs.names()[*chrom as usize], owner);
            let more = if gone > 1 {
                format!(" and {} more", gone - 1)
            } else {
                String::new()
            };
            return Err(fault.context(format!("interval {row} ({}){more}", self.region_text(row))));
        }
        let mut out = self.clone();
        out.contigs = contigs.clone();
        out.rows
            .iter_mut()
            .for_each(|row| row.chrom = mapped[row.chrom as usize].unwrap_or(0));
        Ok(out)
    }

    /// The numbers of the chromosomes in another list, and the chromosomes in use that it lacks.
    pub fn mapping(&self, contigs: &Contigs) -> (Vec<Option<u32>>, Vec<u32>) {
        let mapped = contigs.find_all(self.contigs.names());
        let mut used: Vec<u32> = self.rows.iter().map(|row| row.chrom).collect();
        used.sort_unstable();
        used.dedup();
        (
            mapped.clone(),
            used.into_iter()
                .filter(|chrom| mapped[*chrom as usize].is_none())
                .collect(),
        )
    }

    /// The same intervals, counted by the chromosomes of a genome.
    pub fn in_genome(&self, genome: &Genome) -> Result<Intervals> {
        self.onto(&genome.contigs, &genome.path_text())
    }

    /// Both lists on one list of chromosomes: that of `self`, followed by those that only `other`
    /// has.
    pub fn together(&self, other: &Intervals) -> (Intervals, Intervals) {
        if Arc::ptr_eq(&self.contigs, &other.contigs) {
            return (self.clone(), other.clone());
        }
        let (mapped, _) = other.mapping(&self.contigs);
        let fresh: Vec<usize> = (0..mapped.len()).filter(|i| mapped[*i].is_none()).collect();
        let mut names = self.contigs.names().to_vec();
        let mut lengths = self.contigs.lengths().to_vec();
        let mut number = mapped;
        for i in fresh {
            number[i] = Some(names.len() as u32);
            names.push(other.contigs.names()[i].clone());
            lengths.push(other.contigs.lengths()[i]);
        }
        let contigs = Arc::new(Contigs::new(names, lengths));
        let (mut a, mut b) = (self.clone(), other.clone());
        b.rows
            .iter_mut()
            .for_each(|row| row.chrom = number[row.chrom as usize].unwrap_or(0));
        a.contigs = contigs.clone();
        b.contigs = contigs;
        (a, b)
    }

    /// One list after another; fields that only one has are blank in the other.
    pub fn concat(&self, other: &Intervals) -> Intervals {
        let (mut a, b) = self.together(other);
        let (n, m) = (a.len(), b.len());
        a.rows.extend_from_slice(&b.rows);
        let names: Vec<String> = a
            .fields
            .iter()
            .chain(&b.fields)
            .map(|(name, _)| name.clone())
            .collect();
        let mut fields: Vec<(String, Field)> = Vec::new();
        for name in names {
            if fields.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let number =
                |list: &Intervals| matches!(list.field(&name), Some(Field::Number(_)) | None);
            let field = if number(&a) && number(&b) {
                let of = |list: &Intervals, n: usize| match list.field(&name) {
                    Some(Field::Number(values)) => values.clone(),
                    _ => vec![f64::NAN; n],
                };
                Field::Number(of(&a, n).into_iter().chain(of(&b, m)).collect())
            } else {
                let of = |list: &Intervals, n: usize| -> Vec<Box<str>> {
                    (0..n)
                        .map(|i| {
                            list.field(&name)
                                .map_or(".".into(), |field| field.text(i).into_boxed_str())
                        })
                        .collect()
                };
                Field::Text(of(&a, n).into_iter().chain(of(&b, m)).collect())
            };
            fields.push((name, field));
        }
        a.fields = fields;
        a
    }

    /// One list for each value of a field, in order of appearance.
    pub fn by_field(&self, name: &str) -> Result<Vec<(String, Intervals)>> {
        let field = self.need(name)?;
        let mut order: Vec<String> = Vec::new();
        let mut members: std::collections::HashMap<String, Vec<u32>> = Default::default();
        for row in 0..self.len() {
            let value = field.text(row);
            members
                .entry(value)
                .or_insert_with_key(|value| {
                    order.push(value.clone());
                    Vec::new()
                })
                .push(row as u32);
        }
        Ok(order
            .into_iter()
            .map(|value| (value.clone(), self.select(&members[&value])))
            .collect())
    }
}

/// The rows of each chromosome.
fn by_chrom(list: &Intervals) -> Vec<Vec<u32>> {
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); list.contigs.len()];
    list.rows
        .iter()
        .enumerate()
        .for_each(|(i, row)| rows[row.chrom as usize].push(i as u32));
    rows
}

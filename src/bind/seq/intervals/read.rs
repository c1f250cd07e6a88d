//! Intervals of files and of columns.

use crate::base::{Interval, Result};
use crate::bind::args::intervals::places;
use crate::bind::types::{Genomic, Places};
use crate::bind::warnings::warn;
use crate::fault;
use crate::lang::{Call, Choice, FromValue, Native, Options, native, natives_of, session};
use crate::seq::Intervals;
use crate::seq::contigs::Contigs;
use crate::seq::intervals::Field;
use crate::seq::intervals::from_columns::Columns;
use crate::seq::intervals::read::{self as reader, Format, Plan, Policy, Unsorted};
use rhai::{Dynamic, Identifier, Map, NativeCallContext};
use std::sync::Arc;

/// Options of `intervals::read`.
#[derive(Options)]
pub struct ReadOptions {
    /// Format; recognised by the name and the content of the file unless given.
    format: Option<FormatName>,
    /// Treatment of unusable rows (inverted, no integers, out of bounds, unknown chromosome): the
    /// file is refused with a count of them, they are left out and counted, or those that reach
    /// beyond a chromosome are cut at its end.
    #[option(default = "error")]
    invalid: InvalidName,
    /// Treatment of a file whose rows are not sorted: a note (no function depends on the order),
    /// sorting, or refusal.
    #[option(default = "note")]
    unsorted: UnsortedName,
    /// Genome that must contain the rows; bounds and chromosomes are not tested without one.
    genome: Option<Genomic>,
}

/// The names of the formats.
#[derive(Choice)]
pub enum FormatName {
    /// BED with any number of columns.
    Bed,
    /// ENCODE's narrowPeak (BED6+4).
    #[choice(name = "narrowPeak")]
    NarrowPeak,
    /// ENCODE's broadPeak (BED6+3).
    #[choice(name = "broadPeak")]
    BroadPeak,
    /// GTF.
    Gtf,
    /// GFF3.
    Gff,
    /// VCF.
    Vcf,
    /// bigBed.
    #[choice(name = "bigBed")]
    BigBed,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Format {
        match name {
            FormatName::Bed => Format::Bed,
            FormatName::NarrowPeak => Format::NarrowPeak,
            FormatName::BroadPeak => Format::BroadPeak,
            FormatName::Gtf => Format::Gtf,
            FormatName::Gff => Format::Gff,
            FormatName::Vcf => Format::Vcf,
            FormatName::BigBed => Format::BigBed,
        }
    }
}

/// The names of the treatments of unusable rows.
#[derive(Choice)]
pub enum InvalidName {
    /// The file is refused.
    Error,
    /// They are left out.
    Skip,
    /// They are cut at the end of the chromosome.
    Clip,
}

impl From<InvalidName> for Policy {
    fn from(name: InvalidName) -> Policy {
        match name {
            InvalidName::Error => Policy::Refuse,
            InvalidName::Skip => Policy::Skip,
            InvalidName::Clip => Policy::Clip,
        }
    }
}

/// The names of the treatments of unsorted files.
#[derive(Choice)]
pub enum UnsortedName {
    /// A note is added.
    Note,
    /// The rows are sorted.
    Sort,
    /// The file is refused.
    Error,
}

impl From<UnsortedName> for Unsorted {
    fn from(name: UnsortedName) -> Unsorted {
        match name {
            UnsortedName::Note => Unsorted::Note,
            UnsortedName::Sort => Unsorted::Sort,
            UnsortedName::Error => Unsorted::Refuse,
        }
    }
}

/// The stand-in of a dry run for a file that does not exist: eight peaks of 50 bp with summits.
fn example_peaks(_: &str, _: ReadOptions) -> Places {
    let contigs = Arc::new(Contigs::new(vec!["chr1".into()], vec![0]));
    let rows: Vec<Interval> = (0..8)
        .map(|i| Interval::new(0, 1500 + 100 * i, 1550 + 100 * i))
        .collect();
    let summits = rows.iter().map(|row| row.middle() as f64).collect();
    places(Intervals::new(contigs, rows).with_field("summit", Field::Number(summits)))
}

/// A column of a map of columns.
fn of_column<T: FromValue>(
    columns: &Map,
    name: &str,
    context: &NativeCallContext,
) -> Result<Option<T>> {
    let Some(value) = columns.get(name) else {
        return Ok(None);
    };
    T::from_value(&mut value.clone(), context)
        .map(Some)
        .map_err(|fault| fault.context(format!("column `{name}`")))
}

/// The intervals of a map of columns.
fn from_columns(columns: &Map, context: &NativeCallContext) -> Result<Intervals> {
    let missing = |name: &str| {
        fault!(
            "value",
            "the map must hold `chrom`, `start` and `end`, `{name}` is not there"
        )
    };
    let chroms: Vec<String> =
        of_column(columns, "chrom", context)?.ok_or_else(|| missing("chrom"))?;
    let starts: Vec<i64> = of_column(columns, "start", context)?.ok_or_else(|| missing("start"))?;
    let ends: Vec<i64> = of_column(columns, "end", context)?.ok_or_else(|| missing("end"))?;
    let is_further = |name: &str| !["chrom", "start", "end", "strand"].contains(&name);
    let further = columns.iter().filter(|(name, _)| is_further(name));
    let field = |(name, value): (&Identifier, &Dynamic)| {
        let numbers = of_column::<Vec<f64>>(columns, name, context);
        let words = || of_column::<Vec<String>>(columns, name, context);
        let field = match numbers {
            Ok(Some(numbers)) => Some(Field::Number(numbers)),
            _ => words()
                .ok()
                .flatten()
                .map(|words| Field::Text(words.into_iter().map(String::into_boxed_str).collect())),
        };
        let field = field.ok_or_else(|| {
            fault!(
                "type",
                "column `{name}` must be an array of numbers or of strings, got {}",
                session::describe(value)
            )
        })?;
        Ok((name.to_string(), field))
    };
    let columns = Columns {
        chroms,
        starts,
        ends,
        strands: of_column(columns, "strand", context)?,
        fields: further.map(field).collect::<Result<_>>()?,
    };
    columns.intervals()
}

/// Reads intervals of a BED, narrowPeak, broadPeak, GTF, GFF, VCF or bigBed file.
///
/// Files may be gzipped. Coordinates become 0-based and half-open. Columns after the third are
/// fields: `name`, `score`, `signal`, `p`, `q`, `summit` (a position on the chromosome), those that
/// a `#chrom start end …` line names, or `column4` and so on. Fields of GTF and GFF are `feature`,
/// `gene_id`, `gene_name` and so on, those of VCF `reference` and `alternate`. The order of the
/// file is kept. A file without rows is an empty list; rows whose start is their end are kept;
/// symbolic alleles such as `<DEL>` extend to their `END`.
///
/// ```rhai
/// intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }).save("/tmp/cistron_example.bed");
/// assert_eq(intervals::read("/tmp/cistron_example.bed")[0].end, 10);
/// ```
/// ```rhai,fails
/// intervals::read("/nowhere.bed");
/// //~ `/nowhere.bed`: no such file or directory
/// ```
#[native(namespace = "intervals", stand_in = example_peaks)]
pub fn read(
    /// Path of the file, relative to the working directory or to the folder of the script.
    path: &str,
    options: ReadOptions,
) -> Result<Places> {
    let plan = Plan {
        format: options.format.map(Format::from),
        policy: options.invalid.into(),
        unsorted: options.unsorted.into(),
        genome: options.genome.as_ref().map(|genome| &*genome.0),
    };
    let list = reader::read(&session::find_input(path)?, &plan)?;
    list.notes.iter().for_each(|note| warn(note));
    Ok(places(list))
}

/// Returns the intervals of a map of columns.
///
/// Coordinates are 0-based and half-open. An interval whose start is its end holds no base: it is
/// the position between two bases, such as that of an insertion.
///
/// ```rhai
/// let list = intervals::from(
///     #{ chrom: ["chr1", "chr2"], start: [0, 5], end: [10, 8], score: [1.5, 2.5] }
/// );
/// assert_eq(list[1].score, 2.5);
/// ```
/// ```rhai,fails
/// intervals::from(#{ chrom: ["chr1"], start: [10], end: [5] });
/// //~ interval 0 (chr1:10-5) ends before it starts
/// ```
#[native(namespace = "intervals")]
pub fn from(
    call: &Call,
    /// Map of arrays of the same length: `chrom`, `start`, `end`, optionally `strand`, and fields.
    columns: &Map,
) -> Result<Places> {
    from_columns(columns, call.context).map(places)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![read, from]
}

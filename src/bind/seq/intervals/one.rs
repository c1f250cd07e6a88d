//! One list: its rows, columns and order.

use crate::bail;
use crate::base::{Fault, Interval, Result, file, shape};
use crate::bind::args::intervals::places;
use crate::bind::args::path::output_path;
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::tensor::{Numbers, tensor_of};
use crate::bind::types::Places;
use crate::bind::warnings::warn;
use crate::lang::value::mismatch;
use crate::lang::{Callback, Choice, FromValue, Native, Options, native, natives_of, session};
use crate::seq::Intervals;
use crate::seq::intervals::{Field, Order};
use crate::torch::Tensor;
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::io::Write;
use std::path::Path;

/// Options of `intervals.sort`.
#[derive(Options)]
pub struct SortOptions {
    /// Sort key: chromosome name and start, the length, the field `score`, or one of the latter two
    /// within each chromosome.
    #[option(default = "position")]
    by: OrderName,
    /// Whether the largest values come first; chromosomes are always in ascending order.
    #[option(default = false)]
    descending: bool,
}

/// Options of `intervals.sample`.
#[derive(Options)]
pub struct SampleOptions {
    /// Whether an interval may be drawn several times.
    #[option(default = false)]
    replace: bool,
    #[option(flatten)]
    seed: SeedOptions,
}

/// The names of the sort keys.
#[derive(Choice)]
pub enum OrderName {
    /// Chromosome name and start.
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

impl From<OrderName> for Order {
    fn from(name: OrderName) -> Order {
        match name {
            OrderName::Position => Order::Position,
            OrderName::Size => Order::Size,
            OrderName::ChromSize => Order::ChromSize,
            OrderName::Score => Order::Score,
            OrderName::ChromScore => Order::ChromScore,
        }
    }
}

/// One or several names of chromosomes: `"chr1"` or `["chr1", "chr2"]`.
pub struct Chromosomes(Vec<String>);

impl FromValue for Chromosomes {
    fn kind() -> String {
        "string or array of strings".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Ok(name) = String::from_value(value, context) {
            return Ok(Chromosomes(vec![name]));
        }
        Vec::from_value(value, context)
            .map(Chromosomes)
            .map_err(|_| mismatch(&Self::kind(), value))
    }
}

/// Turns a fault of a missing field into one of a file where a dry run may have replaced the file
/// by a stand-in without its fields: the check ends there without an error.
fn unless_stand_in(mut fault: crate::base::Fault) -> crate::base::Fault {
    if session::is_dry() && session::is_guessed() {
        fault.kind = "file";
    }
    fault
}

/// The value of a field in a row.
fn field_value(field: &Field, row: usize) -> Dynamic {
    match field {
        Field::Text(values) => values[row].to_string().into(),
        Field::Number(values) => values[row].into(),
    }
}

/// An interval as a map.
fn row(list: &Intervals, i: i64) -> Result<Map> {
    let at = shape::index(i, list.len(), "intervals")?;
    let interval = &list.rows[at];
    let mut map = Map::from([
        ("chrom".into(), list.chrom(at).to_string().into()),
        ("start".into(), interval.start.into()),
        ("end".into(), interval.end.into()),
        ("strand".into(), interval.strand.letter().to_string().into()),
    ]);
    map.extend(
        list.fields
            .iter()
            .map(|(name, field)| (name.into(), field_value(field, at))),
    );
    Ok(map)
}

/// The values of a column.
fn column_values(list: &Intervals, name: &str) -> Result<Array> {
    Ok(match name {
        "chrom" => (0..list.len())
            .map(|i| list.chrom(i).to_string().into())
            .collect(),
        "start" => list.rows.iter().map(|row| row.start.into()).collect(),
        "end" => list.rows.iter().map(|row| row.end.into()).collect(),
        "strand" => list
            .rows
            .iter()
            .map(|row| row.strand.letter().to_string().into())
            .collect(),
        _ => {
            let field = list.need(name).map_err(unless_stand_in)?;
            (0..list.len()).map(|i| field_value(field, i)).collect()
        }
    })
}

/// The indices of the intervals for which a function returns true.
fn rows_where(list: &Intervals, keep: &Callback) -> Result<Vec<u32>> {
    let mut kept = Vec::new();
    for i in 0..list.len() {
        if keep.is_true_for(row(list, i as i64)?.into(), "filter")? {
            kept.push(i as u32);
        }
    }
    Ok(kept)
}

/// Writes a text to a file, compressed where the path ends in `.gz`.
fn write(path: &Path, text: &str) -> Result<()> {
    if path.extension().is_none_or(|ending| ending != "gz") {
        return file::write_whole(path, text.as_bytes());
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let bytes = encoder
        .write_all(text.as_bytes())
        .and_then(|()| encoder.finish())
        .map_err(|error| Fault::file(path, &error))?;
    file::write_whole(path, &bytes)
}

/// Returns the number of intervals.
///
/// ```rhai
/// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).len(), 1);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn len(this: &Places) -> i64 {
    this.0.len() as i64
}

/// Returns one interval as a map.
///
/// ```rhai
/// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })[0].end, 10);
/// ```
#[native(
    namespace = "intervals",
    form = index,
    returns = "map of chrom, start, end, strand and fields"
)]
pub fn index(
    this: &Places,
    /// Index from 0; negative numbers count from the end.
    i: i64,
) -> Result<Map> {
    row(&this.0, i)
}

/// The names of the chromosomes.
///
/// ```rhai
/// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).chrom, ["chr1"]);
/// ```
#[native(
    namespace = "intervals",
    form = property,
    returns = "array of strings"
)]
pub fn chrom(this: &Places) -> Result<Array> {
    column_values(&this.0, "chrom")
}

/// The 0-based positions of the first bases.
///
/// ```rhai
/// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).start, [0]);
/// ```
#[native(namespace = "intervals", form = property)]
pub fn start(this: &Places) -> Vec<i64> {
    this.0.rows.iter().map(|interval| interval.start).collect()
}

/// The 0-based positions after the last bases.
///
/// ```rhai
/// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).end, [10]);
/// ```
#[native(namespace = "intervals", form = property)]
pub fn end(this: &Places) -> Vec<i64> {
    this.0.rows.iter().map(|interval| interval.end).collect()
}

/// The strands.
///
/// ```rhai
/// assert_eq(
///     intervals::from(#{ chrom: ["chr1"], start: [0], end: [10], strand: ["-"] }).strand, ["-"]
/// );
/// ```
#[native(
    namespace = "intervals",
    form = property,
    returns = "array of \"+\", \"-\" or \".\""
)]
pub fn strand(this: &Places) -> Result<Array> {
    column_values(&this.0, "strand")
}

/// The lengths, in bp.
///
/// ```rhai
/// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).lengths, [10]);
/// ```
#[native(namespace = "intervals", form = property)]
pub fn lengths(this: &Places) -> Vec<i64> {
    this.0.rows.iter().map(Interval::len).collect()
}

/// The names of the fields.
///
/// ```rhai
/// assert_eq(
///     intervals::from(#{ chrom: ["chr1"], start: [0], end: [10], score: [1.0] }).fields, ["score"]
/// );
/// ```
#[native(namespace = "intervals", form = property)]
pub fn fields(this: &Places) -> Vec<String> {
    this.0.fields.iter().map(|(name, _)| name.clone()).collect()
}

/// The notes of the function that returned the list, such as rows left out.
///
/// ```rhai
/// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).notes, []);
/// ```
#[native(namespace = "intervals", form = property)]
pub fn notes(this: &Places) -> Vec<String> {
    this.0.notes.clone()
}

/// Returns the values of a column.
///
/// ```rhai
/// assert_eq(intervals::from(
///     #{ chrom: ["chr1"], start: [0], end: [10], score: [1.5] }
/// ).column("score"), [1.5]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn column(
    this: &Places,
    /// Name of a field, or "chrom", "start", "end" or "strand".
    name: &str,
) -> Result<Array> {
    column_values(&this.0, name)
}

/// Sorts by chromosome name, start and end, or by length or score.
///
/// ```rhai
/// let a = intervals::from(
///     #{ chrom: ["chr2", "chr1"], start: [0, 5], end: [10, 10], score: [1, 2] }
/// );
/// assert_eq(a.sort().chrom, ["chr1", "chr2"]);
/// assert_eq(a.sort(#{ by: "size", descending: true }).lengths, [10, 5]);
/// assert_eq(a.sort(#{ by: "score" }).column("score"), [1.0, 2.0]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn sort(this: &Places, options: SortOptions) -> Result<Places> {
    this.0
        .sorted_by(options.by.into(), options.descending)
        .map(places)
}

/// Returns the intervals for which a function returns true.
///
/// ```rhai
/// let list = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 5], end: [10, 10] });
/// assert_eq(list.filter(|row| row.start > 2).len(), 1);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn filter(
    this: &Places,
    /// Function |row| of a map of chrom, start, end, strand and fields that returns a boolean.
    keep: Callback,
) -> Result<Places> {
    let kept = rows_where(&this.0, &keep)?;
    Ok(places(this.0.select(&kept)))
}

/// Returns the intervals on one or several chromosomes.
///
/// `notes` lists chromosomes that the list does not have.
///
/// ```rhai
/// assert_eq(
///     intervals::from(#{ chrom: ["chr1", "chr2"], start: [0, 5], end: [10, 10] }).on("2").len(), 1
/// );
/// ```
#[native(namespace = "intervals", form = method)]
pub fn on(
    this: &Places,
    /// Name of a chromosome with or without "chr", or an array of names.
    chrom: Chromosomes,
) -> Places {
    let (selected, absent) = this.0.on(&chrom.0, true);
    if selected.is_empty() && !absent.is_empty() && !this.0.is_empty() {
        let notes = selected.notes.iter();
        notes.for_each(|note| warn(note));
    }
    places(selected)
}

/// Returns the intervals that are not on the given chromosomes.
///
/// ```rhai
/// assert_eq(intervals::from(
///     #{ chrom: ["chr1", "chr2"], start: [0, 5], end: [10, 10] }
/// ).not_on("chr2").chrom, ["chr1"]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn not_on(
    this: &Places,
    /// Name of a chromosome with or without "chr", or an array of names.
    chrom: Chromosomes,
) -> Places {
    places(this.0.on(&chrom.0, false).0)
}

/// Splits the list by the values of a field.
///
/// ```rhai
/// let list = intervals::from(
///     #{ chrom: ["chr1", "chr1"], start: [0, 5], end: [10, 10], tf: ["MYC", "MAX"] }
/// );
/// assert_eq(list.by("tf").MAX.start, [5]);
/// ```
#[native(namespace = "intervals", form = method, returns = "map of intervals")]
pub fn by(
    this: &Places,
    /// Name of a field.
    name: &str,
) -> Result<Map> {
    let lists = this.0.by_field(name).map_err(unless_stand_in)?.into_iter();
    Ok(lists
        .map(|(value, list)| (value.into(), Dynamic::from(places(list))))
        .collect())
}

/// Appends another list.
///
/// ```rhai
/// let list = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// assert_eq(list.concat(list).len(), 2);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn concat(
    this: &Places,
    /// Intervals that are appended.
    other: &Places,
) -> Places {
    places(this.0.concat(&other.0))
}

/// Returns the intervals with a field of numbers, which replaces one of that name.
///
/// ```rhai
/// let list = intervals::from(#{ chrom: ["chr1", "chr2"], start: [0, 5], end: [10, 10] });
/// assert_eq(list.with_field("label", [1, 0]).on("chr2").column("label"), [0.0]);
/// ```
/// ```rhai,fails
/// intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).with_field("label", [1, 0]);
/// //~ 2 values for 1 intervals
/// ```
#[native(namespace = "intervals", form = method)]
pub fn with_field(
    this: &Places,
    /// Name of the field.
    name: &str,
    /// Its numbers, [intervals].
    values: &Numbers,
) -> Result<Places> {
    let values = values.0.to_f64()?;
    let n = this.0.len();
    if values.len() != n {
        bail!("shape", "{} values for {n} intervals", values.len());
    }
    let list = (*this.0).clone();
    Ok(places(list.with_field(name, Field::Number(values))))
}

/// The first intervals, or those of indices.
pub enum Taken {
    First(i64),
    At(Tensor),
}

impl FromValue for Taken {
    fn kind() -> String {
        "integer, or array or tensor of integers [n]".into()
    }

    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        if let Ok(n) = value.as_int() {
            return Ok(Taken::First(n));
        }
        let indices = tensor_of(value)?;
        if indices.rank() != 1 {
            bail!(
                "shape",
                "`take` needs indices [n], got {}",
                shape::text(&indices.shape());
                hint: "`list.take([i])` is interval i, `list.take(n)` with an integer the first n"
            );
        }
        Ok(Taken::At(indices))
    }
}

/// Returns the first `n` intervals, or those of some indices in their order.
///
/// ```rhai
/// let list = intervals::from(#{ chrom: ["chr1", "chr2"], start: [0, 5], end: [10, 10] });
/// assert_eq(list.take(1).start, [0]);
/// assert_eq(list.take(100).len(), 2);
/// assert_eq(list.take([1, 1]).start, [5, 5]);
/// let labels = tensor::from([0, 1]);
/// assert_eq(list.take(labels.eq(1).nonzero().flatten()).chrom, ["chr2"]);
/// ```
/// ```rhai,fails
/// intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).take([1]);
/// //~ there is no interval 1: the list has 1
/// ```
/// ```rhai,fails
/// let list = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// list.take(tensor::from([3, 1]).argmax());
/// //~ `take` needs indices [n], got []
/// ```
#[native(namespace = "intervals", form = method)]
pub fn take(
    this: &Places,
    /// Number of intervals, all of them where there are fewer; or indices from 0, [n], in any order
    /// and as often as wanted.
    which: Taken,
) -> Result<Places> {
    let indices: Vec<i64> = match which {
        Taken::First(n) if n < 0 => bail!("value", "the number of intervals is negative: {n}"),
        Taken::First(n) => (0..n.min(this.0.len() as i64)).collect(),
        Taken::At(indices) => {
            let numbers = indices.to_f64()?;
            if let Some(index) = numbers.iter().find(|index| index.fract() != 0.0) {
                bail!("index", "indices must be integers, got {index}");
            }
            numbers.iter().map(|index| *index as i64).collect()
        }
    };
    this.0.at(&indices).map(places)
}

/// Draws intervals, without replacement unless asked for.
///
/// Without replacement they keep their order.
///
/// ```rhai
/// let list = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 5], end: [10, 10] });
/// assert_eq(list.sample(1, #{ seed: 3 }).len(), 1);
/// assert_eq(list.sample(5, #{ replace: true, seed: 3 }).len(), 5);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn sample(
    this: &Places,
    /// Number of intervals.
    n: i64,
    options: SampleOptions,
) -> Result<Places> {
    let (n, seed) = (n.max(0) as usize, options.seed.seed());
    let drawn = match options.replace {
        true => this.0.sample_again(n, seed),
        false => this.0.sample(n, seed),
    };
    drawn.map(places)
}

/// Writes the intervals to a BED or narrowPeak file, by the ending of the path.
///
/// A BED file of more than six columns has a line of their names. Files that end in `.gz` are
/// compressed.
///
/// ```rhai
/// intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).save(
///     "/tmp/cistron_example_save.bed"
/// );
/// ```
#[native(namespace = "intervals", form = method)]
pub fn save(
    this: &Places,
    /// Path of the file, relative to the folder of the run unless it is absolute.
    path: &str,
) -> Result<()> {
    let plain = path.trim_end_matches(".gz").to_ascii_lowercase();
    let text = match plain.ends_with(".narrowpeak") {
        true => this.0.to_narrow_peak(),
        false => this.0.to_bed(),
    };
    write(&output_path(path)?, &text)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        len, index, chrom, start, end, strand, lengths, fields, notes, column, sort, filter, on,
        not_on, by, concat, with_field, take, sample, save,
    ]
}

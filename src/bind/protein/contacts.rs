//! `contacts::…`: predicted contacts of residues.

use crate::bail;
use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::tensor::Numbers;
use crate::bind::types::Tabled;
use crate::lang::value::mismatch;
use crate::lang::{FromValue, Native, Options, native, natives_of};
use crate::protein::contacts::{self, Precision, PrecisionSettings, Range, Top};
use rhai::{Dynamic, NativeCallContext};

/// Options of `contacts::precision`.
#[derive(Options)]
pub struct PrecisionOptions {
    /// Separations along the sequence: "short" (6 to 11), "medium" (12 to 23), "long" (24 and
    /// more), "all" (6 and more), or [smallest, largest].
    #[option(default = "long")]
    range: RangeName,
    /// How many pairs of the highest scores: "L", "L/2", "L/5", …, parts of the length of the
    /// protein; "contacts", as many as there are contacts; or a number.
    #[option(default = "L/5")]
    top: TopName,
    /// Whether no more pairs are evaluated than there are contacts, as the program disteval does.
    #[option(default = false)]
    capped: bool,
}

/// Options of `contacts::table`.
#[derive(Options)]
pub struct TableOptions {
    /// Whether no more pairs are evaluated than there are contacts, as the program disteval does.
    #[option(default = false)]
    capped: bool,
}

/// Separations along the sequence.
pub struct RangeName(Range);

impl FromValue for RangeName {
    fn kind() -> String {
        "\"short\", \"medium\", \"long\", \"all\" or [smallest, largest]".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let wrong = |value: &Dynamic| mismatch(&Self::kind(), value);
        if value.is_string() {
            let name = String::from_value(value, context)?;
            return match name.as_str() {
                "short" => Ok(RangeName(Range::SHORT)),
                "medium" => Ok(RangeName(Range::MEDIUM)),
                "long" => Ok(RangeName(Range::LONG)),
                "all" => Ok(RangeName(Range::ALL)),
                _ => Err(wrong(value)),
            };
        }
        let ends = Vec::<i64>::from_value(value, context).map_err(|_| wrong(value))?;
        match ends[..] {
            [from, to] if from >= 1 && to >= from => Ok(RangeName(Range {
                from: from as usize,
                to: to as usize,
            })),
            _ => Err(wrong(value)),
        }
    }
}

/// How many pairs are evaluated.
pub struct TopName(Top);

impl FromValue for TopName {
    fn kind() -> String {
        "\"L\", \"L/2\", \"L/5\", \"contacts\" or an integer of at least 1".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        let wrong = || mismatch(&Self::kind(), value);
        if let Ok(count) = value.as_int() {
            let count = usize::try_from(count).ok().filter(|count| *count > 0);
            return count
                .map(|count| TopName(Top::Count(count)))
                .ok_or_else(wrong);
        }
        let text = value.clone().into_string().map_err(|_| wrong())?;
        let part = match text.as_str() {
            "L" => Some(1.0),
            "contacts" => return Ok(TopName(Top::Contacts)),
            _ => text
                .strip_prefix("L/")
                .and_then(|part| part.parse::<f64>().ok()),
        };
        let part = part.filter(|part| part.is_finite() && *part > 0.0);
        part.map(|part| TopName(Top::Fraction(part)))
            .ok_or_else(wrong)
    }
}

/// The range, the number of pairs, and their precision.
type Row = (&'static str, &'static str, Precision);

/// Two square maps of one size.
fn maps(scores: &Numbers, truth: &Numbers) -> Result<(Vec<f64>, Vec<f64>, usize)> {
    let shapes = (scores.0.shape(), truth.0.shape());
    let n = match (&shapes.0[..], &shapes.1[..]) {
        ([a, b], [c, d]) if a == b && a == c && a == d => *a as usize,
        _ => bail!(
            "shape",
            "maps must both be [n, n], got {} and {}",
            crate::base::shape::text(&shapes.0),
            crate::base::shape::text(&shapes.1)
        ),
    };
    Ok((scores.0.to_f64()?, truth.0.to_f64()?, n))
}

/// Returns the precision of the predicted contacts with the highest scores.
///
/// Of both maps the mean of a pair and its mirror image is taken. Pairs whose score or truth is NaN
/// are left out. Where the range has fewer pairs than asked for, all of them are evaluated; without
/// any pair the precision is NaN. Predicted distances are scores with a minus sign.
///
/// ```rhai
/// let truth = tensor::zeros([30, 30]);
/// truth[[0, 29]] = 1.0;
/// truth[[29, 0]] = 1.0;
/// let scores = truth * 0.9;
/// assert_eq(contacts::precision(scores, truth, #{ range: "long", top: 2 }), 0.5);
/// assert_eq(contacts::precision(scores, truth, #{ range: "long", top: "contacts" }), 1.0);
/// ```
/// ```rhai,fails
/// contacts::precision(tensor::zeros([5, 5]), tensor::full([5, 5], 4.0));
/// //~ contacts must be 0, 1 or NaN, got 4
/// ```
#[native(namespace = "contacts", returns = "number from 0 to 1, or NaN")]
pub fn precision(
    /// Scores of pairs of residues, [n, n], such as probabilities: the higher, the likelier.
    map: Numbers,
    /// Contacts: 1, 0, or NaN where they are unknown, [n, n].
    truth: Numbers,
    options: PrecisionOptions,
) -> Result<f64> {
    let (scores, truth, n) = maps(&map, &truth)?;
    let settings = PrecisionSettings {
        range: options.range.0,
        top: options.top.0,
        capped: options.capped,
    };
    contacts::precision(&scores, &truth, n, settings).map(|found| found.precision)
}

/// Returns the precision of short, medium and long range contacts at L/10, L/5, L/2 and L.
///
/// Columns are `range`, `top`, `precision`, `pairs`, the number of evaluated pairs, and `contacts`,
/// the number of contacts of the range.
///
/// ```rhai
/// let truth = tensor::zeros([30, 30]);
/// let found = contacts::table(truth, truth);
/// assert_eq([found.len(), found["contacts"][0]], [12, 0]);
/// ```
#[native(namespace = "contacts")]
pub fn table(
    /// Scores of pairs of residues, [n, n], such as probabilities: the higher, the likelier.
    map: Numbers,
    /// Contacts: 1, 0, or NaN where they are unknown, [n, n].
    truth: Numbers,
    options: TableOptions,
) -> Result<Tabled> {
    let (scores, truth, n) = maps(&map, &truth)?;
    let rows = contacts::all_ranges(&scores, &truth, n, options.capped)?;
    let text = |of: fn(&Row) -> &'static str| {
        Cells::Text(rows.iter().map(|row| of(row).to_string()).collect())
    };
    let whole = |of: fn(&Precision) -> usize| {
        Cells::Whole(rows.iter().map(|row| of(&row.2) as i64).collect())
    };
    Tabled::of(vec![
        ("range".into(), text(|row| row.0)),
        ("top".into(), text(|row| row.1)),
        (
            "precision".into(),
            Cells::Number(rows.iter().map(|row| row.2.precision).collect()),
        ),
        ("pairs".into(), whole(|found| found.pairs)),
        ("contacts".into(), whole(|found| found.contacts)),
    ])
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![precision, table]
}

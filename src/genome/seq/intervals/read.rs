//! Files of intervals: BED of 3 to 12 columns and more, narrowPeak, broadPeak, GTF, GFF, VCF,
//! bigBed; plain or gzipped.

use super::gather::{Draft, Gather};
use super::{Field, Intervals, annotation};
use crate::seq::text;
use cistron_base::{Result, Strand, bail};
use std::path::Path;

pub use super::gather::{Format, Plan, Policy, Unsorted};

/// Reads a file of intervals.
pub fn read(path: &Path, plan: &Plan) -> Result<Intervals> {
    let format = plan.format.unwrap_or_else(|| Format::of(path));
    match format {
        Format::Bed | Format::NarrowPeak | Format::BroadPeak => bed(path, plan, format),
        Format::Gtf | Format::Gff => annotation::genes(path, plan, format),
        Format::Vcf => annotation::variants(path, plan),
        Format::BigBed => annotation::big_bed(path, plan),
    }
}

/// Names of the columns after the third.
const BED: [&str; 9] = [
    "name",
    "score",
    "strand",
    "thick_start",
    "thick_end",
    "color",
    "block_count",
    "block_sizes",
    "block_starts",
];

const NARROW: [&str; 7] = ["name", "score", "strand", "signal", "p", "q", "summit"];

const BROAD: [&str; 6] = ["name", "score", "strand", "signal", "p", "q"];

/// The columns of a BED-like file.
struct Columns {
    names: Vec<String>,
    count: usize,
}

impl Columns {
    fn find(header: Option<&str>, cells: &[&str], format: Format) -> Columns {
        let count = cells.len();
        let extra = count.saturating_sub(3);
        if let Some(header) = header {
            let own: Vec<String> = header
                .trim_start_matches('#')
                .split('\t')
                .map(|name| name.trim().to_string())
                .collect();
            if own.len() == count && own.len() > 3 {
                return Columns {
                    names: own[3..]
                        .iter()
                        .map(|name| {
                            if name == "summit_offset" || name == "peak" {
                                "summit".into()
                            } else {
                                name.clone()
                            }
                        })
                        .collect(),
                    count,
                };
            }
        }
        let is_narrow = format == Format::NarrowPeak
            || (count == 10
                && cells[3..].len() == 7
                && Strand::parse(cells[5]).is_some()
                && cells[6..10].iter().all(|c| c.parse::<f64>().is_ok()));
        let is_broad = format == Format::BroadPeak
            || (count == 9
                && Strand::parse(cells[5]).is_some()
                && cells[6..9].iter().all(|c| c.parse::<f64>().is_ok())
                && !cells[8].contains(','));
        let known: &[&str] = if is_narrow {
            &NARROW
        } else if is_broad
            && !(cells[6].parse::<i64>().is_ok()
                && cells[7].parse::<i64>().is_ok()
                && cells[7] != "-1")
        {
            &BROAD
        } else {
            &BED
        };
        let names = (0..extra)
            .map(|i| {
                known
                    .get(i)
                    .map_or_else(|| format!("column{}", i + 4), |name| name.to_string())
            })
            .collect();
        Columns { names, count }
    }
}

fn bed(path: &Path, plan: &Plan, format: Format) -> Result<Intervals> {
    let shown = path.display().to_string();
    let mut lines = text::Lines::open(path)?;
    let mut gather = Gather::new(path, *plan);
    let mut header: Option<String> = None;
    let mut columns: Option<Columns> = None;
    let mut texts: Vec<Vec<Box<str>>> = Vec::new();
    while let Some((number, text)) = lines.next_line()? {
        if text.trim().is_empty() || text.starts_with("track") || text.starts_with("browser") {
            continue;
        }
        if text.starts_with('#') {
            header = Some(text.to_string());
            continue;
        }
        let cells: Vec<&str> = if text.contains('\t') {
            text.split('\t').collect()
        } else {
            text.split_whitespace().collect()
        };
        let first = || {
            format!(
                "line {number}: {}",
                text.chars().take(40).collect::<String>()
            )
        };
        if cells.len() < 3 {
            if gather.rows.is_empty() && columns.is_none() && gather.problems.total() == 0 {
                bail!("data", "`{shown}` line {number}: expected chromosome, start and end, got `{}`", text.chars().take(40).collect::<String>(); hint: "this is not a BED file");
            }
            gather.problems.add("with fewer than 3 columns", first);
            continue;
        }
        let (start, end) = (
            cells[1].trim().parse::<i64>(),
            cells[2].trim().parse::<i64>(),
        );
        let (Ok(start), Ok(end)) = (start, end) else {
            // a first line without numbers is a header
            if columns.is_none()
                && header.is_none()
                && number == 1
                && cells[1].parse::<f64>().is_err()
                && cells[1].chars().any(char::is_alphabetic)
            {
                header = Some(text.to_string());
                continue;
            }
            gather
                .problems
                .add("with positions that are no whole numbers", first);
            continue;
        };
        if columns.is_none() {
            let found = Columns::find(header.as_deref(), &cells, format);
            texts = vec![Vec::new(); found.names.len()];
            columns = Some(found);
        }
        let Some(columns) = &columns else { continue };
        if cells.len() != columns.count {
            gather
                .problems
                .add("with another number of columns than the first", first);
            continue;
        }
        let strand = match columns.names.iter().position(|name| name == "strand") {
            Some(i) => match Strand::parse(cells[i + 3].trim()) {
                Some(strand) => strand,
                None => {
                    gather
                        .problems
                        .add("with a strand that is neither +, - nor .", first);
                    continue;
                }
            },
            None => Strand::None,
        };
        if gather.push(
            &Draft {
                chrom: cells[0].trim(),
                start,
                end,
                strand,
            },
            number,
        ) {
            for (own, cell) in texts.iter_mut().zip(&cells[3..]) {
                own.push(cell.trim().into());
            }
        }
    }
    let names = columns.map(|c| c.names).unwrap_or_default();
    let starts: Vec<i64> = gather.rows.iter().map(|row| row.start).collect();
    let fields = names
        .into_iter()
        .zip(texts)
        .filter(|(name, _)| name != "strand")
        .map(|(name, own)| typed(name, own, &starts))
        .collect();
    gather.finish(fields)
}

/// Numbers where all values are numbers; summits become absolute positions.
fn typed(name: String, own: Vec<Box<str>>, starts: &[i64]) -> (String, Field) {
    let text = ["name", "color", "block_sizes", "block_starts"].contains(&name.as_str());
    let parse = |value: &str| {
        if value == "." {
            Some(f64::NAN)
        } else {
            value.parse::<f64>().ok()
        }
    };
    if text {
        return (name, Field::Text(own));
    }
    match own
        .iter()
        .map(|value| parse(value))
        .collect::<Option<Vec<f64>>>()
    {
        Some(values) if name == "summit" => {
            let values = values
                .iter()
                .zip(starts)
                .map(|(v, start)| {
                    if *v < 0.0 {
                        f64::NAN
                    } else {
                        v + *start as f64
                    }
                })
                .collect();
            (name, Field::Number(values))
        }
        Some(values) if values.iter().any(|v| !v.is_nan()) => (name, Field::Number(values)),
        _ => (name, Field::Text(own)),
    }
}

//! A table of runs.

use super::show::shortened;
use crate::base::near;
use crate::base::table::{Cells, Table};
use crate::base::{Fault, Result, written};
use crate::fault;
use crate::track::{self, Record, ledger};
use serde_json::Value;
use std::cmp::Ordering;
use std::path::Path;

/// The most letters of a cell.
const MAX_CELL: usize = 28;

/// The most results that have a column.
const MAX_RESULTS: usize = 6;

/// A line of the list: a run, or a sweep with its runs.
struct Line<'a> {
    id: String,
    runs: Vec<&'a Record>,
}

impl Line<'_> {
    /// A result as text; of a sweep the lowest and the highest.
    fn result(&self, name: &str) -> String {
        let found: Vec<Value> = self.runs.iter().filter_map(|run| run.value(name)).collect();
        let mut numbers: Vec<f64> = found.iter().filter_map(Value::as_f64).collect();
        numbers.sort_by(f64::total_cmp);
        let text = match (&found[..], &numbers[..]) {
            ([], _) => return String::new(),
            ([one], _) => shortened(one),
            (_, [low, .., high]) if low < high => {
                format!("{} – {}", written::metric(*low), written::metric(*high))
            }
            _ if found.iter().all(|value| *value == found[0]) => shortened(&found[0]),
            _ => "…".into(),
        };
        let text = written::cut(&text, MAX_CELL);
        // of a sweep, how many runs have it
        let known = if numbers.is_empty() {
            found.len()
        } else {
            numbers.len()
        };
        match known < self.runs.len() {
            true => format!("{text} ({known} of {})", self.runs.len()),
            false => text,
        }
    }

    /// The state; of a sweep how many runs are in each.
    fn state(&self) -> String {
        if let [run] = self.runs[..] {
            return run.state.to_string();
        }
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for run in &self.runs {
            match counts.iter_mut().find(|(state, _)| *state == run.state) {
                Some((_, n)) => *n += 1,
                None => counts.push((run.state, 1)),
            }
        }
        let texts = counts.iter().map(|(state, n)| format!("{n} {state}"));
        texts.collect::<Vec<_>>().join(", ")
    }

    fn time(&self) -> String {
        let known: Vec<f64> = self.runs.iter().filter_map(|run| run.seconds).collect();
        if known.is_empty() {
            return "-".into();
        }
        crate::train::progress::seconds(known.iter().sum())
    }

    /// The name and the tags of a run; of a sweep those of its first run, without its values.
    fn name(&self) -> String {
        let run = self.runs[0];
        let name = run.start.name.as_deref().filter(|_| self.runs.len() == 1);
        let tags = run.start.tags.iter().map(|tag| format!("#{tag}"));
        let parts: Vec<String> = name.map(String::from).into_iter().chain(tags).collect();
        parts.join(" ")
    }
}

/// The lines of a list: a sweep is one, unless all runs are listed.
fn lines(records: &[Record], all: bool) -> Vec<Line<'_>> {
    let mut out: Vec<Line> = Vec::new();
    for record in records {
        let sweep = record
            .sweep
            .as_ref()
            .filter(|_| !all)
            .map(|sweep| format!("{sweep}/"));
        match out.last_mut() {
            Some(last) if Some(&last.id) == sweep.as_ref() => last.runs.push(record),
            _ => out.push(Line {
                id: sweep.unwrap_or_else(|| record.id()),
                runs: vec![record],
            }),
        }
    }
    out
}

/// The results that have a column: those of most runs, in the order in which they were reported;
/// and how many more there are.
fn columns_of(records: &[Record]) -> (Vec<String>, usize) {
    let mut counts: Vec<(String, usize)> = Vec::new();
    let all = records
        .iter()
        .flat_map(|record| ledger::flat(&record.results));
    // arrays have no room in a line
    for (name, _) in all.filter(|(_, value)| !value.is_array()) {
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, n)) => *n += 1,
            None => counts.push((name, 1)),
        }
    }
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(counts[*i].1));
    order.truncate(MAX_RESULTS);
    order.sort_unstable();
    let more = counts.len() - order.len();
    (
        order.into_iter().map(|i| counts[i].0.clone()).collect(),
        more,
    )
}

pub(super) fn list(
    dir: &Path,
    filters: &[String],
    sort: Option<&str>,
    ascending: bool,
    every: bool,
) -> Result<u8> {
    let mut records = track::all(dir)?;
    let all = records.len();
    let filters: Vec<Filter> = filters
        .iter()
        .map(|text| Filter::new(text))
        .collect::<Result<_>>()?;
    filters
        .iter()
        .try_for_each(|filter| filter.check(&records))?;
    for filter in &filters {
        let mut chosen = Vec::new();
        for record in records {
            if filter.fits(&record)? {
                chosen.push(record);
            }
        }
        records = chosen;
    }
    if let Some(name) = sort {
        if !records.is_empty() && records.iter().all(|record| record.value(name).is_none()) {
            return Err(nowhere(&records, "--sort", name));
        }
        records.sort_by(|a, b| {
            let (x, y) = (a.value(name), b.value(name));
            let order = compared(&x, &y);
            if ascending || x.is_none() || y.is_none() {
                order
            } else {
                order.reverse()
            }
        });
    }
    if records.is_empty() {
        let why = if all > 0 {
            format!("; none of {all} fits")
        } else {
            String::new()
        };
        crate::outln!("no runs in {}{why}", dir.display());
        return Ok(0);
    }
    // runs that are sorted or chosen are compared one by one
    let lines = lines(&records, every || sort.is_some() || !filters.is_empty());
    let text = |of: &dyn Fn(&Line) -> String| Cells::Text(lines.iter().map(of).collect());
    let mut columns = vec![
        ("run".to_string(), text(&|line: &Line| line.id.clone())),
        ("state".into(), text(&|line: &Line| line.state())),
        ("time".into(), text(&|line: &Line| line.time())),
    ];
    if lines.iter().any(|line| !line.name().is_empty()) {
        columns.push(("name".into(), text(&|line: &Line| line.name())));
    }
    let (mut results, more) = columns_of(&records);
    if let Some(name) = sort.filter(|name| !["state", "seconds", "name"].contains(name)) {
        // the column by which they are sorted is the first
        let is_named = |path: &String| path == name;
        let ends = |path: &String| path.ends_with(&format!(".{name}"));
        let at = results.iter().position(is_named).or_else(|| {
            let mut ending = results.iter().enumerate().filter(|(_, path)| ends(path));
            let first = ending.next().map(|(at, _)| at);
            first.filter(|_| ending.next().is_none())
        });
        let shown = at.map(|at| results.remove(at));
        results.insert(0, shown.unwrap_or_else(|| name.to_string()));
    }
    for name in &results {
        let cells = text(&|line: &Line| line.result(name));
        let is_taken = columns.iter().any(|(known, _)| known == name);
        let title = if is_taken {
            format!("results.{name}")
        } else {
            name.clone()
        };
        columns.push((title, cells));
    }
    crate::outln!("{}", Table::new(columns)?.to_pretty(usize::MAX));
    if more > 0 {
        crate::outln!("{more} more results: `cistron runs show RUN`, `runs compare A B`");
    }
    Ok(0)
}

/// What runs are chosen by.
enum Filter {
    /// A word of the folder, the name or the tags.
    Word(String),
    /// A comparison of a value with a number or a text.
    Comparison {
        name: String,
        sign: &'static str,
        wanted: String,
    },
}

impl Filter {
    /// Reads a filter as it is written on the command line.
    fn new(text: &str) -> Result<Filter> {
        let signs = [">=", "<=", "!=", "==", ">", "<", "="];
        let first = |sign: &&&str| text.find(**sign).map(|at| (at, usize::MAX - sign.len()));
        let Some(sign) = signs
            .iter()
            .filter(|sign| text.contains(**sign))
            .min_by_key(first)
        else {
            return Ok(Filter::Word(text.into()));
        };
        let (name, wanted) = text.split_once(sign).unwrap_or((text, ""));
        let (name, wanted) = (name.trim(), wanted.trim());
        if name.is_empty() || wanted.is_empty() || wanted.starts_with(['=', '<', '>', '!']) {
            return Err(fault!(
                "usage",
                "--filter `{text}`: is neither a word nor a comparison"
            )
            .hint(
                "NAME>VALUE, >=, <, <=, = or !=, such as 'auroc>0.9', in quotes: shells redirect \
                 by > and <",
            ));
        }
        Ok(Filter::Comparison {
            name: name.into(),
            sign: if *sign == "==" { "=" } else { sign },
            wanted: wanted.into(),
        })
    }

    /// Fails where the filter compares what no run has.
    fn check(&self, records: &[Record]) -> Result<()> {
        match self {
            Filter::Comparison { name, .. }
                if !records.is_empty()
                    && records.iter().all(|record| record.value(name).is_none()) =>
            {
                Err(nowhere(records, "--filter", name))
            }
            _ => Ok(()),
        }
    }

    /// Whether a run matches; fails where a number is compared with a text by size.
    fn fits(&self, record: &Record) -> Result<bool> {
        let (name, sign, wanted) = match self {
            Filter::Comparison { name, sign, wanted } => (name, *sign, wanted.as_str()),
            Filter::Word(word) => {
                let words = [
                    record.id(),
                    record.start.name.clone().unwrap_or_default(),
                    record.start.tags.join(" "),
                ];
                return Ok(words.iter().any(|text| text.contains(word)));
            }
        };
        let Some(value) = record.value(name) else {
            return Ok(sign == "!=");
        };
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_string);
        let order = match (value.as_f64(), wanted.parse::<f64>()) {
            (Some(value), Ok(wanted)) => value.partial_cmp(&wanted),
            (Some(_), Err(_)) if !["=", "!="].contains(&sign) => {
                return Err(fault!(
                    "usage",
                    "--filter `{name}{sign}{wanted}`: {name} is a number, got {wanted}"
                ));
            }
            _ => Some(text.as_str().cmp(wanted)),
        };
        Ok(match sign {
            "=" => order == Some(Ordering::Equal),
            "!=" => order != Some(Ordering::Equal),
            ">" => order == Some(Ordering::Greater),
            "<" => order == Some(Ordering::Less),
            ">=" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            _ => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        })
    }
}

fn compared(a: &Option<Value>, b: &Option<Value>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.to_string().cmp(&b.to_string()),
        },
        // runs without the value are last in both directions
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// The fault of a name, given with an option, that no run has, or of which runs have several.
fn nowhere(records: &[Record], option: &str, name: &str) -> Fault {
    let mut known: Vec<String> = records
        .iter()
        .flat_map(|record| [ledger::flat(&record.results), ledger::flat(&record.set)].concat())
        .map(|(name, _)| name)
        .collect();
    known.sort();
    known.dedup();
    let several: Vec<String> = known
        .iter()
        .filter(|path| path.ends_with(&format!(".{name}")))
        .map(|path| format!("`{path}`"))
        .collect();
    if !several.is_empty() {
        return fault!("usage", "{option} {name}: runs have several")
            .hint(format!("one of {}", several.join(", ")));
    }
    let fault = fault!("usage", "{option} {name}: no run has it");
    match near::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => {
            fault.hint("started, seconds, state and name are there for every run")
        }
        None => fault.hint(format!("there are {}", known.join(", "))),
    }
}

//! Signals written: bedGraph and bigWig of a value for each interval or each base.

use super::Run;
use crate::seq::intervals::Intervals;
use bigtools::beddata::BedParserStreamingIterator;
use bigtools::{BigWigWrite, Value};
use cistron_base::delimited::one_line;
use cistron_base::file::Draft;
use cistron_base::{Fault, Result};
use cistron_base::{bail, fault};
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

/// The runs of a signal, chromosomes by name: a value for each interval, or `bins` values that
/// share it out evenly. Where intervals overlap, their values are averaged.
pub fn runs(list: &Intervals, values: &[f32], bins: usize) -> Result<Vec<(String, Vec<Run>)>> {
    if values.len() != list.len() * bins {
        bail!(
            "shape",
            "{} values in rows of {bins} do not fit {} intervals",
            values.len(),
            list.len()
        );
    }
    let mut by_chrom: Vec<Vec<Run>> = vec![Vec::new(); list.contigs.len()];
    for (i, row) in list.rows.iter().enumerate() {
        if row.start < 0 {
            bail!(
                "data",
                "interval {i} ({}) starts before its chromosome",
                list.region_text(i)
            );
        }
        let (n, length) = (bins as i64, row.len());
        if length % n != 0 {
            bail!(
                "shape",
                "interval {i} ({}) has {length} bases, which {bins} values do not share out evenly",
                list.region_text(i)
            );
        }
        let width = length / n;
        for bin in 0..n {
            let at = if row.strand == cistron_base::Strand::Reverse {
                n - 1 - bin
            } else {
                bin
            };
            let value = values[i * bins + bin as usize];
            if !value.is_nan() {
                by_chrom[row.chrom as usize].push(Run {
                    start: row.start + at * width,
                    end: row.start + (at + 1) * width,
                    value,
                });
            }
        }
    }
    let mut out: Vec<(String, Vec<Run>)> = list
        .contigs
        .names()
        .iter()
        .cloned()
        .zip(by_chrom.into_iter().map(averaged))
        .filter(|(_, runs)| !runs.is_empty())
        .collect();
    out.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(out)
}

/// Splits overlapping runs into runs without overlap, each with the mean of those that cover it.
fn averaged(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_by_key(|run| (run.start, run.end));
    if runs.windows(2).all(|pair| pair[0].end <= pair[1].start) {
        return runs;
    }
    let mut events: Vec<(i64, f64, i32)> = runs
        .iter()
        .flat_map(|run| {
            [
                (run.start, f64::from(run.value), 1),
                (run.end, -f64::from(run.value), -1),
            ]
        })
        .collect();
    events.sort_by_key(|(at, ..)| *at);
    let (mut sum, mut n, mut from) = (0.0f64, 0i32, 0i64);
    let mut out = Vec::new();
    for (at, value, step) in events {
        if at > from && n > 0 {
            out.push(Run {
                start: from,
                end: at,
                value: (sum / f64::from(n)) as f32,
            });
        }
        from = at;
        n += step;
        sum = if n == 0 { 0.0 } else { sum + value };
    }
    out
}

/// bedGraph text.
pub fn bed_graph(signal: &[(String, Vec<Run>)]) -> String {
    let mut out = String::new();
    for (chrom, runs) in signal {
        for run in runs {
            // writing to a string cannot fail
            let _ = writeln!(
                out,
                "{}\t{}\t{}\t{}",
                one_line(chrom),
                run.start,
                run.end,
                run.value
            );
        }
    }
    out
}

/// Writes a bigWig; `sizes` are the lengths of the chromosomes.
pub fn big_wig(
    path: &Path,
    signal: Vec<(String, Vec<Run>)>,
    sizes: &HashMap<String, u32>,
) -> Result<()> {
    if signal.is_empty() {
        bail!("data", "there is no value to write");
    }
    for (chrom, runs) in &signal {
        let Some(size) = sizes.get(chrom) else {
            bail!(
                "data",
                "the length of `{chrom}` is not known";
                hint: "give a genome or a map of lengths"
            )
        };
        if let Some(run) = runs.iter().find(|run| run.end > i64::from(*size)) {
            bail!(
                "data",
                "{chrom}:{}-{} reaches out of `{chrom}`, which has {size} bases",
                run.start,
                run.end
            );
        }
    }
    let draft = Draft::of(path)?;
    let values = signal.into_iter().flat_map(|(chrom, runs)| {
        runs.into_iter().map(move |run| {
            (
                chrom.clone(),
                Value {
                    start: run.start as u32,
                    end: run.end as u32,
                    value: run.value,
                },
            )
        })
    });
    let source = BedParserStreamingIterator::wrap_infallible_iter(values, false);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .map_err(|error| fault!("file", "no threads to write with: {error}"))?;
    let writer = BigWigWrite::create_file(draft.part(), sizes.clone())
        .map_err(|error| Fault::file(path, &error))?;
    writer
        .write(source, runtime)
        .map_err(|error| fault!("file", "`{}`: {error}", path.display()))?;
    draft.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_values_are_averaged() {
        let run = |start, end, value| Run { start, end, value };
        assert_eq!(
            averaged(vec![run(0, 10, 1.0), run(5, 15, 3.0)]),
            [run(0, 5, 1.0), run(5, 10, 2.0), run(10, 15, 3.0)]
        );
        assert_eq!(
            averaged(vec![run(5, 9, 3.0), run(0, 5, 1.0)]),
            [run(0, 5, 1.0), run(5, 9, 3.0)]
        );
    }
}

//! Checks of a genome, regions and tracks before any training.

use crate::seq::intervals::Intervals;
use crate::seq::track::{Missing, Statistic};
use crate::seq::{Genome, Track};
use cistron_base::Result;

/// The result of checks: numbers by name, and problems in words.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Numbers.
    pub numbers: Vec<(String, f64)>,
    /// What should be mended or known.
    pub problems: Vec<String>,
}

impl Report {
    fn count(&mut self, name: &str, n: usize, of: usize, problem: impl FnOnce() -> String) {
        self.numbers.push((name.into(), n as f64));
        if n > 0 {
            self.problems.push(format!("{n} of {of} {}", problem()));
        }
    }
}

/// Looks at everything once.
pub fn check(genome: &Genome, list: &Intervals, tracks: &[(String, &Track)]) -> Result<Report> {
    let mut report = Report::default();
    let total = list.len();
    report.numbers.push(("regions".into(), total as f64));
    let (mapped, missing) = list.mapping(&genome.contigs);
    let lost = list
        .rows
        .iter()
        .filter(|row| missing.contains(&row.chrom))
        .count();
    report.count("unknown_chromosome", lost, total, || {
        let names: Vec<&str> = missing
            .iter()
            .take(5)
            .map(|chrom| list.contigs.names()[*chrom as usize].as_str())
            .collect();
        format!(
            "regions lie on chromosomes that {} does not have: {}{}",
            genome.path_text(),
            names.join(", "),
            if missing.len() > 5 { ", …" } else { "" }
        )
    });
    let mut own = list.keep(|_, row| mapped[row.chrom as usize].is_some());
    let numbers: Vec<u32> = own
        .rows
        .iter()
        .map(|row| mapped[row.chrom as usize].unwrap_or(0))
        .collect();
    let first = |rule: &dyn Fn(usize) -> bool, own: &Intervals| {
        (0..own.len())
            .find(|i| rule(*i))
            .map_or(String::new(), |i| own.region_text(i))
    };
    let empty: Vec<bool> = own.rows.iter().map(|row| row.is_empty()).collect();
    report.count("empty", empty.iter().filter(|e| **e).count(), total, || {
        format!(
            "regions hold no base (first {})",
            first(&|i| empty[i], &own)
        )
    });
    let shown = own.clone();
    own.rows
        .iter_mut()
        .zip(&numbers)
        .for_each(|(row, chrom)| row.chrom = *chrom);
    let outside: Vec<bool> = own.rows.iter().map(|row| !genome.holds(row)).collect();
    report.count(
        "outside",
        outside.iter().filter(|o| **o).count(),
        total,
        || {
            format!(
                "regions reach out of their chromosome (first {})",
                first(&|i| outside[i], &shown)
            )
        },
    );
    let mut seen = std::collections::HashSet::new();
    let repeated = own
        .rows
        .iter()
        .filter(|row| !seen.insert((row.chrom, row.start, row.end)))
        .count();
    report.count("duplicates", repeated, total, || {
        "regions repeat an earlier one".into()
    });
    let lengths: Vec<i64> = own.rows.iter().map(|row| row.len()).collect();
    let (shortest, longest) = (
        lengths.iter().min().copied().unwrap_or(0),
        lengths.iter().max().copied().unwrap_or(0),
    );
    report.numbers.push(("shortest".into(), shortest as f64));
    report.numbers.push(("longest".into(), longest as f64));
    if shortest != longest {
        report.problems.push(format!(
            "regions have {shortest} to {longest} bases: `.resize(length)` makes them equally long"
        ));
    }
    let order = own.order();
    let crossing = order
        .windows(2)
        .filter(|pair| {
            let (a, b) = (&own.rows[pair[0] as usize], &own.rows[pair[1] as usize]);
            a.chrom == b.chrom && b.start < a.end
        })
        .count();
    report.numbers.push(("overlapping".into(), crossing as f64));
    if crossing > 0 {
        report.problems.push(format!(
            "{crossing} regions overlap the one before: split by \
            chromosome, or one region's bases stand in two parts"
        ));
    }
    let (mut unknown, mut bases, mut codes, mut mostly) = (0usize, 0usize, Vec::new(), 0usize);
    for row in own.rows.iter().filter(|row| !row.is_empty()) {
        codes.clear();
        genome.fetch_into(row, &mut codes)?;
        let n = codes.iter().filter(|c| **c > 3).count();
        unknown += n;
        bases += codes.len();
        mostly += usize::from(2 * n > codes.len());
    }
    report
        .numbers
        .push(("share_of_n".into(), unknown as f64 / bases.max(1) as f64));
    report.count("mostly_n", mostly, total, || {
        "regions are N for more than half".into()
    });
    for (name, track) in tracks {
        report.problems.extend(track.notes(&shown));
        let covered = track.summarise(&shown, 1, Statistic::Covered, Missing::Zero)?;
        let blank = covered.iter().filter(|share| **share == 0.0).count();
        report.numbers.push((
            format!("covered_by_{name}"),
            covered.iter().sum::<f64>() / covered.len().max(1) as f64,
        ));
        report.count(&format!("without_{name}"), blank, total, || {
            format!("regions have no value in `{name}` ({})", track.path_text())
        });
    }
    Ok(report)
}

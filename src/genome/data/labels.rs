//! Labels of regions, from peaks and from signals.

use crate::seq::Track;
use crate::seq::intervals::overlap::Rule;
use crate::seq::intervals::{Field, Intervals};
use crate::seq::track::{Missing, Statistic};
use cistron_base::bail;
use cistron_base::{Result, Strand};
use ndarray::{Array2, ArrayView1};

/// Values of regions for one or more tasks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Names of the tasks.
    pub names: Vec<String>,
    /// `[regions, tasks]`; NaN is undefined.
    pub values: Array2<f32>,
}

impl Labels {
    /// Joins a column of each task; all have one length.
    fn of_columns(columns: Vec<(String, Vec<f32>)>) -> Labels {
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        let mut values = Array2::zeros((rows, columns.len()));
        for (mut column, (_, own)) in values.columns_mut().into_iter().zip(&columns) {
            column.assign(&ArrayView1::from(own));
        }
        Labels {
            names: columns.into_iter().map(|(name, _)| name).collect(),
            values,
        }
    }
}

/// A column for each set of peaks: 1 where one of them overlaps the region by a rule, else 0. Where
/// only a peak of the same set's ambiguous ones does, the label is undefined, as in the DREAM
/// challenge.
pub fn by_peaks(
    regions: &Intervals,
    sets: &[(String, Intervals)],
    rule: &Rule,
    ambiguous: &[(String, Intervals)],
) -> Result<Labels> {
    use rayon::prelude::*;
    if let Some((name, _)) = ambiguous
        .iter()
        .find(|(name, _)| sets.iter().all(|(known, _)| known != name))
    {
        bail!(
            "name",
            "there are ambiguous peaks of `{name}`, but no peaks of it"
        );
    }
    let columns = sets
        .par_iter()
        .map(|(name, peaks)| {
            let bound = regions
                .counts(peaks, rule)
                .map_err(|fault| fault.context(format!("peaks of `{name}`")))?;
            let doubtful = match ambiguous.iter().find(|(known, _)| known == name) {
                Some((_, relaxed)) => regions.counts(relaxed, &Rule::default())?,
                None => vec![0; regions.len()],
            };
            let label = |(bound, doubtful): (&u32, &u32)| match (bound, doubtful) {
                (0, 0) => 0.0,
                (0, _) => f32::NAN,
                _ => 1.0,
            };
            Ok((
                name.clone(),
                bound.iter().zip(&doubtful).map(label).collect(),
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Labels::of_columns(columns))
}

/// How peaks of several sets become regions.
#[derive(Clone, Copy, Debug)]
pub struct Joint {
    /// Bases of each region, around the middle of what was joined.
    pub length: i64,
    /// Peaks with at most so many bases between them are joined.
    pub distance: i64,
    /// Sets that must have a peak in a region.
    pub at_least: usize,
}

/// Regions of all sets' peaks, overlapping ones joined, each labelled with every set that has a
/// peak in it.
pub fn joint(sets: &[(String, Intervals)], how: &Joint) -> Result<(Intervals, Labels)> {
    let Some((_, first)) = sets.first() else {
        bail!("data", "there is no set of peaks")
    };
    let mut all = Intervals {
        fields: Vec::new(),
        ..first.clone()
    };
    for (_, peaks) in &sets[1..] {
        all = all.concat(&Intervals {
            fields: Vec::new(),
            ..peaks.clone()
        });
    }
    let merged = all.merge(how.distance, false);
    let columns = sets
        .iter()
        .map(|(_, peaks)| {
            Ok(merged
                .counts(peaks, &Rule::default())?
                .into_iter()
                .map(|n| f32::from(u8::from(n > 0)))
                .collect::<Vec<f32>>())
        })
        .collect::<Result<Vec<_>>>()?;
    let kept: Vec<u32> = (0..merged.len() as u32)
        .filter(|i| {
            columns
                .iter()
                .filter(|column| column[*i as usize] > 0.5)
                .count()
                >= how.at_least.max(1)
        })
        .collect();
    if kept.is_empty() {
        bail!("data", "no region has peaks of {} sets", how.at_least);
    }
    let regions = merged
        .select(&kept)
        .resize(how.length, crate::seq::intervals::place::Anchor::Centre)?;
    let named = sets
        .iter()
        .zip(columns)
        .map(|((name, _), column)| {
            (
                name.clone(),
                kept.iter().map(|i| column[*i as usize]).collect(),
            )
        })
        .collect();
    Ok((regions, Labels::of_columns(named)))
}

/// How signals become labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Statistic of the values of an interval or bin.
    pub statistic: Statistic,
    /// Equal parts of each region, a label each.
    pub bins: usize,
    /// Whether labels are ln(1 + value).
    pub log1p: bool,
    /// How bases without a value are counted.
    pub missing: Missing,
}

impl Reading {
    /// A statistic's value as a label.
    pub fn label(&self, value: f64) -> f32 {
        if self.log1p {
            value.ln_1p() as f32
        } else {
            value as f32
        }
    }
}

/// Labels that are read off tracks, `bins` of each, from the left end of each region to its right.
pub fn by_signal(
    regions: &Intervals,
    tracks: &[(String, &Track)],
    how: &Reading,
) -> Result<Labels> {
    let mut columns = Vec::new();
    let mut regions = regions.clone();
    regions
        .rows
        .iter_mut()
        .for_each(|row| row.strand = Strand::None);
    for (name, track) in tracks {
        let values = track.summarise(&regions, how.bins, how.statistic, how.missing)?;
        let invalid = values.indexed_iter().find(|(_, value)| **value <= -1.0);
        if let (true, Some(((row, _), value))) = (how.log1p, invalid) {
            bail!(
                "data",
                "signal `{name}` is {value} in region {row} ({}): ln(1 + value) needs values \
                above -1",
                regions.region_text(row);
                hint: "leave `log1p` out: this signal is no count (a log ratio, or of the reverse \
                    strand)"
            );
        }
        for (bin, column) in values.columns().into_iter().enumerate() {
            let label = if how.bins == 1 {
                name.clone()
            } else {
                format!("{name}{}", bin + 1)
            };
            columns.push((
                label,
                column.iter().map(|value| how.label(*value)).collect(),
            ));
        }
    }
    Ok(Labels::of_columns(columns))
}

/// A field of the intervals as a label.
pub fn by_field(regions: &Intervals, name: &str) -> Result<Labels> {
    match regions.need(name)? {
        Field::Number(values) => Ok(Labels {
            names: vec![name.into()],
            values: values
                .iter()
                .map(|v| [*v as f32])
                .collect::<Vec<_>>()
                .into(),
        }),
        Field::Text(_) => bail!("type", "field `{name}` holds words, a label is a number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::contigs::Contigs;
    use cistron_base::Interval;
    use ndarray::array;
    use std::sync::Arc;

    fn list(rows: &[(i64, i64)]) -> Intervals {
        let contigs = Arc::new(Contigs::new(vec!["chr1".into()], vec![1000]));
        Intervals::new(
            contigs,
            rows.iter().map(|(a, b)| Interval::new(0, *a, *b)).collect(),
        )
    }

    #[test]
    fn bound_unbound_and_ambiguous() {
        let regions = list(&[(0, 10), (20, 30), (40, 50)]);
        let labels = by_peaks(
            &regions,
            &[
                ("a".into(), list(&[(5, 8)])),
                ("b".into(), list(&[(25, 45)])),
            ],
            &Rule {
                fraction: 0.5,
                ..Rule::default()
            },
            &[("a".into(), list(&[(22, 24)]))],
        )
        .unwrap();
        assert_eq!(labels.names, ["a", "b"]);
        let shown: Vec<String> = labels.values.iter().map(|v| v.to_string()).collect();
        // 3 of 10 bases are not half; the relaxed peak makes the second region of `a` undefined
        assert_eq!(shown, ["0", "0", "NaN", "1", "0", "1"]);
    }

    #[test]
    fn logarithms_of_negative_signals_are_no_undefined_labels() {
        let track = |value: f64| Track::of_intervals(&list(&[(0, 10)]), Some(&[value])).unwrap();
        let how = Reading {
            statistic: Statistic::Mean,
            bins: 1,
            log1p: true,
            missing: Missing::Zero,
        };
        let of =
            |value: f64| by_signal(&list(&[(0, 10)]), &[("minus".into(), &track(value))], &how);
        assert_eq!(of(-0.5).unwrap().values, array![[(-0.5f64).ln_1p() as f32]]);
        for value in [-1.0, -3.5] {
            let fault = of(value).unwrap_err();
            assert!(
                fault
                    .message
                    .contains(&format!("`minus` is {value} in region 0 (chr1:0-10)")),
                "{fault}"
            );
        }
    }

    #[test]
    fn joined_regions_carry_every_set() {
        let sets = [
            ("a".into(), list(&[(100, 110), (500, 520)])),
            ("b".into(), list(&[(108, 120)])),
            ("c".into(), list(&[(300, 301)])),
        ];
        let (regions, labels) = joint(
            &sets,
            &Joint {
                length: 40,
                distance: 0,
                at_least: 1,
            },
        )
        .unwrap();
        assert_eq!(
            regions
                .rows
                .iter()
                .map(|r| (r.start, r.end))
                .collect::<Vec<_>>(),
            [(90, 130), (280, 320), (490, 530)]
        );
        assert_eq!(
            labels.values,
            array![[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
        );
        let (regions, _) = joint(
            &sets,
            &Joint {
                length: 40,
                distance: 0,
                at_least: 2,
            },
        )
        .unwrap();
        assert_eq!(regions.len(), 1);
    }
}

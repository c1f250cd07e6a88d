//! Splits, folds, samples and filters of a dataset.

use super::Dataset;
use cistron_base::Result;
use cistron_base::bail;
use cistron_base::seed::Rng;
use std::collections::HashMap;

/// How rows are dealt out.
#[derive(Clone, Debug, Default)]
pub struct Dealing {
    /// Seed of the order.
    pub seed: u64,
    /// Whether each class is dealt out by itself.
    pub stratify: bool,
    /// A group for each row in view: rows of a group stay together.
    pub groups: Option<Vec<String>>,
}

fn units(set: &Dataset, how: &Dealing) -> Result<Vec<Vec<u32>>> {
    if let Some(groups) = &how.groups {
        if groups.len() != set.rows.len() {
            bail!(
                "data",
                "{} groups for {} rows",
                groups.len(),
                set.rows.len()
            );
        }
        let mut order: Vec<&String> = Vec::new();
        let mut members: HashMap<&String, Vec<u32>> = HashMap::new();
        for (row, group) in set.rows.iter().zip(groups) {
            members
                .entry(group)
                .or_insert_with(|| {
                    order.push(group);
                    Vec::new()
                })
                .push(*row);
        }
        return Ok(order
            .into_iter()
            .filter_map(|group| members.remove(group))
            .collect());
    }
    Ok(set.rows.iter().map(|row| vec![*row]).collect())
}

/// Strata of units: by the labels of the first row where asked for.
fn strata(set: &Dataset, how: &Dealing) -> Result<Vec<Vec<Vec<u32>>>> {
    let all = units(set, how)?;
    if !how.stratify {
        return Ok(vec![all]);
    }
    let mut classes: std::collections::BTreeMap<Vec<u32>, Vec<Vec<u32>>> = Default::default();
    for unit in all {
        let key = set
            .labels
            .row(unit[0] as usize)
            .iter()
            .map(|l| l.to_bits())
            .collect();
        classes.entry(key).or_default().push(unit);
    }
    Ok(classes.into_values().collect())
}

/// Parts by shares; shares that sum to less than 1 leave rows out.
pub fn split(
    set: &Dataset,
    shares: &[(String, f64)],
    how: &Dealing,
) -> Result<Vec<(String, Dataset)>> {
    let total: f64 = shares.iter().map(|(_, share)| share).sum();
    if shares.is_empty() || shares.iter().any(|(_, share)| *share <= 0.0) || total > 1.0 + 1e-9 {
        bail!(
            "value",
            "shares must be positive and sum to at most 1, they sum to {total}"
        );
    }
    if set.shuffles.is_some() {
        bail!(
            "data",
            "split before `with_shuffles`, so that no sequence and its shuffle are parted"
        );
    }
    let mut parts: Vec<Vec<u32>> = vec![Vec::new(); shares.len()];
    for (number, mut stratum) in strata(set, how)?.into_iter().enumerate() {
        Rng::keyed(&[how.seed, 0x7370_6c69, number as u64]).shuffle(&mut stratum);
        let n = stratum.len() as f64;
        let (mut from, mut reached) = (0usize, 0.0);
        for (i, (_, share)) in shares.iter().enumerate() {
            reached += share;
            let to = ((n * reached).round() as usize).min(stratum.len());
            parts[i].extend(stratum[from..to].iter().flatten());
            from = to;
        }
    }
    shares
        .iter()
        .zip(parts)
        .map(|((name, _), mut rows)| {
            if rows.is_empty() {
                bail!(
                    "data",
                    "part `{name}` of {} rows would be empty",
                    set.rows.len()
                );
            }
            rows.sort_unstable();
            Ok((name.clone(), set.with_rows(rows)))
        })
        .collect()
}

/// `k` pairs of training and held-out rows; every row is held out once.
pub fn folds(set: &Dataset, k: usize, how: &Dealing) -> Result<Vec<(Dataset, Dataset)>> {
    if k < 2 || k > set.rows.len() {
        bail!(
            "value",
            "the number of folds must be from 2 to {} rows, got {k}",
            set.rows.len()
        );
    }
    let shares: Vec<(String, f64)> = (0..k)
        .map(|i| (format!("fold {}", i + 1), 1.0 / k as f64))
        .collect();
    let parts = split(set, &shares, how)?;
    Ok((0..k)
        .map(|held| {
            let mut rows: Vec<u32> = parts
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != held)
                .flat_map(|(_, (_, part))| part.rows.iter().copied())
                .collect();
            rows.sort_unstable();
            (set.with_rows(rows), parts[held].1.clone())
        })
        .collect())
}

/// `n` rows drawn without replacement, in their order; fixed shuffles and negatives are rows too.
pub fn sample(set: &Dataset, n: usize, seed: u64) -> Result<Dataset> {
    let set = set.materialised()?;
    if n == 0 || n > set.rows.len() {
        bail!(
            "value",
            "a sample must hold from 1 to {} rows, got {n}",
            set.rows.len()
        );
    }
    let mut rows: Vec<u32> = Rng::keyed(&[seed, 0x7361_6d70]).permutation(set.rows.len())[..n]
        .iter()
        .map(|i| set.rows[*i as usize])
        .collect();
    rows.sort_unstable();
    Ok(set.with_rows(rows))
}

/// The first rows, or all of them where there are fewer; fixed shuffles and negatives are rows too.
pub fn first(set: &Dataset, n: usize) -> Result<Dataset> {
    let set = set.materialised()?;
    Ok(set.with_rows(set.rows.iter().copied().take(n).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::{Column, Input};
    use super::*;
    use std::sync::Arc;

    fn set(n: usize) -> Dataset {
        let column = Column::Sequence {
            codes: Arc::new(vec![0; n * 3]),
            length: 3,
        };
        let labels = (0..n).map(|i| f32::from(u8::from(i % 5 == 0))).collect();
        Dataset::new(
            vec![Input::new("sequence", column)],
            vec!["y".into()],
            labels,
        )
        .unwrap()
    }

    #[test]
    fn a_split_deals_out_every_row_once_and_keeps_classes() {
        let shares = [("train".to_string(), 0.8), ("valid".to_string(), 0.2)];
        let parts = split(
            &set(1000),
            &shares,
            &Dealing {
                seed: 1,
                stratify: true,
                groups: None,
            },
        )
        .unwrap();
        assert_eq!((parts[0].1.len(), parts[1].1.len()), (800, 200));
        assert_eq!(parts[1].1.positives(), [0.2]);
        let mut all: Vec<u32> = parts
            .iter()
            .flat_map(|(_, p)| p.rows.iter().copied())
            .collect();
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<u32>>());
    }

    #[test]
    fn groups_stay_together() {
        let groups = (0..100).map(|i| format!("chr{}", i % 7)).collect();
        let shares = [("a".to_string(), 0.5), ("b".to_string(), 0.5)];
        let parts = split(
            &set(100),
            &shares,
            &Dealing {
                seed: 3,
                stratify: false,
                groups: Some(groups),
            },
        )
        .unwrap();
        let of = |part: &Dataset| {
            part.rows
                .iter()
                .map(|r| r % 7)
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert!(of(&parts[0].1).is_disjoint(&of(&parts[1].1)));
    }

    #[test]
    fn every_row_is_held_out_once() {
        let folds = folds(&set(103), 5, &Dealing::default()).unwrap();
        let mut held: Vec<u32> = folds
            .iter()
            .flat_map(|(_, h)| h.rows.iter().copied())
            .collect();
        held.sort_unstable();
        assert_eq!(held, (0..103).collect::<Vec<u32>>());
        assert!(
            folds
                .iter()
                .all(|(train, held)| train.len() + held.len() == 103)
        );
    }
}

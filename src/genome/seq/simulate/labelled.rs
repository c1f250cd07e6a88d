//! Labels of simulated sequences, and tables of what was planted.

use super::{Rule, Simulated, Site, Spec, Truth, flip};
use cistron_base::{Result, bail};

/// The labels of sequences for one task, with the rule that made them; none for those of a script's
/// function.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// A label for each sequence.
    pub labels: Vec<f32>,
    /// The rule.
    pub rule: Option<Rule>,
}

impl Spec {
    /// Labels simulated sequences.
    pub fn task(&self, name: &str, set: &Simulated) -> Result<Task> {
        let pool = &set.truth.motifs;
        let rule = self.resolve(pool)?;
        let rows = 0..set.truth.len();
        Ok(Task {
            name: name.into(),
            labels: rows
                .map(|row| rule.label(set.truth.sites(row), pool))
                .collect(),
            rule: Some(rule),
        })
    }
}

/// The labels of tasks, row by row, of which a fraction `noise` is flipped.
///
/// # Errors
/// Noise of labels other than 0 and 1.
pub fn interleaved(tasks: &[Task], noise: f64, seed: u64) -> Result<Vec<f32>> {
    let rows = tasks.first().map_or(0, |task| task.labels.len());
    let of_row = |row: usize| tasks.iter().map(move |task| task.labels[row]);
    let mut labels: Vec<f32> = (0..rows).flat_map(of_row).collect();
    if noise > 0.0 {
        if labels.iter().any(|label| *label != 0.0 && *label != 1.0) {
            bail!(
                "option",
                "option `noise` flips labels of 0 and 1; these labels are other numbers"
            );
        }
        flip(&mut labels, tasks.len(), noise, seed);
    }
    Ok(labels)
}

impl Truth {
    /// The pairs of motifs that act together in some rule, once each, in order.
    pub fn pairs(&self) -> Vec<(u32, u32)> {
        let rules = self.rules.iter().flatten();
        let mut pairs: Vec<(u32, u32)> = rules.flat_map(Rule::pairs).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// The sites of some sequences, each with the position of its sequence in the list.
    pub fn all_sites(&self, rows: &[usize]) -> Vec<(usize, Site)> {
        let numbered = rows.iter().enumerate();
        numbered
            .flat_map(|(i, row)| self.sites(*row).iter().map(move |site| (i, *site)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::Motif;
    use std::sync::Arc;

    fn task(labels: &[f32]) -> Task {
        Task {
            name: "task".into(),
            labels: labels.to_vec(),
            rule: None,
        }
    }

    #[test]
    fn labels_are_row_by_row() {
        let tasks = [task(&[0.0, 1.0]), task(&[1.0, 0.0])];
        let labels = |noise| interleaved(&tasks, noise, 1).ok();
        assert_eq!(labels(0.0), Some(vec![0.0, 1.0, 1.0, 0.0]));
        assert_eq!(labels(1.0), Some(vec![1.0, 0.0, 0.0, 1.0]));
        assert!(interleaved(&[task(&[0.5])], 0.1, 1).is_err());
        assert!(interleaved(&[task(&[0.5])], 0.0, 1).is_ok());
    }

    #[test]
    fn sites_state_their_sequence() {
        let site = |motif| Site {
            motif,
            start: 2,
            reverse: false,
        };
        let motifs = Arc::new(vec![Motif::new("a", vec![[0.25; 4]]); 2]);
        let rows = [vec![site(0)], vec![], vec![site(1), site(0)]];
        let mut truth = Truth::new(motifs, 9, &rows);
        let numbers = |rows: &[usize]| {
            let sites = truth.all_sites(rows).into_iter();
            sites.map(|(i, site)| (i, site.motif)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&[2, 0]), [(0, 1), (0, 0), (1, 0)]);
        let rule = Spec::any_pair().resolve(&truth.motifs).expect("a rule");
        truth.rules = vec![Some(rule.clone()), None, Some(rule)];
        assert_eq!(truth.pairs(), [(0, 1)]);
    }
}

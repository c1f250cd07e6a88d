//! The truth of simulated sequences: which motifs were planted where, and the rules of their
//! labels.

use super::{Rule, Site};
use crate::seq::Motif;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The truth of a set of sequences.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// The pool.
    pub motifs: Arc<Vec<Motif>>,
    /// The rule of each label; none where a script's own function made it.
    pub rules: Vec<Option<Rule>>,
    /// Bases of each sequence.
    pub length: usize,
    bounds: Vec<u32>,
    sites: Vec<Site>,
}

/// Properties besides the sites.
#[derive(Serialize, Deserialize)]
struct Known {
    motifs: Vec<Motif>,
    rules: Vec<Option<Rule>>,
    length: usize,
}

impl Truth {
    /// The truth of sequences whose sites are given one sequence after the other.
    pub fn new(motifs: Arc<Vec<Motif>>, length: usize, rows: &[Vec<Site>]) -> Truth {
        let mut bounds = vec![0];
        let mut sites = Vec::new();
        for row in rows {
            sites.extend_from_slice(row);
            bounds.push(sites.len() as u32);
        }
        Truth {
            motifs,
            rules: Vec::new(),
            length,
            bounds,
            sites,
        }
    }

    /// Pool, rules and length as text, and the sites as rows of sequence, motif, start and 1 for
    /// the other strand.
    pub fn to_parts(&self) -> (String, Vec<i64>) {
        let row = |i: usize| {
            self.sites(i).iter().flat_map(move |site| {
                [
                    i as i64,
                    i64::from(site.motif),
                    i64::from(site.start),
                    i64::from(site.reverse),
                ]
            })
        };
        let known = Known {
            motifs: self.motifs.to_vec(),
            rules: self.rules.clone(),
            length: self.length,
        };
        // numbers and names have a JSON form
        (
            serde_json::to_string(&known).unwrap_or_default(),
            (0..self.len()).flat_map(row).collect(),
        )
    }

    /// Reads the result of [`Truth::to_parts`] for `n` sequences; the error states what is damaged.
    pub fn from_parts(text: &str, sites: &[i64], n: usize) -> std::result::Result<Truth, String> {
        let known: Known = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut rows = vec![Vec::new(); n];
        for site in sites.chunks(4) {
            let mut fits = || {
                let [row, motif, start, reverse] = *site else {
                    return None;
                };
                let width = known.motifs.get(usize::try_from(motif).ok()?)?.width();
                let start = u32::try_from(start)
                    .ok()
                    .filter(|start| *start as usize + width <= known.length)?;
                rows.get_mut(usize::try_from(row).ok()?)?.push(Site {
                    motif: motif as u32,
                    start,
                    reverse: reverse != 0,
                });
                Some(())
            };
            fits().ok_or_else(|| format!("there is no place for the site {site:?}"))?;
        }
        Ok(Truth {
            rules: known.rules,
            ..Truth::new(Arc::new(known.motifs), known.length, &rows)
        })
    }

    /// How many sequences there are.
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sites of a sequence, in order of their starts.
    pub fn sites(&self, row: usize) -> &[Site] {
        &self.sites[self.bounds[row] as usize..self.bounds[row + 1] as usize]
    }

    /// The first base after a site.
    pub fn end(&self, site: &Site) -> usize {
        site.start as usize + self.motifs[site.motif as usize].width()
    }

    /// 1 where a motif was planted, for each base of a sequence; of one motif only where it is
    /// named.
    pub fn mask(&self, row: usize, motif: Option<usize>) -> Vec<f32> {
        let mut mask = vec![0.0; self.length];
        for site in self
            .sites(row)
            .iter()
            .filter(|site| motif.is_none_or(|wanted| wanted == site.motif as usize))
        {
            mask[site.start as usize..self.end(site)].fill(1.0);
        }
        mask
    }

    /// The truth of other sequences, each one of these: none where the pools differ.
    pub fn gather(parts: &[(&Truth, Vec<usize>)]) -> Option<Truth> {
        let (first, _) = parts.first()?;
        if parts.iter().any(|(other, _)| {
            other.motifs != first.motifs
                || other.rules != first.rules
                || other.length != first.length
        }) {
            return None;
        }
        let rows: Vec<Vec<Site>> = parts
            .iter()
            .flat_map(|(truth, rows)| rows.iter().map(|row| truth.sites(*row).to_vec()))
            .collect();
        Some(Truth {
            rules: first.rules.clone(),
            ..Truth::new(first.motifs.clone(), first.length, &rows)
        })
    }
}

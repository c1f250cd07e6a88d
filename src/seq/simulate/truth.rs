//! What is known of simulated sequences: where which motif was planted, and the rules of their labels.

use super::Rule;
use crate::seq::Motif;
use std::sync::Arc;

/// A motif that was planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its number in the pool.
    pub motif: u32,
    /// Its first base in the sequence.
    pub start: u32,
    /// Whether it stands on the other strand.
    pub reverse: bool,
}

/// What is known of a set of sequences.
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

impl Truth {
    /// The truth of sequences whose sites are given one sequence after the other.
    pub fn new(motifs: Arc<Vec<Motif>>, length: usize, rows: &[Vec<Site>]) -> Truth {
        let mut bounds = vec![0];
        let mut sites = Vec::new();
        for row in rows {
            sites.extend_from_slice(row);
            bounds.push(sites.len() as u32);
        }
        Truth { motifs, rules: Vec::new(), length, bounds, sites }
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

    /// The first base behind a site.
    pub fn end(&self, site: &Site) -> usize {
        site.start as usize + self.motifs[site.motif as usize].width()
    }

    /// 1 where a motif was planted, for each base of a sequence; of one motif only where it is named.
    pub fn mask(&self, row: usize, motif: Option<usize>) -> Vec<f32> {
        let mut mask = vec![0.0; self.length];
        for site in self.sites(row).iter().filter(|site| motif.is_none_or(|wanted| wanted == site.motif as usize)) {
            mask[site.start as usize..self.end(site)].fill(1.0);
        }
        mask
    }

    /// The truth of other sequences, each one of these: none where the pools differ.
    pub fn gather(parts: &[(&Truth, Vec<usize>)]) -> Option<Truth> {
        let (first, _) = parts.first()?;
        if parts.iter().any(|(other, _)| other.motifs != first.motifs || other.rules != first.rules || other.length != first.length) {
            return None;
        }
        let rows: Vec<Vec<Site>> = parts.iter().flat_map(|(truth, rows)| rows.iter().map(|row| truth.sites(*row).to_vec())).collect();
        Some(Truth { rules: first.rules.clone(), ..Truth::new(first.motifs.clone(), first.length, &rows) })
    }
}

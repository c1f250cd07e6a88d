//! Other rows of a dataset, for augmenters that take values from them.

use crate::data::{Dataset, Input};
use crate::seq::shuffle::Shuffler;
use cistron_base::seed::Rng;
use cistron_base::{Result, bail};

/// Which rows may be drawn, by their label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Rows with another label.
    Other,
    /// Rows with the same label.
    Same,
    /// All rows.
    Any,
}

/// Among which rows one is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// The rows of the dataset that is loaded: those of the split or fold.
    Rows,
    /// The rows of the batch.
    Batch,
}

/// How a row is drawn.
#[derive(Clone, Debug)]
pub struct PeerRule {
    /// By its label.
    pub class: Class,
    /// Among which.
    pub among: Among,
    /// Name of the label; the first unless given.
    pub label: Option<String>,
}

/// What an augmenter of named inputs needs of a dataset.
#[derive(Clone, Debug)]
pub struct Needs {
    /// Names of inputs of numbers.
    pub numbers: Vec<String>,
    /// Names of inputs of any kind.
    pub inputs: Vec<String>,
    /// Name of a label.
    pub label: Option<String>,
    /// Whether it takes values of other rows.
    pub has_peers: bool,
}

impl Needs {
    /// Fails where a dataset does not have what is needed.
    pub(super) fn check(&self, set: &Dataset) -> Result<()> {
        let find = |name: &String| set.inputs.iter().find(|input| input.name == *name);
        let is_letters = |input: &Input| input.column.alphabet().is_some();
        let is_numbers = |input: &Input| !input.column.is_sequence() && !is_letters(input);
        let mut numbers = self.numbers.iter();
        if let Some(name) = numbers.find(|name| !find(name).is_some_and(is_numbers)) {
            bail!("name", "no input of numbers is called `{name}`");
        }
        let mut inputs = self.inputs.iter();
        if let Some(name) = inputs.find(|name| find(name).is_none_or(is_letters)) {
            bail!("name", "no input of bases or numbers is called `{name}`");
        }
        let is_label = |name: &String| set.label_names.contains(name);
        if let Some(name) = self.label.as_ref().filter(|name| !is_label(name)) {
            let known = set.label_names.join(", ");
            bail!("name", "no label is called `{name}`; there are {known}");
        }
        if set.batching.is_some() && self.has_peers {
            bail!(
                "data",
                "rows that differ in size cannot take values of other rows"
            );
        }
        Ok(())
    }
}

/// The rows that a row may take values from: those in view of the dataset that is loaded.
pub struct Peers {
    set: Dataset,
    /// The rows of the batch.
    pub batch: Vec<u32>,
    /// The row that is changed.
    pub row: u32,
}

/// The place of an input in a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Among the sequences.
    Sequence(usize),
    /// Among the inputs of numbers.
    Signal(usize),
}

impl Peers {
    pub(super) fn new(set: &Dataset) -> Peers {
        Peers {
            set: set.clone(),
            batch: Vec::new(),
            row: 0,
        }
    }

    /// The place of an input in a sample.
    pub fn place(&self, name: &str) -> Option<Place> {
        let (mut sequences, mut signals) = (0, 0);
        for input in &self.set.inputs {
            let is_sequence = input.column.is_sequence();
            if input.name == name {
                let is_other = input.column.alphabet().is_some();
                let place = match is_sequence {
                    true => Place::Sequence(sequences),
                    false => Place::Signal(signals),
                };
                return (!is_other).then_some(place);
            }
            match is_sequence {
                true => sequences += 1,
                false if input.column.alphabet().is_none() => signals += 1,
                false => {}
            }
        }
        None
    }

    fn label(&self, row: u32, rule: &PeerRule) -> f32 {
        let mut labels = Vec::new();
        self.set.push_labels(row as usize, &mut labels);
        let named = rule.label.as_ref();
        let at = named.and_then(|name| self.set.label_names.iter().position(|own| own == name));
        labels.get(at.unwrap_or(0)).copied().unwrap_or(f32::NAN)
    }

    /// Draws another row; none where there is no such row. Rows of undefined label have no class.
    pub fn draw(&self, rule: &PeerRule, rng: &mut Rng) -> Option<u32> {
        let n = match rule.among {
            Among::Rows => self.set.len(),
            Among::Batch => self.batch.len(),
        };
        let own = self.label(self.row, rule);
        let at = |index: usize| match rule.among {
            Among::Rows => index as u32,
            Among::Batch => self.batch[index],
        };
        let is_fit = |row: &u32| {
            let fits = match rule.class {
                Class::Any => true,
                Class::Other | Class::Same => {
                    let other = self.label(*row, rule);
                    let is_defined = !own.is_nan() && !other.is_nan();
                    is_defined && (own == other) == (rule.class == Class::Same)
                }
            };
            *row != self.row && fits
        };
        if n == 0 {
            return None;
        }
        // most draws fit at once; a scan finds the rare row of a small class
        let drawn = (0..16).map(|_| at(rng.below(n))).find(is_fit);
        let start = rng.below(n);
        drawn.or_else(|| (0..n).map(|i| at((start + i) % n)).find(is_fit))
    }

    /// The values of an input of numbers of a row, as they are in a sample.
    pub fn numbers(&self, name: &str, row: u32, margin: usize) -> Result<Vec<f32>> {
        let mut out = Vec::new();
        if let Some(input) = self.set.inputs.iter().find(|input| input.name == name) {
            let edge = if input.is_along { margin } else { 0 };
            self.set
                .push_numbers(&input.column, row as usize, edge, &mut out)?;
        }
        Ok(out)
    }

    /// The codes of a sequence of a row, as they are in a sample.
    pub fn codes(
        &self,
        name: &str,
        row: u32,
        margin: usize,
        epoch: u64,
        shuffler: &mut Shuffler,
    ) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if let Some(input) = self.set.inputs.iter().find(|input| input.name == name) {
            let (column, row) = (&input.column, row as usize);
            self.set
                .push_codes(column, row, margin, epoch, shuffler, &mut out)?;
        }
        Ok(out)
    }

    /// The labels of a row.
    pub fn labels(&self, row: u32) -> Vec<f32> {
        let mut out = Vec::new();
        self.set.push_labels(row as usize, &mut out);
        out
    }
}

//! What inputs of numbers become on the reverse strand, as declared.

use super::Dataset;
use cistron_base::{Result, bail, shape};
use std::sync::Arc;

/// What an input of numbers becomes on the reverse strand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputStrand {
    /// It does not depend on the strand.
    Features,
    /// Its last axis is along the sequence and is reversed.
    Track,
    /// The same, and neighbouring channels, the strands of a signal, are exchanged.
    Stranded,
    /// Its last two axes are along the sequence and are reversed.
    Map,
    /// Neighbours of its first axis, the strands of a value, are exchanged.
    Pairs,
}

impl Dataset {
    /// The same with inputs of numbers that become something else on the reverse strand. Inputs of
    /// the length of the sequence are along it, and shifted with it.
    pub fn with_strands(&self, declared: &[(String, InputStrand)]) -> Result<Dataset> {
        let length = self.sequence_input().map(|column| column.row_shape()[0]);
        let is_ragged = self.batching.is_some();
        let mut out = self.clone();
        for (name, strand) in declared {
            let numbers = |input: &&mut super::Input| {
                input.name == *name
                    && !input.column.is_sequence()
                    && input.column.alphabet().is_none()
            };
            let Some(input) = out.inputs.iter_mut().find(numbers) else {
                bail!("name", "no input of numbers is called `{name}`");
            };
            let own = input.column.row_shape();
            let is_even = own
                .first()
                .is_some_and(|channels| channels.is_multiple_of(2));
            let wanted = match strand {
                InputStrand::Stranded if own.len() != 2 || !is_even => {
                    "[channels, length] with pairs of channels"
                }
                InputStrand::Pairs if !is_even => "[channels, …] with pairs of channels",
                InputStrand::Map if !matches!(own[..], [.., a, b] if a == b) => {
                    "[…, length, length]"
                }
                _ => "",
            };
            if !wanted.is_empty() {
                let own: Vec<i64> = own.iter().map(|n| *n as i64).collect();
                bail!(
                    "shape",
                    "input `{name}` is {}, where {wanted} is needed",
                    shape::text(&own)
                );
            }
            let is_reversed = matches!(strand, InputStrand::Track | InputStrand::Stranded);
            let is_along = is_reversed && length.is_some() && own.last().copied() == length;
            if !is_ragged {
                input.is_along = is_along;
            }
            input.reversed_axes = match strand {
                InputStrand::Map => 2,
                InputStrand::Track | InputStrand::Stranded => 1,
                InputStrand::Features | InputStrand::Pairs => 0,
            };
            let has_pairs = matches!(strand, InputStrand::Stranded | InputStrand::Pairs);
            input.partners = has_pairs.then(|| Arc::new((0..own[0]).map(|i| i ^ 1).collect()));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{ReverseComplement, Shift};
    use crate::data::loader::{Loader, Values};
    use crate::data::{Column, Input};

    fn set() -> Dataset {
        let dense = |shape: &[usize]| Column::Dense {
            values: Arc::new(
                (0..shape.iter().product::<usize>())
                    .map(|i| i as f32)
                    .collect(),
            ),
            shape: shape.to_vec(),
        };
        let sequence = Column::Sequence {
            codes: Arc::new(vec![0, 1, 1]),
            length: 3,
        };
        let inputs = vec![
            Input::new("sequence", sequence),
            Input::new("contacts", dense(&[1, 3, 3])),
            Input::new("counts", dense(&[4])),
            Input::new("bins", dense(&[2, 2])),
        ];
        Dataset::new(inputs, vec!["y".into()], vec![1.0]).expect("a dataset")
    }

    fn turned(set: &Dataset) -> Vec<Vec<f32>> {
        let loader = Loader {
            transform: Some(Arc::new(ReverseComplement { probability: 1.0 })),
            ..Loader::plain(set, 1)
        };
        let batch = loader.start().next().expect("a batch").expect("a batch");
        let numbers = batch.inputs.iter().filter_map(|(_, values)| match values {
            Values::Dense(numbers, _) => Some(numbers.clone()),
            _ => None,
        });
        numbers.collect()
    }

    #[test]
    fn inputs_are_reversed_and_exchanged_as_declared() {
        let declared = [
            ("contacts".to_string(), InputStrand::Map),
            ("counts".to_string(), InputStrand::Pairs),
            ("bins".to_string(), InputStrand::Stranded),
        ];
        let set = set().with_strands(&declared).expect("a dataset");
        let found = turned(&set);
        assert_eq!(found[0], [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
        assert_eq!(found[1], [1.0, 0.0, 3.0, 2.0]);
        assert_eq!(found[2], [3.0, 2.0, 1.0, 0.0]);
        // a map of pairs of positions cannot be shifted with the sequence
        let loader = Loader {
            transform: Some(Arc::new(Shift { most: 1 })),
            ..Loader::plain(&set, 1)
        };
        let fault = loader
            .start()
            .next()
            .expect("an answer")
            .expect_err("a map");
        assert!(fault.message.contains("`contacts`"), "{}", fault.message);
    }

    #[test]
    fn shapes_that_do_not_fit_are_errors() {
        let strand = |name: &str, strand| set().with_strands(&[(name.to_string(), strand)]);
        assert!(strand("counts", InputStrand::Map).is_err());
        assert!(strand("contacts", InputStrand::Stranded).is_err());
        assert!(strand("sequence", InputStrand::Track).is_err());
        assert!(strand("bins", InputStrand::Track).is_ok());
    }
}

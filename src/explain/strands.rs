//! Attributions averaged over both strands.

use super::gradients::Found;
use super::mutagenesis;
use super::target::{Still, Target};
use cistron_base::Result;
use cistron_genome::data::Dataset;
use cistron_nn::strands::{InputKind, Strands};
use cistron_nn::train::evaluate;
use cistron_nn::{Shape, Value};
use cistron_torch::Tensor;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What samples and labels become on the reverse strand.
pub struct ReverseStrand {
    strands: Strands,
    labels: Option<Arc<Vec<usize>>>,
}

impl ReverseStrand {
    /// The reverse strand of inputs, by their shapes and the kinds that are declared.
    pub fn of_inputs(
        shape: &Shape,
        declared: &BTreeMap<String, InputKind>,
    ) -> Result<ReverseStrand> {
        Ok(ReverseStrand {
            strands: Strands::of(shape, declared, true)?,
            labels: None,
        })
    }

    /// The reverse strand of the inputs and labels of a dataset.
    pub fn of_dataset(set: &Dataset) -> ReverseStrand {
        ReverseStrand {
            strands: evaluate::strands(set),
            labels: set.label_partners.clone(),
        }
    }

    /// The target in the outputs of the reverse strand.
    fn target(&self, target: &Target) -> Target {
        target.reverse(self.labels.clone())
    }

    /// The mean of contributions of the forward strand and of the reverse strand, the latter in
    /// the order of the forward strand.
    fn mean(&self, forward: &Value, reverse: &Value) -> Result<Value> {
        forward.zip(&self.strands.turned(reverse)?, |forward, reverse| {
            forward.add(reverse)?.mul_number(0.5)
        })
    }
}

/// Contributions that `run` computes, averaged over both strands where `reverse` is given.
pub fn contributions(
    reverse: Option<&ReverseStrand>,
    x: &Value,
    target: &Target,
    run: impl Fn(&Value, &Target) -> Result<Value>,
) -> Result<Value> {
    let run = |x: &Value, target: &Target| {
        Ok(Found {
            contributions: run(x, target)?,
            difference: Vec::new(),
        })
    };
    found(reverse, x, target, run).map(|found| found.contributions)
}

/// Contributions and differences that `run` computes, averaged over both strands where `reverse`
/// is given.
pub fn found(
    reverse: Option<&ReverseStrand>,
    x: &Value,
    target: &Target,
    run: impl Fn(&Value, &Target) -> Result<Found>,
) -> Result<Found> {
    let forward = run(x, target)?;
    let Some(strand) = reverse else {
        return Ok(forward);
    };
    let reverse = run(&strand.strands.turned(x)?, &strand.target(target))?;
    let pairs = forward.difference.iter().zip(&reverse.difference);
    Ok(Found {
        contributions: strand.mean(&forward.contributions, &reverse.contributions)?,
        difference: pairs.map(|(a, b)| f64::midpoint(*a, *b)).collect(),
    })
}

/// Saturation mutagenesis of a range of one-hot sequences for each target, averaged over both
/// strands where `reverse` is given.
///
/// # Shapes
/// `[samples, 4, length]` to `[samples, 4, positions]` for each target
pub fn saturation(
    still: &Still,
    x: &Tensor,
    targets: &[Target],
    range: &Range<usize>,
    batch: usize,
    reverse: Option<&ReverseStrand>,
) -> Result<Vec<Tensor>> {
    let forward = mutagenesis::saturation(still, x, targets, range, batch)?;
    let Some(strand) = reverse else {
        return Ok(forward);
    };
    let length = x.shape()[2] as usize;
    let mirrored = length.saturating_sub(range.end)..length.saturating_sub(range.start);
    let targets: Vec<Target> = targets.iter().map(|target| strand.target(target)).collect();
    let reverse = mutagenesis::saturation(still, &x.flip(&[1, 2])?, &targets, &mirrored, batch)?;
    let pairs = forward.into_iter().zip(reverse);
    let means = pairs.map(|(forward, reverse)| {
        let mean = strand.mean(&Value::One(forward), &Value::One(reverse))?;
        mean.one().cloned()
    });
    means.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sequence AC with a weight of 0 at the first position and 1 at the second.
    fn by_position(x: &Value, _: &Target) -> Result<Value> {
        let weights = Tensor::from_f32(&[0.0, 1.0], &[2])?;
        x.map(|x| x.mul(&weights))
    }

    #[test]
    fn contributions_are_averaged_in_the_order_of_the_forward_strand() -> Result<()> {
        let x = Value::One(Tensor::from_u8(&[0, 1], &[1, 2])?.one_hot_codes()?);
        let reverse = ReverseStrand::of_inputs(&x.shape(), &BTreeMap::new())?;
        let values = |value: Value| value.one()?.to_f64();
        let target = Target::Label(0);
        // C at position 1 on the forward strand, A at position 1 (of GT: T) on the reverse strand
        let forward = contributions(None, &x, &target, by_position)?;
        assert_eq!(values(forward)?, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        let both = contributions(Some(&reverse), &x, &target, by_position)?;
        assert_eq!(values(both)?, [0.5, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0]);
        Ok(())
    }

    #[test]
    fn differences_are_averaged() -> Result<()> {
        let x = Value::One(Tensor::from_u8(&[0, 1], &[1, 2])?.one_hot_codes()?);
        let reverse = ReverseStrand::of_inputs(&x.shape(), &BTreeMap::new())?;
        let run = |x: &Value, target: &Target| {
            let is_reverse = matches!(target, Target::Reverse(..));
            Ok(Found {
                contributions: by_position(x, target)?,
                difference: vec![if is_reverse { 3.0 } else { 1.0 }],
            })
        };
        let found = found(Some(&reverse), &x, &Target::Label(0), run)?;
        assert_eq!(found.difference, [2.0]);
        Ok(())
    }
}

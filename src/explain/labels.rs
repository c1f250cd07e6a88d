//! Results of several labels of a network.

use cistron_base::{Result, bail};
use cistron_nn::Value;
use cistron_torch::{Device, Tensor};

/// Results of several targets along an axis of labels, on the CPU; the result of one target alone
/// where there is no such axis.
///
/// # Shapes
/// `[samples, …]` to `[samples, labels, …]`
pub fn stacked(results: &[Value], has_axis: bool) -> Result<Value> {
    let [first, rest @ ..] = results else {
        bail!("value", "there is no label to explain")
    };
    if !has_axis {
        return first.map(|tensor| tensor.to_device(Device::CPU));
    }
    let first = first.map(|tensor| tensor.to_device(Device::CPU)?.unsqueeze(1))?;
    rest.iter().try_fold(first, |stack, result| {
        stack.zip(result, |stack, result| {
            let result = result.to_device(Device::CPU)?.unsqueeze(1)?;
            Tensor::cat(&[stack.clone(), result], 1)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_an_axis_after_the_samples() -> Result<()> {
        let one = |x: f32| Tensor::from_f32(&[x, x + 1.0], &[2, 1]).map(Value::One);
        let results = [one(0.0)?, one(10.0)?];
        let all = stacked(&results, true)?;
        assert_eq!(all.one()?.shape(), [2, 2, 1]);
        assert_eq!(all.one()?.to_f64()?, [0.0, 10.0, 1.0, 11.0]);
        assert_eq!(stacked(&results[..1], false)?.one()?.shape(), [2, 1]);
        assert!(stacked(&[], true).is_err());
        Ok(())
    }
}

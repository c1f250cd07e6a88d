//! Tensors that the processes of a run sum or exchange.

use super::custom::{Kernel, attach};
use super::{Device, Kind, Tensor};
use cistron_base::{Result, bail, fault};
use cistron_world as world;

/// Returns the sum of a tensor over the processes, on its device; every process has one of the same
/// shape. Integers are summed as 64-bit floats.
pub fn all_reduce(what: &str, tensor: &Tensor) -> Result<Tensor> {
    let (shape, kind, device) = (tensor.shape(), tensor.kind(), tensor.device());
    let own = tensor.detach()?.to_device(Device::CPU)?;
    let sum = match kind {
        Kind::Float | Kind::Half | Kind::BFloat16 => {
            let mut values = own.to_kind(Kind::Float)?.to_f32()?;
            world::sum_f32(what, &mut values)?;
            Tensor::from_f32(&values, &shape)?
        }
        _ => {
            let mut values = own.to_f64()?;
            world::sum_f64(what, &mut values)?;
            Tensor::from_f64(&values, &shape)?
        }
    };
    let kind = if kind == Kind::Bool {
        Kind::Int64
    } else {
        kind
    };
    sum.to_kind(kind)?.to_device(device)
}

/// Returns the sum of a tensor over the processes, with its gradient: the sum of the gradients of
/// the results of all processes, which all come to the backward pass.
pub fn summed(what: &'static str, tensor: &Tensor) -> Result<Tensor> {
    attach(all_reduce(what, tensor)?, &[tensor], Box::new(Summed(what)))
}

/// The backward pass of a sum over the processes.
struct Summed(&'static str);

impl Kernel for Summed {
    fn backward(&self, gradient: &Tensor, _: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(all_reduce(self.0, gradient)?)])
    }
}

/// Sums tensors over the processes in place, all of them in one buffer. Every process has the same
/// number of them, of the same shapes.
pub fn all_reduce_all_(what: &str, tensors: &[Tensor]) -> Result<()> {
    let _guard = super::grad::no_grad();
    let is_double = tensors.iter().any(|own| own.kind() == Kind::Double);
    let kind = if is_double { Kind::Double } else { Kind::Float };
    let flat = |own: &Tensor| {
        own.detach()?
            .to_device(Device::CPU)?
            .to_kind(kind)?
            .reshape(&[-1])
    };
    let parts: Vec<Tensor> = tensors.iter().map(flat).collect::<Result<_>>()?;
    let all = match parts.is_empty() {
        true => Tensor::zeros(&[0])?,
        false => Tensor::cat(&parts, 0)?,
    };
    let sum = all_reduce(what, &all)?;
    let mut start = 0;
    for own in tensors {
        let part = sum.narrow(0, start, own.numel())?.reshape(&own.shape())?;
        own.copy_(&part.to_kind(own.kind())?.to_device(own.device())?)?;
        start += own.numel();
    }
    Ok(())
}

/// Returns the tensors of all processes, of any shapes, on the CPU.
pub fn gather(what: &str, tensor: &Tensor) -> Result<Vec<Tensor>> {
    let all = world::gather(what, &to_bytes(tensor)?)?;
    all.iter().map(|bytes| from_bytes(bytes)).collect()
}

/// A tensor as bytes: the name of its kind, its shape and its numbers.
pub fn to_bytes(tensor: &Tensor) -> Result<Vec<u8>> {
    let own = tensor.detach()?.to_device(Device::CPU)?;
    let (kind, shape) = (own.kind(), own.shape());
    let mut out = vec![kind.name().len() as u8];
    out.extend(kind.name().bytes());
    out.push(shape.len() as u8);
    shape.iter().for_each(|size| out.extend(size.to_le_bytes()));
    match kind {
        Kind::Float | Kind::Half | Kind::BFloat16 => {
            let values = own.to_kind(Kind::Float)?.to_f32()?;
            values
                .iter()
                .for_each(|value| out.extend(value.to_le_bytes()));
        }
        Kind::Double => own
            .to_f64()?
            .iter()
            .for_each(|value| out.extend(value.to_le_bytes())),
        _ => {
            let values = own.to_kind(Kind::Int64)?.to_i64()?;
            values
                .iter()
                .for_each(|value| out.extend(value.to_le_bytes()));
        }
    }
    Ok(out)
}

/// The tensor that [`to_bytes`] has written.
pub fn from_bytes(bytes: &[u8]) -> Result<Tensor> {
    let damaged = || fault!("internal", "a tensor of another process is damaged");
    let (size, rest) = bytes.split_first().ok_or_else(damaged)?;
    let (name, rest) = rest
        .split_at_checked(usize::from(*size))
        .ok_or_else(damaged)?;
    let kind = Kind::parse(&String::from_utf8_lossy(name))?;
    let (rank, rest) = rest.split_first().ok_or_else(damaged)?;
    let (shape, rest) = rest
        .split_at_checked(8 * usize::from(*rank))
        .ok_or_else(damaged)?;
    let shape: Vec<i64> = words(shape).map(i64::from_le_bytes).collect();
    let tensor = match kind {
        Kind::Float | Kind::Half | Kind::BFloat16 => {
            let values: Vec<f32> = words(rest).map(f32::from_le_bytes).collect();
            Tensor::from_f32(&values, &shape)?
        }
        Kind::Double => {
            let values: Vec<f64> = words(rest).map(f64::from_le_bytes).collect();
            Tensor::from_f64(&values, &shape)?
        }
        _ => {
            let values: Vec<i64> = words(rest).map(i64::from_le_bytes).collect();
            Tensor::from_i64(&values, &shape)?
        }
    };
    if tensor.shape() != shape {
        bail!("internal", "a tensor of another process is damaged");
    }
    tensor.to_kind(kind)
}

/// Bytes in groups of `N`.
fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_travel_as_bytes() {
        let values = Tensor::from_f64(&[1.0, -2.5, 1e300, 0.1], &[2, 2]).unwrap();
        let ids = Tensor::from_i64(&[i64::MAX, -1], &[2]).unwrap();
        let flags = Tensor::from_bool(&[true, false, true], &[3, 1]).unwrap();
        let empty = Tensor::zeros(&[0, 4]).unwrap();
        let half = Tensor::ones(&[2]).unwrap().to_kind(Kind::Half).unwrap();
        for tensor in [values, ids, flags, empty, half] {
            let read = from_bytes(&to_bytes(&tensor).unwrap()).unwrap();
            assert_eq!((read.kind(), read.shape()), (tensor.kind(), tensor.shape()));
            assert!(read.is_equal(&tensor).unwrap());
        }
        assert!(from_bytes(&[]).is_err());
        assert!(from_bytes(b"\x07float32\x01\x02").is_err());
    }

    #[test]
    fn a_process_alone_keeps_its_numbers() {
        let a = Tensor::from_f32(&[1.0, 2.0], &[2]).unwrap();
        let b = Tensor::from_f64(&[3.0], &[]).unwrap();
        all_reduce_all_("test", &[a.clone(), b]).unwrap();
        assert_eq!(a.to_f32().unwrap(), [1.0, 2.0]);
        assert_eq!(gather("test", &a).unwrap().len(), 1);
    }
}

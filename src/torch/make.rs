//! New tensors.

use super::tensor::{lift, lift1};
use super::{Device, Kind, Tensor};
use cistron_base::seed::Rng;
use cistron_base::{Result, memory};
use cistron_base::{bail, fault};
use ndarray::{Array, Array3, Dimension};

impl Tensor {
    /// A tensor of 32-bit floats.
    pub fn from_f32(values: &[f32], shape: &[i64]) -> Result<Tensor> {
        lift("tensor", &[], tch::Tensor::f_from_slice(values))
            .map(Tensor)?
            .reshape(shape)
    }

    /// A tensor of 64-bit floats.
    pub fn from_f64(values: &[f64], shape: &[i64]) -> Result<Tensor> {
        lift("tensor", &[], tch::Tensor::f_from_slice(values))
            .map(Tensor)?
            .reshape(shape)
    }

    /// A tensor of the shape and values of an array.
    pub fn from_array<D: Dimension>(array: &Array<f32, D>) -> Result<Tensor> {
        let shape: Vec<i64> = array.shape().iter().map(|n| *n as i64).collect();
        match array.as_slice() {
            Some(values) => Tensor::from_f32(values, &shape),
            None => Tensor::from_f32(&array.iter().copied().collect::<Vec<_>>(), &shape),
        }
    }

    /// The values of a tensor of three axes on the host.
    pub fn to_array3(&self) -> Result<Array3<f32>> {
        let [a, b, c] = self.shape()[..] else {
            bail!(
                "shape",
                "a tensor of three axes is needed, got {}",
                cistron_base::shape::text(&self.shape())
            )
        };
        Array3::from_shape_vec((a as usize, b as usize, c as usize), self.to_f32()?)
            .map_err(|error| fault!("internal", "{error}"))
    }

    /// A tensor of integers.
    pub fn from_i64(values: &[i64], shape: &[i64]) -> Result<Tensor> {
        lift("tensor", &[], tch::Tensor::f_from_slice(values))
            .map(Tensor)?
            .reshape(shape)
    }

    /// A tensor of bytes, such as sequence codes.
    pub fn from_u8(values: &[u8], shape: &[i64]) -> Result<Tensor> {
        lift("tensor", &[], tch::Tensor::f_from_slice(values))
            .map(Tensor)?
            .reshape(shape)
    }

    /// A tensor that is filled in place, which saves a copy of large ones; it starts as zeros.
    pub fn filled<T: tch::kind::Element>(
        shape: &[i64],
        fill: impl FnOnce(&mut [T]) -> Result<()>,
    ) -> Result<Tensor> {
        memory::elements(shape, size_of::<T>())?;
        let options = (T::KIND, tch::Device::Cpu);
        let tensor = lift("zeros", &[], tch::Tensor::f_zeros(shape, options)).map(Tensor)?;
        let n = tensor.numel() as usize;
        if n > 0 {
            // SAFETY: the tensor was made here: it is contiguous, has `n` numbers of that kind, and
            // nobody else holds it yet
            fill(unsafe { std::slice::from_raw_parts_mut(tensor.0.data_ptr().cast::<T>(), n) })?;
        }
        Ok(tensor)
    }

    /// A tensor of truth values.
    pub fn from_bool(values: &[bool], shape: &[i64]) -> Result<Tensor> {
        lift("tensor", &[], tch::Tensor::f_from_slice(values))
            .map(Tensor)?
            .reshape(shape)
    }

    /// All numbers the same.
    pub fn full(
        shape: &[i64],
        value: impl Into<tch::Scalar>,
        kind: Kind,
        device: Device,
    ) -> Result<Tensor> {
        memory::elements(shape, kind.bytes())?;
        lift1(
            "full",
            &[],
            tch::Tensor::f_full(shape, value, (kind.tch(), device.0)),
        )
    }

    /// A few numbers along one axis, made where they are used: nothing is sent there.
    pub fn listed(values: &[f64], kind: Kind, device: Device) -> Result<Tensor> {
        if device == Device::CPU {
            return Tensor::from_f64(values, &[values.len() as i64])?.to_kind(kind);
        }
        Tensor::cat(
            &values
                .iter()
                .map(|value| Tensor::full(&[1], *value, kind, device))
                .collect::<Result<Vec<_>>>()?,
            0,
        )
    }

    /// All zeros, 32-bit.
    pub fn zeros(shape: &[i64]) -> Result<Tensor> {
        Tensor::full(shape, 0.0, Kind::Float, Device::CPU)
    }

    /// All ones, 32-bit.
    pub fn ones(shape: &[i64]) -> Result<Tensor> {
        Tensor::full(shape, 1.0, Kind::Float, Device::CPU)
    }

    /// Numbers of no particular value, of the shape, kind, device and layout of another.
    pub fn empty_like(&self) -> Result<Tensor> {
        lift1("empty_like", &[self], self.0.f_empty_like())
    }

    /// Zeros of the shape, kind and device of another.
    pub fn zeros_like(&self) -> Result<Tensor> {
        lift1("zeros_like", &[self], self.0.f_zeros_like())
    }

    /// Ones of the shape, kind and device of another.
    pub fn ones_like(&self) -> Result<Tensor> {
        lift1("ones_like", &[self], self.0.f_ones_like())
    }

    /// Ones on the diagonal, `[n, n]`.
    pub fn eye(n: i64) -> Result<Tensor> {
        memory::elements(&[n, n], 4)?;
        lift1(
            "eye",
            &[],
            tch::Tensor::f_eye(n, (tch::Kind::Float, tch::Device::Cpu)),
        )
    }

    /// Integers from `start` to before `end`.
    pub fn arange_i64(start: i64, end: i64, step: i64) -> Result<Tensor> {
        if step == 0 {
            bail!("value", "`step` must not be 0");
        }
        if (end > start) != (step > 0) && end != start {
            bail!(
                "value",
                "a step of {step} does not lead from {start} to {end}"
            );
        }
        let count = (i128::from(end) - i128::from(start))
            .unsigned_abs()
            .div_ceil(u128::from(step.unsigned_abs()));
        memory::check(
            count.saturating_mul(8),
            &format!("the range from {start} to {end} by {step}"),
        )?;
        lift1(
            "arange",
            &[],
            tch::Tensor::f_arange_start_step(
                start,
                end,
                step,
                (tch::Kind::Int64, tch::Device::Cpu),
            ),
        )
    }

    /// `n` evenly spaced numbers from `start` to `end`, both included.
    pub fn linspace(start: f64, end: f64, n: i64) -> Result<Tensor> {
        memory::items(n, 4, "numbers")?;
        lift1(
            "linspace",
            &[],
            tch::Tensor::f_linspace(start, end, n, (tch::Kind::Float, tch::Device::Cpu)),
        )
    }

    /// Independent numbers drawn by `draw`, from a generator of the given keys.
    pub fn drawn(shape: &[i64], keys: &[u64], draw: impl Fn(&mut Rng) -> f64) -> Result<Tensor> {
        let count = memory::elements(shape, 8)?;
        let mut rng = Rng::keyed(keys);
        let mut values: Vec<f32> = memory::reserved(count, "random numbers")?;
        values.extend((0..count).map(|_| draw(&mut rng) as f32));
        Tensor::from_f32(&values, shape)
    }

    /// Independent integers from `low` to before `high`, each as likely.
    pub fn drawn_i64(shape: &[i64], keys: &[u64], low: i64, high: i64) -> Result<Tensor> {
        let count = memory::elements(shape, 16)?;
        let mut rng = Rng::keyed(keys);
        let span = high.wrapping_sub(low) as u64;
        let mut values: Vec<i64> = memory::reserved(count, "random numbers")?;
        values.extend((0..count).map(|_| low.wrapping_add(rng.below(span as usize) as i64)));
        Tensor::from_i64(&values, shape)
    }

    /// `[batch, 4, length]` one-hot from codes `[batch, length]` (A C G T = 0 1 2 3, anything else
    /// four zeros).
    ///
    /// In memory the channels are adjacent: convolutions, norms and pools keep that layout
    /// and are faster in it.
    pub fn one_hot_codes(&self) -> Result<Tensor> {
        self.one_hot_letters(4)
    }

    /// Codes `[batch, length]` one-hot, `[batch, letters, length]`; other codes are zeros.
    pub fn one_hot_letters(&self, letters: i64) -> Result<Tensor> {
        let bases = lift1(
            "arange",
            &[],
            tch::Tensor::f_arange(letters, (tch::Kind::Uint8, self.device().0)),
        )?;
        let wide = self.unsqueeze(2)?;
        lift1("one_hot", &[self], wide.0.f_eq_tensor(&bases.0))?
            .to_kind(Kind::Float)?
            .transpose(1, 2)
    }
}

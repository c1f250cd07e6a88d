//! Baselines that sequences are compared with.

use cistron_base::bail;
use cistron_base::seed::Rng;
use cistron_base::{Result, shape};
use cistron_genome::seq::shuffle::Shuffler;
use cistron_nn::Value;
use cistron_torch::{Kind, Tensor, parallel};

/// Where baselines come from.
#[derive(Clone)]
pub enum Baselines {
    /// Shuffles of each sequence that keep its k-lets.
    Shuffled {
        /// Bases that are kept together; 2 keeps dinucleotides.
        k: usize,
        /// Shuffles of each sequence.
        count: i64,
        /// Their seed.
        seed: u64,
    },
    /// The same number everywhere: 0, or a quarter of each base.
    Constant(f64),
    /// The composition of each sequence at every position.
    Composition,
    /// As given: `[count, …]` for all samples, or `[samples, count, …]`.
    Given(Tensor),
}

/// Whether a tensor holds sequences.
pub fn is_sequence(x: &Tensor) -> bool {
    matches!(x.shape()[..], [_, 4, _])
}

/// Codes of one-hot sequences; fails where a position is neither one base nor empty.
pub fn codes_of(x: &Tensor) -> Result<(Vec<u8>, usize)> {
    let [rows, 4, length] = x.shape()[..] else {
        bail!(
            "shape",
            "sequences are [batch, 4, length], got {}",
            shape::text(&x.shape())
        )
    };
    let (values, length) = (x.to_array3()?, length as usize);
    let mut codes = vec![4u8; rows as usize * length];
    for (row, own) in codes.chunks_exact_mut(length.max(1)).enumerate() {
        for (position, code) in own.iter_mut().enumerate() {
            for b in 0..4 {
                match values[[row, b, position]] {
                    0.0 => {}
                    1.0 if *code == 4 => *code = b as u8,
                    other => {
                        bail!(
                            "value",
                            "sample {row} holds {other} at position {position}: not a one-hot \
                            sequence";
                            hint: "such inputs need `baselines: \"zeros\"`, or a tensor of \
                                baselines"
                        )
                    }
                }
            }
        }
    }
    Ok((codes, length))
}

impl Baselines {
    /// How many each sample has.
    pub fn count(&self, x: &Tensor) -> Result<i64> {
        Ok(match self {
            Baselines::Shuffled { count, .. } if is_sequence(x) => *count,
            Baselines::Given(tensor) if tensor.rank() == x.rank() + 1 => tensor.shape()[1],
            Baselines::Given(tensor) => tensor.shape()[0],
            _ => 1,
        })
    }

    /// Those of samples, the first of which is number `start`: `[samples, count, …]`. Inputs that
    /// are no sequences have zeros where sequences are shuffled.
    pub fn of(&self, x: &Tensor, start: i64) -> Result<Tensor> {
        let of_shape = |count: i64| {
            let mut shape = x.shape();
            shape.insert(1, count);
            shape
        };
        match self {
            Baselines::Shuffled { count, .. } if is_sequence(x) => {
                let (codes, length) = codes_of(x)?;
                let shuffled = self.shuffled(&codes, length, start).unwrap_or_default();
                Tensor::from_u8(&shuffled, &[x.shape()[0] * count, length as i64])?
                    .to_device(x.device())?
                    .one_hot_codes()?
                    .reshape(&of_shape(*count))
            }
            Baselines::Shuffled { count, .. } => {
                x.zeros_like()?.unsqueeze(1)?.expand(&of_shape(*count))
            }
            Baselines::Constant(value) => {
                Tensor::full(&of_shape(1), *value, Kind::Float, x.device())
            }
            Baselines::Composition => x
                .mean(&Some(vec![-1]), true)?
                .expand(&x.shape())?
                .contiguous()?
                .unsqueeze(1),
            Baselines::Given(tensor) => {
                let (own, want) = (tensor.shape(), x.shape());
                let tensor = tensor.to_device(x.device())?.to_kind(Kind::Float)?;
                if own.len() == want.len() && own[1..] == want[1..] {
                    return tensor.unsqueeze(0)?.expand(&of_shape(own[0]));
                }
                if own.len() == want.len() + 1 && own[2..] == want[1..] && start + want[0] <= own[0]
                {
                    return tensor.narrow(0, start, want[0]);
                }
                bail!(
                    "shape",
                    "baselines {} do not fit inputs {}",
                    shape::text(&own),
                    shape::text(&want);
                    hint: "they are [count, …] for all samples, or [samples, count, …]"
                )
            }
        }
    }

    /// Shuffles of sequences of codes, the first of which is sample `start`: `samples * count *
    /// length`. None of other baselines.
    pub fn shuffled(&self, codes: &[u8], length: usize, start: i64) -> Option<Vec<u8>> {
        let Baselines::Shuffled { k, count, seed } = self else {
            return None;
        };
        let parts = parallel::map(codes.len() / length.max(1), &|row| {
            let mut out = vec![0; length * *count as usize];
            let keyed = |copy: usize| Rng::keyed(&[*seed, start as u64 + row as u64, copy as u64]);
            Shuffler::default().copies(&codes[row * length..][..length], *k, &mut out, keyed);
            out
        });
        Some(parts.concat())
    }

    /// Those of every input, in the order of its tensors.
    pub fn of_all(&self, x: &Value, start: i64) -> Result<Vec<Tensor>> {
        let mut made = x
            .tensors()
            .into_iter()
            .map(|tensor| self.of(tensor, start))
            .collect::<Result<Vec<_>>>()?;
        let most = made
            .iter()
            .map(|tensor| tensor.shape()[1])
            .max()
            .unwrap_or(1);
        for tensor in &mut made {
            let mut shape = tensor.shape();
            if shape[1] != most {
                shape[1] = most;
                *tensor = tensor.expand(&shape)?;
            }
        }
        Ok(made)
    }
}

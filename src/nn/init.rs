//! Initial values of parameters.

use cistron_base::bail;
use cistron_base::seed::Rng;
use cistron_base::{Result, memory};
use cistron_torch::Tensor;
use std::cell::Cell;
use std::rc::Rc;

/// A rule for the initial values of a parameter.
#[derive(Clone)]
pub enum Init {
    /// One value.
    Constant(f64),
    /// Uniform in `[-bound, bound]`.
    Uniform(f64),
    /// Normal with mean 0.
    Normal(f64),
    /// Uniform, by fan in and fan out (Glorot & Bengio 2010).
    XavierUniform,
    /// Normal, by fan in and fan out.
    XavierNormal,
    /// Uniform, by fan in, for ReLU (He et al. 2015).
    KaimingUniform,
    /// Normal, by fan in, for ReLU.
    KaimingNormal,
    /// Normal, by fan out, for ReLU.
    KaimingNormalFanOut,
    /// Orthogonal rows or columns (Saxe et al. 2014).
    Orthogonal,
    /// A function of a script.
    Custom(Rc<dyn Fn(&[i64]) -> Result<Tensor>>),
}

thread_local! {
    /// The keys of the parameter that is being built, and the number of draws so far.
    static DRAWING: Cell<Option<([u64; 3], u64)>> = const { Cell::new(None) };
}

/// Runs an initialiser of a script: draws without a seed depend on these keys and on their number.
pub fn drawing<T>(keys: [u64; 3], make: impl FnOnce() -> T) -> T {
    let before = DRAWING.replace(Some((keys, 0)));
    let made = make();
    DRAWING.set(before);
    made
}

/// The keys of the next draw of the initialiser that is running, if one is.
pub fn next_keys() -> Option<Vec<u64>> {
    let (keys, draws) = DRAWING.get()?;
    DRAWING.set(Some((keys, draws + 1)));
    Some([keys.as_slice(), &[draws]].concat())
}

/// Names of the rules in options.
pub const NAMES: [&str; 7] = [
    "default",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "kaiming_normal_fan_out",
    "orthogonal",
];

impl Init {
    /// The rule of a name; none for `default`.
    pub fn named(name: &str) -> Option<Init> {
        Some(match name {
            "xavier_uniform" => Init::XavierUniform,
            "xavier_normal" => Init::XavierNormal,
            "kaiming_uniform" => Init::KaimingUniform,
            "kaiming_normal" => Init::KaimingNormal,
            "kaiming_normal_fan_out" => Init::KaimingNormalFanOut,
            "orthogonal" => Init::Orthogonal,
            _ => return None,
        })
    }

    /// Values of a shape, from a generator of the given keys.
    pub fn draw(&self, shape: &[i64], keys: &[u64]) -> Result<Tensor> {
        let (fan_in, fan_out) = fans(shape);
        let uniform =
            |bound: f64| Tensor::drawn(shape, keys, |rng| (2.0 * rng.uniform() - 1.0) * bound);
        let normal = |sd: f64| Tensor::drawn(shape, keys, |rng| rng.normal() * sd);
        match self {
            Init::Constant(value) => Tensor::drawn(shape, keys, |_| *value),
            Init::Uniform(bound) => uniform(*bound),
            Init::Normal(sd) => normal(*sd),
            Init::XavierUniform => uniform((6.0 / (fan_in + fan_out)).sqrt()),
            Init::XavierNormal => normal((2.0 / (fan_in + fan_out)).sqrt()),
            Init::KaimingUniform => uniform((6.0 / fan_in).sqrt()),
            Init::KaimingNormal => normal((2.0 / fan_in).sqrt()),
            Init::KaimingNormalFanOut => normal((2.0 / fan_out).sqrt()),
            Init::Orthogonal => orthogonal(shape, keys),
            Init::Custom(make) => {
                let made = match <[u64; 3]>::try_from(keys) {
                    Ok(keys) => drawing(keys, || make(shape))?,
                    Err(_) => make(shape)?,
                };
                if made.shape() != shape {
                    bail!(
                        "shape",
                        "the initialiser must give {}, gave {}",
                        cistron_base::shape::text(shape),
                        cistron_base::shape::text(&made.shape())
                    );
                }
                Ok(made)
            }
        }
    }
}

/// Inputs and outputs of each unit of a weight `[out, in, …]`.
fn fans(shape: &[i64]) -> (f64, f64) {
    let field: i64 = shape.iter().skip(2).product();
    let out = shape.first().copied().unwrap_or(1);
    let into = shape.get(1).copied().unwrap_or(1);
    ((into * field).max(1) as f64, (out * field).max(1) as f64)
}

/// Gram–Schmidt on normal numbers, in the shorter direction.
fn orthogonal(shape: &[i64], keys: &[u64]) -> Result<Tensor> {
    let count = memory::elements(shape, 16)?;
    let rows = shape.first().copied().unwrap_or(1) as usize;
    let columns = count / rows.max(1);
    let (short, long) = (rows.min(columns), rows.max(columns));
    let mut rng = Rng::keyed(keys);
    let mut basis: Vec<Vec<f64>> = memory::reserved(short, "an orthogonal basis")?;
    while basis.len() < short {
        let mut v: Vec<f64> = (0..long).map(|_| rng.normal()).collect();
        for b in &basis {
            let dot: f64 = v.iter().zip(b).map(|(x, y)| x * y).sum();
            v.iter_mut().zip(b).for_each(|(x, y)| *x -= dot * y);
        }
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        if norm > 1e-8 {
            basis.push(v.into_iter().map(|x| x / norm).collect());
        }
    }
    let at = |r: usize, c: usize| {
        if rows <= columns {
            basis[r][c]
        } else {
            basis[c][r]
        }
    };
    let values: Vec<f32> = (0..rows)
        .flat_map(|r| (0..columns).map(move |c| (r, c)))
        .map(|(r, c)| at(r, c) as f32)
        .collect();
    Tensor::from_f32(&values, shape)
}

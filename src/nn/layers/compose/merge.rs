//! How several outputs are merged.

use crate::Shape;
use cistron_base::{Result, fault, shape};
use cistron_torch::Tensor;

/// How several outputs become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Concatenated along the channels.
    Concat,
    /// Their sum.
    Add,
    /// Their mean.
    Mean,
    /// The largest, element by element.
    Max,
}

impl Merge {
    /// The shape of the combination of outputs; fails where they do not fit.
    pub fn shape(self, what: &str, shapes: &[Shape]) -> Result<Vec<i64>> {
        let shapes = shapes
            .iter()
            .map(|s| s.one(what).map(<[i64]>::to_vec))
            .collect::<Result<Vec<_>>>()?;
        let first = shapes[0].clone();
        for (i, other) in shapes.iter().enumerate().skip(1) {
            let fits = if self == Merge::Concat {
                other.len() == first.len() && other.get(1..) == first.get(1..)
            } else {
                *other == first
            };
            if !fits {
                let verb = if self == Merge::Concat {
                    "concatenated along the channels"
                } else {
                    "merged"
                };
                return Err(fault!(
                    "shape",
                    "{what}: outputs {} and {} (of parts 1 and {}) cannot be {verb}",
                    shape::text(&first),
                    shape::text(other),
                    i + 1
                )
                .hint("padding: \"same\" keeps lengths equal"));
            }
        }
        let mut out = first;
        if self == Merge::Concat {
            out[0] = shapes.iter().map(|s| s[0]).sum();
        }
        Ok(out)
    }

    /// Combines outputs.
    pub fn apply(self, parts: &[Tensor]) -> Result<Tensor> {
        if self == Merge::Concat {
            return Tensor::cat(parts, 1);
        }
        let mut out = parts[0].clone();
        for part in &parts[1..] {
            out = if self == Merge::Max {
                out.maximum(part)?
            } else {
                out.add(part)?
            };
        }
        if self == Merge::Mean {
            out.div_number(parts.len() as f64)
        } else {
            Ok(out)
        }
    }
}

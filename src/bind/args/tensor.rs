//! Tensors as arguments: nested arrays of numbers, arrays of tensors, kinds and devices.

use crate::base::{Result, shape};
use crate::bind::args::operand::Scalar;
use crate::lang::constraint::{Constraint, one_of};
use crate::lang::options::OptKind;
use crate::lang::value::mismatch;
use crate::lang::{FromValue, IntoValue, session};
use crate::torch::{Device, Kind, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Identifier, Map, NativeCallContext};

/// Numbers of any nesting, or a tensor: what constructors and metrics take.
///
/// Floats of an array keep all their digits (float64); the second value states whether they were
/// plain numbers of the script.
#[derive(Clone, Debug)]
pub struct Numbers(pub Tensor, pub bool);

impl Numbers {
    /// As a tensor of the kind that scripts compute with: plain floats become float32.
    pub fn tensor(&self) -> Result<Tensor> {
        if self.1 {
            self.0.to_kind(Kind::Float)
        } else {
            Ok(self.0.clone())
        }
    }

    /// As labels beside outputs: plain floats take the outputs' kind.
    pub fn beside(&self, outputs: &Tensor) -> Result<Tensor> {
        if self.1 && outputs.kind().is_floating() {
            self.0.to_kind(outputs.kind())
        } else {
            self.tensor()
        }
    }
}

impl FromValue for Numbers {
    fn kind() -> String {
        "tensor or array of numbers".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        numbers_of(value)
    }
}

/// A tensor unchanged, or one of nested arrays of numbers or booleans; floats keep all their digits
/// (float64).
pub fn tensor_of(value: &Dynamic) -> Result<Tensor> {
    numbers_of(value).map(|numbers| numbers.0)
}

/// As [`tensor_of`], and whether its floats were plain numbers of the script.
pub fn numbers_of(value: &Dynamic) -> Result<Numbers> {
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return Ok(Numbers(tensor.clone(), false));
    }
    let mut flat = Flat::default();
    let shape = flat.walk(value, 0)?;
    let tensor = match (flat.floats, flat.bools) {
        (_, true) if !flat.ints => Tensor::from_bool(
            &flat
                .values
                .iter()
                .map(|x| x.float() != 0.0)
                .collect::<Vec<_>>(),
            &shape,
        )?,
        (false, false) if flat.ints => Tensor::from_i64(
            &flat.values.iter().map(|x| x.whole()).collect::<Vec<_>>(),
            &shape,
        )?,
        _ => Tensor::from_f64(
            &flat.values.iter().map(|x| x.float()).collect::<Vec<_>>(),
            &shape,
        )?,
    };
    let is_plain = tensor.kind() == Kind::Double && !flat.doubles;
    Ok(Numbers(tensor, is_plain))
}

/// The numbers of nested arrays, and which kinds they have.
#[derive(Default)]
struct Flat {
    values: Vec<Scalar>,
    ints: bool,
    floats: bool,
    bools: bool,
    /// Whether a float64 tensor is among the items.
    doubles: bool,
}

impl Flat {
    fn walk(&mut self, value: &Dynamic, depth: usize) -> Result<Vec<i64>> {
        if depth > 12 {
            bail!("shape", "arrays are nested more than 12 deep");
        }
        if let Some(items) = value.read_lock::<Array>() {
            let mut inner: Option<Vec<i64>> = None;
            for (i, item) in items.iter().enumerate() {
                let shape = self.walk(item, depth + 1)?;
                match &inner {
                    None => inner = Some(shape),
                    Some(first) if *first == shape => {}
                    Some(first) => {
                        let (first, other) = (shape_text(first), shape_text(&shape));
                        bail!("shape",
                            "the array is ragged: item 0 is {first}, item {i} is {other}";
                            hint: "all rows must have the same length")
                    }
                }
            }
            let mut out = vec![items.len() as i64];
            out.extend(inner.unwrap_or_default());
            return Ok(out);
        }
        if let Ok(b) = value.as_bool() {
            self.bools = true;
            self.values.push(Scalar::Int(i64::from(b)));
        } else if let Ok(n) = value.as_int() {
            self.ints = true;
            self.values.push(Scalar::Int(n));
        } else if let Ok(x) = value.as_float() {
            self.floats = true;
            self.values.push(Scalar::Float(x));
        } else if let Some(tensor) = value.read_lock::<Tensor>() {
            self.tensor(&tensor)?;
            return Ok(tensor.shape());
        } else {
            return Err(fault!(
                "type",
                "must be a tensor or an array of numbers, got {}",
                session::describe(value)
            ));
        }
        Ok(Vec::new())
    }

    /// Adds the numbers of a tensor that is an item.
    fn tensor(&mut self, tensor: &Tensor) -> Result<()> {
        match tensor.kind() {
            kind if kind.is_floating() => {
                self.floats = true;
                self.doubles |= kind == Kind::Double;
                self.values
                    .extend(tensor.to_f64()?.into_iter().map(Scalar::Float));
            }
            kind => {
                self.bools |= kind == Kind::Bool;
                self.ints |= kind != Kind::Bool;
                self.values
                    .extend(tensor.to_i64()?.into_iter().map(Scalar::Int));
            }
        }
        Ok(())
    }
}

/// A shape in words.
fn shape_text(shape: &[i64]) -> String {
    if shape.is_empty() {
        "a number".into()
    } else {
        shape::text(shape)
    }
}

/// An array of tensors.
pub struct Tensors(pub Vec<Tensor>);

impl FromValue for Tensors {
    fn kind() -> String {
        "array of tensors".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let items =
            Array::from_value(value, context).map_err(|_| mismatch(&Self::kind(), value))?;
        let tensor = |(i, item): (usize, &Dynamic)| {
            let tensor = item.read_lock::<Tensor>().map(|tensor| tensor.clone());
            tensor.ok_or_else(|| {
                let got = session::describe(item);
                fault!("type", "must hold tensors, item {i} is {got}")
            })
        };
        let tensors = items.iter().enumerate().map(tensor);
        tensors.collect::<Result<_>>().map(Tensors)
    }
}

impl FromValue for Kind {
    fn kind() -> String {
        one_of(&Kind::NAMES)
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        Kind::parse(&String::from_value(value, context)?)
    }
    fn option_kind(_: &Constraint) -> OptKind {
        OptKind::Choice(&Kind::NAMES)
    }
}

impl FromValue for Device {
    fn kind() -> String {
        "device".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        Device::parse(&String::from_value(value, context)?)
    }
    fn option_kind(_: &Constraint) -> OptKind {
        OptKind::Text
    }
}

/// A map of tensors by name.
pub fn tensor_map<N: Into<Identifier>>(tensors: impl IntoIterator<Item = (N, Tensor)>) -> Map {
    tensors
        .into_iter()
        .map(|(name, tensor)| (name.into(), tensor.into_value()))
        .collect()
}

/// Checks that two sides of a comparison have one shape.
pub fn same_shape(a: &Numbers, b: &Numbers) -> Result<()> {
    let plain = |t: &Tensor| {
        t.shape()
            .into_iter()
            .filter(|n| *n != 1)
            .collect::<Vec<_>>()
    };
    if plain(&a.0) != plain(&b.0) {
        bail!(
            "shape",
            "{} and {} do not have the same shape",
            crate::base::shape::text(&a.0.shape()),
            crate::base::shape::text(&b.0.shape())
        );
    }
    Ok(())
}

//! Operands: a tensor or a plain number.

use crate::bail;
use crate::base::Result;
use crate::lang::value::mismatch;
use crate::lang::{FromValue, show};
use crate::torch::{Device, Kind, Tensor};
use rhai::{Dynamic, NativeCallContext};
use std::any::TypeId;

/// A tensor or a plain number, where both make sense.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A tensor.
    Tensor(Tensor),
    /// A number with a fraction.
    Float(f64),
    /// An integer.
    Int(i64),
}

impl FromValue for Operand {
    fn kind() -> String {
        "tensor or number".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Ok(n) = value.as_int() {
            return Ok(Operand::Int(n));
        }
        if let Ok(x) = value.as_float() {
            return Ok(Operand::Float(x));
        }
        Tensor::from_value(value, context)
            .map(Operand::Tensor)
            .map_err(|_| mismatch("tensor or number", value))
    }
    fn receiver() -> TypeId {
        TypeId::of::<Tensor>()
    }
}

impl Operand {
    /// As a tensor on the device of another, with the other's digits: a float beside a float64
    /// tensor keeps all of its own.
    pub fn beside(&self, other: &Tensor) -> Result<Tensor> {
        let kind = match self {
            Operand::Tensor(tensor) => return Ok(tensor.clone()),
            Operand::Int(_) if !other.kind().is_floating() => Kind::Int64,
            _ if other.kind().is_floating() => other.kind(),
            _ => Kind::Float,
        };
        self.of_kind(kind, other.device())
    }

    /// Two operands as tensors, plain numbers with the digits of the other side.
    pub fn both(a: &Operand, b: &Operand) -> Result<(Tensor, Tensor)> {
        match (a, b) {
            (Operand::Tensor(t), other) => Ok((t.clone(), other.beside(t)?)),
            (other, Operand::Tensor(t)) => Ok((other.beside(t)?, t.clone())),
            _ => Ok((
                a.of_kind(Kind::Float, Device::CPU)?,
                b.of_kind(Kind::Float, Device::CPU)?,
            )),
        }
    }

    /// As a tensor to compare with another: a float beside integers is compared with all of its
    /// digits.
    pub fn compared(&self, other: &Tensor) -> Result<Tensor> {
        match self {
            Operand::Float(_) if !other.kind().is_floating() => {
                self.of_kind(Kind::Double, other.device())
            }
            _ => self.beside(other),
        }
    }

    /// As a tensor that changes another in place; fails where its fractions would be lost.
    pub fn in_place_of(&self, other: &Tensor) -> Result<Tensor> {
        let has_fraction = match self {
            Operand::Tensor(tensor) => tensor.kind().is_floating(),
            Operand::Float(x) => x.fract() != 0.0 || !x.is_finite(),
            Operand::Int(_) => false,
        };
        if has_fraction && !other.kind().is_floating() {
            let got = match self {
                Operand::Tensor(tensor) => tensor.kind().name().to_string(),
                Operand::Float(x) => show::number(*x),
                Operand::Int(n) => n.to_string(),
            };
            bail!("type", "a tensor of {} cannot hold {got}", other.kind().name();
                hint: "`.float()` first");
        }
        self.of_kind(other.kind(), other.device())
    }

    /// As a tensor of a kind on a device.
    pub fn of_kind(&self, kind: Kind, device: Device) -> Result<Tensor> {
        match self {
            Operand::Tensor(tensor) => tensor.to_kind(kind)?.to_device(device),
            Operand::Float(x) => Scalar::Float(*x).full(&[], kind, device),
            Operand::Int(n) => Scalar::Int(*n).full(&[], kind, device),
        }
    }
}

/// A value that is compared with a tensor, of any type.
#[derive(Clone, Debug)]
pub struct Compared(pub Dynamic);

impl FromValue for Compared {
    fn kind() -> String {
        "any value".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        Ok(Compared(value.flatten_clone()))
    }
    fn receiver() -> TypeId {
        TypeId::of::<Tensor>()
    }
}

/// A plain number, which keeps its digits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A float.
    Float(f64),
    /// An integer.
    Int(i64),
}

impl Scalar {
    /// As a float.
    pub fn float(self) -> f64 {
        match self {
            Scalar::Float(x) => x,
            Scalar::Int(n) => n as f64,
        }
    }

    /// As an integer, without a fraction.
    pub fn whole(self) -> i64 {
        match self {
            Scalar::Float(x) => x as i64,
            Scalar::Int(n) => n,
        }
    }

    /// A tensor of this number repeated; fails where the kind would cut its fraction.
    pub fn full(self, shape: &[i64], kind: Kind, device: Device) -> Result<Tensor> {
        match self {
            Scalar::Int(n) => Tensor::full(shape, n, kind, device),
            Scalar::Float(x) if kind.is_floating() || kind == Kind::Bool || x.fract() == 0.0 => {
                Tensor::full(shape, x, kind, device)
            }
            Scalar::Float(x) => {
                bail!("type", "a tensor of {} cannot hold {}", kind.name(), show::number(x);
                    hint: "`kind: \"float32\"`")
            }
        }
    }
}

impl FromValue for Scalar {
    fn kind() -> String {
        f64::kind()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match value.as_int() {
            Ok(n) => Ok(Scalar::Int(n)),
            Err(_) => f64::from_value(value, context).map(Scalar::Float),
        }
    }
}

//! The tensor handle: what it is, what it holds, how its values come and go.

use crate::Device;
use cistron_base::{Fault, Result, shape};
use cistron_base::{bail, fault};
use std::ffi::{CStr, c_char};

/// A handle on a torch tensor; cloning it aliases the same numbers.
pub struct Tensor(pub(super) tch::Tensor);

impl Clone for Tensor {
    fn clone(&self) -> Self {
        Tensor(self.0.shallow_clone())
    }
}

impl std::fmt::Debug for Tensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "tensor {} {}",
            shape::text(&self.shape()),
            self.kind().name()
        )
    }
}

/// The kind of number that a tensor holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 32-bit floating point, the usual one.
    Float,
    /// 64-bit floating point.
    Double,
    /// 16-bit floating point.
    Half,
    /// 16-bit "brain" floating point.
    BFloat16,
    /// 64-bit integer.
    Int64,
    /// 32-bit integer.
    Int,
    /// 8-bit unsigned integer.
    Byte,
    /// Booleans.
    Bool,
}

const KINDS: [(Kind, tch::Kind, &str); 8] = [
    (Kind::Float, tch::Kind::Float, "float32"),
    (Kind::Double, tch::Kind::Double, "float64"),
    (Kind::Half, tch::Kind::Half, "float16"),
    (Kind::BFloat16, tch::Kind::BFloat16, "bfloat16"),
    (Kind::Int64, tch::Kind::Int64, "int64"),
    (Kind::Int, tch::Kind::Int, "int32"),
    (Kind::Byte, tch::Kind::Uint8, "uint8"),
    (Kind::Bool, tch::Kind::Bool, "bool"),
];

impl Kind {
    /// The names that [`Kind::parse`] knows.
    pub const NAMES: [&'static str; 8] = [
        "float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool",
    ];

    /// PyTorch's name of the kind.
    pub fn name(self) -> &'static str {
        KINDS
            .iter()
            .find(|(kind, ..)| *kind == self)
            .map_or("", |(_, _, name)| name)
    }

    /// The kind of a name; fails on an unknown one.
    pub fn parse(name: &str) -> Result<Kind> {
        KINDS
            .iter()
            .find(|(_, _, known)| *known == name)
            .map(|(kind, ..)| *kind)
            .ok_or_else(|| {
                fault!(
                    "value",
                    "no kind of number is called `{name}`";
                    hint: "one of {}",
                    Self::NAMES.join(", ")
                )
            })
    }

    pub(super) fn tch(self) -> tch::Kind {
        KINDS
            .iter()
            .find(|(kind, ..)| *kind == self)
            .map_or(tch::Kind::Float, |(_, tch, _)| *tch)
    }

    /// Bytes that one number takes.
    pub fn bytes(self) -> usize {
        self.tch().elt_size_in_bytes()
    }

    /// Whether numbers of the kind have fractions.
    pub fn is_floating(self) -> bool {
        matches!(
            self,
            Kind::Float | Kind::Double | Kind::Half | Kind::BFloat16
        )
    }
}

/// Turns a torch result into ours, naming the operation and its operands.
pub(super) fn lift<T>(
    name: &str,
    operands: &[&Tensor],
    result: std::result::Result<T, tch::TchError>,
) -> Result<T> {
    result.map_err(|error| torch_fault(name, operands, &error))
}

/// As [`lift`], for operations that give one tensor.
pub(super) fn lift1(
    name: &str,
    operands: &[&Tensor],
    result: std::result::Result<tch::Tensor, tch::TchError>,
) -> Result<Tensor> {
    let tensor = lift(name, operands, result)?;
    if !tensor.defined() {
        // libtorch's "no tensor": any use of it would end the process
        bail!("torch", "{name}: torch returned no tensor");
    }
    Ok(Tensor(tensor))
}

/// The message of a call into C++, if there is one; it is freed.
///
/// # Safety
/// Null, or a string made by `strdup` that nobody else frees.
pub(super) unsafe fn message_of(message: *mut c_char) -> Option<String> {
    if message.is_null() {
        return None;
    }
    // SAFETY: see above
    unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        libc::free(message.cast());
        Some(text)
    }
}

/// The fault of a call into C++ that returns null or a message, which is freed.
///
/// # Safety
/// As [`message_of`].
pub(super) unsafe fn status(message: *mut c_char) -> Result<()> {
    // SAFETY: see above
    match unsafe { message_of(message) } {
        None => Ok(()),
        Some(text) => bail!("torch", "{text}"),
    }
}

/// Words of libtorch's messages, and what to do about them. The tests provoke each message.
const HINTS: [(&str, &str); 7] = [
    (
        "does not require grad",
        "call `.requires_grad()` on the tensors to be learned, and compute the loss from them \
         outside `no_grad { … }`",
    ),
    (
        "backward through the graph a second time",
        "compute the loss again before each `backward()`",
    ),
    (
        "a leaf Variable that requires grad",
        "put the update in a block: `no_grad { w.sub_(w.grad * lr); }`",
    ),
    ("out of memory", SMALLER),
    ("can't allocate memory", SMALLER),
    (
        "no second derivative",
        "build the network with `#{ fast: false }`, so that no layers are fused",
    ),
    ("same device", "move one of them: `x.to(net.device)`"),
];

/// The hint where a GPU or the machine has too little memory.
const SMALLER: &str = "a smaller batch, or `accumulate: 2` in train::fit, needs less memory";

#[cold]
fn torch_fault(name: &str, operands: &[&Tensor], error: &tch::TchError) -> Fault {
    let text = match error {
        tch::TchError::Torch(text) => text.clone(),
        other => other.to_string(),
    };
    let reason = text
        .split("\nException raised from")
        .next()
        .unwrap_or(&text);
    let reason = reason
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(3)
        .collect::<Vec<_>>()
        .join("; ");
    let reason = reason.trim_end_matches('.');
    let shapes: Vec<String> = operands
        .iter()
        .map(|operand| shape::text(&operand.shape()))
        .collect();
    let message = match shapes.as_slice() {
        [] => format!("{name}: {reason}"),
        shapes => format!("{name} of {}: {reason}", shapes.join(" and ")),
    };
    let fault = Fault::new("torch", message);
    match HINTS.iter().find(|(words, _)| reason.contains(words)) {
        Some((_, hint)) => fault.hint(*hint),
        None => fault,
    }
}

impl Tensor {
    /// The size along each axis.
    pub fn shape(&self) -> Vec<i64> {
        self.0.size()
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.dim()
    }

    /// The number of numbers.
    pub fn numel(&self) -> i64 {
        self.0.numel() as i64
    }

    /// The kind of number it holds.
    pub fn kind(&self) -> Kind {
        let kind = self.0.kind();
        KINDS
            .iter()
            .find(|(_, tch, _)| *tch == kind)
            .map_or(Kind::Float, |(kind, ..)| *kind)
    }

    /// Its device.
    pub fn device(&self) -> Device {
        Device(self.0.device())
    }

    /// The same numbers as another kind.
    pub fn to_kind(&self, kind: Kind) -> Result<Tensor> {
        lift1("to", &[self], self.0.f_to_kind(kind.tch()))
    }

    /// The same numbers on another device.
    pub fn to_device(&self, device: Device) -> Result<Tensor> {
        lift1("to", &[self], self.0.f_to_device(device.0))
    }

    /// The single number that it holds.
    pub fn item(&self) -> Result<f64> {
        if self.numel() != 1 {
            bail!(
                "shape",
                "item needs a tensor of one number, got {}",
                shape::text(&self.shape());
                hint: "reduce it first, for example with `.mean()`"
            );
        }
        let flat = self.to_kind(Kind::Double)?.reshape(&[1])?;
        lift("item", &[self], flat.0.f_double_value(&[0]))
    }

    /// All numbers, in row-major order, as 64-bit floats.
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        self.values(Kind::Double)
    }

    /// All numbers, in row-major order, as 32-bit floats.
    pub fn to_f32(&self) -> Result<Vec<f32>> {
        self.values(Kind::Float)
    }

    /// All numbers, in row-major order, as bytes.
    pub fn to_u8(&self) -> Result<Vec<u8>> {
        self.values(Kind::Byte)
    }

    /// All numbers, in row-major order, as integers.
    pub fn to_i64(&self) -> Result<Vec<i64>> {
        self.values(Kind::Int64)
    }

    /// All numbers in plain memory; `kind` is that of `T`.
    fn values<T: tch::kind::Element + Default + Clone>(&self, kind: Kind) -> Result<Vec<T>> {
        let flat = self
            .detach()?
            .to_device(Device::CPU)?
            .to_kind(kind)?
            .flatten_all()?
            .contiguous()?;
        let n = self.numel() as usize;
        let mut out = cistron_base::memory::reserved(n, "the tensor's numbers")?;
        out.resize(n, T::default());
        lift("copy", &[self], flat.0.f_copy_data(&mut out, n))?;
        Ok(out)
    }

    fn flatten_all(&self) -> Result<Tensor> {
        self.reshape(&[-1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom::{Kernel, attach};

    struct Doubling;

    impl Kernel for Doubling {
        fn backward(&self, gradient: &Tensor, _: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
            gradient
                .mul_number(2.0)
                .map(|gradient| vec![Some(gradient)])
        }
    }

    fn leaf() -> Tensor {
        Tensor::ones(&[2]).unwrap().requires_grad_(true).unwrap()
    }

    /// Provokes the message that has these words; none where it needs a GPU and there is none.
    fn provoked(words: &str) -> Option<Fault> {
        let gpu = (super::super::device::cuda_count() > 0).then_some(Device(tch::Device::Cuda(0)));
        let outcome = match words {
            "does not require grad" => Tensor::ones(&[1]).unwrap().backward(),
            "backward through the graph a second time" => {
                let x = leaf();
                let loss = x.mul(&x).unwrap().sum(&None, false).unwrap();
                loss.backward().unwrap();
                loss.backward()
            }
            "a leaf Variable that requires grad" => {
                leaf().add_(&Tensor::ones(&[2]).unwrap()).map(drop)
            }
            "can't allocate memory" => {
                let options = (tch::Kind::Float, tch::Device::Cpu);
                lift1("empty", &[], tch::Tensor::f_empty([1 << 58], options)).map(drop)
            }
            "out of memory" => Tensor::zeros(&[1 << 16])
                .unwrap()
                .to_device(gpu?)
                .and_then(|x| lift1("repeat", &[&x], x.0.f_repeat([1 << 32])))
                .map(drop),
            "same device" => {
                let x = Tensor::ones(&[2]).unwrap();
                x.add(&x.to_device(gpu?).unwrap()).map(drop)
            }
            "no second derivative" => {
                let x = leaf();
                let doubled = x.detach().unwrap().mul_number(2.0).unwrap();
                let y = attach(doubled, &[&x], Box::new(Doubling)).unwrap();
                let y = y.mul(&y).unwrap().sum(&None, false).unwrap();
                let slope = y.gradients_where_used(&[x], true).unwrap().remove(0);
                slope.unwrap().sum(&None, false).unwrap().backward()
            }
            other => panic!("no test provokes `{other}`"),
        };
        Some(outcome.unwrap_err())
    }

    #[test]
    fn hints_meet_the_messages_of_this_libtorch() {
        for (words, hint) in HINTS {
            let Some(fault) = provoked(words) else {
                eprintln!("SKIPPED: no GPU to provoke `{words}`");
                continue;
            };
            assert!(fault.message.contains(words), "{words}: {fault}");
            assert_eq!(fault.hint.as_deref(), Some(hint), "{fault}");
        }
    }

    #[test]
    fn a_shape_that_does_not_fit_is_no_error_of_libtorch() {
        let fault = Tensor::ones(&[2, 3]).unwrap().reshape(&[4]).unwrap_err();
        assert_eq!(
            (fault.kind, fault.message.as_str()),
            ("shape", "cannot reshape [2, 3] (6 numbers) to [4]")
        );
    }
}

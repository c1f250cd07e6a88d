//! The types of numbers in files of weights, and tensors of their bytes.

use crate::Tensor;
use crate::tensor::lift;
use cistron_base::{Result, bail};

/// A type of numbers as a file stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stored {
    /// 64-bit floats.
    F64,
    /// 32-bit floats.
    F32,
    /// 16-bit floats.
    F16,
    /// 16-bit floats with the exponent of 32-bit floats.
    BF16,
    /// 64-bit signed integers.
    I64,
    /// 32-bit signed integers.
    I32,
    /// 16-bit signed integers.
    I16,
    /// 8-bit signed integers.
    I8,
    /// 64-bit unsigned integers.
    U64,
    /// 32-bit unsigned integers.
    U32,
    /// 16-bit unsigned integers.
    U16,
    /// 8-bit unsigned integers.
    U8,
    /// Booleans, one byte each.
    Bool,
}

/// The types: PyTorch's name, bytes, PyTorch's class of storages, the kind in memory.
const TYPES: [(Stored, &str, usize, &str, tch::Kind); 13] = {
    use tch::Kind::{BFloat16, Bool, Double, Float, Half, Int, Int64, Uint8};
    [
        (Stored::F64, "float64", 8, "DoubleStorage", Double),
        (Stored::F32, "float32", 4, "FloatStorage", Float),
        (Stored::F16, "float16", 2, "HalfStorage", Half),
        (Stored::BF16, "bfloat16", 2, "BFloat16Storage", BFloat16),
        (Stored::I64, "int64", 8, "LongStorage", Int64),
        (Stored::I32, "int32", 4, "IntStorage", Int),
        (Stored::I16, "int16", 2, "ShortStorage", Int),
        (Stored::I8, "int8", 1, "CharStorage", Int),
        (Stored::U64, "uint64", 8, "", Int64),
        (Stored::U32, "uint32", 4, "", Int64),
        (Stored::U16, "uint16", 2, "", Int),
        (Stored::U8, "uint8", 1, "ByteStorage", Uint8),
        (Stored::Bool, "bool", 1, "BoolStorage", Bool),
    ]
};

impl Stored {
    fn row(self) -> &'static (Stored, &'static str, usize, &'static str, tch::Kind) {
        TYPES
            .iter()
            .find(|(stored, ..)| *stored == self)
            .unwrap_or(&TYPES[0])
    }

    /// PyTorch's name, such as `float32`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        self.row().2
    }

    /// The type of PyTorch's name.
    pub fn named(name: &str) -> Option<Stored> {
        let row = TYPES.iter().find(|(_, known, ..)| *known == name);
        row.map(|(stored, ..)| *stored)
    }

    /// The type of PyTorch's class of storages, such as `FloatStorage`.
    pub fn of_storage(class: &str) -> Option<Stored> {
        let mut named = TYPES.iter().filter(|(.., known, _)| !known.is_empty());
        named
            .find(|(.., known, _)| *known == class)
            .map(|(stored, ..)| *stored)
    }

    /// A tensor [numbers] of bytes as a file stores them. Integers that torch computes little with
    /// become wider ones.
    ///
    /// # Errors
    /// The bytes are no multiple of the size of a number, or an unsigned number exceeds 64 signed
    /// bits.
    pub fn tensor(self, mut bytes: Vec<u8>, is_big: bool) -> Result<Tensor> {
        let (_, name, width, _, kind) = *self.row();
        if !bytes.len().is_multiple_of(width) {
            bail!("file", "{} bytes are no numbers of {name}", bytes.len());
        }
        if is_big && width > 1 {
            bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
        }
        let shape = [(bytes.len() / width) as i64];
        match self {
            Stored::I8 => Tensor::filled::<i32>(&shape, |out| {
                widen(&bytes, out, |[byte]: [u8; 1]| i32::from(byte as i8))
            }),
            Stored::I16 => Tensor::filled::<i32>(&shape, |out| {
                widen(&bytes, out, |two| i32::from(i16::from_le_bytes(two)))
            }),
            Stored::U16 => Tensor::filled::<i32>(&shape, |out| {
                widen(&bytes, out, |two| i32::from(u16::from_le_bytes(two)))
            }),
            Stored::U32 => Tensor::filled::<i64>(&shape, |out| {
                widen(&bytes, out, |four| i64::from(u32::from_le_bytes(four)))
            }),
            Stored::U64 if bytes.chunks_exact(8).any(|number| number[7] > 127) => {
                bail!("file", "numbers of uint64 exceed those of int64")
            }
            // torch's booleans are the bytes 0 and 1
            Stored::Bool => {
                let bits = bytes.iter().map(|byte| u8::from(*byte != 0)).collect();
                plain(bits, &shape, kind)
            }
            _ => plain(bytes, &shape, kind),
        }
    }
}

fn widen<const N: usize, T>(bytes: &[u8], out: &mut [T], one: fn([u8; N]) -> T) -> Result<()> {
    let (numbers, _) = bytes.as_chunks::<N>();
    out.iter_mut()
        .zip(numbers)
        .for_each(|(slot, number)| *slot = one(*number));
    Ok(())
}

fn plain(bytes: Vec<u8>, shape: &[i64], kind: tch::Kind) -> Result<Tensor> {
    let raw = tch::Tensor::f_from_data_size(&bytes, shape, kind);
    lift("load", &[], raw).map(Tensor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_both_orders_are_numbers() {
        let read = |stored: Stored, bytes: &[u8], big| {
            let tensor = stored.tensor(bytes.to_vec(), big).expect("a tensor");
            (tensor.kind().name(), tensor.to_f64().expect("numbers"))
        };
        assert_eq!(
            read(Stored::I16, &[1, 0, 255, 255], false),
            ("int32", vec![1.0, -1.0])
        );
        assert_eq!(
            read(Stored::I16, &[0, 1, 255, 255], true),
            ("int32", vec![1.0, -1.0])
        );
        assert_eq!(
            read(Stored::U16, &[255, 255], false),
            ("int32", vec![65535.0])
        );
        assert_eq!(
            read(Stored::I8, &[255, 3], true),
            ("int32", vec![-1.0, 3.0])
        );
        assert_eq!(
            read(Stored::U32, &[255; 4], false),
            ("int64", vec![4_294_967_295.0])
        );
        assert_eq!(read(Stored::Bool, &[0, 7], false), ("bool", vec![0.0, 1.0]));
        assert_eq!(
            read(Stored::BF16, &[0x80, 0x3f], false),
            ("bfloat16", vec![1.0])
        );
        assert_eq!(
            read(Stored::F64, &1.5f64.to_be_bytes(), true),
            ("float64", vec![1.5])
        );
        assert!(Stored::U64.tensor(vec![255; 8], false).is_err());
        assert!(Stored::F32.tensor(vec![0; 6], false).is_err());
    }
}

//! Sequence codes of a batch.

use cistron_base::{Result, bail, shape};
use cistron_torch::{Device, Kind, Tensor};
use std::sync::Arc;

/// Sequences of one length as codes, a byte per base: A 0, C 1, G 2, T 3, unknown 4.
///
/// Codes of a loader stay the bytes that it wrote; kernels on the CPU read these without a copy.
/// Codes on a GPU, and those of a script, are a tensor.
#[derive(Clone, Debug)]
pub struct Codes {
    storage: Storage,
    rows: i64,
    length: usize,
}

#[derive(Clone, Debug)]
enum Storage {
    Bytes(Arc<Vec<u8>>),
    Tensor(Tensor),
}

impl Codes {
    /// Sequences of a length, one after another.
    pub fn from_bytes(bytes: Arc<Vec<u8>>, length: usize) -> Codes {
        Codes {
            rows: (bytes.len() / length.max(1)) as i64,
            storage: Storage::Bytes(bytes),
            length,
        }
    }

    /// Codes `[batch, length]` of kind uint8.
    pub fn from_tensor(tensor: Tensor) -> Result<Codes> {
        match tensor.shape()[..] {
            [rows, length] if tensor.kind() == Kind::Byte => Ok(Codes {
                storage: Storage::Tensor(tensor),
                rows,
                length: length as usize,
            }),
            ref other => bail!(
                "shape",
                "sequence codes are [batch, length] of kind uint8, got {} of kind {}",
                shape::text(other),
                tensor.kind().name()
            ),
        }
    }

    /// The codes in a tensor of a script, where it is `[batch, length]` of kind uint8.
    pub fn infer(tensor: &Tensor) -> Option<Codes> {
        Codes::from_tensor(tensor.clone()).ok()
    }

    /// Number of sequences.
    pub fn rows(&self) -> i64 {
        self.rows
    }

    /// Their length.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The bytes; a copy where the codes are a tensor.
    pub fn bytes(&self) -> Result<Arc<Vec<u8>>> {
        match &self.storage {
            Storage::Bytes(bytes) => Ok(bytes.clone()),
            Storage::Tensor(tensor) => tensor.to_u8().map(Arc::new),
        }
    }

    /// `[batch, length]` of kind uint8; a copy where the codes are bytes.
    pub fn tensor(&self) -> Result<Tensor> {
        match &self.storage {
            Storage::Bytes(bytes) => Tensor::from_u8(bytes, &[self.rows, self.length as i64]),
            Storage::Tensor(tensor) => Ok(tensor.clone()),
        }
    }

    /// The codes on a device.
    pub fn to_device(&self, device: Device) -> Result<Codes> {
        match &self.storage {
            Storage::Bytes(_) if device == Device::CPU => Ok(self.clone()),
            _ => Codes::from_tensor(self.tensor()?.to_device(device)?),
        }
    }

    /// `[batch, 4, length]`, on the device of the codes; four zeros for unknown bases.
    pub fn one_hot(&self) -> Result<Tensor> {
        self.tensor()?.one_hot_codes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_tensors_are_the_same_codes() {
        let bytes = Codes::from_bytes(Arc::new(vec![0, 1, 2, 3, 4, 0]), 3);
        let tensor = Codes::from_tensor(bytes.tensor().unwrap()).unwrap();
        for codes in [&bytes, &tensor] {
            assert_eq!((codes.rows(), codes.length()), (2, 3));
            assert_eq!(*codes.bytes().unwrap(), [0, 1, 2, 3, 4, 0]);
            assert_eq!(codes.one_hot().unwrap().shape(), [2, 4, 3]);
        }
        // the bytes of a loader are not copied
        assert!(Arc::ptr_eq(
            &bytes.bytes().unwrap(),
            &bytes.bytes().unwrap()
        ));
        assert!(Codes::from_tensor(Tensor::from_f32(&[0.0; 4], &[2, 2]).unwrap()).is_err());
    }
}

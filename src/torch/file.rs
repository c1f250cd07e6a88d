//! Files of tensors: safetensors; npy and npz as they are written.

use super::tensor::lift;
use super::{Device, Kind, Tensor};
use cistron_base::file::Draft;
use cistron_base::{Fault, Result};
use cistron_base::{bail, fault};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use super::npy;
pub use super::npy::{load_npy, load_npz};

const DTYPES: [(Kind, Dtype); 8] = [
    (Kind::Float, Dtype::F32),
    (Kind::Double, Dtype::F64),
    (Kind::Half, Dtype::F16),
    (Kind::BFloat16, Dtype::BF16),
    (Kind::Int64, Dtype::I64),
    (Kind::Int, Dtype::I32),
    (Kind::Byte, Dtype::U8),
    (Kind::Bool, Dtype::BOOL),
];

fn bytes_of(tensor: &Tensor) -> Result<Vec<u8>> {
    let plain = tensor.detach()?.to_device(Device::CPU)?.contiguous()?;
    let n = plain.numel() as usize;
    let mut bytes = vec![0u8; n * plain.0.kind().elt_size_in_bytes()];
    if n > 0 {
        lift("copy", &[tensor], plain.0.f_copy_data_u8(&mut bytes, n))?;
    }
    Ok(bytes)
}

/// A hash of named tensors, in the order of names.
pub fn hash_of(tensors: &[(String, Tensor)]) -> Result<String> {
    let mut sorted: Vec<&(String, Tensor)> = tensors.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let mut hasher = blake3::Hasher::new();
    for (name, tensor) in sorted {
        hasher.update(name.as_bytes());
        hasher.update_rayon(&bytes_of(tensor)?);
    }
    Ok(hasher.finalize().to_hex()[..32].to_string())
}

/// Writes named tensors, with notes; the file is whole or not there at all.
pub fn save_safetensors(
    path: &Path,
    tensors: &[(String, Tensor)],
    notes: HashMap<String, String>,
) -> Result<()> {
    let parts = tensors
        .iter()
        .map(|(name, tensor)| {
            let kind = tensor.kind();
            let dtype = DTYPES
                .iter()
                .find(|(k, _)| *k == kind)
                .map_or(Dtype::F32, |(_, dtype)| *dtype);
            let shape: Vec<usize> = tensor.shape().iter().map(|n| *n as usize).collect();
            Ok((name, dtype, shape, bytes_of(tensor)?))
        })
        .collect::<Result<Vec<_>>>()?;
    let views = parts
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes);
            view.map(|view| (name.as_str(), view))
                .map_err(|error| fault!("file", "cannot write tensor `{name}`: {error}"))
        })
        .collect::<Result<Vec<_>>>()?;
    let notes = (!notes.is_empty()).then_some(notes);
    let bytes = safetensors::serialize(views, notes)
        .map_err(|error| fault!("file", "`{}`: {error}", path.display()))?;
    cistron_base::file::write_whole(path, &bytes)
}

/// Reads named tensors and notes, in the file's order of names.
pub fn load_safetensors(path: &Path) -> Result<(Vec<(String, Tensor)>, HashMap<String, String>)> {
    cistron_base::file::regular(path)?;
    let bytes = std::fs::read(path).map_err(|error| Fault::file(path, &error))?;
    let broken = |error: safetensors::SafeTensorError| {
        fault!(
            "file",
            "`{}` is not a whole safetensors file: {error}",
            path.display()
        )
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
    let notes = header.metadata().clone().unwrap_or_default();
    let file = SafeTensors::deserialize(&bytes).map_err(broken)?;
    let mut tensors = Vec::new();
    for (name, view) in file.tensors() {
        let Some((kind, _)) = DTYPES.iter().find(|(_, dtype)| *dtype == view.dtype()) else {
            bail!(
                "file",
                "`{}`: tensor `{name}` holds {:?}, which is not supported",
                path.display(),
                view.dtype()
            );
        };
        let shape: Vec<i64> = view.shape().iter().map(|n| *n as i64).collect();
        let raw = lift(
            "load",
            &[],
            tch::Tensor::f_from_data_size(view.data(), &shape, kind.tch()),
        )?;
        tensors.push((name, Tensor(raw)));
    }
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    Ok((tensors, notes))
}

/// Writes one array as `.npy`.
pub fn save_npy(path: &Path, tensor: &Tensor) -> Result<()> {
    let bytes = npy::bytes(tensor.kind(), &tensor.shape(), &bytes_of(tensor)?)?;
    cistron_base::file::write_whole(path, &bytes)
}

/// Writes named arrays as `.npz`.
pub fn save_npz(path: &Path, tensors: &[(String, Tensor)]) -> Result<()> {
    let draft = Draft::of(path)?;
    let file = std::fs::File::create(draft.part()).map_err(|error| Fault::file(path, &error))?;
    let mut archive = zip::ZipWriter::new(std::io::BufWriter::new(file));
    let failed = |error: zip::result::ZipError| match error {
        zip::result::ZipError::Io(error) => Fault::file(path, &error),
        other => fault!("file", "`{}`: {other}", path.display()),
    };
    for (name, tensor) in tensors {
        let bytes = npy::bytes(tensor.kind(), &tensor.shape(), &bytes_of(tensor)?)
            .map_err(|fault| fault.context(format!("array `{name}`")))?;
        let options =
            zip::write::FileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive
            .start_file(
                format!("{name}.npy"),
                options.large_file(bytes.len() as u64 >= u64::from(u32::MAX)),
            )
            .map_err(failed)?;
        archive
            .write_all(&bytes)
            .map_err(|error| Fault::file(path, &error))?;
    }
    // dropped without this, an archive hides that its directory could not be written
    let mut file = archive.finish().map_err(failed)?;
    file.flush().map_err(|error| Fault::file(path, &error))?;
    draft.commit()
}

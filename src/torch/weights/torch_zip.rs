//! PyTorch's archives, since version 1.6: a pickle and one entry of numbers per storage.

use super::entry::{GROWTH, SMALL, Weights, printable};
use super::flat::flatten;
use super::objects::Storage;
use super::pickle::Machine;
use super::stored::Stored;
use super::zipped::entry;
use crate::Tensor;
use cistron_base::{Result, bail, interrupt};
use std::io::{Read, Seek};

type Archive<R> = zip::ZipArchive<R>;

/// Reads an archive of a file of `size` bytes.
pub fn read<R: Read + Seek>(mut archive: Archive<R>, size: u64) -> Result<Weights> {
    let names: Vec<String> = archive.file_names().map(str::to_string).collect();
    if names
        .iter()
        .any(|name| name.contains("/code/") || name.ends_with("constants.pkl"))
    {
        bail!("file", "it is a TorchScript archive, which contains a program";
            hint: "in PyTorch, save `torch.jit.load(path).state_dict()`");
    }
    let of_pickle = |name: &&String| name.as_str() == "data.pkl" || name.ends_with("/data.pkl");
    let mut pickles = names.iter().filter(of_pickle);
    let (Some(pickle), None) = (pickles.next(), pickles.next()) else {
        bail!("file", "it has more than one `data.pkl`");
    };
    let folder = &pickle[..pickle.len() - "data.pkl".len()];
    let mut left = size.saturating_mul(GROWTH).saturating_add(SMALL);
    let order = format!("{folder}byteorder");
    let is_big = match names.contains(&order) {
        true => match entry(&mut archive, &order, &mut left)?.as_slice() {
            b"little" => false,
            b"big" => true,
            _ => bail!("file", "its byte order is neither `little` nor `big`"),
        },
        false => false,
    };
    let pickle = entry(&mut archive, pickle, &mut left)?;
    let mut machine = Machine::new(&pickle);
    let root = machine.run()?;
    let mut load = |storage: &Storage, stored: Stored| -> Result<Tensor> {
        interrupt::check()?;
        let name = format!("{folder}data/{}", storage.key);
        let bytes = entry(&mut archive, &name, &mut left)?;
        let width = storage.stored.map_or(1, Stored::bytes) as u64;
        if storage.count.checked_mul(width) != Some(bytes.len() as u64) {
            bail!(
                "file",
                "`{}` has {} bytes instead of {} numbers",
                printable(&name),
                bytes.len(),
                storage.count
            );
        }
        stored.tensor(bytes, is_big)
    };
    let (entries, metadata) = flatten(&machine.heap, root, size, &mut load)?;
    Ok(Weights {
        format: "PyTorch archive",
        entries,
        metadata,
    })
}

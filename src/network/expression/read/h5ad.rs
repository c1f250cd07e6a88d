//! Files of AnnData (h5ad): dense and sparse matrices with the names of cells and genes.

use super::raw::Raw;
use super::settings::{Orientation, ReadSettings};
use super::stored;
use cistron_base::{Fault, Result, bail, fault, file, interrupt, near, panic};
use hdf5_pure::{AttrValue, Dataset, File, Group};
use ndarray::Array2;
use std::collections::HashMap;
use std::path::Path;

/// Bytes of a number while a dense matrix is read: as stored and as it is needed.
const DENSE: usize = 16;

/// Reads a file: `X`, a layer, or `raw`.
pub(super) fn read(path: &Path, settings: &ReadSettings, say: &mut dyn FnMut(&str)) -> Result<Raw> {
    if settings.gene_file.is_some() || settings.sample_file.is_some() {
        bail!(
            "option",
            "options `gene_file` and `sample_file` are for MatrixMarket, and an h5ad \
            file has its names"
        );
    }
    if settings.genes == Orientation::Rows {
        bail!("option", "genes are columns (`var`) in h5ad files";
            hint: "leave the option `genes` out");
    }
    file::regular(path)?;
    // the library's own checks are not complete: on damaged files it may panic
    let read = panic::guarded(|| {
        let file = File::open_streaming(path).map_err(broken)?;
        of_file(&file.root(), settings, say)
    });
    read.unwrap_or_else(|_| {
        Err(fault!("data", "it is not a whole HDF5 file";
        hint: "the file may be cut short: download it again"))
    })
}

fn broken(error: hdf5_pure::Error) -> Fault {
    fault!("data", "the HDF5 file cannot be read: {error}";
        hint: "it is damaged or cut short, or of a newer form of HDF5: write it again with \
            `libver=\"earliest\"`")
}

/// The names of what a group holds.
fn members(group: &Group) -> Result<Vec<String>> {
    let mut names = group.groups().map_err(broken)?;
    names.extend(group.datasets().map_err(broken)?);
    Ok(names)
}

fn has(group: &Group, name: &str) -> Result<bool> {
    Ok(members(group)?.iter().any(|own| own == name))
}

/// A group that the file must have.
fn group(parent: &Group, name: &str, path: &str) -> Result<Group> {
    if !parent
        .groups()
        .map_err(broken)?
        .iter()
        .any(|own| own == name)
    {
        let found = members(parent)?.join(", ");
        bail!("data", "the file has no group `{path}`; there are: {}", stored::clipped(&found);
            hint: "h5ad files are written by `adata.write(\"file.h5ad\")`; older forms by \
                `anndata.read_h5ad` and `write` again");
    }
    parent.group(name).map_err(broken)
}

fn attributes(group: &Group) -> Result<HashMap<String, AttrValue>> {
    group.attrs().map_err(broken)
}

fn of_file(root: &Group, settings: &ReadSettings, say: &mut dyn FnMut(&str)) -> Result<Raw> {
    let obs = group(root, "obs", "obs")?;
    let samples = index(&obs, "obs")?;
    let (parent, name, path, var) = match settings.layer.as_deref() {
        None | Some("X") => (
            root.clone(),
            "X",
            "X".to_string(),
            group(root, "var", "var")?,
        ),
        Some("raw") => {
            let raw = group(root, "raw", "raw")?;
            let var = group(&raw, "var", "raw/var")?;
            (raw, "X", "raw/X".to_string(), var)
        }
        Some(layer) => {
            let layers = group(root, "layers", "layers")?;
            let known = members(&layers)?;
            if !known.iter().any(|own| own == layer) {
                let fault = fault!(
                    "option",
                    "the file has no layer `{layer}`; it has {}",
                    if known.is_empty() {
                        "none".into()
                    } else {
                        known.join(", ")
                    }
                );
                let near = near::nearest(layer, known.iter().map(String::as_str));
                return Err(match near {
                    Some(near) => fault.hint(format!("did you mean `{near}`?")),
                    None => fault,
                });
            }
            (
                layers,
                layer,
                format!("layers/{layer}"),
                group(root, "var", "var")?,
            )
        }
    };
    let genes = match &settings.column {
        None => index(&var, "var")?,
        Some(column) => column_of(&var, column)?,
    };
    let shape = (samples.len(), genes.len());
    let values =
        matrix(&parent, name, shape, say).map_err(|fault| fault.context(format!("`{path}`")))?;
    Ok(Raw {
        genes: Some(genes),
        samples: Some(samples),
        values,
        notes: Vec::new(),
    })
}

/// The names of the rows of a data frame.
fn index(frame: &Group, path: &str) -> Result<Vec<String>> {
    let notes = attributes(frame)?;
    let name = notes.get("_index").and_then(AttrValue::as_str);
    let name = name.unwrap_or("_index").to_string();
    strings(frame, &name, path)
}

/// A column of names of a data frame, as strings or as categories.
fn column_of(frame: &Group, column: &str) -> Result<Vec<String>> {
    if !has(frame, column)? {
        let known = members(frame)?;
        let fault = fault!(
            "option",
            "`var` has no column `{column}`; it has {}",
            stored::clipped(&known.join(", "))
        );
        return Err(
            match near::nearest(column, known.iter().map(String::as_str)) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            },
        );
    }
    if !frame
        .groups()
        .map_err(broken)?
        .iter()
        .any(|own| own == column)
    {
        return strings(frame, column, "var");
    }
    let own = frame.group(column).map_err(broken)?;
    let categories = strings(&own, "categories", &format!("var/{column}"))?;
    let codes = dataset(&own, "codes")?;
    room(&codes, 8, "codes")?;
    let codes = codes.read_i64().map_err(broken)?;
    let name = |(row, code): (usize, i64)| {
        let name = usize::try_from(code).ok().and_then(|at| categories.get(at));
        name.cloned().ok_or_else(|| {
            fault!(
                "data",
                "`var/{column}`: gene {} (from 1) has no name",
                row + 1
            )
        })
    };
    codes.into_iter().enumerate().map(name).collect()
}

fn dataset(group: &Group, name: &str) -> Result<Dataset> {
    if !group
        .datasets()
        .map_err(broken)?
        .iter()
        .any(|own| own == name)
    {
        bail!("data", "there is no dataset `{name}`");
    }
    group.dataset(name).map_err(broken)
}

/// Fails where a dataset declares more than fits into memory.
fn room(data: &Dataset, bytes: usize, what: &str) -> Result<u64> {
    let sizes = data.shape().map_err(broken)?;
    let count = sizes
        .iter()
        .try_fold(1u64, |count, n| count.checked_mul(*n));
    let count = count.and_then(|count| i64::try_from(count).ok());
    let Some(count) = count else {
        bail!(
            "data",
            "`{what}` declares {sizes:?} numbers: no file is so large"
        );
    };
    cistron_base::memory::items(count, bytes, what)?;
    Ok(count as u64)
}

fn strings(group: &Group, name: &str, path: &str) -> Result<Vec<String>> {
    let named = |fault: Fault| fault.context(format!("`{path}/{name}`"));
    let data = dataset(group, name).map_err(named)?;
    room(&data, 24, "names").map_err(named)?;
    let read = data.read_string().map_err(broken);
    read.map_err(|fault| named(fault).hint("the names must be strings"))
}

/// A matrix of samples by genes, turned: dense, or sparse by rows (CSR) or columns (CSC).
fn matrix(
    parent: &Group,
    name: &str,
    shape: (usize, usize),
    say: &mut dyn FnMut(&str),
) -> Result<Array2<f64>> {
    if parent
        .datasets()
        .map_err(broken)?
        .iter()
        .any(|own| own == name)
    {
        return dense(&parent.dataset(name).map_err(broken)?, shape, say);
    }
    let own = group(parent, name, name)?;
    let notes = attributes(&own)?;
    let text = |key: &str| notes.get(key).and_then(AttrValue::as_str);
    let kind = text("encoding-type").or_else(|| text("h5sparse_format"));
    let is_by_rows = match kind {
        Some("csr_matrix" | "csr") => true,
        Some("csc_matrix" | "csc") => false,
        other => bail!(
            "data",
            "it is encoded as `{}`, expected an array, csr_matrix or csc_matrix",
            stored::clipped(other.unwrap_or("nothing"))
        ),
    };
    let declared = notes.get("shape").or_else(|| notes.get("h5sparse_shape"));
    let declared = declared.and_then(AttrValue::to_u64s);
    if let Some(declared) = declared
        && declared != [shape.0 as u64, shape.1 as u64]
    {
        bail!(
            "data",
            "its shape is {declared:?}, but there are {} samples and {} genes",
            shape.0,
            shape.1
        );
    }
    sparse(&own, is_by_rows, shape, say)
}

fn dense(
    data: &Dataset,
    (samples, genes): (usize, usize),
    say: &mut dyn FnMut(&str),
) -> Result<Array2<f64>> {
    let sizes = data.shape().map_err(broken)?;
    if sizes != [samples as u64, genes as u64] {
        bail!(
            "data",
            "its shape is {sizes:?}, but there are {samples} samples and {genes} genes"
        );
    }
    stored::room(genes, samples, DENSE, say)?;
    let values = data.read_f64().map_err(broken)?;
    let values = Array2::from_shape_vec((samples, genes), values).map_err(|_| {
        fault!(
            "data",
            "it has fewer numbers than its shape {sizes:?} states"
        )
    })?;
    interrupt::check()?;
    Ok(values.reversed_axes().as_standard_layout().into_owned())
}

fn sparse(
    own: &Group,
    is_by_rows: bool,
    (samples, genes): (usize, usize),
    say: &mut dyn FnMut(&str),
) -> Result<Array2<f64>> {
    let (major, minor) = match is_by_rows {
        true => (samples, genes),
        false => (genes, samples),
    };
    let (data, indices) = (dataset(own, "data")?, dataset(own, "indices")?);
    let starts = dataset(own, "indptr")?;
    let (n, m) = (room(&data, 8, "data")?, room(&indices, 8, "indices")?);
    let k = room(&starts, 8, "indptr")?;
    if k != major as u64 + 1 || n != m {
        bail!(
            "data",
            "`indptr` has {k} numbers, expected {}; `data` has {n}, `indices` {m}",
            major as u64 + 1
        );
    }
    let mut values = stored::empty(genes, samples, 8, say)?;
    values.fill(stored::UNLISTED);
    let starts = starts.read_i64().map_err(broken)?;
    let is_rising = starts.windows(2).all(|pair| pair[0] <= pair[1]);
    let (first, last) = (starts.first(), starts.last());
    if first != Some(&0) || last != Some(&(n as i64)) || !is_rising {
        bail!(
            "data",
            "`indptr` must rise from 0 to {n}, the number of values"
        );
    }
    let data = data.read_f64().map_err(broken)?;
    let indices = indices.read_i64().map_err(broken)?;
    if data.len() as u64 != n || indices.len() as u64 != n {
        bail!(
            "data",
            "`data` or `indices` has fewer numbers than it states"
        );
    }
    for line in 0..major {
        if line.is_multiple_of(1024) {
            interrupt::check()?;
        }
        for at in starts[line] as usize..starts[line + 1] as usize {
            let Some(across) = usize::try_from(indices[at]).ok().filter(|i| *i < minor) else {
                bail!(
                    "data",
                    "`indices` must be from 0 to {}, got {}",
                    minor - 1,
                    indices[at]
                );
            };
            if data[at].is_infinite() {
                bail!("data", "`data` has an infinite value");
            }
            let (gene, sample) = match is_by_rows {
                true => (across, line),
                false => (line, across),
            };
            stored::set(&mut values, gene, sample, data[at])?;
        }
    }
    stored::close(&mut values);
    Ok(values)
}

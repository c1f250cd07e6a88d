//! Reading and writing tensors as files.

use crate::base::Result;
use crate::bind::args::path::output_path;
use crate::bind::args::tensor::tensor_map;
use crate::fault;
use crate::lang::{Native, native, natives_of, session};
use crate::torch::{Tensor, file};
use rhai::Map;

/// The tensors of a map, with their names.
fn named(tensors: &Map) -> Result<Vec<(String, Tensor)>> {
    tensors
        .iter()
        .map(|(name, value)| {
            let tensor = value.read_lock::<Tensor>().map(|t| t.clone());
            let tensor = tensor.ok_or_else(|| {
                fault!(
                    "type",
                    "`{name}` must be a tensor, got {}",
                    session::describe(value)
                )
            })?;
            Ok((name.to_string(), tensor))
        })
        .collect()
}

/// Reads the array of a NumPy `.npy` file.
///
/// ```rhai
/// let path = "/tmp/cistron_example.npy";
/// tensor::save_npy(path, tensor::ones([2]));
/// assert_eq(tensor::load_npy(path), [1.0, 1.0]);
/// ```
#[native(namespace = "tensor")]
pub fn load_npy(
    /// Path of the file.
    path: &str,
) -> Result<Tensor> {
    file::load_npy(&session::find_input(path)?)
}

/// Writes a tensor as a NumPy `.npy` file.
///
/// ```rhai
/// tensor::save_npy("/tmp/cistron_example.npy", tensor::ones([2]));
/// ```
#[native(namespace = "tensor")]
pub fn save_npy(
    /// Path of the file.
    path: &str,
    /// The tensor.
    values: &Tensor,
) -> Result<()> {
    file::save_npy(&output_path(path)?, values)
}

/// Reads all arrays of a NumPy `.npz` file.
///
/// ```rhai
/// let path = "/tmp/cistron_example.npz";
/// tensor::save_npz(path, #{ a: tensor::ones([2]) });
/// assert_eq(tensor::load_npz(path).a, [1.0, 1.0]);
/// ```
#[native(namespace = "tensor", returns = "map of tensors")]
pub fn load_npz(
    /// Path of the file.
    path: &str,
) -> Result<Map> {
    file::load_npz(&session::find_input(path)?).map(tensor_map)
}

/// Writes named tensors as a NumPy `.npz` file.
///
/// ```rhai
/// tensor::save_npz("/tmp/cistron_example.npz", #{ a: tensor::ones([2]) });
/// ```
#[native(namespace = "tensor")]
pub fn save_npz(
    /// Path of the file.
    path: &str,
    /// Tensors by name.
    tensors: &Map,
) -> Result<()> {
    file::save_npz(&output_path(path)?, &named(tensors)?)
}

/// Reads a table of numbers.
///
/// Columns are separated by commas, tabs or blanks; the file may be gzipped. A first line of names,
/// or one that numbers the columns from 1, is skipped. Empty cells and `NA` are NaN.
///
/// ```rhai
/// let path = "/tmp/cistron_example_table.bed";
/// intervals::from(#{ chrom: ["1"], start: [5], end: [10] }).save(path);
/// assert_eq(tensor::load_table(path), [[1.0, 5.0, 10.0]]);
/// ```
/// ```rhai,fails
/// tensor::load_table("/nowhere.csv");
/// //~ `/nowhere.csv`: no such file or directory
/// ```
#[native(namespace = "tensor", returns = "tensor [rows, columns]")]
pub fn load_table(
    /// Path of the file: CSV, TSV or separated by blanks.
    path: &str,
) -> Result<Tensor> {
    Tensor::from_array(&crate::data::matrix::read(&session::find_input(path)?)?)
}

/// Reads all tensors of a safetensors file.
///
/// ```rhai
/// let path = "/tmp/cistron_example.safetensors";
/// tensor::save_safetensors(path, #{ w: tensor::eye(2) });
/// assert_eq(tensor::load_safetensors(path).w, tensor::eye(2));
/// ```
#[native(namespace = "tensor", returns = "map of tensors")]
pub fn load_safetensors(
    /// Path of the file.
    path: &str,
) -> Result<Map> {
    file::load_safetensors(&session::find_input(path)?).map(|(tensors, _)| tensor_map(tensors))
}

/// Writes named tensors as a safetensors file.
///
/// ```rhai
/// tensor::save_safetensors("/tmp/cistron_example.safetensors", #{ w: tensor::eye(2) });
/// ```
#[native(namespace = "tensor")]
pub fn save_safetensors(
    /// Path of the file.
    path: &str,
    /// Tensors by name.
    tensors: &Map,
) -> Result<()> {
    file::save_safetensors(&output_path(path)?, &named(tensors)?, Default::default())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        load_npy,
        save_npy,
        load_npz,
        save_npz,
        load_table,
        load_safetensors,
        save_safetensors,
    ]
}

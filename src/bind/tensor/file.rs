//! Files of tensors.

use crate::base::Result;
use crate::base::file::{folder_of, make_folders};
use crate::lang::{IntoValue, session};
use crate::torch::{Tensor, file};
use crate::{fault, natives};
use rhai::Map;
use std::path::PathBuf;

/// Where an output goes; its folder is made.
pub fn written(path: &str) -> Result<PathBuf> {
    let path = session::place_output(path, false)?;
    make_folders(folder_of(&path))?;
    Ok(path)
}

fn map(tensors: Vec<(String, Tensor)>) -> Map {
    tensors
        .into_iter()
        .map(|(name, tensor)| (name.into(), tensor.into_value()))
        .collect()
}

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

natives! { files in "tensor" {
    /// Reads one array of a NumPy `.npy` file.
    ///
    /// ```rhai
    /// let path = "/tmp/cistron_example.npy";
    /// tensor::save_npy(path, tensor::ones([2]));
    /// assert_eq(tensor::load_npy(path), [1.0, 1.0]);
    /// ```
    function "load_npy"(c, path: String) -> "tensor" { file::load_npy(&session::find_input(&path)?) }

    /// Writes one array as a NumPy `.npy` file.
    ///
    /// ```rhai
    /// tensor::save_npy("/tmp/cistron_example.npy", tensor::ones([2]));
    /// ```
    function "save_npy"(c, path: String, values: Tensor) -> "nothing" { file::save_npy(&written(&path)?, &values) }

    /// Reads all arrays of a NumPy `.npz` file.
    ///
    /// ```rhai
    /// let path = "/tmp/cistron_example.npz";
    /// tensor::save_npz(path, #{ a: tensor::ones([2]) });
    /// assert_eq(tensor::load_npz(path).a, [1.0, 1.0]);
    /// ```
    function "load_npz"(c, path: String) -> "map of tensors" { Ok(map(file::load_npz(&session::find_input(&path)?)?)) }

    /// Writes named arrays as a NumPy `.npz` file.
    ///
    /// ```rhai
    /// tensor::save_npz("/tmp/cistron_example.npz", #{ a: tensor::ones([2]) });
    /// ```
    function "save_npz"(c, path: String, tensors: Map) -> "nothing" { file::save_npz(&written(&path)?, &named(&tensors)?) }

    /// Reads a table of numbers: CSV, TSV or blanks, plain or gzipped. A first line of names, or
    /// one that numbers the columns from 1, is left out; blanks and `NA` are NaN.
    ///
    /// ```rhai
    /// intervals::from(#{ chrom: ["1"], start: [5], end: [10] }).save("/tmp/cistron_example_table.bed");
    /// assert_eq(tensor::load_table("/tmp/cistron_example_table.bed"), [[1.0, 5.0, 10.0]]);
    /// ```
    /// ```rhai,fails
    /// tensor::load_table("/nowhere.csv");
    /// //~ `/nowhere.csv`: no such file or directory
    /// ```
    function "load_table"(c, path: String) -> "tensor [rows, columns]" {
        let (values, columns) = crate::data::matrix::read(&session::find_input(&path)?)?;
        Tensor::from_f32(&values, &[(values.len() / columns) as i64, columns as i64])
    }

    /// Reads all tensors of a safetensors file.
    ///
    /// ```rhai
    /// let path = "/tmp/cistron_example.safetensors";
    /// tensor::save_safetensors(path, #{ w: tensor::eye(2) });
    /// assert_eq(tensor::load_safetensors(path).w, tensor::eye(2));
    /// ```
    function "load_safetensors"(c, path: String) -> "map of tensors" { Ok(map(file::load_safetensors(&session::find_input(&path)?)?.0)) }

    /// Writes named tensors as a safetensors file.
    ///
    /// ```rhai
    /// tensor::save_safetensors("/tmp/cistron_example.safetensors", #{ w: tensor::eye(2) });
    /// ```
    function "save_safetensors"(c, path: String, tensors: Map) -> "nothing" { file::save_safetensors(&written(&path)?, &named(&tensors)?, Default::default()) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [files()].into_iter().flatten().collect()
}

//! A dataset as one safetensors file.

use super::dataset::joined_truth;
use super::{Column, Dataset, Input, Shuffles};
use crate::base::Result;
use crate::seq::simulate::Truth;
use crate::torch::{Kind, Tensor, file};
use crate::{bail, fault};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Writes the rows in view; shuffles that are drawn anew keep their rule.
pub fn save(set: &Dataset, path: &Path) -> Result<()> {
    let plain = Dataset { shuffles: None, ..set.clone() }.materialised()?;
    let n = plain.len() as i64;
    let mut tensors = Vec::new();
    for input in &plain.inputs {
        let (codes, values) = plain.gather(&input.column, 0..plain.len())?;
        let whole: Vec<i64> = std::iter::once(n).chain(input.column.row_shape().iter().map(|s| *s as i64)).collect();
        let tensor = if input.column.is_sequence() { Tensor::from_u8(&codes, &whole)? } else { Tensor::from_f32(&values, &whole)? };
        tensors.push((format!("input.{}", input.name), tensor));
    }
    tensors.push(("labels".into(), Tensor::from_f32(&plain.all_labels(), &[n, plain.tasks() as i64])?));
    let mut notes = HashMap::from([
        ("format".to_string(), "cistron dataset 1".to_string()),
        ("inputs".into(), plain.inputs.iter().map(|i| i.name.as_str()).collect::<Vec<_>>().join("\t")),
        ("labels".into(), plain.label_names.join("\t")),
    ]);
    if let Some(names) = &set.names {
        notes.insert("names".into(), set.rows.iter().map(|row| names[*row as usize].as_str()).collect::<Vec<_>>().join("\t"));
    }
    if let Some(truth) = joined_truth(std::slice::from_ref(set)) {
        let (text, sites) = truth.to_parts();
        notes.insert("truth".into(), text);
        tensors.push(("truth".into(), Tensor::from_i64(&sites, &[sites.len() as i64 / 4, 4])?));
    }
    if let Some(how) = set.shuffles {
        notes.insert("shuffles".into(), format!("{} {} {} {}", how.k, how.ratio, how.redraw, how.seed));
    }
    file::save_safetensors(path, &tensors, notes)
}

/// Reads what [`save`] wrote.
pub fn load(path: &Path) -> Result<Dataset> {
    let (tensors, notes) = file::load_safetensors(path)?;
    if notes.get("format").map(String::as_str) != Some("cistron dataset 1") {
        bail!("data", "`{}` holds tensors, not a dataset", path.display());
    }
    let list = |key: &str| -> Vec<String> { notes.get(key).map(|v| v.split('\t').filter(|s| !s.is_empty()).map(str::to_string).collect()).unwrap_or_default() };
    let find =
        |name: &str| tensors.iter().find(|(known, _)| known == name).map(|(_, t)| t).ok_or_else(|| fault!("data", "`{}` lacks `{name}`", path.display()));
    let mut inputs = Vec::new();
    for name in list("inputs") {
        let tensor = find(&format!("input.{name}"))?;
        let shape: Vec<usize> = tensor.shape()[1..].iter().map(|n| *n as usize).collect();
        let column = if tensor.kind() == Kind::Byte {
            let codes = tensor.to_i64()?.into_iter().map(|c| c as u8).collect();
            Column::Sequence { codes: Arc::new(codes), length: shape[0] }
        } else {
            Column::Dense { values: Arc::new(tensor.to_f32()?), shape }
        };
        inputs.push(Input::new(name, column));
    }
    let mut set = Dataset::new(inputs, list("labels"), find("labels")?.to_f32()?)?;
    let names = list("names");
    set.names = (names.len() == set.rows.len()).then(|| Arc::new(names));
    if let Some(text) = notes.get("truth") {
        let truth = Truth::from_parts(text, &find("truth")?.to_i64()?, set.rows.len());
        set.truth = Some(Arc::new(truth.map_err(|what| fault!("data", "`{}`: the truth in it is damaged: {what}", path.display()))?));
    }
    if let Some(text) = notes.get("shuffles") {
        let parts: Vec<&str> = text.split(' ').collect();
        if let [k, ratio, redraw, seed] = parts.as_slice() {
            let number = |s: &str| s.parse::<u64>().unwrap_or(0);
            set.shuffles = Some(Shuffles { k: number(k) as usize, ratio: number(ratio) as usize, redraw: *redraw == "true", seed: number(seed) });
        }
    }
    Ok(set)
}

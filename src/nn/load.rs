//! Weights of other programs' files in a network: which tensors match, which are missing, which are
//! left over.

use super::Model;
use cistron_base::{Result, bail, fault, shape};
use cistron_torch::grad;
use cistron_torch::weights::names::Renamed;
use cistron_torch::{Kind, Tensor};
use std::collections::{HashMap, HashSet};

/// Names that a message lists, at most.
const LISTED: usize = 12;
/// The counter of batches of batch normalization, which evaluation does not use.
const COUNTER: &str = "num_batches_tracked";

/// What became of the tensors of a file.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Names in the file and in the network, in the network's order.
    pub matched: Vec<(String, String)>,
    /// Names in the network without a tensor in the file.
    pub missing: Vec<String>,
    /// Names in the file without a place in the network.
    pub left_over: Vec<String>,
    /// Names in the file that were excluded.
    pub skipped: Vec<String>,
    /// Tensors whose shapes differ: name in the network, shape in the file, shape in the network.
    pub mismatched: Vec<(String, Vec<i64>, Vec<i64>)>,
    /// Names in the network whose values were rounded to its type.
    pub rounded: Vec<String>,
}

/// Copies tensors into the parameters and running statistics of the same name.
///
/// # Errors
/// Where `strict`, a tensor is missing, left over or of another shape; nothing is changed then. In
/// any case where no tensor matches.
pub fn load(
    model: &Model,
    tensors: Vec<Renamed>,
    skipped: Vec<String>,
    strict: bool,
) -> Result<Loaded> {
    let state = model.state();
    let targets: HashSet<&str> = state.iter().map(|(name, _)| name.as_str()).collect();
    let mut loaded = Loaded {
        skipped,
        ..Loaded::default()
    };
    for tensor in &tensors {
        // what a conversion of layouts added is no tensor of the file
        let is_optional = tensor.entry.is_added || tensor.entry.name.ends_with(COUNTER);
        if !targets.contains(tensor.entry.name.as_str()) && !is_optional {
            loaded.left_over.push(tensor.old.clone());
        }
    }
    let given: HashMap<&str, &Renamed> = tensors
        .iter()
        .map(|tensor| (tensor.entry.name.as_str(), tensor))
        .collect();
    let mut copies: Vec<(&String, &Tensor, &Tensor)> = Vec::new();
    for (name, target) in &state {
        let Some(tensor) = given.get(name.as_str()) else {
            if !name.ends_with(COUNTER) {
                loaded.missing.push(name.clone());
            }
            continue;
        };
        let values = &tensor.entry.tensor;
        if values.shape() == target.shape() {
            loaded.matched.push((tensor.old.clone(), name.clone()));
            copies.push((name, target, values));
        } else {
            let mismatch = (name.clone(), values.shape(), target.shape());
            loaded.mismatched.push(mismatch);
        }
    }
    if (strict && !loaded.is_complete()) || copies.is_empty() {
        bail!(
            "shape",
            "the weights do not fit `{}`: {}",
            model.name(),
            loaded.problems();
            hint: "`map`, `strip` and `only` rename and choose, `strict: false` loads what matches"
        );
    }
    let _guard = grad::no_grad();
    for (name, target, values) in copies {
        let values = values.to_device(model.device())?;
        if is_rounded(&values, target.kind())? {
            loaded.rounded.push(name.clone());
        }
        target.copy_(&values)?;
    }
    Ok(loaded)
}

/// Whether values change when they are stored as another type.
fn is_rounded(values: &Tensor, kind: Kind) -> Result<bool> {
    let is_exact = values.kind() == kind
        || (kind == Kind::Float && matches!(values.kind(), Kind::Half | Kind::BFloat16))
        || kind == Kind::Double;
    if is_exact || values.numel() == 0 {
        return Ok(false);
    }
    let there = values.to_kind(Kind::Double)?;
    let back = values.to_kind(kind)?.to_kind(Kind::Double)?;
    Ok(there
        .to_f64()?
        .iter()
        .zip(back.to_f64()?)
        .any(|(there, back)| *there != back && !(there.is_nan() && back.is_nan())))
}

impl Loaded {
    /// Whether every tensor of the file and of the network has its counterpart.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.left_over.is_empty() && self.mismatched.is_empty()
    }

    /// What does not fit, in words; `all tensors match` where all do.
    pub fn problems(&self) -> String {
        let mismatched: Vec<String> = self
            .mismatched
            .iter()
            .map(|(name, there, here)| {
                let (there, here) = (shape::text(there), shape::text(here));
                format!("`{name}` is {there} there and {here} here")
            })
            .collect();
        let quoted = |names: &[String]| -> Vec<String> {
            names.iter().map(|name| format!("`{name}`")).collect()
        };
        let lists = [
            ("missing", quoted(&self.missing)),
            ("left over", quoted(&self.left_over)),
            ("of another shape", mismatched),
        ];
        let texts: Vec<String> = lists
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{} {what}: {}", names.len(), listed(&names)))
            .collect();
        match texts.is_empty() {
            true if self.matched.is_empty() => "no tensor matches".into(),
            true => "all tensors match".into(),
            false => texts.join("; "),
        }
    }
}

/// The first of several names, and how many more there are.
fn listed(names: &[String]) -> String {
    let first = names[..names.len().min(LISTED)].join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// The report of a file of cistron's own, all of whose tensors were loaded.
pub fn whole(model: &Model, names: impl Iterator<Item = String>) -> Result<Loaded> {
    let given: HashSet<String> = names.collect();
    let state = model.state().into_iter();
    let matched: Vec<(String, String)> = state
        .filter(|(name, _)| given.contains(name))
        .map(|(name, _)| (name.clone(), name))
        .collect();
    match matched.is_empty() && !given.is_empty() {
        true => Err(fault!("shape", "no tensor matches")),
        false => Ok(Loaded {
            matched,
            ..Loaded::default()
        }),
    }
}

//! Parameters and buffers of a network: access by path, files, copies.

use super::Model;
use cistron_base::{Result, bail, fault, near, shape};
use cistron_torch::{Tensor, file, grad};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Writes the parameters and buffers of a network.
pub fn save_state(path: &Path, state: &[(String, Tensor)]) -> Result<()> {
    // only one note: several would be in random order, and equal models have unequal files
    let notes = HashMap::from([("format".to_string(), "pt".to_string())]);
    file::save_safetensors(path, state, notes)
}

impl Model {
    /// A parameter or buffer by its path.
    pub fn get(&self, path: &str) -> Result<Tensor> {
        let all = self.0.parameters.iter().chain(&self.0.buffers);
        if let Some((_, tensor)) = all.clone().find(|(name, _)| name == path) {
            return Ok(tensor.clone());
        }
        let fault = fault!("name", "`{}` has no parameter `{path}`", self.0.name);
        Err(
            match near::nearest(path, all.clone().map(|(name, _)| name.as_str())) {
                Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
                None => fault.hint(format!(
                    "it has {}",
                    all.take(12)
                        .map(|(name, _)| name.as_str())
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            },
        )
    }

    /// Copies values into a parameter or buffer.
    pub fn set(&self, path: &str, values: &Tensor) -> Result<()> {
        let target = self.get(path)?;
        if target.shape() != values.shape() {
            bail!(
                "shape",
                "`{path}` is {}, got {}",
                shape::text(&target.shape()),
                shape::text(&values.shape())
            );
        }
        target.overwrite(values)
    }

    /// Freezes or unfreezes all parameters whose path starts with a prefix; returns how many there
    /// are.
    pub fn freeze(&self, prefix: &str, frozen: bool) -> Result<usize> {
        let below = |name: &str| {
            prefix.is_empty()
                || name == prefix
                || name
                    .strip_prefix(prefix)
                    .is_some_and(|rest| rest.starts_with('.'))
        };
        let chosen: Vec<_> = self
            .0
            .parameters
            .iter()
            .filter(|(name, _)| below(name))
            .collect();
        if chosen.is_empty() {
            let parts = self.0.parameters.iter().map(|(name, _)| name.as_str());
            let fault = fault!(
                "name",
                "`{}` has no parameters below `{prefix}`",
                self.0.name
            );
            return Err(near::nearest(prefix, parts).map_or(fault.clone(), |near| {
                fault.hint(format!("did you mean \"{near}\"?"))
            }));
        }
        for (_, tensor) in &chosen {
            tensor.requires_grad_(!frozen)?;
        }
        Ok(chosen.len())
    }

    /// Clears all gradients.
    pub fn zero_grad(&self) -> Result<()> {
        self.0
            .parameters
            .iter()
            .try_for_each(|(_, p)| p.zero_grad())
    }

    /// Writes parameters and buffers under PyTorch's names.
    pub fn save(&self, path: &Path) -> Result<()> {
        save_state(path, &self.state())
    }

    /// Reads what [`Model::save`] (or PyTorch) wrote; every name and shape must fit.
    pub fn load(&self, path: &Path) -> Result<()> {
        let (tensors, _) = file::load_safetensors(path)?;
        self.load_state(&tensors)
            .map_err(|fault| fault.context(format!("`{}`", path.display())))
    }

    /// Copies named tensors into the parameters and buffers; nothing is changed where one does not
    /// fit.
    pub fn load_state(&self, tensors: &[(String, Tensor)]) -> Result<()> {
        let given: BTreeMap<&str, &Tensor> = tensors
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor))
            .collect();
        let own = self.state();
        if let Some((name, _)) = own.iter().find(|(name, _)| {
            !given.contains_key(name.as_str()) && !name.ends_with("num_batches_tracked")
        }) {
            let other = tensors
                .iter()
                .map(|(name, _)| name.as_str())
                .find(|name| !own.iter().any(|(known, _)| known == name));
            let fault = fault!("shape", "there is no tensor `{name}`");
            return Err(other.map_or(fault.clone(), |other| {
                fault.hint(format!(
                    "it holds `{other}`, which this network has not: is it the same architecture?"
                ))
            }));
        }
        if let Some((name, _)) = tensors
            .iter()
            .find(|(name, _)| !own.iter().any(|(known, _)| known == name))
        {
            bail!(
                "shape",
                "tensor `{name}` has no place in `{}`",
                self.0.name;
                hint: "is it the same architecture?"
            );
        }
        for (name, target) in &own {
            if let Some(values) = given.get(name.as_str())
                && values.shape() != target.shape()
            {
                bail!(
                    "shape",
                    "`{name}` is {} there and {} here",
                    shape::text(&values.shape()),
                    shape::text(&target.shape())
                );
            }
        }
        let _guard = grad::no_grad();
        for (name, target) in &own {
            if let Some(values) = given.get(name.as_str()) {
                target.copy_(&values.to_device(self.0.device)?)?;
            }
        }
        Ok(())
    }

    /// A copy of all parameters and buffers as they are now.
    pub fn snapshot(&self) -> Result<Vec<(String, Tensor)>> {
        let _guard = grad::no_grad();
        self.state()
            .into_iter()
            .map(|(name, tensor)| Ok((name, tensor.detach()?.copied()?)))
            .collect()
    }

    /// Copies the parameters that both networks have under the same path, below a prefix; returns
    /// how many.
    pub fn transfer(&self, from: &Model, prefix: &str) -> Result<usize> {
        let mut copied = 0;
        for (name, values) in from.state() {
            let below = prefix.is_empty()
                || name == prefix
                || name
                    .strip_prefix(prefix)
                    .is_some_and(|rest| rest.starts_with('.'));
            if below
                && self
                    .state()
                    .iter()
                    .any(|(known, own)| *known == name && own.shape() == values.shape())
            {
                self.set(&name, &values.detach()?)?;
                copied += 1;
            }
        }
        if copied == 0 {
            bail!(
                "shape",
                "`{}` and `{}` share no parameters of the same shape below `{prefix}`",
                from.0.name,
                self.0.name
            );
        }
        Ok(copied)
    }
}

//! The networks of a training: one, or several with names.

use crate::Model;
use crate::model::save_state;
use cistron_base::Result;
use cistron_torch::{Device, Tensor};
use std::path::{Path, PathBuf};

/// One network, or several with names.
#[derive(Clone)]
pub struct Networks(Vec<(String, Model)>);

impl Networks {
    /// One network.
    pub fn one(model: &Model) -> Networks {
        Networks(vec![(String::new(), model.clone())])
    }

    /// Several networks by name; there is at least one.
    pub fn named(models: Vec<(String, Model)>) -> Networks {
        Networks(models)
    }

    /// The networks with their names; that of a single network is empty.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Model)> {
        self.0.iter().map(|(name, model)| (name.as_str(), model))
    }

    /// The only network, or the first of several.
    pub fn first(&self) -> &Model {
        &self.0[0].1
    }

    /// Whether there are several networks, with names.
    pub fn are_named(&self) -> bool {
        !self.0[0].0.is_empty()
    }

    /// The network of a name.
    pub fn get(&self, name: &str) -> Option<&Model> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, model)| model)
    }

    /// The name of the only network, or the names of several: "discriminator+generator".
    pub fn title(&self) -> String {
        if !self.are_named() {
            return self.first().name().to_string();
        }
        let names: Vec<&str> = self.iter().map(|(name, _)| name).collect();
        names.join("+")
    }

    /// The device of their parameters.
    pub fn device(&self) -> Device {
        self.first().device()
    }

    fn collect(&self, of: impl Fn(&Model) -> Vec<(String, Tensor)>) -> Vec<(String, Tensor)> {
        self.iter()
            .flat_map(|(network, model)| {
                of(model)
                    .into_iter()
                    .map(move |(name, tensor)| (path(network, &name), tensor))
            })
            .collect()
    }

    /// Parameters by path, after the name of the network where there are several.
    pub fn parameters(&self) -> Vec<(String, Tensor)> {
        self.collect(|model| model.parameters().to_vec())
    }

    /// Parameters and buffers, by the same paths.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        self.collect(Model::state)
    }

    /// A copy of all parameters and buffers as they are now.
    pub fn snapshot(&self) -> Result<Vec<(String, Tensor)>> {
        let mut all = Vec::new();
        for (network, model) in self.iter() {
            let own = model.snapshot()?.into_iter();
            all.extend(own.map(|(name, tensor)| (path(network, &name), tensor)));
        }
        Ok(all)
    }

    /// Copies named tensors into the parameters and buffers.
    pub fn load_state(&self, tensors: &[(String, Tensor)]) -> Result<()> {
        self.iter()
            .try_for_each(|(network, model)| model.load_state(&of_network(network, tensors)))
    }

    /// Writes parameters and buffers: of one network to `stem.safetensors`, of several each to
    /// `stem.name.safetensors`.
    pub fn save(&self, folder: &Path, stem: &str) -> Result<()> {
        self.iter()
            .try_for_each(|(network, model)| model.save(&file_of(folder, stem, network)))
    }

    /// Writes other values of the parameters and buffers to the files of [`Networks::save`].
    pub fn save_tensors(
        &self,
        folder: &Path,
        stem: &str,
        tensors: &[(String, Tensor)],
    ) -> Result<()> {
        self.iter().try_for_each(|(network, _)| {
            save_state(
                &file_of(folder, stem, network),
                &of_network(network, tensors),
            )
        })
    }

    /// Sets training or evaluation mode.
    pub fn set_training(&self, is_training: bool) {
        self.iter().for_each(|(_, model)| {
            model.set_training(is_training);
        });
    }

    /// Clears all gradients.
    pub fn zero_grad(&self) -> Result<()> {
        self.iter().try_for_each(|(_, model)| model.zero_grad())
    }
}

/// The file of a network in a folder.
fn file_of(folder: &Path, stem: &str, network: &str) -> PathBuf {
    let between = if network.is_empty() { "" } else { "." };
    folder.join(format!("{stem}{between}{network}.safetensors"))
}

/// The tensors of a network by the names that they have in it.
fn of_network(network: &str, tensors: &[(String, Tensor)]) -> Vec<(String, Tensor)> {
    let own = |(full, tensor): &(String, Tensor)| {
        let name = match network {
            "" => full.as_str(),
            _ => full.strip_prefix(network)?.strip_prefix('.')?,
        };
        Some((name.to_string(), tensor.clone()))
    };
    tensors.iter().filter_map(own).collect()
}

/// The path of a parameter, after the name of its network where it has one.
fn path(network: &str, name: &str) -> String {
    if network.is_empty() {
        name.to_string()
    } else {
        format!("{network}.{name}")
    }
}

//! Ensembles: models made of models.

use crate::layers::ensemble::{Average, Ensemble};
use crate::model::adapters::rebuilt;
use crate::train::evaluate::predict;
use crate::{How, Layer, Model, Spec, Value};
use cistron_base::{Result, bail};
use cistron_genome::data::Dataset;
use cistron_torch::{Tensor, grad};
use std::any::Any;

/// Predictions of an ensemble; of several outputs a value by name each.
pub struct MemberPredictions {
    /// The output of the ensemble, `[rows, …]`.
    pub mean: Value,
    /// The standard deviation of the members' outputs, with n - 1; zeros for one member.
    pub spread: Value,
    /// `[members, rows, …]`
    pub members: Value,
}

/// The standard deviation over the first axis, with n - 1; zeros where it has one row.
fn deviation(members: &Tensor) -> Result<Tensor> {
    let n = members.shape()[0];
    let center = members.mean(&Some(vec![0]), true)?;
    let deviations = members.sub(&center)?;
    let squares = deviations.mul(&deviations)?.sum(&Some(vec![0]), false)?;
    squares.div_number((n - 1).max(1) as f64)?.sqrt()
}

impl Model {
    /// The ensemble of networks, which has copies of their parameters.
    ///
    /// # Errors
    /// Where inputs or outputs differ, a network has adapters, or there is none.
    pub fn ensemble(members: Vec<Model>, average: Average, name: String) -> Result<Model> {
        let Some(first) = members.first().cloned() else {
            bail!("value", "an ensemble needs at least one model")
        };
        if let Some(i) = members
            .iter()
            .position(|member| member.input() != first.input())
        {
            bail!(
                "shape",
                "members of an ensemble must have the same inputs: {} of model 1, {} of model {}",
                first.input().text(),
                members[i].input().text(),
                i + 1
            );
        }
        let links = first.links();
        let is_shared = members.iter().all(|member| member.links() == links);
        let how = How {
            name,
            ..first.how()
        };
        let layer = Layer::new(Ensemble { members, average }, None);
        let model = Model::build(&layer, first.input(), &how)?;
        if let (Some(links), true) = (links, is_shared) {
            model.set_links(links);
        }
        Ok(model)
    }

    fn as_ensemble(&self) -> Result<&Ensemble> {
        let spec: &dyn Spec = &*self.described()?.0.spec;
        let spec: &dyn Any = spec;
        match spec.downcast_ref::<Ensemble>() {
            Some(ensemble) => Ok(ensemble),
            None => bail!("value", "`{}` is no ensemble", self.name();
                hint: "`nn::ensemble([a, b])` makes one of several models"),
        }
    }

    /// The networks of an ensemble; they share its parameters and running statistics.
    ///
    /// # Errors
    /// Where it is no ensemble.
    pub fn members(&self) -> Result<Vec<Model>> {
        let state = self.state();
        let member = |(i, member): (usize, &Model)| {
            let prefix = format!("{i}.");
            let own = state.iter().filter_map(|(name, tensor)| {
                Some((name.strip_prefix(&prefix)?.to_string(), tensor.clone()))
            });
            let how = How {
                name: format!("{}.{i}", self.name()),
                device: self.device(),
                ..member.how()
            };
            let (model, _) = rebuilt(member.described()?, self.input(), &how, own.collect(), None)?;
            if let Some(links) = self.links() {
                model.set_links(links);
            }
            Ok(model)
        };
        self.as_ensemble()?
            .members
            .iter()
            .enumerate()
            .map(member)
            .collect()
    }

    /// The outputs of an ensemble for every row of a dataset, and those of its members.
    ///
    /// # Errors
    /// Where it is no ensemble.
    pub fn predict_members(
        &self,
        set: &Dataset,
        batch: usize,
        both_strands: bool,
    ) -> Result<MemberPredictions> {
        let average = self.as_ensemble()?.average;
        let outputs = self
            .members()?
            .iter()
            .map(|member| predict(member, set, batch, both_strands))
            .collect::<Result<Vec<_>>>()?;
        let _guard = grad::no_grad();
        let stacked = |i: usize| {
            let own = outputs.iter().map(|output| output.tensors()[i].clone());
            Tensor::stack(&own.collect::<Vec<_>>(), 0)
        };
        let members = match &outputs[0] {
            Value::Many(many) => Value::Many(
                many.keys()
                    .enumerate()
                    .map(|(i, name)| Ok((name.clone(), stacked(i)?)))
                    .collect::<Result<_>>()?,
            ),
            _ => Value::One(stacked(0)?),
        };
        let rows = |members: &Tensor| {
            let parts = (0..members.shape()[0]).map(|i| members.select(0, i));
            average.of(&parts.collect::<Result<Vec<_>>>()?)
        };
        Ok(MemberPredictions {
            mean: members.map(rows)?,
            spread: members.map(deviation)?,
            members,
        })
    }
}

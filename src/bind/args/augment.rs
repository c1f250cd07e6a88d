//! Augmenters that are functions of a script.

use crate::base::Result;
use crate::bind::args::network::into_dynamic;
use crate::bind::types::Augmenter;
use crate::data::loader::Transform;
use crate::lang::{Callback, IntoValue, session};
use crate::nn::Value;
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Dynamic, Map};
use std::sync::Arc;

/// Inputs and labels after the augmenters that are functions of a script.
pub fn customised(x: Value, y: Tensor, custom: &[Callback]) -> Result<(Value, Tensor)> {
    let (mut x, mut y) = (x, y);
    for call in custom {
        let batch = Map::from([
            ("x".into(), into_dynamic(x)?),
            ("y".into(), y.clone().into_value()),
        ]);
        let answer = call.call(vec![batch.into()])?;
        let Some(map) = answer.read_lock::<Map>().map(|map| map.clone()) else {
            bail!("type", "an augmenter must give a map of x and y, got {}",
                session::describe(&answer);
                hint: "`augment::custom(|batch| {{ batch.x = …; batch }})`");
        };
        let tensor = |name: &str| -> Result<Dynamic> {
            map.get(name).cloned().ok_or_else(|| {
                fault!(
                    "value",
                    "an augmenter must give a map of x and y, `{name}` is not there"
                )
            })
        };
        let given = tensor("x")?;
        x = match (given.read_lock::<Tensor>(), given.read_lock::<Map>()) {
            (Some(one), _) => Value::One(one.clone()),
            (_, Some(many)) => Value::Many(
                many.iter()
                    .map(|(name, t)| {
                        t.read_lock::<Tensor>()
                            .map(|t| (name.to_string(), t.clone()))
                            .ok_or_else(|| fault!("type", "input `{name}` must be a tensor"))
                    })
                    .collect::<Result<_>>()?,
            ),
            _ => bail!(
                "type",
                "`x` must be a tensor or a map of tensors, got {}",
                session::describe(&given)
            ),
        };
        let labels = tensor("y")?;
        y = labels
            .read_lock::<Tensor>()
            .map(|t| t.clone())
            .ok_or_else(|| {
                fault!(
                    "type",
                    "`y` must be a tensor, got {}",
                    session::describe(&labels)
                )
            })?;
    }
    Ok((x, y))
}

/// An augmenter that calls no function of a script.
pub fn plain(step: impl Transform + 'static, text: String) -> Augmenter {
    Augmenter {
        step: Arc::new(step),
        text,
        custom: Vec::new(),
    }
}

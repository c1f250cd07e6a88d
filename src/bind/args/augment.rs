//! Augmenters that are functions of a script.

use crate::base::Result;
use crate::bind::args::network::{into_dynamic, tensors_of};
use crate::bind::types::Augmenter;
use crate::data::loader::Transform;
use crate::lang::{Callback, session};
use crate::nn::Value;
use crate::{bail, fault};
use rhai::Map;
use std::sync::Arc;

/// Inputs and labels after the augmenters that are functions of a script.
pub fn customised(x: Value, y: Value, custom: &[Callback]) -> Result<(Value, Value)> {
    let (mut x, mut y) = (x, y);
    for call in custom {
        let batch = Map::from([
            ("x".into(), into_dynamic(x)?),
            ("y".into(), into_dynamic(y)?),
        ]);
        let answer = call.call(vec![batch.into()])?;
        let Some(map) = answer.read_lock::<Map>().map(|map| map.clone()) else {
            bail!("type", "an augmenter must give a map of x and y, got {}",
                session::describe(&answer);
                hint: "`augment::custom(|batch| {{ batch.x = …; batch }})`");
        };
        let tensors = |name: &str| -> Result<Value> {
            let given = map.get(name).ok_or_else(|| {
                fault!(
                    "value",
                    "an augmenter must give a map of x and y, `{name}` is not there"
                )
            })?;
            tensors_of(given, &format!("`{name}`"))
        };
        (x, y) = (tensors("x")?, tensors("y")?);
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

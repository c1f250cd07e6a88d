//! A layer defined by a script: parameters from a shape, a forward function.

use crate::init::drawing;
use crate::{Builder, Built, Mode, Module, Shape, Spec, Value};
use cistron_base::Result;
use cistron_base::bail;
use cistron_torch::{Tensor, grad};
use std::rc::Rc;

/// Creates named parameters for an input's shape.
pub type MakeParameters = Rc<dyn Fn(&Shape) -> Result<Vec<(String, Tensor)>>>;
/// Computes the output from parameters and input.
pub type Forward = Rc<dyn Fn(&[(String, Tensor)], &Value, Mode) -> Result<Tensor>>;

/// See [`MakeParameters`] and [`Forward`].
pub struct Custom {
    /// Its name.
    pub name: String,
    /// Creates the parameters, if it has any.
    pub parameters: Option<MakeParameters>,
    /// Computes the output.
    pub forward: Forward,
}

struct Scripted {
    parameters: Vec<(String, Tensor)>,
    forward: Forward,
}

impl Module for Scripted {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        (self.forward)(&self.parameters, x, mode).map(Value::One)
    }
}

impl Spec for Custom {
    fn text(&self) -> String {
        format!("{}()", self.name)
    }

    fn varies(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let mut parameters = Vec::new();
        if let Some(make) = &self.parameters {
            for (name, values) in drawing(builder.keys(&self.name), || make(input))? {
                if name.is_empty() || name.contains('.') {
                    bail!(
                        "name",
                        "{}: a parameter cannot be called `{name}`",
                        self.name
                    );
                }
                let own = builder.adopt(&name, values)?;
                parameters.push((name, own));
            }
        }
        builder.see_all();
        let module = Scripted {
            parameters,
            forward: self.forward.clone(),
        };
        // the shape of the output is inferred from two samples
        let probe = Value::zeros(input, 2)?.map(|tensor| tensor.to_device(builder.device()))?;
        let _guard = grad::no_grad();
        let output = module
            .forward(&probe, Mode::EVAL)?
            .shape_of_two(&self.name)?;
        Ok(Built {
            module: Rc::new(module),
            output,
        })
    }
}

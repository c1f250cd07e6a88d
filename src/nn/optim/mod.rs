//! Optimizers, one per file; schedules of the learning rate; gradient clipping.

pub mod adagrad;
pub mod adam;
pub mod clip;
mod course;
mod flatten;
pub mod group;
pub mod lamb;
pub mod lion;
pub mod muon;
pub mod noise;
pub mod optimizer;
mod phases;
pub mod rmsprop;
pub mod rule;
pub mod schedule;
mod sequence;
pub mod sgd;
mod slot;
mod state;

pub use group::{Group, LayerDecay};
pub use optimizer::Optimizer;
pub use rule::Rule;
pub use schedule::Schedule;

use std::rc::Rc;

/// Every optimizer, with its default settings.
pub const OPTIMIZERS: [fn() -> Rc<dyn Rule>; 8] = [
    || Rc::new(sgd::Sgd::DEFAULT),
    || Rc::new(adam::Adam::DEFAULT),
    || Rc::new(adam::Adam::DECOUPLED),
    || Rc::new(rmsprop::RmsProp::DEFAULT),
    || Rc::new(adagrad::Adagrad::DEFAULT),
    || Rc::new(lion::Lion::DEFAULT),
    || Rc::new(lamb::Lamb::DEFAULT),
    || Rc::new(muon::Muon::DEFAULT),
];

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::Result;
    use cistron_torch::{Device, Kind, Number, Tensor, graph};

    /// The rules of the list, and those with state that depends on settings.
    fn rules() -> Vec<Rc<dyn Rule>> {
        let mut rules: Vec<Rc<dyn Rule>> = OPTIMIZERS.iter().map(|rule| rule()).collect();
        rules.push(Rc::new(sgd::Sgd {
            momentum: 0.9,
            nesterov: true,
            ..sgd::Sgd::DEFAULT
        }));
        rules.push(Rc::new(rmsprop::RmsProp {
            momentum: 0.5,
            centered: true,
            ..rmsprop::RmsProp::DEFAULT
        }));
        rules
    }

    fn parameters() -> Result<Vec<(String, Tensor)>> {
        let parameter = |name: &str, values: &[f32], shape: &[i64]| {
            let tensor = Tensor::from_f32(values, shape)?;
            tensor.requires_grad_(true)?;
            Ok((name.to_string(), tensor))
        };
        Ok(vec![
            parameter("weight", &[1.0, -2.0, 0.5, 4.0], &[2, 2])?,
            parameter("bias", &[0.25, -1.0], &[2])?,
        ])
    }

    /// Computes the gradients of the sum of cubes.
    fn set_gradients(optimizer: &Optimizer) -> Result<()> {
        optimizer.zero_grad()?;
        optimizer.parameters().iter().try_for_each(|(_, tensor)| {
            tensor
                .mul(tensor)?
                .mul(tensor)?
                .sum(&None, false)?
                .backward()
        })
    }

    fn stepped(rule: Rc<dyn Rule>, steps: usize) -> Result<Optimizer> {
        let mut optimizer = Optimizer::new(rule, 0.01, 0.1).over(&parameters()?)?;
        for _ in 0..steps {
            set_gradients(&optimizer)?;
            optimizer.step(&Number::Here(0.5))?;
        }
        Ok(optimizer)
    }

    fn values(optimizer: &Optimizer) -> Result<Vec<f32>> {
        let values = optimizer
            .parameters()
            .iter()
            .map(|(_, t)| t.detach()?.to_f32());
        Ok(values.collect::<Result<Vec<_>>>()?.concat())
    }

    fn message(outcome: Result<()>) -> String {
        outcome.expect_err("an error").message.clone()
    }

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<String> = OPTIMIZERS.iter().map(|rule| rule().name().into()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), OPTIMIZERS.len());
    }

    #[test]
    fn imported_state_continues_with_the_same_numbers() -> Result<()> {
        for rule in rules() {
            let mut first = stepped(rule.clone(), 3)?;
            let saved = first.export()?;
            let mut second = Optimizer::new(rule, 0.01, 0.1).over(first.parameters())?;
            let copies = saved
                .iter()
                .map(|(name, t)| Ok((name.clone(), t.copied()?)));
            second.import(&copies.collect::<Result<Vec<_>>>()?)?;
            let before: Vec<Tensor> = first
                .parameters()
                .iter()
                .map(|(_, t)| t.detach()?.copied())
                .collect::<Result<_>>()?;
            set_gradients(&first)?;
            first.step(&Number::Here(1.0))?;
            let expected = values(&first)?;
            for ((_, parameter), before) in second.parameters().iter().zip(&before) {
                parameter.overwrite(before)?;
            }
            set_gradients(&second)?;
            second.step(&Number::Here(1.0))?;
            assert_eq!(values(&second)?, expected, "{}", first.rule.name());
        }
        Ok(())
    }

    #[test]
    fn unknown_state_is_an_error_that_names_the_key() -> Result<()> {
        for rule in rules() {
            let optimizer = stepped(rule, 1)?;
            let mut saved = optimizer.export()?;
            let velocity = Tensor::from_f32(&[0.0; 4], &[2, 2])?;
            saved.push(("velocity/weight".into(), velocity));
            let mut fresh = optimizer.over(optimizer.parameters())?;
            let text = message(fresh.import(&saved));
            let name = optimizer.rule.name();
            assert!(
                text.contains("unknown state `velocity` of parameter `weight`"),
                "{text}"
            );
            assert!(text.contains(&format!("{name} has steps")), "{text}");
        }
        Ok(())
    }

    #[test]
    fn missing_state_is_an_error_that_names_the_key() -> Result<()> {
        for rule in rules() {
            let optimizer = stepped(rule.clone(), 1)?;
            let saved = optimizer.export()?;
            let keys = rule.state_keys(false);
            let keys = keys.iter().filter_map(|key| key.name());
            for key in keys.chain(["steps"]) {
                let rest: Vec<(String, Tensor)> = saved
                    .iter()
                    .filter(|(name, _)| *name != format!("{key}/weight"))
                    .cloned()
                    .collect();
                assert_eq!(rest.len() + 1, saved.len(), "{} keeps {key}", rule.name());
                let mut fresh = optimizer.over(optimizer.parameters())?;
                let text = message(fresh.import(&rest));
                let expected = format!("state `{key}` of parameter `weight` is missing");
                assert!(text.contains(&expected), "{text}");
                assert!(
                    text.contains(&format!("{} has steps", rule.name())),
                    "{text}"
                );
            }
        }
        Ok(())
    }

    #[test]
    fn state_of_an_unknown_parameter_is_an_error() -> Result<()> {
        let optimizer = stepped(OPTIMIZERS[1](), 1)?;
        let mut saved = optimizer.export()?;
        saved.push(("mean/other".into(), Tensor::from_f32(&[0.0], &[1])?));
        let text = message(optimizer.over(optimizer.parameters())?.import(&saved));
        assert!(
            text.contains("`mean/other`, which belongs to none"),
            "{text}"
        );
        Ok(())
    }

    #[test]
    fn momentum_of_a_schedule_makes_its_state_optional() -> Result<()> {
        let mut optimizer = Optimizer::new(OPTIMIZERS[0](), 0.01, 0.0).over(&parameters()?)?;
        (optimizer.momentum, optimizer.has_scheduled_momentum) = (Some(0.9), true);
        set_gradients(&optimizer)?;
        optimizer.step(&Number::Here(1.0))?;
        let saved = optimizer.export()?;
        optimizer.over(optimizer.parameters())?.import(&saved)?;
        optimizer.has_scheduled_momentum = false;
        let text = message(optimizer.over(optimizer.parameters())?.import(&saved));
        assert!(text.contains("unknown state `momentum`"), "{text}");
        Ok(())
    }

    /// A step with scalars in tensors, on concatenated parameters, is the step of the loop over
    /// elements, up to rounding.
    #[test]
    fn capturable_steps_are_the_steps_on_the_host() -> Result<()> {
        for rule in rules() {
            let expected = values(&stepped(rule.clone(), 3)?)?;
            let mut optimizer = stepped(rule, 1)?;
            for step in 0..2 {
                set_gradients(&optimizer)?;
                if step == 0 {
                    optimizer.flatten()?;
                }
                let scalars: Vec<Option<Vec<Number>>> = optimizer
                    .advance()
                    .into_iter()
                    .map(|scalars| {
                        scalars.map(|scalars| {
                            let on_device = |scalar: f64| {
                                Tensor::full(&[], scalar, Kind::Float, Device::CPU)
                                    .map(Number::There)
                            };
                            scalars.into_iter().map(on_device).collect::<Result<_>>()
                        })
                    })
                    .map(Option::transpose)
                    .collect::<Result<_>>()?;
                graph::steadily(|| optimizer.apply(&scalars, &Number::Here(0.5)))?;
            }
            for (got, expected) in values(&optimizer)?.iter().zip(&expected) {
                let name = optimizer.rule.name();
                assert!((got - expected).abs() < 1e-5, "{name}: {got}, {expected}");
            }
        }
        Ok(())
    }
}

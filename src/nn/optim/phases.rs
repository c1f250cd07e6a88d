//! The optimizer that is in use at a time of a training.

use super::optimizer::{Optimizer, Phases};
use super::schedule::{Clock, Span};
use super::sequence::Sequence;
use cistron_base::{Result, bail};
use std::rc::Rc;

impl Optimizer {
    fn sequence(&self) -> Rc<Sequence<Optimizer>> {
        match &self.phases {
            Some(phases) => phases.sequence.clone(),
            None => Rc::new(Sequence::One(Rc::new(self.clone()))),
        }
    }

    fn of_sequence(&self, sequence: Sequence<Optimizer>) -> Optimizer {
        Optimizer {
            phases: Some(Phases {
                sequence: Rc::new(sequence),
                current: 0,
            }),
            ..self.clone()
        }
    }

    /// Returns an optimizer that ends after a length of time, so that another can follow.
    pub fn until(&self, span: Span) -> Optimizer {
        self.of_sequence(Sequence::Until(self.sequence(), span))
    }

    /// Returns an optimizer that is followed by another one, which begins with initial state.
    ///
    /// # Errors
    /// If this one has no end.
    pub fn then(&self, next: &Optimizer) -> Result<Optimizer> {
        let sequence = self.sequence();
        if sequence.duration(&Clock::new(100, 1)).is_none() {
            bail!("value", "this optimizer has no end of its own, so nothing can follow";
                hint: "`.until(30).then(…)` ends it after 30 epochs");
        }
        Ok(self.of_sequence(Sequence::Then(sequence, next.sequence())))
    }

    /// The lengths of time after which optimizers end, in order.
    pub fn ends(&self) -> Vec<Span> {
        let phases = self.phases.as_ref();
        phases.map_or(Vec::new(), |phases| phases.sequence.spans())
    }

    /// Whether it is a sequence of optimizers.
    pub fn is_sequence(&self) -> bool {
        self.phases.is_some()
    }

    /// The optimizers that follow.
    pub fn followers(&self) -> Vec<Rc<Optimizer>> {
        let phases = self.phases.as_ref();
        let all = phases.map_or(Vec::new(), |phases| phases.sequence.optimizers());
        all.into_iter().skip(1).collect()
    }

    /// Fails if the last optimizer ends before a training does.
    pub fn check_duration(&self, clock: &Clock) -> Result<()> {
        let phases = self.phases.as_ref();
        let end = phases.and_then(|phases| phases.sequence.duration(clock));
        match end {
            Some(end) if end + 1e-9 < clock.steps => bail!(
                "option", "the optimizer ends after {:.4} of {} epochs, and none follows",
                end / clock.per_epoch, clock.steps / clock.per_epoch;
                hint: "add `.then(optim::sgd(#{{ lr: 0.01 }}))`"
            ),
            _ => Ok(()),
        }
    }

    /// Index of the optimizer of the sequence that is in use.
    pub fn phase(&self) -> usize {
        self.phases.as_ref().map_or(0, |phases| phases.current)
    }

    /// Returns the index of the optimizer at a time.
    pub fn phase_at(&self, clock: &Clock) -> usize {
        let phases = self.phases.as_ref();
        phases.map_or(0, |phases| phases.sequence.index(clock.step, clock))
    }

    /// Replaces the optimizer in use by another of the sequence, with initial state.
    pub fn enter(&mut self, phase: usize) -> Result<()> {
        if phase == self.phase() {
            return Ok(());
        }
        let Some(phases) = &self.phases else {
            bail!("internal", "this optimizer is no sequence")
        };
        let optimizers = phases.sequence.optimizers();
        let Some(next) = optimizers.get(phase) else {
            bail!(
                "file",
                "the sequence has {} optimizers, not {}",
                optimizers.len(),
                phase + 1
            )
        };
        let mut next = Optimizer {
            momentum: self.momentum,
            has_scheduled_momentum: self.has_scheduled_momentum,
            phases: None,
            ..(**next).clone()
        }
        .over_with(
            self.network_parameters(),
            &self.parameters[self.of_network..],
        )?;
        next.phases = Some(Phases {
            sequence: phases.sequence.clone(),
            current: phase,
        });
        *self = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::adam::Adam;
    use super::super::sgd::Sgd;
    use super::*;
    use cistron_torch::{Number, Tensor};

    fn optimizer(lr: f64) -> Optimizer {
        Optimizer::new(Rc::new(Sgd::DEFAULT), lr, 0.0)
    }

    #[test]
    fn optimizers_begin_when_the_preceding_one_ends() -> Result<()> {
        let first = optimizer(1.0).until(Span::Epochs(3.0));
        let second = optimizer(2.0).until(Span::Share(0.2));
        let all = first.then(&second)?.then(&optimizer(3.0))?;
        let clock = Clock::new(100, 10);
        let phases = [0, 29, 30, 49, 50, 99].map(|step| {
            all.phase_at(&Clock {
                step: f64::from(step),
                ..clock
            })
        });
        assert_eq!(phases, [0, 0, 1, 1, 2, 2]);
        all.check_duration(&clock)?;
        assert!(first.check_duration(&clock).is_err());
        assert!(optimizer(1.0).then(&optimizer(2.0)).is_err());
        Ok(())
    }

    #[test]
    fn the_state_of_a_phase_is_restored_with_the_phase() -> Result<()> {
        let weight = Tensor::from_f32(&[1.0, 2.0], &[2])?;
        weight.requires_grad_(true)?;
        let parameters = [("weight".to_string(), weight)];
        let adam = Optimizer::new(Rc::new(Adam::DEFAULT), 0.1, 0.0);
        let sequence = optimizer(1.0).until(Span::Epochs(1.0)).then(&adam)?;
        let mut bound = sequence.over(&parameters)?;
        bound.enter(1)?;
        assert_eq!((bound.lr, bound.rule.name()), (0.1, "adam"));
        parameters[0].1.sum(&None, false)?.backward()?;
        bound.step(&Number::Here(1.0))?;
        let mut restored = sequence.over(&parameters)?;
        restored.import(&bound.export()?)?;
        assert_eq!((restored.phase(), restored.rule.name()), (1, "adam"));
        let other = adam.over(&parameters)?.import(&bound.export()?);
        assert!(other.is_err());
        Ok(())
    }
}

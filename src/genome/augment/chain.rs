//! Augmenters put together: one after the other, one of several, some of several, now and then, for
//! some epochs.

use crate::data::loader::{Blend, Needs, RowView, Sample, Transform};
use cistron_base::seed::Rng;
use std::sync::Arc;

/// All of them, in order.
pub struct Chain(pub Vec<Arc<dyn Transform>>);

impl Transform for Chain {
    fn needs(&self, out: &mut Vec<Needs>) {
        self.0.iter().for_each(|step| step.needs(out));
    }

    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        for step in &self.0 {
            step.apply(sample, rng);
        }
    }

    fn margin(&self) -> usize {
        self.0.iter().map(|step| step.margin()).sum()
    }

    fn displaces(&self) -> Option<&'static str> {
        self.0.iter().find_map(|step| step.displaces())
    }

    fn reverses(&self) -> bool {
        self.0.iter().any(|step| step.reverses())
    }

    fn moves(&self, place: &mut RowView, length: i64, rng: &mut Rng) -> bool {
        self.0.iter().all(|step| step.moves(place, length, rng))
    }

    fn blends(&self, epoch: u64, out: &mut Vec<Blend>) {
        self.0.iter().for_each(|step| step.blends(epoch, out));
    }
}

/// One of them, each as likely.
pub struct OneOf(pub Vec<Arc<dyn Transform>>);

impl Transform for OneOf {
    fn needs(&self, out: &mut Vec<Needs>) {
        self.0.iter().for_each(|step| step.needs(out));
    }

    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        self.0[rng.below(self.0.len())].apply(sample, rng);
    }

    fn margin(&self) -> usize {
        self.0.iter().map(|step| step.margin()).max().unwrap_or(0)
    }

    fn displaces(&self) -> Option<&'static str> {
        self.0.iter().find_map(|step| step.displaces())
    }

    fn reverses(&self) -> bool {
        self.0.iter().any(|step| step.reverses())
    }
}

/// Up to `most` of them, drawn without replacement and applied in their order (EvoAug; Lee et al.
/// 2023).
pub struct SomeOf {
    /// The augmenters.
    pub steps: Vec<Arc<dyn Transform>>,
    /// How many at most.
    pub most: usize,
    /// Whether it is always as many, else any number from 1.
    pub is_fixed: bool,
}

impl Transform for SomeOf {
    fn needs(&self, out: &mut Vec<Needs>) {
        self.steps.iter().for_each(|step| step.needs(out));
    }

    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        let most = self.most.min(self.steps.len());
        let n = if self.is_fixed {
            most
        } else {
            1 + rng.below(most)
        };
        let mut left = n;
        for (i, step) in self.steps.iter().enumerate() {
            // every subset of n is as likely
            if rng.below(self.steps.len() - i) < left {
                step.apply(sample, rng);
                left -= 1;
            }
        }
    }

    fn margin(&self) -> usize {
        self.steps.iter().map(|step| step.margin()).sum()
    }

    fn displaces(&self) -> Option<&'static str> {
        self.steps.iter().find_map(|step| step.displaces())
    }

    fn reverses(&self) -> bool {
        self.steps.iter().any(|step| step.reverses())
    }
}

/// An augmenter that is applied with a chance, which may grow or shrink over the epochs.
pub struct Sometimes {
    /// The augmenter.
    pub step: Arc<dyn Transform>,
    /// The chance in the first epoch.
    pub from: f64,
    /// The chance after `epochs` epochs.
    pub to: f64,
    /// How many epochs it takes to get there.
    pub epochs: u64,
}

impl Transform for Sometimes {
    fn needs(&self, out: &mut Vec<Needs>) {
        self.step.needs(out);
    }

    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        let done = if self.epochs == 0 {
            1.0
        } else {
            (sample.epoch as f64 / self.epochs as f64).min(1.0)
        };
        if rng.uniform() < self.from + (self.to - self.from) * done {
            self.step.apply(sample, rng);
        }
    }

    fn margin(&self) -> usize {
        self.step.margin()
    }

    fn displaces(&self) -> Option<&'static str> {
        self.step.displaces()
    }

    fn reverses(&self) -> bool {
        self.step.reverses()
    }
}

/// An augmenter that is at work in some epochs only.
pub struct During {
    /// The augmenter.
    pub step: Arc<dyn Transform>,
    /// The first epoch, from 0.
    pub first: u64,
    /// One past the last.
    pub end: u64,
}

impl Transform for During {
    fn needs(&self, out: &mut Vec<Needs>) {
        self.step.needs(out);
    }

    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        if (self.first..self.end).contains(&sample.epoch) {
            self.step.apply(sample, rng);
        }
    }

    fn margin(&self) -> usize {
        self.step.margin()
    }

    fn displaces(&self) -> Option<&'static str> {
        self.step.displaces()
    }

    fn reverses(&self) -> bool {
        self.step.reverses()
    }

    fn blends(&self, epoch: u64, out: &mut Vec<Blend>) {
        if (self.first..self.end).contains(&epoch) {
            self.step.blends(epoch, out);
        }
    }
}

/// Nothing to each row; something to each batch.
pub struct Blended(pub Blend);

impl Transform for Blended {
    fn apply(&self, _: &mut Sample, _: &mut Rng) {}

    fn blends(&self, _: u64, out: &mut Vec<Blend>) {
        out.push(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::Mutate;

    struct Count(usize);
    impl Transform for Count {
        fn apply(&self, sample: &mut Sample, _: &mut Rng) {
            sample.labels[self.0] += 1.0;
        }
    }

    #[test]
    fn some_of_draws_every_step_as_often() {
        let steps: Vec<Arc<dyn Transform>> = (0..4)
            .map(|i| Arc::new(Count(i)) as Arc<dyn Transform>)
            .collect();
        let two = SomeOf {
            steps,
            most: 2,
            is_fixed: true,
        };
        let mut sample = Sample {
            labels: vec![0.0; 4],
            ..Sample::default()
        };
        for i in 0..8000 {
            two.apply(&mut sample, &mut Rng::keyed(&[i]));
        }
        assert_eq!(sample.labels.iter().sum::<f32>(), 16_000.0);
        assert!(
            sample.labels.iter().all(|n| (n - 4000.0).abs() < 200.0),
            "{:?}",
            sample.labels
        );
    }

    #[test]
    fn epochs_decide_what_is_at_work() {
        let mutate: Arc<dyn Transform> = Arc::new(Mutate { rate: 1.0 });
        let changed = |step: &dyn Transform, epoch: u64| {
            (0..100u64)
                .filter(|i| {
                    let mut sample = Sample {
                        sequences: vec![vec![0; 4]],
                        epoch,
                        ..Sample::default()
                    };
                    step.apply(&mut sample, &mut Rng::keyed(&[*i]));
                    sample.sequences[0] != [0; 4]
                })
                .count()
        };
        let during = During {
            step: mutate.clone(),
            first: 2,
            end: 4,
        };
        assert_eq!(
            (
                changed(&during, 1),
                changed(&during, 2),
                changed(&during, 4)
            ),
            (0, 100, 0)
        );
        let ramp = Sometimes {
            step: mutate,
            from: 0.0,
            to: 1.0,
            epochs: 10,
        };
        assert_eq!(
            (changed(&ramp, 0), changed(&ramp, 10), changed(&ramp, 30)),
            (0, 100, 100)
        );
        assert!((30..70).contains(&changed(&ramp, 5)));
    }
}

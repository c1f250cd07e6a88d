//! Schedules: factors on the learning rate over a training, as values that compose.

use cistron_base::Result;
use cistron_base::bail;
use std::any::Any;
use std::f64::consts::PI;
use std::fmt::Debug;
use std::rc::Rc;

/// A length of time in a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Span {
    /// A fraction of the training, up to 1.
    Share(f64),
    /// Epochs.
    Epochs(f64),
}

impl Span {
    /// Returns its length in steps.
    pub fn steps(self, clock: &Clock) -> f64 {
        match self {
            Span::Share(share) => share * clock.whole,
            Span::Epochs(n) => n * clock.per_epoch,
        }
    }
}

/// The time in a training, and its length.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Steps since the schedule began.
    pub step: f64,
    /// Length of the schedule in steps.
    pub steps: f64,
    /// Length of the training in steps.
    pub whole: f64,
    /// Steps per epoch.
    pub per_epoch: f64,
}

impl Clock {
    /// Returns the start of a training of `steps` steps.
    pub fn new(steps: usize, per_epoch: usize) -> Clock {
        Clock {
            step: 0.0,
            steps: steps as f64,
            whole: steps as f64,
            per_epoch: per_epoch.max(1) as f64,
        }
    }

    /// Share of the length that has passed, 0 at the start.
    pub fn share(&self) -> f64 {
        self.step / self.steps.max(1.0)
    }

    /// Length of the schedule in epochs.
    pub fn epochs(&self) -> f64 {
        self.steps / self.per_epoch
    }

    /// Number of complete epochs since the schedule began.
    pub fn epoch(&self) -> f64 {
        (self.step / self.per_epoch + 1e-9).floor()
    }
}

/// Factor and momentum at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Factor on the learning rate.
    pub factor: f64,
    /// Momentum, if the schedule sets it.
    pub momentum: Option<f64>,
}

impl Point {
    /// That of a training without a schedule.
    pub const UNCHANGED: Point = Point {
        factor: 1.0,
        momentum: None,
    };
}

/// Reduction of the learning rate when a measure stops improving.
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    /// Name of the measure, such as `valid.loss`.
    pub monitor: String,
    /// Whether larger values are better.
    pub larger: bool,
    /// Factor of each reduction.
    pub factor: f64,
    /// Epochs without improvement that precede a reduction.
    pub patience: usize,
    /// Smallest relative change that counts as an improvement.
    pub threshold: f64,
    /// Smallest factor on the learning rate.
    pub lowest: f64,
}

/// A function of the time that returns a factor on the learning rate.
pub trait TimeFunction {
    /// Returns the factor at a time.
    fn factor(&self, clock: &Clock) -> Result<f64>;
    /// The function itself, for the crate that defines it.
    fn as_any(&self) -> &dyn Any;
}

/// See [`TimeFunction`].
#[derive(Clone)]
pub struct Custom(pub Rc<dyn TimeFunction>);

impl Debug for Custom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("function")
    }
}

impl PartialEq for Custom {
    fn eq(&self, other: &Custom) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// A schedule.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// A constant factor.
    Constant(f64),
    /// Multiplies the factor by gamma at regular intervals.
    Step(Span, f64),
    /// Multiplies the factor by gamma at given times.
    Multistep(Vec<Span>, f64),
    /// Multiplies the factor by gamma after every epoch.
    Exponential(f64),
    /// Half a cosine from 1 to `end`.
    Cosine(f64),
    /// Half cosines with restarts; each is `factor` times as long as the last (Loshchilov & Hutter
    /// 2017).
    Restarts(Span, f64, f64),
    /// Linear increase from `start` to 1.
    Warmup(Span, f64),
    /// Linear cycles between `low` and 1; momentum is inverse (Smith 2017).
    Cyclic {
        /// Length of the increasing half of a cycle.
        up: Span,
        /// Length of the decreasing half.
        down: Span,
        /// Smallest factor.
        low: f64,
        /// Smallest and largest momentum.
        momentum: Option<(f64, f64)>,
    },
    /// One increase and a longer decrease (Smith & Topin 2019).
    OneCycle {
        /// Fraction of the training in which the factor increases.
        up: f64,
        /// Factor of the first step.
        start: f64,
        /// Factor of the last step.
        end: f64,
        /// Smallest and largest momentum.
        momentum: Option<(f64, f64)>,
    },
    /// Reduction when a measure stops improving.
    Plateau(Plateau),
    /// A schedule that ends, then another for the rest of the training.
    Then(Rc<Schedule>, Rc<Schedule>),
    /// A schedule that ends after a length of time.
    Until(Rc<Schedule>, Span),
    /// A factor that a function computes.
    Custom(Custom),
}

impl Schedule {
    /// Returns the schedule as text: `warmup, then cosine`.
    pub fn text(&self) -> String {
        match self {
            Schedule::Constant(factor) => format!("constant({factor})"),
            Schedule::Step(..) => "step".into(),
            Schedule::Multistep(..) => "multistep".into(),
            Schedule::Exponential(gamma) => format!("exponential({gamma})"),
            Schedule::Cosine(_) => "cosine".into(),
            Schedule::Restarts(..) => "restarts".into(),
            Schedule::Warmup(..) => "warmup".into(),
            Schedule::Cyclic { .. } => "cyclic".into(),
            Schedule::OneCycle { .. } => "one_cycle".into(),
            Schedule::Plateau(plateau) => format!("plateau on {}", plateau.monitor),
            Schedule::Then(first, second) => format!("{}, then {}", first.text(), second.text()),
            Schedule::Until(inner, _) => format!("{} until", inner.text()),
            Schedule::Custom(_) => "function".into(),
        }
    }

    /// Returns the number of steps after which it ends; `None` if it has no end.
    pub fn duration(&self, clock: &Clock) -> Option<f64> {
        match self {
            Schedule::Warmup(span, _) | Schedule::Until(_, span) => Some(span.steps(clock)),
            Schedule::Then(a, b) => Some(a.duration(clock)? + b.duration(clock)?),
            _ => None,
        }
    }

    /// Continues with another schedule at the end of this one; fails if it has no end.
    pub fn then(self, next: Schedule) -> Result<Schedule> {
        if self.duration(&Clock::new(100, 1)).is_none() {
            bail!("value", "this schedule has no end of its own, so nothing can follow";
                hint: "`.until(0.5).then(…)` ends it half-way through the run");
        }
        Ok(Schedule::Then(Rc::new(self), Rc::new(next)))
    }

    /// Returns factor and momentum at a time. The factor of a plateau is 1: it depends on the
    /// training, which keeps it.
    ///
    /// # Errors
    /// If a function fails.
    pub fn at(&self, clock: &Clock) -> Result<Point> {
        let constant = |factor: f64| Point {
            factor,
            momentum: None,
        };
        Ok(match self {
            Schedule::Constant(factor) => constant(*factor),
            Schedule::Step(every, gamma) => {
                constant(gamma.powf((clock.step / every.steps(clock).max(1.0) + 1e-9).floor()))
            }
            Schedule::Multistep(moments, gamma) => constant(
                gamma.powi(
                    moments
                        .iter()
                        .filter(|m| clock.step + 1e-9 >= m.steps(clock))
                        .count() as i32,
                ),
            ),
            Schedule::Exponential(gamma) => constant(gamma.powf(clock.epoch())),
            Schedule::Cosine(end) => constant(cosine(clock.step / clock.steps.max(1.0), 1.0, *end)),
            Schedule::Restarts(first, factor, end) => {
                let (mut at, mut length) = (clock.step, first.steps(clock).max(1.0));
                while at + 1e-9 >= length {
                    at -= length;
                    length *= factor.max(1e-3);
                }
                constant(cosine(at / length, 1.0, *end))
            }
            Schedule::Warmup(span, start) => {
                constant(start + (1.0 - start) * (clock.step / span.steps(clock).max(1.0)).min(1.0))
            }
            Schedule::Cyclic {
                up,
                down,
                low,
                momentum,
            } => {
                let (up, down) = (up.steps(clock).max(1.0), down.steps(clock).max(1.0));
                let at = clock.step % (up + down);
                let height = if at <= up {
                    at / up
                } else {
                    (up + down - at) / down
                };
                Point {
                    factor: low + (1.0 - low) * height,
                    momentum: momentum.map(|(low, high)| high - (high - low) * height),
                }
            }
            Schedule::OneCycle {
                up,
                start,
                end,
                momentum,
            } => {
                let last = clock.steps - 1.0;
                let peak = up * clock.steps - 1.0;
                let (share, is_rising) = if clock.step <= peak {
                    (clock.step / peak.max(1.0), true)
                } else {
                    ((clock.step - peak) / (last - peak).max(1.0), false)
                };
                let factor = if is_rising {
                    cosine(share, *start, 1.0)
                } else {
                    cosine(share, 1.0, *end)
                };
                Point {
                    factor,
                    momentum: momentum.map(|(low, high)| {
                        if is_rising {
                            cosine(share, high, low)
                        } else {
                            cosine(share, low, high)
                        }
                    }),
                }
            }
            Schedule::Plateau(_) => constant(1.0),
            Schedule::Until(inner, span) => inner.at(&Clock {
                steps: span.steps(clock),
                ..*clock
            })?,
            Schedule::Then(first, second) => {
                let n = first.duration(clock).unwrap_or(0.0);
                if clock.step + 1e-9 < n {
                    first.at(clock)?
                } else {
                    second.at(&Clock {
                        step: clock.step - n,
                        steps: clock.steps - n,
                        ..*clock
                    })?
                }
            }
            Schedule::Custom(function) => constant(function.0.factor(clock)?),
        })
    }

    /// Whether it sets the momentum at some time.
    pub fn sets_momentum(&self) -> bool {
        match self {
            Schedule::Cyclic { momentum, .. } | Schedule::OneCycle { momentum, .. } => {
                momentum.is_some()
            }
            Schedule::Then(first, second) => first.sets_momentum() || second.sets_momentum(),
            Schedule::Until(inner, _) => inner.sets_momentum(),
            _ => false,
        }
    }

    /// Returns the plateau schedule that it contains.
    pub fn plateau(&self) -> Option<&Plateau> {
        match self {
            Schedule::Plateau(plateau) => Some(plateau),
            Schedule::Then(a, b) => b.plateau().or_else(|| a.plateau()),
            Schedule::Until(inner, _) => inner.plateau(),
            _ => None,
        }
    }

    /// Returns the functions that it contains.
    pub fn functions(&self) -> Vec<Rc<dyn TimeFunction>> {
        match self {
            Schedule::Custom(function) => vec![function.0.clone()],
            Schedule::Then(a, b) => [a.functions(), b.functions()].concat(),
            Schedule::Until(inner, _) => inner.functions(),
            _ => Vec::new(),
        }
    }

    /// Returns the factors of a training of `n` steps, one step per epoch.
    pub fn values(&self, n: usize) -> Result<Vec<f64>> {
        let clock = Clock::new(n, 1);
        let factor = |step: usize| {
            let at = Clock {
                step: step as f64,
                ..clock
            };
            self.at(&at).map(|point| point.factor)
        };
        (0..n).map(factor).collect()
    }
}

/// Returns half a cosine from `a` at 0 to `b` at 1.
fn cosine(share: f64, a: f64, b: f64) -> f64 {
    b + (a - b) * (1.0 + (PI * share.clamp(0.0, 1.0)).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_continues_with_the_next() {
        let schedule = Schedule::Warmup(Span::Share(0.2), 0.0)
            .then(Schedule::Cosine(0.0))
            .unwrap();
        let values = schedule.values(100).unwrap();
        assert_eq!(values[0], 0.0);
        assert_eq!(values[10], 0.5);
        assert_eq!(values[20], 1.0);
        assert!((values[60] - 0.5).abs() < 1e-9);
        assert!(values[99] < 1e-3);
        assert!(Schedule::Cosine(0.0).then(Schedule::Constant(1.0)).is_err());
    }
}

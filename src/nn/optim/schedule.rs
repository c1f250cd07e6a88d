//! Schedules: factors on the learning rate over a run, as values that compose.

use cistron_base::Result;
use cistron_base::bail;
use std::f64::consts::PI;
use std::rc::Rc;

/// A stretch of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Span {
    /// A share of the run, up to 1.
    Share(f64),
    /// Epochs.
    Epochs(f64),
}

impl Span {
    fn steps(self, clock: &Clock) -> f64 {
        match self {
            Span::Share(share) => share * clock.whole,
            Span::Epochs(n) => n * clock.per_epoch,
        }
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Steps done since the schedule began.
    pub step: f64,
    /// Steps that the schedule lasts.
    pub steps: f64,
    /// Steps of the whole run.
    pub whole: f64,
    /// Steps in an epoch.
    pub per_epoch: f64,
}

impl Clock {
    /// The start of a run.
    pub fn new(steps: usize, per_epoch: usize) -> Clock {
        Clock {
            step: 0.0,
            steps: steps as f64,
            whole: steps as f64,
            per_epoch: per_epoch.max(1) as f64,
        }
    }

    fn epoch(&self) -> f64 {
        (self.step / self.per_epoch + 1e-9).floor()
    }
}

/// What a schedule says of a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Factor on the learning rate.
    pub factor: f64,
    /// Momentum, where the schedule moves it.
    pub momentum: Option<f64>,
}

/// Lowering by a factor when a measure stops improving.
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    /// The measure, such as `valid.loss`.
    pub monitor: String,
    /// Whether larger is better.
    pub larger: bool,
    /// The factor.
    pub factor: f64,
    /// Epochs without gain that are borne.
    pub patience: usize,
    /// The smallest relative gain that counts.
    pub threshold: f64,
    /// The lowest factor on the learning rate.
    pub lowest: f64,
}

/// A schedule.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Always the same factor.
    Constant(f64),
    /// Times gamma every so often.
    Step(Span, f64),
    /// Times gamma at given moments.
    Multistep(Vec<Span>, f64),
    /// Times gamma every epoch.
    Exponential(f64),
    /// Half a cosine from 1 to `end`.
    Cosine(f64),
    /// Cosines that start again; each lasts `factor` times the one before (Loshchilov & Hutter
    /// 2017).
    Restarts(Span, f64, f64),
    /// A straight line from `start` to 1.
    Warmup(Span, f64),
    /// Up and down between `low` and 1, momentum the other way (Smith 2017).
    Cyclic {
        /// How long it rises.
        up: Span,
        /// How long it falls.
        down: Span,
        /// The lowest factor.
        low: f64,
        /// Lowest and highest momentum.
        momentum: Option<(f64, f64)>,
    },
    /// Up once and down far (Smith & Topin 2019).
    OneCycle {
        /// The share that rises.
        up: f64,
        /// The first factor.
        start: f64,
        /// The last factor.
        end: f64,
        /// Lowest and highest momentum.
        momentum: Option<(f64, f64)>,
    },
    /// Lower when nothing improves.
    Plateau(Plateau),
    /// One, then another for the rest of the run.
    Then(Rc<Schedule>, Rc<Schedule>),
    /// One for a stretch.
    Until(Rc<Schedule>, Span),
}

impl Schedule {
    /// In words.
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
        }
    }

    /// How many steps it lasts by itself, where it has an end.
    pub fn duration(&self, clock: &Clock) -> Option<f64> {
        match self {
            Schedule::Warmup(span, _) | Schedule::Until(_, span) => Some(span.steps(clock)),
            Schedule::Then(a, b) => Some(a.duration(clock)? + b.duration(clock)?),
            _ => None,
        }
    }

    /// One after another; fails where the first has no end.
    pub fn then(self, next: Schedule) -> Result<Schedule> {
        if self.duration(&Clock::new(100, 1)).is_none() {
            bail!("value", "this schedule has no end of its own, so nothing can follow"; hint: "`.until(0.5).then(…)` ends it half-way through the run");
        }
        Ok(Schedule::Then(Rc::new(self), Rc::new(next)))
    }

    /// What it says of a moment; plateaus are 1 here, the run keeps them.
    pub fn at(&self, clock: &Clock) -> Point {
        let plain = |factor: f64| Point {
            factor,
            momentum: None,
        };
        match self {
            Schedule::Constant(factor) => plain(*factor),
            Schedule::Step(every, gamma) => {
                plain(gamma.powf((clock.step / every.steps(clock).max(1.0) + 1e-9).floor()))
            }
            Schedule::Multistep(moments, gamma) => plain(
                gamma.powi(
                    moments
                        .iter()
                        .filter(|m| clock.step + 1e-9 >= m.steps(clock))
                        .count() as i32,
                ),
            ),
            Schedule::Exponential(gamma) => plain(gamma.powf(clock.epoch())),
            Schedule::Cosine(end) => plain(cosine(clock.step / clock.steps.max(1.0), 1.0, *end)),
            Schedule::Restarts(first, factor, end) => {
                let (mut at, mut length) = (clock.step, first.steps(clock).max(1.0));
                while at + 1e-9 >= length {
                    at -= length;
                    length *= factor.max(1e-3);
                }
                plain(cosine(at / length, 1.0, *end))
            }
            Schedule::Warmup(span, start) => {
                plain(start + (1.0 - start) * (clock.step / span.steps(clock).max(1.0)).min(1.0))
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
                let (share, rising) = if clock.step <= peak {
                    (clock.step / peak.max(1.0), true)
                } else {
                    ((clock.step - peak) / (last - peak).max(1.0), false)
                };
                let factor = if rising {
                    cosine(share, *start, 1.0)
                } else {
                    cosine(share, 1.0, *end)
                };
                Point {
                    factor,
                    momentum: momentum.map(|(low, high)| {
                        if rising {
                            cosine(share, high, low)
                        } else {
                            cosine(share, low, high)
                        }
                    }),
                }
            }
            Schedule::Plateau(_) => plain(1.0),
            Schedule::Until(inner, span) => inner.at(&Clock {
                steps: span.steps(clock),
                ..*clock
            }),
            Schedule::Then(first, second) => {
                let n = first.duration(clock).unwrap_or(0.0);
                if clock.step + 1e-9 < n {
                    first.at(clock)
                } else {
                    second.at(&Clock {
                        step: clock.step - n,
                        steps: clock.steps - n,
                        ..*clock
                    })
                }
            }
        }
    }

    /// The plateau inside, if there is one.
    pub fn plateau(&self) -> Option<&Plateau> {
        match self {
            Schedule::Plateau(plateau) => Some(plateau),
            Schedule::Then(a, b) => b.plateau().or_else(|| a.plateau()),
            Schedule::Until(inner, _) => inner.plateau(),
            _ => None,
        }
    }

    /// Factors of a run of `n` steps, an epoch each.
    pub fn values(&self, n: usize) -> Vec<f64> {
        let clock = Clock::new(n, 1);
        (0..n)
            .map(|step| {
                self.at(&Clock {
                    step: step as f64,
                    ..clock
                })
                .factor
            })
            .collect()
    }
}

/// Half a cosine from `a` at 0 to `b` at 1.
fn cosine(share: f64, a: f64, b: f64) -> f64 {
    b + (a - b) * (1.0 + (PI * share.clamp(0.0, 1.0)).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other() {
        let schedule = Schedule::Warmup(Span::Share(0.2), 0.0)
            .then(Schedule::Cosine(0.0))
            .unwrap();
        let values = schedule.values(100);
        assert_eq!(values[0], 0.0);
        assert_eq!(values[10], 0.5);
        assert_eq!(values[20], 1.0);
        assert!((values[60] - 0.5).abs() < 1e-9);
        assert!(values[99] < 1e-3);
        assert!(Schedule::Cosine(0.0).then(Schedule::Constant(1.0)).is_err());
    }
}

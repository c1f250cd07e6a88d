//! Search for hyperparameters: spaces, trials that are kept in a file, and what to try next.

use cistron_base::Result;
use cistron_base::bail;
use cistron_base::process::Process;
use cistron_base::seed::Rng;
use cistron_metrics::statistics::variance;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Values that a parameter can take.
#[derive(Clone, Debug, PartialEq)]
pub enum Space {
    /// Any number between two, each as likely.
    Uniform(f64, f64),
    /// Any number between two, each order of magnitude as likely.
    Log(f64, f64),
    /// An integer between two, both included.
    Int(i64, i64),
    /// One of several values.
    Choice(Vec<Value>),
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Its name.
    pub name: String,
    /// Its values.
    pub space: Space,
    /// Another parameter and the value that it must have for this one to count.
    pub when: Option<(String, Value)>,
}

/// Values by name.
pub type Values = Map<String, Value>;

/// How the next values are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Tree-structured Parzen estimators (Bergstra et al. 2011).
    Tpe,
    /// At random.
    Random,
    /// All combinations in order; of continuous spaces so many points.
    Grid(usize),
}

/// What has become of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Some process is at it.
    Running,
    /// It came to its end.
    Done,
    /// It was given up as hopeless.
    Pruned,
    /// It ended with an error, or its process did.
    Failed,
}

impl State {
    /// Whether the trial was judged: it came to its end or was given up.
    pub fn is_end(self) -> bool {
        matches!(self, State::Done | State::Pruned)
    }

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Done => "done",
            State::Pruned => "pruned",
            State::Failed => "failed",
        }
    }

    /// The state of a word; of an unknown one it failed.
    pub fn named(word: &str) -> State {
        [State::Running, State::Done, State::Pruned]
            .into_iter()
            .find(|state| state.word() == word)
            .unwrap_or(State::Failed)
    }
}

/// One set of values and what came of it.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its number, from 0.
    pub number: usize,
    /// What has become of it.
    pub state: State,
    /// The values.
    pub values: Values,
    /// What the objective gave.
    pub value: Option<f64>,
    /// What it reported on the way, by step.
    pub steps: Vec<(i64, f64)>,
    /// Seconds that it took.
    pub seconds: f64,
    /// Whether a value that it reported was worse than half of the others.
    pub is_hopeless: bool,
    /// What it changed in the script: captured variables and reports.
    pub left: Value,
    /// The process that runs or ran it.
    pub process: Process,
}

/// Whether large values are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// They are.
    Max,
    /// Small ones are.
    Min,
}

impl Direction {
    /// Whether `a` is better than `b`.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        if self == Direction::Max { a > b } else { a < b }
    }
}

impl Space {
    /// A value out of a number from 0 to 1.
    fn at(&self, share: f64) -> Value {
        let share = share.clamp(0.0, 1.0);
        match self {
            Space::Uniform(low, high) => json!(low + share * (high - low)),
            Space::Log(low, high) => json!(
                (low.ln() + share * (high.ln() - low.ln()))
                    .exp()
                    .clamp(*low, *high)
            ),
            Space::Int(low, high) => {
                json!((low + (share * (high - low + 1) as f64) as i64).min(*high))
            }
            Space::Choice(values) => {
                values[((share * values.len() as f64) as usize).min(values.len() - 1)].clone()
            }
        }
    }

    /// The number from 0 to 1 that a value stands for; of integers and choices the middle of its
    /// range.
    pub fn share(&self, value: &Value) -> Option<f64> {
        let number = value.as_f64();
        match self {
            Space::Uniform(low, high) => {
                Some((number? - low) / (high - low).max(f64::MIN_POSITIVE))
            }
            Space::Log(low, high) => {
                Some((number?.ln() - low.ln()) / (high.ln() - low.ln()).max(f64::MIN_POSITIVE))
            }
            Space::Int(low, high) => Some((number? - *low as f64 + 0.5) / (high - low + 1) as f64),
            Space::Choice(values) => values
                .iter()
                .position(|own| same(own, value))
                .map(|i| (i as f64 + 0.5) / values.len() as f64),
        }
    }

    fn points(&self, most: usize) -> Vec<Value> {
        let spread = |n: usize| {
            (0..n)
                .map(|i| {
                    if n == 1 {
                        0.5
                    } else {
                        i as f64 / (n - 1) as f64
                    }
                })
                .map(|share| self.at(share))
                .collect()
        };
        match self {
            Space::Choice(values) => values.clone(),
            Space::Int(low, high) if ((high - low + 1) as usize) <= most => {
                (*low..=*high).map(|n| json!(n)).collect()
            }
            Space::Int(..) => (0..most)
                .map(|i| self.at((i as f64 + 0.5) / most as f64))
                .collect(),
            _ => spread(most),
        }
    }
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if a == b)
}

fn counts(axis: &Axis, values: &Values) -> bool {
    axis.when
        .as_ref()
        .is_none_or(|(name, wanted)| values.get(name).is_some_and(|value| same(value, wanted)))
}

/// Parameters that others depend on first; fails where a condition names none, or they go round in
/// a circle.
pub fn ordered(axes: Vec<Axis>) -> Result<Vec<Axis>> {
    let mut left = axes;
    let mut out: Vec<Axis> = Vec::new();
    while !left.is_empty() {
        let known: Vec<&str> = out.iter().map(|axis| axis.name.as_str()).collect();
        let ready = left.iter().position(|axis| {
            axis.when
                .as_ref()
                .is_none_or(|(name, _)| known.contains(&name.as_str()))
        });
        let Some(ready) = ready else {
            let (name, on) = (
                &left[0].name,
                left[0].when.as_ref().map_or("", |(on, _)| on),
            );
            bail!(
                "value",
                "parameter `{name}` depends on `{on}`, which is none of them, or depends on it in \
                 turn"
            );
        };
        out.push(left.remove(ready));
    }
    Ok(out)
}

struct Random(Rng);

impl rand::TryRng for Random {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> std::result::Result<u32, Infallible> {
        Ok((self.0.next_u64() >> 32) as u32)
    }
    fn try_next_u64(&mut self) -> std::result::Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> std::result::Result<(), Infallible> {
        out.chunks_mut(8)
            .for_each(|part| part.copy_from_slice(&self.0.next_u64().to_le_bytes()[..part.len()]));
        Ok(())
    }
}

/// One parameter's next number from 0 to 1, of those tried before with what came of them (small is
/// good).
fn estimated(space: &Space, before: &[(f64, f64)], random: &mut Random) -> Option<f64> {
    let (kind, range) = match space {
        Space::Choice(values) => (
            tpe::histogram_estimator(),
            tpe::categorical_range(values.len()).ok()?,
        ),
        _ => (tpe::parzen_estimator(), tpe::range(0.0, 1.0).ok()?),
    };
    let scale = if let Space::Choice(values) = space {
        values.len() as f64
    } else {
        1.0
    };
    let mut optimizer = tpe::TpeOptimizer::new(kind, range);
    for (share, cost) in before {
        let at = share * scale;
        let at = if scale > 1.0 {
            at.floor()
        } else {
            at.clamp(0.0, 1.0 - 1e-12)
        };
        optimizer.tell(at, *cost).ok()?;
    }
    let next = optimizer.ask(random).ok()?;
    Some(if scale > 1.0 || matches!(space, Space::Choice(_)) {
        (next.floor() + 0.5) / scale
    } else {
        next
    })
}

/// The values of trial `number`; none where a grid is exhausted.
pub fn suggest(
    axes: &[Axis],
    trials: &[Trial],
    way: Way,
    direction: Direction,
    startup: usize,
    seed: u64,
    number: usize,
) -> Option<Values> {
    let mut random = Random(Rng::keyed(&[seed, 0x7365_6172, number as u64]));
    let mut values = Values::new();
    if let Way::Grid(most) = way {
        // the last parameter changes fastest; combinations in which one does not count come once
        return combinations(axes, most).into_iter().nth(number);
    }
    let cost = |value: f64| {
        if direction == Direction::Max {
            -value
        } else {
            value
        }
    };
    let over: Vec<&Trial> = trials
        .iter()
        .filter(|trial| trial.state.is_end() && trial.value.is_some())
        .collect();
    for axis in axes {
        if !counts(axis, &values) {
            continue;
        }
        let share = if way == Way::Tpe && over.len() >= startup {
            let before: Vec<(f64, f64)> = over
                .iter()
                .filter_map(|trial| {
                    Some((
                        axis.space.share(trial.values.get(&axis.name)?)?,
                        cost(trial.value?),
                    ))
                })
                .collect();
            estimated(&axis.space, &before, &mut random)
        } else {
            None
        };
        let share = share.unwrap_or_else(|| random.0.uniform());
        values.insert(axis.name.clone(), axis.space.at(share));
    }
    Some(values)
}

/// All combinations of a grid.
pub fn combinations(axes: &[Axis], most: usize) -> Vec<Values> {
    let mut all = vec![Values::new()];
    for axis in axes {
        let points = axis.space.points(most);
        all = all
            .into_iter()
            .flat_map(|values| {
                if !counts(axis, &values) {
                    return vec![values];
                }
                let with = |point: &Value| {
                    let mut values = values.clone();
                    values.insert(axis.name.clone(), point.clone());
                    values
                };
                points.iter().map(with).collect()
            })
            .collect();
    }
    all
}

/// Whether the best that a trial has shown up to `step`, where it shows `value`, is worse than what
/// half of the others showed there.
pub fn is_hopeless(
    trials: &[Trial],
    own: usize,
    step: i64,
    value: f64,
    direction: Direction,
    startup: usize,
) -> bool {
    let others = trials
        .iter()
        .filter(|trial| trial.number != own && trial.state != State::Failed);
    let mut there: Vec<f64> = others
        .filter(|trial| trial.steps.iter().any(|(at, _)| *at >= step))
        .filter_map(|trial| {
            trial
                .steps
                .iter()
                .rfind(|(at, _)| *at <= step)
                .map(|(_, value)| *value)
        })
        .collect();
    if there.len() < startup.max(1) {
        return false;
    }
    there.sort_by(f64::total_cmp);
    let median = there[there.len() / 2];
    // a trial that was started again may have reported later steps before
    let before = trials
        .iter()
        .filter(|trial| trial.number == own)
        .flat_map(|trial| &trial.steps)
        .filter(|(at, _)| *at <= step)
        .map(|(_, value)| *value);
    let best = before.fold(value, |best, next| {
        if direction.is_better(next, best) {
            next
        } else {
            best
        }
    });
    value.is_nan() || direction.is_better(median, best)
}

/// How much of the variance of the values each parameter explains alone: the variance between the
/// quarters of its range, or between its choices, less what as many groups would explain by chance,
/// as a share of the variance of all; the largest first. Pruned trials count with the last that
/// they showed.
pub fn importance(axes: &[Axis], trials: &[Trial]) -> Vec<(String, f64)> {
    let over = |trial: &&Trial| trial.state.is_end() && trial.value.is_some_and(f64::is_finite);
    let ended: Vec<&Trial> = trials.iter().filter(over).collect();
    let apart = |values: &[f64]| {
        if values.len() < 2 {
            0.0
        } else {
            variance(values) * (values.len() - 1) as f64
        }
    };
    let all = apart(
        &ended
            .iter()
            .filter_map(|trial| trial.value)
            .collect::<Vec<_>>(),
    );
    let explained = |axis: &Axis| {
        let known: Vec<(f64, f64)> = ended
            .iter()
            .filter_map(|trial| {
                Some((
                    axis.space.share(trial.values.get(&axis.name)?)?,
                    trial.value?,
                ))
            })
            .collect();
        let bins = if let Space::Choice(values) = &axis.space {
            values.len()
        } else {
            4
        };
        let mut groups: Vec<Vec<f64>> = vec![Vec::new(); bins];
        known.iter().for_each(|(share, value)| {
            groups[((share * bins as f64).max(0.0) as usize).min(bins - 1)].push(*value)
        });
        groups.retain(|group| !group.is_empty());
        let own = apart(&known.iter().map(|(_, value)| *value).collect::<Vec<_>>());
        let within: f64 = groups.iter().map(|group| apart(group)).sum();
        let free = known.len().saturating_sub(groups.len());
        if free == 0 || all <= 0.0 {
            return 0.0;
        }
        let by_chance = (groups.len() - 1) as f64 * within / free as f64;
        ((own - within - by_chance) / all).max(0.0)
    };
    let mut out: Vec<(String, f64)> = axes
        .iter()
        .map(|axis| (axis.name.clone(), explained(axis)))
        .collect();
    out.sort_by(|a, b| b.1.total_cmp(&a.1));
    out
}

/// The best of the trials that came to their end.
pub fn best(trials: &[Trial], direction: Direction) -> Option<&Trial> {
    let done = trials.iter().filter(|trial| {
        trial.state == State::Done && trial.value.is_some_and(|value| !value.is_nan())
    });
    done.reduce(|best, next| {
        if direction.is_better(
            next.value.unwrap_or(f64::NAN),
            best.value.unwrap_or(f64::NAN),
        ) {
            next
        } else {
            best
        }
    })
}

/// By name, for messages.
pub fn values_text(values: &Values) -> String {
    let ordered: BTreeMap<&String, &Value> = values.iter().collect();
    ordered
        .iter()
        .map(|(name, value)| {
            format!(
                "{name} {}",
                value
                    .as_f64()
                    .map_or(value.to_string(), cistron_base::table::short)
            )
        })
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Vec<Axis> {
        let axis = |name: &str, space, when: Option<(&str, Value)>| Axis {
            name: name.into(),
            space,
            when: when.map(|(on, value)| (on.into(), value)),
        };
        ordered(vec![
            axis("width", Space::Int(1, 3), Some(("kind", json!("conv")))),
            axis(
                "kind",
                Space::Choice(vec![json!("conv"), json!("dense")]),
                None,
            ),
            axis("lr", Space::Log(1e-4, 1e-1), None),
        ])
        .unwrap()
    }

    #[test]
    fn a_grid_has_every_combination_once_and_conditions_hold() {
        let all = combinations(&axes(), 2);
        assert_eq!(all.len(), 2 * 2 + 2);
        assert!(
            all.iter()
                .all(|values| values.contains_key("width") == (values["kind"] == json!("conv")))
        );
        let circle = Axis {
            name: "a".into(),
            space: Space::Uniform(0.0, 1.0),
            when: Some(("b".into(), json!(1))),
        };
        assert!(
            ordered(vec![circle])
                .unwrap_err()
                .to_string()
                .contains("depends on `b`")
        );
    }

    #[test]
    fn values_and_shares_go_back_and_forth() {
        for axis in axes() {
            for i in 0..50 {
                let value = axis.space.at(f64::from(i) / 49.0);
                assert!(
                    same(&axis.space.at(axis.space.share(&value).unwrap()), &value)
                        || matches!(axis.space, Space::Log(..))
                );
            }
        }
        assert_eq!(Space::Int(3, 9).at(1.0), json!(9));
        assert!((Space::Log(1e-4, 1e-1).at(0.0).as_f64().unwrap() / 1e-4 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn parzen_estimators_find_a_minimum_sooner_than_chance() {
        let axes = vec![
            Axis {
                name: "x".into(),
                space: Space::Uniform(-5.0, 5.0),
                when: None,
            },
            Axis {
                name: "c".into(),
                space: Space::Choice((0..6).map(|i| json!(i)).collect()),
                when: None,
            },
        ];
        let run = |way: Way, seed: u64| {
            let mut trials: Vec<Trial> = Vec::new();
            for number in 0..60 {
                let values =
                    suggest(&axes, &trials, way, Direction::Min, 10, seed, number).unwrap();
                let value = (values["x"].as_f64().unwrap() - 1.0).powi(2)
                    + (values["c"].as_f64().unwrap() - 4.0).abs();
                trials.push(Trial {
                    number,
                    state: State::Done,
                    values,
                    value: Some(value),
                    steps: Vec::new(),
                    seconds: 0.0,
                    left: Value::Null,
                    is_hopeless: false,
                    process: Process::default(),
                });
            }
            (
                best(&trials, Direction::Min).unwrap().value.unwrap(),
                trials,
            )
        };
        let median = |way: Way| {
            let mut found: Vec<f64> = (0..11).map(|seed| run(way, seed).0).collect();
            found.sort_by(f64::total_cmp);
            found[5]
        };
        let (tpe, random) = (median(Way::Tpe), median(Way::Random));
        assert!(tpe < 0.25 * random, "{tpe} against {random}");
        let found = importance(&axes, &run(Way::Random, 3).1);
        assert_eq!(found[0].0, "x");
        assert!(found[0].1 > 0.5 && found[1].1 < 0.5, "{found:?}");
        // three trials explain nothing, wherever they lie
        let found = importance(&axes, &run(Way::Random, 3).1[..3]);
        assert!(found.iter().all(|(_, share)| *share < 0.9), "{found:?}");
    }

    #[test]
    fn what_is_worse_than_half_is_hopeless() {
        let trial = |number, at: f64| Trial {
            number,
            state: State::Done,
            values: Values::new(),
            value: Some(at),
            steps: vec![(1, at), (2, at + 0.1)],
            seconds: 0.0,
            left: Value::Null,
            is_hopeless: false,
            process: Process::default(),
        };
        let trials: Vec<Trial> = (0..5).map(|i| trial(i, 0.1 * i as f64)).collect();
        assert!(is_hopeless(&trials, 9, 1, 0.1, Direction::Max, 5));
        assert!(!is_hopeless(&trials, 9, 1, 0.3, Direction::Max, 5));
        assert!(!is_hopeless(&trials, 9, 1, 0.0, Direction::Max, 6));
        assert!(is_hopeless(&trials, 9, 2, 0.4, Direction::Min, 5));
        // one bad step does not undo a good one
        let with_own: Vec<Trial> = trials.into_iter().chain([trial(9, 0.35)]).collect();
        assert!(
            !is_hopeless(&with_own, 9, 2, 0.1, Direction::Max, 5)
                && is_hopeless(&with_own, 8, 2, 0.1, Direction::Max, 5)
        );
    }
}

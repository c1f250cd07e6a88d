//! Importance of inputs: by how much a score falls where an input is removed, shuffled across rows,
//! or replaced by random values.

use super::baselines::is_sequence;
use super::target::{Still, in_batches};
use cistron_base::seed::Rng;
use cistron_base::{Result, bail, interrupt, memory, shape};
use cistron_metrics::statistics::resample::quantile;
use cistron_metrics::statistics::{mean, squares};
use cistron_nn::{Model, Value};
use cistron_torch::{Device, Tensor, grad};

/// How an input is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its values are 0.
    Remove,
    /// Its values are those of the row, the mean over rows at each place.
    Mean,
    /// Rows are exchanged: each has the values of another row, together.
    Shuffle,
    /// Sequences are random bases; other values are drawn one by one from those of their channel.
    Randomise,
}

impl Change {
    /// Whether it is the same in every repeat.
    fn is_fixed(self) -> bool {
        matches!(self, Change::Remove | Change::Mean)
    }
}

/// An input, or some of its channels, that is changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// The input; of networks of one input not used.
    pub input: String,
    /// Channels of the first axis of a row; none for all.
    pub channels: Option<Vec<i64>>,
}

/// What is changed, and how often.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Inputs and channels.
    pub parts: Vec<Part>,
    /// Ways to change them.
    pub changes: Vec<Change>,
    /// Repeats of random changes.
    pub repeats: usize,
    /// Resamples of rows for intervals.
    pub resamples: usize,
    /// Coverage of intervals.
    pub level: f64,
    /// Equal seeds draw equal numbers.
    pub seed: u64,
    /// Rows of a forward pass.
    pub batch: i64,
}

/// The importance of a part.
#[derive(Clone, Debug)]
pub struct Importance {
    /// The part's name.
    pub part: String,
    /// How it was changed.
    pub change: Change,
    /// The score of the changed rows, the mean over repeats.
    pub score: f64,
    /// The fall of the score, the mean over repeats.
    pub fall: f64,
    /// Its standard deviation over repeats, with n in the denominator; 0 of one.
    pub deviation: f64,
    /// Ends of the interval over resampled rows and repeats; NaN where resamples have no score.
    pub interval: (f64, f64),
}

/// The score of unchanged rows, and the importance of each part.
#[derive(Clone, Debug)]
pub struct Found {
    /// The score of unchanged rows.
    pub score: f64,
    /// Each part changed in each way.
    pub rows: Vec<Importance>,
}

/// A score of outputs: of all rows, or of these, which may repeat.
pub type Score<'a> = &'a dyn Fn(&Value, Option<&[i64]>) -> Result<f64>;

/// An input by name.
fn tensor_of<'a>(x: &'a Value, name: &str) -> Result<&'a Tensor> {
    match x {
        Value::Many(many) => match many.get(name) {
            Some(tensor) => Ok(tensor),
            None => {
                let names: Vec<&str> = many.keys().map(String::as_str).collect();
                bail!(
                    "option",
                    "there is no input \"{name}\", but {}",
                    names.join(", ")
                )
            }
        },
        one => one.one(),
    }
}

fn replaced(x: &Value, name: &str, tensor: Tensor) -> Value {
    match x {
        Value::Many(many) => {
            let mut many = many.clone();
            many.insert(name.to_string(), tensor);
            Value::Many(many)
        }
        _ => Value::One(tensor),
    }
}

/// All values of a tensor of a changed input.
fn changed(x: &Tensor, change: Change, rng: &mut Rng) -> Result<Tensor> {
    let sizes = x.shape();
    let rows = sizes[0];
    match change {
        Change::Remove => x.zeros_like(),
        Change::Mean => {
            let mean = x.mean(&Some(vec![0]), true)?;
            x.zeros_like()?.add(&mean)
        }
        Change::Shuffle => {
            let order: Vec<i64> = rng
                .permutation(rows as usize)
                .into_iter()
                .map(i64::from)
                .collect();
            x.take(0, &Tensor::from_i64(&order, &[rows])?)
        }
        Change::Randomise if is_sequence(x) => {
            let codes: Vec<u8> = (0..rows * sizes[2]).map(|_| rng.below(4) as u8).collect();
            Tensor::from_u8(&codes, &[rows, sizes[2]])?.one_hot_codes()
        }
        Change::Randomise => {
            // channel by channel: [channels, rows * rest]
            let channels = sizes.get(1).copied().unwrap_or(1);
            let each = (x.numel() / channels.max(1)) as usize;
            let turned = if sizes.len() > 1 {
                x.transpose(0, 1)?
            } else {
                x.clone()
            };
            let turned_shape = turned.shape();
            let values = turned.reshape(&[channels, each as i64])?;
            let drawn = (0..channels).map(|channel| {
                let index: Vec<i64> = (0..each).map(|_| rng.below(each) as i64).collect();
                values
                    .select(0, channel)?
                    .take(0, &Tensor::from_i64(&index, &[each as i64])?)
            });
            let drawn: Vec<Tensor> = drawn.collect::<Result<_>>()?;
            let all = Tensor::cat(&drawn, 0)?.reshape(&turned_shape)?;
            if sizes.len() > 1 {
                all.transpose(0, 1)?.contiguous()
            } else {
                Ok(all)
            }
        }
    }
}

/// A tensor with some channels of another.
fn with_channels(x: &Tensor, other: &Tensor, channels: &[i64]) -> Result<Tensor> {
    let n = x.shape().get(1).copied().unwrap_or(0);
    if let Some(bad) = channels
        .iter()
        .find(|channel| **channel < 0 || **channel >= n)
    {
        bail!(
            "option",
            "there is no channel {bad}: a row is {}",
            shape::text(&x.shape()[1..])
        );
    }
    let part = |channel: i64| {
        let from = if channels.contains(&channel) {
            other
        } else {
            x
        };
        from.narrow(1, channel, 1)
    };
    let parts: Vec<Tensor> = (0..n).map(part).collect::<Result<_>>()?;
    Tensor::cat(&parts, 1)
}

/// The inputs with a part of them changed.
fn with_change(x: &Value, part: &Part, change: Change, rng: &mut Rng) -> Result<Value> {
    let own = tensor_of(x, &part.input)?;
    let other = changed(own, change, rng)?;
    let tensor = match &part.channels {
        Some(channels) => with_channels(own, &other, channels)?,
        None => other,
    };
    Ok(replaced(x, &part.input, tensor))
}

/// The outputs for all rows, on the CPU.
fn outputs(still: &Still, x: &Value, batch: i64) -> Result<Value> {
    in_batches(x, batch, |_, x| {
        interrupt::check()?;
        let _guard = grad::no_grad();
        let x = x.map(|tensor| tensor.to_device(still.net().device()))?;
        let made = still.net().forward(&x)?;
        made.map(|tensor| tensor.to_device(Device::CPU))
    })
}

/// The standard deviation of values, over their number.
fn deviation(values: &[f64]) -> f64 {
    (squares(values) / values.len() as f64).sqrt()
}

/// Rows that are drawn with replacement, and the score of the unchanged ones among them.
struct Resamples {
    rows: Vec<Vec<i64>>,
    scores: Vec<f64>,
}

impl Resamples {
    fn of(base: &Value, rows: i64, plan: &Plan, score: Score) -> Result<Resamples> {
        memory::elements(&[plan.resamples as i64, rows], 8)?;
        let mut rng = Rng::keyed(&[plan.seed, 0x7265_7361]);
        let n = rows as usize;
        let draw = |_| (0..n).map(|_| rng.below(n) as i64).collect();
        let rows: Vec<Vec<i64>> = (0..plan.resamples).map(draw).collect();
        let scores = rows.iter().map(|own| {
            interrupt::check()?;
            score(base, Some(own))
        });
        Ok(Resamples {
            scores: scores.collect::<Result<_>>()?,
            rows,
        })
    }

    /// The interval of the fall of the score: each resample with one of the repeats in turn.
    fn interval(&self, repeats: &[Value], level: f64, score: Score) -> Result<(f64, f64)> {
        let mut falls = Vec::new();
        for (i, (rows, base)) in self.rows.iter().zip(&self.scores).enumerate() {
            let fall = base - score(&repeats[i % repeats.len()], Some(rows))?;
            // a resample of one class has no score
            if fall.is_finite() {
                falls.push(fall);
            }
        }
        falls.sort_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - level);
        Ok((quantile(&falls, tail), quantile(&falls, 1.0 - tail)))
    }
}

/// The importance of each part of the inputs, in each way.
pub fn importance(net: &Model, x: &Value, plan: &Plan, score: Score) -> Result<Found> {
    let rows = x.rows();
    if rows < 2 {
        bail!("data", "importance needs at least 2 rows, got {rows}");
    }
    let still = Still::of(net)?;
    let base = outputs(&still, x, plan.batch)?;
    let whole = score(&base, None)?;
    if !whole.is_finite() {
        bail!("value", "the score of the unchanged rows is {whole}";
            hint: "scores such as the AUROC need rows of both classes");
    }
    let resamples = Resamples::of(&base, rows, plan, score)?;
    let mut found = Vec::new();
    for (number, part) in plan.parts.iter().enumerate() {
        for change in &plan.changes {
            let repeats = if change.is_fixed() { 1 } else { plan.repeats };
            let made = |repeat: usize| {
                let keys = [
                    plan.seed,
                    0x696d_706f,
                    number as u64,
                    *change as u64,
                    repeat as u64,
                ];
                let x = with_change(x, part, *change, &mut Rng::keyed(&keys))?;
                outputs(&still, &x, plan.batch)
            };
            let made: Vec<Value> = (0..repeats).map(made).collect::<Result<_>>()?;
            let scores = made.iter().map(|outputs| score(outputs, None));
            let scores: Vec<f64> = scores.collect::<Result<_>>()?;
            found.push(Importance {
                part: part.name.clone(),
                change: *change,
                score: mean(&scores),
                fall: whole - mean(&scores),
                deviation: deviation(&scores),
                interval: resamples.interval(&made, plan.level, score)?,
            });
        }
    }
    Ok(Found {
        score: whole,
        rows: found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_interpolated() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0], 0.25), 1.5);
        assert_eq!(quantile(&[1.0], 0.9), 1.0);
        assert!(quantile(&[], 0.5).is_nan());
        assert_eq!(deviation(&[1.0, 3.0]), 1.0);
    }

    #[test]
    fn changes_keep_what_they_should() {
        let values: Vec<f32> = (0..24).map(|i| i as f32).collect();
        let x = Tensor::from_f32(&values, &[4, 2, 3]).expect("a tensor");
        let mut rng = Rng::keyed(&[1]);
        let shuffled = changed(&x, Change::Shuffle, &mut rng).expect("a tensor");
        let mut sorted = shuffled.to_f64().expect("numbers");
        sorted.sort_by(f64::total_cmp);
        assert_eq!(
            sorted,
            values.iter().map(|x| f64::from(*x)).collect::<Vec<_>>()
        );
        // values of a channel stay in it: those of channel 1 are 3 to 5 above multiples of 6
        let drawn = changed(&x, Change::Randomise, &mut rng).expect("a tensor");
        assert_eq!(drawn.shape(), [4, 2, 3]);
        let own = drawn
            .select(1, 1)
            .expect("a channel")
            .to_f64()
            .expect("numbers");
        assert!(own.iter().all(|x| *x % 6.0 >= 3.0), "{own:?}");
        let zeros = changed(&x, Change::Remove, &mut rng).expect("a tensor");
        let mixed = with_channels(&x, &zeros, &[1]).expect("a tensor");
        let own = |channel| {
            mixed
                .select(1, channel)
                .expect("a channel")
                .to_f64()
                .expect("numbers")
        };
        assert_eq!(
            own(0),
            [
                0.0, 1.0, 2.0, 6.0, 7.0, 8.0, 12.0, 13.0, 14.0, 18.0, 19.0, 20.0
            ]
        );
        assert_eq!(own(1), [0.0; 12]);
        assert!(with_channels(&x, &zeros, &[2]).is_err());
        let mean = changed(&x, Change::Mean, &mut rng).expect("a tensor");
        assert_eq!(mean.to_f64().expect("numbers")[..3], [9.0, 10.0, 11.0]);
    }
}

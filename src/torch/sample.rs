//! Draws whose chances are given by a tensor.

use super::{Device, Kind, Tensor};
use cistron_base::bail;
use cistron_base::seed::Rng;
use cistron_base::{Result, memory, shape};

impl Tensor {
    /// 1 with each number's chance, else 0.
    pub fn bernoulli(&self, keys: &[u64]) -> Result<Tensor> {
        let chances = self.to_f64()?;
        if let Some(bad) = chances.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            bail!("value", "a chance must be from 0 to 1, got {bad}");
        }
        let mut rng = Rng::keyed(keys);
        let drawn: Vec<f32> = chances
            .iter()
            .map(|p| f32::from(u8::from(rng.uniform() < *p)))
            .collect();
        let kind = if self.kind().is_floating() {
            self.kind()
        } else {
            Kind::Float
        };
        Tensor::from_f32(&drawn, &self.shape())?
            .to_kind(kind)?
            .to_device(self.device())
    }

    /// `n` positions of the last axis, each drawn with a chance in proportion to its weight.
    pub fn multinomial(&self, n: i64, replacement: bool, keys: &[u64]) -> Result<Tensor> {
        let shape = self.shape();
        if shape.is_empty() || shape.len() > 2 {
            bail!(
                "shape",
                "multinomial takes weights [classes] or [batch, classes], got {}",
                shape::text(&shape)
            );
        }
        if n < 1 {
            bail!("value", "`n` must be at least 1, got {n}");
        }
        let classes = shape[shape.len() - 1] as usize;
        let batch = if shape.len() == 2 { shape[0] } else { 1 };
        memory::elements(&[batch, n], 24)?;
        let weights = self.to_device(Device::CPU)?.to_f64()?;
        let mut rng = Rng::keyed(keys);
        let mut drawn = Vec::with_capacity((batch * n) as usize);
        for (i, row) in weights.chunks(classes.max(1)).enumerate() {
            let possible = check_weights(row, i)?;
            if replacement {
                draw_again(row, n as usize, &mut rng, &mut drawn);
            } else if (n as usize) > possible {
                bail!(
                    "value",
                    "row {i}: {n} draws without replacement from {possible} classes with a weight \
                    above 0";
                    hint: "`replacement: true` draws a class more than once"
                );
            } else {
                draw_once(row, n as usize, &mut rng, &mut drawn);
            }
        }
        let mut out = shape;
        if let Some(last) = out.last_mut() {
            *last = n;
        }
        Tensor::from_i64(&drawn, &out)?.to_device(self.device())
    }
}

/// How many classes can be drawn; fails on weights that are none.
fn check_weights(row: &[f64], i: usize) -> Result<usize> {
    if let Some(bad) = row
        .iter()
        .find(|weight| !(weight.is_finite() && **weight >= 0.0))
    {
        bail!(
            "value",
            "row {i}: a weight must be at least 0 and finite, got {bad}"
        );
    }
    match row.iter().filter(|weight| **weight > 0.0).count() {
        0 => bail!("value", "row {i}: no weight is above 0"),
        possible => Ok(possible),
    }
}

fn draw_again(row: &[f64], n: usize, rng: &mut Rng, drawn: &mut Vec<i64>) {
    let sums: Vec<f64> = row
        .iter()
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect();
    let total = sums.last().copied().unwrap_or(0.0);
    let last = row.iter().rposition(|weight| *weight > 0.0).unwrap_or(0);
    // the first class whose sum exceeds the draw has a weight above 0; rounding may leave none
    drawn.extend((0..n).map(|_| {
        let at = rng.uniform() * total;
        sums.partition_point(|sum| *sum <= at).min(last) as i64
    }));
}

/// Exponential waiting times: the first `n` to arrive (Efraimidis & Spirakis 2006).
fn draw_once(row: &[f64], n: usize, rng: &mut Rng, drawn: &mut Vec<i64>) {
    let mut times: Vec<(f64, i64)> = Vec::with_capacity(row.len());
    for (class, weight) in row.iter().enumerate() {
        let wait = -(1.0 - rng.uniform()).ln();
        if *weight > 0.0 {
            times.push((wait / weight, class as i64));
        }
    }
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    drawn.extend(times.iter().take(n).map(|(_, class)| class));
}

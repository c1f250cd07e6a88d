//! Losses and metrics of trainings.

use crate::base::Result;
use crate::fault;
use crate::lang::{FromValue, session};
use crate::metrics::Metric;
use crate::train::settings::OutputMetrics;
use rhai::{Array, Dynamic, Map, NativeCallContext};

/// The metrics of an array, or of a map of arrays by output.
pub struct MetricList(pub Vec<OutputMetrics>);

impl FromValue for MetricList {
    fn kind() -> String {
        "array of metrics, or a map of arrays by output".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let metric = |item: &Dynamic| {
            let metric = item.read_lock::<Metric>().map(|metric| metric.clone());
            metric.ok_or_else(|| {
                fault!(
                    "type",
                    "must hold metrics such as metric::auroc(), got {}",
                    session::describe(item)
                )
            })
        };
        let metrics = |output: &str, items: &Array| {
            let metrics = items.iter().map(metric).collect::<Result<Vec<_>>>()?;
            Ok((!metrics.is_empty()).then(|| OutputMetrics {
                output: output.into(),
                metrics,
            }))
        };
        if let Some(map) = value.read_lock::<Map>() {
            let of_output = |(output, items): (&rhai::Identifier, &Dynamic)| {
                let items = items.read_lock::<Array>().ok_or_else(|| {
                    fault!(
                        "type",
                        "must hold arrays of metrics by output, got {} under `{output}`",
                        session::describe(items)
                    )
                })?;
                metrics(output, &items)
            };
            let all = map.iter().map(of_output).collect::<Result<Vec<_>>>()?;
            return Ok(MetricList(all.into_iter().flatten().collect()));
        }
        let items = Array::from_value(value, context)?;
        Ok(MetricList(metrics("", &items)?.into_iter().collect()))
    }
}

//! Losses and metrics of trainings.

use crate::base::Result;
use crate::fault;
use crate::lang::{FromValue, session};
use crate::metrics::Metric;
use rhai::{Array, Dynamic, NativeCallContext};

/// The metrics of an array.
pub struct MetricList(pub Vec<Metric>);

impl FromValue for MetricList {
    fn kind() -> String {
        "array of metrics".into()
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
        let items = Array::from_value(value, context)?;
        items
            .iter()
            .map(metric)
            .collect::<Result<_>>()
            .map(MetricList)
    }
}

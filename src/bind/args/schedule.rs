//! Schedules, and functions of a script that compute them.

use crate::base::Result;
use crate::fault;
use crate::lang::value::number;
use crate::lang::{Callback, FromValue, session};
use crate::optim::Schedule;
use crate::optim::schedule::{Clock, Custom, TimeFunction};
use rhai::{Dynamic, Map, NativeCallContext};
use std::any::Any;
use std::rc::Rc;

/// A function of a script that returns the factor on the learning rate.
struct ScriptFunction(Callback);

impl TimeFunction for ScriptFunction {
    fn factor(&self, clock: &Clock) -> Result<f64> {
        let time = Map::from([
            ("share".into(), clock.share().into()),
            ("epoch".into(), (clock.epoch() as i64).into()),
            ("step".into(), (clock.step as i64).into()),
            ("epochs".into(), (clock.epochs()).into()),
            ("steps".into(), (clock.steps as i64).into()),
        ]);
        let answer = self.0.call(vec![time.into()])?;
        let factor = number(&answer).filter(|factor| factor.is_finite() && *factor >= 0.0);
        factor.ok_or_else(|| {
            fault!(
                "type",
                "the function of the schedule must return a number of at least 0, got {}",
                session::describe(&answer)
            )
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The schedule that a function of a script computes.
pub fn of_function(function: Callback) -> Schedule {
    Schedule::Custom(Custom(Rc::new(ScriptFunction(function))))
}

/// The functions of the script that a schedule calls.
pub fn functions_of(schedule: &Schedule) -> Vec<Callback> {
    let functions = schedule.functions();
    let own = functions.iter().filter_map(|function| {
        let own = function.as_any().downcast_ref::<ScriptFunction>();
        own.map(|own| own.0.clone())
    });
    own.collect()
}

/// A schedule, or a function of the script that computes one.
pub struct ScheduleArgument(pub Schedule);

impl FromValue for ScheduleArgument {
    fn kind() -> String {
        "schedule, or a function |t| number".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_fnptr() {
            return Callback::from_value(value, context).map(|f| ScheduleArgument(of_function(f)));
        }
        let schedule = value
            .read_lock::<Schedule>()
            .map(|schedule| schedule.clone());
        schedule.map(ScheduleArgument).ok_or_else(|| {
            fault!(
                "option",
                "must be a schedule or a function |t|, got {}",
                session::describe(value)
            )
        })
    }
}

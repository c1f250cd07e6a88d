//! Spaces of parameters, checked.

use super::search::Space;
use cistron_base::{Result, bail};
use serde_json::Value;

impl Space {
    /// Any number between two, each as likely.
    pub fn uniform(low: f64, high: f64) -> Result<Space> {
        check_bounds(low, high)?;
        Ok(Space::Uniform(low, high))
    }

    /// Any number between two above 0, each order of magnitude as likely.
    pub fn log(low: f64, high: f64) -> Result<Space> {
        check_bounds(low, high)?;
        if low <= 0.0 {
            bail!(
                "value",
                "the ends of a logarithmic space must be above 0, got {low}"
            );
        }
        Ok(Space::Log(low, high))
    }

    /// An integer between two, both included.
    pub fn int(low: i64, high: i64) -> Result<Space> {
        if low > high {
            bail!(
                "value",
                "a space goes from a smaller to a larger number, got {low} to {high}"
            );
        }
        Ok(Space::Int(low, high))
    }

    /// One of several values.
    pub fn choice(values: Vec<Value>) -> Result<Space> {
        if values.is_empty() {
            bail!("value", "a choice needs at least one value");
        }
        Ok(Space::Choice(values))
    }
}

fn check_bounds(low: f64, high: f64) -> Result<()> {
    if !(low.is_finite() && high.is_finite() && low < high) {
        bail!(
            "value",
            "a space goes from a smaller to a larger number, got {low} to {high}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_go_from_a_smaller_to_a_larger_number() {
        assert_eq!(
            Space::uniform(-1.0, 2.0).ok(),
            Some(Space::Uniform(-1.0, 2.0))
        );
        assert!(Space::uniform(2.0, 2.0).is_err());
        assert!(Space::uniform(0.0, f64::INFINITY).is_err());
        assert!(Space::log(0.0, 1.0).is_err());
        assert_eq!(Space::int(3, 3).ok(), Some(Space::Int(3, 3)));
        assert!(Space::int(3, 2).is_err());
        assert!(Space::choice(Vec::new()).is_err());
    }
}

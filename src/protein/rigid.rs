//! Rotations and translations that move atoms as rigid bodies.

use crate::point::{Point, cross, dot, minus, plus, times, unit};

/// A rotation followed by a translation; never a reflection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rigid {
    rotation: [Point; 3],
    shift: Point,
}

impl Rigid {
    /// The motion that leaves every point where it is.
    pub const IDENTITY: Rigid = Rigid {
        rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        shift: [0.0; 3],
    };

    /// A translation.
    pub fn translation(shift: Point) -> Rigid {
        Rigid {
            shift,
            ..Rigid::IDENTITY
        }
    }

    /// The rotation by an angle, in radians, about the axis through a point (Rodrigues' formula).
    ///
    /// The identity where the axis has no direction.
    pub fn about(origin: Point, axis: Point, angle: f64) -> Rigid {
        let Some(axis) = unit(axis) else {
            return Rigid::IDENTITY;
        };
        let (sin, cos) = angle.sin_cos();
        let turned = |basis: Point| {
            let along = times(axis, dot(axis, basis) * (1.0 - cos));
            plus(
                plus(times(basis, cos), times(cross(axis, basis), sin)),
                along,
            )
        };
        let columns = Rigid::IDENTITY.rotation.map(turned);
        let rotation = [0, 1, 2].map(|row| columns.map(|column| column[row]));
        Rigid {
            rotation,
            shift: minus(origin, rotation.map(|row| dot(row, origin))),
        }
    }

    /// The motion of one local frame onto another: origins, and orthonormal axes by rows.
    pub fn between(from: Point, axes: &[Point; 3], to: Point, onto: &[Point; 3]) -> Rigid {
        let entry = |row: usize, column: usize| -> f64 {
            axes.iter().zip(onto).map(|(a, b)| b[row] * a[column]).sum()
        };
        let rotation = [0, 1, 2].map(|row| [0, 1, 2].map(|column| entry(row, column)));
        Rigid {
            rotation,
            shift: minus(to, rotation.map(|row| dot(row, from))),
        }
    }

    /// The position of a point after the motion.
    pub fn apply(&self, point: Point) -> Point {
        plus(self.rotation.map(|row| dot(row, point)), self.shift)
    }

    /// This motion performed after another one.
    pub fn after(&self, first: &Rigid) -> Rigid {
        let column = |k: usize| first.rotation.map(|row| row[k]);
        Rigid {
            rotation: self
                .rotation
                .map(|row| [0, 1, 2].map(|k| dot(row, column(k)))),
            shift: self.apply(first.shift),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::distance;

    #[test]
    fn a_quarter_turn_about_an_axis_through_a_point() {
        let turn = Rigid::about(
            [1.0, 0.0, 5.0],
            [0.0, 0.0, 2.0],
            std::f64::consts::FRAC_PI_2,
        );
        assert!(distance(turn.apply([2.0, 0.0, 7.0]), [1.0, 1.0, 7.0]) < 1e-12);
        assert!(distance(turn.apply([1.0, 0.0, -3.0]), [1.0, 0.0, -3.0]) < 1e-12);
        assert_eq!(
            Rigid::about([1.0; 3], [0.0; 3], 1.0).apply([2.0; 3]),
            [2.0; 3]
        );
    }

    #[test]
    fn motions_are_composed_in_order() {
        let turn = Rigid::about([0.0; 3], [0.0, 0.0, 1.0], std::f64::consts::FRAC_PI_2);
        let shift = Rigid::translation([1.0, 0.0, 0.0]);
        let both = turn.after(&shift);
        assert!(distance(both.apply([0.0; 3]), [0.0, 1.0, 0.0]) < 1e-12);
        let other = shift.after(&turn);
        assert!(distance(other.apply([0.0; 3]), [1.0, 0.0, 0.0]) < 1e-12);
    }

    #[test]
    fn a_frame_is_moved_onto_another() {
        let axes = Rigid::IDENTITY.rotation;
        let onto = [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
        let motion = Rigid::between([1.0, 1.0, 1.0], &axes, [5.0, 0.0, 0.0], &onto);
        assert!(distance(motion.apply([1.0; 3]), [5.0, 0.0, 0.0]) < 1e-12);
        assert!(distance(motion.apply([2.0, 1.0, 1.0]), [5.0, 1.0, 0.0]) < 1e-12);
        assert!(distance(motion.apply([1.0, 2.0, 1.0]), [4.0, 0.0, 0.0]) < 1e-12);
    }
}

//! Points in space.

/// A point, in Å.
pub type Point = [f64; 3];

/// The difference of two points.
pub fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// The sum of two points.
pub fn plus(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// A point times a number.
pub fn times(a: Point, factor: f64) -> Point {
    a.map(|x| x * factor)
}

/// The scalar product.
pub fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The cross product.
pub fn cross(a: Point, b: Point) -> Point {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// The length of a vector.
pub fn length(a: Point) -> f64 {
    dot(a, a).sqrt()
}

/// The distance of two points.
pub fn distance(a: Point, b: Point) -> f64 {
    length(minus(a, b))
}

/// A vector of length 1 in the same direction; none of length 0.
pub fn unit(a: Point) -> Option<Point> {
    let length = length(a);
    (length > 1e-9).then(|| times(a, 1.0 / length))
}

/// The mean of points; the origin of none.
pub fn center(points: &[Point]) -> Point {
    let sum = points.iter().fold([0.0; 3], |sum, point| plus(sum, *point));
    times(sum, 1.0 / points.len().max(1) as f64)
}

/// Where the Cβ of a residue would be, from its backbone (ideal geometry).
pub fn virtual_cb(n: Point, ca: Point, c: Point) -> Point {
    let b = minus(ca, n);
    let c = minus(c, ca);
    let a = cross(b, c);
    let sides = plus(
        times(a, -0.582_734_31),
        plus(times(b, 0.568_028_27), times(c, -0.540_674_66)),
    );
    plus(sides, ca)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_cb_has_the_length_of_a_bond() {
        let cb = virtual_cb([1.458, 0.0, 0.0], [0.0; 3], [-0.547, 1.424, 0.0]);
        assert!((length(cb) - 1.53).abs() < 0.02, "{cb:?}");
    }

    #[test]
    fn products_of_vectors() {
        assert_eq!(cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]), [0.0, 0.0, 1.0]);
        assert_eq!(unit([0.0; 3]), None);
        assert_eq!(center(&[[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]), [2.0; 3]);
    }
}

//! Linear algebra of tensors.

use crate::base::Result;
use crate::bind::args::tensor::{Tensors, tensor_map};
use crate::lang::{Native, native, natives_of};
use crate::torch::Tensor;
use rhai::Map;

/// Computes the matrix product: `[…, n, k] @ [k, m]`.
///
/// ```rhai
/// assert_eq((tensor::ones([2, 3]) @ tensor::ones([3, 4])).shape, [2, 4]);
/// ```
#[native(namespace = "tensor", name = "@", form = operator, returns = "tensor […, n, m]")]
pub fn matrix_product(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    a.matmul(b)
}

/// Computes the matrix product, as `@` does.
///
/// ```rhai
/// assert_eq(tensor::ones([2, 3]).matmul(tensor::ones([3, 4])).shape, [2, 4]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor […, n, m]")]
pub fn matmul(
    this: &Tensor,
    /// Matrix or batch of matrices, […, k, m].
    other: &Tensor,
) -> Result<Tensor> {
    this.matmul(other)
}

/// Computes the matrix products of two batches of matrices.
///
/// ```rhai
/// assert_eq(tensor::ones([5, 2, 3]).bmm(tensor::ones([5, 3, 4])).shape, [5, 2, 4]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor [batch, n, m]")]
pub fn bmm(
    this: &Tensor,
    /// Batch of matrices, [batch, k, m].
    other: &Tensor,
) -> Result<Tensor> {
    this.bmm(other)
}

/// Sums products of tensors in Einstein notation.
///
/// ```rhai
/// let x = tensor::ones([2, 3]);
/// assert_eq(tensor::einsum("ij,kj->ik", [x, x]), [[3.0, 3.0], [3.0, 3.0]]);
/// ```
#[native(namespace = "tensor", returns = "tensor with the axes after `->`")]
pub fn einsum(
    /// Axes of each tensor and of the result as letters, such as "ij,kj->ik".
    equation: &str,
    /// Tensors, in the order of the equation.
    parts: &Tensors,
) -> Result<Tensor> {
    Tensor::einsum(equation, &parts.0)
}

/// Computes the singular value decomposition `u @ s.diag() @ vt` of a matrix.
///
/// ```rhai
/// let d = tensor::from([[3.0, 0.0], [0.0, 2.0]]).svd();
/// assert_near(d.s, [3.0, 2.0], 1e-5);
/// ```
#[native(namespace = "tensor", form = method, returns = "map of u [n, k], s [k] and vt [k, m]")]
pub fn svd(this: &Tensor) -> Result<Map> {
    let (u, s, vt) = this.svd()?;
    Ok(tensor_map([("u", u), ("s", s), ("vt", vt)]))
}

/// Computes eigenvalues and eigenvectors of a symmetric matrix.
///
/// Eigenvalues are ascending; the columns of `vectors` are the eigenvectors.
///
/// ```rhai
/// assert_near(tensor::from([[2.0, 0.0], [0.0, 1.0]]).eigh().values, [1.0, 2.0], 1e-5);
/// ```
#[native(namespace = "tensor", form = method, returns = "map of values [n] and vectors [n, n]")]
pub fn eigh(this: &Tensor) -> Result<Map> {
    let (values, vectors) = this.eigh()?;
    Ok(tensor_map([("values", values), ("vectors", vectors)]))
}

/// Computes the inverse of a square matrix.
///
/// ```rhai
/// assert_near(tensor::from([[2.0, 0.0], [0.0, 4.0]]).inv(), [[0.5, 0.0], [0.0, 0.25]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn inv(this: &Tensor) -> Result<Tensor> {
    this.inv()
}

/// Computes the determinant of a square matrix.
///
/// ```rhai
/// assert_near(tensor::from([[2.0, 0.0], [0.0, 4.0]]).det().item(), 8.0, 1e-5);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor without the last two axes")]
pub fn det(this: &Tensor) -> Result<Tensor> {
    this.det()
}

/// Solves the linear equations `this @ x = b`.
///
/// ```rhai
/// let a = tensor::from([[2.0, 0.0], [0.0, 4.0]]);
/// assert_near(a.solve(tensor::from([[2.0], [2.0]])), [[1.0], [0.5]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the shape of `b`")]
pub fn solve(
    this: &Tensor,
    /// Right-hand side, [n] or [n, m].
    b: &Tensor,
) -> Result<Tensor> {
    this.solve(b)
}

/// Returns a diagonal matrix, or the diagonal of a matrix.
///
/// ```rhai
/// assert_eq(tensor::ones([2]).diag(), tensor::eye(2));
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor [n, n] of [n], or [n] of [n, n]")]
pub fn diag(this: &Tensor) -> Result<Tensor> {
    this.diag()
}

/// Returns the upper triangle of a matrix, with 0 elsewhere.
///
/// ```rhai
/// assert_eq(tensor::ones([2, 2]).triu(), [[1.0, 1.0], [0.0, 1.0]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn triu(
    this: &Tensor,
    /// Diagonal from which elements are kept; positive ones are above the main diagonal.
    #[default(0)]
    k: i64,
) -> Result<Tensor> {
    this.triu(k)
}

/// Returns the lower triangle of a matrix, with 0 elsewhere.
///
/// ```rhai
/// assert_eq(tensor::ones([2, 2]).tril(), [[1.0, 0.0], [1.0, 1.0]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn tril(
    this: &Tensor,
    /// Diagonal up to which elements are kept; positive ones are above the main diagonal.
    #[default(0)]
    k: i64,
) -> Result<Tensor> {
    this.tril(k)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        matrix_product,
        matmul,
        bmm,
        einsum,
        svd,
        eigh,
        inv,
        det,
        solve,
        diag,
        triu,
        tril,
    ]
}

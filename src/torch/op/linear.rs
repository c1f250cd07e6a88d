//! Products of matrices, and linear algebra.

use crate::tensor::{lift, lift1, status};
use crate::{Tensor, pairs};
use cistron_base::Result;
use std::ffi::{c_char, c_void};

unsafe extern "C" {
    fn cistron_addmm(
        out: *mut c_void,
        own: *mut c_void,
        a: *mut c_void,
        b: *mut c_void,
        beta: f64,
        alpha: f64,
    ) -> *mut c_char;
}

impl Tensor {
    /// Matrix product, batched and broadcasting as NumPy's.
    pub fn matmul(&self, other: &Tensor) -> Result<Tensor> {
        pairs::product(self, other, |a, b| {
            lift1("matmul", &[a, b], a.0.f_matmul(&b.0))
        })
    }

    /// `beta` times this matrix plus `alpha` times the product of two, rounded once.
    pub fn addmm(&self, a: &Tensor, b: &Tensor, beta: f64, alpha: f64) -> Result<Tensor> {
        let out = tch::Tensor::new();
        let pointer = |tensor: &tch::Tensor| tensor.as_ptr().cast_mut().cast();
        // SAFETY: all four are live handles; `out` is this function's alone
        let message = unsafe {
            cistron_addmm(
                pointer(&out),
                pointer(&self.0),
                pointer(&a.0),
                pointer(&b.0),
                beta,
                alpha,
            )
        };
        // SAFETY: null, or a string of strdup that nobody else has
        unsafe { status(message) }.map(|()| Tensor(out))
    }

    /// Matrix products of two batches.
    pub fn bmm(&self, other: &Tensor) -> Result<Tensor> {
        pairs::product(self, other, |a, b| lift1("bmm", &[a, b], a.0.f_bmm(&b.0)))
    }

    /// Sums of products in Einstein's notation.
    pub fn einsum(equation: &str, parts: &[Tensor]) -> Result<Tensor> {
        if let [a, b] = parts
            && pairs::moves(a)
            && pairs::moves(b)
        {
            return pairs::product(a, b, |a, b| {
                lift1(
                    "einsum",
                    &[a, b],
                    tch::Tensor::f_einsum(equation, &[&a.0, &b.0], None::<&[i64]>),
                )
            });
        }
        let raw: Vec<&tch::Tensor> = parts.iter().map(|part| &part.0).collect();
        lift1(
            "einsum",
            &parts.iter().collect::<Vec<_>>(),
            tch::Tensor::f_einsum(equation, &raw, None::<&[i64]>),
        )
    }

    /// Singular values: U, S, and V transposed.
    pub fn svd(&self) -> Result<(Tensor, Tensor, Tensor)> {
        lift(
            "svd",
            &[self],
            tch::Tensor::f_linalg_svd(&self.0, false, "gesdd"),
        )
        .or_else(|_| {
            lift(
                "svd",
                &[self],
                self.0.f_svd(true, true).map(|(u, s, v)| {
                    let v = v.transpose(-2, -1);
                    (u, s, v)
                }),
            )
        })
        .map(|(u, s, v)| (Tensor(u), Tensor(s), Tensor(v)))
    }

    /// Eigenvalues and eigenvectors of a symmetric matrix.
    pub fn eigh(&self) -> Result<(Tensor, Tensor)> {
        lift("eigh", &[self], self.0.f_linalg_eigh("L")).map(|(a, b)| (Tensor(a), Tensor(b)))
    }

    /// The inverse of a square matrix.
    pub fn inv(&self) -> Result<Tensor> {
        lift1("inv", &[self], tch::Tensor::f_linalg_inv(&self.0))
    }

    /// The determinant of a square matrix.
    pub fn det(&self) -> Result<Tensor> {
        lift1("det", &[self], tch::Tensor::f_linalg_det(&self.0))
    }

    /// The solution x of `self x = b`.
    pub fn solve(&self, b: &Tensor) -> Result<Tensor> {
        lift1(
            "solve",
            &[self, b],
            tch::Tensor::f_linalg_solve(&self.0, &b.0, true),
        )
    }

    /// Numbers on the diagonal, or a matrix with them there.
    pub fn diag(&self) -> Result<Tensor> {
        lift1("diag", &[self], self.0.f_diag(0))
    }

    /// The part of a matrix on and above the diagonal `k`.
    pub fn triu(&self, k: i64) -> Result<Tensor> {
        lift1("triu", &[self], self.0.f_triu(k))
    }

    /// The part of a matrix on and below the diagonal `k`.
    pub fn tril(&self, k: i64) -> Result<Tensor> {
        lift1("tril", &[self], self.0.f_tril(k))
    }
}

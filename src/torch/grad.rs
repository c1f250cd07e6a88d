//! Gradients.

use super::Tensor;
use super::tensor::{lift, lift1, message_of, status};
use cistron_base::Result;
use cistron_base::bail;
use std::ffi::{c_char, c_void};

unsafe extern "C" {
    fn cistron_set_gradient(leaf: *mut c_void, gradient: *mut c_void) -> *mut c_char;
    fn cistron_backward(
        number: *mut c_void,
        leaves: *const *mut c_void,
        n: usize,
        keep: i32,
    ) -> *mut c_char;
}

/// While it lives, operations record no gradients; ends right even when unwinding.
pub struct NoGrad(#[allow(dead_code)] tch::NoGradGuard);

/// Stops the recording of gradients until the guard is dropped.
pub fn no_grad() -> NoGrad {
    NoGrad(tch::no_grad_guard())
}

/// Runs a function whose operations record gradients, also within [`no_grad`].
pub fn recording<T>(run: impl FnOnce() -> T) -> T {
    tch::with_grad(run)
}

impl Tensor {
    /// A tensor whose gradient is recorded: this one where it already is a leaf, marked in place.
    pub fn requires_grad_(&self, on: bool) -> Result<Tensor> {
        lift1("requires_grad", &[self], self.0.f_set_requires_grad(on))
    }

    /// Whether gradients flow to it.
    pub fn is_grad_on(&self) -> bool {
        self.0.requires_grad()
    }

    /// Computes the gradient of this single number with respect to all that it was made of.
    pub fn backward(&self) -> Result<()> {
        lift("backward", &[self], self.0.f_backward())
    }

    /// Adds the gradients of this single number to those of some leaves, and of no others.
    /// `keeps_graph` states that another backward pass through the same operations follows.
    pub fn backward_into(&self, leaves: &[Tensor], keeps_graph: bool) -> Result<()> {
        if leaves.is_empty() {
            bail!("torch", "no tensor requires a gradient";
                hint: "unfreeze parameters: `net.unfreeze()`");
        }
        let pointer = |tensor: &Tensor| tensor.0.as_ptr().cast_mut().cast();
        let leaves: Vec<*mut c_void> = leaves.iter().map(pointer).collect();
        // SAFETY: the number and the leaves live, and `leaves` has as many pointers as stated
        let message = unsafe {
            cistron_backward(
                pointer(self),
                leaves.as_ptr(),
                leaves.len(),
                i32::from(keeps_graph),
            )
        };
        // SAFETY: null, or a string of strdup that nobody else has
        let outcome = match unsafe { message_of(message) } {
            None => Ok(()),
            Some(text) => Err(tch::TchError::Torch(text)),
        };
        lift("backward", &[self], outcome)
    }

    /// The gradient that `backward` left here, if any.
    pub fn grad(&self) -> Option<Tensor> {
        let grad = self.0.f_grad().ok()?;
        grad.defined().then_some(Tensor(grad))
    }

    /// Forgets the gradient.
    pub fn zero_grad(&self) -> Result<()> {
        if let Some(grad) = self.grad() {
            let mut grad = grad.0.detach();
            let _guard = no_grad();
            lift("zero_grad", &[self], grad.f_zero_()).map(drop)?;
        }
        Ok(())
    }

    /// Lays the numbers of this leaf, and those of its gradients from now on, into parts of larger
    /// tensors.
    pub fn lay_into(&self, numbers: &Tensor, gradient: &Tensor) -> Result<()> {
        let mut leaf = self.0.shallow_clone();
        lift("set_data", &[self, numbers], leaf.f_set_data(&numbers.0))?;
        // SAFETY: both tensors live
        let message = unsafe {
            cistron_set_gradient(
                self.0.as_ptr().cast_mut().cast(),
                gradient.0.as_ptr().cast_mut().cast(),
            )
        };
        // SAFETY: null, or a string of strdup that nobody else has
        unsafe { status(message) }
    }

    /// The same numbers, cut off from what they were made of.
    pub fn detach(&self) -> Result<Tensor> {
        lift1("detach", &[self], self.0.f_detach())
    }

    /// The gradients of `self` (one number) with respect to `inputs`; zeros for inputs that it does
    /// not depend on.
    pub fn gradients(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let found = self.gradients_where_used(inputs, false)?;
        let whole = |(gradient, input): (Option<Tensor>, &Tensor)| {
            gradient.map_or_else(|| input.detach()?.zeros_like(), Ok)
        };
        found.into_iter().zip(inputs).map(whole).collect()
    }

    /// The gradients of `self` (one number) with respect to `inputs`; none for inputs that it does
    /// not depend on. `is_recorded` states whether their own gradients can be computed.
    pub fn gradients_where_used(
        &self,
        inputs: &[Tensor],
        is_recorded: bool,
    ) -> Result<Vec<Option<Tensor>>> {
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        if !self.is_grad_on() {
            // the engine would follow an edge that is not there
            bail!(
                "torch",
                "the number does not depend on any tensor that requires a gradient";
                hint: "call `.requires_grad()` on the inputs, and compute the number from them \
                    outside `no_grad {{ … }}`"
            );
        }
        let inputs: Vec<&tch::Tensor> = inputs.iter().map(|input| &input.0).collect();
        let out = lift(
            "grad",
            &[self],
            tch::Tensor::f_run_backward(&[&self.0], &inputs, is_recorded, is_recorded),
        )?;
        Ok(out
            .into_iter()
            .map(|gradient| gradient.defined().then_some(Tensor(gradient)))
            .collect())
    }
}

//! Operations of our own inside torch's gradient graph: the forward pass is plain Rust, the
//! backward pass a [`Kernel`].

use super::Tensor;
use super::grad::no_grad;
use super::tensor::status;
use cistron_base::{Result, panic};
use cistron_base::{bail, fault};
use std::ffi::{CString, c_char, c_void};

/// The backward pass of an operation, with what the forward pass kept for it.
pub trait Kernel {
    /// The gradients of the inputs that `attach` was given, from that of the output; none where an
    /// input needs none.
    fn backward(&self, gradient: &Tensor, inputs: &[Tensor]) -> Result<Vec<Option<Tensor>>>;
}

unsafe extern "C" {
    fn cistron_is_recording() -> bool;
    fn cistron_attach(
        output: *mut c_void,
        inputs: *const *mut c_void,
        n: usize,
        kernel: *mut c_void,
    ) -> *mut c_char;
}

/// Whether operations record gradients now.
pub fn is_recording() -> bool {
    // SAFETY: reads a flag of this thread
    unsafe { cistron_is_recording() }
}

/// Makes `output`, a new tensor computed without gradients, the result of `inputs`: `backward` on
/// it calls the kernel.
pub fn attach(output: Tensor, inputs: &[&Tensor], kernel: Box<dyn Kernel>) -> Result<Tensor> {
    if !is_recording() || !inputs.iter().any(|input| input.is_grad_on()) {
        return Ok(output);
    }
    let pointers: Vec<*mut c_void> = inputs
        .iter()
        .map(|input| input.0.as_ptr().cast_mut().cast())
        .collect();
    let kernel = Box::into_raw(Box::new(kernel)).cast();
    // SAFETY: all pointers are of live tensors; the node takes the kernel and drops it once, also
    // where this fails
    let message = unsafe {
        cistron_attach(
            output.0.as_ptr().cast_mut().cast(),
            pointers.as_ptr(),
            pointers.len(),
            kernel,
        )
    };
    // SAFETY: null, or a string of strdup that nobody else has
    unsafe { status(message) }.map(|()| output)
}

/// # Safety
/// Called by the node alone, with its kernel, tensors that live through the call and `n` slots for
/// gradients.
#[unsafe(no_mangle)]
unsafe extern "C" fn cistron_kernel_backward(
    kernel: *mut c_void,
    gradient: *mut c_void,
    inputs: *const *mut c_void,
    gradients: *mut *mut c_void,
    n: usize,
) -> *mut c_char {
    let run = || -> Result<()> {
        // SAFETY: see above; `clone_from_ptr` makes handles of their own
        let (kernel, gradient, inputs) = unsafe {
            let inputs = std::slice::from_raw_parts(inputs, n)
                .iter()
                .map(|input| Tensor(tch::Tensor::clone_from_ptr((*input).cast())))
                .collect::<Vec<_>>();
            (
                &*kernel.cast::<Box<dyn Kernel>>(),
                Tensor(tch::Tensor::clone_from_ptr(gradient.cast())),
                inputs,
            )
        };
        let _guard = no_grad();
        let given = kernel.backward(&gradient, &inputs)?;
        if given.len() != n {
            bail!(
                "torch",
                "a backward pass gave {} gradients for {n} inputs",
                given.len()
            );
        }
        for (i, tensor) in given.into_iter().enumerate() {
            if let Some(tensor) = tensor {
                // SAFETY: there are `n` slots; the node frees what it finds there
                unsafe { *gradients.add(i) = released(tensor) };
            }
        }
        Ok(())
    };
    match panic::guarded(run).unwrap_or_else(|_| {
        Err(fault!(
            "torch",
            "a backward pass panicked: {}",
            panic::last()
        ))
    }) {
        Ok(()) => std::ptr::null_mut(),
        Err(fault) => CString::new(fault.to_string().replace('\0', " "))
            .unwrap_or_default()
            .into_raw(),
    }
}

/// The tensor of a handle, which becomes invalid.
fn released(tensor: Tensor) -> *mut c_void {
    let handle = std::mem::ManuallyDrop::new(tensor);
    handle.0.as_ptr().cast_mut().cast()
}

/// # Safety
/// Called by the node alone, once.
#[unsafe(no_mangle)]
unsafe extern "C" fn cistron_kernel_drop(kernel: *mut c_void) {
    // SAFETY: made by `attach` from a box
    drop(unsafe { Box::from_raw(kernel.cast::<Box<dyn Kernel>>()) });
}

/// # Safety
/// Called with what `cistron_kernel_backward` returned, once.
#[unsafe(no_mangle)]
unsafe extern "C" fn cistron_message_free(message: *mut c_char) {
    // SAFETY: made by `CString::into_raw`
    drop(unsafe { CString::from_raw(message) });
}

//! The environment of libtorch's libraries (OpenMP, MKL, oneDNN), which they read when they are
//! loaded.

use crate::base::simd::{Simd, VARIABLE};
use crate::torch::contention::SETTINGS;

/// The variable of libtorch that confines its loops.
const CAPABILITY: &str = "ATEN_CPU_CAPABILITY";

/// Variables of libtorch, oneDNN and MKL that confine them to the instructions that
/// [`CISTRON_SIMD`](VARIABLE) names.
const INSTRUCTIONS: [(Simd, [(&str, &str); 3]); 2] = [
    (
        Simd::Avx2,
        [
            (CAPABILITY, "avx2"),
            ("ONEDNN_MAX_CPU_ISA", "AVX2"),
            ("MKL_ENABLE_INSTRUCTIONS", "AVX2"),
        ],
    ),
    (
        Simd::Portable,
        [
            (CAPABILITY, "default"),
            ("ONEDNN_MAX_CPU_ISA", "SSE41"),
            ("MKL_ENABLE_INSTRUCTIONS", "SSE4_2"),
        ],
    ),
];

/// Adds [`SETTINGS`] to the environment where the user decided nothing, and the instructions that
/// libtorch is confined to where that is asked for. Called before libtorch is loaded and any thread
/// is started; processes that this one starts inherit the variables.
pub(super) fn extend() {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let mut added: Vec<(&str, &str)> = Vec::new();
    if !SETTINGS.iter().any(|(name, _)| is_set(name)) {
        added.extend(SETTINGS);
    }
    let asked = std::env::var(VARIABLE).unwrap_or_default();
    if let Some((_, confining)) = INSTRUCTIONS
        .iter()
        .find(|(simd, _)| simd.name() == asked && !is_set(CAPABILITY))
    {
        added.extend(confining);
    }
    for (name, value) in added {
        // SAFETY: no other thread runs yet
        unsafe { std::env::set_var(name, value) };
    }
}

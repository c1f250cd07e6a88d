//! Which vector instructions loops are compiled for, and which of them this process uses.
//!
//! The CPU decides, unless the environment variable `CISTRON_SIMD` narrows the choice to `avx2` or
//! `portable`, by which results and times of other CPUs are reproduced.

use crate::{Result, bail};
use std::sync::OnceLock;

/// The environment variable that narrows the choice.
pub const VARIABLE: &str = "CISTRON_SIMD";

/// A set of vector instructions, from the narrowest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Simd {
    /// What every CPU of the target has.
    Portable,
    /// AVX2 with fused multiplication and addition: eight 32-bit floats.
    Avx2,
    /// AVX-512: sixteen 32-bit floats.
    Avx512,
}

impl Simd {
    const ALL: [Simd; 3] = [Simd::Portable, Simd::Avx2, Simd::Avx512];

    /// Its name, as `CISTRON_SIMD` has it.
    pub fn name(self) -> &'static str {
        match self {
            Simd::Portable => "portable",
            Simd::Avx2 => "avx2",
            Simd::Avx512 => "avx512",
        }
    }

    /// The widest instructions of the CPU.
    pub fn of_cpu() -> Simd {
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if has_avx2 && is_x86_feature_detected!("avx512f") {
                return Simd::Avx512;
            }
            if has_avx2 {
                return Simd::Avx2;
            }
        }
        Simd::Portable
    }

    /// The instructions that this process uses: the CPU's, or the narrower ones that
    /// `CISTRON_SIMD` names. The variable is read once.
    #[inline]
    pub fn current() -> Simd {
        static CURRENT: OnceLock<Simd> = OnceLock::new();
        *CURRENT.get_or_init(|| Simd::of_environment().unwrap_or_else(|_| Simd::of_cpu()))
    }

    /// Whether this process multiplies numbers of 16 bits (bfloat16) by instructions of the CPU:
    /// elsewhere each is converted to 32 bits first, which takes longer than 32-bit numbers.
    pub fn has_bf16() -> bool {
        #[cfg(target_arch = "x86_64")]
        return Simd::current() == Simd::Avx512 && is_x86_feature_detected!("avx512bf16");
        #[cfg(target_arch = "aarch64")]
        return std::arch::is_aarch64_feature_detected!("bf16");
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        return false;
    }

    /// The instructions that the environment asks for.
    ///
    /// # Errors
    /// Where `CISTRON_SIMD` is not a name of instructions, or names some that the CPU lacks.
    pub fn of_environment() -> Result<Simd> {
        let text = std::env::var_os(VARIABLE).unwrap_or_default();
        Simd::of_text(&text.to_string_lossy(), Simd::of_cpu())
    }

    fn of_text(text: &str, cpu: Simd) -> Result<Simd> {
        if text.is_empty() {
            return Ok(cpu);
        }
        let Some(asked) = Simd::ALL.into_iter().find(|simd| simd.name() == text) else {
            bail!("environment", "{VARIABLE} is one of portable, avx2 and avx512, got \"{text}\"";
                hint: "unset it: the widest instructions of the CPU are used");
        };
        if asked > cpu {
            bail!("environment", "{VARIABLE} is {text}, but this CPU has {} at most", cpu.name();
                hint: "unset it: the widest instructions of the CPU are used");
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_narrows_what_the_cpu_has() {
        let read = |text| Simd::of_text(text, Simd::Avx2).map_err(|fault| fault.to_string());
        assert_eq!(read(""), Ok(Simd::Avx2));
        assert_eq!(read("avx2"), Ok(Simd::Avx2));
        assert_eq!(read("portable"), Ok(Simd::Portable));
        let wider = read("avx512").unwrap_err();
        assert!(wider.contains("this CPU has avx2 at most"), "{wider}");
        for text in ["AVX2", "avx", "none", " ", "avx512f"] {
            let unknown = read(text).unwrap_err();
            assert!(
                unknown.contains("one of portable, avx2 and avx512"),
                "{unknown}"
            );
        }
    }
}

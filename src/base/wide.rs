//! Loops compiled for several instruction sets.

/// A loop compiled three times, of which each call takes that for the instructions of
/// [`Simd::current`](crate::simd::Simd::current).
#[macro_export]
macro_rules! widest {
    (
        $vis:vis $name:ident $(<$v:ident $(, $flag:ident)?>)?
        ($($arg:ident: $type:ty),* $(,)?) -> $out:ty, $inner:ident
    ) => {
        $vis fn $name $(<const $v: usize $(, const $flag: bool)?>)? ($($arg: $type),*) -> $out {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
                #[target_feature(enable = "avx512vpopcntdq,avx512vbmi2")]
                fn wide $(<const $v: usize $(, const $flag: bool)?>)? ($($arg: $type),*) -> $out {
                    $inner $(::<$v $(, $flag)?>)? ($($arg),*)
                }
                #[target_feature(enable = "avx2,fma")]
                fn middle $(<const $v: usize $(, const $flag: bool)?>)? ($($arg: $type),*) -> $out {
                    $inner $(::<$v $(, $flag)?>)? ($($arg),*)
                }
                let simd = $crate::simd::Simd::current();
                if simd == $crate::simd::Simd::Avx512
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vpopcntdq")
                    && is_x86_feature_detected!("avx512vbmi2")
                {
                    // SAFETY: the CPU has these instructions
                    return unsafe { wide $(::<$v $(, $flag)?>)? ($($arg),*) };
                }
                if simd >= $crate::simd::Simd::Avx2 {
                    // SAFETY: the CPU has these instructions
                    return unsafe { middle $(::<$v $(, $flag)?>)? ($($arg),*) };
                }
            }
            $inner $(::<$v $(, $flag)?>)? ($($arg),*)
        }
    };
}

pub use widest;

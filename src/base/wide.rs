//! Loops compiled for several instruction sets.

/// The widest instructions that this processor has, chosen once for each call of a loop.
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
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vpopcntdq")
                    && is_x86_feature_detected!("avx512vbmi2")
                {
                    // SAFETY: the CPU has these instructions
                    return unsafe { wide $(::<$v $(, $flag)?>)? ($($arg),*) };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the CPU has these instructions
                    return unsafe { middle $(::<$v $(, $flag)?>)? ($($arg),*) };
                }
            }
            $inner $(::<$v $(, $flag)?>)? ($($arg),*)
        }
    };
}

pub use widest;

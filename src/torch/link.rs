//! The build script of crates whose tests load libtorch: links them against the folder that
//! `cistron-torch` states, so that they run with no environment variable set.

fn main() {
    println!("cargo:rerun-if-env-changed=DEP_CISTRON_TORCH_LIB");
    if let Ok(lib) = std::env::var("DEP_CISTRON_TORCH_LIB") {
        // a plain DT_RPATH would win over LD_LIBRARY_PATH: the new tags keep it overridable
        println!("cargo:rustc-link-arg=-Wl,--enable-new-dtags,-rpath,{lib}");
    }
}

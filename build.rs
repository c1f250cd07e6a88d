//! Links the program against the folder of libtorch that `cistron-torch` states, so that it runs with
//! no environment variable set.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=docs/guide");
    if let Ok(lib) = std::env::var("DEP_CISTRON_TORCH_LIB") {
        // a plain DT_RPATH would win over LD_LIBRARY_PATH: the new tags keep it overridable
        println!("cargo:rustc-link-arg=-Wl,--enable-new-dtags,-rpath,{lib}");
    }
}

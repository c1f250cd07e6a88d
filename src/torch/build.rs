//! Compiles the C++ shim against libtorch's headers, and states where libtorch's libraries are:
//! dependants read it as `DEP_CISTRON_TORCH_LIB`.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let Some(home) = std::env::var_os("LIBTORCH").map(PathBuf::from) else {
        println!("cargo:warning=LIBTORCH names no folder: run python3 scripts/libtorch.py");
        return;
    };
    // a view names the folder of the libraries that the program loads; a plain libtorch has its own
    let origin = home.join("origin");
    println!("cargo:rerun-if-changed={}", origin.display());
    let lib = std::fs::read_to_string(&origin)
        .map_or_else(|_| home.join("lib"), |text| PathBuf::from(text.trim()));
    let include = home.join("include");
    if !include.is_dir() {
        println!(
            "cargo:warning=libtorch is not at {}: run scripts/cistron once, or python3 \
            scripts/libtorch.py",
            home.display()
        );
        return;
    }
    let sources = ["function.cpp", "graph.cpp"];
    for source in sources {
        println!("cargo:rerun-if-changed={source}");
    }
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(false)
        .define("_GLIBCXX_USE_CXX11_ABI", "1")
        .include(&include)
        .include(include.join(Path::new("torch/csrc/api/include")))
        .files(sources)
        .compile("cistron_function");
    println!("cargo:lib={}", lib.display());
    link(&lib.display().to_string());
}

/// The run path of this crate's own tests. A plain DT_RPATH would win over LD_LIBRARY_PATH: the new
/// tags keep it overridable.
fn link(lib: &str) {
    println!("cargo:rustc-link-arg=-Wl,--enable-new-dtags,-rpath,{lib}");
}

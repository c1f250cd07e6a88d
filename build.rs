//! Links the program against libtorch's real folder, so that it runs with no environment variable
//! set.
use std::path::Path;

fn main() {
    let origin = Path::new(".libtorch/view/origin");
    println!("cargo:rerun-if-changed={}", origin.display());
    println!("cargo:rerun-if-changed=stdlib");
    println!("cargo:rerun-if-changed=docs/guide");
    match std::fs::read_to_string(origin) {
        Ok(lib) => {
            let sources = ["src/torch/function.cpp", "src/torch/graph.cpp"];
            sources
                .iter()
                .for_each(|source| println!("cargo:rerun-if-changed={source}"));
            cc::Build::new()
                .cpp(true)
                .std("c++17")
                .warnings(false)
                .define("_GLIBCXX_USE_CXX11_ABI", "1")
                .include(".libtorch/view/include")
                .include(".libtorch/view/include/torch/csrc/api/include")
                .files(sources)
                .compile("cistron_function");
            // a plain DT_RPATH would win over LD_LIBRARY_PATH: keep the run path overridable
            println!(
                "cargo:rustc-link-arg=-Wl,--enable-new-dtags,-rpath,{}",
                lib.trim()
            );
        }
        Err(_) => println!(
            "cargo:warning=libtorch is not here yet: run scripts/cistron once, or python3 scripts/libtorch.py"
        ),
    }
}

//! The guide is embedded: a changed chapter builds the program again. A missing libtorch is reported
//! here, because this script runs before those of the crates that need it.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=docs/guide");
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    // set by .cargo/config.toml, which `cargo install --path` reads as well
    match std::env::var_os("LIBTORCH").map(PathBuf::from) {
        Some(folder) if folder.join("include").is_dir() => {}
        Some(folder) => println!(
            "cargo::error=libtorch is not at {}: run `python3 scripts/libtorch.py` once in the \
             folder of cistron",
            folder.display()
        ),
        None => println!(
            "cargo::error=the environment variable LIBTORCH is not set: build in the folder of \
             cistron, or by `cargo install --path`, where .cargo/config.toml sets it"
        ),
    }
}

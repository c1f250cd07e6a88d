//! The guide is embedded: a changed chapter builds the program again.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=docs/guide");
}

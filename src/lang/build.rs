//! Rebuilds the crate when a module of the standard library changes, which it embeds.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../stdlib");
}

//! Builds the part of libtorch's interface that is C++ as a shared library, which the program
//! contains and loads when it first needs libtorch (`library.rs`): libtorch registers its operators
//! while it is loaded, which takes longer than most commands.
//!
//! The library has the C functions of `torch-sys` and of the shim here. For each of them a stub of
//! the same name is linked into the program, an indirect jump through a table that is filled when
//! the library is loaded.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let arch = std::env::var("CARGO_CFG_TARGET_ARCH").expect("cargo sets it");
    let os = std::env::var("CARGO_CFG_TARGET_OS").expect("cargo sets it");
    assert!(
        ["x86_64", "aarch64"].contains(&arch.as_str()) && os == "linux",
        "cistron needs Linux on x86-64 or ARM, this is {os} on {arch}"
    );
    let home = std::env::var_os("LIBTORCH")
        .map(PathBuf::from)
        .expect("LIBTORCH names no folder: run python3 scripts/libtorch.py");
    // a view names the folder of the libraries that the program loads; a plain libtorch has its own
    let origin = home.join("origin");
    println!("cargo:rerun-if-changed={}", origin.display());
    let lib = std::fs::read_to_string(&origin)
        .map_or_else(|_| home.join("lib"), |text| PathBuf::from(text.trim()));
    let include = home.join("include");
    assert!(
        include.is_dir(),
        "libtorch is not at {}: run scripts/cistron once, or python3 scripts/libtorch.py",
        home.display()
    );
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let functions = archive_of_torch_sys(&out);
    println!("cargo:rerun-if-changed={}", functions.display());
    let library = shared_library(&home, &include, &functions, &out);
    let stubs = match arch.as_str() {
        "aarch64" => stubs_of_arm,
        _ => stubs_of_x86,
    };
    let text = assembly(&names(&library), stubs);
    let path = out.join("stubs.s");
    std::fs::write(&path, text).expect("the stubs are written");
    cc::Build::new().file(path).compile("cistron_torch_stubs");
    println!("cargo:rustc-env=CISTRON_BUILT_FOR={}", lib.display());
}

/// The archive that the build script of `torch-sys` compiled, the newest one.
fn archive_of_torch_sys(out: &Path) -> PathBuf {
    let is_build = |path: &&Path| path.file_name().is_some_and(|name| name == "build");
    let build = out.ancestors().find(is_build).expect("a build folder");
    let folders = std::fs::read_dir(build).expect("the build folder is read");
    let of_torch = folders.flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("torch-sys")
    });
    of_torch
        .flat_map(|folder| {
            // newer layouts of cargo have a folder for each hash in between
            let inner = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            let inner = inner.map(|entry| entry.path().join("out/libtch.a"));
            std::iter::once(folder.join("out/libtch.a"))
                .chain(inner)
                .collect::<Vec<_>>()
        })
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .max()
        .map(|(_, path)| path)
        .expect("torch-sys has compiled libtch.a")
}

/// Runs a command, which must succeed, and returns its output.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Compiles the shim, and links it and `torch-sys` into one shared library.
fn shared_library(home: &Path, include: &Path, functions: &Path, out: &Path) -> PathBuf {
    let sources = ["function.cpp", "graph.cpp"];
    for source in sources {
        println!("cargo:rerun-if-changed={source}");
    }
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .pic(true)
        .std("c++17")
        .warnings(false)
        .define("_GLIBCXX_USE_CXX11_ABI", "1")
        .include(include)
        .include(include.join(Path::new("torch/csrc/api/include")))
        .files(sources);
    let objects = build.compile_intermediates();
    let library = out.join("libcistron_torch.so");
    let mut link = build.get_compiler().to_command();
    // the program has stubs of the same names, which must not be called from within
    link.args(["-shared", "-Wl,-s", "-Wl,-Bsymbolic"])
        .arg("-o")
        .arg(&library)
        .args(objects)
        .arg("-Wl,--whole-archive")
        .arg(functions)
        .arg("-Wl,--no-whole-archive")
        .arg("-L")
        .arg(home.join("lib"))
        .args(["-ltorch_cpu", "-lc10"]);
    run(&mut link);
    library
}

/// The C functions of a library.
fn names(library: &Path) -> Vec<String> {
    let symbols = run(Command::new("nm")
        .args(["--dynamic", "--defined-only"])
        .arg(library));
    let symbols = String::from_utf8_lossy(&symbols);
    let function = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let (kind, name) = (words.next()?, words.next()?);
        // names of C++ start with _Z, those of the linker with _
        (kind == "T" && !name.starts_with('_')).then(|| name.to_string())
    };
    let names: Vec<String> = symbols.lines().filter_map(function).collect();
    assert!(names.len() > 1000, "libtch.a has {} functions", names.len());
    names
}

/// A stub for each name: a jump to where the slot of the name leads. A slot at first leads to code
/// that saves the registers of arguments and calls `cistron_torch_entry` of `library.rs`.
fn assembly(names: &[String], stubs: fn(&[String]) -> String) -> String {
    let mut text = stubs(names);
    text += ".data\n.balign 8\n.globl cistron_torch_slots\ncistron_torch_slots:\n";
    for i in 0..names.len() {
        let _ = writeln!(text, ".quad .Lfirst{i}");
    }
    text += ".section .rodata\n.globl cistron_torch_names\ncistron_torch_names:\n";
    for name in names {
        let _ = writeln!(text, ".asciz \"{name}\"");
    }
    let count = names.len();
    let _ = write!(
        text,
        ".balign 8\n.globl cistron_torch_count\ncistron_torch_count:\n.quad {count}\n\
         .section .note.GNU-stack,\"\",@progbits\n"
    );
    text
}

fn stubs_of_x86(names: &[String]) -> String {
    let mut text = String::from(".text\n");
    for (i, name) in names.iter().enumerate() {
        let _ = write!(
            text,
            ".globl {name}\n.type {name},@function\n{name}:\n\
             jmp *cistron_torch_slots+8*{i}(%rip)\n.size {name},.-{name}\n\
             .Lfirst{i}:\npushq ${i}\njmp .Lload\n"
        );
    }
    text += ".Lload:\npushq %rbp\nmovq %rsp,%rbp\n";
    let saved = ["rdi", "rsi", "rdx", "rcx", "r8", "r9", "rax", "r10"];
    for register in saved {
        let _ = writeln!(text, "pushq %{register}");
    }
    text += "subq $136,%rsp\n";
    for i in 0..8 {
        let _ = writeln!(text, "movups %xmm{i},{}(%rsp)", 16 * i);
    }
    text += "movq 8(%rbp),%rdi\ncall cistron_torch_entry\nmovq %rax,%r11\n";
    for i in 0..8 {
        let _ = writeln!(text, "movups {}(%rsp),%xmm{i}", 16 * i);
    }
    text += "addq $136,%rsp\n";
    for register in saved.iter().rev() {
        let _ = writeln!(text, "popq %{register}");
    }
    text += "popq %rbp\naddq $8,%rsp\njmp *%r11\n";
    text
}

fn stubs_of_arm(names: &[String]) -> String {
    let mut text = String::from(".text\n");
    for (i, name) in names.iter().enumerate() {
        let _ = write!(
            text,
            ".globl {name}\n.type {name},@function\n{name}:\n\
             adrp x16,cistron_torch_slots+8*{i}\nldr x16,[x16,:lo12:cistron_torch_slots+8*{i}]\n\
             br x16\n.size {name},.-{name}\n.Lfirst{i}:\nmov x17,#{i}\nb .Lload\n"
        );
    }
    text += ".Lload:\nstp x29,x30,[sp,#-224]!\nmov x29,sp\n";
    // x8 has the address of a result in memory
    for i in 0..4 {
        let _ = writeln!(text, "stp x{},x{},[sp,#{}]", 2 * i, 2 * i + 1, 16 + 16 * i);
    }
    text += "str x8,[sp,#80]\n";
    for i in 0..4 {
        let _ = writeln!(text, "stp q{},q{},[sp,#{}]", 2 * i, 2 * i + 1, 96 + 32 * i);
    }
    text += "mov x0,x17\nbl cistron_torch_entry\nmov x16,x0\n";
    for i in 0..4 {
        let _ = writeln!(text, "ldp q{},q{},[sp,#{}]", 2 * i, 2 * i + 1, 96 + 32 * i);
    }
    text += "ldr x8,[sp,#80]\n";
    for i in 0..4 {
        let _ = writeln!(text, "ldp x{},x{},[sp,#{}]", 2 * i, 2 * i + 1, 16 + 16 * i);
    }
    text += "ldp x29,x30,[sp],#224\nbr x16\n";
    text
}

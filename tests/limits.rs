//! What a script may take: time per operation, memory, and how far a check follows it.

use crate::{cistron, cistron_timed, run, said, thread_seconds};
use std::path::Path;

fn write(folder: &Path, name: &str, text: &str) -> String {
    std::fs::write(folder.join(name), text).expect("written");
    name.to_string()
}

/// The CPU time of a script: other processes would lengthen one of two that are compared.
fn took(text: &str) -> f64 {
    let before = thread_seconds();
    run(text).expect(text);
    thread_seconds() - before
}

#[test]
fn a_push_costs_the_same_in_a_long_array() {
    // a limit of sizes walked the whole value at each of them: 40,000 pushes took 2 s, 40,000 maps
    // 12 s
    for text in [
        "let a = []; for i in 0..40_000 { a.push(i); } assert_eq(a.len(), 40_000);",
        "let a = []; for i in 0..40_000 { a += i; } assert_eq(a.len(), 40_000);",
        "let a = []; for i in 0..40_000 { a.push(#{ x: i, name: `n${i}` }); } assert_eq(a.len(), 40_000);",
        "let m = #{}; for i in 0..40_000 { m[`k${i}`] = i; m.last = i; } assert_eq(m.len(), 40_001);",
        "let m = #{ list: [] }; for i in 0..40_000 { m.list.push(i); } assert_eq(m.list.len(), 40_000);",
        "let a = (0..40_000).map(|i| i); assert_eq(a.reduce(|sum, x| sum + x, 0), 799_980_000); let n = 0; for i in 0..40_000 { a[i] += 1; n += a[i]; }",
        "let s = \"\"; for i in 0..40_000 { s += 'A'; } assert_eq(s.len(), 40_000);",
    ] {
        // the slope, not the speed of the machine: four times as many took sixteen times as long
        let longer = text
            .replace("40_000", "160_000")
            .replace("40_001", "160_001")
            .replace("799_980_000", "12_799_920_000");
        let times = [(); 2].map(|()| took(&longer) / took(text));
        let slope = times[0].min(times[1]);
        assert!(
            slope < 9.0,
            "four times as many take {slope} times as long: {text}"
        );
    }
}

#[test]
fn shared_values_inside_an_array_end_nothing() {
    // the walk over sizes met a captured variable and panicked
    run("let x = [1]; let f = || x; let a = [f, x]; a.push(x); a += [f]; assert_eq(a.len(), 4);")
        .expect("it runs");
}

#[test]
fn a_sandbox_limits_memory_and_operations() {
    let place = tempfile::tempdir().expect("a folder");
    let grows = [
        (
            "values",
            "let a = []; loop { a.push(\"ACGTACGTACGTACGT\" + a.len()); }",
        ),
        (
            "caught",
            "let a = []; loop { try { loop { a.push([a.len()]); } } catch { } }",
        ),
        ("double", "let a = [1]; loop { a += a; }"),
        ("text", "let s = \"ACGT\"; loop { s += s; }"),
        ("padded", "let a = []; a.pad(1_000_000_000_000, 0);"),
        (
            "in a callback",
            "let a = []; (0..1_000_000_000).map(|i| { a.push([i, i]); i });",
        ),
    ];
    for (name, text) in grows {
        let script = write(place.path(), "grows.rhai", text);
        let (_, err, code) = said(&cistron(
            place.path(),
            &[
                "run",
                "--no-run-dir",
                "--sandbox",
                "--memory",
                "512",
                &script,
            ],
        ));
        assert_eq!(code, 1, "{name}: {err}");
        assert!(err.contains("memory"), "{name}: {err}");
    }
    // what is asked for at once is an error that can be caught
    let script = write(
        place.path(),
        "padded.rhai",
        "try { let a = []; a.pad(1_000_000_000_000, 0); } catch (e) { print(e.kind); }",
    );
    assert_eq!(
        said(&cistron(place.path(), &["run", "--no-run-dir", &script])),
        ("memory\n".into(), String::new(), 0)
    );
    // what fits goes on
    let script = write(
        place.path(),
        "fits.rhai",
        "let a = []; for i in 0..200_000 { a.push(`n${i}`); } print(a.len());",
    );
    let (out, err, code) = said(&cistron(
        place.path(),
        &["run", "--no-run-dir", "--sandbox", &script],
    ));
    assert_eq!((out.as_str(), code), ("200000\n", 0), "{err}");
}

#[test]
fn a_check_follows_a_script_for_a_while_and_says_where_it_stopped() {
    let place = tempfile::tempdir().expect("a folder");
    for text in [
        "let n = 0;\nwhile true {\n    n += 1;\n}\nnn::build(nn::linear(1), [3, 4]);\n",
        "let f = |x| x;\nlet n = 0;\nloop { n = f.call(n) + 1; }\n",
    ] {
        let script = write(place.path(), "long.rhai", text);
        let (output, seconds) = cistron_timed(place.path(), &["check", &script]);
        let (out, err, code) = said(&output);
        assert!(seconds < 60.0, "{seconds} s");
        assert_eq!(
            (code, out.as_str()),
            (0, "1 script checked, 0 faults found\n"),
            "{err}"
        );
        assert!(
            err.starts_with("note: long.rhai:")
                && err.contains("operations")
                && err.contains("not checked"),
            "{err}"
        );
    }
}

#[test]
fn folders_with_links_to_themselves_end() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(place.path().join("inner")).expect("made");
    std::os::unix::fs::symlink("..", place.path().join("inner/up")).expect("linked");
    write(place.path(), "a.rhai", "let a = 1;");
    write(place.path(), "inner/b.rhai", "let b = 1;");
    for command in ["check", "test"] {
        let (out, err, _) = said(&cistron(place.path(), &[command, "."]));
        assert!(!out.contains("up/") && !err.contains("up/"), "{out}{err}");
    }
    assert!(
        said(&cistron(place.path(), &["check", "."]))
            .0
            .contains("2 scripts checked")
    );
}

#[test]
fn a_full_disk_ends_the_download_with_what_to_do() {
    let Some(python) = crate::python("zipfile") else {
        return;
    };
    let of = |error: &str| {
        let program = format!(
            "import sys, errno; sys.path.insert(0, 'scripts'); sys.dont_write_bytecode = True; import libtorch; libtorch.stop_at_disk({error})"
        );
        let output = std::process::Command::new(&python)
            .args(["-c", &program])
            .current_dir(crate::root())
            .output()
            .expect("python runs");
        (
            String::from_utf8_lossy(&output.stderr).into_owned(),
            output.status.code(),
        )
    };
    let (said, code) = of("OSError(errno.ENOSPC, 'No space left on device', '/x/torch.whl')");
    assert!(
        code == Some(1)
            && said.contains("no space is left")
            && said.contains("hint: ")
            && said.contains("CISTRON_LIBTORCH"),
        "{said}"
    );
    assert!(
        of("OSError(errno.EACCES, 'Permission denied', '/x')")
            .0
            .contains("cannot be written to")
    );
    assert_eq!(
        of("OSError(errno.ECONNRESET, 'reset')"),
        (String::new(), Some(0))
    );
}

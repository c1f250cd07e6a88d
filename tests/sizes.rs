//! Sizes that cannot be: every example of the documentation with an integer replaced by 10^18, -1
//! or 0, and every integer option at its largest. Whatever happens must be an error that a script
//! can catch, or stop at Ctrl-C: never the end of the process.

use crate::{cases, cistron, fault, said};
use cistron::base::seed::Rng;
use cistron::lang::examples::extract;
use cistron::lang::options::OptKind;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const SIZES: [&str; 3] = ["1000000000000000000", "-1", "0"];
/// The largest number that integer options without a bound take.
const LARGEST: i64 = 1 << 40;

/// Where the integer literals of a script are.
fn integers(code: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = code.as_bytes();
    let (mut found, mut at, mut quoted) = (Vec::new(), 0, None);
    while at < bytes.len() {
        let byte = bytes[at];
        match quoted {
            Some(quote) => {
                quoted = (byte != quote).then_some(quote);
                at += 1;
            }
            None if b"\"`'".contains(&byte) => {
                quoted = Some(byte);
                at += 1;
            }
            None if byte == b'/' && bytes.get(at + 1) == Some(&b'/') => {
                at += code[at..].find('\n').unwrap_or(code.len() - at)
            }
            None if byte.is_ascii_digit() => {
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                let end = at + bytes[at..].iter().take_while(|byte| is_word(byte)).count();
                let before = at.checked_sub(1).map(|i| bytes[i]);
                let behind_dot =
                    before == Some(b'.') && at.checked_sub(2).is_none_or(|i| bytes[i] != b'.');
                let is_float = bytes.get(end) == Some(&b'.')
                    && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
                let is_plain = code[at..end]
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'_');
                let is_exponent =
                    before == Some(b'-') && at.checked_sub(2).is_some_and(|i| bytes[i] == b'e');
                if is_plain
                    && !is_float
                    && !behind_dot
                    && !is_exponent
                    && !before.is_some_and(|byte| is_word(&byte))
                {
                    found.push(at..end);
                }
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// An example with an option put into the first call of a function.
fn with_option(code: &str, name: &str, option: &str, value: i64) -> Option<String> {
    let open = code.find(&format!("{name}("))? + name.len() + 1;
    let mut depth = 1;
    let close = open
        + code[open..].char_indices().find_map(|(i, c)| {
            depth += match c {
                '(' | '[' | '{' => 1,
                ')' | ']' | '}' => -1,
                _ => 0,
            };
            (depth == 0).then_some(i)
        })?;
    let inner = &code[open..close];
    if inner.contains(&format!("{option}:")) {
        return None;
    }
    let inside = match inner.strip_suffix(" }") {
        Some(kept) => format!("{kept}, {option}: {value} }}"),
        None if inner.is_empty() => format!("#{{ {option}: {value} }}"),
        None => format!("{inner}, #{{ {option}: {value} }}"),
    };
    Some(format!("{}{inside}{}", &code[..open], &code[close..]))
}

/// Every script of the sweep that compiles.
fn scripts() -> Vec<String> {
    let settings = cistron::lang::session::Settings {
        quiet: true,
        device: "cpu".into(),
        ..Default::default()
    };
    let engine = cistron::bind::start(settings);
    let mut all = Vec::new();
    for native in cistron::bind::library().natives {
        let docs: String = native
            .docs
            .iter()
            .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
            .collect();
        for example in extract(&docs).into_iter().filter(|example| {
            !example.fails && !example.code.contains("fn ") && !example.code.contains("import")
        }) {
            for place in integers(&example.code) {
                all.extend(SIZES.map(|size| {
                    format!(
                        "{}{size}{}",
                        &example.code[..place.start],
                        &example.code[place.end..]
                    )
                }));
            }
            for option in native.options.unwrap_or_default() {
                if let OptKind::Int(_, most) = option.kind {
                    all.extend(with_option(
                        &example.code,
                        native.name,
                        option.name,
                        most.min(LARGEST),
                    ));
                }
            }
        }
    }
    all.retain(|script| engine.compile(script).is_ok());
    all
}

/// A child that runs some of the scripts one after the other, each caught, with 12 GB of addresses.
fn start(folder: &Path, scripts: &[String]) -> Child {
    let mut text = String::new();
    for (i, script) in scripts.iter().enumerate() {
        text += &format!(
            "print(\"@{i}\"); try {{ {script}\n }} catch (e) {{ if e.kind == \"internal\" {{ print(\"!\" + e.message) }} }}\n"
        );
    }
    text += "print(\"@end\");\n";
    std::fs::write(folder.join("sweep.rhai"), text).expect("a script");
    let command = format!(
        "ulimit -v 12000000; exec {} run sweep.rhai --no-run-dir",
        env!("CARGO_BIN_EXE_cistron")
    );
    let mut child = Command::new("sh");
    child
        .args(["-c", &command])
        .current_dir(folder)
        .env("OMP_NUM_THREADS", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    child.spawn().expect("starts")
}

/// Runs scripts in children until all are done; what is wrong with each that ended its child.
fn sweep(scripts: &[String]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut wrong, mut from) = (Vec::new(), 0);
    while from < scripts.len() {
        let upto = scripts.len().min(from + 40);
        let mut child = start(folder.path(), &scripts[from..upto]);
        let (sender, lines) = std::sync::mpsc::channel();
        let out = child.stdout.take().expect("piped");
        std::thread::spawn(move || {
            BufReader::new(out)
                .lines()
                .map_while(Result::ok)
                .for_each(|line| drop(sender.send(line)))
        });
        let (mut at, mut ended, mut interrupted) = (0, false, false);
        loop {
            // a loop of 10^18 steps is the script's own wish: it has to stop at Ctrl-C
            match lines.recv_timeout(Duration::from_secs(if interrupted { 120 } else { 4 })) {
                Ok(line) if line == "@end" => ended = true,
                Ok(line) if line.starts_with('!') => {
                    wrong.push(format!("{line}\n{}", scripts[from + at]))
                }
                Ok(line) => {
                    at = line
                        .strip_prefix('@')
                        .and_then(|text| text.parse().ok())
                        .unwrap_or(at)
                }
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(_) if interrupted => {
                    wrong.push(format!("does not stop at Ctrl-C\n{}", scripts[from + at]));
                    child.kill().expect("is killed");
                    break;
                }
                Err(_) => {
                    interrupted = true;
                    // SAFETY: a signal to a child of this test that was not waited for yet
                    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
                }
            }
        }
        let status = child.wait().expect("ends");
        if ended {
            from = upto;
            continue;
        }
        if !interrupted {
            wrong.push(format!("{status}\n{}", scripts[from + at]));
        }
        from += at + 1;
    }
    wrong
}

#[test]
fn impossible_sizes_in_every_example_are_errors() {
    let all = scripts();
    assert!(all.len() > 2000, "{} scripts", all.len());
    let mut rng = Rng::keyed(&[16]);
    let order = rng.permutation(all.len());
    let chosen: Vec<String> = order
        .into_iter()
        .take(cases(150))
        .map(|i| all[i as usize].clone())
        .collect();
    let wrong = sweep(&chosen);
    if let Ok(path) = std::env::var("CISTRON_SWEEP_LOG") {
        let mut file = std::fs::File::create(path).expect("a log");
        writeln!(file, "{}", wrong.join("\n---\n")).expect("is written");
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        chosen.len(),
        wrong.join("\n---\n")
    );
}

#[test]
fn sizes_that_do_not_fit_into_memory_are_errors() {
    // each of these ended the process, or never came back
    const HUGE: &str = "1000000000000000000";
    let calls = [
        "tensor::zeros([N])",
        "tensor::ones([N, N])",
        "tensor::full([N], 1)",
        "tensor::rand([N])",
        "tensor::randn([N])",
        "tensor::randint(0, 3, [N])",
        "tensor::randperm(N)",
        "tensor::arange(N)",
        "tensor::arange(0, N, 1)",
        "tensor::linspace(0, 1, N)",
        "tensor::eye(N)",
        "tensor::ones([2]).repeat([N])",
        "tensor::ones([2]).pad([N, 0])",
        "tensor::one_hot([1, 0], N)",
        "init::zeros([N])",
        "init::normal([N], 1)",
        "init::orthogonal([N, 3])",
        "init::orthogonal([3, N])",
        "init::kaiming_uniform([N, N])",
        "nn::build(nn::linear(N), [2])",
        "nn::build(nn::conv1d(N, 3), [4, 10])",
        "nn::build(nn::linear(1), [N])",
        "seq::random(N, 10)",
        "seq::random(1, N)",
        "sim::background(N)",
        "tensor::interpolate(tensor::ones([1, 1, 2]), N)",
        "tensor::ones([2]).rfft(#{ n: 1099511627776 })",
    ];
    for call in calls {
        let text = call.replace('N', HUGE);
        let found = fault(&text);
        assert!(
            found.kind != "internal" && !found.message.contains("defect"),
            "{text}: {found}"
        );
    }
    for call in [
        "init::orthogonal([-1, 3])",
        "init::orthogonal([3, -1])",
        "tensor::zeros([-1])",
        "tensor::randn([2, -3])",
        "tensor::randperm(-1)",
        "tensor::linspace(0, 1, -1)",
        "seq::random(-1, 4)",
        "tensor::one_hot([0], -1)",
    ] {
        let found = fault(call);
        assert!(
            ["value", "shape", "option"].contains(&found.kind),
            "{call}: {found}"
        );
    }
    crate::run(
        "assert_eq(tensor::zeros([0]).shape, [0]); assert_eq(tensor::randn([0, 3]).shape, [0, 3]); assert_eq(tensor::randperm(0).shape, [0]);
         assert_eq(init::orthogonal([0, 3]).shape, [0, 3]); assert_eq(init::orthogonal([3, 0]).shape, [3, 0]); assert_eq(tensor::arange(0).shape, [0]);
         assert_eq(tensor::randint(0, 100_000_000_000, [1000], #{ seed: 1 }).max() < 100_000_000_000, true);
         let large = tensor::randint(99_999_999, 100_000_000, [5]); assert_eq(large.min().item(), 99_999_999.0);",
    )
    .expect("empty shapes are shapes");
}

#[test]
fn a_run_goes_on_after_a_size_that_does_not_fit() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("x.rhai"), "try { tensor::randn([1_000_000_000_000]) } catch (e) { print(e.message) } print(\"goes on\")")
        .expect("a script");
    let (out, err, code) = said(&cistron(folder.path(), &["run", "x.rhai", "--no-run-dir"]));
    assert!(
        code == 0 && out.contains("of memory") && out.contains("goes on"),
        "{out}{err}"
    );
}

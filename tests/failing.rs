//! Scripts that must fail, with the message on the line that is at fault:
//! `//~ error[kind]: message`.

use crate::root;

#[test]
fn every_script_fails_where_and_as_it_says() {
    let folder = root().join("tests/failing");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("tests/failing")
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "rhai"))
        .collect();
    files.sort();
    assert!(files.len() > 20, "{} failing scripts", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a script");
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let expected = text
            .lines()
            .enumerate()
            .find_map(|(i, line)| Some((i + 1, line.split_once("//~ error")?.1.to_string())));
        let Some((line, expected)) = expected else {
            panic!("{name} states no error")
        };
        let (kind, message) = expected
            .trim()
            .trim_start_matches('[')
            .split_once("]: ")
            .expect("//~ error[kind]: message");
        cistron::bind::start(cistron::lang::session::Settings {
            quiet: true,
            device: "cpu".into(),
            ..Default::default()
        });
        let mut scope = rhai::Scope::new();
        match cistron::lang::engine::run(&text, &path.display().to_string(), &mut scope) {
            Ok(_) => wrong.push(format!("{name}: did not fail")),
            Err(fault) => {
                let at = fault.at.as_ref().map_or(0, |at| at.line);
                if !fault.to_string().contains(message) || fault.kind != kind || at != line {
                    wrong.push(format!("{name}: expected line {line} error[{kind}]: {message}\n  got line {at} error[{}]: {fault}", fault.kind));
                }
            }
        }
        cistron::lang::engine::release(&mut scope);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

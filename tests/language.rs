//! The language: each trap of the host language, and what becomes of it here.

use crate::{fault, root, run, value};
use cistron::base::Fault;

/// Runs a script as if it stood in tests/, so that it can import tests/modules.
fn beside_modules(text: &str) -> Result<rhai::Dynamic, Fault> {
    let settings = cistron::lang::session::Settings {
        quiet: true,
        device: "cpu".into(),
        ..Default::default()
    };
    cistron::bind::start(settings);
    let mut scope = rhai::Scope::new();
    let file = root().join("tests/main.rhai").display().to_string();
    let outcome = cistron::lang::engine::run(text, &file, &mut scope);
    cistron::lang::engine::release(&mut scope);
    outcome
}

fn int(text: &str) -> i64 {
    beside_modules(text)
        .unwrap_or_else(|fault| panic!("{}", cistron::lang::diagnostics::render(&fault, false)))
        .as_int()
        .expect("an integer")
}

#[test]
fn closures_see_the_constants_of_the_library() {
    assert_eq!(int("let f = |x| world.size + x; f.call(2)"), 3);
    assert_eq!(
        int("fn g() { (0..3).filter(|i| i % world.size == world.rank).len() } g()"),
        3
    );
    // a variable of the script has precedence, wherever it is
    assert_eq!(
        int("let world = #{ size: 5 }; let f = || world.size; f.call()"),
        5
    );
    assert_eq!(int("let f = |world| world + 1; f.call(7)"), 8);
    assert_eq!(
        int("let f = || { let world = 4; world }; f.call() + world.size"),
        5
    );
    assert_eq!(int("let n = 0; for world in 0..4 { n += world; } n"), 6);
}

#[test]
fn a_pattern_may_have_several_lines() {
    assert_eq!(int("let [a,\n  b] = [1, 2];\na + b"), 3);
    assert_eq!(
        int("let n = 0;\nfor [\n    x, // first\n    y\n] in [[1, 2], [3, 4]] { n += x * y; }\nn"),
        14
    );
    let fault = beside_modules("let [a,\n  b] = [1, 2];\na + b + [1][9]").unwrap_err();
    assert_eq!(
        fault.at.as_ref().map(|at| (at.line, at.column)),
        Some((3, 13))
    );
    let fault = beside_modules("let [a,\n  b] = [1, 2, 3];\na").unwrap_err();
    assert_eq!(fault.at.as_ref().map(|at| at.line), Some(2));
}

#[test]
fn an_error_that_passed_through_a_closure_is_caught_as_it_was() {
    let caught = |code: &str| {
        let text = format!(
            "fn t(f) {{ try {{ f.call(); }} catch (e) {{ return `${{e.kind}}: ${{e.message}}`; }} }}\nt(|| {code})"
        );
        beside_modules(&text)
            .expect("caught")
            .into_string()
            .expect("text")
    };
    assert_eq!(
        caught("nn::conv1dd(3)"),
        "name: `nn` has no function `conv1dd`"
    );
    assert_eq!(
        caught("[1][5]"),
        "value: index 5 is out of range: the array holds 1 value"
    );
    assert_eq!(
        caught("1 - \"a\""),
        "type: cannot compute an integer `-` a string"
    );
    assert_eq!(
        caught("undefined_f(3)"),
        "name: no function `undefined_f` takes (integer)"
    );
    assert_eq!(caught("#{ a: 1 }.b"), "name: the map has no key `b`");
}

#[test]
fn sync_is_a_name() {
    assert_eq!(
        int("let m = #{ sync: 3 }; m.sync + #{ \"sync\": 1 }.sync"),
        4
    );
    assert_eq!(
        int("nn::build(nn::batch_norm(#{ sync: true }), [8, 50]).parameter_count"),
        16
    );
}

#[test]
fn a_callback_keeps_its_own_functions_inside_a_module() {
    // the module has a function `step` of its own; the caller's must be called
    let own = "import \"modules/middle\" as m; fn step(x) { x + 1 } m::apply(|x| step(x), 4)";
    assert_eq!(int(own), 5);
    assert_eq!(
        int("import \"modules/middle\" as m; fn step(x) { x + 1 } m::apply(step, 4)"),
        5
    );
    assert_eq!(
        int(
            "import \"modules/middle\" as m; const K = 42; fn step(x) { global::K + x } m::apply(|x| step(x), 1)"
        ),
        43
    );
}

#[test]
fn a_callback_captures_and_changes_what_is_around_it() {
    assert_eq!(
        int("import \"modules/middle\" as m; let n = 10; m::apply(|x| n + x, 4)"),
        14
    );
    assert_eq!(int("let n = 1; (0..3).map(|i| { n += i; n }); n"), 4);
}

#[test]
fn a_closure_made_in_a_module_works_outside() {
    assert_eq!(
        int("import \"modules/inner\" as m; let f = m::adder(3); f.call(2)"),
        23
    );
    assert_eq!(
        int(
            "import \"modules/inner\" as m; let t = m::tools(); t.double.call(2) + t.list[0].call(1)"
        ),
        50
    );
    assert_eq!(
        int("import \"modules/inner\" as m; [1, 2].map(m::adder(1))[1]"),
        21
    );
}

#[test]
fn errors_have_the_right_place_three_files_deep() {
    let fault = beside_modules(
        "import \"modules/middle\" as m;\nlet t = tensor::zeros([2]);\n\n  m::shrink(t);",
    )
    .expect_err("must fail");
    let at = fault.at.clone().expect("a place");
    assert!(
        at.file.ends_with("inner.rhai") && at.line == 5 && at.column == 7,
        "{at}"
    );
    let trace: Vec<(String, usize)> = fault
        .trace
        .iter()
        .map(|f| {
            (
                f.at.file.rsplit('/').next().unwrap_or("").to_string(),
                f.at.line,
            )
        })
        .collect();
    assert_eq!(
        trace,
        [("middle.rhai".to_string(), 6), ("main.rhai".to_string(), 4)]
    );
}

#[test]
fn errors_in_a_users_closure_run_by_a_module_name_the_users_file() {
    let fault = beside_modules(
        "import \"modules/middle\" as m;\nm::apply(|x| {\n    nn::conv1d(x, \"w\")\n}, 3);",
    )
    .expect_err("must fail");
    let at = fault.at.clone().expect("a place");
    assert!(at.file.ends_with("main.rhai") && at.line == 3, "{at}");
}

#[test]
fn namespaced_native_calls_have_positions() {
    let at = fault("let a = 1;\n   tensor::zeros(\"x\");")
        .at
        .clone()
        .expect("a place");
    assert_eq!((at.line, at.column), (2, 12));
    let at = fault("let a = 1;\nno_grad {\n  tensor::zeros(\"x\");\n}")
        .at
        .clone()
        .expect("a place");
    assert_eq!(at.line, 3);
    let at = fault("let f = |x| tensor::zeros(x);\n[\"a\"].map(f);")
        .at
        .clone()
        .expect("a place");
    assert_eq!(at.line, 1);
}

#[test]
fn whole_numbers_serve_as_numbers() {
    run("assert_near(optim::adam(#{ lr: 1 }).lr, 1.0); assert_eq(tensor::full([1], 3), [3.0]); assert_near(tensor::ones([1]).clamp(0, 2), [1.0]);")
        .expect("runs");
}

#[test]
fn a_data_race_is_told_with_its_rewrite() {
    let fault = fault("let a = [1]; a.push(2); let f = |x| a.len(); a.map(f);");
    assert!(
        fault.message.contains("uses the value that")
            && fault
                .hint
                .as_ref()
                .is_some_and(|h| h.contains("copy what the closure needs")),
        "{fault}"
    );
}

#[test]
fn errors_can_be_caught_and_read() {
    run("try { nn::conv1d(8, 3, #{ strid: 1 }); } catch (e) { assert_eq(e.kind, \"option\"); assert(e.message.contains(\"strid\")); assert(e.hint.contains(\"stride\")); assert_eq(e.line, 1); }").expect("native error");
    run("try { [1][5]; } catch (e) { assert_eq(e.kind, \"value\"); assert(e.message.contains(\"5\")); assert_eq(e.hint, ()); }").expect("language error");
    run("try { let t = tensor::zeros([1]); t.foo(); } catch (e) { assert_eq(e.kind, \"name\"); }")
        .expect("missing method");
    run("let said = \"\"; try { throw \"x\"; } catch (e) { said = e; } assert_eq(said, \"x\");")
        .expect("thrown value");
    let again = fault("try { nn::linear(\"a\"); } catch (e) { throw e; }");
    assert_eq!(again.kind, "type");
}

#[test]
fn operators_words_and_blocks() {
    run("let a = tensor::ones([2, 3]); assert_eq((a @ a.t()).shape, [2, 2]); assert_eq(2 |> |v| v * 3, 6); assert(2 |> |v| v == 2);").expect("operators");
    run("let net = nn::build(nn::linear(2), [3]); assert_eq((tensor::ones([1, 3]) |> net).shape, [1, 2]);").expect("pipe into a model");
    run("let w = tensor::ones([1]).requires_grad(); let y = no_grad { w * 2 }; assert(!y.is_learned); assert((w * 2).is_learned);")
        .expect("no_grad gives its value");
    run("let w = tensor::ones([1]).requires_grad(); fn f(w) { no_grad { return w * 2; } } assert(!f(w).is_learned); assert((w * 2).is_learned);")
        .expect("return leaves the block");
    run("let w = tensor::ones([1]).requires_grad(); try { no_grad { throw 1; } } catch {} assert((w * 2).is_learned);").expect("errors leave the block");
    run("let s = `${tensor::ones([2])}`; assert(s.contains(\"[2]\"));").expect("interpolation");
}

#[test]
fn limits_are_the_same_in_every_build() {
    // the library allows 8 nested calls in debug builds and 64 in release ones
    assert_eq!(
        value("fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } } f(40)")
            .expect("40 deep")
            .as_int(),
        Ok(40)
    );
    let deep = "(".repeat(60) + "1" + &")".repeat(60);
    assert_eq!(value(&deep).expect("60 brackets").as_int(), Ok(1));
}

#[test]
fn strict_variables_and_missing_keys() {
    assert_eq!(fault("let a = 1; print(b);").kind, "name");
    assert_eq!(fault("let a = #{ x: 1 }; a.y").kind, "name");
    run("let a = #{}; a.x = 1; assert_eq(a.x, 1); assert(!(\"y\" in a));")
        .expect("keys can be added");
}

#[test]
fn reference_cycles_are_let_go_when_a_script_ends() {
    use std::rc::Rc;
    let watched = Rc::new(());
    let weak = Rc::downgrade(&watched);
    cistron::bind::start(Default::default());
    let mut scope = rhai::Scope::new();
    scope.push("watched", rhai::Dynamic::from(watched));
    // the map holds a closure that captured the map
    cistron::lang::engine::run(
        "let held = #{ value: watched }; held.f = |x| held.value; watched = ();",
        "cycle",
        &mut scope,
    )
    .map(drop)
    .expect("runs");
    assert!(weak.upgrade().is_some());
    cistron::lang::engine::release(&mut scope);
    assert!(weak.upgrade().is_none(), "the cycle keeps its values alive");
}

#[test]
fn panics_of_torch_become_errors() {
    let fault =
        fault("tensor::from([1, 2]).add_(0.5).int().mean([0]).item(); tensor::zeros([2]).sort(5);");
    assert_ne!(fault.kind, "internal", "{fault}");
    assert!(!fault.message.contains("Exception raised from"), "{fault}");
}

#[test]
fn imports_are_embedded_relative_and_tell_what_is_missing() {
    run("import \"std/layers/fm\" as fm; fm::layer(1, 2);").expect("the standard library");
    assert!(
        fault("import \"std/layer/fm\" as fm;")
            .hint
            .clone()
            .expect("a hint")
            .contains("std/layers/fm")
    );
    let fault = fault("import \"nowhere\" as n;");
    assert_eq!(fault.kind, "file");
}

#[test]
fn what_a_module_does_not_know_is_told_in_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("broken.rhai"),
        "fn f() {\n  let new = 3;\n}\n",
    )
    .expect("written");
    cistron::bind::start(Default::default());
    let main = folder.path().join("main.rhai").display().to_string();
    let fault =
        cistron::lang::engine::run("import \"broken\" as b;", &main, &mut rhai::Scope::new())
            .expect_err("must fail");
    let at = fault.at.clone().expect("a place");
    assert!(at.file.ends_with("broken.rhai") && at.line == 2, "{at}");
    assert_eq!(fault.trace.len(), 1);
}

#[test]
fn functions_of_options_and_help() {
    run("assert(help(\"nn::conv1d\").contains(\"padding\")); assert(help(\"tensor.sum\").contains(\"dim\")); assert(help(\"nn\").contains(\"nn::chain\")); assert(help(\"std/layers/fm::layer\").contains(\"Rendle\")); assert(help().contains(\"tensor\"));").expect("help");
}

#[test]
fn every_type_is_printed_in_one_line() {
    let settings = cistron::lang::session::Settings {
        quiet: true,
        device: "cpu".into(),
        ..Default::default()
    };
    cistron::bind::start(settings);
    cistron::lang::session::capture();
    let text = r#"
        print(1); print(1.0); print("text"); print(true); print(()); print([1, 2.5, "x"]); print(#{ a: 1, b: "c" });
        print(tensor::ones([2])); print(tensor::zeros([30, 4])); print(nn::conv1d(3, 4)); print(nn::build(nn::linear(1), [2]));
        print(data::from(#{ sequence: ["ACGT"], label: [1] })); print(optim::adam()); print(schedule::warmup(0.2).then(schedule::cosine()));
        print(loss::mse()); print(metric::auroc()); print(augment::shift(1)); print(motif::from_consensus("ACGT")); print(sim::motifs(2));
        print(plot::roc([0.9, 0.1], [1, 0])); print(train::early_stop("valid.loss")); print(|x| x); print([tensor::ones([1])]);
    "#;
    let outcome = cistron::lang::engine::run(text, "print", &mut rhai::Scope::new()).map(drop);
    let said = cistron::lang::session::captured();
    outcome.expect("runs");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 23, "{said}");
    let expected = [
        "1",
        "1.0",
        "text",
        "true",
        "()",
        "[1, 2.5, \"x\"]",
        "#{a: 1, b: \"c\"}",
        "tensor [2] float32 [1.0, 1.0]",
        "tensor [30, 4] float32 mean 0.0 min 0.0 max 0.0",
        "layer conv1d(3, 4)",
    ];
    assert_eq!(lines[..10], expected);
    assert_eq!(lines[12], "optimizer adam, lr 0.001");
    assert_eq!(lines[13], "schedule warmup, then cosine");
    assert!(!said.contains("cistron::"), "{said}");
}

#[test]
fn methods_of_what_a_property_gives_can_be_called() {
    // Rhai hands the value of a property back after a method was called on it
    crate::run(
        "let x = tensor::ones([2, 3]).requires_grad(); (x * x).sum().backward(); assert_eq(x.shape.len(), 2); assert_near(x.grad.abs().sum(), 12.0, 1e-6);",
    )
    .expect("it runs");
    crate::run("let net = nn::build(nn::linear(2), [3]); assert_eq(net.output_shape.len(), 1); net[\"weight\"] = tensor::zeros([2, 3]);").expect("it runs");
    let fault = crate::fault("let x = tensor::ones([2]); x.shape = [1];");
    assert!(fault.to_string().contains("shape"), "{fault}");
}

#[test]
fn a_closure_keeps_the_loop_variable_of_its_turn() {
    // Rhai has one variable for all turns: three closures all saw the last value
    let ints = |text: &str| -> Vec<i64> {
        crate::value(text)
            .expect(text)
            .into_typed_array::<i64>()
            .expect("integers")
    };
    assert_eq!(
        ints("let f = []; for i in 0..3 { f.push(|| i); } f.map(|g| g.call())"),
        [0, 1, 2]
    );
    assert_eq!(
        ints("let f = []; for (x, i) in [7, 8] { f.push(|| x * 10 + i); } f.map(|g| g.call())"),
        [70, 81]
    );
    assert_eq!(
        ints("let f = []; for x in #{ a: 1, b: 2 }.values() { f.push(|| x); } f.map(|g| g.call())"),
        [1, 2]
    );
    assert_eq!(
        ints(
            "let f = []; for i in 0..2 { for j in 0..2 { f.push(|| 10 * i + j); } } f.map(|g| g.call())"
        ),
        [0, 1, 10, 11]
    );
    assert_eq!(
        ints(
            "let f = []; for i in 0..2 { if i < 5 { let g = || i; f.push(|| g.call() + i); } } f.map(|g| g.call())"
        ),
        [0, 2]
    );
    // a variable of a turn of `while` or `loop` is one of its own; one outside of it is shared by
    // all
    assert_eq!(
        ints(
            "let f = []; let n = 0; while n < 3 { let i = n; f.push(|| i); n += 1; } f.map(|g| g.call())"
        ),
        [0, 1, 2]
    );
    assert_eq!(
        ints(
            "let f = []; let n = 0; loop { if n == 3 { break; } let i = n; f.push(|| i); n += 1; } f.map(|g| g.call())"
        ),
        [0, 1, 2]
    );
    assert_eq!(
        ints("let f = []; let n = 0; while n < 3 { f.push(|| n); n += 1; } f.map(|g| g.call())"),
        [3, 3, 3]
    );
    // what a closure changes outside of the loop it changes there
    assert_eq!(
        ints("let sum = 0; for i in 0..3 { let f = |x| { sum += x * i; }; f.call(2); } [sum]"),
        [6]
    );
    let layers = "let l = []; for i in 0..3 { l.push(nn::custom(\"t\", #{ forward: |p, x| x * (i + 1.0) })); }";
    run(&format!(
        "{layers} assert_eq(nn::build(nn::chain(l), [1]).forward(tensor::ones([1, 1])), [[6.0]]);"
    ))
    .expect("it runs");
    // columns of errors stay
    let at = fault("for i in 0..3 { [1].map(|x| x); nn::conv1d(1); }")
        .at
        .clone()
        .expect("a place");
    assert_eq!((at.line, at.column), (1, 37));
}

#[test]
fn values_of_every_type_are_text_in_strings() {
    // a table, a search space and others were their type's name alone
    for (value, text) in [
        ("table::from(#{ a: [1, 2] })", "table of 2 rows: a"),
        ("search::int(1, 3)", "space Int(1, 3)"),
        ("nn::linear(1)", "layer linear(1)"),
        ("schedule::cosine()", "schedule cosine"),
        ("tensor::ones([2])", "tensor [2]"),
    ] {
        let found = crate::value(&format!("`${{{value}}}`"))
            .unwrap_or_else(|fault| panic!("{value}: {fault}"));
        assert!(found.to_string().contains(text), "{value}: {found}");
        assert_eq!(
            found.to_string(),
            crate::value(&format!("({value}).to_string()"))
                .expect("text")
                .to_string()
        );
    }
    // one list declares every type of the bindings
    let list = crate::root().join("src/bind/script_types.rs");
    for file in crate::files_below(&crate::root().join("src/bind"), "rs") {
        let text = std::fs::read_to_string(&file).expect("a source");
        let is_declared = file != list && text.contains("handle!(");
        assert!(
            !is_declared,
            "{} declares a type: list it in script_types.rs",
            file.display()
        );
    }
}

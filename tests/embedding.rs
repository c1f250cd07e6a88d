//! The library as other Rust programs use it.

use cistron::{Fault, Runtime};

fn runtime(seed: u64) -> Runtime {
    Runtime::builder()
        .seed(seed)
        .device("cpu")
        .on_print(|_| {})
        .build()
        .expect("a runtime")
}

/// A training with dropout, unseeded draws and passes over a dataset: all that counts.
const TRAINS: &str = r#"
    let set = data::from(#{ sequence: seq::random(64, 30, #{ seed: 1 }), label: (0..64).map(|i| i % 2) });
    let net = nn::build(nn::chain([nn::conv1d(4, 5), nn::relu(), nn::dropout(0.3), nn::global_max_pool(), nn::linear(1)]), [4, 30]);
    train::fit(net, #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(), epochs: 1, progress: false });
"#;
const DRAWS: &str = r#"
    train::fit(net, #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(), epochs: 1, progress: false });
    net.train();
    net.forward(tensor::randn([2, 4, 30])).sum().item()
"#;

#[test]
fn scripts_return_values_and_results() {
    let mut runtime = Runtime::builder()
        .set("n", 5)
        .device("cpu")
        .build()
        .expect("a runtime");
    let outcome = runtime
        .run(r#"let n = param("n", 1, "how many"); report("twice", 2 * n); n + 1"#)
        .expect("runs");
    assert_eq!(outcome.value.as_int(), Ok(6));
    assert_eq!(outcome.number("twice"), Some(10.0));
    // the next script sees the variables of the one before
    assert_eq!(
        runtime.run("n * 100").expect("runs").value.as_int(),
        Ok(500)
    );
    runtime.set("m", 7);
    assert_eq!(runtime.eval::<i64>("n + m").expect("an integer"), 12);
    assert_eq!(runtime.get::<f64>("n").expect("a number"), 5.0);
    assert!(runtime.get::<String>("n").is_err());
    let tensor: cistron::torch::Tensor = runtime.eval("tensor::ones([2, 3])").expect("a tensor");
    assert_eq!(tensor.shape(), [2, 3]);
}

#[test]
fn errors_are_values_with_their_place() {
    let mut runtime = runtime(0);
    runtime.run("let x = 1;").expect("runs");
    let fault: Fault = runtime
        .run("let y = x + 1;\nnn::conv1d(8, 5, #{ strid: 2 });")
        .expect_err("an unknown option");
    assert_eq!(fault.kind, "option");
    let place = fault.at.clone().expect("a place");
    assert_eq!((place.file.as_str(), place.line), ("script 2", 2));
    assert!(
        fault.to_string().contains("did you mean `stride`?"),
        "{fault}"
    );
    // the session goes on
    assert_eq!(runtime.eval::<i64>("y").expect("an integer"), 2);
    assert!(runtime.run_file("absent.rhai").is_err());
    let wrong = Runtime::builder()
        .device("gpu")
        .build()
        .err()
        .expect("an error");
    assert!(wrong.message.contains("no device is called"), "{wrong}");
}

/// Counters of draws, dropout and passes were those of the thread: sessions on one thread that take
/// turns drew from each other.
#[test]
fn sessions_that_take_turns_do_not_draw_from_each_other() {
    let alone = |seed: u64| {
        let mut own = runtime(seed);
        own.run(TRAINS).expect("trains");
        [(); 2].map(|()| own.eval::<f64>(DRAWS).expect("a number"))
    };
    let (first, second) = (alone(1), alone(2));
    assert_ne!(first, second);
    let (mut a, mut b) = (runtime(1), runtime(2));
    a.run(TRAINS).expect("trains");
    b.run(TRAINS).expect("trains");
    let turns: Vec<[f64; 2]> = (0..2)
        .map(|_| [&mut a, &mut b].map(|own| own.eval(DRAWS).expect("a number")))
        .collect();
    assert_eq!(turns, [[first[0], second[0]], [first[1], second[1]]]);
    drop(a);
    assert!(b.eval::<f64>(DRAWS).is_ok());
}

#[test]
fn sessions_on_several_threads_are_apart() {
    let work = |seed: u64| {
        let mut own = runtime(seed);
        own.run(TRAINS).expect("trains");
        let x: f64 = own.eval(DRAWS).expect("a number");
        own.run(&format!("report(\"seed\", {seed});"))
            .expect("runs");
        (x, own.run("1").expect("runs").results)
    };
    let alone: Vec<_> = (1..=4).map(work).collect();
    let together: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = (1..=4)
            .map(|seed| scope.spawn(move || work(seed)))
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().expect("a thread"))
            .collect()
    });
    assert_eq!(together, alone);
}

#[test]
fn names_of_the_library_are_not_taken() {
    let natives = cistron::bind::library().natives;
    let conv = natives
        .into_iter()
        .filter(|own| own.qualified() == "nn::conv1d");
    let fault = Runtime::builder()
        .natives(conv)
        .build()
        .err()
        .expect("an error");
    assert!(
        fault
            .message
            .contains("`nn::conv1d` is a function of the library"),
        "{fault}"
    );
}

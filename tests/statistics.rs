//! `stats::` against SciPy, and DeLong's test against pROC on the data of its own example.

use cistron::metrics::statistics::{
    Alternative, Outcome, auroc, correlated, counts, ks, multiple, ranks, resample, t,
};
use serde_json::Value;

fn oracle() -> Value {
    serde_json::from_str(include_str!("oracles/statistics.json"))
        .expect("as the oracle was written")
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("as the oracle was written")
        .iter()
        .map(|x| x.as_f64().expect("as the oracle was written"))
        .collect()
}

fn outcome(name: &str, args: &[Value], samples: &Value, side: Alternative) -> Outcome {
    let sample = |i: usize| numbers(&samples[args[i].as_str().expect("as the oracle was written")]);
    let count = |value: &Value| value.as_u64().expect("as the oracle was written");
    match name {
        "welch" => t::welch(&sample(0), &sample(1), side),
        "student" => t::student(&sample(0), &sample(1), side),
        "paired_t" => t::paired(&sample(0), &sample(1), side),
        "one_sample_t" => t::one_sample(&sample(0), 0.0, side),
        "wilcoxon" => ranks::wilcoxon(
            &sample(0)
                .iter()
                .zip(sample(1))
                .map(|(a, b)| a - b)
                .collect::<Vec<_>>(),
            side,
        ),
        "mann_whitney" => ranks::mann_whitney(&sample(0), &sample(1), side),
        "ks" => ks::two_samples(&sample(0), &sample(1), side),
        "pearson" => correlated::pearson(&sample(0), &sample(1), side),
        "spearman" => correlated::spearman(&sample(0), &sample(1), side),
        "kendall" => correlated::kendall(&sample(0), &sample(1), side),
        "binomial" => counts::binomial(
            count(&args[0]),
            count(&args[1]),
            args[2].as_f64().expect("as the oracle was written"),
            side,
        ),
        "fisher" => counts::fisher(
            [
                [count(&args[0][0][0]), count(&args[0][0][1])],
                [count(&args[0][1][0]), count(&args[0][1][1])],
            ],
            side,
        ),
        other => panic!("no test is called {other}"),
    }
    .expect("as the oracle was written")
}

/// Equal to eight digits, small numbers too.
fn agrees(got: f64, wanted: f64) -> bool {
    got == wanted || (got - wanted).abs() <= 1e-8 * wanted.abs().max(1e-300)
}

#[test]
fn tests_give_what_scipy_gives() {
    let oracle = oracle();
    let mut wrong = Vec::new();
    for row in oracle["rows"]
        .as_array()
        .expect("as the oracle was written")
    {
        let (name, side) = (
            row["name"].as_str().expect("as the oracle was written"),
            row["options"]["alternative"]
                .as_str()
                .expect("as the oracle was written"),
        );
        let got = outcome(
            name,
            row["args"].as_array().expect("as the oracle was written"),
            &oracle["samples"],
            Alternative::named(side),
        );
        let (p, statistic) = (
            row["p_value"].as_f64().expect("as the oracle was written"),
            row["statistic"].as_f64().unwrap_or(f64::INFINITY),
        );
        if !agrees(got.p_value, p) || !agrees(got.statistic, statistic) {
            wrong.push(format!(
                "{name} {} {side}: {} {} instead of {statistic} {p}",
                row["args"], got.statistic, got.p_value
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let adjusted = multiple::benjamini_hochberg(&numbers(&oracle["p"]));
    assert!(
        adjusted
            .iter()
            .zip(numbers(&oracle["adjusted"]))
            .all(|(got, wanted)| agrees(*got, wanted))
    );
}

#[test]
fn delong_gives_what_proc_gives_on_its_example() {
    let own = &oracle()["delong"];
    let labels: Vec<bool> = numbers(&own["labels"]).iter().map(|y| *y == 1.0).collect();
    let got = auroc::delong(
        &numbers(&own["s100b"]),
        &numbers(&own["ndka"]),
        &labels,
        Alternative::TwoSided,
    )
    .expect("as the oracle was written");
    assert!(
        (got.statistic - own["z"].as_f64().expect("as the oracle was written")).abs() < 1e-9
            && (got.p_value - own["p_value"].as_f64().expect("as the oracle was written")).abs()
                < 1e-9
    );
    // as pROC's documentation prints them
    assert_eq!(
        (
            format!("{:.4}", got.statistic),
            format!("{:.4}", got.p_value)
        ),
        ("1.3908".to_string(), "0.1643".to_string())
    );
    let interval =
        auroc::interval(&numbers(&own["s100b"]), &labels, 0.95).expect("as the oracle was written");
    let wanted = numbers(&own["ci"]);
    assert!((interval.low - wanted[0]).abs() < 1e-9 && (interval.high - wanted[2]).abs() < 1e-9);
}

#[test]
fn bootstrap_intervals_are_near_those_of_scipy() {
    let oracle = oracle();
    let x = numbers(&oracle["samples"]["b"]);
    let mean = |rows: &[usize]| Ok(rows.iter().map(|row| x[*row]).sum::<f64>() / rows.len() as f64);
    let got = resample::bootstrap(x.len(), &mean, 20_000, 0.95, resample::Interval::Bca, 1)
        .expect("as the oracle was written");
    for (got, wanted) in [
        (got.low, &oracle["bca"]["low"]),
        (got.high, &oracle["bca"]["high"]),
        (got.error, &oracle["bca"]["error"]),
    ] {
        assert!(
            (got - wanted.as_f64().expect("as the oracle was written")).abs() < 0.03,
            "{got} instead of {wanted}"
        );
    }
}

#[test]
fn permutations_find_the_exact_chance() {
    // 3 of 20 choices of three values out of six have a mean difference as large, both ways
    let got = resample::permutation(
        &[4.0, 5.0, 6.5],
        &[1.0, 2.0, 4.5],
        &|x, y| Ok(x.iter().sum::<f64>() - y.iter().sum::<f64>()),
        40_000,
        Alternative::Greater,
        1,
    )
    .expect("as the oracle was written");
    let all = [4.0, 5.0, 6.5, 1.0, 2.0, 4.5];
    let mut at_least = 0;
    for set in (0..64u32).filter(|set| set.count_ones() == 3) {
        let sum: f64 = (0..6).filter(|i| set >> i & 1 == 1).map(|i| all[i]).sum();
        at_least += u32::from(2.0 * sum - 23.0 >= 15.5 - 7.5 - 1e-9);
    }
    assert!(
        (got.p_value - f64::from(at_least) / 20.0).abs() < 0.006,
        "{} {at_least}",
        got.p_value
    );
}

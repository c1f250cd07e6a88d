//! Statistics and metrics on random cases against SciPy and scikit-learn.

use cistron::base::Values;
use cistron::explain::seqlets::{Rounding, Rule, recursive};
use cistron::metrics::metric::Average;
use cistron::metrics::statistics::{
    Alternative, Outcome, auroc, correlated, counts, ks, multiple, ranks, resample, t,
};
use cistron::metrics::{Measure, Metric, Pairs};
use serde_json::Value;
use std::process::Command;

/// What a script beside the oracles prints for a number of cases.
pub fn asked(script: &str, package: &str, cases: usize) -> Option<Value> {
    let python = crate::python(package)?;
    let path = crate::root().join("tests/oracles").join(script);
    let output = Command::new(python)
        .arg(path)
        .args([cases.to_string(), "1".into()])
        .output()
        .expect("Python starts");
    let (text, errors, code) = crate::said(&output);
    assert_eq!(code, 0, "{errors}");
    Some(serde_json::from_str(&text).expect("the script prints JSON"))
}

/// A number; those that JSON cannot hold are strings.
fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or_else(|| panic!("no number: {value}"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("an array")
        .iter()
        .map(number)
        .collect()
}

fn agrees(got: f64, wanted: f64, relative: f64, absolute: f64) -> bool {
    got == wanted
        || (got.is_nan() && wanted.is_nan())
        || (got - wanted).abs() <= relative * wanted.abs() + absolute
}

type Two = fn(&[f64], &[f64], Alternative) -> cistron::base::Result<Outcome>;

fn of_two(name: &str) -> Two {
    match name {
        "welch" => t::welch,
        "student" => t::student,
        "paired_t" => t::paired,
        "mann_whitney" => ranks::mann_whitney,
        "wilcoxon" => |x, y, side| {
            ranks::wilcoxon(
                &x.iter().zip(y).map(|(a, b)| a - b).collect::<Vec<_>>(),
                side,
            )
        },
        "ks" => ks::two_samples,
        "pearson" => correlated::pearson,
        "spearman" => correlated::spearman,
        "kendall" => correlated::kendall,
        other => panic!("no test is called {other}"),
    }
}

fn outcome(row: &Value) -> Outcome {
    let (name, args) = (row["name"].as_str().expect("a name"), &row["args"]);
    let side = Alternative::named(row["side"].as_str().expect("a side"));
    let count = |value: &Value| value.as_u64().expect("a count");
    match name {
        "binomial" => counts::binomial(count(&args[0]), count(&args[1]), number(&args[2]), side),
        "fisher" => counts::fisher(
            [
                [count(&args[0][0]), count(&args[0][1])],
                [count(&args[1][0]), count(&args[1][1])],
            ],
            side,
        ),
        "one_sample_t" => t::one_sample(&numbers(&args[0]), 0.5, side),
        "delong" => {
            let labels: Vec<bool> = numbers(&args[2]).iter().map(|y| *y == 1.0).collect();
            auroc::delong(&numbers(&args[0]), &numbers(&args[1]), &labels, side)
        }
        _ => of_two(name)(&numbers(&args[0]), &numbers(&args[1]), side),
    }
    .unwrap_or_else(|fault| panic!("{name} {args}: {fault}"))
}

#[test]
fn tests_of_random_samples_are_those_of_scipy() {
    let Some(wanted) = asked("scipy_random.py", "scipy", crate::cases(420)) else {
        return;
    };
    let mut wrong = Vec::new();
    for row in wanted["rows"].as_array().expect("rows") {
        if row["name"] == "benjamini_hochberg" {
            let got = multiple::benjamini_hochberg(&numbers(&row["args"][0]));
            if !got
                .iter()
                .zip(numbers(&row["more"]["adjusted"]))
                .all(|(got, wanted)| agrees(*got, wanted, 1e-12, 0.0))
            {
                wrong.push(format!("benjamini_hochberg {}", row["args"]));
            }
            continue;
        }
        let (got, tol) = (outcome(row), number(&row["tol"]));
        let (statistic, p) = (number(&row["statistic"]), number(&row["p"]));
        // p-values are as exact as the logarithm of the statistic's tail allows
        let far = 1.0
            + if statistic.is_finite() {
                p.max(1e-300).ln().abs()
            } else {
                0.0
            };
        if !agrees(got.statistic, statistic, tol, tol) || !agrees(got.p_value, p, tol * far, 1e-14)
        {
            let args: String = row["args"].to_string().chars().take(300).collect();
            wrong.push(format!(
                "{} {} {args}: {} {} instead of {statistic} {p}",
                row["name"], row["side"], got.statistic, got.p_value
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of them\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    for row in wanted["large"].as_array().expect("rows") {
        let (name, n, seed) = (
            row["name"].as_str().expect("a name"),
            row["n"].as_u64().expect("n") as usize,
            row["seed"].as_u64().expect("seed"),
        );
        let x = congruence(n, seed);
        let is_paired = ["pearson", "spearman", "kendall"].contains(&name);
        let y = if is_paired {
            congruence(n, seed + 3)
        } else {
            congruence(n + 7, seed + 1)
                .into_iter()
                .map(|v| v + 3.0)
                .collect()
        };
        let got = of_two(name)(
            &x,
            &y,
            Alternative::named(row["side"].as_str().expect("a side")),
        )
        .expect("the test runs");
        let (statistic, p) = (number(&row["statistic"]), number(&row["p"]));
        // Kolmogorov's approximation of SciPy and ours differ by the terms that both leave out
        let tol = if name == "ks" { 1e-6 } else { 1e-8 };
        if !agrees(got.statistic, statistic, 1e-9, 1e-9) || !agrees(got.p_value, p, tol, 1e-14) {
            wrong.push(format!(
                "{name} of {n} {}: {} {} instead of {statistic} {p}",
                row["side"], got.statistic, got.p_value
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for row in wanted["bootstrap"].as_array().expect("rows") {
        let x = numbers(&row["x"]);
        let mut values = numbers(&row["values"]);
        values.sort_by(f64::total_cmp);
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let jackknife = || {
            Ok((0..x.len())
                .map(|i| mean(&[&x[..i], &x[i + 1..]].concat()))
                .collect())
        };
        let kind = if row["method"] == "BCa" {
            resample::Interval::Bca
        } else {
            resample::Interval::Percentile
        };
        let (low, high) =
            resample::ends(&values, mean(&x), 0.9, kind, jackknife).expect("an interval");
        assert!(
            agrees(low, number(&row["low"]), 1e-9, 1e-12)
                && agrees(high, number(&row["high"]), 1e-9, 1e-12),
            "{low} {high} instead of {row}"
        );
    }
}

/// The upper bits of a linear congruence, as the script beside the oracles makes them.
fn congruence(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 48) as f64
    };
    (0..n).map(next).collect()
}

fn measure(name: &str) -> Measure {
    match name {
        "auroc" => Measure::Auroc,
        "average_precision" => Measure::AveragePrecision,
        "auprc" => Measure::Auprc,
        "recall_at_fdr" => Measure::RecallAtFdr(0.3),
        "accuracy" => Measure::Accuracy,
        "precision" => Measure::Precision,
        "recall" => Measure::Recall,
        "f1" => Measure::F1,
        "mcc" => Measure::Mcc,
        "pearson" => Measure::Pearson,
        "spearman" => Measure::Spearman,
        "r2" => Measure::R2,
        _ => Measure::Mse,
    }
}

#[test]
fn metrics_of_random_predictions_are_those_of_scikit_learn() {
    let Some(wanted) = asked("sklearn_random.py", "sklearn", crate::cases(400)) else {
        return;
    };
    let mut wrong = Vec::new();
    for row in wanted.as_array().expect("rows") {
        let name = row["name"].as_str().expect("a name");
        let (scores, labels) = (numbers(&row["scores"]), numbers(&row["labels"]));
        let weights = row["weights"].is_array().then(|| numbers(&row["weights"]));
        let columns = row["columns"].as_u64().expect("columns") as usize;
        let average = Average::named(row["average"].as_str().expect("an average"));
        let metric = Metric {
            average,
            threshold: number(&row["threshold"]),
            ..Metric::new(name, measure(name))
        };
        let single: Vec<f32> = scores.iter().map(|x| *x as f32).collect();
        let is_single = single.iter().zip(&scores).all(|(x, y)| f64::from(*x) == *y);
        let mut all = vec![Values::Double(&scores)];
        all.extend(is_single.then_some(Values::Single(&single)));
        for scores in all {
            let pairs =
                Pairs::new(scores, Values::Double(&labels), columns).weighing(weights.as_deref());
            let got = metric
                .of(&pairs)
                .unwrap_or_else(|fault| panic!("{name}: {fault}"));
            let each = row["each"]
                .is_array()
                .then(|| metric.per_task(&pairs).expect("as before"));
            let is_each = each.is_none_or(|each| {
                each.iter()
                    .zip(numbers(&row["each"]))
                    .all(|(got, wanted)| agrees(*got, wanted, 1e-9, 1e-11))
            });
            if !agrees(
                got,
                number(&row["value"]),
                1e-9,
                if name == "mse" { 0.0 } else { 1e-9 },
            ) || !is_each
            {
                let text: String = row.to_string().chars().take(600).collect();
                wrong.push(format!("{got} instead of {}: {text}", row["value"]));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of them\n{}",
        wrong.len(),
        wrong[..wrong.len().min(12)].join("\n")
    );
}

#[test]
fn seqlets_whose_sums_are_rounded_are_those_of_tangermeme_before_1_6() {
    let Some(wanted) = asked("seqlets_random.py", "numpy", crate::cases(40)) else {
        return;
    };
    for case in wanted.as_array().expect("cases") {
        let rows: Vec<Vec<f64>> = case["x"]
            .as_array()
            .expect("rows")
            .iter()
            .map(numbers)
            .collect();
        let size = |name: &str| case[name].as_u64().expect("a size") as usize;
        let rule = Rule {
            threshold: number(&case["threshold"]),
            least: size("least"),
            most: size("most"),
            bins: size("bins"),
            rounding: Rounding::Spans,
        };
        let found = recursive(&rows.concat(), rows[0].len(), &rule).expect("spans");
        let mut found: Vec<[f64; 4]> = found
            .iter()
            .map(|span| {
                [
                    span.sample as f64,
                    span.start as f64,
                    span.end as f64,
                    span.p_value,
                ]
            })
            .collect();
        let mut other: Vec<Vec<f64>> = case["found"]
            .as_array()
            .expect("spans")
            .iter()
            .map(numbers)
            .collect();
        found.sort_by(|a, b| a[..3].partial_cmp(&b[..3]).expect("numbers"));
        other.sort_by(|a, b| a[..3].partial_cmp(&b[..3]).expect("numbers"));
        let is_same = found.len() == other.len()
            && found
                .iter()
                .zip(&other)
                .all(|(a, b)| a[..3] == b[..3] && (a[3] - b[3]).abs() < 1e-9);
        assert!(is_same, "{found:?}\ninstead of\n{other:?}");
    }
}

/// Whether the area by Davis and Goadrich's interpolation is that of a case.
fn has_its_area(case: &Value) -> Result<(), String> {
    let (scores, labels) = (numbers(&case["scores"]), numbers(&case["labels"]));
    let pairs = Pairs::new(Values::Double(&scores), Values::Double(&labels), 1);
    let metric = Metric::new("auprc", Measure::DavisGoadrich);
    let got = metric.of(&pairs).expect("labels of 0 and 1");
    let wanted = case["value"].as_f64().unwrap_or(f64::NAN);
    if agrees(got, wanted, 0.0, 1e-9) {
        return Ok(());
    }
    Err(format!("{}: {got} instead of {wanted}", case["name"]))
}

#[test]
fn areas_below_precision_and_recall_are_those_of_prroc() {
    let path = crate::root().join("tests/oracles/prroc.json");
    let text = std::fs::read_to_string(path).expect("the cases");
    let cases: Value = serde_json::from_str(&text).expect("JSON");
    let cases = cases.as_array().expect("cases");
    assert_eq!(cases.len(), 4);
    for case in cases {
        has_its_area(case).expect("the area of PRROC");
    }
    // the value that PRROC's own test has from auc.jar
    let of_jar = cases.last().expect("cases")["value"].as_f64();
    assert!((of_jar.expect("a value") - 0.901_868_021_653_284_1).abs() < 1e-12);
}

#[test]
fn areas_of_random_rankings_are_those_of_their_points() {
    let Some(cases) = asked("prroc.py", "numpy", crate::cases(400)) else {
        return;
    };
    let cases = cases.as_array().expect("cases");
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| has_its_area(case).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! Numbers of scripts keep their digits on the way to statistics, metrics and tensors.

use crate::{fault, run};

#[test]
fn floats_of_arrays_are_not_rounded_to_32_bits_before_statistics_and_metrics() {
    run(r#"
        let near = |x, y| assert(((x - y) / y).abs() < 1e-6, `${x} is not ${y}`);
        let p = [1e-50, 1e-60, 0.5];
        for p in [p, tensor::from(p, #{ kind: "float64" }), table::from([#{ p: 1e-50 }, #{ p: 1e-60 }, #{ p: 0.5 }])["p"]] {
            let q = stats::benjamini_hochberg(p);
            near.call(q[0], 1.5e-50);
            near.call(q[1], 3e-60);
        }
        near.call(stats::welch([1e8 + 1, 1e8 + 2, 1e8 + 3], [1e8 + 4, 1e8 + 5, 1e8 + 7]).p_value, 0.0419145176);
        near.call(stats::mann_whitney([1000000.01, 1000000.02, 1000000.03], [1000000.04, 1000000.05, 1000000.06]).p_value, 0.1);
        near.call(stats::student([0.1, 0.2, 0.4], [0.3, 0.9, 0.8]).p_value, 0.10262015637);
        near.call(stats::pearson([1e8 + 1, 1e8 + 2, 1e8 + 3], [1, 2, 4]).statistic, 0.9819805);
        let s = stats::summary([100000001.0, 100000003.0]);
        assert_eq([s.mean, s.sd], [100000002.0, (2.0).sqrt()]);
        let found = stats::bootstrap([100000001.0, 100000003.0], #{ n: 20, method: "percentile", seed: 1 });
        assert_eq(found.value, 100000002.0);
        assert_eq(metric::auroc([1e-50, 2e-50, 3e-50, 4e-50], [0, 0, 1, 1]), 1.0);
        assert_eq(metric::auroc([0.9999999999, 0.99999999995, 0.5, 0.4], [0, 1, 0, 0]), 1.0);
        assert_eq(metric::auroc(tensor::from([1e-50, 2e-50, 3e-50], #{ kind: "float64" }), [0, 0, 1]), 1.0);
        assert_eq(metric::spearman([1000000.01, 1000000.02, 1000000.03], [1.0, 2.0, 3.0]), 1.0);
        assert_eq(metric::mse([100000000.0], [100000001.0]), 1.0);
        assert_eq(metric::average_precision([1.0 + 1e-12, 1.0], [1, 0]), 1.0);
    "#)
    .unwrap();
}

#[test]
fn float64_tensors_are_not_rounded_to_32_bits() {
    run(r#"
        let of = |x| tensor::from(x, #{ kind: "float64" });
        assert_eq(of.call([0.1]).item(), 0.1);
        assert_eq(of.call([16777217]).item(), 16777217.0);
        assert_eq(of.call([1e-50]).item(), 1e-50);
        assert_eq(tensor::full([1], 0.1, #{ kind: "float64" }).item(), 0.1);
        assert_eq(tensor::from([of.call([0.1])]).item(), 0.1);
        let x = of.call([0.1]);
        assert_eq((0.3 - x).item(), 0.3 - 0.1);
        assert_eq((x * 0.1).item(), 0.1 * 0.1);
        assert(x.eq(0.1).item());
        assert_eq(x.maximum(0.3).item(), 0.3);
        assert_eq(tensor::where(tensor::from([true]), 0.3, x).item(), 0.3);
        x[0] = 0.7;
        assert_eq(x.item(), 0.7);
        x.add_(0.1);
        assert_eq(x.item(), 0.7 + 0.1);
        assert_eq(x.to_array(), [0.7 + 0.1]);
        // float32 stays the usual kind
        assert_eq(tensor::from([0.1]).kind, "float32");
        assert_eq(tensor::from([0.1]), [0.1]);
        assert_eq((tensor::from([0.1]) * 0.1).kind, "float32");
        assert_eq(loss::mse(tensor::ones([1]), [0.5]).kind, "float32");
        assert_eq(loss::custom(|x, y| (x - y).abs().mean()).of(tensor::ones([1]), [0.5]).kind, "float32");
    "#)
    .unwrap();
}

#[test]
fn integers_beyond_the_digits_of_floats_are_kept() {
    run(r#"
        let big = 9007199254740993;
        let t = tensor::from([big, big + 1]);
        assert_eq(t.to_array(), [big, big + 1]);
        assert_eq(`${t[0].item()} ${tensor::full([1], big, #{ kind: "int64" }).item()}`, `${big} ${big}`);
        assert(`${t}`.contains("9007199254740993"));
        assert_eq(t.unique().len(), 2);
        assert_eq(tensor::from([t]).to_array(), [[big, big + 1]]);
        assert_eq(t.eq(big), [true, false]);
        assert_eq(tensor::from([16777216, 16777217]).gt(16777216.5), [false, true]);
        assert_eq(tensor::from([100000001, 100000003]).mean().item(), 100000002.0);
        let clamped = tensor::arange(5).clamp(1, 3);
        assert_eq([clamped.kind, tensor::arange(3).maximum(2).kind, tensor::arange(3).maximum(1.5).kind], ["int64", "int64", "float32"]);
        assert_eq(tensor::arange(3).maximum(1.5), [1.5, 1.5, 2.0]);
        assert_eq(tensor::arange(3).minimum(tensor::from([0.5])), [0.0, 0.5, 0.5]);
    "#)
    .unwrap();
    assert!(run("assert_eq(9007199254740993, 9007199254740992)").is_err());
    assert!(run("assert_eq(#{ a: 100000001.0 }, #{ a: 100000002.0 })").is_err());
}

#[test]
fn integer_tensors_do_not_cut_fractions_without_a_word() {
    for script in [
        "tensor::arange(3).add_(0.5);",
        "tensor::arange(3).div_(tensor::from([2.0]));",
        "let t = tensor::arange(3); t[0] = 1.5;",
        "tensor::full([2], 0.5, #{ kind: \"int64\" });",
    ] {
        let fault = fault(script);
        assert!(
            fault.message.contains("a tensor of int64 cannot hold"),
            "{script}: {}",
            fault.message
        );
    }
    run("let t = tensor::arange(3); t[0] = 2.0; t.add_(1); assert_eq(t, [3, 2, 3]);").unwrap();
}

#[test]
fn ranking_metrics_rank_logits_and_not_their_rounded_probabilities() {
    run(r#"
        let logits = [16.0, 17.0, 18.0, 19.0, 20.0, 21.0];
        let y = [0, 1, 0, 1, 1, 1];
        let net = nn::build(nn::custom("as it is", #{ forward: |s, x| x * 1.0 }), [1], #{ seed: 1 });
        let set = data::from(#{ x: tensor::from(logits).unsqueeze(1), label: y });
        let found = train::evaluate(net, set, [metric::auroc(), metric::average_precision(), metric::accuracy()]);
        assert_eq([found.auroc, found.auroc], [0.875, metric::auroc(logits, y)]);
        assert_near(found.average_precision, 0.95, 1e-12);
        // classes: both probabilities of the first class round to 1
        let x = tensor::from([[61.0, 0.0], [60.0, 0.0]]);
        let net = nn::build(nn::custom("as it is", #{ forward: |s, x| x * 1.0 }), [2], #{ seed: 1 });
        let set = data::from(#{ x: x, label: [0, 1] });
        assert_eq(train::evaluate(net, set, [metric::auroc()], #{ link: "softmax" }).auroc, 1.0);
    "#)
    .unwrap();
}

#[test]
fn nan_predictions_and_labels_that_are_no_classes_are_refused() {
    let metrics = [
        "auroc",
        "average_precision",
        "auprc",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "mcc",
        "pearson",
        "spearman",
        "r2",
        "mse",
    ];
    for name in metrics {
        let fault = fault(&format!(
            "metric::{name}([0.1, 0.0 / 0.0, 0.9, 0.2], [0, 1, 1, 0])"
        ));
        assert!(
            fault.message.contains("1 of 4 predictions are NaN"),
            "{name}: {}",
            fault.message
        );
        run(&format!(
            "metric::{name}([0.1, 0.0 / 0.0, 0.9, 0.2], [0.0, 0.0 / 0.0, 1.0, 0.0])"
        ))
        .unwrap();
    }
    for name in &metrics[..8] {
        let fault = fault(&format!("metric::{name}([0.1, 0.2, 0.9], [0, 1, 2])"));
        assert!(
            fault
                .message
                .contains("needs labels of 0 and 1, got 2 in row 2"),
            "{name}: {}",
            fault.message
        );
        let fault = crate::fault(&format!("metric::{name}([[0.1, 0.2], [0.9, 0.3]], [0, 2])"));
        assert!(
            fault
                .message
                .contains("class numbers from 0 to 1, got 2 in row 1"),
            "{name}: {}",
            fault.message
        );
    }
    for plot in [
        "plot::roc(p, y)",
        "plot::pr(p, y)",
        "plot::confusion(p, y)",
        "plot::calibration(p, y)",
    ] {
        let fault = fault(&format!(
            "let p = [0.1, 0.2, 0.9]; let y = [0, 1, 2]; {plot};"
        ));
        assert!(
            fault.message.contains("got 2 in row 2"),
            "{plot}: {}",
            fault.message
        );
    }
    assert!(fault("metric::auroc([], [])").message.contains("no rows"));
    assert!(
        fault("stats::delong([0.1, 0.0 / 0.0, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4], [0, 1, 0, 1])")
            .message
            .contains("NaN")
    );
}

#[test]
fn tasks_without_both_labels_are_left_out_of_every_ranking_metric() {
    run(r#"
        let s = tensor::from([[0.2, 0.1], [0.9, 0.8], [0.4, 0.3]]);
        let y = tensor::from([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0]]);
        assert_near(metric::average_precision(s, y), 0.5833333333333333, 1e-9);
        for m in [metric::auroc(), metric::average_precision(), metric::auprc(), metric::recall_at_fdr(0.1)] {
            let each = metric::per_task(m, s, y);
            assert(each[1].is_nan && !each[0].is_nan, `${m.name} ${each}`);
        }
    "#)
    .unwrap();
}

#[test]
fn undefined_statistics_are_nan() {
    run(r#"
        let nan = 0.0 / 0.0;
        assert(stats::kendall([1.0, 1.0, 1.0, 1.0], [2.0, 3.0, 2.0, 2.0], #{ alternative: "less" }).p_value.is_nan);
        assert(stats::kendall([1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0]).p_value.is_nan);
        let a = [1.0, nan, 3.0, 4.0];
        let b = [2.0, 3.0, nan, 5.0];
        for t in [stats::welch(a, b), stats::student(a, b), stats::paired_t(a, b), stats::mann_whitney(a, b), stats::wilcoxon(a, b),
            stats::ks(a, b), stats::pearson(a, b), stats::spearman(a, b), stats::kendall(a, b), stats::permutation(a, b, #{ n: 20 })] {
            assert(t.p_value.is_nan && t.statistic.is_nan, `${t}`);
        }
        assert(stats::bootstrap([2.0, 2.0, 2.0], #{ n: 20 }).low.is_nan);
    "#)
    .unwrap();
}

#[test]
fn weights_of_rows_reach_metrics() {
    run(r#"
        let p = [0.9, 0.4, 0.6, 0.1];
        let y = [1, 1, 0, 0];
        assert_eq(metric::auroc(p, y, #{ weights: [1, 1, 1, 1] }), metric::auroc(p, y));
        // a row of weight 2 counts twice
        assert_near(metric::auroc(p, y, #{ weights: [1, 2, 1, 1] }), metric::auroc([0.9, 0.4, 0.4, 0.6, 0.1], [1, 1, 1, 0, 0]), 1e-12);
        assert_near(metric::f1().of(p, y, #{ weights: [1, 2, 1, 1] }), metric::f1([0.9, 0.4, 0.4, 0.6, 0.1], [1, 1, 1, 0, 0]), 1e-12);
        assert_near(metric::mse(p, y, #{ weights: [1, 0, 0, 0] }), 0.01, 1e-12);
    "#)
    .unwrap();
    assert!(
        fault("metric::auroc([0.1, 0.9], [0, 1], #{ weights: [1] })")
            .message
            .contains("`weights` holds 1 numbers for 2 rows")
    );
    assert!(
        fault("metric::auroc([0.1, 0.9], [0, 1], #{ weights: [1, -1] })")
            .message
            .contains("got -1 in row 1")
    );
}

#[test]
fn labels_that_binary_cross_entropy_has_no_meaning_for_are_refused() {
    let fit = |labels: &str, more: &str| {
        format!(
            r#"
            let set = data::from(#{{ x: tensor::randn([8, 2], #{{ seed: 1 }}), label: {labels} }});
            let net = nn::build(nn::linear(1), [2], #{{ seed: 1 }});
            train::fit(net, #{{ train: set, loss: loss::bce_with_logits(), optimizer: optim::sgd(), epochs: 1, progress: false {more} }});
        "#
        )
    };
    let message = &fault(&fit("[0, 1, 2, 1, 0, 1, 0, 1]", "")).message;
    assert!(
        message.contains(
            "`bce_with_logits` takes labels from 0 to 1, got 2 in row 2 of the training data"
        ),
        "{message}"
    );
    assert!(
        fault(&fit("[0, 1, -1, 1, 0, 1, 0, 1]", ""))
            .message
            .contains("got -1 in row 2")
    );
    let valid = ", valid: data::from(#{ x: tensor::ones([1, 2]), label: [3] })";
    assert!(
        fault(&fit("[0, 1, 0, 1, 0, 1, 0, 1]", valid))
            .message
            .contains("got 3 in row 0 of the validation data")
    );
    // soft and undefined labels stay allowed
    run(&fit("[0.05, 0.95, 0.5, 0.0 / 0.0, 0.0, 1.0, 0.0, 1.0]", "")).unwrap();
    assert!(
        fault("loss::bce_with_logits(tensor::zeros([2, 1]), [[0.0], [2.0]])")
            .message
            .contains("got 2 at 1 of 2")
    );
    assert!(
        fault("loss::bce(tensor::full([2], 0.5), [0.0, -1.0])")
            .message
            .contains("takes labels from 0 to 1")
    );
    run("assert_near(loss::bce_with_logits(tensor::zeros([2, 1]), [[0.5], [0.0 / 0.0]]).item(), 0.6931472, 1e-5);").unwrap();
}

#[test]
fn early_stopping_on_an_undefined_metric_says_so() {
    run(r#"
        let set = data::from(#{ x: tensor::randn([8, 2], #{ seed: 1 }), label: [0, 1, 0, 1, 0, 1, 0, 1] });
        let one = data::from(#{ x: tensor::randn([4, 2], #{ seed: 2 }), label: [1, 1, 1, 1] });
        let run = train::fit(nn::build(nn::linear(1), [2], #{ seed: 1 }), #{ train: set, valid: one, loss: loss::bce_with_logits(),
            optimizer: optim::sgd(), metrics: [metric::auroc()], stop: train::early_stop("valid.auroc", #{ patience: 2 }), epochs: 9, progress: false });
        assert_eq(run.len(), 2);
        let why = "stopped early after epoch 2: valid.auroc is undefined (NaN): each of its 4 rows has label 1, which counts as no gain, for 2 epochs";
        assert_eq(run.ended, why);
    "#)
    .unwrap();
}

#[test]
fn contributions_that_are_nothing_but_rounding_outside_of_a_motif_give_one_pattern() {
    // equal seqlets lost their neighbours, and became a pattern each, whose comparisons did not end
    for (n, noise) in [(60, "0.0"), (60, "1e-9"), (60, "1e-6"), (300, "1e-7")] {
        run(&format!(
            r#"
            let n = {n};
            let length = 200;
            let x = seq::random(n, length, #{{ seed: 2 }});
            let planted = [];
            let at = [];
            for i in 0..n {{
                let p = 60 + (i * 37) % 80;
                planted.push(x[i].sub_string(0, p) + "GATAAGCA" + x[i].sub_string(p + 8));
                at.push(tensor::cat([tensor::zeros([4, p]), tensor::ones([4, 8]), tensor::zeros([4, length - p - 8])], 1).unsqueeze(0));
            }}
            let c = seq::one_hot(planted) * tensor::cat(at, 0) + tensor::rand([n, 4, length], #{{ seed: 3 }}) * {noise};
            let found = explain::modisco(c, planted, #{{ min_seqlets: 20, min_pattern: 10 }}).patterns;
            assert_eq(found.map(|p| [p.seqlets, p.consensus]), [[n, "GATAAGCA"]]);
        "#
        ))
        .unwrap_or_else(|fault| panic!("{n} rows, noise {noise}: {fault}"));
    }
}

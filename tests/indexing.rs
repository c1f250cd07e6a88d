//! Indexed values: reading through an index never assigns, assigning reaches every kind of index.

use crate::{cases, fault, run};
use cistron::base::seed::Rng;

#[test]
fn methods_on_an_indexed_leaf_do_not_write_back() {
    // Rhai assigns after `w[0].sum()`, which failed on a leaf
    run("let w = tensor::ones([3, 4]).requires_grad();
         assert_eq(w[0].sum(), 4.0);
         assert_eq(w[[0, 1]].square().sum().item(), 1.0);
         assert_eq(w[0..2].sum(1), [4.0, 4.0]);
         assert_eq(w[[[0, 2]]].sum(), 8.0);
         assert_eq(w[0].shape.len(), 1);
         assert_eq(w[[[0, 2]]].shape.len(), 2);
         assert_eq(w[0].to_array().len(), 4);
         assert_eq(w[[[0, 2]]].to_array().len(), 2);
         assert_eq(w[0].sum().item().to_string(), \"4.0\");
         assert_eq(w[0].kind.to_upper(), \"FLOAT32\");
         assert_near(w[0][1].exp().log().item(), 1.0, 1e-6);
         let y = (w * 2)[1].sum();
         y.backward();
         assert_eq(w.grad.sum(1), [0.0, 8.0, 0.0]);")
    .expect("reads");
}

#[test]
fn methods_on_an_indexed_result_keep_its_graph() {
    run("let x = tensor::ones([3, 4]).requires_grad();
         let y = x.exp();
         let loss = y[0].relu().sum() + y[[[1, 2]]].square().sum() + y[1][0].sigmoid() + y[0].shape.len();
         loss.backward();
         assert_near(x.grad[0], tensor::full([4], (1.0).exp()), 1e-5);
         let m = #{ a: x.exp(), list: [x.exp(), [x.exp()]] };
         (m.a[0].relu().sum() + m.list[0][1].sum() + m.list[1][0][2].exp().sum()).backward();
         assert(x.grad.isfinite().all().item());")
    .expect("reads");
}

#[test]
fn methods_on_parameters_keep_the_graph() {
    run("let net = nn::build(nn::chain([nn::linear(3), nn::relu(), nn::linear(2)]), [4], #{ seed: 1 });
         let x = tensor::randn([5, 4], #{ seed: 1 });
         let loss = net.forward(x).square().sum() + net[\"2.weight\"].square().sum() + net[\"0.weight\"][0].abs().sum();
         assert_eq(net[\"2.weight\"].shape.len(), 2);
         assert_eq(net[\"2.weight\"][0].shape.len(), 1);
         loss.backward();
         assert(net[\"2.weight\"].grad.abs().sum() > 0);
         assert_eq(net[\"2.weight\"].is_learned, true);")
    .expect("reads");
}

#[test]
fn methods_on_other_indexed_handles_do_not_write_back() {
    run(
        "let i = intervals::from(#{ chrom: [\"chr1\", \"chr2\"], start: [1, 5], end: [2, 9] });
         assert_eq(i[1].len(), i[0].len());
         assert_eq(i[1].chrom.to_upper(), \"CHR2\");
         let t = table::from(#{ a: [1, 2] });
         assert_eq(t[\"a\"].len(), 2);
         assert_eq(t[0].len(), 1);",
    )
    .expect("reads");
}

#[test]
fn assignments_and_methods_in_place_still_change_the_tensor() {
    run("let w = tensor::zeros([3, 2]);
         w[0] = 1.0;
         w[1] += 2;
         w[[2, 1]] = 5;
         assert_eq(w, [[1.0, 1.0], [2.0, 2.0], [0.0, 5.0]]);
         w[0].zero_();
         w[1].add_(1).mul_(2);
         assert_eq(w, [[0.0, 0.0], [6.0, 6.0], [0.0, 5.0]]);
         w[2][0] = 7;
         w[1][1] += 1;
         assert_eq(w, [[0.0, 0.0], [6.0, 7.0], [7.0, 5.0]]);
         // rows and masks pick copies: assignments and methods in place reach the tensor all the
         // same
         w[[[0, 2]]] = 9;
         assert_eq(w, [[9.0, 9.0], [6.0, 7.0], [9.0, 9.0]]);
         w[[[0, 2]]].zero_();
         w[[[1]]].add_(1);
         w[[[1]]][0] += 1;
         assert_eq(w, [[0.0, 0.0], [8.0, 9.0], [0.0, 0.0]]);
         w[w.gt(8)] = -1;
         w[w.eq(8)].mul_(2);
         assert_eq(w, [[0.0, 0.0], [16.0, -1.0], [0.0, 0.0]]);
         let v = w[1]; let u = tensor::zeros([3, 2]); u[0] = v; u[[[2, 1]]] = w[[[1, 1]]];
         assert_eq(u, [[16.0, -1.0], [16.0, -1.0], [16.0, -1.0]]);
         let m = #{ a: w, list: [w] };
         m.a[0] = 3; m.list[0][2][1] = 4; m.list[0][2].add_(1);
         assert_eq(w, [[3.0, 3.0], [16.0, -1.0], [1.0, 5.0]]);
         let net = nn::build(nn::linear(2), [2]);
         net[\"bias\"] = tensor::ones([2]);
         no_grad { net[\"bias\"].add_(1); net[\"bias\"][0] = 5.0; }
         assert_eq(net[\"bias\"], [5.0, 2.0]);
         no_grad { net[\"weight\"].fill_(0.5); net[\"weight\"][0][1] = 2; }
         assert_eq(net[\"weight\"], [[0.5, 2.0], [0.5, 0.5]]);")
    .expect("assigns");
}

#[test]
fn the_same_index_reads_and_assigns_in_a_loop() {
    run("let w = tensor::zeros([4]);
         for i in 0..4 { let before = w[i].item(); w[i] = before + i; w[i] += w[i].exp().log(); }
         assert_near(w, [0.0, 2.0, 4.0, 6.0], 1e-5);
         let rows = [[0, 1], [2, 3]];
         for r in rows { let v = w[[r]]; w[[r]] = v * 2; w[[r]] = w[[r]]; }
         assert_near(w, [0.0, 4.0, 8.0, 12.0], 1e-5);
         fn first(t) { t[[[0, 1]]] }
         for i in 0..5 { let v = first(tensor::full([4], i)); let u = tensor::zeros([4]); u[[[0, 1]]] = v; assert_eq(u, [i * 1.0, i * 1.0, 0.0, 0.0]); }")
    .expect("assigns");
}

#[test]
fn gradients_flow_through_assignments() {
    run("let x = tensor::ones([3]).requires_grad();
         let y = tensor::zeros([2, 3]);
         y[0] = x * 2;
         y[[[1]]] = (x * 3).unsqueeze(0);
         y.sum().backward();
         assert_eq(x.grad, [5.0, 5.0, 5.0]);")
    .expect("assigns");
}

/// Positions that an index picks, worked out one by one.
fn expected(shape: &[usize], picks: &[Vec<usize>]) -> Vec<usize> {
    let mut positions = vec![0];
    for (axis, size) in shape.iter().enumerate() {
        let rows = picks
            .get(axis)
            .cloned()
            .unwrap_or_else(|| (0..*size).collect());
        positions = positions
            .iter()
            .flat_map(|at| rows.iter().map(move |row| at * size + row))
            .collect();
    }
    positions
}

#[test]
fn random_indices_pick_and_set_what_they_name() {
    let mut rng = Rng::keyed(&[21]);
    for _ in 0..cases(60) {
        let shape: Vec<usize> = (0..1 + rng.below(3)).map(|_| 1 + rng.below(4)).collect();
        let (mut words, mut picks) = (Vec::new(), Vec::new());
        for size in &shape[..1 + rng.below(shape.len())] {
            let (word, rows): (String, Vec<usize>) = match rng.below(5) {
                0 => {
                    let at = rng.below(*size);
                    let shown = if rng.below(2) == 0 {
                        at as i64
                    } else {
                        at as i64 - *size as i64
                    };
                    (shown.to_string(), vec![at])
                }
                1 => {
                    let (a, b) = (rng.below(size + 1), rng.below(size + 1));
                    (
                        format!("{}..{}", a.min(b), a.max(b)),
                        (a.min(b)..a.max(b)).collect(),
                    )
                }
                2 => ("()".into(), (0..*size).collect()),
                3 => {
                    let mut rows: Vec<usize> = (0..*size).filter(|_| rng.below(2) == 0).collect();
                    rng.shuffle(&mut rows);
                    if rows.is_empty() {
                        ("()".into(), (0..*size).collect())
                    } else {
                        (format!("{rows:?}"), rows)
                    }
                }
                _ => {
                    let mask: Vec<bool> = (0..*size).map(|_| rng.below(2) == 0).collect();
                    (
                        format!("tensor::from({mask:?})"),
                        (0..*size).filter(|at| mask[*at]).collect(),
                    )
                }
            };
            words.push(word);
            picks.push(rows);
        }
        let index = format!("[{}]", words.join(", "));
        let total: usize = shape.iter().product();
        let positions = expected(&shape, &picks);
        let mut after: Vec<i64> = (0..total as i64).collect();
        positions.iter().for_each(|at| after[*at] = -1);
        let mut doubled: Vec<i64> = (0..total as i64).collect();
        positions.iter().for_each(|at| doubled[*at] *= 2);
        let text = format!(
            "let t = tensor::arange({total}).reshape({shape:?}); let picked = t[{index}];
             assert_eq(picked.reshape([-1]).to_array(), {positions:?});
             let set = t.copy(); set[{index}] = -1; assert_eq(set.reshape([-1]).to_array(), {after:?});
             let twice = t.copy(); twice[{index}] *= 2; assert_eq(twice.reshape([-1]).to_array(), {doubled:?});
             let own = t.copy(); own[{index}] = picked * 2; assert_eq(own, twice);
             let in_place = t.copy(); in_place[{index}].mul_(2); assert_eq(in_place, twice);
             assert_eq(t[{index}].shape.len(), picked.rank); assert_eq(t.reshape([-1]), tensor::arange({total}));"
        );
        run(&text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    }
}

#[test]
fn indices_that_do_not_fit_are_errors() {
    for (text, message) in [
        (
            "let t = tensor::zeros([3]); t[[[0, 3]]] = 1;",
            "index 3 is out of range: axis 0 of [3] holds 3",
        ),
        (
            "let t = tensor::zeros([3]); t[tensor::from([true, false])] = 1;",
            "a mask of [2] cannot pick from axes of [3]",
        ),
        (
            "let t = tensor::zeros([3]); t[tensor::from([[true, false]])];",
            "indices over 2 axes for a tensor of shape [3]",
        ),
        (
            "let t = tensor::zeros([3, 2]); t[tensor::from([[true], [false], [true]])];",
            "a mask of [3, 1] cannot pick from axes of [3, 2]",
        ),
        (
            "let t = tensor::zeros([3]); t[[0, 0]] = 1;",
            "indices over 2 axes for a tensor of shape [3]",
        ),
        (
            "let t = tensor::zeros([3, 3]); t[tensor::from([[0, 1], [1, 2]])];",
            "an index along one axis is one row of integers, got [2, 2]",
        ),
    ] {
        let fault = fault(text);
        assert!(fault.message.contains(message), "{text}: {fault}");
    }
}

//! What is along the sequence moves, turns and changes strand with it.

use crate::{cases, fault, run};

/// A genome with two signals that are functions of its bases, so that any change of a row can be
/// checked: on the plus strand A C G T are 1 2 3 4, on the minus strand the number of the
/// complement. `agrees` compares a batch with itself.
const WORLD: &str = r#"
fn agrees(b, length, offset, width, bins, least) {
    let x = b.x.sequence;
    let rows = x.shape[0];
    let plus = (x * tensor::from([1.0, 2.0, 3.0, 4.0]).reshape([1, 4, 1])).sum(1);
    let minus = (x * tensor::from([4.0, 3.0, 2.0, 1.0]).reshape([1, 4, 1])).sum(1);
    let p = b.x.p;
    let both = tensor::stack([plus, minus], 1);
    let known = p.gt(0.0).float() * both.gt(0.0).float();
    assert(((p - both) * known).abs().max().item() == 0.0);
    assert(known.sum().item() >= 2 * rows * length * least);
    // labels are sums of the bins of the same signals, minus before plus
    let window = p[[.., .., offset..offset + width]].reshape([rows, 2, bins, width / bins]).sum(3);
    let wanted = tensor::cat([window[[.., 1..2]], window[[.., 0..1]]], 1).reshape([rows, 2 * bins]);
    assert((b.y - wanted).abs().max().item() < 1e-4);
}
fn world(seed, n) {
    let bases = seq::random(1, n, #{ seed: seed })[0];
    let number = |letter| "ACGT".index_of(letter) + 1.0;
    let values = bases.to_chars().map(|c| number.call(c));
    let rows = (0..n).map(|i| i);
    let mk = |values| track::from_intervals(intervals::from(#{ chrom: rows.map(|i| "chr1"), start: rows, end: rows.map(|i| i + 1), v: values }), #{ field: "v" });
    #{ genome: genome::from(#{ chr1: bases }), plus: mk.call(values), minus: mk.call(values.map(|v| 5.0 - v)) }
}
"#;

#[test]
fn labels_tracks_and_bases_move_together() -> cistron::base::Result<()> {
    // profile labels stayed where they were while augmenters moved sequence and tracks
    let steps = [
        ("augment::reverse_complement(0.5)", 1.0),
        ("augment::shift(7)", 1.0),
        ("augment::deletion(6)", 0.7),
        ("augment::insertion(6)", 0.7),
        ("augment::inversion(9)", 1.0),
        ("augment::translocation(12)", 1.0),
        ("augment::mask(5)", 0.8),
        ("augment::crop(20)", 0.4),
    ];
    for case in 0..cases(40) {
        let pick = |n: usize, key: usize| (case * 2_654_435_761 + key * 40_503) / 7 % n;
        let one = steps[case % steps.len()];
        let drawn = steps[pick(steps.len(), 1)];
        // a deletion draws random bases for N that move in from outside, those of a crop too
        let two = if one.1 < 1.0 && drawn.0.contains("deletion") {
            steps[0]
        } else {
            drawn
        };
        let chain = format!(
            "augment::chain([{}, {}, augment::sometimes(augment::reverse_complement(0.5), 0.5)])",
            one.0, two.0
        );
        let (least, change) = match case % 3 {
            0 => (one.1, one.0.to_string()),
            _ => ((one.1 + two.1 - 1.0_f64).max(0.0), chain),
        };
        let bins = [1, 2, 4, 8, 24][pick(5, 2)].max(2);
        let (offset, width) = [(0, 48), (12, 24), (4, 24)][pick(3, 3)];
        let strand = case % 2 == 0;
        let script = format!(
            r#"{WORLD}
            let w = world({case}, 400);
            let start = [100, 150, 30, 200, 61];
            let strands = ["+", "-", "+", "-", "-"];
            let at = intervals::from(#{{ chrom: start.map(|s| "chr1"), start: start, end: start.map(|s| s + 48), strand: strands }});
            let first = |i| if {strand} && strands[i] == "-" {{ start[i] + 48 - {offset} - {width} }} else {{ start[i] + {offset} }};
            let begin = (0..5).map(|i| first.call(i));
            let inner = intervals::from(#{{ chrom: start.map(|s| "chr1"), start: begin, end: begin.map(|s| s + {width}), strand: strands }});
            let y = label::signal(inner, #{{ plus: w.plus, minus: w.minus }}, #{{ bins: {bins}, statistic: "sum", use_strand: {} }});
            let d = data::regions(w.genome, at, #{{ tracks: #{{ p: [w.plus, w.minus] }}, stranded: ["p"], labels: y, use_strand: {strand} }});
            for b in d.batches(5, #{{ order: "kept" }}) {{ agrees(b, 48, {offset}, {width}, {bins}, 1.0); }}
            let moved = {change};
            if {offset} == 4 {{ moved = augment::shift(5); }}     // a window that is not in the middle is turned with the sequence, below
            for e in 1..4 {{
                for b in d.batches(2, #{{ augment: moved, seed: {case}, epoch: e }}) {{ agrees(b, 48, {offset}, {width}, {bins}, {least}); }}
            }}"#,
            case % 4 < 2
        );
        run(&script).map_err(|fault| {
            fault.context(format!(
                "case {case}: {change}, {bins} bins, strand {strand}"
            ))
        })?;
    }
    Ok(())
}

#[test]
fn labels_are_read_from_the_strand_of_the_sequence() -> cistron::base::Result<()> {
    // labels of rows on the reverse strand were reversed although their sequence was not
    run(r#"
    let g = genome::from(#{ chr1: "AAAACCCCGGGGTTTTACGTACGTAACCGGTT" });
    let at = intervals::from(#{ chrom: ["chr1", "chr1"], start: [8, 8], end: [16, 16], strand: ["+", "-"] });
    let peak = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [8], end: [12] }));
    for turned in [false, true] {
        let y = label::signal(at, peak, #{ bins: 2, use_strand: turned });
        assert_eq(y.values, if turned { [[1, 0], [0, 1]] } else { [[1, 0], [1, 0]] });
        for strand in [false, true] {
            let d = data::regions(g, at, #{ labels: y, tracks: #{ s: peak }, use_strand: strand });
            assert_eq(d.sequences()[1], if strand { "AAAACCCC" } else { "GGGGTTTT" });
            assert_eq(d.label, if strand { [[1, 0], [0, 1]] } else { [[1, 0], [1, 0]] });
            assert_eq(d.input("s")[1].reshape([8])[0].item(), if strand { 0.0 } else { 1.0 });
        }
    }
    "#)
}

#[test]
fn pairs_of_strands_change_places() -> cistron::base::Result<()> {
    // the reverse complement reversed each label along the sequence and left plus and minus where
    // they were
    run(r#"
    let g = genome::from(#{ chr1: "AAAACCCCGGGGTTTTACGTACGTAACCGGTT" });
    let at = intervals::from(#{ chrom: ["chr1", "chr1"], start: [8, 8], end: [16, 16], strand: ["+", "-"] });
    let rows = (0..32).map(|i| i);
    let mk = |add| track::from_intervals(intervals::from(#{ chrom: rows.map(|i| "chr1"), start: rows, end: rows.map(|i| i + 1), v: rows.map(|i| add + i) }), #{ field: "v" });
    let tracks = #{ plus: mk.call(0.0), minus: mk.call(100.0) };
    let turned = [[13.5, 9.5, 113.5, 109.5]];
    let d = data::regions(g, at, #{ labels: label::signal(at, tracks, #{ bins: 2 }) });
    assert_eq(d.label[0], [109.5, 113.5, 9.5, 13.5]);
    for b in d.take(1).batches(1, #{ augment: augment::reverse_complement(1.0), seed: 1 }) { assert_eq(b.y, turned); }
    // the same for rows on the reverse strand that are read from there
    let r = data::regions(g, at, #{ labels: label::signal(at, tracks, #{ bins: 2 }), use_strand: true });
    assert_eq(r.label[1], turned[0]);
    for b in r.batches(2, #{ order: "kept", augment: augment::reverse_complement(1.0) }) { assert_eq(b.y[1], [109.5, 113.5, 9.5, 13.5]); }
    // one number for each strand
    let one = data::regions(g, at, #{ labels: label::signal(at, tracks) });
    for b in one.batches(2, #{ order: "kept", augment: augment::reverse_complement(1.0) }) { assert_eq(b.y[0], [11.5, 111.5]); }
    // names that are no strands stay, unless a script pairs them; pairs that are given replace
    // those of names
    let kept = data::regions(g, at, #{ labels: label::signal(at, tracks, #{ bins: 2, pairs: [] }) });
    for b in kept.batches(2, #{ order: "kept", augment: augment::reverse_complement(1.0) }) { assert_eq(b.y[0], [113.5, 109.5, 13.5, 9.5]); }
    let set = data::from(#{ sequence: ["ACGT"], label: #{ left: [1], right: [2], other: [3] } }, #{ label_pairs: [["left", "right"]] });
    for b in set.batches(1, #{ augment: augment::reverse_complement(1.0) }) { assert_eq(b.y, [[2, 3, 1]]); }
    "#)
}

#[test]
fn a_window_beside_the_middle_is_turned_with_its_sequence() -> cistron::base::Result<()> {
    run(r#"
    let g = genome::from(#{ chr1: "AAAACCCCGGGGTTTTACGTACGTAACCGGTT" });
    let at = |s, e| intervals::from(#{ chrom: ["chr1"], start: [s], end: [e] });
    let rows = (0..32).map(|i| i);
    let number = track::from_intervals(intervals::from(#{ chrom: rows.map(|i| "chr1"), start: rows, end: rows.map(|i| i + 1), v: rows.map(|i| i + 0.0) }), #{ field: "v" });
    let d = data::regions(g, at.call(8, 18), #{ labels: label::signal(at.call(9, 13), number, #{ bins: 4 }) });
    // a shift by 0 reads labels again from the tracks, without one they are turned as they are
    for change in [augment::reverse_complement(1.0), augment::chain([augment::reverse_complement(1.0), augment::shift(0)])] {
        for b in d.batches(1, #{ augment: change }) { assert_eq(b.y, [[12, 11, 10, 9]]); }
    }
    let moved = augment::chain([augment::reverse_complement(1.0), augment::shift(2)]);
    for e in 1..9 {
        for b in d.batches(1, #{ augment: moved, epoch: e, seed: 1 }) {
            // the first base of the sequence is 17 turned, less the shift; labels keep their
            // distance of 5 from it
            let text = seq::decode(b.x.argmax(1))[0];
            let first = [15, 16, 17, 18, 19].filter(|i| seq::reverse_complement(g.fetch("chr1", i - 9, i + 1)) == text)[0];
            assert_eq(b.y, [[first - 5, first - 6, first - 7, first - 8]]);
        }
    }
    "#)
}

#[test]
fn labels_that_cannot_follow_refuse_what_moves_bases() {
    let set = r#"let set = data::from(#{ sequence: ["ACGTACGT", "GGGGTTTT"], label: [[1, 2, 3, 4], [5, 6, 7, 8]] }, #{ bins: 4 });"#;
    for step in [
        "shift(2)",
        "insertion(2)",
        "deletion(2)",
        "inversion(2)",
        "translocation(2)",
    ] {
        for change in [
            format!("augment::{step}"),
            format!(
                "augment::chain([augment::mutate(0.1), augment::sometimes(augment::{step}, 0.1)])"
            ),
        ] {
            let fault = fault(&format!(
                "{set} for b in set.batches(1, #{{ augment: {change} }}) {{ b.len(); }}"
            ));
            assert!(
                fault.message.contains("could not follow"),
                "{step}: {}",
                fault.message
            );
        }
    }
    run(&format!("{set} for b in set.batches(2, #{{ order: \"kept\", augment: augment::reverse_complement(1.0) }}) {{ assert_eq(b.y[0], [4, 3, 2, 1]); }}"))
        .expect("reverse complements can be followed");
    // labels that a script has changed are no longer those of their signals
    let changed = r#"
        let g = genome::from(#{ chr1: "AAAACCCCGGGGTTTTACGTACGTAACCGGTT" });
        let at = intervals::from(#{ chrom: ["chr1"], start: [8], end: [16] });
        let y = label::signal(at, track::from_intervals(at), #{ bins: 2 });
        y.values = y.values * 3.0;
        for b in data::regions(g, at, #{ labels: y }).batches(1, #{ augment: augment::shift(2) }) { b.len(); }"#;
    assert!(fault(changed).message.contains("could not follow"));
}

#[test]
fn datasets_keep_how_labels_and_inputs_turn() -> cistron::base::Result<()> {
    // saving, loading, joining and splitting lost which labels and inputs turn with the sequence
    let own = fault(
        r#"data::from(#{ sequence: ["ACGT"], label: [[1, 2]] }, #{ bins: 2, label_pairs: [["label", "label"]] })"#,
    );
    assert!(own.message.contains("one partner"), "{}", own.message);
    run(r#"
    let make = |n| data::from(
        #{ sequence: seq::random(n, 6, #{ seed: n }), p: tensor::arange(0, n * 12).reshape([n, 2, 6]), features: tensor::arange(0, n * 6).reshape([n, 6]),
           label: #{ a: tensor::arange(0, n * 2).reshape([n, 2]), b: tensor::arange(0, n * 2).reshape([n, 2]) + 100 } },
        #{ bins: 2, label_pairs: [["a", "b"]], stranded: ["p"], along: [] });
    let turn = |set| { let out = (); for b in set.batches(set.len(), #{ order: "kept", augment: augment::reverse_complement(1.0) }) { out = b; } out };
    let set = make.call(4);
    let b = turn.call(set);
    assert_eq(b.y[0], [101, 100, 1, 0]);
    assert_eq(b.x.p[0], [[11, 10, 9, 8, 7, 6], [5, 4, 3, 2, 1, 0]]);
    assert_eq(b.x.features[0], [0, 1, 2, 3, 4, 5]);
    set.save("/tmp/cistron_strands.safetensors");
    let same = |other| { let c = turn.call(other); assert_eq(c.y[0], b.y[0]); assert_eq(c.x.p[0], b.x.p[0]); assert_eq(c.x.features[0], b.x.features[0]); };
    same.call(data::load("/tmp/cistron_strands.safetensors"));
    same.call(set.concat(make.call(3)));
    same.call(set.take(2));
    same.call(set.filter(|row| true));
    same.call(set.with_shuffles(#{ seed: 1 }));
    same.call(set.with_negatives(make.call(3), #{ seed: 1 }));
    "#)?;
    let other = fault(
        r#"let x = ["ACGT", "AAAA"]; data::from(#{ sequence: x, label: [[1, 2], [3, 4]] }, #{ bins: 2 }).concat(data::from(#{ sequence: x, label: [[1, 2], [3, 4]] }));"#,
    );
    assert!(
        other.message.contains("cannot be joined"),
        "{}",
        other.message
    );
    Ok(())
}

#[test]
fn what_an_input_is_can_be_stated() -> cistron::base::Result<()> {
    run(r#"
    let x = ["ACGT", "AAAA"];
    let values = [[1, 2, 3, 4], [5, 6, 7, 8]];
    let turned = |options| { let out = (); for b in data::from(#{ sequence: x, v: values, label: [1, 0] }, options).batches(2, #{ order: "kept", augment: augment::reverse_complement(1.0) }) { out = b.x.v; } out };
    assert_eq(turned.call(#{})[0], [4, 3, 2, 1]);
    assert_eq(turned.call(#{ along: ["v"] })[0], [4, 3, 2, 1]);
    assert_eq(turned.call(#{ along: [] })[0], [1, 2, 3, 4]);
    // features of a genome's regions that happen to have its length stay
    let g = genome::from(#{ chr1: "ACGTACGTAA" });
    let set = data::regions(g, g.windows(4), #{ features: #{ v: values } });
    for b in set.batches(2, #{ order: "kept", augment: augment::chain([augment::shift(1), augment::reverse_complement(1.0)]) }) { assert_eq(b.x.v, values); }
    "#)?;
    assert!(
        fault(
            r#"data::from(#{ sequence: ["ACGT"], v: [[1, 2, 3]], label: [1] }, #{ along: ["v"] })"#
        )
        .message
        .contains("not along the sequence")
    );
    assert!(
        fault(
            r#"data::from(#{ sequence: ["ACGT"], v: [[1, 2, 3]], label: [1] }, #{ along: ["w"] })"#
        )
        .message
        .contains("no input of numbers")
    );
    Ok(())
}

#[test]
fn both_strands_gives_the_same_for_either_strand() -> cistron::base::Result<()> {
    // position i of the forward strand was merged with position i of the reverse strand, its mirror
    // image
    run(r#"
    let net = nn::build(nn::both_strands(nn::conv1d(1, 1, #{ bias: false }), #{ merge: "mean" }), [4, 6], #{ seed: 1 });
    net["weight"] = tensor::from([[[1.0], [0.0], [0.0], [1.0]]]);
    assert_eq(net.forward(seq::one_hot(["ACCCCC"])), [[[1, 0, 0, 0, 0, 0]]]);
    "#)?;
    let bodies = [
        "nn::conv1d(4, 3)",
        "nn::chain([nn::conv1d(6, 5, #{ padding: \"same\" }), nn::relu(), nn::max_pool(2)])",
        "nn::chain([nn::conv1d(4, 4), nn::global_max_pool(), nn::linear(4)])",
        "nn::lstm(4)",
        "nn::chain([nn::flatten(), nn::linear(2)])",
    ];
    for case in 0..cases(30) {
        let (body, merge, outputs) = (
            bodies[case % 5],
            ["mean", "max", "add"][case / 5 % 3],
            ["aligned", "stranded"][case / 15 % 2],
        );
        let script = format!(
            r#"
            let net = nn::build(nn::both_strands({body}, #{{ merge: "{merge}", outputs: "{outputs}" }}), [4, 20], #{{ seed: {case} }});
            let x = seq::one_hot(seq::random(3, 20, #{{ seed: {case} }}));
            let (one, other) = (net.forward(x), net.forward(x.flip([1, 2])));
            "#
        );
        let script = script.replace(
            "let (one, other) = (net.forward(x), net.forward(x.flip([1, 2])));",
            "let one = net.forward(x); let other = net.forward(x.flip([1, 2]));",
        ) + &format!(
            r#"
            if one.shape.len() == 3 {{ other = other.flip([2]); }}
            if "{outputs}" == "stranded" {{ let n = one.shape[1]; other = tensor::stack((0..n).map(|i| other.select(1, if i % 2 == 0 {{ i + 1 }} else {{ i - 1 }})), 1); }}
            assert((one - other).abs().max().item() < 1e-5);"#
        );
        run(&script).map_err(|fault| fault.context(format!("{body} {merge} {outputs}")))?;
    }
    // tracks of the two strands are exchanged, four tracks are no bases
    run(r#"
    let body = nn::branches([["sequence", nn::conv1d(3, 3)], ["reads", nn::conv1d(3, 3)], ["features", nn::linear(18)]].filter(|b| b[0] != "features"));
    let net = nn::build(nn::both_strands(body, #{ inputs: #{ reads: "stranded" } }), #{ sequence: [4, 20], reads: [4, 20] }, #{ seed: 1 });
    let x = seq::one_hot(seq::random(2, 20, #{ seed: 1 }));
    let reads = tensor::rand([2, 4, 20], #{ seed: 2 });
    let other = tensor::stack([1, 0, 3, 2].map(|i| reads.select(1, i)), 1).flip([2]);
    let one = net.forward(#{ sequence: x, reads: reads });
    let two = net.forward(#{ sequence: x.flip([1, 2]), reads: other });
    assert((one - two.flip([2])).abs().max().item() < 1e-5);
    "#)
}

#[test]
fn predictions_of_both_strands_need_an_input_that_has_them() {
    let script = r#"
let net = nn::build(nn::chain([nn::conv1d(2, 3), nn::global_max_pool(), nn::linear(1)]), [4, 6], #{ seed: 1 });
let letters = ["ACGTTG", "TTTACA"];
let sequences = data::from(#{ sequence: letters, label: [0.0, 1.0] });
let averaged = net.predict(sequences, #{ both_strands: true });
assert(averaged != net.predict(sequences));
let numbers = data::from(#{ x: seq::one_hot(letters), label: [0.0, 1.0] });
let message = "";
try { net.predict(numbers, #{ both_strands: true }); } catch (e) { message = e.message; }
assert(message.contains("no input of the dataset changes on the reverse strand"), message);
"#;
    run(script).unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn both_strands_asks_what_four_channels_are() {
    let wrong = [
        (
            "nn::build(nn::chain([nn::conv1d(4, 3), nn::both_strands(nn::conv1d(2, 3))]), [4, 20])",
            "bases or filters",
        ),
        (
            "nn::build(nn::both_strands(nn::branches(#{ sequence: nn::conv1d(2, 3), marks: nn::conv1d(2, 3) })), #{ sequence: [4, 20], marks: [4, 20] })",
            "bases or tracks",
        ),
        (
            "nn::build(nn::both_strands(nn::conv1d(2, 3), #{ input: \"sequence\" }), [5, 20])",
            "[4, length] is needed",
        ),
        (
            "nn::build(nn::both_strands(nn::conv1d(3, 3), #{ outputs: \"stranded\" }), [4, 20])",
            "no pairs of channels",
        ),
        (
            "nn::both_strands(nn::conv1d(3, 3), #{ inputs: #{ a: \"dna\" } })",
            "must be one of",
        ),
        (
            "nn::build(nn::both_strands(nn::flatten()), [1, 4, 20])",
            "does not say",
        ),
    ];
    for (script, words) in wrong {
        let fault = fault(script);
        assert!(fault.message.contains(words), "{script}: {}", fault.message);
    }
    for script in [
        "nn::build(nn::chain([nn::conv1d(4, 3), nn::both_strands(nn::conv1d(2, 3), #{ input: \"track\" })]), [4, 20])",
        "nn::build(nn::both_strands(nn::branches(#{ dna: nn::conv1d(2, 3), marks: nn::conv1d(2, 3) })), #{ dna: [4, 20], marks: [8, 20] })",
        "nn::build(nn::parallel([nn::both_strands(nn::conv1d(2, 3)), nn::both_strands(nn::conv1d(2, 3))]), [4, 20])",
    ] {
        run(script).expect("there is no doubt");
    }
}

#[test]
fn predictions_of_both_strands_are_aligned() -> cistron::base::Result<()> {
    // predictions along the sequence were averaged with their mirror images, and tracks were turned
    // by their number of channels
    for case in 0..cases(6) {
        run(&format!(
            r#"{WORLD}
            let w = world({case}, 400);
            let at = intervals::from(#{{ chrom: ["chr1", "chr1", "chr1"], start: [100, 200, 300], end: [124, 224, 324] }});
            let y = label::signal(at, #{{ plus: w.plus, minus: w.minus }}, #{{ bins: 4 }});
            let set = data::regions(w.genome, at, #{{ tracks: #{{ p: [w.plus, w.minus, w.minus, w.plus] }}, stranded: ["p"], labels: y, features: #{{ f: [[1, 2], [3, 4], [5, 6]] }} }});
            let body = nn::branches([["sequence", nn::chain([nn::conv1d(3, 5), nn::flatten()])], ["p", nn::chain([nn::conv1d(3, 5), nn::flatten()])], ["f", nn::linear(2)]]);
            let net = nn::build(nn::chain([body, nn::linear(8)]), #{{ sequence: [4, 24], p: [4, 24], f: [2] }}, #{{ seed: {case} }});
            let turned = (); for b in set.batches(3, #{{ order: "kept", augment: augment::reverse_complement(1.0) }}) {{ turned = b; }}
            let places = [7, 6, 5, 4, 3, 2, 1, 0];
            let back = |y| tensor::stack(places.map(|i| y.select(1, i)), 1);
            let wanted = no_grad {{ (net.predict(set) + back.call(net.forward(turned.x))) / 2.0 }};
            assert((net.predict(set, #{{ both_strands: true }}) - wanted).abs().max().item() < 1e-5);
            let mse = (wanted - set.label).square().mean().item();
            let found = train::evaluate(net, set, [], #{{ both_strands: true, loss: loss::mse(), link: "identity" }});
            assert_near(found.loss, mse, 1e-3 * mse);
            "#
        ))?;
    }
    Ok(())
}

#[test]
fn attributions_of_both_strands_are_aligned() -> cistron::base::Result<()> {
    // the reverse strand was asked for the same position of the output, its mirror image; tracks
    // were not turned
    for method in [
        "saliency",
        "input_x_gradient",
        "integrated_gradients",
        "deep_lift",
        "mutagenesis",
    ] {
        let options =
            if method.starts_with("in") && method != "input_x_gradient" || method == "deep_lift" {
                ", baselines: \"uniform\""
            } else {
                ""
            };
        run(&format!(
            r#"
            let net = nn::build(nn::chain([nn::conv1d(6, 5), nn::relu(), nn::conv1d(2, 3)]), [4, 20], #{{ seed: 3 }});
            let x = seq::one_hot(seq::random(2, 20, #{{ seed: 1 }}));
            let last = net.output_shape[1] - 1;
            for position in [0, 2, last] {{
                let both = explain::{method}(net, x, #{{ label: 1, position: position, both_strands: true{options} }});
                let one = explain::{method}(net, x, #{{ label: 1, position: position{options} }});
                let other = explain::{method}(net, x.flip([1, 2]), #{{ label: 1, position: last - position{options} }}).flip([1, 2]);
                assert((both - (one + other) / 2.0).abs().max().item() < 1e-5);
            }}"#
        ))
        .map_err(|fault| fault.context(method))?;
    }
    run(r#"
    let body = nn::branches([["sequence", nn::conv1d(3, 3)], ["reads", nn::conv1d(3, 3)]]);
    let net = nn::build(nn::chain([body, nn::flatten(), nn::linear(1)]), #{ sequence: [4, 12], reads: [4, 12] }, #{ seed: 1 });
    let x = #{ sequence: seq::one_hot(seq::random(2, 12, #{ seed: 1 })), reads: tensor::rand([2, 4, 12], #{ seed: 2 }) };
    let swap = |t| tensor::stack([1, 0, 3, 2].map(|i| t.select(1, i)), 1).flip([2]);
    let both = explain::saliency(net, x, #{ both_strands: true, inputs: #{ reads: "stranded" } });
    let one = explain::saliency(net, x);
    let other = explain::saliency(net, #{ sequence: x.sequence.flip([1, 2]), reads: swap.call(x.reads) });
    assert((both.reads - (one.reads + swap.call(other.reads)) / 2.0).abs().max().item() < 1e-6);
    assert((both.sequence - (one.sequence + other.sequence.flip([1, 2])) / 2.0).abs().max().item() < 1e-6);
    try { explain::saliency(net, x, #{ both_strands: true }); assert(false); } catch (e) { assert(e.message.contains("bases or tracks")); }
    "#)
}

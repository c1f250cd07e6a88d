//! Weights of other programs: a network of Keras has Keras' outputs, replicas those of the authors'
//! networks.

use crate::{cistron, data_folder, root, run, said};
use std::path::Path;

fn index() -> serde_json::Value {
    let text = std::fs::read_to_string(root().join("tests/oracles/weights/weights.json"));
    serde_json::from_str(&text.expect("the index")).expect("JSON")
}

fn unpacked() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = std::fs::File::open(root().join("tests/oracles/weights/keras.zip"));
    let mut archive = zip::ZipArchive::new(archive.expect("the files")).expect("an archive");
    archive.extract(folder.path()).expect("unpacked");
    folder
}

/// The network of `tests/oracles/weights.py`, and a comparison of its outputs.
fn script(path: &Path, expected: &serde_json::Value, only_beta: &str) -> String {
    format!(
        r#"
let net = nn::build(nn::chain([
    ["stem", nn::conv1d(5, 3, #{{ padding: "same" }})], ["norm", nn::batch_norm(#{{ eps: 1e-3 }})], nn::relu(),
    ["separable", nn::separable_conv1d(4, 3, #{{ padding: "same" }})],
    ["depth", nn::conv1d(4, 3, #{{ padding: "same", groups: 0 }})], ["shift", nn::batch_norm(#{{ eps: 1e-3 }})],
    ["rnn", nn::lstm(3, #{{ bidirectional: true }})], ["gru", nn::gru(4)], ["last", nn::layer_norm(#{{ eps: 1e-3 }})],
    nn::global_avg_pool(), ["out", nn::linear(2)],
]), [4, 12], #{{ seed: 1 }});
let report = net.load("{path}", #{{ layout: "keras", strict: false, map: #{{ "{only_beta}": "shift.bias" }} }});
assert_eq(report.missing, ["shift.weight"]);     // `scale=False`
assert_eq(report.left_over, []);
let x = tensor::from({x}).reshape([2, 12, 4]).transpose(1, 2);
assert_near(net.eval().forward(x), tensor::from({y}).reshape([2, 2]), 1e-5);
"#,
        path = path.display(),
        x = expected["x"][1],
        y = expected["y"][1],
    )
}

#[test]
fn networks_of_keras_have_its_outputs() {
    let folder = unpacked();
    let index = index();
    for version in ["keras2", "keras3"] {
        let expected = &index[version];
        for file in expected["files"].as_array().expect("names") {
            let file = file.as_str().expect("a name");
            // a file of weights alone does not state which of `gamma` and `beta` it has
            let only_beta = match file.ends_with(".weights.h5") {
                true => "shift.vars.0",
                false => "shift.bias",
            };
            run(&script(&folder.path().join(file), expected, only_beta)).expect(file);
        }
    }
}

#[test]
fn what_does_not_fit_is_listed() {
    let path = root().join("tests/oracles/weights/state.pt");
    let fault = run(&format!(
        "let layers = [[\"0\", nn::conv1d(3, 2)], [\"1\", nn::batch_norm()], nn::global_avg_pool(), [\"2\", nn::linear(2)]];
         nn::build(nn::chain(layers), [2, 4]).load(\"{}\");",
        path.display()
    ))
    .expect_err("another shape");
    let message = &fault.message;
    assert!(
        message.contains("2 of another shape: `2.weight` is [1, 3] there and"),
        "{message}"
    );
    let fault = run(&format!(
        "nn::build(nn::linear(1), [3]).load(\"{}\", #{{ only: \"2\" }});",
        path.display()
    ))
    .expect_err("another name");
    let message = &fault.message;
    assert!(
        message.contains("2 missing: `weight`, `bias`; 2 left over: `2.weight`"),
        "{message}"
    );
    run(&format!(
        "let net = nn::build(nn::linear(1), [3]);
         let report = net.load(\"{0}\", #{{ only: \"2\", strip: [\"module.\", \"0.\"], map: #{{ \"2\": \"\" }} }});
         assert_eq(report.matched, #{{ \"2.weight\": \"weight\", \"2.bias\": \"bias\" }});
         assert_eq(report.skipped.len(), 7);
         let again = net.load(weights::open(\"{0}\"), #{{ map: |name| if name.starts_with(\"2.\") {{ name.sub_string(2) }} else {{ () }} }});
         assert_eq(again.skipped.len(), 7);
         assert(again.to_string().starts_with(\"loaded 2 tensors of state.pt, 7 skipped\"));",
        path.display()
    ))
    .expect("a linear layer");
}

#[test]
fn checkpoints_have_their_metadata() {
    let path = root().join("tests/oracles/weights/lightning.ckpt");
    run(&format!(
        r#"
let file = weights::open("{}");
assert_eq(file.format, "PyTorch archive");
assert_eq(file.metadata["hyper_parameters.width"], 24);
assert_eq(file.metadata["hyper_parameters.name"], "small");
assert_eq(file.value_count, 10);
let net = nn::build(nn::chain([nn::linear(2)]), [3]);
let report = net.load(file, #{{ strip: "state_dict.net.", only: "0" }});
assert_eq(report.skipped, ["optimizer_states.0.state.0.exp_avg"]);
assert_eq(net["0.weight"], file["state_dict.net.0.weight"]);
"#,
        path.display()
    ))
    .expect("a checkpoint");
}

#[test]
fn replicas_have_the_outputs_of_the_authors_networks() {
    let Some(data) = data_folder() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let script = root().join("scripts/papers/oracles.rhai");
    let cases = [
        ("wrn1d", 4, 0),
        ("maresnet", 2, 0),
        ("hample", 6, 0),
        ("deepgrn", 5, 0),
        ("tf_cnn", 4, 0),
        ("enqa", 5, 0),
        ("attcontact", 2, 0),
        ("pieces", 8, 0),
    ];
    for (system, passed, missing) in cases {
        let set = format!("folder={}", data.join("oracles").display());
        let output = cistron(
            folder.path(),
            &[
                "run",
                "--no-run-dir",
                "--device",
                "cpu",
                "--set",
                &set,
                "--set",
                &format!("system={system}"),
                &script.display().to_string(),
            ],
        );
        let (out, err, code) = said(&output);
        assert_eq!(code, 0, "{out}\n{err}");
        let summary = format!("{passed} passed, 0 failed, {missing} missing");
        assert!(out.contains(&summary), "{out}");
    }
}

/// The network of the MoDISco authors' example, of Keras 2.1: its predictions by tf_keras 2.21.
#[test]
fn a_published_network_of_keras_predicts() {
    let Some(data) = data_folder() else { return };
    let folder = data.join("modisco/talgata_simdata_keras2");
    run(&format!(
        r#"
let net = nn::build(nn::chain([
    ["conv1d_1", nn::conv1d(50, 11)], nn::relu(), ["conv1d_2", nn::conv1d(50, 11)], nn::relu(), nn::avg_pool(180), nn::flatten(),
    ["dense_1", nn::linear(50)], nn::relu(), nn::dropout(0.5), ["dense_2", nn::linear(3)], nn::sigmoid(),
]), [4, 200]);
let report = net.load("{0}/keras2_conv1d_record_5_model_PQzyq_modelWeights.h5", #{{ layout: "keras" }});
assert_eq(report.matched.len(), 8);
assert_eq(report.is_complete, true);
let set = data::table("{0}/sequences.simdata.gz", #{{ sequence: "sequence", label: ["task1", "task2", "task3"] }});
let y = net.predict(set);
assert_near(y.slice(0, 0, 4), [
    [6.257901259232312e-05, 0.02252783067524433, 0.002629264025017619],
    [0.0012907915515825152, 0.9862411022186279, 0.0019067146349698305],
    [0.9088565707206726, 0.9954677224159241, 0.9866111874580383],
    [5.54816288058646e-05, 0.023163560777902603, 0.0023362983483821154],
], 1e-5);
"#,
        folder.display()
    ))
    .expect("predictions");
}

#[test]
fn every_file_of_the_authors_weights_is_listed() {
    let Some(data) = data_folder() else { return };
    let files = crate::files_below(&data.join("oracles"), "safetensors");
    let files = files
        .iter()
        .filter(|path| path.to_string_lossy().ends_with(".weights.safetensors"));
    let mut count = 0;
    for path in files {
        let file = cistron::torch::weights::open(path).expect("weights");
        assert!(!file.entries.is_empty(), "{}", path.display());
        // what a conversion of layouts adds does not count
        if path.ends_with("tf_cnn/published.weights.safetensors") {
            let entries = cistron::torch::weights::layout::from_keras(&file.entries);
            let entries = entries.expect("converted");
            let converted = cistron::torch::weights::Weights { entries, ..file };
            assert_eq!((converted.count(), converted.entries.len()), (7571, 16));
        }
        count += 1;
    }
    assert!(count > 20, "{count} files");
}

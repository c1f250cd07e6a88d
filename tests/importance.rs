//! `explain::importance` against scikit-learn's permutation importance, which
//! `tests/oracles/importance.py` wrote.

use crate::{cistron, root, said};
use serde_json::Value;

#[test]
fn permutation_importance_is_that_of_scikit_learn() {
    let path = root().join("tests/oracles/importance.json");
    let oracle = std::fs::read_to_string(path).expect("the reference");
    let oracle: Value = serde_json::from_str(&oracle).expect("JSON");
    let script = format!(
        "let x = tensor::from({});\nlet label = {};\nlet weights = tensor::from([{}]);\n\
         let set = data::from(#{{ x: x, label: label }});\n\
         let net = nn::build(nn::linear(1, #{{ bias: false }}), [4], #{{ seed: 1 }});\n\
         net[\"weight\"] = weights;\n\
         let all = #{{ roc_auc: metric::auroc() }};\n\
         all.average_precision = metric::average_precision();\n\
         for name in all.keys() {{\n\
             let found = explain::importance(net, set, #{{\n\
                 metric: all[name], ways: [\"shuffle\"], repeats: 400, resamples: 10, seed: 3,\n\
                 channels: #{{ x: [\"a\", \"b\", \"c\", \"d\"] }},\n\
             }});\n\
             report(name, #{{ mean: found.table[\"importance\"], sd: found.table[\"sd\"] }});\n\
         }}\n",
        oracle["x"], oracle["y"], oracle["weights"]
    );
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("importance.rhai"), script).expect("written");
    let arguments = ["run", "--no-run-dir", "--json", "importance.rhai"];
    let (out, err, code) = said(&cistron(place.path(), &arguments));
    assert_eq!(code, 0, "{out} {err}");
    let found: Value = serde_json::from_str(&out).expect("JSON");
    let number = |value: &Value| value.as_f64().expect("a number");
    for name in ["roc_auc", "average_precision"] {
        for column in 0..4 {
            let expected = &oracle["found"][name];
            let (mean, sd) = (
                number(&expected["mean"][column]),
                number(&expected["sd"][column]),
            );
            // the first row is the whole input
            let own = number(&found[name]["mean"][column + 1]);
            let own_sd = number(&found[name]["sd"][column + 1]);
            // both are means of 400 shuffles
            let error = sd * (2.0f64 / 400.0).sqrt();
            assert!(
                (own - mean).abs() < 4.0 * error + 1e-5,
                "{name} {column}: {own} {mean}"
            );
            assert!(
                (own_sd - sd).abs() < 0.2 * sd + 1e-6,
                "{name} {column}: {own_sd} {sd}"
            );
        }
    }
}

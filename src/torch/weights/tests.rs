//! Files that PyTorch and Keras wrote (`tests/oracles/weights.py`), and files that lie.

use super::*;
use std::io::Write;
use std::path::PathBuf;

fn oracles() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/weights")
}

fn index() -> serde_json::Value {
    let text = std::fs::read_to_string(oracles().join("weights.json")).expect("the index");
    serde_json::from_str(&text).expect("JSON")
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    let items = value.as_array().expect("an array").iter();
    items.map(|n| n.as_f64().expect("a number")).collect()
}

/// Compares names, types, shapes and values, all of them exactly.
fn assert_contains(weights: &Weights, expected: &serde_json::Value, what: &str) {
    let expected = expected["tensors"].as_object().expect("a map");
    let names: Vec<&str> = weights
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(names, expected.keys().collect::<Vec<_>>(), "{what}");
    for (entry, (name, tensor)) in weights.entries.iter().zip(expected) {
        assert_eq!(
            entry.stored,
            tensor["type"].as_str().expect("a type"),
            "{what} {name}"
        );
        let shape: Vec<i64> = numbers(&tensor["shape"])
            .iter()
            .map(|n| *n as i64)
            .collect();
        assert_eq!(entry.tensor.shape(), shape, "{what} {name}");
        let values = entry.values().expect("values").to_f64().expect("numbers");
        assert_eq!(values, numbers(&tensor["values"]), "{what} {name}");
    }
}

#[test]
fn files_of_pytorch_are_read_as_they_were_written() {
    for (name, expected) in index().as_object().expect("a map") {
        if name.starts_with("keras") {
            continue;
        }
        let weights = open(&oracles().join(name)).expect(name);
        assert_contains(&weights, expected, name);
        let metadata = expected["metadata"].as_object().expect("a map");
        let notes: Vec<(String, Note)> = metadata
            .iter()
            .map(|(name, value)| {
                let note = match value {
                    serde_json::Value::Bool(value) => Note::Bool(*value),
                    serde_json::Value::String(text) => Note::Text(text.clone()),
                    value => value
                        .as_i64()
                        .map_or_else(|| Note::Float(value.as_f64().expect("a number")), Note::Int),
                };
                (name.clone(), note)
            })
            .collect();
        assert_eq!(weights.metadata, notes, "{name}");
    }
}

#[test]
fn files_of_keras_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = std::fs::File::open(oracles().join("keras.zip")).expect("the files");
    let mut archive = zip::ZipArchive::new(archive).expect("an archive");
    archive.extract(folder.path()).expect("unpacked");
    for version in ["keras2", "keras3"] {
        let expected = &index()[version];
        for file in expected["files"].as_array().expect("names") {
            let file = file.as_str().expect("a name");
            let mut weights = open(&folder.path().join(file)).expect(file);
            if file.ends_with(".weights.h5") {
                // such a file has neither the order of the layers nor what they are
                let names = expected["tensors"].as_object().expect("a map").keys();
                let place = |name: &str| names.clone().position(|known| known == name);
                for entry in &mut weights.entries {
                    entry.name = entry.name.replace("shift.vars.0", "shift.beta");
                }
                weights.entries.sort_by_key(|entry| place(&entry.name));
            }
            assert_contains(&weights, expected, file);
        }
    }
}

#[test]
fn classes_and_types_are_refused_by_name() {
    for (file, what) in [
        ("module.pt", "`torch.nn.modules.linear.Linear`"),
        ("module_legacy.pt", "`torch.nn.modules.linear.Linear`"),
        ("complex.pt", "`torch.ComplexFloatStorage`"),
    ] {
        let fault = open(&oracles().join(file)).expect_err(file);
        assert!(fault.message.contains(what), "{file}: {}", fault.message);
    }
}

#[test]
fn code_in_a_pickle_is_refused_not_run() {
    // os.system("touch /tmp/…"), as `pickle` would run it
    let mut machine = pickle::Machine::new(b"\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R.");
    let fault = machine.run().expect_err("refused");
    assert!(fault.message.contains("`os.system`"), "{}", fault.message);
    for (code, what) in [
        (&b"\x80\x02\x81."[..], "an object of a class"),
        (b"\x80\x02(i__main__\nx\n.", "an object of a class"),
        (b"\x80\x04\x8f.", "a set"),
        (b"\x80\x03C\x01a.", "bytes"),
        (b"\x80\x02\x82\x01.", "an extension"),
    ] {
        let fault = pickle::Machine::new(code).run().expect_err(what);
        assert!(fault.message.contains(what), "{}", fault.message);
    }
}

/// A file of PyTorch's form around a pickle, with one storage of four floats.
fn archive_of(pickle: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::FileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("x/data.pkl", pickle), ("x/data/0", &[0; 16])] {
        archive.start_file(name, options).expect("an entry");
        archive.write_all(bytes).expect("written");
    }
    archive.finish().expect("an archive").into_inner()
}

/// The pickle of `{"w": tensor}` with the tensor's storage, offset, shape and strides as code.
fn tensor_pickle(count: &[u8], offset: &[u8], shape: &[u8], strides: &[u8]) -> Vec<u8> {
    [
        b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n\
          ((X\x07\0\0\0storagectorch\nFloatStorage\n\
          X\x01\0\0\x000X\x03\0\0\0cpu",
        count,
        b"tQ",
        offset,
        shape,
        strides,
        b"\x89}tRs.",
    ]
    .concat()
}

fn read(bytes: &[u8]) -> Result<Weights> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.pt");
    std::fs::write(&path, bytes).expect("a file");
    open(&path)
}

#[test]
fn a_tensor_stays_within_its_storage() {
    let of = |count: &[u8], offset: &[u8], shape: &[u8], strides: &[u8]| {
        read(&archive_of(&tensor_pickle(count, offset, shape, strides)))
    };
    let four = b"K\x04";
    let whole = of(four, b"K\0", b"K\x02K\x02\x86", b"K\x02K\x01\x86").expect("a tensor");
    assert_eq!(whole.entries[0].tensor.shape(), [2, 2]);
    for (count, offset, shape, strides) in [
        (
            &four[..],
            &b"K\x01"[..],
            &b"K\x02K\x02\x86"[..],
            &b"K\x02K\x01\x86"[..],
        ),
        (four, b"K\0", b"K\x02K\x02\x86", b"K\x03K\x01\x86"),
        (four, b"K\0", b"K\x02K\x02\x86", b"K\x01\x85"),
        (four, b"K\0", b"J\xff\xff\xff\xff\x85", b"K\x01\x85"),
        (four, b"J\xff\xff\xff\xff", b"K\x02\x85", b"K\x01\x85"),
        // repeated so often that it would fill the memory
        (four, b"K\0", b"J\xff\xff\xff\x7f\x85", b"K\0\x85"),
        (b"K\x05", b"K\0", b"K\x02\x85", b"K\x01\x85"),
        (
            b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
            b"K\0",
            b"K\x02\x85",
            b"K\x01\x85",
        ),
    ] {
        assert!(
            of(count, offset, shape, strides).is_err(),
            "{count:?} {offset:?} {shape:?}"
        );
    }
}

#[test]
fn deep_and_repeated_maps_are_refused() {
    // a million lists within each other
    let deep = [&b"\x80\x02"[..], &[b']'; 1_000_000], &[b'a'; 999_999], b"."].concat();
    assert!(
        read(&archive_of(&deep))
            .expect_err("deep")
            .message
            .contains("levels deep")
    );
    // a list of two references to a list of two references …: 2^40 values
    let mut laughs = b"\x80\x02]q\0K\x01a".to_vec();
    for i in 0..40u8 {
        laughs.extend([b']', b'q', i + 1, b'h', i, b'a', b'h', i, b'a']);
    }
    laughs.push(b'.');
    assert!(
        read(&archive_of(&laughs))
            .expect_err("large")
            .message
            .contains("times the file's size")
    );
    // a list that contains itself
    assert!(read(&archive_of(b"\x80\x02]q\0h\0a.")).is_err());
}

#[test]
fn damaged_files_are_faults_that_name_the_file() {
    for name in ["state.pt", "state_legacy.pt"] {
        let whole = std::fs::read(oracles().join(name)).expect("a file");
        for n in (0..whole.len()).step_by(7) {
            let fault = read(&whole[..n]).expect_err("a part");
            assert!(
                fault.message.contains("x.pt`"),
                "{n} bytes: {}",
                fault.message
            );
        }
    }
    assert!(
        read(b"\x80\x02}.")
            .expect_err("a pickle")
            .message
            .contains("not one that PyTorch wrote")
    );
}

#[test]
fn names_are_stripped_chosen_and_mapped() {
    let entry = |name: &str| Entry {
        name: name.into(),
        stored: "float32",
        tensor: Tensor::zeros(&[1]).expect("a tensor"),
        is_added: false,
    };
    let files = ["net.a.w", "net.a.b", "net.ab.w", "head.w"];
    let apply = |naming: &names::Naming| {
        let entries = files.iter().map(|name| entry(name)).collect();
        let (kept, skipped) = naming.apply(entries, |name| Ok(Some(name.into())))?;
        let kept: Vec<String> = kept.into_iter().map(|kept| kept.entry.name).collect();
        Ok::<_, Fault>((kept.join(" "), skipped.join(" ")))
    };
    let naming = names::Naming {
        strip: vec!["net.".into()],
        only: vec!["a".into(), "head".into()],
        map: [("a", "0"), ("a.b", "bias"), ("head", "")]
            .map(|(a, b)| (a.into(), b.into()))
            .into(),
    };
    let (kept, skipped) = apply(&naming).expect("names");
    assert_eq!(
        (kept.as_str(), skipped.as_str()),
        ("0.w bias w", "net.ab.w")
    );
    let twice = names::Naming {
        map: [("net.a.w", "x"), ("head.w", "x")]
            .map(|(a, b)| (a.into(), b.into()))
            .into(),
        ..Default::default()
    };
    assert!(
        apply(&twice)
            .expect_err("one name")
            .message
            .contains("both become `x`")
    );
    let unused = names::Naming {
        map: [("nte.a", "x")].map(|(a, b)| (a.into(), b.into())).into(),
        ..Default::default()
    };
    assert!(
        apply(&unused)
            .expect_err("unused")
            .message
            .contains("no tensor or layer `nte.a`")
    );
}

#[test]
fn gates_of_a_gru_are_reordered() {
    let of = |name: &str, values: &[f64], shape: &[i64]| Entry {
        name: name.into(),
        stored: "float64",
        tensor: Tensor::from_f64(values, shape).expect("a tensor"),
        is_added: false,
    };
    let keras = [
        of("g.gru_cell.kernel", &[1.0, 2.0, 3.0], &[1, 3]),
        of("g.gru_cell.recurrent_kernel", &[4.0, 5.0, 6.0], &[1, 3]),
        of("g.gru_cell.bias", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]),
    ];
    let values = |entry: &Entry| entry.values().expect("values").to_f64().expect("numbers");
    let torch = layout::from_keras(&keras).expect("converted");
    let named: Vec<(&str, Vec<f64>)> = torch
        .iter()
        .map(|entry| (entry.name.as_str(), values(entry)))
        .collect();
    assert_eq!(
        named,
        [
            ("g.weight_ih_l0", vec![2.0, 1.0, 3.0]),
            ("g.weight_hh_l0", vec![5.0, 4.0, 6.0]),
            ("g.bias_ih_l0", vec![2.0, 1.0, 3.0]),
            ("g.bias_hh_l0", vec![5.0, 4.0, 6.0]),
        ]
    );
    let one_bias = [
        keras[0].clone(),
        keras[1].clone(),
        of("g.gru_cell.bias", &[0.0; 3], &[3]),
    ];
    let torch = layout::from_keras(&one_bias).expect("converted");
    assert_eq!(torch[2].name, "g.bias_l0");
}

//! The language in Jupyter: the kernel under Jupyter's own tests, and the course as notebooks.

use crate::{cistron, python, root, said};
use std::path::Path;
use std::process::Command;

/// Installs the kernel for tests below a folder; the folder that Jupyter is to look in.
fn installed(place: &Path) -> std::path::PathBuf {
    let (out, err, code) = said(&cistron(
        place,
        &[
            "kernel",
            "install",
            "--prefix",
            "jupyter",
            "--device",
            "cpu",
            "--threads",
            "1",
            "--set",
            "factors=MYC,MAX",
        ],
    ));
    assert!(
        code == 0
            && out
                .trim()
                .ends_with("jupyter/share/jupyter/kernels/cistron"),
        "{out}{err}"
    );
    place.join("jupyter/share/jupyter")
}

#[test]
fn a_kernel_is_installed_and_removed() {
    let place = tempfile::tempdir().expect("a folder");
    let data = installed(place.path());
    let (folder, lab) = (
        data.join("kernels/cistron"),
        data.join("labextensions/jupyterlab-cistron"),
    );
    let spec: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("kernel.json")).expect("a file"))
            .expect("JSON");
    assert_eq!(
        (spec["language"].as_str(), spec["interrupt_mode"].as_str()),
        (Some("rhai"), Some("message"))
    );
    assert!(
        spec["argv"]
            .as_array()
            .is_some_and(|argv| argv.iter().any(|word| word == "{connection_file}"))
            && folder.join("logo-svg.svg").exists()
            && lab.join("package.json").exists()
            && lab.join("static/remoteEntry.js").exists()
    );
    let (_, err, code) = said(&cistron(
        place.path(),
        &["kernel", "install", "--prefix", "jupyter", "--name", "a b"],
    ));
    assert!(code == 2 && err.contains("--name a b"), "{err}");
    // what another program put there stays
    let other = folder.parent().expect("a folder").join("python3");
    std::fs::create_dir_all(&other).expect("made");
    std::fs::write(
        other.join("kernel.json"),
        r#"{"argv": ["python"], "display_name": "Python", "language": "python"}"#,
    )
    .expect("written");
    let (_, err, code) = said(&cistron(
        place.path(),
        &[
            "kernel", "remove", "--prefix", "jupyter", "--name", "python3",
        ],
    ));
    assert!(code == 2 && err.contains("a kernel of python"), "{err}");
    assert_eq!(
        said(&cistron(
            place.path(),
            &["kernel", "remove", "--prefix", "jupyter"]
        ))
        .2,
        0
    );
    assert!(!folder.exists() && !lab.exists() && other.exists());
    // names that would reach other folders
    for name in ["..", ".", ".hidden"] {
        for command in ["install", "remove"] {
            let (_, err, code) = said(&cistron(
                place.path(),
                &["kernel", command, "--prefix", "jupyter", "--name", name],
            ));
            assert!(
                code == 2 && err.contains(&format!("--name {name}: a kernel's name consists of")),
                "{err}"
            );
        }
    }
    let (_, err, code) = said(&cistron(
        place.path(),
        &[
            "kernel", "install", "--prefix", "jupyter", "--name", "python3",
        ],
    ));
    assert!(
        code == 2 && err.contains("a kernel of python") && err.contains("under another `--name`"),
        "{err}"
    );
    assert!(
        std::fs::read_to_string(other.join("kernel.json"))
            .expect("kept")
            .contains("\"python\"")
    );
    // a specification outside the kernels' folder stays, and so does the target of a link
    let share = place.path().join("jupyter/share/jupyter");
    std::fs::write(
        share.join("kernel.json"),
        r#"{"argv": ["cistron", "kernel", "start"], "display_name": "x", "language": "rhai"}"#,
    )
    .expect("written");
    std::fs::create_dir_all(share.join("elsewhere")).expect("made");
    std::fs::copy(
        share.join("kernel.json"),
        share.join("elsewhere/kernel.json"),
    )
    .expect("copied");
    std::os::unix::fs::symlink("../elsewhere", &folder).expect("linked");
    assert_eq!(
        said(&cistron(
            place.path(),
            &["kernel", "remove", "--prefix", "jupyter"]
        ))
        .2,
        0
    );
    assert!(
        folder.symlink_metadata().is_err()
            && share.join("elsewhere/kernel.json").exists()
            && share.join("kernel.json").exists()
            && other.exists()
    );
    std::fs::write(place.path().join("c.json"), "{").expect("written");
    let (_, err, code) = said(&cistron(place.path(), &["kernel", "start", "-f", "c.json"]));
    assert!(
        code == 1 && err.contains("`c.json` is no connection file"),
        "{err}"
    );
}

#[test]
fn the_kernel_passes_jupyters_own_tests() {
    let Some(python) = python("jupyter_kernel_test") else {
        return;
    };
    let place = tempfile::tempdir().expect("a folder");
    let jupyter = installed(place.path());
    let mut command = Command::new(python);
    command
        .arg(root().join("tests/oracles/kernel.py"))
        .env("JUPYTER_PATH", &jupyter)
        .env("OMP_NUM_THREADS", "1")
        .current_dir(place.path());
    let (out, err, code) = said(&command.output().expect("Python runs"));
    assert_eq!(code, 0, "{out}{err}");
    assert!(err.contains("OK") && err.contains("Ran 2"), "{err}");
}

#[test]
fn the_course_runs_as_notebooks() {
    let Some(python) = python("nbconvert") else {
        return;
    };
    let place = tempfile::tempdir().expect("a folder");
    let jupyter = installed(place.path());
    // lessons read `../data`
    let (course, data) = (place.path().join("course"), place.path().join("data"));
    for folder in [&course, &data] {
        std::fs::create_dir(folder).expect("a folder");
    }
    for file in std::fs::read_dir(root().join("examples/data"))
        .expect("data")
        .flatten()
    {
        std::fs::copy(file.path(), data.join(file.file_name())).expect("a copy");
    }
    let mut names = Vec::new();
    for lesson in crate::course::lessons() {
        let name = lesson
            .with_extension("ipynb")
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert_eq!(
            said(&cistron(
                &course,
                &["notebook", &lesson.display().to_string(), "-o", &name]
            ))
            .2,
            0
        );
        names.push(name);
    }
    let mut command = Command::new(python);
    command
        .args([
            "-m",
            "nbconvert",
            "--to",
            "notebook",
            "--execute",
            "--output-dir",
            "done",
        ])
        .args(&names);
    command
        .env("JUPYTER_PATH", &jupyter)
        .env("OMP_NUM_THREADS", "1")
        .current_dir(&course);
    let (_, err, code) = said(&command.output().expect("Python runs"));
    assert_eq!(code, 0, "{err}");
    for name in names {
        let notebook: serde_json::Value = serde_json::from_str(
            &std::fs::read_to_string(course.join("done").join(&name)).expect("a notebook"),
        )
        .expect("JSON");
        let outputs: Vec<&serde_json::Value> = notebook["cells"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|cell| cell["outputs"].as_array().into_iter().flatten())
            .collect();
        assert!(
            !outputs.is_empty()
                && outputs
                    .iter()
                    .all(|output| output["output_type"] != "error"),
            "{name}"
        );
    }
}

#[test]
fn a_replayed_signed_message_is_not_answered() {
    use zeromq::{Socket, SocketRecv, SocketSend};
    // HMAC-SHA256 of the header and three empty objects, with the key `key`
    let signed = [
        (
            "one",
            "bf5cfada30d3871608d2e2bc1c1fc941a4cefffe57c49798dd87b095376e7ea3",
        ),
        (
            "two",
            "ab083f2769614c17feec7712ecca06595cbd406372a047a36261bd80699e7688",
        ),
    ];
    let place = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let ports = runtime
        .block_on(jupyter_zmq_client::peek_ports(
            "127.0.0.1".parse().expect("an address"),
            5,
        ))
        .expect("free ports");
    let names = [
        "shell_port",
        "iopub_port",
        "stdin_port",
        "control_port",
        "hb_port",
    ];
    let mut info = serde_json::json!({ "ip": "127.0.0.1", "transport": "tcp", "key": "key", "signature_scheme": "hmac-sha256", "kernel_name": "cistron" });
    names
        .iter()
        .zip(&ports)
        .for_each(|(name, port)| info[*name] = (*port).into());
    std::fs::write(place.path().join("connection.json"), info.to_string()).expect("written");
    let mut kernel = Command::new(env!("CARGO_BIN_EXE_cistron"));
    kernel
        .args([
            "kernel",
            "start",
            "-f",
            "connection.json",
            "--device",
            "cpu",
        ])
        .env("OMP_NUM_THREADS", "1")
        .current_dir(place.path());
    let mut kernel = kernel.spawn().expect("the kernel starts");
    let parents = runtime.block_on(async {
        let mut socket = zeromq::DealerSocket::new();
        let limit = std::time::Duration::from_secs(300);
        tokio::time::timeout(limit, socket.connect(&format!("tcp://127.0.0.1:{}", ports[0]))).await.expect("in time").expect("connected");
        for (id, signature) in [signed[0], signed[0], signed[0], signed[1]] {
            let header = format!(
                "{{\"msg_id\":\"{id}\",\"msg_type\":\"kernel_info_request\",\"session\":\"s\",\"username\":\"u\",\"date\":\"2026-01-01T00:00:00Z\",\"version\":\"5.3\"}}"
            );
            let mut message = zeromq::ZmqMessage::from("<IDS|MSG>");
            [signature, &header, "{}", "{}", "{}"].iter().for_each(|part| message.push_back(part.as_bytes().to_vec().into()));
            socket.send(message).await.expect("sent");
        }
        let mut parents = Vec::new();
        while parents.last().is_none_or(|last| last != "two") {
            let reply = tokio::time::timeout(limit, socket.recv()).await.expect("an answer in time").expect("an answer");
            let parent: serde_json::Value = serde_json::from_slice(reply.get(3).expect("a parent header")).expect("JSON");
            parents.push(parent["msg_id"].as_str().unwrap_or("").to_string());
        }
        parents
    });
    kernel.kill().expect("ended");
    kernel.wait().expect("ended");
    assert_eq!(parents, ["one", "two"]);
}

//! `cistron serve` from outside: answers, limits, hostile requests, many clients, the end, the page
//! in a browser.

mod browser;

use crate::{browser as chromium, cistron, command, said, value};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const GENES: usize = 60;
const ARRAYS: usize = 12;

/// The name of a gene of the matrix.
fn gene(i: usize) -> String {
    format!("AT1G{:05}", 1010 + 10 * i)
}

/// A matrix of genes by samples: gene 58 is constant, gene 59 has a missing value.
fn matrix(place: &Path) {
    let mut text = "gene".to_string();
    (0..ARRAYS).for_each(|j| text += &format!("\tarray{j}"));
    for i in 0..GENES {
        text += &format!("\n{}", gene(i));
        for j in 0..ARRAYS {
            match (i, j) {
                (58, _) => text += "\t0.1",
                (59, 3) => text += "\tNA",
                _ => text += &format!("\t{}", ((i * 7 + j * j * 3 + i * j) % 23) as f64 / 4.0),
            }
        }
    }
    std::fs::write(place.join("matrix.tsv"), text + "\n").expect("written");
}

const PAIRS: &str = r#"
    import "std/models/tf_cnn" as tf_cnn;
    let net = nn::build(tf_cnn::network(#{ details: true }), [1, 2, 12], #{ seed: 3, name: "pairs" });
    net["head.output.weight"] = net["head.output.weight"] * 6.0;
    net
"#;

const SEQUENCES: &str = r#"
    let layers = [nn::conv1d(8, 5), nn::relu(), nn::global_max_pool(), nn::linear(2)];
    nn::build(nn::chain(layers), [4, 40], #{ seed: 3, name: "bases" })
"#;

/// A running server, which ends with this value.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(place: &Path, arguments: &[&str]) -> Server {
        let all = [
            &["serve", "--port", "0", "--device", "cpu", "--threads", "1"],
            arguments,
        ];
        let mut child = command(place, &all.concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let port = line.trim().trim_end_matches('/').rsplit(':').next();
        let port = port.and_then(|port| port.parse().ok()).unwrap_or_else(|| {
            let mut error = String::new();
            child
                .stderr
                .as_mut()
                .expect("errors")
                .read_to_string(&mut error)
                .expect("text");
            panic!("no address in `{line}`: {error}")
        });
        Server { child, port }
    }

    fn of_pairs(place: &Path) -> Server {
        matrix(place);
        std::fs::write(place.join("pairs.rhai"), PAIRS).expect("written");
        let arguments = [
            "pairs.rhai",
            "--expression",
            "matrix.tsv",
            "--link",
            "sigmoid",
        ];
        Server::start(place, &arguments)
    }

    fn of_sequences(place: &Path) -> Server {
        std::fs::write(place.join("bases.rhai"), SEQUENCES).expect("written");
        let genome = format!(">chr1\n{}\n", "ACGTTGCAAC".repeat(20));
        std::fs::write(place.join("genome.fa"), genome).expect("written");
        let arguments = ["bases.rhai", "--link", "sigmoid", "--names", "a,b"];
        Server::start(
            place,
            &[&arguments[..], &["--genome", "genome.fa"]].concat(),
        )
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("set");
        stream
    }

    /// What the server sends after these bytes, up to the end of the connection.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // the server may close the connection while it is written to
        stream.write_all(bytes).ok();
        let mut out = Vec::new();
        stream.read_to_end(&mut out).ok();
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Status, head and body of a request.
    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> (u16, String, String) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\n{headers}\
             content-length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        let answer = self.raw(&[head.as_bytes(), body].concat());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{method} {path}: no status in `{answer}`"));
        (status, head.to_ascii_lowercase(), body.to_string())
    }

    /// Status and JSON of a request with a body.
    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.post_text(path, body.to_string().as_bytes())
    }

    fn post_text(&self, path: &str, body: &[u8]) -> (u16, Value) {
        let (status, _, text) =
            self.request("POST", path, "content-type: application/json\r\n", body);
        let json = serde_json::from_str(&text);
        (
            status,
            json.unwrap_or_else(|error| panic!("{status} `{text}`: {error}")),
        )
    }

    fn signal(&self, signal: i32) {
        // SAFETY: the process is a child of this one and was not waited for
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    /// The exit code, and what was written to standard error.
    fn ended(&mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(90) {
            if let Some(status) = self.child.try_wait().expect("a status") {
                let mut error = String::new();
                let stream = self.child.stderr.as_mut().expect("errors");
                stream.read_to_string(&mut error).expect("text");
                return (status.code(), error);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server does not end");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Numbers that a script returns.
fn numbers(script: &str) -> Vec<f64> {
    let found = value(script).expect("a value");
    let items = found.into_array().expect("an array");
    items
        .iter()
        .map(|item| item.as_float().expect("a number"))
        .collect()
}

fn near(first: &[f64], second: &[f64], tolerance: f64) {
    assert_eq!(first.len(), second.len());
    for (i, (a, b)) in first.iter().zip(second).enumerate() {
        assert!((a - b).abs() <= tolerance, "{i}: {a} and {b}");
    }
}

fn floats(value: &Value) -> Vec<f64> {
    let items = value.as_array().unwrap_or_else(|| panic!("{value}"));
    items
        .iter()
        .map(|item| item.as_f64().expect("a number"))
        .collect()
}

/// Probabilities of an answer about pairs.
fn probabilities(answer: &Value) -> Vec<f64> {
    let pairs = answer["pairs"]
        .as_array()
        .unwrap_or_else(|| panic!("{answer}"));
    pairs
        .iter()
        .map(|pair| pair["probability"].as_f64().expect("a number"))
        .collect()
}

#[test]
fn pairs_have_the_probabilities_and_maps_of_a_script() {
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::of_pairs(place.path());
    let network = PAIRS.replace("    net\n", "");
    // each profile less its mean, over its standard deviation
    let script = format!(
        r#"{network}
        let matrix = expression::read("{}");
        let z = |name| {{
            let x = tensor::from(matrix[name], #{{ kind: "float64" }});
            (x - x.mean()) / x.std()
        }};
        let input = |a, b| tensor::stack([z.call(a), z.call(b)], 0).float().reshape([1, 1, 2, 12]);
        "#,
        place.path().join("matrix.tsv").display()
    );
    let (first, second) = (gene(0), gene(5));
    let request = json!({ "factors": [first], "targets": [gene(1), second, gene(0)] });
    let (status, answer) = server.post("/api/pairs", &request);
    assert_eq!(status, 200, "{answer}");
    let wanted = numbers(&format!(
        r#"{script}
        net.eval();
        ["{}", "{second}", "{first}"].map(|target| net.forward(input.call("{first}", target))
            .logit.sigmoid().item())"#,
        gene(1)
    ));
    near(&probabilities(&answer), &wanted, 1e-6);
    assert_eq!(answer["pairs"][1]["target"], json!(second));

    let (status, answer) = server.post("/api/pair", &json!({ "factor": first, "target": second }));
    assert_eq!(status, 200, "{answer}");
    near(
        &[answer["probability"].as_f64().expect("a number")],
        &wanted[1..2],
        1e-6,
    );
    let map = numbers(&format!(
        r#"{script}
        tf_cnn::activation(net.eval(), input.call("{first}", "{second}"))[0].to_array()"#
    ));
    assert!(map.iter().any(|x| *x != 0.0));
    assert_eq!(answer["grad_cam"]["layer"], "convolutions.4");
    near(&floats(&answer["grad_cam"]["map"]), &map, 1e-6);
    let profile = numbers(&format!(r#"{script} z.call("{second}").to_array()"#));
    near(&floats(&answer["target"]["profile"]), &profile, 1e-6);
}

#[test]
fn what_is_not_predicted_is_listed() {
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::of_pairs(place.path());
    let request = json!({
        "factors": [gene(0), "at1g01020", gene(0)],
        "targets": [gene(2), gene(58), gene(59), "<script>alert(1)</script>"],
    });
    let (status, answer) = server.post("/api/pairs", &request);
    assert_eq!((status, probabilities(&answer).len()), (200, 2), "{answer}");
    let unknown = json!([
        { "id": "at1g01020", "did_you_mean": gene(1) },
        { "id": "<script>alert(1)</script>", "did_you_mean": null },
    ]);
    assert_eq!(answer["unknown"], unknown);
    assert_eq!(answer["repeated"], json!([gene(0)]));
    assert_eq!(answer["incomplete"], json!([gene(59)]));
    assert_eq!(answer["constant"], json!([gene(58)]));
    assert_eq!(answer["excluded_pairs"], 1);
    // all genes that are complete
    let (_, answer) = server.post("/api/pairs", &json!({ "factors": [gene(0)] }));
    assert_eq!(probabilities(&answer).len(), GENES - 1);
    let counts = answer["histogram"]["counts"].as_array().expect("counts");
    let total: u64 = counts.iter().filter_map(Value::as_u64).sum();
    assert_eq!(total as usize, GENES - 1);
    let (_, head, body) = server.request(
        "POST",
        "/api/pairs",
        "content-type: application/json\r\naccept: text/csv\r\n",
        json!({ "pairs": [[gene(0), gene(2)]] })
            .to_string()
            .as_bytes(),
    );
    assert!(head.contains("content-type: text/csv"), "{head}");
    let lines: Vec<&str> = body.lines().collect();
    assert_eq!(lines[0], "factor,target,probability");
    assert!(
        lines[1].starts_with("AT1G01010,AT1G01030,0.") && lines.len() == 2,
        "{body}"
    );
    let (status, answer) = server.post("/api/pair", &json!({ "factor": "x", "target": gene(1) }));
    assert_eq!((status, &answer["unknown"][0]["id"]), (422, &json!("x")));
    let (status, _) = server.post(
        "/api/pair",
        &json!({ "factor": gene(59), "target": gene(1) }),
    );
    assert_eq!(status, 422);
}

/// An answer that is an error: 4xx and JSON with `error`.
fn refused(server: &Server, path: &str, body: &[u8]) -> (u16, String) {
    let (status, answer) = server.post_text(path, body);
    let error = answer["error"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_string();
    assert!((400..500).contains(&status), "{status} {error}");
    (status, error)
}

#[test]
fn limits_are_stated_in_errors() {
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::of_pairs(place.path());
    let large = vec![b' '; 3 << 20];
    let (status, error) = refused(&server, "/api/pairs", &large);
    assert!(
        status == 413 && error.contains("2097152 bytes"),
        "{status} {error}"
    );
    let ids: Vec<String> = (0..61_000).map(|i| i.to_string()).collect();
    let (status, error) = refused(
        &server,
        "/api/pairs",
        json!({ "factors": ids }).to_string().as_bytes(),
    );
    assert!(
        status == 413 && error.contains("60000 ids"),
        "{status} {error}"
    );
    let long = json!({ "factors": ["é".repeat(201)] }).to_string();
    let (status, error) = refused(&server, "/api/pairs", long.as_bytes());
    assert!(
        status == 400 && error.contains("200 characters"),
        "{status} {error}"
    );
    let pairs = vec![["a", "b"]; 100_001];
    let (status, error) = refused(
        &server,
        "/api/pairs",
        json!({ "pairs": pairs }).to_string().as_bytes(),
    );
    assert!(
        status == 413 && error.contains("100000 are predicted"),
        "{status} {error}"
    );
    // a head that is too large, and a length that is not sent
    let head = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n",
        "x".repeat(64 << 10)
    );
    assert!(server.raw(head.as_bytes()).starts_with("HTTP/1.1 431"));
    let (status, about) = about(&server);
    assert_eq!((status, &about["limits"]["pairs"]), (200, &json!(100_000)));
}

fn about(server: &Server) -> (u16, Value) {
    let (status, _, body) = server.request("GET", "/api/model", "", b"");
    (status, serde_json::from_str(&body).expect("JSON"))
}

#[test]
fn malformed_and_hostile_requests_are_refused() {
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::of_pairs(place.path());
    let deep = "[".repeat(100_000);
    let bodies: [&[u8]; 14] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"{\"factors\": 3}",
        b"{\"factors\": [3]}",
        b"{\"factors\": [\"a\"], \"path\": \"/etc/passwd\"}",
        b"{\"factors\": [\"a\"]} x",
        b"{\"pairs\": [[\"a\"]]}",
        b"{\"pairs\": [[\"a\", \"b\", \"c\"]]}",
        b"{\"factors\": [\"\\ud800\"]}",
        b"{\"factors\": [\"/etc/passwd\", \"../matrix.tsv\"]}",
        deep.as_bytes(),
    ];
    for body in bodies {
        refused(&server, "/api/pairs", body);
        refused(&server, "/api/pair", body);
    }
    let status = |method: &str, path: &str, headers: &str| {
        let (status, head, body) = server.request(method, path, headers, b"{}");
        let error: Value = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{body}: {e}"));
        assert!(error["error"].is_string() && head.contains("content-type: application/json"));
        status
    };
    assert_eq!(status("POST", "/api/pairs", ""), 415);
    assert_eq!(
        status("POST", "/api/pairs", "content-type: text/plain\r\n"),
        415
    );
    assert_eq!(status("GET", "/api/pairs", ""), 405);
    assert_eq!(status("DELETE", "/", ""), 405);
    assert_eq!(status("POST", "/", ""), 405);
    for path in [
        "/matrix.tsv",
        "/../matrix.tsv",
        "/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/api/sequences",
        "/style.css/../../Cargo.toml",
        "/page.js%00",
        "/api/pairs/",
    ] {
        assert_eq!(status("GET", path, ""), 404, "{path}");
    }
    // a site whose name resolves to this machine
    let other = server.raw(b"GET / HTTP/1.1\r\nhost: example.org\r\nconnection: close\r\n\r\n");
    assert!(other.starts_with("HTTP/1.1 421"), "{other}");
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0\0\0\0\r\n\r\n",
        b"POST /api/pairs HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n",
        b"POST /api/pairs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"POST /api/pairs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
          transfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\n\r\n",
    ] {
        let answer = server.raw(bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    // bodies that end early do not hang
    let begun = Instant::now();
    let mut stream = server.connect();
    stream
        .write_all(
            b"POST /api/pairs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
              connection: close\r\ncontent-length: 100\r\n\r\n{",
        )
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 408") && begun.elapsed() < Duration::from_secs(30));
    assert_eq!(about(&server).0, 200);
}

#[test]
fn answers_have_headers_of_security() {
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::of_pairs(place.path());
    for path in [
        "/",
        "/style.css",
        "/shared.js",
        "/page.js",
        "/icon.svg",
        "/api/model",
        "/absent",
    ] {
        let (_, head, body) = server.request("GET", path, "", b"");
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self';",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(head.contains(header), "{path}: {head}");
        }
        assert!(!head.contains("unsafe-inline"), "{head}");
        // the pages load nothing from elsewhere; the namespace of SVG is a name
        let body = body.replace("http://www.w3.org/2000/svg", "");
        assert!(
            !body.contains("http://") && !body.contains("https://"),
            "{path}"
        );
        assert!(
            !body.contains("innerHTML") && !body.contains("style=\""),
            "{path}"
        );
    }
}

#[test]
fn many_clients_receive_what_one_does() {
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::of_pairs(place.path());
    let requests: Vec<Value> = (0..48)
        .map(|i| match i % 3 {
            0 => json!({ "factors": [gene(i)] }),
            1 => json!({ "pairs": [[gene(i), gene(i + 1)], [gene(7), gene(i)]] }),
            _ => json!({ "factors": [gene(i), gene(i + 2)], "targets": [gene(1), gene(3)] }),
        })
        .collect();
    let ask = |request: &Value| {
        let (status, answer) = server.post("/api/pairs", request);
        assert_eq!(status, 200, "{answer}");
        (probabilities(&answer), answer["pairs"].clone())
    };
    let one_by_one: Vec<_> = requests.iter().map(ask).collect();
    let together: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = requests
            .iter()
            .map(|own| scope.spawn(|| ask(own)))
            .collect();
        threads
            .into_iter()
            .map(|own| own.join().expect("an answer"))
            .collect()
    });
    for ((first, pairs), (second, others)) in one_by_one.iter().zip(&together) {
        // sums of other batches are rounded differently
        near(first, second, 1e-6);
        let names = |pairs: &Value| {
            let pairs = pairs.as_array().expect("pairs").iter();
            pairs
                .map(|pair| (pair["factor"].clone(), pair["target"].clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(pairs), names(others));
    }
}

#[test]
fn a_signal_ends_the_server_after_its_requests() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let place = tempfile::tempdir().expect("a folder");
        let mut server = Server::of_pairs(place.path());
        // connections that are idle, and that sent a part of a request
        let mut idle = server.connect();
        idle.write_all(b"GET /api/model HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .expect("sent");
        let mut begun = [0; 12];
        idle.read_exact(&mut begun).expect("an answer");
        assert_eq!(&begun, b"HTTP/1.1 200");
        let mut slow = server.connect();
        slow.write_all(b"GET /api/mo").expect("sent");
        let many: Vec<String> = (0..57).map(gene).collect();
        let request = json!({ "factors": many, "targets": many });
        std::thread::scope(|scope| {
            let server = &server;
            let clients: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| server.post("/api/pairs", &request)))
                .collect();
            std::thread::sleep(Duration::from_millis(150));
            server.signal(signal);
            for client in clients {
                let (status, answer) = client.join().expect("an answer");
                assert_eq!((status, probabilities(&answer).len()), (200, 57 * 57));
            }
        });
        let (code, error) = server.ended();
        assert_eq!(code, Some(0), "{error}");
        assert!(
            !error.contains("panicked") && !error.contains("error["),
            "{error}"
        );
        assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err());
    }
}

#[test]
fn sequences_have_predictions_contributions_and_logos() {
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::of_sequences(place.path());
    let (first, second) = ("ACGTTGCAAC".repeat(4), "GGGCATTNAC".repeat(4));
    let fasta = format!(
        ">one with words\n{}\n{}\n>two\n{second}\n",
        &first[..15],
        &first[15..]
    );
    let (status, answer) = server.post("/api/sequences", &json!({ "fasta": fasta }));
    assert_eq!(status, 200, "{answer}");
    let script = format!(
        r#"let net = {{ {SEQUENCES} }};
        let out = net.eval().forward(seq::one_hot(["{first}", "{second}"]));"#
    );
    let wanted = numbers(&format!("{script} out.sigmoid().flatten(0).to_array()"));
    near(
        &floats(&answer["sequences"][0]["values"]),
        &wanted[..2],
        1e-6,
    );
    near(
        &floats(&answer["sequences"][1]["values"]),
        &wanted[2..],
        1e-6,
    );
    assert_eq!(answer["sequences"][1]["unknown_bases"], 4);
    assert_eq!(
        (&answer["outputs"], &answer["sequences"][0]["name"]),
        (&json!(["a", "b"]), &json!("one"))
    );
    // the genome repeats the first sequence
    let (status, answer) = server.post(
        "/api/sequences",
        &json!({ "regions": ["chr1:10-50", "1:20-60"] }),
    );
    assert_eq!(status, 200, "{answer}");
    near(
        &floats(&answer["sequences"][0]["values"]),
        &wanted[..2],
        1e-6,
    );
    let asked = json!({ "fasta": first, "output": 1 });
    let (status, answer) = server.post("/api/contributions", &asked);
    assert_eq!(status, 200, "{answer}");
    let own = floats(&answer["contributions"]);
    near(
        &[own.iter().sum()],
        &[answer["difference"].as_f64().expect("a number")],
        1e-4,
    );
    assert!(
        answer["logo"]
            .as_str()
            .is_some_and(|logo| logo.starts_with("<svg"))
    );
    let asked = json!({ "region": "chr1:10-50", "output": 1, "method": "mutagenesis" });
    let (status, answer) = server.post("/api/contributions", &asked);
    assert_eq!(status, 200, "{answer}");
    // the base less the mean of the others, at the first position
    let by_hand = numbers(&format!(
        r#"{script}
        let at = |base| net.forward(seq::one_hot([base + "{}"]))[0].to_array()[1];
        [at.call("A") - (at.call("C") + at.call("G") + at.call("T")) / 3.0]"#,
        &first[1..]
    ));
    near(&floats(&answer["contributions"])[..1], &by_hand, 1e-5);
}

#[test]
fn wrong_sequences_are_refused() {
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::of_sequences(place.path());
    let error = |path: &str, body: Value| {
        let (status, answer) = server.post(path, &body);
        assert!((400..500).contains(&status), "{status} {answer}");
        answer["error"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_string()
    };
    let sequences = |body: Value| error("/api/sequences", body);
    assert!(
        sequences(json!({ "fasta": ">short\nACGT" }))
            .contains("`short` has 4 bp, the network takes 40")
    );
    assert!(sequences(json!({ "fasta": ">x\nACJT" })).contains("line 2 column 3"));
    assert!(sequences(json!({ "fasta": "" })).contains("0 bp"));
    assert!(sequences(json!({})).contains("`fasta` or `regions`"));
    let many = ">a\nACGT\n".repeat(1001);
    assert!(sequences(json!({ "fasta": many })).contains("at most 1000"));
    for region in [
        "chr1:0-41",
        "chr9:0-40",
        "/etc/passwd:0-40",
        "chr1",
        "chr1:-20-20",
        "chr1:180-220",
        "chr1:0-9223372036854775807",
        "chr1:-9223372036854775808-40",
        "chr1:9223372036854775807-0",
        "",
    ] {
        let found = sequences(json!({ "regions": [region] }));
        assert!(!found.contains("root:"), "{found}");
    }
    let (_, answer) = server.post("/api/sequences", &json!({ "regions": ["chr1:20-80"] }));
    assert!(
        answer["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("chr1:30-70")),
        "{answer}"
    );
    let contributions = |body: Value| error("/api/contributions", body);
    let sequence = "ACGTTGCAAC".repeat(4);
    contributions(json!({ "fasta": sequence, "output": 2 }));
    contributions(json!({ "fasta": sequence, "output": -1 }));
    contributions(json!({ "fasta": sequence, "method": "other" }));
    contributions(json!({ "fasta": sequence, "start": 30, "end": 20 }));
    contributions(json!({ "fasta": sequence, "start": 0, "end": 41 }));
    contributions(json!({ "fasta": sequence, "start": 3 }));
    contributions(json!({ "fasta": format!(">a\n{sequence}\n>b\n{sequence}") }));
    assert_eq!(about(&server).1["kind"], "sequences");
}

const TRAINED: &str = r#"
    let epochs = param("epochs", 2);
    let sequences = seq::random(64, 40, #{ seed: 1 });
    let set = data::from(#{ sequence: sequences, label: (0..64).map(|i| i % 2) });
    let layers = [nn::conv1d(4, 5), nn::batch_norm(), nn::relu(), nn::global_max_pool(), nn::linear(1)];
    let net = nn::build(nn::chain(layers), [4, 40], #{ seed: 1, name: "small" });
    train::fit(net, #{ train: set, valid: set, loss: loss::bce_with_logits(), epochs: epochs,
        optimizer: optim::adam(), checkpoint: "best", progress: false });
    report("p", net.predict(data::from(#{ sequence: ["ACGTTGCAAC" + "ACGTTGCAAC" + "ACGTTGCAAC" + "ACGTTGCAAC"] })).sigmoid().item());
"#;

#[test]
fn a_run_is_served_with_its_best_weights() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("train.rhai"), TRAINED).expect("written");
    let run = [
        "run",
        "--device",
        "cpu",
        "--run-dir",
        "run",
        "--set",
        "epochs=3",
        "train.rhai",
    ];
    let (_, error, code) = said(&cistron(place.path(), &run));
    assert_eq!(code, 0, "{error}");
    let results = std::fs::read_to_string(place.path().join("run/results.json")).expect("results");
    let wanted = serde_json::from_str::<Value>(&results).expect("JSON")["p"].as_f64();
    let wanted = wanted.expect("a probability");
    let sequence = json!({ "fasta": "ACGTTGCAAC".repeat(4) });
    for model in ["run", "run/checkpoints/small/best.safetensors"] {
        // the link is that of the loss
        let server = Server::start(place.path(), &[model]);
        let (status, answer) = server.post("/api/sequences", &sequence);
        assert_eq!(status, 200, "{answer}");
        near(&floats(&answer["sequences"][0]["values"]), &[wanted], 1e-6);
        assert_eq!(about(&server).1["link"], "sigmoid");
    }
    // nothing is written, neither by the script nor by the server
    assert!(!place.path().join("checkpoints").exists());
    let error = |arguments: &[&str]| {
        let (_, error, code) = said(&cistron(place.path(), &[&["serve"], arguments].concat()));
        assert!(code != 0, "{error}");
        error
    };
    assert!(error(&["absent"]).contains("absent"));
    assert!(error(&["."]).contains("no folder of a run"));
    assert!(error(&["run", "--training", "other"]).contains("the trainings of"));
    std::fs::copy(
        place.path().join("run/checkpoints/small/best.safetensors"),
        place.path().join("weights.safetensors"),
    )
    .expect("copied");
    assert!(error(&["weights.safetensors"]).contains("--network SCRIPT"));
    std::fs::write(place.path().join("bases.rhai"), SEQUENCES).expect("written");
    assert!(error(&["bases.rhai"]).contains("--link sigmoid for logits"));
    assert!(
        error(&["weights.safetensors", "--network", "bases.rhai"]).contains("same architecture")
    );
    assert!(error(&["bases.rhai", "--link", "sigmoid", "--names", "a"]).contains("has 2 outputs"));
    matrix(place.path());
    let pairs = [
        "bases.rhai",
        "--link",
        "sigmoid",
        "--expression",
        "matrix.tsv",
    ];
    assert!(error(&pairs).contains("one output"));
    std::fs::write(
        place.path().join("pairs.rhai"),
        PAIRS.replace("2, 12]", "2, 14]"),
    )
    .expect("written");
    let pairs = [
        "pairs.rhai",
        "--link",
        "sigmoid",
        "--expression",
        "matrix.tsv",
    ];
    assert!(error(&pairs).contains("the expression matrix has 12 samples"));
    let large = PAIRS.replace("* 6.0", "* -60000.0");
    std::fs::write(place.path().join("pairs.rhai"), large).expect("written");
    let pairs = [
        "pairs.rhai",
        "--link",
        "identity",
        "--expression",
        "matrix.tsv",
    ];
    assert!(error(&pairs).contains("are no probabilities"));
}

#[test]
fn the_page_predicts_pairs_in_a_browser() {
    let Some(program) = chromium() else { return };
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::of_pairs(place.path());
    let mut page = browser::Page::open(
        program,
        place.path(),
        &format!("http://127.0.0.1:{}/", server.port),
    );
    page.wait("document.getElementById('limits').textContent.includes('100,000 pairs')");
    page.click("#factors");
    page.write(&format!("{} at1g01020", gene(0)));
    page.click("#targets");
    page.write(&format!(
        "{}, {}\n<img src=x onerror=document.title='broken'>",
        gene(2),
        gene(4)
    ));
    page.click("#predict");
    page.wait("document.querySelectorAll('#rows tr').length === 2");
    assert_eq!(
        page.value("document.querySelectorAll('#histogram .mark').length"),
        json!(3)
    );
    let problems = page.value("document.getElementById('problems').textContent");
    assert!(
        problems
            .as_str()
            .is_some_and(|text| text.contains("at1g01020use AT1G01020")),
        "{problems}"
    );
    assert!(page.value("document.title") == "Transcription factors and their targets");
    // the suggestion, then again
    page.click("#problems button");
    page.click("#predict");
    page.wait("document.querySelectorAll('#rows tr').length === 4");
    page.click("#rows button");
    page.wait("!document.getElementById('pair').hidden");
    assert_eq!(
        page.value("document.querySelectorAll('#profiles polyline').length"),
        json!(2)
    );
    assert_eq!(
        page.value("document.querySelectorAll('#map rect').length"),
        json!(6)
    );
    page.click("#download");
    let file = place.path().join("pairs.csv");
    let begun = Instant::now();
    while !file.exists() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let text = std::fs::read_to_string(&file).expect("the downloaded file");
    assert!(
        text.starts_with("factor,target,probability\n") && text.lines().count() == 5,
        "{text}"
    );
    assert_eq!(page.errors(), Vec::<String>::new());
}

#[test]
fn the_page_draws_a_logo_in_a_browser() {
    let Some(program) = chromium() else { return };
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::of_sequences(place.path());
    let mut page = browser::Page::open(
        program,
        place.path(),
        &format!("http://127.0.0.1:{}/", server.port),
    );
    page.wait("!document.getElementById('regions-field').hidden");
    page.click("#example");
    page.click("#predict");
    page.wait("document.querySelectorAll('#rows tr').length === 1");
    page.click("#rows button");
    page.wait("document.getElementById('logo').naturalWidth > 300");
    assert_eq!(
        page.value("document.getElementById('end').value"),
        json!("40")
    );
    assert_eq!(page.errors(), Vec::<String>::new());
}

/// Traces of a report are turned by keys, hidden by their buttons, and named under the pointer.
#[test]
fn traces_of_a_report_are_turned_in_a_browser() {
    let Some(program) = chromium() else { return };
    let place = tempfile::tempdir().expect("a folder");
    let script = "
        let turns = tensor::arange(30).float();
        let helix = tensor::stack([turns * 1.5, (turns * 1.745).cos() * 2.3, (turns * 1.745).sin() * 2.3], 1);
        plot::structure(\"two <helices>\", #{ first: helix, second: helix + 1.0 }).save(\"traces.svg\");
    ";
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let (_, error, code) = said(&cistron(place.path(), &["run", "s.rhai", "--run-dir", "r"]));
    assert_eq!(code, 0, "{error}");
    let address = format!("file://{}", place.path().join("r/report.html").display());
    let mut page = browser::Page::open(program, place.path(), &address);
    page.wait("document.querySelector('.structure canvas') !== null");
    let picture = "document.querySelector('.structure canvas').toDataURL()";
    let first = page.value(picture);
    let press = |key: &str| {
        format!(
            "document.querySelector('.structure canvas').dispatchEvent(new KeyboardEvent(\
            'keydown', {{ key: '{key}', cancelable: true }}))"
        )
    };
    page.value(&press("ArrowLeft"));
    let turned = page.value(picture);
    assert_ne!(first, turned);
    page.value(&press("+"));
    assert_ne!(turned, page.value(picture));
    page.value(&press("Home"));
    assert_eq!(first, page.value(picture));
    page.click(".structure button:nth-child(2)");
    let pressed = "document.querySelector('.structure button:nth-child(2)').ariaPressed";
    assert_eq!(page.value(pressed), json!("false"));
    assert_ne!(first, page.value(picture));
    page.click(".structure button:nth-child(2)");
    page.click("#theme");
    assert_ne!(first, page.value(picture));
    assert_eq!(page.errors(), Vec::<String>::new());
}

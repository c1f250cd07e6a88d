//! A run for an MLflow tracking server, over its REST interface.

use super::{begun, points};
use crate::base::Result;
use crate::fault;
use crate::track::Record;
use crate::track::ledger::flat;
use serde_json::{Value, json};

/// Metrics of one request, as many as servers take.
const METRICS: usize = 1000;
/// Parameters and tags of one request.
const WORDS: usize = 100;

struct Server<'a> {
    address: &'a str,
    agent: ureq::Agent,
}

impl Server<'_> {
    fn ask(&self, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let address = format!(
            "{}/api/2.0/mlflow/{path}",
            self.address.trim_end_matches('/')
        );
        let token = std::env::var("MLFLOW_TRACKING_TOKEN")
            .ok()
            .map(|token| format!("Bearer {token}"));
        let answer = match body {
            None => token
                .iter()
                .fold(self.agent.get(&address), |request, token| {
                    request.header("Authorization", token)
                })
                .call(),
            Some(body) => token
                .iter()
                .fold(self.agent.post(&address), |request, token| {
                    request.header("Authorization", token)
                })
                .send_json(body),
        };
        let failed = |what: String| {
            fault!(
                "network",
                "`{address}`: {what}";
                hint: "the address is that of the tracking server, such as http://127.0.0.1:5000"
            )
        };
        let mut answer = answer.map_err(|error| failed(error.to_string()))?;
        let status = answer.status().as_u16();
        let text = answer
            .body_mut()
            .read_to_string()
            .map_err(|error| failed(error.to_string()))?;
        let value = serde_json::from_str(&text)
            .unwrap_or_else(|_| Value::String(text.chars().take(200).collect()));
        Ok((status, value))
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        match self.ask(path, Some(body))? {
            (200, value) => Ok(value),
            (status, value) => {
                let what = value["message"]
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_string);
                Err(fault!(
                    "network",
                    "`{}` answered {status} to {path}: {what}",
                    self.address
                ))
            }
        }
    }

    fn experiment(&self, name: &str) -> Result<String> {
        let escaped: String = name
            .bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() || b"-_.".contains(&b) {
                    (b as char).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect();
        let (status, found) = self.ask(
            &format!("experiments/get-by-name?experiment_name={escaped}"),
            None,
        )?;
        if status == 200
            && let Some(id) = found["experiment"]["experiment_id"].as_str()
        {
            return Ok(id.to_string());
        }
        let created = self.post("experiments/create", &json!({ "name": name }))?;
        created["experiment_id"]
            .as_str()
            .map(str::to_string)
            .ok_or_else(|| fault!("network", "`{}` made no experiment", self.address))
    }
}

/// Sends parameters, metrics, results and versions as one run of an experiment; returns the run's
/// number on the server.
pub fn send(run: &Record, address: &str, experiment: &str) -> Result<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(std::time::Duration::from_secs(60)))
        .http_status_as_error(false)
        .build()
        .into();
    let server = Server { address, agent };
    let experiment = server.experiment(experiment)?;
    let milliseconds = |seconds: f64| (seconds * 1000.0) as u64;
    let begun = begun(run).unwrap_or(0.0);
    let start = milliseconds(begun);
    let name = run.start.name.clone().unwrap_or_else(|| run.id());
    let created = server.post(
        "runs/create",
        &json!({ "experiment_id": experiment, "start_time": start, "run_name": name }),
    )?;
    let id = created["run"]["info"]["run_id"]
        .as_str()
        .map(str::to_string)
        .ok_or_else(|| fault!("network", "`{address}` made no run"))?;
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_string)
            .chars()
            .take(500)
            .collect::<String>()
    };
    let params: Vec<Value> = flat(&run.set)
        .iter()
        .map(|(name, value)| json!({ "key": name, "value": text(value) }))
        .collect();
    let mut tags: Vec<Value> = flat(&run.versions)
        .iter()
        .map(|(name, value)| json!({ "key": format!("cistron.{name}"), "value": text(value) }))
        .collect();
    tags.extend(
        run.start
            .tags
            .iter()
            .map(|tag| json!({ "key": tag, "value": "true" })),
    );
    let mut time = start;
    let mut metrics = Vec::new();
    for point in points(run) {
        time = milliseconds(begun + point.at);
        metrics.push(json!({
            "key": allowed(&format!("{}/{}", point.network, point.name)),
            "value": point.value,
            "timestamp": time,
            "step": point.epoch,
        }));
    }
    metrics.extend(run.numbers().into_iter().map(|(name, value)| {
        json!({ "key": allowed(&name), "value": value, "timestamp": time, "step": 0 })
    }));
    for params in params.chunks(WORDS) {
        server.post("runs/log-batch", &json!({ "run_id": id, "params": params }))?;
    }
    for tags in tags.chunks(WORDS) {
        server.post("runs/log-batch", &json!({ "run_id": id, "tags": tags }))?;
    }
    for metrics in metrics.chunks(METRICS) {
        server.post(
            "runs/log-batch",
            &json!({ "run_id": id, "metrics": metrics }),
        )?;
    }
    let status = match run.state {
        "done" => "FINISHED",
        "failed" => "FAILED",
        "interrupted" | "open" => "KILLED",
        _ => "RUNNING",
    };
    let end = milliseconds(begun + run.seconds.unwrap_or(0.0));
    server.post(
        "runs/update",
        &json!({ "run_id": id, "status": status, "end_time": end }),
    )?;
    Ok(id)
}

/// Names of metrics may hold letters, digits, `_-. /` and nothing else.
fn allowed(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_alphanumeric() || "_-. /".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect()
}

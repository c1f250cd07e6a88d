//! Runs that are kept: a folder of plain files for each, written whole, never changed afterwards.

use crate::base::file::write_whole;
use crate::base::{Fault, Result};
use crate::fault;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// How a run ended.
pub enum Outcome {
    /// Well.
    Done,
    /// With this fault.
    Failed(Value),
}

/// The folder of a run that goes on.
pub struct Journal {
    folder: PathBuf,
    started: SystemTime,
}

/// Year, month, day, hour, minute, second of a time, UTC.
fn calendar(time: SystemTime) -> (i64, u32, u32, u64, u64, u64) {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
    // civil-from-days, in eras of 400 years that start in March
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month + 2) / 5 + 1) as u32;
    let month = if month < 10 { month + 3 } else { month - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day, rest / 3600, rest % 3600 / 60, rest % 60)
}

impl Journal {
    /// Makes the folder: `runs/<stamp>_<script>_<hash>`, or at a given place, or below it where it exists.
    pub fn open(script: &Path, text: &str, at: Option<&Path>, set: &BTreeMap<String, String>) -> Result<Journal> {
        let started = SystemTime::now();
        let (y, mo, d, h, mi, s) = calendar(started);
        let name = script.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let key = set.iter().fold(text.to_string(), |key, (name, value)| key + name + "=" + value + "\n");
        let stamp = format!("{y:04}{mo:02}{d:02}-{h:02}{mi:02}{s:02}_{name}_{:08x}", crate::nn::build::hash(&key) as u32);
        let base = match at {
            Some(place) if !place.exists() => place.to_path_buf(),
            Some(place) => place.join(&stamp),
            None => PathBuf::from("runs").join(&stamp),
        };
        let folder = (1..).map(|n| if n == 1 { base.clone() } else { PathBuf::from(format!("{}-{n}", base.display())) }).find(|f| !f.exists()).unwrap_or(base);
        std::fs::create_dir_all(&folder).map_err(|error| Fault::file(&folder, &error))?;
        write_whole(&folder.join("script.rhai"), text.as_bytes())?;
        Ok(Journal { folder, started })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes what the run was and gave.
    #[allow(clippy::too_many_arguments)]
    pub fn close(
        &mut self,
        results: &[(String, Value)],
        set: &[(String, Value)],
        sources: &HashMap<String, String>,
        histories: &[Value],
        outcome: Outcome,
        device: &str,
        seed: u64,
    ) -> Result<()> {
        let write = |name: &str, value: &Value| write_whole(&self.folder.join(name), format!("{value:#}\n").as_bytes());
        let object = |pairs: &[(String, Value)]| Value::Object(pairs.iter().cloned().collect::<Map<String, Value>>());
        write("results.json", &object(results))?;
        write("set.json", &object(set))?;
        write("versions.json", &json!({ "cistron": env!("CARGO_PKG_VERSION"), "libtorch": "2.11.0", "device": device, "seed": seed }))?;
        for (file, text) in sources.iter().filter(|(file, _)| file.ends_with(".rhai")) {
            let plain: String = file.trim_start_matches(['.', '/']).replace("..", "up");
            write_whole(&self.folder.join("imported").join(plain), text.as_bytes())?;
        }
        let mut lines = String::new();
        for history in histories {
            for epoch in history["epochs"].as_array().into_iter().flatten() {
                let mut row = Map::from_iter([("model".to_string(), history["name"].clone()), ("epoch".into(), epoch["epoch"].clone())]);
                for pair in epoch["values"].as_array().into_iter().flatten() {
                    row.insert(pair[0].as_str().unwrap_or("").into(), pair[1].clone());
                }
                row.insert("seconds".into(), epoch["seconds"].clone());
                lines += &format!("{}\n", Value::Object(row));
            }
        }
        if !lines.is_empty() {
            write_whole(&self.folder.join("metrics.jsonl"), lines.as_bytes())?;
        }
        let seconds = self.started.elapsed().map_or(0.0, |d| d.as_secs_f64());
        match outcome {
            Outcome::Done => write("done.json", &json!({ "seconds": seconds })),
            Outcome::Failed(fault) => write("failed.json", &json!({ "seconds": seconds, "fault": fault })),
        }
    }
}

/// A run as it was kept.
pub struct Record {
    /// Its folder.
    pub folder: PathBuf,
    /// `done`, `failed` or `open`.
    pub state: &'static str,
    /// Its results.
    pub results: Value,
    /// Its parameters.
    pub set: Value,
    /// Its script.
    pub script: String,
}

fn read(folder: &Path) -> Record {
    let value = |name: &str| std::fs::read_to_string(folder.join(name)).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
    let state = match () {
        () if folder.join("done.json").exists() => "done",
        () if folder.join("failed.json").exists() => "failed",
        () => "open",
    };
    Record {
        folder: folder.to_path_buf(),
        state,
        results: value("results.json"),
        set: value("set.json"),
        script: std::fs::read_to_string(folder.join("script.rhai")).unwrap_or_default(),
    }
}

impl Record {
    /// Parameters and results, one a line.
    pub fn lines(&self) -> Vec<String> {
        fn walk(path: &str, value: &Value, out: &mut Vec<String>) {
            match value {
                Value::Object(map) => map.iter().for_each(|(key, inner)| walk(&format!("{path}.{key}"), inner, out)),
                other => out.push(format!("{path} = {other}")),
            }
        }
        let mut out = Vec::new();
        walk("set", &self.set, &mut out);
        walk("results", &self.results, &mut out);
        out
    }
}

/// The runs of a folder, oldest first.
pub fn all(dir: &Path) -> Result<Vec<Record>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(dir).map_err(|error| Fault::file(dir, &error))?;
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|e| e.path())).filter(|path| path.join("script.rhai").exists()).collect();
    folders.sort();
    Ok(folders.iter().map(|folder| read(folder)).collect())
}

/// A run by its folder, or by the start of its name.
pub fn find(dir: &Path, name: &str) -> Result<Record> {
    if Path::new(name).join("script.rhai").exists() {
        return Ok(read(Path::new(name)));
    }
    let matching: Vec<Record> = all(dir)?.into_iter().filter(|r| r.folder.file_name().is_some_and(|n| n.to_string_lossy().starts_with(name))).collect();
    match matching.len() {
        1 => matching.into_iter().next().ok_or_else(|| fault!("internal", "no run")),
        0 => Err(fault!("name", "no run in `{}` starts with `{name}`", dir.display(); hint: "`cistron runs list` shows them")),
        n => Err(fault!("name", "{n} runs in `{}` start with `{name}`", dir.display(); hint: "give more of the name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right() {
        let at = |s: u64| calendar(UNIX_EPOCH + std::time::Duration::from_secs(s));
        assert_eq!(at(0), (1970, 1, 1, 0, 0, 0));
        assert_eq!(at(951_782_400 + 3661), (2000, 2, 29, 1, 1, 1));
        assert_eq!(at(1_735_689_599), (2024, 12, 31, 23, 59, 59));
    }
}

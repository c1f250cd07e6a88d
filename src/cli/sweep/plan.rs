//! The runs of a sweep, and the file that lists them.

use crate::base::file::write_whole;
use crate::base::{Fault, Result};
use crate::cli::run::{accepts, declares};
use crate::cli::sandbox::seal;
use crate::lang::setting;
use crate::track::Start;
use crate::{bail, fault};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A point of the sweep: swept parameters with their values.
pub type Point = Vec<(String, String)>;

/// All combinations of swept values.
pub(super) fn points(sweeps: &[String], text: &str) -> Result<Vec<Point>> {
    let mut all: Vec<Point> = vec![Vec::new()];
    for sweep in sweeps {
        let Some((name, values)) = sweep.split_once('=') else {
            bail!("usage", "--sweep {sweep}: expected name=value,value,…")
        };
        declares(text, name.trim(), &format!("--sweep {sweep}"))?;
        let values = setting::listed(values).map_err(|mut fault| {
            fault.message = format!("--sweep {sweep}: {}", fault.message);
            fault
        })?;
        if values.is_empty() {
            bail!("usage", "--sweep {sweep}: there is no value");
        }
        if all[0].iter().any(|(known, _)| known == name.trim()) {
            bail!(
                "usage",
                "--sweep {sweep}: `{}` is swept already",
                name.trim();
                hint: "all values are listed once: --sweep name=1,2,3"
            );
        }
        for value in &values {
            accepts(text, name.trim(), value).map_err(|mut fault| {
                fault.message = fault.message.replacen("--set ", "--sweep ", 1);
                fault
            })?;
        }
        all = all
            .iter()
            .flat_map(|point| {
                values.iter().map(|value| {
                    [
                        point.clone(),
                        vec![(name.trim().to_string(), value.to_string())],
                    ]
                    .concat()
                })
            })
            .collect();
    }
    Ok(all)
}

/// One run of many.
#[derive(Clone, Serialize, Deserialize)]
pub struct Task {
    /// The number of its point.
    pub point: usize,
    /// Its swept values, for people.
    pub words: String,
    /// Its arguments.
    pub start: Start,
}

/// All runs of a sweep, as stored in `sweep.json`.
#[derive(Serialize, Deserialize)]
pub struct Sweep {
    /// The script.
    pub script: PathBuf,
    /// A hash of the text of the script, which all runs of a sweep share.
    pub text: String,
    /// Combinations of swept values.
    pub points: Vec<Point>,
    /// Its runs.
    pub tasks: Vec<Task>,
    /// How many of them are executed at a time.
    pub jobs: usize,
}

/// The name of that file.
const PLAN: &str = "sweep.json";

/// What a sweep is made of.
pub struct Ask<'a> {
    /// Values of `--sweep`.
    pub sweep: &'a [String],
    /// Number of folds, where the script has them.
    pub folds: Option<usize>,
    /// Number of seeds.
    pub seeds: Option<usize>,
    /// The folder in which the folder of the sweep is made.
    pub run_dir: Option<&'a Path>,
    /// The arguments that all runs share.
    pub start: Start,
}

impl Sweep {
    /// The runs that are asked for, at most `jobs` at a time.
    ///
    /// # Errors
    /// Where the script has no such parameter, or a number is 0.
    pub fn of(ask: &Ask, text: &str, jobs: usize) -> Result<Sweep> {
        let points = points(ask.sweep, text)?;
        let (folds, seeds) = (ask.folds.unwrap_or(1), ask.seeds.unwrap_or(1));
        if folds == 0 || seeds == 0 {
            bail!("usage", "--folds and --seeds are at least 1");
        }
        if ask.folds.is_some() {
            declares(text, "fold", "--folds")?;
        }
        let set_twice = |name: &str| {
            ask.start
                .set
                .contains_key(name)
                .then(|| ("--set", name.to_string()))
        };
        let swept = points[0].iter().map(|(name, _)| name.as_str());
        let fold = ask.folds.map(|_| "fold");
        let twice = match fold.filter(|fold| points[0].iter().any(|(name, _)| name == fold)) {
            Some(fold) => Some(("--sweep", fold.to_string())),
            None => swept.chain(fold).find_map(set_twice),
        };
        if let Some((option, name)) = twice {
            let other = if fold == Some(name.as_str()) {
                "--folds"
            } else {
                "--sweep"
            };
            bail!("usage", "{option} and {other} both set `{name}`"; hint: "leave one out");
        }
        let mut tasks = Vec::new();
        for (number, point) in points.iter().enumerate() {
            for fold in 0..folds {
                tasks.extend((0..seeds).map(|seed| ask.task(number, point, fold, seed)));
            }
        }
        Ok(Sweep {
            script: ask.start.script.clone(),
            text: blake3::hash(text.as_bytes()).to_hex().to_string(),
            points,
            jobs: jobs.clamp(1, tasks.len()),
            tasks,
        })
    }

    /// Makes the folder of the sweep and writes the file that lists its runs.
    pub fn store(&self, ask: &Ask) -> Result<PathBuf> {
        let home = ask.free_folder()?;
        std::fs::create_dir_all(&home).map_err(|error| Fault::file(&home, &error))?;
        let json =
            serde_json::to_vec_pretty(self).map_err(|error| fault!("internal", "{error}"))?;
        write_whole(&home.join(PLAN), &json)?;
        seal::renew(&home)?;
        Ok(home)
    }

    /// Reads that file.
    ///
    /// # Errors
    /// Where it is missing or damaged, or its seal does not match.
    pub fn read(home: &Path) -> Result<Sweep> {
        seal::check(home)?;
        let path = home.join(PLAN);
        let bytes = std::fs::read(&path).map_err(|error| Fault::file(&path, &error))?;
        serde_json::from_slice(&bytes).map_err(|_| {
            fault!("file", "`{}` is damaged: it does not state the runs of the sweep",
                path.display();
                hint: "restore it from a copy, or start the sweep again; `cistron run --resume \
                    {}/001` continues one of its runs", home.display())
        })
    }

    /// Whether the text of the script is still the one that the sweep began with.
    pub fn has_same_script(&self) -> Result<bool> {
        let text = crate::base::file::read_text(&self.script)
            .map_err(|error| Fault::file(&self.script, &error))?;
        Ok(blake3::hash(text.as_bytes()).to_hex().as_str() == self.text)
    }
}

/// The folder of a run, by its number from 0.
pub fn folder(home: &Path, number: usize) -> PathBuf {
    home.join(format!("{:03}", number + 1))
}

impl Ask<'_> {
    /// An unused folder for the runs.
    pub fn free_folder(&self) -> Result<PathBuf> {
        let above = self.run_dir.unwrap_or(Path::new("runs"));
        let stem = self.start.script.file_stem();
        let stem = stem.map(|name| name.to_string_lossy().into_owned());
        let stem = match &self.start.name {
            Some(name) => name.replace(['/', '\\'], "-"),
            None => stem.unwrap_or_default(),
        };
        (1..)
            .map(|n| match n {
                1 => above.join(format!("{stem}-sweep")),
                n => above.join(format!("{stem}-sweep-{n}")),
            })
            .find(|path| !path.exists())
            .ok_or_else(|| fault!("internal", "no folder is free"))
    }

    fn task(&self, number: usize, point: &Point, fold: usize, seed: usize) -> Task {
        let mut set: Point = point.clone();
        if self.folds.is_some() {
            set.push(("fold".into(), fold.to_string()));
        }
        let seed = self.start.seed + seed as u64;
        let mut words: Vec<String> = set
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if self.seeds.is_some() {
            words.push(format!("seed {seed}"));
        }
        let named = |name: &String| format!("{name} {}", words.join(" ")).trim().to_string();
        let mut start = Start {
            seed,
            name: self.start.name.as_ref().map(named),
            ..self.start.clone()
        };
        start.set.extend(set);
        Task {
            point: number,
            words: words.join(", "),
            start,
        }
    }
}

//! `cistron run --sweep --folds --seeds`: several runs of a script, with a table of their results.

use super::exit::{ERROR, INTERRUPTED};
use super::run::{RunArguments, declares};
use crate::base::file::write_whole;
use crate::base::table::{Cells, Table};
use crate::base::{Fault, Result, interrupt, panic, threads};
use crate::lang::setting;
use crate::metrics::statistics::{mean, variance};
use crate::track::{self, Start};
use crate::{bail, fault};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

/// A point of the sweep: swept parameters with their values.
type Point = Vec<(String, String)>;

fn points(sweeps: &[String], text: &str) -> Result<Vec<Point>> {
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

/// The result of a run: its numbers by name, or its failure.
#[derive(Clone)]
struct Given {
    point: usize,
    numbers: Vec<(String, f64)>,
    failed: Option<String>,
}

/// One run of many.
#[derive(Clone, Serialize, Deserialize)]
struct Task {
    point: usize,
    words: String,
    start: Start,
}

/// All runs of a sweep, as stored in `sweep.json`.
#[derive(Serialize, Deserialize)]
struct Sweep {
    script: PathBuf,
    /// A hash of the text of the script, which all runs of a sweep share.
    text: String,
    points: Vec<Point>,
    tasks: Vec<Task>,
    jobs: usize,
}

/// The name of that file.
const PLAN: &str = "sweep.json";

/// Executes the runs of a sweep.
struct Runner<'a> {
    program: PathBuf,
    script: &'a Path,
    home: &'a Path,
    all: usize,
    /// Whether runs continue although files that they read have changed.
    may_differ: bool,
    /// Whether runs are executed one at a time, each with its output on the terminal.
    is_alone: bool,
}

impl Runner<'_> {
    /// Executes a run; none where it was interrupted.
    fn run(&self, i: usize, task: &Task) -> Result<Option<Given>> {
        let (number, all, words) = (i + 1, self.all, &task.words);
        crate::errln!("[{number}/{all}] {words}");
        let folder = self.home.join(format!("{number:03}"));
        let record = track::read(&folder);
        if record.state == "done" && record.results.is_null() {
            return Ok(Some(Given {
                point: task.point,
                numbers: Vec::new(),
                failed: Some(format!(
                    "its results.json is missing or damaged; remove {} and resume to run it again",
                    folder.display()
                )),
            }));
        }
        if record.state == "done" {
            return Ok(Some(Given {
                point: task.point,
                numbers: record.numbers(),
                failed: None,
            }));
        }
        let mut command = Command::new(&self.program);
        if folder.join("run.json").exists() {
            command
                .arg("run")
                .arg("--resume")
                .arg(&folder)
                .args(self.may_differ.then_some("--changed"));
        } else {
            // the folder of an interrupted start is no record
            std::fs::remove_dir_all(&folder).ok();
            command
                .arg("run")
                .arg(self.script)
                .arg("--run-dir")
                .arg(&folder)
                .args(task.start.arguments());
        }
        end_with_parent(&mut command);
        if !self.is_alone {
            let path = self.home.join(format!("{number:03}.txt"));
            let file = File::create(&path).and_then(|file| Ok((file.try_clone()?, file)));
            let (out, err) = file.map_err(|error| Fault::file(&path, &error))?;
            command.stdin(Stdio::null()).stdout(out).stderr(err);
        }
        let started = Instant::now();
        let status = command
            .status()
            .map_err(|error| Fault::file(&self.program, &error))?;
        if interrupt::is_raised() || status.code() == Some(i32::from(INTERRUPTED)) {
            return Ok(None);
        }
        let record = track::read(&folder);
        let failed = (!status.success()).then(|| {
            record.fault["message"]
                .as_str()
                .unwrap_or("it ended without a word")
                .to_string()
        });
        match &failed {
            Some(why) => crate::errln!("[{number}/{all}] {words}: failed: {why}"),
            None if !self.is_alone => crate::errln!(
                "[{number}/{all}] {words}: done in {:.0} s",
                started.elapsed().as_secs_f64()
            ),
            None => {}
        }
        Ok(Some(Given {
            point: task.point,
            numbers: record.numbers(),
            failed,
        }))
    }
}

/// Interrupts a command when this process ends.
fn end_with_parent(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let parent = std::process::id();
    // SAFETY: between fork and exec only two system calls are made, which allocate nothing
    unsafe {
        command.pre_exec(move || {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
            // the parent may have ended before the call
            if libc::getppid() as u32 == parent {
                Ok(())
            } else {
                Err(std::io::ErrorKind::Interrupted.into())
            }
        });
    }
}

/// Executes runs, several at a time; returns results in their order, without runs that were not
/// completed before an interrupt.
fn side_by_side(tasks: &[Task], jobs: usize, runner: &Runner) -> Result<Vec<Given>> {
    let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let lane = || -> Result<Vec<(usize, Given)>> {
        let mut done = Vec::new();
        while !is_over.load(Relaxed) {
            let i = next.fetch_add(1, Relaxed);
            let Some(task) = tasks.get(i) else { break };
            match runner.run(i, task) {
                Ok(Some(given)) => done.push((i, given)),
                other => {
                    is_over.store(true, Relaxed);
                    other?;
                }
            }
        }
        Ok(done)
    };
    let lost = || fault!("internal", "a lane of runs gave up: {}", panic::last());
    let lanes: Vec<Result<_>> = std::thread::scope(|scope| {
        let started = |_| {
            std::thread::Builder::new()
                .spawn_scoped(scope, lane)
                .map_err(|error| threads::refused("runs", &error))
        };
        let lanes: Vec<_> = (0..jobs).map(started).collect();
        lanes
            .into_iter()
            .map(|thread| thread?.join().unwrap_or_else(|_| Err(lost())))
            .collect()
    });
    let mut done = lanes.into_iter().collect::<Result<Vec<_>>>()?.concat();
    done.sort_by_key(|(i, _)| *i);
    Ok(done.into_iter().map(|(_, given)| given).collect())
}

/// Runs the command and returns its exit code.
pub fn sweep(arguments: &RunArguments, script: &Path, text: &str) -> Result<u8> {
    let points = points(&arguments.sweep, text)?;
    let (folds, seeds) = (arguments.folds.unwrap_or(1), arguments.seeds.unwrap_or(1));
    if folds == 0 || seeds == 0 {
        bail!("usage", "--folds and --seeds are at least 1");
    }
    if arguments.folds.is_some() {
        declares(text, "fold", "--folds")?;
    }
    if arguments.no_run_dir {
        bail!(
            "usage",
            "--no-run-dir: what is repeated is read back from run directories"
        );
    }
    let start = arguments.start(script)?;
    let above = arguments
        .run_dir
        .clone()
        .unwrap_or_else(|| PathBuf::from("runs"));
    let stem = script
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let stem = start
        .name
        .as_ref()
        .map_or(stem, |name| name.replace(['/', '\\'], "-"));
    let home = (1..)
        .map(|n| {
            above.join(if n == 1 {
                format!("{stem}-sweep")
            } else {
                format!("{stem}-sweep-{n}")
            })
        })
        .find(|path| !path.exists());
    let home = home.ok_or_else(|| fault!("internal", "no folder is free"))?;
    std::fs::create_dir_all(&home).map_err(|error| Fault::file(&home, &error))?;
    let mut tasks = Vec::new();
    for (number, point) in points.iter().enumerate() {
        for (fold, seed) in (0..folds).flat_map(|fold| (0..seeds).map(move |seed| (fold, seed))) {
            let mut set: Point = point.clone();
            if arguments.folds.is_some() {
                set.push(("fold".into(), fold.to_string()));
            }
            let seed = arguments.common.seed + seed as u64;
            let mut words: Vec<String> = set
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            if arguments.seeds.is_some() {
                words.push(format!("seed {seed}"));
            }
            let name = start
                .name
                .as_ref()
                .map(|name| format!("{name} {}", words.join(" ")).trim().to_string());
            let mut run = Start {
                seed,
                name,
                ..start.clone()
            };
            run.set.extend(set);
            tasks.push(Task {
                point: number,
                words: words.join(", "),
                start: run,
            });
        }
    }
    let jobs = arguments.jobs.clamp(1, tasks.len());
    if jobs > 1 {
        let each = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) / jobs;
        tasks
            .iter_mut()
            .for_each(|task| task.start.threads = task.start.threads.or(Some(each.max(1))));
    }
    let text = blake3::hash(text.as_bytes()).to_hex().to_string();
    let plan = Sweep {
        script: start.script.clone(),
        text,
        points,
        tasks,
        jobs,
    };
    let json = serde_json::to_vec_pretty(&plan).map_err(|error| fault!("internal", "{error}"))?;
    write_whole(&home.join(PLAN), &json)?;
    super::sandbox::seal::renew(&home)?;
    finish(&home, plan, false)
}

/// Continues an interrupted sweep: completed runs are kept, others are resumed or started.
pub fn resume(home: &Path, arguments: &RunArguments) -> Result<u8> {
    super::sandbox::seal::check(home)?;
    let path = home.join(PLAN);
    let bytes = std::fs::read(&path).map_err(|error| Fault::file(&path, &error))?;
    let plan: Sweep = serde_json::from_slice(&bytes).map_err(|_| {
        fault!("file", "`{}` is damaged: it does not state the runs of the sweep", path.display();
            hint: "restore it from a copy, or start the sweep again; `cistron run --resume \
                {}/001` continues one of its runs", home.display())
    })?;
    if !arguments.common.set.is_empty() {
        bail!(
            "usage",
            "--set: a sweep is resumed with its own settings";
            hint: "`cistron run --resume {}/001 --set …` continues one of its runs",
            home.display()
        );
    }
    let text = crate::base::file::read_text(&plan.script)
        .map_err(|error| Fault::file(&plan.script, &error))?;
    if blake3::hash(text.as_bytes()).to_hex().as_str() != plan.text && !arguments.changed {
        bail!("resume", "`{}` has changed since the sweep in `{}` \
            began", plan.script.display(), home.display();
            hint: "restore it, or add `--changed`: runs that have not begun then are of the \
                script as it is");
    }
    let jobs = if arguments.jobs > 1 {
        arguments.jobs
    } else {
        plan.jobs
    };
    finish(home, Sweep { jobs, ..plan }, arguments.changed)
}

/// Executes the remaining runs of a sweep, and writes the table of all.
fn finish(home: &Path, plan: Sweep, may_differ: bool) -> Result<u8> {
    let _lock = track::lock::Lock::take(home)?;
    let program = std::env::current_exe().map_err(|error| Fault::file("cistron", &error))?;
    let all = plan.tasks.len();
    let runner = Runner {
        program,
        script: &plan.script,
        home,
        all,
        may_differ,
        is_alone: plan.jobs == 1,
    };
    let given = side_by_side(&plan.tasks, plan.jobs, &runner)?;
    if interrupt::is_raised() || given.len() < all {
        crate::errln!(
            "interrupted; what was done is in {}; `cistron run --resume {}` continues it",
            home.display(),
            home.display()
        );
        return Ok(INTERRUPTED);
    }
    let table = summary(&plan.points, &given)?;
    crate::outln!("{}", table.rounded(4).to_pretty(200));
    let path = home.join("summary.tsv");
    table.save(&path)?;
    crate::outln!("written to {}", path.display());
    let failures = given.iter().filter(|run| run.failed.is_some()).count();
    if failures > 0 {
        crate::errln!("{failures} of {all} runs failed");
        return Ok(ERROR);
    }
    Ok(0)
}

/// A row for each point: number of runs, and mean and standard deviation of each reported number.
fn summary(points: &[Point], given: &[Given]) -> Result<Table> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in given.iter().flat_map(|run| &run.numbers) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let of = |point: usize| {
        given
            .iter()
            .filter(move |run| run.point == point && run.failed.is_none())
    };
    let mut columns: Vec<(String, Cells)> = Vec::new();
    for i in 0..points[0].len() {
        columns.push((
            points[0][i].0.clone(),
            Cells::Text(points.iter().map(|point| point[i].1.clone()).collect()),
        ));
    }
    columns.push((
        "runs".into(),
        Cells::Whole((0..points.len()).map(|i| of(i).count() as i64).collect()),
    ));
    for name in &names {
        let values = |i: usize| {
            of(i)
                .filter_map(|run| {
                    run.numbers
                        .iter()
                        .find(|(known, _)| known == name)
                        .map(|(_, v)| *v)
                })
                .collect::<Vec<f64>>()
        };
        // a result may have the name of a swept parameter
        let is_taken = |name: &str| columns.iter().any(|(known, _)| known == name);
        let (mut shown, mut deviation) = (name.clone(), format!("{name} sd"));
        while is_taken(&shown) || is_taken(&deviation) {
            shown.push_str(" (result)");
            deviation = format!("{shown} sd");
        }
        columns.push((
            shown,
            Cells::Number((0..points.len()).map(|i| mean(&values(i))).collect()),
        ));
        columns.push((
            deviation,
            Cells::Number(
                (0..points.len())
                    .map(|i| variance(&values(i)).sqrt())
                    .collect(),
            ),
        ));
    }
    Table::new(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_all_combinations_and_runs_are_averaged() {
        let text = "param(\"lr\", 1.0); param(\"width\", 8);";
        let found = points(&["lr=1,2".into(), "width=8, 12".into()], text).unwrap();
        assert_eq!(found.len(), 4);
        assert_eq!(
            found[3],
            [
                ("lr".to_string(), "2".to_string()),
                ("width".into(), "12".into())
            ]
        );
        assert!(
            points(&["rate=1".into()], text)
                .unwrap_err()
                .to_string()
                .contains("no parameter `rate`")
        );
        let run = |point, value, failed: bool| Given {
            point,
            numbers: vec![("auc".into(), value)],
            failed: failed.then(|| "x".into()),
        };
        let table = summary(
            &found[..2],
            &[run(0, 0.5, false), run(0, 0.7, false), run(1, 0.9, true)],
        )
        .unwrap();
        assert_eq!(table.column("runs").unwrap(), &Cells::Whole(vec![2, 0]));
        let Cells::Number(means) = table.column("auc").unwrap() else {
            panic!("numbers")
        };
        assert!((means[0] - 0.6).abs() < 1e-12 && means[1].is_nan());
    }
}

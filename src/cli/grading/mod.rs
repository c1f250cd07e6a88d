//! `cistron test --grade`: lessons, submissions, their points and hints.
//!
//! Each submission to a lesson is graded in a process of its own: without network, without files
//! but those of `--allow`, with limits after which it is killed. Points are counted by the parent
//! from what the native code of that process sends.

mod exercise;
mod judge;
mod lesson;
mod report;
mod roster;
mod source;

pub use exercise::Exercise;
pub use judge::judge;

use super::exit::{FAILED, INTERRUPTED, USAGE, fail};
use super::files::files;
use super::sandbox::{Child, End, Limits, Next, Policy, Work, fault_of};
use crate::base::{Fault, Result, interrupt, panic, threads};
use crate::fault;
use clap::Args;
use lesson::Lesson;
use report::Graded;
use roster::{Student, Submission};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Seconds that a test may take.
const SECONDS: u64 = 20;
/// MiB that a submission may take.
const MEMORY: u64 = 4096;

/// What `test --grade` takes.
#[derive(Args, Clone, Debug)]
pub struct GradeArguments {
    /// Print points as JSON, one object for each submission and lesson
    #[arg(long, requires = "grade")]
    json: bool,
    /// Submissions: a file or a folder of one student, or a pattern such as 'submissions/*' with a
    /// file or a folder for each; .rhai or .ipynb
    #[arg(long, requires = "grade", value_name = "PATTERN")]
    answers: Option<String>,
    /// Hidden tests: a file, or a folder of files named as the lessons; `hidden/` beside a lesson
    /// unless given
    #[arg(long, requires = "grade", value_name = "PATH")]
    hidden: Option<PathBuf>,
    /// Write points as a table: a row for each student, a column for each lesson
    #[arg(long, requires = "grade", value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Submissions that are graded at a time
    #[arg(
        long,
        default_value_t = 1,
        requires = "grade",
        value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..=256),
    )]
    jobs: u64,
    /// Seconds that a test may take with --grade
    #[arg(
        long,
        default_value_t = SECONDS,
        requires = "grade",
        value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..),
    )]
    seconds: u64,
    /// Memory that a submission may take with --grade, MiB
    #[arg(
        long,
        default_value_t = MEMORY,
        requires = "grade",
        value_name = "MB",
        value_parser = clap::value_parser!(u64).range(1..),
    )]
    memory: u64,
    /// A folder that tests and submissions may read, such as one of data; may be given several
    /// times
    #[arg(long, requires = "grade", value_name = "DIR")]
    allow: Vec<PathBuf>,
}

/// Runs the command and returns its exit code.
pub fn grade(paths: &[PathBuf], arguments: &GradeArguments) -> u8 {
    graded(paths, arguments).unwrap_or_else(|fault| fail(&fault, arguments.json))
}

fn graded(paths: &[PathBuf], arguments: &GradeArguments) -> Result<u8> {
    if paths.is_empty() {
        return Err(
            fault!("usage", "--grade needs a lesson"; hint: "`cistron test --grade lesson.rhai`"),
        );
    }
    let mut lessons = Vec::new();
    for path in files(paths, &["rhai"])? {
        let lesson = Lesson::read(&path, arguments.hidden.as_deref())?;
        // a folder of lessons may hold scripts without tests
        if !lesson.tests.is_empty() {
            lessons.push(lesson);
        }
    }
    if lessons.is_empty() {
        crate::errln!("no `fn test_…()` was found");
        return Ok(USAGE);
    }
    let students = roster::students(arguments.answers.as_deref(), &lessons)?;
    let allow: Vec<PathBuf> = arguments
        .allow
        .iter()
        .map(|folder| std::path::absolute(folder).map_err(|error| Fault::file(folder, &error)))
        .collect::<Result<_>>()?;
    let limits = Limits {
        seconds: arguments.seconds,
        memory: arguments.memory,
        disk: 1,
    };
    if let Some(path) = &arguments.csv
        && path
            .extension()
            .is_some_and(|ending| ending == "rhai" || ending == "ipynb")
    {
        return Err(fault!(
            "usage",
            "--csv {}: a table must not replace a script or a notebook",
            path.display();
            hint: "name it grades.csv"
        ));
    }
    let tasks: Vec<(usize, usize)> = (0..students.len())
        .flat_map(|s| (0..lessons.len()).map(move |l| (s, l)))
        .collect();
    let one = |(s, l): (usize, usize)| submission(&students[s], l, &lessons[l], &limits, &allow);
    let results = side_by_side(&tasks, arguments.jobs as usize, &one)?;
    if interrupt::is_raised() {
        return Ok(INTERRUPTED);
    }
    let rows: Vec<(&Student, &[Graded])> =
        students.iter().zip(results.chunks(lessons.len())).collect();
    report::print(&rows, &lessons, arguments.json);
    if let Some(path) = &arguments.csv {
        report::save(&rows, &lessons, path)?;
        if !arguments.json {
            crate::outln!("written to {}", path.display());
        }
    }
    let is_full = results
        .iter()
        .all(|graded| graded.points(&lessons[graded.lesson]) == lessons[graded.lesson].of());
    Ok(if is_full { 0 } else { FAILED })
}

/// Grades submissions, some at a time; in their order.
fn side_by_side(
    tasks: &[(usize, usize)],
    jobs: usize,
    one: &(dyn Fn((usize, usize)) -> Result<Graded> + Sync),
) -> Result<Vec<Graded>> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Result<Graded>>>> =
        Mutex::new(tasks.iter().map(|_| None).collect());
    let lane = || {
        loop {
            let i = next.fetch_add(1, Relaxed);
            let Some(task) = tasks.get(i) else { return };
            if interrupt::is_raised() {
                return;
            }
            let result = one(*task);
            results
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)[i] = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(tasks.len()) {
            std::thread::Builder::new()
                .spawn_scoped(scope, lane)
                .map_err(|error| threads::refused("grading", &error))?;
        }
        Ok::<(), Fault>(())
    })?;
    let results = results
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let lost = || {
        if interrupt::is_raised() {
            Fault::new("interrupted", "interrupted")
        } else {
            fault!("internal", "a lane gave up: {}", panic::last())
        }
    };
    results
        .into_iter()
        .map(|result| result.unwrap_or_else(|| Err(lost())))
        .collect()
}

/// Grades a student's submission to a lesson.
fn submission(
    student: &Student,
    number: usize,
    lesson: &Lesson,
    limits: &Limits,
    allow: &[PathBuf],
) -> Result<Graded> {
    let answers = match student.submission(lesson) {
        Submission::Lesson => None,
        Submission::File(source) => Some(source),
        Submission::Missing(note) => {
            let problems = lesson.tests.iter().map(|_| Some(note.clone())).collect();
            return Ok(Graded {
                lesson: number,
                file: None,
                note: Some(note),
                problems,
            });
        }
    };
    judged(&student.name, answers, (number, lesson), limits, allow)
}

/// Grades the functions that were typed in a session: by the tests of the lesson that a path, or
/// the beginning of a name such as `02`, names; else by those that the session has.
pub fn check(asked: &str, script: &str) -> Result<String> {
    let text = source::last_functions(script);
    let here = "this session";
    let (lesson, answers) = match Lesson::find(asked)? {
        Some(path) => {
            let answers = lesson::Source {
                file: here.into(),
                text,
            };
            (Lesson::read(&path, None)?, Some(answers))
        }
        None => (Lesson::of_text(here, &text), None),
    };
    if lesson.tests.is_empty() {
        let place = match answers {
            Some(_) => format!("`{}` has no tests", lesson.source.file),
            None if asked.is_empty() => "this session has no tests".to_string(),
            None => format!("there is no lesson `{asked}_….rhai`, and this session has no tests"),
        };
        return Err(fault!(
            "value",
            "{place} (`fn test_…()`)";
            hint: "`check(\"folder/02\")` names a lesson by its path"
        ));
    }
    let limits = Limits {
        seconds: SECONDS,
        memory: MEMORY,
        disk: 1,
    };
    let graded = judged("", answers, (0, &lesson), &limits, &[])?;
    Ok(report::details(&graded, &lesson))
}

/// Runs the tests of a lesson on a submission.
fn judged(
    student: &str,
    answers: Option<lesson::Source>,
    (number, lesson): (usize, &Lesson),
    limits: &Limits,
    allow: &[PathBuf],
) -> Result<Graded> {
    let file = answers.as_ref().map(|source| source.file.clone());
    let digest = blake3::hash(format!("{student}\n{}", lesson.name()).as_bytes());
    let mut exercise = Exercise {
        lesson: lesson.source.clone(),
        hidden: lesson.hidden.clone(),
        answers,
        tests: lesson.tests.clone(),
        first: 0,
        seed: u64::from_le_bytes(digest.as_bytes()[..8].try_into().unwrap_or_default()),
        allow: allow.to_vec(),
    };
    // what no test has reported by the end has failed
    let mut problems = vec![Some("the test was not run".to_string()); lesson.tests.len()];
    let mut note = None;
    while exercise.first < lesson.tests.len() {
        let first = exercise.first;
        let reached = attempt(&exercise, limits, &mut problems, &mut note)?;
        // a test that ended its process is not run again, those after it are
        exercise.first = reached.map_or(lesson.tests.len(), |test| test.max(first) + 1);
    }
    Ok(Graded {
        lesson: number,
        file,
        note,
        problems,
    })
}

/// Runs tests in a process of their own, in an empty folder, until one ends it: the number of that
/// test.
fn attempt(
    exercise: &Exercise,
    limits: &Limits,
    problems: &mut [Option<String>],
    note: &mut Option<String>,
) -> Result<Option<usize>> {
    let folder = EmptyFolder::create()?;
    let policy = Policy {
        read: exercise.allow.clone(),
        write: Vec::new(),
        gpu: false,
        // of all tests; each has a limit of its own
        seconds: limits.seconds.saturating_mul(exercise.tests.len() as u64),
        memory: limits.memory,
        disk: limits.disk,
    };
    let mut running = exercise.first;
    let mut is_over = false;
    // the library of this program, not one that a variable names
    let child = Child::start(
        policy,
        Work::Grade(Box::new(exercise.clone())),
        &folder.0,
        false,
        &["CISTRON_STDLIB"],
    )?;
    let end = child.watch(limits, |event| {
        if let Some(i) = event["begin"].as_u64() {
            running = i as usize;
            return Ok(Next::Restart);
        }
        if let Some(judged) = event["judged"].as_array()
            && let Some(problem) = judged
                .first()
                .and_then(|i| i.as_u64())
                .and_then(|i| problems.get_mut(i as usize))
        {
            *problem = judged
                .get(1)
                .and_then(|text| text.as_str())
                .map(str::to_string);
            running += 1;
        }
        is_over |= event["end"].as_bool().unwrap_or(false);
        if !event["failed"].is_null() {
            return Err(fault_of(&event["failed"]));
        }
        Ok(Next::Continue)
    });
    if is_over {
        return Ok(None);
    }
    let reason = match end {
        Ok(End::Late) => format!("it takes more than {} s", limits.seconds),
        Ok(End::Memory) => format!("it needs more memory than {} MiB", limits.memory),
        Ok(End::Interrupted) => return Err(Fault::new("interrupted", "interrupted")),
        Ok(end) => end.fault(limits).map_or_else(
            || "it ended its process, most likely for lack of memory".to_string(),
            |fault| fault.message.clone(),
        ),
        // of the sandbox, or of this computer: no submission has to do with it
        Err(fault) => return Err(fault),
    };
    if running >= problems.len() {
        return Ok(None);
    }
    note.get_or_insert_with(|| format!("{}: {reason}", exercise.tests[running].name));
    problems[running] = Some(reason);
    Ok(Some(running))
}

/// A folder that is removed at the end.
struct EmptyFolder(PathBuf);

impl EmptyFolder {
    fn create() -> Result<EmptyFolder> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = || {
            format!(
                "cistron-grade-{}-{}",
                std::process::id(),
                NUMBER.fetch_add(1, Relaxed)
            )
        };
        for _ in 0..1000 {
            let path = std::env::temp_dir().join(name());
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(EmptyFolder(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Fault::file(&path, &error)),
            }
        }
        Err(fault!(
            "file",
            "no folder in `{}` is free",
            std::env::temp_dir().display();
            hint: "remove `cistron-grade-*` there"
        ))
    }
}

impl Drop for EmptyFolder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

//! The script of an array of jobs, and the programs of SLURM.

use crate::base::{Result, shell};
use crate::{bail, fault};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The file of the job, in the folder of the runs.
pub(super) const SCRIPT: &str = "job.sh";
/// The file with the numbers of the jobs in SLURM, one per line.
pub(super) const NUMBER: &str = "job.txt";

/// The signal, to the shell of the job alone.
const SIGNAL: &str = "--signal=B:USR1@";

/// An array of jobs, one for each run.
pub(super) struct Job {
    pub name: String,
    pub runs: usize,
    /// The most runs at a time.
    pub at_a_time: Option<usize>,
    /// The folder of the runs.
    pub home: PathBuf,
    /// The working directory.
    pub folder: PathBuf,
    pub program: PathBuf,
    /// Seconds before the time limit at which the signal is sent.
    pub ahead: u32,
    /// Other options of sbatch.
    pub options: Vec<String>,
}

impl Job {
    /// The text of the script. The shell is replaced by the program, so that the signal ahead of
    /// the time limit, which goes to the shell alone, arrives there.
    pub fn script(&self) -> String {
        let mut text = String::from("#!/bin/bash\n");
        let most = self.at_a_time.map(|n| format!("%{n}")).unwrap_or_default();
        let lines = [
            format!("--job-name={}", self.name.replace(char::is_whitespace, "_")),
            format!("--array=1-{}{most}", self.runs),
            format!("--output={}/%3a.txt", literal(&self.home)),
            "--open-mode=append".into(),
            "--requeue".into(),
            signal(self.ahead),
            format!("--chdir={}", self.folder.display()),
        ];
        for option in lines.iter().chain(&self.options) {
            // writing to a string cannot fail
            let _ = writeln!(text, "#SBATCH {}", shell::quoted_option(option));
        }
        let words = [
            self.program.as_path(),
            Path::new("submit"),
            Path::new("--task"),
            &self.home,
        ];
        let words: Vec<String> = words
            .iter()
            .map(|word| shell::quoted(&word.to_string_lossy()))
            .collect();
        let _ = writeln!(text, "exec {}", words.join(" "));
        text
    }
}

/// The most runs at a time of a script.
pub(super) fn at_a_time(script: &str) -> Option<usize> {
    let array = script
        .lines()
        .find_map(|line| line.strip_prefix("#SBATCH --array="))?;
    array.split_once('%')?.1.parse().ok()
}

/// Seconds before the time limit at which the signal of a script is sent.
pub(super) fn ahead(script: &str) -> Option<u32> {
    let option = format!("#SBATCH {SIGNAL}");
    script
        .lines()
        .find_map(|line| line.strip_prefix(&option)?.parse().ok())
}

/// The option of sbatch with the signal ahead of the time limit.
pub(super) fn signal(ahead: u32) -> String {
    format!("{SIGNAL}{ahead}")
}

/// A path as SLURM reads it in the name of a file, where `%` begins a replacement.
fn literal(path: &Path) -> String {
    path.display().to_string().replace('%', "%%")
}

/// Seconds of a time as SLURM has it: minutes, minutes:seconds, hours:minutes:seconds, days-hours,
/// days-hours:minutes, days-hours:minutes:seconds.
pub(super) fn seconds(text: &str) -> Result<u64> {
    let (days, rest) = text
        .split_once('-')
        .map_or((None, text), |(days, rest)| (Some(days), rest));
    let days_are_absent = days.is_none();
    let number = |text: &str| text.parse::<u64>().ok();
    let parts: Option<Vec<u64>> = rest.split(':').map(number).collect();
    let units: &[u64] = match (days, parts.as_ref().map_or(0, Vec::len)) {
        (None, 1) => &[60],
        (None, 2) => &[60, 1],
        (None | Some(_), 3) => &[3600, 60, 1],
        (Some(_), 1) => &[3600],
        (Some(_), 2) => &[3600, 60],
        _ => &[],
    };
    let days = days.map_or(Some(0), number);
    // behind days and hours, units are below the next one: 1-99:99:99 is a slip
    let is_in_range = |parts: &Vec<u64>| {
        let limits = units.iter().map(|unit| if *unit == 3600 { 24 } else { 60 });
        let first = usize::from(days_are_absent);
        parts
            .iter()
            .zip(limits)
            .skip(first)
            .all(|(n, limit)| *n < limit)
    };
    let parts = parts.filter(|_| !units.is_empty()).filter(is_in_range);
    let (Some(days), Some(parts)) = (days, parts) else {
        bail!("usage", "--time {text}: expected a time as SLURM has it";
            hint: "30 is minutes, 4:00:00 hours, 1-12:00:00 a day and a half");
    };
    let rest = parts
        .iter()
        .zip(units)
        .map(|(n, unit)| n.checked_mul(*unit));
    let total = rest
        .chain([days.checked_mul(86_400)])
        .try_fold(0u64, |sum, part| sum.checked_add(part?));
    total.ok_or_else(|| fault!("usage", "--time {text}: this is too long"))
}

/// Whether a text is a size as SLURM has it: a number with K, M, G or T, or without.
pub(super) fn is_size(text: &str) -> bool {
    let digits = text.strip_suffix(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']);
    digits.unwrap_or(text).parse::<u64>().is_ok()
}

/// Whether a program is found on the path.
pub(super) fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// The output of a program of SLURM.
pub(super) fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| fault!("system", "{program} cannot be started: {error}"))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("system", "{program} failed: {}", error.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Submits a script, with other options than those in it, and returns the number of the job.
pub(super) fn sbatch(script: &Path, options: &[String]) -> Result<String> {
    let path = script.display().to_string();
    let options = options.iter().map(String::as_str);
    let arguments: Vec<&str> = ["--parsable"]
        .into_iter()
        .chain(options)
        .chain([&*path])
        .collect();
    let text = output("sbatch", &arguments).map_err(|fault| {
        let is_too_long = fault.message.contains("Invalid job array specification");
        match is_too_long {
            true => fault.hint(
                "the numbers of an array are below MaxArraySize (`scontrol show config`), by \
                default 1001: split the sweep by one of its parameters",
            ),
            false => fault,
        }
    })?;
    // with several clusters the name of the cluster follows
    let id = text.trim().split(';').next().unwrap_or("");
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!(
            "system",
            "sbatch printed `{}`, not the number of a job",
            text.trim()
        );
    }
    Ok(id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_slurm() {
        let cases = [
            ("30", 1800),
            ("2:30", 150),
            ("4:00:00", 14_400),
            ("1-12", 129_600),
            ("1-12:30", 131_400),
            ("1-12:30:05", 131_405),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text).unwrap(), expected, "{text}");
        }
        for text in [
            "",
            "x",
            "1:2:3:4",
            "-3",
            "1-",
            "99999999999999999999",
            "9999999999999999999-0",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_script_of_a_job_quotes_what_a_shell_would_read() {
        let job = Job {
            name: "two words".into(),
            runs: 12,
            at_a_time: Some(4),
            home: "/data/my runs/50%/s-sweep".into(),
            folder: "/data/#1".into(),
            program: "/opt/it's/cistron".into(),
            ahead: 60,
            options: vec!["--time=4:00:00".into(), "--gres=gpu:1".into()],
        };
        let expected = "#!/bin/bash\n\
            #SBATCH --job-name=two_words\n\
            #SBATCH --array=1-12%4\n\
            #SBATCH --output=\"/data/my runs/50%%/s-sweep/%3a.txt\"\n\
            #SBATCH --open-mode=append\n\
            #SBATCH --requeue\n\
            #SBATCH --signal=B:USR1@60\n\
            #SBATCH --chdir=\"/data/#1\"\n\
            #SBATCH --time=4:00:00\n\
            #SBATCH --gres=gpu:1\n\
            exec '/opt/it'\\''s/cistron' submit --task '/data/my runs/50%/s-sweep'\n";
        assert_eq!(job.script(), expected);
        assert_eq!((at_a_time(expected), ahead(expected)), (Some(4), Some(60)));
        assert_eq!(at_a_time("#SBATCH --array=1-3\n"), None);
    }
}

//! `cistron kernel`: the language in Jupyter.

mod lab;
mod output;
mod serve;
mod wire;

use super::arguments::SessionArguments;
use super::exit::fail;
use crate::base::file::write_whole;
use crate::base::{Fault, Result};
use clap::Subcommand;
use jupyter_protocol::JupyterKernelspec;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The icon of the kernel in Jupyter.
const LOGO: &str = include_str!("logo.svg");

/// What can be done with the kernel.
#[derive(Subcommand)]
pub enum KernelCommand {
    /// Let Jupyter know of the kernel
    Install {
        /// Install below this folder (its share/jupyter/kernels) instead of the user's own; that of
        /// a Python environment is found by it
        #[arg(long, value_name = "DIR")]
        prefix: Option<PathBuf>,
        /// The name that Jupyter knows it by
        #[arg(long, default_value = "cistron")]
        name: String,
        /// What kernels are started with
        #[command(flatten)]
        common: SessionArguments,
    },
    /// Let Jupyter forget the kernel
    Remove {
        /// Where it was installed, where that was not the user's own folder
        #[arg(long, value_name = "DIR")]
        prefix: Option<PathBuf>,
        /// The name that Jupyter knows it by
        #[arg(long, default_value = "cistron")]
        name: String,
    },
    /// Serve a notebook; Jupyter calls this
    Start {
        /// The connection file of Jupyter
        #[arg(short = 'f', value_name = "FILE")]
        connection: PathBuf,
        /// What most commands take
        #[command(flatten)]
        common: SessionArguments,
    },
}

impl KernelCommand {
    /// Whether scripts run.
    pub fn serves(&self) -> bool {
        matches!(self, KernelCommand::Start { .. })
    }
}

/// Runs the command and returns its exit code.
pub fn kernel(command: &KernelCommand) -> u8 {
    let outcome = match command {
        KernelCommand::Install {
            prefix,
            name,
            common,
        } => install(prefix.as_deref(), name, common),
        KernelCommand::Remove { prefix, name } => remove(prefix.as_deref(), name),
        KernelCommand::Start { connection, common } => serve::serve(connection, common),
    };
    outcome.map_or_else(|fault| fail(&fault, false), |()| 0)
}

/// The folder of a kernel of a name: always one directly below `kernels`.
fn folder(prefix: Option<&Path>, name: &str) -> Result<PathBuf> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    // `.` and `..` would be the folders of all kernels
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        let fault = Fault::new(
            "usage",
            format!(
                "--name {name}: a kernel's name consists of letters, digits, `.`, `_` and `-`, \
                and does not start with `.`"
            ),
        );
        return Err(fault.hint("for example `--name cistron-gpu`"));
    }
    let data = match (
        prefix,
        std::env::var_os("JUPYTER_DATA_DIR"),
        std::env::var_os("XDG_DATA_HOME"),
    ) {
        (Some(prefix), ..) => prefix.join("share/jupyter"),
        (None, Some(data), _) => PathBuf::from(data),
        (None, None, Some(data)) if cfg!(target_os = "linux") => {
            PathBuf::from(data).join("jupyter")
        }
        _ => jupyter_zmq_client::user_data_dir().map_err(|error| {
            Fault::new("usage", error.to_string()).hint("--prefix sets the folder to install into")
        })?,
    };
    Ok(data.join("kernels").join(name))
}

fn install(prefix: Option<&Path>, name: &str, common: &SessionArguments) -> Result<()> {
    common.settings()?;
    let folder = folder(prefix, name)?;
    if folder.join("kernel.json").exists() {
        require_own(&folder, "install under another `--name`")?;
    }
    let program = std::env::current_exe().map_err(|error| Fault::file("cistron", &error))?;
    let mut argv: Vec<String> = [
        program.display().to_string().as_str(),
        "kernel",
        "start",
        "-f",
        "{connection_file}",
        "--device",
        &common.device,
    ]
    .map(String::from)
    .to_vec();
    argv.extend(["--seed".to_string(), common.seed.to_string()]);
    argv.extend(
        common
            .threads
            .iter()
            .flat_map(|n| ["--threads".to_string(), n.to_string()]),
    );
    argv.extend(
        common
            .set
            .iter()
            .flat_map(|pair| ["--set".to_string(), pair.clone()]),
    );
    // what this program is found and started with holds for the kernel too, wherever Jupyter is
    // started
    let kept = [
        "CISTRON_LIBTORCH",
        "CISTRON_STDLIB",
        "LD_LIBRARY_PATH",
        "GOMP_SPINCOUNT",
        "OMP_WAIT_POLICY",
    ];
    let env = kept
        .iter()
        .filter_map(|name| Some((name.to_string(), std::env::var(name).ok()?)))
        .collect();
    let spec = JupyterKernelspec {
        argv,
        display_name: if name == "cistron" {
            "cistron".into()
        } else {
            format!("cistron ({name})")
        },
        language: "rhai".into(),
        metadata: Some(HashMap::new()),
        interrupt_mode: Some("message".into()),
        env: Some(env),
    };
    let text = serde_json::to_string_pretty(&spec)
        .map_err(|error| Fault::new("internal", error.to_string()))?;
    std::fs::create_dir_all(&folder).map_err(|error| Fault::file(&folder, &error))?;
    write_whole(&folder.join("kernel.json"), (text + "\n").as_bytes())?;
    write_whole(&folder.join("logo-svg.svg"), LOGO.as_bytes())?;
    if let Some(data) = folder.parent().and_then(Path::parent) {
        lab::install(data)?;
    }
    crate::outln!("{}", folder.display());
    Ok(())
}

/// Fails unless the specification in a folder starts this program's kernel.
fn require_own(folder: &Path, hint: &str) -> Result<()> {
    let spec = folder.join("kernel.json");
    let text = std::fs::read_to_string(&spec).map_err(|error| Fault::file(&spec, &error))?;
    let found: JupyterKernelspec = serde_json::from_str(&text).map_err(|error| {
        Fault::new(
            "data",
            format!("`{}` is no kernel specification: {error}", spec.display()),
        )
        .hint(hint)
    })?;
    let starts_kernel = found
        .argv
        .get(1..3)
        .is_some_and(|words| words == ["kernel", "start"]);
    if found.language != "rhai" || !starts_kernel {
        return Err(Fault::new(
            "usage",
            format!(
                "`{}` is a kernel of {}, not of cistron",
                folder.display(),
                found.language
            ),
        )
        .hint(hint));
    }
    Ok(())
}

/// Removes the kernel's folder, and nothing outside it: of a symbolic link the link alone.
fn remove(prefix: Option<&Path>, name: &str) -> Result<()> {
    let folder = folder(prefix, name)?;
    require_own(
        &folder,
        "`jupyter kernelspec remove` removes kernels of other programs",
    )?;
    let removed = if folder.is_symlink() {
        std::fs::remove_file(&folder)
    } else {
        std::fs::remove_dir_all(&folder)
    };
    removed.map_err(|error| Fault::file(&folder, &error))?;
    // other kernels of this program still need the extension
    if let Some(kernels) = folder.parent() {
        let mut others = std::fs::read_dir(kernels).into_iter().flatten().flatten();
        let is_needed = others.any(|other| require_own(&other.path(), "").is_ok());
        if let (Some(data), false) = (kernels.parent(), is_needed) {
            lab::remove(data);
        }
    }
    crate::outln!("{}", folder.display());
    Ok(())
}

//! The extension that highlights the language in JupyterLab and Notebook.

use crate::base::file::write_whole;
use crate::base::{Fault, Result};
use std::path::{Path, PathBuf};

/// Its files, below its folder.
const FILES: [(&str, &str); 2] = [
    (
        "package.json",
        include_str!("../../../editors/jupyterlab/labextension/package.json"),
    ),
    (
        "static/remoteEntry.js",
        include_str!("../../../editors/jupyterlab/labextension/static/remoteEntry.js"),
    ),
];

/// Its folder, below the data folder of Jupyter.
fn folder(data: &Path) -> PathBuf {
    data.join("labextensions/jupyterlab-cistron")
}

/// Writes it, over an earlier version.
pub(super) fn install(data: &Path) -> Result<()> {
    for (name, text) in FILES {
        let path = folder(data).join(name);
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above).map_err(|error| Fault::file(above, &error))?;
        }
        write_whole(&path, text.as_bytes())?;
    }
    Ok(())
}

/// Removes its files, and its folders where nothing else is in them.
pub(super) fn remove(data: &Path) {
    let folder = folder(data);
    for (name, _) in FILES {
        std::fs::remove_file(folder.join(name)).ok();
    }
    for empty in [folder.join("static"), folder] {
        std::fs::remove_dir(empty).ok();
    }
}

// Where the program is, and how it is called. This file needs nothing of the editor.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** The setting `cistron.path` with `~` and `${workspaceFolder}` replaced. */
function expanded(setting, folder) {
  const home = setting === '~' || setting.startsWith('~/');
  const text = home ? path.join(os.homedir(), setting.slice(1)) : setting;
  return text.replaceAll('${workspaceFolder}', folder ?? '');
}

function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The path of the program; undefined where there is none. */
function find(setting, folder, search = process.env.PATH ?? '') {
  const name = expanded(setting.trim() || 'cistron', folder);
  if (path.isAbsolute(name)) return isProgram(name) ? name : undefined;
  const isPath = name.includes('/') || name.includes(path.sep);
  const folders = isPath ? [folder ?? process.cwd()] : search.split(path.delimiter).filter(Boolean);
  return folders.map(one => path.join(one, name)).find(isProgram);
}

/** The message where there is no program. */
function missing(setting) {
  const where = setting.includes('/') ? 'does not exist or cannot be executed' : 'was not found in PATH';
  return `The program "${setting}" ${where}. Build it by scripts/cistron of the repository, and set `
    + '"cistron.path" to target/release/cistron there.';
}

module.exports = { expanded, find, missing };

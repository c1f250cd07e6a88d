// Writes labextension/, the files that Jupyter loads, from src/ and package.json.
//
//   node build.mjs            writes them
//   node build.mjs --check    fails where they are not those of the sources
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const read = path => readFileSync(join(here, path), 'utf8');

// the modules import nothing, so that they can be joined in one function
const joined = ['language', 'plugin', 'container']
  .map(name => read(`src/${name}.js`))
  .join('\n')
  .replace(/^export /gm, '')
  // comments and indentation, of which strings and patterns of the sources have none
  .replace(/^\s*\/\/.*\n/gm, '')
  .replace(/^\s+/gm, '');
const about = JSON.parse(read('package.json'));
const script = `"use strict";
// Built by editors/jupyterlab/build.mjs of cistron ${about.version}, ${about.license}
(() => {
${joined}(window._JUPYTERLAB ??= {})["${about.name}"] = container(rhai, plugin, SHARED);
})();
`;
// the query makes browsers read the script of another version again
const version = createHash('sha256').update(script).digest('hex').slice(0, 16);
const description = {
  name: about.name,
  description: about.description,
  version: about.version,
  license: about.license,
  jupyterlab: {
    extension: true,
    _build: { load: `static/remoteEntry.js?v=${version}`, extension: './extension' },
  },
};

const files = {
  'labextension/package.json': `${JSON.stringify(description, null, 2)}\n`,
  'labextension/static/remoteEntry.js': script,
};
const isCheck = process.argv.includes('--check');
for (const [path, text] of Object.entries(files)) {
  if (!isCheck) {
    mkdirSync(dirname(join(here, path)), { recursive: true });
    writeFileSync(join(here, path), text);
  } else if (read(path) !== text) {
    console.error(`${path} is not that of the sources: run node build.mjs`);
    process.exitCode = 1;
  }
}
const size = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
console.log(`${Object.keys(files).length} files, ${size} bytes`);

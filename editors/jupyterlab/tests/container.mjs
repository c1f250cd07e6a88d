// The built script, loaded as JupyterLab loads it, with stand-ins for the modules that it shares.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

const here = path => new URL(`../labextension/${path}`, import.meta.url);
const about = JSON.parse(readFileSync(here('package.json'), 'utf8'));
const build = about.jupyterlab._build;

const loaded = () => {
  const window = {};
  runInNewContext(readFileSync(here(build.load.split('?')[0]), 'utf8'), { window });
  return window._JUPYTERLAB[about.name];
};
const token = {};
const scope = () => ({
  '@codemirror/language': {
    '6.0.0': {
      get: async () => () => ({
        StreamLanguage: { define: parser => ({ parser }) },
        LanguageSupport: class {
          constructor(language) {
            this.language = language;
          }
        },
      }),
    },
  },
  '@jupyterlab/codemirror': {
    // another copy, which was not loaded
    '3.0.0': { get: () => assert.fail('the wrong copy') },
    '4.0.0': { loaded: 1, get: () => () => ({ IEditorLanguageRegistry: token }) },
  },
});

test('the extension adds the language', async () => {
  const container = loaded();
  await container.init(scope());
  const { default: plugin } = (await container.get(build.extension))();
  assert.equal(plugin.requires[0], token);
  assert.ok(plugin.autoStart && plugin.id.startsWith(`${about.name}:`));
  const added = [];
  plugin.activate({}, { addLanguage: language => added.push(language) });
  assert.equal(added.length, 1);
  assert.equal(added[0].name, 'rhai');
  assert.equal(added[0].mime, 'text/x-rhai');
  assert.equal(typeof added[0].support.language.parser.token, 'function');
});

test('a Jupyter without these modules is named in the error', async () => {
  const container = loaded();
  await container.init({});
  await assert.rejects(container.get('./extension'), /JupyterLab 4 is needed/);
  await assert.rejects(container.get('./style'), /no module/);
});

// Starts the bundled extension with a stand-in for the editor's interface: without the program it
// must show an error, and with the program the faults of an open script.
//
//   node tests/extension.mjs [PATH_OF_CISTRON]
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Module from 'node:module';

const require = createRequire(import.meta.url);
const program = process.argv[2];
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

let checks = 0;
let faults = 0;
function check(what, isTrue, found) {
  checks += 1;
  if (isTrue) return;
  faults += 1;
  console.log(`WRONG ${what}: ${JSON.stringify(found)}`);
}
async function until(condition) {
  for (let i = 0; i < 400 && !condition(); i += 1) await new Promise(resolve => setTimeout(resolve, 50));
  return condition();
}

// ---- the stand-in

const disposable = () => ({ dispose() {} });
const settings = { path: '/nowhere/cistron', environment: {}, 'run.arguments': ['--threads', '1'], 'trace.server': 'off' };
const seen = { errors: [], commands: new Map(), diagnostics: new Map(), tasks: [], settingsChanged: [], log: [] };

class Uri {
  constructor(scheme, path) {
    Object.assign(this, { scheme, path, fsPath: path, authority: '', query: '', fragment: '' });
  }
  static file(path) { return new Uri('file', path); }
  static parse(text) { return new Uri(text.slice(0, text.indexOf(':')), decodeURIComponent(text.replace(/^[a-z]+:(\/\/)?/, ''))); }
  toString() { return `${this.scheme}://${encodeURI(this.path)}`; }
  with(change) { return Object.assign(new Uri(this.scheme, this.path), change); }
}
class EventEmitter {
  listeners = new Set();
  event = listener => { this.listeners.add(listener); return { dispose: () => this.listeners.delete(listener) }; };
  fire(value) { for (const one of this.listeners) one(value); }
  dispose() {}
}
class Position { constructor(line, character) { Object.assign(this, { line, character }); } }
class Range { constructor(a, b, c, d) { Object.assign(this, typeof a === 'number' ? { start: new Position(a, b), end: new Position(c, d) } : { start: a, end: b }); } }
class Diagnostic { constructor(range, message, severity) { Object.assign(this, { range, message, severity }); } }
class CancellationTokenSource { token = { isCancellationRequested: false, onCancellationRequested: disposable }; cancel() {} dispose() {} }
class Disposable {
  constructor(action) { this.action = action; }
  dispose() { this.action?.(); }
  static from(...all) { return new Disposable(() => all.forEach(one => one.dispose())); }
}
class Task { constructor(...values) { [this.definition, this.scope, this.name, this.source, this.execution] = values; } }
class ProcessExecution { constructor(process, args, options) { Object.assign(this, { process, args, options }); } }

// a class or an enumeration that nothing here looks into
const blank = () => new Proxy(class {}, {
  get: (target, key) => (key in target || typeof key === 'symbol' ? target[key] : key),
});
const space = given => new Proxy(given, {
  get(target, key) {
    if (key in target || typeof key === 'symbol') return target[key];
    return () => disposable();
  },
});

const text = 'nn::conv2(8, 3);\n';
const document = {
  uri: Uri.file('/tmp/a script.rhai'), languageId: 'rhai', version: 1, isDirty: false, isClosed: false,
  fileName: '/tmp/a script.rhai', lineCount: 2, getText: () => text, save: async () => true,
};
const vscode = {
  Uri, EventEmitter, Position, Range, Diagnostic, CancellationTokenSource, Disposable, Task, ProcessExecution,
  version: '1.100.0',
  env: space({ language: 'en', appName: 'test', uriScheme: 'test', clipboard: {} }),
  commands: space({
    registerCommand(name, action) { seen.commands.set(name, action); return { dispose: () => seen.commands.delete(name) }; },
    executeCommand: async () => undefined,
  }),
  window: space({
    activeTextEditor: { document, viewColumn: 1 },
    visibleTextEditors: [{ document }],
    tabGroups: space({ all: [], onDidChangeTabs: disposable }),
    createOutputChannel: () => new Proxy({}, { get: (_, key) => (key === 'logLevel' ? 3 : (...words) => { seen.log.push(words.join(' ')); return disposable(); }) }),
    showErrorMessage: async message => { seen.errors.push(message); },
  }),
  workspace: space({
    textDocuments: [document],
    workspaceFolders: [{ uri: Uri.file('/tmp'), name: 'tmp', index: 0 }],
    notebookDocuments: [],
    isTrusted: true,
    fs: space({}),
    getConfiguration: () => ({ get: (name, other) => settings[name] ?? other, has: () => false, inspect: () => undefined }),
    getWorkspaceFolder: () => ({ uri: Uri.file('/tmp'), name: 'tmp', index: 0 }),
    asRelativePath: uri => uri.path.split('/').at(-1),
    onDidChangeConfiguration(listener) { seen.settingsChanged.push(listener); return disposable(); },
    onWillSaveTextDocument: disposable,
  }),
  languages: space({
    match: () => 10,
    createDiagnosticCollection: () => ({
      set: (uri, found) => seen.diagnostics.set(uri.toString(), found ?? []),
      delete: uri => seen.diagnostics.delete(uri.toString()),
      clear: () => seen.diagnostics.clear(),
      dispose: () => seen.diagnostics.clear(),
    }),
  }),
  tasks: space({ executeTask: async task => { seen.tasks.push(task); } }),
  extensions: space({ all: [], getExtension: () => undefined }),
};
const editor = new Proxy(vscode, {
  get(target, key) {
    if (!(key in target) && typeof key === 'string') target[key] = /^[A-Z]/.test(key) ? blank() : space({});
    return target[key];
  },
});
const load = Module._load;
Module._load = function (name, ...rest) {
  return name === 'vscode' ? editor : load.call(this, name, ...rest);
};

// ---- the extension

const extension = require('../dist/extension.js');
const context = { subscriptions: [], extensionPath: '.', asAbsolutePath: path => path };
await extension.activate(context);
check('an error names the missing program', seen.errors.length === 1 && seen.errors[0].includes('/nowhere/cistron') && seen.errors[0].includes('cistron.path'), seen.errors);
const declared = manifest.contributes.commands.map(one => one.command).sort();
check('all commands are registered', JSON.stringify([...seen.commands.keys()].sort()) === JSON.stringify(declared), [...seen.commands.keys()]);
await seen.commands.get('cistron.run')();
check('without the program nothing runs', seen.tasks.length === 0 && seen.errors.length === 2, seen.errors);

if (program) {
  settings.path = program;
  const change = { affectsConfiguration: name => name === 'cistron.path' };
  for (const listener of seen.settingsChanged) listener(change);
  const key = document.uri.toString();
  const shown = () => seen.diagnostics.get(key)?.[0]?.message;
  await until(shown);
  check('the faults of an open script are shown', shown()?.includes('conv2d'), [shown(), seen.errors, seen.log.slice(-5)]);
  seen.diagnostics.clear();
  await seen.commands.get('cistron.restart')();
  await until(shown);
  check('and after a restart', shown()?.includes('conv2d'), [shown(), seen.errors]);
  await seen.commands.get('cistron.run')();
  const run = seen.tasks[0]?.execution;
  check('a script is run', run?.process === program && run.args.join(' ') === 'run --threads 1 /tmp/a script.rhai', run);
  await seen.commands.get('cistron.test')();
  check('tests of a script are run', seen.tasks[1]?.execution.args.join(' ') === 'test /tmp/a script.rhai', seen.tasks[1]);
  check('no further error is shown', seen.errors.length === 2, seen.errors);
  await extension.deactivate();
}
console.log(`${checks} checks, ${faults} faults${program ? '' : ' (without the program)'}`);
process.exit(faults > 0 ? 1 : 0);

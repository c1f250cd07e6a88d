// A client of `cistron lsp` that asks all that the server offers, prints the answers, and ends
// with 1 where one of them is not as expected.
//
//   node tests/client.mjs PATH_OF_CISTRON [SCRIPT…]
//
// Further scripts are opened, and each question is asked at many places of them.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { pathToFileURL } from 'node:url';

const protocol = createRequire(import.meta.url)('vscode-languageserver-protocol/node');
const [program, ...scripts] = process.argv.slice(2);
if (!program) throw new Error('usage: client.mjs PATH_OF_CISTRON [SCRIPT…]');

const folder = mkdtempSync(join(tmpdir(), 'cistron-client-'));
const server = spawn(program, ['lsp'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
const ended = new Promise(resolve => server.once('exit', (code, signal) => resolve(code ?? signal)));
const connection = protocol.createProtocolConnection(
  new protocol.StreamMessageReader(server.stdout),
  new protocol.StreamMessageWriter(server.stdin),
);
server.once('error', error => {
  console.error(`${program}: ${error.message}`);
  process.exit(2);
});
setTimeout(() => {
  console.error('no answer within 240 seconds');
  server.kill();
  process.exit(2);
}, 240_000).unref();

let checks = 0;
let surprises = 0;
function check(what, isTrue, found) {
  checks += 1;
  if (isTrue) {
    console.log(`ok    ${what}`);
  } else {
    surprises += 1;
    console.log(`WRONG ${what}: ${JSON.stringify(found)}`);
  }
}
const equal = (what, found, wanted) => check(what, isDeepStrictEqual(found, wanted), found);

// texts by address, and those who wait for the diagnostics of an address
const texts = new Map();
const waiting = new Map();
connection.onNotification(protocol.PublishDiagnosticsNotification.type, found => {
  waiting.get(found.uri)?.(found.diagnostics);
});
connection.listen();

const address = name => pathToFileURL(join(folder, name)).href;
const diagnosticsOf = uri => new Promise(resolve => waiting.set(uri, resolve));

async function open(uri, text) {
  const found = diagnosticsOf(uri);
  if (texts.has(uri)) {
    const textDocument = { uri, version: texts.size + 1 };
    await connection.sendNotification(protocol.DidChangeTextDocumentNotification.type, { textDocument, contentChanges: [{ text }] });
  } else {
    const textDocument = { uri, languageId: 'rhai', version: 1, text };
    await connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, { textDocument });
  }
  texts.set(uri, text);
  return found;
}

/** Opens a text without its mark `¦`; the place of the mark. */
async function marked(uri, text) {
  const before = text.slice(0, text.indexOf('¦'));
  await open(uri, text.replace('¦', ''));
  return at(uri, before);
}

function at(uri, before) {
  const lines = before.split('\n');
  return { textDocument: { uri }, position: { line: lines.length - 1, character: lines.at(-1).length } };
}

const ask = (type, params) => connection.sendRequest(type, params);
const refused = async (type, params) => ask(type, params).then(() => undefined, error => error);

/** The text after edits, which must not overlap. */
function edited(text, edits) {
  const starts = [0];
  for (let i = 0; i < text.length; i += 1) if (text[i] === '\n') starts.push(i + 1);
  const offset = place => Math.min((starts[place.line] ?? text.length) + place.character, text.length);
  const found = edits.map(one => ({ start: offset(one.range.start), end: offset(one.range.end), newText: one.newText }));
  found.sort((a, b) => b.start - a.start);
  let out = text;
  for (const one of found) out = out.slice(0, one.start) + one.newText + out.slice(one.end);
  return out;
}

const contains = (outer, inner) => {
  const number = place => place.line * 1e6 + place.character;
  return number(outer.start) <= number(inner.start) && number(inner.end) <= number(outer.end);
};

async function questions() {
  const script = address('a b é.rhai');
  writeFileSync(join(folder, 'own.rhai'), '/// Doubles.\nfn twice(x) { x * 2 }\nprivate fn hidden() { 1 }\n');
  writeFileSync(join(folder, 'third.rhai'), 'import "own" as o;\nprint(`${o::twice(3)}`);\n');

  // diagnostics
  let found = await open(script, 'let net = "𝄞" + nn::conv2(8);\n');
  check('an unknown function is reported with a suggestion', found.length === 1 && /conv2[^]*did you mean `nn::conv2d`/.test(found[0].message), found);
  equal('its range is in UTF-16 units', found[0]?.range, { start: { line: 0, character: 21 }, end: { line: 0, character: 26 } });
  found = await open(script, 'let x = nn::conv1d(8, 3, #{ paddin: "same" });\n');
  check('a misspelled option is reported', found.length === 1 && found[0].message.includes('padding'), found);
  found = await open(script, 'let x = (1;\n');
  check('a syntax error is reported', found.length === 1 && found[0].range.start.line === 0, found);
  found = await open(script, 'let x = 1;\n');
  equal('a repaired text has no faults', found, []);

  // completion
  const labels = async text => {
    const answer = await ask(protocol.CompletionRequest.type, await marked(script, text));
    const items = Array.isArray(answer) ? answer : answer?.items ?? [];
    return items.map(one => one.label);
  };
  check('functions of a namespace are completed', (await labels('nn::conv¦')).includes('conv1d'), []);
  check('variables are completed', (await labels('let layer = 1;\nlay¦')).includes('layer'), []);
  check('options are completed', (await labels('nn::conv1d(8, 3, #{ pad¦ })')).includes('padding: '), []);
  check('methods of a type are completed', (await labels('let net = nn::build(nn::linear(1), [2]);\nnet.pre¦')).includes('predict'), []);
  equal('functions of an imported script are completed', await labels('import "own" as own;\nown::¦'), ['twice']);
  const inside = await labels('let batch = 1;\nprint(`n ${ba¦}`);');
  check('names within an interpolation are completed', inside.includes('batch'), inside);
  const comment = await labels('// nn::con¦');
  check('nothing is completed in a comment', comment.length === 0, comment);

  // documentation and signatures
  const hover = async text => (await ask(protocol.HoverRequest.type, await marked(script, text)))?.contents?.value ?? '';
  const shown = await hover('nn::con¦v1d(8, 3)');
  check('documentation of a function', shown.includes('filters') && shown.includes('```rhai'), shown);
  check('the type of a variable', (await hover('let net = nn::build(nn::linear(1), [2]);\nne¦t')).includes('net: model'), []);
  check('documentation of a function of another script', (await hover('import "own" as own;\nown::tw¦ice(1)')).includes('Doubles.'), []);
  equal('no documentation of an operator', await hover('1 +¦ 2'), '');
  const help = await ask(protocol.SignatureHelpRequest.type, await marked(script, 'nn::conv1d(8, ¦)'));
  equal('the argument that is typed', help?.signatures[help.activeSignature ?? 0].parameters[help.activeParameter]?.label, 'width');

  // definitions, uses, names
  const define = async text => ask(protocol.DefinitionRequest.type, await marked(script, text));
  equal('the definition of a variable', (await define('let x = 1;\nlet y = x + ¦x;'))?.range?.start, { line: 0, character: 4 });
  equal('a definition in another script', (await define('import "own" as own;\nown::twi¦ce(1)'))?.uri, address('own.rhai'));
  const library = await define('import "std/layers/fm" as fm;\nfm::la¦yer(1, 2)');
  const source = library?.uri ? readFileSync(new URL(library.uri), 'utf8').split('\n')[library.range.start.line] : '';
  check('a definition in the standard library', source.startsWith('fn layer('), library);

  const text = 'import "own" as own;\nlet twice = own::twi¦ce(1);\nprint(twice);\n';
  const place = await marked(script, text);
  const uses = await ask(protocol.ReferencesRequest.type, { ...place, context: { includeDeclaration: true } });
  equal('uses in three scripts', uses?.length, 3);
  const range = await ask(protocol.PrepareRenameRequest.type, place);
  equal('the range of a name', range?.start, { line: 1, character: 17 });
  const renamed = await ask(protocol.RenameRequest.type, { ...place, newName: 'double' });
  const changes = Object.entries(renamed?.changes ?? {});
  equal('renaming changes three scripts', changes.map(([uri]) => uri).sort(), [script, address('own.rhai'), address('third.rhai')].sort());
  const own = changes.find(([uri]) => uri === script)?.[1] ?? [];
  equal('the renamed script', edited(texts.get(script), own), 'import "own" as own;\nlet twice = own::double(1);\nprint(twice);\n');
  for (const name of ['1a', 'a b', 'let', 'export', 'new', 'global']) {
    const error = await refused(protocol.RenameRequest.type, { ...place, newName: name });
    check(`renaming to \`${name}\` is refused`, error !== undefined, 'it was accepted');
  }
  const taken = await refused(protocol.RenameRequest.type, { ...await marked(script, 'let a = 1;\nlet b = 2;\nprint(¦a + b);'), newName: 'b' });
  check('renaming to a name that is taken is refused', taken !== undefined, 'it was accepted');
  const local = await ask(protocol.RenameRequest.type, { ...await marked(script, 'let a = 1;\nlet f = |x| x + ¦a;\nprint(`${a} a`, #{ a: a }.a);\n'), newName: 'base' });
  equal('renaming leaves strings, keys and members', edited(texts.get(script), local?.changes?.[script] ?? []), 'let base = 1;\nlet f = |x| x + base;\nprint(`${base} a`, #{ a: base }.a);\n');

  // outline and layout
  await open(script, 'const N = 1;\nfn f(x) { let inner = 1; inner }\nlet [p, q] = [1, 2];\nlet z = f(N);\n');
  const symbols = await ask(protocol.DocumentSymbolRequest.type, { textDocument: { uri: script } });
  const names = symbols?.map(one => one.name);
  equal('the outline', names?.filter(name => name !== 'p' && name !== 'q'), ['N', 'f', 'z']);
  check('the outline has the names of a pattern', names?.includes('p'), names);
  const pattern = await define('let [p, q] = [1, 2];\nprint(q + ¦p);');
  check('the definition of a name of a pattern', pattern?.range?.start.character === 5, pattern);
  check('ranges of the outline contain those of names', symbols?.every(one => contains(one.range, one.selectionRange)), symbols);
  await open(script, 'fn f(x){\nlet y=x;\ny}\n');
  const layout = { textDocument: { uri: script }, options: { tabSize: 4, insertSpaces: true } };
  const edits = await ask(protocol.DocumentFormattingRequest.type, layout);
  equal('the layout', edited(texts.get(script), edits ?? []), 'fn f(x) {\n    let y = x;\n    y }\n');
  await open(script, edited(texts.get(script), edits ?? []));
  equal('a layout has no further edits', await ask(protocol.DocumentFormattingRequest.type, layout), []);
  await open(script, 'let x = 1;\r\nlet y=2;\r\n');
  const windows = await ask(protocol.DocumentFormattingRequest.type, layout);
  equal('lines that end with CR and LF', edited(texts.get(script), windows ?? []).replaceAll('\r', ''), 'let x = 1;\nlet y = 2;\n');

  // what is no question of the protocol
  const unknown = await connection.sendRequest('textDocument/colour', {}).then(() => undefined, error => error);
  equal('an unknown method is answered by an error', unknown?.code, -32601);
  const closed = diagnosticsOf(script);
  await connection.sendNotification(protocol.DidCloseTextDocumentNotification.type, { textDocument: { uri: script } });
  texts.delete(script);
  equal('a closed script has no faults', await closed, []);
  const unsaved = 'untitled:Untitled-1';
  found = await open(unsaved, 'nn::linea(1);\n');
  check('an unsaved script is checked', found.length === 1, found);
}

/** Asks each question at many places of a script: the slowest answer of each, in milliseconds. */
async function everywhere(file, slowest) {
  const uri = pathToFileURL(file).href;
  const text = readFileSync(file, 'utf8');
  const timed = async (name, promise) => {
    const start = performance.now();
    const answer = await promise;
    slowest[name] = Math.max(slowest[name] ?? 0, performance.now() - start);
    return answer;
  };
  const found = await timed('diagnostics', open(uri, text));
  if (found.length > 0) check(`${file} has no faults`, false, found.map(one => one.message));
  const symbols = await timed('outline', ask(protocol.DocumentSymbolRequest.type, { textDocument: { uri } }));
  const outside = symbols.filter(one => !contains(one.range, one.selectionRange));
  if (outside.length > 0) check(`${file}: ranges of the outline`, false, outside);
  const edits = await timed('layout', ask(protocol.DocumentFormattingRequest.type, { textDocument: { uri }, options: { tabSize: 4, insertSpaces: true } }));
  if (edits.length > 0) check(`${file} is laid out`, false, 'edits');
  const words = [...text.matchAll(/[A-Za-z_][A-Za-z0-9_]*/g)];
  const step = Math.max(1, Math.floor(words.length / 40));
  for (let i = 0; i < words.length; i += step) {
    const params = at(uri, text.slice(0, words[i].index + 1));
    const answers = await Promise.all([
      timed('hover', ask(protocol.HoverRequest.type, params)),
      timed('definition', ask(protocol.DefinitionRequest.type, params)),
      timed('completion', ask(protocol.CompletionRequest.type, params)),
      timed('signature', ask(protocol.SignatureHelpRequest.type, params)),
    ]).catch(error => {
      check(`${file}: line ${params.position.line + 1}`, false, error.message);
      return [];
    });
    const help = answers[3]?.signatures?.[0];
    for (const one of help?.parameters ?? []) {
      if (!help.label.includes(one.label)) check(`${file}: a parameter of the signature`, false, { label: help.label, parameter: one.label });
    }
  }
  await connection.sendNotification(protocol.DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  texts.delete(uri);
}

const begun = performance.now();
const offered = await ask(protocol.InitializeRequest.type, {
  processId: process.pid,
  rootUri: pathToFileURL(folder).href,
  workspaceFolders: null,
  capabilities: { textDocument: { hover: { contentFormat: ['markdown', 'plaintext'] } } },
});
await connection.sendNotification(protocol.InitializedNotification.type, {});
console.log(`the server offers ${Object.keys(offered.capabilities).sort().join(', ')}`);
await questions();
console.log(`first ${checks} checks: ${Math.round(performance.now() - begun)} ms with the start`);
const slowest = {};
for (const file of scripts) await everywhere(file, slowest);
if (scripts.length > 0) {
  const list = Object.entries(slowest).map(([name, time]) => `${name} ${time.toFixed(1)}`);
  console.log(`${scripts.length} scripts; slowest answers in ms: ${list.join(', ')}`);
}
await ask(protocol.ShutdownRequest.type, undefined);
await connection.sendNotification(protocol.ExitNotification.type);
equal('the server ends with', await ended, 0);
connection.dispose();
rmSync(folder, { recursive: true });
console.log(`${checks - surprises} passed, ${surprises} failed`);
process.exitCode = surprises > 0 ? 1 : 0;

// Tokenises scripts with the TextMate grammar. After the last line of each script the stack of
// the tokeniser must be at its root: a string, comment or bracket that is still open is a fault.
//
//   node tests/whole.mjs FILE…
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const oniguruma = require('vscode-oniguruma');
const textmate = require('vscode-textmate');

const here = dirname(fileURLToPath(import.meta.url));
const path = join(here, '../syntaxes/rhai.tmLanguage.json');
const engine = join(dirname(require.resolve('vscode-oniguruma/package.json')), 'release/onig.wasm');
const onigLib = oniguruma.loadWASM(readFileSync(engine).buffer).then(() => ({
  createOnigScanner: patterns => new oniguruma.OnigScanner(patterns),
  createOnigString: text => new oniguruma.OnigString(text),
}));
const registry = new textmate.Registry({
  onigLib,
  loadGrammar: async () => textmate.parseRawGrammar(readFileSync(path, 'utf8'), path),
});
const grammar = await registry.loadGrammar('source.rhai');

const files = process.argv.slice(2);
if (files.length === 0) throw new Error('no files');
let faults = 0;
let lines = 0;
for (const file of files) {
  let stack = textmate.INITIAL;
  let opened = 0;
  let illegal = [];
  readFileSync(file, 'utf8').split('\n').forEach((line, number) => {
    const before = stack.depth;
    const found = grammar.tokenizeLine(line, stack);
    stack = found.ruleStack;
    if (before <= 1 && stack.depth > 1) opened = number + 1;
    for (const token of found.tokens) {
      if (token.scopes.some(scope => scope.startsWith('invalid'))) {
        illegal.push(`${number + 1}: ${line.slice(token.startIndex, token.endIndex)}`);
      }
    }
    lines += 1;
  });
  if (stack.depth > 1) {
    faults += 1;
    console.error(`${file}: what was opened in line ${opened} is still open at the end`);
  }
  for (const one of illegal) {
    faults += 1;
    console.error(`${file}:${one} is marked as invalid`);
  }
}
console.log(`${files.length} scripts, ${lines} lines, ${faults} faults`);
process.exitCode = faults > 0 ? 1 : 0;

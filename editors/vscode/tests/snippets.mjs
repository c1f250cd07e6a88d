// Checks each snippet with its defaults by `cistron check`, and its layout by
// `cistron fmt --check`.
//
//   node tests/snippets.mjs PATH_OF_CISTRON
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = process.argv[2];
if (!program) throw new Error('usage: snippets.mjs PATH_OF_CISTRON');
const snippets = JSON.parse(readFileSync(new URL('../snippets/rhai.json', import.meta.url), 'utf8'));

/** A body with its placeholders replaced by their defaults. */
function expanded(body) {
  const text = body.join('\n');
  const defaults = new Map();
  for (const [, number, value] of text.matchAll(/\$\{(\d+):([^}]*)\}/g)) {
    if (!defaults.has(number)) defaults.set(number, value);
  }
  return text
    .replace(/\$\{(\d+):([^}]*)\}/g, (_, number) => defaults.get(number))
    .replace(/(?<!\\)\$(\d+)/g, (_, number) => defaults.get(number) ?? '')
    .replaceAll('\\$', '$')
    .trimEnd();
}

// what the snippets name and do not define
const before = {
  Fit: ['set', 'net'], 'Evaluate and report': ['set', 'net'], Split: ['set'],
};
const defined = {
  set: 'let motifs = sim::motifs(6);\nlet set = sim::paired(motifs, #{ n: 60, length: 60 });\nlet parts = set.split(#{ train: 0.8, valid: 0.1, test: 0.1 });\n',
  net: 'let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 60]);\n',
};

const folder = mkdtempSync(join(tmpdir(), 'cistron-snippets-'));
let faults = 0;
for (const [name, { body }] of Object.entries(snippets)) {
  const text = `${(before[name] ?? []).map(one => defined[one]).join('')}${expanded(body)}\n`;
  const file = join(folder, `${name.replaceAll(' ', '_')}.rhai`);
  writeFileSync(file, text);
  for (const command of [['check', file], ['fmt', '--check', file]]) {
    try {
      execFileSync(program, command, { cwd: folder, stdio: 'pipe', timeout: 120_000 });
    } catch (error) {
      faults += 1;
      console.error(`${name}: cistron ${command[0]}\n${text}\n${error.stdout}${error.stderr}`);
    }
  }
}
rmSync(folder, { recursive: true });
console.log(`${Object.keys(snippets).length} snippets, ${faults} faults`);
process.exitCode = faults > 0 ? 1 : 0;

// Bundles the extension into dist/extension.js, and copies the licence into the folder.
import { build } from 'esbuild';
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = path => fileURLToPath(new URL(path, import.meta.url));
copyFileSync(here('../../LICENSE'), here('LICENSE'));
await build({
  entryPoints: [here('src/extension.js')],
  outfile: here('dist/extension.js'),
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode'],
  legalComments: 'none',
});

// Builds the package into dist/: ES modules and CommonJS, each with its declarations.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync('dist', { recursive: true, force: true });
for (const project of ['tsconfig.esm.json', 'tsconfig.cjs.json'])
  execFileSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });
// package.json says "type": "module"; without this line Node would read the CommonJS copy as ES modules.
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');

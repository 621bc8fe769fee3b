// Writes lib/native-ops.ts, the addon's ops as TypeScript sees them, from the structs of native/ops/*.h: an op's argument is
// one object whose fields have the names of its `Fields`. With --check it changes nothing and fails where it would have.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readOps } from './generate/structs.mjs';
import { nativeOps } from './generate/typescript.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const TARGET = 'lib/native-ops.ts';

function formatted(text) {
  const biome = ['node_modules/@biomejs/biome/bin/biome', 'format', `--stdin-file-path=${TARGET}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, biome, { cwd: root, input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(`Expected Biome to format ${TARGET} but received: ${stderr}`);
  return stdout;
}

const text = formatted(nativeOps(readOps(`${root}native/ops`)));
let present = '';
try {
  present = readFileSync(`${root}${TARGET}`, 'utf8');
} catch (error) {
  if (error.code !== 'ENOENT') throw error;
}
if (text !== present && process.argv.includes('--check')) {
  console.error(
    `Expected ${TARGET} to say what the structs in native/ops say but they differ. Run \`npm run generate\`.`,
  );
  process.exitCode = 1;
} else if (text !== present) {
  writeFileSync(`${root}${TARGET}`, text);
}

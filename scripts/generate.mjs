// Writes lib/native-ops.ts, the addon's ops as TypeScript sees them, from the structs of native/ops/*.h: an op's argument is
// one object whose fields have the names of its `Fields`; and the interface's stamp, for both sides: native/binding/interface.h and
// lib/native-interface.ts. With --check it changes nothing and fails where it would have.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readNumbers, stampFor, stampOf } from './generate/stamp.mjs';
import { readOps } from './generate/structs.mjs';
import { nativeOps } from './generate/typescript.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

function formatted(text, target) {
  const biome = ['node_modules/@biomejs/biome/bin/biome', 'format', `--stdin-file-path=${target}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, biome, { cwd: root, input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(`Expected Biome to format ${target} but received: ${stderr}`);
  return stdout;
}

function present(target) {
  try {
    return readFileSync(`${root}${target}`, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

const ops = readOps(`${root}native/ops`);
const stamp = stampOf(ops, readNumbers(root), readFileSync(`${root}lib/native.ts`, 'utf8'));
const written = {
  'lib/native-ops.ts': formatted(nativeOps(ops), 'lib/native-ops.ts'),
  ...stampFor(stamp),
};
for (const [target, text] of Object.entries(written)) {
  if (text === present(target)) continue;
  if (process.argv.includes('--check')) {
    console.error(
      `Expected ${target} to say what the structs in native/ops and lib/native.ts say but they differ. Run \`npm run generate\`.`,
    );
    process.exitCode = 1;
  } else {
    writeFileSync(`${root}${target}`, text);
  }
}

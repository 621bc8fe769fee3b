import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

const STRUCT = 'native/ops/softmax.h';

describe("the generator of the addon's interface", () => {
  const at = temporaryDirectory();

  function check(root: string): { status: number | null; stderr: string } {
    const args = [join(root, 'scripts/generate.mjs'), '--check'];
    return spawnSync(process.execPath, args, { env: childEnvironment(), encoding: 'utf8' });
  }

  /** A tree of what it reads, with the softmax's struct changed. */
  function changed(name: string, from: string, to: string): string {
    for (const folder of ['scripts', 'native/ops', 'lib']) mkdirSync(join(at(name), folder), { recursive: true });
    for (const path of ['scripts', 'native/ops', 'lib/native-ops.ts', 'biome.json']) {
      cpSync(join(packageRoot, path), join(at(name), path), { recursive: true });
    }
    symlinkSync(join(packageRoot, 'node_modules'), join(at(name), 'node_modules'));
    const struct = readFileSync(join(packageRoot, STRUCT), 'utf8');
    assert.ok(struct.includes(from));
    writeFileSync(join(at(name), STRUCT), struct.replaceAll(from, to));
    return at(name);
  }

  it('finds that the structs in native/ops and lib/native-ops.ts say the same', () => {
    const { status, stderr } = check(packageRoot);
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });

  it('fails where the order of fields differs', () => {
    const { status, stderr } = check(changed('order', 'y, x, rows, width)', 'x, y, rows, width)'));
    assert.match(stderr, /Run `npm run generate`/);
    assert.equal(status, 1);
  });

  it('refuses by name a type that it does not know', () => {
    const { status, stderr } = check(changed('type', 'int64_t rows, width', 'std::string rows, width'));
    assert.match(stderr, /Expected a type that an op's field may have but received std::string/);
    assert.equal(status, 1);
  });
});

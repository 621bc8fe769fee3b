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
    const { status, stderr } = spawnSync(process.execPath, args, { env: childEnvironment(), encoding: 'utf8' });
    return { status, stderr };
  }

  /** A tree of what it reads, with the softmax's struct changed. */
  function changed(name: string, from: string, to: string, file = STRUCT): string {
    for (const folder of ['scripts', 'native/ops', 'native/binding', 'lib'])
      mkdirSync(join(at(name), folder), { recursive: true });
    const generated = ['lib/native-ops.ts', 'lib/native-interface.ts', 'native/binding/interface.h'];
    for (const path of ['scripts', 'native/ops', 'lib/native.ts', ...generated, 'biome.json']) {
      cpSync(join(packageRoot, path), join(at(name), path), { recursive: true });
    }
    symlinkSync(join(packageRoot, 'node_modules'), join(at(name), 'node_modules'));
    const text = readFileSync(join(packageRoot, file), 'utf8');
    assert.ok(text.includes(from));
    writeFileSync(join(at(name), file), text.replaceAll(from, to));
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

  const stamped: readonly (readonly [title: string, from: string, to: string, file: string])[] = [
    ["a field's type, which TypeScript writes alike", 'int64_t rows, width', 'int32_t rows, width', STRUCT],
    [
      'a function of the addon that is no op',
      'endCapture(): Graph',
      'endCapture(keep: boolean): Graph',
      'lib/native.ts',
    ],
    ['a number that both share', 'gelu_tanh: 2, relu: 3', 'gelu_tanh: 3, relu: 2', 'lib/native.ts'],
  ];
  for (const [title, from, to, file] of stamped) {
    it(`fails, as the stamp of both sides is another, where there differs ${title}`, () => {
      const { status, stderr } = check(changed(title, from, to, file));
      assert.deepEqual(
        stderr.split('\n').map((line) => /^Expected (\S+) to say/.exec(line)?.[1]),
        ['lib/native-interface.ts', 'native/binding/interface.h', undefined],
      );
      assert.equal(status, 1);
    });
  }

  it('has the same stamp where a comment differs', () => {
    const root = changed('comment', 'How often a storage was written', 'How many times it was', 'lib/native.ts');
    assert.deepEqual(check(root), { status: 0, stderr: '' });
  });

  it('refuses by name a type that it does not know', () => {
    const { status, stderr } = check(changed('type', 'int64_t rows, width', 'std::string rows, width'));
    assert.match(stderr, /Expected a type that an op's field may have but received std::string/);
    assert.equal(status, 1);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

/** Those where an operation's number is its place, beside native/ops. */
const TABLES = ['native/gemm/gemm.h', 'native/kernels/binary-inl.h', 'native/kernels/unary-inl.h'];
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
    for (const folder of ['scripts', ...['binding', 'gemm', 'kernels', 'ops'].map((name) => `native/${name}`), 'lib'])
      mkdirSync(join(at(name), folder), { recursive: true });
    const generated = ['lib/native-ops.ts', 'lib/native-interface.ts', 'native/binding/interface.h'];
    for (const path of ['scripts', 'native/ops', 'lib/native.ts', ...TABLES, ...generated, 'biome.json']) {
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
    ["a unary function's number", 'sin: 8, cos: 9', 'cos: 8, sin: 9', 'lib/native.ts'],
    ["an augmentation's number", 'invert: 4, posterize: 5', 'posterize: 4, invert: 5', 'lib/native.ts'],
    ["the addon's table of unary functions", 'Sign, Sin, Cos', 'Sign, Cos, Sin', 'native/kernels/unary-inl.h'],
    ["the addon's table of binary functions", 'Sum2, Product,', 'Product, Sum2,', 'native/kernels/binary-inl.h'],
    ["the addon's precisions", 'kFp32, kBf16, kInt8 }', 'kFp32, kInt8, kBf16 }', 'native/gemm/gemm.h'],
    ["the addon's reductions", 'kReduction<Variance>', 'kReduction<Norm>', 'native/ops/row_reduce.cpp'],
    ['an enumeration of an op', 'kRelu = 3', 'kRelu = 4', 'native/ops/activation.h'],
    ['an enumeration of a source', '{ kZero, kColour,', '{ kColour, kZero,', 'native/ops/image_batch.cpp'],
    ['what has indices', '{"gather", "scatter",', '{"scatter", "gather",', 'native/ops/gather.cpp'],
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

  it('finds no operation that an op calls by a bare number', () => {
    const folder = join(packageRoot, 'lib/ops');
    for (const file of readdirSync(folder)) {
      const text = readFileSync(join(folder, file), 'utf8');
      assert.doesNotMatch(text, /\b(operation|mode|filter|activation|reduction|distribution|precision): \d/, file);
    }
  });

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

import assert from 'node:assert/strict';
import { F, scope, type Tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, assertSameBits, checkOp, fromRef, returnsMemory } from '../native-op.js';
import { type Ref, zeros } from '../reference/array.js';
import { checkGradient } from '../reference/finite-difference.js';
import { generator, normal } from '../reference/random.js';
import { forEachIndex, positionOf } from '../reference/rearrange.js';

/** Calls `body` with the position in each operand and in the result of every term of the sum. */
function forEachTerm(equation: string, shapes: number[][], body: (at: number[], to: number) => void): number[] {
  const [left, right] = equation.split('->');
  const terms = left.split(',');
  const letters = [...new Set(terms.join(''))];
  const sizes = letters.map((letter) => {
    const i = terms.findIndex((term) => term.includes(letter));
    return shapes[i][terms[i].indexOf(letter)];
  });
  const result = [...right].map((letter) => sizes[letters.indexOf(letter)]);
  forEachIndex(sizes, (index) => {
    const places = (term: string): number[] => [...term].map((letter) => index[letters.indexOf(letter)]);
    body(
      terms.map((term, i) => positionOf(places(term), shapes[i])),
      positionOf(places(right), result),
    );
  });
  return result;
}

/** The sum of products, term by term. */
function einsum(equation: string, xs: readonly Ref[]): Ref {
  const shapes = xs.map((x) => x.shape);
  const y = zeros(forEachTerm(equation, shapes, () => {}));
  forEachTerm(equation, shapes, (at, to) => {
    y.data[to] += xs.reduce((product, x, i) => product * x.data[at[i]], 1);
  });
  return y;
}

function einsumBackward(equation: string, xs: readonly Ref[], dy: Ref): Ref[] {
  const dxs = xs.map((x) => zeros(x.shape));
  const shapes = xs.map((x) => x.shape);
  forEachTerm(equation, shapes, (at, to) => {
    for (const [i, dx] of dxs.entries()) {
      dx.data[at[i]] += xs.reduce(
        (product, x, other) => (other === i ? product : product * x.data[at[other]]),
        dy.data[to],
      );
    }
  });
  return dxs;
}

describe('einsum', () => {
  returnsMemory();

  for (const [equation, ...shapes] of [
    ['ij,jk->ik', [17, 31], [31, 13]],
    ['bhqd,bhkd->bhqk', [2, 3, 17, 8], [2, 3, 13, 8]],
    ['bqhd,bkhd->bhqk', [2, 9, 3, 8], [2, 7, 3, 8]],
    ['iij,jk->ki', [5, 5, 4], [4, 3]],
    ['ijk,jil->lk', [3, 4, 5], [4, 3, 2]],
    ['i,ij,j->', [4], [4, 5], [5]],
    ['ab,cd->acbd', [2, 3], [4, 5]],
    ['abc,abc->b', [2, 3, 4], [2, 3, 4]],
  ] satisfies [string, ...number[][]][]) {
    it(`${equation} has the reference's value and gradients`, () => {
      const xs = shapes.map((shape, i) => normal(shape, generator(i + 1)));
      const y = einsum(equation, xs);
      const dy = normal(y.shape, generator(9));
      const gradients = einsumBackward(equation, xs, dy);
      checkOp({
        inputs: Object.fromEntries(xs.map((x, i) => [`x${i}`, x])),
        run: (t: Record<string, Tensor>) => F.einsum(equation, ...xs.map((_, i) => t[`x${i}`])),
        y,
        dy,
        gradients: Object.fromEntries(gradients.map((dx, i) => [`dx${i}`, dx])),
      });
    });
  }

  it('has a reference of central differences', () => {
    const xs = { a: normal([3, 3, 2], generator(1)), b: normal([2, 4], generator(2)) };
    const dy = normal([4, 3], generator(3));
    const [da, db] = einsumBackward('iij,jk->ki', [xs.a, xs.b], dy);
    checkGradient((t) => einsum('iij,jk->ki', [t.a, t.b]), xs, { da, db }, { dy });
  });

  it('is matmul where it says what matmul does, bit for bit', () => {
    scope(() => {
      const [a, b] = [fromRef(normal([2, 37, 41], generator(1))), fromRef(normal([2, 41, 29], generator(2)))];
      assertSameBits(F.einsum('bij,bjk->bik', a, b), F.matmul(a, b), 'einsum');
      const [m, n] = [a.index([0]), b.index([0])];
      assertSameBits(F.einsum('ij,jk', m, n), F.matmul(m, n), 'einsum of two axes');
      assertSameBits(
        F.einsum('ij,jk', m, n),
        F.einsum('ji,kj->ik', m.transpose(0, 1), n.transpose(0, 1)),
        'transposed',
      );
    });
  });

  it('gives a tensor of its own, not its operand', () => {
    scope(() => {
      const x = fromRef(normal([2, 3], generator(1)));
      F.einsum('ij->ij', x).dispose();
      assert.equal(x.disposed, false);
    });
  });

  it('refuses what does not fit, in our words', () => {
    const run =
      (equation: string, ...shapes: number[][]) =>
      () =>
        F.einsum(equation, ...shapes.map((shape) => zeroTensor(shape)));
    assertBadInput(run('ij,jk->ik', [2, 3]), /2 tensors for 'ij,jk->ik' for einsum .* 1\./);
    assertBadInput(run('ij->i', [2]), /2 axes for 'ij' for einsum .*\(2\)/);
    assertBadInput(run('...ij->i', [2]), /at least 2 axes for '\.\.\.ij'/);
    assertBadInput(run('ij,jk->ik', [2, 3], [4, 5]), /one size for 'j' for einsum .*3 and 4/);
    assertBadInput(run('ii->i', [2, 3]), /one size for 'i' for einsum .*2 and 3/);
    assertBadInput(run('...,...->...', [2], [3]), /axes of '\.\.\.' that broadcast for einsum .*2 and 3/);
    assertBadInput(run('ij->k', [2, 3]), /letters of the tensors after '->' in 'ij->k' for einsum .*'k'/);
    assertBadInput(run('ij->ii', [2, 3]), /each letter once after '->'/);
    assertBadInput(run('i->j->k', [2]), /one '->' for einsum/);
    assertBadInput(run('i2', [2, 2]), /letters, with '\.\.\.' once/);
    assertBadInput(run('...i...', [2]), /once at most/);
    assertBadInput(run('', ...[]), /1 tensors for '' for einsum .* 0\./);
    assertBadInput(run('abcde,fghij->abcdefghij', [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]), /at most 8 axes/);
    assertBadInput(() => F.einsum(5 as never), /an equation such as/);
    assertBadInput(() => F.einsum('i', zeroTensor([1], { dtype: 'int32' })), /float32 tensor for einsum/);
  });
});

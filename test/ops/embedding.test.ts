import assert from 'node:assert/strict';
import { F, fence, nn, reset, scope, type Tensor, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, intsFromRef, LONG_SUM, returnsMemory } from '../native-op.js';
import { add } from '../reference/add.js';
import { ref } from '../reference/array.js';
import { embedding, embeddingBackward } from '../reference/embedding.js';
import { generator, integers, normal } from '../reference/random.js';

describe('embedding', () => {
  returnsMemory();

  for (const [at, entries, width] of [
    [[], 3, 5],
    [[1], 1, 1],
    [[7], 17, 197],
    [[2, 17], 7, 3],
    [[197], 5, 7],
    [[0], 3, 5],
    [[0], 0, 5],
    [[3], 4, 0],
    [[2, 3, 4], 5, 1],
  ] satisfies [number[], number, number][]) {
    it(`looks (${at}) up in (${entries},${width})`, () => {
      const table = normal([entries, width], generator(1));
      const index = integers(at, generator(2), entries);
      const dy = normal([...at, width], generator(3));
      checkOp({
        inputs: { table },
        run: (t) => F.embedding(intsFromRef(index), t.table),
        y: embedding(table, index),
        dy,
        gradients: { dtable: embeddingBackward(dy, table.shape, index) },
      });
    });
  }

  it('sums the gradients of an entry looked up 1,500 times', () => {
    const table = normal([2, 7], generator(4));
    const index = ref([1501], [...new Array<number>(1500).fill(1), 0]);
    const dy = normal([1501, 7], generator(5));
    checkOp({
      inputs: { table },
      run: (t) => F.embedding(intsFromRef(index), t.table),
      y: embedding(table, index),
      dy,
      gradients: { dtable: embeddingBackward(dy, table.shape, index) },
      bound: LONG_SUM,
    });
  });

  for (const paddingIdx of [2, -3, 0, -1]) {
    it(`gives the entry ${paddingIdx}, which pads, no gradient`, () => {
      const table = normal([5, 7], generator(11));
      const index = integers([3, 9], generator(12), 5);
      const dy = normal([3, 9, 7], generator(13));
      const dtable = embeddingBackward(dy, table.shape, index);
      const entry = (paddingIdx + 5) % 5;
      dtable.data.fill(0, entry * 7, (entry + 1) * 7);
      const run = (t: { table: Tensor }): Tensor => F.embedding(intsFromRef(index), t.table, { paddingIdx });
      checkOp({ inputs: { table }, run, y: embedding(table, index), dy, gradients: { dtable } });
    });
  }

  it('as a module begins with a vector of 0 where it pads, and keeps it so', () => {
    scope(() => {
      using layer = new nn.Embedding(4, 3, { paddingIdx: -2 });
      using plain = new nn.Embedding(4, 3);
      assert.deepEqual([layer.paddingIdx, plain.paddingIdx], [2, undefined]);
      assert.deepEqual([...layer.weight.select(0, 2).dataSync()], [0, 0, 0]);
      assert.ok(
        layer.weight
          .select(0, 1)
          .dataSync()
          .every((value) => value !== 0),
      );
      layer
        .forward(tensor(Int32Array.of(2, 1, 2)))
        .sum()
        .backward();
      assert.deepEqual([...(layer.weight.grad as Tensor).dataSync()], [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
      assertBadInput(() => new nn.Embedding(4, 3, { paddingIdx: 4 }), /from -4 to 3 for Embedding paddingIdx .*4/);
    });
  });

  it('adds the gradients of two look-ups', () => {
    const table = normal([5, 7], generator(6));
    const [first, second] = [integers([3], generator(7), 5), integers([3], generator(8), 5)];
    const dy = normal([3, 7], generator(9));
    checkOp({
      inputs: { table },
      run: (t) => F.add(F.embedding(intsFromRef(first), t.table), F.embedding(intsFromRef(second), t.table)),
      y: add(embedding(table, first), embedding(table, second)),
      dy,
      gradients: {
        dtable: add(embeddingBackward(dy, table.shape, first), embeddingBackward(dy, table.shape, second)),
      },
    });
  });

  for (const index of [3, -1]) {
    it(`finds the index ${index} of 3 entries on the stream`, async () => {
      const [at, table] = [tensor(new Int32Array([0, index])), zeroTensor([3, 5])];
      const y = F.embedding(at, table);
      try {
        await assert.rejects(fence(), (error: Error) => {
          assert.match(error.message, /^Expected indices from 0 to 2 for embedding but received /);
          assert.ok(error.message.includes(String(index)), error.message);
          assert.match(error.stack ?? '', /embedding\.test/);
          return true;
        });
      } finally {
        reset();
        for (const made of [at, table, y]) made.dispose();
      }
    });
  }

  it('refuses other dtypes and ranks', () => {
    assertBadInput(
      () => F.embedding(zeroTensor([3]), zeroTensor([3, 5])),
      /int32 tensor for embedding index .*float32/,
    );
    assertBadInput(
      () => F.embedding(zeroTensor([3], { dtype: 'int32' }), zeroTensor([5])),
      /\(entries,width\) of 2 axes for embedding table .*\(5\)/,
    );
  });
});

import { map } from './array.js';
import { checkGradient } from './finite-difference.js';
import { generator, normal } from './random.js';
import { type Windows, windowAttention } from './window-attention.js';

describe('reference windowAttention', () => {
  const CASES: Record<string, Windows> = {
    'whole windows': { window: [2, 3] },
    'rolled, with padding behind': { window: [2, 3], shift: [1, 1], rolled: [3, 5] },
  };
  for (const [name, windows] of Object.entries(CASES)) {
    const random = generator(1);
    const [qkv, table, dy] = [
      [1, 4, 6, 12],
      [15, 2],
      [1, 4, 6, 4],
    ].map((shape) => normal(shape, random));
    const cosine = map(normal([2], random), (value) => 3 + value);

    it(`has the gradients of finite differences: ${name}`, () => {
      const { dqkv, dtable } = windowAttention(qkv, table, windows, dy);
      checkGradient((x) => windowAttention(x.qkv, x.table, windows).y, { qkv, table }, { dqkv, dtable }, { dy });
    });

    it(`has them with cosines: ${name}`, () => {
      const { dqkv, dtable, dcosine } = windowAttention(qkv, table, { ...windows, cosine }, dy);
      checkGradient(
        (x) => windowAttention(x.qkv, x.table, { ...windows, cosine: x.cosine }).y,
        { qkv, table, cosine },
        { dqkv, dtable, dcosine },
        { dy },
      );
    });
  }
});

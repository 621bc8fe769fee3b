import { type Ref, zeros } from './array.js';
import { broadcastIndex, broadcastShape } from './broadcast.js';

/** A function of two numbers with its derivatives; none for comparisons. */
export interface Binary {
  forward(a: number, b: number): number;
  slopes?(a: number, b: number): [number, number];
}

export const BINARY = {
  sub: { forward: (a, b) => a - b, slopes: () => [1, -1] },
  div: { forward: (a, b) => a / b, slopes: (a, b) => [1 / b, -a / b / b] },
  minimum: { forward: Math.min, slopes: (a, b) => (a === b ? [0.5, 0.5] : [Number(a < b), Number(b < a)]) },
  maximum: { forward: Math.max, slopes: (a, b) => (a === b ? [0.5, 0.5] : [Number(a > b), Number(b > a)]) },
  xlogy: { forward: (a, b) => a * Math.log(b), slopes: (a, b) => [Math.log(b), a / b] },
  pow: { forward: (a, b) => a ** b, slopes: (a, b) => [b * a ** (b - 1), a ** b * Math.log(a)] },
} satisfies Record<string, Binary>;

export const COMPARISONS = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
} satisfies Record<string, (a: number, b: number) => boolean>;

/** f(a, b), element by element, broadcast. */
export function binary({ forward }: Binary, a: Ref, b: Ref): Ref {
  const y = zeros(broadcastShape(a.shape, b.shape));
  const [atA, atB] = [broadcastIndex(a.shape, y.shape), broadcastIndex(b.shape, y.shape)];
  for (let i = 0; i < y.data.length; i++) y.data[i] = forward(a.data[atA[i]], b.data[atB[i]]);
  return y;
}

/** dy times both derivatives, summed back over what was broadcast. */
export function binaryBackward({ slopes }: Required<Binary>, dy: Ref, a: Ref, b: Ref): { da: Ref; db: Ref } {
  const [da, db] = [zeros(a.shape), zeros(b.shape)];
  const [atA, atB] = [broadcastIndex(a.shape, dy.shape), broadcastIndex(b.shape, dy.shape)];
  for (let i = 0; i < dy.data.length; i++) {
    const [ofA, ofB] = slopes(a.data[atA[i]], b.data[atB[i]]);
    da.data[atA[i]] += dy.data[i] * ofA;
    db.data[atB[i]] += dy.data[i] * ofB;
  }
  return { da, db };
}

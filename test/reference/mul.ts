import { type Ref, zeros } from './array.js';
import { broadcastIndex, broadcastShape } from './broadcast.js';

/** a * b, element by element, broadcast. */
export function mul(a: Ref, b: Ref): Ref {
  const y = zeros(broadcastShape(a.shape, b.shape));
  const atA = broadcastIndex(a.shape, y.shape);
  const atB = broadcastIndex(b.shape, y.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = a.data[atA[i]] * b.data[atB[i]];
  return y;
}

/** dy times the other operand, summed back over what was broadcast. */
export function mulBackward(dy: Ref, a: Ref, b: Ref): { da: Ref; db: Ref } {
  const da = zeros(a.shape);
  const db = zeros(b.shape);
  const atA = broadcastIndex(a.shape, dy.shape);
  const atB = broadcastIndex(b.shape, dy.shape);
  for (let i = 0; i < dy.data.length; i++) {
    da.data[atA[i]] += dy.data[i] * b.data[atB[i]];
    db.data[atB[i]] += dy.data[i] * a.data[atA[i]];
  }
  return { da, db };
}

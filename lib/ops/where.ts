import { record } from '../autograd.js';
import { WHERE } from '../native.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { passSummed, runTernary, withOperands } from './binary.js';
import { broadcastShape } from './broadcast.js';
import { checkTensor } from './check-tensor.js';

/**
 * `a` where `condition` is not 0, else `b`; all three broadcast as NumPy does. `a` and `b` may be numbers, infinities too.
 *
 * @param condition int32, such as a comparison gives
 * @returns int32 where `a` and `b` are, a whole number beside an int32 tensor counting as int32; else float32
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.where`
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  checkTensor(condition, 'where condition', { dtype: 'int32' });
  return withOperands(a, b, 'where', (x, y) => choose(condition, x, y));
}

function choose(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShape(condition.shape, broadcastShape(a.shape, b.shape, 'where'), 'where');
  const [shapeA, shapeB] = [a.shape, b.shape];
  const y = runTernary(WHERE, condition, a, b, shape);
  return record('where', y, [a, b], [condition], (dy, grads, [chosen]) => {
    const zero = fill(empty([]), 0);
    for (const [i, inputShape] of [shapeA, shapeB].entries()) {
      if (!grads.wants(i)) continue;
      const part = i === 0 ? runTernary(WHERE, chosen, dy, zero, shape) : runTernary(WHERE, chosen, zero, dy, shape);
      passSummed(grads, i, part, inputShape);
      part.dispose();
    }
    zero.dispose();
  });
}

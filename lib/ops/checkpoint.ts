import { backward, enableGrad, needsGrad, noGrad, record } from '../autograd.js';
import { autocast, currentPrecision } from '../precision.js';
import { scope } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { copyInto } from './copy.js';
import { generatorState } from './random.js';

/**
 * `fn(x)`, of which only x is kept for backward, where the rest is computed again: memory for time, a forward pass more.
 * The result and the gradients are the same bits; random draws are drawn again as they were.
 *
 * @param fn from x to one tensor; may use parameters
 * @throws TypeError unless `x` is a float32 tensor
 * Source: Chen et al. 2016. Counterpart: `torch.utils.checkpoint.checkpoint`.
 */
export function checkpoint(fn: (x: Tensor) => Tensor, x: Tensor): Tensor {
  checkTensor(x, 'checkpoint input');
  if (!needsGrad(x)) return fn(x);
  const precision = currentPrecision();
  const drawn = copyOf(generatorState());
  const y = noGrad(() => scope(() => fn(x)));
  record('checkpoint', y, [x], [x, drawn], (dy, grads, [savedX, savedDrawn]) => {
    const input = (savedX as Tensor).alias(); // saved above
    input.requiresGrad = true;
    const now = copyOf(generatorState());
    copyInto(generatorState(), savedDrawn as Tensor); // saved above
    const again = enableGrad(() => autocast(precision, () => scope(() => fn(input))));
    copyInto(generatorState(), now);
    backward(again, dy);
    if (input.grad !== null) grads.pass(0, input.grad);
    for (const used of [again, input, now]) used.dispose();
  });
  drawn.dispose();
  return y;
}

function copyOf(x: Tensor): Tensor {
  const copy = empty(x.shape, x.dtype);
  copyInto(copy, x);
  return copy;
}

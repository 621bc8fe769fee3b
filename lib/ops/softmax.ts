import { record } from '../autograd.js';
import { checkDim, expected } from '../check.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor, lastOf } from './check-tensor.js';
import { transpose } from './transpose.js';

/**
 * Softmax over one axis.
 *
 * @param x (..., width), float32
 * @param dim the axis, counted from the end when negative. Default: the last.
 * @throws TypeError for a tensor without axes, or an axis that it has not
 * @see `torch.nn.functional.softmax`
 */
export function softmax(x: Tensor, dim = -1): Tensor {
  checkTensor(x, 'softmax input', { minRank: 1 });
  const axis = checkDim(dim, x.rank, 'softmax dim');
  if (axis !== x.rank - 1) return transpose(softmax(transpose(x, axis, -1)), axis, -1);
  const width = lastOf(x.shape);
  if (width === 0) throw expected('at least one element', 'softmax dim', x);
  const rows = x.size / width;
  const y = empty(x.shape);
  native.softmaxForward({ y, x, rows, width });
  return record('softmax', y, [x], [y], (dy, grads, [output]) => {
    const dx = empty(output.shape);
    native.softmaxBackward({ dx, dy, y: output, rows, width });
    grads.pass(0, dx);
    dx.dispose();
  });
}

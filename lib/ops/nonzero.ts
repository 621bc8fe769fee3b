import type { Tensor, TensorData } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { tensor } from './creation.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. */

/**
 * The indices of all elements that are not 0, in row-major order; NaN is not 0. How many there are is known only when
 * they are computed, so this waits for them, and belongs to no scope.
 *
 * @returns (N, number of axes) int32; one column of it goes into `index` for each axis
 * @throws TypeError unless `x` is a tensor; rejects inside a captured function, whose values do not exist yet
 * @see `torch.nonzero`
 */
export function nonzero(x: Tensor): Promise<Tensor<'int32'>> {
  checkTensor(x, 'nonzero input', { dtype: x?.dtype });
  return x.data().then((data) => indicesOf(data, x.shape));
}

function indicesOf(data: TensorData, shape: readonly number[]): Tensor<'int32'> {
  const rank = shape.length;
  const strides = stridesOf(shape);
  const count = data.length - data.filter((value) => value === 0).length;
  const indices = new Int32Array(rank * count);
  let filled = 0;
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    for (let axis = 0; axis < rank; axis++) indices[filled++] = Math.floor(i / strides[axis]) % shape[axis];
  }
  return tensor(indices, [count, rank]);
}

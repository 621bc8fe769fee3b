import { native } from './native.js';
import { type DType, empty, type Tensor } from './tensor.js';

/** @internal The elements of a tensor of floats as the other kind of floats: another tensor, not part of the graph. */
export function converted<D extends DType>(x: Tensor, dtype: D): Tensor<D> {
  const y = empty([...x.shape], dtype);
  native.convert({ y, x, count: x.size });
  return y;
}

import { native } from '../native.js';
import { type DType, empty, type Tensor } from '../tensor.js';

// Of the table in native/kernels/unary-inl.h.
const TO = { int32: 16, float32: 17 } as const;

/** The elements in the other dtype, without gradient. */
export function cast<D extends DType>(x: Tensor, dtype: D): Tensor<D> {
  const y = empty(x.shape, dtype);
  native.unaryForward({ y, x, count: y.size, operation: TO[dtype], p: 0, q: 0 });
  return y;
}

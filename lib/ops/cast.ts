import { converted } from '../converted.js';
import { native, UNARY } from '../native.js';
import { type DType, empty, type Tensor } from '../tensor.js';

const TO = { int32: UNARY.toInt32, float32: UNARY.toFloat32 } as const;

/** The elements in another dtype, without gradient. */
export function cast<D extends DType>(x: Tensor, dtype: D): Tensor<D> {
  if (x.dtype !== 'int32' && dtype !== 'int32') return converted(x, dtype);
  if (dtype === 'bfloat16') {
    const wide = cast(x, 'float32');
    const y = converted(wide, dtype);
    wide.dispose();
    return y;
  }
  const y = empty(x.shape, dtype);
  native.unaryForward({ y, x, count: y.size, operation: TO[dtype as keyof typeof TO], p: 0, q: 0 });
  return y;
}

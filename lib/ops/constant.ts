import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { dtypeOfValues, type TensorData } from '../tensor-values.js';

/** @internal A tensor of values that follow from shapes and options alone, so that a captured function may make it. */
export function constant(values: Float32Array, shape: readonly number[]): Tensor<'float32'>;
export function constant(values: Int32Array, shape: readonly number[]): Tensor<'int32'>;
export function constant(values: TensorData, shape: readonly number[]): Tensor;
export function constant(values: TensorData, shape: readonly number[]): Tensor {
  const result = empty(shape, dtypeOfValues(values));
  native.write(result.handle, values, 0);
  return result;
}

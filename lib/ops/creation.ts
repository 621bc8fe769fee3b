import { checkBoolean, checkInteger, checkNumber, checkOneOf, checkShape, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { noteHostWrite } from '../stream.js';
import { type DType, empty, fill, type NestedNumbers, type Tensor, type TensorData } from '../tensor.js';
import { checkCount, DTYPES, dtypeOfValues, emptyArray, storedValues, toTypedArray, unnest } from '../tensor-values.js';
import { checkTensor } from './check-tensor.js';
import { constant } from './constant.js';

/** The functions that make tensors of values; those that draw them are in ops/random.ts. */

/** Options of the functions that make tensors. */
export interface TensorOptions {
  /** Default `'float32'`, or what the given typed array or tensor holds. */
  dtype?: DType;
  /** Whether gradients are computed for it; not for int32. Default false. */
  requiresGrad?: boolean;
}

const TENSOR_OPTIONS: OptionNames<TensorOptions> = { dtype: true, requiresGrad: true };

/** Options that say the dtype, where the type checker can see it. */
type Of<D extends DType> = TensorOptions & { dtype?: D };
/** D as the arguments tell it, and not what the result is put into: `NoInfer<D>`, which TypeScript has from 5.4 on. */
type Told<D extends DType> = [D][D extends unknown ? 0 : never];

/**
 * @internal The options of a function that makes a tensor, before it does.
 *
 * @param usual the dtype where the options name none
 */
export function checkTensorOptions(options: TensorOptions, where: string, usual: DType): Required<TensorOptions> {
  checkOptions(options, TENSOR_OPTIONS, where);
  const dtype = checkOneOf(options.dtype ?? usual, 'dtype', DTYPES);
  const requiresGrad = checkBoolean(options.requiresGrad ?? false, `${where} requiresGrad`);
  if (requiresGrad && dtype === 'int32') throw expected('a float32 tensor', `requiresGrad in ${where}`, dtype);
  return { dtype, requiresGrad };
}

/**
 * A tensor from numbers, copied.
 *
 * @param values a typed array or (nested) arrays of numbers
 * @param shape sizes; their product must be the number of values. Default: the nesting of `values`.
 * @throws TypeError on ragged nesting, a wrong number of values, or values that are no numbers
 * @example
 * const w = tensor(new Float32Array(12), [3, 4], { requiresGrad: true });
 */
export function tensor<D extends DType = 'int32'>(
  values: Int32Array,
  shape?: readonly number[],
  options?: Of<D>,
): Tensor<Told<D>>;
export function tensor<D extends DType = 'float32'>(
  values: Float32Array | NestedNumbers | number,
  shape?: readonly number[],
  options?: Of<D>,
): Tensor<Told<D>>;
export function tensor(
  values: TensorData | NestedNumbers | number,
  shape?: readonly number[],
  options?: TensorOptions,
): Tensor;
export function tensor(
  values: TensorData | NestedNumbers | number,
  shape?: readonly number[],
  options: TensorOptions = {},
): Tensor {
  const { dtype, requiresGrad } = checkTensorOptions(options, 'tensor', dtypeOfValues(values));
  const { data, shape: nesting } = unnest(values, dtype);
  const sizes = shape === undefined ? nesting : checkShape(shape, 'tensor');
  checkCount(data.length, sizes);
  noteHostWrite('tensor()');
  const result = empty(sizes, dtype);
  result.requiresGrad = requiresGrad;
  native.write(result.handle, storedValues(data, dtype), 0);
  return result;
}

/** A tensor of zeros. @see `torch.zeros` */
export function zeros<D extends DType = 'float32'>(shape: readonly number[], options: Of<D> = {}): Tensor<Told<D>> {
  return filled(shape, 0, options, 'zeros');
}

/** A tensor of ones. @see `torch.ones` */
export function ones<D extends DType = 'float32'>(shape: readonly number[], options: Of<D> = {}): Tensor<Told<D>> {
  return filled(shape, 1, options, 'ones');
}

/** A tensor with every element `value`. @see `torch.full`, whose dtype follows from the value */
export function full<D extends DType = 'float32'>(
  shape: readonly number[],
  value: number,
  options: Of<D> = {},
): Tensor<Told<D>> {
  return filled(shape, value, options, 'full');
}

/** Zeros of the shape of another tensor, and of its dtype. @see `torch.zeros_like` */
export function zerosLike<D extends DType>(x: Tensor<D>, options: Of<D> = {}): Tensor<Told<D>> {
  return filledLike(x, 0, options, 'zerosLike');
}

/** Ones of the shape of another tensor, and of its dtype. @see `torch.ones_like` */
export function onesLike<D extends DType>(x: Tensor<D>, options: Of<D> = {}): Tensor<Told<D>> {
  return filledLike(x, 1, options, 'onesLike');
}

/** `value` in the shape of another tensor, and in its dtype. @see `torch.full_like` */
export function fullLike<D extends DType>(x: Tensor<D>, value: number, options: Of<D> = {}): Tensor<Told<D>> {
  return filledLike(x, value, options, 'fullLike');
}

function filledLike<D extends DType>(x: Tensor, value: number, options: TensorOptions, where: string): Tensor<D> {
  checkTensor(x, where, { dtype: x?.dtype });
  checkOptions(options, TENSOR_OPTIONS, where);
  return filled(x.shape, value, { dtype: x.dtype, ...options }, where);
}

function filled<D extends DType>(
  shape: readonly number[],
  value: number,
  options: TensorOptions,
  where: string,
): Tensor<Told<D>> {
  const { dtype, requiresGrad } = checkTensorOptions(options, where, 'float32');
  const sizes = checkShape(shape, where);
  toTypedArray([value], dtype); // throws for what the dtype cannot hold, while there is no tensor yet
  const result = fill(empty(sizes, dtype as D), value); // as the options say
  result.requiresGrad = requiresGrad;
  return result;
}

/** A tensor of values that the arguments alone decide. */
function computed<D extends DType>(
  shape: readonly number[],
  at: (index: number) => number,
  { dtype, requiresGrad }: Required<TensorOptions>,
): Tensor<Told<D>> {
  const values = emptyArray(
    shape.reduce((product, size) => product * size, 1),
    dtype,
  );
  for (let i = 0; i < values.length; i++) values[i] = at(i);
  const result = constant(values, shape) as Tensor<D>; // of the values' dtype
  result.requiresGrad = requiresGrad;
  return result;
}

/**
 * The numbers from `start` to before `end`, `step` apart: `arange(3)` is 0, 1, 2.
 *
 * @param options dtype float32 by default, also for whole numbers, where PyTorch has int64
 * @throws TypeError for a step of 0 or one that leads away from `end`, or, as int32, for what is not whole
 * @see `torch.arange`
 */
export function arange<D extends DType = 'float32'>(end: number, options?: Of<D>): Tensor<Told<D>>;
export function arange<D extends DType = 'float32'>(start: number, end: number, options?: Of<D>): Tensor<Told<D>>;
export function arange<D extends DType = 'float32'>(
  start: number,
  end: number,
  step: number,
  options?: Of<D>,
): Tensor<Told<D>>;
export function arange<D extends DType>(...args: (number | Of<D> | undefined)[]): Tensor<Told<D>> {
  const numbers = typeof args.at(-1) === 'number' ? args : args.slice(0, -1);
  const { [numbers.length]: options = {} } = args as TensorOptions[]; // behind the numbers, as the overloads say
  const checked = checkTensorOptions(options, 'arange', 'float32');
  if (numbers.length < 1 || numbers.length > 3) throw expected('end, or start, end and step', 'arange', args);
  const bounds = numbers.length === 1 ? [0, numbers[0]] : numbers;
  const [start, end, step] = [bounds[0], bounds[1], bounds.length === 3 ? bounds[2] : 1].map((value, i) =>
    checked.dtype === 'int32'
      ? checkInteger(value, `arange ${ARANGE[i]}`, -(2 ** 31), 2 ** 31)
      : checkNumber(value, `arange ${ARANGE[i]}`),
  ) as [number, number, number]; // three given above
  if (step === 0 || (end - start) / step < 0) throw expected('a step that leads from start to end', 'arange', step);
  const count = Math.ceil((end - start) / step);
  return computed(checkShape([count], 'arange'), (i) => start + i * step, checked);
}

const ARANGE = ['start', 'end', 'step'];

/**
 * `steps` numbers at equal distances from `start` to `end`, both included.
 *
 * @throws TypeError unless `start` and `end` are finite and `steps` is a whole number
 * @see `torch.linspace`
 */
export function linspace<D extends DType = 'float32'>(
  start: number,
  end: number,
  steps: number,
  options: Of<D> = {},
): Tensor<Told<D>> {
  const checked = checkTensorOptions(options, 'linspace', 'float32');
  checkNumber(start, 'linspace start');
  checkNumber(end, 'linspace end');
  checkInteger(steps, 'linspace steps');
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  // From the nearer end, so that the last is `end` itself; an int32 takes what is before the point, as PyTorch's.
  const at = (i: number): number => (i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step);
  return computed(checkShape([steps], 'linspace'), steps === 1 ? () => start : at, checked);
}

/**
 * Ones on the diagonal of an (n,m) matrix, and zeros.
 *
 * The second size is that of the first where it is not given.
 * @see `torch.eye`
 */
export function eye<D extends DType = 'float32'>(n: number, options?: Of<D>): Tensor<Told<D>>;
export function eye<D extends DType = 'float32'>(n: number, m: number, options?: Of<D>): Tensor<Told<D>>;
export function eye<D extends DType>(n: number, second?: number | Of<D>, third?: Of<D>): Tensor<Told<D>> {
  const [m, options = {}] = typeof second === 'number' || third !== undefined ? [second, third] : [n, second];
  const checked = checkTensorOptions(options as TensorOptions, 'eye', 'float32'); // checked there
  const shape = checkShape([n, m], 'eye');
  const columns = shape[1] ?? 0;
  return computed(shape, (i) => Number(i % columns === Math.floor(i / columns)), checked);
}

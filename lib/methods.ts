import { backward } from './autograd.js';
import * as compare from './ops/compare.js';
import * as elementwise from './ops/elementwise.js';
import * as F from './ops/index.js';
import type { ReduceOptions } from './ops/reduce.js';
import * as unary from './ops/unary.js';
import { Tensor } from './tensor.js';

// The ops that read best as methods, put onto Tensor from above: tensor.ts itself knows no ops.

/** Functions as methods of their first tensor: `x.exp()` is `F.exp(x)`. */
type Methods<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (x: Tensor, ...rest: infer Rest) => Tensor
    ? (...rest: Rest) => Tensor
    : never;
};
type ElementwiseMethods = Methods<typeof unary & typeof elementwise & typeof compare>;

declare module './tensor.js' {
  interface Tensor extends ElementwiseMethods {
    /** See `backward`. Counterpart: `Tensor.backward`. */
    backward(gradient?: Tensor): void;
    /** See `F.matmul`. */
    matmul(other: Tensor): Tensor;
    /** See `F.mean`. */
    mean(options?: ReduceOptions): Tensor;
    /** See `F.sum`. */
    sum(options?: ReduceOptions): Tensor;
    /** See `F.reshape`. */
    reshape(shape: readonly number[]): Tensor;
    /** See `F.transpose`. */
    transpose(dim0: number, dim1: number): Tensor;
    /** See `F.slice`. */
    slice(dim: number, start: number, end?: number): Tensor;
    /** A tensor of the same memory that is not part of the graph. Counterpart: `Tensor.detach`. */
    detach(): Tensor;
  }
}

Object.assign(Tensor.prototype, {
  backward(this: Tensor, gradient?: Tensor) {
    backward(this, gradient);
  },
  matmul(this: Tensor, other: Tensor) {
    return F.matmul(this, other);
  },
  mean(this: Tensor, options?: ReduceOptions) {
    return F.mean(this, options);
  },
  sum(this: Tensor, options?: ReduceOptions) {
    return F.sum(this, options);
  },
  reshape(this: Tensor, shape: readonly number[]) {
    return F.reshape(this, shape);
  },
  transpose(this: Tensor, dim0: number, dim1: number) {
    return F.transpose(this, dim0, dim1);
  },
  slice(this: Tensor, dim: number, start: number, end?: number) {
    return F.slice(this, dim, start, end);
  },
  detach(this: Tensor) {
    return this.alias();
  },
});

const functions = Object.entries({ ...unary, ...elementwise, ...compare });
for (const [name, op] of functions as [string, (x: Tensor, ...rest: unknown[]) => Tensor][]) {
  Object.assign(Tensor.prototype, {
    [name](this: Tensor, ...rest: unknown[]) {
      return op(this, ...rest); // the op checks the rest
    },
  });
}

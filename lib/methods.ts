import { backward } from './autograd.js';
import * as compare from './ops/compare.js';
import * as diagonal from './ops/diagonal.js';
import * as elementwise from './ops/elementwise.js';
import * as expand from './ops/expand.js';
import * as F from './ops/index.js';
import * as maskedFill from './ops/masked-fill.js';
import * as outer from './ops/outer.js';
import type { ReduceOptions } from './ops/reduce.js';
import * as reshape from './ops/reshape.js';
import * as slice from './ops/slice.js';
import * as tile from './ops/tile.js';
import * as transpose from './ops/transpose.js';
import * as unary from './ops/unary.js';
import { Tensor } from './tensor.js';

// The ops that read best as methods, put onto Tensor from above: tensor.ts itself knows no ops.

/** Functions as methods of their first tensor: `x.exp()` is `F.exp(x)`. */
type Methods<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (x: Tensor, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};
type ElementwiseMethods = Methods<typeof unary & typeof elementwise & typeof compare>;
type LayoutMethods = Methods<
  typeof diagonal &
    typeof expand &
    typeof maskedFill &
    typeof outer &
    typeof reshape &
    typeof slice &
    typeof tile &
    typeof transpose
>;

declare module './tensor.js' {
  interface Tensor extends ElementwiseMethods, LayoutMethods {
    /** See `backward`. Counterpart: `Tensor.backward`. */
    backward(gradient?: Tensor): void;
    /** See `F.matmul`. */
    matmul(other: Tensor): Tensor;
    /** See `F.mean`. */
    mean(options?: ReduceOptions): Tensor;
    /** See `F.sum`. */
    sum(options?: ReduceOptions): Tensor;
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
  detach(this: Tensor) {
    return this.alias();
  },
});

const ofNumbers = { ...unary, ...elementwise, ...compare };
const ofLayout = { ...diagonal, ...expand, ...maskedFill, ...outer, ...reshape, ...slice, ...tile, ...transpose };
const functions = Object.entries({ ...ofNumbers, ...ofLayout });
for (const [name, op] of functions as [string, (x: Tensor, ...rest: unknown[]) => unknown][]) {
  Object.assign(Tensor.prototype, {
    [name](this: Tensor, ...rest: unknown[]) {
      return op(this, ...rest); // the op checks the rest
    },
  });
}

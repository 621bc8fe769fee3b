import {
  type BackwardOptions,
  backward,
  type Hook,
  type HookHandle,
  registerHook,
  retainGrad,
  tell,
} from './autograd.js';
import type { Arithmetic } from './ops/binary.js';
import type { ClampOptions } from './ops/clamp-options.js';
import * as compare from './ops/compare.js';
import * as copies from './ops/copies.js';
import * as cumsum from './ops/cumsum.js';
import * as diagonal from './ops/diagonal.js';
import * as elementwise from './ops/elementwise.js';
import * as expand from './ops/expand.js';
import * as extrema from './ops/extrema.js';
import * as gather from './ops/gather.js';
import * as inPlace from './ops/in-place.js';
import * as F from './ops/index.js';
import * as indexing from './ops/indexing.js';
import * as maskedFill from './ops/masked-fill.js';
import * as nonzero from './ops/nonzero.js';
import * as outer from './ops/outer.js';
import type { ReduceOptions } from './ops/reduce.js';
import * as reductions from './ops/reductions.js';
import * as reshape from './ops/reshape.js';
import * as slice from './ops/slice.js';
import * as sort from './ops/sort.js';
import * as tile from './ops/tile.js';
import * as transpose from './ops/transpose.js';
import * as unary from './ops/unary.js';
import { type DType, Tensor } from './tensor.js';
import { type NestedNumbers, nest } from './tensor-values.js';

// The ops that read best as methods, put onto Tensor from above: tensor.ts itself knows no ops.

/** Functions as methods of their first tensor: `x.exp()` is `F.exp(x)`. */
type Methods<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (x: Tensor, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

/** What a function gives of a tensor of type T: where it gives a tensor, one of that type. */
type Alike<Result, T extends Tensor> = Result extends Tensor
  ? T
  : Result extends Tensor[]
    ? T[]
    : Result extends sort.Sorted
      ? sort.Sorted<T>
      : Result;

/** As `Methods`, of functions that move elements: the dtype stays. */
type MovingMethods<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (x: Tensor, ...rest: infer Rest) => infer Result
    ? <T extends Tensor>(this: T, ...rest: Rest) => Alike<Result, T>
    : never;
};

/** Those whose result is of the dtype of their tensor, or of what arithmetic makes of it. */
interface GenericMethods {
  /** See `F.neg`. */
  neg<T extends Tensor>(this: T): T;
  /** See `F.abs`. */
  abs<T extends Tensor>(this: T): T;
  /** See `F.sign`. */
  sign<T extends Tensor>(this: T): T;
  /** See `F.square`. */
  square<T extends Tensor>(this: T): T;
  /** See `F.clone`. */
  clone<T extends Tensor>(this: T): T;
  /** See `F.to`. */
  to<D extends DType>(dtype: D): Tensor<D>;
  /** See `F.max`. */
  max<T extends Tensor>(this: T, options: extrema.AlongOptions & { dim: number }): extrema.ExtremaAlong<T>;
  /** See `F.max`. */
  max<T extends Tensor>(this: T, options?: extrema.AlongOptions & { dim?: undefined }): T;
  /** See `F.min`. */
  min<T extends Tensor>(this: T, options: extrema.AlongOptions & { dim: number }): extrema.ExtremaAlong<T>;
  /** See `F.min`. */
  min<T extends Tensor>(this: T, options?: extrema.AlongOptions & { dim?: undefined }): T;
  /** See `F.amax`. */
  amax<T extends Tensor>(this: T, options?: ReduceOptions): T;
  /** See `F.amin`. */
  amin<T extends Tensor>(this: T, options?: ReduceOptions): T;
  /** See `F.prod`. */
  prod<T extends Tensor>(this: T, options?: ReduceOptions): T;
  /** See `F.sum`. */
  sum<T extends Tensor>(this: T, options?: ReduceOptions): T;
  /** See `F.clamp`. */
  clamp<T extends Tensor>(this: T, options: ClampOptions): Arithmetic<T>;
  /** See `F.add`. */
  add<T extends Tensor>(this: T, other: Tensor | number): Arithmetic<T>;
  /** See `F.sub`. */
  sub<T extends Tensor>(this: T, other: Tensor | number): Arithmetic<T>;
  /** See `F.mul`. */
  mul<T extends Tensor>(this: T, other: Tensor | number): Arithmetic<T>;
  /** See `F.minimum`. */
  minimum<T extends Tensor>(this: T, other: Tensor | number): Arithmetic<T>;
  /** See `F.maximum`. */
  maximum<T extends Tensor>(this: T, other: Tensor | number): Arithmetic<T>;
}

/** Those that change their tensor in place, and give it back. */
interface InPlaceMethods {
  /** x += other, in place. @see `torch.Tensor.add_` */
  add_(other: Tensor | number): this;
  /** x -= other, in place. @see `torch.Tensor.sub_` */
  sub_(other: Tensor | number): this;
  /** x *= other, in place. @see `torch.Tensor.mul_` */
  mul_(other: Tensor | number): this;
  /** x /= other, in place; of float32. @see `torch.Tensor.div_` */
  div_(other: Tensor | number): this;
  /** The elements of another tensor, of any dtype, or a number everywhere. @see `torch.Tensor.copy_` */
  copy_(source: Tensor | number): this;
  /** A number everywhere, or the element of a tensor without axes. @see `torch.Tensor.fill_` */
  fill_(value: Tensor | number): this;
  /** 0 everywhere. @see `torch.Tensor.zero_` */
  zero_(): this;
  /** Elements held within [min, max], in place. @see `torch.Tensor.clamp_` */
  clamp_(options: ClampOptions): this;
}

const ofNumbers = { ...unary, ...elementwise, ...compare, ...copies, ...extrema, ...reductions };
type ElementwiseMethods = Omit<Methods<typeof ofNumbers>, keyof GenericMethods> & GenericMethods;
type LayoutMethods = Methods<typeof outer> &
  MovingMethods<
    typeof diagonal & typeof expand & typeof maskedFill & typeof reshape & typeof slice & typeof tile & typeof transpose
  >;
type IndexMethods = Methods<typeof nonzero & Pick<typeof sort, 'argsort'>> &
  MovingMethods<typeof cumsum & typeof gather & typeof indexing & Omit<typeof sort, 'argsort'>>;

declare module './tensor.js' {
  interface Tensor<D extends DType> extends ElementwiseMethods, InPlaceMethods, LayoutMethods, IndexMethods {
    /** See `backward`. @see `Tensor.backward` */
    backward(options?: Tensor | BackwardOptions): void;
    /** See `autograd.registerHook`. @see `Tensor.register_hook` */
    registerHook(hook: Hook): HookHandle;
    /** See `autograd.retainGrad`. @see `Tensor.retain_grad` */
    retainGrad(): void;
    /** See `F.matmul`. */
    matmul(other: Tensor): Tensor;
    /** See `F.mean`. */
    mean(options?: ReduceOptions): Tensor<'float32'>;
    /** A tensor of the same memory that is not part of the graph. @see `Tensor.detach` */
    detach<T extends Tensor>(this: T): T;
    /** The elements as arrays nested as deep as there are axes; a number where there are none. @see `Tensor.tolist` */
    tolist(): Promise<number | NestedNumbers>;
    /** As `tolist`, but blocks the event loop. */
    tolistSync(): number | NestedNumbers;
  }
}

Object.assign(Tensor.prototype, {
  backward(this: Tensor, options?: Tensor | BackwardOptions) {
    backward(this, options);
  },
  registerHook(this: Tensor, hook: Hook) {
    return registerHook(this, hook);
  },
  retainGrad(this: Tensor) {
    retainGrad(this);
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
    tell([this]);
    return this.alias();
  },
  async tolist(this: Tensor) {
    return nest(await this.data(), this.shape);
  },
  tolistSync(this: Tensor) {
    return nest(this.dataSync(), this.shape);
  },
});

const ofLayout = { ...diagonal, ...expand, ...maskedFill, ...outer, ...reshape, ...slice, ...tile, ...transpose };
const byIndex = { ...cumsum, ...gather, ...indexing, ...nonzero, ...sort };
const functions = Object.entries({ ...ofNumbers, ...inPlace, ...ofLayout, ...byIndex });
for (const [name, op] of functions as [string, (x: Tensor, ...rest: unknown[]) => unknown][]) {
  Object.assign(Tensor.prototype, {
    [name](this: Tensor, ...rest: unknown[]) {
      return op(this, ...rest); // the op checks the rest
    },
  });
}
